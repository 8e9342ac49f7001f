//! Checkpoints: everything that a training needs to go on, in folders that appear whole or not at all.
//!
//! A checkpoint is written into `step-N.part` and renamed to `step-N`; the older ones are removed after
//! that. Whatever a `kill -9` leaves behind, the highest `step-N` is complete.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use burn::module::Module;
use burn::optim::ModuleOptimizer;
use serde::{Deserialize, Serialize};

/// Where a training stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    /// Options that must not change, as text: a number that went through a file need not be equal to
    /// the one that was written, its text is.
    fingerprint: String,
    /// Epochs finished.
    pub epoch: usize,
    /// Batches done of the epoch under way.
    pub batch: usize,
    /// Batches in an epoch.
    pub steps_per_epoch: usize,
    /// Best validation error so far.
    best: Option<f64>,
    /// Epochs since it was reached.
    since_best: usize,
    loss_sum: f64,
    right_sum: f64,
    seen: usize,
}

/// The epoch's means so far.
#[derive(Clone, Copy, Debug)]
pub struct Mean {
    /// Of the loss.
    pub loss: f64,
    /// Of the share of pictures that the training counts as right.
    pub right: f64,
}

impl State {
    /// Before the first step.
    pub fn new(fingerprint: String) -> Self {
        Self {
            fingerprint,
            epoch: 0,
            batch: 0,
            steps_per_epoch: 0,
            best: None,
            since_best: 0,
            loss_sum: 0.0,
            right_sum: 0.0,
            seen: 0,
        }
    }

    /// Steps done in all.
    pub fn step(&self) -> usize {
        self.epoch * self.steps_per_epoch + self.batch
    }

    /// Counts one batch.
    pub fn count(&mut self, loss: f32, right: f32, pictures: usize) {
        self.batch += 1;
        self.loss_sum += f64::from(loss) * pictures as f64;
        self.right_sum += f64::from(right) * pictures as f64;
        self.seen += pictures;
    }

    /// Means over the epoch so far.
    pub fn mean(&self) -> Mean {
        let n = self.seen.max(1) as f64;
        Mean { loss: self.loss_sum / n, right: self.right_sum / n }
    }

    /// Closes the epoch; whether its validation is the best so far.
    pub fn finish_epoch(&mut self, error: f64) -> bool {
        let better = self.best.is_none_or(|best| error < best);
        if better {
            self.best = Some(error);
        }
        self.since_best = if better { 0 } else { self.since_best + 1 };
        (self.epoch, self.batch, self.seen) = (self.epoch + 1, 0, 0);
        (self.loss_sum, self.right_sum) = (0.0, 0.0);
        better
    }

    /// Whether `patience` epochs brought nothing better.
    pub fn exhausted(&self, patience: usize) -> bool {
        patience > 0 && self.since_best >= patience
    }

    /// # Errors
    /// When the checkpoint comes from a training with other options.
    fn must_fit(&self, fingerprint: &str) -> Result<()> {
        if self.fingerprint == fingerprint {
            return Ok(());
        }
        bail!(
            "the checkpoint belongs to other options: it was made with {}, now they are {fingerprint}; \
             give the same ones, or start over with --overwrite",
            self.fingerprint
        )
    }
}

/// The checkpoints of one training.
pub struct Checkpoints {
    folder: PathBuf,
}

/// One complete checkpoint.
pub struct Found {
    folder: PathBuf,
}

const MODEL: &str = "model.bpk";
const OPTIMIZER: &str = "optimizer.bpk";
const STATE: &str = "state.json";

impl Checkpoints {
    /// In a folder beside the weights: `x.safetensors` has `x.checkpoint`.
    pub fn beside(out: &Path) -> Self {
        Self { folder: out.with_extension("checkpoint") }
    }

    /// Where they are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The newest complete one.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn last(&self) -> Result<Option<Found>> {
        Ok(self.complete()?.into_iter().max().map(|(_, folder)| Found { folder }))
    }

    /// Removes all of them, and what an interruption left.
    ///
    /// # Errors
    /// When the folder cannot be removed.
    pub fn clear(&self) -> Result<()> {
        if !self.folder.exists() {
            return Ok(());
        }
        fs::remove_dir_all(&self.folder)
            .with_context(|| format!("cannot remove {}", self.folder.display()))
    }

    /// Writes a new one, then removes the older ones.
    ///
    /// # Errors
    /// When it cannot be written; the older ones are then still there.
    pub fn save<M: Module>(
        &self,
        model: &M,
        optimizer: &ModuleOptimizer,
        state: &State,
    ) -> Result<()> {
        let name = format!("step-{:09}", state.step());
        let (part, whole) = (self.folder.join(format!("{name}.part")), self.folder.join(&name));
        let write = || -> Result<()> {
            if part.exists() {
                fs::remove_dir_all(&part)?;
            }
            fs::create_dir_all(&part)?;
            // Not a clone: `valid` is what folds the last step's statistics into a batch norm's
            // running ones; visiting the training module itself gives those of the step before.
            model.valid().save_file(part.join(MODEL))?;
            optimizer.save(part.join(OPTIMIZER))?;
            fs::write(part.join(STATE), serde_json::to_vec_pretty(state)?)?;
            for file in [MODEL, OPTIMIZER, STATE] {
                fs::File::open(part.join(file))?.sync_all()?;
            }
            if whole.exists() {
                fs::remove_dir_all(&whole)?;
            }
            fs::rename(&part, &whole)?;
            Ok(())
        };
        write().with_context(|| {
            format!("cannot write the checkpoint {} (is the disk full?)", whole.display())
        })?;
        for (_, older) in self.complete()?.into_iter().filter(|(_, folder)| *folder != whole) {
            fs::remove_dir_all(&older)
                .with_context(|| format!("cannot remove {}", older.display()))?;
        }
        Ok(())
    }

    fn complete(&self) -> Result<Vec<(usize, PathBuf)>> {
        if !self.folder.is_dir() {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        let entries = fs::read_dir(&self.folder)
            .with_context(|| format!("cannot read {}", self.folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            let step = path
                .file_name()
                .and_then(|name| name.to_str()?.strip_prefix("step-")?.parse::<usize>().ok());
            found.extend(step.map(|step| (step, path)));
        }
        Ok(found)
    }
}

impl Found {
    /// Reads it into a network and an optimizer of the same kinds.
    ///
    /// # Errors
    /// When it comes from a training with other options, or a file is damaged.
    pub fn load<M: Module>(
        &self,
        model: M,
        optimizer: ModuleOptimizer,
        fingerprint: &str,
    ) -> Result<(M, ModuleOptimizer, State)> {
        let unreadable = || {
            let folder = self.folder.display();
            format!("the checkpoint {folder} cannot be read; start over with --overwrite")
        };
        let state = || -> Result<State> {
            Ok(serde_json::from_slice(&fs::read(self.folder.join(STATE))?)?)
        };
        let state = state().with_context(unreadable)?;
        // Before the weights: those of another network would only be called damaged.
        state.must_fit(fingerprint)?;
        let weights = || -> Result<(M, ModuleOptimizer)> {
            let model = model.try_load_file(self.folder.join(MODEL))?;
            Ok((model, optimizer.load(self.folder.join(OPTIMIZER))?))
        };
        let (model, optimizer) = weights().with_context(unreadable)?;
        Ok((model, optimizer, state))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> State {
        State { steps_per_epoch: 3, ..State::new(String::new()) }
    }

    #[test]
    fn only_an_epoch_with_a_lower_error_is_better_than_the_best_one() {
        let mut state = state();
        let errors = [0.5, 0.6, 0.4, 0.4, 0.45, 0.39];
        let better = errors.map(|error| state.finish_epoch(error));
        assert_eq!(better, [true, false, true, false, false, true]);
        assert_eq!((state.epoch, state.step()), (6, 18));
    }

    #[test]
    fn patience_counts_the_epochs_since_the_best_one() {
        let mut state = state();
        for (error, exhausted) in
            [(0.5, false), (0.6, false), (0.4, false), (0.4, false), (0.7, true)]
        {
            state.finish_epoch(error);
            assert_eq!(state.exhausted(2), exhausted, "after {error}");
            assert!(!state.exhausted(0), "0 never stops a training");
        }
    }

    #[test]
    fn means_weigh_every_picture_alike_and_start_anew_with_an_epoch() {
        let mut state = state();
        state.count(1.0, 1.0, 30);
        state.count(4.0, 0.0, 10);
        let mean = state.mean();
        assert!((mean.loss - 1.75).abs() < 1e-9 && (mean.right - 0.75).abs() < 1e-9, "{mean:?}");
        assert_eq!(state.step(), 2);
        state.finish_epoch(0.5);
        state.count(2.0, 0.5, 7);
        assert!((state.mean().loss - 2.0).abs() < 1e-9 && (state.mean().right - 0.5).abs() < 1e-9);
        assert_eq!(state.step(), 4);
    }
}
