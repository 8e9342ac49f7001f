//! An evaluation as a whole: one attack after the other, each on all pictures.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use burn::tensor::Device;
use serde::Serialize;

use super::results::Results;
use super::{Attempt, Attempts, PROBED, Probe, Sweep, examine_one, in_batches, probe, work};
use crate::attack::{AttackConfig, AttackName, Attacker};
use crate::data::dataset::Description;
use crate::data::{Selection, checksum};
use crate::defence::Defence;
use crate::detector::{Randomisation, ScoreConfig};
use crate::error::Result;

/// What an evaluation computes.
pub struct Run<'a> {
    /// The defence.
    pub defence: &'a Defence,
    /// The pictures.
    pub selection: &'a Selection,
    /// The attacks.
    pub attempts: Attempts<'a>,
    /// Pictures computed at a time.
    pub batch_size: usize,
}

/// The attacks of an evaluation, and the sweeps beside them.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The attacks, at least one.
    pub attempts: Vec<Attempt>,
    /// The sweeps.
    pub sweeps: Vec<Sweep>,
}

impl Plan {
    /// All attacks to make: those of the sweeps come last.
    pub fn all(&self) -> Vec<Attempt> {
        let swept = self.sweeps.iter().flat_map(Sweep::attempts);
        self.attempts.iter().copied().chain(swept).collect()
    }
}

/// All that the results of a run depend on.
#[derive(Serialize)]
struct Fingerprint<'a> {
    version: &'static str,
    score: ScoreConfig,
    threshold: f32,
    randomisation: Randomisation,
    /// CRC-32 of each weights file.
    models: BTreeMap<String, u32>,
    data: &'a Description,
    pictures_crc32: u32,
    attacks: BTreeMap<String, Attacked>,
    until_wrong: bool,
}

#[derive(Serialize)]
struct Attacked {
    attacker: Attacker,
    #[serde(flatten)]
    attack: AttackConfig,
}

impl Run<'_> {
    /// Nothing known yet.
    pub fn results(&self) -> Results {
        let labels = self.selection.pictures.labels();
        let classes = self.selection.indices.iter().map(|i| labels[*i]).collect();
        Results::new(self.selection.indices.clone(), classes, self.attempts.all.len())
    }

    /// All that the results depend on, as JSON text; `models` are CRC-32s of the weights files.
    ///
    /// # Errors
    /// When a picture cannot be read.
    pub fn fingerprint(&self, models: BTreeMap<String, u32>) -> anyhow::Result<String> {
        let attack = |(n, attempt): (usize, &Attempt)| {
            let name = format!("{} {}", n + 1, attempt.attack.name());
            (name, Attacked { attacker: attempt.attacker, attack: attempt.attack })
        };
        let detector = self.defence.detector();
        let Selection { pictures, indices, description } = self.selection;
        let fingerprint = Fingerprint {
            version: env!("CARGO_PKG_VERSION"),
            score: detector.score,
            threshold: detector.threshold,
            randomisation: self.defence.randomisation(),
            models,
            data: description,
            pictures_crc32: checksum(pictures.as_ref(), indices)?,
            attacks: self.attempts.all.iter().enumerate().map(attack).collect(),
            until_wrong: self.attempts.until_wrong,
        };
        Ok(serde_json::to_string(&fingerprint)?)
    }

    /// Probes some of the pictures.
    ///
    /// # Errors
    /// When a picture cannot be read, or the device fails.
    pub fn probe(&self) -> Result<Probe> {
        let Self { defence, selection, batch_size, .. } = *self;
        let Selection { pictures, indices, .. } = selection;
        // From everywhere in the list: it may be sorted by class.
        let some: Vec<usize> =
            indices.iter().copied().step_by(indices.len().div_ceil(PROBED)).collect();
        let compute =
            |indices: &[usize]| pollster::block_on(probe(defence, pictures.as_ref(), indices));
        Ok(Probe::of(&in_batches(&some, batch_size, defence.device(), compute, |_, _| ())?))
    }

    /// The [`work`] of all attacks on all pictures, and how much of it is done.
    pub fn work(&self, results: &Results) -> (usize, usize) {
        let all = self.attempts.all.iter().enumerate();
        let pictures = self.selection.indices.len();
        all.fold((0, 0), |(total, done), (n, attempt)| {
            let each = work(&attempt.attack);
            (total + each * pictures, done + each * (pictures - results.missing(n).len()))
        })
    }

    /// A few of the pictures, whose time tells that of all; `None` if there are not many more.
    pub fn few(&self) -> Option<Vec<usize>> {
        let indices = &self.selection.indices;
        let few = (self.batch_size / 4).max(2);
        // From everywhere in the list: attacks may take longer on some classes.
        let some = indices.iter().copied().step_by(indices.len().div_ceil(few).max(1));
        (indices.len() >= 4 * few).then(|| some.collect())
    }

    /// How long each attack will take on the other pictures, by what it `took` on so `few` of them.
    pub fn estimate(&self, few: usize, took: &[Duration]) -> Vec<(AttackName, Duration)> {
        let others = (self.selection.indices.len() - few) as f64 / few as f64;
        let attempts = self.attempts.all.iter().zip(took);
        attempts.map(|(attempt, took)| (attempt.attack.name(), took.mul_f64(others))).collect()
    }

    /// Computes what is missing in `results`, on all pictures or `among` these alone. Where attacks end once answers are wrong,
    /// each attack is made only on the pictures that those before left right. Returns how long each attack took. `tick` is
    /// called from any thread with the [`work`] that is done or not needed, and `added` on this one whenever results were
    /// added, with the attack's place and the number of pictures.
    ///
    /// # Errors
    /// When a picture cannot be read, a parameter is out of its range, or the device fails.
    pub fn compute(
        &self,
        results: &Mutex<Results>,
        among: Option<&[usize]>,
        tick: &(impl Fn(usize) + Sync),
        mut added: impl FnMut(usize, usize),
    ) -> Result<Vec<Duration>> {
        let Self { defence, selection, attempts, mut batch_size } = *self;
        if attempts.until_wrong && *defence.device() == Device::flex() {
            // A batch goes on until its last picture is wrong: one picture for each core.
            batch_size = rayon::current_num_threads();
        }
        let lock = || results.lock().expect("nothing panics with the lock");
        let mut took = Vec::new();
        for n in 0..attempts.all.len() {
            let started = Instant::now();
            let mut missing = lock().missing(n);
            if attempts.until_wrong {
                let right = lock().right_under(n);
                let all = missing.len();
                missing.retain(|index| right.binary_search(index).is_ok());
                tick((all - missing.len()) * work(&attempts.all[n].attack));
            }
            missing.retain(|index| among.is_none_or(|among| among.contains(index)));
            let compute = |indices: &[usize]| {
                let pictures = selection.pictures.as_ref();
                pollster::block_on(examine_one(defence, pictures, indices, attempts, n, tick))
            };
            in_batches(&missing, batch_size, defence.device(), compute, |indices, found| {
                lock().add(n, indices, found);
                added(n, indices.len());
            })?;
            took.push(started.elapsed());
        }
        Ok(took)
    }
}
