//! `evaluate`

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use burn::tensor::Device;
use clap::Args;
use tracing::warn;

use super::corruptions;
use super::device;
use super::models::{DetectorArguments, ModelArguments, RandomisationArguments, SurrogateArgument};
use super::output::{Overwrite, print};
use super::source::{ForceArgument, SourceArguments};
use crate::attack::{AttackName, AttackOptions, Attacker};
use crate::data::{Part, Selection};
use crate::defence::Defence;
use crate::evaluation::{
    AttackFigures, Attempt, Attempts, Evaluation, Report, Setting, WorstCase, batch_count,
    examine_all, figures, in_batches, scores, work,
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
    source: SourceArguments,

    /// Measure on the pictures held out of the training split instead of on the test split: for choosing, so
    /// that the test split stays unseen until the end.
    #[arg(long, help_heading = "Pictures")]
    validation: bool,

    #[command(flatten)]
    force: ForceArgument,

    #[command(flatten)]
    attackers: AttackerArguments,

    #[command(flatten)]
    attack: AttackOptions,

    #[command(flatten)]
    detector: DetectorArguments,

    #[command(flatten)]
    randomisation: RandomisationArguments,

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

    /// Write three picture grids (PNG) into a folder: originals above reconstructions, attacked pictures,
    /// attacked pictures above reconstructions; each picture titled with the predicted and the true class.
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    figures: Option<PathBuf>,

    #[command(flatten, next_help_heading = "Output")]
    overwrite: Overwrite,
}

/// Who attacks, and how.
#[derive(Args)]
#[command(next_help_heading = "Attack")]
struct AttackerArguments {
    /// Which attacks, separated by commas, all on the same pictures with the same options below; the first one's
    /// figures are the detailed ones [default: the attacker's, else pgd]
    #[arg(long = "attack", value_name = "NAME", value_enum, value_delimiter = ',')]
    names: Vec<AttackName>,

    /// What the attacker knows [default: what the attack needs]
    #[arg(long, value_enum)]
    attacker: Option<Attacker>,

    #[command(flatten)]
    surrogate: SurrogateArgument,
}

impl AttackerArguments {
    /// The attacks.
    ///
    /// # Errors
    /// When an attack is not one of this attacker, or a parameter is out of its range.
    fn attempts(&self, options: &AttackOptions) -> Result<Vec<Attempt>> {
        use AttackName::{Corrector, Lagrangian, Noise, OrthogonalPgd, Pgd, SelectivePgd, Square};
        let names = match (self.names.as_slice(), self.attacker) {
            ([], Some(Attacker::Defence)) => &[SelectivePgd, OrthogonalPgd, Lagrangian, Corrector],
            ([], Some(Attacker::Queries)) => &[Square][..],
            ([], Some(Attacker::Nothing)) => &[Noise],
            ([], _) => &[Pgd],
            (names, _) => names,
        };
        names
            .iter()
            .map(|name| {
                let attack = options.resolve(*name, false)?;
                let needed = attack.shape().attacker;
                let attacker = self.attacker.unwrap_or(needed);
                if attacker != needed
                    && (attacker, needed) != (Attacker::Transfer, Attacker::Classifier)
                {
                    bail!(
                        "{name} is an attack whose attacker is \"{needed}\", not \"{attacker}\": leave out --attacker, \
                         or choose another --attack"
                    );
                }
                Ok(Attempt { attack, attacker })
            })
            .collect()
    }
}

pub fn run(arguments: &Arguments, device: &Device) -> Result<ExitCode> {
    let attempts = arguments.attackers.attempts(&arguments.attack)?;
    let randomisation = arguments.randomisation.resolve()?;
    let transfer = arguments.attackers.attacker == Some(Attacker::Transfer);
    let batch_size = arguments.batch_size.get();
    let grids: Vec<PathBuf> = arguments
        .figures
        .iter()
        .flat_map(|folder| figures::NAMES.map(|name| folder.join(name)))
        .collect();
    for path in arguments.json.iter().chain(&arguments.records).chain(&grids) {
        arguments.overwrite.check(path)?;
    }
    let mut loaded = arguments.models.load(device)?;
    let (surrogate, surrogate_file) = arguments.attackers.surrogate.load(device)?.unzip();
    if transfer != surrogate.is_some() {
        bail!("--attacker transfer and --surrogate FILE belong together: give both, or neither");
    }
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
    if randomisation.is_some() {
        loaded.defence = loaded.defence.with_randomisation(randomisation);
        if !arguments.infer_threshold && arguments.detector.threshold().is_none() {
            warnings.push(
                "the threshold was inferred without random draws; --infer-threshold infers it with them"
                    .to_owned(),
            );
        }
    }
    warnings.iter().for_each(|warning| warn!("{warning}"));

    let selection = dataset.select(part, arguments.source.pictures())?;
    let infer = arguments.infer_threshold.then_some(|defence: &Defence| {
        clean_scores(defence, &dataset.select(Part::HeldOut, None)?, batch_size)
    });
    let defence = arguments.detector.apply(loaded.defence, infer)?;

    let surrogate = surrogate.as_ref().map(Classifier::frozen);
    let all = Attempts { all: &attempts, surrogate: surrogate.as_ref() };
    let examine = |indices: &[usize], attempts, keep, done: &dyn Fn(usize)| {
        let pictures = selection.pictures.as_ref();
        pollster::block_on(examine_all(&defence, pictures, indices, attempts, keep, done))
    };
    let total: usize = attempts.iter().map(|attempt| work(&attempt.attack)).sum();
    let mut meter = Meter::new(total * selection.indices.len(), 0);
    let done = meter.ticker();
    let records = in_batches(
        &selection.indices,
        batch_size,
        device,
        |indices| Ok(examine(indices, all, false, &done)?.0),
        |pictures| meter.pictures(pictures, "attacking and detecting"),
    )?;
    let rate = meter.rate();
    drop(meter);

    let corruptions = match arguments.corruptions {
        true => Some(corruptions::measure(&defence, &selection, batch_size)?),
        false => None,
    };
    let report = Report::of(&records, &defence.detector()).context("there are no pictures")?;
    let of_attack = |(n, attempt)| AttackFigures::of(&records, n, attempt);
    let evaluation = Evaluation {
        report,
        attacks: attempts.iter().enumerate().filter_map(of_attack).collect(),
        worst_case: WorstCase::of(&records).context("there are no pictures")?,
        corruptions,
        setting: Setting {
            attack: attempts[0].attack,
            attacker: attempts[0].attacker,
            randomisation: randomisation.is_some().then_some(randomisation),
            surrogate: surrogate_file,
            models: loaded.files,
            data: selection.description.clone(),
            version: env!("CARGO_PKG_VERSION"),
            device: device::name(device),
            warnings,
        },
    };
    // Files first: they are the results that last, and standard output may be closed.
    if let Some(path) = &arguments.json {
        let mut text = serde_json::to_vec_pretty(&evaluation)?;
        text.push(b'\n');
        write_atomically(path, &text)?;
    }
    if let Some(path) = &arguments.records {
        write_atomically(path, &serde_json::to_vec(&records)?)?;
    }
    if !grids.is_empty() {
        let first = Attempts { all: &attempts[..1], ..all };
        let (_, samples) = examine(&selection.one_of_each_class(), first, true, &|_| ())?;
        for (path, png) in grids.iter().zip(figures::grids(&samples)?) {
            write_atomically(path, &png)?;
        }
    }
    let pictures = evaluation.report.pictures;
    print(format_args!("{evaluation}\n\n{pictures} pictures, {rate:.1} a second"))?;
    Ok(ExitCode::SUCCESS)
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
        |pictures| meter.step(pictures, "inferring the threshold"),
    )?)
}
