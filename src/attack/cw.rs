//! Carlini and Wagner's attack in L2: the smallest change that makes the classifier err, by optimisation. Carlini &
//! Wagner 2017 (arXiv 1608.04644), section V.B and VI.A.
//!
//! Minimises ||x' - x||^2 + c * max(confidence - margin, 0) with Adam over w, where x' = (tanh(w) + 1) / 2 keeps values in
//! [0, 1] and `margin` is by how many logits the goal is reached. c is found for each image by binary search: halved
//! between its bounds after a success, raised after a failure. A restart is one value of c. Of all iterates that succeed,
//! the nearest one is returned.

use std::fmt;

use burn::tensor::{Bool, Tensor};
use serde::{Deserialize, Serialize};

use super::deepfool::within;
use super::objective::{Evaluation, Goal, gradient_of};
use super::restarts::Best;
use super::{
    Attack, AttackOptions, AttackResult, Attacker, Input, Norm, Parameters, Shape, Step, Target,
    check_length, check_steps, kind,
};
use crate::error::{Error, Result};
use crate::tensor::choose_rows;

/// Parameters of Carlini and Wagner's attack.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(default)]
pub struct Cw {
    /// Which distance is made small: L2.
    pub norm: Norm,
    /// `None`: however far it takes. Otherwise, images that end further away are moved back to this distance, where the
    /// classifier need not err any more.
    pub eps: Option<f32>,
    /// Steps of Adam for each c, 1..=[`super::Pgd::MAX_STEPS`].
    pub max_iter: usize,
    /// Values of c that are tried, 1..=20.
    pub binary_search_steps: usize,
    /// The first c, above 0.
    pub initial_const: f32,
    /// Adam's learning rate in w, above 0.
    pub learning_rate: f32,
    /// By how many logits the goal must be reached, 0 or more.
    pub confidence: f32,
    /// false: away from the given class (the true one). true: towards the given class (the target).
    pub targeted: bool,
}

impl Default for Cw {
    fn default() -> Self {
        Self {
            norm: Norm::L2,
            eps: None,
            max_iter: 100,
            binary_search_steps: 6,
            initial_const: 0.1,
            learning_rate: 0.01,
            confidence: 0.0,
            targeted: false,
        }
    }
}

impl Parameters for Cw {
    fn chosen(options: &AttackOptions, targeted: bool) -> Self {
        let default = Self::default();
        Self {
            norm: options.norm.unwrap_or(Norm::L2),
            eps: options.eps,
            max_iter: options.max_iter.unwrap_or(default.max_iter),
            binary_search_steps: options.binary_search_steps.unwrap_or(default.binary_search_steps),
            confidence: options.confidence.unwrap_or(default.confidence),
            targeted,
            ..default
        }
    }

    fn validate(&self) -> Result<()> {
        let refuse = |name, value: String, must| Err(Error::Option { name, value, must });
        if self.norm != Norm::L2 {
            return refuse("norm", "linf".to_owned(), "l2 for cw");
        }
        if let Some(eps) = self.eps {
            check_length("eps", eps, self.norm)?;
        }
        if !(1..=20).contains(&self.binary_search_steps) {
            let value = self.binary_search_steps.to_string();
            return refuse("binary_search_steps", value, "between 1 and 20");
        }
        for (name, value) in
            [("initial_const", self.initial_const), ("learning_rate", self.learning_rate)]
        {
            if !(value.is_finite() && value > 0.0) {
                return refuse(name, value.to_string(), "a number above 0");
            }
        }
        if !(self.confidence.is_finite() && self.confidence >= 0.0) {
            return refuse(
                "confidence",
                self.confidence.to_string(),
                "a number of logits, 0 or more",
            );
        }
        check_steps(self.max_iter)
    }

    fn shape(&self) -> Shape {
        Shape {
            norm: self.norm,
            eps: self.eps,
            eps_step: None,
            steps: self.max_iter,
            draws: 1,
            restarts: self.binary_search_steps,
            starts_at_the_images: false,
            targeted: self.targeted,
            attacker: Attacker::Classifier,
            cost: 1,
        }
    }

    fn start(&self, target: &Target, input: Input) -> Result<Box<dyn Attack>> {
        let Input { images, classes, .. } = input;
        let zeros: Tensor<1> = Tensor::zeros([images.dims()[0]], &images.device());
        Ok(Box::new(Run {
            parameters: *self,
            target: target.clone(),
            goal: Goal::new(&images, &classes, self.targeted),
            start: atanh((images.clone() * 2.0 - 1.0) * INSIDE),
            original: images,
            constant: zeros.clone() + self.initial_const,
            lower: zeros.clone(),
            upper: zeros + UNKNOWN,
            adam: None,
            found: None,
            restart: 0,
            t: 0,
            best: None,
        }))
    }
}

impl fmt::Display for Cw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { norm, eps, max_iter, binary_search_steps, confidence, targeted, .. } = self;
        write!(f, "{} Carlini-Wagner, {norm}", kind(*targeted))?;
        if let Some(eps) = eps {
            write!(f, ", eps {eps}")?;
        }
        write!(
            f,
            ", max_iter {max_iter}, binary_search_steps {binary_search_steps}, confidence {confidence}"
        )
    }
}

/// tanh(w) is never 1, so values at the ends of their range are moved inwards by this factor.
const INSIDE: f32 = 0.999_999;

/// An upper bound of c that no success has shown yet.
const UNKNOWN: f32 = 1e10;

/// Adam's usual constants.
const BETA: [f32; 2] = [0.9, 0.999];
const TINY: f32 = 1e-8;

fn atanh(x: Tensor<4>) -> Tensor<4> {
    ((x.clone() + 1.0) / (x.neg() + 1.0)).log() * 0.5
}

fn images_of(w: Tensor<4>) -> Tensor<4> {
    (w.tanh() + 1.0) * 0.5
}

/// Adam's state: w, and the mean and mean square of its gradients.
struct Adam {
    w: Tensor<4>,
    first: Tensor<4>,
    second: Tensor<4>,
}

/// The attack under way.
struct Run {
    parameters: Cw,
    target: Target,
    goal: Goal,
    original: Tensor<4>,
    start: Tensor<4>,
    constant: Tensor<1>,
    lower: Tensor<1>,
    upper: Tensor<1>,
    adam: Option<Adam>,
    /// Which images have succeeded with this c.
    found: Option<Tensor<1, Bool>>,
    restart: usize,
    t: usize,
    best: Option<Best>,
}

impl Run {
    fn evaluation(&self, logits: Tensor<2>, distance: Tensor<1>) -> Evaluation {
        let margin = self.goal.margin(logits.clone());
        let sure = margin.clone().greater_equal_elem(self.parameters.confidence);
        let succeeded = self.goal.reached(logits.clone()).bool_and(sure);
        // The nearest of those that succeed, and of the others the one that came closest.
        let progress = margin.clone().mask_where(succeeded.clone(), distance.neg());
        Evaluation { logits, loss: margin, succeeded, progress }
    }

    /// Evaluates the current point, and takes a step of Adam unless it is the last of this c.
    fn advance(&mut self) -> Step {
        let Adam { w, first, second } = self.adam.take().unwrap_or_else(|| Adam {
            w: self.start.clone(),
            first: self.start.zeros_like(),
            second: self.start.zeros_like(),
        });
        let (gradient, (images, logits, squares)) = gradient_of(w.clone(), |w| {
            let images = images_of(w);
            let logits = self.target.logits(images.clone());
            let difference: Tensor<2> = (images.clone() - self.original.clone()).flatten(1, 3);
            let squares: Tensor<1> = difference.square().sum_dim(1).squeeze_dim(1);
            let short = (self.goal.margin(logits.clone()).neg() + self.parameters.confidence)
                .clamp_min(0.0);
            let value = squares.clone() + short * self.constant.clone();
            (value, (images.inner(), logits.inner(), squares.inner()))
        });
        let evaluation = self.evaluation(logits.clone(), squares.sqrt());
        let succeeded = evaluation.succeeded.clone();
        self.found = Some(match self.found.take() {
            Some(found) => found.bool_or(succeeded),
            None => succeeded,
        });
        let loss = evaluation.loss.clone();
        self.best = Some(Best::update(self.best.take(), images.clone(), evaluation));
        let step = Step { restart: self.restart, t: self.t, images, logits, loss };

        let [beta, beta_square] = BETA;
        let first = first * beta + gradient.clone() * (1.0 - beta);
        let second = second * beta_square + gradient.square() * (1.0 - beta_square);
        let made = self.t as i32 + 1;
        let mean = first.clone() / (1.0 - beta.powi(made));
        let square = second.clone() / (1.0 - beta_square.powi(made));
        let w = w - mean / (square.sqrt() + TINY) * self.parameters.learning_rate;
        self.adam = Some(Adam { w, first, second });
        step
    }

    /// Chooses the next c of each image.
    fn next_constant(&mut self) {
        let found = self.found.take().expect("at least one step was made");
        let constant = self.constant.clone();
        self.upper = choose_rows(found.clone(), constant.clone(), self.upper.clone());
        self.lower = choose_rows(found, self.lower.clone(), constant.clone());
        let known = self.upper.clone().lower_elem(UNKNOWN);
        let middle = (self.upper.clone() + self.lower.clone()) * 0.5;
        self.constant = choose_rows(known, middle, constant * 10.0);
        self.adam = None;
    }
}

impl Attack for Run {
    fn step(&mut self) -> Option<Step> {
        if self.restart == self.parameters.binary_search_steps {
            return None;
        }
        let step = self.advance();
        if self.t < self.parameters.max_iter {
            self.t += 1;
            return Some(step);
        }
        self.next_constant();
        (self.restart, self.t) = (self.restart + 1, 0);
        if self.restart == self.parameters.binary_search_steps {
            let Cw { norm, eps, .. } = self.parameters;
            let best = self.best.take().expect("steps were made");
            let evaluate = |logits: Tensor<2>| {
                let zero = Tensor::zeros([logits.dims()[0]], &logits.device());
                self.evaluation(logits, zero)
            };
            self.best = Some(within(best, &self.target, evaluate, &self.original, norm, eps));
        }
        Some(step)
    }

    fn best(&self) -> Option<&AttackResult> {
        self.best.as_ref().map(Best::result)
    }
}
