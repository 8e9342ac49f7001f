//! Reading files within limits, and writing them: complete or not at all, and durable.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::Result;

/// The bytes of a regular file.
///
/// # Errors
/// When it cannot be read, is a device or a pipe, which may have no end, or has more than `largest` bytes.
pub fn read_limited(path: &Path, largest: u64) -> io::Result<Vec<u8>> {
    // Asked before it is opened: opening a pipe waits for somebody who writes.
    let found = fs::metadata(path)?;
    if found.is_dir() {
        return Err(ErrorKind::IsADirectory.into());
    }
    let refused = |reason: String| io::Error::new(ErrorKind::InvalidInput, reason);
    if !found.is_file() {
        return Err(refused("it is no regular file; copy it into one first".to_owned()));
    }
    let mut bytes = Vec::new();
    let too_large = || refused(format!("it has more than {} MB", largest / 1_000_000));
    if found.len() > largest {
        return Err(too_large());
    }
    // All at once: a vector that grows takes up to twice what it holds.
    let size = usize::try_from(found.len()).unwrap_or(usize::MAX);
    bytes.try_reserve_exact(size).map_err(|_| ErrorKind::OutOfMemory)?;
    File::open(path)?.take(largest + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > largest {
        return Err(too_large()); // it grew
    }
    Ok(bytes)
}

/// Writes `bytes` to `path`; after a crash the file holds its old contents or the new ones, never a part.
///
/// The bytes go to a temporary file in the same folder, which then replaces `path`. Folders that are
/// missing are made. A symbolic link is followed. On Unix, a file that is replaced keeps its mode and a
/// new one gets 0666 less the umask. What is no regular file (a device, a pipe) is written to directly.
///
/// # Errors
/// When `path` is a folder or cannot be written, or the disk is full; a regular file is then unchanged.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    write(path, bytes).map_err(|e| cannot_write(path, e))
}

/// The error for a file that cannot be written; says so if the disk is full.
pub fn cannot_write(path: &Path, source: impl Into<anyhow::Error>) -> anyhow::Error {
    let source = source.into();
    let full = source
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|e| matches!(e.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded));
    let hint = if full { ": the disk is full; free some space" } else { "" };
    source.context(format!("cannot write {}{hint}", path.display()))
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let old = match fs::metadata(path) {
        Ok(old) if old.is_dir() => return Err(ErrorKind::IsADirectory.into()),
        Ok(old) if !old.is_file() => {
            return OpenOptions::new().write(true).open(path)?.write_all(bytes);
        }
        Ok(old) => Some(old),
        Err(e) if e.kind() == ErrorKind::NotFound => None,
        Err(e) => return Err(e),
    };
    let path = &link_target(path)?;
    let folder = folder_of(path);
    make_folder(folder)?;
    let mut file = temporary(folder)?;
    file.write_all(bytes)?;
    if cfg!(unix)
        && let Some(old) = old
    {
        file.as_file().set_permissions(old.permissions())?;
    }
    file.as_file().sync_all()?;
    file.persist(path)?;
    sync_folder(folder)
}

/// Makes a folder and those above it, if they are missing.
///
/// # Errors
/// When that is not possible; a file in the place of one of them is "not a directory".
pub fn make_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder).map_err(|e| match e.kind() {
        ErrorKind::AlreadyExists => ErrorKind::NotADirectory.into(),
        _ => e,
    })
}

/// A new file with the permissions that any other new file gets. Its name, which nobody has given, is left out of errors.
pub fn temporary(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let builder = &mut tempfile::Builder::new();
    #[cfg(unix)]
    {
        // The umask is taken off these.
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    }
    builder.tempfile_in(folder).map_err(|e| e.kind().into())
}

/// What `path` leads to when it is a chain of symbolic links; the last one need not exist.
pub fn link_target(path: &Path) -> io::Result<PathBuf> {
    const LONGEST_CHAIN: usize = 40; // as in Linux
    let mut path = path.to_owned();
    for _ in 0..LONGEST_CHAIN {
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_symlink() => path = folder_of(&path).join(fs::read_link(&path)?),
            _ => return Ok(path),
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

/// The folder that `path` is in.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Makes sure that the names in `folder` survive a power cut, where the system can do that.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    if !cfg!(unix) {
        return Ok(()); // Windows opens no folders
    }
    match File::open(folder)?.sync_all() {
        // Some network file systems.
        Err(e) if matches!(e.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
        result => result,
    }
}

/// Makes sure that the contents of the file survive a power cut; returns their CRC-32.
pub fn sync_and_checksum(path: &Path) -> io::Result<u32> {
    // Windows flushes only through a handle that may write.
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    file.sync_all()?;
    checksum_of(&mut file)
}

/// CRC-32 of the file's contents.
pub fn checksum(path: &Path) -> io::Result<u32> {
    checksum_of(&mut File::open(path)?)
}

fn checksum_of(file: &mut File) -> io::Result<u32> {
    let mut checksum = crc32fast::Hasher::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(checksum.finalize()),
            Ok(n) => checksum.update(&buffer[..n]),
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_made_with_its_folders_and_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/file");
        for bytes in [b"first".as_slice(), b"2"] {
            write_atomically(&path, bytes).unwrap();
            assert_eq!(fs::read(&path).unwrap(), bytes);
        }
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no temporary file");
    }

    #[test]
    fn what_is_too_large_or_may_have_no_end_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, [7; 1000]).unwrap();
        let bytes = read_limited(&path, 1000).unwrap();
        assert_eq!((bytes.len(), bytes.capacity()), (1000, 1000), "no more memory than it needs");
        let message = |path: &Path| read_limited(path, 999).unwrap_err().to_string();
        assert!(message(&path).contains("more than"));
        // Without being read: it has no contents.
        File::create(&path).unwrap().set_len(1 << 40).unwrap();
        assert!(message(&path).contains("more than"));
        assert!(message(folder.path()).contains("directory"));
        if cfg!(unix) {
            let pipe = folder.path().join("pipe");
            let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
            assert!(made.success());
            for endless in [&pipe, Path::new("/dev/zero")] {
                assert!(message(endless).contains("no regular file"));
            }
        }
    }

    #[test]
    fn errors_name_what_was_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let error = format!("{:#}", write_atomically(&file.join("below"), b"").unwrap_err());
        assert!(
            error.contains("below") && error.to_lowercase().contains("not a directory"),
            "{error}"
        );
        let missing = temporary(&folder.path().join("missing")).unwrap_err().to_string();
        assert!(!missing.contains("missing") && !missing.contains(".tmp"), "{missing}");
    }

    #[test]
    fn only_a_full_disk_is_called_a_full_disk() {
        let message = |kind: ErrorKind| {
            let wrapped = anyhow::Error::from(io::Error::from(kind)).context("while saving");
            format!("{:#}", cannot_write(Path::new("x"), wrapped))
        };
        assert!(message(ErrorKind::StorageFull).contains("cannot write x: the disk is full"));
        assert!(!message(ErrorKind::NotADirectory).contains("disk"));
        let folder = tempfile::tempdir().unwrap();
        let error = format!("{:#}", write_atomically(folder.path(), b"").unwrap_err());
        assert!(error.contains("cannot write") && error.contains("is a directory"), "{error}");
    }

    #[cfg(unix)]
    mod unix {
        use super::*;
        use std::os::unix::fs::{PermissionsExt, symlink};

        fn mode(path: &Path) -> u32 {
            fs::metadata(path).unwrap().permissions().mode() & 0o777
        }

        #[test]
        fn a_replaced_file_keeps_its_mode_and_a_new_one_is_like_any_other() {
            let folder = tempfile::tempdir().unwrap();
            let (path, other) = (folder.path().join("file"), folder.path().join("other"));
            write_atomically(&path, b"new").unwrap();
            fs::write(&other, b"").unwrap();
            assert_eq!(mode(&path), mode(&other), "the umask counts");
            for wanted in [0o600, 0o664] {
                fs::set_permissions(&path, fs::Permissions::from_mode(wanted)).unwrap();
                write_atomically(&path, b"newer").unwrap();
                assert_eq!(mode(&path), wanted);
            }
        }

        #[test]
        fn links_are_followed_also_to_a_file_that_is_not_there_yet() {
            let folder = tempfile::tempdir().unwrap();
            let at = |name: &str| folder.path().join(name);
            fs::create_dir(at("real")).unwrap();
            symlink("real/file", at("second")).unwrap();
            symlink("second", at("first")).unwrap();
            for bytes in [b"first".as_slice(), b"2"] {
                write_atomically(&at("first"), bytes).unwrap();
                assert_eq!(fs::read(at("real/file")).unwrap(), bytes);
                assert!(fs::symlink_metadata(at("first")).unwrap().is_symlink());
            }
            symlink("round", at("round")).unwrap();
            assert!(write_atomically(&at("round"), b"").is_err());
        }

        #[test]
        fn a_pipe_is_written_to_and_not_replaced() {
            let folder = tempfile::tempdir().unwrap();
            let pipe = folder.path().join("pipe");
            let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
            assert!(made.success());
            let reader = std::thread::spawn({
                let pipe = pipe.clone();
                move || fs::read(pipe).unwrap()
            });
            write_atomically(&pipe, b"through the pipe").unwrap();
            // Before the reader is waited for: it would wait for ever for a writer that never comes.
            use std::os::unix::fs::FileTypeExt;
            assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
            assert_eq!(reader.join().unwrap(), b"through the pipe");
        }
    }
}
