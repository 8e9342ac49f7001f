//! Checkpoints: what a training needs to be resumed, in folders that appear whole or not at all.
//!
//! The checkpoints of the weights `OUT` are in the folder `OUT.checkpoint`, which training makes, marks with a
//! file of its own and locks. A checkpoint is written into `step-N.part`, synced, and renamed to `step-N`;
//! the last two are kept. After a `kill -9` or a power cut the newest `step-N` is complete; checksums tell
//! if its files were damaged later, and then the one before is used.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use burn::module::Module;
use burn::optim::ModuleOptimizer;
use serde::{Deserialize, Serialize};
use tracing::warn;

use super::TrainingError;
use crate::differences::differences;
use crate::file::{cannot_write, checksum, link_target, sync_and_checksum, sync_folder};

/// How far a training is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct State {
    /// The options that must not change, as JSON text: a number that is read from a file need not be equal
    /// to the one that was written; its text is.
    fingerprint: String,
    /// Epochs finished.
    pub epoch: usize,
    /// Batches done in the current epoch.
    pub batch: usize,
    /// Batches in an epoch.
    steps_per_epoch: usize,
    /// Lowest validation error so far.
    #[serde(with = "exact")]
    best: Option<f64>,
    /// Epochs since it was reached.
    since_best: usize,
    loss_sum: f64,
    metric_sum: f64,
    /// Pictures that the sums are over.
    seen: usize,
}

/// Means over an epoch, so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mean {
    pub loss: f64,
    /// Accuracy or agreement, 0 to 1.
    pub metric: f64,
}

/// A float as text: `serde_json` reads a number's last digit less than exactly, and equal validation errors
/// must stay equal.
mod exact {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub fn serialize<S: Serializer>(value: &Option<f64>, to: S) -> Result<S::Ok, S::Error> {
        value.map(|value| value.to_string()).serialize(to)
    }

    pub fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Option<f64>, D::Error> {
        let text: Option<String> = Option::deserialize(from)?;
        text.map(|text| text.parse().map_err(D::Error::custom)).transpose()
    }
}

impl State {
    /// Before the first step.
    pub fn new(fingerprint: String, steps_per_epoch: usize) -> Self {
        Self {
            fingerprint,
            epoch: 0,
            batch: 0,
            steps_per_epoch,
            best: None,
            since_best: 0,
            loss_sum: 0.0,
            metric_sum: 0.0,
            seen: 0,
        }
    }

    /// Steps done in all epochs.
    pub fn step(&self) -> usize {
        self.epoch * self.steps_per_epoch + self.batch
    }

    /// Counts one batch: its mean loss, its mean metric and how many pictures it had.
    pub fn count(&mut self, loss: f32, metric: f32, pictures: usize) {
        self.batch += 1;
        self.loss_sum += f64::from(loss) * pictures as f64;
        self.metric_sum += f64::from(metric) * pictures as f64;
        self.seen += pictures;
    }

    /// Means over the current epoch.
    pub fn mean(&self) -> Mean {
        let n = self.seen.max(1) as f64;
        Mean { loss: self.loss_sum / n, metric: self.metric_sum / n }
    }

    /// Ends the epoch; returns whether its validation error is the lowest so far.
    pub fn finish_epoch(&mut self, error: f64) -> bool {
        let better = self.best.is_none_or(|best| error < best);
        if better {
            self.best = Some(error);
        }
        self.since_best = if better { 0 } else { self.since_best + 1 };
        (self.epoch, self.batch, self.seen) = (self.epoch + 1, 0, 0);
        (self.loss_sum, self.metric_sum) = (0.0, 0.0);
        better
    }

    /// Whether the last `patience` epochs, if that is not 0, brought no better validation.
    pub fn exhausted(&self, patience: usize) -> bool {
        patience > 0 && self.since_best >= patience
    }

    /// Checks that this can be the state of a training with so many epochs and steps in each.
    fn check(&self, epochs: usize, steps_per_epoch: usize) -> Result<()> {
        let Self { epoch, batch, .. } = *self;
        ensure!(epoch <= epochs, "its state is after {epoch} of {epochs} epochs");
        ensure!(
            self.steps_per_epoch == steps_per_epoch && batch <= steps_per_epoch,
            "its state is after batch {batch} of {} in an epoch of {steps_per_epoch}",
            self.steps_per_epoch
        );
        ensure!(epoch < epochs || batch == 0, "its state is after the last epoch");
        ensure!(self.best.is_some() == (epoch > 0), "its validation error does not fit its epoch");
        ensure!(self.best.is_none_or(f64::is_finite), "its validation error is no number");
        Ok(())
    }
}

/// The folder of one training's checkpoints.
pub(super) struct Checkpoints {
    folder: PathBuf,
    /// The file for the weights.
    out: PathBuf,
    /// Intact checkpoints in it, the newest last.
    kept: Vec<PathBuf>,
    /// The weights of the best epoch so far, in 32 bits, as a file's bytes.
    best: Option<Vec<u8>>,
}

/// Keeps other trainings from the checkpoints until it is dropped.
pub(super) struct Lock {
    _marker: File,
}

/// The networks that a checkpoint holds.
#[derive(Clone, Copy)]
pub(super) struct Networks<'a, M> {
    pub model: &'a M,
    /// The moving average of its weights, if the training makes one.
    pub average: Option<&'a M>,
}

/// What a checkpoint holds, ready to go on.
pub(super) struct Resumed<M> {
    pub model: M,
    pub average: Option<M>,
    pub optimizer: ModuleOptimizer,
    pub state: State,
}

/// Marks a folder as made by a training.
const MARKER: &str = "second-look-training";
const MARKER_TEXT: &str = "Checkpoints of a training with second-look, which removes old ones (step-*).\n\
    When the training is over, this folder is of no more use.\n";

const MODEL: &str = "model.bpk";
const AVERAGE: &str = "average.bpk";
const OPTIMIZER: &str = "optimizer.bpk";
const STATE: &str = "state.json";
/// The weights of the best epoch, in 32 bits, once there is one.
const BEST: &str = "best.safetensors";
/// CRC-32 of the other files, by name.
const CHECKSUMS: &str = "checksums.json";

/// All that a training writes into a checkpoint.
const FILES: [&str; 6] = [MODEL, AVERAGE, OPTIMIZER, STATE, BEST, CHECKSUMS];

/// How many checkpoints are kept.
const KEEP: usize = 2;

/// A name of ours: `step-N` or, where that is taken, `step-N.K`; `.part` while it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    step: usize,
    number: usize,
    part: bool,
}

impl Name {
    fn parse(name: &str) -> Option<Self> {
        let name = name.strip_prefix("step-")?;
        let (name, part) = match name.strip_suffix(".part") {
            Some(name) => (name, true),
            None => (name, false),
        };
        let (step, number) = name.split_once('.').unwrap_or((name, "0"));
        let parse = |digits: &str| {
            let all_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
            digits.parse().ok().filter(|_| all_digits)
        };
        Some(Self { step: parse(step)?, number: parse(number)?, part })
    }

    fn text(self) -> String {
        let number = if self.number == 0 { String::new() } else { format!(".{}", self.number) };
        format!("step-{:09}{number}{}", self.step, if self.part { ".part" } else { "" })
    }
}

impl Checkpoints {
    /// Those of the weights `out`: `x.safetensors` has `x.safetensors.checkpoint` beside it. Where `out` is a link, they are
    /// beside the file that it leads to: two names of one file are one output.
    pub fn beside(out: &Path) -> Self {
        let file = link_target(out).unwrap_or_else(|_| out.to_owned());
        let mut folder = file.into_os_string();
        folder.push(".checkpoint");
        Self { folder: folder.into(), out: out.to_owned(), kept: Vec::new(), best: None }
    }

    /// Where they are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Checks that the folder is a training's, and that no other training uses it.
    ///
    /// # Errors
    /// When it cannot be read, was not made by a training, holds what no training wrote, or is locked.
    pub fn check(&self) -> Result<()> {
        self.check_contents()?;
        match File::open(self.folder.join(MARKER)) {
            Ok(marker) => self.lock_file(marker).map(drop),
            Err(_) => Ok(()), // there is none yet
        }
    }

    /// Makes the folder and locks it.
    ///
    /// # Errors
    /// As [`Checkpoints::check`], and when the folder cannot be written to.
    pub fn lock(&self) -> Result<Lock> {
        self.check_contents()?;
        let marker = self.folder.join(MARKER);
        let open = || -> io::Result<File> {
            fs::create_dir_all(&self.folder)?;
            // Windows locks no file that is open for appending alone.
            OpenOptions::new().read(true).create(true).append(true).open(&marker)
        };
        let lock = self.lock_file(open().map_err(|e| cannot_write(&marker, e))?)?;
        let write = || -> io::Result<()> {
            if lock._marker.metadata()?.len() == 0 {
                (&lock._marker).write_all(MARKER_TEXT.as_bytes())?;
            }
            lock._marker.sync_all()?;
            sync_folder(&self.folder)
        };
        write().map_err(|e| cannot_write(&marker, e))?;
        Ok(lock)
    }

    fn lock_file(&self, marker: File) -> Result<Lock> {
        match marker.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => bail!(TrainingError::Busy { file: self.out.clone() }),
            Err(TryLockError::Error(e)) => warn!(
                "cannot lock {} ({e}): do not start another training with the same output",
                self.folder.display()
            ),
        }
        Ok(Lock { _marker: marker })
    }

    /// Whether there are any.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn exist(&self) -> Result<bool> {
        Ok(self.list()?.iter().any(|(name, folder)| !name.part && is_ours(folder)))
    }

    /// Removes all of them.
    ///
    /// # Errors
    /// When one cannot be removed.
    pub fn clear(&mut self) -> Result<()> {
        (self.kept, self.best) = (Vec::new(), None);
        self.remove_others()
    }

    /// Reads the newest one that is intact into copies of `networks` and `optimizer`; warns of those that are not.
    /// `epochs` and `steps_per_epoch` are what the state is checked against.
    ///
    /// # Errors
    /// When there is none, it belongs to a training with other options, or all are damaged.
    pub fn resume<M: Module>(
        &mut self,
        networks: Networks<'_, M>,
        optimizer: &ModuleOptimizer,
        fingerprint: &str,
        epochs: usize,
        steps_per_epoch: usize,
    ) -> Result<Resumed<M>> {
        let mut found: Vec<PathBuf> =
            self.list()?.into_iter().filter(|(name, _)| !name.part).map(|(_, path)| path).collect();
        found.retain(|folder| is_ours(folder));
        let mut damaged: Option<(PathBuf, anyhow::Error)> = None;
        while let Some(folder) = found.last() {
            let read = || -> Result<(Resumed<M>, Option<Vec<u8>>)> {
                let state = self.read_state(folder, fingerprint)?;
                state.check(epochs, steps_per_epoch)?;
                let model = networks.model.clone().try_load_file(folder.join(MODEL))?;
                let load = |average: &M| average.clone().try_load_file(folder.join(AVERAGE));
                let average = networks.average.map(load).transpose()?;
                let optimizer = optimizer.clone().load(folder.join(OPTIMIZER))?;
                let best = state.best.map(|_| fs::read(folder.join(BEST))).transpose()?;
                Ok((Resumed { model, average, optimizer, state }, best))
            };
            match read() {
                Ok((resumed, best)) => {
                    if let Some((damaged, reason)) = damaged {
                        warn!(
                            "the checkpoint {} is damaged ({reason:#}): going on from {}",
                            damaged.display(),
                            folder.display()
                        );
                    }
                    (self.kept, self.best) = (found, best);
                    return Ok(resumed);
                }
                Err(error) if error.is::<TrainingError>() => return Err(error),
                Err(error) => {
                    let folder = found.pop().expect("it was the last");
                    damaged.get_or_insert((folder, error));
                }
            }
        }
        match damaged {
            Some((folder, reason)) => {
                let reason = format!("{reason:#}");
                bail!(TrainingError::DamagedCheckpoint { folder, reason })
            }
            None => bail!(TrainingError::NoCheckpoint { folder: self.folder.clone() }),
        }
    }

    /// Checks the checksums, then reads the state; an error of type [`TrainingError`] if it belongs to a
    /// training with other options.
    fn read_state(&self, folder: &Path, fingerprint: &str) -> Result<State> {
        let read = |file: &str| fs::read(folder.join(file)).with_context(|| file.to_owned());
        let checksums: BTreeMap<String, u32> =
            serde_json::from_slice(&read(CHECKSUMS)?).context(CHECKSUMS)?;
        for file in
            [STATE, MODEL, OPTIMIZER].into_iter().chain(checksums.keys().map(String::as_str))
        {
            let expected =
                checksums.get(file).with_context(|| format!("{file} has no checksum"))?;
            let actual = checksum(&folder.join(file)).with_context(|| file.to_owned())?;
            ensure!(actual == *expected, "{file} has changed since it was written");
        }
        let state: State = serde_json::from_slice(&read(STATE)?).context(STATE)?;
        if state.fingerprint != fingerprint {
            let differences = differences(&state.fingerprint, fingerprint);
            bail!(TrainingError::OtherOptions { folder: self.folder.clone(), differences });
        }
        ensure!(
            checksums.contains_key(BEST) == state.best.is_some(),
            "the weights of the best epoch do not fit the state"
        );
        Ok(state)
    }

    /// The weights of the best epoch so far, as a file's bytes; none before the end of the first epoch.
    pub fn best(&self) -> Option<&[u8]> {
        self.best.as_deref()
    }

    /// Sets the weights of the best epoch so far; the next checkpoint holds them.
    pub fn set_best(&mut self, bytes: Vec<u8>) {
        self.best = Some(bytes);
    }

    /// Writes a new one, then removes all but the last two.
    ///
    /// # Errors
    /// When it cannot be written; the ones before are then still there.
    pub fn save<M: Module>(
        &mut self,
        networks: Networks<'_, M>,
        optimizer: &ModuleOptimizer,
        state: &State,
    ) -> Result<()> {
        let step = state.step();
        // A file of somebody's, or the checkpoint at the same step that was made before the epoch ended.
        let taken = |path: &Path| path.symlink_metadata().is_ok();
        let (whole, part) = (0..)
            .map(|number| {
                let name = |part| Name { step, number, part };
                (self.folder.join(name(false).text()), self.folder.join(name(true).text()))
            })
            .find(|(whole, part)| {
                if part.is_dir() {
                    let _ = remove(part); // what cannot be removed is taken
                }
                !taken(whole) && !taken(part)
            })
            .expect("names do not run out");
        let write = || -> Result<()> {
            fs::create_dir(&part)?;
            // `valid` folds the statistics of the last step into a batch norm's running ones; without it,
            // those of the step before would be saved.
            networks.model.valid().save_file(part.join(MODEL))?;
            optimizer.save(part.join(OPTIMIZER))?;
            fs::write(part.join(STATE), serde_json::to_vec_pretty(state)?)?;
            let mut files = vec![MODEL, OPTIMIZER, STATE];
            if let Some(average) = networks.average {
                average.clone().save_file(part.join(AVERAGE))?;
                files.push(AVERAGE);
            }
            if let Some(best) = &self.best {
                fs::write(part.join(BEST), best)?;
                files.push(BEST);
            }
            let checksums = files
                .into_iter()
                .map(|file| Ok((file, sync_and_checksum(&part.join(file))?)))
                .collect::<io::Result<BTreeMap<_, _>>>()?;
            fs::write(part.join(CHECKSUMS), serde_json::to_vec_pretty(&checksums)?)?;
            sync_and_checksum(&part.join(CHECKSUMS))?;
            sync_folder(&part)?;
            fs::rename(&part, &whole)?;
            sync_folder(&self.folder)?;
            Ok(())
        };
        if let Err(e) = write() {
            let _ = remove(&part); // a full disk needs the space; the error is the one above
            return Err(cannot_write(&whole, e));
        }
        self.kept.push(whole);
        let superfluous = self.kept.len().saturating_sub(KEEP);
        self.kept.drain(..superfluous);
        self.remove_others()
    }

    /// Removes what is not kept: older checkpoints, damaged ones, and those that were never completed.
    fn remove_others(&self) -> Result<()> {
        for (_, folder) in self.list()? {
            if !self.kept.contains(&folder) {
                remove(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
            }
        }
        Ok(())
    }

    /// All folders of ours, by name; files that are called so are none of ours.
    fn list(&self) -> Result<Vec<(Name, PathBuf)>> {
        let mut found = Vec::new();
        for entry in self.entries()? {
            let name = entry.file_name().to_str().and_then(Name::parse);
            if let Some(name) = name
                && entry.file_type()?.is_dir()
            {
                found.push((name, entry.path()));
            }
        }
        found.sort();
        Ok(found)
    }

    fn check_contents(&self) -> Result<()> {
        let foreign = |name: String| {
            let folder = self.folder.clone();
            Err(TrainingError::ForeignFolder { folder, name }.into())
        };
        let mut marked = false;
        let mut ours = None;
        for entry in self.entries()? {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name == MARKER {
                marked = true;
            } else if Name::parse(&name).is_some() {
                ours = Some(name);
            } else {
                return foreign(name);
            }
        }
        // A folder of the user's may hold a `step-1`, too.
        match ours {
            Some(name) if !marked => foreign(name),
            _ => Ok(()),
        }
    }

    fn entries(&self) -> Result<Vec<fs::DirEntry>> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries.collect(),
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => Err(e),
        };
        entries.with_context(|| format!("cannot write checkpoints to {}", self.folder.display()))
    }
}

/// Whether a training wrote into this folder.
fn is_ours(folder: &Path) -> bool {
    FILES.iter().any(|file| folder.join(file).symlink_metadata().is_ok())
}

/// Removes a checkpoint. What no training wrote there stays, and the folder around it.
fn remove(folder: &Path) -> io::Result<()> {
    let ours = is_ours(folder);
    for file in FILES {
        match fs::remove_file(folder.join(file)) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
    }
    match fs::remove_dir(folder) {
        Err(e) if e.kind() == io::ErrorKind::DirectoryNotEmpty => {
            if ours {
                warn!("{} stays: it holds files of somebody's", folder.display());
            }
            Ok(())
        }
        removed => removed,
    }
}

#[cfg(test)]
#[path = "../../tests/fuzz/mutated.rs"]
mod mutated;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::Optimizer;
    use burn::module::Param;
    use burn::tensor::{Device, Tensor};
    use proptest::prelude::*;
    use rand::{RngExt, SeedableRng, rngs::Xoshiro256PlusPlus};

    #[derive(Module, Debug)]
    struct Network {
        weight: Param<Tensor<1>>,
    }

    fn network(value: f32) -> Network {
        let device = Device::flex().autodiff();
        Network { weight: Param::from_tensor(Tensor::from_floats([value; 8], &device)) }
    }

    /// A network that is its own average.
    fn both(model: &Network) -> Networks<'_, Network> {
        Networks { model, average: Some(model) }
    }

    fn value_of(network: &Network) -> f32 {
        network.weight.val().inner().into_data().try_to_vec::<f32>().unwrap()[0]
    }

    fn optimizer() -> ModuleOptimizer {
        Optimizer::Sgd.init(0.0)
    }

    const FINGERPRINT: &str = r#"{"seed":1,"task":{"mse":0.5}}"#;
    const EPOCHS: usize = 5;
    const STEPS: usize = 2;

    /// A training after so many epochs, each with a lower validation error than the one before.
    fn state(epochs: usize) -> State {
        let mut state = State::new(FINGERPRINT.to_owned(), STEPS);
        for epoch in 0..epochs {
            state.finish_epoch(1.0 / (epoch + 1) as f64);
        }
        state
    }

    /// A folder with the checkpoints after epochs 1 to `epochs`, whose weights are the epoch's number.
    fn saved(epochs: usize) -> (tempfile::TempDir, Checkpoints) {
        let folder = tempfile::tempdir().unwrap();
        let mut checkpoints = Checkpoints::beside(&folder.path().join("w"));
        drop(checkpoints.lock().unwrap());
        for epoch in 1..=epochs {
            let best = format!("best of {epoch}");
            checkpoints.set_best(best.into_bytes());
            checkpoints.save(both(&network(epoch as f32)), &optimizer(), &state(epoch)).unwrap();
        }
        let again = Checkpoints::beside(&folder.path().join("w"));
        (folder, again)
    }

    fn resume(checkpoints: &mut Checkpoints) -> Result<(f32, State)> {
        let resumed =
            checkpoints.resume(both(&network(0.0)), &optimizer(), FINGERPRINT, EPOCHS, STEPS)?;
        let average = resumed.average.expect("it was saved");
        assert_eq!(value_of(&resumed.model), value_of(&average));
        Ok((value_of(&resumed.model), resumed.state))
    }

    fn names(checkpoints: &Checkpoints) -> Vec<String> {
        let entries = fs::read_dir(checkpoints.folder()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn the_lowest_error_is_kept_and_patience_counts_from_it() {
        let mut state = state(0);
        let mut better = Vec::new();
        let mut exhausted = Vec::new();
        for error in [3.0, 1.0, 2.0, 1.0, 0.5, 0.6] {
            better.push(state.finish_epoch(error));
            exhausted.push(state.exhausted(2));
            assert!(!state.exhausted(0) && !state.exhausted(3));
        }
        assert_eq!(better, [true, true, false, false, true, false]);
        assert_eq!(exhausted, [false, false, false, true, false, false]);
        assert_eq!((state.epoch, state.batch, state.best), (6, 0, Some(0.5)));
    }

    #[test]
    fn means_are_over_pictures_and_start_again_with_an_epoch() {
        let mut state = state(0);
        state.count(1.0, 0.5, 30);
        state.count(4.0, 1.0, 10);
        assert_eq!((state.mean().loss, state.mean().metric), (1.75, 0.625));
        assert_eq!((state.batch, state.step()), (2, 2));
        state.finish_epoch(1.0);
        state.count(7.0, 0.25, 10);
        assert_eq!((state.mean().loss, state.mean().metric), (7.0, 0.25));
        assert_eq!((state.epoch, state.batch, state.step()), (1, 1, STEPS + 1));
    }

    #[test]
    fn a_validation_error_survives_its_file_to_the_last_digit() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(0);
        for _ in 0..2000 {
            let mut state = state(0);
            state.finish_epoch(rng.random());
            let text = serde_json::to_vec(&state).unwrap();
            assert_eq!(serde_json::from_slice::<State>(&text).unwrap(), state);
        }
    }

    #[test]
    fn a_state_that_cannot_be_is_refused() {
        state(2).check(EPOCHS, STEPS).unwrap();
        state(EPOCHS).check(EPOCHS, STEPS).unwrap();
        let wrong: [fn(&mut State); 5] = [
            |state| state.epoch = 1_000_000_000_000,
            |state| state.batch = STEPS + 1,
            |state| state.steps_per_epoch = 1,
            |state| (state.epoch, state.batch) = (EPOCHS, 1),
            |state| state.best = None,
        ];
        for (case, wrong) in wrong.into_iter().enumerate() {
            let mut state = state(2);
            wrong(&mut state);
            assert!(state.check(EPOCHS, STEPS).is_err(), "{case}");
        }
    }

    proptest! {
        #[test]
        fn names_are_read_as_they_are_written_and_sorted_by_step(
            a in (0usize..2_000_000_000, 0usize..3, any::<bool>()),
            b in (0usize..2_000_000_000, 0usize..3, any::<bool>()),
        ) {
            let name = |(step, number, part)| Name { step, number, part };
            let (a, b) = (name(a), name(b));
            prop_assert_eq!(Name::parse(&a.text()), Some(a));
            if (a.step, a.number) < (b.step, b.number) {
                prop_assert!(a < b);
            }
        }
    }

    #[test]
    fn other_names_are_none_of_ours() {
        for name in
            ["", "step-", "step-x", "step-1x", "step--1", "step-+1", "steps-1", "step-1.part2"]
        {
            assert_eq!(Name::parse(name), None, "{name}");
        }
    }

    #[test]
    fn the_last_two_are_kept_and_the_newest_is_resumed() {
        let (_folder, mut checkpoints) = saved(4);
        let expected = [MARKER, "step-000000006", "step-000000008"];
        assert_eq!(names(&checkpoints), expected);
        assert_eq!(resume(&mut checkpoints).unwrap(), (4.0, state(4)));
        assert_eq!(checkpoints.best().unwrap(), b"best of 4");
    }

    #[test]
    fn without_a_better_epoch_the_best_weights_stay() {
        let (_folder, mut checkpoints) = saved(1);
        resume(&mut checkpoints).unwrap();
        for step in 1..=3 {
            let mut state = state(1);
            state.batch = step.min(STEPS);
            checkpoints.save(both(&network(9.0)), &optimizer(), &state).unwrap();
            assert_eq!(checkpoints.best().unwrap(), b"best of 1");
        }
        resume(&mut checkpoints).unwrap();
        assert_eq!(checkpoints.best().unwrap(), b"best of 1");
    }

    #[test]
    fn damage_to_any_file_is_noticed_and_the_checkpoint_before_is_used() {
        for file in [MODEL, AVERAGE, OPTIMIZER, STATE, BEST, CHECKSUMS] {
            for damage in ["flipped", "cut", "missing"] {
                let (_folder, mut checkpoints) = saved(3);
                let path = checkpoints.folder().join("step-000000006").join(file);
                let mut bytes = fs::read(&path).unwrap();
                match damage {
                    "missing" => fs::remove_file(&path).unwrap(),
                    "cut" => fs::write(&path, &bytes[..bytes.len() / 2]).unwrap(),
                    _ => {
                        let middle = bytes.len() / 2;
                        bytes[middle] ^= 4;
                        fs::write(&path, bytes).unwrap();
                    }
                }
                let what = format!("{file} {damage}");
                assert_eq!(resume(&mut checkpoints).unwrap(), (2.0, state(2)), "{what}");
                assert_eq!(checkpoints.best().unwrap(), b"best of 2", "{what}");
                // The next checkpoint replaces the damaged one, not the intact one.
                checkpoints.save(both(&network(3.0)), &optimizer(), &state(3)).unwrap();
                let expected = [MARKER, "step-000000004", "step-000000006.1"];
                assert_eq!(names(&checkpoints), expected, "{what}");
                assert_eq!(resume(&mut checkpoints).unwrap().0, 3.0, "{what}");
            }
        }
    }

    /// What a file may be after a power cut or on a failing disk.
    fn damages(whole: &[u8]) -> Vec<(String, Vec<u8>)> {
        let len = whole.len();
        let mut damages = Vec::new();
        for at in [0, 1, len / 4, len / 2, len - len / 4, len - 1] {
            damages.push((format!("cut at {at}"), whole[..at].to_vec()));
            // The length was written, the data was not.
            damages.push((format!("zeros from {at}"), [&whole[..at], &vec![0; len - at]].concat()));
        }
        for i in 0..16 {
            let mut bytes = whole.to_vec();
            bytes[i * (len - 1) / 15] ^= 1 << (i % 8);
            damages.push((format!("flip {i}"), bytes));
        }
        damages.push(("longer".to_owned(), [whole, b"\0"].concat()));
        damages.retain(|(_, bytes)| bytes != whole);
        damages
    }

    #[test]
    fn after_a_power_cut_the_weights_are_those_of_a_checkpoint_or_none() {
        let (_folder, mut checkpoints) = saved(3);
        let of = |step: usize, file: &str| {
            checkpoints.folder().join(format!("step-{:09}", step * STEPS)).join(file)
        };
        let (newest, before) = ((3.0, state(3)), (2.0, state(2)));
        let files = [MODEL, AVERAGE, OPTIMIZER, STATE, BEST, CHECKSUMS];
        let paths = files.map(|file| (file, of(3, file), of(2, file)));
        let mut unharmed = 0;
        for (file, path, path_before) in &paths {
            let whole = fs::read(path).unwrap();
            for (damage, bytes) in damages(&whole) {
                let what = format!("{file}, {damage}");
                fs::write(path, bytes).unwrap();
                let resumed = resume(&mut checkpoints).unwrap();
                // A longer list of checksums may mean the same.
                assert!(resumed == before || (resumed == newest && *file == CHECKSUMS), "{what}");
                unharmed += usize::from(resumed == newest);
                let best = format!("best of {}", resumed.0);
                assert_eq!(checkpoints.best().unwrap(), best.as_bytes(), "{what}");
            }
            // When the one before is damaged as well, there is nothing to go on from.
            let whole_before = fs::read(path_before).unwrap();
            for damaged in [path, path_before] {
                fs::write(damaged, &whole[..whole.len() / 3]).unwrap();
            }
            let error = resume(&mut checkpoints).unwrap_err().to_string();
            for word in ["step-000000006", *file, "start over"] {
                assert!(error.contains(word) && !error.contains('\n'), "{file}: {error}");
            }
            fs::write(path, whole).unwrap();
            fs::write(path_before, whole_before).unwrap();
            assert_eq!(resume(&mut checkpoints).unwrap(), newest);
        }
        assert!(unharmed <= 2, "{unharmed}");
    }

    /// The files of a checkpoint with whatever in them and the right checksums, so that their readers see it. Damage by chance
    /// does not get there.
    #[test]
    fn files_that_their_checksums_vouch_for_are_read_or_refused() {
        let (_folder, checkpoints) = saved(1);
        let folder = checkpoints.folder().join("step-000000002");
        let names = [STATE, MODEL, AVERAGE, OPTIMIZER, CHECKSUMS];
        let files = names.map(|name| fs::read(folder.join(name)).unwrap());
        // The first byte says which file it is.
        let seeds: Vec<Vec<u8>> =
            files.iter().enumerate().map(|(i, file)| [&[i as u8], &file[..]].concat()).collect();
        let checkpoints = std::cell::RefCell::new(checkpoints);
        mutated::fuzz("checkpoint", &seeds, |bytes| {
            let Some((file, bytes)) = bytes.split_first() else { return };
            let changed = usize::from(*file) % names.len();
            fs::write(folder.join(names[changed]), bytes).unwrap();
            if names[changed] != CHECKSUMS {
                let sum = |name: &str| crc32fast::hash(&fs::read(folder.join(name)).unwrap());
                let sums: BTreeMap<&str, u32> = [STATE, MODEL, AVERAGE, OPTIMIZER, BEST]
                    .into_iter()
                    .map(|name| (name, sum(name)))
                    .collect();
                fs::write(folder.join(CHECKSUMS), serde_json::to_vec(&sums).unwrap()).unwrap();
            }
            let (network, optimizer) = (network(0.0), optimizer());
            match checkpoints.borrow_mut().resume(
                both(&network),
                &optimizer,
                FINGERPRINT,
                EPOCHS,
                STEPS,
            ) {
                Ok(resumed) => resumed.state.check(EPOCHS, STEPS).unwrap(),
                Err(error) => mutated::is_a_sentence(&error.to_string()),
            }
            for (name, whole) in names.iter().zip(&files) {
                fs::write(folder.join(name), whole).unwrap();
            }
        });
    }

    #[test]
    fn when_all_are_damaged_the_newest_is_named() {
        let (_folder, mut checkpoints) = saved(2);
        for step in ["step-000000002", "step-000000004"] {
            fs::write(checkpoints.folder().join(step).join(OPTIMIZER), b"x").unwrap();
        }
        let error = resume(&mut checkpoints).unwrap_err().to_string();
        for word in ["step-000000004", OPTIMIZER, "start over"] {
            assert!(error.contains(word), "{error}");
        }
    }

    #[test]
    fn a_state_that_lies_is_refused_although_its_checksum_is_right() {
        let (_folder, mut checkpoints) = saved(1);
        let folder = checkpoints.folder().join("step-000000002");
        let state = String::from_utf8(fs::read(folder.join(STATE)).unwrap()).unwrap();
        let lie = state.replace("\"epoch\": 1", "\"epoch\": 1000000000000");
        assert_ne!(lie, state);
        let sums = fs::read_to_string(folder.join(CHECKSUMS)).unwrap();
        let [old, new] = [&state, &lie].map(|text| crc32fast::hash(text.as_bytes()).to_string());
        fs::write(folder.join(STATE), lie).unwrap();
        fs::write(folder.join(CHECKSUMS), sums.replace(&old, &new)).unwrap();
        let error = resume(&mut checkpoints).unwrap_err().to_string();
        assert!(error.contains("1000000000000 of 5 epochs"), "{error}");
    }

    #[test]
    fn other_options_are_named_and_nothing_is_removed() {
        let (_folder, mut checkpoints) = saved(1);
        let other = r#"{"seed":2,"task":{"mse":0.5,"flip":true}}"#;
        let error = checkpoints.resume(both(&network(0.0)), &optimizer(), other, EPOCHS, STEPS);
        let error = error.err().unwrap().to_string();
        assert!(error.contains("(seed was 1, is 2; task.flip was not set, is true)"), "{error}");
        resume(&mut checkpoints).unwrap();
    }

    #[test]
    fn folders_that_no_training_made_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join("w.checkpoint").join(name);
        let refused = || {
            let checkpoints = Checkpoints::beside(&folder.path().join("w"));
            let error = checkpoints.check().unwrap_err();
            assert!(checkpoints.lock().is_err());
            error.to_string()
        };
        fs::create_dir_all(at("thesis")).unwrap();
        assert!(refused().contains("holds thesis"));
        fs::remove_dir(at("thesis")).unwrap();
        // Names like ours in a folder without the marker.
        fs::create_dir(at("step-1")).unwrap();
        assert!(refused().contains("holds step-1"));
        fs::remove_dir(at("step-1")).unwrap();
        // An empty folder will do.
        let checkpoints = Checkpoints::beside(&folder.path().join("w"));
        drop(checkpoints.lock().unwrap());
        checkpoints.check().unwrap();
        // Something in the folder of a training.
        fs::write(at("notes.txt"), "precious").unwrap();
        assert!(refused().contains("holds notes.txt"));
        assert!(at("notes.txt").exists());
    }

    #[test]
    fn only_our_own_folders_are_removed() {
        let (_folder, mut checkpoints) = saved(2);
        let file = checkpoints.folder().join("step-000000006");
        fs::write(&file, "a file").unwrap();
        fs::create_dir(checkpoints.folder().join("step-000000099.part")).unwrap();
        checkpoints.check().unwrap();
        assert_eq!(resume(&mut checkpoints).unwrap().0, 2.0, "a file is no checkpoint");
        checkpoints.save(both(&network(3.0)), &optimizer(), &state(3)).unwrap();
        let expected = [MARKER, "step-000000004", "step-000000006", "step-000000006.1"];
        assert_eq!(names(&checkpoints), expected);
        checkpoints.clear().unwrap();
        assert_eq!(names(&checkpoints), [MARKER, "step-000000006"]);
        assert_eq!(fs::read_to_string(file).unwrap(), "a file");
    }

    #[test]
    fn what_somebody_puts_into_a_checkpoint_stays() {
        let (_folder, mut checkpoints) = saved(2);
        let at = |name: &str| checkpoints.folder().join(name);
        let others =
            ["step-000000002/notes.txt", "step-000000004/thesis/a", "step-000000006.part/b"];
        let others = others.map(at);
        for file in &others {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "precious").unwrap();
        }
        assert_eq!(resume(&mut checkpoints).unwrap().0, 2.0);
        for value in [3, 4] {
            checkpoints.save(both(&network(value as f32)), &optimizer(), &state(value)).unwrap();
        }
        assert_eq!(resume(&mut checkpoints).unwrap().0, 4.0);
        checkpoints.clear().unwrap();
        for file in &others {
            assert_eq!(fs::read_to_string(file).unwrap(), "precious");
            let folder = file.ancestors().find(|f| f.parent() == Some(checkpoints.folder()));
            let left: Vec<_> = fs::read_dir(folder.unwrap()).unwrap().collect();
            assert_eq!(left.len(), 1, "nothing of ours: {left:?}");
        }
        // They are no checkpoints, and a training may go on beside them.
        assert!(!checkpoints.exist().unwrap());
        assert!(resume(&mut checkpoints).unwrap_err().to_string().contains("no checkpoint"));
        checkpoints.set_best(b"best".to_vec());
        checkpoints.save(both(&network(1.0)), &optimizer(), &state(1)).unwrap();
        assert_eq!(resume(&mut checkpoints).unwrap().0, 1.0);
    }

    #[test]
    fn a_locked_folder_is_another_training_s() {
        let folder = tempfile::tempdir().unwrap();
        let [first, second] = [(); 2].map(|()| Checkpoints::beside(&folder.path().join("w")));
        let lock = first.lock().unwrap();
        assert!(second.check().unwrap_err().to_string().contains("another training"));
        assert!(second.lock().is_err());
        drop(lock);
        second.check().unwrap();
        second.lock().unwrap();
        // The marker says once, to whoever finds the folder, what it is.
        assert_eq!(fs::read_to_string(first.folder().join(MARKER)).unwrap(), MARKER_TEXT);
    }

    #[cfg(unix)]
    #[test]
    fn two_names_of_one_file_are_one_output() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        // The file need not be there yet.
        std::os::unix::fs::symlink("w", at("link")).unwrap();
        let _lock = Checkpoints::beside(&at("w")).lock().unwrap();
        let error = Checkpoints::beside(&at("link")).lock().err().unwrap().to_string();
        assert!(error.contains("another training"), "{error}");
    }

    #[test]
    fn the_whole_name_of_the_output_names_the_folder() {
        let folder = |out: &str| Checkpoints::beside(Path::new(out)).folder().to_owned();
        assert_eq!(folder("a/n.1"), Path::new("a/n.1.checkpoint"));
        assert_ne!(folder("n.1"), folder("n.2"));
        assert_ne!(folder("x.checkpoint"), Path::new("x.checkpoint"));
    }
}
