//! Norms: which distance from the original an attack's `eps` bounds. One file per norm.

mod l2;
mod linf;

use std::fmt;

use burn::tensor::Tensor;
use rand::rngs::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

/// Which distance `eps` bounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[cfg_attr(not(target_arch = "wasm32"), derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Norm {
    /// Largest change of any value
    #[default]
    Linf,
    /// Euclidean length of the change over all 27,648 values
    L2,
}

/// What a norm decides for an attack. Tensors are [n, 3, 96, 96]; each image is treated by itself.
pub trait NormBall: Send + Sync {
    /// The norm's name.
    fn name(&self) -> &'static str;

    /// The largest distance between two pictures with values in [0, 1].
    fn diameter(&self) -> f32;

    /// `count` values drawn uniformly from the ball of radius `eps`.
    fn sample(&self, count: usize, eps: f32, rng: &mut Xoshiro256PlusPlus) -> Vec<f32>;

    /// `count` values at distance `eps` from 0. L-infinity: at a corner of the cube. L2: evenly on the sphere.
    fn sample_surface(&self, count: usize, eps: f32, rng: &mut Xoshiro256PlusPlus) -> Vec<f32>;

    /// The perturbation of length 1 along which a loss with this gradient grows fastest, to first order.
    fn steepest_direction(&self, gradient: Tensor<4>) -> Tensor<4>;

    /// The nearest perturbation inside the ball of radius `eps`.
    fn project(&self, perturbation: Tensor<4>, eps: f32) -> Tensor<4>;

    /// Length of each perturbation, shape `[n]`.
    fn length(&self, perturbation: Tensor<4>) -> Tensor<1>;

    /// How fast a loss with this gradient grows along [`NormBall::steepest_direction`], shape `[n]`: the gradient's
    /// length in the dual norm.
    fn steepest_slope(&self, gradient: Tensor<4>) -> Tensor<1>;
}

impl Norm {
    /// Both norms.
    pub const ALL: [Norm; 2] = [Norm::Linf, Norm::L2];

    /// The norm's implementation.
    pub fn ball(self) -> &'static dyn NormBall {
        match self {
            Norm::Linf => &linf::Linf,
            Norm::L2 => &l2::L2,
        }
    }
}

impl fmt::Display for Norm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.ball().name())
    }
}
