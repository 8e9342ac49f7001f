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

use super::card::{Architecture, CARD_KEY, Card, THRESHOLD_PERCENTILE};
use super::{Autoencoder, Classifier, quantize};
use crate::class::Class;
use crate::detector::Detector;
use crate::error::{Error, Result, not_safetensors};

/// Number format in a file. Computation is always in f32.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(not(target_arch = "wasm32"), derive(clap::ValueEnum))]
pub enum Precision {
    /// As they were trained: 32 bits
    #[default]
    F32,
    /// Half the size: 16 bits
    F16,
    /// A quarter of the size: 8 bits, and a scale for every slice of a tensor
    I8,
}

/// Loads a classifier for evaluation: on `device`, nothing to train, nothing random.
///
/// # Errors
/// When the file is damaged, belongs to another network, or holds numbers that are not finite.
pub fn load_classifier(bytes: &[u8], device: &Device) -> Result<(Classifier, Card)> {
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
        Architecture::Autoencoder(config) => Ok((load(config.init(device), bytes)?.valid(), card)),
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
    load_except(module, bytes, None)
}

/// Fills a fresh classifier with another one's weights to learn on from: a file of ours, or a state dict of
/// PyTorch's. A last layer for other classes than ours is left as it is; returns whether it was.
///
/// # Errors
/// As [`load`].
pub fn start_classifier(fresh: Classifier, bytes: &[u8]) -> Result<(Classifier, bool)> {
    let file = SafeTensors::deserialize(bytes).map_err(not_safetensors)?;
    let head = fresh.head();
    let classes =
        file.tensor(&format!("{head}weight")).ok().and_then(|t| t.shape().first().copied());
    let other_classes = classes.is_some_and(|classes| classes != Class::COUNT);
    Ok((load_except(fresh, bytes, other_classes.then_some(head.as_str()))?, other_classes))
}

/// [`load`], except for tensors whose names begin with `skip_prefix`, which keep their values.
fn load_except<M: Module>(mut module: M, bytes: &[u8], skip_prefix: Option<&str>) -> Result<M> {
    let is_skipped = |name: &str| skip_prefix.is_some_and(|prefix| name.starts_with(prefix));
    let bytes = quantize::to_floats(bytes, is_skipped)?;
    check(&module, &bytes, is_skipped)?;
    let mut store = SafetensorsStore::from_bytes(Some(bytes))
        .with_from_adapter(ChainAdapter::new(
            FloatCastAdapter::to(DType::F32),
            PyTorchToBurnAdapter,
        ))
        .allow_partial(skip_prefix.is_some())
        .skip_enum_variants(true);
    let result = module.load_from(&mut store).map_err(|e| Error::Weights(e.to_string()))?;
    if !result.errors.is_empty() || !result.missing.iter().all(|(name, _)| is_skipped(name)) {
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

fn check<M: Module>(module: &M, bytes: &[u8], is_skipped: impl Fn(&str) -> bool) -> Result<()> {
    let file = SafeTensors::deserialize(bytes).map_err(not_safetensors)?;
    let expected: BTreeMap<String, Vec<usize>> = module
        .collect(None, Some(Box::new(BurnToPyTorchAdapter)), true)
        .into_iter()
        .map(|tensor| (tensor.name.to_string(), tensor.shape.iter().copied().collect()))
        .filter(|(name, _): &(String, Vec<usize>)| !is_skipped(name))
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
