//! `export`, `import classifier`, `import autoencoder`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use burn::tensor::Device;
use clap::{Args, Subcommand};
use tracing::info;

use super::models::{AutoencoderShape, ScoreArguments};
use super::output::{LARGEST_WEIGHTS, Overwrite, read_file};
use crate::detector::Detector;
use crate::file::write_atomically;
use crate::model::card::Architecture;
use crate::model::pytorch::state_dict;
use crate::model::{Card, ClassifierConfig, Precision, weights};

/// Writes weights in another number format. Names and layouts are PyTorch's in all of them.
///
/// An autoencoder keeps its threshold, which was inferred with the weights as they were: `calibrate --precision`
/// infers it with the rounded ones.
#[derive(Args)]
pub struct Export {
    /// Weights that `train` or `import` wrote.
    file: PathBuf,

    #[command(flatten)]
    to: Destination,
}

#[derive(Subcommand)]
pub enum Import {
    /// Weights of a classifier.
    Classifier(Classifier),
    /// Weights of an autoencoder.
    Autoencoder(Autoencoder),
}

#[derive(Args)]
pub struct Classifier {
    /// State dict of PyTorch, as .pth or safetensors.
    file: PathBuf,

    /// Which network: compact, vgg16 or vgg16-small.
    #[arg(long, default_value_t = ClassifierConfig::Compact)]
    architecture: ClassifierConfig,

    /// Who trained the weights, and their terms, for the model card [default: what the file says]
    #[arg(long, value_name = "TEXT")]
    origin: Option<String>,

    #[command(flatten)]
    to: Destination,
}

#[derive(Args)]
pub struct Autoencoder {
    /// State dict of PyTorch, as .pth or safetensors.
    file: PathBuf,

    #[command(flatten)]
    shape: AutoencoderShape,

    #[command(flatten)]
    score: ScoreArguments,

    /// Call a picture adversarial above this score, 0 or more; `calibrate` infers one afterwards.
    #[arg(long, value_name = "NATS")]
    threshold: f32,

    #[command(flatten)]
    to: Destination,
}

#[derive(Args)]
pub(super) struct Destination {
    /// File to write.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,

    /// Number format of the weights.
    #[arg(long, value_enum, default_value_t = Precision::F32)]
    precision: Precision,

    #[command(flatten)]
    overwrite: Overwrite,
}

impl Destination {
    /// Writes what `make` returns, once it has proved to be a file that can be loaded.
    pub fn write(&self, make: impl FnOnce(Precision) -> Result<Vec<u8>>) -> Result<ExitCode> {
        self.overwrite.check(&self.out)?;
        write_weights(&self.out, &make(self.precision)?)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Writes a weights file, once it has proved to be one that can be loaded.
pub(super) fn write_weights(out: &Path, bytes: &[u8]) -> Result<()> {
    weights::verify(bytes).context("the new weights cannot be loaded; nothing was written")?;
    write_atomically(out, bytes)?;
    info!("wrote {} ({:.2} MB)", out.display(), bytes.len() as f64 / 1e6);
    Ok(())
}

pub fn export(arguments: &Export) -> Result<ExitCode> {
    let path = &arguments.file;
    arguments.to.write(|precision| {
        let bytes = read_file(path, LARGEST_WEIGHTS)?;
        weights::convert(&bytes, precision).with_context(|| path.display().to_string())
    })
}

pub fn import(what: &Import) -> Result<ExitCode> {
    let (file, to, card) = match what {
        Import::Classifier(of) => {
            let card = Card::new(Architecture::Classifier(of.architecture));
            (&of.file, &of.to, card.with_origin(of.origin.clone()))
        }
        Import::Autoencoder(of) => {
            let detector = Detector { score: of.score.score(), threshold: of.threshold };
            let detector = Some(detector.check()?);
            let card = Card::new(Architecture::Autoencoder(of.shape.config()?));
            (&of.file, &of.to, Card { detector, ..card })
        }
    };
    to.write(|precision| read(file, &card, precision).with_context(|| file.display().to_string()))
}

fn read(path: &Path, card: &Card, precision: Precision) -> Result<Vec<u8>> {
    let bytes = state_dict(path)?;
    let device = Device::flex();
    let origin = card.origin.clone().or_else(|| Card::origin_in(&bytes));
    // A file of this program may hold more than the network, which its card tells of.
    let (familiarity, hidden_layers) =
        Card::read(&bytes).map(|own| (own.familiarity, own.hidden_layers)).unwrap_or_default();
    let card = card.clone().with_origin(origin);
    Ok(match card.architecture {
        Architecture::Classifier(config) => {
            let fresh = config.init(&device).with_room_for(familiarity.as_ref(), &device);
            let card = Card { familiarity, ..card };
            weights::save(&weights::load(fresh, &bytes)?, &card, precision)?
        }
        Architecture::Autoencoder(config) => {
            let fresh = config.init(&device).with_room_for(&hidden_layers, &device);
            let card = Card { hidden_layers, ..card };
            weights::save(&weights::load(fresh, &bytes)?, &card, precision)?
        }
    })
}
