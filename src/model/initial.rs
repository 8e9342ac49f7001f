//! Initial weights: random numbers that follow from a seed and from the layer's place in its network.
//!
//! Burn's own generators are not used: each device has another one, which gives other numbers, and the CPU's is one
//! for all threads, so that what else computes changes what a network starts with.

use std::cell::Cell;

use burn::module::{Param, ParamId};
use burn::nn::Initializer;
use burn::tensor::{Device, Distribution, Shape, Tensor, TensorData};

use crate::seed::Draw;

/// Tells the draws of weights from those of hidden layers' projections, whose number is 0.
const NUMBER: u64 = 1;

/// An initializer, from the fan-in and the fan-out.
pub(crate) type Init = fn(fan_in: usize, fan_out: usize) -> Initializer;

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
pub(crate) fn zero(_: usize, _: usize) -> Initializer {
    Initializer::Zeros
}

/// The random numbers of one network's weights, layer by layer in the order in which they are built.
#[derive(Debug)]
pub(crate) struct Draws {
    seed: u64,
    layer: Cell<u64>,
}

impl Draws {
    pub fn new(seed: u64) -> Self {
        Self { seed, layer: Cell::new(0) }
    }

    /// The next layer's weights, of this shape. They are drawn when they are first used, so not at all where a file's
    /// take their place.
    pub fn weights<const D: usize>(
        &self,
        shape: [usize; D],
        initializer: Initializer,
        device: &Device,
    ) -> Param<Tensor<D>> {
        let (seed, layer) = (self.seed, self.layer.replace(self.layer.get() + 1));
        let distribution = match initializer {
            Initializer::Normal { mean, std } => Distribution::Normal(mean, std),
            Initializer::Uniform { min, max } => Distribution::Uniform(min, max),
            constant => return constant.init(shape, device),
        };
        let draw = move |device: &Device, require_grad: bool| {
            let draw = Draw { seed, ids: &[layer], number: NUMBER };
            let mut rng = draw.generators().next().expect("one for each id");
            let values = TensorData::random::<f32, _, _>(shape, distribution, &mut rng);
            let weights = Tensor::from_data(values, device);
            if require_grad { weights.require_grad() } else { weights }
        };
        Param::uninitialized(ParamId::new(), draw, device.clone(), true, Shape::from(shape))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AutoencoderConfig, Classifier, ClassifierConfig};
    use burn::module::{Module, ModuleVisitor};

    /// All weights of a network, tensor by tensor.
    fn weights<M: Module>(network: &M) -> Vec<Vec<f32>> {
        struct Collect(Vec<Vec<f32>>);
        impl ModuleVisitor for Collect {
            fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
                self.0.push(param.val().into_data().try_to_vec().unwrap());
            }
        }
        let mut collect = Collect(Vec::new());
        network.visit(&mut collect);
        collect.0
    }

    #[test]
    fn weights_follow_from_the_seed_whatever_else_is_drawn() {
        let device = Device::flex();
        let of = |seed| weights(&ClassifierConfig::Compact.init_seeded(seed, &device));
        let first = of(1);
        let network: Classifier =
            ClassifierConfig::Compact.init_seeded(1, &device.clone().autodiff());
        device.seed(7);
        let _ = Tensor::<1>::random([5], Distribution::Default, &device);
        assert!(first == weights(&network));
        assert!(first != of(2));
        assert!(of(0) == weights(&ClassifierConfig::Compact.init(&device)));
    }

    /// Layers of the same shape start with other numbers.
    #[test]
    fn every_layer_has_its_own_numbers() {
        let network = AutoencoderConfig::Residual { side: 24, channels: 8, width: 8 };
        let mut drawn: Vec<Vec<f32>> = weights(&network.init(&Device::flex()));
        drawn.retain(|tensor| tensor.iter().any(|w| *w != tensor[0]));
        let count = drawn.len();
        drawn.sort_by(|a, b| a[0].total_cmp(&b[0]));
        drawn.dedup_by(|a, b| a[0] == b[0]);
        // All but the linear coding and its decoding, which start with the same numbers.
        assert_eq!(drawn.len(), count - 1, "{count}");
    }

    #[test]
    fn a_normal_distribution_has_its_deviation() {
        let draws = Draws::new(3);
        let of = |draws: &Draws| -> Vec<f32> {
            let weights = draws.weights([100, 100], he(0, 50), &Device::flex());
            weights.val().into_data().try_to_vec().unwrap()
        };
        let values = of(&draws);
        let mean = values.iter().sum::<f32>() / 1e4;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / 1e4;
        // 10,000 draws with a standard deviation of 0.2.
        assert!(mean.abs() < 0.01 && (variance.sqrt() - 0.2).abs() < 0.01, "{mean} {variance}");
        assert_ne!(values, of(&draws), "the next layer");
    }
}
