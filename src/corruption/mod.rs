//! What cameras, screens and files do to a picture. Each is a function from a picture and a strength to a picture, in
//! a file of its own.
//!
//! Training augments with them, validation measures how well a classifier stands them, evaluation whether the detector
//! takes them for attacks ([`CommonCorruption`]).

mod blur;
mod brightness;
mod common;
mod contrast;
mod jpeg;
mod light;
mod noise;
mod pixelate;
mod shrink;

pub use blur::blur;
pub use brightness::brightness;
pub use common::CommonCorruption;
pub use contrast::contrast;
pub use jpeg::jpeg;
#[cfg(test)]
use jpeg::jpeg_file;
pub use light::gain;
pub use noise::noise;
pub use pixelate::pixelate;
pub use shrink::{Filter, shrink};

use rand::Rng;

use crate::picture::{CHANNELS, Picture};

/// One corruption with its strength.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Corruption {
    /// Gaussian blur of a standard deviation in pixels.
    Blur(f32),
    /// Scaled down to so many pixels a side, and back.
    Shrink(usize, Filter),
    /// Gaussian noise of a standard deviation; values range from 0 to 1.
    Noise(f32),
    /// Each channel multiplied by a factor: exposure and white balance.
    Gain([f32; CHANNELS]),
    /// Compressed as a JPEG file of this quality, 1 to 100.
    Jpeg(u8),
    /// Every value moved towards its channel's mean; the share of the distance that is left.
    Contrast(f32),
    /// So much more light at the same hue and saturation; values range from 0 to 1.
    Brightness(f32),
    /// So many pixels a side, each a block of one colour.
    Pixelate(usize),
}

impl Corruption {
    /// Corrupts a picture; noise is drawn from `rng`.
    pub fn apply<R: Rng>(self, picture: &Picture, rng: &mut R) -> Picture {
        match self {
            Corruption::Blur(sigma) => blur(picture, sigma),
            Corruption::Shrink(side, filter) => shrink(picture, side, filter),
            Corruption::Noise(deviation) => noise(picture, deviation, rng),
            Corruption::Gain(factors) => gain(picture, factors),
            Corruption::Jpeg(quality) => jpeg(picture, quality),
            Corruption::Contrast(factor) => contrast(picture, factor),
            Corruption::Brightness(light) => brightness(picture, light),
            Corruption::Pixelate(side) => pixelate(picture, side),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::{PLANE, SIDE, VALUES};

    /// A picture with fine and coarse detail, another one in each channel.
    pub fn detailed() -> Picture {
        let value = |i: usize| {
            let (channel, y, x) = (i / PLANE, i / SIDE % SIDE, i % SIDE);
            let coarse = (y as f32 * 0.11 + channel as f32).sin() + (x as f32 * 0.07).cos();
            let fine = ((x * 7 + y * 13 + channel * 5) % 11) as f32 / 11.0 - 0.5;
            (0.5 + 0.2 * coarse + 0.15 * fine).clamp(0.0, 1.0)
        };
        Picture::new((0..VALUES).map(value).collect()).unwrap()
    }

    /// Mean absolute difference.
    pub fn apart(a: &Picture, b: &Picture) -> f32 {
        let differences = a.values().iter().zip(b.values()).map(|(a, b)| (a - b).abs());
        differences.sum::<f32>() / VALUES as f32
    }

    #[test]
    fn each_corruption_is_the_one_that_its_name_says_and_grows_with_its_strength() {
        let picture = detailed();
        let of = |corruption: Corruption| {
            let mut rng = rand::rngs::Xoshiro256PlusPlus::from_seed([7; 32]);
            apart(&picture, &corruption.apply(&picture, &mut rng))
        };
        use rand::SeedableRng;
        let rising = |corruptions: [Corruption; 3]| {
            let [a, b, c] = corruptions.map(of);
            assert!(0.0 < a && a < b && b < c, "{corruptions:?}: {a} {b} {c}");
        };
        rising([0.4, 1.0, 2.0].map(Corruption::Blur));
        rising([80, 48, 24].map(|side| Corruption::Shrink(side, Filter::Cubic)));
        rising([0.01, 0.05, 0.1].map(Corruption::Noise));
        rising([0.95, 0.8, 0.6].map(|factor| Corruption::Gain([factor; CHANNELS])));
        rising([90, 50, 10].map(Corruption::Jpeg));
    }

    /// Nothing may move a flat picture's colour but light and noise.
    #[test]
    fn a_flat_picture_stays_as_it_is() {
        let colours = [0.2f32, 0.5, 0.8];
        let values: Vec<f32> = colours.iter().flat_map(|c| [*c; PLANE]).collect();
        let flat = Picture::new(values).unwrap();
        for (changed, tolerance) in [
            (blur(&flat, 2.0), 1e-6),
            (shrink(&flat, 32, Filter::Linear), 1e-6),
            (shrink(&flat, 24, Filter::Lanczos), 1e-6),
            (jpeg(&flat, 30), 0.025),
            (contrast(&flat, 0.05), 1e-5),
            (pixelate(&flat, 28), 1e-6),
        ] {
            for (before, after) in flat.values().iter().zip(changed.values()) {
                assert!((before - after).abs() < tolerance, "{before} {after}");
            }
        }
    }
}
