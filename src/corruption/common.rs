//! The corruptions that evaluations apply, in five severities each (Hendrycks & Dietterich 2019, *Benchmarking Neural
//! Network Robustness to Common Corruptions and Perturbations*, arXiv 1903.12261).
//!
//! The parameters are ImageNet-C's, for pictures of 224x224. What is measured in pixels is scaled to pictures of 96x96: the
//! blur's standard deviation by 96/224, and the pixelated picture's side is the same share of the picture's. Noise,
//! contrast, brightness and JPEG's quality do not depend on the size, and are as they are there. JPEG's blocks have 8x8
//! pixels at any size, and cover more of a small picture.

use std::fmt;

use serde::Serialize;

use super::Corruption;
use crate::picture::SIDE;

/// A corruption, of five severities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CommonCorruption {
    /// Gaussian noise.
    Noise,
    /// Gaussian blur.
    Blur,
    /// Less contrast.
    Contrast,
    /// More light.
    Brightness,
    /// JPEG compression.
    Jpeg,
    /// Large pixels.
    Pixelate,
}

/// The side of ImageNet-C's pictures.
const THEIR_SIDE: f32 = 224.0;

impl CommonCorruption {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Noise, Self::Blur, Self::Contrast, Self::Brightness, Self::Jpeg, Self::Pixelate];

    /// The number of severities, which count from 1.
    pub const SEVERITIES: usize = 5;

    /// The parameter of a severity: a standard deviation, a factor, a quality, a side in pixels.
    ///
    /// # Panics
    /// When the severity is not one of 1 to 5.
    pub fn parameter(self, severity: usize) -> f32 {
        let of_imagenet_c = match self {
            Self::Noise => [0.08, 0.12, 0.18, 0.26, 0.38],
            Self::Blur => [1.0, 2.0, 3.0, 4.0, 6.0],
            Self::Contrast => [0.4, 0.3, 0.2, 0.1, 0.05],
            Self::Brightness => [0.1, 0.2, 0.3, 0.4, 0.5],
            Self::Jpeg => [25.0, 18.0, 15.0, 10.0, 7.0],
            Self::Pixelate => [0.6, 0.5, 0.4, 0.3, 0.25],
        };
        let parameter: f32 = of_imagenet_c[severity - 1];
        match self {
            Self::Blur => parameter * SIDE as f32 / THEIR_SIDE,
            Self::Pixelate => (parameter * SIDE as f32).floor(),
            _ => parameter,
        }
    }

    /// The corruption of a severity.
    ///
    /// # Panics
    /// As [`CommonCorruption::parameter`].
    pub fn at(self, severity: usize) -> Corruption {
        let parameter = self.parameter(severity);
        match self {
            Self::Noise => Corruption::Noise(parameter),
            Self::Blur => Corruption::Blur(parameter),
            Self::Contrast => Corruption::Contrast(parameter),
            Self::Brightness => Corruption::Brightness(parameter),
            Self::Jpeg => Corruption::Jpeg(parameter as u8),
            Self::Pixelate => Corruption::Pixelate(parameter as usize),
        }
    }
}

impl fmt::Display for CommonCorruption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Noise => "noise",
            Self::Blur => "blur",
            Self::Contrast => "contrast",
            Self::Brightness => "brightness",
            Self::Jpeg => "jpeg",
            Self::Pixelate => "pixelate",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corruption::jpeg_file;
    use crate::corruption::tests::{apart, detailed};
    use rand::SeedableRng;
    use rand::rngs::Xoshiro256PlusPlus;

    #[test]
    fn each_severity_changes_a_picture_more_than_the_one_before() {
        let picture = detailed();
        for corruption in CommonCorruption::ALL {
            let changes: Vec<f32> = (1..=CommonCorruption::SEVERITIES)
                .map(|severity| {
                    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
                    apart(&picture, &corruption.at(severity).apply(&picture, &mut rng))
                })
                .collect();
            assert!(changes[0] > 0.0, "{corruption}");
            assert!(changes.windows(2).all(|pair| pair[0] < pair[1]), "{corruption}: {changes:?}");
        }
    }

    #[test]
    fn what_is_measured_in_pixels_is_scaled_and_nothing_else() {
        let at =
            |corruption: CommonCorruption| [1, 5].map(|severity| corruption.parameter(severity));
        let near = |found: [f32; 2], expected: [f32; 2]| {
            found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-5)
        };
        assert!(near(at(CommonCorruption::Blur), [96.0 / 224.0, 6.0 * 96.0 / 224.0]));
        assert!(near(at(CommonCorruption::Pixelate), [57.0, 24.0]));
        assert!(near(at(CommonCorruption::Noise), [0.08, 0.38]));
        assert!(near(at(CommonCorruption::Jpeg), [25.0, 7.0]));
        assert!(near(at(CommonCorruption::Contrast), [0.4, 0.05]));
        assert!(near(at(CommonCorruption::Brightness), [0.1, 0.5]));
    }

    /// A quality that is not passed on would leave the file as large.
    #[test]
    fn jpeg_files_become_smaller_with_each_severity() {
        let picture = detailed();
        let sizes: Vec<usize> = (1..=CommonCorruption::SEVERITIES)
            .map(|severity| {
                jpeg_file(&picture, CommonCorruption::Jpeg.parameter(severity) as u8).len()
            })
            .collect();
        assert!(sizes.windows(2).all(|pair| pair[1] < pair[0]), "{sizes:?}");
        // Half of the first one is tables, which each file has.
        assert!(sizes[4] * 10 < sizes[0] * 9, "{sizes:?}");
    }
}
