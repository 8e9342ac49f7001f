//! Augmentation: the same thing seen a little differently, so that the classifier learns things, not pictures.

use rand::RngExt;
use rand::rngs::Xoshiro256PlusPlus;

use crate::picture::{CHANNELS, PLANE, SIDE, VALUES};

/// Largest shift, in pixels.
const SHIFT: f32 = 8.0;
/// Range of the zoom.
const ZOOM: std::ops::Range<f32> = 0.85..1.15;
/// Largest change of brightness, contrast and each channel's gain.
const LIGHT: f32 = 0.2;

/// Flips, shifts, zooms and relights a picture, and scales it to `side` x `side`; values stay in [0, 1].
///
/// Mirrored half of the time; sampled bilinearly; what comes in from outside repeats the border.
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
    // Where each row or column of the result comes from: two neighbours and the part of the second.
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
    fn pictures_stay_pictures_and_vary() {
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

    #[test]
    fn a_grey_picture_stays_one_colour() {
        let grey = augment(&[128; VALUES], SIDE, &mut Xoshiro256PlusPlus::seed_from_u64(2));
        for plane in grey.chunks_exact(PLANE) {
            assert!(plane.iter().all(|v| (v - plane[0]).abs() < 1e-6));
        }
    }
}
