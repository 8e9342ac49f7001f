//! The whole defence: classifier, autoencoder, corrector and detector; prediction, detection, attack.
//!
//! The page, the command line and the evaluation all go through here, so that none of them holds a rule of
//! the method. An attack on one picture is an [`AttackRun`] whose steps are [`AttackStep`]s. Reading a GPU
//! in a browser cannot block, so whatever reads is `async`; natively, block on it. Whatever reads does so
//! once: each read is a round trip to the device.

mod inside;

use burn::tensor::{Device, Tensor, activation};
use serde::Serialize;

pub use inside::Inside;

use crate::attack::norm::NormBall;
use crate::attack::target::{Draw, Guard};
use crate::attack::{Attack, AttackConfig, AttackResult, Input, Step, Target};
use crate::class::Class;
use crate::data::TrainedOn;
use crate::detector::score::Output;
use crate::detector::{
    Corrector, Detector, Predictions, Probabilities, Randomisation, Score, Verdict,
};
use crate::error::{Error, Result};
use crate::model::familiarity::Familiar;
use crate::model::weights::{load_autoencoder, load_classifier};
use crate::model::{Autoencoder, Card, Classifier, Familiarity, ProjectedClassifier};
use crate::picture::{Picture, VALUES};
use crate::tensor::read;

/// The networks, the detector, and the device that they are on. Clones share the weights.
#[derive(Clone)]
pub struct Defence {
    classifier: Classifier,
    autoencoder: Autoencoder,
    /// Autoencoders beside AE that the detector uses.
    more: Vec<Autoencoder>,
    corrector: Option<Corrector>,
    detector: Detector,
    randomisation: Randomisation,
    /// CL with its hidden layers, where the score compares them.
    projected: Option<ProjectedClassifier>,
    /// CL with its stages, where its file tells how familiar pictures are.
    familiar: Option<Familiar>,
    device: Device,
}

/// The cards of the files that a [`Defence`] was loaded from.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Cards {
    /// The classifier's.
    pub classifier: Card,
    /// The autoencoder's.
    pub autoencoder: Card,
    /// The corrector's.
    pub corrector: Option<Card>,
}

impl Cards {
    /// What the networks were trained on, as far as their cards say it.
    pub fn trained_on(&self) -> Vec<TrainedOn> {
        self.named().into_iter().filter_map(|(name, card)| card.trained_on(name)).collect()
    }

    /// Why these networks must not be used together: one sentence for each autoencoder that was trained for
    /// another classifier than the one whose file has this CRC-32.
    pub fn pairing_conflicts(&self, classifier_crc32: u32) -> Vec<String> {
        self.named()
            .into_iter()
            .filter_map(|(name, card)| {
                card.pairing_conflict(name, &self.classifier, classifier_crc32)
            })
            .collect()
    }

    /// What the cards leave open, so that figures measured with the networks may mislead. `own_threshold`:
    /// whether the detector uses the threshold in the autoencoder's file.
    pub fn warnings(&self, own_threshold: bool) -> Vec<String> {
        let unknown = self.named().into_iter().filter(|(_, card)| card.training.is_none());
        let mut warnings: Vec<String> = unknown
            .map(|(name, _)| format!("nothing is known of the pictures that {name} was trained on"))
            .collect();
        if own_threshold && self.autoencoder.converted_from.is_some() {
            warnings.push(
                "the threshold was inferred before the autoencoder's weights were rounded to another number \
                 format; calibrating infers it anew"
                    .to_owned(),
            );
        }
        warnings
    }

    fn named(&self) -> Vec<(&'static str, &Card)> {
        let mut cards =
            vec![("the classifier", &self.classifier), ("the autoencoder", &self.autoencoder)];
        cards.extend(self.corrector.as_ref().map(|card| ("the corrector", card)));
        cards
    }
}

/// What the defence finds in a batch.
pub struct Detection {
    /// A verdict for each image.
    pub verdicts: Vec<Verdict>,
    /// AE(x), [n, 3, 96, 96], not clamped.
    pub reconstructions: Tensor<4>,
    /// The corrector's reconstructions, flipped back, [n, 3, 96, 96]; `None` without a corrector.
    pub corrections: Option<Tensor<4>>,
}

/// What the defence finds in one picture.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The verdict.
    pub verdict: Verdict,
    /// Whether CL learned from anything like it; `None` if that was not asked, or CL's file does not tell.
    pub familiarity: Option<Familiarity>,
    /// AE(x), clamped to [0, 1].
    pub reconstruction: Picture,
    /// The corrector's reconstruction, flipped back and clamped; `None` without a corrector.
    pub correction: Option<Picture>,
}

/// One step of an attack on a picture.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct AttackStep {
    /// The restart, from 0.
    pub restart: usize,
    /// Steps made since the restart began, 0..=max_iter.
    pub t: usize,
    /// The objective's loss, in nats.
    pub loss: f32,
    /// CL(x_t), the ten probabilities.
    pub prediction: Probabilities,
    /// Distance from the original in the attack's norm.
    pub distance: f32,
    /// How often the classifier was asked until it erred; `None` if the attack does not count that.
    pub queries: Option<f32>,
    /// The picture x_t.
    #[serde(skip)]
    pub picture: Picture,
}

/// What the networks give for a batch, still on the device.
struct Outputs {
    /// A row for each image: the score, then ten probabilities for each prediction.
    table: Tensor<2>,
    reconstructions: Tensor<4>,
    corrections: Option<Tensor<4>>,
}

impl Defence {
    /// Loads the networks from the bytes of their files, onto `device`.
    ///
    /// # Errors
    /// When a file is damaged, holds another network, or the autoencoder's has no detector, or one for hidden layers of
    /// another classifier.
    pub fn load(
        classifier: &[u8],
        autoencoder: &[u8],
        corrector: Option<&[u8]>,
        device: &Device,
    ) -> Result<(Self, Cards)> {
        let (classifier, classifier_card) = load_classifier(classifier, device)?;
        let (autoencoder, autoencoder_card) = load_autoencoder(autoencoder, device)?;
        let detector = autoencoder_card.detector()?;
        let mut defence = Self::checked(classifier, autoencoder, detector, device)?;
        let mut corrector_card = None;
        if let Some(bytes) = corrector {
            let (corrector, card) = load_autoencoder(bytes, device)?;
            defence = defence.with_corrector(corrector);
            corrector_card = Some(card);
        }
        let cards = Cards {
            classifier: classifier_card,
            autoencoder: autoencoder_card,
            corrector: corrector_card,
        };
        Ok((defence, cards))
    }

    /// Puts together networks that are on `device`, in evaluation mode and not frozen.
    ///
    /// # Errors
    /// When the score compares hidden layers, and the autoencoder has no projections of them, or those of another
    /// classifier's; when the classifier's familiarity is another one's.
    pub fn checked(
        classifier: Classifier,
        autoencoder: Autoencoder,
        detector: Detector,
        device: &Device,
    ) -> Result<Self> {
        let compared = detector.score.hidden_layers();
        let there = autoencoder.hidden_layers().len();
        let projected = match compared {
            0 => None,
            _ if compared == there => Some(autoencoder.projected(&classifier)?),
            _ => {
                return Err(Error::Weights(format!(
                    "the score compares {compared} hidden layers, but the autoencoder has projections of {there}"
                )));
            }
        };
        let familiar = classifier.familiar()?;
        Ok(Self { projected, familiar, ..Self::new(classifier, autoencoder, detector, device) })
    }

    /// [`Defence::checked`] for a score of the predictions alone, without familiarity. With a score that compares hidden
    /// layers, computing it panics.
    pub fn new(
        classifier: Classifier,
        autoencoder: Autoencoder,
        detector: Detector,
        device: &Device,
    ) -> Self {
        let (classifier, autoencoder) = (classifier.frozen(), autoencoder.frozen());
        Self {
            classifier,
            autoencoder,
            more: Vec::new(),
            corrector: None,
            device: device.clone(),
            detector,
            randomisation: Randomisation::default(),
            projected: None,
            familiar: None,
        }
    }

    /// Sets a second autoencoder, the [`Corrector`], that gives the answer for adversarial pictures. The
    /// detector's score still comes from the first one.
    #[must_use]
    pub fn with_corrector(self, corrector: Autoencoder) -> Self {
        Self { corrector: Some(Corrector::new(corrector)), ..self }
    }

    /// Sets autoencoders beside AE: the score of an image is then the largest over all of them. The detector's threshold must
    /// have been inferred with them. AE's reconstruction is still the one that is shown.
    #[must_use]
    pub fn with_more_autoencoders(self, more: &[Autoencoder]) -> Self {
        Self { more: more.iter().map(Autoencoder::frozen).collect(), ..self }
    }

    /// Sets the detector. A score that compares hidden layers must be the one that the defence was made with, up to its
    /// parameters.
    #[must_use]
    pub fn with_detector(self, detector: Detector) -> Self {
        Self { detector, ..self }
    }

    /// Draws random numbers at each prediction: what autoencoder and corrector see is transformed. The detector's
    /// threshold must have been inferred with the same randomisation.
    #[must_use]
    pub fn with_randomisation(self, randomisation: Randomisation) -> Self {
        Self { randomisation, ..self }
    }

    /// What is drawn at each prediction.
    pub fn randomisation(&self) -> Randomisation {
        self.randomisation
    }

    /// The detector.
    pub fn detector(&self) -> Detector {
        self.detector
    }

    /// CL.
    pub fn classifier(&self) -> &Classifier {
        &self.classifier
    }

    /// Where the networks are.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// CL's predictions for images [n, 3, 96, 96].
    ///
    /// # Errors
    /// When the device does not answer.
    pub async fn predict(&self, images: Tensor<4>) -> Result<Vec<Probabilities>> {
        let values = read(self.classifier.probabilities(images)).await?;
        Ok(values.chunks_exact(Class::COUNT).map(ten).collect())
    }

    /// Scores of images [n, 3, 96, 96], in nats. `ids` are numbers of the images, for a randomised defence's draws.
    ///
    /// # Errors
    /// When the device does not answer.
    pub async fn score(&self, images: Tensor<4>, ids: &[u64]) -> Result<Vec<f32>> {
        read(self.score_of(images, None, self.draw(ids, 0))).await
    }

    /// Scores, shape `[n]`, of images whose logits may be known already; differentiable.
    fn score_of(&self, images: Tensor<4>, logits: Option<Tensor<2>>, draw: Draw<'_>) -> Tensor<1> {
        let picture = self.output(images.clone(), logits);
        let seen = self.seen(images, draw);
        let reconstruction = self.output(self.autoencoder.forward(seen.clone()), None);
        self.largest_score(picture, reconstruction, seen)
    }

    /// The largest score over AE, whose `reconstruction` is known, and the autoencoders beside it, which see the images `seen`.
    fn largest_score(&self, picture: Output, reconstruction: Output, seen: Tensor<4>) -> Tensor<1> {
        let score = |reconstruction| self.detector.score.score(picture.clone(), reconstruction);
        let first = score(reconstruction);
        self.more.iter().fold(first, |largest, autoencoder| {
            largest.max_pair(score(self.output(autoencoder.forward(seen.clone()), None)))
        })
    }

    /// What CL gives for images whose logits may be known already, as far as the score uses it; differentiable.
    fn output(&self, images: Tensor<4>, logits: Option<Tensor<2>>) -> Output {
        let projected = self.projected.as_ref();
        let projected = projected.filter(|_| self.detector.score.hidden_layers() > 0);
        match (projected, logits) {
            (None, Some(logits)) => logits.into(),
            (None, None) => self.classifier.forward(images).into(),
            (Some(projected), Some(logits)) => Output { logits, hidden: projected.project(images) },
            (Some(projected), None) => {
                let (logits, hidden) = projected.forward(images);
                Output { logits, hidden }
            }
        }
    }

    /// Detects and corrects a batch of images [n, 3, 96, 96]. A randomised defence numbers the images from 0 for its
    /// draws.
    ///
    /// # Errors
    /// When the device does not answer, or a score is not finite.
    pub async fn detect(&self, images: Tensor<4>) -> Result<Detection> {
        let ids: Vec<u64> = (0..images.dims()[0] as u64).collect();
        self.detect_drawn(images, None, &ids, 0).await
    }

    /// [`Defence::detect`] where CL's logits of the images, [n, 10], may be known already. A randomised defence's draws
    /// follow from the images' `ids` and from `number`, which tells several predictions on one picture apart.
    ///
    /// # Errors
    /// As [`Defence::detect`].
    pub async fn detect_drawn(
        &self,
        images: Tensor<4>,
        logits: Option<Tensor<2>>,
        ids: &[u64],
        number: u64,
    ) -> Result<Detection> {
        let logits = logits.unwrap_or_else(|| self.classifier.forward(images.clone()));
        let outputs = self.outputs(images, logits, self.draw(ids, number));
        let Outputs { table, reconstructions, corrections } = outputs;
        let width = table.dims()[1];
        let rows = read(table).await?;
        let verdicts =
            rows.chunks_exact(width).map(|row| self.verdict(row)).collect::<Result<_>>()?;
        Ok(Detection { verdicts, reconstructions, corrections })
    }

    /// The defence's own draw for images with these ids.
    fn draw<'a>(&self, ids: &'a [u64], number: u64) -> Draw<'a> {
        Draw { seed: self.randomisation.seed, ids, number }
    }

    /// What autoencoder and corrector see of images.
    fn seen(&self, images: Tensor<4>, draw: Draw<'_>) -> Tensor<4> {
        match self.randomisation.is_some() {
            true => self.randomisation.apply(images, draw),
            false => images,
        }
    }

    /// Detects and corrects one picture, reads the reconstructions, too, and tells how familiar it is.
    ///
    /// # Errors
    /// As [`Defence::detect`].
    pub async fn examine(&self, picture: &Picture) -> Result<Finding> {
        let image = picture.to_tensor(&self.device);
        let (logits, unfamiliar) = match &self.familiar {
            Some(familiar) => {
                let (logits, unfamiliar) = familiar.forward(image.clone());
                (logits, Some((familiar.card(), unfamiliar)))
            }
            None => (self.classifier.forward(image.clone()), None),
        };
        let outputs = self.outputs(image, logits, self.draw(&[0], 0));
        let width = outputs.table.dims()[1];
        let Some((card, unfamiliar)) = unfamiliar else {
            return self.finding(&read(outputs.flat()).await?, width);
        };
        let values = read(Tensor::cat(vec![unfamiliar, outputs.flat()], 0)).await?;
        let finding = self.finding(&values[1..], width)?;
        Ok(Finding { familiarity: Some(card.judge(values[0])?), ..finding })
    }

    fn outputs(&self, images: Tensor<4>, logits: Tensor<2>, draw: Draw<'_>) -> Outputs {
        let picture = self.output(images.clone(), Some(logits.clone()));
        let images = self.seen(images, draw);
        let reconstructions = self.autoencoder.forward(images.clone());
        let reconstruction = self.output(reconstructions.clone(), None);
        let again = reconstruction.logits.clone();
        let corrected =
            self.corrector.as_ref().map(|c| c.correct(&self.classifier, images.clone()));
        let (corrected_logits, corrections) = corrected.unzip();
        let score = self.largest_score(picture, reconstruction, images);
        let mut columns = vec![
            score.unsqueeze_dim(1),
            activation::softmax(logits, 1),
            activation::softmax(again, 1),
        ];
        columns.extend(corrected_logits.map(|logits| activation::softmax(logits, 1)));
        Outputs { table: Tensor::cat(columns, 1), reconstructions, corrections }
    }

    /// The verdict from a row of [`Outputs::table`].
    fn verdict(&self, row: &[f32]) -> Result<Verdict> {
        let mut predictions = row[1..].chunks_exact(Class::COUNT).map(ten);
        let mut next = || predictions.next();
        let predictions = Predictions {
            prediction: next().expect("the first ten columns"),
            reconstruction_prediction: next().expect("the second ten columns"),
            corrected_prediction: next(),
        };
        self.detector.verdict(predictions, row[0])
    }

    /// The finding from the values of [`Outputs::flat`], whose table has `width` columns.
    fn finding(&self, values: &[f32], width: usize) -> Result<Finding> {
        let (row, images) = values.split_at(width);
        let mut pictures =
            images.chunks_exact(VALUES).map(|image| Picture::clamped(image.to_vec()));
        Ok(Finding {
            verdict: self.verdict(row)?,
            familiarity: None,
            reconstruction: pictures.next().expect("the reconstruction")?,
            correction: pictures.next().transpose()?,
        })
    }

    /// The defence as what an attack is aimed at.
    pub fn target(&self) -> Target {
        Target::defence(self.classifier.clone(), self.clone())
    }

    /// Starts an attack on one picture. `class` is the true class, or the target of a targeted attack.
    ///
    /// # Errors
    /// When a parameter is out of its range.
    pub fn attack(
        &self,
        picture: &Picture,
        class: Class,
        config: AttackConfig,
    ) -> Result<AttackRun> {
        let original = picture.to_tensor(&self.device);
        let input = Input { images: original.clone(), classes: vec![class], ids: vec![0] };
        let attack = config.start(self.target(), input)?;
        Ok(AttackRun { attack, norm: config.norm().ball(), original, last: None })
    }
}

impl Guard for Defence {
    fn score(&self, images: Tensor<4>, logits: Tensor<2>, draw: Draw<'_>) -> Tensor<1> {
        self.score_of(images, Some(logits), draw)
    }

    fn corrected(&self, images: Tensor<4>, draw: Draw<'_>) -> Tensor<2> {
        let seen = self.seen(images, draw);
        match &self.corrector {
            Some(corrector) => corrector.correct(&self.classifier, seen).0,
            None => self.classifier.forward(self.autoencoder.forward(seen)),
        }
    }

    fn threshold(&self) -> f32 {
        self.detector.threshold
    }
}

/// An attack on one picture, under way. Nothing is computed until [`AttackRun::step`] is called: to pause
/// or to cancel, stop calling it.
pub struct AttackRun {
    attack: Box<dyn Attack>,
    norm: &'static dyn NormBall,
    original: Tensor<4>,
    last: Option<Step>,
}

impl Outputs {
    /// All values for one image in a row.
    fn flat(self) -> Tensor<1> {
        let images = [Some(self.reconstructions), self.corrections].into_iter().flatten();
        let mut parts = vec![self.table.flatten(0, 1)];
        parts.extend(images.map(|images| images.flatten(0, 3)));
        Tensor::cat(parts, 0)
    }
}

impl AttackRun {
    /// Computes the next step; `None` when all steps of all restarts are done.
    ///
    /// # Errors
    /// When the device does not answer.
    pub async fn step(&mut self) -> Result<Option<AttackStep>> {
        let Some(step) = self.advance() else {
            return Ok(None);
        };
        let values = read(self.flat(step.clone())).await?;
        attack_step(&step, &values).map(Some)
    }

    /// Computes the next step and what `defence` finds in its picture; `None` when all steps are done.
    ///
    /// # Errors
    /// As [`Defence::detect`].
    pub async fn watched_step(
        &mut self,
        defence: &Defence,
    ) -> Result<Option<(AttackStep, Finding)>> {
        let Some(step) = self.advance() else {
            return Ok(None);
        };
        self.watched(step, defence).await.map(Some)
    }

    /// The attack's result so far, as its last step, and what `defence` finds in it: the best picture over the restarts
    /// that have ended or, in attacks that return the best of all their iterates, over these. `None` before there is
    /// any.
    ///
    /// # Errors
    /// As [`Defence::detect`].
    pub async fn watched_best(&self, defence: &Defence) -> Result<Option<(AttackStep, Finding)>> {
        let (Some(best), Some(last)) = (self.attack.best(), &self.last) else {
            return Ok(None);
        };
        let AttackResult { images, logits, loss } = best.clone();
        let step = Step { restart: last.restart, t: last.t, images, logits, loss };
        self.watched(step, defence).await.map(Some)
    }

    async fn watched(&self, step: Step, defence: &Defence) -> Result<(AttackStep, Finding)> {
        // A randomised defence draws anew for each step.
        let number = 1 + (step.restart * 1_000_000 + step.t) as u64;
        let draw = defence.draw(&[0], number);
        let outputs = defence.outputs(step.images.clone(), step.logits.clone(), draw);
        let width = outputs.table.dims()[1];
        let found = outputs.flat();
        let own = self.flat(step.clone());
        let own_length = own.dims()[0];
        let values = read(Tensor::cat(vec![own, found], 0)).await?;
        let (own, found) = values.split_at(own_length);
        Ok((attack_step(&step, own)?, defence.finding(found, width)?))
    }

    fn advance(&mut self) -> Option<Step> {
        let step = self.attack.step()?;
        self.last = Some(step.clone());
        Some(step)
    }

    /// All values of a step in a row: picture, prediction, loss, distance, and queries if they are counted.
    fn flat(&self, step: Step) -> Tensor<1> {
        let distance = self.norm.length(step.images.clone() - self.original.clone());
        let prediction = activation::softmax(step.logits, 1).flatten(0, 1);
        let mut parts = vec![step.images.flatten(0, 3), prediction, step.loss, distance];
        parts.extend(self.attack.queries());
        Tensor::cat(parts, 0)
    }

    /// The best picture over the restarts that have ended; before the first has, the last step's picture,
    /// or the original.
    ///
    /// # Errors
    /// When the device does not answer.
    pub async fn finish(self) -> Result<Picture> {
        let images = match (self.attack.best(), self.last) {
            (Some(best), _) => best.images.clone(),
            (None, Some(step)) => step.images,
            (None, None) => self.original,
        };
        Picture::clamped(read(images).await?)
    }
}

/// The step from the values of [`AttackRun::flat`].
fn attack_step(step: &Step, values: &[f32]) -> Result<AttackStep> {
    let (picture, rest) = values.split_at(VALUES);
    let (prediction, rest) = rest.split_at(Class::COUNT);
    Ok(AttackStep {
        restart: step.restart,
        t: step.t,
        loss: rest[0],
        prediction: ten(prediction),
        distance: rest[1],
        queries: rest.get(2).copied(),
        picture: Picture::clamped(picture.to_vec())?,
    })
}

fn ten(row: &[f32]) -> Probabilities {
    row.try_into().expect("ten classes")
}

#[cfg(test)]
mod tests {
    use pollster::block_on;

    use super::*;
    use crate::attack::{AttackName, AttackOptions};
    use crate::data::Pictures;
    use crate::detector::ScoreConfig;
    use crate::model::{AutoencoderConfig, ClassifierConfig};
    use crate::tensor::READS;

    #[test]
    fn what_is_shown_is_read_at_once() {
        let device = Device::flex();
        let classifier = ClassifierConfig::Compact.init(&device);
        let autoencoder = || AutoencoderConfig::Compact { channels: 3 }.init(&device);
        let detector = Detector { score: ScoreConfig::default(), threshold: 0.5 };
        let defence = Defence::new(classifier, autoencoder(), detector, &device)
            .with_corrector(autoencoder());
        let picture = Picture::new(vec![0.5; VALUES]).unwrap();
        let reads = || READS.with(std::cell::Cell::get);

        let before = reads();
        block_on(defence.examine(&picture)).unwrap();
        assert_eq!(reads(), before + 1);
        let mut run = defence.attack(&picture, Class::Cat, AttackConfig::default()).unwrap();
        block_on(run.watched_step(&defence)).unwrap().unwrap();
        assert_eq!(reads(), before + 2);
    }

    #[test]
    fn of_several_autoencoders_the_largest_score_counts_for_each_image_and_for_its_gradient() {
        let device = Device::flex();
        let www = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("www");
        let weights = std::fs::read(www.join("models/classifier.safetensors")).unwrap();
        // Autoencoders that learned nothing always lead it to the same classes: which is further depends on the picture.
        let (classifier, _) = load_classifier(&weights, &device).unwrap();
        let two = [1, 2]
            .map(|seed| AutoencoderConfig::Compact { channels: 2 }.init_seeded(seed, &device));
        let detector = Detector { score: ScoreConfig::default(), threshold: 0.5 };
        let with = |first: usize, more: &[Autoencoder]| {
            Defence::new(classifier.clone(), two[first].clone(), detector, &device)
                .with_more_autoencoders(more)
        };
        let pictures = crate::data::synthetic::Drawn::test(6, 0);
        let pictures: Vec<Picture> = (0..6).map(|i| pictures.picture(i).unwrap()).collect();
        let images = Picture::batch(&pictures, &device);
        let values = |tensor: Tensor<1>| -> Vec<f32> { tensor.into_data().try_to_vec().unwrap() };
        let [a, b] = [with(0, &[]), with(1, &[])];
        let both = with(0, &two[1..]);
        let scores = |defence: &Defence| {
            values(defence.score_of(images.clone(), None, defence.draw(&[0; 6], 0)))
        };
        let (of_a, of_b) = (scores(&a), scores(&b));
        let largest: Vec<f32> = of_a.iter().zip(&of_b).map(|(a, b)| a.max(*b)).collect();
        let first_wins = of_a.iter().zip(&of_b).filter(|(a, b)| a > b).count();
        assert!((1..6).contains(&first_wins), "{of_a:?} {of_b:?}: each must win once");
        assert_eq!(scores(&both), largest);
        let verdicts = block_on(both.detect(images.clone())).unwrap().verdicts;
        for (verdict, largest) in verdicts.iter().zip(&largest) {
            assert!((verdict.score - largest).abs() < 1e-5, "{} {largest}", verdict.score);
        }
        let gradients = |defence: &Defence| -> Vec<f32> {
            let x = images.clone().autodiff().require_grad();
            let grads =
                defence.score_of(x.clone(), None, defence.draw(&[0; 6], 0)).sum().backward();
            x.grad(&grads).unwrap().into_data().try_to_vec().unwrap()
        };
        let (of_both, gradients) = (gradients(&both), [gradients(&a), gradients(&b)]);
        for i in 0..6 {
            let range = i * VALUES..(i + 1) * VALUES;
            let winner = &gradients[usize::from(of_a[i] <= of_b[i])][range.clone()];
            let near = of_both[range].iter().zip(winner).all(|(x, y)| (x - y).abs() < 1e-6);
            assert!(near, "picture {i}");
        }
    }

    #[test]
    fn the_result_of_an_attack_on_the_defence_is_its_best_step_and_queries_are_counted() {
        let www = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("www");
        let file = |name: &str| std::fs::read(www.join(name)).unwrap();
        let weights = |name: &str| file(&format!("models/{name}.safetensors"));
        let [classifier, autoencoder] = ["classifier", "autoencoder"].map(weights);
        let device = Device::flex();
        let (defence, _) = Defence::load(&classifier, &autoencoder, None, &device).unwrap();
        let picture = Picture::decode(&file("samples/horse-18.png")).unwrap();
        let class =
            Class::most_likely(&block_on(defence.examine(&picture)).unwrap().verdict.prediction);
        let options = AttackOptions {
            eps: Some(0.03),
            eps_step: Some(0.01),
            max_iter: Some(8),
            ..AttackOptions::default()
        };
        let config = options.resolve(AttackName::SelectivePgd, false).unwrap();
        let mut run = defence.attack(&picture, class, config).unwrap();
        assert!(block_on(run.watched_best(&defence)).unwrap().is_none());
        let mut best: Option<(bool, f32)> = None;
        while let Some((step, finding)) = block_on(run.watched_step(&defence)).unwrap() {
            assert_eq!(step.queries, None);
            let fooled = step.loss > 0.05;
            let rank = (fooled, if fooled { -finding.verdict.score } else { step.loss });
            if best.is_none_or(|best| rank > best) {
                best = Some(rank);
            }
        }
        let (step, finding) = block_on(run.watched_best(&defence)).unwrap().unwrap();
        let (fooled, value) = best.unwrap();
        assert!(fooled, "the network must be fooled, or this shows little");
        assert!((finding.verdict.score + value).abs() < 1e-5, "{} {value}", finding.verdict.score);
        assert_eq!(step.t, 8);

        let config = options.resolve(AttackName::Square, false).unwrap();
        let mut run = defence.attack(&picture, class, config).unwrap();
        let mut asked = Vec::new();
        while let Some(step) = block_on(run.step()).unwrap() {
            asked.push(step.queries.unwrap());
        }
        assert!(asked[0] == 1.0 && asked.is_sorted(), "{asked:?}");
    }
}
