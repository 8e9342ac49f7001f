//! One step of learning, on one device or several: burn's data-parallel training.
//!
//! Each device gets a copy of the network and a part of the batch, in a thread of its own; the gradients are
//! summed up on the first one. A device that fails (out of memory, driver gone) ends the step with an
//! error, not the process.

use std::sync::Arc;

use anyhow::{Result, anyhow};
use burn::data::dataloader::{DataLoaderIterator, Progress};
use burn::data::dataset::DatasetError;
use burn::module::{Module, ModuleDisplay};
use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::tensor::{Device, ExecutionError, Tensor};
use burn::train::train::MultiDevicesTrainStep;
use burn::train::{InferenceStep, ItemLazy, TrainOutput, TrainStep};
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

use super::Task;
use super::batch::scalar;

/// The network, wrapped for burn-train.
#[derive(Module, Debug)]
struct TrainableModel<M: Module + ModuleDisplay> {
    network: M,
}

/// Computes a part's share of the batch's loss, shape `[1]`, and the share of the batch that is right.
type BatchTask<M> = Box<dyn FnOnce(&M) -> Result<(Tensor<1>, Tensor<1>)> + Send>;

/// The two as numbers.
struct BatchMetrics(Result<(f32, f32)>);

impl ItemLazy for BatchMetrics {
    fn sync(self) -> Result<Self, ExecutionError> {
        Ok(self) // numbers already
    }
}

impl<M: Module + ModuleDisplay + 'static> TrainStep for TrainableModel<M> {
    type Input = BatchTask<M>;
    type Output = BatchMetrics;

    fn step(&self, task: BatchTask<M>) -> TrainOutput<BatchMetrics> {
        let metrics = |(loss, right): (Tensor<1>, _)| Ok((scalar(loss.inner())?, scalar(right)?));
        match task(&self.network) {
            Ok((loss, right)) => {
                let gradients = loss.backward();
                TrainOutput::new(self, gradients, BatchMetrics(metrics((loss, right))))
            }
            Err(error) => {
                TrainOutput { grads: GradientsParams::new(), item: BatchMetrics(Err(error)) }
            }
        }
    }
}

/// Never called; a trait bound of burn-train's asks for it.
impl<M: Module + ModuleDisplay + 'static> InferenceStep for TrainableModel<M> {
    type Input = ();
    type Output = BatchMetrics;

    fn step(&self, (): ()) -> BatchMetrics {
        BatchMetrics(Err(anyhow!("only training steps are run")))
    }
}

/// A device's only task in a step, as the data loader that burn-train expects.
struct Once<M>(Option<BatchTask<M>>);

impl<M> Iterator for Once<M> {
    type Item = Result<BatchTask<M>, DatasetError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.take().map(Ok)
    }
}

impl<M> DataLoaderIterator<BatchTask<M>> for Once<M> {
    fn progress(&self) -> Progress {
        Progress::new(1, 1, None)
    }
}

/// The result of one training step.
pub struct StepResult {
    /// Of the mean loss.
    pub gradients: GradientsParams,
    /// The mean loss.
    pub loss: f32,
    /// The metric: accuracy or agreement, in 0..=1.
    pub metric: f32,
}

/// Data-parallel training steps on one or several devices, each with a thread.
pub struct DataParallel<T: Task> {
    devices: Vec<Device>,
    step: MultiDevicesTrainStep<TrainableModel<T::Model>>,
}

impl<T: Task> DataParallel<T> {
    /// Uses these plain devices.
    pub fn new(devices: &[Device]) -> Self {
        let devices: Vec<Device> = devices.iter().map(|d| d.clone().autodiff()).collect();
        let step = MultiDevicesTrainStep::new(&devices);
        Self { devices, step }
    }

    /// The gradients of the mean loss of pictures `batch`, as even a part of them on each device as can be.
    ///
    /// # Errors
    /// When a picture cannot be read or a device fails.
    pub fn step(
        &self,
        task: &Arc<T>,
        model: &T::Model,
        epoch: usize,
        batch: &[usize],
        seed: u64,
    ) -> Result<StepResult> {
        let mut parts = batch.chunks(batch.len().div_ceil(self.devices.len()));
        let mut tasks: Vec<Box<dyn DataLoaderIterator<BatchTask<T::Model>>>> = Vec::new();
        for rank in 0..self.devices.len() {
            let of_device = parts.next().map(|part| {
                let share = part.len() as f32 / batch.len() as f32;
                let (task, part) = (Arc::clone(task), part.to_vec());
                let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed ^ rank as u64);
                let compute = move |model: &T::Model| {
                    let (loss, right) = task.loss(model, rank, epoch, &part, &mut rng)?;
                    Ok((loss * share, right * share))
                };
                Box::new(compute) as BatchTask<T::Model>
            });
            tasks.push(Box::new(Once(of_device)));
        }
        let trainable = TrainableModel { network: model.clone() };
        let (outputs, _) = self.step.step(&mut tasks, &trainable).map_err(|e| {
            anyhow!(
                "{e}; the last checkpoint is intact: go on from it with --resume, or, if memory ran out, \
                 start over with a smaller --batch-size or more devices"
            )
        })?;
        let mut sum = GradientsAccumulator::new();
        let (mut loss, mut metric) = (0.0, 0.0);
        for part in outputs {
            let (loss_of_part, metric_of_part) = part.output.item.0?;
            (loss, metric) = (loss + loss_of_part, metric + metric_of_part);
            sum.accumulate(model, part.output.grads.to_device(&self.devices[0], model));
        }
        Ok(StepResult { gradients: sum.grads(), loss, metric })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::card::Architecture;
    use crate::model::{Autoencoder, AutoencoderConfig, Card};
    use crate::picture::{CHANNELS, SIDE};
    use crate::train::Validation;
    use burn::module::Param;

    const CONFIG: AutoencoderConfig = AutoencoderConfig::Tutorial { latent: 2 };

    /// Teaches an autoencoder to paint picture n in the grey n / 10; some devices may be broken.
    struct Paint {
        devices: Vec<Device>,
        broken: Option<usize>,
        unreadable: Option<usize>,
    }

    impl Task for Paint {
        type Model = Autoencoder;
        const METRIC: &'static str = "share below a half";

        fn devices(&self) -> &[Device] {
            &self.devices
        }

        fn options(&self) -> serde_json::Value {
            serde_json::Value::Null
        }

        fn card(&self) -> Card {
            Card::new(Architecture::Autoencoder(CONFIG))
        }

        fn init(&self) -> Result<Autoencoder> {
            self.devices[0].seed(1);
            Ok(CONFIG.init(&self.devices[0].clone().autodiff()))
        }

        fn loss(
            &self,
            model: &Autoencoder,
            rank: usize,
            _: usize,
            indices: &[usize],
            _: &mut Xoshiro256PlusPlus,
        ) -> Result<(Tensor<1>, Tensor<1>)> {
            assert_ne!(self.broken, Some(rank), "out of memory");
            if let Some(index) = indices.iter().find(|index| self.unreadable == Some(**index)) {
                anyhow::bail!("picture {index} cannot be read");
            }
            let device = &self.devices[rank];
            let greys: Vec<f32> = indices.iter().map(|i| *i as f32 / 10.0).collect();
            let greys = Tensor::<1>::from_floats(greys.as_slice(), device);
            let x =
                greys.clone().reshape([-1, 1, 1, 1]).expand([indices.len(), CHANNELS, SIDE, SIDE]);
            let error = model.forward(x.clone().autodiff()) - x.autodiff();
            Ok((error.square().mean(), greys.lower_elem(0.5).float().mean()))
        }

        fn validate(&self, _: &Autoencoder) -> Result<Validation> {
            unreachable!("no epoch ends here")
        }
    }

    fn step(task: Paint) -> Result<(StepResult, Autoencoder)> {
        let task = Arc::new(task);
        let model = task.init()?;
        let devices = DataParallel::new(task.devices());
        // Seven do not divide evenly among two or three.
        Ok((devices.step(&task, &model, 0, &[0, 1, 2, 3, 4, 5, 6], 9)?, model))
    }

    fn paint(devices: usize) -> Paint {
        Paint { devices: vec![Device::flex(); devices], broken: None, unreadable: None }
    }

    /// The gradients of all weights, in order.
    fn gradients(result: &StepResult, model: &Autoencoder) -> Vec<f32> {
        struct Collect<'a>(&'a GradientsParams, Vec<f32>);
        impl burn::module::ModuleVisitor for Collect<'_> {
            fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
                let gradient = self.0.get::<D>(param.id).expect("every weight has a gradient");
                self.1.extend(gradient.into_data().try_to_vec::<f32>().unwrap());
            }
        }
        let mut collect = Collect(&result.gradients, Vec::new());
        model.visit(&mut collect);
        collect.1
    }

    #[test]
    fn several_devices_learn_what_one_does() {
        let (one, model) = step(paint(1)).unwrap();
        assert!((one.metric - 5.0 / 7.0).abs() < 1e-6 && one.loss > 0.01);
        let of_one = gradients(&one, &model);
        let largest = of_one.iter().fold(0.0f32, |a, b| a.max(b.abs()));
        assert!(largest > 1e-3, "nothing is result: {largest}");
        // More devices than pictures leave some without work.
        for devices in [2, 3, 9] {
            let (several, model) = step(paint(devices)).unwrap();
            assert!((several.loss / one.loss - 1.0).abs() < 1e-5, "{devices}");
            assert!((several.metric - one.metric).abs() < 1e-6);
            let of_several = gradients(&several, &model);
            let apart = of_one.iter().zip(&of_several).map(|(a, b)| (a - b).abs());
            let apart = apart.fold(0.0, f32::max);
            assert!(apart < 1e-4 * largest, "{devices} devices: {apart} of {largest}");
        }
    }

    #[test]
    fn a_device_that_fails_is_an_error_that_says_how_to_go_on() {
        let error = step(Paint { broken: Some(1), ..paint(2) }).err().unwrap().to_string();
        for word in ["device 1", "out of memory", "--resume", "--batch-size"] {
            assert!(error.contains(word), "{error}");
        }
    }

    #[test]
    fn a_picture_that_cannot_be_read_is_an_error() {
        let error = step(Paint { unreadable: Some(5), ..paint(2) }).err().unwrap().to_string();
        assert_eq!(error, "picture 5 cannot be read");
    }
}
