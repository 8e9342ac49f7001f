//! Which pictures a command works on.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;
use tracing::info;

use crate::data::{Dataset, Part, Protocol, Source, SplitOptions, TrainedOn, TrainingData};

#[derive(Args, Debug)]
#[command(next_help_heading = "Pictures")]
pub struct SourceArguments {
    /// Folder of STL-10's binary files (train_X.bin, ...) [default: drawn pictures]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,

    /// Which of STL-10's splits is trained on and which is measured on [default: as the models in use were
    /// trained, else tutorial]
    #[arg(long, value_enum)]
    protocol: Option<Protocol>,

    /// Train or measure on this many pictures, the same share of every class [default: all]. Drawn training
    /// pictures: the held-out ones are included [default: 4000; to measure on, 1000]
    #[arg(long, value_name = "N")]
    pictures: Option<usize>,

    /// Share of the training pictures that is held out for choosing weights and thresholds, 0.01 to 0.5
    /// [default: as the models in use were trained, else 0.1]
    #[arg(long, value_name = "SHARE")]
    held_out: Option<f64>,

    /// Seed of the choice of the pictures held out, of subsets, and of drawings [default: as the models in use
    /// were trained, else 0]
    #[arg(long, value_name = "N")]
    split_seed: Option<u64>,
}

#[derive(Args, Clone, Copy, Debug)]
#[command(next_help_heading = "Pictures")]
pub struct DrawnArgument {
    /// Train on this many drawn pictures beside those of --data.
    #[arg(long, value_name = "N", default_value_t = 0, requires = "data")]
    pub drawn: usize,
}

#[derive(Args, Clone, Copy, Debug)]
#[command(next_help_heading = "Pictures")]
pub struct ForceArgument {
    /// Go on although a model was trained on these pictures, or an autoencoder for another classifier. The
    /// figures mislead then; the output says so.
    #[arg(long)]
    force: bool,
}

impl ForceArgument {
    /// Conflicts as warnings, if they are to be ignored.
    ///
    /// # Errors
    /// When there are conflicts and they are not to be ignored.
    pub fn settle(self, mut conflicts: Vec<String>) -> Result<Vec<String>> {
        conflicts.dedup();
        if conflicts.is_empty() || self.force {
            return Ok(conflicts);
        }
        bail!(
            "{}; use the models and pictures that belong together, or go on all the same with --force",
            conflicts.join("; ")
        )
    }
}

impl SourceArguments {
    /// The dataset, divided as chosen or as these models were trained.
    pub fn dataset(&self, models: &[TrainedOn]) -> Result<Dataset> {
        let source = match &self.data {
            Some(folder) => Source::Stl10(folder.clone()),
            None => {
                info!("no --data: using drawn pictures");
                Source::Drawn
            }
        };
        let Self { protocol, held_out, split_seed, .. } = *self;
        let split = SplitOptions { protocol, held_out, split_seed }.resolve(models)?;
        Ok(Dataset { source, split })
    }

    /// The number of pictures asked for.
    pub fn pictures(&self) -> Option<usize> {
        self.pictures
    }

    /// Pictures to train on and the part held out, divided as the models in use were trained; `drawn` ones and STL-10's
    /// unlabelled ones beside them.
    ///
    /// # Errors
    /// When another division was asked for, so that what one model is tested on another was trained on.
    pub fn training_data_for(
        &self,
        models: &[TrainedOn],
        drawn: usize,
        unlabelled: bool,
    ) -> Result<TrainingData> {
        self.training_data_of(&self.dataset(models)?, models, drawn, unlabelled)
    }

    /// [`Self::training_data_for`], where the dataset is there.
    pub fn training_data_of(
        &self,
        dataset: &Dataset,
        models: &[TrainedOn],
        drawn: usize,
        unlabelled: bool,
    ) -> Result<TrainingData> {
        let conflicts = dataset.conflicts(Part::Training, models);
        if !conflicts.is_empty() {
            bail!(
                "{}; leave out --protocol, --held-out and --split-seed to train as it was trained",
                conflicts.join("; ")
            );
        }
        Ok(dataset.training_data(self.pictures, drawn, unlabelled)?)
    }
}
