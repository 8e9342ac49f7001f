//! PGD: projected gradient descent. Madry et al. 2018 (arXiv 1706.06083).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::gradient::GradientAttack;
use super::norm::Norm;
use super::objective::CrossEntropy;
use super::options::{AttackOptions, Preset};
use super::update::Steepest;
use super::{
    Attack, Attacker, Input, Parameters, Shape, Target, check_length, check_restarts, check_steps,
    kind,
};
use crate::error::Result;

/// Parameters of PGD; names as in the Adversarial Robustness Toolbox. A field that is missing where one is
/// read takes its default.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(default)]
pub struct Pgd {
    /// Which distance is bounded.
    pub norm: Norm,
    /// Largest distance from the original, above 0; images have values in [0, 1].
    pub eps: f32,
    /// Length of one step, above 0, in the same units.
    pub eps_step: f32,
    /// Number of steps, 1..=[`Pgd::MAX_STEPS`].
    pub max_iter: usize,
    /// 0: start at the image itself. n: n restarts from random points of the ball, the best one kept.
    pub num_random_init: usize,
    /// false: away from the given class (the true one). true: towards the given class (the target).
    pub targeted: bool,
    /// Seed of the random restarts.
    pub seed: u64,
}

/// The tutorial's setting.
impl Default for Pgd {
    fn default() -> Self {
        Self::tutorial(Norm::Linf)
    }
}

impl Pgd {
    /// The largest number of steps.
    pub const MAX_STEPS: usize = 10_000;
    /// The largest number of restarts.
    pub const MAX_RESTARTS: usize = 1_000;

    /// The tutorial's setting, which moves each value by at most 10 x 0.001 in L-infinity. The tutorial has
    /// none in L2: a length of 3 spread over all values is 0.018 for each of them.
    pub fn tutorial(norm: Norm) -> Self {
        let (eps, eps_step) = match norm {
            Norm::Linf => (0.03, 0.001),
            Norm::L2 => (3.0, 0.2),
        };
        let (max_iter, num_random_init, targeted, seed) = (10, 0, false, 0);
        Self { norm, eps, eps_step, max_iter, num_random_init, targeted, seed }
    }

    /// The strong setting: 20 steps whose lengths add up to 3.3 eps, so that the whole ball is in reach.
    pub fn strong(norm: Norm) -> Self {
        let eps_step = match norm {
            Norm::Linf => 0.005,
            Norm::L2 => 0.5,
        };
        Self { eps_step, max_iter: 20, ..Self::tutorial(norm) }
    }

    /// Checks the parameters.
    ///
    /// # Errors
    /// When one is out of its range.
    pub fn check(self) -> Result<Self> {
        check_length("eps", self.eps, self.norm)?;
        check_length("eps_step", self.eps_step, self.norm)?;
        check_steps(self.max_iter)?;
        check_restarts(self.num_random_init)?;
        Ok(self)
    }

    /// The preset's parameters for the norm, changed as the options say.
    pub(super) fn of_options(options: &AttackOptions, targeted: bool) -> Self {
        let norm = options.norm.unwrap_or_default();
        let preset = match options.preset {
            Preset::Tutorial => Self::tutorial(norm),
            Preset::Strong => Self::strong(norm),
        };
        Self {
            norm,
            eps: options.eps.unwrap_or(preset.eps),
            eps_step: options.eps_step.unwrap_or(preset.eps_step),
            max_iter: options.max_iter.unwrap_or(preset.max_iter),
            num_random_init: options.num_random_init.unwrap_or(preset.num_random_init),
            seed: options.attack_seed.unwrap_or(preset.seed),
            targeted,
        }
    }
}

impl Parameters for Pgd {
    fn chosen(options: &AttackOptions, targeted: bool) -> Self {
        Self::of_options(options, targeted)
    }

    fn validate(&self) -> Result<()> {
        self.check().map(drop)
    }

    fn shape(&self) -> Shape {
        Shape {
            norm: self.norm,
            eps: Some(self.eps),
            eps_step: Some(self.eps_step),
            steps: self.max_iter,
            draws: 1,
            restarts: self.num_random_init.max(1),
            starts_at_the_images: self.num_random_init == 0,
            targeted: self.targeted,
            attacker: Attacker::Classifier,
            cost: 1,
        }
    }

    fn start(&self, target: &Target, input: Input) -> Result<Box<dyn Attack>> {
        let objective = CrossEntropy::new(target, &input.images, &input.classes, self.targeted);
        Ok(Box::new(GradientAttack::new(input, Box::new(objective), Box::new(Steepest), self)))
    }
}

impl fmt::Display for Pgd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} PGD, {}", kind(self.targeted), Budget(self))
    }
}

/// The part of a description that all iterative gradient attacks share.
pub(super) struct Budget<'a>(pub &'a Pgd);

impl fmt::Display for Budget<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Pgd { norm, eps, eps_step, max_iter, num_random_init, .. } = self.0;
        write!(f, "{norm}, eps {eps}, eps_step {eps_step}, max_iter {max_iter}")?;
        write!(f, "{}", Restarts(*num_random_init))
    }
}

/// ", 3 random restarts", or nothing.
pub(super) struct Restarts(pub usize);

impl fmt::Display for Restarts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => Ok(()),
            n => write!(f, ", {n} random restarts"),
        }
    }
}
