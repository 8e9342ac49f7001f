//! Auto-PGD: PGD with momentum that chooses its own step sizes. Croce & Hein 2020 (arXiv 2003.01690), algorithm 1.
//!
//! The step starts at 2 eps. At checkpoints that come ever closer it is halved, and the attack goes back to its best
//! point, if the loss grew in fewer than [`RHO`] of the steps since the last checkpoint, or if neither the step nor the
//! best loss has changed since then. Each image has its own step. Checkpoints as in the authors' code: after 22 % of the
//! steps, then each time 3 % of all sooner, down to 6 %.

use std::fmt;

use burn::tensor::{Bool, Tensor};
use serde::{Deserialize, Serialize};

use super::norm::NormBall;
use super::objective::{CrossEntropy, Evaluation, Goal, Objective, gradient_of};
use super::pgd::Restarts;
use super::restarts::{Best, perturbations};
use super::{
    Attack, AttackOptions, AttackResult, Attacker, Input, Norm, Parameters, Pgd, Shape, Step,
    Target, check_length, check_restarts, check_steps, kind,
};
use crate::class::Class;
use crate::error::Result;
use crate::model::loss::one_hot;
use crate::tensor::choose_rows;

/// Share of steps that must have raised the loss, or the step is halved.
const RHO: f32 = 0.75;

/// How much of a step is the new one; the rest repeats the step before.
const NEW: f32 = 0.75;

/// Parameters of Auto-PGD.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(default)]
pub struct Apgd {
    /// Which distance is bounded.
    pub norm: Norm,
    /// Largest distance from the original, above 0; images have values in [0, 1].
    pub eps: f32,
    /// Number of steps, 1..=[`Pgd::MAX_STEPS`]; 100 in the paper.
    pub max_iter: usize,
    /// 0: start at the image itself. n: n restarts from random points of the ball, the best one kept.
    pub num_random_init: usize,
    /// false: away from the given class (the true one). true: towards the given class (the target).
    pub targeted: bool,
    /// Seed of the random restarts.
    pub seed: u64,
}

impl Default for Apgd {
    fn default() -> Self {
        Self::from(Pgd { max_iter: Self::STEPS, ..Pgd::default() })
    }
}

impl From<Pgd> for Apgd {
    fn from(Pgd { norm, eps, max_iter, num_random_init, targeted, seed, .. }: Pgd) -> Self {
        Self { norm, eps, max_iter, num_random_init, targeted, seed }
    }
}

impl Apgd {
    /// The paper's number of steps.
    pub const STEPS: usize = 100;

    fn of_options(options: &AttackOptions, targeted: bool) -> Self {
        let max_iter = options.max_iter.unwrap_or(Self::STEPS);
        Self::from(Pgd { max_iter, ..Pgd::of_options(options, targeted) })
    }

    fn validate(&self) -> Result<()> {
        check_length("eps", self.eps, self.norm)?;
        check_steps(self.max_iter)?;
        check_restarts(self.num_random_init)
    }

    fn shape(&self) -> Shape {
        Shape {
            norm: self.norm,
            eps: Some(self.eps),
            eps_step: None,
            steps: self.max_iter,
            draws: 1,
            restarts: self.num_random_init.max(1),
            starts_at_the_images: self.num_random_init == 0,
            targeted: self.targeted,
            attacker: Attacker::Classifier,
            cost: 1,
        }
    }

    fn describe(&self, loss: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { norm, eps, max_iter, num_random_init, targeted, .. } = self;
        let kind = kind(*targeted);
        write!(f, "{kind} APGD ({loss}), {norm}, eps {eps}, max_iter {max_iter}")?;
        write!(f, "{}", Restarts(*num_random_init))
    }
}

/// Auto-PGD on the cross-entropy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(transparent)]
pub struct ApgdCe(pub Apgd);

/// Auto-PGD on the difference of logits ratio, which does not change when all logits are scaled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(transparent)]
pub struct ApgdDlr(pub Apgd);

impl Parameters for ApgdCe {
    fn chosen(options: &AttackOptions, targeted: bool) -> Self {
        Self(Apgd::of_options(options, targeted))
    }

    fn validate(&self) -> Result<()> {
        self.0.validate()
    }

    fn shape(&self) -> Shape {
        self.0.shape()
    }

    fn start(&self, target: &Target, input: Input) -> Result<Box<dyn Attack>> {
        let objective = CrossEntropy::new(target, &input.images, &input.classes, self.0.targeted);
        Ok(Box::new(Run::new(self.0, input, Box::new(objective))))
    }
}

impl fmt::Display for ApgdCe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.describe("cross-entropy", f)
    }
}

impl Parameters for ApgdDlr {
    fn chosen(options: &AttackOptions, targeted: bool) -> Self {
        Self(Apgd::of_options(options, targeted))
    }

    fn validate(&self) -> Result<()> {
        self.0.validate()
    }

    fn shape(&self) -> Shape {
        self.0.shape()
    }

    fn start(&self, target: &Target, input: Input) -> Result<Box<dyn Attack>> {
        let objective = Dlr::new(target.clone(), &input, self.0.targeted);
        Ok(Box::new(Run::new(self.0, input, Box::new(objective))))
    }
}

impl fmt::Display for ApgdDlr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.describe("difference of logits ratio", f)
    }
}

/// The difference of logits ratio. With z_1 >= z_2 >= ... the sorted logits:
/// -(z_y - max over i != y of z_i) / (z_1 - z_3), eq. 6; targeted -(z_y - z_t) / (z_1 - (z_3 + z_4) / 2), eq. 7, where
/// y is what the classifier predicts for the original image.
struct Dlr {
    target: Target,
    goal: Goal,
    /// Targeted: what is predicted for the originals, [n, 10].
    left: Option<Tensor<2>>,
}

/// Logits that are equal give no ratio.
const SMALLEST_DIFFERENCE: f32 = 1e-12;

impl Dlr {
    fn new(target: Target, input: &Input, targeted: bool) -> Self {
        let goal = Goal::new(&input.images, &input.classes, targeted);
        let left = targeted.then(|| largest(&target.logits(input.images.clone())));
        Self { target, goal, left }
    }

    fn ratio(&self, logits: Tensor<2>) -> Tensor<1> {
        // Which logit is the first, third and fourth is no part of what is differentiated.
        let mut rest = logits.clone().inner();
        let sorted: [Tensor<2>; 4] = std::array::from_fn(|_| {
            let of_largest = largest(&rest);
            rest = rest.clone() - of_largest.clone() * 1e9;
            of_largest
        });
        let pick =
            |which: Tensor<2>| -> Tensor<1> { (logits.clone() * which).sum_dim(1).squeeze_dim(1) };
        let [first, _, third, fourth] = sorted;
        match &self.left {
            None => {
                let scale = pick(first) - pick(third) + SMALLEST_DIFFERENCE;
                self.goal.margin(logits.clone()) / scale
            }
            Some(left) => {
                let scale = pick(first) - (pick(third) + pick(fourth)) * 0.5 + SMALLEST_DIFFERENCE;
                (pick(self.goal.one_hot()) - pick(left.clone())) / scale
            }
        }
    }

    fn evaluation(&self, logits: Tensor<2>, ratio: Tensor<1>) -> Evaluation {
        let succeeded = self.goal.reached(logits.clone());
        Evaluation { logits, loss: ratio.clone(), succeeded, progress: ratio }
    }
}

/// A one in the place of each row's largest value, [n, 10].
fn largest(logits: &Tensor<2>) -> Tensor<2> {
    let [_, classes] = logits.dims();
    debug_assert_eq!(classes, Class::COUNT);
    let columns = one_hot(&Class::ALL, &logits.device());
    columns.select(0, logits.clone().argmax(1).squeeze_dim(1))
}

impl Objective for Dlr {
    fn evaluate(&mut self, images: Tensor<4>) -> Evaluation {
        let logits = self.target.logits(images);
        let ratio = self.ratio(logits.clone());
        self.evaluation(logits, ratio)
    }

    fn gradient(&mut self, images: Tensor<4>) -> (Evaluation, Tensor<4>) {
        let (gradient, (logits, ratio)) = gradient_of(images, |x| {
            let logits = self.target.logits(x);
            let ratio = self.ratio(logits.clone());
            (ratio.clone(), (logits.inner(), ratio.inner()))
        });
        (self.evaluation(logits, ratio), gradient)
    }
}

/// Auto-PGD under way.
struct Run {
    parameters: Apgd,
    ball: &'static dyn NormBall,
    objective: Box<dyn Objective>,
    ids: Vec<u64>,
    original: Tensor<4>,
    current: Tensor<4>,
    /// The iterate before the current one.
    before: Tensor<4>,
    restart: usize,
    t: usize,
    best: Option<Best>,
    state: Option<State>,
}

/// What a restart remembers.
struct State {
    /// The point with the largest objective, the gradient there and the value.
    top: Tensor<4>,
    top_gradient: Tensor<4>,
    top_value: Tensor<1>,
    /// Value of the iterate before.
    last_value: Tensor<1>,
    /// Length of a step.
    step: Tensor<1>,
    /// Steps since the last checkpoint that raised the value.
    raised: Tensor<1>,
    /// The best value at the last checkpoint, and whether the step was halved there.
    top_at_checkpoint: Tensor<1>,
    halved_at_checkpoint: Tensor<1, Bool>,
    /// Steps from the last checkpoint to the next, and how many of them are made.
    period: usize,
    made: usize,
}

impl Run {
    fn new(parameters: Apgd, input: Input, objective: Box<dyn Objective>) -> Self {
        let Input { images, ids, .. } = input;
        Self {
            parameters,
            ball: parameters.norm.ball(),
            objective,
            ids,
            original: images.clone(),
            current: images.clone(),
            before: images,
            restart: 0,
            t: 0,
            best: None,
            state: None,
        }
    }

    fn begin(&mut self) {
        let Apgd { eps, num_random_init, seed, .. } = self.parameters;
        self.current = self.original.clone();
        if num_random_init > 0 {
            let start =
                perturbations(self.ball, eps, seed, &self.ids, self.restart, &self.original);
            self.current = (self.original.clone() + start).clamp(0.0, 1.0);
        }
        self.before = self.current.clone();
        self.state = None;
    }

    /// The nearest image in the ball and in [0, 1].
    fn project(&self, images: Tensor<4>) -> Tensor<4> {
        let perturbation = self.ball.project(images - self.original.clone(), self.parameters.eps);
        (self.original.clone() + perturbation).clamp(0.0, 1.0)
    }

    /// The state after the current iterate, whose gradient is given.
    fn remember(&mut self, value: &Tensor<1>, gradient: &Tensor<4>) -> State {
        let Apgd { max_iter, eps, .. } = self.parameters;
        let share = |part: usize| (part * max_iter / 100).max(1);
        let Some(mut state) = self.state.take() else {
            let none = value.zeros_like();
            return State {
                top: self.current.clone(),
                top_gradient: gradient.clone(),
                top_value: value.clone(),
                last_value: value.clone(),
                step: none.clone() + 2.0 * eps,
                raised: none,
                top_at_checkpoint: value.clone(),
                // In the authors' code, nothing follows from the start at the first checkpoint.
                halved_at_checkpoint: value.clone().equal(value.clone()),
                period: share(22),
                made: 0,
            };
        };
        let raised = value.clone().greater(state.last_value);
        state.raised = state.raised + raised.float();
        state.last_value = value.clone();
        let better = value.clone().greater(state.top_value.clone());
        state.top = choose_rows(better.clone(), self.current.clone(), state.top);
        state.top_gradient = choose_rows(better.clone(), gradient.clone(), state.top_gradient);
        state.top_value = choose_rows(better, value.clone(), state.top_value);
        state.made += 1;
        state
    }

    /// At a checkpoint, halves steps that do no good and goes back to the best points there.
    fn check(&mut self, state: &mut State, gradient: Tensor<4>) -> Tensor<4> {
        if state.made < state.period {
            return gradient;
        }
        let share = |part: usize| (part * self.parameters.max_iter / 100).max(1);
        let oscillates = state.raised.clone().lower_equal_elem(RHO * state.period as f32);
        let stuck = state
            .top_at_checkpoint
            .clone()
            .greater_equal(state.top_value.clone())
            .bool_and(state.halved_at_checkpoint.clone().bool_not());
        let halve = oscillates.bool_or(stuck);
        state.step = choose_rows(halve.clone(), state.step.clone() * 0.5, state.step.clone());
        self.current = choose_rows(halve.clone(), state.top.clone(), self.current.clone());
        let gradient = choose_rows(halve.clone(), state.top_gradient.clone(), gradient);
        state.raised = state.raised.zeros_like();
        state.top_at_checkpoint = state.top_value.clone();
        state.halved_at_checkpoint = halve;
        state.period = state.period.saturating_sub(share(3)).max(share(6));
        state.made = 0;
        gradient
    }

    /// Moves to the next iterate.
    fn advance(&mut self, step: Tensor<1>, gradient: Tensor<4>) {
        let step: Tensor<4> = step.unsqueeze_dims(&[1, 2, 3]);
        let ahead = self.current.clone() + self.ball.steepest_direction(gradient) * step;
        let ahead = self.project(ahead);
        let next = if self.t == 0 {
            ahead
        } else {
            let change = (ahead - self.current.clone()) * NEW
                + (self.current.clone() - self.before.clone()) * (1.0 - NEW);
            self.project(self.current.clone() + change)
        };
        self.before = std::mem::replace(&mut self.current, next);
    }
}

impl Attack for Run {
    fn step(&mut self) -> Option<Step> {
        if self.restart == self.parameters.num_random_init.max(1) {
            return None;
        }
        if self.t == 0 {
            self.begin();
        }
        let (restart, t, images) = (self.restart, self.t, self.current.clone());
        let evaluation = if t < self.parameters.max_iter {
            let (evaluation, gradient) = self.objective.gradient(images.clone());
            let mut state = self.remember(&evaluation.progress, &gradient);
            let gradient = self.check(&mut state, gradient);
            self.advance(state.step.clone(), gradient);
            self.state = Some(state);
            self.t += 1;
            evaluation
        } else {
            (self.restart, self.t) = (restart + 1, 0);
            self.objective.evaluate(images.clone())
        };
        self.best = Some(Best::update(self.best.take(), images.clone(), evaluation.clone()));
        let Evaluation { logits, loss, .. } = evaluation;
        Some(Step { restart, t, images, logits, loss })
    }

    fn best(&self) -> Option<&AttackResult> {
        self.best.as_ref().map(Best::result)
    }
}
