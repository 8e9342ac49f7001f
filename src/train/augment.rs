//! Augmentation of training pictures: random flips, shifts, zooms and changes of light.

use rand::RngExt;
use rand::rngs::Xoshiro256PlusPlus;

use crate::picture::{CHANNELS, PLANE, SIDE, VALUES};

/// Largest shift, in pixels.
const SHIFT: f32 = 8.0;
/// Range of the zoom.
const ZOOM: std::ops::Range<f32> = 0.85..1.15;
/// Largest change of the contrast; twice that of the brightness and of each channel's gain.
const LIGHT: f32 = 0.2;

/// Augments a picture, and scales it to `side` x `side` pixels; returns its values, planes R, G, B, in [0, 1].
///
/// It is flipped horizontally with probability 1/2, zoomed by `ZOOM`, shifted by up to `SHIFT` in both
/// directions, and changed in contrast, brightness and colour by up to `LIGHT`. Sampling is bilinear; pixels
/// from outside of the picture repeat its border.
pub fn augment(bytes: &[u8; VALUES], side: usize, rng: &mut Xoshiro256PlusPlus) -> Vec<f32> {
    let flip = rng.random_bool(0.5);
    let zoom = rng.random_range(ZOOM);
    let shift: [f32; 2] = std::array::from_fn(|_| rng.random_range(-SHIFT..SHIFT));
    let contrast = 1.0 + rng.random_range(-LIGHT..LIGHT);
    let brightness = rng.random_range(-LIGHT..LIGHT) / 2.0;
    let gain: [f32; CHANNELS] =
        std::array::from_fn(|_| 1.0 + rng.random_range(-LIGHT..LIGHT) / 2.0);

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
    for (plane, gain) in bytes.chunks_exact(PLANE).zip(gain) {
        let at = |y: usize, x: usize| f32::from(plane[y * SIDE + x]) / 255.0;
        for (top, bottom, down) in &rows {
            for (left, right, across) in &columns {
                let upper = at(*top, *left) + (at(*top, *right) - at(*top, *left)) * across;
                let lower =
                    at(*bottom, *left) + (at(*bottom, *right) - at(*bottom, *left)) * across;
                let value = upper + (lower - upper) * down;
                values.push((((value - 0.5) * contrast + 0.5 + brightness) * gain).clamp(0.0, 1.0));
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
        let (first, second) = (augment(&bytes, SIDE, &mut rng), augment(&bytes, SIDE, &mut rng));
        assert_eq!(first.len(), VALUES);
        assert!(first.iter().chain(&second).all(|v| (0.0..=1.0).contains(v)));
        assert_ne!(first, second);
        assert_eq!(first, augment(&bytes, SIDE, &mut Xoshiro256PlusPlus::seed_from_u64(1)));
        assert_eq!(augment(&bytes, 64, &mut rng).len(), CHANNELS * 64 * 64);
    }

    /// A changed algorithm, also one of `rand`, would make the same seed give another training.
    #[test]
    fn an_augmented_picture_is_the_same_in_every_version() {
        let bytes: [u8; VALUES] = std::array::from_fn(|i| (i * 7 % 256) as u8);
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(5);
        let values = augment(&bytes, SIDE, &mut rng);
        let actual = [0, SIDE + 1, PLANE, 2 * PLANE - 1, VALUES - 1].map(|i| values[i]);
        let expected = [0.417204, 0.390570, 0.384253, 0.588055, 0.692968];
        for (actual, expected) in actual.iter().zip(expected) {
            assert!((actual - expected).abs() < 1e-5, "{actual} {expected}");
        }
    }

    #[test]
    fn a_grey_picture_stays_one_colour() {
        let grey = augment(&[128; VALUES], SIDE, &mut Xoshiro256PlusPlus::seed_from_u64(2));
        for plane in grey.chunks_exact(PLANE) {
            assert!(plane.iter().all(|v| (v - plane[0]).abs() < 1e-6));
        }
    }
}
