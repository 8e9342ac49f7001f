//! Seeds: random numbers follow from what they are for, not from the order in which things are computed.

use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

/// Random numbers for a batch: a generator for each image.
#[derive(Clone, Copy, Debug)]
pub struct Draw<'a> {
    /// Whose choice it is.
    pub seed: u64,
    /// A number for each image, such as its index in the dataset.
    pub ids: &'a [u64],
    /// Tells the draws of one seed for one image apart.
    pub number: u64,
}

impl<'a> Draw<'a> {
    /// A generator for each image. It follows from (seed, id, number) alone, not from the image's position in the
    /// batch or from the size of the batch.
    pub fn generators(self) -> impl Iterator<Item = Xoshiro256PlusPlus> + 'a {
        self.ids
            .iter()
            .map(move |id| Xoshiro256PlusPlus::seed_from_u64(mix(self.seed, *id, self.number)))
    }
}

/// One seed out of three numbers; odd factors keep neighbours from colliding.
fn mix(seed: u64, id: u64, number: u64) -> u64 {
    seed.wrapping_add(id.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
        .wrapping_add(number.wrapping_add(1).wrapping_mul(0xd1b5_4a32_d192_ed03))
}
