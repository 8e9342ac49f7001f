//! Getting STL-10 and the ImageNet weights of VGG16: what was cut off goes on where it was, what came is
//! checked, and nothing half-done has a final name.

mod resume;
mod stl10;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

pub use resume::{Download, Patience};
pub use stl10::{UNPACKED, unpack};

/// A file somewhere else, and how to know it.
#[derive(Clone, Debug)]
pub struct Remote {
    /// What it is called here.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// How long it is.
    pub bytes: u64,
    /// What its bytes add up to.
    pub checksum: Checksum,
}

/// What the bytes of a file add up to, in hexadecimal digits.
#[derive(Clone, Debug)]
pub enum Checksum {
    /// The whole MD5: no protection from malice, but what STL-10 is known by.
    Md5(String),
    /// The first digits of the SHA-256, as PyTorch writes them into file names.
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

    /// Where the part that has come is kept.
    pub fn part(&self, folder: &Path) -> PathBuf {
        folder.join(format!("{}.part", self.name))
    }

    /// Fetches the file into `folder`, under its own name once it is whole and checked.
    ///
    /// # Errors
    /// When it cannot be had, is another file, or cannot be written.
    pub fn fetch(
        &self,
        folder: &Path,
        patience: Patience,
        came: &mut dyn FnMut(u64),
    ) -> Result<PathBuf> {
        let part = self.part(folder);
        Download::open(self, &part, patience, came)?.finish()?;
        let whole = folder.join(&self.name);
        fs::rename(&part, &whole).with_context(|| format!("cannot write {}", whole.display()))?;
        Ok(whole)
    }
}

/// # Errors
/// When fewer than `needed` bytes are free in `folder`, which is made if it is not there.
pub fn check_space(folder: &Path, needed: u64) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let free = fs4::available_space(folder)
        .with_context(|| format!("cannot tell how much is free in {}", folder.display()))?;
    if free < needed {
        let gigabytes = |bytes: u64| bytes as f64 / 1e9;
        bail!(
            "{} has {:.2} GB free, but {:.2} GB are needed: make room, or choose another folder with --to",
            folder.display(),
            gigabytes(free),
            gigabytes(needed)
        );
    }
    Ok(())
}
