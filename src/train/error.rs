//! Why a training is refused or ends early.

use std::path::PathBuf;

/// What can go wrong in a training, beside [`crate::Error`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainingError {
    /// There are checkpoints, and neither resuming nor overwriting was asked for.
    #[error("{} holds a checkpoint: resume from it, or start over", folder.display())]
    CheckpointExists {
        /// The folder of the checkpoints.
        folder: PathBuf,
    },

    /// The file for the weights exists, and overwriting was not asked for.
    #[error("{} exists: choose another file, or start over", file.display())]
    OutputExists {
        /// The file.
        file: PathBuf,
    },

    /// The weights cannot replace a folder.
    #[error("{} is a folder: choose a file for the weights", folder.display())]
    OutputIsFolder {
        /// The folder.
        folder: PathBuf,
    },

    /// The checkpoints' folder was not made by a training, or something else was put into it.
    #[error("{} holds {name}, which no training wrote: move it away, or choose another output file", folder.display())]
    ForeignFolder {
        /// The folder of the checkpoints.
        folder: PathBuf,
        /// What is in it.
        name: String,
    },

    /// Another process trains into the same file.
    #[error("another training writes to {}: wait for its end, or choose another output file", file.display())]
    Busy {
        /// The file for the weights.
        file: PathBuf,
    },

    /// There is nothing to resume from.
    #[error("{} holds no checkpoint to resume from: start from the beginning", folder.display())]
    NoCheckpoint {
        /// The folder of the checkpoints.
        folder: PathBuf,
    },

    /// The file for the weights holds others than the best ones of the training that is to be resumed.
    #[error("{} holds other weights than the best ones of this training: move it away, and resume again", file.display())]
    OtherWeights {
        /// The file for the weights.
        file: PathBuf,
    },

    /// The checkpoint was made with other options.
    #[error("the checkpoint in {} belongs to other options ({differences}): give the same ones, or start over", folder.display())]
    OtherOptions {
        /// The folder of the checkpoints.
        folder: PathBuf,
        /// Which options differ, and how.
        differences: String,
    },

    /// No checkpoint can be read.
    #[error("the checkpoint {} is damaged ({reason}): start over", folder.display())]
    DamagedCheckpoint {
        /// The checkpoint.
        folder: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// Nothing is left to learn from, or to choose by.
    #[error(
        "there are too few pictures: each class needs at least two, one of them to be held out"
    )]
    TooFewPictures,

    /// The loss or the validation error is infinite or not a number.
    #[error(
        "the {what} is not a finite number any more ({when}): use a smaller learning rate; the last checkpoint is intact"
    )]
    Diverged {
        /// Loss or validation error.
        what: &'static str,
        /// Epoch and batch.
        when: String,
    },

    /// A device failed in a training step.
    #[error(
        "training on device {rank} failed: {reason}; the last checkpoint is intact: resume from it or, if memory ran out, start over with smaller batches or more devices"
    )]
    Device {
        /// Its place in the list of devices, from 0.
        rank: usize,
        /// What burn says of it.
        reason: String,
    },
}
