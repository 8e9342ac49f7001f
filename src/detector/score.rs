//! Scores: how different the predictions on a picture and on its reconstruction are.
//!
//! A new score is a type that implements [`Score`] and a line in [`ScoreConfig`], which is what a model
//! card stores. Prediction, validation and the threshold's inference all go through [`Score::score`].

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::HiddenDivergence;
use crate::error::Result;
use crate::model::loss::Divergence;

/// What the classifier computes for a batch, as far as scores use it.
#[derive(Clone)]
pub struct Output {
    /// Logits, [n, 10].
    pub logits: Tensor<2>,
    /// Projections of hidden layers, [n, outputs] each; as many as [`Score::hidden_layers`] says.
    pub hidden: Vec<Tensor<2>>,
}

/// A number for each picture; the larger, the more different the two predictions are.
pub trait Score {
    /// Scores, shape `[n]`, from the classifier's outputs for the pictures and for their
    /// reconstructions. Differentiable in both.
    fn score(&self, picture: Output, reconstruction: Output) -> Tensor<1>;

    /// Checks the parameters.
    ///
    /// # Errors
    /// When one is out of its range.
    fn check(&self) -> Result<()>;

    /// How many hidden layers of the classifier the score compares beside the predictions.
    fn hidden_layers(&self) -> usize {
        0
    }
}

/// KL divergence, arXiv 2002.09364, eq. 4; in nats.
impl Score for Divergence {
    fn score(&self, picture: Output, reconstruction: Output) -> Tensor<1> {
        self.between(picture.logits, reconstruction.logits)
    }

    fn check(&self) -> Result<()> {
        Divergence::check(*self).map(drop)
    }
}

/// Which score a detector uses, with its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "lowercase")]
pub enum ScoreConfig {
    /// KL divergence of the predictions.
    Divergence(Divergence),
    /// KL divergence of the predictions and of hidden layers.
    Hidden(HiddenDivergence),
}

impl ScoreConfig {
    fn score_of(&self) -> &dyn Score {
        match self {
            ScoreConfig::Divergence(divergence) => divergence,
            ScoreConfig::Hidden(divergence) => divergence,
        }
    }

    /// The divergence of the predictions.
    pub fn divergence(&self) -> Divergence {
        match self {
            ScoreConfig::Divergence(divergence) => *divergence,
            ScoreConfig::Hidden(HiddenDivergence { divergence, .. }) => *divergence,
        }
    }

    /// The same score with another divergence of the predictions.
    #[must_use]
    pub fn with_divergence(self, divergence: Divergence) -> Self {
        match self {
            ScoreConfig::Divergence(_) => ScoreConfig::Divergence(divergence),
            ScoreConfig::Hidden(hidden) => {
                ScoreConfig::Hidden(HiddenDivergence { divergence, ..hidden })
            }
        }
    }
}

impl Default for ScoreConfig {
    fn default() -> Self {
        ScoreConfig::Divergence(Divergence::default())
    }
}

impl From<Divergence> for ScoreConfig {
    fn from(divergence: Divergence) -> Self {
        ScoreConfig::Divergence(divergence)
    }
}

impl Score for ScoreConfig {
    fn score(&self, picture: Output, reconstruction: Output) -> Tensor<1> {
        self.score_of().score(picture, reconstruction)
    }

    fn check(&self) -> Result<()> {
        self.score_of().check()
    }

    fn hidden_layers(&self) -> usize {
        self.score_of().hidden_layers()
    }
}

impl From<Tensor<2>> for Output {
    fn from(logits: Tensor<2>) -> Self {
        Self { logits, hidden: Vec::new() }
    }
}
