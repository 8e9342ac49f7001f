//! The whole pipeline with the bundled models and the sample pictures, against PyTorch's results from the same
//! files (scripts/pytorch_bundled.py, which also says which wrong code each value would catch).
//!
//! Tolerances. PyTorch in 32 bits differs from the reference, which is in 64, by up to 8e-7 of the largest logit and by
//! 2e-7 nats in a score. The attack takes signs of gradients, some of which are near zero, so its losses differ by
//! up to 7e-3 of the largest, the logits where it ends by 5e-3, and the score there by 1.1e-2.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use pollster::block_on;
use second_look::attack::AttackConfig;
use second_look::class::Class;
use second_look::defence::Defence;
use second_look::detector::Verdict;
use second_look::picture::Picture;
use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Reference {
    crc32: BTreeMap<String, u32>,
    pictures: BTreeMap<String, Expected>,
}

/// Logits, scores and losses for one picture.
#[derive(Deserialize)]
struct Expected {
    classifier: Vec<f64>,
    reconstruction: Vec<f64>,
    correction: Vec<f64>,
    score: f64,
    tutorial: Vec<f64>,
    tutorial_score: f64,
    losses: Vec<f64>,
    attacked: Attacked,
}

#[derive(Deserialize)]
struct Attacked {
    classifier: Vec<f64>,
    correction: Vec<f64>,
    score: f64,
}

pub fn www() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("www")
}

pub fn model(name: &str) -> Vec<u8> {
    fs::read(www().join("models").join(format!("{name}.safetensors"))).unwrap()
}

fn reference() -> Reference {
    let reference: Reference =
        serde_json::from_str(include_str!("../fixtures/bundled.json")).unwrap();
    for (name, crc32) in &reference.crc32 {
        assert_eq!(
            crc32fast::hash(&model(name)),
            *crc32,
            "www/models/{name}.safetensors was replaced: run scripts/pytorch_bundled.py"
        );
    }
    assert_eq!(reference.pictures.len(), 20);
    reference
}

/// The defence as it is shipped: with the corrector.
pub fn defence() -> Defence {
    let (classifier, autoencoder) = (model("classifier"), model("autoencoder"));
    let corrector = model("corrector");
    Defence::load(&classifier, &autoencoder, Some(&corrector), &Device::flex()).unwrap().0
}

impl Reference {
    /// The names of the sample pictures, and the pictures.
    fn samples(&self) -> Vec<(&Expected, Picture)> {
        let picture = |name: &str| {
            let bytes = fs::read(www().join("samples").join(format!("{name}.png"))).unwrap();
            Picture::decode(&bytes).unwrap()
        };
        self.pictures.iter().map(|(name, expected)| (expected, picture(name))).collect()
    }
}

fn softmax(logits: &[f64]) -> Vec<f64> {
    let sum: f64 = logits.iter().map(|z| z.exp()).sum();
    logits.iter().map(|z| z.exp() / sum).collect()
}

fn most_likely(values: &[f64]) -> usize {
    (0..values.len()).max_by(|a, b| values[*a].total_cmp(&values[*b])).unwrap()
}

#[test]
fn the_shipped_defence_detects_as_the_reference_does() {
    let (reference, defence) = (reference(), defence());
    let samples = reference.samples();
    let pictures: Vec<Picture> = samples.iter().map(|(_, picture)| picture.clone()).collect();
    let x = Picture::batch(&pictures, defence.device());
    let detection = block_on(defence.detect(x.clone())).unwrap();
    // Logits tell more than probabilities, most of which are nearly 0 or 1.
    let classifier = defence.classifier();
    let logits = |images: Tensor<4>| values(classifier.forward(images));
    let predictions = logits(x);
    let of_reconstructions = logits(detection.reconstructions);
    let corrected = logits(detection.corrections.unwrap().flip([3]));
    for (n, (expected, _)) in samples.iter().enumerate() {
        let row = |all: &[f32]| all[10 * n..10 * n + 10].to_vec();
        assert_close("CL(x)", &row(&predictions), &expected.classifier, 5e-6);
        assert_close("CL(AE(x))", &row(&of_reconstructions), &expected.reconstruction, 5e-6);
        assert_close("CL(corrector(flip(x)))", &row(&corrected), &expected.correction, 5e-6);
        let verdict: &Verdict = &detection.verdicts[n];
        let near = |what, ours: &[f32], logits| assert_close(what, ours, &softmax(logits), 2e-5);
        near("prediction", &verdict.prediction, &expected.classifier);
        near("reconstruction", &verdict.reconstruction_prediction, &expected.reconstruction);
        near("corrected", &verdict.corrected_prediction.unwrap(), &expected.correction);
        assert!((f64::from(verdict.score) - expected.score).abs() < 2e-6, "{verdict:?}");
        assert_eq!(verdict.answer_if_clean.index(), most_likely(&expected.classifier));
        assert_eq!(verdict.answer_if_adversarial.index(), most_likely(&expected.correction));
        assert!(!verdict.adversarial, "every sample is chosen so that it passes");
    }
}

#[test]
fn the_tutorial_s_autoencoder_detects_as_the_reference_does() {
    let reference = reference();
    let (classifier, tutorial) = (model("classifier"), model("tutorial"));
    let (defence, _) = Defence::load(&classifier, &tutorial, None, &Device::flex()).unwrap();
    for (expected, picture) in reference.samples() {
        let x = picture.to_tensor(defence.device());
        let detection = block_on(defence.detect(x)).unwrap();
        let logits = values(defence.classifier().forward(detection.reconstructions));
        assert_close("CL(AE(x))", &logits, &expected.tutorial, 5e-6);
        let score = f64::from(detection.verdicts[0].score);
        assert!((score - expected.tutorial_score).abs() < 1e-5 * (1.0 + score), "{score}");
        assert!(detection.corrections.is_none());
    }
}

#[test]
fn the_tutorial_s_attack_takes_the_reference_s_path() {
    let (reference, defence) = (reference(), defence());
    for (expected, picture) in reference.samples() {
        let class = Class::from_index(most_likely(&expected.classifier)).unwrap();
        let mut run = defence.attack(&picture, class, AttackConfig::default()).unwrap();
        let (mut losses, mut distance) = (Vec::new(), 0.0);
        while let Some(step) = block_on(run.step()).unwrap() {
            losses.push(step.loss);
            distance = step.distance;
        }
        assert_close("losses", &losses, &expected.losses, 2e-2);
        assert!((distance - 0.01).abs() < 1e-6, "ten steps of 0.001, all in the same direction");
        let detection = block_on(run.detect(&defence)).unwrap().unwrap();
        let verdict = &detection.verdicts[0];
        let log = |p: &[f32]| {
            let p = Tensor::<1>::from_floats(p, &Device::flex());
            values(p.log())
        };
        // A logit is a logarithm of a probability up to a number that is the same for all ten.
        let expected_log =
            |logits: &[f64]| -> Vec<f64> { softmax(logits).into_iter().map(f64::ln).collect() };
        let of = &expected.attacked;
        assert_close("attacked", &log(&verdict.prediction), &expected_log(&of.classifier), 2e-2);
        let corrected = verdict.corrected_prediction.unwrap();
        assert_close("corrected", &log(&corrected), &expected_log(&of.correction), 2e-2);
        assert!((f64::from(verdict.score) / of.score - 1.0).abs() < 4e-2, "{}", verdict.score);
        assert!(verdict.adversarial && verdict.answer == class, "every sample is corrected");
    }
}
