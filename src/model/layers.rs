//! The layers of which the networks are lists.
//!
//! A network is a `Vec<Layer>` with the same indices as PyTorch's `nn.Sequential`, layers without weights
//! included. So a weight has the same name in both (`features.3.weight`), and the list is the architecture.

use burn::module::{Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig, ConvTranspose2d, ConvTranspose2dConfig};
use burn::nn::pool::{AdaptiveAvgPool2d, AdaptiveAvgPool2dConfig, MaxPool2d, MaxPool2dConfig};
use burn::nn::{
    BatchNorm, BatchNormConfig, Dropout, DropoutConfig, Initializer, Linear, LinearConfig,
    PaddingConfig2d, Relu,
};
use burn::tensor::{Device, Tensor, TensorData};

use super::dct::lowest_frequencies;
use crate::picture::CHANNELS;

/// One layer, from a [n, c, h, w] tensor to another; vectors travel as [n, c, 1, 1].
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant)] // a few dozen layers exist at a time
pub enum Layer {
    /// Convolution.
    Conv(Conv2d),
    /// Transposed convolution.
    ConvTranspose(ConvTranspose2d),
    /// Batch normalisation: the batch's statistics while training, the running ones otherwise.
    BatchNorm(BatchNorm),
    /// Dense layer over [n, c, 1, 1].
    Linear(Linear),
    /// Rectified linear unit.
    Relu(Relu),
    /// Largest of each window.
    MaxPool(MaxPool2d),
    /// Mean over as many windows as the output has positions.
    AveragePool(AdaptiveAvgPool2d),
    /// Sets values to 0 at random while training.
    Dropout(Dropout),
    /// Changes the shape, keeps the values.
    Reshape(Reshape),
}

/// Changes [n, ...] to [n, c, h, w] with as many values, in the order of PyTorch's `Flatten` and `Unflatten`.
#[derive(Module, Debug)]
pub struct Reshape {
    shape: [usize; 3],
}

impl Layer {
    /// Runs the layer. Batch normalisation and dropout follow the module's own state (`train`, `valid`).
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        match self {
            Layer::Conv(layer) => layer.forward(x),
            Layer::ConvTranspose(layer) => layer.forward(x),
            Layer::BatchNorm(layer) => layer.forward(x),
            Layer::Linear(layer) => {
                let y = layer.forward(x.flatten::<2>(1, 3));
                let [n, c] = y.dims();
                y.reshape([n, c, 1, 1])
            }
            Layer::Relu(layer) => layer.forward(x),
            Layer::MaxPool(layer) => layer.forward(x),
            Layer::AveragePool(layer) => layer.forward(x),
            Layer::Dropout(layer) => layer.forward(x),
            Layer::Reshape(Reshape { shape: [c, h, w] }) => {
                let n = x.dims()[0];
                x.reshape([n, *c, *h, *w])
            }
        }
    }
}

/// Runs the layers one after another.
pub fn forward(layers: &[Layer], x: Tensor<4>) -> Tensor<4> {
    layers.iter().fold(x, |x, layer| layer.forward(x))
}

/// An initializer, from the fan-in and the fan-out.
pub(super) type Init = fn(fan_in: usize, fan_out: usize) -> Initializer;

/// He et al. 2015 (arXiv 1502.01852), by the fan-out, as torchvision initialises VGG's convolutions.
pub(super) fn he(_: usize, fan_out: usize) -> Initializer {
    Initializer::Normal { mean: 0.0, std: (2.0 / fan_out as f64).sqrt() }
}

/// Glorot & Bengio 2010, uniform: the default of Keras, in which the tutorial was written.
pub(super) fn glorot(fan_in: usize, fan_out: usize) -> Initializer {
    let bound = (6.0 / (fan_in + fan_out) as f64).sqrt();
    Initializer::Uniform { min: -bound, max: bound }
}

/// A small normal distribution, as torchvision initialises VGG's dense layers.
pub(super) fn small(_: usize, _: usize) -> Initializer {
    Initializer::Normal { mean: 0.0, std: 0.01 }
}

/// All zeros: a layer that adds nothing at first.
pub(super) fn zero(_: usize, _: usize) -> Initializer {
    Initializer::Zeros
}

/// Builds layers on one device with one initializer; biases start at 0.
pub(super) struct Layers<'a> {
    pub device: &'a Device,
    pub init: Init,
}

impl Layers<'_> {
    /// 3x3 convolution that keeps the size.
    pub fn conv3(&self, input: usize, output: usize) -> Layer {
        self.conv(input, output, 3, 1)
    }

    /// 4x4 convolution that halves the size, padded as TensorFlow pads "same".
    pub fn conv4_down(&self, input: usize, output: usize) -> Layer {
        self.conv(input, output, 4, 2)
    }

    fn conv(&self, input: usize, output: usize, kernel: usize, stride: usize) -> Layer {
        let window = kernel * kernel;
        let mut layer = Conv2dConfig::new([input, output], [kernel, kernel])
            .with_stride([stride, stride])
            .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
            .with_initializer((self.init)(input * window, output * window))
            .init(self.device);
        layer.bias = self.zeros(output);
        Layer::Conv(layer)
    }

    /// 4x4 transposed convolution that doubles the size.
    pub fn conv4_up(&self, input: usize, output: usize) -> Layer {
        let mut layer = ConvTranspose2dConfig::new([input, output], [4, 4])
            .with_stride([2, 2])
            .with_padding([1, 1])
            .with_initializer((self.init)(input * 16, output * 16))
            .init(self.device);
        layer.bias = self.zeros(output);
        Layer::ConvTranspose(layer)
    }

    pub fn linear(&self, input: usize, output: usize) -> Layer {
        let mut layer = LinearConfig::new(input, output)
            .with_initializer((self.init)(input, output))
            .init(self.device);
        layer.bias = self.zeros(output);
        Layer::Linear(layer)
    }

    fn zeros(&self, count: usize) -> Option<Param<Tensor<1>>> {
        Some(Initializer::Zeros.init([count], self.device))
    }

    /// A linear coding of patches of `side` x `side` pixels into `count` numbers each, and its decoding. Both
    /// start as the lowest `count` frequencies of the discrete cosine transform; frequencies beyond the
    /// existing 3 * side * side start at zero.
    pub fn patches(&self, side: usize, count: usize) -> (Layer, Layer) {
        let mut weights: Vec<f32> = lowest_frequencies(side, count).concat();
        weights.resize(count * CHANNELS * side * side, 0.0);
        // [out, in, k, k] of the one and [in, out, k, k] of the other are the same numbers.
        let weights = TensorData::new(weights, [count, CHANNELS, side, side]);
        let param = || Param::from_data(weights.clone(), self.device);
        let mut analysis = Conv2dConfig::new([CHANNELS, count], [side, side])
            .with_stride([side, side])
            .with_padding(PaddingConfig2d::Valid)
            .with_bias(false)
            .init(self.device);
        analysis.weight = param();
        let mut synthesis = ConvTranspose2dConfig::new([count, CHANNELS], [side, side])
            .with_stride([side, side])
            .with_bias(false)
            .init(self.device);
        synthesis.weight = param();
        (Layer::Conv(analysis), Layer::ConvTranspose(synthesis))
    }

    pub fn batch_norm(&self, channels: usize) -> Layer {
        Layer::BatchNorm(BatchNormConfig::new(channels).init(self.device))
    }
}

pub(super) fn relu() -> Layer {
    Layer::Relu(Relu::new())
}

/// Halves the size.
pub(super) fn max_pool() -> Layer {
    Layer::MaxPool(MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init())
}

pub(super) fn average_pool(side: usize) -> Layer {
    Layer::AveragePool(AdaptiveAvgPool2dConfig::new([side, side]).init())
}

pub(super) fn dropout(probability: f64) -> Layer {
    Layer::Dropout(DropoutConfig::new(probability).init())
}

pub(super) fn reshape(shape: [usize; 3]) -> Layer {
    Layer::Reshape(Reshape { shape })
}
