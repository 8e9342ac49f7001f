//! Distillation: a network learns another one's probabilities beside the classes (Hinton, Vinyals & Dean 2015,
//! arXiv 1503.02531).
//!
//! The teacher sees the pictures as they are, and their mirror images, once; the student sees them augmented. It learns
//! to predict for a blurred picture what its teacher predicts for the sharp one.

use std::path::PathBuf;

use anyhow::Result;
use burn::tensor::{Device, Tensor};
use serde::Serialize;

use super::batch::to_rows;
use super::classifier::Shown;
use super::kept_predictions::{self, Predictions};
use super::mix::Mix;
use super::predictions::{Logits, predict};
use crate::class::Class;
use crate::data::TrainingData;
use crate::error::Error;
use crate::model::loss::{Direction, Divergence};
use crate::model::{Classifier, ClassifierConfig};

/// How a network is taught by another one.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Distillation {
    /// Temperature of both predictions, 0.1 to 100: the higher, the more the unlikely classes count.
    pub temperature: f32,
    /// Share of the teacher in the loss, 0 to 1; the rest is cross-entropy with the classes.
    pub weight: f64,
}

impl Distillation {
    /// Checks the ranges.
    ///
    /// # Errors
    /// When a value is out of its range.
    pub fn check(&self) -> crate::Result<()> {
        let out_of_range = |name, value: String, must| Err(Error::Option { name, value, must });
        if !(0.1..=100.0).contains(&self.temperature) {
            let value = self.temperature.to_string();
            return out_of_range("teacher_temperature", value, "between 0.1 and 100");
        }
        if !(0.0..=1.0).contains(&self.weight) {
            return out_of_range("teacher_weight", self.weight.to_string(), "between 0 and 1");
        }
        Ok(())
    }

    /// The loss of each picture, shape `[n]`: the divergence of the student's softened prediction from the teacher's,
    /// KL(teacher || student), times the temperature's square, by which softening shrinks the gradients.
    fn loss(self, teacher: Tensor<2>, student: Tensor<2>) -> Tensor<1> {
        let divergence =
            Divergence { direction: Direction::Forward, temperature: self.temperature };
        divergence.between(teacher, student) * self.temperature.powi(2)
    }
}

/// A trained classifier that teaches another one.
pub struct Teacher {
    /// The network, on the first device.
    pub network: Classifier,
    /// Its architecture.
    pub config: ClassifierConfig,
    /// CRC-32 of its file: a training is not resumed with another teacher.
    pub crc32: u32,
    /// Whose weights it was trained from, if its card says so.
    pub origin: Option<String>,
    /// How it teaches.
    pub distillation: Distillation,
    /// File in which its predictions are kept: they are read from it, or computed and written to it.
    pub predictions: Option<PathBuf>,
}

/// What a teacher says of the pictures.
pub(super) struct Lessons {
    distillation: Distillation,
    described: serde_json::Value,
    predictions: Predictions,
}

impl Lessons {
    /// Asks the teacher for every picture that is trained on, and for its mirror image if `flips`.
    ///
    /// # Errors
    /// When a picture cannot be read, the device fails, or the file for predictions cannot be used.
    pub fn of(
        teacher: &Teacher,
        data: &TrainingData,
        flips: bool,
        device: &Device,
    ) -> Result<Self> {
        let described = serde_json::json!({
            "architecture": teacher.config.to_string(),
            "crc32": teacher.crc32,
            "origin": teacher.origin,
            "temperature": teacher.distillation.temperature,
            "weight": teacher.distillation.weight,
        });
        let predictions = match &teacher.predictions {
            None => Self::ask(teacher, data, flips, device)?,
            Some(path) => {
                let key = kept_predictions::key(teacher.crc32, data, flips)?;
                match kept_predictions::read(path, &key)? {
                    Some(predictions) => predictions,
                    None => {
                        let predictions = Self::ask(teacher, data, flips, device)?;
                        kept_predictions::write(path, &key, &predictions)?;
                        predictions
                    }
                }
            }
        };
        Ok(Self { distillation: teacher.distillation, described, predictions })
    }

    fn ask(
        teacher: &Teacher,
        data: &TrainingData,
        flips: bool,
        device: &Device,
    ) -> Result<Predictions> {
        let network = teacher.network.frozen();
        let predict = |indices: &[usize], flipped| {
            let what = "predictions of the teacher";
            predict(data.pictures.as_ref(), indices, flipped, &network, device, what)
        };
        let training = data.parts.training.as_slice();
        Ok(Predictions {
            plain: predict(training, false)?,
            flipped: predict(if flips { training } else { &[] }, true)?,
        })
    }

    /// For the fingerprint and the card: which teacher, and how it teaches.
    pub fn described(&self) -> &serde_json::Value {
        &self.described
    }

    /// The whole loss of each picture, shape `[n]`: `cross_entropy` with the classes in its share, the teacher's in the
    /// other. The pictures are given by index and whether they are flipped, and are mixed by `mix`, if by any.
    pub fn loss(
        &self,
        cross_entropy: Tensor<1>,
        logits: Tensor<2>,
        pictures: &[Shown],
        mix: Option<&Mix>,
        device: &Device,
    ) -> Tensor<1> {
        let taught = pictures.iter().map(|Shown { index, flipped, outlier }| {
            let Predictions { plain, flipped: of_flipped } = &self.predictions;
            match (outlier, flipped) {
                (true, _) => [0.0; Class::COUNT],
                (false, true) => of_flipped[*index],
                (false, false) => plain[*index],
            }
        });
        let taught = match mix {
            None => to_rows(taught, device),
            Some(mix) => {
                let temperature = self.distillation.temperature;
                let mut shares: Vec<_> = taught.map(|l| probabilities(&l, temperature)).collect();
                mix.shares(&mut shares);
                to_rows(shares.iter().map(|shares| logits_of(shares, temperature)), device)
            }
        };
        let Distillation { weight, .. } = self.distillation;
        cross_entropy * (1.0 - weight) + self.distillation.loss(taught.autodiff(), logits) * weight
    }
}

/// Probabilities at a temperature.
fn probabilities(logits: &Logits, temperature: f32) -> [f64; Class::COUNT] {
    let largest = logits.iter().fold(f32::NEG_INFINITY, |largest, z| largest.max(*z));
    let powers = logits.map(|z| f64::from((z - largest) / temperature).exp());
    let sum: f64 = powers.iter().sum();
    powers.map(|power| power / sum)
}

/// Logits that have these probabilities at a temperature.
fn logits_of(probabilities: &[f64; Class::COUNT], temperature: f32) -> Logits {
    probabilities.map(|p| p.max(f64::MIN_POSITIVE).ln() as f32 * temperature)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand::rngs::Xoshiro256PlusPlus;

    const TEACHER: [Logits; 2] = [
        [3.0, -1.0, 0.5, 0.0, 2.0, -4.0, 1.0, 0.25, -0.5, 0.0],
        [-2.0, 6.0, 0.0, 1.0, 1.0, 1.0, -3.0, 0.5, 0.0, 2.0],
    ];
    const STUDENT: [Logits; 2] = [
        [1.0, 0.0, 0.0, -1.0, 2.5, 0.0, 0.0, 0.5, 0.0, -0.5],
        [0.0, 1.0, 0.5, 0.0, -1.0, 2.0, 0.0, 0.0, 1.5, 0.0],
    ];

    fn lessons(temperature: f32, weight: f64) -> Lessons {
        Lessons {
            distillation: Distillation { temperature, weight },
            described: serde_json::Value::Null,
            predictions: Predictions {
                plain: vec![TEACHER[0], TEACHER[0]],
                flipped: vec![TEACHER[1], TEACHER[1]],
            },
        }
    }

    /// By the definition, in 64 bits: (1 - w) CE + w T² sum q (ln q - ln p).
    fn by_definition(
        taught: &[f64; 10],
        student: &Logits,
        temperature: f32,
        weight: f64,
        cross_entropy: f64,
    ) -> f64 {
        let p = probabilities(student, temperature);
        let divergence: f64 = taught.iter().zip(p).map(|(q, p)| q * (q / p).ln()).sum();
        (1.0 - weight) * cross_entropy + weight * f64::from(temperature).powi(2) * divergence
    }

    #[test]
    fn the_loss_follows_its_definition_flipped_and_mixed() {
        let device = Device::flex();
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(2);
        let shown = |index, flipped, outlier| Shown { index, flipped, outlier };
        let pictures = [shown(0, false, false), shown(1, true, false)];
        for (temperature, weight) in [(1.0, 1.0), (3.0, 0.7), (0.5, 0.2), (3.0, 0.0)] {
            for mix in [None, Mix::draw(0.8, 0.0, 8, &mut rng), Mix::draw(0.0, 1.0, 8, &mut rng)] {
                let cross_entropy = Tensor::<1>::from_floats([0.5, 1.5], &device).autodiff();
                let student = to_rows(STUDENT, &device).autodiff();
                let lessons = lessons(temperature, weight);
                let loss = lessons.loss(cross_entropy, student, &pictures, mix.as_ref(), &device);
                let loss: Vec<f32> = loss.inner().into_data().try_to_vec().unwrap();
                let mut taught = TEACHER.map(|logits| probabilities(&logits, temperature));
                if let Some(mix) = &mix {
                    mix.shares(&mut taught);
                }
                for i in 0..2 {
                    let cross_entropy = [0.5, 1.5][i];
                    let expected =
                        by_definition(&taught[i], &STUDENT[i], temperature, weight, cross_entropy);
                    let error = (f64::from(loss[i]) - expected).abs();
                    assert!(error < 1e-5 * (1.0 + expected), "{mix:?}: {loss:?} {expected}");
                }
            }
        }
    }

    #[test]
    fn of_an_outlier_the_teacher_says_that_it_is_undecided() {
        let device = Device::flex();
        let zero = || Tensor::<1>::zeros([2], &device).autodiff();
        let outlier = |index| Shown { index, flipped: index == 1, outlier: true };
        let student = to_rows(STUDENT, &device).autodiff();
        let loss =
            lessons(3.0, 1.0).loss(zero(), student, &[outlier(0), outlier(1)], None, &device);
        let loss: Vec<f32> = loss.inner().into_data().try_to_vec().unwrap();
        for (loss, student) in loss.into_iter().zip(&STUDENT) {
            let expected = by_definition(&[0.1; 10], student, 3.0, 1.0, 0.0);
            assert!((f64::from(loss) - expected).abs() < 1e-5, "{loss} {expected}");
        }
    }

    /// By hand: two classes matter, with logits 2 ln 3 and 0 at temperature 2, so 3/4 and 1/4; the student has 1/2.
    #[test]
    fn the_loss_of_two_classes_by_hand() {
        let row = |first: f32| {
            let mut row = [-1e4; 10];
            (row[0], row[1]) = (first, 0.0);
            row
        };
        let device = Device::flex();
        let distillation = Distillation { temperature: 2.0, weight: 1.0 };
        let [teacher, student] = [2.0 * 3f32.ln(), 0.0].map(|first| to_rows([row(first)], &device));
        let loss = distillation.loss(teacher, student).into_scalar::<f32>();
        let expected = 4.0 * (0.75 * 1.5f32.ln() + 0.25 * 0.5f32.ln());
        assert!((loss - expected).abs() < 1e-5, "{loss} {expected}");
    }

    #[test]
    fn values_out_of_their_ranges_are_refused_by_name() {
        let check = |temperature, weight| Distillation { temperature, weight }.check();
        check(4.0, 0.9).unwrap();
        for (temperature, weight, name) in [
            (0.0, 0.5, "teacher_temperature"),
            (f32::NAN, 0.5, "teacher_temperature"),
            (101.0, 0.5, "teacher_temperature"),
            (4.0, -0.1, "teacher_weight"),
            (4.0, 1.1, "teacher_weight"),
            (4.0, f64::NAN, "teacher_weight"),
        ] {
            let error = check(temperature, weight).unwrap_err().to_string();
            assert!(error.starts_with(name), "{error}");
        }
    }
}
