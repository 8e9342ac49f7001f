//! The ten classes of STL-10, in the order of its labels.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// One of the ten classes of STL-10.
///
/// The discriminant is the index of the class in every tensor of probabilities; the label in STL-10's
/// files is that index plus one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)] // the names say it
pub enum Class {
    Airplane,
    Bird,
    Car,
    Cat,
    Deer,
    Dog,
    Horse,
    Monkey,
    Ship,
    Truck,
}

impl Class {
    /// Number of classes.
    pub const COUNT: usize = 10;

    /// All classes, each at its own index.
    pub const ALL: [Class; Self::COUNT] = [
        Class::Airplane,
        Class::Bird,
        Class::Car,
        Class::Cat,
        Class::Deer,
        Class::Dog,
        Class::Horse,
        Class::Monkey,
        Class::Ship,
        Class::Truck,
    ];

    /// Index of the class, 0..10.
    pub fn index(self) -> usize {
        self as usize
    }

    /// The class at `index`, or `None` when there are not that many.
    pub fn from_index(index: usize) -> Option<Self> {
        Self::ALL.get(index).copied()
    }

    /// The next class in the list; after the last one, the first.
    #[must_use]
    pub fn next(self) -> Self {
        Self::ALL[(self.index() + 1) % Self::COUNT]
    }

    /// The English name, lower case.
    pub fn name(self) -> &'static str {
        match self {
            Class::Airplane => "airplane",
            Class::Bird => "bird",
            Class::Car => "car",
            Class::Cat => "cat",
            Class::Deer => "deer",
            Class::Dog => "dog",
            Class::Horse => "horse",
            Class::Monkey => "monkey",
            Class::Ship => "ship",
            Class::Truck => "truck",
        }
    }

    /// The class with the largest of ten probabilities (or logits); the first of equals.
    pub fn most_likely(scores: &[f32; Self::COUNT]) -> Self {
        let mut best = Class::Airplane;
        for class in Self::ALL {
            if scores[class.index()] > scores[best.index()] {
                best = class;
            }
        }
        best
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Class {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|class| class.name().eq_ignore_ascii_case(name.trim()))
            .ok_or_else(|| Error::UnknownClass {
                name: name.to_owned(),
                known: Self::ALL.map(Self::name).join(", "),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_is_at_its_own_index_and_parses_from_its_name() {
        for (index, class) in Class::ALL.into_iter().enumerate() {
            assert_eq!(class.index(), index);
            assert_eq!(Class::from_index(index), Some(class));
            assert_eq!(class.name().to_uppercase().parse::<Class>().unwrap(), class);
        }
        assert_eq!(Class::from_index(Class::COUNT), None);
        assert_eq!((Class::Airplane.next(), Class::Truck.next()), (Class::Bird, Class::Airplane));
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_names_there_are() {
        let message = "zebra".parse::<Class>().unwrap_err().to_string();
        assert!(message.contains("zebra") && message.contains("horse"), "{message}");
    }
}
