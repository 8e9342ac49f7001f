//! Weights from PyTorch: state dicts, as `torch.save` and safetensors write them.

use std::collections::BTreeMap;
use std::path::Path;

use pytorch_reader::{DType, PytorchReader, Tensor};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView, serialize};

use crate::error::{Error, Result, not_safetensors};
use crate::file::read_limited;

/// Twice the size of VGG16 in 64 bits.
const LARGEST_FILE: u64 = 2 << 30;
/// Largest ratio of the tensors' bytes to the file's. Tensors may share their storage, but a file of a few kilobytes
/// can also name views of any size.
const MOST_EXPANSION: u64 = 4;
/// Bytes that the tensors may have whatever the file's size.
const ALWAYS_ALLOWED: u64 = 1 << 20;

/// The state dict in a file, as the bytes of a safetensors file, whichever it was. No code in a `.pth` file is
/// run: the parser knows tensors only.
///
/// # Errors
/// When the file cannot be read, is neither, holds weights that are no floating-point numbers, or its tensors
/// are far larger than the file.
pub fn state_dict(path: &Path) -> Result<Vec<u8>> {
    let unread = |e: std::io::Error| Error::Weights(e.to_string()); // whoever asks names the file
    let bytes = read_limited(path, LARGEST_FILE).map_err(unread)?;
    if SafeTensors::read_metadata(&bytes).is_ok() {
        return Ok(bytes);
    }
    let file_size = bytes.len() as u64;
    drop(bytes);
    let foreign = |reason: String| {
        Error::Weights(format!(
            "the file is damaged, or neither safetensors nor a state dict of torch.save ({reason})"
        ))
    };
    let reader = PytorchReader::new(path).map_err(|e| foreign(e.to_string()))?;
    // Shapes are known before any data is read; each tensor counts as often as its view repeats its storage.
    let expanded = reader.tensors().values().fold(0u64, |sum, tensor| {
        let elements = tensor.shape().iter().fold(1u64, |n, side| n.saturating_mul(*side as u64));
        sum.saturating_add(elements.saturating_mul(tensor.dtype().size() as u64))
    });
    if expanded > file_size.saturating_mul(MOST_EXPANSION).max(ALWAYS_ALLOWED) {
        return Err(Error::Weights(format!(
            "the file has {file_size} bytes, but its tensors come to {expanded}; save copies of them instead \
             of views"
        )));
    }
    let mut tensors = BTreeMap::new();
    for (name, tensor) in reader.into_tensors() {
        // Integer tensors, such as a batch normalisation's count of batches, are no weights.
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
