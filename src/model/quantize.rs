//! Weights in 8 bits: a quarter of the size of 32.
//!
//! Every tensor of two dimensions or more is stored as integers in -127..=127 with one scale for each slice
//! along its first dimension (a convolution's output channels), in a tensor `NAME.scale` beside it; a weight is
//! its integer times its slice's scale. Biases and batch normalisation's tensors stay as they are: they are
//! few, and rounding them would cost accuracy.

use std::collections::BTreeMap;

use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};

use crate::error::{Error, Result, not_safetensors};

/// Suffix of the name of a tensor's scales.
const SUFFIX: &str = ".scale";

/// A tensor of a file: its type, its shape, its bytes.
struct Stored {
    dtype: Dtype,
    shape: Vec<usize>,
    data: Vec<u8>,
}

/// The same file (f32, safetensors) with its weights in 8 bits.
///
/// # Errors
/// When the bytes are no safetensors file.
pub(super) fn to_eight_bits(bytes: &[u8]) -> Result<Vec<u8>> {
    rewrite(bytes, |name, stored, _| {
        if stored.dtype != Dtype::F32 || stored.shape.len() < 2 {
            return Ok(vec![(name.to_owned(), stored)]);
        }
        let (mut rounded, mut scales) = (Vec::new(), Vec::new());
        for slice in floats(&stored.data).chunks(stored.shape[1..].iter().product::<usize>().max(1))
        {
            let largest = slice.iter().fold(0.0f32, |largest, w| largest.max(w.abs()));
            // All zero: any scale fits.
            let scale = if largest > 0.0 { largest / 127.0 } else { 1.0 };
            rounded.extend(slice.iter().map(|w| (w / scale).round() as i8 as u8));
            scales.extend(scale.to_le_bytes());
        }
        let scales = Stored { dtype: Dtype::F32, shape: vec![stored.shape[0]], data: scales };
        let rounded = Stored { dtype: Dtype::I8, shape: stored.shape, data: rounded };
        Ok(vec![(name.to_owned(), rounded), (format!("{name}{SUFFIX}"), scales)])
    })
}

/// The same file with 8-bit tensors as f32. Others are left as they are; those whose names are `unwanted` are
/// left out.
///
/// # Errors
/// When the bytes are no safetensors file, or scales are missing or have another length.
pub(super) fn to_floats(bytes: &[u8], unwanted: impl Fn(&str) -> bool) -> Result<Vec<u8>> {
    rewrite(bytes, |name, stored, file| {
        if unwanted(name) {
            return Ok(vec![]);
        }
        let of = name.strip_suffix(SUFFIX).and_then(|name| file.tensor(name).ok());
        if of.is_some_and(|of| of.dtype() == Dtype::I8) {
            return Ok(vec![]);
        }
        if stored.dtype != Dtype::I8 {
            return Ok(vec![(name.to_owned(), stored)]);
        }
        let scales = file
            .tensor(&format!("{name}{SUFFIX}"))
            .ok()
            .filter(|scales| scales.dtype() == Dtype::F32)
            .map(|scales| floats(scales.data()))
            .filter(|scales| Some(&scales.len()) == stored.shape.first())
            .ok_or_else(|| {
                Error::Weights(format!(
                    "tensor \"{name}\" is in 8 bits, but its scales (\"{name}{SUFFIX}\") are missing or \
                     do not fit"
                ))
            })?;
        let slice = stored.shape[1..].iter().product::<usize>().max(1);
        let data = stored
            .data
            .chunks(slice)
            .zip(scales)
            .flat_map(|(slice, scale)| slice.iter().map(move |b| f32::from(*b as i8) * scale))
            .flat_map(f32::to_le_bytes)
            .collect();
        Ok(vec![(name.to_owned(), Stored { dtype: Dtype::F32, shape: stored.shape, data })])
    })
}

/// The file with each tensor replaced by the tensors that `f` returns for it.
fn rewrite(
    bytes: &[u8],
    mut f: impl FnMut(&str, Stored, &SafeTensors) -> Result<Vec<(String, Stored)>>,
) -> Result<Vec<u8>> {
    let file = SafeTensors::deserialize(bytes).map_err(not_safetensors)?;
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(not_safetensors)?;
    let mut tensors = BTreeMap::new();
    for (name, view) in file.iter() {
        let stored = Stored {
            dtype: view.dtype(),
            shape: view.shape().to_vec(),
            data: view.data().to_vec(),
        };
        tensors.extend(f(name, stored, &file)?);
    }
    let views = tensors
        .iter()
        .map(|(name, t)| Ok((name, TensorView::new(t.dtype, t.shape.clone(), &t.data)?)))
        .collect::<std::result::Result<Vec<_>, _>>()
        .map_err(not_safetensors)?;
    serialize(views, metadata.metadata().clone()).map_err(not_safetensors)
}

fn floats(data: &[u8]) -> Vec<f32> {
    data.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect()
}
