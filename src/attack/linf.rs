//! The ball of the largest change: a cube.

use burn::tensor::{Tensor, TensorData};
use rand::RngExt;
use rand::rngs::Xoshiro256PlusPlus;

use super::Ball;

pub(super) struct Linf;

impl Ball for Linf {
    fn random_start(&self, like: &Tensor<4>, eps: f32, rng: &mut Xoshiro256PlusPlus) -> Tensor<4> {
        let values: Vec<f32> =
            (0..like.dims().iter().product()).map(|_| rng.random_range(-eps..=eps)).collect();
        Tensor::from_data(TensorData::new(values, like.dims()), &like.device())
    }

    fn steepest(&self, gradient: Tensor<4>) -> Tensor<4> {
        gradient.sign()
    }

    fn project(&self, change: Tensor<4>, eps: f32) -> Tensor<4> {
        change.clamp(-eps, eps)
    }
}
