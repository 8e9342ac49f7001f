//! The whole pipeline with the bundled models and the sample pictures, against PyTorch's results from the same
//! files (reference.rs).

use std::fs;
use std::path::{Path, PathBuf};

use pollster::block_on;
use second_look::attack::AttackConfig;
use second_look::defence::Defence;
use second_look::picture::Picture;

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
