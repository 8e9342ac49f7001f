//! MI-FGSM: PGD whose steps follow accumulated gradients. Dong et al. 2018 (arXiv 1710.06081).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::gradient::GradientAttack;
use super::objective::CrossEntropy;
use super::pgd::{Budget, Pgd};
use super::update::Momentum;
use super::{Attack, AttackOptions, Input, Parameters, Shape, Target, kind};
use crate::error::{Error, Result};

/// Parameters of MI-FGSM.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(default)]
pub struct MiFgsm {
    /// What it shares with PGD.
    #[serde(flatten)]
    pub pgd: Pgd,
    /// How much of the accumulated gradient is kept from step to step, in 0..=1; 1 in the paper.
    pub decay: f32,
}

impl Default for MiFgsm {
    fn default() -> Self {
        Self { pgd: Pgd::default(), decay: Self::DECAY }
    }
}

impl MiFgsm {
    /// The paper's decay.
    pub const DECAY: f32 = 1.0;

    /// Checks the parameters.
    ///
    /// # Errors
    /// When one is out of its range.
    pub fn check(self) -> Result<Self> {
        if !(0.0..=1.0).contains(&self.decay) {
            return Err(Error::Option {
                name: "decay",
                value: self.decay.to_string(),
                must: "between 0 and 1",
            });
        }
        Ok(Self { pgd: self.pgd.check()?, ..self })
    }
}

impl Parameters for MiFgsm {
    fn chosen(options: &AttackOptions, targeted: bool) -> Self {
        let pgd = Pgd::of_options(options, targeted);
        Self { pgd, decay: options.decay.unwrap_or(Self::DECAY) }
    }

    fn validate(&self) -> Result<()> {
        self.check().map(drop)
    }

    fn shape(&self) -> Shape {
        self.pgd.shape()
    }

    fn start(&self, target: &Target, input: Input) -> Result<Box<dyn Attack>> {
        let Self { pgd, decay } = self;
        let objective = CrossEntropy::new(target, &input.images, &input.classes, pgd.targeted);
        let update = Momentum::new(*decay);
        Ok(Box::new(GradientAttack::new(input, Box::new(objective), Box::new(update), pgd)))
    }
}

impl fmt::Display for MiFgsm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pgd, decay } = self;
        write!(f, "{} MI-FGSM, {}, decay {decay}", kind(pgd.targeted), Budget(pgd))
    }
}
