//! Chains of layers with fixed weights, in the form that computes fastest on the CPU.

use std::fmt;
use std::sync::{Arc, OnceLock};

use burn::module::Module;
use burn::nn::BatchNorm;
use burn::nn::PaddingConfig2d;
use burn::nn::conv::{Conv2d, ConvTranspose2d};
use burn::nn::pool::MaxPool2d;
use burn::tensor::Tensor;
use kernels::{Geometry, Network, Step};

use super::cpu;
use super::layers::{Layer, apply};

/// A chain of convolutions and what follows each: batch normalisation, ReLU, pooling.
///
/// On the CPU it runs as one [`Network`], with normalisation folded into the weights, which are packed once; elsewhere
/// as the layers that it was made of.
#[derive(Module, Debug)]
pub struct Frozen {
    layers: Vec<Layer>,
    #[module(skip)]
    packed: Packed,
}

/// The chain for the first size of picture that it saw.
#[derive(Clone, Default)]
struct Packed(Arc<OnceLock<Arc<Network>>>);

impl fmt::Debug for Packed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.get().is_some() { "packed" } else { "not packed yet" })
    }
}

impl Frozen {
    /// The layers must be a [`chain`], in evaluation mode.
    pub(super) fn new(layers: &[Layer]) -> Self {
        Self { layers: layers.to_vec(), packed: Packed::default() }
    }

    /// Runs the chain on [n, c, h, w].
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        if !cpu::supports(&x) || x.dims()[0] == 0 {
            return apply(&self.layers, x);
        }
        let [_, c, h, w] = x.dims();
        let pack = || Arc::new(Network::new(steps(&self.layers, [h, w])));
        let packed = self.packed.0.get_or_init(pack);
        if packed.goes_in() == [h, w, c] {
            return cpu::network(x, packed);
        }
        cpu::network(x, &pack())
    }
}

/// The layers of a network in evaluation mode, its chains put together; what they compute is the same.
pub fn frozen(layers: &[Layer]) -> Vec<Layer> {
    let mut all = Vec::new();
    let mut rest = layers;
    while !rest.is_empty() {
        let length = chain(rest);
        if length == 0 {
            all.push(rest[0].clone());
            rest = &rest[1..];
        } else {
            all.push(Layer::Frozen(Frozen::new(&rest[..length])));
            rest = &rest[length..];
        }
    }
    all
}

/// How many layers at the beginning are a chain that [`Frozen`] can run.
pub(super) fn chain(layers: &[Layer]) -> usize {
    let mut length = 0;
    while let Some(link) = Link::first(&layers[length..]) {
        length += link.length;
    }
    length
}

/// A convolution and the layers after it that are computed with it.
pub(super) struct Link<'a> {
    pub convolution: AnyConvolution<'a>,
    pub norm: Option<&'a BatchNorm>,
    pub relu: bool,
    pub pool: bool,
    /// Layers that it takes.
    pub length: usize,
}

/// Either kind of convolution.
#[derive(Clone, Copy)]
pub(super) enum AnyConvolution<'a> {
    Plain(&'a Conv2d),
    Transposed(&'a ConvTranspose2d),
}

impl<'a> Link<'a> {
    /// The link at the beginning of `layers`, if the kernels can compute it.
    pub fn first(layers: &'a [Layer]) -> Option<Self> {
        let convolution = match layers.first()? {
            Layer::Conv(conv) => AnyConvolution::Plain(conv),
            Layer::ConvTranspose(conv) => AnyConvolution::Transposed(conv),
            _ => return None,
        };
        convolution.shape()?;
        let mut link = Link { convolution, norm: None, relu: false, pool: false, length: 1 };
        if let Some(Layer::BatchNorm(norm)) = layers.get(link.length) {
            link.norm = Some(norm);
            link.length += 1;
        }
        if let Some(Layer::Relu(_)) = layers.get(link.length) {
            link.relu = true;
            link.length += 1;
        }
        if let Some(Layer::MaxPool(pool)) = layers.get(link.length)
            && halves(pool)
        {
            link.pool = true;
            link.length += 1;
        }
        Some(link)
    }
}

/// Whether this is 2x2 max pooling, which the kernels compute.
pub(super) fn halves(pool: &MaxPool2d) -> bool {
    let plain =
        matches!(pool.padding, PaddingConfig2d::Valid | PaddingConfig2d::Explicit(0, 0, 0, 0));
    plain
        && (pool.kernel_size, pool.stride, pool.dilation) == ([2, 2], [2, 2], [1, 1])
        && !pool.ceil_mode
}

impl AnyConvolution<'_> {
    /// Kernel, stride and padding, if they are the same in both directions and nothing else is special.
    pub fn shape(&self) -> Option<[usize; 3]> {
        let (kernel, stride, padding, plain) = match self {
            AnyConvolution::Plain(conv) => {
                let padding = match conv.padding {
                    PaddingConfig2d::Valid => [0; 4],
                    PaddingConfig2d::Explicit(a, b, c, d) => [a, b, c, d],
                    PaddingConfig2d::Same => return None,
                };
                let plain = conv.dilation == [1, 1] && conv.groups == 1;
                (conv.kernel_size, conv.stride, padding, plain)
            }
            AnyConvolution::Transposed(conv) => {
                let [y, x] = conv.padding;
                let plain =
                    conv.dilation == [1, 1] && conv.groups == 1 && conv.padding_out == [0, 0];
                (conv.kernel_size, conv.stride, [y, x, y, x], plain)
            }
        };
        let square = kernel[0] == kernel[1] && stride[0] == stride[1] && padding == [padding[0]; 4];
        (plain && square).then_some([kernel[0], stride[0], padding[0]])
    }

    /// Weights: [cout, cin, k, k]; of a transposed one, [cin, cout, k, k].
    pub fn weight(&self) -> Tensor<4> {
        match self {
            AnyConvolution::Plain(conv) => conv.weight.val(),
            AnyConvolution::Transposed(conv) => conv.weight.val(),
        }
    }

    /// One for each channel that comes out; zeros if there is none.
    pub fn bias(&self) -> Tensor<1> {
        let (bias, channels) = match self {
            AnyConvolution::Plain(conv) => (&conv.bias, conv.weight.dims()[0]),
            AnyConvolution::Transposed(conv) => (&conv.bias, conv.weight.dims()[1]),
        };
        match bias {
            Some(bias) => bias.val(),
            None => Tensor::zeros([channels], &self.weight().device()),
        }
    }
}

/// What the kernels need to know of a chain, for pictures of `size`.
fn steps(layers: &[Layer], mut size: [usize; 2]) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut rest = layers;
    while let Some(link) = Link::first(rest) {
        let shape = link.convolution.shape().expect("a link has one");
        let (mut weight, mut bias) =
            (link.convolution.weight().inner(), link.convolution.bias().inner());
        let transposed = matches!(link.convolution, AnyConvolution::Transposed(_));
        let [first, second, ..] = weight.dims();
        if let Some(norm) = link.norm {
            // gamma (w x + b - mean) / std + beta = (w scale) x + (b - mean) scale + beta
            let variance = norm.running_var.value().inner();
            let scale = norm.gamma.val().inner() / (variance + norm.epsilon).sqrt();
            let mean = norm.running_mean.value().inner();
            bias = (bias - mean) * scale.clone() + norm.beta.val().inner();
            let by_output = if transposed { [1, second, 1, 1] } else { [first, 1, 1, 1] };
            weight = weight * scale.reshape(by_output);
        }
        let geometry = if transposed {
            Geometry::transposed([first, second], shape, size)
        } else {
            Geometry::convolution([second, first], shape, size)
        };
        size = if transposed { [geometry.h, geometry.w] } else { [geometry.ho, geometry.wo] };
        if link.pool {
            size = size.map(|side| side / 2);
        }
        steps.push(Step {
            geometry,
            transposed,
            weight: numbers(weight),
            bias: numbers(bias),
            relu: link.relu,
            pool: link.pool,
        });
        rest = &rest[link.length..];
    }
    steps
}

fn numbers<const D: usize>(x: Tensor<D>) -> Vec<f32> {
    x.into_data().try_to_vec().expect("the CPU's memory can always be read")
}
