//! Hidden layers of CL in AE's loss: KL divergence between the projections of their maps, on a picture and on its
//! reconstruction, beside that between the predictions (arXiv 2002.09364).
//!
//! The projections are random and stay as they are. Those of the clean pictures are computed once, not in every epoch.

use anyhow::Result;
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::Serialize;

use super::frozen_outputs::FrozenOutputs;
use crate::data::TrainingData;
use crate::detector::{HiddenDivergence, LayerWeights};
use crate::error::Error;
use crate::model::autoencoder::random_projections;
use crate::model::loss::Divergence;
use crate::model::{Autoencoder, Classifier, HiddenLayer, LayerName, ProjectedClassifier, hidden};

/// A hidden layer of CL as an option of the training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HiddenOption {
    /// The layer.
    pub layer: LayerName,
    /// Numbers that its maps are projected to.
    pub outputs: usize,
}

/// The hidden layers of a training.
pub(super) struct HiddenLayers {
    described: Described,
    /// The classifier on each of the devices.
    projected: Vec<ProjectedClassifier>,
    /// The projections of the clean pictures, one layer's after the other's.
    clean: FrozenOutputs,
    /// The same of the horizontally flipped pictures, if training flips any.
    flipped: FrozenOutputs,
}

/// What of it a resumed training must have in common with the interrupted one, and the card says.
#[derive(Serialize)]
struct Described {
    hidden_layers: Vec<HiddenLayer>,
    hidden_weights: LayerWeights,
    hidden_seed: u64,
}

impl HiddenLayers {
    /// Computes the projections of all pictures used. `classifier` is on the first of the plain `devices`.
    ///
    /// # Errors
    /// When the layers are no hidden layers of the classifier, a number is out of its range, or a picture cannot be read.
    pub fn new(
        options: &[HiddenOption],
        weights: LayerWeights,
        seed: u64,
        data: &TrainingData,
        flips: bool,
        (classifier, devices): (&Classifier, &[Device]),
    ) -> Result<Self> {
        let count = weights.as_slice().len();
        if count != options.len() {
            return Err(Error::Option {
                name: "the number of hidden layers' weights",
                value: count.to_string(),
                must: "as many as hidden layers",
            }
            .into());
        }
        let names: Vec<LayerName> = options.iter().map(|option| option.layer).collect();
        let sizes = hidden::sizes(classifier, &names)?;
        let hidden_layers = options
            .iter()
            .zip(sizes)
            .map(|(HiddenOption { layer, outputs }, inputs)| {
                HiddenLayer { layer: *layer, inputs, outputs: *outputs }.check()
            })
            .collect::<crate::Result<Vec<_>>>()?;
        let projected = devices
            .iter()
            .map(|device| {
                let projections = random_projections(&hidden_layers, seed, device);
                ProjectedClassifier::new(&classifier.clone().to_device(device), &names, projections)
            })
            .collect::<crate::Result<Vec<_>>>()?;
        let project = |indices: &[usize], flipped| {
            let body = |x| {
                let rows = Tensor::cat(projected[0].project(x), 1);
                rows.unsqueeze_dims(&[2, 3])
            };
            FrozenOutputs::compute(data.pictures.as_ref(), indices, flipped, &devices[0], body)
        };
        let all = [data.parts.training.as_slice(), &data.parts.validation].concat();
        let of_flipped: &[usize] = if flips { &data.parts.training } else { &[] };
        let (clean, flipped) = (project(&all, false)?, project(of_flipped, true)?);
        let described = Described { hidden_layers, hidden_weights: weights, hidden_seed: seed };
        Ok(Self { described, projected, clean, flipped })
    }

    /// The layers and the sizes of their projections.
    pub fn layers(&self) -> &[HiddenLayer] {
        &self.described.hidden_layers
    }

    /// Entered among the training's options.
    pub fn describe(&self, options: &mut serde_json::Value) {
        let described = serde_json::to_value(&self.described).expect("plain data");
        if let (Some(options), serde_json::Value::Object(described)) =
            (options.as_object_mut(), described)
        {
            options.extend(described);
        }
    }

    /// A score or a loss of the predictions' `divergence` and of these layers.
    pub fn divergence(&self, divergence: Divergence) -> HiddenDivergence {
        HiddenDivergence { divergence, weights: self.described.hidden_weights }
    }

    /// The network with the projections, as they go into its file.
    pub fn attach(&self, model: Autoencoder, device: &Device) -> Autoencoder {
        let seed = self.described.hidden_seed;
        model.with_random_projections(self.layers(), seed, device)
    }

    /// CL's logits, and the projections, of reconstructions on the device of this rank.
    pub fn forward(&self, rank: usize, pictures: Tensor<4>) -> (Tensor<2>, Vec<Tensor<2>>) {
        self.projected[rank].forward(pictures)
    }

    /// The projections of clean pictures, each flipped or not, by index in the data.
    pub fn of_clean(
        &self,
        pictures: impl Iterator<Item = (usize, bool)>,
        device: &Device,
    ) -> Vec<Tensor<2>> {
        let rows = pictures.map(|(index, flipped)| match flipped {
            true => self.flipped.row(index),
            false => self.clean.row(index),
        });
        let rows = self.clean.to_batch(rows, device).flatten::<2>(1, 3);
        let mut start = 0;
        self.layers()
            .iter()
            .map(|layer| {
                let projection = rows.clone().narrow(1, start, layer.outputs);
                start += layer.outputs;
                projection
            })
            .collect()
    }
}
