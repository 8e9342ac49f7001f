//! Square attack: random squares, kept when they help. Andriushchenko et al. 2020 (arXiv 1912.00049), algorithms 1 to 3.
//!
//! A black-box attack: it asks for logits and takes no gradient. The first question is about the image itself, the second
//! about the start (vertical stripes in L-infinity, a grid of patterns in L2), each further one about a changed square,
//! which is kept if it brings the goal nearer: the margin, or, targeted, the cross-entropy with the target. The squares
//! shrink as in the authors' code, whose schedule is for 10,000 questions and scaled to `max_iter`. An image that has
//! reached the goal is asked about no more, and [`Attack::queries`] counts the questions until then.
//!
//! One thing differs from the authors' code: in L-infinity, a proposal that happens to change nothing is not drawn again.
//! (Whether it does is known on the device alone.)

use std::fmt;

use burn::tensor::{Bool, Tensor, TensorData};
use rand::RngExt;
use rand::rngs::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

use super::objective::{Evaluation, Goal, Loss};
use super::pgd::Restarts;
use super::restarts::Best;
use super::target::Draw;
use super::{
    Attack, AttackOptions, AttackResult, Attacker, Input, Norm, Parameters, Pgd, Shape, Step,
    Target, check_length, check_restarts, check_steps, kind,
};
use crate::error::{Error, Result};
use crate::picture::{CHANNELS, SIDE};
use crate::tensor::{all_known_true, choose_rows};

/// Parameters of the Square attack.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(default)]
pub struct Square {
    /// Which distance is bounded.
    pub norm: Norm,
    /// Largest distance from the original, above 0; images have values in [0, 1].
    pub eps: f32,
    /// Questions asked about an image beside the one about the original, 1..=[`Pgd::MAX_STEPS`].
    pub max_iter: usize,
    /// Share of the image that the first squares cover, above 0 and at most 1; 0.8 in the paper's L-infinity attack
    /// with many classes, 0.1 in its L2 attack.
    pub p_init: f32,
    /// Restarts, at least one; the best one is kept.
    pub num_random_init: usize,
    /// false: away from the given class (the true one). true: towards the given class (the target).
    pub targeted: bool,
    /// Seed of all random choices.
    pub seed: u64,
}

impl Default for Square {
    fn default() -> Self {
        Self::from(Pgd { max_iter: Self::QUERIES, ..Pgd::default() })
    }
}

impl From<Pgd> for Square {
    fn from(Pgd { norm, eps, max_iter, num_random_init, targeted, seed, .. }: Pgd) -> Self {
        let p_init = match norm {
            Norm::Linf => 0.8,
            Norm::L2 => 0.1,
        };
        Self { norm, eps, max_iter, p_init, num_random_init, targeted, seed }
    }
}

impl Square {
    /// The default number of questions.
    pub const QUERIES: usize = 1_000;

    /// Side of the square of the change of this number, from 0 on, at least `smallest`.
    fn side(&self, change: usize, smallest: usize) -> usize {
        let scaled = change * 10_000 / self.max_iter;
        let halvings = [10, 50, 200, 500, 1_000, 2_000, 4_000, 6_000, 8_000];
        let halvings = halvings.iter().filter(|from| scaled > **from).count() as i32;
        let share = self.p_init * 0.5f32.powi(halvings);
        let side = (share * (SIDE * SIDE) as f32).sqrt().round() as usize;
        side.clamp(smallest, SIDE - 1)
    }
}

/// The first questions are about the image and about the start.
const CHANGES_FROM: usize = 2;

impl Parameters for Square {
    fn chosen(options: &AttackOptions, targeted: bool) -> Self {
        let max_iter = options.max_iter.unwrap_or(Self::QUERIES);
        Self::from(Pgd { max_iter, ..Pgd::of_options(options, targeted) })
    }

    fn validate(&self) -> Result<()> {
        check_length("eps", self.eps, self.norm)?;
        if !(self.p_init > 0.0 && self.p_init <= 1.0) {
            return Err(Error::Option {
                name: "p_init",
                value: self.p_init.to_string(),
                must: "above 0 and at most 1",
            });
        }
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
            starts_at_the_images: true,
            targeted: self.targeted,
            attacker: Attacker::Queries,
            cost: 1,
        }
    }

    fn start(&self, target: &Target, input: Input) -> Result<Box<dyn Attack>> {
        let Input { images, classes, ids } = input;
        let zeros = Tensor::zeros([ids.len()], &images.device());
        Ok(Box::new(Run {
            parameters: *self,
            target: target.clone(),
            goal: Goal::new(&images, &classes, self.targeted),
            generators: Vec::new(),
            ids,
            perturbation: images.zeros_like(),
            original: images,
            current: None,
            queries: zeros,
            restart: 0,
            t: 0,
            best: None,
        }))
    }
}

impl fmt::Display for Square {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { norm, eps, max_iter, num_random_init, targeted, .. } = self;
        write!(f, "{} Square, {norm}, eps {eps}, {max_iter} queries", kind(*targeted))?;
        write!(f, "{}", Restarts(if *num_random_init > 1 { *num_random_init } else { 0 }))
    }
}

/// The Square attack under way.
struct Run {
    parameters: Square,
    target: Target,
    goal: Goal,
    /// A generator for each image.
    generators: Vec<Xoshiro256PlusPlus>,
    ids: Vec<u64>,
    original: Tensor<4>,
    perturbation: Tensor<4>,
    /// The best point of this restart.
    current: Option<Evaluation>,
    queries: Tensor<1>,
    restart: usize,
    t: usize,
    best: Option<Best>,
}

/// A square window of an image.
#[derive(Clone, Copy)]
struct Window {
    top: usize,
    left: usize,
    side: usize,
}

impl Window {
    fn random(side: usize, rng: &mut Xoshiro256PlusPlus) -> Self {
        let mut place = || rng.random_range(0..SIDE - side);
        Self { top: place(), left: place(), side }
    }

    /// Sets the window's values in a channel of 96x96 values; `value` gets row and column within the window.
    fn set(self, channel: &mut [f32], value: impl Fn(usize, usize) -> f32) {
        for y in 0..self.side {
            for x in 0..self.side {
                channel[(self.top + y) * SIDE + self.left + x] = value(y, x);
            }
        }
    }
}

fn sign(rng: &mut Xoshiro256PlusPlus) -> f32 {
    if rng.random_bool(0.5) { 1.0 } else { -1.0 }
}

/// A bump over rows x columns values: squares around the middle, each a step larger than the one before, add
/// 1/1, 1/4, 1/9, ... (algorithm 3, line 2). Not normalised.
fn bump(rows: usize, columns: usize) -> Vec<f32> {
    let mut values = vec![0.0; rows * columns];
    let (middle_y, middle_x) = ((rows / 2) as i64, (columns / 2) as i64);
    for counter in 0..(rows / 2 + 1).max(columns / 2 + 1) as i64 {
        let height = 1.0 / ((counter + 1) * (counter + 1)) as f32;
        let range = |middle: i64, count: usize| {
            let from = (middle - counter).clamp(0, count as i64);
            let to = (middle + counter + 1).clamp(0, count as i64);
            from as usize..to as usize
        };
        for y in range(middle_y, rows) {
            for x in range(middle_x, columns) {
                values[y * columns + x] += height;
            }
        }
    }
    normalised(values)
}

fn normalised(mut values: Vec<f32>) -> Vec<f32> {
    let length = values.iter().map(|v| v * v).sum::<f32>().sqrt();
    values.iter_mut().for_each(|v| *v /= length);
    values
}

/// The pattern of the L2 attack, side x side values of length 1: a bump up beside a bump down, above each other or side by
/// side.
fn pattern(side: usize, rng: &mut Xoshiro256PlusPlus) -> Vec<f32> {
    let (first, second) = (bump(side / 2, side), bump(side - side / 2, side));
    let stacked: Vec<f32> = first.into_iter().chain(second.into_iter().map(|v| -v)).collect();
    let stacked = normalised(stacked);
    if rng.random_bool(0.5) {
        return stacked;
    }
    (0..side * side).map(|i| stacked[i % side * side + i / side]).collect()
}

impl Run {
    fn tensor(&self, values: Vec<f32>, channels: usize) -> Tensor<4> {
        let data = TensorData::new(values, [self.ids.len(), channels, SIDE, SIDE]);
        Tensor::from_data(data, &self.original.device())
    }

    /// Values made for each image, [n, channels, 96, 96].
    fn each(
        &mut self,
        channels: usize,
        mut make: impl FnMut(&mut Xoshiro256PlusPlus, &mut [f32]),
    ) -> Tensor<4> {
        let size = channels * SIDE * SIDE;
        let mut values = vec![0.0; self.ids.len() * size];
        for (rng, values) in self.generators.iter_mut().zip(values.chunks_exact_mut(size)) {
            make(rng, values);
        }
        self.tensor(values, channels)
    }

    /// The perturbation to start with.
    fn stripes(&mut self) -> Tensor<4> {
        let eps = self.parameters.eps;
        match self.parameters.norm {
            Norm::Linf => self.each(CHANNELS, |rng, values| {
                for channel in values.chunks_exact_mut(SIDE * SIDE) {
                    let stripe: Vec<f32> = (0..SIDE).map(|_| sign(rng) * eps).collect();
                    channel.chunks_exact_mut(SIDE).for_each(|row| row.copy_from_slice(&stripe));
                }
            }),
            Norm::L2 => {
                let grid = self.each(CHANNELS, |rng, values| {
                    let side = SIDE / 5;
                    let margin = SIDE % 5 / 2;
                    for tile in 0..25 {
                        let (top, left) = (margin + tile / 5 * side, margin + tile % 5 * side);
                        let pattern = pattern(side, rng);
                        for channel in values.chunks_exact_mut(SIDE * SIDE) {
                            let sign = sign(rng);
                            let window = Window { top, left, side };
                            window.set(channel, |y, x| sign * pattern[y * side + x]);
                        }
                    }
                });
                Norm::L2.ball().steepest_direction(grid) * eps
            }
        }
    }

    /// The perturbation with a square changed.
    fn proposal(&mut self) -> Tensor<4> {
        match self.parameters.norm {
            Norm::Linf => self.proposal_linf(),
            Norm::L2 => self.proposal_l2(),
        }
    }

    /// Algorithm 2: in a square, each channel becomes eps or -eps.
    fn proposal_linf(&mut self) -> Tensor<4> {
        let (side, eps) = (self.parameters.side(self.t - CHANGES_FROM, 1), self.parameters.eps);
        let square = self.each(CHANNELS, |rng, values| {
            let window = Window::random(side, rng);
            for channel in values.chunks_exact_mut(SIDE * SIDE) {
                let value = sign(rng) * eps;
                window.set(channel, |_, _| value);
            }
        });
        self.perturbation.clone().mask_where(square.clone().not_equal_elem(0.0), square)
    }

    /// Algorithm 3: the change in a second square is taken away, and its length spent on a pattern in a first one.
    fn proposal_l2(&mut self) -> Tensor<4> {
        let eps = self.parameters.eps;
        let side = self.parameters.side(self.t - CHANGES_FROM, 3) | 1;
        let (mut firsts, mut seconds) = (Vec::new(), Vec::new());
        let change = self.each(CHANNELS, |rng, values| {
            let (first, second) = (Window::random(side, rng), Window::random(side, rng));
            let pattern = pattern(side, rng);
            for channel in values.chunks_exact_mut(SIDE * SIDE) {
                let sign = sign(rng);
                first.set(channel, |y, x| sign * pattern[y * side + x]);
            }
            firsts.push(first);
            seconds.push(second);
        });
        let mask = |windows: &[Window]| -> Tensor<4> {
            let mut values = vec![0.0; windows.len() * SIDE * SIDE];
            for (window, values) in windows.iter().zip(values.chunks_exact_mut(SIDE * SIDE)) {
                window.set(values, |_, _| 1.0);
            }
            self.tensor(values, 1)
        };
        let (first, second) = (mask(&firsts), mask(&seconds));
        let either = first.clone().max_pair(second.clone());
        let delta = self.perturbation.clone();
        // Squares of lengths: of a channel within a mask, [n, 3, 1, 1]; of an image, [n, 1, 1, 1].
        let of_channel = |x: Tensor<4>| x.square().sum_dim(3).sum_dim(2);
        let of_image = |x: Tensor<4>| of_channel(x).sum_dim(1);
        let spent = of_channel(delta.clone() * either);
        let left = (of_image(delta.clone()).neg() + eps * eps).clamp_min(0.0);
        let budget = (left / CHANNELS as f32 + spent).sqrt();
        let here = delta.clone() * first.clone();
        let here_length = of_channel(here.clone()).sqrt() + 1e-10;
        let change = change + here / here_length;
        let length = of_channel(change.clone()).sqrt().clamp_min(1e-10);
        let change = change / length * budget;
        let outside = |mask: Tensor<4>| mask.neg() + 1.0;
        let delta = delta * outside(second) * outside(first) + change;
        Norm::L2.ball().steepest_direction(delta) * eps
    }

    fn ask(&mut self, images: Tensor<4>) -> Evaluation {
        let logits = self.target.logits(images);
        let loss = match self.goal.targeted() {
            true => self.goal.uphill(Loss::CrossEntropy, logits.clone()),
            false => self.goal.margin(logits.clone()),
        };
        let succeeded = self.goal.reached(logits.clone());
        Evaluation { logits, loss: loss.clone(), succeeded, progress: loss }
    }

    /// Which images are still asked about.
    fn open(&self) -> Tensor<1, Bool> {
        let in_restart = self.current.as_ref().map(|current| current.succeeded.clone());
        let before = self.best.as_ref().map(Best::succeeded);
        match (in_restart, before) {
            (Some(a), Some(b)) => a.bool_or(b).bool_not(),
            (Some(a), None) | (None, Some(a)) => a.bool_not(),
            (None, None) => self.queries.clone().equal_elem(0.0),
        }
    }
}

impl Attack for Run {
    fn step(&mut self) -> Option<Step> {
        let Square { max_iter, num_random_init, seed, .. } = self.parameters;
        if self.restart == num_random_init.max(1) {
            return None;
        }
        if self.t == 0 {
            let draw = Draw { seed, ids: &self.ids, number: self.restart as u64 };
            self.generators = draw.generators().collect();
            self.perturbation = self.original.zeros_like();
            self.current = None;
        }
        let open = self.open();
        let proposal = match self.t {
            0 => self.perturbation.clone(),
            1 => self.stripes(),
            _ => self.proposal(),
        };
        let images = (self.original.clone() + proposal).clamp(0.0, 1.0);
        let asked = self.ask(images.clone());
        self.queries = self.queries.clone() + open.clone().float();
        let current = match self.current.take() {
            None => asked,
            Some(old) => {
                // The start is taken as it is; after that, what brings the goal nearer.
                let nearer = asked.progress.clone().greater(old.progress.clone());
                let taken = if self.t == 1 { open } else { nearer.bool_and(open) };
                let new = images - self.original.clone();
                self.perturbation = choose_rows(taken.clone(), new, self.perturbation.clone());
                let progress = choose_rows(taken.clone(), asked.progress, old.progress);
                Evaluation {
                    logits: choose_rows(taken.clone(), asked.logits, old.logits),
                    loss: progress.clone(),
                    succeeded: asked.succeeded.bool_and(taken).bool_or(old.succeeded),
                    progress,
                }
            }
        };
        let images = (self.original.clone() + self.perturbation.clone()).clamp(0.0, 1.0);
        let Evaluation { logits, loss, succeeded, .. } = current.clone();
        let step = Step { restart: self.restart, t: self.t, images: images.clone(), logits, loss };
        if self.t == max_iter || all_known_true(succeeded) {
            self.best = Some(Best::update(self.best.take(), images, current));
            (self.restart, self.t) = (self.restart + 1, 0);
        } else {
            self.current = Some(current);
            self.t += 1;
        }
        Some(step)
    }

    fn best(&self) -> Option<&AttackResult> {
        self.best.as_ref().map(Best::result)
    }

    fn queries(&self) -> Option<Tensor<1>> {
        Some(self.queries.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `p_selection` of the authors' code (github.com/max-andr/square-attack, attack.py), and the sides that follow from it.
    #[test]
    fn squares_shrink_as_in_the_authors_code() {
        let of = |norm, max_iter| Square { max_iter, ..Square::from(Pgd::tutorial(norm)) };
        let few = of(Norm::L2, 100);
        for (change, side) in
            [(0, 31), (1, 15), (2, 15), (3, 11), (6, 9), (20, 5), (50, 3), (99, 3)]
        {
            assert_eq!(few.side(change, 3) | 1, side, "{change}");
        }
        let many = of(Norm::Linf, 1000);
        for (change, side) in
            [(1, 86), (2, 61), (5, 61), (6, 43), (21, 30), (51, 21), (101, 15), (400, 11), (999, 4)]
        {
            assert_eq!(many.side(change, 1), side, "{change}");
        }
    }
}
