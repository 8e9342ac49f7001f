//! The checkpoint of an evaluation: what is known so far, in a file beside the output that is replaced now and then.
//!
//! A row of numbers stands for a verdict; rows of pictures that are still to come are not numbers. After a `kill -9` the file
//! is the last one that was complete.

use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::results::Results;
use crate::detector::Detector;
use crate::differences::differences;
use crate::rows::{self, Rows};

/// Where the file says what it belongs to.
const KEY: &str = "evaluation";

/// The checkpoint of an output file.
pub struct Checkpoint {
    path: PathBuf,
    /// All that the results depend on, as JSON text.
    fingerprint: String,
    every: Duration,
    written: Mutex<Instant>,
}

impl Checkpoint {
    /// `x.json` has `x.json.checkpoint` beside it. `every`: the time between two checkpoints.
    pub fn beside(out: &Path, fingerprint: String, every: Duration) -> Self {
        let mut path: OsString = out.as_os_str().to_owned();
        path.push(".checkpoint");
        Self { path: path.into(), fingerprint, every, written: Mutex::new(Instant::now()) }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether there is one.
    pub fn exists(&self) -> bool {
        self.path.symlink_metadata().is_ok()
    }

    /// Reads what is known into `results`.
    ///
    /// # Errors
    /// When there is none, it is damaged, or it belongs to an evaluation with another setting.
    pub fn resume(&self, results: &mut Results, detector: &Detector) -> Result<()> {
        let name = self.path.display();
        if !self.exists() {
            bail!("there is no {name} to resume from: leave out --resume");
        }
        let read = || -> Result<Rows> {
            let rows = Rows::read(&self.path, KEY)?;
            ensure!(rows.owner.is_some(), "it is no evaluation's");
            Ok(rows)
        };
        let rows = read().with_context(|| format!("{name} cannot be resumed from"))?;
        let owner = rows.owner.as_deref().unwrap_or_default();
        if owner != self.fingerprint {
            bail!(
                "{name} belongs to another evaluation ({}): give the same options, models and pictures, or start over \
                 with --overwrite",
                differences(owner, &self.fingerprint)
            );
        }
        results
            .read(&rows, detector)
            .with_context(|| format!("{name} is damaged: start over with --overwrite"))
    }

    /// Writes what is known.
    ///
    /// # Errors
    /// When the file cannot be written; the one before is then still there.
    pub fn save(&self, results: &Results) -> Result<()> {
        *self.last() = Instant::now();
        let rows = results.rows();
        let lists: Vec<_> =
            rows.iter().map(|(name, rows)| (name.clone(), rows.as_slice())).collect();
        rows::write(&self.path, KEY, &self.fingerprint, &lists)
    }

    /// [`Checkpoint::save`], if the last one was written some time ago.
    ///
    /// # Errors
    /// As [`Checkpoint::save`].
    pub fn save_now_and_then(&self, results: &Results) -> Result<()> {
        let due = self.last().elapsed() >= self.every;
        if due { self.save(results) } else { Ok(()) }
    }

    fn last(&self) -> std::sync::MutexGuard<'_, Instant> {
        self.written.lock().expect("nothing panics with the lock")
    }

    /// Removes the file, if there is one: the results are written.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(&self) -> Result<()> {
        match fs::remove_file(&self.path) {
            Err(e) if e.kind() != ErrorKind::NotFound => {
                Err(e).with_context(|| format!("cannot remove {}", self.path.display()))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::Class;
    use crate::evaluation::Outcome;
    use crate::evaluation::made_up::{DETECTOR, verdict};

    fn half_done() -> Results {
        let mut results = Results::new(vec![3, 5, 8], vec![Class::Cat; 3], 2);
        let outcome = |score, queries| Outcome {
            verdict: verdict(Class::Dog, score),
            distance: 0.03,
            queries,
        };
        let clean = Some(verdict(Class::Cat, 0.1));
        results.add(0, &[8, 3], &[(clean, outcome(0.7, None)), (clean, outcome(1.0 / 3.0, None))]);
        results.add(1, &[5], &[(None, outcome(2.0, Some(17.0)))]);
        results
    }

    #[test]
    fn what_was_known_comes_back_bit_for_bit_and_the_rest_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("x.json");
        let beside = |seed, every| {
            Checkpoint::beside(&out, format!(r#"{{"seed":{seed}}}"#), Duration::from_secs(every))
        };
        let checkpoint = beside(1, 60);
        assert_eq!(checkpoint.path(), folder.path().join("x.json.checkpoint"));
        let empty = || Results::new(vec![3, 5, 8], vec![Class::Cat; 3], 2);
        let mut read = empty();
        assert!(!checkpoint.exists() && checkpoint.resume(&mut read, &DETECTOR).is_err());
        checkpoint.save_now_and_then(&half_done()).unwrap();
        assert!(!checkpoint.exists(), "a moment after the start");
        beside(1, 0).save_now_and_then(&half_done()).unwrap();
        checkpoint.resume(&mut read, &DETECTOR).unwrap();
        assert_eq!(read, half_done());
        assert_eq!((read.missing(0), read.missing(1)), (vec![5], vec![3, 8]));

        let other = beside(2, 60);
        let error = other.resume(&mut empty(), &DETECTOR).unwrap_err().to_string();
        assert!(error.contains("seed was 1, is 2") && error.contains("--overwrite"), "{error}");

        let bytes = fs::read(checkpoint.path()).unwrap();
        fs::write(checkpoint.path(), &bytes[..bytes.len() / 2]).unwrap();
        assert!(checkpoint.resume(&mut empty(), &DETECTOR).is_err());
        checkpoint.remove().unwrap();
        checkpoint.remove().unwrap();
        assert!(!checkpoint.exists());
    }

    /// The fingerprint fits, but the file has the rows of another list of pictures.
    #[test]
    fn a_file_with_other_rows_is_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("x");
        let checkpoint = Checkpoint::beside(&out, "{}".to_owned(), Duration::ZERO);
        checkpoint.save(&half_done()).unwrap();
        let mut fewer = Results::new(vec![3, 5], vec![Class::Cat; 2], 2);
        let error = checkpoint.resume(&mut fewer, &DETECTOR).unwrap_err().to_string();
        assert!(error.contains("is damaged"), "{error}");
        let mut more = Results::new(vec![3, 5, 8], vec![Class::Cat; 3], 3);
        assert!(checkpoint.resume(&mut more, &DETECTOR).is_err());
    }
}
