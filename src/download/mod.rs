//! Resumable, checksummed downloads of STL-10 and of VGG16's ImageNet weights. A file gets its final name only when
//! it is complete.

mod resume;
mod stl10;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

pub use resume::{Download, RetryPolicy};
pub use stl10::{UNPACKED, unpack};

/// A file to download.
#[derive(Clone, Debug)]
pub struct Remote {
    /// Name of the downloaded file.
    pub name: String,
    /// Its address.
    pub url: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its checksum.
    pub checksum: Checksum,
}

/// Checksum of a file, in hexadecimal digits.
#[derive(Clone, Debug)]
pub enum Checksum {
    /// MD5, which STL-10's authors publish; it protects against accidents, not against malice.
    Md5(String),
    /// The first digits of the SHA-256, which PyTorch puts into file names.
    Sha256(String),
}

impl Remote {
    /// STL-10's binary archive.
    pub fn stl10() -> Self {
        Self {
            name: "stl10_binary.tar.gz".to_owned(),
            url: "https://cs.stanford.edu/~acoates/stl10/stl10_binary.tar.gz".to_owned(),
            bytes: 2_640_397_119,
            checksum: Checksum::Md5("91f7769df0f17e558f3565bffb0c7dfb".to_owned()),
        }
    }

    /// torchvision's VGG16, trained on ImageNet (`VGG16_Weights.IMAGENET1K_V1`).
    pub fn vgg16() -> Self {
        Self {
            name: "vgg16-397923af.pth".to_owned(),
            url: "https://download.pytorch.org/models/vgg16-397923af.pth".to_owned(),
            bytes: 553_433_881,
            checksum: Checksum::Sha256("397923af".to_owned()),
        }
    }

    /// Where an unfinished download is kept.
    pub fn part(&self, folder: &Path) -> PathBuf {
        folder.join(format!("{}.part", self.name))
    }

    /// Downloads the file into `folder`; it gets its name when it is complete and its checksum is right.
    /// `on_progress` is called with the number of bytes received so far.
    ///
    /// # Errors
    /// When it cannot be downloaded, is another file, or cannot be written.
    pub fn fetch(
        &self,
        folder: &Path,
        retry: RetryPolicy,
        on_progress: &mut dyn FnMut(u64),
    ) -> Result<PathBuf> {
        let part = self.part(folder);
        Download::open(self, &part, retry, on_progress)?.finish()?;
        let whole = folder.join(&self.name);
        fs::rename(&part, &whole).with_context(|| format!("cannot write {}", whole.display()))?;
        Ok(whole)
    }
}

/// Checks that `needed` bytes are free in `folder`, which is made if it is missing.
///
/// # Errors
/// When there are fewer, or the folder cannot be made.
pub fn check_space(folder: &Path, needed: u64) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let free = fs4::available_space(folder)
        .with_context(|| format!("cannot tell how much space is free in {}", folder.display()))?;
    if free < needed {
        let gigabytes = |bytes: u64| bytes as f64 / 1e9;
        bail!(
            "{} has {:.2} GB free, but {:.2} GB are needed: free some space, or choose another folder",
            folder.display(),
            gigabytes(free),
            gigabytes(needed)
        );
    }
    Ok(())
}
