//! Training, natively: one loop for both networks, with checkpoints that survive `kill -9`.
//!
//! Every random choice follows from (seed, epoch, batch), so a training that was interrupted and resumed
//! sees the same batches as one that was not.

pub mod augment;
pub mod autoencoder;
mod batch;
pub mod checkpoint;
pub mod classifier;
mod data_parallel;
mod fit;
mod options;
mod schedule;

pub use batch::SMALL;
pub use fit::{Outcome, Task, Validation, fit};
pub use options::{HyperParameters, InitialWeights, Optimizer, Options};
pub use schedule::Schedule;
