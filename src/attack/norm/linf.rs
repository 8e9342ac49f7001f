//! The L-infinity norm: the largest change of any value. Its ball is a cube.

use burn::tensor::Tensor;
use rand::RngExt;
use rand::rngs::Xoshiro256PlusPlus;

use super::NormBall;

pub(super) struct Linf;

impl NormBall for Linf {
    fn name(&self) -> &'static str {
        "Linf"
    }

    fn diameter(&self) -> f32 {
        1.0
    }

    fn sample(&self, count: usize, eps: f32, rng: &mut Xoshiro256PlusPlus) -> Vec<f32> {
        (0..count).map(|_| rng.random_range(-eps..=eps)).collect()
    }

    fn sample_surface(&self, count: usize, eps: f32, rng: &mut Xoshiro256PlusPlus) -> Vec<f32> {
        (0..count).map(|_| if rng.random_bool(0.5) { eps } else { -eps }).collect()
    }

    fn steepest_direction(&self, gradient: Tensor<4>) -> Tensor<4> {
        gradient.sign()
    }

    fn project(&self, perturbation: Tensor<4>, eps: f32) -> Tensor<4> {
        perturbation.clamp(-eps, eps)
    }

    fn length(&self, perturbation: Tensor<4>) -> Tensor<1> {
        perturbation.flatten::<2>(1, 3).abs().max_dim(1).squeeze_dim(1)
    }

    fn steepest_slope(&self, gradient: Tensor<4>) -> Tensor<1> {
        gradient.flatten::<2>(1, 3).abs().sum_dim(1).squeeze_dim(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn samples_fill_the_cube_evenly() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let values = Linf.sample(50_000, 0.1, &mut rng);
        let n = values.len() as f32;
        assert!(values.iter().all(|v| v.abs() <= 0.1));
        assert!((values.iter().sum::<f32>() / n).abs() < 1e-3);
        // The variance of a uniform distribution on [-a, a] is a^2 / 3.
        let variance = values.iter().map(|v| v * v).sum::<f32>() / n;
        assert!((variance / (0.01 / 3.0) - 1.0).abs() < 0.03, "{variance}");
        let corner = Linf.sample_surface(50_000, 0.1, &mut rng);
        assert!(corner.iter().all(|v| v.abs() == 0.1));
        assert!((corner.iter().sum::<f32>() / n).abs() < 2e-3);
    }
}
