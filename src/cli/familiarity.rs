//! `familiarity`

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use burn::tensor::Device;
use clap::{Args, value_parser};
use tracing::{info, warn};

use super::attack::open;
use super::convert::write_weights;
use super::models::ClassifierArgument;
use super::output::{Overwrite, print};
use super::source::{ForceArgument, SourceArguments};
use crate::data::Part;
use crate::evaluation::{FamiliarityFigures, in_batches, other_things};
use crate::model::familiarity::Familiar;
use crate::model::weights::load_classifier;
use crate::model::{Card, Precision};
use crate::picture::Picture;
use crate::progress::Meter;
use crate::train::familiarity::with_familiarity;

/// Measures how well a classifier knows pictures that are none of its classes; with --out, gives it that judgement first.
///
/// What is fitted rests on the pictures of the training split; 95 % of those held out are familiar. It is
/// measured on the test split, and on pictures of other things: drawn ones, the test split's own cut into squares and
/// shuffled, and photographs of yours.
#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    classifier: ClassifierArgument,

    #[command(flatten)]
    source: SourceArguments,

    #[command(flatten)]
    force: ForceArgument,

    /// Drawn pictures of each kind of other things to measure on.
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = value_parser!(u64).range(1..=100_000))]
    others: u64,

    /// Folder of photographs of other things, to measure on, too: JPEG, PNG, WebP, GIF or BMP of up to 25 megapixels and 40 MB.
    #[arg(long, value_name = "DIR")]
    photographs: Option<PathBuf>,

    /// Print the figures as JSON.
    #[arg(long)]
    json: bool,

    /// Fit a familiarity, and write the classifier with it into this file.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Number format of the weights that are written.
    #[arg(long, value_enum, default_value_t = Precision::F32, requires = "out")]
    precision: Precision,

    #[command(flatten)]
    overwrite: Overwrite,
}

/// Pictures in a batch.
const BATCH: usize = 64;

pub fn run(arguments: &Arguments, device: &Device) -> Result<ExitCode> {
    if let Some(out) = &arguments.out {
        arguments.overwrite.check(out)?;
    }
    let mut bytes = arguments.classifier.read()?;
    let trained_on: Vec<_> = Card::read(&bytes)?.trained_on("the classifier").into_iter().collect();
    let dataset = arguments.source.dataset(&trained_on)?;
    let conflicts = dataset.conflicts(Part::Test, &trained_on);
    arguments.force.settle(conflicts)?.iter().for_each(|warning| warn!("{warning}"));

    if let Some(out) = &arguments.out {
        let data = arguments.source.training_data_of(&dataset, &trained_on, 0, false)?;
        bytes = with_familiarity(&bytes, &data, arguments.precision, device)?;
        write_weights(out, &bytes)?;
    }
    let (classifier, _) = load_classifier(&bytes, device)?;
    let Some(familiar) = classifier.familiar()? else {
        bail!("the classifier's file does not tell what is familiar: give it that with --out FILE");
    };
    let clean = dataset.select(Part::Test, arguments.source.pictures())?;
    let mut others = other_things(arguments.others, &clean)?;
    if let Some(folder) = &arguments.photographs {
        others.push(("photographs".to_owned(), photographs(folder)?));
    }

    let count = clean.indices.len() + others.iter().map(|(_, of)| of.len()).sum::<usize>();
    let mut meter = Meter::new(count, 0);
    let of_classes = measure(&familiar, device, clean.indices.len(), &mut meter, |i| {
        clean.pictures.picture(clean.indices[i])
    })?;
    let mut of_others = Vec::with_capacity(others.len());
    for (kind, pictures) in others {
        let values =
            measure(&familiar, device, pictures.len(), &mut meter, |i| Ok(pictures[i].clone()))?;
        of_others.push((kind, values));
    }
    let figures = FamiliarityFigures::of(familiar.card(), &of_classes, &of_others)?
        .context("there are no pictures to measure on")?;
    if arguments.json {
        print(serde_json::to_string_pretty(&figures)?)?;
    } else {
        print(figures)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// How unfamiliar `count` pictures are.
fn measure(
    familiar: &Familiar,
    device: &Device,
    count: usize,
    meter: &mut Meter,
    picture: impl Fn(usize) -> crate::Result<Picture> + Sync,
) -> Result<Vec<f32>> {
    let indices: Vec<usize> = (0..count).collect();
    let compute = |indices: &[usize]| {
        let pictures = indices.iter().map(|i| picture(*i)).collect::<crate::Result<Vec<_>>>()?;
        pollster::block_on(familiar.unfamiliar(Picture::batch(&pictures, device)))
    };
    let done = |batch: &[usize], _: &[f32]| meter.pictures(batch.len(), "judging familiarity");
    Ok(in_batches(&indices, BATCH, device, compute, done)?)
}

/// All pictures of a folder, in the order of their names.
fn photographs(folder: &Path) -> Result<Vec<Picture>> {
    let cannot = || format!("cannot read {}", folder.display());
    let entries = fs::read_dir(folder).with_context(cannot)?;
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<std::io::Result<Vec<_>>>()
        .with_context(cannot)?;
    paths.retain(|path| path.is_file());
    paths.sort();
    let mut pictures = Vec::with_capacity(paths.len());
    for path in &paths {
        match open(path) {
            Ok(picture) => pictures.push(picture),
            Err(error) => warn!("left out: {error:#}"),
        }
    }
    info!("{} photographs of other things", pictures.len());
    Ok(pictures)
}
