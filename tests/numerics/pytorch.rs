//! Against values that PyTorch computed from the same weights (scripts/pytorch_reference.py).
//!
//! Tolerances: logits and losses agree to a few 1e-6. Gradients that came through many layers differ between any
//! two implementations, PyTorch with and without oneDNN included (about 1e-3), because sums are rounded in
//! another order and a ReLU may fall on the other side; attacked pictures differ more, because PGD takes those
//! gradients' signs. So attacks are compared by the losses on their way and by their distances.

use std::collections::BTreeMap;
use std::path::Path;

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::{Device, Tensor, activation};
use burn_store::{BurnToPyTorchAdapter, ModuleSnapshot};
use second_look::attack::{AttackConfig, Norm, Pgd};
use second_look::class::Class;
use second_look::model::loss::{Direction, Divergence};
use second_look::model::pytorch::state_dict;
use second_look::model::{AutoencoderConfig, ClassifierConfig};
use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Reference {
    labels: Vec<usize>,
    compact_logits: Vec<f64>,
    vgg16_logits: Vec<f64>,
    picture_gradient: PictureGradient,
    tutorial_autoencoder: AutoencoderReference,
    compact_autoencoder: AutoencoderReference,
    residual_autoencoder: AutoencoderReference,
    attacks: Vec<AttackReference>,
    classifier_step: StepReference,
}

#[derive(Deserialize)]
struct PictureGradient {
    loss: Vec<f64>,
    #[serde(flatten)]
    gradient: Sample,
}

#[derive(Deserialize)]
struct Sample {
    values: Vec<f64>,
    norm: f64,
}

#[derive(Deserialize)]
struct AutoencoderReference {
    output: Sample,
    divergence: Vec<DivergenceReference>,
    step: StepReference,
}

#[derive(Deserialize)]
struct DivergenceReference {
    direction: Direction,
    temperature: f32,
    values: Vec<f64>,
}

#[derive(Deserialize)]
struct StepReference {
    loss: f64,
    learning_rate: f64,
    gradients: BTreeMap<String, f64>,
    moved: BTreeMap<String, Moved>,
    running: BTreeMap<String, Sample>,
}

#[derive(Deserialize)]
struct Moved {
    places: Vec<usize>,
    by: Vec<f64>,
}

#[derive(Deserialize)]
struct AttackReference {
    norm: Norm,
    eps: f32,
    eps_step: f32,
    max_iter: usize,
    targeted: bool,
    losses: Vec<Vec<f64>>,
    linf: Vec<f64>,
    l2: Vec<f64>,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("../fixtures/pytorch.json")).unwrap()
}

impl Reference {
    fn autoencoders(&self) -> [(AutoencoderConfig, &AutoencoderReference); 3] {
        [
            (TUTORIAL, &self.tutorial_autoencoder),
            (COMPACT, &self.compact_autoencoder),
            (RESIDUAL, &self.residual_autoencoder),
        ]
    }

    fn classes(&self) -> Vec<Class> {
        self.labels.iter().map(|l| Class::from_index(*l).unwrap()).collect()
    }
}

#[track_caller]
fn assert_sample(what: &str, ours: &[f32], expected: &Sample, tolerance: f64) {
    let every = (ours.len() / 64).max(1);
    let spread: Vec<f32> = ours.iter().step_by(every).take(64).copied().collect();
    assert_close(what, &spread, &expected.values, tolerance);
    assert!((norm(ours) / expected.norm - 1.0).abs() < tolerance, "{what}: another length");
}

#[test]
fn logits_of_both_classifiers() {
    let reference = reference();
    let compact = classifier(ClassifierConfig::Compact).forward(pictures(2));
    assert_close("compact", &values(compact), &reference.compact_logits, 1e-5);
    let vgg16 = classifier(ClassifierConfig::Vgg16).forward(pictures(1));
    assert_close("vgg16", &values(vgg16), &reference.vgg16_logits, 1e-4);
}

#[test]
fn state_dicts_of_torch_save_old_and_new() {
    let device = Device::flex();
    let config = AutoencoderConfig::Residual { side: 12, channels: 1, width: 2 };
    let expected = values(autoencoder(config, &device).forward(pictures(1)));
    for name in ["autoencoder.pth", "autoencoder-legacy.pth"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
        let loaded = weights::load(config.init(&device), &state_dict(&path).unwrap()).unwrap();
        assert_eq!(values(loaded.valid().forward(pictures(1))), expected, "{name}");
    }
}

#[test]
fn the_picture_s_gradient() {
    let reference = reference();
    let classifier = classifier(ClassifierConfig::Compact);
    let x = pictures(2).autodiff().require_grad();
    let log_p = activation::log_softmax(classifier.forward(x.clone()), 1);
    let loss = (log_p * one_hot(&reference.classes()).autodiff()).sum_dim(1).neg();
    let mut gradients = loss.clone().sum().backward();
    let expected = &reference.picture_gradient;
    assert_close("loss", &values(loss.inner()), &expected.loss, 1e-5);
    let gradient = values(x.grad_remove(&mut gradients).unwrap());
    assert_sample("gradient", &gradient, &expected.gradient, 1e-2);
}

#[test]
fn reconstructions_and_divergences() {
    let reference = reference();
    let classifier = classifier(ClassifierConfig::Compact);
    let x = pictures(2);
    for (config, expected) in reference.autoencoders() {
        let again = autoencoder(config, &Device::flex()).valid().forward(x.clone());
        assert_sample(&config.to_string(), &values(again.clone()), &expected.output, 1e-5);
        let (first, second) = (classifier.forward(x.clone()), classifier.forward(again));
        assert_eq!(expected.divergence.len(), 6);
        for d in &expected.divergence {
            let divergence = Divergence { direction: d.direction, temperature: d.temperature };
            let ours = values(divergence.between(first.clone(), second.clone()));
            assert_close(&format!("{config}, {divergence:?}"), &ours, &d.values, 1e-4);
        }
    }
}

/// Each tensor's gradient by name, as the module's file would name it.
struct Lengths<'a> {
    gradients: &'a burn::tensor::Gradients,
    found: Vec<f64>,
}

impl ModuleVisitor for Lengths<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = param.val().grad(self.gradients) {
            self.found.push(norm(&values(gradient)));
        }
    }
}

/// Every tensor by PyTorch's name, in PyTorch's layout.
fn named<M: Module>(module: &M) -> Vec<(String, Vec<f32>)> {
    module
        .collect(None, Some(Box::new(BurnToPyTorchAdapter)), true)
        .into_iter()
        .map(|tensor| {
            let bytes = tensor.to_bytes().unwrap();
            let values = bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
            (tensor.name.to_string(), values)
        })
        .collect()
}

/// Takes one step of Adam and compares everything that it computes and changes.
#[track_caller]
fn assert_step<M: Module>(model: M, loss: Tensor<1>, expected: &StepReference) {
    assert_close("loss", &values(loss.clone().inner()), &[expected.loss], 1e-4);
    let gradients = loss.backward();
    let before = named(&model.valid());
    let mut lengths = Lengths { gradients: &gradients, found: Vec::new() };
    model.visit(&mut lengths);
    let trainable = before.iter().filter(|(name, _)| !name.contains("running"));
    assert_eq!(lengths.found.len(), expected.gradients.len());
    for ((name, _), length) in trainable.zip(lengths.found) {
        let wanted = expected.gradients[name];
        // In front of a batch norm a bias changes nothing: its gradient is 0, computed as rounding.
        let error = (length - wanted).abs();
        assert!(error < 1e-2 * wanted + 1e-5, "gradient of {name}: {length} instead of {wanted}");
    }
    let mut optimizer = AdamConfig::new().with_epsilon(1e-8).init();
    let gradients = GradientsParams::from_grads(gradients, &model);
    let after = named(&optimizer.step(expected.learning_rate, model, gradients).valid());
    for ((name, before), (_, after)) in before.iter().zip(&after) {
        if let Some(sample) = expected.running.get(name) {
            // burn remembers the batch's own variance, PyTorch the unbiased estimate, n / (n - 1) of
            // it, a tenth of which enters; n = 72 at the last layer.
            assert_sample(name, after, sample, 2e-3);
            continue;
        }
        let moved = &expected.moved[name];
        if expected.gradients[name] < 1e-4 {
            continue; // rounding has no sign to compare
        }
        for (place, by) in moved.places.iter().zip(&moved.by) {
            let ours = f64::from(after[*place]) - f64::from(before[*place]);
            assert!(
                (ours - by).abs() < 0.01 * by.abs(),
                "{name}[{place}] moved by {ours}, not {by}"
            );
        }
    }
}

#[test]
fn one_training_step_of_the_autoencoders() {
    let reference = reference();
    let classifier = classifier(ClassifierConfig::Compact);
    let x = pictures(2);
    for (config, expected) in reference.autoencoders() {
        let model = autoencoder(config, &Device::flex().autodiff());
        let first = classifier.forward(x.clone()).autodiff();
        let second = classifier.forward(model.forward(x.clone().autodiff()));
        let divergence = Divergence { direction: Direction::Reverse, temperature: 1.0 };
        assert_step(model, divergence.between(first, second).mean(), &expected.step);
    }
}

#[test]
fn one_training_step_of_the_classifier() {
    let reference = reference();
    let device = Device::flex().autodiff();
    let config = ClassifierConfig::Compact;
    let fresh = config.init(&device);
    let bytes = file(&fresh, &Card::new(Architecture::Classifier(config)));
    let model = weights::load(fresh, &bytes).unwrap();
    let log_p = activation::log_softmax(model.forward(pictures(2).autodiff()), 1);
    let loss = (log_p * one_hot(&reference.classes()).autodiff()).sum_dim(1).neg().mean();
    assert_step(model, loss, &reference.classifier_step);
}

#[test]
fn attacks_take_the_same_way() {
    let reference = reference();
    let classifier = classifier(ClassifierConfig::Compact);
    let (x, classes) = (pictures(2), reference.classes());
    assert_eq!(reference.attacks.len(), 3);
    for expected in &reference.attacks {
        let pgd = Pgd {
            norm: expected.norm,
            eps: expected.eps,
            eps_step: expected.eps_step,
            max_iter: expected.max_iter,
            targeted: expected.targeted,
            ..Pgd::default()
        };
        let mut attack =
            AttackConfig::from(pgd).start(&classifier, input(x.clone(), &classes)).unwrap();
        let ours: Vec<Vec<f32>> =
            std::iter::from_fn(|| attack.step()).map(|step| values(step.loss)).collect();
        assert_eq!(ours.len(), expected.losses.len());
        for (t, (ours, wanted)) in ours.iter().zip(&expected.losses).enumerate() {
            assert_close(&format!("{pgd}, loss of step {t}"), ours, wanted, 5e-3);
        }
        let change = attack.best().unwrap().images.clone() - x.clone();
        assert_close(
            "linf",
            &values(Norm::Linf.ball().length(change.clone())),
            &expected.linf,
            1e-2,
        );
        assert_close("l2", &values(Norm::L2.ball().length(change)), &expected.l2, 1e-2);
    }
}
