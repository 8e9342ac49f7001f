//! Weights in safetensors files: PyTorch's names and layouts, and a card that says what they are.
//!
//! `torch.nn.Module.load_state_dict(safetensors.torch.load_file(...))` takes such a file as it is; the
//! card is one JSON text under the key [`CARD_KEY`] of the file's metadata.

use std::collections::BTreeMap;

use burn::module::Module;
use burn::tensor::{DType, Device};
use burn_store::{
    BurnToPyTorchAdapter, ChainAdapter, FloatCastAdapter, ModuleSnapshot, PyTorchToBurnAdapter,
    SafetensorsStore,
};
use safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};

use super::{Autoencoder, AutoencoderConfig, ClassifierConfig, Vgg, quantize};
use crate::class::Class;
use crate::data::Protocol;
use crate::detector::Detector;
use crate::error::{Error, Result};

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

/// Number format in a file. Computation is always in f32.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// 32 bits, exactly what was trained.
    #[default]
    F32,
    /// 16 bits, half the size.
    F16,
    /// 8 bits and a scale for every slice of a tensor, a quarter of the size.
    I8,
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
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(no_safetensors)?;
        let text = metadata.metadata().as_ref().and_then(|m| m.get(CARD_KEY)).ok_or_else(|| {
            Error::Weights(format!(
                "the file says nothing about its network (no \"{CARD_KEY}\" in its metadata); use a \
                 file that `second-look train` wrote"
            ))
        })?;
        serde_json::from_str(text)
            .map_err(|e| Error::Weights(format!("the description of the network is damaged ({e})")))
    }

    /// The detector of an autoencoder.
    ///
    /// # Errors
    /// When the file has none.
    pub fn needs_detector(&self) -> Result<Detector> {
        self.detector.ok_or_else(|| {
            Error::Weights(
                "the autoencoder's file has no threshold; train it with this program".to_owned(),
            )
        })
    }
}

/// Loads a classifier for evaluation: on `device`, nothing to train, nothing random.
///
/// # Errors
/// When the file is damaged, belongs to another network, or holds numbers that are not finite.
pub fn load_classifier(bytes: &[u8], device: &Device) -> Result<(Vgg, Card)> {
    let card = Card::read(bytes)?;
    match card.architecture {
        Architecture::Classifier(config) => Ok((load(config.init(device), bytes)?.valid(), card)),
        Architecture::Autoencoder(config) => Err(Error::Weights(format!(
            "a classifier is wanted, but the file holds an autoencoder ({config})"
        ))),
    }
}

/// Loads an autoencoder for evaluation; as [`load_classifier`].
///
/// # Errors
/// As [`load_classifier`].
pub fn load_autoencoder(bytes: &[u8], device: &Device) -> Result<(Autoencoder, Card)> {
    let card = Card::read(bytes)?;
    match card.architecture {
        Architecture::Autoencoder(config) => {
            Ok((load(config.check()?.init(device), bytes)?.valid(), card))
        }
        Architecture::Classifier(config) => Err(Error::Weights(format!(
            "an autoencoder is wanted, but the file holds a classifier ({config})"
        ))),
    }
}

/// Fills `module` with the file's weights, of whichever [`Precision`].
///
/// # Errors
/// When a name is missing or unknown, a shape differs, or a number is not finite; `module` is dropped.
pub fn load<M: Module>(module: M, bytes: &[u8]) -> Result<M> {
    load_but(module, bytes, None)
}

/// Fills a fresh classifier with another one's weights to learn on from: a file of ours, or a state dict of
/// PyTorch's. A last layer for other classes than ours is left as it is; returns whether it was.
///
/// # Errors
/// As [`load`].
pub fn start_classifier(fresh: Vgg, bytes: &[u8]) -> Result<(Vgg, bool)> {
    let file = SafeTensors::deserialize(bytes).map_err(no_safetensors)?;
    let head = fresh.head();
    let classes =
        file.tensor(&format!("{head}weight")).ok().and_then(|t| t.shape().first().copied());
    let other_classes = classes.is_some_and(|classes| classes != Class::COUNT);
    Ok((load_but(fresh, bytes, other_classes.then_some(head.as_str()))?, other_classes))
}

/// [`load`], but tensors whose names begin with `but` stay what they are.
fn load_but<M: Module>(mut module: M, bytes: &[u8], but: Option<&str>) -> Result<M> {
    let left = |name: &str| but.is_some_and(|but| name.starts_with(but));
    let bytes = quantize::to_floats(bytes, left)?;
    check(&module, &bytes, left)?;
    let mut store = SafetensorsStore::from_bytes(Some(bytes))
        .with_from_adapter(ChainAdapter::new(
            FloatCastAdapter::to(DType::F32),
            PyTorchToBurnAdapter,
        ))
        .allow_partial(but.is_some())
        .skip_enum_variants(true);
    let result = module.load_from(&mut store).map_err(|e| Error::Weights(e.to_string()))?;
    if !result.errors.is_empty() || !result.missing.iter().all(|(name, _)| left(name)) {
        return Err(Error::Weights(result.to_string()));
    }
    Ok(module)
}

/// The module's weights and `card` as the bytes of a file.
///
/// # Errors
/// When a weight cannot be read from its device.
pub fn save<M: Module>(module: &M, card: &Card, precision: Precision) -> Result<Vec<u8>> {
    let dtype = match precision {
        Precision::F32 | Precision::I8 => DType::F32,
        Precision::F16 => DType::F16,
    };
    let adapter = ChainAdapter::new(BurnToPyTorchAdapter, FloatCastAdapter::to(dtype));
    let text = serde_json::to_string(card).expect("a card is plain data");
    let mut store = SafetensorsStore::from_bytes(None)
        .with_to_adapter(adapter)
        .skip_enum_variants(true)
        .clear_metadata()
        .metadata("format", "pt")
        .metadata(CARD_KEY, text);
    module.save_into(&mut store).map_err(|e| Error::Weights(e.to_string()))?;
    let bytes = store.get_bytes().map_err(|e| Error::Weights(e.to_string()))?;
    if precision == Precision::I8 { quantize::to_eight_bits(&bytes) } else { Ok(bytes) }
}

/// The same weights and the same card in another number format.
///
/// # Errors
/// As [`load_classifier`].
pub fn convert(bytes: &[u8], precision: Precision) -> Result<Vec<u8>> {
    let device = Device::flex();
    match Card::read(bytes)?.architecture {
        Architecture::Classifier(_) => {
            let (classifier, card) = load_classifier(bytes, &device)?;
            save(&classifier, &card, precision)
        }
        Architecture::Autoencoder(_) => {
            let (autoencoder, card) = load_autoencoder(bytes, &device)?;
            save(&autoencoder, &card, precision)
        }
    }
}

/// An autoencoder's file with another detector, whose threshold lets `percentile` per cent of clean pictures
/// pass.
///
/// # Errors
/// As [`load_autoencoder`].
pub fn with_detector(
    bytes: &[u8],
    detector: Detector,
    percentile: f32,
    precision: Precision,
) -> Result<Vec<u8>> {
    let (autoencoder, mut card) = load_autoencoder(bytes, &Device::flex())?;
    card.detector = Some(detector);
    card.figures.insert(THRESHOLD_PERCENTILE.to_owned(), f64::from(percentile));
    save(&autoencoder, &card, precision)
}

/// PyTorch counts batches beside every batch norm; the count is no weight, and nothing here uses it.
const UNUSED_SUFFIX: &str = "num_batches_tracked";

fn check<M: Module>(module: &M, bytes: &[u8], left: impl Fn(&str) -> bool) -> Result<()> {
    let file = SafeTensors::deserialize(bytes).map_err(no_safetensors)?;
    let expected: BTreeMap<String, Vec<usize>> = module
        .collect(None, Some(Box::new(BurnToPyTorchAdapter)), true)
        .into_iter()
        .map(|tensor| (tensor.name.to_string(), tensor.shape.iter().copied().collect()))
        .filter(|(name, _): &(String, Vec<usize>)| !left(name))
        .collect();
    for (name, shape) in &expected {
        let tensor = file
            .tensor(name)
            .map_err(|_| Error::Weights(format!("the file has no tensor \"{name}\"")))?;
        if tensor.shape() != shape.as_slice() {
            return Err(Error::Weights(format!(
                "tensor \"{name}\" has shape {:?}, expected {shape:?}",
                tensor.shape()
            )));
        }
        check_numbers(name, tensor.dtype(), tensor.data())?;
    }
    for name in file.names() {
        if !expected.contains_key(name) && !name.ends_with(UNUSED_SUFFIX) {
            return Err(Error::Weights(format!("the network has no place for tensor \"{name}\"")));
        }
    }
    Ok(())
}

fn check_numbers(name: &str, dtype: Dtype, data: &[u8]) -> Result<()> {
    // All bits of the exponent set means infinite or not a number.
    let finite = match dtype {
        Dtype::F32 => data.as_chunks().0.iter().all(|b| f32::from_le_bytes(*b).is_finite()),
        Dtype::F16 => data.as_chunks().0.iter().all(|b| u16::from_le_bytes(*b) & 0x7c00 != 0x7c00),
        other => {
            return Err(Error::Weights(format!(
                "tensor \"{name}\" is {other:?}, expected F32, F16 or I8"
            )));
        }
    };
    if finite {
        return Ok(());
    }
    Err(Error::Weights(format!("tensor \"{name}\" holds numbers that are not finite")))
}

pub(super) fn no_safetensors(e: safetensors::SafeTensorError) -> Error {
    Error::Weights(format!("the file is damaged or no safetensors file ({e})"))
}
