//! Pictures whose squares stand in another order: colours and textures of what they showed, and no thing.

use rand::RngExt;
use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::SliceRandom;

use crate::picture::{CHANNELS, PLANE, SIDE, VALUES};

/// Squares in a row.
const CUTS: [usize; 5] = [3, 4, 6, 8, 12];

/// Cuts a picture (bytes, channel by channel) into squares and puts these together in random order.
pub fn shuffle(picture: &mut [u8; VALUES], rng: &mut Xoshiro256PlusPlus) {
    let cuts = CUTS[rng.random_range(0..CUTS.len())];
    shuffle_squares(picture, cuts, rng);
}

/// `cuts`: squares in a row.
fn shuffle_squares(picture: &mut [u8; VALUES], cuts: usize, rng: &mut Xoshiro256PlusPlus) {
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
    use rand::SeedableRng;

    fn sorted(picture: &[u8; VALUES], channel: usize) -> Vec<u8> {
        let mut plane = picture[channel * PLANE..(channel + 1) * PLANE].to_vec();
        plane.sort_unstable();
        plane
    }

    #[test]
    fn squares_stay_whole_and_keep_their_channels() {
        let mut picture = [0; VALUES];
        for (i, value) in picture.iter_mut().enumerate() {
            let (y, x) = (i / SIDE % SIDE, i % SIDE);
            *value = (i / PLANE * 16 + y / 24 * 4 + x / 24) as u8;
        }
        let before = picture;
        shuffle_squares(&mut picture, 4, &mut Xoshiro256PlusPlus::seed_from_u64(1));
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
}
