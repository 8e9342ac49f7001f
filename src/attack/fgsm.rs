//! FGSM: one step along the gradient. Goodfellow et al. 2015 (arXiv 1412.6572).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Attack, AttackOptions, Input, Norm, Parameters, Pgd, Shape, Target, kind};
use crate::error::Result;

/// Parameters of the fast gradient sign method.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(default)]
pub struct Fgsm {
    /// Which distance is bounded. In L2 the step follows the gradient itself (the fast gradient method).
    pub norm: Norm,
    /// Length of the step, above 0; images have values in [0, 1].
    pub eps: f32,
    /// false: away from the given class (the true one). true: towards the given class (the target).
    pub targeted: bool,
}

impl Default for Fgsm {
    fn default() -> Self {
        Self::from(Pgd::default())
    }
}

impl From<Pgd> for Fgsm {
    fn from(Pgd { norm, eps, targeted, .. }: Pgd) -> Self {
        Self { norm, eps, targeted }
    }
}

impl Fgsm {
    /// FGSM is PGD with one step of length eps.
    fn pgd(&self) -> Pgd {
        let Self { norm, eps, targeted } = *self;
        Pgd { norm, eps, eps_step: eps, max_iter: 1, num_random_init: 0, targeted, seed: 0 }
    }
}

impl Parameters for Fgsm {
    fn chosen(options: &AttackOptions, targeted: bool) -> Self {
        Pgd::of_options(options, targeted).into()
    }

    fn validate(&self) -> Result<()> {
        self.pgd().validate()
    }

    fn shape(&self) -> Shape {
        self.pgd().shape()
    }

    fn start(&self, target: &Target, input: Input) -> Result<Box<dyn Attack>> {
        self.pgd().start(target, input)
    }
}

impl fmt::Display for Fgsm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} FGSM, {}, eps {}", kind(self.targeted), self.norm, self.eps)
    }
}
