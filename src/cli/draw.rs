//! `draw`

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, value_parser};

use super::output::Overwrite;
use crate::class::Class;
use crate::data::synthetic::draw;
use crate::file::write_atomically;
use crate::picture::Picture;

/// Draws pictures of the ten classes into files CLASS-SEED.png of 96x96 pixels.
#[derive(Args)]
pub struct Arguments {
    /// Folder for the pictures.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// Pictures of each class.
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = value_parser!(u64).range(1..))]
    per_class: u64,

    /// Seed of the first picture; the next ones have the next seeds.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,

    /// Only this class.
    #[arg(long, value_name = "CLASS")]
    class: Option<Class>,

    #[command(flatten)]
    overwrite: Overwrite,
}

pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let end = arguments
        .seed
        .checked_add(arguments.per_class)
        .context("the seeds would exceed 2^64: give a smaller --seed or --per-class")?;
    let classes = arguments.class.map_or_else(|| Class::ALL.to_vec(), |class| vec![class]);
    let pictures =
        || classes.iter().flat_map(|class| (arguments.seed..end).map(|seed| (*class, seed)));
    let path = |(class, seed)| arguments.out.join(format!("{class}-{seed}.png"));
    // All of them before the first is written.
    for picture in pictures() {
        if path(picture).exists() {
            arguments.overwrite.check(&path(picture))?;
        }
    }
    for (class, seed) in pictures() {
        let picture = Picture::from_rgb(&draw(class, seed));
        write_atomically(&path((class, seed)), &picture.to_png())?;
    }
    Ok(ExitCode::SUCCESS)
}
