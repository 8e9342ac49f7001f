//! The model card: what a weights file says of itself.

use std::collections::BTreeMap;

use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};

use super::{AutoencoderConfig, ClassifierConfig};
use crate::data::Protocol;
use crate::detector::Detector;
use crate::error::{Error, Result, not_safetensors};

/// Where the card stands in the file's metadata.
pub const CARD_KEY: &str = "second-look";

/// Name of the figure that tells how many per cent of clean pictures the detector's threshold lets pass.
pub const THRESHOLD_PERCENTILE: &str = "threshold_percentile";

/// What weights say of themselves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), tsify(hashmap_as_object))]
pub struct Card {
    /// The network they belong to.
    pub architecture: Architecture,
    /// What they were trained on.
    pub training: Option<Training>,
    /// Figures measured with them, by name, e.g. `validation_accuracy`.
    #[serde(default)]
    pub figures: BTreeMap<String, f64>,
    /// An autoencoder's detector, inferred from clean validation pictures.
    pub detector: Option<Detector>,
    /// Who may do what with them.
    pub licence: String,
}

/// A network and its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(tag = "model", rename_all = "lowercase")]
pub enum Architecture {
    /// CL.
    Classifier(ClassifierConfig),
    /// AE.
    Autoencoder(AutoencoderConfig),
}

/// How weights were trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Training {
    /// `stl10`, `drawn`, or `stl10 and drawn`.
    pub data: String,
    /// Which of STL-10's splits was learned from.
    pub protocol: Protocol,
    /// Pictures learned from; the held-out ones are not among them.
    pub pictures: usize,
    /// Passes over them until these weights were kept.
    pub epochs: usize,
    /// Of every random choice.
    pub seed: u64,
    /// The options that this depended on.
    #[cfg_attr(target_arch = "wasm32", tsify(type = "unknown"))]
    pub options: serde_json::Value,
}

impl Card {
    /// A card for weights that nothing is known of yet.
    pub fn new(architecture: Architecture) -> Self {
        Self {
            architecture,
            training: None,
            figures: BTreeMap::new(),
            detector: None,
            licence: "MIT OR Apache-2.0; trained on pictures that have terms of their own"
                .to_owned(),
        }
    }

    /// Reads the card of a weights file.
    ///
    /// # Errors
    /// When the bytes are no safetensors file, or one without a card of ours.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(not_safetensors)?;
        let text = metadata.metadata().as_ref().and_then(|m| m.get(CARD_KEY)).ok_or_else(|| {
            Error::Weights(format!(
                "the file says nothing about its network (no \"{CARD_KEY}\" in its metadata); use a \
                 file that `second-look train` wrote"
            ))
        })?;
        let card: Self = serde_json::from_str(text).map_err(|e| {
            Error::Weights(format!("the description of the network is damaged ({e})"))
        })?;
        card.check()
    }

    /// Checks what the card says: the network's sizes and the detector.
    ///
    /// # Errors
    /// When a size, the temperature or the threshold is out of its range.
    pub fn check(self) -> Result<Self> {
        let wrong = |e: Error| {
            Error::Weights(format!("the description of the network cannot be used: {e}"))
        };
        if let Architecture::Autoencoder(config) = self.architecture {
            config.check().map_err(wrong)?;
        }
        self.detector.map(Detector::check).transpose().map_err(wrong)?;
        Ok(self)
    }

    /// The detector of an autoencoder.
    ///
    /// # Errors
    /// When the file has none.
    pub fn detector(&self) -> Result<Detector> {
        self.detector.ok_or_else(|| {
            Error::Weights(
                "the autoencoder's file has no threshold; train it with this program".to_owned(),
            )
        })
    }
}
