//! Draws pictures that show none of the ten classes: other things, patterns and noise.
//!
//! For choosing and measuring what a classifier takes for familiar, and for showing it while it is trained. They stand
//! in front of the same backgrounds as the subjects of the ten classes, so that the background tells nothing.

mod patterns;
mod shuffled;
mod things;

use std::fmt;

use image::RgbImage;

pub use shuffled::shuffle;

use super::brush::Scene;
use super::photograph;

/// What a picture of none of the ten classes shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(not(target_arch = "wasm32"), derive(clap::ValueEnum))]
#[cfg_attr(not(target_arch = "wasm32"), value(rename_all = "lower"))]
pub enum Other {
    /// A face, close
    Face,
    /// One to three persons, standing
    People,
    /// A cup on a table
    Cup,
    /// A tree
    Tree,
    /// A house
    House,
    /// A flower, close
    Flower,
    /// Fruit on a table
    Fruit,
    /// A background with nothing in front of it
    Landscape,
    /// Lines of letters
    Text,
    /// Rectangles, discs and triangles
    Shapes,
    /// Waves of two colours
    Stripes,
    /// Noise, fine or coarse
    Noise,
}

impl Other {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Face,
        Self::People,
        Self::Cup,
        Self::Tree,
        Self::House,
        Self::Flower,
        Self::Fruit,
        Self::Landscape,
        Self::Text,
        Self::Shapes,
        Self::Stripes,
        Self::Noise,
    ];
}

impl fmt::Display for Other {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Face => "face",
            Self::People => "people",
            Self::Cup => "cup",
            Self::Tree => "tree",
            Self::House => "house",
            Self::Flower => "flower",
            Self::Fruit => "fruit",
            Self::Landscape => "landscape",
            Self::Text => "text",
            Self::Shapes => "shapes",
            Self::Stripes => "stripes",
            Self::Noise => "noise",
        })
    }
}

/// Draws one picture of `other`: RGB, 96 pixels wide and high. The same on every platform for the same seed.
pub fn draw_other(other: Other, seed: u64) -> RgbImage {
    // Other numbers than those of the ten classes, see [`super::draw`].
    let mixed = seed ^ (other as u64 + 101).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut scene = Scene::new(mixed);
    let paint = match other {
        Other::Face => things::face,
        Other::People => things::people,
        Other::Cup => things::cup,
        Other::Tree => things::tree,
        Other::House => things::house,
        Other::Flower => things::flower,
        Other::Fruit => things::fruit,
        Other::Landscape => things::landscape,
        Other::Text => patterns::text,
        Other::Shapes => patterns::shapes,
        Other::Stripes => patterns::stripes,
        Other::Noise => patterns::noise,
    };
    paint(&mut scene);
    photograph(&mut scene)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::Class;
    use crate::data::synthetic::draw;

    fn distance(a: &RgbImage, b: &RgbImage) -> f64 {
        let sum: f64 = a.iter().zip(b.iter()).map(|(&a, &b)| f64::from(a.abs_diff(b))).sum();
        sum / a.len() as f64
    }

    #[test]
    fn each_kind_and_seed_gives_a_picture_of_its_own_and_always_the_same() {
        for (i, other) in Other::ALL.into_iter().enumerate() {
            for seed in 0..8 {
                let picture = draw_other(other, seed);
                assert_eq!(picture.dimensions(), (96, 96));
                assert!(picture == draw_other(other, seed), "{other} {seed}");
                assert!(distance(&picture, &draw_other(other, seed + 1)) > 5.0, "{other} {seed}");
                let n = picture.len() as f64;
                let mean = picture.iter().map(|v| f64::from(*v)).sum::<f64>() / n;
                let squares = picture.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum::<f64>();
                assert!((25.0..235.0).contains(&mean), "{other} {seed}: mean {mean}");
                assert!((squares / n).sqrt() > 8.0, "{other} {seed}: nothing is seen");
            }
            for before in &Other::ALL[..i] {
                assert!(distance(&draw_other(other, 3), &draw_other(*before, 3)) > 8.0);
            }
            for class in Class::ALL {
                assert!(distance(&draw_other(other, 3), &draw(class, 3)) > 8.0, "{other} {class}");
            }
        }
    }

    #[test]
    fn names_are_those_of_the_command_line() {
        use clap::ValueEnum;
        for other in Other::ALL {
            assert_eq!(Other::from_str(&other.to_string(), false).unwrap(), other);
        }
        assert_eq!(Other::value_variants(), Other::ALL);
    }
}
