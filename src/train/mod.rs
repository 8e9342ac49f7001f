//! Training (native only): one loop for both networks, with checkpoints that survive `kill -9`.
//!
//! Every random number follows from (seed, epoch, batch, device's rank). So a training that was interrupted
//! and resumed gives the same weights as one that was not.

pub mod adversarial;
pub mod augment;
pub mod autoencoder;
mod average;
mod batch;
mod checkpoint;
pub mod classifier;
mod data_parallel;
pub mod distillation;
mod error;
pub mod familiarity;
mod fit;
mod frozen_outputs;
mod hidden;
mod kept_predictions;
mod mix;
mod options;
mod outliers;
mod predictions;
mod schedule;

pub use augment::Augmentation;
pub use batch::SMALL;
pub use error::TrainingError;
pub use fit::{Outcome, Task, Validation, fit};
pub use hidden::HiddenOption;
pub use options::{HyperParameters, InitialWeights, Optimizer, Options};
pub use schedule::Schedule;
