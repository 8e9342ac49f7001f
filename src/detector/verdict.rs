//! The verdict: from a score and the predictions to an answer.

use serde::{Deserialize, Serialize};

use super::Detector;
use crate::class::Class;
use crate::error::{Error, Result};

/// Ten probabilities, each at its class's index.
pub type Probabilities = [f32; Class::COUNT];

/// What the classifier predicts for one picture, directly and through the autoencoders.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Predictions {
    /// CL(x).
    pub prediction: Probabilities,
    /// CL(AE(x)).
    pub reconstruction_prediction: Probabilities,
    /// The corrector's, CL(AE'(flip(x))); `None` without a corrector.
    pub corrected_prediction: Option<Probabilities>,
}

/// What the detector decides for one picture.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Verdict {
    /// CL(x), the ten probabilities.
    pub prediction: Probabilities,
    /// CL(AE(x)).
    pub reconstruction_prediction: Probabilities,
    /// CL's prediction on the corrector's reconstruction of the flipped picture; `None` without a
    /// corrector.
    pub corrected_prediction: Option<Probabilities>,
    /// S(x), in nats.
    pub score: f32,
    /// The threshold that the score was compared with, in nats.
    pub threshold: f32,
    /// Whether the score is above the threshold.
    pub adversarial: bool,
    /// The answer: `answer_if_adversarial` or `answer_if_clean`.
    pub answer: Class,
    /// The answer at any threshold that the score does not exceed: CL(x)'s most likely class.
    pub answer_if_clean: Class,
    /// The answer at any threshold below the score: the most likely class of the corrected prediction,
    /// or, without a corrector, of CL(AE(x)).
    pub answer_if_adversarial: Class,
}

impl Detector {
    /// Decides for one picture by its score.
    ///
    /// # Errors
    /// When the score is not finite: no verdict is better than a wrong one.
    pub fn verdict(&self, predictions: Predictions, score: f32) -> Result<Verdict> {
        if !score.is_finite() {
            return Err(Error::NotFinite("the divergence"));
        }
        let Predictions { prediction, reconstruction_prediction, corrected_prediction } =
            predictions;
        // Rounding can leave the divergence of equal predictions a little below zero.
        let score = score.max(0.0);
        let threshold = self.threshold;
        let adversarial = score > threshold;
        let answer_if_clean = Class::most_likely(&prediction);
        let answer_if_adversarial =
            Class::most_likely(&corrected_prediction.unwrap_or(reconstruction_prediction));
        Ok(Verdict {
            prediction,
            reconstruction_prediction,
            corrected_prediction,
            score,
            threshold,
            adversarial,
            answer: if adversarial { answer_if_adversarial } else { answer_if_clean },
            answer_if_clean,
            answer_if_adversarial,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detector::ScoreConfig;
    use proptest::prelude::*;

    const EVEN: Predictions = Predictions {
        prediction: [0.1; 10],
        reconstruction_prediction: [0.1; 10],
        corrected_prediction: None,
    };

    fn detector(threshold: f32) -> Detector {
        Detector { score: ScoreConfig::default(), threshold }
    }

    fn sure(class: Class) -> Probabilities {
        std::array::from_fn(|index| if index == class.index() { 1.0 } else { 0.0 })
    }

    proptest! {
        #[test]
        fn raising_the_threshold_never_makes_a_picture_adversarial(
            score in 0.0f32..5.0, a in 0.0f32..5.0, b in 0.0f32..5.0
        ) {
            let adversarial = |threshold| detector(threshold).verdict(EVEN, score).unwrap().adversarial;
            prop_assert!(adversarial(a.min(b)) || !adversarial(a.max(b)));
        }
    }

    #[test]
    fn the_answer_is_the_corrected_one_only_above_the_threshold() {
        let [ship, dog, horse] = [Class::Ship, Class::Dog, Class::Horse].map(sure);
        let with = Predictions {
            prediction: ship,
            reconstruction_prediction: dog,
            corrected_prediction: Some(horse),
        };
        let without = Predictions { corrected_prediction: None, ..with };
        let detector = detector(0.5);
        for (predictions, corrected) in [(with, Class::Horse), (without, Class::Dog)] {
            let at = detector.verdict(predictions, 0.5).unwrap();
            let above = detector.verdict(predictions, 0.51).unwrap();
            assert_eq!((at.adversarial, at.answer), (false, Class::Ship));
            assert_eq!((above.adversarial, above.answer), (true, corrected));
            for verdict in [at, above] {
                assert_eq!(verdict.answer_if_clean, Class::Ship);
                assert_eq!(verdict.answer_if_adversarial, corrected);
            }
        }
    }

    #[test]
    fn a_score_that_is_no_number_gets_no_verdict() {
        assert!(detector(1.0).verdict(EVEN, f32::NAN).is_err());
        assert!(detector(1.0).verdict(EVEN, f32::INFINITY).is_err());
        assert_eq!(detector(1.0).verdict(EVEN, -1e-7).unwrap().score, 0.0);
    }
}
