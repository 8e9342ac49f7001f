//! Learning, natively: one loop for both networks, with checkpoints that survive `kill -9`.
//!
//! Every random choice follows from (seed, epoch, place), so a training that was interrupted and resumed
//! sees the same batches as one that was not.

pub mod augment;
pub mod autoencoder;
pub mod checkpoint;
pub mod classifier;
mod parallel;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use burn::lr_scheduler::LrSchedulerConfig;
use burn::lr_scheduler::constant::ConstantLr;
use burn::lr_scheduler::cosine::CosineAnnealingLrSchedulerConfig;
use burn::lr_scheduler::linear::LinearLrSchedulerConfig;
use burn::lr_scheduler::module_lr_scheduler::ModuleLrScheduler;
use burn::lr_scheduler::sequential::SequentialLrSchedulerConfig;
use burn::module::{Module, ModuleDisplay};
use burn::optim::decay::WeightDecayConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{AdamConfig, ModuleOptimizer, SgdConfig};
use burn::tensor::{Device, Tensor, TensorData};
use burn_store::ModuleSnapshot;
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};
use tracing::info;

use crate::data::{HeldOut, Pictures, Protocol};
use crate::detector::Detector;
use crate::file::write_atomically;
use crate::lab::read;
use crate::model::weights::{self, Training};
use crate::model::{Card, Precision};
use crate::picture::{CHANNELS, SIDE, VALUES};
use crate::progress::Meter;
use checkpoint::{Checkpoints, State};
use parallel::{Learned, Team};

/// Side of the pictures of the first epochs, if those are to be small.
pub const SMALL: usize = 64;

/// How the learning rate goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Schedule {
    /// The same from first to last, as in the tutorial.
    Constant,
    /// Half a cosine from the full rate down to 0 (Loshchilov & Hutter 2017, arXiv 1608.03983).
    Cosine,
    /// A quarter of the steps up to the full rate, then half a cosine down to 0 (Smith & Topin 2018,
    /// arXiv 1708.07120, with the cosine that is used since).
    OneCycle,
}

/// What turns gradients into steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Optimizer {
    /// Kingma & Ba 2015 (arXiv 1412.6980), epsilon 1e-8; the tutorial's.
    Adam,
    /// Stochastic gradient descent with Nesterov's momentum, 0.9.
    Sgd,
}

impl Optimizer {
    fn init(self, weight_decay: f64) -> ModuleOptimizer {
        let decay =
            (weight_decay > 0.0).then_some(WeightDecayConfig { penalty: weight_decay as f32 });
        match self {
            Optimizer::Adam => AdamConfig::new().with_epsilon(1e-8).with_weight_decay(decay).init(),
            Optimizer::Sgd => {
                let momentum = MomentumConfig { momentum: 0.9, dampening: 0.0, nesterov: true };
                SgdConfig::new().with_momentum(Some(momentum)).with_weight_decay(decay).init()
            }
        }
    }
}

/// How the weights are moved, and how often.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Descent {
    /// Passes over the training pictures.
    pub epochs: usize,
    /// Pictures in a batch.
    pub batch_size: usize,
    /// What turns gradients into steps.
    pub optimizer: Optimizer,
    /// The learning rate, at the highest of the schedule.
    pub learning_rate: f64,
    /// L2 penalty on the weights, as a part of the gradient.
    pub weight_decay: f64,
    /// How the learning rate goes.
    pub schedule: Schedule,
}

/// What both trainings can be told.
#[derive(Clone, Debug)]
pub struct Options {
    /// How the weights are moved, and how often.
    pub descent: Descent,
    /// Of the first weights, the shuffling and the augmentation.
    pub seed: u64,
    /// Stop after so many epochs without a better validation; 0: never.
    pub patience: usize,
    /// Where the best weights go.
    pub out: PathBuf,
    /// Number format of the best weights.
    pub precision: Precision,
    /// Checkpoint after so much time, beside the one after every epoch.
    pub checkpoint_every: Duration,
    /// Go on from the last checkpoint.
    pub resume: bool,
    /// Start over although there are weights or checkpoints.
    pub overwrite: bool,
}

impl Options {
    /// Whether the results may go where they are to go; worth asking before anything that takes time.
    ///
    /// # Errors
    /// When there is something to resume or to replace, and neither was asked for.
    pub fn check_output(&self) -> Result<()> {
        if self.resume || self.overwrite {
            return Ok(());
        }
        let checkpoints = Checkpoints::beside(&self.out);
        if checkpoints.last()?.is_some() {
            bail!(
                "{} holds a checkpoint: go on from it with --resume, or start over with --overwrite",
                checkpoints.folder().display()
            );
        }
        if self.out.exists() {
            bail!("{} exists: replace it with --overwrite", self.out.display());
        }
        Ok(())
    }
}

/// What is learned from, and how it is called in the weights' card.
pub struct Lesson {
    /// All labelled pictures of the split.
    pub pictures: Box<dyn Pictures>,
    /// Which of them train and which choose.
    pub parts: HeldOut,
    /// `stl10`, `drawn`, or `stl10 and drawn`.
    pub data: String,
    /// Which split it is.
    pub protocol: Protocol,
    /// Share of the pictures that is held out.
    pub held_out: f64,
    /// Seed of the choice of the pictures held out.
    pub split_seed: u64,
}

/// Weights to start from.
pub struct Start {
    /// Where they were read.
    pub path: PathBuf,
    /// A file of ours or a state dict of PyTorch's, as safetensors.
    pub weights: Vec<u8>,
    /// Of the file: a training is not resumed from another start.
    pub crc32: u32,
}

/// One of the two trainings: what the loop does not know.
pub trait Task: Send + Sync + 'static {
    /// The network that learns.
    type Model: Module + ModuleDisplay + ModuleSnapshot;

    /// What the share of right answers is called.
    const RIGHT: &'static str;

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
    /// that it counts as right; computed on device `place`, where `model` is.
    ///
    /// # Errors
    /// When a picture cannot be read.
    fn loss(
        &self,
        model: &Self::Model,
        place: usize,
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
    lesson: &Lesson,
    options: &Options,
    stop: &AtomicBool,
) -> Result<Outcome> {
    options.check_output()?;
    let indices = &lesson.parts.training;
    if indices.is_empty() || lesson.parts.validation.is_empty() {
        bail!(
            "there are too few pictures: each class needs at least two, one of them to be held out"
        );
    }
    let checkpoints = Checkpoints::beside(&options.out);
    let fingerprint = serde_json::json!({
        "data": lesson.data, "protocol": lesson.protocol, "pictures": indices.len(),
        "held_out": lesson.held_out, "split_seed": lesson.split_seed,
        "descent": options.descent, "seed": options.seed, "task": task.options(),
    });
    let Descent { epochs, batch_size, .. } = options.descent;
    let steps_per_epoch = indices.len().div_ceil(batch_size);
    let total = epochs * steps_per_epoch;
    let frozen = task.frozen_epochs().min(epochs) * steps_per_epoch;
    // Whatever can be refused is refused before `clear` removes anything.
    let mut schedule = schedule(options.descent, &[frozen, total - frozen])?;
    let mut model = task.init()?;
    let mut optimizer = options.descent.optimizer.init(options.descent.weight_decay);
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
    let team = Team::<T>::new(task.devices());
    let mut meter = Meter::new(total, state.step());
    let mut last_saved = Instant::now();
    while state.epoch < epochs && !state.exhausted(options.patience) {
        model = task.begin_epoch(model, state.epoch);
        let order = shuffled(indices, options.seed, state.epoch);
        for (at, batch) in order.chunks(batch_size).enumerate().skip(state.batch) {
            let batch_seed = seed(options.seed, state.epoch, at + 1);
            let Learned { gradients, loss, right } =
                team.learn(task, &model, state.epoch, batch, batch_seed)?;
            model = optimizer.step(schedule.step(), model, gradients);
            if !loss.is_finite() {
                bail!(
                    "the loss is not a number any more (epoch {}, batch {}): try a smaller \
                     --learning-rate; the last checkpoint is intact",
                    state.epoch + 1,
                    at + 1
                );
            }
            state.count(loss, right, batch.len());
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
                    data: lesson.data.clone(),
                    protocol: lesson.protocol,
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
    format!("loss {:.4}, {} {:.3}", mean.loss, T::RIGHT, mean.right)
}

/// The schedule of a training in several parts, each of so many steps: it starts again in each of them.
fn schedule(descent: Descent, parts: &[usize]) -> Result<ModuleLrScheduler> {
    let rate = descent.learning_rate;
    if !(rate > 0.0 && rate <= 1.0) {
        bail!("--learning-rate is {rate}, but must be above 0 and at most 1");
    }
    let cosine =
        |steps| LrSchedulerConfig::Cosine(CosineAnnealingLrSchedulerConfig::new(rate, steps));
    // Each piece with its number of steps.
    let mut pieces = Vec::new();
    for steps in parts.iter().copied().filter(|steps| *steps > 0) {
        match descent.schedule {
            Schedule::Constant => return Ok(ConstantLr::new(rate).into()),
            Schedule::Cosine => pieces.push((cosine(steps), steps)),
            Schedule::OneCycle => {
                let rise = (steps / 4).max(1);
                let up = LinearLrSchedulerConfig::new(rate / 25.0, rate, rise);
                pieces.push((LrSchedulerConfig::Linear(up), rise));
                if steps > rise {
                    pieces.push((cosine(steps - rise), steps - rise));
                }
            }
        }
    }
    let ends = pieces.iter().scan(0, |end, (_, steps)| {
        *end += steps;
        Some(*end)
    });
    // The last piece needs no end.
    let ends = ends.take(pieces.len().saturating_sub(1)).collect();
    let pieces = pieces.into_iter().map(|(piece, _)| piece).collect();
    SequentialLrSchedulerConfig::new(pieces, ends).init().map_err(anyhow::Error::msg)
}

/// Of the random choices of one place: 0 is the epoch's shuffling, n + 1 its batch n.
fn seed(seed: u64, epoch: usize, place: usize) -> u64 {
    // SplitMix, inside `seed_from_u64`, tells apart what these odd factors keep from colliding.
    seed.wrapping_add((epoch as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
        .wrapping_add((place as u64).wrapping_mul(0xd1b5_4a32_d192_ed03))
}

fn shuffled(indices: &[usize], seed: u64, epoch: usize) -> Vec<usize> {
    let mut order = indices.to_vec();
    let seed = self::seed(seed, epoch, 0);
    order.shuffle(&mut Xoshiro256PlusPlus::seed_from_u64(seed));
    order
}

/// A network's first weights, ready to learn on the plain `device`; drawn on the CPU, so that a seed means the
/// same ones wherever it learns.
fn first_weights<M: Module>(seed: u64, device: &Device, init: impl FnOnce(&Device) -> M) -> M {
    let cpu = Device::flex();
    cpu.seed(seed);
    let model = init(&cpu.autodiff());
    // Burn draws them only when they are asked for, and by then, on the device; this asks.
    let _ = model.valid();
    model.fork(&device.clone().autodiff())
}

/// The tensor's numbers; an error, not a panic, when the device is lost.
fn numbers<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>> {
    Ok(pollster::block_on(read(tensor))?)
}

/// The only number of a tensor of shape `[1]`.
fn scalar(tensor: Tensor<1>) -> Result<f32> {
    numbers(tensor)?.first().copied().context("there is no number to read")
}

/// Pictures as they are, [n, 3, 96, 96] in [0, 1].
fn read_batch(pictures: &dyn Pictures, indices: &[usize], device: &Device) -> Result<Tensor<4>> {
    let mut values = Vec::with_capacity(indices.len() * VALUES);
    let mut bytes = [0; VALUES];
    for index in indices {
        pictures.read(*index, &mut bytes)?;
        values.extend(bytes.iter().map(|b| f32::from(*b) / 255.0));
    }
    Ok(to_batch(values, SIDE, device))
}

/// [n, 3, side, side]
fn to_batch(values: Vec<f32>, side: usize, device: &Device) -> Tensor<4> {
    let n = values.len() / (CHANNELS * side * side);
    Tensor::from_data(TensorData::new(values, [n, CHANNELS, side, side]), device)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(schedule: Schedule, parts: &[usize]) -> Vec<f64> {
        let descent = Descent {
            epochs: 1,
            batch_size: 1,
            optimizer: Optimizer::Sgd,
            learning_rate: 0.1,
            weight_decay: 0.0,
            schedule,
        };
        let mut schedule = super::schedule(descent, parts).unwrap();
        (0..parts.iter().sum()).map(|_| schedule.step().base()).collect()
    }

    #[test]
    fn one_cycle_rises_for_a_quarter_and_falls_to_nothing() {
        let rates = rates(Schedule::OneCycle, &[100]);
        assert!((rates[0] - 0.004).abs() < 1e-9);
        assert!(rates[..26].is_sorted_by(|a, b| a < b) && (rates[25] - 0.1).abs() < 1e-9);
        assert!(rates[25..].is_sorted_by(|a, b| a > b) && rates[99] < 1e-3);
        assert_eq!(super::tests::rates(Schedule::OneCycle, &[1]).len(), 1);
    }

    #[test]
    fn a_schedule_starts_again_where_the_frozen_layers_join() {
        for schedule in [Schedule::OneCycle, Schedule::Cosine, Schedule::Constant] {
            for (frozen, rest) in [(20, 60), (1, 1), (2, 1), (1, 5)] {
                let both = rates(schedule, &[frozen, rest]);
                assert_eq!(both[..frozen], rates(schedule, &[frozen]), "{schedule:?}");
                assert_eq!(both[frozen..], rates(schedule, &[rest]), "{schedule:?}");
            }
        }
    }

    #[test]
    fn the_other_schedules_go_as_their_names_say() {
        assert!(rates(Schedule::Constant, &[5]).iter().all(|rate| *rate == 0.1));
        let cosine = rates(Schedule::Cosine, &[0, 100]);
        assert!(cosine.is_sorted_by(|a, b| a > b) && cosine[0] == 0.1 && cosine[99] < 1e-3);
    }
}
