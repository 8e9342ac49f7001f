//! Training of CL: cross-entropy with the true classes, on augmented pictures.

use std::sync::Arc;

use anyhow::{Context, Result};
use burn::tensor::{Device, Tensor};
use rand::rngs::Xoshiro256PlusPlus;
use tracing::info;

use super::augment::augment;
use super::batch::{read_batch, scalar, to_batch};
use super::fit::first_weights;
use super::{InitialWeights, SMALL, Task, Validation};
use crate::class::Class;
use crate::data::TrainingData;
use crate::model::card::Architecture;
use crate::model::loss::{cross_entropy, one_hot};
use crate::model::weights::start_classifier;
use crate::model::{Card, Classifier, ClassifierConfig};
use crate::picture::{SIDE, VALUES};

/// Pictures that validation runs through the network at a time.
const VALIDATION_BATCH: usize = 64;

/// Training of a classifier.
pub struct ClassifierTask {
    /// Which network.
    pub config: ClassifierConfig,
    /// What it learns from.
    pub data: Arc<TrainingData>,
    /// Where, one or several; the plain devices.
    pub devices: Vec<Device>,
    /// Of the first weights.
    pub seed: u64,
    /// So many epochs on pictures scaled to [`SMALL`] a side come first: less than half of the work, and what
    /// is learned there holds for large ones, as the last layers see a mean over all places.
    pub small_epochs: usize,
    /// Weights to start from, instead of random ones.
    pub start: Option<InitialWeights>,
    /// So many epochs come first in which nothing but the last layer learns.
    pub frozen_epochs: usize,
}

impl ClassifierTask {
    fn classes(&self, indices: &[usize]) -> Vec<Class> {
        indices.iter().map(|i| self.data.pictures.labels()[*i]).collect()
    }
}

/// Share of rows whose largest logit is the true class, shape `[1]`.
fn share_right(logits: Tensor<2>, one_hot: Tensor<2>) -> Tensor<1> {
    logits.argmax(1).equal(one_hot.argmax(1)).float().mean()
}

impl Task for ClassifierTask {
    type Model = Classifier;
    const METRIC: &'static str = "accuracy";

    fn devices(&self) -> &[Device] {
        &self.devices
    }

    fn options(&self) -> serde_json::Value {
        serde_json::json!({ "classifier": self.config, "small_epochs": self.small_epochs,
            "start_crc32": self.start.as_ref().map(|start| start.crc32),
            "frozen_epochs": self.frozen_epochs })
    }

    fn card(&self) -> Card {
        Card::new(Architecture::Classifier(self.config))
    }

    fn init(&self) -> Result<Classifier> {
        let fresh = first_weights(self.seed, &self.devices[0], |cpu| self.config.init(cpu));
        let Some(start) = &self.start else {
            return Ok(fresh);
        };
        let (started, other_classes) = start_classifier(fresh, &start.weights)
            .with_context(|| start.path.display().to_string())?;
        if other_classes {
            info!("the last layer named other classes: it starts with fresh weights");
        }
        Ok(started)
    }

    fn frozen_epochs(&self) -> usize {
        self.frozen_epochs
    }

    fn begin_epoch(&self, model: Classifier, epoch: usize) -> Classifier {
        if self.frozen_epochs == 0 {
            model
        } else {
            model.with_frozen_body(epoch < self.frozen_epochs)
        }
    }

    fn loss(
        &self,
        model: &Classifier,
        rank: usize,
        epoch: usize,
        indices: &[usize],
        rng: &mut Xoshiro256PlusPlus,
    ) -> Result<(Tensor<1>, Tensor<1>)> {
        let device = &self.devices[rank];
        let side = if epoch < self.small_epochs { SMALL } else { SIDE };
        let mut values = Vec::with_capacity(indices.len() * VALUES);
        let mut bytes = [0; VALUES];
        for index in indices {
            self.data.pictures.read(*index, &mut bytes)?;
            values.extend(augment(&bytes, side, rng));
        }
        let x = to_batch(values, side, device).autodiff();
        let classes = one_hot(&self.classes(indices), device);
        let logits = model.forward(x);
        let right = share_right(logits.clone().inner(), classes.clone());
        Ok((cross_entropy(logits, classes.autodiff()).mean(), right))
    }

    fn validate(&self, model: &Classifier) -> Result<Validation> {
        let (held_out, device) = (&self.data.parts.validation, &self.devices[0]);
        let (mut right, mut loss) = (0.0, 0.0);
        for indices in held_out.chunks(VALIDATION_BATCH) {
            let logits = model.forward(read_batch(self.data.pictures.as_ref(), indices, device)?);
            let classes = one_hot(&self.classes(indices), device);
            let n = indices.len() as f64;
            right += f64::from(scalar(share_right(logits.clone(), classes.clone()))?) * n;
            loss += f64::from(scalar(cross_entropy(logits, classes).sum())?);
        }
        let n = held_out.len() as f64;
        let (accuracy, loss) = (right / n, loss / n);
        Ok(Validation {
            error: 1.0 - accuracy,
            figures: [
                ("validation_accuracy".to_owned(), accuracy),
                ("validation_loss".to_owned(), loss),
            ]
            .into(),
            detector: None,
        })
    }
}
