//! The detector: how far the two predictions are apart, from where on that is too far, and what
//! follows from it.
//!
//! S(x) = KL(CL(x) ‖ CL(AE(x))). Above the threshold the picture is adversarial and the answer is
//! CL(AE(x)); at or below it the answer is CL(x) (Vacanti & Van Looveren 2020, arXiv 2002.09364, eq. 4).
//! What finds attacks best need not correct them best, so a second autoencoder may give the answer instead.

use burn::tensor::{Tensor, activation};
use serde::{Deserialize, Serialize};

use crate::class::Class;
use crate::error::{Error, Result};

/// Order of the two predictions in the Kullback-Leibler divergence, which is not symmetric.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// KL(CL(x) ‖ CL(AE(x))): the paper's and alibi-detect's.
    #[default]
    Forward,
    /// KL(CL(AE(x)) ‖ CL(x)): what the tutorial trains with.
    Reverse,
}

/// How two predictions are compared.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Divergence {
    /// Order of the predictions.
    pub direction: Direction,
    /// T > 0: predictions become p^(1/T), renormalised, before they are compared. Below 1 sharpens,
    /// above 1 softens, 1 leaves them alone.
    pub temperature: f32,
}

impl Default for Divergence {
    fn default() -> Self {
        Self { direction: Direction::Forward, temperature: 1.0 }
    }
}

impl Divergence {
    /// # Errors
    /// When the temperature is not a positive number.
    pub fn check(self) -> Result<Self> {
        if self.temperature > 0.0 && self.temperature.is_finite() {
            return Ok(self);
        }
        Err(Error::Option {
            name: "temperature",
            value: self.temperature.to_string(),
            must: "above 0",
        })
    }

    /// The divergence of each pair, shape `[n]`, ≥ 0 but for rounding; from the logits [n, 10] of the
    /// pictures and of their reconstructions.
    ///
    /// Softening by T is dividing logits by T: softmax(z / T) is p^(1/T), renormalised. Logits, not
    /// probabilities, go in because the logarithm of a probability that was rounded to 0 is lost.
    pub fn between(self, picture: Tensor<2>, reconstruction: Tensor<2>) -> Tensor<1> {
        let log_p = activation::log_softmax(picture / self.temperature, 1);
        let log_q = activation::log_softmax(reconstruction / self.temperature, 1);
        let (log_p, log_q) = match self.direction {
            Direction::Forward => (log_p, log_q),
            Direction::Reverse => (log_q, log_p),
        };
        (log_p.clone().exp() * (log_p - log_q)).sum_dim(1).squeeze_dim(1)
    }
}

/// A score, a threshold, and where the threshold comes from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Detector {
    /// How the score is computed.
    pub divergence: Divergence,
    /// Scores above it mean adversarial; in nats.
    pub threshold: f32,
}

/// What the detector says of one picture.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Verdict {
    /// CL(x), the ten probabilities.
    pub first: [f32; Class::COUNT],
    /// CL(AE(x)).
    pub second: [f32; Class::COUNT],
    /// What answers if the picture is adversarial: CL's prediction on the corrector's reconstruction, or,
    /// without a corrector, CL(AE(x)).
    pub correction: [f32; Class::COUNT],
    /// S(x), in nats.
    pub score: f32,
    /// The threshold it was held against.
    pub threshold: f32,
    /// Whether the score is above the threshold.
    pub adversarial: bool,
    /// The most likely class of the correction if adversarial, of CL(x) if not.
    pub answer: Class,
}

impl Detector {
    /// The threshold that lets `percentile` per cent of clean pictures pass, e.g. 95 for 5 % false alarms.
    ///
    /// `clean` are scores of clean pictures that were in neither the training nor the test set.
    /// Between two scores the threshold is interpolated linearly, as NumPy's and alibi-detect's
    /// `percentile` do.
    ///
    /// # Errors
    /// When there is no score, one is not a number, or the percentile is outside 0..=100.
    pub fn infer_threshold(divergence: Divergence, clean: &[f32], percentile: f32) -> Result<Self> {
        if !(0.0..=100.0).contains(&percentile) {
            return Err(Error::Option {
                name: "percentile",
                value: percentile.to_string(),
                must: "between 0 and 100",
            });
        }
        if clean.iter().any(|score| !score.is_finite()) {
            return Err(Error::NotFinite("a score of a clean picture"));
        }
        let mut sorted = clean.to_vec();
        sorted.sort_by(f32::total_cmp);
        let Some(last) = sorted.len().checked_sub(1) else {
            return Err(Error::Option {
                name: "the number of clean pictures",
                value: "0".to_owned(),
                must: "at least 1 to infer a threshold",
            });
        };
        let place = f64::from(percentile) / 100.0 * last as f64;
        let (below, part) = (place.floor() as usize, place.fract() as f32);
        let above = (below + 1).min(last);
        let between = sorted[below] + (sorted[above] - sorted[below]) * part;
        let threshold = between.min(sorted[above]); // rounding must not carry it past its neighbour
        Ok(Self { divergence: divergence.check()?, threshold })
    }

    /// Judges one picture by its score and the predictions.
    ///
    /// # Errors
    /// When the score is not a number: no verdict is better than a wrong one.
    pub fn verdict(
        &self,
        first: [f32; Class::COUNT],
        second: [f32; Class::COUNT],
        correction: [f32; Class::COUNT],
        score: f32,
    ) -> Result<Verdict> {
        if !score.is_finite() {
            return Err(Error::NotFinite("the divergence"));
        }
        // Rounding can leave the divergence of equal predictions a hair below zero.
        let score = score.max(0.0);
        let adversarial = score > self.threshold;
        let answer = Class::most_likely(if adversarial { &correction } else { &first });
        let threshold = self.threshold;
        Ok(Verdict { first, second, correction, score, threshold, adversarial, answer })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;
    use proptest::prelude::*;

    fn between(divergence: Divergence, p: [f32; 10], q: [f32; 10]) -> f32 {
        let device = Device::flex();
        let tensor = |logits| Tensor::<1>::from_floats(logits, &device).unsqueeze_dim(0);
        divergence.between(tensor(p), tensor(q)).into_scalar::<f32>()
    }

    /// The definition, in f64: sum of p (ln p - ln q) with p^(1/T) renormalised.
    fn by_definition(divergence: Divergence, p: [f32; 10], q: [f32; 10]) -> f64 {
        let probabilities = |logits: [f32; 10]| {
            let raised =
                logits.map(|z| f64::from(z).exp().powf(1.0 / f64::from(divergence.temperature)));
            let sum: f64 = raised.iter().sum();
            raised.map(|v| v / sum)
        };
        let (mut p, mut q) = (probabilities(p), probabilities(q));
        if divergence.direction == Direction::Reverse {
            std::mem::swap(&mut p, &mut q);
        }
        p.iter().zip(q).map(|(p, q)| p * (p / q).ln()).sum()
    }

    fn logits() -> impl Strategy<Value = [f32; 10]> {
        prop::array::uniform10(-8.0f32..8.0)
    }

    fn divergences() -> impl Strategy<Value = Divergence> {
        (prop::bool::ANY, 0.5f32..4.0).prop_map(|(forward, temperature)| Divergence {
            direction: if forward { Direction::Forward } else { Direction::Reverse },
            temperature,
        })
    }

    proptest! {
        #[test]
        fn divergence_follows_its_definition_and_is_never_negative(
            p in logits(), q in logits(), divergence in divergences()
        ) {
            let (ours, exact) = (between(divergence, p, q), by_definition(divergence, p, q));
            prop_assert!(exact >= -1e-12);
            prop_assert!(ours >= -1e-5);
            prop_assert!((f64::from(ours) - exact).abs() <= 1e-4 * (1.0 + exact), "{ours} {exact}");
        }

        #[test]
        fn equal_predictions_do_not_diverge(p in logits(), shift in -5.0f32..5.0, divergence in divergences()) {
            // Adding a number to all logits changes no probability.
            prop_assert!(between(divergence, p, p.map(|z| z + shift)).abs() < 1e-5);
        }

        #[test]
        fn a_higher_percentile_never_lowers_the_threshold(
            scores in prop::collection::vec(0.0f32..20.0, 1..50), a in 0.0f32..=100.0, b in 0.0f32..=100.0
        ) {
            let threshold = |p| Detector::infer_threshold(Divergence::default(), &scores, p).unwrap().threshold;
            prop_assert!(threshold(a.min(b)) <= threshold(a.max(b)));
            let alarms = scores.iter().filter(|s| **s > threshold(a)).count();
            prop_assert!(alarms as f32 <= (1.0 - a / 100.0) * scores.len() as f32 + 1.0);
        }

        #[test]
        fn raising_the_threshold_never_accuses_more(score in 0.0f32..5.0, a in 0.0f32..5.0, b in 0.0f32..5.0) {
            let accuses = |threshold| {
                let detector = Detector { divergence: Divergence::default(), threshold };
                detector.verdict([0.1; 10], [0.1; 10], [0.1; 10], score).unwrap().adversarial
            };
            prop_assert!(accuses(a.min(b)) || !accuses(a.max(b)));
        }
    }

    #[test]
    fn percentiles_interpolate_as_numpy_does() {
        let infer = |p| Detector::infer_threshold(Divergence::default(), &[4.0, 1.0, 3.0, 2.0], p);
        // numpy.percentile([1, 2, 3, 4], [0, 50, 95, 100])
        for (percentile, expected) in [(0.0, 1.0), (50.0, 2.5), (95.0, 3.85), (100.0, 4.0)] {
            assert!((infer(percentile).unwrap().threshold - expected).abs() < 1e-6);
        }
    }

    #[test]
    fn the_answer_is_the_correction_only_above_the_threshold() {
        let [first, second, correction] = [Class::Ship, Class::Dog, Class::Horse].map(|class| {
            let mut sure = [0.0; 10];
            sure[class.index()] = 1.0;
            sure
        });
        let detector = Detector { divergence: Divergence::default(), threshold: 0.5 };
        let at = detector.verdict(first, second, correction, 0.5).unwrap();
        let above = detector.verdict(first, second, correction, 0.51).unwrap();
        assert_eq!((at.adversarial, at.answer), (false, Class::Ship));
        assert_eq!((above.adversarial, above.answer), (true, Class::Horse));
    }

    #[test]
    fn what_cannot_be_inferred_or_judged_is_an_error() {
        let infer = |scores: &[f32], p| Detector::infer_threshold(Divergence::default(), scores, p);
        assert!(infer(&[], 95.0).is_err());
        assert!(infer(&[f32::NAN], 95.0).is_err());
        assert!(infer(&[1.0], 101.0).is_err());
        let cold = Divergence { temperature: 0.0, ..Divergence::default() };
        assert!(Detector::infer_threshold(cold, &[1.0], 95.0).is_err());
        let detector = infer(&[1.0], 95.0).unwrap();
        assert!(detector.verdict([0.1; 10], [0.1; 10], [0.1; 10], f32::NAN).is_err());
    }
}
