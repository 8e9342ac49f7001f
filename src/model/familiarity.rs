//! Familiarity: whether a picture is like those that the classifier learned from. A classifier names one of its classes for
//! any picture, a cup or a face, too; this tells when that name means nothing.
//!
//! Two numbers of the network tell it. The *distance*: each stage's maps are averaged over their places, and the picture's
//! averages lie near those of the training pictures or far from them (Lee et al. 2018, arXiv 1807.03888: Mahalanobis'
//! distance; here in the space of the averages' principal components with the largest variances, whitened, from one mean
//! for all classes). The *energy* of the logits, -ln Σ exp, is low for what the network knows (Liu et al. 2020, arXiv
//! 2010.03759). Each is put on the scale that it has on pictures that were held out, and the sum says how unfamiliar a
//! picture is.

use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::Classifier;
use super::hidden::LayerName;
use super::layers::{self, Layer};
use crate::error::{Error, Result};
use crate::picture::{CHANNELS, SIDE};
use crate::tensor::read;

/// What a classifier's file says of its familiarity. The projection is in the file, too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct FamiliarityCard {
    /// The layers whose maps are averaged, in the network's order.
    #[cfg_attr(target_arch = "wasm32", tsify(type = "string[]"))]
    pub layers: Vec<LayerName>,
    /// Their channels in all.
    pub inputs: usize,
    /// Principal components.
    pub outputs: usize,
    /// The distance of the pictures held out.
    pub distance: Scale,
    /// The energy of the pictures held out.
    pub energy: Scale,
    /// How unfamiliar the pictures held out are: the least of them, then what each further 5 % of them do not exceed, up to
    /// the most unfamiliar.
    pub quantiles: Vec<f32>,
}

/// Mean and standard deviation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Scale {
    /// The mean.
    pub mean: f32,
    /// The standard deviation.
    pub std: f32,
}

/// How familiar a picture is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Familiarity {
    /// Whether it is like those that the classifier learned from.
    pub familiar: bool,
    /// The share of the pictures held out that are no more familiar, 0 to 1.
    pub familiarity: f32,
}

/// Distance and energy of a batch of pictures, `[n]` each.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// Distance from the mean of the training pictures, 0 or more.
    pub distance: Tensor<1>,
    /// -ln Σ exp of the logits.
    pub energy: Tensor<1>,
}

impl Familiarity {
    /// Pictures that are less familiar than this share of those held out count as unfamiliar: one in twenty familiar
    /// pictures is refused.
    pub const LEAST: f32 = 0.05;
}

impl FamiliarityCard {
    /// Quantiles of the pictures held out.
    pub const QUANTILES: usize = 21;
    /// The largest numbers of inputs and outputs.
    const MAX: [usize; 2] = [4096, 1024];

    /// Checks sizes and numbers.
    ///
    /// # Errors
    /// When one is out of its range, or the quantiles do not rise.
    pub fn check(&self) -> Result<()> {
        let [inputs, outputs] = Self::MAX;
        let sizes = (1..=inputs).contains(&self.inputs) && (1..=outputs).contains(&self.outputs);
        let scales = [self.distance, self.energy];
        let scaled = scales.iter().all(|s| s.mean.is_finite() && s.std.is_finite() && s.std > 0.0);
        let rising = self.quantiles.len() == Self::QUANTILES
            && self.quantiles.iter().all(|quantile| quantile.is_finite())
            && self.quantiles.is_sorted();
        if sizes && scaled && rising && !self.layers.is_empty() {
            return Ok(());
        }
        Err(Error::Option {
            name: "the familiarity",
            value: "what the file says of it".to_owned(),
            must: "layers, sizes up to 4096 and 1024, scales above 0, and 21 rising quantiles",
        })
    }

    /// How unfamiliar pictures are, `[n]`: the sum of distance and energy, each on the scale of the pictures held out.
    pub fn unfamiliar(&self, evidence: Evidence) -> Tensor<1> {
        let on = |scale: Scale, values: Tensor<1>| (values - scale.mean) / scale.std;
        on(self.distance, evidence.distance) + on(self.energy, evidence.energy)
    }

    /// What follows from how unfamiliar a picture is.
    ///
    /// # Errors
    /// When the number is not finite.
    pub fn judge(&self, unfamiliar: f32) -> Result<Familiarity> {
        if !unfamiliar.is_finite() {
            return Err(Error::NotFinite("the familiarity"));
        }
        let last = self.quantiles.len() - 1;
        let above = self.quantiles.partition_point(|quantile| *quantile < unfamiliar);
        let exceeded = match above {
            0 => 0.0,
            above if above > last => 1.0,
            above => {
                let (low, high) = (self.quantiles[above - 1], self.quantiles[above]);
                ((above - 1) as f32 + (unfamiliar - low) / (high - low)) / last as f32
            }
        };
        let familiarity = 1.0 - exceeded;
        // Compared with the quantile itself: the share is rounded.
        let largest = self.quantiles[last - (Familiarity::LEAST * last as f32).round() as usize];
        Ok(Familiarity { familiar: unfamiliar <= largest, familiarity })
    }

    /// A projection whose weights are about to be loaded.
    pub(super) fn empty_projection(&self, device: &Device) -> Layer {
        layers::empty_linear(self.inputs, self.outputs, device)
    }
}

/// A classifier with fixed weights that tells how familiar pictures are, too.
#[derive(Clone, Debug)]
pub struct Familiar {
    stages: Stages,
    projection: Layer,
    card: FamiliarityCard,
}

impl Familiar {
    /// Cuts `classifier`, which is in evaluation mode and not frozen, behind the card's layers.
    ///
    /// # Errors
    /// When there is no such layer, or the projection is for others.
    pub(super) fn new(
        classifier: &Classifier,
        card: FamiliarityCard,
        projection: Layer,
    ) -> Result<Self> {
        let stages = Stages::new(classifier, &card.layers)?;
        let channels = stages.channels(classifier);
        if channels != card.inputs {
            return Err(Error::Weights(format!(
                "the familiarity is for layers of {} channels, but the classifier's have {channels}",
                card.inputs
            )));
        }
        Ok(Self { stages, projection, card })
    }

    /// What the file says of it.
    pub fn card(&self) -> &FamiliarityCard {
        &self.card
    }

    /// Logits [n, 10] of pictures [n, 3, 96, 96], and how unfamiliar they are, `[n]`.
    pub fn forward(&self, pictures: Tensor<4>) -> (Tensor<2>, Tensor<1>) {
        let (logits, evidence) = self.evidence(pictures);
        (logits, self.card.unfamiliar(evidence))
    }

    /// How unfamiliar pictures [n, 3, 96, 96] are.
    ///
    /// # Errors
    /// When the device does not answer.
    pub async fn unfamiliar(&self, pictures: Tensor<4>) -> Result<Vec<f32>> {
        read(self.forward(pictures).1).await
    }

    /// Logits [n, 10], and distance and energy.
    pub fn evidence(&self, pictures: Tensor<4>) -> (Tensor<2>, Evidence) {
        let (logits, averages) = self.stages.forward(pictures);
        let distance = distance(&self.projection, averages);
        let energy = energy(logits.clone());
        (logits, Evidence { distance, energy })
    }
}

/// Length of the projection of averages [n, c], `[n]`.
pub(crate) fn distance(projection: &Layer, averages: Tensor<2>) -> Tensor<1> {
    let [n, c] = averages.dims();
    let projected = projection.forward(averages.reshape([n, c, 1, 1])).flatten::<2>(1, 3);
    projected.square().sum_dim(1).sqrt().squeeze_dim(1)
}

/// -ln Σ exp of logits [n, 10], `[n]`.
pub(crate) fn energy(logits: Tensor<2>) -> Tensor<1> {
    let largest = logits.clone().max_dim(1);
    let sum = (logits - largest.clone()).exp().sum_dim(1);
    (sum.log() + largest).neg().squeeze_dim(1)
}

/// A classifier with fixed weights, cut into stages.
#[derive(Clone, Debug)]
pub(crate) struct Stages {
    classifier: Classifier,
    parts: Vec<Vec<Layer>>,
}

impl Stages {
    /// Each stage but the last ends with one of `ends`.
    ///
    /// # Errors
    /// When there is no such layer, it is the last one, or they are not in the network's order.
    pub(crate) fn new(classifier: &Classifier, ends: &[LayerName]) -> Result<Self> {
        Ok(Self { classifier: classifier.clone(), parts: classifier.cut(ends)? })
    }

    /// Logits [n, 10] of pictures [n, 3, 96, 96], and the averages of the stages' maps, [n, channels].
    pub(crate) fn forward(&self, pictures: Tensor<4>) -> (Tensor<2>, Tensor<2>) {
        let (last, stages) = self.parts.split_last().expect("there is always a last part");
        let mut x = self.classifier.normalise(pictures);
        let mut averages = Vec::with_capacity(stages.len());
        for stage in stages {
            x = layers::forward(stage, x);
            averages.push(x.clone().mean_dim(3).mean_dim(2).flatten(1, 3));
        }
        (layers::forward(last, x).flatten(1, 3), Tensor::cat(averages, 1))
    }

    /// Channels of all stages but the last.
    fn channels(&self, classifier: &Classifier) -> usize {
        let picture = Tensor::zeros([1, CHANNELS, SIDE, SIDE], &classifier.device());
        self.forward(picture).1.dims()[1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::card::Architecture;
    use crate::model::weights::{load_classifier, save};
    use crate::model::{Card, ClassifierConfig, Precision};
    use burn::module::Module;
    use burn::tensor::TensorData;

    fn card() -> FamiliarityCard {
        FamiliarityCard {
            layers: ["features.3", "features.18"].map(|name| name.parse().unwrap()).to_vec(),
            inputs: 32 + 160,
            outputs: 3,
            distance: Scale { mean: 2.0, std: 0.5 },
            energy: Scale { mean: -1.0, std: 4.0 },
            quantiles: (0..21).map(|i| i as f32).collect(),
        }
    }

    #[test]
    fn familiarity_is_the_share_of_held_out_pictures_that_are_no_more_familiar() {
        let card = card();
        card.check().unwrap();
        for (unfamiliar, familiarity, familiar) in [
            (-3.0, 1.0, true),
            (0.0, 1.0, true),
            (5.0, 0.75, true),
            (10.5, 0.475, true),
            (19.0, 0.05, true),
            (19.1, 0.045, false),
            (20.0, 0.0, false),
            (1e9, 0.0, false),
        ] {
            let judged = card.judge(unfamiliar).unwrap();
            assert!((judged.familiarity - familiarity).abs() < 1e-6, "{unfamiliar}: {judged:?}");
            assert_eq!(judged.familiar, familiar, "{unfamiliar}");
        }
        let flat = FamiliarityCard { quantiles: vec![1.0; 21], ..card.clone() };
        assert_eq!(flat.judge(1.0).unwrap(), Familiarity { familiar: true, familiarity: 1.0 });
        assert_eq!(flat.judge(1.1).unwrap(), Familiarity { familiar: false, familiarity: 0.0 });
        assert!(card.judge(f32::NAN).is_err());
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let falling = (0..21).rev().map(|i| i as f32).collect();
        let [endless, short] = [vec![f32::INFINITY; 21], vec![0.0; 20]];
        for wrong in [
            FamiliarityCard { layers: vec![], ..card() },
            FamiliarityCard { inputs: 0, ..card() },
            FamiliarityCard { outputs: 1_000_000, ..card() },
            FamiliarityCard { energy: Scale { mean: 0.0, std: 0.0 }, ..card() },
            FamiliarityCard { distance: Scale { mean: f32::NAN, std: 1.0 }, ..card() },
            FamiliarityCard { quantiles: falling, ..card() },
            FamiliarityCard { quantiles: endless, ..card() },
            FamiliarityCard { quantiles: short, ..card() },
        ] {
            assert!(wrong.check().is_err(), "{wrong:?}");
        }
    }

    /// A classifier, and its file, with a projection that picks three averages, the second one twice, the third three times.
    fn file(card: &FamiliarityCard, picked: [usize; 3]) -> (Classifier, Vec<u8>) {
        let device = Device::flex();
        let mut weights = vec![0.0f32; card.inputs * 3];
        for (output, input) in picked.into_iter().enumerate() {
            weights[input * 3 + output] = (output + 1) as f32;
        }
        let weights = TensorData::new(weights, [card.inputs, 3]);
        let biases = TensorData::new(vec![0.0f32; 3], [3]);
        let network = ClassifierConfig::Compact.init(&device).valid();
        let network = network.with_familiarity(card.clone(), weights, biases);
        let of_network = Card::new(Architecture::Classifier(ClassifierConfig::Compact));
        let of_network = Card { familiarity: Some(card.clone()), ..of_network };
        let bytes = save(&network, &of_network, Precision::F32).unwrap();
        (network, bytes)
    }

    /// Layer by layer, as burn computes it.
    #[test]
    fn distance_and_energy_are_those_of_the_network_in_the_file() {
        let picked = [0, 31, 32 + 7];
        let (network, bytes) = file(&card(), picked);
        let (loaded, of_file) = load_classifier(&bytes, &Device::flex()).unwrap();
        assert_eq!(of_file.familiarity, Some(card()));
        let familiar = loaded.familiar().unwrap().unwrap();
        let values = (0..2 * 3 * SIDE * SIDE).map(|i| (i as f32 * 0.37).sin() * 0.4 + 0.5);
        let x = TensorData::new(values.collect::<Vec<f32>>(), [2, 3, SIDE, SIDE]);
        let x = Tensor::<4>::from_data(x, &Device::flex());
        let numbers = |x: Tensor<1>| -> Vec<f32> { x.into_data().try_to_vec().unwrap() };

        let (logits, unfamiliar) = familiar.forward(x.clone());
        let near = |a: &[f32], b: &[f32]| {
            a.len() == b.len()
                && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-4 * (1.0 + b.abs()))
        };
        let expected = network.forward(x.clone());
        assert!(near(&numbers(logits.flatten(0, 1)), &numbers(expected.clone().flatten(0, 1))));

        let mut maps = network.normalise(x);
        let mut averages = vec![Vec::new(); 2];
        for (index, layer) in network.layers().iter().enumerate() {
            maps = layer.forward(maps);
            if [3, 18].contains(&index) {
                let size = maps.dims()[2] * maps.dims()[3];
                for (n, picture) in numbers(maps.clone().flatten(0, 3))
                    .chunks_exact(maps.dims()[1] * size)
                    .enumerate()
                {
                    let of_maps = picture.chunks_exact(size);
                    averages[n].extend(of_maps.map(|map| map.iter().sum::<f32>() / size as f32));
                }
            }
        }
        let logits = numbers(expected.flatten(0, 1));
        let found: Vec<f32> = averages
            .iter()
            .zip(logits.chunks_exact(10))
            .map(|(averages, logits)| {
                let projected =
                    picked.iter().zip(1..).map(|(i, times)| averages[*i] * times as f32);
                let distance = projected.map(|value| value * value).sum::<f32>().sqrt();
                let energy = -logits.iter().map(|z| z.exp()).sum::<f32>().ln();
                (distance - 2.0) / 0.5 + (energy + 1.0) / 4.0
            })
            .collect();
        assert!(near(&numbers(unfamiliar), &found), "{found:?}");
    }

    #[test]
    fn a_familiarity_for_another_network_is_refused() {
        let other = FamiliarityCard { inputs: 32 + 161, ..card() };
        let (_, bytes) = file(&other, [0, 1, 2]);
        let (loaded, _) = load_classifier(&bytes, &Device::flex()).unwrap();
        let error = loaded.familiar().unwrap_err().to_string();
        assert!(error.contains("193") && error.contains("192"), "{error}");
        let layers = vec!["features.99".parse().unwrap()];
        let (_, bytes) = file(&FamiliarityCard { layers, ..card() }, [0, 1, 2]);
        let (loaded, _) = load_classifier(&bytes, &Device::flex()).unwrap();
        assert!(loaded.familiar().unwrap_err().to_string().contains("features.99"));
        let without = ClassifierConfig::Compact.init(&Device::flex());
        assert!(without.familiar().unwrap().is_none());
    }
}
