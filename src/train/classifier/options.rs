//! Options of a classifier's training.

use anyhow::{Context, Result};
use burn::tensor::Device;
use serde::Serialize;

use crate::error::Error;
use crate::model::ClassifierConfig;
use crate::model::weights::missing_head;
use crate::train::adversarial::Adversarial;
use crate::train::augment::Augmentation;
use crate::train::options::{InitialWeights, check_small_epochs, is_zero};

/// Options of a classifier's training.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ClassifierOptions {
    /// Architecture.
    #[serde(rename = "classifier")]
    pub config: ClassifierConfig,
    /// Number of epochs at the beginning on pictures scaled to [`SMALL`] pixels a side, which take less than half of the
    /// time. What is learned there holds for full-size pictures where the last layers see an average over all
    /// positions.
    ///
    /// [`SMALL`]: super::super::SMALL
    pub small_epochs: usize,
    /// Number of epochs at the beginning in which only the head is trained: the layers that start with random
    /// weights, or the last one.
    pub frozen_epochs: usize,
    /// How pictures are augmented. With flips alone or nothing, what the frozen layers make of a picture is the same
    /// in every epoch, and it is computed once.
    pub augmentation: Augmentation,
    /// Share of the loss's classes that is spread evenly over all ten (Szegedy et al. 2016, arXiv 1512.00567); 0 to 0.9.
    #[serde(skip_serializing_if = "is_zero")]
    pub label_smoothing: f64,
    /// Alpha of Mixup, 0 for none.
    #[serde(skip_serializing_if = "is_zero")]
    pub mixup: f64,
    /// Alpha of CutMix, 0 for none.
    #[serde(skip_serializing_if = "is_zero")]
    pub cutmix: f64,
    /// Share of the pictures that are replaced by pictures of none of the classes, for which the network learns to be
    /// undecided; 0 to 0.5.
    #[serde(skip_serializing_if = "is_zero")]
    pub outliers: f64,
    /// How pictures are attacked before the network learns from them, if they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adversarial: Option<Adversarial>,
}

/// Epochs in which only the head is trained, where nothing is said of them: one if pretrained layers stand beside random
/// ones that could spoil them. The compact network's batch normalisation keeps it from that.
///
/// # Errors
/// When the initial weights are no safetensors file.
pub fn default_frozen_epochs(
    config: ClassifierConfig,
    initial: Option<&InitialWeights>,
) -> Result<usize> {
    let Some(initial) = initial.filter(|_| config != ClassifierConfig::Compact) else {
        return Ok(0);
    };
    let missing = missing_head(&config.init(&Device::flex()), &initial.weights)
        .with_context(|| initial.path.display().to_string())?;
    Ok(usize::from(missing.is_some()))
}

impl ClassifierOptions {
    /// Training of all layers on augmented pictures of full size, and nothing else.
    pub fn new(config: ClassifierConfig) -> Self {
        Self {
            config,
            small_epochs: 0,
            frozen_epochs: 0,
            augmentation: Augmentation::default(),
            label_smoothing: 0.0,
            mixup: 0.0,
            cutmix: 0.0,
            outliers: 0.0,
            adversarial: None,
        }
    }

    /// Checks the ranges.
    ///
    /// # Errors
    /// When a value is out of its range, or does not go with the architecture or with another one.
    pub fn check(&self) -> crate::Result<()> {
        check_small_epochs(self.small_epochs, &self.config.init(&Device::flex()))?;
        let refuse = |name, value: String, must| Err(Error::Option { name, value, must });
        if !(0.0..=0.9).contains(&self.label_smoothing) {
            let value = self.label_smoothing.to_string();
            return refuse("label_smoothing", value, "between 0 and 0.9");
        }
        for (name, alpha) in [("mixup", self.mixup), ("cutmix", self.cutmix)] {
            if !(alpha == 0.0 || (0.01..=100.0).contains(&alpha)) {
                return refuse(name, alpha.to_string(), "0, or between 0.01 and 100");
            }
        }
        if !(0.0..=0.5).contains(&self.outliers) {
            return refuse("outliers", self.outliers.to_string(), "between 0 and 0.5");
        }
        let Some(adversarial) = self.adversarial else {
            return Ok(());
        };
        adversarial.check()?;
        let must = "0 with attacks: they need pictures of full size that show one class";
        for (name, value) in
            [("mixup", self.mixup), ("cutmix", self.cutmix), ("outliers", self.outliers)]
        {
            if value != 0.0 {
                return refuse(name, value.to_string(), must);
            }
        }
        if self.small_epochs > 0 {
            return refuse("small_epochs", self.small_epochs.to_string(), must);
        }
        Ok(())
    }

    /// Whether what the frozen layers make of full-size pictures is used in more than one epoch, unchanged.
    pub(super) fn repeats_frozen_outputs(&self) -> bool {
        self.augmentation.repeats()
            && (self.mixup, self.cutmix, self.outliers, self.adversarial) == (0.0, 0.0, 0.0, None)
            && self.frozen_epochs.saturating_sub(self.small_epochs) > 1
    }
}
