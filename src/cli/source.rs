//! Which pictures a command works on.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;
use tracing::info;

use crate::class::Class;
use crate::data::stl10::Stl10;
use crate::data::synthetic::Drawn;
use crate::data::{HeldOut, Joined, Pictures, Protocol, TrainingData, hold_out};

/// Drawn pictures have no end; this is how many are learned from and measured on unless told otherwise.
const DRAWN_TRAINING: usize = 4000;
const DRAWN_TEST: usize = 1000;

#[derive(Args, Debug)]
#[command(next_help_heading = "Pictures")]
pub struct SourceArguments {
    /// Folder of STL-10's binary files (train_X.bin, ...). Without it, pictures that this program draws.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,

    /// Which of STL-10's splits is learned from and which is measured on.
    #[arg(long, value_enum, default_value_t = Protocol::Tutorial)]
    protocol: Protocol,

    /// Learn from, or measure on, so many pictures, the same share of every class. Drawn pictures: draw
    /// so many, the held-out ones included.
    #[arg(long, value_name = "N")]
    pictures: Option<usize>,

    /// Share of the training pictures that is held out for choosing weights and thresholds.
    #[arg(long, value_name = "SHARE", default_value_t = 0.1)]
    held_out: f64,

    /// Seed of the choice of the pictures held out, and of the drawings.
    #[arg(long, value_name = "N", default_value_t = 0)]
    split_seed: u64,
}

#[derive(Args, Clone, Copy, Debug)]
#[command(next_help_heading = "Pictures")]
pub struct DrawnArgument {
    /// Learn from so many drawn pictures beside those of --data.
    #[arg(long, value_name = "N", default_value_t = 0, requires = "data")]
    pub drawn: usize,
}

/// Pictures to learn from, or to measure on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Training,
    Test,
}

impl SourceArguments {
    fn open(&self, role: Role, count: Option<usize>) -> Result<Box<dyn Pictures>> {
        let (learn, measure) = self.protocol.splits();
        let split = if role == Role::Training { learn } else { measure };
        if let Some(folder) = &self.data {
            return Ok(Box::new(Stl10::open(folder, split)?));
        }
        let drawn = if role == Role::Training {
            Drawn::training(count.unwrap_or(DRAWN_TRAINING), self.split_seed)
        } else {
            Drawn::test(count.unwrap_or(DRAWN_TEST), self.split_seed)
        };
        info!("no --data: using {} drawn pictures", drawn.len());
        Ok(Box::new(drawn))
    }

    /// `count` of these indices, the same share of every class; all of them if there are no more.
    fn chosen(&self, labels: &[Class], of: Vec<usize>, count: Option<usize>) -> Result<Vec<usize>> {
        match count {
            Some(n) if n < Class::COUNT => bail!("--pictures is {n}, but must be at least 10"),
            Some(n) if n < of.len() => {
                let labels: Vec<Class> = of.iter().map(|index| labels[*index]).collect();
                let share = n as f64 / of.len() as f64;
                let places = hold_out(&labels, share, self.split_seed).validation;
                Ok(places.into_iter().map(|place| of[place]).collect())
            }
            _ => Ok(of),
        }
    }

    /// The pictures to learn from, as many as asked for, and the part that is held out; beside those of
    /// --data with so many `drawn` ones, and with the `unlabelled` split's, if wanted.
    pub fn training_data(&self, drawn: usize, unlabelled: bool) -> Result<TrainingData> {
        let (labelled, mut parts) = self.training(self.pictures)?;
        let Some(folder) = &self.data else {
            return Ok(self.as_training_data("drawn", labelled, parts));
        };
        let name = if drawn > 0 { "stl10 and drawn" } else { "stl10" };
        let first = labelled.len();
        let labelled = Joined::new(labelled, Box::new(Drawn::training(drawn, self.split_seed)));
        parts.training.extend(first..labelled.len());
        if !unlabelled {
            return Ok(self.as_training_data(name, Box::new(labelled), parts));
        }
        let first = labelled.len();
        let all = Joined::new(Box::new(labelled), Box::new(Stl10::open(folder, "unlabeled")?));
        parts.training.extend(first..all.len());
        Ok(self.as_training_data(name, Box::new(all), parts))
    }

    /// All pictures of the training split, with the part that is held out: for a command whose
    /// --pictures are others.
    pub fn whole_training_data(&self) -> Result<TrainingData> {
        let (pictures, parts) = self.training(None)?;
        let name = if self.data.is_some() { "stl10" } else { "drawn" };
        Ok(self.as_training_data(name, pictures, parts))
    }

    fn training(&self, count: Option<usize>) -> Result<(Box<dyn Pictures>, HeldOut)> {
        if !(0.01..=0.5).contains(&self.held_out) {
            bail!("--held-out is {}, but must be between 0.01 and 0.5", self.held_out);
        }
        let pictures = self.open(Role::Training, count)?;
        // Held out first, then chosen: the held-out part is the same with and without --pictures, so a
        // threshold or a choice made on it never rests on a picture that another run learned from.
        let mut parts = hold_out(pictures.labels(), self.held_out, self.split_seed);
        parts.training = self.chosen(pictures.labels(), parts.training, count)?;
        Ok((pictures, parts))
    }

    fn as_training_data(
        &self,
        data: &str,
        pictures: Box<dyn Pictures>,
        parts: HeldOut,
    ) -> TrainingData {
        TrainingData {
            pictures,
            parts,
            data: data.to_owned(),
            protocol: self.protocol,
            held_out: self.held_out,
            split_seed: self.split_seed,
        }
    }

    /// The pictures to measure on, and which of them.
    pub fn test(&self) -> Result<(Box<dyn Pictures>, Vec<usize>)> {
        let pictures = self.open(Role::Test, self.pictures)?;
        let all = (0..pictures.len()).collect();
        let chosen = self.chosen(pictures.labels(), all, self.pictures)?;
        Ok((pictures, chosen))
    }

    /// The pictures held out of the training split, to choose by, and which of them.
    pub fn validation(&self) -> Result<(Box<dyn Pictures>, Vec<usize>)> {
        let (pictures, parts) = self.training(None)?;
        let chosen = self.chosen(pictures.labels(), parts.validation, self.pictures)?;
        Ok((pictures, chosen))
    }

    pub fn describe(&self, validation: bool) -> String {
        let (learn, measure) = self.protocol.splits();
        match &self.data {
            Some(folder) if validation => {
                format!("STL-10 in {}, held out of split {learn}", folder.display())
            }
            Some(folder) => {
                format!("STL-10 in {}, split {measure} (trained on {learn})", folder.display())
            }
            None => "drawn pictures".to_owned(),
        }
    }
}
