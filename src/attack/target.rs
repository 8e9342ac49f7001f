//! What an attack is aimed at: a classifier alone, or a classifier behind a detector.

use std::rc::Rc;

use burn::tensor::Tensor;

use crate::error::{Error, Result};
use crate::model::Classifier;
pub use crate::seed::Draw;

/// A classifier, as far as an attack needs it.
pub trait Logits {
    /// Logits [n, 10] of images [n, 3, 96, 96] with values in [0, 1]; differentiable in the images if they are autodiff
    /// tensors.
    fn logits(&self, images: Tensor<4>) -> Tensor<2>;
}

impl Logits for Classifier {
    fn logits(&self, images: Tensor<4>) -> Tensor<2> {
        self.forward(images)
    }
}

/// What stands behind the classifier: the detector and the corrector, as far as an attack needs them.
///
/// `draw` is for defences that draw random numbers at each prediction; others do not look at it.
pub trait Guard {
    /// Scores, shape `[n]`, of images [n, 3, 96, 96] with these logits [n, 10]. Differentiable in both.
    fn score(&self, images: Tensor<4>, logits: Tensor<2>, draw: Draw<'_>) -> Tensor<1>;

    /// Logits [n, 10] of the answer to images that are called adversarial. Differentiable.
    fn corrected(&self, images: Tensor<4>, draw: Draw<'_>) -> Tensor<2>;

    /// Images with a score above it are called adversarial.
    fn threshold(&self) -> f32;
}

/// What an attack is aimed at.
#[derive(Clone)]
pub struct Target {
    classifier: Rc<dyn Logits>,
    guard: Option<Rc<dyn Guard>>,
}

impl Target {
    /// A classifier alone.
    pub fn classifier(classifier: impl Logits + 'static) -> Self {
        Self { classifier: Rc::new(classifier), guard: None }
    }

    /// A classifier behind a detector.
    pub fn defence(classifier: impl Logits + 'static, guard: impl Guard + 'static) -> Self {
        Self { classifier: Rc::new(classifier), guard: Some(Rc::new(guard)) }
    }

    /// The classifier's logits [n, 10] of images [n, 3, 96, 96].
    pub fn logits(&self, images: Tensor<4>) -> Tensor<2> {
        self.classifier.logits(images)
    }

    /// What stands behind the classifier.
    ///
    /// # Errors
    /// When this is a classifier alone, which the attack of this name cannot do with.
    pub fn guard(&self, attack: &'static str) -> Result<Rc<dyn Guard>> {
        self.guard.as_ref().map(Rc::clone).ok_or(Error::NeedsDefence { attack })
    }
}

/// The classifier must be on a plain device (not its autodiff twin) and in evaluation mode, as
/// [`crate::model::weights`] loads it: then only the images' gradients are computed.
impl From<&Classifier> for Target {
    fn from(classifier: &Classifier) -> Self {
        Self::classifier(classifier.frozen())
    }
}

impl From<&Target> for Target {
    fn from(target: &Target) -> Self {
        target.clone()
    }
}
