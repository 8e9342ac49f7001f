//! Training of AE: KL divergence between CL's predictions on a picture and on its reconstruction.
//!
//! Nothing else enters the loss: no reconstruction error, no attacked pictures, no labels (arXiv
//! 2002.09364, eq. 2). CL stays frozen on the plain device, so no gradient of its weights is computed.

use anyhow::Result;
use burn::tensor::{Device, Tensor, TensorData};
use rand::rngs::Xoshiro256PlusPlus;

use super::{Lesson, Task, Validation, numbers, read_batch, scalar};
use crate::class::Class;
use crate::detector::{Detector, Divergence};
use crate::model::weights::Architecture;
use crate::model::{Autoencoder, AutoencoderConfig, Card, Vgg};
use crate::progress::Meter;

/// Pictures that go through CL at a time when nothing is learned.
const BATCH: usize = 64;

/// Training of an autoencoder for one classifier.
pub struct AutoencoderTask<'a> {
    config: AutoencoderConfig,
    lesson: &'a Lesson<'a>,
    classifier: &'a Vgg,
    /// CL(x) of the lesson's pictures, as logits: computed once, not once per epoch.
    logits: Vec<[f32; Class::COUNT]>,
    loss: Divergence,
    score: Divergence,
    percentile: f32,
    device: Device,
    seed: u64,
    classifier_crc32: u32,
}

/// What can be told to it.
#[derive(Clone, Copy, Debug)]
pub struct AutoencoderOptions {
    /// Which network.
    pub config: AutoencoderConfig,
    /// What is minimised.
    pub loss: Divergence,
    /// What the detector will compare.
    pub score: Divergence,
    /// Share of clean pictures, in per cent, that the inferred threshold lets pass.
    pub percentile: f32,
    /// Of the first weights.
    pub seed: u64,
    /// Of the classifier's file: a training is not resumed with another classifier.
    pub classifier_crc32: u32,
}

impl<'a> AutoencoderTask<'a> {
    /// Runs CL over the lesson's pictures, then is ready to train.
    ///
    /// # Errors
    /// When a picture cannot be read or an option is out of range.
    pub fn new(
        options: AutoencoderOptions,
        lesson: &'a Lesson<'a>,
        classifier: &'a Vgg,
        device: &Device,
    ) -> Result<Self> {
        let (loss, score) = (options.loss.check()?, options.score.check()?);
        // A percentile out of range shall not wait for the first epoch's end to be refused.
        Detector::infer_threshold(score, &[0.0], options.percentile)?;
        let logits = first_looks(lesson, classifier, device)?;
        Ok(Self {
            config: options.config,
            lesson,
            classifier,
            logits,
            loss,
            score,
            percentile: options.percentile,
            device: device.clone(),
            seed: options.seed,
            classifier_crc32: options.classifier_crc32,
        })
    }

    fn first_look(&self, indices: &[usize]) -> Tensor<2> {
        let values: Vec<f32> = indices.iter().flat_map(|i| self.logits[*i]).collect();
        let shape = [indices.len(), Class::COUNT];
        Tensor::from_data(TensorData::new(values, shape), &self.device)
    }
}

/// CL(x), as logits, of the lesson's pictures, each at its own place.
fn first_looks(
    lesson: &Lesson,
    classifier: &Vgg,
    device: &Device,
) -> Result<Vec<[f32; Class::COUNT]>> {
    let needed = [lesson.parts.training.as_slice(), &lesson.parts.validation].concat();
    let mut looks = vec![[0.0; Class::COUNT]; lesson.pictures.len()];
    let mut meter = Meter::new(needed.len().div_ceil(BATCH), 0);
    for batch in needed.chunks(BATCH) {
        let logits = classifier.forward(read_batch(lesson.pictures, batch, device)?);
        let values = numbers(logits)?;
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

impl Task for AutoencoderTask<'_> {
    type Model = Autoencoder;
    const RIGHT: &'static str = "agreement";

    fn options(&self) -> serde_json::Value {
        serde_json::json!({
            "autoencoder": self.config, "loss": self.loss, "score": self.score,
            "percentile": self.percentile, "classifier_crc32": self.classifier_crc32,
        })
    }

    fn card(&self) -> Card {
        Card::new(Architecture::Autoencoder(self.config))
    }

    fn init(&self) -> Autoencoder {
        self.device.seed(self.seed);
        self.config.init(&self.device.clone().autodiff())
    }

    fn loss(
        &self,
        model: &Autoencoder,
        indices: &[usize],
        _: &mut Xoshiro256PlusPlus,
    ) -> Result<(Tensor<1>, Tensor<1>)> {
        let x = read_batch(self.lesson.pictures, indices, &self.device)?;
        let first = self.first_look(indices);
        let second = self.classifier.forward(model.forward(x.autodiff()));
        let agreement = agreement(first.clone(), second.clone().inner());
        Ok((self.loss.between(first.autodiff(), second).mean(), agreement))
    }

    fn validate(&self, model: &Autoencoder) -> Result<Validation> {
        let held_out = &self.lesson.parts.validation;
        let (mut loss, mut agreed, mut scores) = (0.0, 0.0, Vec::new());
        for indices in held_out.chunks(BATCH) {
            let x = read_batch(self.lesson.pictures, indices, &self.device)?;
            let first = self.first_look(indices);
            let second = self.classifier.forward(model.forward(x));
            let n = indices.len() as f64;
            agreed += f64::from(scalar(agreement(first.clone(), second.clone()))?) * n;
            loss += f64::from(scalar(self.loss.between(first.clone(), second.clone()).sum())?);
            scores.extend(numbers(self.score.between(first, second))?);
        }
        let n = held_out.len() as f64;
        let detector = Detector::infer_threshold(self.score, &scores, self.percentile)?;
        Ok(Validation {
            error: loss / n,
            figures: [
                ("validation_divergence".to_owned(), loss / n),
                ("validation_agreement".to_owned(), agreed / n),
                ("threshold_percentile".to_owned(), f64::from(self.percentile)),
            ]
            .into(),
            detector: Some(detector),
        })
    }
}
