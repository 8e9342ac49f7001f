//! Attacks: pictures changed a little so that the classifier errs.
//!
//! Parameters carry the names of the Adversarial Robustness Toolbox (`eps`, `eps_step`, `max_iter`,
//! `targeted`, `num_random_init`, `norm`). A new norm is a file with the three functions of `Ball`.

pub mod gradient;
mod l2;
mod linf;

use std::fmt;

use burn::tensor::Tensor;
use rand::rngs::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

pub use gradient::{Attack, Step, attack};

use crate::error::{Error, Result};

/// Which distance `eps` bounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "lowercase")]
pub enum Norm {
    /// The largest change of any value.
    #[default]
    Linf,
    /// The Euclidean length of the change over all 27,648 values.
    L2,
}

/// Projected gradient descent, Madry et al. 2018 (arXiv 1706.06083).
///
/// The default is the tutorial's setting, which moves each value by at most 10 x 0.001; a field that is
/// missing where one is read takes its default.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(default)]
pub struct Pgd {
    /// Which distance is bounded.
    pub norm: Norm,
    /// Largest distance from the original, in units of the pictures' [0, 1].
    pub eps: f32,
    /// Length of one step, in the same units.
    pub eps_step: f32,
    /// Number of steps.
    pub max_iter: usize,
    /// 0: start at the picture itself. n: start n times at a random place of the ball, keep the best.
    pub num_random_init: usize,
    /// false: away from the given class (the true one). true: towards the given class (the wanted one).
    pub targeted: bool,
    /// For the random starts.
    pub seed: u64,
}

impl Default for Pgd {
    fn default() -> Self {
        Self {
            norm: Norm::Linf,
            eps: 0.03,
            eps_step: 0.001,
            max_iter: 10,
            num_random_init: 0,
            targeted: false,
            seed: 0,
        }
    }
}

impl Pgd {
    /// The setting of the project's second preset: the whole ball is used, and twice.
    pub fn strong() -> Self {
        Self { eps: 0.03, eps_step: 0.005, max_iter: 20, ..Self::default() }
    }

    /// # Errors
    /// When a parameter is out of its range.
    pub fn check(self) -> Result<Self> {
        for (name, value) in [("eps", self.eps), ("eps_step", self.eps_step)] {
            // The longest possible change is that of all values from 0 to 1: sqrt(27648) = 166.3 in L2.
            let longest = match self.norm {
                Norm::Linf => 1.0,
                Norm::L2 => (crate::picture::VALUES as f32).sqrt(),
            };
            if !(value > 0.0 && value <= longest) {
                return Err(Error::Option {
                    name,
                    value: value.to_string(),
                    must: match self.norm {
                        Norm::Linf => "above 0 and at most 1",
                        Norm::L2 => "above 0 and at most 166.3",
                    },
                });
            }
        }
        if !(1..=10_000).contains(&self.max_iter) {
            return Err(Error::Option {
                name: "max_iter",
                value: self.max_iter.to_string(),
                must: "between 1 and 10000",
            });
        }
        Ok(self)
    }
}

/// The three things a norm decides. All tensors are [n, 3, 96, 96]; every picture for itself.
trait Ball {
    /// A change drawn uniformly from the ball of radius `eps`.
    fn random_start(&self, like: &Tensor<4>, eps: f32, rng: &mut Xoshiro256PlusPlus) -> Tensor<4>;
    /// The change of length 1 that a linear loss with this gradient grows fastest along.
    fn steepest(&self, gradient: Tensor<4>) -> Tensor<4>;
    /// The nearest change inside the ball of radius `eps`.
    fn project(&self, change: Tensor<4>, eps: f32) -> Tensor<4>;
}

impl Norm {
    fn ball(self) -> &'static dyn Ball {
        match self {
            Norm::Linf => &linf::Linf,
            Norm::L2 => &l2::L2,
        }
    }

    /// Length of each change, shape `[n]`.
    pub fn length(self, change: Tensor<4>) -> Tensor<1> {
        let flat: Tensor<2> = change.flatten(1, 3);
        match self {
            Norm::Linf => flat.abs().max_dim(1).squeeze_dim(1),
            Norm::L2 => l2::length(flat).squeeze_dim(1),
        }
    }
}

impl fmt::Display for Norm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Norm::Linf => "Linf",
            Norm::L2 => "L2",
        })
    }
}

impl fmt::Display for Pgd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { norm, eps, eps_step, max_iter, num_random_init, targeted, .. } = self;
        let kind = if *targeted { "targeted" } else { "untargeted" };
        write!(f, "{kind} PGD, {norm}, eps {eps}, eps_step {eps_step}, max_iter {max_iter}")?;
        if *num_random_init > 0 {
            write!(f, ", {num_random_init} random starts")?;
        }
        Ok(())
    }
}
