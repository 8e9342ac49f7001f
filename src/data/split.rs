//! Which pictures train, which ones choose, which ones test.

use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use crate::class::Class;

/// Which of STL-10's two labelled splits is learned from; the other one is measured on.
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
    /// Names of the splits as in the files: (learn from, measure on).
    pub fn splits(self) -> (&'static str, &'static str) {
        match self {
            Protocol::Tutorial => ("test", "train"),
            Protocol::Standard => ("train", "test"),
        }
    }
}

/// Indices of the pictures to learn from, and of the validation part that is held out of them for
/// choosing models and inferring thresholds. Both in ascending order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldOut {
    /// To learn from.
    pub training: Vec<usize>,
    /// Held out.
    pub validation: Vec<usize>,
}

/// Holds out the same part (0..1) of every class, at least one picture of each that has two or more;
/// the same pictures for the same labels and seed.
pub fn hold_out(labels: &[Class], part: f64, seed: u64) -> HeldOut {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let (mut training, mut validation) = (Vec::new(), Vec::new());
    for class in Class::ALL {
        let mut of_class: Vec<usize> =
            (0..labels.len()).filter(|index| labels[*index] == class).collect();
        of_class.shuffle(&mut rng);
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_picture_is_in_one_part_and_every_class_in_both(
            labels in prop::collection::vec(0usize..10, 0..300), part in 0.05f64..0.5, seed: u64
        ) {
            let labels: Vec<Class> = labels.into_iter().filter_map(Class::from_index).collect();
            let parts = hold_out(&labels, part, seed);
            let mut all = [parts.training.clone(), parts.validation.clone()].concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..labels.len()).collect::<Vec<_>>());
            prop_assert_eq!(&parts, &hold_out(&labels, part, seed));
            for class in Class::ALL {
                let count = |indices: &[usize]| indices.iter().filter(|i| labels[**i] == class).count();
                let (kept, held) = (count(&parts.training), count(&parts.validation));
                if kept + held >= 2 {
                    prop_assert!(kept >= 1 && held >= 1);
                    prop_assert!((held as f64 - (kept + held) as f64 * part).abs() <= 1.0);
                }
            }
        }
    }

    #[test]
    fn another_seed_holds_out_other_pictures() {
        let labels: Vec<Class> = Class::ALL.repeat(50);
        assert_ne!(hold_out(&labels, 0.1, 1), hold_out(&labels, 0.1, 2));
    }
}
