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
use crate::lab::Lab;
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
        let (mut lab, autoencoder) = arguments.models.load_with_file(device)?;
        let infer = |lab: &Lab| clean_scores(lab, &arguments.source.whole_lesson()?, 32);
        arguments.detector.apply(&mut lab, Some(infer))?;
        let detector = lab.detector;
        info!("threshold {:.4} nats, {:?}", detector.threshold, detector.divergence);
        let percentile = arguments.detector.percentile();
        Ok(weights::with_detector(&autoencoder, detector, percentile, precision)?)
    })
}
