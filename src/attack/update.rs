//! Update rules: from a gradient to the direction of the next step.

use burn::tensor::Tensor;

use super::norm::NormBall;

/// Turns the gradient of an objective into a step's direction. May remember earlier gradients.
pub trait Update {
    /// A direction of length 1 in the norm, [n, 3, 96, 96], from the gradient of the loss, which is to
    /// grow along it.
    fn direction(&mut self, gradient: Tensor<4>, norm: &dyn NormBall) -> Tensor<4>;

    /// Forgets earlier gradients, at the start of every restart.
    fn reset(&mut self) {}
}

/// Steepest ascent: the sign of the gradient in L-infinity, the normalised gradient in L2.
pub struct Steepest;

impl Update for Steepest {
    fn direction(&mut self, gradient: Tensor<4>, norm: &dyn NormBall) -> Tensor<4> {
        norm.steepest_direction(gradient)
    }
}

/// Momentum: g_{t+1} = decay * g_t + gradient / ||gradient||_1, then steepest ascent along g_{t+1}
/// (Dong et al. 2018, arXiv 1710.06081, eq. 6 and 7).
pub struct Momentum {
    decay: f32,
    accumulated: Option<Tensor<4>>,
}

/// A gradient whose absolute values sum up to less than this has no direction.
const SMALLEST_SUM: f32 = 1e-30;

impl Momentum {
    /// `decay` 0 forgets at once, 1 accumulates all gradients.
    pub fn new(decay: f32) -> Self {
        Self { decay, accumulated: None }
    }
}

impl Update for Momentum {
    fn direction(&mut self, gradient: Tensor<4>, norm: &dyn NormBall) -> Tensor<4> {
        let sum: Tensor<2> = gradient.clone().abs().flatten::<2>(1, 3).sum_dim(1);
        let sum: Tensor<4> = sum.clamp_min(SMALLEST_SUM).unsqueeze_dims(&[2, 3]);
        let normalised = gradient / sum;
        let accumulated = match self.accumulated.take() {
            None => normalised,
            Some(before) => before * self.decay + normalised,
        };
        self.accumulated = Some(accumulated.clone());
        norm.steepest_direction(accumulated)
    }

    fn reset(&mut self) {
        self.accumulated = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attack::Norm;
    use burn::tensor::Device;

    #[test]
    fn momentum_accumulates_gradients_until_it_is_reset() {
        let device = Device::flex();
        let gradient = |value: f32| Tensor::<4>::full([1, 1, 1, 2], value, &device);
        let ball = Norm::Linf.ball();
        let sign = |tensor: Tensor<4>| tensor.max().into_scalar::<f32>();
        let mut momentum = Momentum::new(1.0);
        // Each gradient counts with an L1 norm of 1: two up outweigh one down.
        for value in [3.0, 0.5] {
            assert_eq!(sign(momentum.direction(gradient(value), ball)), 1.0);
        }
        assert_eq!(sign(momentum.direction(gradient(-9.0), ball)), 1.0);
        momentum.reset();
        assert_eq!(sign(momentum.direction(gradient(-9.0), ball)), -1.0);
    }
}
