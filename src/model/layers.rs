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
use rand::{Rng, RngExt};

use super::cpu;
use super::dct::lowest_frequencies;
use super::frozen::{AnyConvolution, Frozen, Link, chain, halves};
use super::initial::{self, Draws, Init};
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
    /// Dropout (Srivastava et al. 2014): zeroes values at random in [`forward_training`], does nothing in
    /// [`forward`].
    Dropout(Dropout),
    /// Changes the shape, keeps the values.
    Reshape(Reshape),
    /// Several layers with fixed weights.
    Frozen(Frozen),
}

/// The page's small module has no device but the CPU, so burn's own convolutions are left out of it.
const KERNELS_ALONE: bool = cfg!(all(target_arch = "wasm32", not(feature = "gpu")));

/// Changes [n, ...] to [n, c, h, w] with as many values, in the order of PyTorch's `Flatten` and `Unflatten`.
#[derive(Module, Debug)]
pub struct Reshape {
    shape: [usize; 3],
}

impl Layer {
    /// Runs the layer, without dropout. Batch normalisation follows the module's own state (`train`, `valid`).
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        match self {
            #[cfg(feature = "gpu-products")]
            Layer::Conv(layer) if let Some(shape) = AnyConvolution::Plain(layer).shape() => {
                let layer = AnyConvolution::Plain(layer);
                super::product::convolution(x, layer.weight(), layer.bias(), shape)
            }
            Layer::Conv(_) | Layer::ConvTranspose(_) | Layer::MaxPool(_) if KERNELS_ALONE => {
                unreachable!("the kernels compute all of these layers that the networks have")
            }
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
            Layer::Dropout(_) => x,
            Layer::Reshape(Reshape { shape: [c, h, w] }) => {
                let n = x.dims()[0];
                x.reshape([n, *c, *h, *w])
            }
            Layer::Frozen(layer) => layer.forward(x),
        }
    }
}

/// Runs the layers one after another, without dropout.
pub fn forward(layers: &[Layer], x: Tensor<4>) -> Tensor<4> {
    run(layers, x, &mut |layer, x| layer.forward(x))
}

/// Runs the layers one after another, with dropout where it is not frozen. `rng` chooses the values that are
/// zeroed: burn's own dropout uses the device's generator, which all threads share and no checkpoint holds.
pub fn forward_training<R: Rng>(layers: &[Layer], x: Tensor<4>, rng: &mut R) -> Tensor<4> {
    run(layers, x, &mut |layer, x| match layer {
        Layer::Dropout(layer) if layer.training.is_enabled() => dropout(x, layer.prob, rng),
        layer => layer.forward(x),
    })
}

/// burn's own layers, one after another.
pub(super) fn apply(layers: &[Layer], x: Tensor<4>) -> Tensor<4> {
    layers.iter().fold(x, |x, layer| layer.forward(x))
}

/// Runs the layers: on the CPU by the crate's own kernels where there is one, elsewhere by `layer`.
fn run(
    layers: &[Layer],
    x: Tensor<4>,
    layer: &mut dyn FnMut(&Layer, Tensor<4>) -> Tensor<4>,
) -> Tensor<4> {
    if !cpu::supports(&x) || x.dims()[0] == 0 {
        return layers.iter().fold(x, |x, l| layer(l, x));
    }
    // Between kernels, tensors are channels last; burn's layers take and give channels first.
    let mut x = Laid::ChannelsFirst(x);
    let mut rest = layers;
    while let [first, ..] = rest {
        let mut taken = 1;
        x = match first {
            Layer::Conv(_) | Layer::ConvTranspose(_) => match Link::first(rest) {
                Some(link) if link.convolution.weight().is_autodiff() => {
                    let relu = link.norm.is_none() && link.relu;
                    taken += usize::from(relu);
                    Laid::ChannelsLast(convolution(link.convolution, x.channels_last(), relu))
                }
                // Fixed weights; whoever runs them often freezes them once.
                Some(_) => {
                    taken = chain(rest);
                    let chain = Frozen::new(&rest[..taken]);
                    Laid::ChannelsFirst(chain.forward(x.channels_first()))
                }
                None => Laid::ChannelsFirst(layer(first, x.channels_first())),
            },
            Layer::BatchNorm(norm)
                if matches!(rest.get(1), Some(Layer::Relu(_)))
                    && x.is_autodiff()
                    && norm.training.is_enabled() =>
            {
                taken = 2;
                Laid::ChannelsLast(norm_relu(norm, x.channels_last()))
            }
            Layer::MaxPool(pool) if halves(pool) => {
                Laid::ChannelsLast(cpu::max_pool(x.channels_last()))
            }
            first => Laid::ChannelsFirst(layer(first, x.channels_first())),
        };
        rest = &rest[taken..];
    }
    x.channels_first()
}

/// A tensor and the order of its dimensions.
enum Laid {
    /// [n, c, h, w]
    ChannelsFirst(Tensor<4>),
    /// [n, h, w, c]
    ChannelsLast(Tensor<4>),
}

impl Laid {
    fn is_autodiff(&self) -> bool {
        match self {
            Laid::ChannelsFirst(x) | Laid::ChannelsLast(x) => x.is_autodiff(),
        }
    }

    fn channels_first(self) -> Tensor<4> {
        match self {
            Laid::ChannelsFirst(x) => x,
            Laid::ChannelsLast(x) => x.permute([0, 3, 1, 2]),
        }
    }

    fn channels_last(self) -> Tensor<4> {
        match self {
            Laid::ChannelsFirst(x) => x.permute([0, 2, 3, 1]),
            Laid::ChannelsLast(x) => x,
        }
    }
}

fn convolution(layer: AnyConvolution<'_>, x: Tensor<4>, relu: bool) -> Tensor<4> {
    let shape = layer.shape().expect("a link has one");
    let kernel = match layer {
        AnyConvolution::Plain(_) => cpu::convolution,
        AnyConvolution::Transposed(_) => cpu::transposed,
    };
    kernel(x, layer.weight(), layer.bias(), shape, relu)
}

/// Batch normalisation while training, and ReLU, of x [n, h, w, c]; updates the running statistics as burn does.
fn norm_relu(norm: &BatchNorm, x: Tensor<4>) -> Tensor<4> {
    let (y, mean, variance) = cpu::norm_relu(x, norm.gamma.val(), norm.beta.val(), norm.epsilon);
    for (running, batch) in [(&norm.running_mean, mean), (&norm.running_var, variance)] {
        let old = running.value_sync() * (1.0 - norm.momentum);
        running.update((old + batch * norm.momentum).detach());
    }
    y
}

/// Zeroes each value with this probability and scales the others up, so that the mean stays.
fn dropout<R: Rng>(x: Tensor<4>, probability: f64, rng: &mut R) -> Tensor<4> {
    let scale = (1.0 / (1.0 - probability)) as f32;
    let mask: Vec<f32> = (0..x.shape().num_elements())
        .map(|_| if rng.random_bool(probability) { 0.0 } else { scale })
        .collect();
    let mask = Tensor::from_data(TensorData::new(mask, x.shape()), &x.device());
    x * mask
}

/// Builds layers on one device with one initializer; biases start at 0.
pub(crate) struct Layers<'a> {
    pub device: &'a Device,
    pub init: Init,
    pub draws: &'a Draws,
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
            .init(self.device);
        let init = (self.init)(input * window, output * window);
        layer.weight = self.draws.weights([output, input, kernel, kernel], init, self.device);
        layer.bias = self.zeros(output);
        Layer::Conv(layer)
    }

    /// 4x4 transposed convolution that doubles the size.
    pub fn conv4_up(&self, input: usize, output: usize) -> Layer {
        let mut layer = ConvTranspose2dConfig::new([input, output], [4, 4])
            .with_stride([2, 2])
            .with_padding([1, 1])
            .init(self.device);
        let init = (self.init)(input * 16, output * 16);
        layer.weight = self.draws.weights([input, output, 4, 4], init, self.device);
        layer.bias = self.zeros(output);
        Layer::ConvTranspose(layer)
    }

    pub fn linear(&self, input: usize, output: usize) -> Layer {
        let mut layer = LinearConfig::new(input, output).init(self.device);
        let init = (self.init)(input, output);
        layer.weight = self.draws.weights([input, output], init, self.device);
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

/// A dense layer whose weights are about to be loaded.
pub(super) fn empty_linear(input: usize, output: usize, device: &Device) -> Layer {
    Layers { device, init: initial::zero, draws: &Draws::new(0) }.linear(input, output)
}

pub(crate) fn relu() -> Layer {
    Layer::Relu(Relu::new())
}

/// Halves the size.
pub(super) fn max_pool() -> Layer {
    Layer::MaxPool(MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init())
}

pub(super) fn average_pool(side: usize) -> Layer {
    Layer::AveragePool(AdaptiveAvgPool2dConfig::new([side, side]).init())
}

pub(crate) fn dropout_layer(probability: f64) -> Layer {
    Layer::Dropout(DropoutConfig::new(probability).init())
}

pub(super) fn reshape(shape: [usize; 3]) -> Layer {
    Layer::Reshape(Reshape { shape })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::frozen::frozen;
    use crate::model::initial::{glorot, he};
    use burn::tensor::DType;
    use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};

    fn values(x: Tensor<4>) -> Vec<f32> {
        x.into_data().convert_dtype(DType::F32).try_to_vec().unwrap()
    }

    #[test]
    fn dropout_zeroes_its_share_keeps_the_mean_and_follows_the_generator() {
        let x = Tensor::<4>::ones([10, 1000, 1, 1], &Device::flex());
        let layers = [dropout_layer(0.25)];
        let dropped = |seed| {
            let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
            values(forward_training(&layers, x.clone(), &mut rng))
        };
        let first = dropped(1);
        let zeros = first.iter().filter(|v| **v == 0.0).count() as f64 / first.len() as f64;
        assert!((zeros - 0.25).abs() < 0.02, "{zeros}");
        assert!(first.iter().all(|v| *v == 0.0 || (v - 4.0 / 3.0).abs() < 1e-6));
        assert_eq!(first, dropped(1));
        assert_ne!(first, dropped(2));
        assert_eq!(values(forward(&layers, x.clone())), values(x.clone()), "none in evaluation");
        let frozen = layers.map(Module::freeze);
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let kept = forward_training(&frozen, x.clone(), &mut rng);
        assert_eq!(values(kept), values(x), "none where it is frozen");
    }

    /// Glorot's bound on both sides, by the values that enter and leave a position; biases are 0.
    #[test]
    fn initial_weights_follow_fan_in_and_fan_out() {
        let device = Device::flex();
        let build = Layers { device: &device, draws: &Draws::new(0), init: glorot };
        for (layer, window) in [
            (build.conv3(6, 10), 9),
            (build.conv4_down(6, 10), 16),
            (build.conv4_up(6, 10), 16),
            (build.linear(6, 10), 1),
        ] {
            let (weight, bias) = match layer {
                Layer::Conv(layer) => (layer.weight.val().into_data(), layer.bias),
                Layer::ConvTranspose(layer) => (layer.weight.val().into_data(), layer.bias),
                Layer::Linear(layer) => (layer.weight.val().into_data(), layer.bias),
                other => panic!("{other:?}"),
            };
            let values: Vec<f32> = weight.try_to_vec().unwrap();
            assert_eq!(values.len(), 60 * window);
            let bound = (6.0 / (16 * window) as f32).sqrt();
            let largest = values.iter().fold(0.0f32, |largest, v| largest.max(v.abs()));
            assert!(largest <= bound && largest > 0.8 * bound, "{window}: {largest} of {bound}");
            assert_eq!(bias.unwrap().val().abs().max().into_scalar::<f32>(), 0.0);
        }
    }

    /// Values and gradients (of the input, then of all weights) of the layers, by the crate's kernels or by burn's own
    /// layers.
    fn both_ways(
        layers: &Vec<Layer>,
        x: &Tensor<4>,
        run: fn(&[Layer], Tensor<4>) -> Tensor<4>,
    ) -> Vec<Vec<f32>> {
        struct Collect<'a>(&'a burn::tensor::Gradients, Vec<Vec<f32>>);
        impl burn::module::ModuleVisitor for Collect<'_> {
            fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
                if let Some(gradient) = param.val().grad(self.0) {
                    self.1.push(gradient.into_data().try_to_vec().unwrap());
                }
            }
        }
        let x = x.clone().autodiff().require_grad();
        let y = run(layers, x.clone());
        // Every value counts with another weight.
        let count = y.shape().num_elements();
        let weights: Vec<f32> =
            (0..count).map(|i| ((i * 7919) % 1013) as f32 / 1013.0 - 0.4).collect();
        let weights = Tensor::from_data(TensorData::new(weights, y.shape()), &y.device());
        let gradients = (y.clone() * weights).sum().backward();
        let mut all = vec![values(y.inner()), values(x.grad(&gradients).unwrap())];
        let mut collect = Collect(&gradients, Vec::new());
        layers.visit(&mut collect);
        all.append(&mut collect.1);
        all
    }

    fn apart(a: &[f32], b: &[f32]) -> f32 {
        assert_eq!(a.len(), b.len());
        let largest = b.iter().fold(0.0f32, |largest, b| largest.max(b.abs()));
        let distances = a.iter().zip(b).map(|(a, b)| (a - b).abs());
        let distance =
            distances.fold(0.0, |worst, d| if d > worst || d.is_nan() { d } else { worst });
        distance / largest.max(1e-6)
    }

    /// Chains of every kind of layer that the networks have, by the kernels and by burn, while training and in
    /// evaluation, with one picture and with several, of even and odd sizes.
    #[test]
    fn the_kernels_compute_what_burn_s_layers_compute() {
        let plain = Device::flex();
        let device = plain.clone().autodiff();
        let build = Layers { device: &device, draws: &Draws::new(0), init: he };
        let chains = [
            vec![build.conv3(3, 32), build.batch_norm(32), relu(), max_pool()],
            vec![build.conv3(3, 32), relu(), build.conv3(32, 24), relu(), max_pool()],
            vec![build.conv3(3, 16), max_pool(), build.batch_norm(16), build.conv3(16, 48)],
            vec![
                build.conv4_down(3, 12),
                relu(),
                build.conv4_up(12, 3),
                build.batch_norm(3),
                relu(),
            ],
            vec![
                build.conv4_down(3, 20),
                build.batch_norm(20),
                relu(),
                build.conv4_up(20, 5),
                relu(),
            ],
            vec![build.patches(4, 8).0, build.patches(4, 8).1],
            vec![
                relu(),
                build.conv3(3, 40),
                build.conv3(40, 16),
                average_pool(1),
                build.linear(16, 4),
            ],
        ];
        let numbers = |n: usize, h: usize, w: usize| {
            let values = (0..n * 3 * h * w).map(|i| ((i * 104_729) % 2027) as f32 / 2027.0 - 0.3);
            Tensor::from_data(TensorData::new(values.collect::<Vec<f32>>(), [n, 3, h, w]), &plain)
        };
        for (i, chain) in chains.into_iter().enumerate() {
            for [n, h, w] in [[1, 24, 24], [3, 12, 20], [2, 9, 13]] {
                let x = numbers(n, h, w);
                let fresh = || chain.clone().fork(&device);
                let ours = both_ways(&fresh(), &x, forward);
                let burn_s = both_ways(&fresh(), &x, apply);
                assert_eq!(ours.len(), burn_s.len());
                assert!(ours.len() > 2, "weights have gradients");
                for (which, (a, b)) in ours.iter().zip(&burn_s).enumerate() {
                    // A convolution's bias before batch normalisation has the gradient 0, plus rounding.
                    if b.iter().all(|b| b.abs() < 1e-3) && a.iter().all(|a| a.abs() < 1e-3) {
                        continue;
                    }
                    let apart = apart(a, b);
                    assert!(apart < 2e-4, "chain {i}, {n}x{h}x{w}, {which}: {apart:e}");
                }
                // Evaluation: with running statistics, which a step in training has moved.
                let trained = fresh();
                drop(forward(&trained, x.clone().autodiff()));
                let trained = trained.valid();
                for list in [trained.clone(), frozen(&trained)] {
                    let (a, b) =
                        (values(forward(&list, x.clone())), values(apply(&trained, x.clone())));
                    assert!(apart(&a, &b) < 1e-5, "chain {i}, {n}x{h}x{w}: {:e}", apart(&a, &b));
                    let (a, b) = (both_ways(&list, &x, forward), both_ways(&trained, &x, apply));
                    assert!(apart(&a[1], &b[1]) < 1e-4, "chain {i}: {:e}", apart(&a[1], &b[1]));
                }
            }
        }
    }

    /// The running statistics move as burn moves them.
    #[test]
    fn batch_normalisation_by_the_kernels_updates_the_running_statistics() {
        let device = Device::flex().autodiff();
        let init: Init = |_, _| Initializer::Constant { value: 0.2 };
        let build = Layers { device: &device, draws: &Draws::new(0), init };
        let x = Tensor::<4>::ones([2, 3, 12, 12], &device).cumsum(3) * 0.1;
        let running = |run: fn(&[Layer], Tensor<4>) -> Tensor<4>| {
            // Not a clone, which would share them.
            let layers = [build.conv3(3, 8), build.batch_norm(8), relu()];
            drop(run(&layers, x.clone()));
            drop(run(&layers, x.clone() * 2.0));
            let Layer::BatchNorm(norm) = &layers[1] else { unreachable!() };
            let values = |x: Tensor<1>| -> Vec<f32> { x.into_data().try_to_vec().unwrap() };
            [values(norm.running_mean.value_sync()), values(norm.running_var.value_sync())]
        };
        let (ours, burn_s) = (running(forward), running(apply));
        for (a, b) in ours.iter().zip(&burn_s) {
            assert!(apart(a, b) < 1e-5, "{a:?} {b:?}");
            assert!(apart(a, &[0.0; 8]) > 0.0 && apart(a, &[1.0; 8]) > 1e-3, "they moved");
        }
    }

    /// A batch of no pictures takes burn's own layers, and so do numbers of 64 bits.
    #[test]
    fn what_the_kernels_do_not_support_takes_burn_s_layers() {
        let device = Device::flex();
        let build = Layers { device: &device, draws: &Draws::new(0), init: he };
        let layers = [build.conv3(3, 8), relu(), max_pool()];
        let none = forward(&layers, Tensor::zeros([0, 3, 12, 12], &device));
        assert_eq!(none.dims(), [0, 8, 6, 6]);
        let x = Tensor::<4>::ones([1, 3, 12, 12], &device);
        assert!(cpu::supports(&x) && !cpu::supports(&x.cast(DType::F64)));
    }
}
