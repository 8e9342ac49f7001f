//! `calibrate`

use std::process::ExitCode;

use anyhow::Result;
use burn::tensor::Device;
use clap::Args;
use tracing::{info, warn};

use super::convert::Destination;
use super::evaluate::clean_scores;
use super::models::{DetectorArguments, ModelArguments};
use super::source::{ForceArgument, SourceArguments};
use crate::data::Part;
use crate::defence::Defence;
use crate::model::weights;

/// Gives an autoencoder's file another detector: another direction, temperature or percentile of the score. The
/// threshold is inferred anew from the pictures held out of the training split, with the weights in the
/// number format that is written; with --threshold, it is set.
#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    models: ModelArguments,

    #[command(flatten)]
    source: SourceArguments,

    #[command(flatten)]
    force: ForceArgument,

    #[command(flatten)]
    detector: DetectorArguments,

    #[command(flatten)]
    to: Destination,
}

pub fn run(arguments: &Arguments, device: &Device) -> Result<ExitCode> {
    arguments.to.write(|precision| {
        let loaded = arguments.models.load_as(Some(precision), device)?;
        let mut conflicts = loaded.conflicts();
        let models = loaded.cards.trained_on();
        let given = arguments.detector.threshold().is_some();
        let dataset = if given { None } else { Some(arguments.source.dataset(&models)?) };
        conflicts.extend(dataset.iter().flat_map(|of| of.conflicts(Part::HeldOut, &models)));
        let mut warnings = arguments.force.settle(conflicts)?;
        warnings.extend(loaded.cards.warnings(false));
        warnings.iter().for_each(|warning| warn!("{warning}"));

        let infer = dataset.as_ref().map(|dataset| {
            |defence: &Defence| {
                let selection = dataset.select(Part::HeldOut, arguments.source.pictures())?;
                clean_scores(defence, &selection, 32)
            }
        });
        let detector = arguments.detector.apply(loaded.defence, infer)?.detector();
        let temperature = detector.score.divergence().temperature;
        info!("threshold {:.4} nats, at temperature {temperature}", detector.threshold);
        let percentile = (!given).then(|| arguments.detector.percentile());
        Ok(weights::with_detector(&loaded.autoencoder, detector, percentile)?)
    })
}
