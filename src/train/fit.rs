//! The training loop, for both networks.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::{Result, bail};
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use burn_store::ModuleSnapshot;
use rand::rngs::Xoshiro256PlusPlus;
use serde::Serialize;
use tracing::info;

use super::TrainingError;
use super::average::Average;
use super::batch::{seed, shuffled};
use super::checkpoint::{Checkpoints, Networks, Resumed, State};
use super::data_parallel::{DataParallel, StepResult};
use super::options::{HyperParameters, Options, check_devices};
use super::schedule::schedule;
use crate::data::{Protocol, TrainingData};
use crate::detector::Detector;
use crate::file::write_atomically;
use crate::model::card::Training;
use crate::model::{Card, Precision, weights};
use crate::progress::Meter;

/// What one of the two trainings adds to the loop: network, loss, validation.
pub trait Task: Send + Sync + 'static {
    /// The network that is trained.
    type Model: Module + ModuleSnapshot;

    /// Name of the metric that is shown beside the loss.
    const METRIC: &'static str;

    /// The devices to train on, at least one; each computes a part of every batch.
    fn devices(&self) -> &[Device];

    /// The options that must be the same when a training is resumed; they go into the model card, too.
    fn options(&self) -> serde_json::Value;

    /// A card for the network, without any training in it.
    fn card(&self) -> Card;

    /// The initial weights, on the first device: random ones that follow from `seed`, or those of a file.
    ///
    /// # Errors
    /// When a file's weights do not fit.
    fn init(&self, seed: u64) -> Result<Self::Model>;

    /// Number of epochs at the beginning in which only a part of the network is trained. The learning-rate
    /// schedule starts again after them: full steps would spoil the pretrained layers that join then.
    fn frozen_epochs(&self) -> usize {
        0
    }

    /// Freezes and unfreezes layers for epoch `epoch`, counted from 0.
    ///
    /// # Errors
    /// When what the frozen layers make of the pictures is to be computed and a picture cannot be read.
    fn begin_epoch(&self, model: Self::Model, epoch: usize) -> Result<Self::Model> {
        let _ = epoch;
        Ok(model)
    }

    /// Loss and metric of a part of a batch: the pictures `indices`, in epoch `epoch` (from 0), on device
    /// `rank`, where `model` is. Returns the mean loss, shape `[1]`, differentiable, and the mean metric,
    /// shape `[1]`, 0 to 1. All random numbers come from `rng`, those of dropout included.
    ///
    /// # Errors
    /// When a picture cannot be read.
    fn loss(
        &self,
        model: &Self::Model,
        rank: usize,
        epoch: usize,
        indices: &[usize],
        rng: &mut Xoshiro256PlusPlus,
    ) -> Result<(Tensor<1>, Tensor<1>)>;

    /// Validates the network, in evaluation mode, on the pictures held out.
    ///
    /// # Errors
    /// When a picture cannot be read or a figure is not finite.
    fn validate(&self, model: &Self::Model) -> Result<Validation>;
}

/// The result of a validation.
#[derive(Clone, Debug)]
pub struct Validation {
    /// What is minimised: the weights with the lowest error are kept.
    pub error: f64,
    /// Figures for the log and the model card.
    pub figures: BTreeMap<String, f64>,
    /// The detector that was inferred, for an autoencoder.
    pub detector: Option<Detector>,
}

/// How a training ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// After all epochs, or early because validation did not improve; the best weights are in the file.
    Done,
    /// Asked to stop; a checkpoint is written.
    Interrupted,
}

/// What a training depends on, beside the program: it is resumed only with the same, and the model card
/// holds it.
#[derive(Serialize)]
struct Fingerprint<'a> {
    data: &'a str,
    protocol: Protocol,
    pictures: usize,
    held_out: f64,
    split_seed: u64,
    hyper_parameters: HyperParameters,
    seed: u64,
    task: serde_json::Value,
}

/// Trains; keeps the weights of the epoch with the lowest validation error in `options.out`; writes a checkpoint
/// after every epoch, every `checkpoint_every`, and when `stop` is set.
///
/// The result depends on the options, the data and the number of devices only: a training that was
/// interrupted and resumed gives the same weights as one that was not.
///
/// # Errors
/// When an option is out of its range, files cannot be read or written, a loss is no longer finite, there
/// is something to resume or to overwrite that was not asked for, or another training has the same output.
pub fn fit<T: Task>(
    task: &Arc<T>,
    data: &TrainingData,
    options: &Options,
    stop: &AtomicBool,
) -> Result<Outcome> {
    // Everything that can be refused is refused before `clear` removes anything.
    options.check()?;
    check_devices(task.devices())?;
    let indices = &data.parts.training;
    if indices.is_empty() || data.parts.validation.is_empty() {
        bail!(TrainingError::TooFewPictures);
    }
    let fingerprint = serde_json::to_value(Fingerprint {
        data: &data.data,
        protocol: data.protocol,
        pictures: indices.len(),
        held_out: data.held_out,
        split_seed: data.split_seed,
        hyper_parameters: options.hyper_parameters,
        seed: options.seed,
        task: task.options(),
    })?;
    let HyperParameters { epochs, batch_size, optimizer, weight_decay, ema, .. } =
        options.hyper_parameters;
    let steps_per_epoch = indices.len().div_ceil(batch_size);
    let total = epochs * steps_per_epoch;
    let parts = schedule_parts(task.frozen_epochs(), epochs, steps_per_epoch);
    let mut schedule = schedule(options.hyper_parameters, &parts)?;
    let mut model = task.init(options.seed)?;
    let mut average = ema.map(|decay| Average::new(&model, decay));
    let mut optimizer = optimizer.init(weight_decay);
    let mut state = State::new(fingerprint.to_string(), steps_per_epoch);
    let mut checkpoints = Checkpoints::beside(&options.out);
    if options.resume && !checkpoints.exist()? {
        bail!(TrainingError::NoCheckpoint { folder: checkpoints.folder().to_owned() });
    }
    let _lock = checkpoints.lock()?;
    if options.resume {
        let fingerprint = fingerprint.to_string();
        let begun = networks(&model, average.as_ref());
        let resumed =
            checkpoints.resume(begun, &optimizer, &fingerprint, epochs, steps_per_epoch)?;
        average = ema.zip(resumed.average).map(|(decay, network)| Average::resumed(network, decay));
        Resumed { model, optimizer, state, .. } = resumed;
        info!("resuming at epoch {}, step {} of {total}", state.epoch + 1, state.step());
        restore(&checkpoints, options)?;
    } else {
        checkpoints.clear()?;
    }

    for _ in 0..state.step() {
        schedule.step();
    }
    let devices = DataParallel::new(task.devices());
    let mut meter = Meter::new(total, state.step());
    let mut last_saved = Instant::now();
    while state.epoch < epochs && !state.exhausted(options.patience) {
        model = task.begin_epoch(model, state.epoch)?;
        let order = shuffled(indices, options.seed, state.epoch);
        for (at, batch) in order.chunks(batch_size).enumerate().skip(state.batch) {
            let batch_seed = seed(options.seed, state.epoch, at + 1);
            let StepResult { gradients, loss, metric } =
                devices.step(task, &model, state.epoch, batch, batch_seed)?;
            model = optimizer.step(schedule.step(), model, gradients);
            if !loss.is_finite() {
                let when = format!("epoch {}, batch {}", state.epoch + 1, at + 1);
                bail!(TrainingError::Diverged { what: "loss", when });
            }
            state.count(loss, metric, batch.len());
            if let Some(average) = &mut average {
                average.update(&model, state.step());
            }
            let status = format!("epoch {}, {}", state.epoch + 1, means::<T>(&state));
            meter.step(batch.len(), &status);
            let interrupted = stop.load(Ordering::Relaxed);
            if interrupted || last_saved.elapsed() >= options.checkpoint_every {
                checkpoints.save(networks(&model, average.as_ref()), &optimizer, &state)?;
                last_saved = Instant::now();
            }
            if interrupted {
                return Ok(Outcome::Interrupted);
            }
        }
        let mean = means::<T>(&state);
        // What is validated is what is written.
        let network = match &average {
            Some(average) => average.network().clone(),
            None => model.valid(),
        };
        let validation = task.validate(&network)?;
        if !validation.error.is_finite() {
            let when = format!("epoch {}", state.epoch + 1);
            bail!(TrainingError::Diverged { what: "validation error", when });
        }
        let better = state.finish_epoch(validation.error);
        let figures: Vec<String> =
            validation.figures.iter().map(|(name, value)| format!("{name} {value:.4}")).collect();
        let (epoch, mark) = (state.epoch, if better { ", kept" } else { "" });
        meter.line(&format!("epoch {epoch}/{epochs}: {mean}, {}{mark}", figures.join(", ")));
        if better {
            let card = Card {
                training: Some(Training {
                    data: data.data.clone(),
                    protocol: data.protocol,
                    pictures: indices.len(),
                    epochs: state.epoch,
                    seed: options.seed,
                    options: fingerprint.clone(),
                    version: Some(env!("CARGO_PKG_VERSION").to_owned()),
                }),
                figures: validation.figures,
                detector: validation.detector,
                ..task.card()
            };
            let best = weights::save(&network, &card, Precision::F32)?;
            publish(&best, options)?;
            checkpoints.set_best(best);
        }
        checkpoints.save(networks(&model, average.as_ref()), &optimizer, &state)?;
        last_saved = Instant::now();
    }
    restore(&checkpoints, options)?;
    check_published(&checkpoints, options)?;
    Ok(Outcome::Done)
}

/// What a checkpoint holds of the networks.
fn networks<'a, M: Module>(model: &'a M, average: Option<&'a Average<M>>) -> Networks<'a, M> {
    Networks { model, average: average.map(Average::network) }
}

/// The best weights in the number format that was asked for.
fn published<'a>(best: &'a [u8], options: &Options) -> Result<Cow<'a, [u8]>> {
    Ok(match options.precision {
        Precision::F32 => Cow::Borrowed(best),
        precision => Cow::Owned(weights::convert(best, precision)?),
    })
}

/// Writes the best weights.
fn publish(best: &[u8], options: &Options) -> Result<()> {
    write_atomically(&options.out, &published(best, options)?)
}

/// Writes the best weights so far from the checkpoint if their file is gone or damaged. Whole ones are left: an autoencoder may
/// have been calibrated since, and before the end they may be those of an epoch that no checkpoint knows of yet.
fn restore(checkpoints: &Checkpoints, options: &Options) -> Result<()> {
    let Some(best) = checkpoints.best() else {
        return Ok(()); // no epoch is over
    };
    let out = options.out.display();
    let found = if !options.out.exists() {
        "missing"
    } else if options.out.is_file() && weights::verify(&fs::read(&options.out)?).is_err() {
        "damaged"
    } else {
        return Ok(());
    };
    publish(best, options)?;
    info!("{out} was {found}: restored from the checkpoint");
    Ok(())
}

/// Checks at the end that the file holds the best weights, under whatever card: neither others nor with some bits changed.
fn check_published(checkpoints: &Checkpoints, options: &Options) -> Result<()> {
    let Some(best) = checkpoints.best().filter(|_| options.out.is_file()) else {
        return Ok(()); // a device or a pipe
    };
    if weights::same_tensors(&fs::read(&options.out)?, &published(best, options)?) {
        return Ok(());
    }
    bail!(TrainingError::OtherWeights { file: options.out.clone() })
}

/// Steps with frozen layers and steps without: the learning-rate schedule starts again between them.
fn schedule_parts(frozen_epochs: usize, epochs: usize, steps_per_epoch: usize) -> [usize; 2] {
    let frozen = frozen_epochs.min(epochs);
    [frozen * steps_per_epoch, (epochs - frozen) * steps_per_epoch]
}

fn means<T: Task>(state: &State) -> String {
    let mean = state.mean();
    format!("loss {:.4}, {} {:.3}", mean.loss, T::METRIC, mean.metric)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::HeldOut;
    use crate::data::synthetic::Drawn;
    use crate::model::card::Architecture;
    use crate::model::initial::{self, Draws};
    use crate::model::layers::{self, Layer, Layers};
    use crate::model::{ClassifierConfig, Precision};
    use crate::train::{Optimizer, Schedule};
    use burn::module::Param;
    use burn::tensor::TensorData;
    use rand::{RngExt, SeedableRng};
    use std::path::{Path, PathBuf};
    use std::sync::atomic::AtomicUsize;
    use std::time::Duration;

    const INPUTS: usize = 4;
    const HIDDEN: usize = 16;
    const PICTURES: usize = 20;

    /// Two dense layers with dropout between them, as in VGG16.
    #[derive(Module, Debug)]
    struct Network {
        layers: Vec<Layer>,
    }

    /// Regression on numbers that follow from the pictures' indices; validation errors are given.
    struct Regression {
        devices: Vec<Device>,
        /// Validation errors of the epochs.
        errors: Vec<f64>,
        epoch: AtomicUsize,
        /// Sets `stop` in this call of `loss`.
        stop_in: usize,
        stop: AtomicBool,
        calls: AtomicUsize,
    }

    impl Regression {
        fn new(devices: usize, errors: &[f64]) -> Self {
            Self {
                devices: vec![Device::flex(); devices],
                errors: errors.to_vec(),
                epoch: AtomicUsize::new(0),
                stop_in: usize::MAX,
                stop: AtomicBool::new(false),
                calls: AtomicUsize::new(0),
            }
        }
    }

    impl Task for Regression {
        type Model = Network;
        const METRIC: &'static str = "nothing";

        fn devices(&self) -> &[Device] {
            &self.devices
        }

        fn options(&self) -> serde_json::Value {
            serde_json::json!({ "devices": self.devices.len() })
        }

        fn card(&self) -> Card {
            Card::new(Architecture::Classifier(ClassifierConfig::Compact))
        }

        fn init(&self, seed: u64) -> Result<Network> {
            let device = self.devices[0].clone().autodiff();
            let build = Layers { device: &device, draws: &Draws::new(0), init: initial::zero };
            let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
            let mut dense = |input: usize, output: usize| {
                let Layer::Linear(mut layer) = build.linear(input, output) else { unreachable!() };
                let values: Vec<f32> =
                    (0..input * output).map(|_| rng.random_range(-0.5..0.5)).collect();
                layer.weight = Param::from_data(TensorData::new(values, [input, output]), &device);
                Layer::Linear(layer)
            };
            let (first, last) = (dense(INPUTS, HIDDEN), dense(HIDDEN, 1));
            Ok(Network { layers: vec![first, layers::relu(), layers::dropout_layer(0.5), last] })
        }

        fn begin_epoch(&self, model: Network, epoch: usize) -> Result<Network> {
            self.epoch.store(epoch, Ordering::Relaxed);
            Ok(model)
        }

        fn loss(
            &self,
            model: &Network,
            rank: usize,
            _: usize,
            indices: &[usize],
            rng: &mut Xoshiro256PlusPlus,
        ) -> Result<(Tensor<1>, Tensor<1>)> {
            if self.calls.fetch_add(1, Ordering::Relaxed) + 1 == self.stop_in {
                self.stop.store(true, Ordering::Relaxed);
            }
            let values: Vec<f32> = indices
                .iter()
                .flat_map(|index| {
                    (0..INPUTS).map(move |i| ((index * 7 + i * 3) % 11) as f32 / 11.0)
                })
                .collect();
            let x = TensorData::new(values, [indices.len(), INPUTS, 1, 1]);
            let x = Tensor::<4>::from_data(x, &self.devices[rank]).autodiff();
            let y = layers::forward_training(&model.layers, x, rng);
            let loss = (y - 1.0).square().mean();
            Ok((loss.clone(), loss.inner() * 0.0))
        }

        fn validate(&self, _: &Network) -> Result<Validation> {
            let error = self.errors[self.epoch.load(Ordering::Relaxed)];
            Ok(Validation { error, figures: BTreeMap::new(), detector: None })
        }
    }

    fn data() -> TrainingData {
        TrainingData {
            pictures: Box::new(Drawn::training(PICTURES, 0)),
            parts: HeldOut {
                training: (0..PICTURES - 2).collect(),
                validation: vec![PICTURES - 2, PICTURES - 1],
            },
            data: "drawn".to_owned(),
            protocol: Protocol::Tutorial,
            held_out: 0.1,
            split_seed: 0,
        }
    }

    fn options(out: &Path, epochs: usize) -> Options {
        Options {
            hyper_parameters: HyperParameters {
                epochs,
                batch_size: 5,
                optimizer: Optimizer::Sgd,
                learning_rate: 0.02,
                weight_decay: 0.0,
                schedule: Schedule::Constant,
                ema: None,
            },
            seed: 1,
            patience: 0,
            out: out.to_owned(),
            precision: Precision::F32,
            checkpoint_every: Duration::from_secs(3600),
            resume: false,
            overwrite: false,
        }
    }

    /// Runs `fit` and returns the task, to see how far it went.
    fn run(task: Regression, options: &Options) -> Result<(Outcome, Arc<Regression>)> {
        let task = Arc::new(task);
        let outcome = fit(&task, &data(), options, &task.stop)?;
        Ok((outcome, task))
    }

    fn weights_in(path: &Path) -> Vec<u8> {
        let bytes = std::fs::read(path).unwrap();
        let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        let mut names: Vec<String> = file.names().into_iter().map(str::to_owned).collect();
        names.sort();
        names.iter().flat_map(|name| file.tensor(name).unwrap().data().to_vec()).collect()
    }

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("w.safetensors");
        (folder, out)
    }

    /// Batch 5 of 18 pictures: 4 steps in an epoch.
    const STEPS: usize = 4;
    const FALLING: [f64; 3] = [3.0, 2.0, 1.0];

    #[test]
    fn the_schedule_starts_again_after_the_frozen_epochs() {
        assert_eq!(schedule_parts(0, 3, 7), [0, 21]);
        assert_eq!(schedule_parts(2, 5, 7), [14, 21]);
        assert_eq!(schedule_parts(9, 5, 7), [35, 0]);
    }

    #[test]
    fn dropout_follows_the_seed_and_the_checkpoint_on_one_device_and_on_several() {
        for devices in [1, 3] {
            let trained = |seed, device_seed, stops: &[usize]| {
                let (_folder, out) = folder();
                let mut options = Options { seed, ..options(&out, 3) };
                for stop_in in stops {
                    Device::flex().seed(device_seed); // must not matter
                    let task =
                        Regression { stop_in: *stop_in, ..Regression::new(devices, &FALLING) };
                    let (outcome, _) = run(task, &options).unwrap();
                    let interrupted = *stop_in < usize::MAX;
                    assert_eq!(outcome == Outcome::Interrupted, interrupted, "{stops:?}");
                    options.resume = true;
                }
                std::fs::read(out).unwrap()
            };
            let undisturbed = trained(1, 1, &[usize::MAX]);
            assert!(undisturbed == trained(1, 2, &[usize::MAX]), "{devices}: the device's seed");
            // In the middle of the first epoch, at its end, and in the third.
            let calls = |steps: usize| steps * devices;
            for stop in [1, STEPS, 2 * STEPS + 3] {
                let resumed = trained(1, 3, &[calls(stop), usize::MAX]);
                assert!(undisturbed == resumed, "{devices} devices, after step {stop}");
            }
            assert!(undisturbed != trained(2, 1, &[usize::MAX]), "{devices}: another seed");
        }
    }

    /// Interrupted in the middle of an epoch, at its end, and in the third: the average goes on as it was.
    #[test]
    fn averaged_weights_are_validated_written_and_resumed() {
        let trained = |ema: Option<f64>, stops: &[usize]| {
            let (_folder, out) = folder();
            let mut options = options(&out, 3);
            options.hyper_parameters.ema = ema;
            for stop_in in stops {
                let task = Regression { stop_in: *stop_in, ..Regression::new(1, &FALLING) };
                run(task, &options).unwrap();
                options.resume = true;
            }
            std::fs::read(out).unwrap()
        };
        let undisturbed = trained(Some(0.8), &[usize::MAX]);
        for stop in [1, STEPS, 2 * STEPS + 3] {
            assert!(undisturbed == trained(Some(0.8), &[stop, usize::MAX]), "after step {stop}");
        }
        // Nearly no average is the last weights; a long one is far from them.
        let distance = |ema| {
            let numbers = |bytes: &[u8]| -> Vec<f32> {
                let file = safetensors::SafeTensors::deserialize(bytes).unwrap();
                let mut tensors: Vec<_> = file.iter().collect();
                tensors.sort_by_key(|(name, _)| name.to_string());
                let bytes: Vec<u8> = tensors.iter().flat_map(|(_, t)| t.data().to_vec()).collect();
                bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect()
            };
            let [plain, averaged] =
                [None, Some(ema)].map(|ema| numbers(&trained(ema, &[usize::MAX])));
            plain.iter().zip(averaged).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
        };
        let (short, long) = (distance(1e-9), distance(0.99));
        assert!(short < 1e-6 && long > 1e-3, "{short} {long}");
    }

    #[test]
    fn the_weights_of_the_best_epoch_are_kept() {
        let kept = |errors: &[f64]| {
            let (_folder, out) = folder();
            let (outcome, _) =
                run(Regression::new(1, errors), &options(&out, errors.len())).unwrap();
            assert_eq!(outcome, Outcome::Done);
            let card = Card::read(&std::fs::read(&out).unwrap()).unwrap();
            let training = card.training.unwrap();
            assert_eq!(training.version.as_deref(), Some(env!("CARGO_PKG_VERSION")));
            (training.epochs, weights_in(&out))
        };
        let (epoch, best) = kept(&[3.0, 1.0, 2.0]);
        assert_eq!(epoch, 2);
        assert!(best == kept(&[3.0, 1.0]).1, "those of another epoch");
        assert!(best != kept(&[3.0, 2.0, 1.0]).1, "those of the last epoch");
        assert_eq!(kept(&[1.0, 1.0, 1.0]).0, 1, "the first of equal ones");
    }

    #[test]
    fn patience_ends_a_training_that_does_not_improve() {
        let errors = [1.0, 2.0, 0.5, 0.6, 0.7, 0.1];
        for (patience, epochs) in [(1, 2), (2, 5), (3, 6), (0, 6)] {
            let (_folder, out) = folder();
            let options = Options { patience, ..options(&out, errors.len()) };
            let (outcome, task) = run(Regression::new(1, &errors), &options).unwrap();
            assert_eq!(outcome, Outcome::Done);
            assert_eq!(task.epoch.load(Ordering::Relaxed) + 1, epochs, "patience {patience}");
        }
    }

    #[test]
    fn weights_that_are_gone_are_restored_from_the_checkpoint() {
        let (_folder, out) = folder();
        let mut options = options(&out, 3);
        // Interrupted after the best epoch, the first; nothing better comes.
        let errors = [1.0, 2.0, 3.0];
        let task = Regression { stop_in: STEPS + 1, ..Regression::new(1, &errors) };
        run(task, &options).unwrap();
        let best = std::fs::read(&out).unwrap();
        options.resume = true;
        for _ in 0..2 {
            std::fs::remove_file(&out).unwrap();
            run(Regression::new(1, &errors), &options).unwrap();
            assert!(std::fs::read(&out).unwrap() == best, "other weights");
        }
        // What is no weights file is damaged.
        std::fs::write(&out, &best[..best.len() - 1]).unwrap();
        run(Regression::new(1, &errors), &options).unwrap();
        assert!(std::fs::read(&out).unwrap() == best, "damaged weights were left");
        // Whole ones with other weights are left, and nobody is told that they are the best ones.
        let config = ClassifierConfig::Compact;
        let card = Card::new(Architecture::Classifier(config));
        let whole = weights::save(&config.init(&Device::flex()), &card, Precision::F16).unwrap();
        std::fs::write(&out, &whole).unwrap();
        let error = run(Regression::new(1, &errors), &options).err().unwrap().to_string();
        assert!(error.contains("other weights"), "{error}");
        assert!(std::fs::read(&out).unwrap() == whole, "whole weights were replaced");
    }

    #[test]
    fn what_is_refused_is_one_error_and_leaves_no_trace() {
        let (folder, out) = folder();
        let good = options(&out, 1);
        let refused = |task: Regression, options: &Options, word: &str| {
            let error = format!("{:#}", run(task, options).err().unwrap());
            assert!(error.contains(word) && !error.contains("--"), "{error}");
        };
        let with = |change: fn(&mut Options)| {
            let mut options = good.clone();
            change(&mut options);
            options
        };
        let task = || Regression::new(1, &FALLING);
        refused(task(), &with(|o| o.hyper_parameters.batch_size = 0), "batch_size is 0");
        refused(task(), &with(|o| o.hyper_parameters.epochs = 0), "epochs is 0");
        refused(task(), &with(|o| o.hyper_parameters.learning_rate = 5.0), "learning_rate is 5");
        refused(task(), &with(|o| o.resume = true), "no checkpoint");
        refused(task(), &with(|o| o.out = o.out.parent().unwrap().to_owned()), "is a folder");
        refused(Regression::new(0, &FALLING), &good, "at least one device");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);

        refused(Regression::new(1, &[f64::NAN]), &good, "validation error is not a finite number");
        run(task(), &good).unwrap();
        refused(task(), &good, "resume from it, or start over");
        run(task(), &with(|o| o.overwrite = true)).unwrap();
        std::fs::remove_dir_all(folder.path().join("w.safetensors.checkpoint")).unwrap();
        refused(task(), &good, "exists");
    }
}
