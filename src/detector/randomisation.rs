//! A randomised prediction: what the autoencoder and the corrector see is shifted, flipped and noisy, each time anew.
//!
//! An attacker who knows the seed could foresee the draws; one who does not averages over draws of their own
//! (`eot` of the attacks on the defence). A threshold must be inferred with the same randomisation.

use burn::tensor::{Int, Tensor, TensorData};
use rand::RngExt;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::picture::{CHANNELS, SIDE, VALUES};
use crate::seed::Draw;

/// What is drawn for each picture at each prediction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(default)]
pub struct Randomisation {
    /// Shifts by up to so many pixels in both directions, 0..=24; the border is repeated.
    pub shift: usize,
    /// Flips every other picture horizontally, by chance.
    pub flip: bool,
    /// Adds normal noise with this standard deviation, 0..=0.5; values range from 0 to 1.
    pub noise: f32,
    /// Seed of all draws.
    pub seed: u64,
}

impl Randomisation {
    /// The largest shift, in pixels.
    pub const MAX_SHIFT: usize = 24;

    /// Checks the parameters.
    ///
    /// # Errors
    /// When one is out of its range.
    pub fn check(self) -> Result<Self> {
        let refuse = |name, value: String, must| Err(Error::Option { name, value, must });
        if self.shift > Self::MAX_SHIFT {
            return refuse("the random shift", self.shift.to_string(), "at most 24 pixels");
        }
        if !(0.0..=0.5).contains(&self.noise) {
            return refuse("the random noise", self.noise.to_string(), "between 0 and 0.5");
        }
        Ok(self)
    }

    /// Whether anything is drawn.
    pub fn is_some(self) -> bool {
        self.shift > 0 || self.flip || self.noise > 0.0
    }

    /// Transforms images [n, 3, 96, 96], each by its own draw; differentiable in the images. Values are cut to [0, 1]
    /// only where there is noise. `draw` has an id for each image.
    pub fn apply(self, images: Tensor<4>, draw: Draw<'_>) -> Tensor<4> {
        let device = images.device();
        let mut moved = Vec::with_capacity(draw.ids.len());
        let mut noise = Vec::new();
        for (n, mut rng) in draw.generators().enumerate() {
            let mut shift = || match self.shift {
                0 => 0,
                shift => rng.random_range(-(shift as i64)..=shift as i64),
            };
            let (down, right) = (shift(), shift());
            let flipped = self.flip && rng.random_bool(0.5);
            let image = images.clone().narrow(0, n, 1);
            moved.push(if down == 0 && right == 0 && !flipped {
                image
            } else {
                let index = |values: Vec<i64>| -> Tensor<1, Int> {
                    Tensor::from_data(TensorData::new(values, [SIDE]), &device)
                };
                let columns = places(right);
                let columns = if flipped { columns.into_iter().rev().collect() } else { columns };
                image.select(2, index(places(down))).select(3, index(columns))
            });
            if self.noise > 0.0 {
                let values = (0..VALUES).map(|_| rng.sample::<f32, _>(StandardNormal) * self.noise);
                noise.extend(values);
            }
        }
        let images = Tensor::cat(moved, 0);
        if noise.is_empty() {
            return images;
        }
        let shape = [draw.ids.len(), CHANNELS, SIDE, SIDE];
        let noise: Tensor<4> = Tensor::from_data(TensorData::new(noise, shape), &device);
        (images + noise).clamp(0.0, 1.0)
    }
}

/// Where each row or column comes from.
fn places(shift: i64) -> Vec<i64> {
    (0..SIDE as i64).map(|at| (at - shift).clamp(0, SIDE as i64 - 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    const ALL: Randomisation = Randomisation { shift: 3, flip: true, noise: 0.1, seed: 7 };

    fn images() -> Tensor<4> {
        let values: Vec<f32> =
            (0..2 * VALUES).map(|i| (i as f32 * 0.71).sin() * 0.3 + 0.5).collect();
        Tensor::from_data(TensorData::new(values, [2, CHANNELS, SIDE, SIDE]), &Device::flex())
    }

    fn values(of: Randomisation, images: Tensor<4>, ids: &[u64], number: u64) -> Vec<f32> {
        let draw = Draw { seed: of.seed, ids, number };
        of.apply(images, draw).into_data().try_to_vec().unwrap()
    }

    #[test]
    fn a_draw_follows_from_seed_id_and_number_alone() {
        let both = values(ALL, images(), &[4, 9], 1);
        let second = images().narrow(0, 1, 1);
        assert_eq!(values(ALL, second.clone(), &[9], 1), both[VALUES..]);
        assert_ne!(values(ALL, second.clone(), &[9], 2), both[VALUES..]);
        assert_ne!(values(Randomisation { seed: 8, ..ALL }, second, &[9], 1), both[VALUES..]);
        let nothing = Randomisation::default();
        assert!(!nothing.is_some());
        let plain: Vec<f32> = images().into_data().try_to_vec().unwrap();
        assert_eq!(values(nothing, images(), &[4, 9], 1), plain);
    }

    /// Every shift and flip occurs, and pixels come from where they should.
    #[test]
    fn pictures_are_shifted_and_flipped_whole() {
        let plain: Vec<f32> = images().narrow(0, 0, 1).into_data().try_to_vec().unwrap();
        let of = Randomisation { shift: 1, flip: true, ..Randomisation::default() };
        let mut seen = std::collections::BTreeSet::new();
        for number in 0..200 {
            let moved = values(of, images().narrow(0, 0, 1), &[0], number);
            let fits = |down: i64, right: i64, flip: bool| {
                (0..VALUES as i64).all(|i| {
                    let side = SIDE as i64;
                    let (plane, y, x) = (i / (side * side), i / side % side, i % side);
                    let x = if flip { side - 1 - x } else { x };
                    let from = |at: i64, by: i64| (at - by).clamp(0, side - 1);
                    moved[i as usize]
                        == plain
                            [(plane * side * side + from(y, down) * side + from(x, right)) as usize]
                })
            };
            let found = (-1..=1)
                .flat_map(|down| {
                    (-1..=1).flat_map(move |right| [(down, right, false), (down, right, true)])
                })
                .find(|(down, right, flip)| fits(*down, *right, *flip));
            seen.insert(found.expect("one of eighteen"));
        }
        assert_eq!(seen.len(), 18);
    }

    #[test]
    fn it_is_differentiable() {
        let x = images().autodiff().require_grad();
        let draw = Draw { seed: 1, ids: &[0, 1], number: 0 };
        let of = Randomisation { noise: 0.01, ..ALL };
        let mut gradients = of.apply(x.clone(), draw).sum().backward();
        let gradient: Vec<f32> =
            x.grad_remove(&mut gradients).unwrap().into_data().try_to_vec().unwrap();
        // Each pixel counts as often as it occurs; what is shifted out does not, and the border counts for it.
        let sum: f32 = gradient.iter().sum();
        assert!((sum - 2.0 * VALUES as f32).abs() < 1.0, "{sum}");
        assert!(gradient.iter().any(|v| *v > 1.5));
    }

    #[test]
    fn what_is_out_of_range_is_refused() {
        assert!(ALL.check().is_ok());
        for bad in [
            Randomisation { shift: 25, ..ALL },
            Randomisation { noise: -0.1, ..ALL },
            Randomisation { noise: f32::NAN, ..ALL },
        ] {
            assert!(bad.check().is_err(), "{bad:?}");
        }
    }
}
