//! Convolutions on the CPU, forward and backward, in safe Rust: `docs/kernels.md` explains them to a newcomer.
//!
//! Everything here works on slices of `f32`. Pictures are *channels last*: `[n, h, w, c]`, so that one place's
//! channels lie side by side and the vectors of the processor run along them. Weights have PyTorch's layout.
//!
//! - [`Geometry`]: the sizes of a convolution.
//! - [`Filter`]: a convolution's weights, packed for one direction: forward, or back to its input.
//! - [`weight_gradient`]: the gradient of a convolution's weights and bias.
//! - [`norm`]: batch normalisation and ReLU in one pass, for training. [`pool`]: the largest of 2x2.
//! - [`Network`]: a chain of convolutions with fixed weights, run picture by picture, and the gradient of its
//!   input. What attacks and the defence spend their time in.

mod direct;
mod filter;
mod frame;
mod geometry;
mod layout;
mod network;
pub mod norm;
mod parallel;
pub mod pool;
#[cfg(test)]
mod tests;
mod tile;
mod vector;
mod weights;
mod winograd;

pub use filter::Filter;
pub use geometry::Geometry;
pub use network::{Network, Step, Trace};
pub use weights::weight_gradient;
