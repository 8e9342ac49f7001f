//! Reading tensors back from their device.

use burn::tensor::{Bool, Device, Tensor};

use crate::error::{Error, Result};

/// The tensor's numbers, row by row.
///
/// Reading a GPU in a browser cannot block, so this is `async`; natively, block on it.
///
/// # Errors
/// When the device does not answer.
pub(crate) async fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>> {
    #[cfg(test)]
    READS.with(|reads| reads.set(reads.get() + 1));
    let data = tensor.into_data_async().await.map_err(|e| Error::Device(format!("{e:?}")))?;
    data.try_to_vec().map_err(|e| Error::Device(format!("{e:?}")))
}

/// Takes `new`'s rows where `choose`, shape `[n]`, is true, and `old`'s elsewhere; both [n, ...].
pub(crate) fn choose_rows<const D: usize>(
    choose: Tensor<1, Bool>,
    new: Tensor<D>,
    old: Tensor<D>,
) -> Tensor<D> {
    let shape = old.dims();
    let mut column = [1; D];
    column[0] = shape[0];
    old.mask_where(choose.reshape(column).expand(shape), new)
}

/// Whether all are true, where that can be told without waiting for a GPU in a browser, which cannot block; else false.
pub(crate) fn all_known_true(flags: Tensor<1, Bool>) -> bool {
    if cfg!(target_arch = "wasm32") && flags.device() != Device::flex() {
        return false;
    }
    flags.all().into_data().try_to_vec::<bool>().is_ok_and(|all| all == [true])
}

#[cfg(test)]
thread_local! {
    /// How often this thread has read from a device.
    pub(crate) static READS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}
