//! What PyTorch computed with the bundled models and the sample pictures (tests/fixtures/bundled.json, written by
//! scripts/pytorch_bundled.py, which also says which wrong code each value would catch), and how near to it results
//! must be. The native tests and the browser's (tests/page/numerics.rs) make the same comparisons.
//!
//! Tolerances. PyTorch in 32 bits differs from the reference, which is in 64, by up to 8e-7 of the largest logit and by
//! 2e-7 nats in a score; the browser's CPU and a software WebGPU by 4e-7 and 2e-7. An attack takes signs of gradients,
//! some of which are near zero, so PyTorch's losses differ by up to 7e-3 of the largest, the logits where it ends by 5e-3,
//! and the score there by 1.1e-2.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use second_look::class::Class;
use second_look::detector::{Probabilities, Verdict};
use second_look::model::Familiarity;
use second_look::picture::Picture;
use serde::Deserialize;

#[derive(Deserialize)]
pub struct Reference {
    crc32: BTreeMap<String, u32>,
    pub pictures: BTreeMap<String, Expected>,
}

/// Logits, scores and losses for one picture.
#[derive(Deserialize)]
pub struct Expected {
    pub classifier: Vec<f64>,
    pub reconstruction: Vec<f64>,
    pub correction: Vec<f64>,
    score: f64,
    pub tutorial: Vec<f64>,
    tutorial_score: f64,
    familiarity: f64,
    losses: Vec<f64>,
    attacked: Attacked,
}

#[derive(Deserialize)]
struct Attacked {
    classifier: Vec<f64>,
    correction: Vec<f64>,
    score: f64,
}

/// Of a logit for a clean picture, in parts of the largest of the ten; and of a score, in nats.
const LOGITS: f64 = 5e-6;
const SCORE: f64 = 2e-6;
/// The tutorial's autoencoder has scores that are up to 20 times as large.
const TUTORIAL_SCORE: f64 = 2e-5;
/// Of a familiarity, a share of 1; the logits' tolerance has this effect where pictures are dense.
const FAMILIARITY: f64 = 1e-4;
/// Of losses and of logits during an attack, in parts of the largest: three times what PyTorch's own 32 bits differ by.
const ATTACK: f64 = 2e-2;
/// Of the score after an attack, in parts of the score.
const ATTACKED_SCORE: f64 = 4e-2;

impl Reference {
    /// Reads the reference, and makes sure that it is of the models that are there.
    pub fn load(www: &Path) -> Self {
        let reference: Self =
            serde_json::from_str(include_str!("../fixtures/bundled.json")).unwrap();
        for (name, crc32) in &reference.crc32 {
            let path = www.join("models").join(format!("{name}.safetensors"));
            assert_eq!(
                crc32fast::hash(&fs::read(path).unwrap()),
                *crc32,
                "www/models/{name}.safetensors was replaced: run scripts/pytorch_bundled.py"
            );
        }
        assert_eq!(reference.pictures.len(), 20);
        reference
    }
}

/// A sample picture.
pub fn sample(www: &Path, name: &str) -> Picture {
    let path = www.join("samples").join(format!("{name}.png"));
    Picture::decode(&fs::read(path).unwrap()).unwrap()
}

impl Expected {
    /// The class of the clean picture.
    pub fn class(&self) -> Class {
        Class::from_index(most_likely(&self.classifier)).unwrap()
    }

    /// Holds the verdict on the clean picture against the reference.
    #[track_caller]
    pub fn assert_detected(&self, verdict: &Verdict) {
        let near = |what, ours: &Probabilities, logits: &[f64]| {
            assert_close(what, &logs(ours), &log_softmax(logits), LOGITS);
        };
        near("CL(x)", &verdict.prediction, &self.classifier);
        near("CL(AE(x))", &verdict.reconstruction_prediction, &self.reconstruction);
        let corrected = verdict.corrected_prediction.expect("there is a corrector");
        near("CL(corrector(flip(x)))", &corrected, &self.correction);
        let off = (f64::from(verdict.score) - self.score).abs();
        assert!(off < SCORE, "score {} instead of {}", verdict.score, self.score);
        assert_eq!(verdict.answer_if_clean.index(), most_likely(&self.classifier));
        assert_eq!(verdict.answer_if_adversarial.index(), most_likely(&self.correction));
        assert!(!verdict.adversarial, "every sample is chosen so that it passes");
    }

    /// Holds the verdict of the tutorial's autoencoder on the clean picture against the reference.
    #[track_caller]
    pub fn assert_detected_by_tutorial(&self, verdict: &Verdict) {
        let second = logs(&verdict.reconstruction_prediction);
        assert_close("CL(AE(x))", &second, &log_softmax(&self.tutorial), LOGITS);
        let off = (f64::from(verdict.score) - self.tutorial_score).abs();
        assert!(off < TUTORIAL_SCORE, "score {} not {}", verdict.score, self.tutorial_score);
        assert!(verdict.corrected_prediction.is_none(), "there is no corrector");
        assert_eq!(verdict.answer_if_adversarial.index(), most_likely(&self.tutorial));
    }

    /// Holds the familiarity of the clean picture against the reference.
    #[track_caller]
    pub fn assert_familiar(&self, found: Option<Familiarity>) {
        let found = found.expect("the classifier tells it");
        let off = (f64::from(found.familiarity) - self.familiarity).abs();
        assert!(off < FAMILIARITY, "{} instead of {}", found.familiarity, self.familiarity);
        assert!(found.familiar, "every sample is chosen so that it is familiar");
    }

    /// Holds the losses of the tutorial's attack, as far as they go, against the reference.
    #[track_caller]
    pub fn assert_losses(&self, losses: &[f32]) {
        assert_close("losses", losses, &self.losses[..losses.len()], ATTACK);
    }

    /// Holds the verdict on the picture after the whole of the tutorial's attack against the reference.
    #[track_caller]
    pub fn assert_attacked(&self, losses: &[f32], verdict: &Verdict) {
        assert_eq!(losses.len(), self.losses.len());
        self.assert_losses(losses);
        let of = &self.attacked;
        let near = |what, ours: &Probabilities, logits: &[f64]| {
            assert_close(what, &logs(ours), &log_softmax(logits), ATTACK);
        };
        near("attacked", &verdict.prediction, &of.classifier);
        near("corrected", &verdict.corrected_prediction.unwrap(), &of.correction);
        let off = (f64::from(verdict.score) / of.score - 1.0).abs();
        assert!(off < ATTACKED_SCORE, "score {} instead of {}", verdict.score, of.score);
        assert!(verdict.adversarial && verdict.answer == self.class(), "every sample is corrected");
    }
}

/// Logits up to a number that is the same for all ten: the logarithms of the probabilities.
fn logs(probabilities: &Probabilities) -> Vec<f32> {
    probabilities.iter().map(|p| p.ln()).collect()
}

fn log_softmax(logits: &[f64]) -> Vec<f64> {
    let sum: f64 = logits.iter().map(|z| z.exp()).sum();
    logits.iter().map(|z| z - sum.ln()).collect()
}

fn most_likely(values: &[f64]) -> usize {
    (0..values.len()).max_by(|a, b| values[*a].total_cmp(&values[*b])).unwrap()
}

/// Fails unless every pair is equal to `tolerance`, relative to the largest value expected.
#[track_caller]
pub fn assert_close(what: &str, ours: &[f32], expected: &[f64], tolerance: f64) {
    assert_eq!(ours.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(1e-12, |m: f64, v| m.max(v.abs()));
    for (i, (a, b)) in ours.iter().zip(expected).enumerate() {
        let error = (f64::from(*a) - b).abs() / scale;
        assert!(error <= tolerance, "{what}, place {i}: {a} instead of {b} (off by {error:.1e})");
    }
}
