//! A training step on one or several devices.
//!
//! Each device has a thread, which gets a copy of the network and a part of the batch; the gradients are summed
//! on the first device, in the order of the devices. A device that fails (memory exhausted, driver lost) ends the
//! step with an error; the process goes on.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use anyhow::Result;
use burn::module::Module;
use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::tensor::Device;
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

use super::batch::scalar;
use super::{Task, TrainingError};

/// The result of one training step.
pub struct StepResult {
    /// Gradients of the batch's mean loss.
    pub gradients: GradientsParams,
    /// The batch's mean loss.
    pub loss: f32,
    /// The batch's mean metric (accuracy or agreement), 0 to 1.
    pub metric: f32,
}

type Job = Box<dyn FnOnce() + Send>;

/// A device with the thread that computes on it.
struct Worker {
    device: Device,
    /// The thread ends when this is dropped.
    jobs: Sender<Job>,
}

impl Worker {
    fn new(device: Device) -> Self {
        let (jobs, received) = channel::<Job>();
        thread::spawn(move || received.into_iter().for_each(|job| job()));
        Self { device, jobs }
    }

    /// Lets the thread call `compute`, whose result, or panic, is received once.
    fn start<R: Send + 'static>(
        &self,
        compute: impl FnOnce() -> R + Send + 'static,
    ) -> Receiver<thread::Result<R>> {
        let (sender, receiver) = channel();
        let job = move || {
            // Sending fails only when nobody waits any more.
            let _ = sender.send(catch_unwind(AssertUnwindSafe(compute)));
        };
        self.jobs.send(Box::new(job)).expect("the thread receives until the sender is dropped");
        receiver
    }
}

/// Data-parallel training steps. The threads are kept for all of them: burn's GPU backends give each thread
/// a stream with memory of its own, so new threads in every step would each leave such memory behind.
pub struct DataParallel {
    workers: Vec<Worker>,
}

impl DataParallel {
    /// Steps on these plain devices, at least one.
    pub fn new(devices: &[Device]) -> Self {
        Self { workers: devices.iter().map(|d| Worker::new(d.clone().autodiff())).collect() }
    }

    /// Loss, metric and gradients of the pictures `batch`, divided among the devices as evenly as possible.
    /// All random numbers follow from `seed` and the device's rank.
    ///
    /// # Errors
    /// When a picture cannot be read or a device fails.
    pub fn step<T: Task>(
        &self,
        task: &Arc<T>,
        model: &T::Model,
        epoch: usize,
        batch: &[usize],
        seed: u64,
    ) -> Result<StepResult> {
        let parts = batch.chunks(batch.len().div_ceil(self.workers.len()));
        let mut started = Vec::new();
        for (rank, (worker, part)) in self.workers.iter().zip(parts).enumerate() {
            let share = part.len() as f32 / batch.len() as f32;
            let (task, model, part) = (Arc::clone(task), model.clone(), part.to_vec());
            let device = worker.device.clone();
            started.push(worker.start(move || {
                let model = model.fork(&device);
                let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed ^ rank as u64);
                let (loss, metric) = task.loss(&model, rank, epoch, &part, &mut rng)?;
                let (loss, metric) = (loss * share, metric * share);
                let gradients = GradientsParams::from_grads(loss.backward(), &model);
                let (loss, metric) = (scalar(loss.inner())?, scalar(metric)?);
                Ok(StepResult { gradients, loss, metric })
            }));
        }
        // Every device has finished before an error ends the step.
        let finished: Vec<thread::Result<Result<StepResult>>> = started
            .iter()
            .map(|result| result.recv().expect("a result or a panic is sent"))
            .collect();
        let mut sum = GradientsAccumulator::new();
        let (mut loss, mut metric) = (0.0, 0.0);
        for (rank, part) in finished.into_iter().enumerate() {
            let part =
                part.map_err(|panic| TrainingError::Device { rank, reason: message(&*panic) })??;
            (loss, metric) = (loss + part.loss, metric + part.metric);
            sum.accumulate(model, part.gradients.to_device(&self.workers[0].device, model));
        }
        Ok(StepResult { gradients: sum.grads(), loss, metric })
    }
}

/// The text of a panic.
fn message(panic: &(dyn Any + Send)) -> String {
    let literal = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    literal.or_else(|| panic.downcast_ref().cloned()).unwrap_or_else(|| "a panic".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::card::Architecture;
    use crate::model::{Autoencoder, AutoencoderConfig, Card};
    use crate::picture::{CHANNELS, SIDE};
    use crate::train::Validation;
    use burn::module::Param;
    use burn::tensor::Tensor;

    const CONFIG: AutoencoderConfig = AutoencoderConfig::Tutorial { latent: 2 };

    /// Trains an autoencoder to reproduce picture n, all of the grey n / 10; some devices may be broken.
    struct Greys {
        devices: Vec<Device>,
        broken: Option<usize>,
        unreadable: Option<usize>,
    }

    impl Task for Greys {
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

        fn init(&self, seed: u64) -> Result<Autoencoder> {
            Ok(CONFIG.init_seeded(seed, &self.devices[0].clone().autodiff()))
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

    fn model() -> Autoencoder {
        greys(1).init(0).unwrap()
    }

    fn step(task: Greys, model: &Autoencoder) -> Result<StepResult> {
        let task = Arc::new(task);
        let devices = DataParallel::new(task.devices());
        // Seven do not divide evenly among two or three.
        devices.step(&task, model, 0, &[0, 1, 2, 3, 4, 5, 6], 9)
    }

    fn greys(devices: usize) -> Greys {
        Greys { devices: vec![Device::flex(); devices], broken: None, unreadable: None }
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
    fn several_devices_compute_the_gradients_that_one_does() {
        let model = model();
        let one = step(greys(1), &model).unwrap();
        assert!((one.metric - 5.0 / 7.0).abs() < 1e-6 && one.loss > 0.01);
        let of_one = gradients(&one, &model);
        let largest = of_one.iter().fold(0.0f32, |a, b| a.max(b.abs()));
        assert!(largest > 1e-3, "the gradients vanish: {largest}");
        // More devices than pictures leave some without work.
        for devices in [2, 3, 9] {
            let several = step(greys(devices), &model).unwrap();
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
        let error =
            step(Greys { broken: Some(1), ..greys(2) }, &model()).err().unwrap().to_string();
        for word in ["device 1", "out of memory", "resume from it", "smaller batches"] {
            assert!(error.contains(word), "{error}");
        }
    }

    #[test]
    fn a_picture_that_cannot_be_read_is_an_error() {
        let error =
            step(Greys { unreadable: Some(5), ..greys(2) }, &model()).err().unwrap().to_string();
        assert_eq!(error, "picture 5 cannot be read");
    }
}
