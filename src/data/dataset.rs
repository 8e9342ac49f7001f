//! Training data: pictures, what is held out of them, and how both are named in a model card.

use super::{HeldOut, Pictures, Protocol};

/// Pictures to train on, with the part that is held out for validation.
pub struct TrainingData {
    /// All pictures of the split.
    pub pictures: Box<dyn Pictures>,
    /// The indices of those to train on and of those held out.
    pub parts: HeldOut,
    /// `stl10`, `drawn`, or `stl10 and drawn`.
    pub data: String,
    /// Which split it is.
    pub protocol: Protocol,
    /// Share of the pictures that is held out.
    pub held_out: f64,
    /// Seed of the choice of the pictures held out.
    pub split_seed: u64,
}
