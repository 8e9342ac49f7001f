//! Which weights a command works with.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use burn::tensor::Device;
use clap::{Args, ValueEnum};
use sha2::{Digest, Sha256};

use super::output::{LARGEST_WEIGHTS, read_file};
use crate::data::TrainedOn;
use crate::defence::{Cards, Defence};
use crate::detector::{
    Detector, HiddenDivergence, LayerWeights, Randomisation, Score, ScoreConfig,
};
use crate::evaluation::{ModelFile, Models};
use crate::model::loss::{Direction, Divergence};
use crate::model::{AutoencoderConfig, Card, Classifier, Precision, weights};

#[derive(Args, Debug)]
#[command(next_help_heading = "Models")]
pub struct ClassifierArgument {
    /// Weights of the classifier, CL [default: the bundled ones]
    #[arg(long, value_name = "FILE")]
    classifier: Option<PathBuf>,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Models")]
pub struct ModelArguments {
    #[command(flatten)]
    classifier: ClassifierArgument,

    /// Weights of the autoencoder, AE [default: the bundled ones]
    #[arg(long, value_name = "FILE")]
    autoencoder: Option<PathBuf>,

    /// Weights of the corrector, a second autoencoder that gives the answer for adversarial pictures
    /// [default: the bundled ones; with --autoencoder, AE itself gives it]
    #[arg(long, value_name = "FILE")]
    corrector: Option<PathBuf>,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Detector")]
pub struct DetectorArguments {
    /// Call a picture adversarial above this score, 0 or more [default: the one in AE's file]
    #[arg(long, value_name = "NATS")]
    threshold: Option<f32>,

    /// Order of the predictions in the score, a KL divergence [default: the one in AE's file]
    #[arg(long, value_enum)]
    direction: Option<Direction>,

    /// Temperature of both predictions in the score: above 1 softens, below 1 sharpens [default: the one in AE's
    /// file]
    #[arg(long, value_name = "T")]
    temperature: Option<f32>,

    /// Weights of the hidden layers in the score, separated by commas, 0 or more; only if AE was trained with hidden layers
    /// [default: those in AE's file]
    #[arg(long, value_name = "W", value_delimiter = ',')]
    hidden_weights: Vec<f32>,

    /// Share of clean pictures, in per cent, that an inferred threshold calls clean.
    #[arg(long, value_name = "PER CENT", default_value_t = 95.0)]
    percentile: f32,
}

/// What the defence draws at each prediction.
#[derive(Args, Debug)]
#[command(next_help_heading = "Detector")]
pub struct RandomisationArguments {
    /// Shift what the autoencoders see by up to so many pixels, at random, 0 to 24. Infer the threshold anew with
    /// --infer-threshold.
    #[arg(long, value_name = "PIXELS", default_value_t = 0)]
    random_shift: usize,

    /// Flip what the autoencoders see horizontally, at random.
    #[arg(long)]
    random_flip: bool,

    /// Add normal noise with this standard deviation to what the autoencoders see, 0 to 0.5.
    #[arg(long, value_name = "STD", default_value_t = 0.0)]
    random_noise: f32,

    /// Seed of the defence's random numbers.
    #[arg(long, value_name = "N", default_value_t = 0)]
    random_seed: u64,
}

impl RandomisationArguments {
    /// What was chosen.
    ///
    /// # Errors
    /// When a value is out of its range.
    pub fn resolve(&self) -> Result<Randomisation> {
        let Self { random_shift: shift, random_flip: flip, random_noise: noise, random_seed } =
            *self;
        Ok(Randomisation { shift, flip, noise, seed: random_seed }.check()?)
    }
}

/// Autoencoders beside AE.
#[derive(Args, Debug)]
#[command(next_help_heading = "Models")]
pub struct MoreAutoencoders {
    /// Weights of more autoencoders, separated by commas: the score is then the largest over AE and these. Infer the threshold
    /// anew with --infer-threshold.
    #[arg(long, value_name = "FILE", value_delimiter = ',')]
    more_autoencoders: Vec<PathBuf>,
}

impl MoreAutoencoders {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.more_autoencoders.is_empty()
    }

    /// Adds them to the defence and to its files.
    ///
    /// # Errors
    /// When a file cannot be used.
    pub fn add_to(&self, loaded: &mut Loaded, device: &Device) -> Result<()> {
        let mut more = Vec::new();
        for path in &self.more_autoencoders {
            let file = WeightsFile::read(Some(path), "autoencoder")?;
            let (autoencoder, card) =
                file.context(weights::load_autoencoder(&file.bytes, device))?;
            more.push(autoencoder);
            loaded.files.more_autoencoders.push(file.describe(&card)?);
        }
        loaded.defence = loaded.defence.clone().with_more_autoencoders(&more);
        Ok(())
    }
}

/// A classifier beside the defence's.
#[derive(Args, Debug)]
pub struct SurrogateArgument {
    /// Weights of another classifier, whose gradients an attacker uses who does not know CL. Needs --attacker transfer.
    #[arg(long, value_name = "FILE", help_heading = "Attack")]
    surrogate: Option<PathBuf>,
}

impl SurrogateArgument {
    /// The surrogate and its file; `None` if none was given.
    ///
    /// # Errors
    /// When the file cannot be used.
    pub fn load(&self, device: &Device) -> Result<Option<(Classifier, ModelFile)>> {
        let Some(path) = &self.surrogate else {
            return Ok(None);
        };
        let file = WeightsFile::read(Some(path), "classifier")?;
        let (classifier, card) = file.context(weights::load_classifier(&file.bytes, device))?;
        Ok(Some((classifier, file.describe(&card)?)))
    }
}

/// Which autoencoder.
#[derive(Args, Debug)]
pub struct AutoencoderShape {
    /// Which network.
    #[arg(long, value_enum, default_value_t = Kind::Tutorial)]
    architecture: Kind,

    /// Size of the bottleneck: numbers (tutorial) or channels (compact, residual) [default: 100 or 8]
    #[arg(long, value_name = "N")]
    latent: Option<usize>,

    /// With residual: width and height of the bottleneck, 24 or 12.
    #[arg(long, value_name = "N", default_value_t = 24)]
    side: usize,

    /// With residual: channels of the layers beside the linear coding.
    #[arg(long, value_name = "N", default_value_t = 64)]
    width: usize,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// The tutorial's: a dense bottleneck, 6.6 M weights
    Tutorial,
    /// Convolutions with batch normalisation, a bottleneck of 24x24, 0.08 M weights
    Compact,
    /// Deeper; its output is added to a linear coding of patches, 0.15 M weights
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

/// The detector's score.
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
        let (file, classifier, _) = self.load_with_card(device)?;
        Ok((classifier, file.crc32()))
    }

    /// The bytes of the classifier's file.
    pub fn read(&self) -> Result<Vec<u8>> {
        Ok(WeightsFile::read(self.classifier.as_deref(), "classifier")?.bytes)
    }

    /// What the classifier was trained on, as far as its card says it.
    pub fn trained_on(&self) -> Result<Option<TrainedOn>> {
        let file = WeightsFile::read(self.classifier.as_deref(), "classifier")?;
        Ok(file.context(Card::read(&file.bytes))?.trained_on("the classifier"))
    }

    fn load_with_card(&self, device: &Device) -> Result<(WeightsFile, Classifier, Card)> {
        let file = WeightsFile::read(self.classifier.as_deref(), "classifier")?;
        let (classifier, card) = file.context(weights::load_classifier(&file.bytes, device))?;
        Ok((file, classifier, card))
    }
}

/// The defence and the files that it was loaded from.
pub struct Loaded {
    pub defence: Defence,
    pub cards: Cards,
    pub files: Models,
    /// The bytes of AE's file.
    pub autoencoder: Vec<u8>,
}

impl Loaded {
    /// Why these networks must not be used together.
    pub fn conflicts(&self) -> Vec<String> {
        self.cards.pairing_conflicts(self.files.classifier.crc32)
    }
}

impl ModelArguments {
    /// Loads the networks onto `device`.
    pub fn load(&self, device: &Device) -> Result<Loaded> {
        self.load_as(None, device)
    }

    /// [`ModelArguments::load`], with AE's weights rounded to this number format first.
    pub fn load_as(&self, precision: Option<Precision>, device: &Device) -> Result<Loaded> {
        let (classifier_file, classifier, classifier_card) =
            self.classifier.load_with_card(device)?;
        let mut autoencoder_file = WeightsFile::read(self.autoencoder.as_deref(), "autoencoder")?;
        if let Some(precision) = precision {
            autoencoder_file.bytes =
                autoencoder_file.context(weights::convert(&autoencoder_file.bytes, precision))?;
        }
        let open =
            |file: &WeightsFile| file.context(weights::load_autoencoder(&file.bytes, device));
        let (autoencoder, autoencoder_card) = open(&autoencoder_file)?;
        let detector = autoencoder_file.context(autoencoder_card.detector())?;
        let defence = Defence::checked(classifier, autoencoder, detector, device);
        let mut defence = autoencoder_file.context(defence)?;
        let (mut corrector_file, mut corrector_card) = (None, None);
        if self.autoencoder.is_none() || self.corrector.is_some() {
            let file = WeightsFile::read(self.corrector.as_deref(), "corrector")?;
            let (corrector, card) = open(&file)?;
            defence = defence.with_corrector(corrector);
            corrector_file = Some(file.describe(&card)?);
            corrector_card = Some(card);
        }
        let files = Models {
            classifier: classifier_file.describe(&classifier_card)?,
            autoencoder: autoencoder_file.describe(&autoencoder_card)?,
            more_autoencoders: Vec::new(),
            corrector: corrector_file,
        };
        let cards = Cards {
            classifier: classifier_card,
            autoencoder: autoencoder_card,
            corrector: corrector_card,
        };
        Ok(Loaded { defence, cards, files, autoencoder: autoencoder_file.bytes })
    }
}

/// The bytes of a weights file, and where they were read.
struct WeightsFile {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl WeightsFile {
    /// Reads the file that was given, or the bundled one of this `kind`.
    fn read(given: Option<&Path>, kind: &str) -> Result<Self> {
        let path = match given {
            Some(path) => path.to_owned(),
            None => bundled(kind)?,
        };
        let bytes = read_file(&path, LARGEST_WEIGHTS)?;
        if given.is_none() {
            check_bundled(&path, kind, &bytes)?;
        }
        Ok(Self { path, bytes })
    }

    fn crc32(&self) -> u32 {
        crc32fast::hash(&self.bytes)
    }

    /// An error with the file's name before it.
    fn context<T>(&self, result: crate::Result<T>) -> Result<T> {
        result.with_context(|| self.path.display().to_string())
    }

    fn describe(&self, card: &Card) -> Result<ModelFile> {
        let name = self.path.file_name().unwrap_or(self.path.as_os_str());
        Ok(ModelFile {
            file: name.to_string_lossy().into_owned(),
            crc32: self.crc32(),
            architecture: card.architecture,
            precision: self.context(weights::precision(&self.bytes))?,
        })
    }
}

impl DetectorArguments {
    pub fn percentile(&self) -> f32 {
        self.percentile
    }

    /// The threshold that was given.
    pub fn threshold(&self) -> Option<f32> {
        self.threshold
    }

    /// The score with the weights of its hidden layers that were given.
    fn weighted(&self, score: ScoreConfig) -> Result<ScoreConfig> {
        if self.hidden_weights.is_empty() {
            return Ok(score);
        }
        let (given, there) = (self.hidden_weights.len(), score.hidden_layers());
        let ScoreConfig::Hidden(hidden) = score else {
            bail!("--hidden-weights is for an autoencoder that was trained with hidden layers");
        };
        if given != there {
            bail!(
                "--hidden-weights has {given} weights, but the score compares {there} hidden layers"
            );
        }
        let weights = LayerWeights::new(&self.hidden_weights)?;
        Ok(ScoreConfig::Hidden(HiddenDivergence { weights, ..hidden }))
    }

    /// Sets the detector: the file's, changed as the options say. `infer` returns scores of clean
    /// pictures, if the threshold is to be inferred.
    pub fn apply(
        &self,
        defence: Defence,
        infer: Option<impl FnOnce(&Defence) -> Result<Vec<f32>>>,
    ) -> Result<Defence> {
        let of_file = defence.detector();
        let divergence = of_file.score.divergence();
        let score = of_file.score.with_divergence(Divergence {
            direction: self.direction.unwrap_or(divergence.direction),
            temperature: self.temperature.unwrap_or(divergence.temperature),
        });
        let score = self.weighted(score)?;
        score.check()?;
        let detector = match (self.threshold, infer) {
            (Some(_), Some(_)) => {
                bail!("give a threshold with --threshold or have it inferred, not both")
            }
            (Some(threshold), None) => Detector { score, threshold }.check()?,
            (None, Some(infer)) => {
                // Whatever the pictures score, the percentile can be refused first.
                Detector::infer_threshold(score, &[0.0], self.percentile)?;
                let defence = defence.with_detector(Detector { score, ..of_file });
                let detector =
                    Detector::infer_threshold(score, &infer(&defence)?, self.percentile)?;
                return Ok(defence.with_detector(detector));
            }
            (None, None) if score == of_file.score => of_file,
            (None, None) => bail!(
                "the threshold in AE's file was inferred for another score: have one inferred for this score, or \
                 give one with --threshold"
            ),
        };
        Ok(defence.with_detector(detector))
    }
}

/// The file of the weights that come with the project: below the current folder, or below the one that this
/// program was built in.
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

/// SHA-256 of each bundled file of weights, by its name; made by scripts/files.sh.
const SUMS: &str = include_str!("../../www/models/sums.json");

/// Checks that bundled weights are those that this program was built with.
fn check_bundled(path: &Path, kind: &str, bytes: &[u8]) -> Result<()> {
    let sums: BTreeMap<String, String> =
        serde_json::from_str(SUMS).context("the list of bundled weights is damaged")?;
    let sum: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    ensure!(
        sums.get(&format!("{kind}.safetensors")) == Some(&sum),
        "{path} is damaged, or not the file that this program was built with: restore it, or build the program anew, \
         or name a file with --{kind} FILE",
        path = path.display()
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bundled_weights_are_refused_when_one_bit_is_another() {
        for kind in ["classifier", "autoencoder", "corrector"] {
            let path = bundled(kind).unwrap();
            let mut file = WeightsFile::read(None, kind).unwrap();
            let middle = file.bytes.len() / 2;
            file.bytes[middle] ^= 1;
            let error = check_bundled(&path, kind, &file.bytes).unwrap_err().to_string();
            assert!(
                error.contains("is damaged") && error.contains(&format!("--{kind}")),
                "{error}"
            );
        }
    }
}
