//! The two networks, CL and AE, and their weights in files.

pub mod autoencoder;
pub mod card;
pub mod classifier;
mod cpu;
mod dct;
pub mod familiarity;
mod frozen;
pub mod hidden;
pub(crate) mod initial;
pub(crate) mod layers;
pub mod loss;
#[cfg(any(test, feature = "gpu-products"))]
mod product;
#[cfg(not(target_arch = "wasm32"))]
pub mod pytorch;
mod quantize;
pub mod weights;

pub use autoencoder::{Autoencoder, AutoencoderConfig};
pub use card::Card;
pub use classifier::{Classifier, ClassifierConfig, Head};
pub use familiarity::{Familiarity, FamiliarityCard};
pub use hidden::{HiddenLayer, LayerName, ProjectedClassifier};
pub use weights::Precision;
