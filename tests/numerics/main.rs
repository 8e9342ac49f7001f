//! The numbers are right: held against finite differences, against PyTorch, against what must hold for any
//! weights, and against what they were.
//!
//! Weights and pictures are made by integer arithmetic from names and places (`noise`), here and in
//! scripts/pytorch_shared.py alike, so networks of any size need no file.

mod adaptive;
mod bundled;
mod finite_differences;
mod golden;
mod learning;
mod properties;
mod pytorch;
mod reference;
mod training;

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use burn_store::{BurnToPyTorchAdapter, ModuleSnapshot};
use reference::assert_close;
use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensors, serialize};
use second_look::attack::Input;
use second_look::class::Class;
use second_look::data::Pictures;
use second_look::detector::{Detector, ScoreConfig};
use second_look::model::card::{Architecture, Card};
use second_look::model::weights;
use second_look::model::{Autoencoder, AutoencoderConfig, Classifier, ClassifierConfig, Precision};
use second_look::picture::{Picture, VALUES};

/// `count` numbers in [-0.5, 0.5) that depend on `name` and on nothing else.
fn noise(name: &str, count: usize) -> Vec<f32> {
    let salt = name
        .bytes()
        .fold(2_166_136_261u32, |salt, byte| (salt ^ u32::from(byte)).wrapping_mul(16_777_619));
    (0..count as u32)
        .map(|i| {
            let mut x = i.wrapping_add(salt);
            x = (x ^ (x >> 16)).wrapping_mul(0x7feb_352d);
            x = (x ^ (x >> 15)).wrapping_mul(0x846c_a68b);
            x ^= x >> 16;
            (f64::from(x >> 8) / f64::from(1 << 24) - 0.5) as f32
        })
        .collect()
}

/// What tensor `name` of shape `shape` holds.
fn weight(name: &str, shape: &[usize]) -> Vec<f32> {
    let u = noise(name, shape.iter().product());
    let (scale, shift) = if name.ends_with("running_var") {
        (1.0, 1.0)
    } else if shape.len() == 1 && name.ends_with("weight") {
        (0.2, 1.0)
    } else if shape.len() == 1 {
        (0.2, 0.0)
    } else {
        let fan_in: usize = shape[1..].iter().product();
        ((2.0 * (6.0 / fan_in as f64).sqrt()) as f32, 0.0)
    };
    u.into_iter().map(|u| u * scale + shift).collect()
}

/// A file with made-up weights for this network, as PyTorch would write it.
fn file<M: Module>(module: &M, card: &Card) -> Vec<u8> {
    let bytes = weights::save(module, card, Precision::F32).unwrap();
    let (_, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let data: Vec<(String, Vec<usize>, Vec<u8>)> = file
        .iter()
        .map(|(name, view)| {
            let values = weight(name, view.shape());
            let data = values.iter().flat_map(|v| v.to_le_bytes()).collect();
            (name.to_owned(), view.shape().to_vec(), data)
        })
        .collect();
    let views = data.iter().map(|(name, shape, data)| {
        (name.as_str(), TensorView::new(Dtype::F32, shape.clone(), data).unwrap())
    });
    serialize(views, metadata.metadata().clone()).unwrap()
}

fn classifier(config: ClassifierConfig) -> Classifier {
    let device = Device::flex();
    let card = Card::new(Architecture::Classifier(config));
    weights::load_classifier(&file(&config.init(&device), &card), &device).unwrap().0
}

/// An autoencoder on `device`: the plain one to look with, its autodiff twin to train.
fn autoencoder(config: AutoencoderConfig, device: &Device) -> Autoencoder {
    let mut card = Card::new(Architecture::Autoencoder(config));
    card.detector = Some(Detector { score: ScoreConfig::default(), threshold: 0.5 });
    let fresh = config.init(device);
    let bytes = file(&fresh, &card);
    weights::load(fresh, &bytes).unwrap()
}

const TUTORIAL: AutoencoderConfig = AutoencoderConfig::Tutorial { latent: 100 };

fn pictures(count: usize) -> Tensor<4> {
    let values: Vec<f32> =
        noise("picture", count * VALUES).into_iter().map(|u| 0.5 + 0.8 * u).collect();
    Tensor::from_data(TensorData::new(values, [count, 3, 96, 96]), &Device::flex())
}

/// Pictures of coloured blocks of 16x16 pixels with fine noise. Unlike noise alone, these look different to a
/// network when they are flipped, cut out, or mixed up.
struct Scenes {
    bytes: Vec<u8>,
    labels: Vec<Class>,
}

impl Scenes {
    fn new(labels: Vec<Class>) -> Self {
        let blocks = noise("scene", labels.len() * 3 * 6 * 6);
        let byte = |(i, grain): (usize, f32)| {
            let (plane, y, x) = (i / (96 * 96), i / 96 % 96, i % 96);
            let block = blocks[plane * 36 + y / 16 * 6 + x / 16];
            let value = 128.0 + 220.0 * f64::from(block) + 60.0 * f64::from(grain);
            value.floor().clamp(0.0, 255.0) as u8
        };
        let grain = noise("grain", labels.len() * VALUES);
        Self { bytes: grain.into_iter().enumerate().map(byte).collect(), labels }
    }
}

impl Pictures for Scenes {
    fn len(&self) -> usize {
        self.labels.len()
    }

    fn labels(&self) -> &[Class] {
        &self.labels
    }

    fn read(&self, index: usize, bytes: &mut [u8; VALUES]) -> second_look::error::Result<()> {
        bytes.copy_from_slice(&self.bytes[index * VALUES..(index + 1) * VALUES]);
        Ok(())
    }
}

/// The first of those pictures as a batch.
fn scenes(count: usize) -> Tensor<4> {
    let scenes = Scenes::new(vec![Class::Cat; count]);
    let pictures: Vec<Picture> = (0..count).map(|i| scenes.picture(i).unwrap()).collect();
    Picture::batch(&pictures, &Device::flex())
}

/// Every tensor by PyTorch's name, in PyTorch's layout.
fn named<M: ModuleSnapshot>(module: &M) -> Vec<(String, Vec<f32>)> {
    module
        .collect(None, Some(Box::new(BurnToPyTorchAdapter)), true)
        .into_iter()
        .map(|tensor| {
            let bytes = tensor.to_bytes().unwrap();
            let values = bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
            (tensor.name.to_string(), values)
        })
        .collect()
}

/// What an attack on these images starts from.
fn input(images: Tensor<4>, classes: &[Class]) -> Input {
    Input { images, classes: classes.to_vec(), ids: (0..classes.len() as u64).collect() }
}

fn one_hot(classes: &[Class]) -> Tensor<2> {
    let mut values = vec![0.0f32; classes.len() * Class::COUNT];
    for (row, class) in classes.iter().enumerate() {
        values[row * Class::COUNT + class.index()] = 1.0;
    }
    Tensor::from_data(TensorData::new(values, [classes.len(), Class::COUNT]), &Device::flex())
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().unwrap()
}

fn norm(values: &[f32]) -> f64 {
    values.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt()
}
