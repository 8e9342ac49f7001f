//! `export`, `import classifier`, `import autoencoder`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use burn::tensor::Device;
use clap::{Args, Subcommand};
use tracing::info;

use super::models::{AutoencoderShape, ScoreArguments};
use crate::detector::Detector;
use crate::file::write_atomically;
use crate::model::card::Architecture;
use crate::model::pytorch::state_dict;
use crate::model::{Card, ClassifierConfig, Precision, weights};

/// Writes weights anew, in another number format. Names and layouts are PyTorch's in all of them.
#[derive(Args)]
pub struct Export {
    /// Weights that `train` or `import` wrote.
    file: PathBuf,

    #[command(flatten)]
    to: Destination,
}

#[derive(Subcommand)]
pub enum Import {
    /// A classifier's.
    Classifier(Classifier),
    /// An autoencoder's.
    Autoencoder(Autoencoder),
}

#[derive(Args)]
pub struct Classifier {
    /// State dict of PyTorch's, as .pth or safetensors.
    file: PathBuf,

    /// Which network it is of.
    #[arg(long, default_value_t = ClassifierConfig::Compact)]
    architecture: ClassifierConfig,

    #[command(flatten)]
    to: Destination,
}

#[derive(Args)]
pub struct Autoencoder {
    /// State dict of PyTorch's, as .pth or safetensors.
    file: PathBuf,

    #[command(flatten)]
    shape: AutoencoderShape,

    #[command(flatten)]
    score: ScoreArguments,

    /// Call a picture adversarial above this score; `evaluate --infer-threshold` tells a fitting one.
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

    /// Replace the file if it is there.
    #[arg(long)]
    overwrite: bool,
}

impl Destination {
    pub fn write(&self, make: impl FnOnce(Precision) -> Result<Vec<u8>>) -> Result<ExitCode> {
        if self.out.exists() && !self.overwrite {
            bail!("{} exists: replace it with --overwrite", self.out.display());
        }
        let bytes = make(self.precision)?;
        write_atomically(&self.out, &bytes)?;
        info!("wrote {} ({:.2} MB)", self.out.display(), bytes.len() as f64 / 1e6);
        Ok(ExitCode::SUCCESS)
    }
}

pub fn export(arguments: &Export) -> Result<ExitCode> {
    let path = &arguments.file;
    arguments.to.write(|precision| {
        let bytes =
            std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        weights::convert(&bytes, precision).with_context(|| path.display().to_string())
    })
}

pub fn import(what: &Import) -> Result<ExitCode> {
    let (file, to, card) = match what {
        Import::Classifier(of) => {
            (&of.file, &of.to, Card::new(Architecture::Classifier(of.architecture)))
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
    Ok(match card.architecture {
        Architecture::Classifier(config) => {
            weights::save(&weights::load(config.init(&device), &bytes)?, card, precision)?
        }
        Architecture::Autoencoder(config) => {
            weights::save(&weights::load(config.init(&device), &bytes)?, card, precision)?
        }
    })
}
