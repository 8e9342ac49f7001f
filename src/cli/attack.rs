//! `attack`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use burn::tensor::Device;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::models::ModelArguments;
use super::output::{LARGEST_PICTURE, Overwrite, one_line, print, read_file};
use crate::attack::{AttackName, AttackOptions};
use crate::class::Class;
use crate::defence::Defence;
use crate::file::write_atomically;
use crate::picture::Picture;

/// Changes a picture slightly so that the classifier (CL) predicts another class or, with --target, a chosen one.
///
/// The picture is cropped to a square and scaled to 96x96 pixels first.
#[derive(Args)]
pub struct Arguments {
    /// The picture: JPEG, PNG, WebP, GIF or BMP of up to 25 megapixels and 40 MB.
    picture: PathBuf,

    /// File for the attacked picture (PNG) [default: PICTURE-attacked.png in the current folder]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    #[command(flatten)]
    overwrite: Overwrite,

    /// The true class, to move away from [default: CL's prediction]
    #[arg(long, value_name = "CLASS", conflicts_with = "target")]
    class: Option<Class>,

    /// The class that CL is to predict instead.
    #[arg(long, value_name = "CLASS")]
    target: Option<Class>,

    /// Which attack.
    #[arg(long = "attack", value_enum, default_value_t, help_heading = "Attack")]
    name: AttackName,

    #[command(flatten)]
    attack: AttackOptions,

    #[command(flatten)]
    models: ModelArguments,
}

pub fn run(arguments: &Arguments, device: &Device) -> Result<ExitCode> {
    let config = arguments.attack.resolve(arguments.name, arguments.target.is_some())?;
    let out = match &arguments.out {
        Some(path) => path.clone(),
        None => default_name(&arguments.picture)?,
    };
    arguments.overwrite.check(&out)?;
    let original = open(&arguments.picture)?;
    let defence = arguments.models.load(device)?.defence;
    let before = predict(&defence, &original)?;
    let class = arguments.target.or(arguments.class).unwrap_or_else(|| Class::most_likely(&before));

    let bar = ProgressBar::new((config.steps() * config.restarts()) as u64).with_style(
        ProgressStyle::with_template("{bar:30} step {pos}/{len}, {msg}, {eta} left")
            .expect("the template is well formed"),
    );
    let mut attack = defence.attack(&original, class, config)?;
    while let Some(step) = pollster::block_on(attack.step())? {
        bar.set_position((step.restart * config.steps() + step.t) as u64);
        bar.set_message(format!("loss {:.3}", step.loss));
    }
    let attacked = pollster::block_on(attack.finish())?;
    bar.finish_and_clear();
    write_atomically(&out, &attacked.to_png())?;

    print(format_args!(
        "{config}\n\
         before      {}\n\
         after       {}\n\
         in the file {}  (rounded to 8 bits)\n\
         written to  {}",
        named(&before),
        named(&predict(&defence, &attacked)?),
        named(&predict(&defence, &attacked.rounded())?),
        one_line(&out.to_string_lossy())
    ))?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn open(path: &Path) -> Result<Picture> {
    Picture::decode(&read_file(path, LARGEST_PICTURE)?).with_context(|| path.display().to_string())
}

fn predict(defence: &Defence, picture: &Picture) -> Result<[f32; Class::COUNT]> {
    let all = pollster::block_on(defence.predict(picture.to_tensor(defence.device())))?;
    all.first().copied().context("there is no prediction")
}

fn default_name(picture: &Path) -> Result<PathBuf> {
    let stem = picture.file_stem().with_context(|| {
        format!("{} names no file; name the result with --out", picture.display())
    })?;
    Ok(PathBuf::from(format!("{}-attacked.png", stem.to_string_lossy())))
}

/// The most likely class and its probability.
pub(super) fn named(probabilities: &[f32; Class::COUNT]) -> String {
    let class = Class::most_likely(probabilities);
    format!("{class:<8} {:>5.1} %", probabilities[class.index()] * 100.0)
}
