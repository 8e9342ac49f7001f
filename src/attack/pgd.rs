//! PGD: projected gradient descent. Madry et al. 2018 (arXiv 1706.06083).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::gradient::GradientAttack;
use super::norm::Norm;
use super::objective::CrossEntropy;
use super::update::Steepest;
use super::{Attack, Input};
use crate::error::{Error, Result};
use crate::model::Classifier;

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
        for (name, value) in [("eps", self.eps), ("eps_step", self.eps_step)] {
            if !(value > 0.0 && value <= self.norm.ball().diameter()) {
                return Err(Error::Option {
                    name,
                    value: value.to_string(),
                    must: match self.norm {
                        Norm::Linf => "above 0 and at most 1",
                        Norm::L2 => "above 0 and at most 166.2",
                    },
                });
            }
        }
        if !(1..=Self::MAX_STEPS).contains(&self.max_iter) {
            return Err(Error::Option {
                name: "max_iter",
                value: self.max_iter.to_string(),
                must: "between 1 and 10000",
            });
        }
        if self.num_random_init > Self::MAX_RESTARTS {
            return Err(Error::Option {
                name: "num_random_init",
                value: self.num_random_init.to_string(),
                must: "at most 1000",
            });
        }
        Ok(self)
    }

    pub(super) fn start(&self, classifier: &Classifier, input: Input) -> Box<dyn Attack> {
        let objective = CrossEntropy::new(classifier, &input.images, &input.classes, self.targeted);
        Box::new(GradientAttack::new(input, Box::new(objective), Box::new(Steepest), self))
    }
}

impl fmt::Display for Pgd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} PGD, {}", if self.targeted { "targeted" } else { "untargeted" }, Budget(self))
    }
}

/// The part of a description that all iterative gradient attacks share.
pub(super) struct Budget<'a>(pub &'a Pgd);

impl fmt::Display for Budget<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Pgd { norm, eps, eps_step, max_iter, num_random_init, .. } = self.0;
        write!(f, "{norm}, eps {eps}, eps_step {eps_step}, max_iter {max_iter}")?;
        match num_random_init {
            0 => Ok(()),
            n => write!(f, ", {n} random restarts"),
        }
    }
}
