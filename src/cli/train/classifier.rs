//! `train classifier`

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use burn::tensor::Device;
use clap::Args;

use super::super::source::{DrawnArgument, SourceArguments};
use super::{Run, initial_weights, train};
use crate::data::TrainedOn;
use crate::model::ClassifierConfig;
use crate::model::card::Architecture;
use crate::model::weights::load_classifier;
use crate::train::adversarial::Adversarial;
use crate::train::classifier::{ClassifierOptions, ClassifierTask, default_frozen_epochs};
use crate::train::distillation::{Distillation, Teacher};
use crate::train::{Augmentation, HyperParameters, Optimizer, Schedule};

#[derive(Args)]
pub struct Classifier {
    /// Architecture: compact (0.8 M weights), vgg16 (134 M) or vgg16-small (17 M: the same convolutions, smaller dense
    /// layers).
    #[arg(long, default_value_t = ClassifierConfig::Compact)]
    architecture: ClassifierConfig,

    /// Start from these weights: a file of `train` or `import`, or a PyTorch state dict (.pth or safetensors).
    /// A last layer with another number of classes starts with random weights, as do the dense layers if the
    /// file has only convolutions, or others.
    #[arg(long, value_name = "FILE")]
    init: Option<PathBuf>,

    /// Who trained the weights of --init, and their terms, for the model card [default: what the file says]
    #[arg(long, value_name = "TEXT", requires = "init")]
    origin: Option<String>,

    /// Train only the layers that start with random weights, or else the last one, in the first N epochs; the
    /// learning-rate schedule starts again after them [default: 0; 1 if --init leaves layers of a VGG16 random]
    #[arg(long, value_name = "N")]
    freeze: Option<usize>,

    /// How to augment the pictures. With flip and none, epochs with frozen layers take seconds after the first,
    /// for which those layers' outputs are computed, once.
    #[arg(long, value_enum, default_value_t = Augmentation::All)]
    augment: Augmentation,

    /// Learn the probabilities of this classifier, too, a file of `train` or `import`: what it predicts for the pictures as
    /// they are and for their mirror images, computed once. Pictures are held out as it was trained.
    #[arg(long, value_name = "FILE", help_heading = "Teacher")]
    teacher: Option<PathBuf>,

    /// Keep the teacher's predictions in this file, and read them from it when the training is resumed, or in the next one
    /// on the same pictures.
    #[arg(long, value_name = "FILE", requires = "teacher", help_heading = "Teacher")]
    teacher_predictions: Option<PathBuf>,

    /// Temperature of the teacher's and of the own predictions, 0.1 to 100.
    #[arg(
        long,
        value_name = "T",
        requires = "teacher",
        default_value_t = 4.0,
        help_heading = "Teacher"
    )]
    teacher_temperature: f32,

    /// Share of the teacher in the loss, 0 to 1; the rest is cross-entropy with the classes.
    #[arg(
        long,
        value_name = "SHARE",
        requires = "teacher",
        default_value_t = 0.9,
        help_heading = "Teacher"
    )]
    teacher_weight: f64,

    /// Share of each picture's class that is spread evenly over all classes, 0 to 0.9.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    label_smoothing: f64,

    /// Mixup: add pictures, and their classes, in shares from Beta(ALPHA, ALPHA); 0: do not. With --cutmix, too, one of
    /// the two in each batch.
    #[arg(long, value_name = "ALPHA", default_value_t = 0.0)]
    mixup: f64,

    /// CutMix: replace a rectangle by another picture's, and its share of the class; the area's share is from Beta(ALPHA,
    /// ALPHA); 0: do not.
    #[arg(long, value_name = "ALPHA", default_value_t = 0.0)]
    cutmix: f64,

    /// Outlier exposure: replace this share of the pictures by pictures of none of the ten classes (drawings of other things,
    /// and pictures cut into squares that are put together in random order), for which the classifier learns to be undecided.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    outliers: f64,

    /// Adversarial training: learn from pictures that PGD has attacked (linf) by up to EPS, such as 0.0157 (4/255).
    /// Validation attacks 200 of the pictures held out, with ten steps, and takes the mean of all accuracies.
    #[arg(long, value_name = "EPS", help_heading = "Adversarial training")]
    adversarial: Option<f32>,

    /// Steps of that PGD, 1 to 100; 1 is the fast variant. Each takes more than half as long as a step of training.
    #[arg(
        long,
        value_name = "N",
        requires = "adversarial",
        default_value_t = 1,
        help_heading = "Adversarial training"
    )]
    adversarial_steps: usize,

    /// Passes over the training pictures.
    #[arg(long, value_name = "N", default_value_t = 24)]
    epochs: usize,

    /// Pictures in a batch.
    #[arg(long, value_name = "N", default_value_t = 64)]
    batch_size: usize,

    /// Scale the pictures down to 64x64 in the first N epochs, which then take less than half the time.
    #[arg(long, value_name = "N", default_value_t = 0)]
    small_epochs: usize,

    /// Optimizer [default: sgd, with either VGG16 adam]
    #[arg(long, value_enum)]
    optimizer: Option<Optimizer>,

    /// Highest learning rate of the schedule [default: 0.08, with either VGG16 0.0001]
    #[arg(long, value_name = "RATE")]
    learning_rate: Option<f64>,

    /// Learning-rate schedule.
    #[arg(long, value_enum, default_value_t = Schedule::OneCycle)]
    schedule: Schedule,

    /// L2 penalty on the weights [default: 0.0005, with either VGG16 0]
    #[arg(long, value_name = "PENALTY")]
    weight_decay: Option<f64>,

    /// Validate and write a moving average of the weights; DECAY, such as 0.998, is what each step keeps of it.
    #[arg(long, value_name = "DECAY")]
    ema: Option<f64>,

    #[command(flatten)]
    source: SourceArguments,

    #[command(flatten)]
    beside: DrawnArgument,

    #[command(flatten)]
    run: Run,
}

impl Classifier {
    pub fn run(self, devices: Vec<Device>) -> Result<ExitCode> {
        // VGG16 has no batch normalisation; with the compact network's learning rate it diverges.
        let (optimizer, learning_rate, weight_decay) = match self.architecture {
            ClassifierConfig::Compact => (Optimizer::Sgd, 0.08, 5e-4),
            ClassifierConfig::Vgg16 | ClassifierConfig::Vgg16Small => (Optimizer::Adam, 1e-4, 0.0),
        };
        let options = self.run.options(HyperParameters {
            epochs: self.epochs,
            batch_size: self.batch_size,
            optimizer: self.optimizer.unwrap_or(optimizer),
            learning_rate: self.learning_rate.unwrap_or(learning_rate),
            weight_decay: self.weight_decay.unwrap_or(weight_decay),
            schedule: self.schedule,
            ema: self.ema,
        })?;
        let initial = initial_weights(self.init.as_deref(), self.origin)?;
        let chosen = ClassifierOptions {
            config: self.architecture,
            small_epochs: self.small_epochs,
            frozen_epochs: match self.freeze {
                Some(epochs) => epochs,
                None => default_frozen_epochs(self.architecture, initial.as_ref())?,
            },
            augmentation: self.augment,
            label_smoothing: self.label_smoothing,
            mixup: self.mixup,
            cutmix: self.cutmix,
            outliers: self.outliers,
            adversarial: self
                .adversarial
                .map(|eps| Adversarial { eps, steps: self.adversarial_steps }),
        };
        chosen.check()?;
        let distillation =
            Distillation { temperature: self.teacher_temperature, weight: self.teacher_weight };
        distillation.check()?;
        let teacher = match &self.teacher {
            Some(path) => {
                let (teacher, trained_on) = teacher(path, distillation, &devices[0])?;
                let predictions = self.teacher_predictions;
                Some((Teacher { predictions, ..teacher }, trained_on))
            }
            None => None,
        };
        let trained_on: Vec<TrainedOn> =
            teacher.iter().filter_map(|(_, trained_on)| trained_on.clone()).collect();
        let data =
            Arc::new(self.source.training_data_for(&trained_on, self.beside.drawn, false)?);
        let mut task = ClassifierTask::new(chosen, initial, Arc::clone(&data), devices)?;
        if let Some((teacher, _)) = teacher {
            task = task.with_teacher(&teacher)?;
        }
        train(task, &data, &options)
    }
}

/// Loads a teacher; and what it was trained on, as far as its card says it.
fn teacher(
    path: &Path,
    distillation: Distillation,
    device: &Device,
) -> Result<(Teacher, Option<TrainedOn>)> {
    let named = || path.display().to_string();
    let bytes = fs::read(path).with_context(named)?;
    let (network, card) = load_classifier(&bytes, device).with_context(named)?;
    let trained_on = card.trained_on("the teacher");
    let Architecture::Classifier(config) = card.architecture else {
        unreachable!("a classifier was loaded")
    };
    let (crc32, origin) = (crc32fast::hash(&bytes), card.origin);
    let teacher = Teacher { network, config, crc32, origin, distillation, predictions: None };
    Ok((teacher, trained_on))
}
