//! Selective PGD: away from the class until the classifier errs, then away from the detector. Bryniarski et al. 2021
//! (arXiv 2106.15023), section 4.1.
//!
//! Each step follows, for each image by itself, the gradient of L * [not fooled] - S * [fooled], where L is the
//! classifier's loss and S the detector's score. An image that is right again turns back to L. Of all iterates that
//! fool the classifier the one with the lowest score is returned.

use std::fmt;

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::evasion::{Evasion, WhiteBox, boxed};
use super::objective::{Evaluation, Keeps, Objective};
use super::{Attack, AttackOptions, Input, Parameters, Shape, Target};
use crate::error::Result;

/// Selective PGD.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(transparent)]
pub struct SelectivePgd(pub Evasion);

impl Parameters for SelectivePgd {
    fn chosen(options: &AttackOptions, targeted: bool) -> Self {
        Self(Evasion::of_options(options, targeted))
    }

    fn validate(&self) -> Result<()> {
        self.0.validate()
    }

    fn shape(&self) -> Shape {
        self.0.shape(3)
    }

    fn start(&self, target: &Target, input: Input) -> Result<Box<dyn Attack>> {
        self.0.start("selective-pgd", target, input, Selective).map(boxed)
    }
}

impl fmt::Display for SelectivePgd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.describe("selective PGD", f)
    }
}

struct Selective(WhiteBox);

impl Objective for Selective {
    fn evaluate(&mut self, images: Tensor<4>) -> Evaluation {
        let scored = self.0.scored(images);
        self.0.evaluation(scored)
    }

    fn gradient(&mut self, images: Tensor<4>) -> (Evaluation, Tensor<4>) {
        let (gradient, scored) = self.0.gradient(images, |white_box, scored| {
            let fooled = white_box.fooled(scored.logits.clone().inner()).float();
            let not_fooled = fooled.clone().neg() + 1.0;
            white_box.uphill(scored.logits.clone()) * not_fooled - scored.score.clone() * fooled
        });
        (self.0.evaluation(scored), gradient)
    }

    fn keeps(&self) -> Keeps {
        Keeps::Best
    }
}
