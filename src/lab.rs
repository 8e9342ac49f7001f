//! One experiment: picture → attack → second look → verdict.
//!
//! The page, the terminal and the evaluation all go through here. An attack is a [`Run`] that tells each
//! step as a [`Progress`], so that none of them owns any of the method. Reading from a GPU in a browser
//! cannot wait, so whatever reads is `async`; natively, block on it.

use burn::tensor::{Device, Tensor, activation};
use serde::Serialize;

use crate::attack::{Attack, Norm, Pgd, Step};
use crate::class::Class;
use crate::detector::{Detector, Verdict};
use crate::error::{Error, Result};
use crate::model::weights::{load_autoencoder, load_classifier};
use crate::model::{Autoencoder, Card, Vgg};
use crate::picture::{Picture, VALUES};

/// The networks, the detector, and the device that they are on.
pub struct Lab {
    classifier: Vgg,
    autoencoder: Autoencoder,
    corrector: Option<Autoencoder>,
    device: Device,
    /// How pictures are judged: the autoencoder's own detector until it is changed.
    pub detector: Detector,
}

/// One place of an attack's way.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Progress {
    /// Which random start, from 0.
    pub start: usize,
    /// Steps made since, 0..=max_iter.
    pub t: usize,
    /// Cross-entropy with the given class.
    pub loss: f32,
    /// CL(x_t).
    pub probabilities: [f32; Class::COUNT],
    /// Distance from the original in the attack's norm.
    pub distance: f32,
    /// The picture x_t.
    #[serde(skip)]
    pub picture: Picture,
}

/// What the second look gives for a batch.
pub struct Looks {
    /// A verdict for each picture.
    pub verdicts: Vec<Verdict>,
    /// AE(x), [n, 3, 96, 96], not clamped.
    pub reconstructions: Tensor<4>,
    /// The same by the corrector, if there is one; turned back from its mirror.
    pub corrections: Option<Tensor<4>>,
}

impl Lab {
    /// Loads both networks from the bytes of their files. Returns their cards too.
    ///
    /// # Errors
    /// When a file is damaged, holds another network, or the autoencoder's has no detector.
    pub fn load(
        classifier: &[u8],
        autoencoder: &[u8],
        device: &Device,
    ) -> Result<(Self, Card, Card)> {
        let (classifier, classifier_card) = load_classifier(classifier, device)?;
        let (autoencoder, autoencoder_card) = load_autoencoder(autoencoder, device)?;
        let detector = autoencoder_card.needs_detector()?;
        let lab = Self::new(classifier, autoencoder, detector, device);
        Ok((lab, classifier_card, autoencoder_card))
    }

    /// Puts together networks that are on `device` and in evaluation mode.
    pub fn new(
        classifier: Vgg,
        autoencoder: Autoencoder,
        detector: Detector,
        device: &Device,
    ) -> Self {
        Self { classifier, autoencoder, corrector: None, device: device.clone(), detector }
    }

    /// Has another autoencoder answer for pictures that are found adversarial: a narrower one, which lets
    /// less of an attack pass, and less of the picture. It looks in a mirror: what the picture shows is the
    /// same there, but an attack was computed for the picture as it stands. The score stays the first one's.
    pub fn with_corrector(self, corrector: Autoencoder) -> Self {
        Self { corrector: Some(corrector), ..self }
    }

    /// [`Lab::with_corrector`], from the bytes of its file. Returns its card.
    ///
    /// # Errors
    /// When the file is damaged or holds another network.
    pub fn load_corrector(&mut self, corrector: &[u8]) -> Result<Card> {
        let (corrector, card) = load_autoencoder(corrector, &self.device)?;
        self.corrector = Some(corrector);
        Ok(card)
    }

    /// The autoencoder that answers for adversarial pictures, if it is not AE itself.
    pub fn corrector(&self) -> Option<&Autoencoder> {
        self.corrector.as_ref()
    }

    /// CL.
    pub fn classifier(&self) -> &Vgg {
        &self.classifier
    }

    /// Where the networks are.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The ten probabilities of each picture of [n, 3, 96, 96].
    ///
    /// # Errors
    /// When the device does not answer.
    pub async fn classify(&self, pictures: Tensor<4>) -> Result<Vec<[f32; Class::COUNT]>> {
        Ok(rows(&read(self.classifier.probabilities(pictures)).await?))
    }

    /// The second look at a batch [n, 3, 96, 96].
    ///
    /// # Errors
    /// When the device does not answer, or a divergence is not a number.
    pub async fn look(&self, pictures: Tensor<4>) -> Result<Looks> {
        let logits = self.classifier.forward(pictures.clone());
        self.look_again(pictures, logits).await
    }

    /// The second look where the first, the logits [n, 10], has been taken already.
    ///
    /// # Errors
    /// As [`Lab::look`].
    pub async fn look_again(&self, pictures: Tensor<4>, logits: Tensor<2>) -> Result<Looks> {
        let reconstructions = self.autoencoder.forward(pictures.clone());
        let again = self.classifier.forward(reconstructions.clone());
        let mirrored = self.corrector.as_ref().map(|corrector| corrector.forward(mirror(pictures)));
        let correction = match &mirrored {
            Some(mirrored) => self.classifier.forward(mirrored.clone()),
            None => again.clone(),
        };
        let score = self.detector.divergence.between(logits.clone(), again.clone());
        // One read instead of four: each is a round trip to the device.
        let all = Tensor::cat(
            vec![
                activation::softmax(logits, 1),
                activation::softmax(again, 1),
                activation::softmax(correction, 1),
                score.unsqueeze_dim(1),
            ],
            1,
        );
        let verdicts = read(all)
            .await?
            .chunks_exact(3 * Class::COUNT + 1)
            .map(|row| {
                let (first, rest) = row.split_at(Class::COUNT);
                let (second, rest) = rest.split_at(Class::COUNT);
                let (correction, score) = rest.split_at(Class::COUNT);
                self.detector.verdict(ten(first), ten(second), ten(correction), score[0])
            })
            .collect::<Result<_>>()?;
        Ok(Looks { verdicts, reconstructions, corrections: mirrored.map(mirror) })
    }

    /// Starts an attack on one picture. `class` is the true one, or the wanted one if `pgd` is targeted.
    ///
    /// # Errors
    /// When a parameter is out of its range.
    pub fn attack(&self, picture: &Picture, class: Class, pgd: Pgd) -> Result<Run> {
        let original = picture.to_tensor(&self.device);
        let attack = Attack::new(&self.classifier, original.clone(), &[class], pgd)?;
        Ok(Run { attack, norm: pgd.norm, original, last: None })
    }
}

/// An attack on one picture, under way. Whoever asks for its steps decides when the next one is made:
/// to pause or to end an attack is not to ask.
pub struct Run {
    attack: Attack,
    norm: Norm,
    original: Tensor<4>,
    last: Option<Step>,
}

impl Run {
    /// Makes a step; `None` when all are made.
    ///
    /// # Errors
    /// When the device does not answer.
    pub async fn step(&mut self) -> Result<Option<Progress>> {
        let Some(step) = self.attack.next() else {
            return Ok(None);
        };
        self.last = Some(step.clone());
        let distance = self.norm.length(step.pictures.clone() - self.original.clone());
        let flat = vec![
            step.pictures.flatten::<1>(0, 3),
            activation::softmax(step.logits, 1).flatten(0, 1),
            step.loss,
            distance,
        ];
        let values = read(Tensor::cat(flat, 0)).await?;
        let (picture, rest) = values.split_at(VALUES);
        let (probabilities, rest) = rest.split_at(Class::COUNT);
        Ok(Some(Progress {
            start: step.start,
            t: step.t,
            loss: rest[0],
            probabilities: ten(probabilities),
            distance: rest[1],
            picture: Picture::clamped(picture.to_vec())?,
        }))
    }

    /// The second look at the place of the last step; `None` before the first one.
    ///
    /// # Errors
    /// As [`Lab::look`].
    pub async fn look(&self, lab: &Lab) -> Result<Option<Looks>> {
        match &self.last {
            None => Ok(None),
            Some(step) => {
                lab.look_again(step.pictures.clone(), step.logits.clone()).await.map(Some)
            }
        }
    }

    /// The best picture of all starts, once [`Run::step`] has answered `None`; before that, where the
    /// last step was, or the original.
    ///
    /// # Errors
    /// When the device does not answer.
    pub async fn end(self) -> Result<Picture> {
        let found = self.attack.best().or(self.last).map_or(self.original, |step| step.pictures);
        Picture::clamped(read(found).await?)
    }
}

/// Left and right changed over.
fn mirror(pictures: Tensor<4>) -> Tensor<4> {
    pictures.flip([3])
}

/// The tensor's numbers, row by row.
pub(crate) async fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>> {
    let data = tensor.into_data_async().await.map_err(|e| Error::Device(format!("{e:?}")))?;
    data.try_to_vec().map_err(|e| Error::Device(format!("{e:?}")))
}

fn rows(values: &[f32]) -> Vec<[f32; Class::COUNT]> {
    values.chunks_exact(Class::COUNT).map(ten).collect()
}

fn ten(row: &[f32]) -> [f32; Class::COUNT] {
    row.try_into().expect("ten classes")
}
