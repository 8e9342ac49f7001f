//! `draw`

use std::fmt;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, value_parser};
use image::RgbImage;

use super::output::Overwrite;
use crate::class::Class;
use crate::data::synthetic::{Other, draw, draw_other};
use crate::file::write_atomically;
use crate::picture::Picture;

/// Draws pictures of the ten classes, or of other things, into files NAME-SEED.png of 96x96 pixels.
#[derive(Args)]
pub struct Arguments {
    /// Folder for the pictures.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// Pictures of each class or thing.
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = value_parser!(u64).range(1..))]
    per_class: u64,

    /// Seed of the first picture; the next ones have the next seeds.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,

    /// Only this class.
    #[arg(long, value_name = "CLASS")]
    class: Option<Class>,

    /// Instead of the ten classes, things that are none of them, separated by commas.
    #[arg(long, value_name = "NAME", value_enum, value_delimiter = ',', conflicts_with = "class")]
    other: Vec<Other>,

    #[command(flatten)]
    overwrite: Overwrite,
}

pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let end = arguments
        .seed
        .checked_add(arguments.per_class)
        .context("the seeds would exceed 2^64: give a smaller --seed or --per-class")?;
    let subjects: Vec<Subject> = match (arguments.class, arguments.other.as_slice()) {
        (Some(class), _) => vec![Subject::Class(class)],
        (None, []) => Class::ALL.map(Subject::Class).to_vec(),
        (None, others) => others.iter().copied().map(Subject::Other).collect(),
    };
    let pictures =
        || subjects.iter().flat_map(|subject| (arguments.seed..end).map(|seed| (*subject, seed)));
    let path = |(subject, seed)| arguments.out.join(format!("{subject}-{seed}.png"));
    // All of them before the first is written.
    for picture in pictures() {
        if path(picture).exists() {
            arguments.overwrite.check(&path(picture))?;
        }
    }
    for (subject, seed) in pictures() {
        let picture = Picture::from_rgb(&subject.draw(seed));
        write_atomically(&path((subject, seed)), &picture.to_png())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What a picture shows.
#[derive(Clone, Copy)]
enum Subject {
    Class(Class),
    Other(Other),
}

impl Subject {
    fn draw(self, seed: u64) -> RgbImage {
        match self {
            Self::Class(class) => draw(class, seed),
            Self::Other(other) => draw_other(other, seed),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Class(class) => class.fmt(f),
            Self::Other(other) => other.fmt(f),
        }
    }
}
