//! Files that hold the old bytes or the new ones, never a part.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};

/// Writes beside `path` and renames, so that `path` holds the old bytes or the new ones, never a part.
///
/// # Errors
/// When the folder cannot be written to or the disk is full; `path` is then as it was.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let write = || -> std::io::Result<()> {
        std::fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        readable_like_others(file.as_file())?;
        file.persist(path)?;
        Ok(())
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

/// Temporary files are their owner's alone; what is written for others to use is not.
fn readable_like_others(file: &std::fs::File) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.set_permissions(std::fs::Permissions::from_mode(0o644))?;
    }
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}
