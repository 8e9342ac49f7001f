//! The detector: how different the two predictions are, which difference is too large, and what follows.
//!
//! S(x) = KL(CL(x) || CL(AE(x))). Above the threshold the picture is adversarial and the answer is
//! CL(AE(x)); at or below it the answer is CL(x) (Vacanti & Van Looveren 2020, arXiv 2002.09364, eq. 4).
//! The autoencoder that detects attacks best need not correct them best, so a second one, the
//! [`Corrector`], can give the answer instead.

pub mod corrector;
mod hidden;
mod randomisation;
pub mod score;
mod threshold;
mod verdict;

use serde::{Deserialize, Serialize};

pub use corrector::Corrector;
pub use hidden::{HiddenDivergence, LayerWeights};
pub use randomisation::Randomisation;
pub use score::{Score, ScoreConfig};
pub use verdict::{Predictions, Probabilities, Verdict};

use crate::error::{Error, Result};

/// A score and a threshold. (TypeScript's type is written by hand, in `web.rs`: an interface cannot extend a choice of
/// scores.)
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Detector {
    /// How the score is computed.
    #[serde(flatten)]
    pub score: ScoreConfig,
    /// Scores above it mean adversarial; in nats, 0 or more.
    pub threshold: f32,
}

impl Detector {
    /// Checks the score's parameters and the threshold.
    ///
    /// # Errors
    /// When one is out of its range.
    pub fn check(self) -> Result<Self> {
        self.score.check()?;
        if self.threshold.is_finite() && self.threshold >= 0.0 {
            return Ok(self);
        }
        Err(Error::Option {
            name: "the threshold",
            value: self.threshold.to_string(),
            must: "a number of nats, 0 or more",
        })
    }
}
