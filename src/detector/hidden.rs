//! Divergence of the predictions and of hidden layers: the score of the autoencoder that the paper calls AE HL
//! (Vacanti & Van Looveren 2020, arXiv 2002.09364).

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::score::{Output, Score};
use crate::error::{Error, Result};
use crate::model::loss::Divergence;

/// KL divergence of the predictions, plus that of each hidden layer's distribution, weighted. A hidden layer's distribution
/// is the softmax of a random projection of its maps ([`crate::model::hidden`]).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct HiddenDivergence {
    /// The divergence of the predictions. Those of the hidden layers have its direction, but no temperature, as in
    /// alibi-detect.
    #[serde(flatten)]
    pub divergence: Divergence,
    /// The weight of each hidden layer, in the network's order.
    #[cfg_attr(target_arch = "wasm32", tsify(type = "number[]"))]
    pub weights: LayerWeights,
}

/// Weights of one to [`LayerWeights::MAX`] hidden layers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<f32>", into = "Vec<f32>")]
pub struct LayerWeights {
    /// Those beyond the count are 0.
    values: [f32; Self::MAX],
    count: usize,
}

impl LayerWeights {
    /// The most hidden layers that are compared.
    pub const MAX: usize = 8;

    /// Takes over the weights.
    ///
    /// # Errors
    /// When there is none or too many, or one is negative or no number.
    pub fn new(weights: &[f32]) -> Result<Self> {
        let refuse = |name, value: String, must| Err(Error::Option { name, value, must });
        if !(1..=Self::MAX).contains(&weights.len()) {
            let count = weights.len().to_string();
            return refuse("the number of hidden layers", count, "between 1 and 8");
        }
        if let Some(wrong) = weights.iter().find(|weight| !(0.0..=1e6).contains(*weight)) {
            return refuse("a hidden layer's weight", wrong.to_string(), "between 0 and a million");
        }
        let mut values = [0.0; Self::MAX];
        values[..weights.len()].copy_from_slice(weights);
        Ok(Self { values, count: weights.len() })
    }

    /// The weights.
    pub fn as_slice(&self) -> &[f32] {
        &self.values[..self.count]
    }
}

impl TryFrom<Vec<f32>> for LayerWeights {
    type Error = Error;

    fn try_from(weights: Vec<f32>) -> Result<Self> {
        Self::new(&weights)
    }
}

impl From<LayerWeights> for Vec<f32> {
    fn from(weights: LayerWeights) -> Self {
        weights.as_slice().to_vec()
    }
}

impl HiddenDivergence {
    /// The hidden layers' part, shape `[n]`, from their projections, [n, outputs] each, of the pictures and of the
    /// reconstructions. Differentiable in both.
    ///
    /// # Panics
    /// When there are not as many projections as weights.
    pub fn of_hidden(&self, picture: &[Tensor<2>], reconstruction: &[Tensor<2>]) -> Tensor<1> {
        let weights = self.weights.as_slice();
        let count = weights.len();
        assert_eq!(
            [picture.len(), reconstruction.len()],
            [count; 2],
            "a projection for each weight"
        );
        let divergence = Divergence { temperature: 1.0, ..self.divergence };
        let parts = weights.iter().zip(picture.iter().zip(reconstruction));
        parts
            .map(|(weight, (p, q))| divergence.between(p.clone(), q.clone()) * *weight)
            .reduce(|sum, part| sum + part)
            .expect("there is at least one weight")
    }
}

impl Score for HiddenDivergence {
    fn score(&self, picture: Output, reconstruction: Output) -> Tensor<1> {
        let hidden = self.of_hidden(&picture.hidden, &reconstruction.hidden);
        self.divergence.score(picture, reconstruction) + hidden
    }

    fn check(&self) -> Result<()> {
        Score::check(&self.divergence)
    }

    fn hidden_layers(&self) -> usize {
        self.weights.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detector::ScoreConfig;
    use crate::model::loss::Direction;
    use burn::tensor::{Device, TensorData};

    fn rows<const N: usize>(logits: [[f32; N]; 2]) -> Tensor<2> {
        Tensor::from_data(TensorData::new(logits.concat(), [2, N]), &Device::flex())
    }

    /// By hand, in 64 bits.
    fn kl<const N: usize>(p: [f32; N], q: [f32; N], temperature: f64) -> f64 {
        let distribution = |logits: [f32; N]| {
            let raised = logits.map(|z| (f64::from(z) / temperature).exp());
            let sum: f64 = raised.iter().sum();
            raised.map(|v| v / sum)
        };
        let (p, q) = (distribution(p), distribution(q));
        p.iter().zip(q).map(|(p, q)| p * (p / q).ln()).sum()
    }

    #[test]
    fn the_score_is_the_weighted_sum_with_a_temperature_on_the_predictions_alone() {
        let mut z = [[0.0; 10]; 2];
        (z[0][3], z[1][4]) = (2.0, 1.0);
        let mut w = [[0.0; 10]; 2];
        (w[0][1], w[1][4]) = (1.5, -1.0);
        let (h, g) = ([[1.0, 0.0, -1.0], [0.5, 0.0, 0.0]], [[0.0, 0.0, 2.0], [0.5, 0.25, 0.0]]);
        let (k, l) = ([[0.0, 1.0], [3.0, 0.0]], [[1.0, 0.0], [3.0, 0.5]]);
        for direction in [Direction::Forward, Direction::Reverse] {
            let divergence = Divergence { direction, temperature: 2.0 };
            let weights = LayerWeights::new(&[0.5, 3.0]).unwrap();
            let score = HiddenDivergence { divergence, weights };
            let picture = Output { logits: rows(z), hidden: vec![rows(h), rows(k)] };
            let reconstruction = Output { logits: rows(w), hidden: vec![rows(g), rows(l)] };
            let found = score.score(picture, reconstruction);
            let found: Vec<f32> = found.into_data().try_to_vec().unwrap();
            for n in 0..2 {
                let expected = match direction {
                    Direction::Forward => {
                        kl(z[n], w[n], 2.0) + 0.5 * kl(h[n], g[n], 1.0) + 3.0 * kl(k[n], l[n], 1.0)
                    }
                    Direction::Reverse => {
                        kl(w[n], z[n], 2.0) + 0.5 * kl(g[n], h[n], 1.0) + 3.0 * kl(l[n], k[n], 1.0)
                    }
                };
                assert!((f64::from(found[n]) - expected).abs() < 1e-5, "{found:?} {expected}");
            }
        }
    }

    #[test]
    fn a_card_stores_it_with_its_weights_and_wrong_ones_are_refused() {
        let weights = LayerWeights::new(&[1.0, 0.25]).unwrap();
        let score =
            ScoreConfig::Hidden(HiddenDivergence { divergence: Default::default(), weights });
        let json = serde_json::to_value(score).unwrap();
        let expected = serde_json::json!({
            "hidden": {"direction": "forward", "temperature": 1.0, "weights": [1.0, 0.25]}
        });
        assert_eq!(json, expected);
        assert_eq!(serde_json::from_value::<ScoreConfig>(json).unwrap(), score);
        assert_eq!((score.hidden_layers(), ScoreConfig::default().hidden_layers()), (2, 0));
        for wrong in [&[][..], &[1.0; 9], &[-1.0], &[f32::NAN], &[f32::INFINITY]] {
            assert!(LayerWeights::new(wrong).is_err(), "{wrong:?}");
            let json = serde_json::json!({
                "hidden": {"direction": "forward", "temperature": 1.0, "weights": wrong}
            });
            assert!(serde_json::from_value::<ScoreConfig>(json).is_err());
        }
    }
}
