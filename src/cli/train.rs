//! `train classifier`, `train autoencoder`

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, anyhow};
use burn::tensor::Device;
use clap::{Args, Subcommand, ValueEnum};
use tracing::info;

use super::models::{AutoencoderShape, ClassifierArgument, ScoreArguments};
use super::output::checkpoint_every;
use super::source::{DrawnArgument, SourceArguments};
use crate::data::{TrainedOn, TrainingData};
use crate::error::Error;
use crate::model::card::Architecture;
use crate::model::loss::{Direction, Divergence};
use crate::model::pytorch::state_dict;
use crate::model::weights::load_classifier;
use crate::model::{Card, ClassifierConfig, Precision};
use crate::train::adversarial::Adversarial;
use crate::train::autoencoder::{AutoencoderLoss, AutoencoderOptions, AutoencoderTask};
use crate::train::classifier::{ClassifierOptions, ClassifierTask, default_frozen_epochs};
use crate::train::distillation::{Distillation, Teacher};
use crate::train::{
    Augmentation, HiddenOption, HyperParameters, InitialWeights, Optimizer, Options, Outcome,
    Schedule, Task, TrainingError, fit,
};

#[derive(Subcommand)]
pub enum Command {
    /// Train CL: cross-entropy on augmented pictures. The weights with the highest accuracy on the validation pictures
    /// are kept; with --augment camera or --adversarial, those with the highest mean of several accuracies.
    Classifier(Classifier),
    /// Train AE for a classifier: KL divergence between its predictions for a picture and for the
    /// reconstruction, or another loss (--loss). The weights with the lowest loss on the validation pictures are
    /// kept, together with the threshold inferred there.
    Autoencoder(Autoencoder),
}

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

/// Options of a run that both trainings have.
#[derive(Args)]
#[command(next_help_heading = "Run")]
struct Run {
    /// File for the best weights (safetensors). Checkpoints go into the folder FILE.checkpoint.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,

    /// Number format of the best weights.
    #[arg(long, value_enum, default_value_t = Precision::F32)]
    precision: Precision,

    /// Seed of every random number: initial weights, shuffling, augmentation, noise, dropout.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,

    /// Stop after N epochs without a better validation; 0: never.
    #[arg(long, value_name = "N", default_value_t = 0)]
    patience: usize,

    /// Minutes between checkpoints inside an epoch; there is one after every epoch, too. The last two are kept.
    #[arg(long, value_name = "MINUTES", default_value_t = 3.0)]
    checkpoint_every: f64,

    /// Resume from the last checkpoint, with the same options.
    #[arg(long, conflicts_with = "overwrite")]
    resume: bool,

    /// Start over; replace weights and checkpoints that are there.
    #[arg(long)]
    overwrite: bool,
}

pub fn run(command: Command, devices: Vec<Device>) -> Result<ExitCode> {
    let result = match command {
        Command::Classifier(arguments) => arguments.run(devices),
        Command::Autoencoder(arguments) => arguments.run(devices),
    };
    result.map_err(with_flags)
}

/// The error with the flags that it is about: the core knows parameters and actions, not their flags.
fn with_flags(error: anyhow::Error) -> anyhow::Error {
    if let Some(Error::Option { name, value, must }) = error.downcast_ref()
        && PARAMETERS.contains(name)
    {
        return anyhow!("--{} is {value}, but must be {must}", name.replace('_', "-"));
    }
    let flags = match error.downcast_ref() {
        Some(TrainingError::CheckpointExists { .. }) => "--resume, --overwrite",
        Some(TrainingError::OutputExists { .. }) => "--out, --overwrite",
        Some(
            TrainingError::ForeignFolder { .. }
            | TrainingError::OutputIsFolder { .. }
            | TrainingError::Busy { .. },
        ) => "--out",
        Some(TrainingError::OtherOptions { .. } | TrainingError::DamagedCheckpoint { .. }) => {
            "--overwrite"
        }
        Some(TrainingError::NoCheckpoint { .. }) => "without --resume",
        Some(TrainingError::Diverged { .. }) => "--learning-rate",
        Some(TrainingError::Device { .. }) => "--resume, --batch-size, --device",
        _ => return error,
    };
    anyhow!("{error:#} ({flags})")
}

/// Parameters of the core whose flags have the same names.
const PARAMETERS: [&str; 18] = [
    "adversarial",
    "adversarial_steps",
    "cutmix",
    "outliers",
    "ema",
    "epochs",
    "label_smoothing",
    "mixup",
    "teacher_temperature",
    "teacher_weight",
    "batch_size",
    "learning_rate",
    "weight_decay",
    "mse",
    "noise",
    "small_epochs",
    "smallest_probability",
    "percentile",
];

impl Classifier {
    fn run(self, devices: Vec<Device>) -> Result<ExitCode> {
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

/// Reads the weights to start from; `origin` goes before what the file says of theirs.
fn initial_weights(path: Option<&Path>, origin: Option<String>) -> Result<Option<InitialWeights>> {
    let Some(path) = path else {
        return Ok(None);
    };
    let weights = state_dict(path).with_context(|| path.display().to_string())?;
    let crc32 = crc32fast::hash(&weights);
    let origin = origin.or_else(|| Card::origin_in(&weights));
    Ok(Some(InitialWeights { path: path.to_owned(), weights, crc32, origin }))
}

impl Autoencoder {
    fn run(self, devices: Vec<Device>) -> Result<ExitCode> {
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

impl Run {
    fn options(&self, hyper_parameters: HyperParameters) -> Result<Options> {
        let checkpoint_every = checkpoint_every(self.checkpoint_every)?;
        let options = Options {
            hyper_parameters,
            seed: self.seed,
            patience: self.patience,
            out: self.out.clone(),
            precision: self.precision,
            checkpoint_every,
            resume: self.resume,
            overwrite: self.overwrite,
        };
        options.check()?;
        Ok(options)
    }
}

fn train<T: Task>(task: T, data: &TrainingData, options: &Options) -> Result<ExitCode> {
    let stop = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        if asked.swap(true, Ordering::Relaxed) {
            std::process::exit(130); // the second signal: at once
        }
        eprintln!("\nwriting a checkpoint after this batch; Ctrl-C again to quit without");
    })
    .context("cannot listen for Ctrl-C")?;
    info!(
        "learning from {} pictures, choosing on {}",
        data.parts.training.len(),
        data.parts.validation.len()
    );
    Ok(match fit(&Arc::new(task), data, options, &stop)? {
        Outcome::Done => {
            info!("the best weights are in {}", options.out.display());
            ExitCode::SUCCESS
        }
        Outcome::Interrupted => {
            info!("stopped; resume with the same options and --resume");
            ExitCode::from(130)
        }
    })
}
