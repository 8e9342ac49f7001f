//! Away from the class and from the detector at once: the gradient of L - lambda * max(0, S - threshold). Carlini &
//! Wagner 2017 (arXiv 1705.07263), section 3.
//!
//! L is the classifier's loss, S the detector's score. There are detectors that no lambda evades (arXiv 2106.15023), so
//! this is no replacement for `selective-pgd` and `orthogonal-pgd`. Of all iterates that fool the classifier the one with
//! the lowest score is returned.

use std::fmt;

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::evasion::{Evasion, WhiteBox, boxed};
use super::objective::{Evaluation, Keeps, Objective};
use super::{Attack, AttackOptions, Input, Parameters, Shape, Target};
use crate::error::{Error, Result};

/// Parameters of the attack along both losses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(default)]
pub struct Lagrangian {
    /// What it shares with the other attacks on the defence.
    #[serde(flatten)]
    pub evasion: Evasion,
    /// Weight of the detector's part, above 0, in units of the loss for each nat of the score. `None`: each of
    /// [`Lagrangian::LAMBDAS`] in turn, each from the start, and the best of all.
    pub lambda: Option<f32>,
}

impl Lagrangian {
    /// The weights that are tried where none is given.
    pub const LAMBDAS: [f32; 3] = [1.0, 10.0, 100.0];

    fn lambdas(&self) -> Vec<f32> {
        self.lambda.map_or_else(|| Self::LAMBDAS.to_vec(), |lambda| vec![lambda])
    }

    fn restarts(&self) -> usize {
        self.evasion.pgd.num_random_init.max(1) * self.lambdas().len()
    }
}

impl Parameters for Lagrangian {
    fn chosen(options: &AttackOptions, targeted: bool) -> Self {
        Self { evasion: Evasion::of_options(options, targeted), lambda: options.lambda }
    }

    fn validate(&self) -> Result<()> {
        if let Some(lambda) = self.lambda
            && !(lambda.is_finite() && lambda > 0.0)
        {
            return Err(Error::Option {
                name: "lambda",
                value: lambda.to_string(),
                must: "a number above 0",
            });
        }
        self.evasion.validate()
    }

    fn shape(&self) -> Shape {
        Shape { restarts: self.restarts(), ..self.evasion.shape(3) }
    }

    fn start(&self, target: &Target, input: Input) -> Result<Box<dyn Attack>> {
        let lambdas = self.lambdas();
        let objective = |white_box| Both { white_box, lambda: lambdas[0], lambdas };
        let attack = self.evasion.start("lagrangian", target, input, objective)?;
        Ok(boxed(attack.with_restarts(self.restarts())))
    }
}

impl fmt::Display for Lagrangian {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.evasion.describe("Lagrangian", f)?;
        let lambdas: Vec<String> = self.lambdas().iter().map(ToString::to_string).collect();
        write!(f, ", lambda {}", lambdas.join(", "))
    }
}

struct Both {
    white_box: WhiteBox,
    lambda: f32,
    lambdas: Vec<f32>,
}

impl Objective for Both {
    fn evaluate(&mut self, images: Tensor<4>) -> Evaluation {
        let scored = self.white_box.scored(images);
        self.white_box.evaluation(scored)
    }

    fn gradient(&mut self, images: Tensor<4>) -> (Evaluation, Tensor<4>) {
        let lambda = self.lambda;
        let threshold = self.white_box.guard().threshold();
        let (gradient, scored) = self.white_box.gradient(images, |white_box, scored| {
            let above = (scored.score.clone() - threshold).clamp_min(0.0);
            white_box.uphill(scored.logits.clone()) - above * lambda
        });
        (self.white_box.evaluation(scored), gradient)
    }

    fn keeps(&self) -> Keeps {
        Keeps::Best
    }

    fn begin(&mut self, restart: usize) {
        self.lambda = self.lambdas[restart % self.lambdas.len()];
    }
}
