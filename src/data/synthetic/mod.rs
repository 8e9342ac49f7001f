//! Drawn stand-ins for the photographs of the data set.
//!
//! Commands, tests and demonstrations need pictures of the ten classes on machines that hold no
//! data set. These are painted from a seed: each shows one subject of its class, in a typical
//! setting, under some light, through some lens. Settings are shared between classes, so that a
//! classifier trained on them has to look at the subject.

mod animals;
mod background;
mod brush;
mod shape;
mod vehicles;

use brush::{SIDE, Scene};
use image::{Rgb, RgbImage};

use super::Pictures;
use crate::class::Class;
use crate::error::Result;
use crate::picture::{PLANE, VALUES};

/// A list of drawn pictures, the classes taking turns. Each is drawn when it is read.
#[derive(Clone, Debug)]
pub struct Drawn {
    labels: Vec<Class>,
    first_seed: u64,
}

impl Drawn {
    /// `count` pictures to train on; another `seed` gives other ones.
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
        Self { first_seed: (seed << 32) | (1 << 31), ..Self::training(count, seed) }
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

/// Draws one picture of `class`, 96 pixels square.
///
/// The same class and seed give the same picture on every platform; another seed gives another
/// pose, colouring, setting and light.
pub fn draw(class: Class, seed: u64) -> RgbImage {
    // An odd multiplier spreads the classes over the seeds, so that pictures of two classes with
    // the same seed have nothing in common.
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

/// Takes the picture: light of some strength and warmth from some side, darker corners, and the
/// noise of a sensor.
fn photograph(scene: &mut Scene) -> RgbImage {
    let exposure = scene.exposure();
    let mean = exposure.iter().flatten().sum::<f32>() / (3 * exposure.len()) as f32;
    // A camera's automatic exposure: neither a night scene nor a white sky may lose its subject.
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
            // The sum of three even draws is close enough to the bell curve of sensor noise.
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

    /// Mean over all pixels and colours of the difference between two pictures, from 0 to 255.
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

    #[test]
    fn other_seeds_give_visibly_other_pictures() {
        for class in Class::ALL {
            for seed in 0..8 {
                let apart = distance(&draw(class, seed), &draw(class, seed + 1));
                assert!(apart > 8.0, "{class:?} {seed}: only {apart} apart");
            }
        }
    }

    #[test]
    fn pictures_have_the_size_of_the_data_set() {
        for class in Class::ALL {
            assert_eq!(draw(class, u64::MAX).dimensions(), (96, 96), "{class:?}");
        }
    }

    #[test]
    fn classes_differ_under_one_seed() {
        let pictures = Class::ALL.map(|class| draw(class, 3));
        for (i, a) in pictures.iter().enumerate() {
            for b in &pictures[..i] {
                assert!(distance(a, b) > 8.0);
            }
        }
    }

    #[test]
    fn no_picture_is_flat_or_blown_out() {
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
