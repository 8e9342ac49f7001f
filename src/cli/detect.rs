//! `detect`

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use burn::tensor::Device;
use clap::Args;
use serde::Serialize;

use super::attack::{named, open};
use super::models::{DetectorArguments, ModelArguments};
use crate::class::Class;
use crate::detector::Verdict;
use crate::lab::Lab;
use crate::picture::Picture;

/// Looks twice at each picture and says whether it is adversarial.
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

    /// Infer the threshold from these pictures, known to be clean.
    #[arg(long, value_name = "FILE", num_args = 1.., help_heading = "Detector")]
    clean: Vec<PathBuf>,
}

#[derive(Serialize)]
struct Line<'a> {
    picture: &'a PathBuf,
    #[serde(flatten)]
    outcome: Outcome,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Outcome {
    Verdict { first: Class, second: Class, verdict: Verdict },
    Error { error: String },
}

pub fn run(arguments: &Arguments, device: &Device) -> Result<ExitCode> {
    let mut lab = arguments.models.load(device)?;
    let infer = (!arguments.clean.is_empty()).then_some(|lab: &Lab| {
        arguments.clean.iter().map(|path| Ok(look(lab, &open(path)?)?.score)).collect()
    });
    arguments.detector.apply(&mut lab, infer)?;

    let mut lines = Vec::with_capacity(arguments.pictures.len());
    for picture in &arguments.pictures {
        let outcome = match open(picture).and_then(|p| look(&lab, &p)) {
            Ok(verdict) => Outcome::Verdict {
                first: Class::most_likely(&verdict.first),
                second: Class::most_likely(&verdict.second),
                verdict,
            },
            Err(error) => Outcome::Error { error: format!("{error:#}") },
        };
        if !arguments.json {
            match &outcome {
                Outcome::Verdict { verdict, .. } => {
                    println!("{}: {}", picture.display(), in_words(verdict))
                }
                Outcome::Error { error } => eprintln!("error: {error}"),
            }
        }
        lines.push(Line { picture, outcome });
    }
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&lines)?);
    }
    let code = |line: &Line| match &line.outcome {
        Outcome::Error { .. } => 2,
        Outcome::Verdict { verdict, .. } => u8::from(verdict.adversarial),
    };
    Ok(ExitCode::from(lines.iter().map(code).max().unwrap_or(0)))
}

fn look(lab: &Lab, picture: &Picture) -> Result<Verdict> {
    let looks = pollster::block_on(lab.look(picture.to_tensor(lab.device())))?;
    Ok(looks.verdicts[0])
}

fn in_words(verdict: &Verdict) -> String {
    let Verdict { first, second, correction, score, threshold, adversarial, answer } = verdict;
    let (word, sign) = if *adversarial { ("adversarial", '>') } else { ("clean", '≤') };
    // Whoever reads where the answer comes from shall find it among the looks.
    let corrected = match *adversarial && correction != second {
        true => format!(", corrected {}", named(correction)),
        false => String::new(),
    };
    format!(
        "{word}, {answer}  (first look {}, second look {}{corrected}, KL {score:.3} {sign} {threshold:.3})",
        named(first),
        named(second)
    )
}
