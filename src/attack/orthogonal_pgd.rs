//! Orthogonal PGD: selective PGD whose gradients lose their part along the other one. Bryniarski et al. 2021
//! (arXiv 2106.15023), section 4.2.
//!
//! With gL the gradient of the classifier's loss and gS that of the detector's score, an image that is not fooled yet
//! follows gL - <gL, gS> / <gS, gS> gS, which to first order leaves the score alone; one that is fooled follows
//! -(gS - <gS, gL> / <gL, gL> gL), which leaves the classifier's loss alone. (Equation 6 as it is printed has the cases
//! exchanged; the text and the authors' code are as here.) The sign in L-infinity is taken after that. Of all iterates
//! that fool the classifier the one with the lowest score is returned.

use std::fmt;

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::evasion::{Evasion, WhiteBox, boxed};
use super::norm::Norm;
use super::objective::{Evaluation, Keeps, Objective};
use super::{Attack, AttackOptions, Input, Parameters, Shape, Target};
use crate::error::Result;
use crate::tensor::choose_rows;

/// Orthogonal PGD.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(transparent)]
pub struct OrthogonalPgd(pub Evasion);

impl Parameters for OrthogonalPgd {
    fn chosen(options: &AttackOptions, targeted: bool) -> Self {
        Self(Evasion::of_options(options, targeted))
    }

    fn validate(&self) -> Result<()> {
        self.0.validate()
    }

    fn shape(&self) -> Shape {
        self.0.shape(4)
    }

    fn start(&self, target: &Target, input: Input) -> Result<Box<dyn Attack>> {
        self.0.start("orthogonal-pgd", target, input, Orthogonal).map(boxed)
    }
}

impl fmt::Display for OrthogonalPgd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.describe("orthogonal PGD", f)
    }
}

struct Orthogonal(WhiteBox);

/// `a` without its part along `b`, for each image, up to a factor. Both are scaled to length 1 first, so that squares of
/// tiny gradients do not vanish.
fn without(a: Tensor<4>, b: Tensor<4>) -> Tensor<4> {
    let ball = Norm::L2.ball();
    let (a, b) = (ball.steepest_direction(a), ball.steepest_direction(b));
    let along: Tensor<2> = (a.clone() * b.clone()).flatten::<2>(1, 3).sum_dim(1);
    a - b * along.unsqueeze_dims::<4>(&[2, 3])
}

impl Objective for Orthogonal {
    fn evaluate(&mut self, images: Tensor<4>) -> Evaluation {
        let scored = self.0.scored(images);
        self.0.evaluation(scored)
    }

    fn gradient(&mut self, images: Tensor<4>) -> (Evaluation, Tensor<4>) {
        let (of_score, scored) = self.0.gradient(images.clone(), |_, scored| scored.score.clone());
        let (of_loss, _) = self.0.uphill_gradient(images);
        let fooled = self.0.fooled(scored.logits.clone());
        let gradient = choose_rows(
            fooled,
            without(of_score.clone(), of_loss.clone()).neg(),
            without(of_loss, of_score),
        );
        (self.0.evaluation(scored), gradient)
    }

    fn keeps(&self) -> Keeps {
        Keeps::Best
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn a_gradient_loses_its_part_along_the_other() {
        let device = Device::flex();
        let row = |values: [f32; 3]| {
            Tensor::<1>::from_floats(values, &device).reshape([1, 3, 1, 1]) * 1e-25
        };
        let values: Vec<f32> =
            without(row([3.0, 4.0, 0.0]), row([0.0, 2.0, 0.0])).into_data().try_to_vec().unwrap();
        assert!((values[0] - 0.6).abs() < 1e-6 && values[1].abs() < 1e-6 && values[2] == 0.0);
        // Without the other gradient nothing is lost.
        let values: Vec<f32> =
            without(row([3.0, 4.0, 0.0]), row([0.0; 3])).into_data().try_to_vec().unwrap();
        assert!((values[0] - 0.6).abs() < 1e-6 && (values[1] - 0.8).abs() < 1e-6);
    }
}
