//! What both trainings can be told.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, bail};
use burn::optim::decay::WeightDecayConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{AdamConfig, ModuleOptimizer, SgdConfig};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::checkpoint::Checkpoints;
use super::schedule::Schedule;
use crate::model::Precision;

/// What turns gradients into steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Optimizer {
    /// Kingma & Ba 2015 (arXiv 1412.6980), epsilon 1e-8; the tutorial's
    Adam,
    /// Stochastic gradient hyper_parameters with Nesterov's momentum, 0.9
    Sgd,
}

impl Optimizer {
    /// An optimizer without any state yet; `weight_decay` is an L2 penalty, 0 or more.
    pub fn init(self, weight_decay: f64) -> ModuleOptimizer {
        let decay =
            (weight_decay > 0.0).then_some(WeightDecayConfig { penalty: weight_decay as f32 });
        match self {
            Optimizer::Adam => AdamConfig::new().with_epsilon(1e-8).with_weight_decay(decay).init(),
            Optimizer::Sgd => {
                let momentum = MomentumConfig { momentum: 0.9, dampening: 0.0, nesterov: true };
                SgdConfig::new().with_momentum(Some(momentum)).with_weight_decay(decay).init()
            }
        }
    }
}

/// How the weights are moved, and how often.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct HyperParameters {
    /// Passes over the training pictures.
    pub epochs: usize,
    /// Pictures in a batch.
    pub batch_size: usize,
    /// What turns gradients into steps.
    pub optimizer: Optimizer,
    /// The learning rate, at the highest of the schedule.
    pub learning_rate: f64,
    /// L2 penalty on the weights, as a part of the gradient.
    pub weight_decay: f64,
    /// How the learning rate goes.
    pub schedule: Schedule,
}

/// What both trainings can be told.
#[derive(Clone, Debug)]
pub struct Options {
    /// How the weights are moved, and how often.
    pub hyper_parameters: HyperParameters,
    /// Of the first weights, the shuffling and the augmentation.
    pub seed: u64,
    /// Stop after so many epochs without a better validation; 0: never.
    pub patience: usize,
    /// Where the best weights go.
    pub out: PathBuf,
    /// Number format of the best weights.
    pub precision: Precision,
    /// Checkpoint after so much time, beside the one after every epoch.
    pub checkpoint_every: Duration,
    /// Go on from the last checkpoint.
    pub resume: bool,
    /// InitialWeights over although there are weights or checkpoints.
    pub overwrite: bool,
}

impl Options {
    /// Whether the results may go where they are to go; worth asking before anything that takes time.
    ///
    /// # Errors
    /// When there is something to resume or to replace, and neither was asked for.
    pub fn check_output(&self) -> Result<()> {
        if self.resume || self.overwrite {
            return Ok(());
        }
        let checkpoints = Checkpoints::beside(&self.out);
        if checkpoints.last()?.is_some() {
            bail!(
                "{} holds a checkpoint: go on from it with --resume, or start over with --overwrite",
                checkpoints.folder().display()
            );
        }
        if self.out.exists() {
            bail!("{} exists: replace it with --overwrite", self.out.display());
        }
        Ok(())
    }
}

/// Weights to start from.
pub struct InitialWeights {
    /// Where they were read.
    pub path: PathBuf,
    /// A file of ours or a state dict of PyTorch's, as safetensors.
    pub weights: Vec<u8>,
    /// Of the file: a training is not resumed from another start.
    pub crc32: u32,
}
