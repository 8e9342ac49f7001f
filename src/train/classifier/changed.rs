//! Validation on changed pictures: corrupted ones if training augments by corruptions, attacked ones if it attacks.

use anyhow::Result;
use burn::tensor::Tensor;
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use rayon::prelude::*;

use super::{ClassifierTask, VALIDATION_BATCH, accuracy};
use crate::class::Class;
use crate::corruption::{Corruption, Filter};
use crate::model::Classifier;
use crate::model::loss::one_hot;
use crate::picture::{Picture, VALUES};
use crate::train::augment::Augmentation;
use crate::train::batch::{numbers, read_batch, scalar};

/// What validation does to the pictures held out if training augments by corruptions, with the figures' names. None is
/// random.
const CORRUPTIONS: [(&str, Corruption); 3] = [
    ("validation_accuracy_blurred", Corruption::Blur(2.0)),
    ("validation_accuracy_shrunk", Corruption::Shrink(32, Filter::Cubic)),
    ("validation_accuracy_jpeg", Corruption::Jpeg(30)),
];

/// Validation attacks so many of the pictures held out: an attack of ten steps costs as much as some six steps of training.
const ATTACKED: usize = 200;

impl ClassifierTask {
    /// Share of the pictures held out whose class `model` still recognises when they are changed by `change`.
    fn accuracy_on(
        &self,
        model: &Classifier,
        indices: &[usize],
        change: impl Fn(Tensor<4>, &[Class]) -> Result<Tensor<4>>,
    ) -> Result<f64> {
        let device = &self.devices[0];
        let mut correct = 0.0;
        for batch in indices.chunks(VALIDATION_BATCH) {
            let classes = self.classes(batch);
            let images = read_batch(self.data.pictures.as_ref(), batch, device)?;
            let logits = model.forward(change(images, &classes)?);
            let share = scalar(accuracy(logits, one_hot(&classes, device)))?;
            correct += f64::from(share) * batch.len() as f64;
        }
        Ok(correct / indices.len() as f64)
    }

    /// The accuracies on changed pictures held out that belong to the options, by the figures' names. `model` is frozen.
    pub(super) fn accuracies_on_changed(&self, model: &Classifier) -> Result<Vec<(String, f64)>> {
        let held_out = &self.data.parts.validation;
        let mut accuracies = Vec::new();
        if self.options.augmentation == Augmentation::Camera {
            for (name, corruption) in CORRUPTIONS {
                let corrupt = |images, _: &[Class]| corrupted(images, corruption);
                accuracies.push((name.to_owned(), self.accuracy_on(model, held_out, corrupt)?));
            }
        }
        if let Some(adversarial) = self.options.adversarial {
            let first = &held_out[..held_out.len().min(ATTACKED)];
            let attack = |images, classes: &[Class]| {
                Ok(adversarial.attack_for_validation(model, images, classes)?)
            };
            let accuracy = self.accuracy_on(model, first, attack)?;
            accuracies.push(("validation_accuracy_attacked".to_owned(), accuracy));
        }
        Ok(accuracies)
    }
}

/// Pictures [n, 3, 96, 96], corrupted, on all cores, and rounded to 8 bits as in a file.
fn corrupted(images: Tensor<4>, corruption: Corruption) -> Result<Tensor<4>> {
    let device = images.device();
    let values = numbers(images)?;
    let corrupt = |values: &[f32]| {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(0);
        let picture = Picture::clamped(values.to_vec())?;
        crate::Result::Ok(corruption.apply(&picture, &mut rng).rounded())
    };
    let pictures: crate::Result<Vec<Picture>> = values.par_chunks(VALUES).map(corrupt).collect();
    Ok(Picture::batch(&pictures?, &device))
}
