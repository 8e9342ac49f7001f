//! `evaluate`

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use burn::tensor::Device;
use clap::Args;

use super::models::{DetectorArguments, ModelArguments};
use super::source::SourceArguments;
use crate::attack::AttackOptions;
use crate::class::Class;
use crate::data::TrainingData;
use crate::defence::Defence;
use crate::evaluation::{Report, examine, figures};
use crate::file::write_atomically;
use crate::picture::Picture;
use crate::progress::Meter;

/// Attacks every test picture, looks at it and at its attacked twin a second time, and prints how often
/// CL, the reconstruction and the detector are right, beside the tutorial's figures.
#[derive(Args)]
pub struct Arguments {
    /// Pictures computed at a time.
    #[arg(long, value_name = "N", default_value_t = 32)]
    batch_size: usize,

    #[command(flatten)]
    models: ModelArguments,

    #[command(flatten)]
    source: SourceArguments,

    /// Measure on the pictures held out of the training split: to choose by, so that the test split
    /// stays unseen until the end.
    #[arg(long, help_heading = "Pictures")]
    validation: bool,

    #[command(flatten)]
    attack: AttackOptions,

    #[command(flatten)]
    detector: DetectorArguments,

    /// Infer the threshold from the pictures held out of the training split, instead of using AE's own.
    #[arg(long, help_heading = "Detector")]
    infer_threshold: bool,

    /// Write the figures to a file, as JSON.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    json: Option<PathBuf>,

    /// Write every picture's two verdicts, clean and attacked, to a file, as JSON: for a ROC curve, or
    /// for other scores and thresholds than these.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    records: Option<PathBuf>,

    /// Write three picture grids (PNG): original above reconstruction, attacked, attacked above its
    /// reconstruction; each picture titled with the predicted and the true class.
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    figures: Option<PathBuf>,
}

pub fn run(arguments: &Arguments, device: &Device) -> Result<ExitCode> {
    let attack = arguments.attack.resolve(false)?;
    let batch_size = arguments.batch_size.max(1);
    let infer = arguments.infer_threshold.then_some(|defence: &Defence| {
        clean_scores(defence, &arguments.source.whole_training_data()?, batch_size)
    });
    let defence = arguments.models.load(device)?.defence;
    let defence = arguments.detector.apply(defence, infer)?;
    let (pictures, chosen) = match arguments.validation {
        true => arguments.source.validation()?,
        false => arguments.source.test()?,
    };
    let shown =
        if arguments.figures.is_some() { one_of_each(pictures.labels(), &chosen) } else { vec![] };

    let mut meter = Meter::new(chosen.len().div_ceil(batch_size), 0);
    let mut records = Vec::with_capacity(chosen.len());
    for indices in chosen.chunks(batch_size) {
        records.extend(
            pollster::block_on(examine(&defence, pictures.as_ref(), indices, attack, false))?.0,
        );
        meter.step(indices.len(), "attacking and looking twice");
    }
    let rate = meter.rate();
    drop(meter);

    let report = Report::of(&records).context("there are no pictures")?;
    println!("{}\n{attack}\n", arguments.source.describe(arguments.validation));
    println!("{report}, {rate:.1} a second");
    if let Some(path) = &arguments.json {
        let mut text = serde_json::to_vec_pretty(&report)?;
        text.push(b'\n');
        write_atomically(path, &text)?;
    }
    if let Some(path) = &arguments.records {
        write_atomically(path, &serde_json::to_vec(&records)?)?;
    }
    if let Some(folder) = &arguments.figures {
        let (_, samples) =
            pollster::block_on(examine(&defence, pictures.as_ref(), &shown, attack, true))?;
        for (name, png) in figures::grids(&samples)? {
            write_atomically(&folder.join(name), &png)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Scores of the clean pictures held out.
pub(super) fn clean_scores(
    defence: &Defence,
    data: &TrainingData,
    batch_size: usize,
) -> Result<Vec<f32>> {
    let held_out = &data.parts.validation;
    let mut meter = Meter::new(held_out.len().div_ceil(batch_size), 0);
    let mut scores = Vec::with_capacity(held_out.len());
    for indices in held_out.chunks(batch_size) {
        let pictures =
            indices.iter().map(|i| data.pictures.picture(*i)).collect::<crate::Result<Vec<_>>>()?;
        let images = Picture::batch(&pictures, defence.device());
        scores.extend(pollster::block_on(defence.score(images))?);
        meter.step(indices.len(), "inferring the threshold");
    }
    Ok(scores)
}

/// The first picture of each class.
fn one_of_each(labels: &[Class], chosen: &[usize]) -> Vec<usize> {
    Class::ALL
        .into_iter()
        .filter_map(|class| chosen.iter().copied().find(|index| labels[*index] == class))
        .collect()
}
