//! Weights from PyTorch: state dicts, as `torch.save` and safetensors write them.

use std::collections::BTreeMap;
use std::path::Path;

use pytorch_reader::{DType, PytorchReader, Tensor};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView, serialize};

use crate::error::{Error, Result, not_safetensors};

/// The state dict in a file, as the bytes of a safetensors file, whichever it was. Nothing in a `.pth` file
/// is run: it is read by a parser that knows tensors and no code.
///
/// # Errors
/// When the file cannot be read, is neither, or holds weights that are no floating-point numbers.
pub fn state_dict(path: &Path) -> Result<Vec<u8>> {
    let bytes = std::fs::read(path).map_err(Error::io(path))?;
    if SafeTensors::read_metadata(&bytes).is_ok() {
        return Ok(bytes);
    }
    drop(bytes);
    let foreign = |reason: String| {
        Error::Weights(format!(
            "the file is damaged, or neither safetensors nor a state dict of torch.save ({reason})"
        ))
    };
    let reader = PytorchReader::new(path).map_err(|e| foreign(e.to_string()))?;
    let mut tensors = BTreeMap::new();
    for (name, tensor) in reader.into_tensors() {
        // PyTorch counts the batches that a batch norm saw in whole numbers; they are no weights.
        if let Some(dtype) = dtype(&tensor) {
            let data = tensor.read().map_err(|e| foreign(e.to_string()))?;
            tensors.insert(name, (dtype, tensor.shape().to_vec(), data));
        }
    }
    let views = tensors
        .iter()
        .map(|(name, (dtype, shape, data))| {
            Ok((name, TensorView::new(*dtype, shape.clone(), data)?))
        })
        .collect::<std::result::Result<Vec<_>, _>>()
        .map_err(not_safetensors)?;
    serialize(views, None).map_err(not_safetensors)
}

fn dtype(tensor: &Tensor) -> Option<Dtype> {
    Some(match tensor.dtype() {
        DType::F32 => Dtype::F32,
        DType::F16 => Dtype::F16,
        DType::F64 => Dtype::F64,
        DType::BF16 => Dtype::BF16,
        _ => return None,
    })
}
