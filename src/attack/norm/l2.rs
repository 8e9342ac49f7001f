//! The L2 norm: the Euclidean length of the change over all values.

use burn::tensor::Tensor;
use rand::RngExt;
use rand::rngs::Xoshiro256PlusPlus;
use rand_distr::StandardNormal;

use super::NormBall;
use crate::picture::VALUES;

pub(super) struct L2;

/// A gradient shorter than this has no direction: its image does not move.
const SHORTEST: f32 = 1e-30;

/// Euclidean length of each row, [n, 1].
fn row_lengths(rows: Tensor<2>) -> Tensor<2> {
    // Squares of gradients far below 1e-19 vanish in f32: measure in units of the largest value.
    let unit = rows.clone().abs().max_dim(1).clamp_min(SHORTEST);
    (rows / unit.clone()).square().sum_dim(1).sqrt() * unit
}

/// The same of images, [n, 1, 1, 1].
fn lengths(x: &Tensor<4>) -> Tensor<4> {
    row_lengths(x.clone().flatten(1, 3)).unsqueeze_dims(&[2, 3])
}

/// The values, scaled to this length.
fn with_length(values: &[f32], wanted: f64) -> Vec<f32> {
    let length = values.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt();
    values.iter().map(|v| (f64::from(*v) * wanted / length) as f32).collect()
}

impl NormBall for L2 {
    fn name(&self) -> &'static str {
        "L2"
    }

    fn diameter(&self) -> f32 {
        (VALUES as f32).sqrt() // all values from 0 to 1
    }

    fn sample(&self, count: usize, eps: f32, rng: &mut Xoshiro256PlusPlus) -> Vec<f32> {
        // A normal sample gives an even direction. The volume within radius r grows with r^count.
        let sample: Vec<f32> = (0..count).map(|_| rng.sample(StandardNormal)).collect();
        let radius = f64::from(eps) * rng.random::<f64>().powf(1.0 / count as f64);
        with_length(&sample, radius)
    }

    fn sample_surface(&self, count: usize, eps: f32, rng: &mut Xoshiro256PlusPlus) -> Vec<f32> {
        let sample: Vec<f32> = (0..count).map(|_| rng.sample(StandardNormal)).collect();
        with_length(&sample, f64::from(eps))
    }

    fn steepest_direction(&self, gradient: Tensor<4>) -> Tensor<4> {
        let lengths = lengths(&gradient).clamp_min(SHORTEST);
        gradient / lengths
    }

    fn project(&self, perturbation: Tensor<4>, eps: f32) -> Tensor<4> {
        let shrink = (lengths(&perturbation).clamp_min(SHORTEST).recip() * eps).clamp_max(1.0);
        perturbation * shrink
    }

    fn length(&self, perturbation: Tensor<4>) -> Tensor<1> {
        row_lengths(perturbation.flatten(1, 3)).squeeze_dim(1)
    }

    fn steepest_slope(&self, gradient: Tensor<4>) -> Tensor<1> {
        self.length(gradient)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn samples_fill_the_ball_evenly() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(2);
        // In three dimensions the part within half the radius is an eighth.
        let samples: Vec<Vec<f32>> = (0..20_000).map(|_| L2.sample(3, 0.5, &mut rng)).collect();
        let length = |v: &Vec<f32>| v.iter().map(|x| x * x).sum::<f32>().sqrt();
        assert!(samples.iter().all(|v| length(v) <= 0.5 + 1e-6));
        let inner = samples.iter().filter(|v| length(v) <= 0.25).count() as f32 / 20_000.0;
        assert!((inner - 0.125).abs() < 0.01, "{inner}");
        for axis in 0..3 {
            let mean = samples.iter().map(|v| v[axis]).sum::<f32>() / 20_000.0;
            assert!(mean.abs() < 0.01, "{mean}");
        }
        assert!((length(&L2.sample_surface(50, 0.5, &mut rng)) - 0.5).abs() < 1e-6);
    }
}
