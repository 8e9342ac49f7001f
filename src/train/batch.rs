//! Batches: seeds, shuffled order, and pictures as tensors.

use anyhow::{Context, Result};
use burn::tensor::{Device, Tensor, TensorData};
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::SliceRandom;

use crate::class::Class;
use crate::data::Pictures;
use crate::picture::{CHANNELS, SIDE, VALUES};
use crate::tensor::read;

/// Side, in pixels, of the pictures in the epochs on small pictures.
pub const SMALL: usize = 64;

/// Seed of one part of a training: part 0 is the shuffling of the epoch, part n + 1 its batch n.
pub(super) fn seed(seed: u64, epoch: usize, part: usize) -> u64 {
    // The odd factors keep neighbouring epochs and batches apart; `seed_from_u64` mixes the bits (SplitMix).
    seed.wrapping_add((epoch as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
        .wrapping_add((part as u64).wrapping_mul(0xd1b5_4a32_d192_ed03))
}

/// `indices` in the order of epoch `epoch`.
pub(super) fn shuffled(indices: &[usize], seed: u64, epoch: usize) -> Vec<usize> {
    let mut order = indices.to_vec();
    let seed = self::seed(seed, epoch, 0);
    order.shuffle(&mut Xoshiro256PlusPlus::seed_from_u64(seed));
    order
}

/// Reads the tensor's values from its device; a lost device is an error, not a panic.
pub(super) fn numbers<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>> {
    Ok(pollster::block_on(read(tensor))?)
}

/// Reads the value of a tensor of shape `[1]`.
pub(super) fn scalar(tensor: Tensor<1>) -> Result<f32> {
    numbers(tensor)?.first().copied().context("there is no value to read")
}

/// Pictures `indices`, unchanged, shape [n, 3, 96, 96], in [0, 1].
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

/// Values of n pictures as a tensor of shape [n, 3, side, side].
pub(super) fn to_batch(values: Vec<f32>, side: usize, device: &Device) -> Tensor<4> {
    let n = values.len() / (CHANNELS * side * side);
    Tensor::from_data(TensorData::new(values, [n, CHANNELS, side, side]), device)
}

/// Rows of numbers, one for each class, as a tensor of shape [n, 10].
pub(super) fn to_rows(
    rows: impl IntoIterator<Item = [f32; Class::COUNT]>,
    device: &Device,
) -> Tensor<2> {
    let values: Vec<f32> = rows.into_iter().flatten().collect();
    let shape = [values.len() / Class::COUNT, Class::COUNT];
    Tensor::from_data(TensorData::new(values, shape), device)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A changed algorithm, also one of `rand`, would make the same seed give another training.
    #[test]
    fn seeds_and_order_are_the_same_in_every_version() {
        let indices: Vec<usize> = (0..10).collect();
        assert_eq!(shuffled(&indices, 0, 0), [2, 3, 6, 4, 5, 8, 0, 1, 9, 7]);
        assert_eq!(shuffled(&indices, 7, 3), [9, 1, 7, 4, 6, 0, 8, 5, 3, 2]);
        assert_eq!(seed(7, 3, 2), 2_038_014_396_127_496_801);
    }

    #[test]
    fn every_epoch_batch_and_seed_has_its_own_numbers() {
        let mut seeds = std::collections::BTreeSet::new();
        for base in 0..4 {
            for epoch in 0..40 {
                seeds.extend((0..40).map(|part| seed(base, epoch, part)));
            }
        }
        assert_eq!(seeds.len(), 4 * 40 * 40);
    }
}
