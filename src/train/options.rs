//! Options of both trainings.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, bail};
use burn::optim::decay::WeightDecayConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{AdamConfig, ModuleOptimizer, SgdConfig};
use burn::tensor::Device;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::TrainingError;
use super::checkpoint::Checkpoints;
use super::schedule::Schedule;
use crate::error::Error;
use crate::model::{Classifier, Precision};

/// Optimizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Optimizer {
    /// Adam with epsilon 1e-8 (Kingma & Ba 2015, arXiv 1412.6980), as in the tutorial
    Adam,
    /// Stochastic gradient descent with Nesterov momentum 0.9
    Sgd,
}

impl Optimizer {
    /// An optimizer without any state yet. `weight_decay`, 0 or more, is an L2 penalty: weights times it
    /// are added to the gradients.
    pub fn init(self, weight_decay: f64) -> ModuleOptimizer {
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

/// Hyper-parameters of the optimization.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct HyperParameters {
    /// Passes over the training pictures, at least 1.
    pub epochs: usize,
    /// Pictures in a batch, at least 1.
    pub batch_size: usize,
    /// Optimizer.
    pub optimizer: Optimizer,
    /// Highest learning rate of the schedule, above 0 and at most 1.
    pub learning_rate: f64,
    /// L2 penalty on the weights, as a part of the gradient; 0 to 1.
    pub weight_decay: f64,
    /// Learning-rate schedule.
    pub schedule: Schedule,
    /// Decay of the moving average of the weights, above 0 and below 1; with it, the average is validated and written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ema: Option<f64>,
}

impl HyperParameters {
    /// Checks the ranges.
    ///
    /// # Errors
    /// When a value is out of its range.
    pub fn check(&self) -> crate::Result<()> {
        let out_of_range = |name, value: String, must| Err(Error::Option { name, value, must });
        let Self { epochs, batch_size, learning_rate, weight_decay, .. } = *self;
        if epochs == 0 {
            return out_of_range("epochs", epochs.to_string(), "at least 1");
        }
        if batch_size == 0 {
            return out_of_range("batch_size", batch_size.to_string(), "at least 1");
        }
        if !(learning_rate > 0.0 && learning_rate <= 1.0) {
            let must = "above 0 and at most 1";
            return out_of_range("learning_rate", learning_rate.to_string(), must);
        }
        if !(0.0..=1.0).contains(&weight_decay) {
            return out_of_range("weight_decay", weight_decay.to_string(), "between 0 and 1");
        }
        if let Some(ema) = self.ema
            && !(ema > 0.0 && ema < 1.0)
        {
            return out_of_range("ema", ema.to_string(), "above 0 and below 1");
        }
        Ok(())
    }
}

/// Options of both trainings.
#[derive(Clone, Debug)]
pub struct Options {
    /// Hyper-parameters of the optimization.
    pub hyper_parameters: HyperParameters,
    /// Seed of every random number: initial weights, shuffling, augmentation, noise, dropout.
    pub seed: u64,
    /// Stop after this many epochs without a better validation; 0: never.
    pub patience: usize,
    /// File for the best weights. Checkpoints go into the folder `OUT.checkpoint` beside it.
    pub out: PathBuf,
    /// Number format of the best weights.
    pub precision: Precision,
    /// Time between checkpoints inside an epoch; there is one after every epoch, too.
    pub checkpoint_every: Duration,
    /// Resume from the last checkpoint.
    pub resume: bool,
    /// Start over although there are weights or checkpoints, and replace them.
    pub overwrite: bool,
}

impl Options {
    /// Checks the ranges of the hyper-parameters, and whether the results can go where they are to go.
    /// [`fit`](super::fit) does so too; before it, this saves the time that reading data takes.
    ///
    /// # Errors
    /// When a value is out of its range, there is something to resume or to replace and neither was asked
    /// for, the checkpoints' folder holds what no training wrote, or another training uses it.
    pub fn check(&self) -> Result<()> {
        self.hyper_parameters.check()?;
        if self.out.is_dir() {
            bail!(TrainingError::OutputIsFolder { folder: self.out.clone() });
        }
        let checkpoints = Checkpoints::beside(&self.out);
        checkpoints.check()?;
        if self.resume || self.overwrite {
            return Ok(());
        }
        if checkpoints.exist()? {
            let folder = checkpoints.folder().to_owned();
            bail!(TrainingError::CheckpointExists { folder });
        }
        if self.out.exists() {
            bail!(TrainingError::OutputExists { file: self.out.clone() });
        }
        Ok(())
    }
}

/// Fails when there is no device to train on.
pub(super) fn check_devices(devices: &[Device]) -> crate::Result<()> {
    if devices.is_empty() {
        let (value, must) = ("an empty list".to_owned(), "at least one device");
        return Err(Error::Option { name: "devices", value, must });
    }
    Ok(())
}

/// Fails when pictures of another size are asked for that this classifier cannot take.
pub(super) fn check_small_epochs(
    small_epochs: usize,
    classifier: &Classifier,
) -> crate::Result<()> {
    if small_epochs > 0 && !classifier.takes_other_sizes() {
        let must = "0 with a classifier that takes pictures of 96x96 only";
        return Err(Error::Option { name: "small_epochs", value: small_epochs.to_string(), must });
    }
    Ok(())
}

/// Whether an option was not asked for. Those stay out of the fingerprint: trainings from before there was the option can
/// be resumed.
pub(super) fn is_zero<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Weights to start from.
pub struct InitialWeights {
    /// Where they were read.
    pub path: PathBuf,
    /// A weights file of this program, or a state dict of PyTorch as safetensors.
    pub weights: Vec<u8>,
    /// CRC-32 of `weights`: a training is not resumed with other initial weights.
    pub crc32: u32,
    /// Who trained them and their terms, for the new weights' card.
    pub origin: Option<String>,
}

/// What a resumed training must have in common with the interrupted one: the task's options, and the weights
/// that it starts from.
#[derive(Serialize)]
pub(super) struct TaskOptions<'a, O> {
    #[serde(flatten)]
    pub options: &'a O,
    pub initial_weights_crc32: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initial_weights_origin: Option<&'a str>,
}

impl<'a, O: Serialize> TaskOptions<'a, O> {
    pub fn new(options: &'a O, initial_weights: Option<&'a InitialWeights>) -> Self {
        Self {
            options,
            initial_weights_crc32: initial_weights.map(|weights| weights.crc32),
            initial_weights_origin: initial_weights.and_then(|weights| weights.origin.as_deref()),
        }
    }

    pub fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).expect("options are plain data")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::module::{Module, Param};
    use burn::optim::GradientsParams;
    use burn::tensor::Tensor;

    #[derive(Module, Debug)]
    struct Network {
        weight: Param<Tensor<1>>,
    }

    const GRADIENTS: [f32; 2] = [0.5, 1e-8];
    const RATE: f64 = 0.1;

    /// The two weights, 1 at first, after each of three steps with the same gradients.
    fn steps(optimizer: Optimizer, weight_decay: f64) -> Vec<[f32; 2]> {
        let device = Device::flex().autodiff();
        let weight = Param::from_tensor(Tensor::from_floats([1.0, 1.0], &device));
        let (mut network, mut optimizer) = (Network { weight }, optimizer.init(weight_decay));
        (0..3)
            .map(|_| {
                let loss = network.weight.val() * Tensor::from_floats(GRADIENTS, &device);
                let gradients = GradientsParams::from_grads(loss.sum().backward(), &network);
                network = optimizer.step(RATE, network.clone(), gradients);
                let values = network.weight.val().inner().into_data();
                values.try_to_vec::<f32>().unwrap().try_into().unwrap()
            })
            .collect()
    }

    /// The same by the formula: `update(gradient, t)` returns what the rate is multiplied by.
    fn expected(
        weight_decay: f64,
        mut update: impl FnMut(usize, f64, i32) -> f64,
    ) -> Vec<[f64; 2]> {
        let mut weights = [1.0, 1.0];
        (1..=3)
            .map(|t| {
                for (i, weight) in weights.iter_mut().enumerate() {
                    let gradient = f64::from(GRADIENTS[i]) + weight_decay * *weight;
                    *weight -= RATE * update(i, gradient, t);
                }
                weights
            })
            .collect()
    }

    #[track_caller]
    fn assert_close(actual: &[[f32; 2]], expected: &[[f64; 2]]) {
        for (actual, expected) in actual.iter().flatten().zip(expected.iter().flatten()) {
            assert!((f64::from(*actual) - expected).abs() < 1e-5, "{actual} {expected}");
        }
    }

    #[test]
    fn sgd_has_nesterov_momentum_and_weight_decay() {
        for weight_decay in [0.0, 0.25] {
            let mut velocity = [0.0; 2];
            let expected = expected(weight_decay, |i, gradient, _| {
                velocity[i] = 0.9 * velocity[i] + gradient;
                gradient + 0.9 * velocity[i]
            });
            assert_close(&steps(Optimizer::Sgd, weight_decay), &expected);
        }
    }

    #[test]
    fn adam_has_the_papers_moments_and_epsilon_and_weight_decay() {
        for weight_decay in [0.0, 0.25] {
            let (mut mean, mut square) = ([0.0; 2], [0.0; 2]);
            let expected = expected(weight_decay, |i, gradient, t| {
                mean[i] = 0.9 * mean[i] + 0.1 * gradient;
                square[i] = 0.999 * square[i] + 0.001 * gradient * gradient;
                let (mean, square) =
                    (mean[i] / (1.0 - 0.9f64.powi(t)), square[i] / (1.0 - 0.999f64.powi(t)));
                // With a gradient of 1e-8, this epsilon halves the step.
                mean / (square.sqrt() + 1e-8)
            });
            assert_close(&steps(Optimizer::Adam, weight_decay), &expected);
        }
    }

    #[test]
    fn values_out_of_their_ranges_are_refused_by_name() {
        let good = HyperParameters {
            epochs: 1,
            batch_size: 1,
            optimizer: Optimizer::Adam,
            learning_rate: 1.0,
            weight_decay: 0.0,
            schedule: Schedule::Constant,
            ema: None,
        };
        good.check().unwrap();
        type Set = fn(&mut HyperParameters, f64);
        let set: [(&str, Set); 5] = [
            ("epochs", |parameters, value| parameters.epochs = value as usize),
            ("batch_size", |parameters, value| parameters.batch_size = value as usize),
            ("learning_rate", |parameters, value| parameters.learning_rate = value),
            ("weight_decay", |parameters, value| parameters.weight_decay = value),
            ("ema", |parameters, value| parameters.ema = Some(value)),
        ];
        for (name, set) in set {
            for value in [0.0, -1.0, f64::NAN, 1.5] {
                let mut parameters = good;
                set(&mut parameters, value);
                let valid = match name {
                    "learning_rate" | "ema" => false,
                    "weight_decay" => value == 0.0,
                    _ => value >= 1.0,
                };
                match parameters.check() {
                    Ok(()) => assert!(valid, "{name} {value}"),
                    Err(error) => {
                        assert!(!valid && error.to_string().starts_with(name), "{error}");
                    }
                }
            }
        }
        assert!(check_devices(&[]).unwrap_err().to_string().contains("at least one device"));
    }
}
