//! `detect`

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use burn::tensor::Device;
use clap::Args;
use serde::Serialize;
use tracing::warn;

use super::attack::{named, open};
use super::models::{DetectorArguments, ModelArguments};
use super::output::{one_line, print, print_error};
use crate::class::Class;
use crate::defence::Defence;
use crate::detector::Verdict;
use crate::picture::Picture;

/// Tells of each picture whether it is adversarial, and its class.
///
/// Exit code: 0 if no picture is adversarial, 1 if one is, 2 if one cannot be read.
#[derive(Args)]
pub struct Arguments {
    /// The pictures: JPEG, PNG, WebP, GIF or BMP.
    #[arg(required = true)]
    pictures: Vec<PathBuf>,

    /// Print the verdicts as JSON.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    models: ModelArguments,

    #[command(flatten)]
    detector: DetectorArguments,

    /// Infer the threshold from these pictures, which must be clean.
    #[arg(long, value_name = "FILE", num_args = 1.., help_heading = "Detector")]
    clean: Vec<PathBuf>,
}

#[derive(Serialize)]
struct Line {
    /// The file's name; what is not UTF-8 in it is replaced by U+FFFD.
    picture: String,
    #[serde(flatten)]
    outcome: Outcome,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Outcome {
    Verdict { prediction: Class, reconstruction_prediction: Class, verdict: Verdict },
    Error { error: String },
}

pub fn run(arguments: &Arguments, device: &Device) -> Result<ExitCode> {
    let loaded = arguments.models.load(device)?;
    loaded.conflicts().iter().for_each(|conflict| warn!("{conflict}"));
    let infer = (!arguments.clean.is_empty()).then_some(|defence: &Defence| {
        arguments.clean.iter().map(|path| Ok(judge(defence, &open(path)?)?.score)).collect()
    });
    let defence = arguments.detector.apply(loaded.defence, infer)?;

    let mut lines = Vec::with_capacity(arguments.pictures.len());
    for picture in &arguments.pictures {
        let outcome = match open(picture).and_then(|p| judge(&defence, &p)) {
            Ok(verdict) => Outcome::Verdict {
                prediction: Class::most_likely(&verdict.prediction),
                reconstruction_prediction: Class::most_likely(&verdict.reconstruction_prediction),
                verdict,
            },
            Err(error) => Outcome::Error { error: format!("{error:#}") },
        };
        if !arguments.json {
            match &outcome {
                Outcome::Verdict { verdict, .. } => {
                    let name = one_line(&picture.to_string_lossy());
                    print(format_args!("{name}: {}", in_words(verdict)))?;
                }
                Outcome::Error { error } => print_error(error),
            }
        }
        lines.push(Line { picture: picture.to_string_lossy().into_owned(), outcome });
    }
    if arguments.json {
        print(serde_json::to_string_pretty(&lines)?)?;
    }
    let code = |line: &Line| match &line.outcome {
        Outcome::Error { .. } => 2,
        Outcome::Verdict { verdict, .. } => u8::from(verdict.adversarial),
    };
    Ok(ExitCode::from(lines.iter().map(code).max().unwrap_or(0)))
}

fn judge(defence: &Defence, picture: &Picture) -> Result<Verdict> {
    let detection = pollster::block_on(defence.detect(picture.to_tensor(defence.device())))?;
    Ok(detection.verdicts[0])
}

fn in_words(verdict: &Verdict) -> String {
    let Verdict { score, threshold, adversarial, answer, .. } = verdict;
    let (word, sign) = if *adversarial { ("adversarial", '>') } else { ("clean", '≤') };
    let corrected = match verdict.corrected_prediction {
        Some(corrected) if *adversarial => format!(", corrected {}", named(&corrected)),
        _ => String::new(),
    };
    format!(
        "{word}, {answer}  (prediction {}, on the reconstruction {}{corrected}, KL {score:.3} {sign} {threshold:.3})",
        named(&verdict.prediction),
        named(&verdict.reconstruction_prediction)
    )
}
