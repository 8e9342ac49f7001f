//! Hidden layers of CL, each projected to a few numbers: what a score and a training can compare beside the predictions
//! (Vacanti & Van Looveren 2020, arXiv 2002.09364).
//!
//! A hidden layer's maps are flattened and go through a dense layer, whose outputs are the logits of a distribution. The
//! dense layer is random and never trained. It belongs to the autoencoder that was trained with it, and is in its file.

use std::fmt;
use std::str::FromStr;

use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData};
use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::Classifier;
use super::layers::{self, Layer};
use crate::error::{Error, Result};
use crate::picture::{CHANNELS, SIDE};
use crate::seed::Draw;

/// One of a classifier's two lists of layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LayerList {
    /// The convolutions and what stands between them.
    Features,
    /// The layers after them.
    Classifier,
}

/// A layer of a classifier, by its name in PyTorch: `features.14`, `classifier.0`. What it means is the layer's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LayerName {
    /// The list that it is in.
    pub list: LayerList,
    /// Its place there, from 0.
    pub index: usize,
}

/// A hidden layer and the size of its projection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct HiddenLayer {
    /// The layer of CL.
    #[cfg_attr(target_arch = "wasm32", tsify(type = "string"))]
    pub layer: LayerName,
    /// Values in its maps, for a picture of 96x96.
    pub inputs: usize,
    /// Numbers that they are projected to.
    pub outputs: usize,
}

impl HiddenLayer {
    /// The most numbers that a layer is projected to.
    pub const MAX_OUTPUTS: usize = 1000;

    /// Checks the sizes.
    ///
    /// # Errors
    /// When the number of outputs is out of its range. Inputs are checked where a classifier is cut.
    pub fn check(self) -> Result<Self> {
        if (2..=Self::MAX_OUTPUTS).contains(&self.outputs) {
            return Ok(self);
        }
        Err(Error::Option {
            name: "the size of a hidden layer's projection",
            value: self.outputs.to_string(),
            must: "between 2 and 1000",
        })
    }

    /// A projection whose weights are about to be loaded.
    pub(super) fn empty_projection(self, device: &Device) -> Layer {
        layers::empty_linear(self.inputs, self.outputs, device)
    }

    /// A random projection: Glorot's distribution, which a dense layer of Keras has, and no bias. `place` is the layer's
    /// place among the others; the same numbers follow from the same seed on every device.
    pub(super) fn random_projection(self, seed: u64, place: usize, device: &Device) -> Layer {
        let Self { inputs, outputs, .. } = self;
        let draw = Draw { seed, ids: &[place as u64], number: 0 };
        let mut rng = draw.generators().next().expect("one for each id");
        let bound = (6.0 / (inputs + outputs) as f64).sqrt() as f32;
        let values: Vec<f32> =
            (0..inputs * outputs).map(|_| rng.random_range(-bound..bound)).collect();
        let Layer::Linear(mut linear) = self.empty_projection(device) else {
            unreachable!("a projection is a dense layer")
        };
        linear.weight = Param::from_data(TensorData::new(values, [inputs, outputs]), device);
        Layer::Linear(linear)
    }
}

/// A classifier with fixed weights that gives its hidden layers' projections, too. Differentiable in the pictures.
#[derive(Clone, Debug)]
pub struct ProjectedClassifier {
    classifier: Classifier,
    /// The layers up to each hidden one, and after the last one, packed for computing.
    parts: Vec<Vec<Layer>>,
    projections: Vec<Layer>,
}

impl ProjectedClassifier {
    /// Cuts `classifier`, which is in evaluation mode and not frozen, behind these layers. `projections` are dense, one
    /// for each layer.
    ///
    /// # Errors
    /// When there is no such layer, it is no hidden one, the layers are not in the network's order, or a projection is for
    /// maps of another size.
    pub(crate) fn new(
        classifier: &Classifier,
        hidden: &[LayerName],
        projections: Vec<Layer>,
    ) -> Result<Self> {
        let parts = classifier.cut(hidden)?;
        let sizes = map_sizes(classifier, &parts);
        for ((name, size), projection) in hidden.iter().zip(sizes).zip(&projections) {
            let inputs = inputs_of(projection);
            if inputs != size {
                return Err(Error::Weights(format!(
                    "layer {name} of the classifier has {size} values, but its projection is for {inputs}"
                )));
            }
        }
        Ok(Self { classifier: classifier.clone(), parts, projections })
    }

    /// Logits [n, 10] of pictures [n, 3, 96, 96], and each hidden layer's projection, [n, outputs].
    pub fn forward(&self, pictures: Tensor<4>) -> (Tensor<2>, Vec<Tensor<2>>) {
        let (x, projected) = self.up_to_the_last(pictures);
        let rest = self.parts.last().expect("there is always a last part");
        (layers::forward(rest, x).flatten(1, 3), projected)
    }

    /// Each hidden layer's projection alone, [n, outputs].
    pub fn project(&self, pictures: Tensor<4>) -> Vec<Tensor<2>> {
        self.up_to_the_last(pictures).1
    }

    fn up_to_the_last(&self, pictures: Tensor<4>) -> (Tensor<4>, Vec<Tensor<2>>) {
        let mut x = self.classifier.normalise(pictures);
        let mut projected = Vec::with_capacity(self.projections.len());
        for (part, projection) in self.parts.iter().zip(&self.projections) {
            x = layers::forward(part, x);
            projected.push(projection.forward(x.clone()).flatten(1, 3));
        }
        (x, projected)
    }
}

/// Values in the maps of each of these layers of a classifier, for a picture of 96x96.
///
/// # Errors
/// When there is no such layer, it is no hidden one, or the layers are not in the network's order.
pub fn sizes(classifier: &Classifier, hidden: &[LayerName]) -> Result<Vec<usize>> {
    Ok(map_sizes(classifier, &classifier.cut(hidden)?))
}

/// Runs an empty picture through all parts but the last.
fn map_sizes(classifier: &Classifier, parts: &[Vec<Layer>]) -> Vec<usize> {
    let picture = Tensor::zeros([1, CHANNELS, SIDE, SIDE], &classifier.device());
    let mut x = classifier.normalise(picture);
    let mut sizes = Vec::new();
    for part in &parts[..parts.len() - 1] {
        x = layers::forward(part, x);
        sizes.push(x.shape().num_elements());
    }
    sizes
}

fn inputs_of(projection: &Layer) -> usize {
    match projection {
        Layer::Linear(linear) => linear.weight.lazy_shape()[0],
        _ => unreachable!("a projection is a dense layer"),
    }
}

impl fmt::Display for LayerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = match self.list {
            LayerList::Features => "features",
            LayerList::Classifier => "classifier",
        };
        write!(f, "{list}.{}", self.index)
    }
}

impl FromStr for LayerName {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let parsed = name.split_once('.').and_then(|(list, index)| {
            let list = match list {
                "features" => LayerList::Features,
                "classifier" => LayerList::Classifier,
                _ => return None,
            };
            Some(Self { list, index: index.parse().ok()? })
        });
        parsed.ok_or_else(|| Error::Option {
            name: "the hidden layer",
            value: name.to_owned(),
            must: "a layer's name, such as features.14 or classifier.0",
        })
    }
}

impl TryFrom<String> for LayerName {
    type Error = Error;

    fn try_from(name: String) -> Result<Self> {
        name.parse()
    }
}

impl From<LayerName> for String {
    fn from(name: LayerName) -> Self {
        name.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ClassifierConfig;
    use burn::module::Module;

    fn classifier(config: ClassifierConfig) -> Classifier {
        let device = Device::flex();
        config.init(&device).valid()
    }

    fn picture() -> Tensor<4> {
        let values = (0..2 * 3 * SIDE * SIDE).map(|i| (i as f32 * 0.37).sin() * 0.4 + 0.5);
        let data = TensorData::new(values.collect::<Vec<f32>>(), [2, 3, SIDE, SIDE]);
        Tensor::from_data(data, &Device::flex())
    }

    fn names(names: &[&str]) -> Vec<LayerName> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

    fn values<const D: usize>(x: Tensor<D>) -> Vec<f32> {
        x.into_data().try_to_vec().unwrap()
    }

    #[test]
    fn a_layer_has_one_name_in_options_cards_and_pytorch() {
        for name in ["features.0", "features.14", "classifier.3"] {
            let layer: LayerName = name.parse().unwrap();
            assert_eq!(layer.to_string(), name);
            let json = serde_json::to_value(layer).unwrap();
            assert_eq!(json, serde_json::json!(name));
            assert_eq!(serde_json::from_value::<LayerName>(json).unwrap(), layer);
        }
        for wrong in ["", "features", "features.", "features.-1", "head.1", "features.1.2"] {
            assert!(wrong.parse::<LayerName>().is_err(), "{wrong}");
        }
    }

    /// Cut anywhere, also between a convolution and what is computed together with it.
    #[test]
    fn a_cut_classifier_gives_the_same_logits_and_the_maps_of_each_layer() {
        let device = Device::flex();
        let whole = classifier(ClassifierConfig::Compact);
        let hidden =
            names(&["features.0", "features.2", "features.15", "features.21", "features.22"]);
        let sizes = sizes(&whole, &hidden).unwrap();
        assert_eq!(sizes, [32 * 96 * 96, 32 * 96 * 96, 160 * 12 * 12, 256 * 6 * 6, 256]);
        // A projection that picks three of the values.
        let picked = |size: usize| [0, size / 2, size - 1];
        let projections = sizes.iter().map(|size| {
            let layer = HiddenLayer { layer: hidden[0], inputs: *size, outputs: 3 };
            let mut weights = vec![0.0f32; size * 3];
            for (output, input) in picked(*size).into_iter().enumerate() {
                weights[input * 3 + output] = 1.0;
            }
            let Layer::Linear(mut linear) = layer.empty_projection(&device) else { panic!() };
            linear.weight = Param::from_data(TensorData::new(weights, [*size, 3]), &device);
            Layer::Linear(linear)
        });
        let projected = ProjectedClassifier::new(&whole, &hidden, projections.collect()).unwrap();
        let (logits, found) = projected.forward(picture());
        let near = |a: &[f32], b: &[f32]| {
            a.len() == b.len()
                && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-4 * (1.0 + b.abs()))
        };
        assert!(near(&values(logits), &values(whole.forward(picture()))));
        let alone = projected.project(picture());
        assert_eq!(found.len(), hidden.len());
        for ((name, found), (alone, size)) in
            hidden.iter().zip(found).zip(alone.into_iter().zip(sizes))
        {
            assert_eq!(values(alone), values(found.clone()));
            // Layer by layer, as burn computes it.
            let maps = whole.layers()[..=name.index]
                .iter()
                .fold(whole.normalise(picture()), |x, layer| layer.forward(x));
            let maps = values(maps);
            let expected: Vec<f32> =
                (0..2).flat_map(|n| picked(size).map(|place| maps[n * size + place])).collect();
            assert!(near(&values(found), &expected), "{name}");
        }
    }

    #[test]
    fn what_is_no_hidden_layer_is_refused() {
        let compact = classifier(ClassifierConfig::Compact);
        for (wrong, word) in [
            (vec!["features.23"], "features.23"),
            (vec!["classifier.0"], "classifier.0"),
            (vec!["classifier.1"], "classifier.1"),
            (vec!["features.14", "features.3"], "features.3"),
            (vec!["features.3", "features.3"], "features.3"),
        ] {
            let error = sizes(&compact, &names(&wrong)).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
        let layer = HiddenLayer { layer: names(&["features.22"])[0], inputs: 255, outputs: 4 };
        let projections = vec![layer.random_projection(1, 0, &Device::flex())];
        let error = ProjectedClassifier::new(&compact, &[layer.layer], projections).unwrap_err();
        assert!(error.to_string().contains("256 values"), "{error}");
        for outputs in [0, 1, 1001] {
            assert!(HiddenLayer { outputs, ..layer }.check().is_err());
        }
    }

    #[test]
    fn a_projection_follows_from_its_seed_and_place_and_has_glorot_s_bound() {
        let layer = HiddenLayer { layer: names(&["features.22"])[0], inputs: 256, outputs: 20 };
        let weights = |seed, place| {
            let Layer::Linear(linear) = layer.random_projection(seed, place, &Device::flex())
            else {
                panic!()
            };
            assert!(values(linear.bias.unwrap().val()).iter().all(|bias| *bias == 0.0));
            values(linear.weight.val())
        };
        let first = weights(1, 0);
        assert_eq!(first, weights(1, 0));
        assert_ne!(first, weights(2, 0));
        assert_ne!(first, weights(1, 1));
        let bound = (6.0f32 / 276.0).sqrt();
        let largest = first.iter().fold(0.0f32, |largest, w| largest.max(w.abs()));
        assert!(largest < bound && largest > 0.99 * bound, "{largest} {bound}");
    }
}
