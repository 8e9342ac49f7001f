//! The ball of the Euclidean length.

use burn::tensor::{Tensor, TensorData};
use rand::RngExt;
use rand::rngs::Xoshiro256PlusPlus;
use rand_distr::StandardNormal;

use super::Ball;

pub(super) struct L2;

/// A gradient shorter than this has no direction: its picture stays where it is.
const SHORTEST: f32 = 1e-30;

/// Euclidean length of each row, [n, 1].
pub(super) fn length(rows: Tensor<2>) -> Tensor<2> {
    // Squares of gradients far below 1e-19 vanish in f32: measure in units of the largest value.
    let unit = rows.clone().abs().max_dim(1).clamp_min(SHORTEST);
    (rows / unit.clone()).square().sum_dim(1).sqrt() * unit
}

fn lengths(x: &Tensor<4>) -> Tensor<4> {
    length(x.clone().flatten(1, 3)).unsqueeze_dims(&[2, 3])
}

impl Ball for L2 {
    fn random_start(&self, like: &Tensor<4>, eps: f32, rng: &mut Xoshiro256PlusPlus) -> Tensor<4> {
        // Uniform in a ball of d dimensions: a normal sample gives the direction, and the part of
        // the volume within radius r grows with r^d.
        let [n, c, h, w] = like.dims();
        let d = c * h * w;
        let mut values = Vec::with_capacity(n * d);
        for _ in 0..n {
            let sample: Vec<f32> = (0..d).map(|_| rng.sample(StandardNormal)).collect();
            let length = sample.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt();
            let radius = f64::from(eps) * rng.random::<f64>().powf(1.0 / d as f64);
            values.extend(sample.iter().map(|v| (f64::from(*v) * radius / length) as f32));
        }
        Tensor::from_data(TensorData::new(values, like.dims()), &like.device())
    }

    fn steepest(&self, gradient: Tensor<4>) -> Tensor<4> {
        let lengths = lengths(&gradient).clamp_min(SHORTEST);
        gradient / lengths
    }

    fn project(&self, change: Tensor<4>, eps: f32) -> Tensor<4> {
        let shrink = (lengths(&change).clamp_min(SHORTEST).recip() * eps).clamp_max(1.0);
        change * shrink
    }
}
