//! STL-10's official binary files (Coates, Lee, Ng 2011).
//!
//! `train_X.bin`, `test_X.bin`, `unlabeled_X.bin`: bytes, picture after picture, planes R, G, B, each plane
//! column by column. `train_y.bin`, `test_y.bin`: a byte per picture, 1 to 10. Pictures are read from their file
//! one at a time; the 2.7 GB need not fit in memory.

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
    /// Opens the split `train`, `test` or `unlabeled` in `folder`, or in its subfolder `stl10_binary`, which
    /// the official archive has. Any whole number of pictures is accepted.
    ///
    /// # Errors
    /// When a file is missing, cannot be read, has the wrong size, or holds a label outside 1 to 10.
    pub fn open(folder: &Path, split: &str) -> Result<Self> {
        let folder = folder_of(folder);
        let path = folder.join(format!("{split}_X.bin"));
        must_be_file(&path)?;
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
            must_be_file(&path)?;
            read_labels(&path, len)?
        };
        Ok(Self { path, file: Mutex::new(file), len, labels })
    }
}

/// The folder of the files themselves: `folder`, or its subfolder `stl10_binary`.
pub(crate) fn folder_of(folder: &Path) -> PathBuf {
    let inner = folder.join("stl10_binary");
    if inner.is_dir() { inner } else { folder.to_owned() }
}

fn must_be_file(path: &Path) -> Result<()> {
    let found = match fs::metadata(path) {
        Ok(found) if found.is_file() => return Ok(()),
        Ok(found) if found.is_dir() => "a folder",
        Ok(_) => "no regular file",
        Err(e) if e.kind() == ErrorKind::NotFound => "no such file",
        Err(e) => return Err(Error::io(path)(e)),
    };
    let expected = "a file of STL-10's binary archive (`second-look download stl10` fetches it)";
    let (expected, found) = (expected.to_owned(), found.to_owned());
    Err(Error::Data { path: path.to_owned(), expected, found })
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
            file.read_exact(&mut columns).map_err(|e| match e.kind() {
                ErrorKind::UnexpectedEof => Error::Data {
                    path: self.path.clone(),
                    expected: format!("{} pictures, as when it was opened", self.len),
                    found: format!("its end in picture {index}"),
                },
                _ => Error::io(&self.path)(e),
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with the split `train` of two black pictures, and a part of it replaced.
    fn message(change: impl Fn(&Path)) -> String {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("train_X.bin"), vec![0; 2 * VALUES]).unwrap();
        fs::write(folder.path().join("train_y.bin"), [1, 2]).unwrap();
        let before = Stl10::open(folder.path(), "train").unwrap();
        change(&folder.path().join("train_X.bin"));
        let read = |pictures: Stl10| pictures.read(1, &mut [0; VALUES]);
        let error = read(before).and(Stl10::open(folder.path(), "train").map(drop)).unwrap_err();
        error.to_string()
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said() {
        let shrunk = message(|path| {
            File::options().write(true).open(path).unwrap().set_len(VALUES as u64 + 7).unwrap();
        });
        assert!(shrunk.contains("expected 2 pictures") && shrunk.contains("its end in picture 1"));
        let folder = message(|path| {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
        });
        assert!(folder.contains("found a folder"), "{folder}");
        let missing = message(|path| fs::remove_file(path).unwrap());
        assert!(missing.contains("no such file"), "{missing}");
    }
}
