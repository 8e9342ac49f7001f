//! What a classifier that stays as it is predicts for the pictures, computed once for all epochs.

use anyhow::Result;
use burn::tensor::Device;

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
    let mut meter = Meter::new(indices.len().div_ceil(BATCH), 0);
    for batch in indices.chunks(BATCH) {
        let mut x = read_batch(pictures, batch, device)?;
        if flipped {
            x = x.flip([3]);
        }
        let values = numbers(classifier.forward(x))?;
        for (index, row) in batch.iter().zip(values.chunks_exact(Class::COUNT)) {
            logits[*index].copy_from_slice(row);
        }
        meter.step(batch.len(), what);
    }
    Ok(logits)
}
