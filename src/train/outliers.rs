//! Outlier exposure: pictures of none of the ten classes, for which a classifier learns to be undecided. Hendrycks,
//! Mazeika & Dietterich 2019 (arXiv 1812.04606).
//!
//! Some pictures of each batch are replaced: one half by drawings of other things, the other half by the picture itself
//! cut into squares that are put together in random order. Their target is the same share for every class.

use rand::RngExt;
use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::SliceRandom;

use crate::class::Class;
use crate::data::synthetic::{Other, draw_other};
use crate::picture::{CHANNELS, PLANE, SIDE, VALUES};

/// Squares in a row of a shuffled picture.
const CUTS: [usize; 5] = [3, 4, 6, 8, 12];

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
                let cuts = CUTS[rng.random_range(0..CUTS.len())];
                shuffle(picture, cuts, rng);
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

/// Puts the squares of a picture, `cuts` in a row, into random order.
fn shuffle(picture: &mut [u8; VALUES], cuts: usize, rng: &mut Xoshiro256PlusPlus) {
    let original = *picture;
    let side = SIDE / cuts;
    let mut order: Vec<usize> = (0..cuts * cuts).collect();
    order.shuffle(rng);
    for (to, from) in order.into_iter().enumerate() {
        for channel in 0..CHANNELS {
            for y in 0..side {
                let start = |square: usize| {
                    let (row, column) = (square / cuts, square % cuts);
                    channel * PLANE + (row * side + y) * SIDE + column * side
                };
                let (to, from) = (start(to), start(from));
                picture[to..to + side].copy_from_slice(&original[from..from + side]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Pictures;
    use crate::data::synthetic::Drawn;
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
    fn squares_stay_whole_and_keep_their_channels() {
        let mut picture = [0; VALUES];
        for (i, value) in picture.iter_mut().enumerate() {
            let (y, x) = (i / SIDE % SIDE, i % SIDE);
            *value = (i / PLANE * 16 + y / 24 * 4 + x / 24) as u8;
        }
        let before = picture;
        shuffle(&mut picture, 4, &mut Xoshiro256PlusPlus::seed_from_u64(1));
        assert_ne!(picture, before);
        for (i, value) in picture.iter().enumerate() {
            let corner =
                i / PLANE * PLANE + (i / SIDE % SIDE / 24 * 24) * SIDE + i % SIDE / 24 * 24;
            assert_eq!(*value, picture[corner], "a square of one value");
            assert_eq!(usize::from(*value) / 16, i / PLANE, "the channel");
        }
        for channel in 0..CHANNELS {
            assert_eq!(sorted(&picture, channel), sorted(&before, channel));
        }
    }

    #[test]
    fn without_outliers_nothing_is_drawn() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
        let (before, mut changed) = (rng.clone(), pictures(3));
        assert_eq!(expose(&mut changed, 0.0, &mut rng), [false; 3]);
        assert!(rng == before && changed == pictures(3));
    }
}
