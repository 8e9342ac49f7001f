//! STL-10's official binary files (Coates, Lee, Ng 2011).
//!
//! `train_X.bin`, `test_X.bin`, `unlabeled_X.bin`: bytes, picture after picture, planes R, G, B, each plane
//! column by column. `train_y.bin`, `test_y.bin`: a byte per picture, 1..10. Pictures are read one at a
//! time where they lie, so 2.7 GB need not fit in memory.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::Pictures;
use crate::class::Class;
use crate::error::{Error, Result};
use crate::picture::{PLANE, SIDE, VALUES};

/// One split of STL-10.
#[derive(Debug)]
pub struct Stl10 {
    path: PathBuf,
    file: Mutex<File>,
    len: usize,
    labels: Vec<Class>,
}

impl Stl10 {
    /// Opens the split `train`, `test` or `unlabeled` in `folder`, or in its subfolder `stl10_binary` (as
    /// the official archive unpacks).
    ///
    /// Any whole number of pictures is accepted.
    ///
    /// # Errors
    /// When a file is missing, has the wrong size, or holds a label outside 1..10.
    pub fn open(folder: &Path, split: &str) -> Result<Self> {
        let inner = folder.join("stl10_binary");
        let folder = if inner.is_dir() { inner } else { folder.to_owned() };
        let path = folder.join(format!("{split}_X.bin"));
        let missing = |path: &Path| Error::Data {
            path: path.to_owned(),
            expected: "a file of STL-10's binary archive (`second-look download stl10` fetches it)"
                .to_owned(),
            found: match path.try_exists() {
                Ok(true) => "something that is no file".to_owned(),
                Ok(false) => "no such file".to_owned(),
                Err(error) => error.to_string(),
            },
        };
        if !path.is_file() {
            return Err(missing(&path));
        }
        let file = File::open(&path).map_err(Error::io(&path))?;
        let size = file.metadata().map_err(Error::io(&path))?.len();
        let picture = VALUES as u64;
        if size == 0 || size % picture != 0 {
            return Err(Error::Data {
                path,
                expected: format!("a whole number of pictures of {picture} bytes"),
                found: format!("{size} bytes, {} too many", size % picture),
            });
        }
        let len = (size / picture) as usize;
        let labels = if split == "unlabeled" {
            Vec::new()
        } else {
            let path = folder.join(format!("{split}_y.bin"));
            if !path.is_file() {
                return Err(missing(&path));
            }
            read_labels(&path, len)?
        };
        Ok(Self { path, file: Mutex::new(file), len, labels })
    }
}

fn read_labels(path: &Path, len: usize) -> Result<Vec<Class>> {
    let bytes = fs::read(path).map_err(Error::io(path))?;
    if bytes.len() != len {
        return Err(Error::Data {
            path: path.to_owned(),
            expected: format!("{len} labels, one for each picture"),
            found: format!("{} labels", bytes.len()),
        });
    }
    bytes
        .iter()
        .enumerate()
        .map(|(at, byte)| {
            usize::from(*byte).checked_sub(1).and_then(Class::from_index).ok_or_else(|| {
                Error::Data {
                    path: path.to_owned(),
                    expected: "labels 1 to 10".to_owned(),
                    found: format!("{byte} at index {at}"),
                }
            })
        })
        .collect()
}

impl Pictures for Stl10 {
    fn len(&self) -> usize {
        self.len
    }

    fn labels(&self) -> &[Class] {
        &self.labels
    }

    fn read(&self, index: usize, bytes: &mut [u8; VALUES]) -> Result<()> {
        let mut columns = [0; VALUES];
        {
            let mut file = self.file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            file.seek(SeekFrom::Start((index * VALUES) as u64)).map_err(Error::io(&self.path))?;
            file.read_exact(&mut columns).map_err(|error| match error.kind() {
                ErrorKind::UnexpectedEof => Error::Data {
                    path: self.path.clone(),
                    expected: format!("{} pictures, as when it was opened", self.len),
                    found: format!("an end inside picture {index}"),
                },
                _ => Error::io(&self.path)(error),
            })?;
        }
        for (rows, columns) in bytes.chunks_exact_mut(PLANE).zip(columns.chunks_exact(PLANE)) {
            for y in 0..SIDE {
                for x in 0..SIDE {
                    rows[y * SIDE + x] = columns[x * SIDE + y];
                }
            }
        }
        Ok(())
    }
}
