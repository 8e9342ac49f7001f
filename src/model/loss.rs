//! Losses: what trainings minimise, attacks ascend, and the detector measures. All are in nats.

use burn::tensor::{Device, Tensor, TensorData, activation};
use serde::{Deserialize, Serialize};

use crate::class::Class;
use crate::error::{Error, Result};

/// Classes as rows of zeros with a single one, [n, 10].
pub fn one_hot(classes: &[Class], device: &Device) -> Tensor<2> {
    let mut values = vec![0.0f32; classes.len() * Class::COUNT];
    for (row, class) in values.chunks_exact_mut(Class::COUNT).zip(classes) {
        row[class.index()] = 1.0;
    }
    Tensor::from_data(TensorData::new(values, [classes.len(), Class::COUNT]), device)
}

/// Cross-entropy of each row of logits [n, 10] with one-hot classes [n, 10]: shape `[n]`.
pub fn cross_entropy(logits: Tensor<2>, one_hot: Tensor<2>) -> Tensor<1> {
    (activation::log_softmax(logits, 1) * one_hot).sum_dim(1).squeeze_dim::<1>(1).neg()
}

/// Order of the two predictions in the Kullback-Leibler divergence, which is not symmetric.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[cfg_attr(not(target_arch = "wasm32"), derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// KL(CL(x) || CL(AE(x))): the paper's and alibi-detect's
    #[default]
    Forward,
    /// KL(CL(AE(x)) || CL(x)): what the tutorial trains with
    Reverse,
}

/// The Kullback-Leibler divergence between two predictions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Divergence {
    /// Order of the predictions.
    pub direction: Direction,
    /// T > 0: both predictions become p^(1/T), renormalised, before they are compared. Below 1
    /// sharpens, above 1 softens, 1 leaves them alone. (alibi-detect's `AdversarialAE` applies its
    /// temperature to CL(x) only, so its scores at T != 1 are another quantity.)
    pub temperature: f32,
}

impl Default for Divergence {
    fn default() -> Self {
        Self { direction: Direction::Forward, temperature: 1.0 }
    }
}

impl Divergence {
    /// Checks the temperature.
    ///
    /// # Errors
    /// When it is not a finite number above 0 whose reciprocal is finite as well.
    pub fn check(self) -> Result<Self> {
        // A subnormal temperature passes `> 0`, and logits divided by it are infinite.
        let temperature = self.temperature;
        if temperature.is_finite() && temperature > 0.0 && temperature.recip().is_finite() {
            return Ok(self);
        }
        Err(Error::Option {
            name: "temperature",
            value: temperature.to_string(),
            must: "a number of at least 1e-38",
        })
    }

    /// The divergence of each pair, shape `[n]`, in nats, not below 0 but for rounding; from the logits
    /// [n, 10] of the images and of their reconstructions.
    ///
    /// Softening by T is dividing logits by T: softmax(z / T) is p^(1/T), renormalised. Logits, not
    /// probabilities, go in because the logarithm of a probability that was rounded to 0 is lost.
    pub fn between(self, image: Tensor<2>, reconstruction: Tensor<2>) -> Tensor<1> {
        self.of_logarithms(image, reconstruction, |log| log)
    }

    /// As [`Divergence::between`], with every probability below `smallest`, above 0, raised to it, as Keras's
    /// `kl_divergence` does with 1e-7. Where a probability was raised, no gradient flows. The rows no longer sum to
    /// one, so that a divergence can be a little below 0, and none is above -ln `smallest`.
    ///
    /// Where the classifier is certain, logarithms of probabilities differ by tens of nats, and without this those of
    /// the least likely classes rule the gradient.
    pub fn between_clipped(
        self,
        image: Tensor<2>,
        reconstruction: Tensor<2>,
        smallest: f32,
    ) -> Tensor<1> {
        self.of_logarithms(image, reconstruction, |log| log.clamp_min(smallest.ln()))
    }

    fn of_logarithms(
        self,
        image: Tensor<2>,
        reconstruction: Tensor<2>,
        change: impl Fn(Tensor<2>) -> Tensor<2>,
    ) -> Tensor<1> {
        let log_p = change(activation::log_softmax(image / self.temperature, 1));
        let log_q = change(activation::log_softmax(reconstruction / self.temperature, 1));
        let (log_p, log_q) = match self.direction {
            Direction::Forward => (log_p, log_q),
            Direction::Reverse => (log_q, log_p),
        };
        (log_p.clone().exp() * (log_p - log_q)).sum_dim(1).squeeze_dim(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn between(divergence: Divergence, p: [f32; 10], q: [f32; 10]) -> f32 {
        let device = Device::flex();
        let tensor = |logits| Tensor::<1>::from_floats(logits, &device).unsqueeze_dim(0);
        divergence.between(tensor(p), tensor(q)).into_scalar::<f32>()
    }

    /// The definition, in f64: sum of p (ln p - ln q) with p^(1/T) renormalised.
    fn by_definition(divergence: Divergence, p: [f32; 10], q: [f32; 10]) -> f64 {
        let probabilities = |logits: [f32; 10]| {
            let raised =
                logits.map(|z| f64::from(z).exp().powf(1.0 / f64::from(divergence.temperature)));
            let sum: f64 = raised.iter().sum();
            raised.map(|v| v / sum)
        };
        let (mut p, mut q) = (probabilities(p), probabilities(q));
        if divergence.direction == Direction::Reverse {
            std::mem::swap(&mut p, &mut q);
        }
        p.iter().zip(q).map(|(p, q)| p * (p / q).ln()).sum()
    }

    fn logits() -> impl Strategy<Value = [f32; 10]> {
        prop::array::uniform10(-8.0f32..8.0)
    }

    fn divergences() -> impl Strategy<Value = Divergence> {
        (prop::bool::ANY, 0.5f32..4.0).prop_map(|(forward, temperature)| Divergence {
            direction: if forward { Direction::Forward } else { Direction::Reverse },
            temperature,
        })
    }

    proptest! {
        #[test]
        fn divergence_follows_its_definition_and_is_never_negative(
            p in logits(), q in logits(), divergence in divergences()
        ) {
            let (ours, exact) = (between(divergence, p, q), by_definition(divergence, p, q));
            prop_assert!(exact >= -1e-12);
            prop_assert!(ours >= -1e-5);
            prop_assert!((f64::from(ours) - exact).abs() <= 1e-4 * (1.0 + exact), "{ours} {exact}");
        }

        #[test]
        fn equal_predictions_do_not_diverge(p in logits(), shift in -5.0f32..5.0, divergence in divergences()) {
            // Adding a number to all logits changes no probability.
            prop_assert!(between(divergence, p, p.map(|z| z + shift)).abs() < 1e-5);
        }
    }

    /// Keras's formula, and no gradient where a probability was raised.
    #[test]
    fn a_clipped_divergence_counts_small_probabilities_as_the_smallest() {
        let device = Device::flex();
        let [z, w] = [[0.0, 30.0, -4.0], [12.0, -6.0, 3.0]];
        let smallest = 1e-7f32;
        let probabilities = |logits: [f64; 3]| {
            let sum: f64 = logits.map(f64::exp).iter().sum();
            logits.map(|z| (z.exp() / sum).max(f64::from(smallest)))
        };
        let (p, q) = (probabilities(w.map(f64::from)), probabilities(z.map(f64::from)));
        let exact: f64 = p.iter().zip(q).map(|(p, q)| p * (p / q).ln()).sum();
        let tensor = |values: [f32; 3]| Tensor::<1>::from_floats(values, &device).unsqueeze_dim(0);
        let divergence = Divergence { direction: Direction::Reverse, temperature: 1.0 };
        let ours = divergence.between_clipped(tensor(z), tensor(w), smallest);
        assert!((f64::from(ours.into_scalar::<f32>()) - exact).abs() < 1e-4, "{exact}");
        // Where the reconstruction's prediction is all but certain, the others' probabilities are raised to a constant.
        let certain = tensor([40.0, 0.0, -3.0]).autodiff().require_grad();
        let loss = divergence.between_clipped(tensor(z).autodiff(), certain.clone(), smallest);
        let gradient = certain.grad(&loss.sum().backward()).unwrap();
        assert!(gradient.abs().max().into_scalar::<f32>() < 1e-6);
    }

    #[test]
    fn a_temperature_that_gives_no_number_is_refused() {
        for temperature in [0.0, -1.0, f32::NAN, f32::INFINITY, 1e-45] {
            let divergence = Divergence { temperature, ..Divergence::default() };
            assert!(divergence.check().is_err(), "{temperature}");
        }
        assert!(Divergence { temperature: 0.1, ..Divergence::default() }.check().is_ok());
    }
}
