//! The whole pipeline with the bundled models and the sample pictures, against PyTorch's results from the same
//! files (reference.rs).

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use pollster::block_on;
use second_look::attack::AttackConfig;
use second_look::defence::Defence;
use second_look::picture::Picture;
use serde::Deserialize;

use super::reference::{Expected, Reference, sample};
use super::*;

pub fn www() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("www")
}

pub fn model(name: &str) -> Vec<u8> {
    fs::read(www().join("models").join(format!("{name}.safetensors"))).unwrap()
}

/// The defence as it is shipped: with the corrector.
pub fn defence() -> Defence {
    let (classifier, autoencoder) = (model("classifier"), model("autoencoder"));
    let corrector = model("corrector");
    Defence::load(&classifier, &autoencoder, Some(&corrector), &Device::flex()).unwrap().0
}

/// The sample pictures, and what is expected of them.
fn samples(reference: &Reference) -> Vec<(&Expected, Picture)> {
    reference.pictures.iter().map(|(name, expected)| (expected, sample(&www(), name))).collect()
}

#[test]
fn the_shipped_defence_detects_as_the_reference_does() {
    let (reference, defence) = (Reference::load(&www()), defence());
    let samples = samples(&reference);
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
        expected.assert_detected(&detection.verdicts[n]);
        expected.assert_familiar(block_on(defence.examine(&pictures[n])).unwrap().familiarity);
    }
}

#[test]
fn the_tutorial_s_autoencoder_detects_as_the_reference_does() {
    let reference = Reference::load(&www());
    let (classifier, tutorial) = (model("classifier"), model("tutorial"));
    let (defence, _) = Defence::load(&classifier, &tutorial, None, &Device::flex()).unwrap();
    for (expected, picture) in samples(&reference) {
        let x = picture.to_tensor(defence.device());
        let detection = block_on(defence.detect(x)).unwrap();
        let logits = values(defence.classifier().forward(detection.reconstructions));
        assert_close("CL(AE(x))", &logits, &expected.tutorial, 5e-6);
        expected.assert_detected_by_tutorial(&detection.verdicts[0]);
        assert!(detection.corrections.is_none());
    }
}

/// What PyTorch computed with other bundled networks.
#[derive(Deserialize)]
struct Others {
    others: Vec<Other>,
}

#[derive(Deserialize)]
struct Other {
    classifier: String,
    autoencoder: String,
    corrector: Option<String>,
    pictures: BTreeMap<String, Detected>,
}

#[derive(Deserialize)]
struct Detected {
    classifier: Vec<f64>,
    reconstruction: Vec<f64>,
    correction: Option<Vec<f64>>,
    score: f64,
}

/// VGG16, the robust classifier, and the autoencoder of the paper's baseline.
#[test]
fn the_other_networks_detect_as_the_reference_does() {
    Reference::load(&www()); // the numbers are of the files that are there
    let Others { others } = serde_json::from_str(include_str!("../fixtures/bundled.json")).unwrap();
    assert_eq!(others.len(), 4);
    for Other { classifier, autoencoder, corrector, pictures } in others {
        let corrector = corrector.map(|name| model(&name));
        let files = (model(&classifier), model(&autoencoder));
        let (defence, _) =
            Defence::load(&files.0, &files.1, corrector.as_deref(), &Device::flex()).unwrap();
        let logits = |images: Tensor<4>| values(defence.classifier().forward(images));
        assert_eq!(pictures.len(), 5);
        for (name, expected) in pictures {
            let x = sample(&www(), &name).to_tensor(defence.device());
            let detection = block_on(defence.detect(x.clone())).unwrap();
            let what = format!("{classifier}, {autoencoder}, {name}");
            assert_close(&what, &logits(x), &expected.classifier, 1e-5);
            assert_close(&what, &logits(detection.reconstructions), &expected.reconstruction, 1e-5);
            let corrected = detection.corrections.map(|images| logits(images.flip([3])));
            match (&corrected, &expected.correction) {
                (Some(ours), Some(expected)) => assert_close(&what, ours, expected, 1e-5),
                (ours, expected) => assert!(ours.is_none() && expected.is_none(), "{what}"),
            }
            let score = f64::from(detection.verdicts[0].score);
            let off = (score - expected.score).abs();
            assert!(off < 4e-6 + 2e-5 * expected.score, "{what}: {score}, not {}", expected.score);
        }
    }
}

#[test]
fn the_tutorial_s_attack_takes_the_reference_s_path() {
    let (reference, defence) = (Reference::load(&www()), defence());
    for (expected, picture) in samples(&reference) {
        let mut run = defence.attack(&picture, expected.class(), AttackConfig::default()).unwrap();
        let (mut losses, mut distance) = (Vec::new(), 0.0);
        while let Some(step) = block_on(run.step()).unwrap() {
            losses.push(step.loss);
            distance = step.distance;
        }
        assert!((distance - 0.01).abs() < 1e-6, "ten steps of 0.001, all in the same direction");
        let attacked = block_on(run.finish()).unwrap();
        expected.assert_attacked(&losses, &block_on(defence.examine(&attacked)).unwrap().verdict);
    }
}
