//! Objectives: what an attack makes larger, and when it has succeeded.

use burn::tensor::{Bool, Tensor};
use serde::{Deserialize, Serialize};

use super::Target;
use crate::class::Class;
use crate::model::loss::{cross_entropy, one_hot};

/// What a gradient attack ascends on a batch of images.
pub trait Objective {
    /// The value at images [n, 3, 96, 96].
    fn evaluate(&mut self, images: Tensor<4>) -> Evaluation;

    /// The value, and the gradient [n, 3, 96, 96] along which the objective grows.
    fn gradient(&mut self, images: Tensor<4>) -> (Evaluation, Tensor<4>);

    /// Which iterate a restart ends with.
    fn keeps(&self) -> Keeps {
        Keeps::Last
    }

    /// Called before each restart's first iterate.
    fn begin(&mut self, _restart: usize) {}
}

/// Which iterate of a restart is its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeps {
    /// The last one, as in PGD.
    Last,
    /// For each image the best of all: one that succeeded before one that did not, then by progress.
    Best,
}

/// An objective's value at a batch of images.
#[derive(Clone)]
pub struct Evaluation {
    /// The classifier's logits, [n, 10].
    pub logits: Tensor<2>,
    /// The loss that is shown, shape `[n]`.
    pub loss: Tensor<1>,
    /// Which images have reached the goal, shape `[n]`.
    pub succeeded: Tensor<1, Bool>,
    /// Of two results that both reached the goal or both did not, the one with more progress is better, shape `[n]`.
    pub progress: Tensor<1>,
}

/// The gradient [n, 3, 96, 96] of `value`, shape `[n]`, in the images, and whatever else `value` returns.
pub fn gradient_of<T>(
    images: Tensor<4>,
    value: impl FnOnce(Tensor<4>) -> (Tensor<1>, T),
) -> (Tensor<4>, T) {
    let x = images.autodiff().require_grad();
    let (value, rest) = value(x.clone());
    // The sum, not the mean: an image's gradient must not depend on the size of the batch.
    let mut gradients = value.sum().backward();
    (x.grad_remove(&mut gradients).expect("the value depends on the images"), rest)
}

/// Where an attack leads: away from a class or towards it.
#[derive(Clone)]
pub struct Goal {
    /// [n, 10]
    one_hot: Tensor<2>,
    targeted: bool,
}

/// What is ascended to reach a [`Goal`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[cfg_attr(not(target_arch = "wasm32"), derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// Difference of logits; its gradient does not vanish where the classifier is sure
    #[default]
    Margin,
    /// Cross-entropy, in nats
    CrossEntropy,
}

/// Subtracted from a logit so that it is the largest of no row.
const OUT_OF_REACH: f32 = 1e9;

impl Goal {
    /// One class for each image: the true one, or the target. `images` are only looked at for their device.
    pub fn new(images: &Tensor<4>, classes: &[Class], targeted: bool) -> Self {
        Self { one_hot: one_hot(classes, &images.device()), targeted }
    }

    /// Cross-entropy with the given class, shape `[n]`, in nats.
    pub fn cross_entropy(&self, logits: Tensor<2>) -> Tensor<1> {
        cross_entropy(logits, self.one_hot.clone())
    }

    /// By how much the goal is reached, shape `[n]`, in logits: max over j != y of z_j - z_y, or, targeted,
    /// z_t - max over j != t of z_j. Above 0 once the classifier's prediction is as the attack wants it.
    pub fn margin(&self, logits: Tensor<2>) -> Tensor<1> {
        let given: Tensor<2> = (logits.clone() * self.one_hot.clone()).sum_dim(1);
        let others: Tensor<2> = (logits - self.one_hot.clone() * OUT_OF_REACH).max_dim(1);
        let margin = if self.targeted { given - others } else { others - given };
        margin.squeeze_dim(1)
    }

    /// The loss in the sign in which it grows towards the goal, shape `[n]`.
    pub fn uphill(&self, loss: Loss, logits: Tensor<2>) -> Tensor<1> {
        match loss {
            Loss::Margin => self.margin(logits),
            Loss::CrossEntropy if self.targeted => self.cross_entropy(logits).neg(),
            Loss::CrossEntropy => self.cross_entropy(logits),
        }
    }

    /// Which images have reached the goal, shape `[n]`, by the classifier's logits [n, 10].
    pub fn reached(&self, logits: Tensor<2>) -> Tensor<1, Bool> {
        let given = logits.argmax(1).equal(self.one_hot.clone().argmax(1)).squeeze_dim(1);
        if self.targeted { given } else { given.bool_not() }
    }

    /// Whether the attack leads towards the given class.
    pub fn targeted(&self) -> bool {
        self.targeted
    }

    /// The given classes, [n, 10].
    pub fn one_hot(&self) -> Tensor<2> {
        self.one_hot.clone()
    }
}

/// Cross-entropy of the classifier's prediction with one class for each image: the true class, to move
/// away from, or the target class, to move towards.
pub struct CrossEntropy {
    target: Target,
    goal: Goal,
}

impl CrossEntropy {
    /// `images` [n, 3, 96, 96] are only looked at for their device.
    pub fn new(
        target: impl Into<Target>,
        images: &Tensor<4>,
        classes: &[Class],
        targeted: bool,
    ) -> Self {
        Self { target: target.into(), goal: Goal::new(images, classes, targeted) }
    }

    /// The value at images with these logits [n, 10].
    pub fn of_logits(&self, logits: Tensor<2>) -> Evaluation {
        let loss = self.goal.cross_entropy(logits.clone());
        self.with_loss(logits, loss)
    }

    fn with_loss(&self, logits: Tensor<2>, loss: Tensor<1>) -> Evaluation {
        let progress = if self.goal.targeted { loss.clone().neg() } else { loss.clone() };
        Evaluation { succeeded: self.goal.reached(logits.clone()), logits, loss, progress }
    }
}

impl Objective for CrossEntropy {
    fn evaluate(&mut self, images: Tensor<4>) -> Evaluation {
        self.of_logits(self.target.logits(images))
    }

    fn gradient(&mut self, images: Tensor<4>) -> (Evaluation, Tensor<4>) {
        let (gradient, (logits, loss)) = gradient_of(images, |x| {
            let logits = self.target.logits(x);
            let loss = self.goal.cross_entropy(logits.clone());
            (loss.clone(), (logits.inner(), loss.inner()))
        });
        let uphill = if self.goal.targeted { gradient.neg() } else { gradient };
        (self.with_loss(logits, loss), uphill)
    }
}
