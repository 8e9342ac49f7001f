//! The works that are timed: criterion (speed.rs) and the comparison with PyTorch (main.rs) run these same ones.
//!
//! Each is a step of what the project does all day, on the bundled networks. `peers/pytorch_work.py` has the same works
//! under the same names.

use std::path::Path;

use anyhow::{Context, Result, bail};
use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor};
use pollster::block_on;
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use second_look::attack::{Input, Pgd};
use second_look::class::Class;
use second_look::data::Pictures;
use second_look::defence::Defence;
use second_look::evaluation::{examine, in_batches};
use second_look::model::card::Architecture;
use second_look::model::loss::{Divergence, cross_entropy, one_hot};
use second_look::model::weights::load;
use second_look::model::{Autoencoder, Card, Classifier, ClassifierConfig};
use second_look::picture::Picture;
use second_look::train::Optimizer;

/// The program's own allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Does the work once, and returns a number by which the peer's result can be held against it.
pub type Work<'a> = Box<dyn FnMut() -> f32 + 'a>;

/// Name and meaning of each work.
pub const WORKS: [(&str, &str); 7] = [
    ("fwd", "the classifier's predictions on 32 pictures"),
    ("pgd", "one PGD step on 32 pictures"),
    ("eval", "a batch of `evaluate`: 10 PGD steps, detection before and after, 32 pictures"),
    ("cltrain", "a training step of the classifier, SGD with Nesterov momentum, 64 pictures"),
    ("aeres", "a training step of the bundled autoencoder, Adam, 32 pictures"),
    ("aetut", "a training step of the tutorial's autoencoder, Adam, 32 pictures"),
    ("vgg", "one PGD step on VGG16, 8 pictures"),
];

/// The most pictures that a work takes.
pub const PICTURES: usize = 64;

/// The bundled networks, and pictures to work on.
pub struct Works {
    device: Device,
    defence: Defence,
    pictures: Box<dyn Pictures>,
}

impl Works {
    /// On these pictures, at least [`PICTURES`].
    ///
    /// # Errors
    /// When a bundled file cannot be used.
    pub fn new(pictures: Box<dyn Pictures>) -> Result<Self> {
        let device = Device::flex();
        let [classifier, autoencoder, corrector] =
            ["classifier", "autoencoder", "corrector"].map(weights);
        let (defence, _) = Defence::load(&classifier?, &autoencoder?, Some(&corrector?), &device)?;
        Ok(Self { device, defence, pictures })
    }

    /// Gets everything ready for a work, so that only the work itself is timed.
    ///
    /// # Errors
    /// When there is no such work, or a file cannot be used.
    pub fn prepare(&self, name: &str) -> Result<Work<'_>> {
        Ok(match name {
            "fwd" => {
                let (images, classes) = self.batch(32)?;
                Box::new(move || {
                    let predictions = block_on(self.defence.predict(images.clone())).unwrap();
                    let of_class = predictions.iter().zip(&classes).map(|(p, c)| p[c.index()]);
                    of_class.sum::<f32>() / 32.0
                })
            }
            "pgd" => self.pgd_step(self.defence.classifier().clone(), 32)?,
            "eval" => Box::new(|| {
                let indices: Vec<usize> = (0..32).collect();
                let attack = Pgd::default().into();
                let batch = |indices: &[usize]| {
                    let pictures = self.pictures.as_ref();
                    Ok(block_on(examine(&self.defence, pictures, indices, attack, false))?.0)
                };
                let records = in_batches(&indices, 32, &self.device, batch, |_, _| ()).unwrap();
                records.iter().map(|r| r.clean.score + r.attacked.score).sum::<f32>() / 32.0
            }),
            "cltrain" => self.classifier_training()?,
            "aeres" => self.autoencoder_training("autoencoder")?,
            "aetut" => self.autoencoder_training("tutorial")?,
            "vgg" => self.pgd_step(ClassifierConfig::Vgg16.init(&self.device).valid(), 8)?,
            _ => bail!("there is no work {name}"),
        })
    }

    /// The defence with the bundled networks.
    pub fn defence(&self) -> &Defence {
        &self.defence
    }

    /// The first `count` pictures and their classes.
    ///
    /// # Errors
    /// When a picture cannot be read.
    pub fn batch(&self, count: usize) -> Result<(Tensor<4>, Vec<Class>)> {
        let pictures: second_look::Result<Vec<Picture>> =
            (0..count).map(|index| self.pictures.picture(index)).collect();
        Ok((Picture::batch(&pictures?, &self.device), self.pictures.labels()[..count].to_vec()))
    }

    /// Step after step of one attack, as long as an attack can be.
    fn pgd_step(&self, classifier: Classifier, count: usize) -> Result<Work<'_>> {
        let (images, classes) = self.batch(count)?;
        let input = Input { images, classes, ids: (0..count as u64).collect() };
        let config = Pgd { max_iter: Pgd::MAX_STEPS, ..Pgd::default() };
        let mut attack =
            second_look::attack::AttackConfig::from(config).start(&classifier, input)?;
        Ok(Box::new(move || number(attack.step().expect("fewer steps than MAX_STEPS").loss.mean())))
    }

    fn classifier_training(&self) -> Result<Work<'_>> {
        let (images, classes) = self.batch(PICTURES)?;
        let (images, classes) = (images.autodiff(), one_hot(&classes, &self.device).autodiff());
        let network = ClassifierConfig::Compact.init(&self.device.clone().autodiff());
        let mut model = Some(load(network, &weights("classifier")?)?);
        let mut optimizer = Optimizer::Sgd.init(5e-4);
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(0); // for dropout, of which there is none
        Ok(Box::new(move || {
            let network = model.take().expect("put back after each step");
            let logits = network.forward_training(images.clone(), &mut rng);
            let loss = cross_entropy(logits, classes.clone()).mean();
            let gradients = GradientsParams::from_grads(loss.backward(), &network);
            model = Some(optimizer.step(1e-3, network, gradients));
            number(loss.inner())
        }))
    }

    fn autoencoder_training(&self, file: &str) -> Result<Work<'_>> {
        let (images, _) = self.batch(32)?;
        let bytes = weights(file)?;
        let Architecture::Autoencoder(config) = Card::read(&bytes)?.architecture else {
            bail!("{file} is no autoencoder");
        };
        let classifier = self.defence.classifier().clone();
        let wanted = classifier.forward(images.clone()).autodiff();
        let images = images.autodiff();
        let mut model: Option<Autoencoder> =
            Some(load(config.init(&self.device.clone().autodiff()), &bytes)?);
        let mut optimizer = Optimizer::Adam.init(0.0);
        Ok(Box::new(move || {
            let network = model.take().expect("put back after each step");
            let found = classifier.forward(network.forward(images.clone()));
            let loss = Divergence::default().between(wanted.clone(), found).mean();
            let gradients = GradientsParams::from_grads(loss.backward(), &network);
            model = Some(optimizer.step(1e-3, network, gradients));
            number(loss.inner())
        }))
    }
}

/// A bundled file of weights.
fn weights(name: &str) -> Result<Vec<u8>> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../www/models"));
    let path = folder.join(format!("{name}.safetensors"));
    std::fs::read(&path).with_context(|| path.display().to_string())
}

/// The value of a tensor with one; reading it waits until it is computed.
fn number(tensor: Tensor<1>) -> f32 {
    tensor.into_scalar::<f32>()
}
