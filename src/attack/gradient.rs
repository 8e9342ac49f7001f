//! Iterative gradient attacks: objective x update rule x norm x restarts.
//!
//! x_{t+1} = project(x_t + eps_step * direction(gradient of the objective at x_t)), where `project` maps to
//! the ball of radius eps around x and to [0, 1].

use burn::tensor::Tensor;

use super::norm::NormBall;
use super::objective::{Evaluation, Keeps, Objective};
use super::restarts::{Best, perturbations};
use super::update::Update;
use super::{Attack, AttackResult, Input, Pgd, Step};

/// An iterative gradient attack on a batch.
pub struct GradientAttack {
    objective: Box<dyn Objective>,
    update: Box<dyn Update>,
    norm: &'static dyn NormBall,
    eps: f32,
    eps_step: f32,
    max_iter: usize,
    random_start: bool,
    restarts: usize,
    seed: u64,
    ids: Vec<u64>,
    original: Tensor<4>,
    current: Tensor<4>,
    restart: usize,
    t: usize,
    best: Option<Best>,
}

impl GradientAttack {
    /// Puts an attack together; `parameters` are checked.
    pub fn new(
        input: Input,
        objective: Box<dyn Objective>,
        update: Box<dyn Update>,
        parameters: &Pgd,
    ) -> Self {
        let Pgd { norm, eps, eps_step, max_iter, num_random_init, seed, .. } = *parameters;
        Self {
            objective,
            update,
            norm: norm.ball(),
            eps,
            eps_step,
            max_iter,
            random_start: num_random_init > 0,
            restarts: num_random_init.max(1),
            seed,
            ids: input.ids,
            original: input.images.clone(),
            current: input.images,
            restart: 0,
            t: 0,
            best: None,
        }
    }

    /// Runs so many restarts instead of as many as the parameters say.
    #[must_use]
    pub fn with_restarts(self, restarts: usize) -> Self {
        Self { restarts, ..self }
    }

    /// Moves to the first iterate of a restart.
    fn begin(&mut self) {
        self.update.reset();
        self.objective.begin(self.restart);
        self.current = self.original.clone();
        if self.random_start {
            let Self { norm, eps, seed, restart, .. } = *self;
            let start = perturbations(norm, eps, seed, &self.ids, restart, &self.original);
            self.current = self.inside(start);
        }
    }

    /// The images that differ from the originals by `perturbation`, cut to [0, 1].
    fn inside(&self, perturbation: Tensor<4>) -> Tensor<4> {
        // The originals are inside [0, 1], so cutting only shortens the perturbation.
        (self.original.clone() + perturbation).clamp(0.0, 1.0)
    }

    /// The current iterate as a step; takes it into account if it can be the result.
    fn snapshot(&mut self, evaluation: Evaluation, last: bool) -> Step {
        if last || self.objective.keeps() == Keeps::Best {
            self.best =
                Some(Best::update(self.best.take(), self.current.clone(), evaluation.clone()));
        }
        let Evaluation { logits, loss, .. } = evaluation;
        Step { restart: self.restart, t: self.t, images: self.current.clone(), logits, loss }
    }

    /// Returns the current iterate and moves on to the next one.
    fn advance(&mut self) -> Step {
        let (evaluation, uphill) = self.objective.gradient(self.current.clone());
        let step = self.snapshot(evaluation, false);
        let change = self.update.direction(uphill, self.norm) * self.eps_step;
        let perturbation = self.current.clone() + change - self.original.clone();
        self.current = self.inside(self.norm.project(perturbation, self.eps));
        step
    }

    /// Evaluates the last iterate of a restart.
    fn finish_restart(&mut self) -> Step {
        let evaluation = self.objective.evaluate(self.current.clone());
        self.snapshot(evaluation, true)
    }
}

impl Attack for GradientAttack {
    fn step(&mut self) -> Option<Step> {
        if self.restart == self.restarts {
            return None;
        }
        if self.t == 0 {
            self.begin();
        }
        if self.t < self.max_iter {
            let step = self.advance();
            self.t += 1;
            return Some(step);
        }
        let end = self.finish_restart();
        (self.restart, self.t) = (self.restart + 1, 0);
        Some(end)
    }

    fn best(&self) -> Option<&AttackResult> {
        self.best.as_ref().map(Best::result)
    }
}
