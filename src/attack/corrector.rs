//! The other way in which the defence fails: detected, and still wrong.
//!
//! Each step follows, for each image by itself, the gradient of M * [detected] + S * [not detected], where M is the loss
//! of the corrected prediction and S the detector's score: the switching of selective PGD (arXiv 2106.15023), with the
//! corrector in the classifier's place and the detector to be set off instead of evaded. The horizontal flip before the
//! corrector is differentiable like the rest. Success is a wrong answer of the whole defence: the corrected prediction of
//! an image that is detected, or the classifier's of one that is not.

use std::fmt;

use burn::tensor::{Bool, Tensor};
use serde::{Deserialize, Serialize};

use super::evasion::{Evasion, Scored, WhiteBox, boxed};
use super::objective::{Evaluation, Keeps, Objective, gradient_of};
use super::{Attack, AttackOptions, Input, Parameters, Shape, Target};
use crate::error::Result;
use crate::tensor::choose_rows;

/// The attack on the corrected prediction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(transparent)]
pub struct Corrector(pub Evasion);

impl Parameters for Corrector {
    fn chosen(options: &AttackOptions, targeted: bool) -> Self {
        Self(Evasion::of_options(options, targeted))
    }

    fn validate(&self) -> Result<()> {
        self.0.validate()
    }

    fn shape(&self) -> Shape {
        self.0.shape(5)
    }

    fn start(&self, target: &Target, input: Input) -> Result<Box<dyn Attack>> {
        self.0.start("corrector", target, input, Corrected).map(boxed)
    }
}

impl fmt::Display for Corrector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.describe("attack on the corrector", f)
    }
}

struct Corrected(WhiteBox);

/// By which factor the score must exceed the threshold before the attack turns to the corrector.
const DETECTED_BY: f32 = 1.1;

impl Corrected {
    fn detected(&self, score: Tensor<1>, by: f32) -> Tensor<1, Bool> {
        score.greater_elem(self.0.guard().threshold() * by)
    }

    fn evaluation(&self, scored: Scored, corrected: Tensor<2>) -> Evaluation {
        let Scored { logits, score } = scored;
        let detected = self.detected(score, 1.0);
        let answer = choose_rows(detected, corrected.clone(), logits.clone());
        let loss = self.0.uphill(corrected);
        let succeeded = self.0.fooled(answer.clone());
        Evaluation { logits, loss, succeeded, progress: self.0.uphill(answer) }
    }
}

impl Objective for Corrected {
    fn evaluate(&mut self, images: Tensor<4>) -> Evaluation {
        let scored = self.0.scored(images.clone());
        let corrected = self.0.averaged(|guard, draw| guard.corrected(images.clone(), draw));
        self.evaluation(scored, corrected)
    }

    fn gradient(&mut self, images: Tensor<4>) -> (Evaluation, Tensor<4>) {
        let draws = self.0.draws();
        let guard = self.0.guard();
        let mut sums: Option<(Tensor<4>, Tensor<1>, Tensor<2>, Tensor<2>)> = None;
        for _ in 0..draws {
            let number = self.0.next_draw();
            let (gradient, (score, logits, corrected)) = gradient_of(images.clone(), |x| {
                let draw = self.0.draw(number);
                let logits = self.0.logits(x.clone());
                let score = guard.score(x.clone(), logits.clone(), draw);
                let corrected = guard.corrected(x, draw);
                let detected = self.detected(score.clone().inner(), DETECTED_BY).float();
                let not_detected = detected.clone().neg() + 1.0;
                let loss = self.0.uphill(corrected.clone());
                let value = loss * detected + score.clone() * not_detected;
                (value, (score.inner(), logits.inner(), corrected.inner()))
            });
            sums = Some(match sums {
                Some((sum, scores, logits, sum_corrected)) => {
                    (sum + gradient, scores + score, logits, sum_corrected + corrected)
                }
                None => (gradient, score, logits, corrected),
            });
        }
        let (sum, score, logits, corrected) = sums.expect("there is at least one draw");
        let draws = draws as f32;
        let scored = Scored { logits, score: score / draws };
        (self.evaluation(scored, corrected / draws), sum / draws)
    }

    fn keeps(&self) -> Keeps {
        Keeps::Best
    }
}
