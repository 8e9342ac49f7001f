//! What a network that stays as it is makes of the pictures, computed once for all epochs.

use anyhow::Result;
use burn::tensor::{Device, Tensor};

use super::batch::{numbers, read_batch};
use crate::class::Class;
use crate::data::Pictures;
use crate::model::Classifier;
use crate::progress::Meter;

/// Pictures in a batch.
const BATCH: usize = 64;

/// Logits of a picture.
pub(super) type Logits = [f32; Class::COUNT];

/// Logits of the pictures `indices`, each at its index in the data; zeros for the others. The pictures are flipped
/// horizontally first if `flipped`. `classifier` is frozen, on `device`; `what` is shown as the progress.
///
/// # Errors
/// When a picture cannot be read, or the device fails.
pub(super) fn predict(
    pictures: &dyn Pictures,
    indices: &[usize],
    flipped: bool,
    classifier: &Classifier,
    device: &Device,
    what: &str,
) -> Result<Vec<Logits>> {
    let mut logits = vec![[0.0; Class::COUNT]; pictures.len()];
    let run = |x| numbers(classifier.forward(x));
    for_each(pictures, indices, flipped, device, what, run, |index, row| {
        logits[index].copy_from_slice(row);
    })?;
    Ok(logits)
}

/// Computes with the pictures `indices` in batches [n, 3, 96, 96] on `device`, flipped horizontally first if `flipped`.
/// `run` returns as many numbers for each picture of its batch as for any other; `keep` gets a picture's index and its
/// numbers. `what` is shown as the progress.
///
/// # Errors
/// When a picture cannot be read, or `run` fails.
pub(super) fn for_each(
    pictures: &dyn Pictures,
    indices: &[usize],
    flipped: bool,
    device: &Device,
    what: &str,
    mut run: impl FnMut(Tensor<4>) -> Result<Vec<f32>>,
    mut keep: impl FnMut(usize, &[f32]),
) -> Result<()> {
    let mut meter = Meter::new(indices.len().div_ceil(BATCH), 0);
    for batch in indices.chunks(BATCH) {
        let x = read_batch(pictures, batch, device)?;
        let values = run(if flipped { x.flip([3]) } else { x })?;
        for (index, row) in batch.iter().zip(values.chunks_exact(values.len() / batch.len())) {
            keep(*index, row);
        }
        meter.step(batch.len(), what);
    }
    Ok(())
}
