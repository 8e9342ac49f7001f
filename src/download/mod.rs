//! Resumable, checksummed downloads of STL-10 and of VGG16's ImageNet weights. A file gets its final name
//! only when it is complete and its checksum is correct.

mod resume;
mod stl10;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

pub use resume::{Download, RetryPolicy};
pub use stl10::{UNPACKED, unpack};

/// A file to download, with its expected size and checksum.
#[derive(Clone, Debug)]
pub struct Remote {
    /// File name on this machine.
    pub name: String,
    /// Address to download from.
    pub url: String,
    /// Size in bytes.
    pub bytes: u64,
    /// Expected checksum.
    pub checksum: Checksum,
}

/// The expected checksum of a file, in hexadecimal digits.
#[derive(Clone, Debug)]
pub enum Checksum {
    /// The whole MD5. It does not protect against malicious changes, but it is the one that is published
    /// for STL-10.
    Md5(String),
    /// The first digits of the SHA-256; PyTorch puts them into file names.
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

    /// Path of the part file in `folder`: it holds what was downloaded so far.
    pub fn part(&self, folder: &Path) -> PathBuf {
        folder.join(format!("{}.part", self.name))
    }

    /// Downloads the file into `folder`. It gets its final name when it is complete and its checksum is
    /// correct. `on_progress` is called with the total bytes received.
    ///
    /// # Errors
    /// When the download fails, the size or the checksum is wrong, or the file cannot be written.
    pub fn fetch(
        &self,
        folder: &Path,
        policy: RetryPolicy,
        on_progress: &mut dyn FnMut(u64),
    ) -> Result<PathBuf> {
        let part = self.part(folder);
        Download::open(self, &part, policy, on_progress)?.finish()?;
        let whole = folder.join(&self.name);
        fs::rename(&part, &whole).with_context(|| format!("cannot write {}", whole.display()))?;
        Ok(whole)
    }
}

/// Checks that `needed` bytes are free in `folder`. Creates the folder if it does not exist.
///
/// # Errors
/// When fewer bytes are free, or the folder cannot be created.
pub fn check_space(folder: &Path, needed: u64) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let free = fs4::available_space(folder)
        .with_context(|| format!("cannot read how much space is free in {}", folder.display()))?;
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
