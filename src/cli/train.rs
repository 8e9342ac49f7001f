//! `train classifier`, `train autoencoder`

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use burn::tensor::Device;
use clap::{Args, Subcommand};
use tracing::info;

use super::models::{AutoencoderShape, ClassifierArgument, ScoreArguments};
use super::source::{DrawnArgument, SourceArguments};
use crate::data::TrainingData;
use crate::model::loss::{Direction, Divergence};
use crate::model::pytorch::state_dict;
use crate::model::{AutoencoderConfig, ClassifierConfig, Precision};
use crate::train::autoencoder::{AutoencoderOptions, AutoencoderTask};
use crate::train::classifier::ClassifierTask;
use crate::train::{
    HyperParameters, InitialWeights, Optimizer, Options, Outcome, Schedule, Task, fit,
};

#[derive(Subcommand)]
pub enum Command {
    /// Train CL: cross-entropy on augmented pictures. The weights with the best accuracy on the pictures
    /// held out are kept.
    Classifier(Classifier),
    /// Train AE for a classifier: KL divergence between its predictions on a picture and on the
    /// reconstruction. The weights with the lowest divergence on the pictures held out are kept, with the
    /// threshold inferred there.
    Autoencoder(Autoencoder),
}

#[derive(Args)]
pub struct Classifier {
    /// Which network: compact (0.8 M weights) or vgg16 (134 M).
    #[arg(long, default_value_t = ClassifierConfig::Compact)]
    architecture: ClassifierConfig,

    /// InitialWeights from these weights: a file of `train` or `import`, or a state dict of PyTorch's, as .pth or
    /// safetensors. A last layer for other classes than STL-10's starts anew.
    #[arg(long, value_name = "FILE")]
    init: Option<PathBuf>,

    /// In so many of the epochs, the first ones, nothing but the last layer learns; the learning rate's schedule
    /// starts again after them [default: 0, with vgg16 and --init 1]
    #[arg(long, value_name = "N")]
    freeze: Option<usize>,

    /// Passes over the training pictures.
    #[arg(long, value_name = "N", default_value_t = 24)]
    epochs: usize,

    /// Pictures in a batch.
    #[arg(long, value_name = "N", default_value_t = 64)]
    batch_size: usize,

    /// So many of the epochs, the first ones, learn from pictures scaled down to 64x64: they take less
    /// than half the time.
    #[arg(long, value_name = "N", default_value_t = 0)]
    small_epochs: usize,

    /// What turns gradients into steps [default: sgd, with vgg16 adam]
    #[arg(long, value_enum)]
    optimizer: Option<Optimizer>,

    /// The learning rate, at its highest [default: 0.08, with vgg16 0.0001]
    #[arg(long, value_name = "RATE")]
    learning_rate: Option<f64>,

    /// How the learning rate goes.
    #[arg(long, value_enum, default_value_t = Schedule::OneCycle)]
    schedule: Schedule,

    /// L2 penalty on the weights [default: 0.0005, with vgg16 0]
    #[arg(long, value_name = "PENALTY")]
    weight_decay: Option<f64>,

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

    /// InitialWeights from these weights, a file of `train` or `import`: those that were learned for another classifier,
    /// say.
    #[arg(long, value_name = "FILE")]
    init: Option<PathBuf>,

    /// Learn from STL-10's unlabelled pictures too: AE needs no labels.
    #[arg(long, requires = "data", help_heading = "Pictures")]
    unlabeled: bool,

    /// Passes over the training pictures.
    #[arg(long, value_name = "N", default_value_t = 60)]
    epochs: usize,

    /// Pictures in a batch.
    #[arg(long, value_name = "N", default_value_t = 128)]
    batch_size: usize,

    /// What turns gradients into steps.
    #[arg(long, value_enum, default_value_t = Optimizer::Adam)]
    optimizer: Optimizer,

    /// The learning rate, at its highest.
    #[arg(long, value_name = "RATE", default_value_t = 1e-3)]
    learning_rate: f64,

    /// How the learning rate goes.
    #[arg(long, value_enum, default_value_t = Schedule::Constant)]
    schedule: Schedule,

    /// L2 penalty on the weights.
    #[arg(long, value_name = "PENALTY", default_value_t = 0.0)]
    weight_decay: f64,

    /// Order of the predictions in the divergence that is minimised.
    #[arg(long, value_enum, default_value_t = Direction::Reverse)]
    loss_direction: Direction,

    /// Temperature of the predictions in the divergence that is minimised.
    #[arg(long, value_name = "T", default_value_t = 1.0)]
    loss_temperature: f32,

    /// Weight of the mean squared difference between picture and reconstruction in the loss.
    #[arg(long, value_name = "WEIGHT", default_value_t = 0.0)]
    mse: f64,

    /// Mirror half of the pictures.
    #[arg(long)]
    flip: bool,

    /// Show AE pictures with noise, of a standard deviation from 0 to this; the prediction on the picture
    /// without it is to survive.
    #[arg(long, value_name = "SIGMA", default_value_t = 0.0)]
    noise: f32,

    /// So many of the epochs, the first ones, learn from windows of 64x64, less than half of each picture.
    #[arg(long, value_name = "N", default_value_t = 0)]
    small_epochs: usize,

    #[command(flatten)]
    score: ScoreArguments,

    /// Share of clean pictures, in per cent, that the detector's threshold lets pass.
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

/// What has nothing to do with what is learned.
#[derive(Args)]
#[command(next_help_heading = "Run")]
struct Run {
    /// File for the best weights (safetensors). Checkpoints go into a folder beside it.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,

    /// Number format of the weights that are kept.
    #[arg(long, value_enum, default_value_t = Precision::F32)]
    precision: Precision,

    /// Seed of the first weights, the shuffling and the augmentation.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,

    /// Stop after so many epochs without a better validation; 0: never.
    #[arg(long, value_name = "N", default_value_t = 0)]
    patience: usize,

    /// Minutes between checkpoints inside an epoch; there is one after each epoch anyway.
    #[arg(long, value_name = "MINUTES", default_value_t = 3.0)]
    checkpoint_every: f64,

    /// Go on from the last checkpoint (with the same options).
    #[arg(long, conflicts_with = "overwrite")]
    resume: bool,

    /// InitialWeights over, replacing weights and checkpoints that are there.
    #[arg(long)]
    overwrite: bool,
}

pub fn run(command: Command, devices: Vec<Device>) -> Result<ExitCode> {
    match command {
        Command::Classifier(arguments) => arguments.run(devices),
        Command::Autoencoder(arguments) => arguments.run(devices),
    }
}

impl Classifier {
    fn run(self, devices: Vec<Device>) -> Result<ExitCode> {
        // What suits a small network with batch norms throws a large one without them off.
        let (optimizer, learning_rate, weight_decay, frozen_epochs) = match self.architecture {
            ClassifierConfig::Compact => (Optimizer::Sgd, 0.08, 5e-4, 0),
            ClassifierConfig::Vgg16 => {
                (Optimizer::Adam, 1e-4, 0.0, usize::from(self.init.is_some()))
            }
        };
        let options = self.run.options(HyperParameters {
            epochs: self.epochs,
            batch_size: self.batch_size,
            optimizer: self.optimizer.unwrap_or(optimizer),
            learning_rate: self.learning_rate.unwrap_or(learning_rate),
            weight_decay: self.weight_decay.unwrap_or(weight_decay),
            schedule: self.schedule,
        })?;
        let start = self.init.as_deref().map(start).transpose()?;
        let data = Arc::new(self.source.training_data(self.beside.drawn, false)?);
        let task = ClassifierTask {
            config: self.architecture,
            data: Arc::clone(&data),
            devices,
            seed: options.seed,
            small_epochs: self.small_epochs,
            start,
            frozen_epochs: self.freeze.unwrap_or(frozen_epochs),
        };
        train(task, &data, &options)
    }
}

fn start(path: &Path) -> Result<InitialWeights> {
    let weights = state_dict(path).with_context(|| path.display().to_string())?;
    let crc32 = crc32fast::hash(&weights);
    Ok(InitialWeights { path: path.to_owned(), weights, crc32 })
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
        })?;
        let config = self.shape.config()?;
        if self.small_epochs > 0 && matches!(config, AutoencoderConfig::Tutorial { .. }) {
            bail!("--small-epochs is for the other autoencoders: the tutorial's takes 96x96 only");
        }
        if !(0.0..=1e6).contains(&self.mse) || !(0.0..=1.0).contains(&self.noise) {
            bail!("--mse must be a weight, 0 or more, and --noise be between 0 and 1");
        }
        let (classifier, classifier_crc32) = self.classifier.load(&devices[0])?;
        let loss =
            Divergence { direction: self.loss_direction, temperature: self.loss_temperature };
        let score = self.score.score();
        let (percentile, seed) = (self.percentile, options.seed);
        let chosen = AutoencoderOptions {
            config,
            loss,
            mse: self.mse,
            flip: self.flip,
            noise: self.noise,
            small_epochs: self.small_epochs,
            score,
            percentile,
            seed,
            classifier_crc32,
        };
        let start = self.init.as_deref().map(start).transpose()?;
        let classifier_data = self.classifier.trained_on()?;
        let data = Arc::new(self.source.training_data_for(
            classifier_data.as_slice(),
            self.beside.drawn,
            self.unlabeled,
        )?);
        let task = AutoencoderTask::new(chosen, start, Arc::clone(&data), classifier, devices)?;
        train(task, &data, &options)
    }
}

impl Run {
    fn options(&self, hyper_parameters: HyperParameters) -> Result<Options> {
        if hyper_parameters.epochs == 0 || hyper_parameters.batch_size == 0 {
            bail!("--epochs and --batch-size must be at least 1");
        }
        if !(0.0..=1.0).contains(&hyper_parameters.weight_decay) {
            bail!(
                "--weight-decay is {}, but must be between 0 and 1",
                hyper_parameters.weight_decay
            );
        }
        let checkpoint_every = Duration::try_from_secs_f64(self.checkpoint_every * 60.0)
            .context("--checkpoint-every must be a number of minutes, 0 or more")?;
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
        options.check_output()?;
        Ok(options)
    }
}

fn train<T: Task>(task: T, data: &TrainingData, options: &Options) -> Result<ExitCode> {
    let stop = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        if asked.swap(true, Ordering::Relaxed) {
            std::process::exit(130); // asked twice: now
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
            info!("stopped; go on with the same options and --resume");
            ExitCode::from(130)
        }
    })
}
