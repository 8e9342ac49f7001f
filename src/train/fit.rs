//! The training loop, for both networks.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use burn::module::{Module, ModuleDisplay};
use burn::tensor::{Device, Tensor};
use burn_store::ModuleSnapshot;
use rand::rngs::Xoshiro256PlusPlus;
use tracing::info;

use super::batch::{seed, shuffled};
use super::checkpoint::{Checkpoints, State};
use super::data_parallel::{DataParallel, StepResult};
use super::options::{HyperParameters, Options};
use super::schedule::schedule;
use crate::data::TrainingData;
use crate::detector::Detector;
use crate::file::write_atomically;
use crate::model::card::Training;
use crate::model::{Card, weights};
use crate::progress::Meter;

/// One of the two trainings: what the loop does not know.
pub trait Task: Send + Sync + 'static {
    /// The network that learns.
    type Model: Module + ModuleDisplay + ModuleSnapshot;

    /// What the share of right answers is called.
    const METRIC: &'static str;

    /// Where the network learns: a part of each batch on each of them.
    fn devices(&self) -> &[Device];

    /// What must be the same when a training is resumed, for the checkpoint and the card.
    fn options(&self) -> serde_json::Value;

    /// An empty card for the network.
    fn card(&self) -> Card;

    /// The weights that learning starts from.
    ///
    /// # Errors
    /// When they come from a file that does not fit.
    fn init(&self) -> Result<Self::Model>;

    /// So many epochs come first in which a part of the network learns alone. The schedule of the learning
    /// rate starts again after them: layers that join at the full rate lose what they know.
    fn frozen_epochs(&self) -> usize {
        0
    }

    /// Makes the network ready for epoch `epoch`, from 0: which of its layers learn in it.
    fn begin_epoch(&self, model: Self::Model, epoch: usize) -> Self::Model {
        let _ = epoch;
        model
    }

    /// The mean loss, shape `[1]`, of pictures `indices` in epoch `epoch`, from 0, and the share of them
    /// that it counts as right; computed on the device `rank`, where `model` is.
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

    /// How good the network, in evaluation mode, is on the pictures held out.
    ///
    /// # Errors
    /// When a picture cannot be read or a figure is no number.
    fn validate(&self, model: &Self::Model) -> Result<Validation>;
}

/// How good a network is on the pictures held out.
#[derive(Clone, Debug)]
pub struct Validation {
    /// What weights are chosen by; lower is better.
    pub error: f64,
    /// Figures for the card and the log.
    pub figures: BTreeMap<String, f64>,
    /// The autoencoder's.
    pub detector: Option<Detector>,
}

/// How a training ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All epochs, or early because nothing got better.
    Done,
    /// Asked to stop; the checkpoint is written.
    Interrupted,
}

/// Trains, keeps the weights of the epoch with the best validation in `options.out`, and leaves a
/// checkpoint every epoch, every `checkpoint_every`, and when `stop` is set.
///
/// # Errors
/// When files cannot be read or written, a loss is no longer a number, or there is something to
/// resume, or to overwrite, that was not asked for.
pub fn fit<T: Task>(
    task: &Arc<T>,
    data: &TrainingData,
    options: &Options,
    stop: &AtomicBool,
) -> Result<Outcome> {
    options.check_output()?;
    let indices = &data.parts.training;
    if indices.is_empty() || data.parts.validation.is_empty() {
        bail!(
            "there are too few pictures: each class needs at least two, one of them to be held out"
        );
    }
    let checkpoints = Checkpoints::beside(&options.out);
    let fingerprint = serde_json::json!({
        "data": data.data, "protocol": data.protocol, "pictures": indices.len(),
        "held_out": data.held_out, "split_seed": data.split_seed,
        "descent": options.hyper_parameters, "seed": options.seed, "task": task.options(),
    });
    let HyperParameters { epochs, batch_size, .. } = options.hyper_parameters;
    let steps_per_epoch = indices.len().div_ceil(batch_size);
    let total = epochs * steps_per_epoch;
    let frozen = task.frozen_epochs().min(epochs) * steps_per_epoch;
    // Whatever can be refused is refused before `clear` removes anything.
    let mut schedule = schedule(options.hyper_parameters, &[frozen, total - frozen])?;
    let mut model = task.init()?;
    let mut optimizer =
        options.hyper_parameters.optimizer.init(options.hyper_parameters.weight_decay);
    let mut state = State::new(fingerprint.to_string());
    if options.resume {
        let found = checkpoints.last()?.with_context(|| {
            format!("{} holds no checkpoint to resume from", checkpoints.folder().display())
        })?;
        (model, optimizer, state) = found.load(model, optimizer, &fingerprint.to_string())?;
        info!("resuming at epoch {}, step {} of {total}", state.epoch + 1, state.step());
    } else {
        checkpoints.clear()?;
    }
    state.steps_per_epoch = steps_per_epoch;

    for _ in 0..state.step() {
        schedule.step();
    }
    let devices = DataParallel::<T>::new(task.devices());
    let mut meter = Meter::new(total, state.step());
    let mut last_saved = Instant::now();
    while state.epoch < epochs && !state.exhausted(options.patience) {
        model = task.begin_epoch(model, state.epoch);
        let order = shuffled(indices, options.seed, state.epoch);
        for (at, batch) in order.chunks(batch_size).enumerate().skip(state.batch) {
            let batch_seed = seed(options.seed, state.epoch, at + 1);
            let StepResult { gradients, loss, metric } =
                devices.step(task, &model, state.epoch, batch, batch_seed)?;
            model = optimizer.step(schedule.step(), model, gradients);
            if !loss.is_finite() {
                bail!(
                    "the loss is not a number any more (epoch {}, batch {}): try a smaller \
                     --learning-rate; the last checkpoint is intact",
                    state.epoch + 1,
                    at + 1
                );
            }
            state.count(loss, metric, batch.len());
            let standing = format!("epoch {}, {}", state.epoch + 1, means::<T>(&state));
            meter.step(batch.len(), &standing);
            let interrupted = stop.load(Ordering::Relaxed);
            if interrupted || last_saved.elapsed() >= options.checkpoint_every {
                checkpoints.save(&model, &optimizer, &state)?;
                last_saved = Instant::now();
            }
            if interrupted {
                return Ok(Outcome::Interrupted);
            }
        }
        let mean = means::<T>(&state);
        let validation = task.validate(&model.valid())?;
        if !validation.error.is_finite() {
            bail!("the validation error is not a number: try a smaller --learning-rate");
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
                }),
                figures: validation.figures,
                detector: validation.detector,
                ..task.card()
            };
            let bytes = weights::save(&model.valid(), &card, options.precision)?;
            write_atomically(&options.out, &bytes)?;
        }
        checkpoints.save(&model, &optimizer, &state)?;
        last_saved = Instant::now();
    }
    Ok(Outcome::Done)
}

fn means<T: Task>(state: &State) -> String {
    let mean = state.mean();
    format!("loss {:.4}, {} {:.3}", mean.loss, T::METRIC, mean.right)
}

/// A network's first weights, ready to learn on the plain `device`; drawn on the CPU, so that a seed means the
/// same ones wherever it learns.
pub(super) fn first_weights<M: Module>(
    seed: u64,
    device: &Device,
    init: impl FnOnce(&Device) -> M,
) -> M {
    let cpu = Device::flex();
    cpu.seed(seed);
    let model = init(&cpu.autodiff());
    // Burn draws them only when they are asked for, and by then, on the device; this asks.
    let _ = model.valid();
    model.fork(&device.clone().autodiff())
}
