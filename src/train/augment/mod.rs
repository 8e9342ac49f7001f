//! Augmentation of training pictures: random flips, shifts, zooms and changes of light.

use clap::ValueEnum;
use rand::RngExt;
use rand::rngs::Xoshiro256PlusPlus;
use serde::Serialize;

use crate::picture::{CHANNELS, PLANE, SIDE, VALUES};

/// Largest shift, in pixels.
const SHIFT: f32 = 8.0;
/// Range of the zoom.
const ZOOM: std::ops::Range<f32> = 0.85..1.15;
/// Largest change of the contrast; twice that of the brightness and of each channel's gain.
const LIGHT: f32 = 0.2;

/// How training pictures are changed at random.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Augmentation {
    /// Flips, shifts, zooms, changes of contrast, brightness and colour
    #[default]
    All,
    /// Half of the pictures are flipped horizontally
    Flip,
    /// Pictures stay as they are
    None,
}

impl Augmentation {
    /// Augments a picture, and scales it to `side` x `side` pixels; returns its values, planes R, G, B, in [0, 1].
    ///
    /// Sampling is bilinear; pixels from outside of the picture repeat its border.
    pub fn apply(
        self,
        bytes: &[u8; VALUES],
        side: usize,
        rng: &mut Xoshiro256PlusPlus,
    ) -> Vec<f32> {
        let flip = self.flips(rng);
        if self != Augmentation::All {
            return sample(bytes, side, flip, 1.0, [0.0; 2]);
        }
        let zoom = rng.random_range(ZOOM);
        let shift: [f32; 2] = std::array::from_fn(|_| rng.random_range(-SHIFT..SHIFT));
        let contrast = 1.0 + rng.random_range(-LIGHT..LIGHT);
        let brightness = rng.random_range(-LIGHT..LIGHT) / 2.0;
        let gain: [f32; CHANNELS] =
            std::array::from_fn(|_| 1.0 + rng.random_range(-LIGHT..LIGHT) / 2.0);
        let mut values = sample(bytes, side, flip, zoom, shift);
        for (plane, gain) in values.chunks_exact_mut(side * side).zip(gain) {
            for value in plane {
                *value = (((*value - 0.5) * contrast + 0.5 + brightness) * gain).clamp(0.0, 1.0);
            }
        }
        values
    }

    /// Whether to flip the next picture: the first number that [`Augmentation::apply`] draws for it.
    pub fn flips(self, rng: &mut Xoshiro256PlusPlus) -> bool {
        self != Augmentation::None && rng.random_bool(0.5)
    }
}

/// The picture flipped, zoomed, and shifted by so many pixels, at `side` x `side` pixels.
fn sample(bytes: &[u8; VALUES], side: usize, flip: bool, zoom: f32, shift: [f32; 2]) -> Vec<f32> {
    let last = (SIDE - 1) as f32;
    let (middle, middle_here) = (last / 2.0, (side - 1) as f32 / 2.0);
    let zoom = zoom * side as f32 / SIDE as f32;
    // The source of each row or column of the result: two neighbours, and the weight of the second.
    let sources = |shift: f32, flip: bool| -> Vec<(usize, usize, f32)> {
        (0..side)
            .map(|i| {
                let i = if flip { side - 1 - i } else { i };
                let from = ((i as f32 - middle_here) / zoom + middle + shift).clamp(0.0, last);
                let below = from.floor();
                (below as usize, (below as usize + 1).min(SIDE - 1), from - below)
            })
            .collect()
    };
    let (columns, rows) = (sources(shift[0], flip), sources(shift[1], false));
    let mut values = Vec::with_capacity(CHANNELS * side * side);
    for plane in bytes.chunks_exact(PLANE) {
        let at = |y: usize, x: usize| f32::from(plane[y * SIDE + x]) / 255.0;
        for (top, bottom, down) in &rows {
            for (left, right, across) in &columns {
                let upper = at(*top, *left) + (at(*top, *right) - at(*top, *left)) * across;
                let lower =
                    at(*bottom, *left) + (at(*bottom, *right) - at(*bottom, *left)) * across;
                values.push(upper + (lower - upper) * down);
            }
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn values_stay_in_range_and_vary_with_the_generator() {
        let mut bytes = [0; VALUES];
        for (i, byte) in bytes.iter_mut().enumerate() {
            *byte = (i % 251) as u8;
        }
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let all = |side, rng: &mut _| Augmentation::All.apply(&bytes, side, rng);
        let (first, second) = (all(SIDE, &mut rng), all(SIDE, &mut rng));
        assert_eq!(first.len(), VALUES);
        assert!(first.iter().chain(&second).all(|v| (0.0..=1.0).contains(v)));
        assert_ne!(first, second);
        assert_eq!(first, all(SIDE, &mut Xoshiro256PlusPlus::seed_from_u64(1)));
        assert_eq!(all(64, &mut rng).len(), CHANNELS * 64 * 64);
    }

    /// The outputs of frozen layers are computed for exactly these two pictures.
    #[test]
    fn without_other_changes_a_picture_is_itself_or_its_mirror_image() {
        let bytes: [u8; VALUES] = std::array::from_fn(|i| (i * 7 % 251) as u8);
        let same: Vec<f32> = bytes.iter().map(|b| f32::from(*b) / 255.0).collect();
        let mut mirrored = same.clone();
        mirrored.chunks_exact_mut(SIDE).for_each(<[f32]>::reverse);
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
        let mut flips = 0;
        for _ in 0..20 {
            assert!(Augmentation::None.apply(&bytes, SIDE, &mut rng) == same);
            let flipped = Augmentation::Flip.flips(&mut rng.clone());
            let expected = if flipped { &mirrored } else { &same };
            assert!(Augmentation::Flip.apply(&bytes, SIDE, &mut rng) == *expected);
            flips += usize::from(flipped);
        }
        assert!((3..=17).contains(&flips), "{flips} of 20 flipped");
    }

    /// A changed algorithm, also one of `rand`, would make the same seed give another training.
    #[test]
    fn an_augmented_picture_is_the_same_in_every_version() {
        let bytes: [u8; VALUES] = std::array::from_fn(|i| (i * 7 % 256) as u8);
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(5);
        let values = Augmentation::All.apply(&bytes, SIDE, &mut rng);
        let actual = [0, SIDE + 1, PLANE, 2 * PLANE - 1, VALUES - 1].map(|i| values[i]);
        let expected = [0.417204, 0.390570, 0.384253, 0.588055, 0.692968];
        for (actual, expected) in actual.iter().zip(expected) {
            assert!((actual - expected).abs() < 1e-5, "{actual} {expected}");
        }
    }

    #[test]
    fn a_grey_picture_stays_one_colour() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(2);
        let grey = Augmentation::All.apply(&[128; VALUES], SIDE, &mut rng);
        for plane in grey.chunks_exact(PLANE) {
            assert!(plane.iter().all(|v| (v - plane[0]).abs() < 1e-6));
        }
    }
}
