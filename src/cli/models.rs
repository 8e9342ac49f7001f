//! Which weights a command works with.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use burn::tensor::Device;
use clap::{Args, ValueEnum};

use crate::defence::{Cards, Defence};
use crate::detector::{Detector, Score, ScoreConfig};
use crate::model::loss::{Direction, Divergence};
use crate::model::{AutoencoderConfig, Classifier, weights};

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
    pub fn score(&self) -> ScoreConfig {
        ScoreConfig::Divergence(Divergence {
            direction: self.score_direction,
            temperature: self.score_temperature,
        })
    }
}

impl ClassifierArgument {
    /// The classifier, and the CRC-32 of its file.
    pub fn load(&self, device: &Device) -> Result<(Classifier, u32)> {
        let (path, bytes) = read(self.classifier.as_deref(), "classifier")?;
        let (classifier, _) =
            weights::load_classifier(&bytes, device).with_context(|| path.display().to_string())?;
        Ok((classifier, crc32fast::hash(&bytes)))
    }
}

/// The defence and the files that it was loaded from.
pub struct Loaded {
    pub defence: Defence,
    pub cards: Cards,
    /// The bytes of AE's file.
    pub autoencoder: Vec<u8>,
}

impl ModelArguments {
    /// Loads the networks onto `device`.
    pub fn load(&self, device: &Device) -> Result<Loaded> {
        let (path, bytes) = read(self.classifier.classifier.as_deref(), "classifier")?;
        let (classifier, classifier_card) =
            weights::load_classifier(&bytes, device).with_context(|| path.display().to_string())?;
        let (path, autoencoder_bytes) = read(self.autoencoder.as_deref(), "autoencoder")?;
        let open = || -> crate::Result<_> {
            let (autoencoder, card) = weights::load_autoencoder(&autoencoder_bytes, device)?;
            Ok((autoencoder, card.detector()?, card))
        };
        let (autoencoder, detector, autoencoder_card) =
            open().with_context(|| path.display().to_string())?;
        let mut defence = Defence::new(classifier, autoencoder, detector, device);
        let mut corrector_card = None;
        if self.autoencoder.is_none() || self.corrector.is_some() {
            let (path, bytes) = read(self.corrector.as_deref(), "corrector")?;
            let (corrector, card) = weights::load_autoencoder(&bytes, device)
                .with_context(|| path.display().to_string())?;
            defence = defence.with_corrector(corrector);
            corrector_card = Some(card);
        }
        let cards = Cards {
            classifier: classifier_card,
            autoencoder: autoencoder_card,
            corrector: corrector_card,
        };
        Ok(Loaded { defence, cards, autoencoder: autoencoder_bytes })
    }
}

impl DetectorArguments {
    pub fn percentile(&self) -> f32 {
        self.percentile
    }

    /// Sets the detector: the file's, changed as the options say. `infer` returns scores of clean
    /// pictures, if the threshold is to be inferred.
    pub fn apply(
        &self,
        defence: Defence,
        infer: Option<impl FnOnce(&Defence) -> Result<Vec<f32>>>,
    ) -> Result<Defence> {
        let of_file = defence.detector();
        let ScoreConfig::Divergence(divergence) = of_file.score;
        let score = ScoreConfig::Divergence(Divergence {
            direction: self.direction.unwrap_or(divergence.direction),
            temperature: self.temperature.unwrap_or(divergence.temperature),
        });
        score.check()?;
        let detector = match (self.threshold, infer) {
            (Some(_), Some(_)) => bail!("give a threshold or have it inferred, not both"),
            (Some(threshold), None) => Detector { score, threshold }.check()?,
            (None, Some(infer)) => {
                let defence = defence.with_detector(Detector { score, ..of_file });
                let detector =
                    Detector::infer_threshold(score, &infer(&defence)?, self.percentile)?;
                return Ok(defence.with_detector(detector));
            }
            (None, None) if score == of_file.score => of_file,
            (None, None) => bail!(
                "AE's threshold was inferred for another score ({:?}): have it inferred anew or give one \
                 with --threshold",
                of_file.score
            ),
        };
        Ok(defence.with_detector(detector))
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
