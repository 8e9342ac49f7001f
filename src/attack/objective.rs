//! Objectives: what an attack makes larger or smaller, and when it has succeeded.

use burn::tensor::{Bool, Tensor};

use crate::class::Class;
use crate::model::Classifier;
use crate::model::loss::{cross_entropy, one_hot};

/// What an attack optimises on a batch of images.
pub trait Objective {
    /// Evaluates images [n, 3, 96, 96]; differentiable in them if they are autodiff tensors.
    fn evaluate(&self, images: Tensor<4>) -> Evaluation;

    /// Whether the attack ascends the loss; otherwise it descends.
    fn ascends(&self) -> bool;

    /// Which images have reached the attack's goal, shape `[n]`, by the classifier's logits [n, 10].
    fn succeeded(&self, logits: Tensor<2>) -> Tensor<1, Bool>;
}

/// An objective's value at a batch of images.
pub struct Evaluation {
    /// The classifier's logits, [n, 10].
    pub logits: Tensor<2>,
    /// Loss of each image, shape `[n]`, in nats.
    pub loss: Tensor<1>,
}

/// Cross-entropy of the classifier's prediction with one class for each image: the true class, to move
/// away from, or the target class, to move towards.
pub struct CrossEntropy {
    classifier: Classifier,
    /// [n, 10]
    one_hot: Tensor<2>,
    targeted: bool,
}

impl CrossEntropy {
    /// `images` [n, 3, 96, 96] are only looked at for their device.
    pub fn new(
        classifier: &Classifier,
        images: &Tensor<4>,
        classes: &[Class],
        targeted: bool,
    ) -> Self {
        let one_hot = one_hot(classes, &images.device());
        Self { classifier: classifier.frozen(), one_hot, targeted }
    }
}

impl Objective for CrossEntropy {
    fn evaluate(&self, images: Tensor<4>) -> Evaluation {
        let one_hot = match images.is_autodiff() {
            true => self.one_hot.clone().autodiff(),
            false => self.one_hot.clone(),
        };
        let logits = self.classifier.forward(images);
        Evaluation { loss: cross_entropy(logits.clone(), one_hot), logits }
    }

    fn ascends(&self) -> bool {
        !self.targeted
    }

    fn succeeded(&self, logits: Tensor<2>) -> Tensor<1, Bool> {
        let reached = logits.argmax(1).equal(self.one_hot.clone().argmax(1)).squeeze_dim(1);
        if self.targeted { reached } else { reached.bool_not() }
    }
}
