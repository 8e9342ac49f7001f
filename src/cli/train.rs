//! `train classifier`, `train autoencoder`

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use burn::tensor::Device;
use clap::{Args, Subcommand, ValueEnum};
use tracing::info;

use super::models::ClassifierArgument;
use super::source::{DrawnArgument, SourceArguments};
use crate::detector::{Direction, Divergence};
use crate::model::{AutoencoderConfig, ClassifierConfig, Precision};
use crate::train::autoencoder::{AutoencoderOptions, AutoencoderTask};
use crate::train::classifier::ClassifierTask;
use crate::train::{Lesson, Options, Outcome, Schedule, Task, fit};

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

    /// Passes over the training pictures.
    #[arg(long, value_name = "N", default_value_t = 24)]
    epochs: usize,

    /// Pictures in a batch.
    #[arg(long, value_name = "N", default_value_t = 64)]
    batch_size: usize,

    /// Adam's learning rate.
    #[arg(long, value_name = "RATE", default_value_t = 2e-3)]
    learning_rate: f64,

    /// How the learning rate goes.
    #[arg(long, value_enum, default_value_t = Schedule::Cosine)]
    schedule: Schedule,

    #[command(flatten)]
    source: SourceArguments,

    #[command(flatten)]
    beside: DrawnArgument,

    #[command(flatten)]
    run: Run,
}

#[derive(Args)]
pub struct Autoencoder {
    /// Which network.
    #[arg(long, value_enum, default_value_t = Kind::Tutorial)]
    architecture: Kind,

    /// Numbers in the bottleneck (tutorial: 100), or channels of it (compact: 8).
    #[arg(long, value_name = "N")]
    latent: Option<usize>,

    /// Learn from STL-10's unlabelled pictures too: AE needs no labels.
    #[arg(long, requires = "data", help_heading = "Pictures")]
    unlabeled: bool,

    /// Passes over the training pictures.
    #[arg(long, value_name = "N", default_value_t = 60)]
    epochs: usize,

    /// Pictures in a batch.
    #[arg(long, value_name = "N", default_value_t = 128)]
    batch_size: usize,

    /// Adam's learning rate.
    #[arg(long, value_name = "RATE", default_value_t = 1e-3)]
    learning_rate: f64,

    /// How the learning rate goes.
    #[arg(long, value_enum, default_value_t = Schedule::Constant)]
    schedule: Schedule,

    /// Order of the predictions in the divergence that is minimised.
    #[arg(long, value_enum, default_value_t = Direction::Reverse)]
    loss_direction: Direction,

    /// Temperature of the predictions in the divergence that is minimised.
    #[arg(long, value_name = "T", default_value_t = 1.0)]
    loss_temperature: f32,

    /// Order of the predictions in the detector's score.
    #[arg(long, value_enum, default_value_t = Direction::Forward)]
    score_direction: Direction,

    /// Temperature of the predictions in the detector's score.
    #[arg(long, value_name = "T", default_value_t = 1.0)]
    score_temperature: f32,

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

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// The tutorial's: a dense bottleneck, 6.6 M weights
    Tutorial,
    /// Batch normalisation, a 24x24 bottleneck, 0.08 M weights
    Compact,
}

/// What has nothing to do with what is learned.
#[derive(Args)]
#[command(next_help_heading = "Run")]
struct Run {
    /// File for the best weights (safetensors). Checkpoints go into a folder beside it.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,

    /// Keep the weights in 16 bits: half the size.
    #[arg(long)]
    half: bool,

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

    /// Start over, replacing weights and checkpoints that are there.
    #[arg(long)]
    overwrite: bool,
}

pub fn run(command: Command, device: &Device) -> Result<ExitCode> {
    match command {
        Command::Classifier(arguments) => arguments.run(device),
        Command::Autoencoder(arguments) => arguments.run(device),
    }
}

impl Classifier {
    fn run(self, device: &Device) -> Result<ExitCode> {
        let (epochs, batch_size) = (self.epochs, self.batch_size);
        let options = self.run.options(epochs, batch_size, self.learning_rate, self.schedule)?;
        self.source.with_lesson(self.beside.drawn, false, |lesson| {
            let task = ClassifierTask {
                config: self.architecture,
                lesson,
                device: device.clone(),
                seed: options.seed,
            };
            train(&task, lesson, &options)
        })
    }
}

impl Autoencoder {
    fn run(self, device: &Device) -> Result<ExitCode> {
        let (epochs, batch_size) = (self.epochs, self.batch_size);
        let options = self.run.options(epochs, batch_size, self.learning_rate, self.schedule)?;
        let config = match (self.architecture, self.latent) {
            (_, Some(0)) => bail!("--latent is 0, but must be at least 1"),
            (Kind::Tutorial, latent) => AutoencoderConfig::Tutorial {
                latent: latent.unwrap_or(AutoencoderConfig::TUTORIAL_LATENT),
            },
            (Kind::Compact, channels) => {
                AutoencoderConfig::Compact { channels: channels.unwrap_or(8) }
            }
        };
        let (classifier, classifier_crc32) = self.classifier.load(device)?;
        let loss =
            Divergence { direction: self.loss_direction, temperature: self.loss_temperature };
        let score =
            Divergence { direction: self.score_direction, temperature: self.score_temperature };
        let (percentile, seed) = (self.percentile, options.seed);
        let chosen = AutoencoderOptions { config, loss, score, percentile, seed, classifier_crc32 };
        self.source.with_lesson(self.beside.drawn, self.unlabeled, |lesson| {
            let task = AutoencoderTask::new(chosen, lesson, &classifier, device)?;
            train(&task, lesson, &options)
        })
    }
}

impl Run {
    fn options(
        &self,
        epochs: usize,
        batch_size: usize,
        learning_rate: f64,
        schedule: Schedule,
    ) -> Result<Options> {
        if epochs == 0 || batch_size == 0 {
            bail!("--epochs and --batch-size must be at least 1");
        }
        let checkpoint_every = Duration::try_from_secs_f64(self.checkpoint_every * 60.0)
            .context("--checkpoint-every must be a number of minutes, 0 or more")?;
        let options = Options {
            epochs,
            batch_size,
            learning_rate,
            schedule,
            seed: self.seed,
            patience: self.patience,
            out: self.out.clone(),
            precision: if self.half { Precision::F16 } else { Precision::F32 },
            checkpoint_every,
            resume: self.resume,
            overwrite: self.overwrite,
        };
        options.check_output()?;
        Ok(options)
    }
}

fn train<T: Task>(task: &T, lesson: &Lesson, options: &Options) -> Result<ExitCode> {
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
        lesson.parts.training.len(),
        lesson.parts.validation.len()
    );
    Ok(match fit(task, lesson, options, &stop)? {
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
