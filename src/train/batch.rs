//! Batches: shuffled order, seeds, and reading pictures into tensors.

use anyhow::{Context, Result};
use burn::tensor::{Device, Tensor, TensorData};
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::SliceRandom;

use crate::data::Pictures;
use crate::picture::{CHANNELS, SIDE, VALUES};
use crate::tensor::read;

/// Side of the pictures of the first epochs, if those are to be small.
pub const SMALL: usize = 64;

/// Of the random choices of one place: 0 is the epoch's shuffling, n + 1 its batch n.
pub(super) fn seed(seed: u64, epoch: usize, place: usize) -> u64 {
    // SplitMix, inside `seed_from_u64`, tells apart what these odd factors keep from colliding.
    seed.wrapping_add((epoch as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
        .wrapping_add((place as u64).wrapping_mul(0xd1b5_4a32_d192_ed03))
}

pub(super) fn shuffled(indices: &[usize], seed: u64, epoch: usize) -> Vec<usize> {
    let mut order = indices.to_vec();
    let seed = self::seed(seed, epoch, 0);
    order.shuffle(&mut Xoshiro256PlusPlus::seed_from_u64(seed));
    order
}

/// The tensor's numbers; an error, not a panic, when the device is lost.
pub(super) fn numbers<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>> {
    Ok(pollster::block_on(read(tensor))?)
}

/// The only number of a tensor of shape `[1]`.
pub(super) fn scalar(tensor: Tensor<1>) -> Result<f32> {
    numbers(tensor)?.first().copied().context("there is no number to read")
}

/// Pictures as they are, [n, 3, 96, 96] in [0, 1].
pub(super) fn read_batch(
    pictures: &dyn Pictures,
    indices: &[usize],
    device: &Device,
) -> Result<Tensor<4>> {
    let mut values = Vec::with_capacity(indices.len() * VALUES);
    let mut bytes = [0; VALUES];
    for index in indices {
        pictures.read(*index, &mut bytes)?;
        values.extend(bytes.iter().map(|b| f32::from(*b) / 255.0));
    }
    Ok(to_batch(values, SIDE, device))
}

/// [n, 3, side, side]
pub(super) fn to_batch(values: Vec<f32>, side: usize, device: &Device) -> Tensor<4> {
    let n = values.len() / (CHANNELS * side * side);
    Tensor::from_data(TensorData::new(values, [n, CHANNELS, side, side]), device)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Golden values: a seed must mean the same order and the same random choices in every version.
    #[test]
    fn the_order_and_the_seeds_of_an_epoch() {
        let indices: Vec<usize> = (10..20).collect();
        let order = |seed, epoch| shuffled(&indices, seed, epoch);
        assert_eq!(order(0, 0), [12, 13, 16, 14, 15, 18, 10, 11, 19, 17]);
        assert_eq!(order(0, 1), [19, 18, 13, 15, 17, 11, 14, 10, 12, 16]);
        assert_eq!(order(1, 0), [12, 14, 15, 13, 18, 11, 16, 10, 17, 19]);
        assert_eq!(seed(0, 0, 0), 11_400_714_819_323_198_485);
        assert_eq!(seed(7, 3, 2), 2_038_014_396_127_496_801);
    }
}
