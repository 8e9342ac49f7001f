//! Verdicts and records for tests.

use super::{Outcome, Record};
use crate::class::Class;
use crate::detector::{Detector, Predictions, ScoreConfig, Verdict};
use crate::model::loss::{Direction, Divergence};

/// A detector with the threshold 1.
pub const DETECTOR: Detector = Detector {
    score: ScoreConfig::Divergence(Divergence { direction: Direction::Forward, temperature: 1.0 }),
    threshold: 1.0,
};

/// A verdict on a picture with this prediction and score; every corrected prediction is "cat".
pub fn verdict(prediction: Class, score: f32) -> Verdict {
    let sure =
        |class: Class| std::array::from_fn(|index| if index == class.index() { 1.0 } else { 0.0 });
    let predictions = Predictions {
        prediction: sure(prediction),
        reconstruction_prediction: sure(Class::Cat),
        corrected_prediction: None,
    };
    DETECTOR.verdict(predictions, score).unwrap()
}

/// What an attack leads to that moves a picture by 0.03.
pub fn outcome(prediction: Class, score: f32) -> Outcome {
    Outcome { verdict: verdict(prediction, score), distance: 0.03, queries: None }
}

/// A record of a picture of a cat.
pub fn record(clean: Verdict, attacks: Vec<Outcome>) -> Record {
    Record { class: Class::Cat, clean, attacked: attacks[0].verdict, attacks }
}
