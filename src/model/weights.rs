//! Weights in safetensors files: PyTorch's names and layouts, and a card that says what they are.
//!
//! `torch.nn.Module.load_state_dict(safetensors.torch.load_file(...))` takes such a file as it is; the
//! card is one JSON text under the key [`CARD_KEY`] of the file's metadata.

use std::collections::BTreeMap;
use std::fmt;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{DType, Device, Tensor};
use burn_store::burn_pack::{Error as PackError, Tensor as PackTensor};
use burn_store::{
    BurnToPyTorchAdapter, ChainAdapter, FloatCastAdapter, ModuleAdapter, ModuleContext,
    ModuleSnapshot, PyTorchToBurnAdapter, SafetensorsStore,
};
use safetensors::tensor::TensorInfo;
use safetensors::{Dtype, SafeTensors};
use serde::Serialize;

#[cfg(not(target_arch = "wasm32"))]
use super::card::THRESHOLD_PERCENTILE;
use super::card::{Architecture, CARD_KEY, Card};
use super::{Autoencoder, Classifier, Head, quantize};
#[cfg(not(target_arch = "wasm32"))]
use crate::detector::Detector;
use crate::error::{Error, Result, not_safetensors};

/// Number format in a file. Computation is always in f32.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// As trained: 32 bits
    #[default]
    F32,
    /// Half the size: 16 bits
    F16,
    /// A quarter of the size: 8 bits, and a scale for every slice of a tensor
    I8,
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Precision::F32 => "f32",
            Precision::F16 => "f16",
            Precision::I8 => "i8",
        })
    }
}

/// The number format of a file: the smallest of its tensors'.
///
/// # Errors
/// When the bytes are no safetensors file.
#[cfg(not(target_arch = "wasm32"))]
pub fn precision(bytes: &[u8]) -> Result<Precision> {
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(not_safetensors)?;
    let of = |dtype| match dtype {
        Dtype::I8 => Precision::I8,
        Dtype::F16 => Precision::F16,
        _ => Precision::F32,
    };
    let formats = metadata.tensors().into_values().map(|tensor| of(tensor.dtype));
    Ok(formats.max().unwrap_or_default())
}

/// Loads a classifier for evaluation, onto `device`.
///
/// # Errors
/// When the file is damaged, belongs to another network, or holds numbers that are not finite.
pub fn load_classifier(bytes: &[u8], device: &Device) -> Result<(Classifier, Card)> {
    let card = Card::read(bytes)?;
    match card.architecture {
        Architecture::Classifier(config) => {
            let fresh = config.init(device).with_room_for(card.familiarity.as_ref(), device);
            Ok((load(fresh, bytes)?.valid(), card))
        }
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
            let fresh = config.init(device).with_room_for(&card.hidden_layers, device);
            Ok((load(fresh, bytes)?.valid(), card))
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
    load_except(module, bytes, &[])
}

/// Fills a fresh classifier with initial weights from a file of this program or a state dict of PyTorch; its
/// [`missing_head`] is left as it is, and a familiarity that the file may have is left out: it goes with other weights.
///
/// # Errors
/// As [`load`].
pub fn start_classifier(fresh: Classifier, bytes: &[u8]) -> Result<Classifier> {
    let head = missing_head(&fresh, bytes)?.map(|head| fresh.prefix(head));
    let skipped: Vec<&str> =
        head.as_deref().into_iter().chain([Classifier::FAMILIARITY_PREFIX]).collect();
    load_except(fresh, bytes, &skipped)
}

/// Fills a fresh autoencoder with initial weights from a file, without the projections of hidden layers that the file may
/// have.
///
/// # Errors
/// As [`load`].
pub fn start_autoencoder(fresh: Autoencoder, bytes: &[u8]) -> Result<Autoencoder> {
    load_except(fresh, bytes, &[Autoencoder::HIDDEN_PREFIX])
}

/// The layers of `network` that a file of initial weights does not hold: all dense ones if it holds the convolutions
/// alone, or with other dense layers; the last one if it is for other classes.
///
/// # Errors
/// When the bytes are no safetensors file.
pub fn missing_head(network: &Classifier, bytes: &[u8]) -> Result<Option<Head>> {
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(not_safetensors)?;
    let tensors = metadata.tensors();
    let in_file = |name: &str| tensors.get(name).map(|tensor| tensor.shape.as_slice());
    let expected = Shapes::of(network);
    let [first, last] = [
        format!("{}0.weight", network.prefix(Head::AllDense)),
        network.prefix(Head::LastLayer) + "weight",
    ];
    if in_file(&last).is_some_and(|shape| {
        shape[..] != expected[&last] && shape.get(1..) == expected[&last].get(1..)
    }) {
        return Ok(Some(Head::LastLayer));
    }
    let same = in_file(&first) == Some(expected[&first].as_slice());
    Ok((!same).then_some(Head::AllDense))
}

/// [`load`], except for tensors whose names begin with one of `skipped`, which keep their values.
fn load_except<M: Module>(mut module: M, bytes: &[u8], skipped: &[&str]) -> Result<M> {
    let is_skipped = |name: &str| skipped.iter().any(|prefix| name.starts_with(prefix));
    let bytes = quantize::to_floats(bytes, is_skipped)?;
    check(&module, &bytes, is_skipped)?;
    let mut store = SafetensorsStore::from_bytes(Some(bytes))
        .with_from_adapter(ChainAdapter::new(
            FloatCastAdapter::to(DType::F32),
            PyTorchToBurnAdapter,
        ))
        .allow_partial(!skipped.is_empty())
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
/// When a weight cannot be read from its device, or the card is out of range: the file could not be loaded.
pub fn save<M: Module>(module: &M, card: &Card, precision: Precision) -> Result<Vec<u8>> {
    card.clone().check()?;
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
    let bytes = if precision == Precision::I8 { quantize::to_eight_bits(&bytes)? } else { bytes };
    with_sorted_header(bytes)
}

/// The header of a safetensors file, its keys in order.
#[derive(Serialize)]
struct Header<'a> {
    #[serde(rename = "__metadata__")]
    metadata: BTreeMap<&'a String, &'a String>,
    #[serde(flatten)]
    tensors: BTreeMap<String, &'a TensorInfo>,
}

/// The same file with its header in one order: its writer puts the metadata's keys into a random one, and the
/// same weights must give the same bytes.
fn with_sorted_header(mut bytes: Vec<u8>) -> Result<Vec<u8>> {
    let (length, metadata) = SafeTensors::read_metadata(&bytes).map_err(not_safetensors)?;
    let header = Header {
        metadata: metadata.metadata().iter().flatten().collect(),
        tensors: metadata.tensors().into_iter().collect(),
    };
    let mut header = serde_json::to_vec(&header).expect("a header is plain data");
    header.resize(header.len().next_multiple_of(8), b' '); // tensors begin at multiples of 8
    let start = size_of::<u64>();
    bytes.splice(start..start + length, header.iter().copied());
    bytes[..start].copy_from_slice(&(header.len() as u64).to_le_bytes());
    Ok(bytes)
}

/// The same weights and the same card in another number format. The card then names the file that it was
/// converted from.
///
/// # Errors
/// As [`load_classifier`].
#[cfg(not(target_arch = "wasm32"))]
pub fn convert(bytes: &[u8], precision: Precision) -> Result<Vec<u8>> {
    let device = Device::flex();
    let converted = |card: Card| {
        let same = self::precision(bytes)? == precision;
        let source = (!same).then(|| crc32fast::hash(bytes));
        Ok(Card { converted_from: card.converted_from.or(source), ..card })
    };
    match Card::read(bytes)?.architecture {
        Architecture::Classifier(_) => {
            let (classifier, card) = load_classifier(bytes, &device)?;
            save(&classifier, &converted(card)?, precision)
        }
        Architecture::Autoencoder(_) => {
            let (autoencoder, card) = load_autoencoder(bytes, &device)?;
            save(&autoencoder, &converted(card)?, precision)
        }
    }
}

/// An autoencoder's file with another detector. `percentile` is the share of clean pictures, in per cent, that
/// its threshold was inferred to let pass; `None` if it was given. The number format stays.
///
/// # Errors
/// As [`load_autoencoder`], and when the detector's parameters are out of their ranges.
#[cfg(not(target_arch = "wasm32"))]
pub fn with_detector(bytes: &[u8], detector: Detector, percentile: Option<f32>) -> Result<Vec<u8>> {
    let (autoencoder, mut card) = load_autoencoder(bytes, &Device::flex())?;
    card.detector = Some(detector.check()?);
    card.converted_from = None; // the threshold belongs to these weights now
    match percentile {
        Some(percentile) => {
            card.figures.insert(THRESHOLD_PERCENTILE.to_owned(), f64::from(percentile));
        }
        None => {
            card.figures.remove(THRESHOLD_PERCENTILE);
        }
    }
    save(&autoencoder, &card, precision(bytes)?)
}

/// Whether two files hold the same tensors, bit for bit; their cards may differ.
#[cfg(not(target_arch = "wasm32"))]
pub fn same_tensors(a: &[u8], b: &[u8]) -> bool {
    let tensors = |bytes| SafeTensors::deserialize(bytes).ok();
    let (Some(a), Some(b)) = (tensors(a), tensors(b)) else { return false };
    a.len() == b.len() && a.iter().all(|(name, tensor)| b.tensor(name).is_ok_and(|b| b == tensor))
}

/// Loads the file and drops what it holds: whether it can be used.
///
/// # Errors
/// As [`load_classifier`], and when an autoencoder has no detector.
#[cfg(not(target_arch = "wasm32"))]
pub fn verify(bytes: &[u8]) -> Result<()> {
    let device = Device::flex();
    match Card::read(bytes)?.architecture {
        Architecture::Classifier(_) => load_classifier(bytes, &device).map(drop),
        Architecture::Autoencoder(_) => load_autoencoder(bytes, &device)?.1.detector().map(drop),
    }
}

/// PyTorch counts the batches that a batch normalisation saw; the count is no weight and is not used here.
const UNUSED_SUFFIX: &str = "num_batches_tracked";

fn check<M: Module>(module: &M, bytes: &[u8], is_skipped: impl Fn(&str) -> bool) -> Result<()> {
    let file = SafeTensors::deserialize(bytes).map_err(not_safetensors)?;
    let mut expected = Shapes::of(module);
    expected.retain(|name, _| !is_skipped(name));
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

/// Names and shapes of a module's tensors as in PyTorch. Weights that were not asked for yet are not drawn: a
/// card can name a network of gigabytes, and the file be small.
#[derive(Default)]
struct Shapes {
    path: Vec<String>,
    containers: Vec<String>,
    tensors: BTreeMap<String, Vec<usize>>,
}

impl Shapes {
    fn of<M: Module>(module: &M) -> BTreeMap<String, Vec<usize>> {
        let mut shapes = Self::default();
        module.visit(&mut shapes);
        shapes.tensors
    }

    /// Whether the module is an enum's variant, whose name is no part of a tensor's.
    fn is_variant(container: &str) -> bool {
        container.starts_with("Enum:")
    }
}

impl ModuleVisitor for Shapes {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.containers.push(container.to_owned());
        if !Self::is_variant(container) {
            self.path.push(name.to_owned());
        }
    }

    fn exit_module(&mut self, _: &str, container: &str) {
        self.containers.pop();
        if !Self::is_variant(container) {
            self.path.pop();
        }
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let shape = param.lazy_shape();
        let bytes = shape.num_elements() * size_of::<f32>();
        let no_data = || Err(PackError::ValidationError("only the shape is known".to_owned()));
        let name = self.path.join(".");
        let tensor = PackTensor::deferred(name, DType::F32, shape, None, bytes, no_data);
        let tensor = BurnToPyTorchAdapter.adapt(tensor, ModuleContext::new(&self.containers));
        self.tensors.insert(tensor.name.clone(), tensor.shape.iter().copied().collect());
    }
}

fn check_numbers(name: &str, dtype: Dtype, data: &[u8]) -> Result<()> {
    // All exponent bits set: infinite or not a number.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AutoencoderConfig, ClassifierConfig};

    #[test]
    fn the_same_weights_give_the_same_bytes() {
        let device = Device::flex();
        let network = ClassifierConfig::Compact.init(&device).valid();
        let card = Card::new(Architecture::Classifier(ClassifierConfig::Compact));
        for precision in [Precision::F32, Precision::F16, Precision::I8] {
            let first = save(&network, &card, precision).unwrap();
            for _ in 0..20 {
                assert!(first == save(&network, &card, precision).unwrap(), "{precision:?}");
            }
            // Still what it was: tensors begin where the format wants them, and all can be read.
            let (length, metadata) = SafeTensors::read_metadata(&first).unwrap();
            assert_eq!(length % 8, 0);
            assert_eq!(metadata.metadata().as_ref().unwrap()["format"], "pt");
            assert_eq!(load_classifier(&first, &device).unwrap().1, card);
        }
    }
    /// Counts weights that exist in memory.
    struct Allocated(usize);

    impl ModuleVisitor for Allocated {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if param.is_initialized() {
                self.0 += param.lazy_shape().num_elements();
            }
        }
    }

    #[test]
    fn a_file_that_does_not_fit_is_refused_before_the_network_takes_memory() {
        let device = Device::flex();
        let small = AutoencoderConfig::Compact { channels: 1 };
        let card = Card::new(Architecture::Autoencoder(small));
        let bytes = save(&small.init(&device), &card, Precision::F32).unwrap();
        for large in [
            AutoencoderConfig::Tutorial { latent: 4096 },
            AutoencoderConfig::Residual { side: 12, channels: 1024, width: 1024 },
        ] {
            let module = large.init(&device);
            assert!(check(&module, &bytes, |_| false).is_err());
            let mut allocated = Allocated(0);
            module.visit(&mut allocated);
            assert!(allocated.0 < 1_000_000, "{} of {large}", allocated.0);
        }
    }

    #[test]
    fn in_8_bits_only_tensors_of_two_dimensions_or_more_are_rounded() {
        let config = ClassifierConfig::Compact;
        let card = Card::new(Architecture::Classifier(config));
        let bytes = save(&config.init(&Device::flex()), &card, Precision::I8).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let (mut rounded, mut kept) = (0, 0);
        for (name, tensor) in file.iter() {
            let expected = if tensor.shape().len() >= 2 { Dtype::I8 } else { Dtype::F32 };
            assert_eq!(tensor.dtype(), expected, "{name}");
            *if expected == Dtype::I8 { &mut rounded } else { &mut kept } += 1;
        }
        // Seven layers with weights; their scales and biases, and four vectors of each of six batch norms.
        assert_eq!((rounded, kept), (7, 7 + 7 + 6 * 4));
    }

    #[test]
    fn shapes_are_known_without_weights_and_the_same_as_with_them() {
        let device = Device::flex();
        let module = ClassifierConfig::Compact.init(&device);
        let before = Shapes::of(&module);
        let bytes = save(
            &module,
            &Card::new(Architecture::Classifier(ClassifierConfig::Compact)),
            Precision::F32,
        );
        let bytes = bytes.unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let written: BTreeMap<String, Vec<usize>> =
            file.iter().map(|(name, tensor)| (name.to_owned(), tensor.shape().to_vec())).collect();
        assert_eq!(before, written);
        assert_eq!(before, Shapes::of(&module));
    }

    #[test]
    fn a_converted_file_names_its_source_and_a_new_threshold_makes_it_its_own() {
        let device = Device::flex();
        let config = AutoencoderConfig::Compact { channels: 1 };
        let detector = Detector { score: Default::default(), threshold: 0.25 };
        let card =
            Card { detector: Some(detector), ..Card::new(Architecture::Autoencoder(config)) };
        let bytes = save(&config.init(&device), &card, Precision::F32).unwrap();
        let converted_from = |bytes: &[u8]| Card::read(bytes).unwrap().converted_from;
        let source = Some(crc32fast::hash(&bytes));
        let eight = convert(&bytes, Precision::I8).unwrap();
        assert_eq!(converted_from(&eight), source);
        assert_eq!(converted_from(&convert(&eight, Precision::F32).unwrap()), source);
        assert_eq!(converted_from(&convert(&bytes, Precision::F32).unwrap()), None);
        for (file, expected) in [(&bytes, Precision::F32), (&eight, Precision::I8)] {
            assert_eq!(precision(file).unwrap(), expected);
            let other = Detector { threshold: 0.5, ..detector };
            let inferred = with_detector(file, other, Some(90.0)).unwrap();
            let card = Card::read(&inferred).unwrap();
            assert_eq!((card.detector, card.converted_from), (Some(other), None));
            assert_eq!(card.figures[THRESHOLD_PERCENTILE], 90.0);
            assert_eq!(precision(&inferred).unwrap(), expected);
            let given = with_detector(&inferred, detector, None).unwrap();
            assert!(!Card::read(&given).unwrap().figures.contains_key(THRESHOLD_PERCENTILE));
        }
        for threshold in [f32::NAN, f32::INFINITY, -1.0] {
            assert!(with_detector(&bytes, Detector { threshold, ..detector }, None).is_err());
            let lying = Card { detector: Some(Detector { threshold, ..detector }), ..card.clone() };
            assert!(save(&config.init(&device), &lying, Precision::F32).is_err());
        }
    }

    #[test]
    fn what_cannot_be_loaded_does_not_pass() {
        let device = Device::flex();
        let card = Card::new(Architecture::Classifier(ClassifierConfig::Compact));
        let network = ClassifierConfig::Compact.init(&device);
        let bytes = save(&network, &card, Precision::F16).unwrap();
        verify(&bytes).unwrap();
        assert!(verify(&bytes[..bytes.len() - 4]).is_err());
        let wrong =
            Card { architecture: Architecture::Classifier(ClassifierConfig::Vgg16), ..card };
        assert!(verify(&save(&network, &wrong, Precision::F16).unwrap()).is_err());
        // An autoencoder without a threshold can be loaded, but detects nothing.
        let config = AutoencoderConfig::Compact { channels: 1 };
        let card = Card::new(Architecture::Autoencoder(config));
        let without = save(&config.init(&device), &card, Precision::F16).unwrap();
        assert!(load_autoencoder(&without, &device).is_ok() && verify(&without).is_err());
    }

    #[test]
    fn tensors_are_compared_and_cards_are_not() {
        let device = Device::flex();
        let card = Card::new(Architecture::Classifier(ClassifierConfig::Compact));
        let network = ClassifierConfig::Compact.init(&device);
        let bytes = save(&network, &card, Precision::F16).unwrap();
        let other_card = card.clone().with_origin(Some("another one".to_owned()));
        assert!(same_tensors(&bytes, &save(&network, &other_card, Precision::F16).unwrap()));
        assert!(!same_tensors(&bytes, &save(&network, &card, Precision::F32).unwrap()));
        let mut flipped = bytes.clone();
        *flipped.last_mut().unwrap() ^= 1;
        assert!(!same_tensors(&bytes, &flipped) && !same_tensors(&bytes, &bytes[..100]));
    }
}
