//! The one loop behind every gradient attack.
//!
//! x_{t+1} = the projection, to the ball around x and to [0, 1], of x_t + eps_step * steepest(∇ loss(x_t)).
//! The loss is the cross-entropy of CL(x_t): with the true class, to grow; with a wanted class, to shrink.

use burn::tensor::{Device, Tensor, TensorData, activation};
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

use super::Pgd;
use crate::class::Class;
use crate::error::Result;
use crate::model::Vgg;

/// An attack under way on a batch: an iterator whose every item is one step of all its pictures.
///
/// Nothing here waits for the device, so the page can read and show each step in its own time, and
/// stop whenever it likes. With n random starts the steps of the n runs follow each other.
pub struct Attack {
    classifier: Vgg,
    pgd: Pgd,
    /// Class of each picture, one-hot, [n, 10].
    one_hot: Tensor<2>,
    original: Tensor<4>,
    current: Tensor<4>,
    rng: Xoshiro256PlusPlus,
    start: usize,
    t: usize,
    best: Option<Step>,
}

/// One place of the way, and what the classifier says there.
#[derive(Clone)]
pub struct Step {
    /// Which start this belongs to, from 0.
    pub start: usize,
    /// Steps made since, 0..=max_iter.
    pub t: usize,
    /// The pictures after `t` steps, [n, 3, 96, 96].
    pub pictures: Tensor<4>,
    /// CL's logits of them, [n, 10].
    pub logits: Tensor<2>,
    /// Cross-entropy of each, shape `[n]`.
    pub loss: Tensor<1>,
}

impl Attack {
    /// Attacks `pictures` [n, 3, 96, 96]; `classes` are the true ones, or the wanted ones if the
    /// attack is targeted.
    ///
    /// `classifier` must be on a plain device (not its autodiff twin) and in evaluation mode, as
    /// [`crate::model::weights`] loads it: then only the picture's gradient is computed.
    ///
    /// # Errors
    /// When a parameter is out of its range.
    ///
    /// # Panics
    /// When there is not one class for each picture.
    pub fn new(classifier: &Vgg, pictures: Tensor<4>, classes: &[Class], pgd: Pgd) -> Result<Self> {
        assert_eq!(pictures.dims()[0], classes.len(), "one class for each picture");
        Ok(Self {
            classifier: classifier.clone(), // shares the weights
            pgd: pgd.check()?,
            one_hot: one_hot(classes, &pictures.device()),
            original: pictures.clone(),
            current: pictures,
            rng: Xoshiro256PlusPlus::seed_from_u64(pgd.seed),
            start: 0,
            t: 0,
            best: None,
        })
    }

    /// The last place of each picture's best start, once the iterator has ended; `None` before the
    /// first start has.
    pub fn best(self) -> Option<Step> {
        self.best
    }

    fn starts(&self) -> usize {
        self.pgd.num_random_init.max(1)
    }

    fn place(&self, logits: Tensor<2>, loss: Tensor<1>) -> Step {
        let (start, t, pictures) = (self.start, self.t, self.current.clone());
        Step { start, t, pictures, logits, loss }
    }

    fn move_on(&mut self) -> Step {
        let x = self.current.clone().autodiff().require_grad();
        let logits = self.classifier.forward(x.clone());
        let loss = cross_entropy(logits.clone(), self.one_hot.clone().autodiff());
        // The sum, not the mean: no picture's gradient depends on how many others are in the batch.
        let mut gradients = loss.clone().sum().backward();
        let gradient = x.grad_remove(&mut gradients).expect("the loss depends on the picture");
        let step = self.place(logits.inner(), loss.inner());

        let ball = self.pgd.norm.ball();
        let uphill = ball.steepest(gradient) * self.pgd.eps_step;
        let moved = if self.pgd.targeted {
            self.current.clone() - uphill
        } else {
            self.current.clone() + uphill
        };
        let change = ball.project(moved - self.original.clone(), self.pgd.eps);
        // The original is inside [0, 1], so cutting here only shortens the change.
        self.current = (self.original.clone() + change).clamp(0.0, 1.0);
        step
    }

    fn arrive(&mut self) -> Step {
        let logits = self.classifier.forward(self.current.clone());
        let loss = cross_entropy(logits.clone(), self.one_hot.clone());
        let end = self.place(logits, loss);
        self.best = Some(match self.best.take() {
            None => end.clone(),
            Some(best) => best.replaced_where_better(&end, self.pgd.targeted),
        });
        end
    }
}

impl Iterator for Attack {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        if self.start == self.starts() {
            return None;
        }
        if self.t == 0 && self.pgd.num_random_init > 0 {
            let ball = self.pgd.norm.ball();
            let change = ball.random_start(&self.original, self.pgd.eps, &mut self.rng);
            self.current = (self.original.clone() + change).clamp(0.0, 1.0);
        }
        if self.t < self.pgd.max_iter {
            let step = self.move_on();
            self.t += 1;
            return Some(step);
        }
        let end = self.arrive();
        (self.start, self.t, self.current) = (self.start + 1, 0, self.original.clone());
        Some(end)
    }
}

impl Step {
    /// Takes over every picture whose loss in `other` is further on: larger, or smaller if targeted.
    fn replaced_where_better(self, other: &Step, targeted: bool) -> Self {
        let better = if targeted {
            other.loss.clone().lower(self.loss.clone())
        } else {
            other.loss.clone().greater(self.loss.clone())
        };
        let [n, c, h, w] = self.pictures.dims();
        let of_picture = better.clone().reshape([n, 1, 1, 1]).expand([n, c, h, w]);
        let of_logits = better.clone().reshape([n, 1]).expand(self.logits.dims());
        Self {
            pictures: self.pictures.mask_where(of_picture, other.pictures.clone()),
            logits: self.logits.mask_where(of_logits, other.logits.clone()),
            loss: self.loss.mask_where(better, other.loss.clone()),
            ..self
        }
    }
}

/// Runs a whole attack on a batch: the attacked pictures, CL's logits of them, and the losses.
///
/// # Errors
/// When a parameter is out of its range.
pub fn attack(classifier: &Vgg, pictures: Tensor<4>, classes: &[Class], pgd: Pgd) -> Result<Step> {
    let mut attack = Attack::new(classifier, pictures, classes, pgd)?;
    attack.by_ref().for_each(drop);
    Ok(attack.best().expect("the attack has ended"))
}

/// Classes as rows of zeros with a single one, [n, 10].
pub(crate) fn one_hot(classes: &[Class], device: &Device) -> Tensor<2> {
    let mut values = vec![0.0f32; classes.len() * Class::COUNT];
    for (row, class) in values.chunks_exact_mut(Class::COUNT).zip(classes) {
        row[class.index()] = 1.0;
    }
    Tensor::from_data(TensorData::new(values, [classes.len(), Class::COUNT]), device)
}

/// Cross-entropy of each row, [n].
pub(crate) fn cross_entropy(logits: Tensor<2>, one_hot: Tensor<2>) -> Tensor<1> {
    (activation::log_softmax(logits, 1) * one_hot).sum_dim(1).squeeze_dim::<1>(1).neg()
}
