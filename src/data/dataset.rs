//! Datasets: where pictures come from, and the parts that commands train, choose and measure on.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use super::split::{Split, TrainedOn, stratified};
use super::stl10::Stl10;
use super::synthetic::Drawn;
use super::{HeldOut, Joined, Part, Pictures, Protocol, hold_out};
use crate::class::Class;
use crate::error::{Error, Result};

/// Where pictures come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// STL-10's binary files, in this folder.
    Stl10(PathBuf),
    /// Drawn pictures, which have no end.
    Drawn,
}

/// Numbers of drawn pictures where none is given: to train on (the held-out ones included), to measure on.
const DRAWN_TRAINING: usize = 4000;
const DRAWN_TEST: usize = 1000;
/// The largest number of drawn pictures; far fewer than would make their seeds overlap.
const MOST_DRAWN: usize = 1_000_000;

/// A dataset, divided.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// Where the pictures come from.
    pub source: Source,
    /// How they are divided.
    pub split: Split,
}

/// Pictures to train on, with the part that is held out for validation.
pub struct TrainingData {
    /// All pictures.
    pub pictures: Box<dyn Pictures>,
    /// The indices of those to train on and of those held out.
    pub parts: HeldOut,
    /// `stl10`, `drawn`, or `stl10 and drawn`.
    pub data: String,
    /// Which split it is.
    pub protocol: Protocol,
    /// Share of the pictures that is held out.
    pub held_out: f64,
    /// Seed of the choice of the pictures held out.
    pub split_seed: u64,
}

/// Pictures to measure on, or to choose by.
pub struct Selection {
    /// All pictures of the split; read those of `indices` only.
    pub pictures: Box<dyn Pictures>,
    /// Which of them, in ascending order.
    pub indices: Vec<usize>,
    /// What they are, for reports.
    pub description: Description,
}

/// What pictures are measured on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Description {
    /// `stl10` or `drawn`.
    pub kind: &'static str,
    /// Which of STL-10's splits was trained on; `None` for drawn pictures.
    pub protocol: Option<Protocol>,
    /// The official name of the split that the pictures are from; `None` for drawn pictures.
    pub split: Option<&'static str>,
    /// How many pictures.
    pub pictures: usize,
    /// Whether they are the held-out part of the training split instead of the test split.
    pub validation: bool,
    /// Share of the training split that is held out.
    pub held_out: f64,
    /// Seed of the choice of the pictures held out, of subsets, and of drawings.
    pub split_seed: u64,
}

impl Dataset {
    /// [`Split::conflicts`], where they matter: drawn pictures have none, because those to train on, those
    /// held out and those to measure on are drawn from disjoint ranges of seeds.
    pub fn conflicts(&self, part: Part, models: &[TrainedOn]) -> Vec<String> {
        match self.source {
            Source::Stl10(_) => self.split.conflicts(part, models),
            Source::Drawn => Vec::new(),
        }
    }

    /// Pictures to train on and the part held out.
    ///
    /// With STL-10, `count` is the number to train on; beside them come `drawn` drawn ones, and with
    /// `unlabelled` STL-10's unlabelled split. The held-out part is the same whatever these are: it is held
    /// out first, so a threshold or a choice made on it never rests on a picture that another run trained
    /// on. Without STL-10, `count` pictures are drawn, the held-out ones included.
    ///
    /// # Errors
    /// When a file cannot be used, or there are not as many pictures.
    pub fn training_data(
        &self,
        count: Option<usize>,
        drawn: usize,
        unlabelled: bool,
    ) -> Result<TrainingData> {
        let Split { protocol, held_out, split_seed } = self.split;
        let data = |pictures, parts, data: &str| TrainingData {
            pictures,
            parts,
            data: data.to_owned(),
            protocol,
            held_out,
            split_seed,
        };
        let Source::Stl10(folder) = &self.source else {
            let labels = drawn_labels(count.unwrap_or(DRAWN_TRAINING))?;
            let sizes = hold_out(&labels, held_out, split_seed);
            let (training, validation) = (sizes.training.len(), sizes.validation.len());
            let pictures = Joined::new(
                Box::new(Drawn::training(training, split_seed)),
                Box::new(Drawn::held_out(validation, split_seed)),
            );
            let parts = HeldOut {
                training: (0..training).collect(),
                validation: (training..pictures.len()).collect(),
            };
            return Ok(data(Box::new(pictures), parts, "drawn"));
        };
        drawn_labels(drawn)?;
        let pictures = Stl10::open(folder, protocol.splits().0)?;
        let mut parts = hold_out(pictures.labels(), held_out, split_seed);
        if let Some(count) = count {
            parts.training = stratified(pictures.labels(), &parts.training, count, split_seed)?;
        }
        let mut pictures: Box<dyn Pictures> = Box::new(pictures);
        if drawn > 0 {
            let more = Box::new(Drawn::training(drawn, split_seed));
            pictures = join(pictures, more, &mut parts.training);
        }
        if unlabelled {
            let more = Box::new(Stl10::open(folder, "unlabeled")?);
            pictures = join(pictures, more, &mut parts.training);
        }
        Ok(data(pictures, parts, if drawn > 0 { "stl10 and drawn" } else { "stl10" }))
    }

    /// `count` pictures of the test split or of the held-out part, the same share of every class; all of them
    /// without a `count`.
    ///
    /// # Errors
    /// When a file cannot be used, or there are not as many pictures.
    ///
    /// # Panics
    /// When `part` is the training part: [`Dataset::training_data`] has it.
    pub fn select(&self, part: Part, count: Option<usize>) -> Result<Selection> {
        assert_ne!(part, Part::Training, "training pictures are no pictures to measure on");
        let Split { protocol, held_out, split_seed } = self.split;
        let validation = part == Part::HeldOut;
        let (trained_on, measured_on) = protocol.splits();
        let official = if validation { trained_on } else { measured_on };
        let (pictures, indices): (Box<dyn Pictures>, Vec<usize>) = match &self.source {
            Source::Stl10(folder) => {
                let pictures = Stl10::open(folder, official)?;
                let indices = match part {
                    Part::HeldOut => hold_out(pictures.labels(), held_out, split_seed).validation,
                    _ => (0..pictures.len()).collect(),
                };
                let indices = match count {
                    Some(count) => stratified(pictures.labels(), &indices, count, split_seed)?,
                    None => indices,
                };
                (Box::new(pictures), indices)
            }
            Source::Drawn => {
                let all = hold_out(&drawn_labels(DRAWN_TRAINING)?, held_out, split_seed);
                let default = if validation { all.validation.len() } else { DRAWN_TEST };
                let count = drawn_labels(count.unwrap_or(default))?.len();
                if count == 0 {
                    return Err(Error::Count { wanted: 0, available: MOST_DRAWN });
                }
                let pictures = match part {
                    Part::HeldOut => Drawn::held_out(count, split_seed),
                    _ => Drawn::test(count, split_seed),
                };
                (Box::new(pictures), (0..count).collect())
            }
        };
        let stl10 = self.source != Source::Drawn;
        let description = Description {
            kind: if stl10 { "stl10" } else { "drawn" },
            protocol: stl10.then_some(protocol),
            split: stl10.then_some(official),
            pictures: indices.len(),
            validation,
            held_out,
            split_seed,
        };
        Ok(Selection { pictures, indices, description })
    }
}

/// Pictures followed by more, all of which are to be trained on.
fn join(
    pictures: Box<dyn Pictures>,
    more: Box<dyn Pictures>,
    training: &mut Vec<usize>,
) -> Box<dyn Pictures> {
    let first = pictures.len();
    training.extend(first..first + more.len());
    Box::new(Joined::new(pictures, more))
}

/// Labels of `count` drawn pictures.
fn drawn_labels(count: usize) -> Result<Vec<Class>> {
    if count > MOST_DRAWN {
        return Err(Error::Count { wanted: count, available: MOST_DRAWN });
    }
    Ok(Drawn::training(count, 0).labels().to_vec())
}

impl Selection {
    /// The first picture of each class.
    pub fn one_of_each_class(&self) -> Vec<usize> {
        let labels = self.pictures.labels();
        Class::ALL
            .into_iter()
            .filter_map(|class| self.indices.iter().copied().find(|index| labels[*index] == class))
            .collect()
    }
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = if self.validation { "held out of training" } else { "to measure on" };
        match (self.protocol, self.split) {
            (Some(protocol), Some(split)) if self.validation => write!(
                f,
                "STL-10, held out of the {split} split (protocol {protocol}, share {}, split seed {})",
                self.held_out, self.split_seed
            ),
            (Some(protocol), Some(split)) => write!(
                f,
                "STL-10, {split} split (protocol {protocol}: trained on the {} split)",
                protocol.splits().0
            ),
            _ => write!(f, "drawn pictures, {part} (seed {})", self.split_seed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::VALUES;
    use std::collections::HashSet;
    use std::fs;

    fn bytes(pictures: &dyn Pictures, indices: &[usize]) -> HashSet<Vec<u8>> {
        let read = |index: &usize| {
            let mut bytes = [0; VALUES];
            pictures.read(*index, &mut bytes).unwrap();
            bytes.to_vec()
        };
        indices.iter().map(read).collect()
    }

    /// STL-10's three splits with `per_class` pictures of each class, all of them different.
    fn stl10(per_class: usize) -> (tempfile::TempDir, Dataset) {
        let folder = tempfile::tempdir().unwrap();
        for (at, split) in ["train", "test", "unlabeled"].into_iter().enumerate() {
            let (mut pixels, mut labels) = (Vec::new(), Vec::new());
            for i in 0..per_class * 10 {
                pixels.extend([at as u8, i as u8].repeat(VALUES / 2));
                labels.push((i % 10) as u8 + 1);
            }
            fs::write(folder.path().join(format!("{split}_X.bin")), pixels).unwrap();
            fs::write(folder.path().join(format!("{split}_y.bin")), labels).unwrap();
        }
        let source = Source::Stl10(folder.path().to_owned());
        let split = Split { held_out: 0.2, ..Split::default() };
        (folder, Dataset { source, split })
    }

    #[test]
    fn parts_never_overlap_and_the_held_out_one_is_always_the_same() {
        let (_folder, stl10) = stl10(10);
        let drawn = Dataset { source: Source::Drawn, split: stl10.split };
        for (dataset, count) in [(&stl10, None), (&stl10, Some(30)), (&drawn, Some(40))] {
            let training = dataset.training_data(count, 0, false).unwrap();
            let trained = bytes(training.pictures.as_ref(), &training.parts.training);
            let chosen_by = bytes(training.pictures.as_ref(), &training.parts.validation);
            let part = |part, count| {
                let selection = dataset.select(part, count).unwrap();
                bytes(selection.pictures.as_ref(), &selection.indices)
            };
            let (held_out, test) = (part(Part::HeldOut, Some(20)), part(Part::Test, Some(30)));
            assert!(trained.is_disjoint(&held_out) && trained.is_disjoint(&test));
            assert!(held_out.is_disjoint(&test));
            assert!(chosen_by.is_subset(&held_out));
            assert_eq!((held_out.len(), test.len()), (20, 30));
        }
    }

    #[test]
    fn training_adds_what_is_asked_for_and_says_what_it_is() {
        let (_folder, stl10) = stl10(10);
        for (count, drawn, unlabelled, training, name) in [
            (None, 0, false, 80, "stl10"),
            (Some(27), 0, false, 27, "stl10"),
            (Some(27), 5, false, 32, "stl10 and drawn"),
            (None, 5, true, 185, "stl10 and drawn"),
        ] {
            let data = stl10.training_data(count, drawn, unlabelled).unwrap();
            assert_eq!(data.parts.training.len(), training);
            assert_eq!(data.parts.validation.len(), 20, "held out of STL-10 alone");
            assert_eq!(data.data, name);
            assert!(data.parts.validation.iter().all(|index| *index < 100));
            let beside: Vec<usize> =
                data.parts.training.iter().copied().filter(|index| *index >= 100).collect();
            let expected = bytes(&Drawn::training(drawn, 0), &(0..drawn).collect::<Vec<_>>());
            assert!(expected.is_subset(&bytes(data.pictures.as_ref(), &beside)));
        }
        assert!(stl10.training_data(Some(81), 0, false).is_err());
        let drawn = Dataset { source: Source::Drawn, split: stl10.split };
        let data = drawn.training_data(Some(50), 0, false).unwrap();
        assert_eq!((data.parts.training.len(), data.parts.validation.len()), (40, 10));
        assert_eq!(data.data, "drawn");
    }

    #[test]
    fn a_selection_says_what_it_is() {
        let (_folder, mut stl10) = stl10(2);
        stl10.split.protocol = Protocol::Standard;
        let test = stl10.select(Part::Test, Some(13)).unwrap();
        assert_eq!((test.indices.len(), test.description.pictures), (13, 13));
        assert_eq!((test.description.split, test.description.validation), (Some("test"), false));
        let mut first = [0; VALUES];
        test.pictures.read(0, &mut first).unwrap();
        assert_eq!(first[0], 1, "the split test");
        let held_out = stl10.select(Part::HeldOut, None).unwrap();
        assert_eq!(held_out.indices.len(), 10, "at least one of each class");
        let text = held_out.description.to_string();
        assert!(
            text.contains("held out of the train split") && text.contains("standard"),
            "{text}"
        );
        let each = held_out.one_of_each_class();
        let labels = held_out.pictures.labels();
        assert_eq!(each.iter().map(|i| labels[*i]).collect::<Vec<_>>(), Class::ALL);
        assert!(stl10.select(Part::Test, Some(21)).is_err());
        assert!(stl10.select(Part::Test, Some(0)).is_err());
        let drawn = Dataset { source: Source::Drawn, split: stl10.split };
        assert_eq!(drawn.select(Part::Test, None).unwrap().indices.len(), DRAWN_TEST);
        assert_eq!(drawn.select(Part::Test, Some(7)).unwrap().description.protocol, None);
        for count in [0, MOST_DRAWN + 1, usize::MAX] {
            assert!(drawn.select(Part::Test, Some(count)).is_err());
        }
        assert!(drawn.conflicts(Part::Test, &[]).is_empty());
    }

    #[test]
    fn only_stl10_has_pictures_that_a_model_can_have_been_trained_on() {
        let (_folder, stl10) = stl10(2);
        let model = TrainedOn {
            model: "the classifier",
            stl10: true,
            protocol: Protocol::Standard,
            held_out: Some(0.2),
            split_seed: Some(0),
        };
        assert_eq!(stl10.conflicts(Part::Test, std::slice::from_ref(&model)).len(), 1);
        let drawn = Dataset { source: Source::Drawn, split: stl10.split };
        assert!(drawn.conflicts(Part::Test, &[model]).is_empty());
    }
}
