//! DeepFool: a small change that makes the classifier err. Moosavi-Dezfooli et al. 2016 (arXiv 1511.04599).
//!
//! In each step the classifier is taken for a linear one: with f_k = z_k - z_y and w_k its gradient, the boundary with
//! class k is |f_k| / ||w_k||_q away (q is the dual norm), and the step goes to the nearest one. The iterate is
//! x + (1 + overshoot) * (sum of steps), cut to [0, 1]. An image that the classifier gets wrong does not move on.
//! Targeted, only the boundary between the target and the class that is predicted now counts.

use std::fmt;

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::norm::NormBall;
use super::objective::{Evaluation, Goal, gradient_of};
use super::restarts::Best;
use super::{
    Attack, AttackOptions, AttackResult, Attacker, Input, Norm, Parameters, Shape, Step, Target,
    check_length, check_steps, kind,
};
use crate::class::Class;
use crate::error::{Error, Result};
use crate::model::loss::one_hot;
use crate::tensor::{all_known_true, choose_rows};

/// Parameters of DeepFool.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(default)]
pub struct Deepfool {
    /// Which distance is made small.
    pub norm: Norm,
    /// `None`: however far it takes. Otherwise, images that end further away are moved back to this distance, where the
    /// classifier need not err any more.
    pub eps: Option<f32>,
    /// Largest number of steps, 1..=[`super::Pgd::MAX_STEPS`]; 50 in the paper's code.
    pub max_iter: usize,
    /// How much further than the boundary, as a share of the way, at least 0; 0.02 in the paper.
    pub overshoot: f32,
    /// false: away from the given class (the true one). true: towards the given class (the target).
    pub targeted: bool,
}

impl Default for Deepfool {
    fn default() -> Self {
        Self { norm: Norm::Linf, eps: None, max_iter: 50, overshoot: 0.02, targeted: false }
    }
}

impl Parameters for Deepfool {
    fn chosen(options: &AttackOptions, targeted: bool) -> Self {
        let default = Self::default();
        Self {
            norm: options.norm.unwrap_or_default(),
            eps: options.eps,
            max_iter: options.max_iter.unwrap_or(default.max_iter),
            targeted,
            ..default
        }
    }

    fn validate(&self) -> Result<()> {
        if let Some(eps) = self.eps {
            check_length("eps", eps, self.norm)?;
        }
        if !(0.0..=1.0).contains(&self.overshoot) {
            return Err(Error::Option {
                name: "overshoot",
                value: self.overshoot.to_string(),
                must: "between 0 and 1",
            });
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
            restarts: 1,
            starts_at_the_images: true,
            targeted: self.targeted,
            attacker: Attacker::Classifier,
            // A gradient for each class; but few images need all the steps.
            cost: 2,
        }
    }

    fn start(&self, target: &Target, input: Input) -> Result<Box<dyn Attack>> {
        let Input { images, classes, .. } = input;
        Ok(Box::new(Run {
            parameters: *self,
            ball: self.norm.ball(),
            target: target.clone(),
            goal: Goal::new(&images, &classes, self.targeted),
            sum: images.zeros_like(),
            original: images,
            t: 0,
            ended: false,
            best: None,
        }))
    }
}

impl fmt::Display for Deepfool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { norm, eps, max_iter, overshoot, targeted } = self;
        write!(f, "{} DeepFool, {norm}", kind(*targeted))?;
        if let Some(eps) = eps {
            write!(f, ", eps {eps}")?;
        }
        write!(f, ", max_iter {max_iter}, overshoot {overshoot}")
    }
}

/// The result, moved back to distance `eps` of the originals where it is further away.
pub(super) fn within(
    best: Best,
    target: &Target,
    evaluate: impl FnOnce(Tensor<2>) -> Evaluation,
    original: &Tensor<4>,
    norm: Norm,
    eps: Option<f32>,
) -> Best {
    let Some(eps) = eps else {
        return best;
    };
    let perturbation = best.result().images.clone() - original.clone();
    let images = (original.clone() + norm.ball().project(perturbation, eps)).clamp(0.0, 1.0);
    let evaluation = evaluate(target.logits(images.clone()));
    Best::update(None, images, evaluation)
}

/// DeepFool under way.
struct Run {
    parameters: Deepfool,
    ball: &'static dyn NormBall,
    target: Target,
    goal: Goal,
    original: Tensor<4>,
    /// Sum of the steps, without the overshoot.
    sum: Tensor<4>,
    t: usize,
    ended: bool,
    best: Option<Best>,
}

/// Gradients shorter than this lead nowhere.
const SHORTEST: f32 = 1e-30;

/// Added to each step, as in the paper's code, so that rounding does not leave it before the boundary.
const BEYOND: f32 = 1e-4;

impl Run {
    /// The step from `images` with these logits to the nearest boundary.
    fn to_boundary(&self, images: &Tensor<4>, logits: &Tensor<2>) -> Tensor<4> {
        let device = images.device();
        let given = self.goal.one_hot();
        // What is left behind: the given class, or, targeted, what is predicted.
        let left = if self.parameters.targeted {
            let columns = one_hot(&Class::ALL, &device);
            columns.select(0, logits.clone().argmax(1).squeeze_dim(1))
        } else {
            given.clone()
        };
        let mut nearest: Option<(Tensor<1>, Tensor<4>)> = None;
        for class in Class::ALL {
            let column = one_hot(&[class], &device);
            let difference = |logits: Tensor<2>| -> Tensor<1> {
                (logits * (column.clone() - left.clone())).sum_dim(1).squeeze_dim(1)
            };
            let (gradient, ()) =
                gradient_of(images.clone(), |x| (difference(self.target.logits(x)), ()));
            let slope = self.ball.steepest_slope(gradient.clone()).clamp_min(SHORTEST);
            let distance = difference(logits.clone()).abs() / slope;
            // Of no use: the class that is left, and, targeted, all but the target.
            let of_class = |rows: &Tensor<2>| -> Tensor<1> {
                (rows.clone() * column.clone()).sum_dim(1).squeeze_dim(1)
            };
            let useless = match self.parameters.targeted {
                true => of_class(&given).equal_elem(0.0),
                false => of_class(&left).equal_elem(1.0),
            };
            let distance = distance.mask_fill(useless, f32::MAX);
            let direction = self.ball.steepest_direction(gradient);
            nearest = Some(match nearest {
                None => (distance, direction),
                Some((old, old_direction)) => {
                    let nearer = distance.clone().lower(old.clone());
                    (
                        choose_rows(nearer.clone(), distance, old),
                        choose_rows(nearer, direction, old_direction),
                    )
                }
            });
        }
        let (distance, direction) = nearest.expect("there are ten classes");
        // Without a gradient the distance is endless and the direction 0.
        let distance = distance.clamp_max(self.ball.diameter()) + BEYOND * self.unit();
        direction * distance.unsqueeze_dims::<4>(&[1, 2, 3])
    }

    /// What 1 in L2 is in this norm, for a change that is even over all values.
    fn unit(&self) -> f32 {
        match self.parameters.norm {
            Norm::Linf => 1.0 / Norm::L2.ball().diameter(),
            Norm::L2 => 1.0,
        }
    }
}

impl Attack for Run {
    fn step(&mut self) -> Option<Step> {
        if self.ended {
            return None;
        }
        let way = self.sum.clone() * (1.0 + self.parameters.overshoot);
        let images = (self.original.clone() + way).clamp(0.0, 1.0);
        let logits = self.target.logits(images.clone());
        let succeeded = self.goal.reached(logits.clone());
        let margin = self.goal.margin(logits.clone());
        let evaluation = Evaluation {
            logits: logits.clone(),
            loss: margin.clone(),
            succeeded: succeeded.clone(),
            progress: margin,
        };
        let step = Step {
            restart: 0,
            t: self.t,
            images: images.clone(),
            logits: logits.clone(),
            loss: evaluation.loss.clone(),
        };
        // The first iterate that succeeds is the nearest; after that, an image does not move.
        self.best = Some(Best::update(self.best.take(), images.clone(), evaluation));
        if self.t == self.parameters.max_iter || all_known_true(succeeded.clone()) {
            self.ended = true;
            let Deepfool { norm, eps, .. } = self.parameters;
            let best = self.best.take().expect("it was just set");
            let evaluate = |logits: Tensor<2>| {
                let margin = self.goal.margin(logits.clone());
                let succeeded = self.goal.reached(logits.clone());
                Evaluation { logits, loss: margin.clone(), succeeded, progress: margin }
            };
            self.best = Some(within(best, &self.target, evaluate, &self.original, norm, eps));
            return Some(step);
        }
        let further = self.sum.clone() + self.to_boundary(&images, &logits);
        self.sum = choose_rows(succeeded, self.sum.clone(), further);
        self.t += 1;
        Some(step)
    }

    fn best(&self) -> Option<&AttackResult> {
        self.best.as_ref().map(Best::result)
    }
}
