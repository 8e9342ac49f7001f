//! The two networks, CL and AE, and their weights in files.

pub mod autoencoder;
pub mod classifier;
#[cfg(not(target_arch = "wasm32"))]
pub mod import;
pub mod layer;
mod quantize;
pub mod weights;

pub use autoencoder::{Autoencoder, AutoencoderConfig};
pub use classifier::{ClassifierConfig, Vgg};
pub use weights::{Card, Precision};
