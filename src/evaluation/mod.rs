//! Evaluation: accuracy of the classifier, of the reconstruction and of the corrected prediction, and figures of
//! the detector, on clean and on attacked pictures.

mod attacks;
#[cfg(not(target_arch = "wasm32"))]
mod batches;
#[cfg(not(target_arch = "wasm32"))]
mod checkpoint;
mod checks;
mod classes;
mod corruptions;
mod examine;
#[cfg(not(target_arch = "wasm32"))]
mod familiarity;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) mod figures;
mod histogram;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) mod html;
mod intervals;
#[cfg(not(target_arch = "wasm32"))]
mod lines;
#[cfg(all(test, not(target_arch = "wasm32")))]
mod made_up;
mod probe;
mod report;
#[cfg(not(target_arch = "wasm32"))]
mod results;
mod roc;
#[cfg(not(target_arch = "wasm32"))]
mod run;
#[cfg(not(target_arch = "wasm32"))]
mod setting;
#[cfg(not(target_arch = "wasm32"))]
mod suite;
mod sweep;
#[cfg(not(target_arch = "wasm32"))]
mod worst_case;

use serde::Serialize;

pub use attacks::{AttackFigures, CleanFigures, Details, Intervals, WorstCase};
#[cfg(not(target_arch = "wasm32"))]
pub use batches::{batch_count, in_batches};
#[cfg(not(target_arch = "wasm32"))]
pub use checkpoint::Checkpoint;
pub use checks::{Check, Evidence, Judgement, checks};
pub use classes::{ClassFigures, Confusion};
pub use corruptions::{
    Condition, CorruptedRecord, CorruptionFigures, Corruptions, Kind, conditions, examine_corrupted,
};
pub use examine::{Attempts, examine, examine_all, examine_one, scores, work};
#[cfg(not(target_arch = "wasm32"))]
pub use familiarity::{FamiliarityFigures, KindFigures, other_things};
pub use histogram::Histogram;
pub use intervals::Interval;
#[cfg(not(target_arch = "wasm32"))]
pub use lines::lines;
pub use probe::{PROBED, Probe, Probed, probe};
pub use report::{Accuracy, DetectorFigures, Report};
#[cfg(not(target_arch = "wasm32"))]
pub use results::Results;
pub use roc::{Curve, area_under_roc};
#[cfg(not(target_arch = "wasm32"))]
pub use run::{Plan, Run};
#[cfg(not(target_arch = "wasm32"))]
pub use setting::{Evaluation, ModelFile, Models, Setting};
#[cfg(not(target_arch = "wasm32"))]
pub use suite::Suite;
pub use sweep::{Sweep, SweepFigures, SweepPoint, Varied};
#[cfg(not(target_arch = "wasm32"))]
pub use worst_case::{Cascade, Stage};

use crate::attack::{AttackConfig, Attacker};
use crate::class::Class;
use crate::detector::Verdict;
use crate::picture::Picture;

/// The verdicts on one picture, clean and attacked.
#[derive(Clone, Debug, Serialize)]
pub struct Record {
    /// The true class.
    pub class: Class,
    /// The verdict on the clean picture.
    pub clean: Verdict,
    /// The verdict on the picture that the first attack leaves.
    pub attacked: Verdict,
    /// What each attack leads to, the first one included.
    pub attacks: Vec<Outcome>,
}

/// What an attack on one picture leads to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Outcome {
    /// The verdict on the attacked picture.
    pub verdict: Verdict,
    /// Distance from the original in the attack's norm.
    pub distance: f32,
    /// Questions asked about the picture; `None` if the attack does not count them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queries: Option<f32>,
}

/// An attack, and who carries it out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Attempt {
    /// The attack and its parameters.
    pub attack: AttackConfig,
    /// What the attacker knows.
    pub attacker: Attacker,
}

/// The attack by an attacker who knows what it needs, and nothing else.
impl From<AttackConfig> for Attempt {
    fn from(attack: AttackConfig) -> Self {
        Self { attack, attacker: attack.shape().attacker }
    }
}

impl Attempt {
    /// What the attack is given for a picture of this class: the class to lead away from, or, if it is targeted, the class to
    /// lead to, which is the next one in the list.
    pub fn given(&self, class: Class) -> Class {
        if self.attack.targeted() { class.next() } else { class }
    }

    /// Whether this prediction on a picture of this class is what the attack is after: any other class, or its target.
    pub fn succeeds(&self, class: Class, prediction: Class) -> bool {
        (prediction == self.given(class)) == self.attack.targeted()
    }
}

/// A picture kept for figures: clean, attacked, and the reconstructions of both.
pub struct Sample {
    /// The verdicts.
    pub record: Record,
    /// The clean picture x.
    pub clean: Picture,
    /// AE(x).
    pub reconstructed: Picture,
    /// The attacked picture x'.
    pub attacked: Picture,
    /// AE(x').
    pub attacked_reconstructed: Picture,
}
