//! What frozen layers make of the pictures, computed once for all epochs in which they are frozen.

use anyhow::Result;
use burn::tensor::{Device, Tensor, TensorData};

use super::batch::numbers;
use super::predictions::for_each;
use crate::data::Pictures;

/// Outputs [c, h, w] of pictures, by index in the data; of those that were not asked for, nothing. They stay in this
/// machine's memory: 18 kB a picture for VGG16's 512 maps of 3x3.
pub(super) struct FrozenOutputs {
    shape: [usize; 3],
    rows: Vec<Box<[f32]>>,
}

impl FrozenOutputs {
    /// Runs `body` on the pictures `indices`, on `device`; flipped horizontally first if `flipped`.
    ///
    /// # Errors
    /// When a picture cannot be read, or the device fails.
    pub fn compute(
        pictures: &dyn Pictures,
        indices: &[usize],
        flipped: bool,
        device: &Device,
        body: impl Fn(Tensor<4>) -> Tensor<4>,
    ) -> Result<Self> {
        let mut outputs = Self { shape: [0; 3], rows: vec![Box::default(); pictures.len()] };
        let mut shape = [0; 3];
        let run = |x| {
            let y = body(x);
            let [_, c, h, w] = y.dims();
            shape = [c, h, w];
            numbers(y)
        };
        let what = "outputs of the frozen layers";
        for_each(pictures, indices, flipped, device, what, run, |index, row| {
            outputs.rows[index] = row.into();
        })?;
        outputs.shape = shape;
        Ok(outputs)
    }

    /// The output for picture `index`, which was asked for.
    pub fn row(&self, index: usize) -> &[f32] {
        &self.rows[index]
    }

    /// Rows as a batch, [n, c, h, w].
    pub fn to_batch<'a>(
        &self,
        rows: impl Iterator<Item = &'a [f32]>,
        device: &Device,
    ) -> Tensor<4> {
        let values: Vec<f32> = rows.flatten().copied().collect();
        let [c, h, w] = self.shape;
        let shape = [values.len() / (c * h * w), c, h, w];
        Tensor::from_data(TensorData::new(values, shape), device)
    }
}
