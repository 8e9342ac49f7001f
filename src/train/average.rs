//! The moving average of a network's weights over the steps of its training (Polyak & Juditsky 1992; exponential as
//! usual since). It is often better than the last weights, and validation falls and rises less with it.

use std::collections::VecDeque;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::Tensor;

/// The average of a network, batch normalisation's running statistics included; in evaluation mode.
pub(super) struct Average<M> {
    network: M,
    decay: f64,
}

impl<M: Module> Average<M> {
    /// Begins with the network as it is.
    pub fn new(model: &M, decay: f64) -> Self {
        Self { network: model.valid(), decay }
    }

    /// Goes on with a network that [`Average::network`] gave.
    pub fn resumed(network: M, decay: f64) -> Self {
        Self { network, decay }
    }

    /// Takes the network after step `step`, counted from 1, into the average: a share of 1 - decay of it.
    ///
    /// The decay is smaller at first, (1 + step) / (10 + step), or the initial weights would stay for long.
    pub fn update(&mut self, model: &M, step: usize) {
        let step = step as f64;
        let decay = self.decay.min((1.0 + step) / (10.0 + step));
        let mut weights = Weights(VecDeque::new());
        model.valid().visit(&mut weights);
        let mut blend = Blend { weights: weights.0, share: 1.0 - decay };
        self.network = self.network.clone().map(&mut blend);
    }

    /// The averaged network.
    pub fn network(&self) -> &M {
        &self.network
    }
}

/// All weights in the order in which a network shows them.
struct Weights(VecDeque<Tensor<1>>);

impl ModuleVisitor for Weights {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.push_back(param.val().flatten(0, D - 1));
    }
}

/// Moves weights by a share of the way to others, which come in the same order.
struct Blend {
    weights: VecDeque<Tensor<1>>,
    share: f64,
}

impl ModuleMapper for Blend {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let weights = self.weights.pop_front().expect("both are the same network");
        param.map(|average| {
            let weights = weights.reshape(average.dims());
            // What does not change stays exactly as it is.
            average.clone() + (weights - average) * self.share
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::initial::{self, Draws};
    use crate::model::layers::{Layer, Layers};
    use burn::tensor::{Device, TensorData};

    #[derive(Module, Debug)]
    struct Network {
        weight: Param<Tensor<2>>,
        layers: Vec<Layer>,
    }

    /// All weights and the running mean have this value.
    fn network(value: f32) -> Network {
        let device = Device::flex().autodiff();
        let Layer::BatchNorm(norm) =
            (Layers { device: &device, draws: &Draws::new(0), init: initial::zero }).batch_norm(2)
        else {
            unreachable!()
        };
        norm.running_mean.update(Tensor::full([2], value, &device));
        let weight = TensorData::new(vec![value; 6], [2, 3]);
        let weight = Param::from_data(weight, &device);
        Network { weight, layers: vec![Layer::BatchNorm(norm)] }
    }

    fn values(network: &Network) -> (Vec<f32>, Vec<f32>) {
        let Layer::BatchNorm(norm) = &network.layers[0] else { unreachable!() };
        let weight = network.weight.val().into_data().try_to_vec().unwrap();
        (weight, norm.running_mean.value().into_data().try_to_vec().unwrap())
    }

    /// The closed form: each step's weights count by (1 - its decay) times all decays after it, the initial ones by
    /// all decays; the decay is (1 + t) / (10 + t) until that is larger than what was asked for.
    #[test]
    fn the_average_is_the_weighted_sum_of_all_steps_running_statistics_included() {
        for decay in [0.5, 0.9, 0.999] {
            let of_step = |t: usize| ((t * 7 % 5) as f32 - 2.0) * 0.3;
            let (steps, initial) = (12, 0.7);
            let mut average = Average::new(&network(initial), decay);
            for t in 1..=steps {
                average.update(&network(of_step(t)), t);
            }
            let decays = |t: usize| decay.min((1 + t) as f64 / (10 + t) as f64);
            let after = |t: usize| (t + 1..=steps).map(decays).product::<f64>();
            let mut expected = f64::from(initial) * after(0);
            for t in 1..=steps {
                expected += f64::from(of_step(t)) * (1.0 - decays(t)) * after(t);
            }
            let (weights, running) = values(average.network());
            assert_eq!((weights.len(), running.len()), (6, 2));
            for value in weights.into_iter().chain(running) {
                assert!((f64::from(value) - expected).abs() < 1e-6, "{value} {expected}");
            }
        }
    }

    #[test]
    fn the_network_that_learns_is_left_alone_and_what_stays_the_same_is_kept_exactly() {
        let model = network(0.1);
        let mut average = Average::new(&model, 0.9);
        for t in 1..=50 {
            average.update(&model, t);
        }
        assert_eq!(values(average.network()), (vec![0.1; 6], vec![0.1; 2]));
        average.update(&network(5.0), 51);
        assert_eq!(values(&model.valid()), (vec![0.1; 6], vec![0.1; 2]));
    }
}
