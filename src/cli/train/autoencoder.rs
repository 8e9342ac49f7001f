//! `train autoencoder`

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Result;
use burn::tensor::Device;
use clap::{Args, ValueEnum};

use super::super::models::{AutoencoderShape, ClassifierArgument, ScoreArguments};
use super::super::source::{DrawnArgument, SourceArguments};
use super::{Run, initial_weights, train};
use crate::error::Error;
use crate::model::loss::{Direction, Divergence};
use crate::train::autoencoder::{AutoencoderLoss, AutoencoderOptions, AutoencoderTask};
use crate::train::{HiddenOption, HyperParameters, Optimizer, Schedule};

#[derive(Args)]
pub struct Autoencoder {
    #[command(flatten)]
    shape: AutoencoderShape,

    /// Start from these weights, a file of `train` or `import`; for example those of an autoencoder for another
    /// classifier.
    #[arg(long, value_name = "FILE")]
    init: Option<PathBuf>,

    /// Who trained the weights of --init, and their terms, for the model card [default: what the file says]
    #[arg(long, value_name = "TEXT", requires = "init")]
    origin: Option<String>,

    /// Train on STL-10's unlabelled pictures, too: AE needs no labels.
    #[arg(long, requires = "data", help_heading = "Pictures")]
    unlabeled: bool,

    /// Passes over the training pictures.
    #[arg(long, value_name = "N", default_value_t = 60)]
    epochs: usize,

    /// Pictures in a batch.
    #[arg(long, value_name = "N", default_value_t = 128)]
    batch_size: usize,

    /// Optimizer.
    #[arg(long, value_enum, default_value_t = Optimizer::Adam)]
    optimizer: Optimizer,

    /// Highest learning rate of the schedule.
    #[arg(long, value_name = "RATE", default_value_t = 1e-3)]
    learning_rate: f64,

    /// Learning-rate schedule.
    #[arg(long, value_enum, default_value_t = Schedule::Constant)]
    schedule: Schedule,

    /// L2 penalty on the weights.
    #[arg(long, value_name = "PENALTY", default_value_t = 0.0)]
    weight_decay: f64,

    /// Validate and write a moving average of the weights; DECAY, such as 0.998, is what each step keeps of it.
    #[arg(long, value_name = "DECAY")]
    ema: Option<f64>,

    /// What is minimised.
    #[arg(long, value_enum, default_value_t = LossName::Divergence)]
    loss: LossName,

    /// Order of the predictions in the divergence that is minimised.
    #[arg(long, value_enum, default_value_t = Direction::Reverse)]
    loss_direction: Direction,

    /// Temperature of the predictions in the divergence that is minimised.
    #[arg(long, value_name = "T", default_value_t = 1.0)]
    loss_temperature: f32,

    /// Probabilities below this count as this in the divergence that is minimised, as in Keras, with 1e-7; 0 for none.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    smallest_probability: f32,

    /// Hidden layers of CL whose divergence is added to the loss and to the detector's score, separated by commas, in CL's
    /// order. Each is a layer's name in PyTorch, a colon, and how many numbers a random projection makes of its maps, 2 to
    /// 1000: features.14:40
    #[arg(long, value_name = "LAYER:N", value_delimiter = ',', value_parser = hidden_option)]
    hidden_layers: Vec<HiddenOption>,

    /// Weights of the hidden layers, separated by commas [default: 1 for each]
    #[arg(long, value_name = "W", value_delimiter = ',', requires = "hidden_layers")]
    hidden_weights: Vec<f32>,

    /// Weight of the mean squared error between picture and reconstruction beside the divergence.
    #[arg(long, value_name = "WEIGHT", default_value_t = 0.0)]
    mse: f64,

    /// Flip half of the pictures horizontally.
    #[arg(long)]
    flip: bool,

    /// Largest standard deviation of Gaussian noise on AE's input; the prediction to match is that for the picture
    /// without noise.
    #[arg(long, value_name = "SIGMA", default_value_t = 0.0)]
    noise: f32,

    /// Train on random crops of 64x64 in the first N epochs, less than half of each picture.
    #[arg(long, value_name = "N", default_value_t = 0)]
    small_epochs: usize,

    #[command(flatten)]
    score: ScoreArguments,

    /// Share of clean pictures, in per cent, whose scores are at most the detector's threshold.
    #[arg(long, value_name = "PER CENT", default_value_t = 95.0)]
    percentile: f32,

    #[command(flatten)]
    classifier: ClassifierArgument,

    #[command(flatten)]
    source: SourceArguments,

    #[command(flatten)]
    beside: DrawnArgument,

    #[command(flatten)]
    run: Run,
}

/// What an autoencoder's training minimises.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
enum LossName {
    /// KL divergence between CL's predictions for a picture and for its reconstruction
    Divergence,
    /// Mean squared error between picture and reconstruction: the paper's baseline, which CL has no part in
    Mse,
}

/// A layer and the size of its projection, as `features.14:40`.
fn hidden_option(text: &str) -> crate::Result<HiddenOption> {
    let (layer, outputs) = text.rsplit_once(':').unwrap_or((text, ""));
    let outputs = outputs.parse().map_err(|_| Error::Option {
        name: "the size of a hidden layer's projection",
        value: outputs.to_owned(),
        must: "a number behind a colon, as in features.14:40",
    })?;
    Ok(HiddenOption { layer: layer.parse()?, outputs })
}

impl Autoencoder {
    pub fn run(self, devices: Vec<Device>) -> Result<ExitCode> {
        let options = self.run.options(HyperParameters {
            epochs: self.epochs,
            batch_size: self.batch_size,
            optimizer: self.optimizer,
            learning_rate: self.learning_rate,
            weight_decay: self.weight_decay,
            schedule: self.schedule,
            ema: self.ema,
        })?;
        let config = self.shape.config()?;
        let (classifier, classifier_crc32) = self.classifier.load(&devices[0])?;
        let chosen = AutoencoderOptions {
            config,
            loss: match self.loss {
                LossName::Divergence => AutoencoderLoss::Divergence(Divergence {
                    direction: self.loss_direction,
                    temperature: self.loss_temperature,
                }),
                LossName::Mse => AutoencoderLoss::Mse,
            },
            smallest_probability: self.smallest_probability,
            mse: self.mse,
            flip: self.flip,
            noise: self.noise,
            small_epochs: self.small_epochs,
            score: self.score.score(),
            percentile: self.percentile,
            classifier_crc32,
        };
        chosen.check()?;
        let initial = initial_weights(self.init.as_deref(), self.origin)?;
        let classifier_data = self.classifier.trained_on()?;
        let data = Arc::new(self.source.training_data_for(
            classifier_data.as_slice(),
            self.beside.drawn,
            self.unlabeled,
        )?);
        let mut task =
            AutoencoderTask::new(chosen, initial, Arc::clone(&data), classifier, devices)?;
        if !self.hidden_layers.is_empty() {
            let weights = match self.hidden_weights.as_slice() {
                [] => &vec![1.0; self.hidden_layers.len()],
                weights => weights,
            };
            task = task.with_hidden_layers(&self.hidden_layers, weights, options.seed)?;
        }
        train(task, &data, &options)
    }
}
