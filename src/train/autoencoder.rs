//! Training of AE: KL divergence between CL's predictions for a picture and for its reconstruction
//! (arXiv 2002.09364, eq. 2).
//!
//! Labels and attacked pictures are never used; a reconstruction error is part of the loss only on request, and all of
//! it for the paper's baseline. CL stays frozen on the plain device, so no gradients of its weights are computed.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result};
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use rand::RngExt;
use rand::rngs::Xoshiro256PlusPlus;
use rand_distr::StandardNormal;
use serde::Serialize;

use super::batch::{numbers, read_batch, scalar, to_batch, to_rows};
use super::hidden::{HiddenLayers, HiddenOption};
use super::options::{TaskOptions, check_devices, check_small_epochs, is_zero};
use super::predictions::{Logits, predict};
use super::{InitialWeights, SMALL, Task, Validation};
use crate::data::TrainingData;
use crate::detector::score::Output;
use crate::detector::{Detector, LayerWeights, Score, ScoreConfig};
use crate::error::Error;
use crate::model::card::{Architecture, THRESHOLD_PERCENTILE};
use crate::model::loss::Divergence;
use crate::model::{Autoencoder, AutoencoderConfig, Card, Classifier, weights};
use crate::picture::{PLANE, SIDE};

/// Pictures in a batch of prediction or validation.
const BATCH: usize = 64;

/// Training of an autoencoder for one classifier.
pub struct AutoencoderTask {
    options: AutoencoderOptions,
    /// Weights to start from, instead of random ones.
    initial_weights: Option<InitialWeights>,
    data: Arc<TrainingData>,
    /// The classifier on each of the devices.
    classifiers: Vec<Classifier>,
    /// Logits of CL(x) for every picture x used, by index in the data; computed once, not in every epoch.
    logits: Vec<Logits>,
    /// The same for the horizontally flipped pictures, if training flips any.
    flipped_logits: Vec<Logits>,
    /// Hidden layers that are compared, too, if there are any.
    hidden: Option<HiddenLayers>,
    /// As it was given.
    classifier: Classifier,
    devices: Vec<Device>,
}

/// What an autoencoder's training minimises.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AutoencoderLoss {
    /// The mean squared error between picture and reconstruction, and nothing else: the baseline of arXiv 2002.09364,
    /// whose autoencoder knows nothing of the classifier.
    Mse,
    /// The divergence between the predictions.
    #[serde(untagged)]
    Divergence(Divergence),
}

impl From<Divergence> for AutoencoderLoss {
    fn from(divergence: Divergence) -> Self {
        Self::Divergence(divergence)
    }
}

/// Options of an autoencoder's training.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct AutoencoderOptions {
    /// Architecture.
    #[serde(rename = "autoencoder")]
    pub config: AutoencoderConfig,
    /// What is minimised.
    pub loss: AutoencoderLoss,
    /// Probabilities below this count as this in the divergence that is minimised, 0 to 0.1; 0 for none. 1e-7 in the
    /// tutorial, whose Keras raises them so.
    #[serde(skip_serializing_if = "is_zero")]
    pub smallest_probability: f32,
    /// Weight of the mean squared error between picture and reconstruction beside the divergence, 0 to 1e6; 0 in the
    /// tutorial.
    pub mse: f64,
    /// Flip half of the pictures horizontally.
    pub flip: bool,
    /// Largest standard deviation of the noise on AE's input, 0 to 1: each picture's is drawn from 0 to this. The
    /// prediction to match, CL(x), is that for the picture without noise.
    pub noise: f32,
    /// Number of epochs at the beginning on random crops of [`SMALL`] pixels a side, less than half of the
    /// pixels. This suits a fully convolutional AE: it treats all positions alike. 0 for the tutorial's.
    pub small_epochs: usize,
    /// The detector's score.
    pub score: ScoreConfig,
    /// Share of clean pictures, in per cent, whose scores are at most the threshold that is inferred.
    pub percentile: f32,
    /// CRC-32 of the classifier's file: a training is not resumed with another classifier.
    pub classifier_crc32: u32,
}

impl AutoencoderOptions {
    /// Checks the ranges.
    ///
    /// # Errors
    /// When a value is out of its range, or does not go with the architecture.
    pub fn check(&self) -> crate::Result<()> {
        self.config.check()?;
        self.score.check()?;
        let out_of_range = |name, value: String, must| Err(Error::Option { name, value, must });
        match self.loss {
            AutoencoderLoss::Divergence(divergence) => drop(divergence.check()?),
            AutoencoderLoss::Mse if self.mse != 0.0 => {
                let must = "0 where the mean squared error is the whole loss";
                return out_of_range("mse", self.mse.to_string(), must);
            }
            AutoencoderLoss::Mse if self.smallest_probability != 0.0 => {
                let value = self.smallest_probability.to_string();
                let must = "0 where no divergence is minimised";
                return out_of_range("smallest_probability", value, must);
            }
            AutoencoderLoss::Mse => {}
        }
        if !(0.0..=1e6).contains(&self.mse) {
            return out_of_range("mse", self.mse.to_string(), "between 0 and a million");
        }
        if !(0.0..=0.1).contains(&self.smallest_probability) {
            let value = self.smallest_probability.to_string();
            return out_of_range("smallest_probability", value, "between 0 and 0.1");
        }
        if !(0.0..=1.0).contains(&self.noise) {
            return out_of_range("noise", self.noise.to_string(), "between 0 and 1");
        }
        if self.small_epochs > 0 && matches!(self.config, AutoencoderConfig::Tutorial { .. }) {
            let must = "0 with the tutorial's autoencoder, which takes pictures of 96x96 only";
            return out_of_range("small_epochs", self.small_epochs.to_string(), must);
        }
        Detector::infer_threshold(self.score, &[0.0], self.percentile)?;
        Ok(())
    }

    /// The divergence of the predictions, shape `[n]`, from CL's logits [n, 10] of pictures and reconstructions: the one
    /// that is minimised, or else the score's.
    fn divergence(&self, image: Tensor<2>, reconstruction: Tensor<2>) -> Tensor<1> {
        let divergence = self.of_predictions();
        match self.smallest_probability {
            0.0 => divergence.between(image, reconstruction),
            smallest => divergence.between_clipped(image, reconstruction, smallest),
        }
    }

    fn of_predictions(&self) -> Divergence {
        match self.loss {
            AutoencoderLoss::Divergence(divergence) => divergence,
            AutoencoderLoss::Mse => self.score.divergence(),
        }
    }
}

impl AutoencoderTask {
    /// Computes the predictions of `classifier`, which is on the first of the plain `devices`, for all
    /// pictures used.
    ///
    /// # Errors
    /// When an option is out of its range, the initial weights do not fit, there is no device, or a picture
    /// cannot be read.
    pub fn new(
        options: AutoencoderOptions,
        initial_weights: Option<InitialWeights>,
        data: Arc<TrainingData>,
        classifier: Classifier,
        devices: Vec<Device>,
    ) -> Result<Self> {
        options.check()?;
        check_small_epochs(options.small_epochs, &classifier)?;
        check_devices(&devices)?;
        // Initial weights that do not fit are refused before the predictions, which take time.
        initial_autoencoder(options.config, initial_weights.as_ref(), 0, &devices[0])?;
        let all = [data.parts.training.as_slice(), &data.parts.validation].concat();
        let frozen = classifier.frozen();
        let flipped: &[usize] = if options.flip { &data.parts.training } else { &[] };
        let predict = |indices: &[usize], flipped| {
            let what = "predictions for the clean pictures";
            predict(data.pictures.as_ref(), indices, flipped, &frozen, &devices[0], what)
        };
        let (logits, flipped_logits) = (predict(&all, false)?, predict(flipped, true)?);
        let classifiers =
            devices.iter().map(|d| classifier.clone().to_device(d).frozen()).collect();
        let hidden = None;
        Ok(Self {
            options,
            initial_weights,
            data,
            classifiers,
            logits,
            flipped_logits,
            hidden,
            classifier,
            devices,
        })
    }

    /// Compares hidden layers of the classifier, too, in the loss and in the detector's score: the paper's AE HL. The
    /// projections of their maps are drawn with `seed`. The pictures' are computed now.
    ///
    /// # Errors
    /// When the layers are no hidden layers of the classifier, or not in its order; a weight is missing or out of its
    /// range; no divergence is minimised; or there are epochs on small pictures, whose maps are smaller.
    pub fn with_hidden_layers(
        mut self,
        layers: &[HiddenOption],
        weights: &[f32],
        seed: u64,
    ) -> Result<Self> {
        let refuse = |name, value: String, must| Err(Error::Option { name, value, must }.into());
        if self.options.loss == AutoencoderLoss::Mse {
            let must = "0 where the mean squared error is the whole loss";
            return refuse("the number of hidden layers", layers.len().to_string(), must);
        }
        if self.options.small_epochs > 0 {
            let value = self.options.small_epochs.to_string();
            return refuse(
                "small_epochs",
                value,
                "0 with hidden layers, whose maps are smaller then",
            );
        }
        let weights = LayerWeights::new(weights)?;
        let on = (&self.classifier, self.devices.as_slice());
        let hidden = HiddenLayers::new(layers, weights, seed, &self.data, self.options.flip, on)?;
        let divergence = self.options.score.divergence();
        self.options.score = ScoreConfig::Hidden(hidden.divergence(divergence));
        self.hidden = Some(hidden);
        Ok(self)
    }

    /// What CL gives for reconstructions on the device of this rank.
    fn output(&self, rank: usize, reconstructions: Tensor<4>) -> Output {
        match &self.hidden {
            None => self.classifiers[rank].forward(reconstructions).into(),
            Some(layers) => {
                let (logits, hidden) = layers.forward(rank, reconstructions);
                Output { logits, hidden }
            }
        }
    }

    /// The projections of clean pictures, each flipped or not, by index in the data; none without hidden layers.
    fn clean_hidden(
        &self,
        pictures: impl Iterator<Item = (usize, bool)>,
        device: &Device,
    ) -> Vec<Tensor<2>> {
        self.hidden.as_ref().map_or_else(Vec::new, |hidden| hidden.of_clean(pictures, device))
    }

    /// The hidden layers' part of the loss, shape `[n]`; `None` without hidden layers.
    fn hidden_divergence(&self, clean: &[Tensor<2>], again: &[Tensor<2>]) -> Option<Tensor<1>> {
        let divergence = self.hidden.as_ref()?.divergence(self.options.of_predictions());
        Some(divergence.of_hidden(clean, again))
    }
}

/// AE before training.
fn initial_autoencoder(
    config: AutoencoderConfig,
    initial_weights: Option<&InitialWeights>,
    seed: u64,
    device: &Device,
) -> Result<Autoencoder> {
    let random = config.init_seeded(seed, &device.clone().autodiff());
    match initial_weights {
        Some(initial) => weights::start_autoencoder(random, &initial.weights)
            .with_context(|| initial.path.display().to_string()),
        None => Ok(random),
    }
}

/// Flips the picture horizontally.
fn flip_horizontally(picture: &mut [f32]) {
    picture.chunks_exact_mut(SIDE).for_each(<[f32]>::reverse);
}

/// A crop of `side` x `side` pixels at a random position.
fn random_crop(picture: &[f32], side: usize, rng: &mut Xoshiro256PlusPlus) -> Vec<f32> {
    let [top, left] = std::array::from_fn(|_| rng.random_range(0..=SIDE - side));
    let rows =
        picture.chunks_exact(PLANE).flat_map(|plane| plane.chunks_exact(SIDE).skip(top).take(side));
    rows.flat_map(|row| &row[left..left + side]).copied().collect()
}

/// Adds Gaussian noise of a standard deviation drawn from 0 to `largest`, equal within blocks of 1, 2 or 4
/// pixels a side: adversarial perturbations are coarse as well as fine.
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

/// Share of the rows on which the two predictions have the same class, shape `[1]`.
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
        let mut options = TaskOptions::new(&self.options, self.initial_weights.as_ref()).to_json();
        if let Some(hidden) = &self.hidden {
            hidden.describe(&mut options);
        }
        options
    }

    fn card(&self) -> Card {
        let origin = self.initial_weights.as_ref().and_then(|weights| weights.origin.clone());
        let card = Card::new(Architecture::Autoencoder(self.options.config)).with_origin(origin);
        let hidden_layers = self.hidden.as_ref().map_or(&[][..], HiddenLayers::layers).to_vec();
        Card { hidden_layers, ..card }
    }

    fn init(&self, seed: u64) -> Result<Autoencoder> {
        let (initial_weights, device) = (self.initial_weights.as_ref(), &self.devices[0]);
        let model = initial_autoencoder(self.options.config, initial_weights, seed, device)?;
        Ok(match &self.hidden {
            // The loss does not use these, so no step changes them.
            Some(hidden) => hidden.attach(model, &device.clone().autodiff()),
            None => model,
        })
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
        let (mut pictures, mut inputs, mut rows) = (Vec::new(), Vec::new(), Vec::new());
        let mut used = Vec::new();
        for index in indices {
            let mut picture = self.data.pictures.picture(*index)?.values().to_vec();
            let flipped = flip && rng.random_bool(0.5);
            if flipped {
                flip_horizontally(&mut picture);
            }
            used.push((*index, flipped));
            rows.push(if flipped { self.flipped_logits[*index] } else { self.logits[*index] });
            if side < SIDE {
                picture = random_crop(&picture, side, rng);
            }
            pictures.extend_from_slice(&picture);
            if noise > 0.0 {
                add_noise(&mut picture, side, noise, rng);
            }
            inputs.extend(picture);
        }
        let x = to_batch(pictures, side, device);
        let clean = match side {
            SIDE => to_rows(rows, device),
            _ => classifier.forward(x.clone()),
        };
        let reconstruction = model.forward(to_batch(inputs, side, device).autodiff());
        if loss == AutoencoderLoss::Mse {
            let reconstructed = classifier.forward(reconstruction.clone().inner());
            let error = (reconstruction - x.autodiff()).square().mean();
            return Ok((error, agreement(clean, reconstructed)));
        }
        let reconstructed = self.output(rank, reconstruction.clone());
        let agreement = agreement(clean.clone(), reconstructed.logits.clone().inner());
        let mut loss = self.options.divergence(clean.autodiff(), reconstructed.logits);
        let clean_hidden = self.clean_hidden(used.into_iter(), device);
        let clean_hidden: Vec<Tensor<2>> = clean_hidden.into_iter().map(Tensor::autodiff).collect();
        if let Some(hidden) = self.hidden_divergence(&clean_hidden, &reconstructed.hidden) {
            loss = loss + hidden;
        }
        let loss = loss.mean();
        if mse == 0.0 {
            return Ok((loss, agreement));
        }
        let error = (reconstruction - x.autodiff()).square().mean();
        Ok((loss + error * mse, agreement))
    }

    fn validate(&self, model: &Autoencoder) -> Result<Validation> {
        let held_out = &self.data.parts.validation;
        let device = &self.devices[0];
        let model = model.frozen();
        let (mut divergence, mut of_hidden, mut error) = (0.0, 0.0, 0.0);
        let (mut agreed, mut scores) = (0.0, Vec::new());
        for indices in held_out.chunks(BATCH) {
            let x = read_batch(self.data.pictures.as_ref(), indices, device)?;
            let clean = Output {
                logits: to_rows(indices.iter().map(|i| self.logits[*i]), device),
                hidden: self.clean_hidden(indices.iter().map(|i| (*i, false)), device),
            };
            let reconstructions = model.forward(x.clone());
            let again = self.output(0, reconstructions.clone());
            let n = indices.len() as f64;
            let sum = |values: Tensor<1>| scalar(values.sum()).map(f64::from);
            agreed += f64::from(scalar(agreement(clean.logits.clone(), again.logits.clone()))?) * n;
            divergence += sum(self.options.divergence(clean.logits.clone(), again.logits.clone()))?;
            if let Some(hidden) = self.hidden_divergence(&clean.hidden, &again.hidden) {
                of_hidden += sum(hidden)?;
            }
            if self.options.loss == AutoencoderLoss::Mse {
                error += f64::from(scalar((reconstructions - x).square().mean())?) * n;
            }
            scores.extend(numbers(self.options.score.score(clean, again))?);
        }
        let n = held_out.len() as f64;
        let detector =
            Detector::infer_threshold(self.options.score, &scores, self.options.percentile)?;
        let mut figures: BTreeMap<String, f64> = [
            ("validation_divergence".to_owned(), divergence / n),
            ("validation_agreement".to_owned(), agreed / n),
            (THRESHOLD_PERCENTILE.to_owned(), f64::from(self.options.percentile)),
        ]
        .into();
        if self.hidden.is_some() {
            figures.insert("validation_hidden_divergence".to_owned(), of_hidden / n);
        }
        let error = match self.options.loss {
            AutoencoderLoss::Divergence(_) => divergence + of_hidden,
            AutoencoderLoss::Mse => {
                figures.insert("validation_mse".to_owned(), error / n);
                error
            }
        };
        Ok(Validation { error: error / n, figures, detector: Some(detector) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::Class;
    use crate::data::synthetic::Drawn;
    use crate::data::{HeldOut, Protocol};
    use crate::model::ClassifierConfig;
    use crate::model::loss::Direction;
    use crate::picture::VALUES;
    use rand::SeedableRng;

    /// A picture whose every value is its index.
    fn picture() -> Vec<f32> {
        (0..VALUES).map(|i| i as f32).collect()
    }

    #[test]
    fn a_flip_reverses_every_row() {
        let mut flipped = picture();
        flip_horizontally(&mut flipped);
        for index in [0, 1, SIDE - 1, SIDE, PLANE, VALUES - 1] {
            let (row, column) = (index / SIDE, index % SIDE);
            assert_eq!(flipped[index], (row * SIDE + SIDE - 1 - column) as f32);
        }
        flip_horizontally(&mut flipped);
        assert_eq!(flipped, picture());
    }

    #[test]
    fn a_crop_is_a_part_of_the_picture() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
        let mut corners = Vec::new();
        for _ in 0..20 {
            let crop = random_crop(&picture(), SMALL, &mut rng);
            assert_eq!(crop.len(), 3 * SMALL * SMALL);
            let corner = crop[0] as usize;
            let last = corner + 2 * PLANE + (SMALL - 1) * SIDE + SMALL - 1;
            assert_eq!(crop[crop.len() - 1], last as f32);
            assert!(corner % SIDE <= SIDE - SMALL && corner / SIDE <= SIDE - SMALL);
            corners.push(corner);
        }
        corners.dedup();
        assert!(corners.len() > 10, "always the same crop");
    }

    fn options() -> AutoencoderOptions {
        AutoencoderOptions {
            config: AutoencoderConfig::Compact { channels: 1 },
            loss: Divergence::default().into(),
            smallest_probability: 0.0,
            mse: 0.0,
            flip: false,
            noise: 0.0,
            small_epochs: 1,
            score: ScoreConfig::default(),
            percentile: 95.0,
            classifier_crc32: 7,
        }
    }

    #[test]
    fn options_out_of_range_are_refused_by_name() {
        options().check().unwrap();
        type Set = fn(&mut AutoencoderOptions);
        let wrong: [(&str, Set); 9] = [
            ("noise is inf", |options| options.noise = f32::INFINITY),
            ("noise is NaN", |options| options.noise = f32::NAN),
            ("noise is -0.1", |options| options.noise = -0.1),
            ("mse is NaN", |options| options.mse = f64::NAN),
            ("percentile is 101", |options| options.percentile = 101.0),
            ("temperature is 0", |options| {
                options.loss = Divergence { temperature: 0.0, ..Divergence::default() }.into();
            }),
            ("mse is 1, but must be 0", |options| {
                (options.loss, options.mse) = (AutoencoderLoss::Mse, 1.0);
            }),
            ("smallest_probability is 0.1", |options| {
                (options.loss, options.smallest_probability) = (AutoencoderLoss::Mse, 0.1);
            }),
            ("small_epochs is 1", |options| {
                options.config = AutoencoderConfig::Tutorial { latent: 2 };
            }),
        ];
        for (words, wrong) in wrong {
            let mut options = options();
            wrong(&mut options);
            let error = options.check().unwrap_err().to_string();
            assert!(error.contains(words) && !error.contains("--"), "{error}");
        }
    }

    /// Before any prediction is computed: there is no picture.
    #[test]
    fn small_epochs_are_refused_with_a_classifier_of_one_size() {
        let task = |config: ClassifierConfig| {
            let data = TrainingData {
                pictures: Box::new(Drawn::training(0, 0)),
                parts: HeldOut { training: vec![], validation: vec![] },
                data: "drawn".to_owned(),
                protocol: Protocol::Tutorial,
                held_out: 0.1,
                split_seed: 0,
            };
            let device = Device::flex();
            let classifier = config.init(&device).valid();
            AutoencoderTask::new(options(), None, Arc::new(data), classifier, vec![device])
        };
        assert_eq!(options().small_epochs, 1);
        task(ClassifierConfig::Compact).map(drop).unwrap();
        let error = task(ClassifierConfig::Vgg16Small).err().unwrap().to_string();
        assert!(error.contains("small_epochs is 1"), "{error}");
    }

    /// A training is resumed only with the same options, and evaluation reads the classifier's checksum.
    #[test]
    fn every_option_is_in_the_fingerprint() {
        let json = |options: &AutoencoderOptions| {
            let initial = InitialWeights {
                path: "of no interest".into(),
                weights: Vec::new(),
                crc32: 3,
                origin: Some("somebody".to_owned()),
            };
            TaskOptions::new(options, Some(&initial)).to_json()
        };
        let same = json(&options());
        assert_eq!(same["classifier_crc32"], 7);
        assert_eq!(same["initial_weights_crc32"], 3);
        assert_eq!(same["initial_weights_origin"], "somebody");
        let changed: [fn(&mut AutoencoderOptions); 11] = [
            |options| options.config = AutoencoderConfig::Compact { channels: 2 },
            |options| {
                options.loss = Divergence { temperature: 2.0, ..Divergence::default() }.into()
            },
            |options| options.loss = AutoencoderLoss::Mse,
            |options| options.smallest_probability = 1e-7,
            |options| options.mse = 1.0,
            |options| options.flip = true,
            |options| options.noise = 0.5,
            |options| options.small_epochs = 2,
            |options| {
                options.score = Divergence { temperature: 2.0, ..Divergence::default() }.into();
            },
            |options| options.percentile = 90.0,
            |options| options.classifier_crc32 = 8,
        ];
        for (case, change) in changed.into_iter().enumerate() {
            let mut options = options();
            change(&mut options);
            assert_ne!(json(&options), same, "{case}");
        }
    }

    #[test]
    fn noise_has_mean_zero_and_the_deviation_asked_for() {
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

    /// More pictures than one batch holds, and no multiple of it: every batch counts by its size.
    #[test]
    fn validation_is_the_mean_over_all_pictures_held_out() {
        let device = Device::flex();
        let count = BATCH + 5;
        let data = TrainingData {
            pictures: Box::new(Drawn::training(count, 3)),
            parts: HeldOut { training: vec![0], validation: (0..count).collect() },
            data: "drawn".to_owned(),
            protocol: Protocol::Tutorial,
            held_out: 0.1,
            split_seed: 0,
        };
        let config = AutoencoderConfig::Compact { channels: 2 };
        let loss = Divergence { direction: Direction::Reverse, temperature: 1.0 };
        let score = Divergence { direction: Direction::Forward, temperature: 2.0 };
        let options = AutoencoderOptions {
            config,
            loss: loss.into(),
            smallest_probability: 0.0,
            mse: 0.0,
            flip: false,
            noise: 0.0,
            small_epochs: 0,
            score: score.into(),
            percentile: 100.0,
            classifier_crc32: 0,
        };
        let classifier = ClassifierConfig::Compact.init(&device).valid();
        let network = config.init(&device).valid();
        let data = Arc::new(data);
        let task =
            AutoencoderTask::new(options, None, data, classifier.clone(), vec![device.clone()]);
        let task = task.unwrap();
        let found = task.validate(&network).unwrap();
        let (mut sum, mut agreed, mut largest) = (0.0, 0.0, 0.0f32);
        for index in 0..count {
            let x = task.data.pictures.picture(index).unwrap().to_tensor(&device);
            let clean = classifier.forward(x.clone());
            let again = classifier.forward(network.forward(x));
            sum += f64::from(loss.between(clean.clone(), again.clone()).into_scalar::<f32>());
            largest = largest.max(score.between(clean.clone(), again.clone()).into_scalar::<f32>());
            let class = |logits: Tensor<2>| {
                let logits: Vec<f32> = logits.into_data().try_to_vec().unwrap();
                Class::most_likely(logits.as_slice().try_into().unwrap())
            };
            agreed += f64::from(u8::from(class(clean) == class(again)));
        }
        let n = count as f64;
        let mean = sum / n;
        assert!(mean > 0.0);
        assert!((found.error - mean).abs() < 1e-3 * mean, "{} {mean}", found.error);
        assert!((found.figures["validation_divergence"] - mean).abs() < 1e-3 * mean);
        assert!((found.figures["validation_agreement"] - agreed / n).abs() < 1e-6);
        let threshold = found.detector.unwrap().threshold;
        assert!((threshold - largest).abs() <= 1e-3 * largest, "{threshold} {largest}");
    }
}
