//! `evaluate --corruptions`

use anyhow::{Context, Result};

use crate::data::Selection;
use crate::defence::Defence;
use crate::evaluation::{Corruptions, conditions, examine_corrupted, in_batches};
use crate::progress::Meter;

/// Seed of the corruptions' noise.
const SEED: u64 = 0;

/// Figures of the defence on the selected pictures, corrupted in every way.
///
/// # Errors
/// When there are no pictures, one cannot be read, or the device does not answer.
pub(super) fn measure(
    defence: &Defence,
    selection: &Selection,
    batch_size: usize,
) -> Result<Corruptions> {
    let Selection { pictures, indices, .. } = selection;
    let mut meter = Meter::new(indices.len() * conditions().count(), 0);
    let ticker = meter.ticker();
    let records = in_batches(
        indices,
        batch_size,
        defence.device(),
        |indices| {
            let done = || ticker(indices.len());
            let examined = examine_corrupted(defence, pictures.as_ref(), indices, SEED, &done);
            pollster::block_on(examined)
        },
        |batch, _| meter.pictures(batch.len(), "corrupting and detecting"),
    )?;
    Corruptions::of(&records, SEED).context("there are no pictures")
}
