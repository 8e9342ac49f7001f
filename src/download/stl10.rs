//! Unpacks STL-10's archive while it is downloaded.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use flate2::read::GzDecoder;
use tar::Archive;

use super::Download;

/// The files of the archive that this program uses, and their sizes in bytes. The last one is the unlabelled
/// split.
pub const UNPACKED: [(&str, u64); 6] = [
    ("class_names.txt", 51),
    ("train_X.bin", 5_000 * 27_648),
    ("train_y.bin", 5_000),
    ("test_X.bin", 8_000 * 27_648),
    ("test_y.bin", 8_000),
    ("unlabeled_X.bin", 100_000 * 27_648),
];

/// Unpacks `files` from the archive into `folder`. They get their final names when the whole archive has
/// been received and its checksum is correct. The archive itself is not kept.
///
/// # Errors
/// When the archive cannot be downloaded or is another file, one of `files` is missing in it, or the disk
/// is full. The unpacked files are removed then. The part file is kept if the download can be resumed
/// from it.
pub fn unpack(download: Download, part: &Path, folder: &Path, files: &[&str]) -> Result<()> {
    let unfinished = |name: &str| folder.join(format!("{name}.part"));
    let unpacked = unpack_parts(download, part, files, &unfinished);
    if let Err(error) = unpacked {
        for name in files {
            fs::remove_file(unfinished(name)).ok(); // it may not exist yet
        }
        return Err(error);
    }
    for name in files {
        let whole = folder.join(name);
        fs::rename(unfinished(name), &whole)
            .with_context(|| format!("cannot write {}", whole.display()))?;
    }
    fs::remove_file(part).with_context(|| format!("cannot remove {}", part.display()))
}

fn unpack_parts(
    download: Download,
    part: &Path,
    files: &[&str],
    unfinished: &dyn Fn(&str) -> PathBuf,
) -> Result<()> {
    let mut archive = Archive::new(GzDecoder::new(download));
    let read = read_entries(&mut archive, files, unfinished);
    let download = archive.into_inner().into_inner();
    let found = match read {
        Ok(found) => found,
        Err(error) => {
            if !download.failed() && error.downcast_ref::<Unwritable>().is_none() {
                // The bytes themselves are wrong, so a resumed download would fail again.
                fs::remove_file(part).ok();
                return Err(error).context(
                    "the download is not STL-10's archive; it was removed: try another address",
                );
            }
            return Err(error);
        }
    };
    download.finish()?;
    if let Some(missing) = files.iter().find(|name| !found.iter().any(|found| found == *name)) {
        bail!("there is no {missing} in the archive");
    }
    Ok(())
}

/// A file could not be written. The archive is not the cause.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}", .0.display())]
struct Unwritable(PathBuf, #[source] io::Error);

fn read_entries(
    archive: &mut Archive<GzDecoder<Download>>,
    files: &[&str],
    unfinished: &dyn Fn(&str) -> PathBuf,
) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = entry.path()?;
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default().to_owned();
        if !files.contains(&name.as_str()) || !entry.header().entry_type().is_file() {
            continue;
        }
        let path = unfinished(&name);
        let mut file = File::create(&path).map_err(|e| Unwritable(path.clone(), e))?;
        let mut out = ErrorRecorder { file: &mut file, error: None };
        let copied = io::copy(&mut entry, &mut out);
        if let Some(error) = out.error {
            bail!(Unwritable(path, error));
        }
        copied?;
        file.sync_all().map_err(|e| Unwritable(path, e))?;
        found.push(name);
    }
    Ok(found)
}

/// Writes to `file` and records the error of a failed write. `io::copy` alone does not say whether reading
/// or writing failed.
struct ErrorRecorder<'a> {
    file: &'a mut File,
    error: Option<io::Error>,
}

impl io::Write for ErrorRecorder<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes).map_err(|error| {
            let returned = io::Error::new(error.kind(), error.to_string());
            self.error = Some(error);
            returned
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
