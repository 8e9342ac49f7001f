//! Training steps through the project's own tasks and optimisers, against PyTorch's from the same seeds
//! (scripts/pytorch_training.py, which also says which wrong code each case would catch).
//!
//! Nothing of a step is rebuilt here: `Task::loss` reads the pictures, draws its flips, windows, noise and
//! augmentation from a seeded generator, and returns the loss; the reference repeats every draw. A change of
//! `rand`'s algorithms fails here too, as it should: the same seed would no longer give the same training.
//!
//! Tolerances. PyTorch in 32 bits differs from the reference, which is in 64, by up to 1e-6 in a loss (5e-5 at a
//! temperature of 300, where it is a small difference of large numbers), 2.6e-3 in a gradient's length or
//! entries, and 5e-3 in how far a weight has moved after three steps. Ours may differ by about twice that.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use second_look::data::{HeldOut, Protocol, TrainingData};
use second_look::detector::ScoreConfig;
use second_look::model::loss::{Direction, Divergence};
use second_look::model::{AutoencoderConfig, ClassifierConfig};
use second_look::train::autoencoder::{AutoencoderOptions, AutoencoderTask};
use second_look::train::classifier::{ClassifierOptions, ClassifierTask};
use second_look::train::distillation::{Distillation, Teacher};
use second_look::train::{InitialWeights, Optimizer, Task};
use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Reference {
    training: Training,
}

#[derive(Deserialize)]
struct Training {
    labels: Vec<usize>,
    /// The autoencoder of all steps but the next ones.
    autoencoder: AutoencoderConfig,
    network_steps: Vec<NetworkStep>,
    autoencoder_steps: Vec<AutoencoderStep>,
    autoencoder_optimizers: Vec<Steps>,
    classifier_steps: Vec<ClassifierStep>,
    classifier_optimizers: Vec<Steps>,
}

/// One step of a network at its full size.
#[derive(Deserialize)]
struct NetworkStep {
    config: AutoencoderConfig,
    #[serde(flatten)]
    step: StepReference,
}

/// What a step computes.
#[derive(Deserialize)]
struct StepReference {
    loss: f64,
    share: f64,
    gradients: BTreeMap<String, Gradient>,
}

#[derive(Deserialize)]
struct AutoencoderStep {
    direction: Direction,
    temperature: f32,
    mse: f64,
    flip: bool,
    noise: f32,
    small_epochs: usize,
    seed: u64,
    #[serde(flatten)]
    step: StepReference,
}

#[derive(Deserialize)]
struct ClassifierStep {
    small_epochs: usize,
    frozen_epochs: usize,
    label_smoothing: f64,
    teacher_temperature: Option<f32>,
    teacher_weight: Option<f64>,
    seed: u64,
    #[serde(flatten)]
    step: StepReference,
}

#[derive(Deserialize)]
struct Gradient {
    norm: f64,
    places: Vec<usize>,
    values: Vec<f64>,
}

/// Three steps of an optimiser.
#[derive(Deserialize)]
struct Steps {
    #[serde(default)]
    temperature: f32,
    #[serde(default)]
    seed: u64,
    optimizer: Optimizer,
    learning_rate: f64,
    weight_decay: f64,
    /// Before each step, and after the last.
    losses: Vec<f64>,
    moved: BTreeMap<String, Moved>,
    /// The first values of what batch normalisation remembers after the first step.
    running: BTreeMap<String, Vec<f64>>,
}

#[derive(Deserialize)]
struct Moved {
    /// Length of the first gradient.
    gradient: f64,
    places: Vec<usize>,
    /// By how much these weights have moved after the first step, and after the third.
    first: Vec<f64>,
    third: Vec<f64>,
}

fn reference() -> Training {
    let json = include_str!("../fixtures/pytorch.json");
    serde_json::from_str::<Reference>(json).unwrap().training
}

impl Training {
    fn data(&self) -> Arc<TrainingData> {
        let labels = self.labels.iter().map(|label| Class::from_index(*label).unwrap()).collect();
        let training: Vec<usize> = (0..self.labels.len()).collect();
        Arc::new(TrainingData {
            pictures: Box::new(Scenes::new(labels)),
            parts: HeldOut { validation: training.clone(), training },
            data: "scenes".to_owned(),
            protocol: Protocol::Tutorial,
            held_out: 0.1,
            split_seed: 0,
        })
    }

    fn batch(&self) -> Vec<usize> {
        (0..self.labels.len()).collect()
    }

    /// The autoencoder's task with a loss, everything else left out.
    fn autoencoder_options(&self, loss: Divergence) -> AutoencoderOptions {
        AutoencoderOptions {
            config: self.autoencoder,
            loss: loss.into(),
            smallest_probability: 0.0,
            mse: 0.0,
            flip: false,
            noise: 0.0,
            small_epochs: 0,
            score: ScoreConfig::default(),
            percentile: 95.0,
            classifier_crc32: 0,
        }
    }

    fn autoencoder_task(&self, options: AutoencoderOptions) -> AutoencoderTask {
        let device = Device::flex();
        let card = Card::new(Architecture::Autoencoder(options.config));
        let start = initial(file(&options.config.init(&device), &card));
        let classifier = classifier(ClassifierConfig::Compact);
        AutoencoderTask::new(options, Some(start), self.data(), classifier, vec![device]).unwrap()
    }

    fn classifier_task(&self, options: ClassifierOptions) -> ClassifierTask {
        let device = Device::flex();
        let card = Card::new(Architecture::Classifier(options.config));
        let start = initial(file(&options.config.init(&device), &card));
        ClassifierTask::new(options, Some(start), self.data(), vec![device]).unwrap()
    }
}

/// Initial weights that are made up, so that tests that run at the same time cannot change them, as they can change what
/// burn's generator draws.
pub fn initial(weights: Vec<u8>) -> InitialWeights {
    InitialWeights { path: PathBuf::from("made up"), weights, crc32: 0, origin: None }
}

/// Collects the gradients that there are.
struct Collect<'a> {
    gradients: &'a Gradients,
    found: HashMap<ParamId, Vec<f32>>,
}

impl ModuleVisitor for Collect<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = param.val().grad(self.gradients) {
            self.found.insert(param.id, values(gradient));
        }
    }
}

/// Puts gradients in the place of the weights that they belong to, and NaN where there is none.
struct Replace(HashMap<ParamId, Vec<f32>>);

impl ModuleMapper for Replace {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let gradient = self.0.remove(&param.id);
        param.map(|tensor| match gradient {
            Some(gradient) => {
                Tensor::from_data(TensorData::new(gradient, tensor.dims()), &tensor.device())
            }
            None => tensor * f32::NAN,
        })
    }
}

/// The gradient of each weight that has one, by PyTorch's names and in PyTorch's layout: a network whose weights
/// are the gradients is written as any network is.
fn gradients_of<M: Module>(model: &M, gradients: &Gradients) -> BTreeMap<String, Vec<f32>> {
    let mut collect = Collect { gradients, found: HashMap::new() };
    model.visit(&mut collect);
    let of_weights = named(&model.valid().map(&mut Replace(collect.found)));
    of_weights
        .into_iter()
        .filter(|(name, values)| !name.contains("running") && !values[0].is_nan())
        .collect()
}

/// One step's loss, share and gradients against the reference.
#[track_caller]
fn assert_step<T: Task>(
    what: &str,
    task: &T,
    seed: u64,
    batch: &[usize],
    expected: &StepReference,
) {
    let StepReference { loss, share, gradients } = expected;
    let model = task.begin_epoch(task.init(0).unwrap(), 0).unwrap();
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let (our_loss, our_share) = task.loss(&model, 0, 0, batch, &mut rng).unwrap();
    assert_close(what, &values(our_loss.clone().inner()), &[*loss], 1e-5);
    assert_close(&format!("{what}, share"), &values(our_share), &[*share], 1e-6);
    let ours = gradients_of(&model, &our_loss.backward());
    let names: Vec<&String> = gradients.keys().collect();
    assert_eq!(ours.keys().collect::<Vec<_>>(), names, "{what}: what learns");
    for (name, expected) in gradients {
        let ours = &ours[name];
        // In front of a batch norm a bias changes nothing: its gradient is 0, computed as rounding.
        let tolerance = 6e-3 * expected.norm + 1e-5;
        let error = (norm(ours) - expected.norm).abs();
        assert!(error < tolerance, "{what}: {name} is {} long, not {}", norm(ours), expected.norm);
        for (place, value) in expected.places.iter().zip(&expected.values) {
            let error = (f64::from(ours[*place]) - value).abs();
            assert!(error < tolerance, "{what}: {name}[{place}] is {}, not {value}", ours[*place]);
        }
    }
}

#[test]
fn one_step_of_each_autoencoder_at_its_full_size() {
    let reference = reference();
    let batch = reference.batch();
    assert_eq!(reference.network_steps.len(), 4);
    for NetworkStep { config, step } in &reference.network_steps {
        let loss = Divergence { direction: Direction::Reverse, temperature: 1.0 };
        let options = AutoencoderOptions { config: *config, ..reference.autoencoder_options(loss) };
        let task = reference.autoencoder_task(options);
        assert_step(&config.to_string(), &task, 0, &batch, step);
    }
}

#[test]
fn one_step_of_the_autoencoder_with_each_option_of_its_loss() {
    let reference = reference();
    let batch = reference.batch();
    assert_eq!(reference.autoencoder_steps.len(), 9);
    for case in &reference.autoencoder_steps {
        let AutoencoderStep {
            direction, temperature, mse, flip, noise, small_epochs, seed, ..
        } = *case;
        let loss = Divergence { direction, temperature };
        let options = AutoencoderOptions {
            mse,
            flip,
            noise,
            small_epochs,
            ..reference.autoencoder_options(loss)
        };
        let what = format!("{loss:?} mse {mse} flip {flip} noise {noise} small {small_epochs}");
        let task = reference.autoencoder_task(options);
        assert_step(&what, &task, seed, &batch, &case.step);
    }
}

#[test]
fn one_step_of_the_classifier_full_small_with_its_head_alone_and_taught() {
    let reference = reference();
    let batch = reference.batch();
    assert_eq!(reference.classifier_steps.len(), 5);
    let config = ClassifierConfig::Compact;
    for case in &reference.classifier_steps {
        let ClassifierStep { small_epochs, frozen_epochs, label_smoothing, seed, .. } = *case;
        let mut task = reference.classifier_task(ClassifierOptions {
            small_epochs,
            frozen_epochs,
            label_smoothing,
            ..ClassifierOptions::new(config)
        });
        let distillation = case.teacher_temperature.zip(case.teacher_weight);
        if let Some((temperature, weight)) = distillation {
            let teacher = Teacher {
                network: classifier(config),
                config,
                crc32: 0,
                origin: None,
                distillation: Distillation { temperature, weight },
                predictions: None,
            };
            task = task.with_teacher(&teacher).unwrap();
        }
        let what = format!("small {small_epochs}, frozen {frozen_epochs}, {distillation:?}");
        assert_step(&what, &task, seed, &batch, &case.step);
    }
}

#[test]
fn small_pictures_end_with_their_epochs() {
    let reference = reference();
    let loss_in = |task: &AutoencoderTask, epoch| {
        let model = task.init(0).unwrap();
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(0);
        let (loss, _) = task.loss(&model, 0, epoch, &reference.batch(), &mut rng).unwrap();
        values(loss.inner())[0]
    };
    let options = reference.autoencoder_options(Divergence::default());
    let plain = reference.autoencoder_task(options);
    let small = reference.autoencoder_task(AutoencoderOptions { small_epochs: 2, ..options });
    assert_ne!(loss_in(&small, 1), loss_in(&plain, 1));
    assert_eq!(loss_in(&small, 2), loss_in(&plain, 2));
}

/// Three steps' losses, and how far weights have moved, against the reference.
#[track_caller]
fn assert_steps<T: Task>(what: &str, task: &T, batch: &[usize], expected: &Steps) {
    let mut model = task.init(0).unwrap();
    let mut optimizer = expected.optimizer.init(expected.weight_decay);
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(expected.seed);
    let before: BTreeMap<String, Vec<f32>> = named(&model.valid()).into_iter().collect();
    let mut losses = Vec::new();
    for t in 1..=3 {
        let (loss, _) = task.loss(&model, 0, 0, batch, &mut rng).unwrap();
        losses.extend(values(loss.clone().inner()));
        let gradients = GradientsParams::from_grads(loss.backward(), &model);
        model = optimizer.step(expected.learning_rate, model, gradients);
        if t == 2 {
            continue;
        }
        let after: BTreeMap<String, Vec<f32>> = named(&model.valid()).into_iter().collect();
        for (name, expected) in expected.running.iter().filter(|_| t == 1) {
            // burn remembers the batch's own variance, PyTorch the unbiased estimate, n / (n - 1) of it, a
            // tenth of which enters; n = 3 x 36 at the classifier's last layer.
            assert_close(
                &format!("{what}: {name}"),
                &after[name][..expected.len()],
                expected,
                2e-3,
            );
        }
        for (name, moved) in &expected.moved {
            if moved.gradient < 1e-10 {
                continue; // a bias in front of a batch norm: its gradient is rounding
            }
            let wanted = if t == 1 { &moved.first } else { &moved.third };
            let largest = wanted.iter().fold(0.0f64, |largest, by| largest.max(by.abs()));
            for (place, by) in moved.places.iter().zip(wanted) {
                let ours = f64::from(after[name][*place]) - f64::from(before[name][*place]);
                // A weight near 1 is known to 6e-8.
                assert!(
                    (ours - by).abs() < 0.01 * largest + 1e-7,
                    "{what}, step {t}: {name}[{place}] moved by {ours}, not {by}"
                );
            }
        }
    }
    let (loss, _) = task.loss(&model, 0, 0, batch, &mut rng).unwrap();
    losses.extend(values(loss.inner()));
    assert_close(&format!("{what}, losses"), &losses, &expected.losses, 5e-4);
}

#[test]
fn three_steps_of_each_optimiser() {
    let reference = reference();
    let batch = reference.batch();
    assert_eq!(reference.autoencoder_optimizers.len(), 4);
    for expected in &reference.autoencoder_optimizers {
        let Steps { optimizer, weight_decay, temperature, .. } = *expected;
        let loss = Divergence { direction: Direction::Forward, temperature };
        let task = reference.autoencoder_task(reference.autoencoder_options(loss));
        let what = format!("{optimizer:?}, weight decay {weight_decay}");
        assert_steps(&what, &task, &batch, expected);
    }
    let classifier = reference.classifier_task(ClassifierOptions::new(ClassifierConfig::Compact));
    for expected in &reference.classifier_optimizers {
        assert_steps("classifier", &classifier, &batch, expected);
    }
}
