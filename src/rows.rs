//! Lists of numbers in a file that says what they belong to: safetensors, whose metadata holds that as text.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors, serialize};

use crate::file::write_atomically;

/// What such a file holds.
pub struct Rows {
    /// What the numbers belong to; `None` in a file that holds something else.
    pub owner: Option<String>,
    bytes: Vec<u8>,
}

impl Rows {
    /// Reads a file; `key` is where its metadata says what the numbers belong to.
    ///
    /// # Errors
    /// When it cannot be read, or is damaged.
    pub fn read(path: &Path, key: &str) -> Result<Self> {
        let bytes = fs::read(path)?;
        let (_, metadata) = SafeTensors::read_metadata(&bytes)?;
        let owner = metadata.metadata().as_ref().and_then(|metadata| metadata.get(key)).cloned();
        Ok(Self { owner, bytes })
    }

    /// The rows of `N` numbers that are called so.
    ///
    /// # Errors
    /// When there are none.
    pub fn list<const N: usize>(&self, name: &str) -> Result<Vec<[f32; N]>> {
        let file = SafeTensors::deserialize(&self.bytes)?;
        let tensor = file.tensor(name)?;
        ensure!(tensor.dtype() == Dtype::F32, "{name} is not in 32 bits");
        let numbers = tensor.data().as_chunks().0.iter().map(|b| f32::from_le_bytes(*b));
        let numbers: Vec<f32> = numbers.collect();
        let (rows, rest) = numbers.as_chunks();
        ensure!(rest.is_empty(), "{name} has rows of another length");
        Ok(rows.to_vec())
    }
}

/// Writes lists, each with its name.
///
/// # Errors
/// When the file cannot be written.
pub fn write<const N: usize>(
    path: &Path,
    key: &str,
    owner: &str,
    lists: &[(String, &[[f32; N]])],
) -> Result<()> {
    let lists: Vec<(&String, Vec<usize>, Vec<u8>)> = lists
        .iter()
        .map(|(name, rows)| {
            let bytes = rows.iter().flatten().flat_map(|number| number.to_le_bytes()).collect();
            (name, vec![rows.len(), N], bytes)
        })
        .collect();
    let views = lists.iter().map(|(name, shape, bytes)| {
        let view = TensorView::new(Dtype::F32, shape.clone(), bytes);
        (*name, view.expect("four bytes for each number"))
    });
    let metadata = HashMap::from([(key.to_owned(), owner.to_owned())]);
    write_atomically(path, &serialize(views, Some(metadata))?)
}
