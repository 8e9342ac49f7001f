//! `evaluate`

use std::env;
use std::mem::replace;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use burn::tensor::Device;
use clap::Args;
use serde::Serialize;
use tracing::warn;

use super::attempts::AttackArguments;
use super::corruptions;
use super::device;
use super::models::{DetectorArguments, ModelArguments, MoreAutoencoders, RandomisationArguments};
use super::output::{Overwrite, checkpoint_every, print, print_error};
use super::source::{ForceArgument, SourceArguments};
use crate::attack::AttackName;
use crate::data::{Part, Selection};
use crate::defence::Defence;
use crate::evaluation::html::{Grid, report};
use crate::evaluation::{
    Attempts, Cascade, Checkpoint, Evaluation, Results, Run, Setting, Suite, batch_count,
    examine_all, figures, in_batches, lines, scores,
};
use crate::file::write_atomically;
use crate::model::Classifier;
use crate::progress::Meter;

/// Attacks every test picture and measures the defence on the clean and on the attacked ones: accuracy of the
/// classifier (CL), of CL on the reconstruction, after correction, and the detector's rates.
#[derive(Args)]
pub struct Arguments {
    /// Pictures computed at a time.
    #[arg(long, value_name = "N", default_value = "32")]
    batch_size: NonZeroUsize,

    #[command(flatten)]
    models: ModelArguments,

    #[command(flatten)]
    more_autoencoders: MoreAutoencoders,

    #[command(flatten)]
    source: SourceArguments,

    /// Measure on the pictures held out of the training split instead of on the test split: for choosing, so
    /// that the test split stays unseen until the end.
    #[arg(long, help_heading = "Pictures")]
    validation: bool,

    #[command(flatten)]
    force: ForceArgument,

    #[command(flatten)]
    attacks: AttackArguments,

    #[command(flatten)]
    detector: DetectorArguments,

    #[command(flatten)]
    randomisation: RandomisationArguments,

    /// The worst case alone, in a fraction of the time: one attack after the other, each on the pictures whose answer those before
    /// left right, and each picture until the answer is wrong. Tells which share of the pictures every attack leaves right, not
    /// what each attack would do to all of them. Without --attack and --attacker, the attacks on the whole defence.
    #[arg(
        long,
        help_heading = "Attack",
        conflicts_with_all = [
            "suite", "sweep_eps", "sweep_steps", "sweep_attack", "corruptions", "records", "csv", "report", "figures"
        ]
    )]
    worst_case: bool,

    /// Infer the threshold from the pictures held out of the training split, instead of using the one in AE's
    /// file.
    #[arg(long, help_heading = "Detector")]
    infer_threshold: bool,

    /// Measure on corrupted pictures, too: noise, blur, contrast, brightness, JPEG and large pixels in five severities each
    /// (as in ImageNet-C, arXiv 1903.12261), without an attack. How often are they taken for attacks, and does the score
    /// tell which ones the classifier gets wrong?
    #[arg(long)]
    corruptions: bool,

    /// Write the figures, and all that they depend on, to a file, as JSON.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    json: Option<PathBuf>,

    /// Write the verdicts on every picture, clean and attacked, to a file, as a JSON list: for a ROC curve,
    /// or for other scores and thresholds.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    records: Option<PathBuf>,

    /// Write a line for each picture and attack to a file, as CSV: index, class, predictions, scores, answers, distance,
    /// queries.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    csv: Option<PathBuf>,

    /// Write a report to a file: one HTML page with all figures, curves, examples and parameters, for light and dark screens
    /// and for paper. It needs nothing else and loads nothing.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    report: Option<PathBuf>,

    /// Write three picture grids (PNG) into a folder: originals above reconstructions, attacked pictures,
    /// attacked pictures above reconstructions; each picture titled with the predicted and the true class.
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    figures: Option<PathBuf>,

    /// Go on where the same command was interrupted or killed. What is known so far is in a file beside the first output,
    /// such as x.json.checkpoint, which is removed at the end.
    #[arg(long, help_heading = "Output")]
    resume: bool,

    /// Minutes between checkpoints.
    #[arg(long, value_name = "MINUTES", default_value_t = 0.5, help_heading = "Output")]
    checkpoint_every: f64,

    #[command(flatten, next_help_heading = "Output")]
    overwrite: Overwrite,
}

pub fn run(arguments: &Arguments, device: &Device) -> Result<ExitCode> {
    let plan = arguments.attacks.plan(arguments.worst_case)?;
    let suite = arguments.attacks.suite();
    let randomisation = arguments.randomisation.resolve()?;
    let batch_size = arguments.batch_size.get();
    let outputs: Vec<&PathBuf> = {
        let Arguments { json, csv, report, records, .. } = arguments;
        json.iter().chain(csv).chain(report).chain(records).collect()
    };
    let grids: Vec<PathBuf> = arguments
        .figures
        .iter()
        .flat_map(|folder| figures::NAMES.map(|name| folder.join(name)))
        .collect();
    for path in outputs.iter().copied().chain(&grids) {
        arguments.overwrite.check(path)?;
    }
    let mut loaded = arguments.models.load(device)?;
    let (surrogate, surrogate_file) = arguments.attacks.surrogate(device)?.unzip();
    let models = loaded.cards.trained_on();
    let dataset = arguments.source.dataset(&models)?;
    let part = if arguments.validation { Part::HeldOut } else { Part::Test };
    let mut conflicts = loaded.conflicts();
    conflicts.extend(dataset.conflicts(part, &models));
    if arguments.infer_threshold {
        conflicts.extend(dataset.conflicts(Part::HeldOut, &models));
    }
    let mut warnings = arguments.force.settle(conflicts)?;
    let own_threshold = arguments.detector.threshold().is_none() && !arguments.infer_threshold;
    warnings.extend(loaded.cards.warnings(own_threshold));
    if arguments.validation {
        warnings.push("weights and thresholds are chosen by the held-out pictures".to_owned());
    }
    arguments.more_autoencoders.add_to(&mut loaded, device)?;
    if randomisation.is_some() {
        loaded.defence = loaded.defence.with_randomisation(randomisation);
    }
    let others = [
        ("random draws", randomisation.is_some()),
        ("the other autoencoders", !arguments.more_autoencoders.is_empty()),
    ];
    for (what, there) in others {
        if there && own_threshold {
            warnings.push(format!(
                "the threshold was inferred without {what}; --infer-threshold infers it with them"
            ));
        }
    }
    warnings.iter().for_each(|warning| warn!("{warning}"));

    let pictures = arguments.source.pictures().or(suite.map(Suite::pictures));
    let selection = dataset.select(part, pictures)?;
    let infer = arguments.infer_threshold.then_some(|defence: &Defence| {
        clean_scores(defence, &dataset.select(Part::HeldOut, None)?, batch_size)
    });
    let defence = arguments.detector.apply(loaded.defence, infer)?;

    let surrogate = surrogate.as_ref().map(Classifier::frozen);
    let attempts = plan.all();
    let all = Attempts {
        all: &attempts,
        surrogate: surrogate.as_ref(),
        until_wrong: arguments.worst_case,
    };
    let run = Run { defence: &defence, selection: &selection, attempts: all, batch_size };
    let setting = Setting {
        attack: attempts[0].attack,
        attacker: attempts[0].attacker,
        randomisation: randomisation.is_some().then_some(randomisation),
        surrogate: surrogate_file,
        models: loaded.files,
        data: selection.description.clone(),
        command: command(),
        version: env!("CARGO_PKG_VERSION"),
        device: device::name(device),
        warnings,
    };
    // Beside a device or a pipe there is none.
    let checkpoint = match outputs.iter().find(|out| out.is_file() || !out.exists()) {
        Some(out) => Some(Arc::new(arguments.checkpoint(out, &run, &setting)?)),
        None if arguments.resume => {
            bail!("--resume needs the output beside which the checkpoint is, such as --json FILE")
        }
        None => None,
    };
    let (results, rate) = compute(&run, checkpoint.as_ref(), arguments.resume, suite.is_some())?;
    if arguments.worst_case {
        let cascade = Cascade::of(&results, &attempts, setting).context("there are no pictures")?;
        if let Some(path) = &arguments.json {
            write_json(path, &cascade)?;
        }
        if let Some(checkpoint) = &checkpoint {
            checkpoint.remove()?;
        }
        print(format_args!("{cascade}"))?;
        return Ok(ExitCode::SUCCESS);
    }
    let records = results.records()?;

    let corruptions = match arguments.corruptions || suite.is_some() {
        true => Some(corruptions::measure(&defence, &selection, batch_size)?),
        false => None,
    };
    let detector = defence.detector();
    let evaluated = Evaluation::of(records, &plan, run.probe()?, &detector, setting);
    let (evaluation, records) = evaluated.context("there are no pictures")?;
    let evaluation = Evaluation { corruptions, ..evaluation };
    // Files first: they are the results that last, and standard output may be closed.
    if let Some(path) = &arguments.json {
        write_json(path, &evaluation)?;
    }
    if let Some(path) = &arguments.records {
        write_atomically(path, &serde_json::to_vec(&records)?)?;
    }
    if let Some(path) = &arguments.csv {
        write_atomically(path, &lines(&records, &selection.indices, &plan.attempts)?)?;
    }
    if !grids.is_empty() || arguments.report.is_some() {
        let first = Attempts { all: &attempts[..1], ..all };
        let (pictures, indices) = (selection.pictures.as_ref(), selection.one_of_each_class());
        let examined = examine_all(&defence, pictures, &indices, first, true, &|_| ());
        let (_, samples) = pollster::block_on(examined)?;
        let drawn = figures::grids(&samples)?;
        for (path, png) in grids.iter().zip(&drawn) {
            write_atomically(path, png)?;
        }
        if let Some(path) = &arguments.report {
            let named = figures::CAPTIONS.into_iter().zip(drawn);
            let grids: Vec<Grid> = named.map(|(caption, png)| Grid { caption, png }).collect();
            write_atomically(path, report(&evaluation, &grids)?.as_bytes())?;
        }
    }
    if let Some(checkpoint) = &checkpoint {
        checkpoint.remove()?;
    }
    let pictures = evaluation.report.pictures;
    print(format_args!("{evaluation}\n\n{pictures} pictures, {rate:.1} a second"))?;
    Ok(ExitCode::SUCCESS)
}

fn write_json(path: &Path, figures: &impl Serialize) -> Result<()> {
    let mut text = serde_json::to_vec_pretty(figures)?;
    text.push(b'\n');
    write_atomically(path, &text)
}

/// The command that this process was started with, for a shell; without --resume, which changes no figure.
fn command() -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./,:+@%".contains(c);
    let quoted = |argument: String| match !argument.is_empty() && argument.chars().all(plain) {
        true => argument,
        false => format!("'{}'", argument.replace('\'', r"'\''")),
    };
    let arguments = env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned());
    let arguments = arguments.filter(|argument| argument != "--resume").map(quoted);
    [String::from("second-look")].into_iter().chain(arguments).collect::<Vec<_>>().join(" ")
}

impl Arguments {
    /// The checkpoint beside this output.
    ///
    /// # Errors
    /// When there is one, and neither resuming nor overwriting was asked for.
    fn checkpoint(&self, out: &Path, run: &Run<'_>, setting: &Setting) -> Result<Checkpoint> {
        let every = checkpoint_every(self.checkpoint_every)?;
        let checkpoint = Checkpoint::beside(out, run.fingerprint(setting.checksums())?, every);
        if self.resume {
            return Ok(checkpoint);
        }
        if checkpoint.exists() && !self.overwrite.replaces() {
            bail!(
                "{} holds a part of an evaluation: go on with --resume, or start over with --overwrite",
                checkpoint.path().display()
            );
        }
        checkpoint.remove()?;
        Ok(checkpoint)
    }
}

/// Computes what is missing, and keeps it in the checkpoint; returns all results, and how many pictures went through all
/// attacks in a second.
fn compute(
    run: &Run<'_>,
    checkpoint: Option<&Arc<Checkpoint>>,
    resume: bool,
    estimate: bool,
) -> Result<(Results, f64)> {
    let mut results = run.results();
    if let Some(checkpoint) = checkpoint.filter(|_| resume) {
        checkpoint.resume(&mut results, &run.defence.detector())?;
    }
    let (total, done) = run.work(&results);
    let results = Arc::new(Mutex::new(results));
    if let Some(checkpoint) = checkpoint {
        save_when_interrupted(Arc::clone(checkpoint), Arc::clone(&results))?;
    }
    let attempts = run.attempts.all;
    let mut meter = Meter::new(total, done);
    let tick = meter.ticker();
    let mut saved = true;
    let mut added = |meter: &mut Meter, n: usize, pictures: usize| {
        let attack = attempts[n].attack.name();
        meter.pictures(pictures, &format!("{attack}, attack {} of {}", n + 1, attempts.len()));
        let lock = results.lock().expect("nothing panics with the lock");
        if let Some(checkpoint) = checkpoint
            && let Err(error) = checkpoint.save_now_and_then(&lock)
            && replace(&mut saved, false)
        {
            warn!("{error:#}: an interrupted evaluation cannot be resumed");
        }
    };
    // What is resumed was measured before.
    let few = if estimate && done == 0 { run.few() } else { None };
    let all = || -> crate::Result<()> {
        if let Some(few) = few {
            let count = |n, pictures| added(&mut meter, n, pictures);
            let took = run.compute(&results, Some(&few), &tick, count)?;
            meter.line(&estimate_in_words(&run.estimate(few.len(), &took), few.len()));
        }
        run.compute(&results, None, &tick, |n, pictures| added(&mut meter, n, pictures)).map(drop)
    };
    let computed = all();
    let results = results.lock().expect("nothing panics with the lock").clone();
    if let (Err(_), Some(checkpoint)) = (&computed, checkpoint) {
        checkpoint.save(&results)?; // a device may fail after hours
    }
    computed?;
    Ok((results, meter.rate() / attempts.len() as f64))
}

/// How long the other pictures take, and what most of it is for.
fn estimate_in_words(attacks: &[(AttackName, Duration)], few: usize) -> String {
    let mut by_name: Vec<(AttackName, Duration)> = Vec::new();
    for (name, time) in attacks {
        match by_name.iter_mut().find(|(other, _)| other == name) {
            Some((_, sum)) => *sum += *time,
            None => by_name.push((*name, *time)),
        }
    }
    by_name.sort_by_key(|(_, time)| std::cmp::Reverse(*time));
    let minutes = |time: Duration| match time.as_secs_f64() / 60.0 {
        hours @ 90.0.. => format!("{:.1} h", hours / 60.0),
        minutes @ 1.0.. => format!("{minutes:.0} min"),
        _ => format!("{:.0} s", time.as_secs_f64()),
    };
    let longest: Vec<String> =
        by_name.iter().take(3).map(|(name, time)| format!("{name} {}", minutes(*time))).collect();
    let all = by_name.iter().map(|(_, time)| *time).sum();
    format!(
        "the rest takes about {}, measured on {few} pictures; the longest: {}",
        minutes(all),
        longest.join(", ")
    )
}

/// Ctrl-C writes the checkpoint and ends the process.
fn save_when_interrupted(checkpoint: Arc<Checkpoint>, results: Arc<Mutex<Results>>) -> Result<()> {
    ctrlc::set_handler(move || {
        // Whatever panicked with the lock: a row is there or it is not.
        let results = results.lock().unwrap_or_else(PoisonError::into_inner);
        match checkpoint.save(&results) {
            Ok(()) => eprintln!(
                "\nstopped; what is known is in {}: the same command with --resume goes on",
                checkpoint.path().display()
            ),
            Err(error) => print_error(format_args!("{error:#}")),
        }
        std::process::exit(130);
    })
    .context("cannot listen for Ctrl-C")
}

/// Scores of the selected pictures, which are clean.
pub(super) fn clean_scores(
    defence: &Defence,
    selection: &Selection,
    batch_size: usize,
) -> Result<Vec<f32>> {
    let Selection { pictures, indices, .. } = selection;
    let mut meter = Meter::new(batch_count(indices.len(), batch_size, defence.device()), 0);
    Ok(in_batches(
        indices,
        batch_size,
        defence.device(),
        |indices| pollster::block_on(scores(defence, pictures.as_ref(), indices)),
        |batch, _| meter.step(batch.len(), "inferring the threshold"),
    )?)
}
