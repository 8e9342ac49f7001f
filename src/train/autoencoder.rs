//! Training of AE: KL divergence between CL's predictions on a picture and on its reconstruction.
//!
//! Nothing else enters the loss unless it is asked for: no reconstruction error, no labels, and never an
//! attacked picture (arXiv 2002.09364, eq. 2). CL stays frozen on the plain device, so no gradient of its
//! weights is computed.

use std::sync::Arc;

use anyhow::{Context, Result};
use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use rand::RngExt;
use rand::rngs::Xoshiro256PlusPlus;
use rand_distr::StandardNormal;

use super::batch::{numbers, read_batch, scalar, to_batch};
use super::fit::first_weights;
use super::{InitialWeights, SMALL, Task, Validation};
use crate::class::Class;
use crate::data::TrainingData;
use crate::detector::{Detector, Score, ScoreConfig};
use crate::model::card::{Architecture, THRESHOLD_PERCENTILE};
use crate::model::loss::Divergence;
use crate::model::{Autoencoder, AutoencoderConfig, Card, Classifier, weights};
use crate::picture::{PLANE, SIDE};
use crate::progress::Meter;

/// Pictures that go through CL at a time when nothing is learned.
const BATCH: usize = 64;

/// Training of an autoencoder for one classifier.
pub struct AutoencoderTask {
    options: AutoencoderOptions,
    /// Weights to start from, instead of random ones.
    start: Option<InitialWeights>,
    data: Arc<TrainingData>,
    /// A copy on each of the devices.
    classifiers: Vec<Classifier>,
    /// CL(x) of the data's pictures, as logits: computed once, not once per epoch.
    logits: Vec<[f32; Class::COUNT]>,
    /// The same of the mirrored ones, if AE sees any.
    mirrored_logits: Vec<[f32; Class::COUNT]>,
    devices: Vec<Device>,
}

/// What can be told to it.
#[derive(Clone, Copy, Debug)]
pub struct AutoencoderOptions {
    /// Which network.
    pub config: AutoencoderConfig,
    /// What is minimised.
    pub loss: Divergence,
    /// Weight of the mean squared difference between picture and reconstruction in the loss; 0 in the
    /// tutorial.
    pub mse: f64,
    /// Mirror half of the pictures.
    pub flip: bool,
    /// Standard deviation of the noise on what AE is shown: CL(x) of the picture without it is to
    /// survive. Each picture's own is drawn from 0 to this.
    pub noise: f32,
    /// So many epochs on windows of [`SMALL`] a side come first: less than half of the pixels. What AE does, it does
    /// alike at every place.
    pub small_epochs: usize,
    /// What the detector will compare.
    pub score: ScoreConfig,
    /// Share of clean pictures, in per cent, that the inferred threshold lets pass.
    pub percentile: f32,
    /// Of the first weights.
    pub seed: u64,
    /// Of the classifier's file: a training is not resumed with another classifier.
    pub classifier_crc32: u32,
}

impl AutoencoderTask {
    /// Runs CL, which is on the first of the plain `devices`, over the data's pictures, then is ready to train.
    ///
    /// # Errors
    /// When a picture cannot be read or an option is out of range.
    pub fn new(
        options: AutoencoderOptions,
        start: Option<InitialWeights>,
        data: Arc<TrainingData>,
        classifier: Classifier,
        devices: Vec<Device>,
    ) -> Result<Self> {
        options.config.check()?;
        options.loss.check()?;
        // What can be refused shall not wait for the first looks, or for the first epoch's end.
        first_autoencoder(&options, start.as_ref(), &devices[0])?;
        Detector::infer_threshold(options.score, &[0.0], options.percentile)?;
        let all = [data.parts.training.as_slice(), &data.parts.validation].concat();
        let logits = first_looks(&data, &all, false, &classifier, &devices[0])?;
        let mirrored: &[usize] = if options.flip { &data.parts.training } else { &[] };
        let mirrored_logits = first_looks(&data, mirrored, true, &classifier, &devices[0])?;
        let classifiers = devices.iter().map(|d| classifier.clone().to_device(d)).collect();
        Ok(Self { options, start, data, classifiers, logits, mirrored_logits, devices })
    }
}

/// AE before it learns.
fn first_autoencoder(
    options: &AutoencoderOptions,
    start: Option<&InitialWeights>,
    device: &Device,
) -> Result<Autoencoder> {
    let fresh = first_weights(options.seed, device, |cpu| options.config.init(cpu));
    match start {
        Some(start) => {
            weights::load(fresh, &start.weights).with_context(|| start.path.display().to_string())
        }
        None => Ok(fresh),
    }
}

/// CL(x), [n, 10], of rows of logits.
fn first_look(rows: impl IntoIterator<Item = [f32; Class::COUNT]>, device: &Device) -> Tensor<2> {
    let values: Vec<f32> = rows.into_iter().flatten().collect();
    let shape = [values.len() / Class::COUNT, Class::COUNT];
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// The picture seen in a mirror.
fn mirror(picture: &mut [f32]) {
    picture.chunks_exact_mut(SIDE).for_each(<[f32]>::reverse);
}

/// A window of `side` x `side` pixels, anywhere in the picture.
fn window(picture: &[f32], side: usize, rng: &mut Xoshiro256PlusPlus) -> Vec<f32> {
    let [top, left] = std::array::from_fn(|_| rng.random_range(0..=SIDE - side));
    let rows =
        picture.chunks_exact(PLANE).flat_map(|plane| plane.chunks_exact(SIDE).skip(top).take(side));
    rows.flat_map(|row| &row[left..left + side]).copied().collect()
}

/// Adds noise of a standard deviation drawn from 0 to `largest`, the same for blocks of 1, 2 or 4 pixels
/// a side: what fools a network is coarse as well as fine.
fn add_noise(picture: &mut [f32], side: usize, largest: f32, rng: &mut Xoshiro256PlusPlus) {
    let deviation = rng.random_range(0.0..=largest);
    let block = 1 << rng.random_range(0..3);
    let across = side / block;
    for plane in picture.chunks_exact_mut(side * side) {
        let noise: Vec<f32> = (0..across * across)
            .map(|_| rng.sample::<f32, _>(StandardNormal) * deviation)
            .collect();
        for (y, row) in plane.chunks_exact_mut(side).enumerate() {
            for (x, value) in row.iter_mut().enumerate() {
                *value += noise[y / block * across + x / block];
            }
        }
    }
}

/// CL(x), as logits, of these pictures of the data, each at its own place; mirrored if wanted.
fn first_looks(
    data: &TrainingData,
    indices: &[usize],
    mirrored: bool,
    classifier: &Classifier,
    device: &Device,
) -> Result<Vec<[f32; Class::COUNT]>> {
    let mut looks = vec![[0.0; Class::COUNT]; data.pictures.len()];
    let mut meter = Meter::new(indices.len().div_ceil(BATCH), 0);
    for batch in indices.chunks(BATCH) {
        let mut x = read_batch(data.pictures.as_ref(), batch, device)?;
        if mirrored {
            x = x.flip([3]);
        }
        let values = numbers(classifier.forward(x))?;
        for (index, row) in batch.iter().zip(values.chunks_exact(Class::COUNT)) {
            looks[*index].copy_from_slice(row);
        }
        meter.step(batch.len(), "the first look at every picture");
    }
    Ok(looks)
}

/// Share of rows on which the two predictions name the same class, shape `[1]`.
fn agreement(first: Tensor<2>, second: Tensor<2>) -> Tensor<1> {
    first.argmax(1).equal(second.argmax(1)).float().mean()
}

impl Task for AutoencoderTask {
    type Model = Autoencoder;
    const METRIC: &'static str = "agreement";

    fn devices(&self) -> &[Device] {
        &self.devices
    }

    fn options(&self) -> serde_json::Value {
        serde_json::json!({
            "autoencoder": self.options.config, "loss": self.options.loss,
            "mse": self.options.mse, "flip": self.options.flip, "noise": self.options.noise,
            "small_epochs": self.options.small_epochs,
            "score": self.options.score, "percentile": self.options.percentile,
            "classifier_crc32": self.options.classifier_crc32,
            "start_crc32": self.start.as_ref().map(|start| start.crc32),
        })
    }

    fn card(&self) -> Card {
        Card::new(Architecture::Autoencoder(self.options.config))
    }

    fn init(&self) -> Result<Autoencoder> {
        first_autoencoder(&self.options, self.start.as_ref(), &self.devices[0])
    }

    fn loss(
        &self,
        model: &Autoencoder,
        rank: usize,
        epoch: usize,
        indices: &[usize],
        rng: &mut Xoshiro256PlusPlus,
    ) -> Result<(Tensor<1>, Tensor<1>)> {
        let AutoencoderOptions { loss, mse, flip, noise, .. } = self.options;
        let (classifier, device) = (&self.classifiers[rank], &self.devices[rank]);
        let side = if epoch < self.options.small_epochs { SMALL } else { SIDE };
        let (mut pictures, mut shown, mut rows) = (Vec::new(), Vec::new(), Vec::new());
        for index in indices {
            let mut picture = self.data.pictures.picture(*index)?.values().to_vec();
            let mirrored = flip && rng.random_bool(0.5);
            if mirrored {
                mirror(&mut picture);
            }
            rows.push(if mirrored { self.mirrored_logits[*index] } else { self.logits[*index] });
            if side < SIDE {
                picture = window(&picture, side, rng);
            }
            pictures.extend_from_slice(&picture);
            if noise > 0.0 {
                add_noise(&mut picture, side, noise, rng);
            }
            shown.extend(picture);
        }
        let x = to_batch(pictures, side, device);
        let first = match side {
            SIDE => first_look(rows, device),
            _ => classifier.forward(x.clone()),
        };
        let reconstruction = model.forward(to_batch(shown, side, device).autodiff());
        let second = classifier.forward(reconstruction.clone());
        let agreement = agreement(first.clone(), second.clone().inner());
        let divergence = loss.between(first.autodiff(), second).mean();
        if mse == 0.0 {
            return Ok((divergence, agreement));
        }
        let error = (reconstruction - x.autodiff()).square().mean();
        Ok((divergence + error * mse, agreement))
    }

    fn validate(&self, model: &Autoencoder) -> Result<Validation> {
        let held_out = &self.data.parts.validation;
        let (classifier, device) = (&self.classifiers[0], &self.devices[0]);
        let (mut loss, mut agreed, mut scores) = (0.0, 0.0, Vec::new());
        for indices in held_out.chunks(BATCH) {
            let x = read_batch(self.data.pictures.as_ref(), indices, device)?;
            let first = first_look(indices.iter().map(|i| self.logits[*i]), device);
            let second = classifier.forward(model.forward(x));
            let n = indices.len() as f64;
            agreed += f64::from(scalar(agreement(first.clone(), second.clone()))?) * n;
            loss +=
                f64::from(scalar(self.options.loss.between(first.clone(), second.clone()).sum())?);
            scores.extend(numbers(self.options.score.score(first.into(), second.into()))?);
        }
        let n = held_out.len() as f64;
        let detector =
            Detector::infer_threshold(self.options.score, &scores, self.options.percentile)?;
        Ok(Validation {
            error: loss / n,
            figures: [
                ("validation_divergence".to_owned(), loss / n),
                ("validation_agreement".to_owned(), agreed / n),
                (THRESHOLD_PERCENTILE.to_owned(), f64::from(self.options.percentile)),
            ]
            .into(),
            detector: Some(detector),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::VALUES;
    use rand::SeedableRng;

    /// Every value tells its place.
    fn picture() -> Vec<f32> {
        (0..VALUES).map(|i| i as f32).collect()
    }

    #[test]
    fn a_mirror_turns_every_row_around() {
        let mut mirrored = picture();
        mirror(&mut mirrored);
        for place in [0, 1, SIDE - 1, SIDE, PLANE, VALUES - 1] {
            let (row, column) = (place / SIDE, place % SIDE);
            assert_eq!(mirrored[place], (row * SIDE + SIDE - 1 - column) as f32);
        }
        mirror(&mut mirrored);
        assert_eq!(mirrored, picture());
    }

    #[test]
    fn a_window_is_a_part_of_the_picture() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
        let mut corners = Vec::new();
        for _ in 0..20 {
            let window = window(&picture(), SMALL, &mut rng);
            assert_eq!(window.len(), 3 * SMALL * SMALL);
            let corner = window[0] as usize;
            let last = corner + 2 * PLANE + (SMALL - 1) * SIDE + SMALL - 1;
            assert_eq!(window[window.len() - 1], last as f32);
            assert!(corner % SIDE <= SIDE - SMALL && corner / SIDE <= SIDE - SMALL);
            corners.push(corner);
        }
        corners.dedup();
        assert!(corners.len() > 10, "always the same window");
    }

    #[test]
    fn noise_is_as_strong_as_asked_for_and_has_no_direction() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(4);
        let (mut sum, mut squares, mut largest) = (0.0f64, 0.0f64, 0.0f64);
        const TIMES: usize = 200;
        for _ in 0..TIMES {
            let mut noise = vec![0.0; VALUES];
            add_noise(&mut noise, SIDE, 0.1, &mut rng);
            let of_this = noise.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>();
            sum += noise.iter().map(|v| f64::from(*v)).sum::<f64>();
            squares += of_this;
            largest = largest.max((of_this / VALUES as f64).sqrt());
        }
        let n = (TIMES * VALUES) as f64;
        assert!((sum / n).abs() < 1e-3);
        // The mean of s squared, for s even from 0 to 0.1, is a third of 0.1 squared.
        assert!((squares / n / (0.01 / 3.0) - 1.0).abs() < 0.25, "{}", squares / n);
        assert!(largest > 0.08 && largest < 0.11, "{largest}");
    }
}
