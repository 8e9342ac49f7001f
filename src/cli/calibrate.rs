//! `calibrate`

use std::process::ExitCode;

use anyhow::Result;
use burn::tensor::Device;
use clap::Args;
use tracing::info;

use super::convert::Destination;
use super::evaluate::clean_scores;
use super::models::{DetectorArguments, ModelArguments};
use super::source::SourceArguments;
use crate::defence::Defence;
use crate::model::weights;

/// Gives an autoencoder's file another detector: another direction or temperature of the score, another
/// share of false alarms. The threshold is inferred anew, from the pictures held out of the training split.
#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    models: ModelArguments,

    #[command(flatten)]
    source: SourceArguments,

    #[command(flatten)]
    detector: DetectorArguments,

    #[command(flatten)]
    to: Destination,
}

pub fn run(arguments: &Arguments, device: &Device) -> Result<ExitCode> {
    arguments.to.write(|precision| {
        let loaded = arguments.models.load(device)?;
        let infer =
            |defence: &Defence| clean_scores(defence, &arguments.source.whole_training_data()?, 32);
        let detector = arguments.detector.apply(loaded.defence, Some(infer))?.detector();
        info!("threshold {:.4} nats, {:?}", detector.threshold, detector.score);
        let percentile = arguments.detector.percentile();
        Ok(weights::with_detector(&loaded.autoencoder, detector, percentile, precision)?)
    })
}
