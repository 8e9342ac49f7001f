//! Training of CL: cross-entropy with the true classes, on augmented pictures; on request with a teacher, with mixed
//! classes, on attacked pictures.

mod changed;
mod options;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, ensure};
use burn::module::Module;
use burn::tensor::{Device, Int, Tensor};
use rand::RngExt;
use rand::rngs::Xoshiro256PlusPlus;
use tracing::info;

pub use self::options::{ClassifierOptions, default_frozen_epochs};
use super::augment::Augmentation;
use super::batch::{read_batch, scalar, to_batch, to_rows};
use super::distillation::{Lessons, Teacher};
use super::frozen_outputs::FrozenOutputs;
use super::mix::Mix;
use super::options::{TaskOptions, check_devices};
use super::outliers::{UNDECIDED, expose};
use super::{InitialWeights, SMALL, Task, Validation};
use crate::class::Class;
use crate::data::TrainingData;
use crate::model::card::Architecture;
use crate::model::loss::{cross_entropy, one_hot};
use crate::model::weights::{missing_head, start_classifier};
use crate::model::{Card, Classifier, Head};
use crate::picture::{SIDE, VALUES};

/// Pictures in a batch of validation.
const VALIDATION_BATCH: usize = 64;

/// What the frozen layers make of all pictures that are used.
struct Outputs {
    plain: FrozenOutputs,
    /// Of the training pictures flipped horizontally, if any are.
    flipped: FrozenOutputs,
}

/// Training of a classifier.
pub struct ClassifierTask {
    options: ClassifierOptions,
    /// Weights to start from, instead of random ones.
    initial_weights: Option<InitialWeights>,
    data: Arc<TrainingData>,
    devices: Vec<Device>,
    /// The layers that the initial weights lack.
    missing: Option<Head>,
    /// While the others are frozen and their outputs are the same in every epoch.
    outputs: Mutex<Option<Arc<Outputs>>>,
    /// What a teacher says of the pictures, if there is one.
    lessons: Option<Lessons>,
}

impl ClassifierTask {
    /// Trains on `data` on the plain `devices`.
    ///
    /// # Errors
    /// When there is no device, an option is out of its range or does not go with another one, or a picture to learn
    /// from has no label.
    pub fn new(
        options: ClassifierOptions,
        initial_weights: Option<InitialWeights>,
        data: Arc<TrainingData>,
        devices: Vec<Device>,
    ) -> Result<Self> {
        options.check()?;
        check_devices(&devices)?;
        ensure!(
            options.adversarial.is_none() || devices.len() == 1,
            "an adversarial training takes one device: attacks use what batch normalisation remembers, which several \
             devices change at the same time"
        );
        let labelled = data.pictures.labels().len();
        let mut used = data.parts.training.iter().chain(&data.parts.validation);
        ensure!(
            used.all(|index| *index < labelled),
            "a classifier learns from pictures with labels only: leave out those without"
        );
        let missing = match &initial_weights {
            Some(initial) => missing_head(&options.config.init(&Device::flex()), &initial.weights)
                .with_context(|| initial.path.display().to_string())?,
            None => None,
        };
        let outputs = Mutex::new(None);
        Ok(Self { options, initial_weights, data, devices, missing, outputs, lessons: None })
    }

    /// The layers that are trained while the others are frozen.
    fn head(&self) -> Head {
        self.missing.unwrap_or(Head::LastLayer)
    }

    /// Asks a teacher for its predictions: the network learns from them, too.
    ///
    /// # Errors
    /// When an option is out of its range, a picture cannot be read, or the device fails.
    pub fn with_teacher(self, teacher: &Teacher) -> Result<Self> {
        teacher.distillation.check()?;
        let flips = self.options.augmentation != Augmentation::None;
        let lessons = Lessons::of(teacher, &self.data, flips, &self.devices[0])?;
        Ok(Self { lessons: Some(lessons), ..self })
    }

    fn outputs(&self) -> Option<Arc<Outputs>> {
        self.outputs.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep_outputs(&self, outputs: Option<Outputs>) {
        *self.outputs.lock().unwrap_or_else(PoisonError::into_inner) = outputs.map(Arc::new);
    }

    /// What the layers before the head make of the pictures. In a fixed order: the same batches give the same numbers
    /// after a training is resumed.
    fn frozen_outputs(&self, model: &Classifier) -> Result<Outputs> {
        let model = model.valid().frozen();
        let (pictures, parts) = (self.data.pictures.as_ref(), &self.data.parts);
        let compute = |indices: &[usize], flipped| {
            let body = |x| model.body(x, self.head());
            FrozenOutputs::compute(pictures, indices, flipped, &self.devices[0], body)
        };
        let mirrored: &[usize] = match self.options.augmentation {
            Augmentation::None => &[],
            _ => &parts.training,
        };
        Ok(Outputs {
            plain: compute(&[parts.training.as_slice(), &parts.validation].concat(), false)?,
            flipped: compute(mirrored, true)?,
        })
    }

    fn classes(&self, indices: &[usize]) -> Vec<Class> {
        indices.iter().map(|i| self.data.pictures.labels()[*i]).collect()
    }

    /// Augmented pictures `indices`, mixed and attacked if they are to be.
    fn read_augmented(
        &self,
        model: &Classifier,
        device: &Device,
        side: usize,
        indices: &[usize],
        rng: &mut Xoshiro256PlusPlus,
    ) -> Result<Batch> {
        let ClassifierOptions { augmentation, mixup, cutmix, outliers, adversarial, .. } =
            self.options;
        let mut pictures = vec![[0; VALUES]; indices.len()];
        for (index, bytes) in indices.iter().zip(&mut pictures) {
            self.data.pictures.read(*index, bytes)?;
        }
        let outliers = expose(&mut pictures, outliers, rng);
        let (mut values, flipped): (Vec<_>, Vec<_>) =
            augmentation.apply_to_all(&pictures, side, rng).into_iter().unzip();
        let mix = Mix::draw(mixup, cutmix, side, rng);
        if let Some(mix) = &mix {
            mix.pictures(&mut values, side);
        }
        let mut images = to_batch(values.concat(), side, device);
        if let Some(adversarial) = adversarial {
            let classes = self.classes(indices);
            images = adversarial.attack(&model.valid(), images, &classes, rng.random())?;
        }
        let shown = flipped
            .into_iter()
            .zip(outliers)
            .zip(indices)
            .map(|((flipped, outlier), index)| Shown { index: *index, flipped, outlier })
            .collect();
        Ok(Batch { images, shown, mix })
    }

    /// Each class's share in the loss, [n, 10]: one for the true class, if it is neither smoothed nor mixed.
    fn targets(&self, shown: &[Shown], mix: Option<&Mix>, device: &Device) -> Tensor<2> {
        let ClassifierOptions { label_smoothing, .. } = self.options;
        let labels = self.data.pictures.labels();
        let mut shares: Vec<[f64; Class::COUNT]> = shown
            .iter()
            .map(|shown| {
                if shown.outlier {
                    return UNDECIDED;
                }
                let class = labels[shown.index];
                let mut shares = [label_smoothing / Class::COUNT as f64; Class::COUNT];
                shares[class.index()] += 1.0 - label_smoothing;
                shares
            })
            .collect();
        if let Some(mix) = mix {
            mix.shares(&mut shares);
        }
        to_rows(shares.into_iter().map(|shares| shares.map(|share| share as f32)), device)
    }
}

/// Pictures of a training step.
struct Batch {
    /// [n, 3, side, side]
    images: Tensor<4>,
    shown: Vec<Shown>,
    mix: Option<Mix>,
}

/// What a picture of a batch shows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown {
    /// Which picture.
    pub index: usize,
    /// Whether it is flipped horizontally.
    pub flipped: bool,
    /// Whether something else stands in its place.
    pub outlier: bool,
}

/// Share of the rows whose largest logit is that of the true class, shape `[1]`.
fn accuracy(logits: Tensor<2>, one_hot: Tensor<2>) -> Tensor<1> {
    logits.argmax(1).equal(one_hot.argmax(1)).float().mean()
}

/// [`accuracy`] of the rows that are no outliers; 0 if all are.
fn accuracy_on(shown: &[Shown], logits: Tensor<2>, one_hot: Tensor<2>) -> Tensor<1> {
    if shown.iter().all(|shown| !shown.outlier) {
        return accuracy(logits, one_hot);
    }
    let rows: Vec<i32> =
        (0..).zip(shown).filter(|(_, shown)| !shown.outlier).map(|(row, _)| row).collect();
    if rows.is_empty() {
        return Tensor::zeros([1], &logits.device());
    }
    let rows = Tensor::<1, Int>::from_ints(rows.as_slice(), &logits.device());
    accuracy(logits.select(0, rows.clone()), one_hot.select(0, rows))
}

impl Task for ClassifierTask {
    type Model = Classifier;
    const METRIC: &'static str = "accuracy";

    fn devices(&self) -> &[Device] {
        &self.devices
    }

    fn options(&self) -> serde_json::Value {
        let mut options = TaskOptions::new(&self.options, self.initial_weights.as_ref()).to_json();
        if let Some(lessons) = &self.lessons {
            options["teacher"] = lessons.described().clone();
        }
        options
    }

    fn card(&self) -> Card {
        let origin = self.initial_weights.as_ref().and_then(|weights| weights.origin.clone());
        Card::new(Architecture::Classifier(self.options.config)).with_origin(origin)
    }

    fn init(&self, seed: u64) -> Result<Classifier> {
        let config = self.options.config;
        let random = config.init_seeded(seed, &self.devices[0].clone().autodiff());
        let Some(initial) = &self.initial_weights else {
            return Ok(random);
        };
        let path = || initial.path.display().to_string();
        match self.missing {
            Some(Head::LastLayer) => {
                info!(
                    "the last layer has other classes in the file: it starts with random weights"
                );
            }
            Some(Head::AllDense) => {
                info!("the file does not hold these dense layers: they start with random weights");
            }
            None => {}
        }
        start_classifier(random, &initial.weights).with_context(path)
    }

    fn frozen_epochs(&self) -> usize {
        self.options.frozen_epochs
    }

    fn begin_epoch(&self, model: Classifier, epoch: usize) -> Result<Classifier> {
        let ClassifierOptions { small_epochs, frozen_epochs, .. } = self.options;
        if epoch >= frozen_epochs {
            self.keep_outputs(None);
            return Ok(if frozen_epochs == 0 { model } else { model.unfreeze() });
        }
        let model = model.with_frozen_body(self.head());
        let repeated = epoch >= small_epochs && self.options.repeats_frozen_outputs();
        if repeated && self.outputs().is_none() {
            self.keep_outputs(Some(self.frozen_outputs(&model)?));
        }
        Ok(model)
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
        let augmentation = self.options.augmentation;
        let (logits, shown, mix) = match self.outputs() {
            Some(outputs) => {
                let shown: Vec<Shown> = indices
                    .iter()
                    .map(|index| {
                        let flipped = augmentation.flips(rng);
                        Shown { index: *index, flipped, outlier: false }
                    })
                    .collect();
                let rows = shown.iter().map(|shown| {
                    let outputs = if shown.flipped { &outputs.flipped } else { &outputs.plain };
                    outputs.row(shown.index)
                });
                let x = outputs.plain.to_batch(rows, device);
                (model.head_training(x.autodiff(), self.head(), rng), shown, None)
            }
            None => {
                let side = if epoch < self.options.small_epochs { SMALL } else { SIDE };
                let Batch { images, shown, mix } =
                    self.read_augmented(model, device, side, indices, rng)?;
                (model.forward_training(images.autodiff(), rng), shown, mix)
            }
        };
        let targets = self.targets(&shown, mix.as_ref(), device);
        let accuracy = accuracy_on(&shown, logits.clone().inner(), targets.clone());
        let mut loss = cross_entropy(logits.clone(), targets.autodiff());
        if let Some(lessons) = &self.lessons {
            loss = lessons.loss(loss, logits, &shown, mix.as_ref(), device);
        }
        Ok((loss.mean(), accuracy))
    }

    fn validate(&self, model: &Classifier) -> Result<Validation> {
        let (held_out, device) = (&self.data.parts.validation, &self.devices[0]);
        let (model, outputs) = (model.frozen(), self.outputs());
        let (mut correct, mut loss) = (0.0, 0.0);
        for indices in held_out.chunks(VALIDATION_BATCH) {
            let logits = match outputs.as_deref() {
                Some(Outputs { plain, .. }) => {
                    let rows = indices.iter().map(|index| plain.row(*index));
                    model.head(plain.to_batch(rows, device), self.head())
                }
                None => model.forward(read_batch(self.data.pictures.as_ref(), indices, device)?),
            };
            let classes = one_hot(&self.classes(indices), device);
            let n = indices.len() as f64;
            correct += f64::from(scalar(accuracy(logits.clone(), classes.clone()))?) * n;
            loss += f64::from(scalar(cross_entropy(logits, classes).sum())?);
        }
        let n = held_out.len() as f64;
        let (accuracy, loss) = (correct / n, loss / n);
        let mut accuracies = vec![("validation_accuracy".to_owned(), accuracy)];
        accuracies.extend(self.accuracies_on_changed(&model)?);
        let mean = accuracies.iter().map(|(_, a)| a).sum::<f64>() / accuracies.len() as f64;
        let mut figures: BTreeMap<String, f64> = accuracies.into_iter().collect();
        figures.insert("validation_loss".to_owned(), loss);
        Ok(Validation { error: 1.0 - mean, figures, detector: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::synthetic::Drawn;
    use crate::data::{HeldOut, Joined, Pictures, Protocol};
    use crate::model::layers::Layer;
    use crate::model::{ClassifierConfig, weights};
    use crate::train::adversarial::Adversarial;
    use burn::optim::GradientsParams;
    use rand::SeedableRng;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn plain(config: ClassifierConfig) -> ClassifierOptions {
        ClassifierOptions::new(config)
    }

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
    fn an_outlier_s_target_is_undecided_and_does_not_count_as_accuracy() {
        let drawn = Drawn::training(4, 0);
        let data = TrainingData {
            pictures: Box::new(drawn),
            parts: HeldOut { training: vec![0, 1, 2], validation: vec![3] },
            data: "drawn".to_owned(),
            protocol: Protocol::Tutorial,
            held_out: 0.1,
            split_seed: 0,
        };
        let options = ClassifierOptions { outliers: 0.5, ..plain(ClassifierConfig::Compact) };
        let device = Device::flex();
        let task =
            ClassifierTask::new(options, None, Arc::new(data), vec![device.clone()]).unwrap();
        let shown: Vec<Shown> =
            (0..3).map(|index| Shown { index, flipped: false, outlier: index == 1 }).collect();
        let targets = task.targets(&shown, None, &device);
        let values: Vec<f32> = targets.to_data().try_to_vec().unwrap();
        assert!(values[10..20].iter().all(|share| *share == 0.1), "{values:?}");
        assert_eq!((values[0], values[22]), (1.0, 1.0), "classes alternate");
        // The first and the outlier's row name class 0, so one of the two that count is right.
        let logits = one_hot(&[Class::ALL[0]; 3], &device);
        let share = accuracy_on(&shown, logits.clone(), targets.clone()).into_scalar::<f32>();
        assert_eq!(share, 0.5);
        let only = [shown[1]];
        let share = accuracy_on(&only, logits.slice([0..1, 0..10]), targets.slice([1..2, 0..10]));
        assert_eq!(share.into_scalar::<f32>(), 0.0);
        let with_attacks =
            ClassifierOptions { adversarial: Some(Adversarial { eps: 0.01, steps: 1 }), ..options };
        assert!(with_attacks.check().unwrap_err().to_string().starts_with("outliers"));
        assert!(ClassifierOptions { outliers: 0.6, ..options }.check().is_err());
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
            ClassifierTask::new(plain(config), None, Arc::new(data), devices).map(drop)
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
        let task = ClassifierTask::new(plain(config), None, Arc::new(data), vec![Device::flex()]);
        let task = task.unwrap();
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

    /// Counts how often pictures are read.
    struct Counted {
        pictures: Drawn,
        read: Arc<AtomicUsize>,
    }

    impl Pictures for Counted {
        fn len(&self) -> usize {
            self.pictures.len()
        }

        fn labels(&self) -> &[Class] {
            self.pictures.labels()
        }

        fn read(&self, index: usize, bytes: &mut [u8; VALUES]) -> crate::Result<()> {
            self.read.fetch_add(1, Ordering::Relaxed);
            self.pictures.read(index, bytes)
        }
    }

    /// A task on eight drawn pictures, six to train on, in another order than the data's; and the reads so far.
    fn counted(
        frozen_epochs: usize,
        augmentation: Augmentation,
        head: Head,
    ) -> (ClassifierTask, Arc<AtomicUsize>) {
        let read = Arc::new(AtomicUsize::new(0));
        let data = TrainingData {
            pictures: Box::new(Counted {
                pictures: Drawn::training(8, 1),
                read: Arc::clone(&read),
            }),
            parts: HeldOut { training: vec![6, 0, 3, 2, 7, 4], validation: vec![5, 1] },
            data: "drawn".to_owned(),
            protocol: Protocol::Tutorial,
            held_out: 0.1,
            split_seed: 0,
        };
        let config = ClassifierConfig::Vgg16Small;
        let options = ClassifierOptions { frozen_epochs, augmentation, ..plain(config) };
        let task = ClassifierTask::new(options, None, Arc::new(data), vec![Device::flex()]);
        (ClassifierTask { missing: Some(head), ..task.unwrap() }, read)
    }

    /// With kept outputs, a step is what it is without: the same pictures, flips, dropout, gradients; and no picture is
    /// read again. The network is VGG16's, for its dropout.
    #[test]
    fn kept_outputs_of_frozen_layers_change_nothing_but_the_time() {
        const SEED: u64 = 1;
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(SEED);
        let flips = [0; 3].map(|_| Augmentation::Flip.flips(&mut rng));
        assert!(flips.contains(&true) && flips.contains(&false), "choose another seed: {flips:?}");
        for (augmentation, head, pictures) in [
            (Augmentation::Flip, Head::AllDense, 6 + 2 + 6),
            (Augmentation::None, Head::AllDense, 6 + 2),
            (Augmentation::Flip, Head::LastLayer, 6 + 2 + 6),
        ] {
            let (keeps, read) = counted(2, augmentation, head);
            let (reads, _) = counted(1, augmentation, head);
            let model = keeps.init(1).unwrap();
            let begun = keeps.begin_epoch(model.clone(), 0).unwrap();
            assert_eq!(read.load(Ordering::Relaxed), pictures, "{augmentation:?}");
            let plain = reads.begin_epoch(model, 0).unwrap();
            let step = |task: &ClassifierTask, model: &Classifier, indices: &[usize]| {
                let mut rng = Xoshiro256PlusPlus::seed_from_u64(SEED);
                let (loss, accuracy) = task.loss(model, 0, 0, indices, &mut rng).unwrap();
                let gradients = loss.backward();
                let last = match model.dense().last() {
                    Some(Layer::Linear(last)) => last.weight.val().grad(&gradients).unwrap(),
                    other => panic!("{other:?}"),
                };
                let learning = GradientsParams::from_grads(gradients, model).len();
                let numbers = [loss.inner().into_scalar(), accuracy.into_scalar()];
                (numbers, last.square().sum().into_scalar::<f32>(), learning)
            };
            for indices in [[7, 3, 6], [0, 2, 4]] {
                let (kept, other) =
                    (step(&keeps, &begun, &indices), step(&reads, &plain, &indices));
                // The same to seven digits here; the loss on a picture and on its mirror image differ by 5e-3.
                let close = |a: f32, b: f32| (a - b).abs() < 1e-4 * b.abs();
                assert!(
                    close(kept.0[0], other.0[0]),
                    "{augmentation:?} {head:?}: {kept:?} {other:?}"
                );
                assert!(close(kept.1, other.1), "{augmentation:?} {head:?}: {kept:?} {other:?}");
                assert_eq!((kept.0[1], kept.2), (other.0[1], other.2));
                assert_eq!(kept.2, if head == Head::AllDense { 4 } else { 2 });
            }
            let [kept, other] = [(&keeps, begun), (&reads, plain)]
                .map(|(task, model)| (task.validate(&model.valid()).unwrap(), model));
            let (a, b) = (kept.0.figures["validation_loss"], other.0.figures["validation_loss"]);
            assert!((a - b).abs() < 1e-3 * b, "{a} {b}");
            let again = keeps.begin_epoch(kept.1, 1).unwrap();
            assert_eq!(read.load(Ordering::Relaxed), pictures, "a picture was read again");
            // Nothing is kept once the other layers learn.
            let whole = keeps.begin_epoch(again, 2).unwrap();
            assert_eq!(step(&keeps, &whole, &[7]).2, 2 * (13 + 2));
            assert_eq!(read.load(Ordering::Relaxed), pictures + 1);
        }
    }

    /// Pictures that differ from epoch to epoch, small ones, and a single epoch: nothing to keep.
    #[test]
    fn outputs_that_are_not_the_same_in_every_epoch_are_not_kept() {
        let options = |augmentation, small_epochs, frozen_epochs| ClassifierOptions {
            small_epochs,
            frozen_epochs,
            augmentation,
            ..plain(ClassifierConfig::Compact)
        };
        let adversarial = Some(Adversarial { eps: 0.01, steps: 1 });
        for (options, repeats) in [
            (options(Augmentation::All, 0, 5), false),
            (options(Augmentation::Flip, 0, 0), false),
            (options(Augmentation::Flip, 0, 1), false),
            (options(Augmentation::None, 4, 5), false),
            (options(Augmentation::None, 9, 5), false),
            (options(Augmentation::None, 3, 5), true),
            (options(Augmentation::Flip, 0, 2), true),
            (options(Augmentation::Camera, 0, 2), false),
            (ClassifierOptions { mixup: 0.2, ..options(Augmentation::Flip, 0, 2) }, false),
            (ClassifierOptions { cutmix: 1.0, ..options(Augmentation::Flip, 0, 2) }, false),
            (ClassifierOptions { adversarial, ..options(Augmentation::Flip, 0, 2) }, false),
            (ClassifierOptions { label_smoothing: 0.1, ..options(Augmentation::Flip, 0, 2) }, true),
        ] {
            assert_eq!(options.repeats_frozen_outputs(), repeats, "{options:?}");
        }
        let config = ClassifierConfig::Compact;
        let (task, read) = counted(5, Augmentation::None, Head::LastLayer);
        let options = ClassifierOptions { small_epochs: 3, config, ..task.options };
        let task = ClassifierTask { options, ..task };
        let mut model = task.init(0).unwrap();
        for (epoch, reads) in [(0, 0), (2, 0), (3, 8), (4, 8)] {
            model = task.begin_epoch(model, epoch).unwrap();
            assert_eq!(read.load(Ordering::Relaxed), reads, "epoch {epoch}");
        }
    }

    /// The head is what the file lacks.
    #[test]
    fn what_a_file_lacks_is_trained_while_the_rest_is_frozen() {
        let config = ClassifierConfig::Vgg16Small;
        let card = Card::new(Architecture::Classifier(config));
        let whole = config.init(&Device::flex());
        let bytes = weights::save(&whole, &card, crate::model::Precision::F32).unwrap();
        let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        let features = file.iter().filter(|(name, _)| name.starts_with("features."));
        let features = safetensors::serialize(features, None).unwrap();
        for (weights, head) in [(features, Head::AllDense), (bytes, Head::LastLayer)] {
            let (path, origin) = ("of no interest".into(), Some("Somebody".to_owned()));
            let initial = InitialWeights { path, weights, crc32: 0, origin: origin.clone() };
            let (task, _) = counted(2, Augmentation::Flip, Head::LastLayer);
            let task =
                ClassifierTask::new(task.options, Some(initial), task.data, task.devices).unwrap();
            assert_eq!(task.head(), head);
            assert_eq!(task.card().origin, origin);
        }
    }
}
