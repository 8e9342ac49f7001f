//! The two networks, CL and AE, and their weights in files.

pub mod autoencoder;
pub mod classifier;
pub mod layer;
pub mod weights;

pub use autoencoder::{Autoencoder, AutoencoderConfig};
pub use classifier::{ClassifierConfig, Vgg};
pub use weights::{Card, Precision};
