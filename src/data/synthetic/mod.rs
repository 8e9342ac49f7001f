//! Synthetic ("drawn") pictures of the ten classes, for commands, tests and demonstrations on
//! machines without the dataset.
//!
//! Each picture is generated from a seed. It shows one subject of its class in front of a typical
//! background, with random light and camera noise. Classes share backgrounds, so a classifier that
//! is trained on these pictures cannot rely on the background.
//!
//! - `animals`, `vehicles`: the subjects, a file for each class.
//! - `others`: pictures of none of the ten classes.
//! - `background`: what is behind the subject.
//! - `brush`, `shape`: painting and outlines.

mod animals;
mod background;
mod brush;
mod others;
mod shape;
mod vehicles;

use brush::{SIDE, Scene};
use image::{Rgb, RgbImage};
pub use others::{Other, draw_other, shuffle};

use super::Pictures;
use crate::class::Class;
use crate::error::Result;
use crate::picture::{PLANE, VALUES};

/// A dataset of drawn pictures. The classes alternate. A picture is drawn when it is read.
#[derive(Clone, Debug)]
pub struct Drawn {
    labels: Vec<Class>,
    first_seed: u64,
}

impl Drawn {
    /// `count` pictures for training; a different `seed` gives different pictures.
    pub fn training(count: usize, seed: u64) -> Self {
        Self {
            labels: Class::ALL.into_iter().cycle().take(count).collect(),
            first_seed: seed << 32,
        }
    }

    /// `count` pictures to choose weights and thresholds by: none of them is among the first thousand million
    /// to train on, nor among those to measure on.
    pub fn held_out(count: usize, seed: u64) -> Self {
        Self { first_seed: (seed << 32) | (1 << 30), ..Self::training(count, seed) }
    }

    /// `count` pictures to measure on: none of them is among the first two thousand million to train on.
    pub fn test(count: usize, seed: u64) -> Self {
        Self { first_seed: Self::first_test_seed(seed), ..Self::training(count, seed) }
    }

    /// The seed of the first picture of [`Drawn::test`]; the next ones have the next seeds.
    pub fn first_test_seed(seed: u64) -> u64 {
        (seed << 32) | (1 << 31)
    }
}

impl Pictures for Drawn {
    fn len(&self) -> usize {
        self.labels.len()
    }

    fn labels(&self) -> &[Class] {
        &self.labels
    }

    fn read(&self, index: usize, bytes: &mut [u8; VALUES]) -> Result<()> {
        let picture = draw(self.labels[index], self.first_seed.wrapping_add(index as u64));
        for (i, pixel) in picture.pixels().enumerate() {
            for (channel, value) in pixel.0.into_iter().enumerate() {
                bytes[channel * PLANE + i] = value;
            }
        }
        Ok(())
    }
}

/// Draws one picture of `class`: RGB, 96 pixels wide and high.
///
/// The result is the same on every platform for the same class and seed. The seed determines pose,
/// colours, background and light.
pub fn draw(class: Class, seed: u64) -> RgbImage {
    // The multiplier gives each class different random numbers for the same seed, so that pictures
    // of two classes with the same seed have nothing in common.
    let mixed = seed ^ (class as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut scene = Scene::new(mixed);
    let paint = match class {
        Class::Airplane => vehicles::airplane,
        Class::Bird => animals::bird,
        Class::Car => vehicles::car,
        Class::Cat => animals::cat,
        Class::Deer => animals::deer,
        Class::Dog => animals::dog,
        Class::Horse => animals::horse,
        Class::Monkey => animals::monkey,
        Class::Ship => vehicles::ship,
        Class::Truck => vehicles::truck,
    };
    paint(&mut scene);
    photograph(&mut scene)
}

/// Simulates the camera: exposure, contrast, colour temperature, light from one side, vignetting
/// (darker corners) and sensor noise.
fn photograph(scene: &mut Scene) -> RgbImage {
    let exposure = scene.exposure();
    let mean = exposure.iter().flatten().sum::<f32>() / (3 * exposure.len()) as f32;
    // Automatic exposure: the subject stays visible in a night scene and before a white sky.
    let brightness = scene.between(0.84, 1.12) * (mean.clamp(85.0, 180.0) / mean);
    let contrast = scene.between(0.88, 1.1);
    let warmth = scene.between(-0.06, 0.07);
    let tint = [1.0 + warmth, 1.0, 1.0 - warmth];
    let slant = (scene.between(-0.12, 0.12), scene.between(-0.08, 0.04));
    let vignette = scene.between(0.0, 0.2);
    let noise = scene.between(1.5, 5.0);

    let mut picture = RgbImage::new(SIDE, SIDE);
    for ((x, y, pixel), light) in picture.enumerate_pixels_mut().zip(exposure) {
        let from_centre = |at: u32| at as f32 * 2.0 / SIDE as f32 - 1.0;
        let (u, v) = (from_centre(x), from_centre(y));
        let fall = 1.0 + slant.0 * u + slant.1 * v - vignette * (u * u + v * v) / 2.0;
        let mut part = [0; 3];
        for ((part, light), tint) in part.iter_mut().zip(light).zip(tint) {
            let exposed = ((light - 128.0) * contrast + 128.0) * brightness * fall * tint;
            // The sum of three uniform numbers approximates the normal distribution of sensor noise.
            let grain: f32 = (0..3).map(|_| scene.between(-1.0, 1.0)).sum();
            *part = (exposed + grain * noise + 0.5) as u8;
        }
        *pixel = Rgb(part);
    }
    picture
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean absolute difference between two pictures over all pixels and channels, from 0 to 255.
    fn distance(a: &RgbImage, b: &RgbImage) -> f64 {
        let sum: f64 = a.iter().zip(b.iter()).map(|(&a, &b)| f64::from(a.abs_diff(b))).sum();
        sum / (a.len() as f64)
    }

    #[test]
    fn the_same_seed_gives_the_same_picture() {
        for class in Class::ALL {
            assert_eq!(draw(class, 7), draw(class, 7), "{class:?}");
        }
    }

    /// The page's samples were drawn by an earlier version; a changed drawing changes all synthetic data.
    #[test]
    fn the_drawings_are_the_same_in_every_version() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("www/samples");
        let mut classes = std::collections::BTreeSet::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap();
            let (class, seed) = name.split_once('-').unwrap();
            let sample = image::open(&path).unwrap().to_rgb8();
            let drawn = draw(class.parse().unwrap(), seed.parse().unwrap());
            assert!(drawn == sample, "{name} is {} grey levels apart", distance(&drawn, &sample));
            classes.insert(class.to_owned());
        }
        assert_eq!(classes.len(), Class::COUNT);
    }

    #[test]
    fn different_seeds_give_clearly_different_pictures() {
        for class in Class::ALL {
            for seed in 0..8 {
                let apart = distance(&draw(class, seed), &draw(class, seed + 1));
                assert!(apart > 8.0, "{class:?} {seed}: only {apart} apart");
            }
        }
    }

    #[test]
    fn pictures_have_the_size_of_the_dataset() {
        for class in Class::ALL {
            assert_eq!(draw(class, u64::MAX).dimensions(), (96, 96), "{class:?}");
        }
    }

    #[test]
    fn classes_differ_for_the_same_seed() {
        let pictures = Class::ALL.map(|class| draw(class, 3));
        for (i, a) in pictures.iter().enumerate() {
            for b in &pictures[..i] {
                assert!(distance(a, b) > 8.0);
            }
        }
    }

    #[test]
    fn brightness_and_contrast_are_in_range() {
        for class in Class::ALL {
            for seed in 0..24 {
                let picture = draw(class, seed);
                let n = picture.len() as f64;
                let mean = picture.iter().map(|&v| f64::from(v)).sum::<f64>() / n;
                let spread = picture.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>();
                let deviation = (spread / n).sqrt();
                assert!((30.0..230.0).contains(&mean), "{class:?} {seed}: mean {mean}");
                assert!(deviation > 12.0, "{class:?} {seed}: deviation {deviation}");
            }
        }
    }
}
