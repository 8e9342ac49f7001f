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
use crate::defence::{Defence, Finding};
use crate::detector::Verdict;
use crate::model::Familiarity;
use crate::picture::Picture;

/// Tells of each picture whether it is adversarial, its class, and whether it is like anything that the classifier learned
/// from: if not, the class means nothing.
///
/// Exit code: 0 if no picture is adversarial, 1 if one is, 2 if one cannot be read.
#[derive(Args)]
pub struct Arguments {
    /// The pictures: JPEG, PNG, WebP, GIF or BMP of up to 25 megapixels and 40 MB.
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
    Verdict {
        prediction: Class,
        reconstruction_prediction: Class,
        verdict: Verdict,
        /// `null` if the classifier's file does not tell.
        familiar: Option<bool>,
        /// Share of the pictures held out in training that are no more familiar.
        familiarity: Option<f32>,
    },
    Error {
        error: String,
    },
}

pub fn run(arguments: &Arguments, device: &Device) -> Result<ExitCode> {
    let loaded = arguments.models.load(device)?;
    loaded.conflicts().iter().for_each(|conflict| warn!("{conflict}"));
    let infer = (!arguments.clean.is_empty()).then_some(|defence: &Defence| {
        arguments.clean.iter().map(|path| Ok(judge(defence, &open(path)?)?.verdict.score)).collect()
    });
    let defence = arguments.detector.apply(loaded.defence, infer)?;

    let mut lines = Vec::with_capacity(arguments.pictures.len());
    for picture in &arguments.pictures {
        let outcome = match open(picture).and_then(|p| judge(&defence, &p)) {
            Ok(Finding { verdict, familiarity, .. }) => Outcome::Verdict {
                prediction: Class::most_likely(&verdict.prediction),
                reconstruction_prediction: Class::most_likely(&verdict.reconstruction_prediction),
                verdict,
                familiar: familiarity.map(|of| of.familiar),
                familiarity: familiarity.map(|of| of.familiarity),
            },
            Err(error) => Outcome::Error { error: format!("{error:#}") },
        };
        if !arguments.json {
            match &outcome {
                Outcome::Verdict { verdict, familiarity, familiar, .. } => {
                    let name = one_line(&picture.to_string_lossy());
                    let words = match familiarity {
                        Some(familiarity) if *familiar == Some(false) => {
                            unfamiliar_in_words(verdict, *familiarity)
                        }
                        _ => in_words(verdict),
                    };
                    print(format_args!("{name}: {words}"))?;
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

fn judge(defence: &Defence, picture: &Picture) -> Result<Finding> {
    Ok(pollster::block_on(defence.examine(picture))?)
}

/// Without a class: it would mean nothing.
fn unfamiliar_in_words(verdict: &Verdict, familiarity: f32) -> String {
    let Verdict { score, threshold, adversarial, .. } = verdict;
    let sign = if *adversarial { '>' } else { '≤' };
    format!(
        "unfamiliar, like none of the ten classes  (familiarity {familiarity:.3} < {:.3}, KL {score:.3} {sign} {threshold:.3})",
        Familiarity::LEAST
    )
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
