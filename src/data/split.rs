//! Splits: which pictures networks are trained on, which are held out for choosing, which are measured on.

use std::fmt;

use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use crate::class::Class;
use crate::error::{Error, Result};

/// Which of STL-10's two labelled splits is trained on; the other one is measured on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[cfg_attr(not(target_arch = "wasm32"), derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// Train on the official test split (8,000), measure on the training split (5,000): the tutorial's
    /// loader swapped them, and its figures come from that
    #[default]
    Tutorial,
    /// Train on the official training split (5,000), measure on the test split (8,000)
    Standard,
}

impl Protocol {
    /// Names of the splits as in the files: (trained on, measured on).
    pub fn splits(self) -> (&'static str, &'static str) {
        match self {
            Protocol::Tutorial => ("test", "train"),
            Protocol::Standard => ("train", "test"),
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Protocol::Tutorial => "tutorial",
            Protocol::Standard => "standard",
        })
    }
}

/// How a dataset is divided.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Split {
    /// Which of STL-10's labelled splits is trained on.
    pub protocol: Protocol,
    /// Share of the training split that is held out for choosing weights and thresholds, 0.01 to 0.5.
    pub held_out: f64,
    /// Seed of the choice of the pictures held out, and of subsets.
    pub split_seed: u64,
}

impl Default for Split {
    fn default() -> Self {
        Self { protocol: Protocol::default(), held_out: 0.1, split_seed: 0 }
    }
}

/// A part of a dataset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// What networks are trained on.
    Training,
    /// What is held out of the training split, to choose weights and thresholds by.
    HeldOut,
    /// The split that is neither trained on nor chosen by.
    Test,
}

/// What a model's card says of the pictures that it was trained on.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainedOn {
    /// Which model, e.g. `the classifier`.
    pub model: &'static str,
    /// Whether pictures of STL-10 were among them. Drawn pictures need no check: those that are trained on,
    /// held out and measured on never overlap.
    pub stl10: bool,
    /// Which split was trained on.
    pub protocol: Protocol,
    /// Share held out; `None` if the card does not say.
    pub held_out: Option<f64>,
    /// Seed of the choice of the pictures held out; `None` if the card does not say.
    pub split_seed: Option<u64>,
}

/// What a person chose of a [`Split`]; what is missing follows from the models.
#[derive(Clone, Copy, Debug, Default)]
pub struct SplitOptions {
    /// See [`Split::protocol`].
    pub protocol: Option<Protocol>,
    /// See [`Split::held_out`].
    pub held_out: Option<f64>,
    /// See [`Split::split_seed`].
    pub split_seed: Option<u64>,
}

impl SplitOptions {
    /// The split: as chosen, else that of the first model trained on STL-10, else that of the first model,
    /// else the default. Whether it suits all models is for [`Split::conflicts`] to say.
    ///
    /// # Errors
    /// When the share held out is out of its range.
    pub fn resolve(self, models: &[TrainedOn]) -> Result<Split> {
        let model = models.iter().find(|model| model.stl10).or(models.first());
        let default = Split::default();
        let split = Split {
            protocol: self.protocol.or(model.map(|m| m.protocol)).unwrap_or(default.protocol),
            held_out: self.held_out.or(model.and_then(|m| m.held_out)).unwrap_or(default.held_out),
            split_seed: self
                .split_seed
                .or(model.and_then(|m| m.split_seed))
                .unwrap_or(default.split_seed),
        };
        if (0.01..=0.5).contains(&split.held_out) {
            return Ok(split);
        }
        Err(Error::Option {
            name: "the share held out",
            value: split.held_out.to_string(),
            must: "between 0.01 and 0.5",
        })
    }
}

impl Split {
    /// Why `part` of STL-10, divided like this, must not be used with these models: because they were trained on
    /// pictures of it, or because their test pictures are in it. One sentence for all models trained alike;
    /// empty if all is well.
    pub fn conflicts(&self, part: Part, models: &[TrainedOn]) -> Vec<String> {
        let mut groups: Vec<(&TrainedOn, Vec<&str>)> = Vec::new();
        for model in models.iter().filter(|model| model.stl10) {
            let split = |of: &TrainedOn| (of.protocol, of.held_out, of.split_seed);
            match groups.iter_mut().find(|(other, _)| split(other) == split(model)) {
                Some((_, names)) => names.push(model.model),
                None => groups.push((model, vec![model.model])),
            }
        }
        let conflict = |(model, names): &(&TrainedOn, Vec<&str>)| self.conflict(part, model, names);
        groups.iter().filter_map(conflict).collect()
    }

    fn conflict(&self, part: Part, of: &TrainedOn, names: &[&str]) -> Option<String> {
        let were = if names.len() == 1 { "was" } else { "were" };
        let models = match names {
            [all @ .., last] if !all.is_empty() => format!("{} and {last}", all.join(", ")),
            names => names.concat(),
        };
        let protocol = of.protocol;
        let (trained_on, measured_on) = protocol.splits();
        if protocol != self.protocol {
            return Some(match part {
                Part::Test => format!(
                    "{models} {were} trained on STL-10's {trained_on} split (protocol {protocol}), which \
                     protocol {} measures on",
                    self.protocol
                ),
                Part::HeldOut | Part::Training => format!(
                    "{models} {were} trained with protocol {protocol}, whose test pictures are the \
                     {measured_on} split, which protocol {} trains on and chooses by",
                    self.protocol
                ),
            });
        }
        if part == Part::Test
            || (of.held_out, of.split_seed) == (Some(self.held_out), Some(self.split_seed))
        {
            return None;
        }
        let (Some(held_out), Some(seed)) = (of.held_out, of.split_seed) else {
            return Some(format!(
                "nothing says which pictures were held out when {models} {were} trained"
            ));
        };
        Some(format!(
            "{models} {were} trained with a share of {held_out} held out and split seed {seed}, not {} and {}: \
             some of the pictures held out now were trained on",
            self.held_out, self.split_seed
        ))
    }
}

/// Indices of the pictures to train on, and of the validation part that is held out of them for choosing
/// weights and inferring thresholds. Both in ascending order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldOut {
    /// To train on.
    pub training: Vec<usize>,
    /// Held out.
    pub validation: Vec<usize>,
}

/// Holds out the same part (0..1) of every class, at least one picture of each that has two or more;
/// the same pictures for the same labels and seed.
pub fn hold_out(labels: &[Class], part: f64, seed: u64) -> HeldOut {
    let (mut training, mut validation) = (Vec::new(), Vec::new());
    for mut of_class in shuffled_by_class(labels, 0..labels.len(), seed) {
        let wanted = (of_class.len() as f64 * part).round() as usize;
        let held = wanted.clamp(1, of_class.len().saturating_sub(1).max(1));
        let held = if of_class.len() < 2 { 0 } else { held };
        validation.extend(of_class.drain(..held));
        training.extend(of_class);
    }
    training.sort_unstable();
    validation.sort_unstable();
    HeldOut { training, validation }
}

/// Exactly `count` of these indices, in ascending order; of each class its share of them, rounded so that the
/// sum is `count`. The same for the same labels and seed.
///
/// # Errors
/// When there are fewer than `count`, or `count` is 0.
pub fn stratified(
    labels: &[Class],
    indices: &[usize],
    count: usize,
    seed: u64,
) -> Result<Vec<usize>> {
    if count == 0 || count > indices.len() {
        return Err(Error::Count { wanted: count, available: indices.len() });
    }
    let classes = shuffled_by_class(labels, indices.iter().copied(), seed);
    // Largest remainders: everyone's share rounded down, then one more where most was cut off.
    let share = |size: usize| size * count;
    let mut counts: Vec<usize> = classes.iter().map(|c| share(c.len()) / indices.len()).collect();
    let mut by_remainder: Vec<usize> = (0..classes.len()).collect();
    by_remainder.sort_by_key(|i| std::cmp::Reverse(share(classes[*i].len()) % indices.len()));
    let missing = count - counts.iter().sum::<usize>();
    for class in by_remainder.into_iter().take(missing) {
        counts[class] += 1;
    }
    let mut chosen: Vec<usize> =
        classes.into_iter().zip(counts).flat_map(|(class, n)| class.into_iter().take(n)).collect();
    chosen.sort_unstable();
    Ok(chosen)
}

/// The indices of each class, shuffled.
fn shuffled_by_class(
    labels: &[Class],
    indices: impl Iterator<Item = usize> + Clone,
    seed: u64,
) -> Vec<Vec<usize>> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let of_class = |class| indices.clone().filter(|index| labels[*index] == class).collect();
    let mut classes: Vec<Vec<usize>> = Class::ALL.into_iter().map(of_class).collect();
    classes.iter_mut().for_each(|class| class.shuffle(&mut rng));
    classes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn labels(numbers: Vec<usize>) -> Vec<Class> {
        numbers.into_iter().filter_map(Class::from_index).collect()
    }

    fn of_class(labels: &[Class], indices: &[usize], class: Class) -> usize {
        indices.iter().filter(|index| labels[**index] == class).count()
    }

    proptest! {
        #[test]
        fn every_picture_is_in_one_part_and_every_class_in_both(
            numbers in prop::collection::vec(0usize..10, 0..300), part in 0.05f64..0.5, seed: u64
        ) {
            let labels = labels(numbers);
            let parts = hold_out(&labels, part, seed);
            let mut all = [parts.training.clone(), parts.validation.clone()].concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..labels.len()).collect::<Vec<_>>());
            prop_assert_eq!(&parts, &hold_out(&labels, part, seed));
            for class in Class::ALL {
                let (kept, held) =
                    (of_class(&labels, &parts.training, class), of_class(&labels, &parts.validation, class));
                if kept + held >= 2 {
                    prop_assert!(kept >= 1 && held >= 1);
                    prop_assert!((held as f64 - (kept + held) as f64 * part).abs() <= 1.0);
                }
            }
        }

        #[test]
        fn a_subset_has_exactly_as_many_and_the_same_share_of_every_class(
            numbers in prop::collection::vec(0usize..10, 1..300), wanted in 1usize..300, seed: u64
        ) {
            let labels = labels(numbers);
            // Every second picture is to choose from.
            let from: Vec<usize> = (0..labels.len()).step_by(2).collect();
            let chosen = stratified(&labels, &from, wanted, seed);
            if wanted > from.len() {
                prop_assert!(chosen.is_err());
                return Ok(());
            }
            let chosen = chosen.unwrap();
            prop_assert_eq!(chosen.len(), wanted);
            prop_assert!(chosen.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert!(chosen.iter().all(|index| from.contains(index)));
            for class in Class::ALL {
                let ideal = of_class(&labels, &from, class) as f64 * wanted as f64 / from.len() as f64;
                let got = of_class(&labels, &chosen, class) as f64;
                prop_assert!((got - ideal).abs() < 1.0, "{}: {} instead of {}", class, got, ideal);
            }
        }
    }

    /// A changed algorithm, also one of `rand`, would make networks be measured on pictures they learned from.
    #[test]
    fn the_pictures_held_out_are_the_same_in_every_version() {
        let labels: Vec<Class> = Class::ALL.repeat(100);
        let held = |seed| {
            let held = hold_out(&labels, 0.1, seed).validation;
            let bytes: Vec<u8> =
                held.iter().flat_map(|index| (*index as u64).to_le_bytes()).collect();
            (held[..12].to_vec(), crc32fast::hash(&bytes))
        };
        let first = vec![0, 3, 7, 8, 16, 27, 29, 50, 52, 56, 63, 69];
        assert_eq!(held(0), (first, 2034370259));
        assert_eq!(held(1).1, 2976258504);
    }

    #[test]
    fn another_seed_holds_out_other_pictures() {
        let labels: Vec<Class> = Class::ALL.repeat(50);
        assert_ne!(hold_out(&labels, 0.1, 1), hold_out(&labels, 0.1, 2));
        let all: Vec<usize> = (0..500).collect();
        let subset = |seed| stratified(&labels, &all, 20, seed).unwrap();
        assert_ne!(subset(1), subset(2));
    }

    #[test]
    fn a_smaller_subset_is_a_part_of_a_larger_one() {
        let labels: Vec<Class> = Class::ALL.repeat(50);
        let all: Vec<usize> = (0..500).collect();
        let large = stratified(&labels, &all, 400, 7).unwrap();
        let small = stratified(&labels, &all, 200, 7).unwrap();
        assert!(small.iter().all(|index| large.contains(index)));
    }

    /// Models were trained with this choice: another random generator, or another order of its use, would
    /// silently measure on their training pictures.
    #[test]
    fn subsets_are_the_same_in_every_version() {
        let labels: Vec<Class> = Class::ALL.repeat(20);
        let held_out = hold_out(&labels, 0.1, 0).validation;
        assert_eq!(held_out, GOLDEN_HELD_OUT);
        let all: Vec<usize> = (0..200).collect();
        assert_eq!(stratified(&labels, &all, 20, 0).unwrap(), GOLDEN_HELD_OUT);
    }

    const GOLDEN_HELD_OUT: [usize; 20] =
        [0, 6, 30, 56, 58, 64, 82, 89, 98, 101, 102, 125, 129, 133, 141, 155, 164, 183, 187, 197];

    fn trained(protocol: Protocol, held_out: f64, split_seed: u64) -> TrainedOn {
        let (held_out, split_seed) = (Some(held_out), Some(split_seed));
        TrainedOn { model: "the classifier", stl10: true, protocol, held_out, split_seed }
    }

    #[test]
    fn what_a_model_was_trained_on_is_not_measured_on() {
        use Protocol::{Standard, Tutorial};
        let model = trained(Tutorial, 0.1, 0);
        let split = |protocol, held_out, split_seed| Split { protocol, held_out, split_seed };
        let says = |split: Split, part, words: &str| {
            let conflicts = split.conflicts(part, std::slice::from_ref(&model));
            assert_eq!(conflicts.len(), 1, "{split:?} {part:?}");
            assert!(conflicts[0].contains(words), "{}", conflicts[0]);
        };
        let same = split(Tutorial, 0.1, 0);
        for part in [Part::Training, Part::HeldOut, Part::Test] {
            assert!(same.conflicts(part, std::slice::from_ref(&model)).is_empty());
        }
        says(split(Standard, 0.1, 0), Part::Test, "trained on STL-10's test split");
        says(split(Standard, 0.1, 0), Part::HeldOut, "whose test pictures are the train split");
        for part in [Part::HeldOut, Part::Training] {
            says(split(Tutorial, 0.2, 0), part, "a share of 0.1 held out");
            says(split(Tutorial, 0.1, 1), part, "split seed 0");
        }
        // Which pictures were held out changes nothing about the test split.
        assert!(
            split(Tutorial, 0.2, 5).conflicts(Part::Test, std::slice::from_ref(&model)).is_empty()
        );
        // One of several is enough; those trained alike are named together.
        let autoencoder = TrainedOn { model: "the autoencoder", ..model.clone() };
        let corrector = TrainedOn { model: "the corrector", ..trained(Standard, 0.1, 0) };
        let all = [model.clone(), corrector, autoencoder];
        let conflicts = split(Standard, 0.1, 0).conflicts(Part::Test, &all);
        assert_eq!(conflicts.len(), 1);
        assert!(conflicts[0].starts_with("the classifier and the autoencoder were trained on"));
        let silent = TrainedOn { held_out: None, ..model.clone() };
        assert!(same.conflicts(Part::HeldOut, &[silent])[0].contains("nothing says"));
        let drawn = TrainedOn { stl10: false, ..trained(Tutorial, 0.1, 0) };
        assert!(split(Standard, 0.3, 9).conflicts(Part::Test, &[drawn]).is_empty());
    }

    #[test]
    fn a_split_is_as_chosen_else_the_models() {
        let none = SplitOptions::default();
        assert_eq!(none.resolve(&[]).unwrap(), Split::default());
        let drawn = TrainedOn { stl10: false, ..trained(Protocol::Tutorial, 0.3, 3) };
        let standard = trained(Protocol::Standard, 0.2, 5);
        let of_model = Split { protocol: Protocol::Standard, held_out: 0.2, split_seed: 5 };
        assert_eq!(none.resolve(&[drawn.clone(), standard.clone()]).unwrap(), of_model);
        assert_eq!(none.resolve(&[drawn]).unwrap().split_seed, 3);
        let some = SplitOptions { split_seed: Some(9), ..none };
        assert_eq!(some.resolve(&[standard]).unwrap(), Split { split_seed: 9, ..of_model });
        for share in [0.0, 0.6, f64::NAN] {
            assert!(SplitOptions { held_out: Some(share), ..none }.resolve(&[]).is_err());
        }
    }
}
