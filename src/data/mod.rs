//! Pictures to learn from and to measure on.

pub mod dataset;
mod split;
#[cfg(not(target_arch = "wasm32"))]
pub mod stl10;
#[cfg(not(target_arch = "wasm32"))]
pub mod synthetic;

pub use dataset::TrainingData;
pub use split::{HeldOut, Protocol, hold_out};

use crate::class::Class;
use crate::error::Result;
use crate::picture::{Picture, VALUES};

/// A list of pictures, each of which can be read at any time, by several threads.
pub trait Pictures: Send + Sync {
    /// How many.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The true class of each picture, in order; pictures without labels, if any, come last.
    fn labels(&self) -> &[Class];

    /// Reads picture `index` into `bytes`: planes R, G, B, each row by row.
    ///
    /// # Errors
    /// When the file it is in cannot be read.
    fn read(&self, index: usize, bytes: &mut [u8; VALUES]) -> Result<()>;

    /// Picture `index` as numbers in [0, 1].
    ///
    /// # Errors
    /// As [`Pictures::read`].
    fn picture(&self, index: usize) -> Result<Picture> {
        let mut bytes = [0; VALUES];
        self.read(index, &mut bytes)?;
        Ok(Picture::new(bytes.iter().map(|b| f32::from(*b) / 255.0).collect())
            .expect("255 divided by 255 is 1"))
    }
}

/// Pictures followed by others, which may have fewer labels than pictures: learning an autoencoder
/// needs none.
pub struct Joined {
    first: Box<dyn Pictures>,
    second: Box<dyn Pictures>,
    labels: Vec<Class>,
}

impl Joined {
    /// Every picture of `first` must have a label, or no place would tell whose the labels are.
    ///
    /// # Panics
    /// When one has none.
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
