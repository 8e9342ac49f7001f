//! Outlier exposure: pictures of none of the ten classes, for which a classifier learns to be undecided. Hendrycks,
//! Mazeika & Dietterich 2019 (arXiv 1812.04606).
//!
//! Some pictures of each batch are replaced: one half by drawings of other things, the other half by the picture itself
//! cut into squares that are put together in random order. Their target is the same share for every class.

use rand::RngExt;
use rand::rngs::Xoshiro256PlusPlus;

use crate::class::Class;
use crate::data::synthetic::{Other, draw_other, shuffle};
use crate::picture::{PLANE, VALUES};

/// Drawings with the seeds from here on are for training; the first ones stay for measuring.
const FIRST_SEED: u64 = 1 << 32;

/// Replaces each picture (bytes, channel by channel) with this probability. Returns which ones were replaced.
pub(super) fn expose(
    pictures: &mut [[u8; VALUES]],
    share: f64,
    rng: &mut Xoshiro256PlusPlus,
) -> Vec<bool> {
    pictures
        .iter_mut()
        .map(|picture| {
            // Nothing is drawn without outliers: a training that was begun before there were any goes on the same.
            if share == 0.0 || !rng.random_bool(share) {
                return false;
            }
            if rng.random_bool(0.5) {
                let other = Other::ALL[rng.random_range(0..Other::ALL.len())];
                draw(other, FIRST_SEED + u64::from(rng.random::<u32>()), picture);
            } else {
                shuffle(picture, rng);
            }
            true
        })
        .collect()
}

/// An undecided prediction.
pub(super) const UNDECIDED: [f64; Class::COUNT] = [1.0 / Class::COUNT as f64; Class::COUNT];

fn draw(other: Other, seed: u64, picture: &mut [u8; VALUES]) {
    for (i, pixel) in draw_other(other, seed).pixels().enumerate() {
        for (channel, value) in pixel.0.into_iter().enumerate() {
            picture[channel * PLANE + i] = value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Pictures;
    use crate::data::synthetic::Drawn;
    use crate::picture::CHANNELS;
    use rand::SeedableRng;

    fn pictures(count: usize) -> Vec<[u8; VALUES]> {
        let drawn = Drawn::training(count, 0);
        let mut pictures = vec![[0; VALUES]; count];
        for (i, picture) in pictures.iter_mut().enumerate() {
            drawn.read(i, picture).unwrap();
        }
        pictures
    }

    fn sorted(picture: &[u8; VALUES], channel: usize) -> Vec<u8> {
        let mut plane = picture[channel * PLANE..(channel + 1) * PLANE].to_vec();
        plane.sort_unstable();
        plane
    }

    #[test]
    fn a_share_is_replaced_half_of_it_by_the_picture_s_own_squares() {
        let originals = pictures(300);
        let mut changed = originals.clone();
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
        let outliers = expose(&mut changed, 0.4, &mut rng);
        let count = outliers.iter().filter(|outlier| **outlier).count();
        assert!((90..150).contains(&count), "{count} of 300");
        let mut shuffled = 0;
        for ((before, after), outlier) in originals.iter().zip(&changed).zip(outliers) {
            assert_eq!(before != after, outlier);
            if outlier && (0..CHANNELS).all(|c| sorted(before, c) == sorted(after, c)) {
                shuffled += 1;
            }
        }
        assert!((count / 3..count * 2 / 3 + 1).contains(&shuffled), "{shuffled} of {count}");
    }

    #[test]
    fn without_outliers_nothing_is_drawn() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
        let (before, mut changed) = (rng.clone(), pictures(3));
        assert_eq!(expose(&mut changed, 0.0, &mut rng), [false; 3]);
        assert!(rng == before && changed == pictures(3));
    }
}
