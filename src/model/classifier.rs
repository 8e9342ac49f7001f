//! CL, the classifier under attack: VGG16, and a compact network of the same family.
//!
//! Simonyan & Zisserman 2015, *Very Deep Convolutional Networks for Large-Scale Image Recognition*
//! (arXiv 1409.1556), configuration D; indices of the layers as in torchvision's `vgg16`.

use std::fmt;
use std::str::FromStr;

use burn::module::Module;
#[cfg(not(target_arch = "wasm32"))]
use burn::module::Param;
#[cfg(not(target_arch = "wasm32"))]
use burn::tensor::TensorData;
use burn::tensor::{Device, Tensor, activation};
use rand::Rng;
use serde::{Deserialize, Serialize};

use super::familiarity::{Familiar, FamiliarityCard};
use super::frozen::frozen;
use super::hidden::{LayerList, LayerName};
use super::initial::{self, Draws};
use super::layers::{self, Layer, Layers};
use crate::class::Class;
use crate::error::{Error, Result};
use crate::picture::CHANNELS;

/// Which network to build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(tag = "name", rename_all = "lowercase")]
pub enum ClassifierConfig {
    /// 13 convolutions and three dense layers as in torchvision, the last one for ten classes: 134 M weights.
    Vgg16,
    /// The same convolutions under a small head, as they are used with Keras's `include_top=False`: their 3x3 maps,
    /// a dense layer of 512, dropout, one of ten classes. 17 M weights.
    #[serde(rename = "vgg16-small")]
    Vgg16Small,
    /// Six convolutions with batch normalisation, global average, one dense layer: 0.8 M weights,
    /// 149 M multiply-adds a picture, for CPUs and browsers.
    Compact,
}

/// A classifier of the VGG family: [n, 3, 96, 96] in [0, 1] → logits [n, 10].
#[derive(Module, Debug)]
pub struct Classifier {
    /// Convolutions, down to a few small maps.
    features: Vec<Layer>,
    /// From the maps to the logits.
    classifier: Vec<Layer>,
    mean: [f64; CHANNELS],
    std: [f64; CHANNELS],
    /// The projection of the familiarity, if there is one: not a part of what this network computes, but it is in its file.
    familiarity: Vec<Layer>,
    /// What goes with that projection.
    #[module(skip)]
    familiarity_card: Option<FamiliarityCard>,
}

/// The layers at the end of a classifier: those that are trained while the others are frozen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Head {
    /// The last layer, from which the logits come.
    LastLayer,
    /// All layers after the convolutions.
    AllDense,
}

/// Mean and standard deviation of ImageNet's channels. They belong to the model, not to the data
/// pipeline, so that pictures and attacks stay in [0, 1].
const IMAGENET_MEAN: [f64; CHANNELS] = [0.485, 0.456, 0.406];
const IMAGENET_STD: [f64; CHANNELS] = [0.229, 0.224, 0.225];

impl ClassifierConfig {
    /// A network with the initial weights of the seed 0, drawn when they are first used.
    pub fn init(self, device: &Device) -> Classifier {
        self.init_seeded(0, device)
    }

    /// A network with random initial weights: the same numbers from the same seed on every device.
    pub fn init_seeded(self, seed: u64, device: &Device) -> Classifier {
        let draws = &Draws::new(seed);
        let (features, classifier) = match self {
            ClassifierConfig::Vgg16 => vgg16(draws, device),
            ClassifierConfig::Vgg16Small => vgg16_small(draws, device),
            ClassifierConfig::Compact => compact(draws, device),
        };
        Classifier {
            features,
            classifier,
            mean: IMAGENET_MEAN,
            std: IMAGENET_STD,
            familiarity: Vec::new(),
            familiarity_card: None,
        }
    }
}

/// VGG16's convolutions; they leave [n, 512, 3, 3] of pictures of 96x96.
fn vgg16_convolutions(draws: &Draws, device: &Device) -> Vec<Layer> {
    let convolutions = Layers { device, draws, init: initial::he };
    let mut features = Vec::new();
    let mut channels = CHANNELS;
    for (width, repeat) in [(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)] {
        for _ in 0..repeat {
            features.extend([convolutions.conv3(channels, width), layers::relu()]);
            channels = width;
        }
        features.push(layers::max_pool());
    }
    features
}

fn vgg16(draws: &Draws, device: &Device) -> (Vec<Layer>, Vec<Layer>) {
    let mut features = vgg16_convolutions(draws, device);
    // torchvision's `avgpool` stands between the two lists and stretches 3x3 maps to 7x7. It has no
    // weights, so at the end of this list it changes no weight's name.
    features.push(layers::average_pool(7));
    let dense = Layers { device, draws, init: initial::small };
    let classifier = vec![
        dense.linear(512 * 7 * 7, 4096),
        layers::relu(),
        layers::dropout_layer(0.5),
        dense.linear(4096, 4096),
        layers::relu(),
        layers::dropout_layer(0.5),
        dense.linear(4096, Class::COUNT),
    ];
    (features, classifier)
}

fn vgg16_small(draws: &Draws, device: &Device) -> (Vec<Layer>, Vec<Layer>) {
    let dense = Layers { device, draws, init: initial::glorot };
    let classifier = vec![
        dense.linear(512 * 3 * 3, 512),
        layers::relu(),
        layers::dropout_layer(0.5),
        dense.linear(512, Class::COUNT),
    ];
    (vgg16_convolutions(draws, device), classifier)
}

fn compact(draws: &Draws, device: &Device) -> (Vec<Layer>, Vec<Layer>) {
    let convolutions = Layers { device, draws, init: initial::he };
    let mut features = Vec::new();
    let mut channels = CHANNELS;
    for (width, pooled) in
        [(32, true), (64, true), (96, true), (160, false), (160, true), (256, false)]
    {
        features.extend([
            convolutions.conv3(channels, width),
            convolutions.batch_norm(width),
            layers::relu(),
        ]);
        if pooled {
            features.push(layers::max_pool());
        }
        channels = width;
    }
    features.push(layers::average_pool(1));
    let dense = Layers { device, draws, init: initial::small };
    (features, vec![dense.linear(channels, Class::COUNT)])
}

impl Classifier {
    /// The same network with fixed weights, packed for computing: for many pictures, as attacks and the defence
    /// have. It must be in evaluation mode, and must not be trained on afterwards: weights are packed at the first use.
    /// The result is not for saving.
    #[must_use]
    pub fn frozen(&self) -> Self {
        let [features, classifier] = [&self.features, &self.classifier].map(|list| frozen(list));
        Self { features, classifier, ..self.clone() }
    }

    /// Logits [n, 10] of pictures [n, 3, 96, 96] with values in [0, 1].
    pub fn forward(&self, pictures: Tensor<4>) -> Tensor<2> {
        let x = layers::forward(&self.features, self.normalise(pictures));
        layers::forward(&self.classifier, x).flatten(1, 3)
    }

    /// As [`Classifier::forward`], with dropout by `rng`.
    pub fn forward_training<R: Rng>(&self, pictures: Tensor<4>, rng: &mut R) -> Tensor<2> {
        let x = layers::forward_training(&self.features, self.normalise(pictures), rng);
        layers::forward_training(&self.classifier, x, rng).flatten(1, 3)
    }

    /// Subtracts the channels' means and divides by their standard deviations.
    pub(super) fn normalise(&self, pictures: Tensor<4>) -> Tensor<4> {
        let device = pictures.device();
        let per_channel = |values: [f64; CHANNELS]| {
            Tensor::<1>::from_floats(values.map(|v| v as f32), &device).reshape([1, CHANNELS, 1, 1])
        };
        let (mean, std) = (per_channel(self.mean), per_channel(self.std));
        (pictures - mean) / std
    }

    /// Whether pictures may have another size: the last of the features averages the maps, whatever their size.
    pub fn takes_other_sizes(&self) -> bool {
        matches!(self.features.last(), Some(Layer::AveragePool(_)))
    }

    /// What the layers before the head make of pictures, [n, 3, 96, 96] → [n, c, h, w], without dropout.
    pub fn body(&self, pictures: Tensor<4>, head: Head) -> Tensor<4> {
        let x = layers::forward(&self.features, self.normalise(pictures));
        layers::forward(&self.classifier[..self.first_of(head)], x)
    }

    /// Logits [n, 10] from the output of [`Classifier::body`].
    pub fn head(&self, x: Tensor<4>, head: Head) -> Tensor<2> {
        layers::forward(&self.classifier[self.first_of(head)..], x).flatten(1, 3)
    }

    /// As [`Classifier::head`], with dropout by `rng`.
    pub fn head_training<R: Rng>(&self, x: Tensor<4>, head: Head, rng: &mut R) -> Tensor<2> {
        layers::forward_training(&self.classifier[self.first_of(head)..], x, rng).flatten(1, 3)
    }

    /// Place of the head's first layer in `classifier`.
    fn first_of(&self, head: Head) -> usize {
        match head {
            Head::LastLayer => self.classifier.len() - 1,
            Head::AllDense => 0,
        }
    }

    /// The prefix of the names of the head's weights.
    pub fn prefix(&self, head: Head) -> String {
        match head {
            Head::LastLayer => format!("classifier.{}.", self.first_of(head)),
            Head::AllDense => "classifier.".to_owned(),
        }
    }

    /// Freezes all layers but the head.
    #[must_use]
    pub fn with_frozen_body(self, head: Head) -> Self {
        let first = self.first_of(head);
        let classifier = self.classifier.into_iter().enumerate();
        let classifier = classifier
            .map(|(i, layer)| if i < first { layer.freeze() } else { layer.unfreeze() })
            .collect();
        Self { features: self.features.freeze(), classifier, ..self }
    }

    /// All layers, in their order, in parts that are packed for computing; each but the last part ends with one of `ends`.
    ///
    /// # Errors
    /// When one of them is not there, gives the logits, or does not come after the one before it.
    pub(super) fn cut(&self, ends: &[LayerName]) -> Result<Vec<Vec<Layer>>> {
        let all: Vec<Layer> = self.features.iter().chain(&self.classifier).cloned().collect();
        let (mut parts, mut start) = (Vec::with_capacity(ends.len() + 1), 0);
        for name in ends {
            let (before, list) = match name.list {
                LayerList::Features => (0, &self.features),
                LayerList::Classifier => (self.features.len(), &self.classifier),
            };
            let end = before.saturating_add(name.index).saturating_add(1);
            if name.index >= list.len() || end <= start || end >= all.len() {
                return Err(Error::Option {
                    name: "a hidden layer",
                    value: name.to_string(),
                    must: "a layer of the classifier before its last one, each once, in the network's order",
                });
            }
            parts.push(frozen(&all[start..end]));
            start = end;
        }
        parts.push(frozen(&all[start..]));
        Ok(parts)
    }

    /// How the names of the familiarity's weights begin.
    pub(super) const FAMILIARITY_PREFIX: &str = "familiarity.";

    /// Room for the weights of a familiarity, to be filled from a file.
    #[must_use]
    pub fn with_room_for(self, card: Option<&FamiliarityCard>, device: &Device) -> Self {
        let familiarity = card.iter().map(|card| card.empty_projection(device)).collect();
        Self { familiarity, familiarity_card: card.cloned(), ..self }
    }

    /// The same network with a familiarity: projection of averages [n, inputs] to [n, outputs], weights [inputs, outputs] and
    /// biases.
    #[cfg(not(target_arch = "wasm32"))]
    #[must_use]
    pub(crate) fn with_familiarity(
        self,
        card: FamiliarityCard,
        weights: TensorData,
        biases: TensorData,
    ) -> Self {
        let device = self.device();
        let Layer::Linear(mut linear) = card.empty_projection(&device) else {
            unreachable!("a projection is a dense layer")
        };
        linear.weight = Param::from_data(weights, &device);
        linear.bias = Some(Param::from_data(biases, &device));
        let familiarity = vec![Layer::Linear(linear)];
        Self { familiarity, familiarity_card: Some(card), ..self }
    }

    /// The network that judges familiarity; `None` if the classifier's file has none.
    ///
    /// # Errors
    /// When its weights are for another classifier.
    pub fn familiar(&self) -> Result<Option<Familiar>> {
        let Some((card, projection)) = self.familiarity_card.as_ref().zip(self.familiarity.first())
        else {
            return Ok(None);
        };
        Familiar::new(self, card.clone(), projection.clone()).map(Some)
    }

    /// The layers that make the maps smaller: after each of them another stage of the network begins.
    pub fn pools(&self) -> Vec<LayerName> {
        let layers = self.features.iter().enumerate();
        layers
            .filter(|(_, layer)| matches!(layer, Layer::MaxPool(_)))
            .map(|(index, _)| LayerName { list: LayerList::Features, index })
            .collect()
    }

    /// Where the weights are.
    pub(super) fn device(&self) -> Device {
        self.devices().into_iter().next().expect("a network has weights")
    }

    /// All layers in their order.
    #[cfg(test)]
    pub(super) fn layers(&self) -> Vec<Layer> {
        self.features.iter().chain(&self.classifier).cloned().collect()
    }

    /// The layers after the convolutions.
    #[cfg(test)]
    pub(crate) fn dense(&self) -> &[Layer] {
        &self.classifier
    }

    /// Probabilities [n, 10] of pictures [n, 3, 96, 96].
    pub fn probabilities(&self, pictures: Tensor<4>) -> Tensor<2> {
        activation::softmax(self.forward(pictures), 1)
    }
}

impl fmt::Display for ClassifierConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            ClassifierConfig::Vgg16 => "vgg16",
            ClassifierConfig::Vgg16Small => "vgg16-small",
            ClassifierConfig::Compact => "compact",
        })
    }
}

impl FromStr for ClassifierConfig {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "vgg16" => Ok(ClassifierConfig::Vgg16),
            "vgg16-small" => Ok(ClassifierConfig::Vgg16Small),
            "compact" => Ok(ClassifierConfig::Compact),
            _ => Err(Error::Option {
                name: "the classifier's architecture",
                value: name.to_owned(),
                must: "vgg16, vgg16-small or compact",
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::SIDE;
    use burn::tensor::TensorData;

    #[test]
    fn a_network_has_one_name_on_the_command_line_and_in_cards() {
        for (config, name) in [
            (ClassifierConfig::Vgg16, "vgg16"),
            (ClassifierConfig::Vgg16Small, "vgg16-small"),
            (ClassifierConfig::Compact, "compact"),
        ] {
            assert_eq!(config.to_string(), name);
            assert_eq!(name.parse::<ClassifierConfig>().unwrap(), config);
            let card = serde_json::json!({ "name": name });
            assert_eq!(serde_json::to_value(config).unwrap(), card);
            assert_eq!(serde_json::from_value::<ClassifierConfig>(card).unwrap(), config);
        }
        assert!("vgg".parse::<ClassifierConfig>().unwrap_err().to_string().contains("vgg16-small"));
    }

    /// What is computed once of a frozen network must be what it computes.
    #[test]
    fn body_and_head_are_the_whole_network_wherever_it_is_cut() {
        let device = Device::flex();
        let values = (0..2 * 3 * SIDE * SIDE).map(|i| (i as f32 * 0.37).sin() * 0.4 + 0.5);
        let x = TensorData::new(values.collect::<Vec<f32>>(), [2, 3, SIDE, SIDE]);
        let x = Tensor::<4>::from_data(x, &device);
        let network = ClassifierConfig::Vgg16Small.init(&device).valid();
        let values = |logits: Tensor<2>| -> Vec<f32> { logits.into_data().try_to_vec().unwrap() };
        let whole = values(network.forward(x.clone()));
        for (head, shape) in [(Head::AllDense, [2, 512, 3, 3]), (Head::LastLayer, [2, 512, 1, 1])] {
            let body = network.frozen().body(x.clone(), head);
            assert_eq!(body.dims(), shape);
            let again = values(network.head(body, head));
            let largest = whole.iter().fold(0.0f32, |largest, v| largest.max(v.abs()));
            for (a, b) in again.iter().zip(&whole) {
                assert!((a - b).abs() < 1e-4 * largest, "{head:?}: {a} {b}");
            }
        }
    }

    #[test]
    fn the_compact_network_stays_within_a_browser_s_budget() {
        let network = ClassifierConfig::Compact.init(&Device::flex());
        let (mut side, mut multiply_adds) = (SIDE, 0);
        for layer in network.features.iter().chain(&network.classifier) {
            match layer {
                Layer::Conv(conv) => {
                    multiply_adds += conv.weight.shape().num_elements() * side * side
                }
                Layer::MaxPool(_) => side /= 2,
                Layer::Linear(dense) => multiply_adds += dense.weight.shape().num_elements(),
                _ => {}
            }
        }
        assert!(multiply_adds <= 150_000_000, "{multiply_adds} multiply-adds");
    }
}
