//! What commands share in reading files and in writing results.

use std::fmt::Display;
use std::fs;
use std::io::{ErrorKind, Write, stderr, stdout};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;

pub(super) use crate::error::one_line;
use crate::file::{make_folder, read_limited, temporary};
use crate::picture::LARGEST_FILE;

/// The largest files that are read, in bytes; VGG16's weights are a quarter of the one.
pub const LARGEST_WEIGHTS: u64 = 2 << 30;
pub const LARGEST_PICTURE: u64 = LARGEST_FILE as u64;

/// Prints a result to standard output. That nobody reads it any more (a closed pipe) is no error: the command
/// goes on, and its exit code still tells its result.
///
/// # Errors
/// When standard output cannot be written, because the disk is full, for instance.
pub fn print(text: impl Display) -> Result<()> {
    let mut out = stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(error).context("cannot write to standard output")
        }
        _ => Ok(()),
    }
}

/// Prints an error as one line on standard error. If that cannot be written, the exit code still tells it.
pub fn print_error(error: impl Display) {
    let _ = writeln!(stderr().lock(), "error: {}", one_line(&error.to_string()));
}

/// The bytes of a file.
///
/// # Errors
/// When it cannot be read, is a device or a pipe, or has more than `largest` bytes.
pub fn read_file(path: &Path, largest: u64) -> Result<Vec<u8>> {
    read_limited(path, largest).with_context(|| format!("cannot read {}", path.display()))
}

/// The time between two checkpoints.
///
/// # Errors
/// When that is no number of minutes.
pub fn checkpoint_every(minutes: f64) -> Result<Duration> {
    Duration::try_from_secs_f64(minutes * 60.0)
        .context("--checkpoint-every must be a number of minutes, 0 or more")
}

#[derive(Args, Clone, Copy)]
pub struct Overwrite {
    /// Replace files that exist.
    #[arg(long)]
    overwrite: bool,
}

impl Overwrite {
    /// Whether files that exist are to be replaced.
    pub fn replaces(self) -> bool {
        self.overwrite
    }

    /// Checks that a file can be written, before the work whose result goes there.
    ///
    /// # Errors
    /// When the file exists and is not to be replaced, or its folder cannot be written to.
    pub fn check(self, path: &Path) -> Result<()> {
        if path == Path::new("-") {
            bail!("- names no file: for standard output, name /dev/stdout where there is one");
        }
        if path.is_file() && !self.overwrite {
            bail!("{} exists: replace it with --overwrite, or name another file", path.display());
        }
        writable(path).with_context(|| format!("cannot write {}", path.display()))
    }
}

/// Tries to write beside `path`; makes the folder if it is missing, as writing does.
fn writable(path: &Path) -> std::io::Result<()> {
    // A link's target is what is written. A file that is not there yet has no canonical path.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if path.is_dir() {
        return Err(ErrorKind::IsADirectory.into());
    }
    if path.exists() && !path.is_file() {
        return Ok(()); // a device or a pipe
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    make_folder(&folder)?;
    temporary(&folder).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stays_a_line() {
        assert_eq!(
            one_line("x.png: clean\ny\x1b[31m\r\u{9b}"),
            r"x.png: clean\ny\u{1b}[31m\r\u{9b}"
        );
        assert_eq!(one_line("Grüße 🐈.png"), "Grüße 🐈.png");
    }

    #[test]
    fn only_what_may_be_replaced_can_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let (new, old) = (folder.path().join("a/new"), folder.path().join("old"));
        fs::write(&old, "old").unwrap();
        let [ask, overwrite] = [false, true].map(|overwrite| Overwrite { overwrite });
        ask.check(&new).unwrap();
        assert!(!new.exists(), "only tried");
        assert!(ask.check(&old).unwrap_err().to_string().contains("--overwrite"));
        overwrite.check(&old).unwrap();
        assert!(overwrite.check(folder.path()).is_err(), "a folder is no file");
        assert!(overwrite.check(&old.join("below")).is_err());
        assert!(ask.check(Path::new("-")).unwrap_err().to_string().contains("/dev/stdout"));
        assert_eq!(fs::read_to_string(&old).unwrap(), "old");
    }
}
