//! Datasets: pictures for training, validation and test.

#[cfg(not(target_arch = "wasm32"))]
pub mod dataset;
pub mod split;
#[cfg(not(target_arch = "wasm32"))]
pub mod stl10;
#[cfg(any(not(target_arch = "wasm32"), feature = "draw"))]
pub mod synthetic;

#[cfg(not(target_arch = "wasm32"))]
pub use dataset::{Dataset, Selection, Source, TrainingData};
pub use split::{HeldOut, Part, Protocol, Split, SplitOptions, TrainedOn, hold_out};

use crate::class::Class;
use crate::error::Result;
use crate::picture::{Picture, VALUES};

/// A list of pictures that several threads can read in any order.
pub trait Pictures: Send + Sync {
    /// Number of pictures.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The true classes, in order. There may be fewer than pictures: those without labels come last.
    fn labels(&self) -> &[Class];

    /// Reads picture `index` into `bytes`: planes R, G, B, each row by row, 0 to 255.
    ///
    /// # Errors
    /// When its file cannot be read.
    fn read(&self, index: usize, bytes: &mut [u8; VALUES]) -> Result<()>;

    /// Picture `index` with values in [0, 1].
    ///
    /// # Errors
    /// As [`Pictures::read`].
    fn picture(&self, index: usize) -> Result<Picture> {
        let mut bytes = [0; VALUES];
        self.read(index, &mut bytes)?;
        Ok(Picture::new(bytes.iter().map(|b| f32::from(*b) / 255.0).collect())
            .expect("bytes divided by 255 are in [0, 1]"))
    }
}

/// CRC-32 of these pictures, their indices included: what tells whether a file was made from the same ones.
///
/// # Errors
/// When a picture cannot be read.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn checksum(pictures: &dyn Pictures, indices: &[usize]) -> Result<u32> {
    let mut hasher = crc32fast::Hasher::new();
    let mut bytes = [0; VALUES];
    for index in indices {
        pictures.read(*index, &mut bytes)?;
        hasher.update(&index.to_le_bytes());
        hasher.update(&bytes);
    }
    Ok(hasher.finalize())
}

/// Two datasets, one after the other. The second may have fewer labels than pictures: an autoencoder is
/// trained without labels.
pub struct Joined {
    first: Box<dyn Pictures>,
    second: Box<dyn Pictures>,
    labels: Vec<Class>,
}

impl Joined {
    /// Joins them. Every picture of `first` must have a label: labels are found by index.
    ///
    /// # Panics
    /// When a picture of `first` has none.
    pub fn new(first: Box<dyn Pictures>, second: Box<dyn Pictures>) -> Self {
        assert_eq!(first.labels().len(), first.len(), "all of the first pictures have labels");
        let labels = [first.labels(), second.labels()].concat();
        Self { first, second, labels }
    }
}

impl Pictures for Joined {
    fn len(&self) -> usize {
        self.first.len() + self.second.len()
    }

    fn labels(&self) -> &[Class] {
        &self.labels
    }

    fn read(&self, index: usize, bytes: &mut [u8; VALUES]) -> Result<()> {
        match index.checked_sub(self.first.len()) {
            None => self.first.read(index, bytes),
            Some(index) => self.second.read(index, bytes),
        }
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::synthetic::Drawn;
    use super::*;

    #[test]
    fn joined_lists_keep_their_pictures_and_labels_in_order() {
        let (first, second) = (Drawn::training(3, 1), Drawn::training(4, 2));
        let joined = Joined::new(Box::new(first.clone()), Box::new(second.clone()));
        assert_eq!(joined.len(), 7);
        assert_eq!(joined.labels(), [first.labels(), second.labels()].concat());
        for index in 0..7 {
            let (list, place): (&Drawn, _) =
                if index < 3 { (&first, index) } else { (&second, index - 3) };
            assert!(joined.picture(index).unwrap() == list.picture(place).unwrap(), "{index}");
        }
    }
}
