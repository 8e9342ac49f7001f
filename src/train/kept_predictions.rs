//! A teacher's predictions in a file: a large teacher takes minutes for all pictures, a resumed training asks again, and
//! so does the next one.

use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::predictions::Logits;
use crate::data::{TrainingData, checksum};
use crate::rows::{self, Rows};

/// Where the file says what it belongs to.
const KEY: &str = "predictions";

/// Logits by index in the data; zeros for pictures that were not asked for.
#[derive(Debug, PartialEq)]
pub(super) struct Predictions {
    pub plain: Vec<Logits>,
    /// Of the pictures flipped horizontally; all zeros if none are.
    pub flipped: Vec<Logits>,
}

/// What predictions belong to: the teacher's file, the pictures and their order, and whether they are flipped, too.
///
/// # Errors
/// When a picture cannot be read.
pub(super) fn key(teacher_crc32: u32, data: &TrainingData, flips: bool) -> Result<String> {
    let pictures = checksum(data.pictures.as_ref(), &data.parts.training)?;
    Ok(format!("teacher {teacher_crc32:08x}, pictures {pictures:08x}, flips {flips}"))
}

/// Reads the predictions, if there is a file.
///
/// # Errors
/// When it cannot be read, is damaged, or its predictions belong to something else.
pub(super) fn read(path: &Path, key: &str) -> Result<Option<Predictions>> {
    if !path.exists() {
        return Ok(None);
    }
    let read = || {
        let file = Rows::read(path, KEY)?;
        ensure!(
            file.owner.as_deref() == Some(key),
            "it does not hold this teacher's predictions for these pictures; remove it, or name another file"
        );
        Ok(Predictions { plain: file.list("plain")?, flipped: file.list("flipped")? })
    };
    read().map(Some).with_context(|| path.display().to_string())
}

/// Writes the predictions.
///
/// # Errors
/// When the file cannot be written.
pub(super) fn write(path: &Path, key: &str, predictions: &Predictions) -> Result<()> {
    let lists = [("plain", &predictions.plain), ("flipped", &predictions.flipped)]
        .map(|(name, rows)| (name.to_owned(), rows.as_slice()));
    rows::write(path, KEY, key, &lists)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::data::synthetic::Drawn;
    use crate::data::{HeldOut, Protocol};

    fn data(training: &[usize], seed: u64) -> TrainingData {
        TrainingData {
            pictures: Box::new(Drawn::training(6, seed)),
            parts: HeldOut { training: training.to_vec(), validation: vec![5] },
            data: "drawn".to_owned(),
            protocol: Protocol::Tutorial,
            held_out: 0.1,
            split_seed: 0,
        }
    }

    #[test]
    fn predictions_come_back_bit_for_bit_and_belong_to_one_teacher_and_one_list_of_pictures() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("logits");
        let row = |n: usize| std::array::from_fn(|i| (n * 10 + i) as f32 / 7.0 - 3.0);
        let predictions =
            Predictions { plain: (0..6).map(row).collect(), flipped: (6..12).map(row).collect() };
        let mine = key(5, &data(&[0, 2, 4], 1), true).unwrap();
        assert_eq!(read(&path, &mine).unwrap(), None);
        write(&path, &mine, &predictions).unwrap();
        assert_eq!(read(&path, &mine).unwrap().as_ref(), Some(&predictions));
        for other in [
            key(6, &data(&[0, 2, 4], 1), true),
            key(5, &data(&[0, 2, 3], 1), true),
            key(5, &data(&[0, 2, 4], 2), true),
            key(5, &data(&[0, 2, 4], 1), false),
        ] {
            let error = format!("{:#}", read(&path, &other.unwrap()).unwrap_err());
            assert!(error.contains("logits: it does not hold"), "{error}");
        }
        fs::write(&path, "no predictions").unwrap();
        assert!(read(&path, &mine).is_err());
    }
}
