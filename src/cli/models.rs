//! Which weights a command works with.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use burn::tensor::Device;
use clap::{Args, ValueEnum};

use crate::detector::{Detector, Direction, Divergence};
use crate::lab::Lab;
use crate::model::{AutoencoderConfig, Vgg, weights};

#[derive(Args, Debug)]
#[command(next_help_heading = "Models")]
pub struct ClassifierArgument {
    /// CL's weights [default: the bundled ones]
    #[arg(long, value_name = "FILE")]
    classifier: Option<PathBuf>,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Models")]
pub struct ModelArguments {
    #[command(flatten)]
    classifier: ClassifierArgument,

    /// AE's weights [default: the bundled ones]
    #[arg(long, value_name = "FILE")]
    autoencoder: Option<PathBuf>,

    /// Weights of another autoencoder, which answers for pictures that are found adversarial
    /// [default: the bundled ones; with --autoencoder, AE itself answers]
    #[arg(long, value_name = "FILE")]
    corrector: Option<PathBuf>,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Detector")]
pub struct DetectorArguments {
    /// Call a picture adversarial above this divergence [default: the one in AE's file]
    #[arg(long, value_name = "NATS")]
    threshold: Option<f32>,

    /// Order of the predictions in the divergence [default: the one in AE's file]
    #[arg(long, value_enum)]
    direction: Option<Direction>,

    /// Soften (above 1) or sharpen (below 1) both predictions first [default: the one in AE's file]
    #[arg(long, value_name = "T")]
    temperature: Option<f32>,

    /// Share of clean pictures, in per cent, that an inferred threshold lets pass.
    #[arg(long, value_name = "PER CENT", default_value_t = 95.0)]
    percentile: f32,
}

/// Which autoencoder.
#[derive(Args, Debug)]
pub struct AutoencoderShape {
    /// Which network.
    #[arg(long, value_enum, default_value_t = Kind::Tutorial)]
    architecture: Kind,

    /// Numbers in the bottleneck (tutorial: 100), or channels of it (compact and residual: 8).
    #[arg(long, value_name = "N")]
    latent: Option<usize>,

    /// Places of the residual one's bottleneck, a side: 24 or 12.
    #[arg(long, value_name = "N", default_value_t = 24)]
    side: usize,

    /// Channels of what the residual one adds to its linear coding.
    #[arg(long, value_name = "N", default_value_t = 64)]
    width: usize,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// The tutorial's: a dense bottleneck, 6.6 M weights
    Tutorial,
    /// Batch normalisation, a 24x24 bottleneck, 0.08 M weights
    Compact,
    /// The same and deeper, added to a linear coding of patches, 0.15 M weights
    Residual,
}

impl AutoencoderShape {
    pub fn config(&self) -> Result<AutoencoderConfig> {
        let config = match self.architecture {
            Kind::Tutorial => AutoencoderConfig::Tutorial {
                latent: self.latent.unwrap_or(AutoencoderConfig::TUTORIAL_LATENT),
            },
            Kind::Compact => AutoencoderConfig::Compact { channels: self.latent.unwrap_or(8) },
            Kind::Residual => AutoencoderConfig::Residual {
                side: self.side,
                channels: self.latent.unwrap_or(8),
                width: self.width,
            },
        };
        Ok(config.check()?)
    }
}

/// What the detector compares.
#[derive(Args, Debug)]
pub struct ScoreArguments {
    /// Order of the predictions in the detector's score.
    #[arg(long, value_enum, default_value_t = Direction::Forward)]
    score_direction: Direction,

    /// Temperature of the predictions in the detector's score.
    #[arg(long, value_name = "T", default_value_t = 1.0)]
    score_temperature: f32,
}

impl ScoreArguments {
    pub fn divergence(&self) -> Divergence {
        Divergence { direction: self.score_direction, temperature: self.score_temperature }
    }
}

impl ClassifierArgument {
    /// The classifier, and the CRC-32 of its file.
    pub fn load(&self, device: &Device) -> Result<(Vgg, u32)> {
        let (path, bytes) = read(self.classifier.as_deref(), "classifier")?;
        let (classifier, _) =
            weights::load_classifier(&bytes, device).with_context(|| path.display().to_string())?;
        Ok((classifier, crc32fast::hash(&bytes)))
    }
}

impl ModelArguments {
    pub fn load(&self, device: &Device) -> Result<Lab> {
        Ok(self.load_with_file(device)?.0)
    }

    /// The networks, and the bytes of AE's file.
    pub fn load_with_file(&self, device: &Device) -> Result<(Lab, Vec<u8>)> {
        let (classifier, _) = self.classifier.load(device)?;
        let (path, bytes) = read(self.autoencoder.as_deref(), "autoencoder")?;
        let open = || -> crate::Result<Lab> {
            let (autoencoder, card) = weights::load_autoencoder(&bytes, device)?;
            Ok(Lab::new(classifier, autoencoder, card.needs_detector()?, device))
        };
        let mut lab = open().with_context(|| path.display().to_string())?;
        if self.autoencoder.is_none() || self.corrector.is_some() {
            let (path, bytes) = read(self.corrector.as_deref(), "corrector")?;
            lab.load_corrector(&bytes).with_context(|| path.display().to_string())?;
        }
        Ok((lab, bytes))
    }
}

impl DetectorArguments {
    pub fn percentile(&self) -> f32 {
        self.percentile
    }

    /// The detector to use: the file's, changed as told. `infer` gives scores of clean pictures, if the
    /// threshold is to be inferred.
    pub fn apply(
        &self,
        lab: &mut Lab,
        infer: Option<impl FnOnce(&Lab) -> Result<Vec<f32>>>,
    ) -> Result<()> {
        let of_file = lab.detector;
        let divergence = Divergence {
            direction: self.direction.unwrap_or(of_file.divergence.direction),
            temperature: self.temperature.unwrap_or(of_file.divergence.temperature),
        }
        .check()?;
        lab.detector.divergence = divergence;
        lab.detector = match (self.threshold, infer) {
            (Some(_), Some(_)) => bail!("give a threshold or have it inferred, not both"),
            (Some(threshold), None) if threshold.is_nan() => bail!("--threshold must be a number"),
            (Some(threshold), None) => Detector { divergence, threshold },
            (None, Some(infer)) => {
                Detector::infer_threshold(divergence, &infer(lab)?, self.percentile)?
            }
            (None, None) if divergence == of_file.divergence => of_file,
            (None, None) => bail!(
                "AE's threshold was inferred for another divergence ({:?}, temperature {}): have it \
                 inferred anew or give one with --threshold",
                of_file.divergence.direction,
                of_file.divergence.temperature
            ),
        };
        Ok(())
    }
}

fn read(given: Option<&Path>, kind: &str) -> Result<(PathBuf, Vec<u8>)> {
    let path = match given {
        Some(path) => path.to_owned(),
        None => bundled(kind)?,
    };
    let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok((path, bytes))
}

/// Weights that come with the project: below the current folder, or below the one it was built in.
fn bundled(kind: &str) -> Result<PathBuf> {
    let name = Path::new("www/models").join(format!("{kind}.safetensors"));
    [name.clone(), Path::new(env!("CARGO_MANIFEST_DIR")).join(&name)]
        .into_iter()
        .find(|path| path.is_file())
        .with_context(|| {
            format!(
                "no bundled {kind} ({}): train one and give it with --{kind} FILE",
                name.display()
            )
        })
}
