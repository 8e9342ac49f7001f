//! AE, the second look: an autoencoder that keeps what the classifier's prediction rests on.
//!
//! Vacanti & Van Looveren 2020, *Adversarial Detection and Correction by Matching Prediction
//! Distributions* (arXiv 2002.09364).

use std::fmt;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::layer::{self, Layer, Layers};
use crate::picture::CHANNELS;

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
    /// Batch normalisation and a bottleneck that stays a map, 24x24 with `channels` numbers a place:
    /// 0.08 M weights, for CPUs and browsers.
    Compact {
        /// Channels of the bottleneck.
        channels: usize,
    },
}

/// An autoencoder: [n, 3, 96, 96] → [n, 3, 96, 96].
#[derive(Module, Debug)]
pub struct Autoencoder {
    encoder: Vec<Layer>,
    decoder: Vec<Layer>,
}

impl AutoencoderConfig {
    /// The bottleneck of the tutorial's saved model.
    pub const TUTORIAL_LATENT: usize = 100;

    /// A network with fresh weights, drawn from `device`'s generator ([`Device::seed`]).
    pub fn init(self, device: &Device) -> Autoencoder {
        match self {
            AutoencoderConfig::Tutorial { latent } => tutorial(latent, device),
            AutoencoderConfig::Compact { channels } => compact(channels, device),
        }
    }
}

fn tutorial(latent: usize, device: &Device) -> Autoencoder {
    let layers = Layers { device, first_weights: layer::glorot };
    let encoder = vec![
        layers.conv4_down(CHANNELS, 32), // 96 -> 48
        layer::relu(),
        layers.conv4_down(32, 64), // 48 -> 24
        layer::relu(),
        layers.conv4_down(64, 256), // 24 -> 12
        layer::relu(),
        layer::reshape([256 * 12 * 12, 1, 1]),
        layers.linear(256 * 12 * 12, latent),
    ];
    let decoder = vec![
        layers.linear(latent, 128 * 12 * 12),
        layer::relu(),
        layer::reshape([128, 12, 12]),
        layers.conv4_up(128, 256), // 12 -> 24
        layer::relu(),
        layers.conv4_up(256, 64), // 24 -> 48
        layer::relu(),
        layers.conv4_up(64, CHANNELS), // 48 -> 96
    ];
    Autoencoder { encoder, decoder }
}

fn compact(channels: usize, device: &Device) -> Autoencoder {
    let layers = Layers { device, first_weights: layer::glorot };
    let encoder = vec![
        layers.conv4_down(CHANNELS, 32), // 96 -> 48
        layers.batch_norm(32),
        layer::relu(),
        layers.conv4_down(32, 64), // 48 -> 24
        layers.batch_norm(64),
        layer::relu(),
        layers.conv3(64, channels),
    ];
    let decoder = vec![
        layers.conv3(channels, 64),
        layers.batch_norm(64),
        layer::relu(),
        layers.conv4_up(64, 32), // 24 -> 48
        layers.batch_norm(32),
        layer::relu(),
        layers.conv4_up(32, CHANNELS), // 48 -> 96
    ];
    Autoencoder { encoder, decoder }
}

impl Autoencoder {
    /// Reconstructions [n, 3, 96, 96] of pictures [n, 3, 96, 96]; not clamped to [0, 1], as in the tutorial.
    pub fn forward(&self, pictures: Tensor<4>) -> Tensor<4> {
        self.decode(self.encode(pictures))
    }

    /// The bottleneck: [n, latent, 1, 1], or [n, channels, 24, 24] of the compact one.
    pub fn encode(&self, pictures: Tensor<4>) -> Tensor<4> {
        layer::forward(&self.encoder, pictures)
    }

    /// From the bottleneck to pictures [n, 3, 96, 96].
    pub fn decode(&self, latent: Tensor<4>) -> Tensor<4> {
        layer::forward(&self.decoder, latent)
    }
}

impl fmt::Display for AutoencoderConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AutoencoderConfig::Tutorial { latent } => write!(f, "tutorial, latent {latent}"),
            AutoencoderConfig::Compact { channels } => write!(f, "compact, {channels} channels"),
        }
    }
}
