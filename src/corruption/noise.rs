//! A sensor's noise.

use rand::{Rng, RngExt};
use rand_distr::StandardNormal;

use crate::picture::Picture;

/// Adds Gaussian noise of this standard deviation to every value, and cuts at black and white.
pub fn noise<R: Rng>(picture: &Picture, deviation: f32, rng: &mut R) -> Picture {
    let noisy = |value: &f32| value + rng.sample::<f32, _>(StandardNormal) * deviation;
    let values = picture.values().iter().map(noisy).collect();
    Picture::clamped(values).expect("normal noise is finite")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::VALUES;
    use rand::SeedableRng;
    use rand::rngs::Xoshiro256PlusPlus;

    #[test]
    fn noise_has_its_deviation_no_mean_and_no_repetition() {
        let grey = Picture::new(vec![0.5; VALUES]).unwrap();
        let noisy = noise(&grey, 0.05, &mut Xoshiro256PlusPlus::seed_from_u64(1));
        let of = |power| noisy.values().iter().map(|v| (v - 0.5).powi(power)).sum::<f32>();
        let n = VALUES as f32;
        assert!((of(1) / n).abs() < 1e-3 && ((of(2) / n).sqrt() - 0.05).abs() < 1e-3);
        // Neighbours, channels and rows are independent of each other.
        for lag in [1, 96, 96 * 96] {
            let pairs = noisy.values().iter().zip(&noisy.values()[lag..]);
            let together = pairs.map(|(a, b)| (a - 0.5) * (b - 0.5)).sum::<f32>() / n;
            assert!(together.abs() < 1e-4, "{lag}: {together}");
        }
    }
}
