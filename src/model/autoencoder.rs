//! AE: an autoencoder trained to preserve the classifier's prediction.
//!
//! Vacanti & Van Looveren 2020, *Adversarial Detection and Correction by Matching Prediction
//! Distributions* (arXiv 2002.09364).

use std::fmt;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::frozen::frozen;
use super::hidden::{HiddenLayer, LayerName};
use super::initial::{self, Draws};
use super::layers::{self, Layer, Layers};
use super::{Classifier, ProjectedClassifier};
use crate::error::{Error, Result};
use crate::picture::{CHANNELS, SIDE};

/// Which autoencoder to build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(tag = "name", rename_all = "lowercase")]
pub enum AutoencoderConfig {
    /// The tutorial's: three convolutions, a dense bottleneck of `latent` numbers, three transposed
    /// convolutions; 6.6 M weights with 100.
    Tutorial {
        /// Numbers in the bottleneck; the tutorial's saved model has 100.
        latent: usize,
    },
    /// Batch normalisation and a convolutional bottleneck of 24x24 with `channels` channels: 0.08 M
    /// weights, for CPUs and browsers.
    Compact {
        /// Channels of the bottleneck.
        channels: usize,
    },
    /// A convolutional bottleneck of `side` x `side` with `channels` channels. Its encoder and decoder add to
    /// a linear coding of patches, which starts as their lowest frequencies and is trained as well. 0.15 M
    /// weights with 24, 8 and 64.
    Residual {
        /// Side of the bottleneck: 24 or 12.
        side: usize,
        /// Channels of the bottleneck.
        channels: usize,
        /// Channels of the layers that add to the linear coding.
        width: usize,
    },
}

/// An autoencoder: [n, 3, 96, 96] → [n, 3, 96, 96].
#[derive(Module, Debug)]
pub struct Autoencoder {
    encoder: Vec<Layer>,
    decoder: Vec<Layer>,
    /// The linear coding to which the encoder's output is added; empty in most networks.
    analysis: Vec<Layer>,
    /// The linear decoding to which the decoder's output is added; empty in most networks.
    synthesis: Vec<Layer>,
    /// Projections of CL's hidden layers, in most networks none: not a part of what this network computes, but it was
    /// trained with them, and its score needs them.
    hidden: Vec<Layer>,
    /// The layers that they project.
    #[module(skip)]
    hidden_layers: Vec<LayerName>,
}

impl AutoencoderConfig {
    /// The bottleneck of the tutorial's saved model.
    pub const TUTORIAL_LATENT: usize = 100;

    /// Checks the sizes.
    ///
    /// # Errors
    /// When a size is 0, above the limit, or not one of the choices.
    pub fn check(self) -> Result<Self> {
        let within = |name, value: usize, largest| match value {
            v if (1..=largest).contains(&v) => Ok(()),
            v => Err(Error::Option {
                name,
                value: v.to_string(),
                must: "at least 1 and at most 1024 (the latent size: 4096)",
            }),
        };
        match self {
            AutoencoderConfig::Tutorial { latent } => within("the latent size", latent, 4096)?,
            AutoencoderConfig::Compact { channels } => {
                within("the bottleneck's channels", channels, 1024)?;
            }
            AutoencoderConfig::Residual { side: 12 | 24, channels, width } => {
                within("the bottleneck's channels", channels, 1024)?;
                within("the autoencoder's width", width, 1024)?;
            }
            AutoencoderConfig::Residual { side, .. } => {
                return Err(Error::Option {
                    name: "the bottleneck's side",
                    value: side.to_string(),
                    must: "12 or 24",
                });
            }
        }
        Ok(self)
    }

    /// A network with the initial weights of the seed 0, drawn when they are first used.
    pub fn init(self, device: &Device) -> Autoencoder {
        self.init_seeded(0, device)
    }

    /// A network with random initial weights: the same numbers from the same seed on every device.
    pub fn init_seeded(self, seed: u64, device: &Device) -> Autoencoder {
        let draws = &Draws::new(seed);
        match self {
            AutoencoderConfig::Tutorial { latent } => tutorial(latent, draws, device),
            AutoencoderConfig::Compact { channels } => compact(channels, draws, device),
            AutoencoderConfig::Residual { side, channels, width } => {
                residual([side, channels, width], draws, device)
            }
        }
    }
}

fn tutorial(latent: usize, draws: &Draws, device: &Device) -> Autoencoder {
    let build = Layers { device, draws, init: initial::glorot };
    let encoder = vec![
        build.conv4_down(CHANNELS, 32), // 96 -> 48
        layers::relu(),
        build.conv4_down(32, 64), // 48 -> 24
        layers::relu(),
        build.conv4_down(64, 256), // 24 -> 12
        layers::relu(),
        layers::reshape([256 * 12 * 12, 1, 1]),
        build.linear(256 * 12 * 12, latent),
    ];
    let decoder = vec![
        build.linear(latent, 128 * 12 * 12),
        layers::relu(),
        layers::reshape([128, 12, 12]),
        build.conv4_up(128, 256), // 12 -> 24
        layers::relu(),
        build.conv4_up(256, 64), // 24 -> 48
        layers::relu(),
        build.conv4_up(64, CHANNELS), // 48 -> 96
    ];
    Autoencoder::new([encoder, decoder, vec![], vec![]])
}

fn compact(channels: usize, draws: &Draws, device: &Device) -> Autoencoder {
    let build = Layers { device, draws, init: initial::glorot };
    let encoder = vec![
        build.conv4_down(CHANNELS, 32), // 96 -> 48
        build.batch_norm(32),
        layers::relu(),
        build.conv4_down(32, 64), // 48 -> 24
        build.batch_norm(64),
        layers::relu(),
        build.conv3(64, channels),
    ];
    let decoder = vec![
        build.conv3(channels, 64),
        build.batch_norm(64),
        layers::relu(),
        build.conv4_up(64, 32), // 24 -> 48
        build.batch_norm(32),
        layers::relu(),
        build.conv4_up(32, CHANNELS), // 48 -> 96
    ];
    Autoencoder::new([encoder, decoder, vec![], vec![]])
}

fn residual([side, channels, width]: [usize; 3], draws: &Draws, device: &Device) -> Autoencoder {
    let build = Layers { device, draws, init: initial::he };
    // The last layers add nothing at first, so that training starts from the linear coding.
    let nothing = Layers { device, draws, init: initial::zero };
    let half = (width / 2).max(1);
    let then = |layer: Layer, width: usize| [layer, build.batch_norm(width), layers::relu()];
    let mut encoder = Vec::new();
    encoder.extend(then(build.conv4_down(CHANNELS, half), half)); // 96 -> 48
    encoder.extend(then(build.conv4_down(half, width), width)); // 48 -> 24
    let mut decoder = Vec::new();
    decoder.extend(then(build.conv3(channels, width), width));
    if side == 12 {
        encoder.extend(then(build.conv4_down(width, width), width)); // 24 -> 12
        decoder.extend(then(build.conv4_up(width, width), width)); // 12 -> 24
    } else {
        encoder.extend(then(build.conv3(width, width), width));
        decoder.extend(then(build.conv3(width, width), width));
    }
    encoder.push(nothing.conv3(width, channels));
    decoder.extend(then(build.conv4_up(width, half), half)); // 24 -> 48
    decoder.push(nothing.conv4_up(half, CHANNELS)); // 48 -> 96
    let (analysis, synthesis) = build.patches(SIDE / side, channels);
    Autoencoder::new([encoder, decoder, vec![analysis], vec![synthesis]])
}

impl Autoencoder {
    /// How the names of the projections of CL's hidden layers begin.
    pub(super) const HIDDEN_PREFIX: &str = "hidden.";

    fn new([encoder, decoder, analysis, synthesis]: [Vec<Layer>; 4]) -> Self {
        let (hidden, hidden_layers) = (Vec::new(), Vec::new());
        Self { encoder, decoder, analysis, synthesis, hidden, hidden_layers }
    }

    /// Room for the projections of these hidden layers of CL, to be filled from a file.
    #[must_use]
    pub fn with_room_for(self, hidden: &[HiddenLayer], device: &Device) -> Self {
        let projections = hidden.iter().map(|hidden| hidden.empty_projection(device)).collect();
        self.with_projections(hidden, projections)
    }

    /// With random projections of these hidden layers of CL.
    #[must_use]
    pub fn with_random_projections(
        self,
        hidden: &[HiddenLayer],
        seed: u64,
        device: &Device,
    ) -> Self {
        let projections = random_projections(hidden, seed, device);
        self.with_projections(hidden, projections)
    }

    fn with_projections(self, layers: &[HiddenLayer], hidden: Vec<Layer>) -> Self {
        let hidden_layers = layers.iter().map(|hidden| hidden.layer).collect();
        Self { hidden, hidden_layers, ..self }
    }

    /// The hidden layers of CL that this autoencoder's file has projections of.
    pub fn hidden_layers(&self) -> &[LayerName] {
        &self.hidden_layers
    }

    /// A classifier that gives the hidden layers that this autoencoder's file has projections of.
    ///
    /// # Errors
    /// When the projections are for another classifier.
    pub fn projected(&self, classifier: &Classifier) -> Result<ProjectedClassifier> {
        ProjectedClassifier::new(classifier, &self.hidden_layers, self.hidden.clone())
    }

    /// The same network with fixed weights; as [`super::Classifier::frozen`].
    #[must_use]
    pub fn frozen(&self) -> Self {
        let [encoder, decoder, analysis, synthesis] =
            [&self.encoder, &self.decoder, &self.analysis, &self.synthesis]
                .map(|list| frozen(list));
        Self { encoder, decoder, analysis, synthesis, ..self.clone() }
    }

    /// Reconstructions [n, 3, 96, 96] of pictures [n, 3, 96, 96]; not clamped to [0, 1], as in the tutorial.
    pub fn forward(&self, pictures: Tensor<4>) -> Tensor<4> {
        self.decode(self.encode(pictures))
    }

    /// The bottleneck: [n, latent, 1, 1], or [n, channels, side, side] of the others.
    pub fn encode(&self, pictures: Tensor<4>) -> Tensor<4> {
        add(&self.encoder, &self.analysis, pictures)
    }

    /// From the bottleneck to pictures [n, 3, 96, 96].
    pub fn decode(&self, latent: Tensor<4>) -> Tensor<4> {
        add(&self.decoder, &self.synthesis, latent)
    }
}

/// Random projections of these hidden layers: the same numbers from the same seed on every device.
pub(crate) fn random_projections(hidden: &[HiddenLayer], seed: u64, device: &Device) -> Vec<Layer> {
    let layers = hidden.iter().enumerate();
    layers.map(|(place, layer)| layer.random_projection(seed, place, device)).collect()
}

/// The sum of both branches' outputs; of the first alone if the linear one is empty.
fn add(list: &[Layer], linear: &[Layer], x: Tensor<4>) -> Tensor<4> {
    if linear.is_empty() {
        return layers::forward(list, x);
    }
    layers::forward(list, x.clone()) + layers::forward(linear, x)
}

impl fmt::Display for AutoencoderConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AutoencoderConfig::Tutorial { latent } => write!(f, "tutorial, latent {latent}"),
            AutoencoderConfig::Compact { channels } => write!(f, "compact, {channels} channels"),
            AutoencoderConfig::Residual { side, channels, width } => {
                write!(f, "residual, {side}x{side}x{channels}, width {width}")
            }
        }
    }
}
