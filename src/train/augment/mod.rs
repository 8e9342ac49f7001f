//! Augmentation of training pictures: random flips, shifts, zooms and changes of light, and what cameras do.

mod camera;
mod sample;

use clap::ValueEnum;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};
use rayon::prelude::*;
use serde::Serialize;

use self::sample::{Window, sample};
use crate::picture::{CHANNELS, VALUES};

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
    /// As all; in addition random crops, and what cameras, screens and files do: blur, small sizes, noise, exposure, white
    /// balance, JPEG. Validation then takes the mean of four accuracies: on the pictures held out as they are, blurred by
    /// 2 pixels, shrunk to 32x32 and back, and as JPEG of quality 30
    Camera,
    /// Half of the pictures are flipped horizontally
    Flip,
    /// Pictures stay as they are
    None,
}

impl Augmentation {
    /// Augments pictures, on all cores, and scales them to `side` x `side` pixels. Returns the values of each, planes R,
    /// G, B, in [0, 1], and whether it was flipped.
    pub fn apply_to_all(
        self,
        pictures: &[[u8; VALUES]],
        side: usize,
        rng: &mut Xoshiro256PlusPlus,
    ) -> Vec<(Vec<f32>, bool)> {
        if self != Augmentation::Camera {
            let augment = |bytes| {
                let flip = self.flips(&mut rng.clone());
                (self.apply(bytes, side, rng), flip)
            };
            return pictures.iter().map(augment).collect();
        }
        // A generator for each picture, so that the cores need not wait for each other.
        let seeds: Vec<u64> = pictures.iter().map(|_| rng.random()).collect();
        let augment = |(bytes, seed): (&[u8; VALUES], u64)| {
            let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
            let flip = self.flips(&mut rng.clone());
            (self.apply(bytes, side, &mut rng), flip)
        };
        pictures.par_iter().zip(seeds).map(augment).collect()
    }

    /// Augments a picture, and scales it to `side` x `side` pixels; returns its values, planes R, G, B, in [0, 1].
    pub fn apply(
        self,
        bytes: &[u8; VALUES],
        side: usize,
        rng: &mut Xoshiro256PlusPlus,
    ) -> Vec<f32> {
        let flip = self.flips(rng);
        let values = bytes.map(|byte| f32::from(byte) / 255.0);
        match self {
            Augmentation::Flip | Augmentation::None => sample(&values, side, flip, Window::WHOLE),
            Augmentation::All => shifted_and_relit(&values, side, flip, rng),
            Augmentation::Camera => camera::apply(&values, side, flip, rng),
        }
    }

    /// Whether to flip the next picture: the first number that [`Augmentation::apply`] draws for it.
    pub fn flips(self, rng: &mut Xoshiro256PlusPlus) -> bool {
        self != Augmentation::None && rng.random_bool(0.5)
    }

    /// Whether a picture is always itself or its mirror image.
    pub fn repeats(self) -> bool {
        matches!(self, Augmentation::Flip | Augmentation::None)
    }
}

/// The picture zoomed, shifted, and in another light.
fn shifted_and_relit(
    values: &[f32],
    side: usize,
    flip: bool,
    rng: &mut Xoshiro256PlusPlus,
) -> Vec<f32> {
    let window = shifted(rng);
    let contrast = 1.0 + rng.random_range(-LIGHT..LIGHT);
    let brightness = rng.random_range(-LIGHT..LIGHT) / 2.0;
    let gain: [f32; CHANNELS] =
        std::array::from_fn(|_| 1.0 + rng.random_range(-LIGHT..LIGHT) / 2.0);
    let mut values = sample(values, side, flip, window);
    for (plane, gain) in values.chunks_exact_mut(side * side).zip(gain) {
        for value in plane {
            *value = (((*value - 0.5) * contrast + 0.5 + brightness) * gain).clamp(0.0, 1.0);
        }
    }
    values
}

/// A window that zooms and shifts a little.
fn shifted(rng: &mut Xoshiro256PlusPlus) -> Window {
    let zoom = rng.random_range(ZOOM);
    let shift = std::array::from_fn(|_| rng.random_range(-SHIFT..SHIFT));
    Window { zoom: [zoom; 2], shift }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::{PLANE, SIDE};

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

    /// Whichever core takes which picture, and however many there are.
    #[test]
    fn many_pictures_are_augmented_in_order_and_by_the_seed_alone() {
        let pictures: Vec<[u8; VALUES]> =
            (0..5).map(|n| std::array::from_fn(|i| ((i * 7 + n * 31) % 256) as u8)).collect();
        for augmentation in [Augmentation::All, Augmentation::Flip, Augmentation::Camera] {
            let all = |count: usize, threads: usize| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
                pool.install(|| augmentation.apply_to_all(&pictures[..count], SIDE, &mut rng))
            };
            let first = all(5, 1);
            assert!(first == all(5, 3), "{augmentation:?}");
            assert!((0..5).all(|i| (0..i).all(|j| first[i].0 != first[j].0)), "{augmentation:?}");
            if augmentation == Augmentation::Flip {
                for (bytes, (values, flipped)) in pictures.iter().zip(&first) {
                    let first = if *flipped { bytes[SIDE - 1] } else { bytes[0] };
                    assert_eq!(values[0], f32::from(first) / 255.0);
                }
            }
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
