//! The model card: what a weights file says of itself.

use std::collections::BTreeMap;

use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};

use super::{AutoencoderConfig, ClassifierConfig, FamiliarityCard, HiddenLayer};
use crate::data::{Protocol, TrainedOn};
use crate::detector::{Detector, LayerWeights, Score};
use crate::error::{Error, Result, not_safetensors};

/// Where the card stands in the file's metadata.
pub const CARD_KEY: &str = "second-look";

/// Where the metadata of a file without a card may say whose weights it holds, and their terms.
pub const ORIGIN_KEY: &str = "origin";

/// Name of the figure: the share of clean pictures, in per cent, that the threshold was inferred to let pass.
pub const THRESHOLD_PERCENTILE: &str = "threshold_percentile";

/// What a weights file says of its network: architecture, training, figures, detector.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Card {
    /// The network.
    pub architecture: Architecture,
    /// How the weights were trained; `None` if they were imported.
    pub training: Option<Training>,
    /// Figures measured with them, by name, e.g. `validation_accuracy`.
    #[serde(default)]
    pub figures: BTreeMap<String, f64>,
    /// An autoencoder's detector, inferred from clean validation pictures.
    pub detector: Option<Detector>,
    /// Hidden layers of CL that an autoencoder was trained with; their projections are in the file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hidden_layers: Vec<HiddenLayer>,
    /// How a classifier judges whether a picture is like those that it learned from; the weights for that are in the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub familiarity: Option<FamiliarityCard>,
    /// CRC-32 of the file that this one was exported from in another number format, or whose classifier got a familiarity. An
    /// autoencoder's threshold was inferred with the weights as they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub converted_from: Option<u32>,
    /// Whose weights these were trained from, and their terms; `None` if training began with random ones, or if
    /// the card does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// Terms of use of the weights.
    pub licence: String,
}

/// A network and its sizes.
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
    /// Which of STL-10's splits was trained on.
    pub protocol: Protocol,
    /// Number of training pictures, without those held out.
    pub pictures: usize,
    /// Epochs until these weights were kept.
    pub epochs: usize,
    /// Seed of every random choice.
    pub seed: u64,
    /// Version of this crate that trained them; none in files from before it was recorded.
    #[serde(default)]
    pub version: Option<String>,
    /// The options of the training.
    #[cfg_attr(target_arch = "wasm32", tsify(type = "unknown"))]
    pub options: serde_json::Value,
}

impl Card {
    /// A card for weights of which nothing but the architecture is known.
    pub fn new(architecture: Architecture) -> Self {
        Self {
            architecture,
            training: None,
            figures: BTreeMap::new(),
            detector: None,
            hidden_layers: Vec::new(),
            familiarity: None,
            converted_from: None,
            origin: None,
            licence: "MIT OR Apache-2.0; trained on pictures that have terms of their own"
                .to_owned(),
        }
    }

    /// The card of weights that come from others', if `origin` says whose.
    #[must_use]
    pub fn with_origin(self, origin: Option<String>) -> Self {
        if origin.is_none() {
            return self;
        }
        let licence = "MIT OR Apache-2.0 for what was trained here; the weights that it started from (see origin) and \
                       the pictures have terms of their own";
        Self { origin, licence: licence.to_owned(), ..self }
    }

    /// What a file says of its weights' origin: in its card, or under [`ORIGIN_KEY`] in its metadata. `None` if it
    /// says nothing.
    pub fn origin_in(bytes: &[u8]) -> Option<String> {
        let (_, metadata) = SafeTensors::read_metadata(bytes).ok()?;
        let metadata = metadata.metadata().as_ref()?;
        if metadata.contains_key(CARD_KEY) {
            return Self::read(bytes).ok()?.origin;
        }
        metadata.get(ORIGIN_KEY).cloned()
    }

    /// Reads the card of a weights file.
    ///
    /// # Errors
    /// When the bytes are no safetensors file, the file has no card, or the card is out of range.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(not_safetensors)?;
        let text = metadata.metadata().as_ref().and_then(|m| m.get(CARD_KEY)).ok_or_else(|| {
            Error::Weights(format!(
                "the file says nothing about its network (no \"{CARD_KEY}\" in its metadata); use one that \
                 this program trained or imported"
            ))
        })?;
        let card: Self = serde_json::from_str(text).map_err(|e| {
            Error::Weights(format!("the description of the network is damaged ({e})"))
        })?;
        card.check()
    }

    /// Checks what the card says: the network's sizes, the detector, that the file has what the detector needs, and the
    /// familiarity.
    ///
    /// # Errors
    /// When a size, the temperature or the threshold is out of its range, or hidden layers are missing.
    pub fn check(self) -> Result<Self> {
        let wrong = |e: Error| {
            Error::Weights(format!("the description of the network cannot be used: {e}"))
        };
        if let Architecture::Autoencoder(config) = self.architecture {
            config.check().map_err(wrong)?;
        }
        self.detector.map(Detector::check).transpose().map_err(wrong)?;
        let count = self.hidden_layers.len();
        if count > LayerWeights::MAX {
            return Err(Error::Weights(format!("{count} hidden layers are too many")));
        }
        for hidden in &self.hidden_layers {
            hidden.check().map_err(wrong)?;
        }
        if let Some(familiarity) = &self.familiarity {
            familiarity.check().map_err(wrong)?;
        }
        let compared = self.detector.map_or(0, |detector| detector.score.hidden_layers());
        if ![0, count].contains(&compared) {
            return Err(Error::Weights(format!(
                "the detector compares {compared} hidden layers, but the file has projections of {count}"
            )));
        }
        Ok(self)
    }

    /// The detector of an autoencoder.
    ///
    /// # Errors
    /// When the file has none.
    pub fn detector(&self) -> Result<Detector> {
        self.detector.ok_or_else(|| {
            Error::Weights(
                "the autoencoder's file has no threshold; train or import it with this program"
                    .to_owned(),
            )
        })
    }

    /// What the weights were trained on; `None` if the card does not say. `model` names them in messages.
    pub fn trained_on(&self, model: &'static str) -> Option<TrainedOn> {
        let Training { data, protocol, options, .. } = self.training.as_ref()?;
        Some(TrainedOn {
            model,
            stl10: data.split_whitespace().any(|part| part == "stl10"),
            protocol: *protocol,
            held_out: options["held_out"].as_f64(),
            split_seed: options["split_seed"].as_u64(),
        })
    }

    /// CRC-32 of the file of the classifier that an autoencoder was trained for; `None` if the card does not say.
    pub fn classifier_crc32(&self) -> Option<u32> {
        let crc32 = &self.training.as_ref()?.options["task"]["classifier_crc32"];
        crc32.as_u64().and_then(|crc32| u32::try_from(crc32).ok())
    }

    /// Why this autoencoder, named `model`, must not be used with a classifier of this card, whose file has this
    /// CRC-32; `None` if it was trained for the classifier, for the file that the classifier was exported
    /// from, or if the card does not say.
    pub fn pairing_conflict(
        &self,
        model: &str,
        classifier: &Card,
        classifier_crc32: u32,
    ) -> Option<String> {
        let trained_for = self.classifier_crc32()?;
        if [Some(classifier_crc32), classifier.converted_from].contains(&Some(trained_for)) {
            return None;
        }
        Some(format!(
            "{model} was trained for another classifier (its file has the CRC-32 {trained_for}, this one has \
             {classifier_crc32})"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(data: &str, options: serde_json::Value) -> Card {
        let training = Training {
            data: data.to_owned(),
            protocol: Protocol::Standard,
            pictures: 1,
            epochs: 1,
            seed: 0,
            version: None,
            options,
        };
        let architecture = Architecture::Classifier(ClassifierConfig::Compact);
        Card { training: Some(training), ..Card::new(architecture) }
    }

    #[test]
    fn a_card_tells_what_was_trained_on() {
        let options = serde_json::json!({"held_out": 0.2, "split_seed": 7});
        for (data, stl10) in [("stl10", true), ("drawn", false), ("stl10 and drawn", true)] {
            let of = card(data, options.clone()).trained_on("the classifier").unwrap();
            assert_eq!((of.stl10, of.protocol), (stl10, Protocol::Standard));
            assert_eq!((of.held_out, of.split_seed), (Some(0.2), Some(7)));
        }
        let silent = card("stl10", serde_json::json!(null)).trained_on("the classifier").unwrap();
        assert_eq!((silent.held_out, silent.split_seed), (None, None));
        let unknown = Card { training: None, ..card("stl10", options) };
        assert_eq!(unknown.trained_on("the classifier"), None);
    }

    #[test]
    fn an_autoencoder_belongs_to_the_classifier_that_it_was_trained_for() {
        let options = serde_json::json!({"task": {"classifier_crc32": 4_021_142_897_u32}});
        let autoencoder = card("stl10", options);
        let classifier = card("stl10", serde_json::json!({}));
        let conflict = |classifier: &Card, crc32| {
            autoencoder.pairing_conflict("the autoencoder", classifier, crc32)
        };
        assert_eq!(conflict(&classifier, 4_021_142_897), None);
        let text = conflict(&classifier, 5).unwrap();
        assert!(text.contains("4021142897") && text.contains("has 5"), "{text}");
        let converted = Card { converted_from: Some(4_021_142_897), ..classifier.clone() };
        assert_eq!(conflict(&converted, 5), None);
        let other = Card { converted_from: Some(1), ..classifier.clone() };
        assert!(conflict(&other, 5).is_some());
        assert_eq!(classifier.pairing_conflict("the autoencoder", &autoencoder, 5), None);
    }
}
