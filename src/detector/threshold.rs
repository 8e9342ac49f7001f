//! The threshold: inferred from clean pictures alone.

use super::score::Score;
use super::{Detector, ScoreConfig};
use crate::error::{Error, Result};
use crate::quantile::quantile;

impl Detector {
    /// The threshold that `percentile` per cent of clean pictures pass, e.g. 95 for a false-positive rate
    /// of 5 %.
    ///
    /// `clean` are scores of clean pictures that were in neither the training nor the test set.
    /// Between two scores the threshold is interpolated linearly, as NumPy's and alibi-detect's
    /// `percentile` do.
    ///
    /// # Errors
    /// When there is no score, one is not finite, or the percentile is outside 0..=100.
    pub fn infer_threshold(score: ScoreConfig, clean: &[f32], percentile: f32) -> Result<Self> {
        score.check()?;
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
        if sorted.is_empty() {
            return Err(Error::Option {
                name: "the number of clean pictures",
                value: "0".to_owned(),
                must: "at least 1 to infer a threshold",
            });
        }
        // The scores of equal predictions can be a little below 0, a threshold cannot.
        let threshold = quantile(&sorted, f64::from(percentile) / 100.0).max(0.0);
        Ok(Self { score, threshold })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::loss::Divergence;
    use proptest::prelude::*;

    fn infer(scores: &[f32], percentile: f32) -> Result<f32> {
        Detector::infer_threshold(ScoreConfig::default(), scores, percentile).map(|d| d.threshold)
    }

    proptest! {
        #[test]
        fn a_higher_percentile_never_lowers_the_threshold(
            scores in prop::collection::vec(0.0f32..20.0, 1..50), a in 0.0f32..=100.0, b in 0.0f32..=100.0
        ) {
            let threshold = |p| infer(&scores, p).unwrap();
            prop_assert!(threshold(a.min(b)) <= threshold(a.max(b)));
            let positives = scores.iter().filter(|s| **s > threshold(a)).count();
            prop_assert!(positives as f32 <= (1.0 - a / 100.0) * scores.len() as f32 + 1.0);
        }
    }

    #[test]
    fn percentiles_interpolate_as_numpy_does() {
        // numpy.percentile([1, 2, 3, 4], [0, 50, 95, 100])
        for (percentile, expected) in [(0.0, 1.0), (50.0, 2.5), (95.0, 3.85), (100.0, 4.0)] {
            assert!((infer(&[4.0, 1.0, 3.0, 2.0], percentile).unwrap() - expected).abs() < 1e-6);
        }
    }

    #[test]
    fn what_cannot_be_inferred_is_an_error() {
        assert!(infer(&[], 95.0).is_err());
        assert!(infer(&[f32::NAN], 95.0).is_err());
        assert!(infer(&[1.0], 101.0).is_err());
        assert!(infer(&[1.0], f32::NAN).is_err());
        let cold = Divergence { temperature: 0.0, ..Divergence::default() };
        assert!(Detector::infer_threshold(cold.into(), &[1.0], 95.0).is_err());
    }
}
