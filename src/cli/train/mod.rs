//! `train classifier`, `train autoencoder`: what both have.

mod autoencoder;
mod classifier;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, anyhow};
use burn::tensor::Device;
use clap::{Args, Subcommand};
use tracing::info;

use self::autoencoder::Autoencoder;
use self::classifier::Classifier;
use super::output::checkpoint_every;
use crate::data::TrainingData;
use crate::error::Error;
use crate::model::pytorch::state_dict;
use crate::model::{Card, Precision};
use crate::train::{HyperParameters, InitialWeights, Options, Outcome, Task, TrainingError, fit};

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
