//! Attacks: images changed a little so that the classifier errs.
//!
//! An iterative attack is an [`objective`] x an [`update`] rule x a [`norm`] x [`restarts`]; [`gradient`]
//! puts them together. Each attack is one short file that names its paper, and one line in
//! [`AttackConfig`] and in [`AttackName`]. All are [`Attack`]s: their steps are pulled one at a time, so
//! to pause or to cancel one is to stop asking.
//!
//! Parameters carry the names of the Adversarial Robustness Toolbox (`eps`, `eps_step`, `max_iter`,
//! `targeted`, `num_random_init`, `norm`).

pub mod gradient;
mod mi_fgsm;
pub mod norm;
pub mod objective;
mod options;
mod pgd;
pub mod restarts;
pub mod update;

use std::fmt;

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

pub use mi_fgsm::MiFgsm;
pub use norm::Norm;
pub use options::{AttackName, AttackOptions, Preset};
pub use pgd::Pgd;

use crate::class::Class;
use crate::error::Result;
use crate::model::Classifier;

/// An attack under way on a batch of images.
pub trait Attack {
    /// Computes the next step of all images; `None` when all steps of all restarts are done.
    ///
    /// Nothing waits for the device, so the page can read and show each step in its own time.
    fn step(&mut self) -> Option<Step>;

    /// The best result of each image over the restarts that have ended; `None` before the first has.
    fn best(&self) -> Option<&AttackResult>;
}

/// What an attack starts from.
#[derive(Clone)]
pub struct Input {
    /// The images, [n, 3, 96, 96], values in [0, 1].
    pub images: Tensor<4>,
    /// One class for each image: the true one, or the target of a targeted attack.
    pub classes: Vec<Class>,
    /// A number for each image, such as its index in the dataset: its random numbers follow from it.
    pub ids: Vec<u64>,
}

/// The state after t steps.
#[derive(Clone)]
pub struct Step {
    /// The restart, from 0.
    pub restart: usize,
    /// Steps made since the restart began, 0..=max_iter.
    pub t: usize,
    /// The images, [n, 3, 96, 96].
    pub images: Tensor<4>,
    /// The classifier's logits, [n, 10].
    pub logits: Tensor<2>,
    /// The objective's loss of each image, shape `[n]`, in nats.
    pub loss: Tensor<1>,
}

/// What an attack ends with.
#[derive(Clone)]
pub struct AttackResult {
    /// The attacked images, [n, 3, 96, 96].
    pub images: Tensor<4>,
    /// The classifier's logits, [n, 10].
    pub logits: Tensor<2>,
    /// The objective's loss of each image, shape `[n]`, in nats.
    pub loss: Tensor<1>,
}

/// An attack with all its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(tag = "attack", rename_all = "kebab-case")]
pub enum AttackConfig {
    /// Projected gradient descent.
    Pgd(Pgd),
    /// Momentum iterative fast gradient sign method.
    MiFgsm(MiFgsm),
}

impl Default for AttackConfig {
    fn default() -> Self {
        Pgd::default().into()
    }
}

impl From<Pgd> for AttackConfig {
    fn from(pgd: Pgd) -> Self {
        AttackConfig::Pgd(pgd)
    }
}

impl AttackConfig {
    /// Checks the parameters.
    ///
    /// # Errors
    /// When one is out of its range.
    pub fn check(self) -> Result<Self> {
        Ok(match self {
            AttackConfig::Pgd(pgd) => AttackConfig::Pgd(pgd.check()?),
            AttackConfig::MiFgsm(mi_fgsm) => AttackConfig::MiFgsm(mi_fgsm.check()?),
        })
    }

    /// Starts the attack on a batch.
    ///
    /// `classifier` must be on a plain device (not its autodiff twin) and in evaluation mode, as
    /// [`crate::model::weights`] loads it: then only the images' gradients are computed.
    ///
    /// # Errors
    /// When a parameter is out of its range.
    ///
    /// # Panics
    /// When there is not one class and one id for each image.
    pub fn start(self, classifier: &Classifier, input: Input) -> Result<Box<dyn Attack>> {
        assert_eq!(input.images.dims()[0], input.classes.len(), "one class for each image");
        assert_eq!(input.images.dims()[0], input.ids.len(), "one id for each image");
        Ok(match self.check()? {
            AttackConfig::Pgd(pgd) => pgd.start(classifier, input),
            AttackConfig::MiFgsm(mi_fgsm) => mi_fgsm.start(classifier, input),
        })
    }

    /// Runs the whole attack on a batch.
    ///
    /// # Errors
    /// When a parameter is out of its range.
    ///
    /// # Panics
    /// As [`AttackConfig::start`].
    pub fn run(self, classifier: &Classifier, input: Input) -> Result<AttackResult> {
        let mut attack = self.start(classifier, input)?;
        while attack.step().is_some() {}
        Ok(attack.best().expect("the attack has ended").clone())
    }

    /// The distance that bounds the perturbation.
    pub fn norm(&self) -> Norm {
        self.iterative().norm
    }

    /// Steps of one restart.
    pub fn steps(&self) -> usize {
        self.iterative().max_iter
    }

    /// Restarts, at least 1.
    pub fn restarts(&self) -> usize {
        self.iterative().num_random_init.max(1)
    }

    /// Whether the first step is at the images themselves, not at random points near them.
    pub fn starts_at_the_images(&self) -> bool {
        self.iterative().num_random_init == 0
    }

    /// Whether the given class is the target instead of the true one.
    pub fn targeted(&self) -> bool {
        self.iterative().targeted
    }

    fn iterative(&self) -> &Pgd {
        match self {
            AttackConfig::Pgd(pgd) | AttackConfig::MiFgsm(MiFgsm { pgd, .. }) => pgd,
        }
    }
}

impl fmt::Display for AttackConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AttackConfig::Pgd(pgd) => pgd.fmt(f),
            AttackConfig::MiFgsm(mi_fgsm) => mi_fgsm.fmt(f),
        }
    }
}
