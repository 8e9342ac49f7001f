//! `download stl10`, `download vgg16`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, anyhow};
use clap::{Args, Subcommand};
use tracing::info;

use crate::download::{Download, Remote, RetryPolicy, UNPACKED, check_space, unpack};
use crate::progress::Transfer;

#[derive(Subcommand)]
pub enum Command {
    /// STL-10 (2.6 GB), unpacked while it is downloaded; give the folder with --data afterwards.
    Stl10(Stl10),
    /// torchvision's VGG16, trained on ImageNet (0.55 GB); give the file with --init afterwards.
    Vgg16(Target),
}

#[derive(Args)]
pub struct Stl10 {
    /// Unpack the 100,000 unlabelled pictures too, 2.8 GB more.
    #[arg(long)]
    unlabeled: bool,

    #[command(flatten)]
    target: Target,
}

#[derive(Args)]
pub struct Target {
    /// Folder for the files. An interrupted download is resumed.
    #[arg(long, value_name = "DIR", default_value = "data")]
    to: PathBuf,

    /// Another address of the same file [default: that of its authors]
    #[arg(long, value_name = "URL")]
    mirror: Option<String>,
}

impl Target {
    fn remote(&self, mut remote: Remote) -> Remote {
        if let Some(url) = &self.mirror {
            remote.url.clone_from(url);
        }
        remote
    }
}

pub fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Stl10(arguments) => stl10(&arguments),
        Command::Vgg16(target) => vgg16(&target),
    }
    .map_err(|e| anyhow!("{e:#} (--mirror chooses another address, --to another folder)"))?;
    Ok(ExitCode::SUCCESS)
}

fn length(path: &Path) -> u64 {
    path.metadata().map_or(0, |of| of.len())
}

fn stl10(arguments: &Stl10) -> Result<()> {
    let folder = &arguments.target.to;
    let files: Vec<(&str, u64)> = UNPACKED
        .into_iter()
        .filter(|(name, _)| arguments.unlabeled || !name.starts_with("unlabeled"))
        .collect();
    let complete = |(name, bytes): &(&str, u64)| length(&folder.join(name)) == *bytes;
    if files.iter().all(complete) {
        info!("{} already holds STL-10", folder.display());
        return Ok(());
    }
    let remote = arguments.target.remote(Remote::stl10());
    let part = remote.part(folder);
    let unpacked: u64 = files.iter().map(|(_, bytes)| bytes).sum();
    check_space(folder, remote.bytes.saturating_sub(length(&part)) + unpacked)?;
    let bar = Transfer::new(remote.bytes);
    let mut on_progress = |bytes| bar.at(bytes);
    let download = Download::open(&remote, &part, RetryPolicy::default(), &mut on_progress)?;
    let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
    unpack(download, &part, folder, &names)?;
    info!("STL-10 is in {0}: train and evaluate with --data {0}", folder.display());
    Ok(())
}

fn vgg16(target: &Target) -> Result<()> {
    let remote = target.remote(Remote::vgg16());
    let whole = target.to.join(&remote.name);
    if length(&whole) == remote.bytes {
        info!("{} exists already", whole.display());
        return Ok(());
    }
    check_space(&target.to, remote.bytes.saturating_sub(length(&remote.part(&target.to))))?;
    let bar = Transfer::new(remote.bytes);
    let whole = remote.fetch(&target.to, RetryPolicy::default(), &mut |bytes| bar.at(bytes))?;
    info!(
        "VGG16 is in {0}: start from it with `train classifier --architecture vgg16 --init {0}`",
        whole.display()
    );
    Ok(())
}
