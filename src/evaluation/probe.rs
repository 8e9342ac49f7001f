//! Whether the defence can be attacked by its gradients at all: random outputs and gradients that are zero make every attack
//! look weak.

use burn::tensor::Tensor;
use serde::Serialize;

use super::Interval;
use super::examine::Batch;
use crate::attack::objective::{CrossEntropy, Objective, gradient_of};
use crate::attack::target::{Draw, Guard};
use crate::data::Pictures;
use crate::defence::Defence;
use crate::error::Result;
use crate::tensor::read;

/// What is found on one clean picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Probed {
    /// The largest difference between two predictions on the same picture: in probabilities, or in the score.
    pub(super) difference: f32,
    /// The largest absolute value of the gradient of the classifier's cross-entropy.
    pub(super) gradient: f32,
    /// The same of the gradient of the detector's score.
    pub(super) score_gradient: f32,
}

/// What is found on several clean pictures.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Probe {
    /// How many.
    pub pictures: usize,
    /// The largest difference between two predictions on the same picture: in probabilities, or in the score.
    pub largest_difference: f32,
    /// Share of the pictures where the gradient of the classifier's cross-entropy is zero, or not a number.
    pub zero_gradients: f64,
    /// The same of the gradient of the detector's score.
    pub zero_score_gradients: f64,
    /// The 95 % interval of `zero_gradients`.
    pub zero_gradients_interval: Interval,
    /// The 95 % interval of `zero_score_gradients`.
    pub zero_score_gradients_interval: Interval,
}

/// So many pictures are enough.
pub const PROBED: usize = 64;

/// Probes the pictures of a batch.
///
/// # Errors
/// When a picture cannot be read, or the device fails.
pub async fn probe(
    defence: &Defence,
    pictures: &dyn Pictures,
    indices: &[usize],
) -> Result<Vec<Probed>> {
    let batch = Batch::read(defence, pictures, indices)?;
    let (images, ids) = (batch.input.images, batch.input.ids);
    let mut verdicts = Vec::new();
    for number in [0, 1] {
        let found = defence.detect_drawn(images.clone(), None, &ids, number).await?;
        verdicts.push(found.verdicts);
    }
    let mut objective = CrossEntropy::new(defence.target(), &images, &batch.input.classes, false);
    let (_, gradient) = objective.gradient(images.clone());
    let draw = Draw { seed: 0, ids: &ids, number: 0 };
    let (score_gradient, ()) = gradient_of(images, |x| {
        let logits = defence.classifier().forward(x.clone());
        (Guard::score(defence, x, logits, draw), ())
    });
    let largest = async |gradient: Tensor<4>| {
        let largest: Tensor<2> = gradient.abs().flatten::<2>(1, 3).max_dim(1);
        read(largest.squeeze_dim::<1>(1)).await
    };
    let (gradients, score_gradients) = (largest(gradient).await?, largest(score_gradient).await?);
    let differences = verdicts[0].iter().zip(&verdicts[1]).map(|(a, b)| {
        let probabilities = a.prediction.iter().zip(&b.prediction).map(|(a, b)| (a - b).abs());
        probabilities.fold((a.score - b.score).abs(), f32::max)
    });
    let all = differences.zip(gradients.into_iter().zip(score_gradients));
    Ok(all
        .map(|(difference, (gradient, score_gradient))| Probed {
            difference,
            gradient,
            score_gradient,
        })
        .collect())
}

impl Probe {
    /// What is found on these pictures, at least one.
    pub fn of(probed: &[Probed]) -> Self {
        let count = |of: &dyn Fn(&Probed) -> f32| {
            probed.iter().filter(|probed| !(of(probed) > 0.0 && of(probed).is_finite())).count()
        };
        let (zero, zero_score) = (count(&|p| p.gradient), count(&|p| p.score_gradient));
        let n = probed.len();
        Self {
            pictures: n,
            largest_difference: probed.iter().map(|p| p.difference).fold(0.0, f32::max),
            zero_gradients: zero as f64 / n as f64,
            zero_score_gradients: zero_score as f64 / n as f64,
            zero_gradients_interval: Interval::wilson(zero, n),
            zero_score_gradients_interval: Interval::wilson(zero_score, n),
        }
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::attack::AttackConfig;
    use crate::class::Class;
    use crate::data::synthetic::Drawn;
    use crate::detector::{Detector, Randomisation, ScoreConfig};
    use crate::evaluation::{Evidence, Judgement, checks, made_up};
    use crate::model::{AutoencoderConfig, ClassifierConfig};
    use burn::module::{Module, ModuleMapper, Param};
    use burn::tensor::{Device, TensorData};

    #[test]
    fn gradients_that_are_zero_or_no_number_are_counted() {
        let probed =
            |gradient, score_gradient| Probed { difference: 0.25, gradient, score_gradient };
        let all = [probed(0.1, 0.1), probed(0.0, 0.1), probed(f32::NAN, f32::INFINITY)];
        let probe = Probe::of(&all);
        assert_eq!((probe.pictures, probe.largest_difference), (3, 0.25));
        assert!((probe.zero_gradients - 2.0 / 3.0).abs() < 1e-12);
        assert!((probe.zero_score_gradients - 1.0 / 3.0).abs() < 1e-12);
    }

    /// Gives the last layer, the only one with two dimensions, weights up to this size: the random ones are too small to
    /// tell pictures apart.
    struct LastLayer(f32);

    impl ModuleMapper for LastLayer {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            param.map(|weights| {
                let count = weights.shape().num_elements();
                let value = |i: usize| ((i * 37 % 101) as f32 / 50.0 - 1.0) * self.0;
                let data = TensorData::new((0..count).map(value).collect(), weights.dims());
                if D == 2 { Tensor::from_data(data, &weights.device()) } else { weights }
            })
        }
    }

    /// What is found on a defence, and the names of the checks that fail by it.
    fn probed(defence: &Defence) -> (Probe, Vec<&'static str>) {
        let drawn = Drawn::test(20, 3);
        let indices: Vec<usize> = (0..20).collect();
        let found = pollster::block_on(probe(defence, &drawn, &indices)).unwrap();
        assert_eq!(found.len(), 20);
        let attempts = [AttackConfig::default().into()];
        let verdict = made_up::verdict(Class::Cat, 0.1);
        let records = [made_up::record(verdict, vec![made_up::outcome(Class::Dog, 0.1)])];
        let probe = Probe::of(&found);
        let (sweeps, randomised) = (&[], false);
        let evidence =
            Evidence { records: &records, attempts: &attempts, sweeps, probe, randomised };
        let failed = checks(&evidence).into_iter().filter(|c| c.judgement == Judgement::Failed);
        (probe, failed.map(|check| check.name).collect())
    }

    #[test]
    fn a_defence_that_is_broken_on_purpose_is_reported_broken() {
        let device = Device::flex();
        let with_weights = |size: f32| {
            let classifier =
                ClassifierConfig::Compact.init(&device).valid().map(&mut LastLayer(size));
            let autoencoder = AutoencoderConfig::Compact { channels: 2 }.init(&device).valid();
            let detector = Detector { score: ScoreConfig::default(), threshold: 0.01 };
            Defence::new(classifier, autoencoder, detector, &device)
        };
        let whole = with_weights(0.3);
        let (found, failed) = probed(&whole);
        assert!(failed.is_empty(), "{found:?} {failed:?}");
        // An autoencoder that was never trained hardly looks at its input: random draws change little, but something.
        let random = Randomisation { noise: 0.3, ..Randomisation::default() };
        let (drawn, _) = probed(&whole.with_randomisation(random));
        assert!(drawn.largest_difference > 10.0 * found.largest_difference, "{drawn:?} {found:?}");
        // Logits so far apart that every probability is 0 or 1: gradients are zero where the classifier is right.
        assert_eq!(probed(&with_weights(1e9)).1, ["gradients"]);
    }
}
