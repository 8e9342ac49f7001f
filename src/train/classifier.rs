//! Training of CL: cross-entropy with the true classes, on augmented pictures.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use burn::tensor::{Device, Tensor};
use rand::rngs::Xoshiro256PlusPlus;
use serde::Serialize;
use tracing::info;

use super::augment::augment;
use super::batch::{read_batch, scalar, to_batch};
use super::fit::random_weights;
use super::options::{TaskOptions, check_devices};
use super::{InitialWeights, SMALL, Task, Validation};
use crate::class::Class;
use crate::data::TrainingData;
use crate::model::card::Architecture;
use crate::model::loss::{cross_entropy, one_hot};
use crate::model::weights::start_classifier;
use crate::model::{Card, Classifier, ClassifierConfig};
use crate::picture::{SIDE, VALUES};

/// Pictures in a batch of validation.
const VALIDATION_BATCH: usize = 64;

/// Options of a classifier's training.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ClassifierOptions {
    /// Architecture.
    #[serde(rename = "classifier")]
    pub config: ClassifierConfig,
    /// Number of epochs at the beginning on pictures scaled to [`SMALL`] pixels a side, which take less than
    /// half of the time. What is learned there holds for full-size pictures, as the last layers see an average
    /// over all positions.
    pub small_epochs: usize,
    /// Number of epochs at the beginning in which only the last layer is trained.
    pub frozen_epochs: usize,
}

/// Training of a classifier.
pub struct ClassifierTask {
    options: ClassifierOptions,
    /// Weights to start from, instead of random ones.
    initial_weights: Option<InitialWeights>,
    data: Arc<TrainingData>,
    devices: Vec<Device>,
}

impl ClassifierTask {
    /// Trains on `data` on the plain `devices`.
    ///
    /// # Errors
    /// When there is no device, or a picture to learn from has no label.
    pub fn new(
        options: ClassifierOptions,
        initial_weights: Option<InitialWeights>,
        data: Arc<TrainingData>,
        devices: Vec<Device>,
    ) -> Result<Self> {
        check_devices(&devices)?;
        let labelled = data.pictures.labels().len();
        let mut used = data.parts.training.iter().chain(&data.parts.validation);
        ensure!(
            used.all(|index| *index < labelled),
            "a classifier learns from pictures with labels only: leave out those without"
        );
        Ok(Self { options, initial_weights, data, devices })
    }

    fn classes(&self, indices: &[usize]) -> Vec<Class> {
        indices.iter().map(|i| self.data.pictures.labels()[*i]).collect()
    }
}

/// Share of the rows whose largest logit is that of the true class, shape `[1]`.
fn accuracy(logits: Tensor<2>, one_hot: Tensor<2>) -> Tensor<1> {
    logits.argmax(1).equal(one_hot.argmax(1)).float().mean()
}

impl Task for ClassifierTask {
    type Model = Classifier;
    const METRIC: &'static str = "accuracy";

    fn devices(&self) -> &[Device] {
        &self.devices
    }

    fn options(&self) -> serde_json::Value {
        let initial_weights_crc32 = self.initial_weights.as_ref().map(|weights| weights.crc32);
        TaskOptions { options: &self.options, initial_weights_crc32 }.to_json()
    }

    fn card(&self) -> Card {
        Card::new(Architecture::Classifier(self.options.config))
    }

    fn init(&self, seed: u64) -> Result<Classifier> {
        let config = self.options.config;
        let random = random_weights(seed, &self.devices[0], |cpu| config.init(cpu));
        let Some(initial) = &self.initial_weights else {
            return Ok(random);
        };
        let (model, other_classes) = start_classifier(random, &initial.weights)
            .with_context(|| initial.path.display().to_string())?;
        if other_classes {
            info!("the last layer has other classes in the file: it starts with random weights");
        }
        Ok(model)
    }

    fn frozen_epochs(&self) -> usize {
        self.options.frozen_epochs
    }

    fn begin_epoch(&self, model: Classifier, epoch: usize) -> Classifier {
        match self.options.frozen_epochs {
            0 => model,
            frozen => model.with_frozen_body(epoch < frozen),
        }
    }

    fn loss(
        &self,
        model: &Classifier,
        rank: usize,
        epoch: usize,
        indices: &[usize],
        rng: &mut Xoshiro256PlusPlus,
    ) -> Result<(Tensor<1>, Tensor<1>)> {
        let device = &self.devices[rank];
        let side = if epoch < self.options.small_epochs { SMALL } else { SIDE };
        let mut values = Vec::with_capacity(indices.len() * VALUES);
        let mut bytes = [0; VALUES];
        for index in indices {
            self.data.pictures.read(*index, &mut bytes)?;
            values.extend(augment(&bytes, side, rng));
        }
        let x = to_batch(values, side, device).autodiff();
        let classes = one_hot(&self.classes(indices), device);
        let logits = model.forward_training(x, rng);
        let accuracy = accuracy(logits.clone().inner(), classes.clone());
        Ok((cross_entropy(logits, classes.autodiff()).mean(), accuracy))
    }

    fn validate(&self, model: &Classifier) -> Result<Validation> {
        let (held_out, device) = (&self.data.parts.validation, &self.devices[0]);
        let model = model.frozen();
        let (mut correct, mut loss) = (0.0, 0.0);
        for indices in held_out.chunks(VALIDATION_BATCH) {
            let logits = model.forward(read_batch(self.data.pictures.as_ref(), indices, device)?);
            let classes = one_hot(&self.classes(indices), device);
            let n = indices.len() as f64;
            correct += f64::from(scalar(accuracy(logits.clone(), classes.clone()))?) * n;
            loss += f64::from(scalar(cross_entropy(logits, classes).sum())?);
        }
        let n = held_out.len() as f64;
        let (accuracy, loss) = (correct / n, loss / n);
        Ok(Validation {
            error: 1.0 - accuracy,
            figures: [
                ("validation_accuracy".to_owned(), accuracy),
                ("validation_loss".to_owned(), loss),
            ]
            .into(),
            detector: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::synthetic::Drawn;
    use crate::data::{HeldOut, Joined, Pictures, Protocol};
    use burn::module::Module;

    /// As `Drawn`, without labels.
    struct Unlabelled(Drawn);

    impl Pictures for Unlabelled {
        fn len(&self) -> usize {
            self.0.len()
        }

        fn labels(&self) -> &[Class] {
            &[]
        }

        fn read(&self, index: usize, bytes: &mut [u8; VALUES]) -> crate::Result<()> {
            self.0.read(index, bytes)
        }
    }

    #[test]
    fn pictures_without_labels_and_an_empty_list_of_devices_are_refused() {
        let task = |training: &[usize], devices: Vec<Device>| {
            let drawn = Drawn::training(10, 0);
            let data = TrainingData {
                pictures: Box::new(Joined::new(
                    Box::new(drawn.clone()),
                    Box::new(Unlabelled(drawn)),
                )),
                parts: HeldOut { training: training.to_vec(), validation: vec![9] },
                data: "drawn".to_owned(),
                protocol: Protocol::Tutorial,
                held_out: 0.1,
                split_seed: 0,
            };
            let config = ClassifierConfig::Compact;
            let options = ClassifierOptions { config, small_epochs: 0, frozen_epochs: 0 };
            ClassifierTask::new(options, None, Arc::new(data), devices).map(drop)
        };
        task(&[0, 8], vec![Device::flex()]).unwrap();
        let error = task(&[0, 10], vec![Device::flex()]).unwrap_err().to_string();
        assert!(error.contains("labels"), "{error}");
        let error = task(&[0, 8], vec![]).unwrap_err().to_string();
        assert!(error.contains("at least one device"), "{error}");
    }

    /// More pictures than one batch holds, and no multiple of it: every batch counts by its size.
    #[test]
    fn validation_is_the_mean_over_all_pictures_held_out() {
        let count = 2 * VALIDATION_BATCH + 7;
        let data = TrainingData {
            pictures: Box::new(Drawn::training(count, 3)),
            parts: HeldOut { training: vec![0], validation: (0..count).collect() },
            data: "drawn".to_owned(),
            protocol: Protocol::Tutorial,
            held_out: 0.1,
            split_seed: 0,
        };
        let config = ClassifierConfig::Compact;
        let options = ClassifierOptions { config, small_epochs: 0, frozen_epochs: 0 };
        let task =
            ClassifierTask::new(options, None, Arc::new(data), vec![Device::flex()]).unwrap();
        let network = config.init(&Device::flex()).valid();
        let found = task.validate(&network).unwrap();
        let (mut correct, mut loss) = (0.0, 0.0);
        for index in 0..count {
            let x = task.data.pictures.picture(index).unwrap().to_tensor(&Device::flex());
            let logits: Vec<f32> = network.forward(x).into_data().try_to_vec().unwrap();
            let class = task.data.pictures.labels()[index];
            let exponentials: f64 = logits.iter().map(|z| f64::from(*z).exp()).sum();
            loss += exponentials.ln() - f64::from(logits[class.index()]);
            let predicted = Class::most_likely(logits.as_slice().try_into().unwrap());
            correct += f64::from(u8::from(predicted == class));
        }
        let n = count as f64;
        assert!((found.figures["validation_loss"] - loss / n).abs() < 1e-4 * loss / n);
        assert!((found.figures["validation_accuracy"] - correct / n).abs() < 1e-6);
        assert!((found.error - (1.0 - correct / n)).abs() < 1e-6);
    }
}
