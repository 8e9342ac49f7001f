//! Figures of each class, and which class is taken for which.

use serde::Serialize;

use super::{Outcome, Record};
use crate::class::Class;
use crate::detector::Verdict;

/// Pictures by true class (rows) and by predicted class (columns), in the order of [`Class::ALL`].
pub type Confusion = [[usize; Class::COUNT]; Class::COUNT];

/// How often each class is taken for which.
pub fn confusion(predictions: impl IntoIterator<Item = (Class, Class)>) -> Confusion {
    let mut counts = [[0; Class::COUNT]; Class::COUNT];
    for (truth, predicted) in predictions {
        counts[truth.index()][predicted.index()] += 1;
    }
    counts
}

/// Figures of the pictures of one class, as shares of them; `None` where there is no picture.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ClassFigures {
    /// The class.
    pub class: Class,
    /// How many pictures show it.
    pub pictures: usize,
    /// Accuracy of CL(x) on the clean ones.
    pub clean_accuracy: Option<f64>,
    /// Share of the clean ones that are called adversarial.
    pub false_positive_rate: Option<f64>,
    /// Accuracy of CL(x) on the attacked ones.
    pub classifier_accuracy: Option<f64>,
    /// Share of the attacked ones that are called adversarial.
    pub detection_rate: Option<f64>,
    /// Accuracy of the defence's answer on the attacked ones.
    pub answer_accuracy: Option<f64>,
}

impl ClassFigures {
    /// Those of each class under the attack at this place of the records' lists.
    pub fn of(records: &[Record], place: usize) -> Vec<Self> {
        let of_class = |class: Class| {
            let chosen: Vec<(&Verdict, &Outcome)> = records
                .iter()
                .filter(|record| record.class == class)
                .map(|record| (&record.clean, &record.attacks[place]))
                .collect();
            let share = |counts: &dyn Fn(&Verdict, &Verdict) -> bool| {
                let counted =
                    chosen.iter().filter(|(clean, outcome)| counts(clean, &outcome.verdict));
                (!chosen.is_empty()).then(|| counted.count() as f64 / chosen.len() as f64)
            };
            Self {
                class,
                pictures: chosen.len(),
                clean_accuracy: share(&|clean, _| clean.answer_if_clean == class),
                false_positive_rate: share(&|clean, _| clean.adversarial),
                classifier_accuracy: share(&|_, attacked| attacked.answer_if_clean == class),
                detection_rate: share(&|_, attacked| attacked.adversarial),
                answer_accuracy: share(&|_, attacked| attacked.answer == class),
            }
        };
        Class::ALL.into_iter().map(of_class).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::made_up::{outcome, record, verdict};

    #[test]
    fn each_class_has_its_own_pictures_and_figures() {
        use Class::{Cat, Dog};
        let cat = |clean, attacked| record(clean, vec![outcome(Dog, 9.0), attacked]);
        let dog = Record { class: Dog, ..cat(verdict(Dog, 0.1), outcome(Dog, 0.1)) };
        let records = [
            cat(verdict(Cat, 0.1), outcome(Dog, 2.0)),
            cat(verdict(Cat, 2.0), outcome(Dog, 0.5)),
            dog,
        ];
        let classes = ClassFigures::of(&records, 1);
        assert_eq!(classes.len(), Class::COUNT);
        let cats = classes[Cat.index()];
        assert_eq!((cats.class, cats.pictures), (Cat, 2));
        assert_eq!((cats.clean_accuracy, cats.false_positive_rate), (Some(1.0), Some(0.5)));
        assert_eq!((cats.classifier_accuracy, cats.detection_rate), (Some(0.0), Some(0.5)));
        assert_eq!(cats.answer_accuracy, Some(0.5), "the corrected prediction is a cat");
        assert_eq!(classes[Dog.index()].classifier_accuracy, Some(1.0));
        let ship = classes[Class::Ship.index()];
        assert_eq!((ship.pictures, ship.answer_accuracy), (0, None));
    }

    #[test]
    fn rows_are_the_truth_and_columns_the_predictions() {
        let counts = confusion([(Class::Cat, Class::Dog), (Class::Cat, Class::Dog)]);
        assert_eq!(counts[Class::Cat.index()][Class::Dog.index()], 2);
        assert_eq!(counts.iter().flatten().sum::<usize>(), 2);
    }
}
