//! What is known so far of an evaluation, picture by picture and attack by attack.

use anyhow::{Context, Result, ensure};

use super::{Outcome, Record};
use crate::class::Class;
use crate::detector::{Detector, Predictions, Probabilities, Verdict};
use crate::rows::Rows;

/// Score, three predictions, distance and queries; what there is not is not a number.
const WIDTH: usize = 3 + 3 * Class::COUNT;
type Row = [f32; WIDTH];

/// What is known so far of an evaluation.
#[derive(Clone, Debug, PartialEq)]
pub struct Results {
    /// The pictures' places in the dataset, in ascending order.
    indices: Vec<usize>,
    classes: Vec<Class>,
    clean: Vec<Option<Verdict>>,
    /// For each attack.
    outcomes: Vec<Vec<Option<Outcome>>>,
}

impl Results {
    /// Nothing yet, of so many attacks on the pictures with these indices, in ascending order, and classes.
    ///
    /// # Panics
    /// When there is not one class for each index.
    pub fn new(indices: Vec<usize>, classes: Vec<Class>, attacks: usize) -> Self {
        assert_eq!(indices.len(), classes.len(), "one class for each picture");
        let clean = vec![None; indices.len()];
        let outcomes = vec![vec![None; indices.len()]; attacks];
        Self { indices, classes, clean, outcomes }
    }

    /// Indices of the pictures that the attack at this place is still to be made on.
    pub fn missing(&self, attack: usize) -> Vec<usize> {
        let known = self.indices.iter().zip(&self.outcomes[attack]);
        known.filter(|(_, outcome)| outcome.is_none()).map(|(index, _)| *index).collect()
    }

    /// Indices of the pictures whose answer each of the first so many attacks left right; an attack that is not made did not.
    pub fn right_under(&self, attacks: usize) -> Vec<usize> {
        let right = |place: &usize| {
            let mut outcomes = self.outcomes[..attacks].iter().map(|of_attack| of_attack[*place]);
            outcomes
                .all(|outcome| outcome.is_some_and(|o| o.verdict.answer == self.classes[*place]))
        };
        (0..self.indices.len()).filter(right).map(|place| self.indices[place]).collect()
    }

    /// The classes of the pictures.
    pub(super) fn classes(&self) -> &[Class] {
        &self.classes
    }

    /// The verdicts on the clean pictures.
    pub(super) fn clean(&self) -> &[Option<Verdict>] {
        &self.clean
    }

    /// What each attack leads to, for each picture; `None`: not made.
    pub(super) fn outcomes(&self) -> &[Vec<Option<Outcome>>] {
        &self.outcomes
    }

    /// Adds what an attack leads to on these pictures; with the first attack comes the verdict on the clean picture.
    ///
    /// # Panics
    /// When a picture is none of these.
    pub fn add(&mut self, attack: usize, indices: &[usize], found: &[(Option<Verdict>, Outcome)]) {
        for (index, (clean, outcome)) in indices.iter().zip(found) {
            let place = self.indices.binary_search(index).expect("a picture of the evaluation");
            if clean.is_some() {
                self.clean[place] = *clean;
            }
            self.outcomes[attack][place] = Some(*outcome);
        }
    }

    /// A record for each picture, once all attacks are made.
    ///
    /// # Errors
    /// When one is missing.
    pub fn records(&self) -> Result<Vec<Record>> {
        let record = |place: usize| -> Option<Record> {
            let attacks: Vec<Outcome> =
                self.outcomes.iter().map(|of_attack| of_attack[place]).collect::<Option<_>>()?;
            let attacked = attacks.first()?.verdict;
            Some(Record {
                class: self.classes[place],
                clean: self.clean[place]?,
                attacked,
                attacks,
            })
        };
        let all = (0..self.indices.len()).map(record);
        all.collect::<Option<Vec<_>>>().context("the evaluation is not complete")
    }

    /// Everything as rows of numbers, by name.
    pub(super) fn rows(&self) -> Vec<(String, Vec<Row>)> {
        let clean = |verdict: &Option<Verdict>| row(verdict.as_ref(), None);
        let outcome =
            |outcome: &Option<Outcome>| row(outcome.as_ref().map(|o| &o.verdict), outcome.as_ref());
        let mut lists = vec![("clean".to_owned(), self.clean.iter().map(clean).collect())];
        for (n, of_attack) in self.outcomes.iter().enumerate() {
            lists.push((format!("attack {n}"), of_attack.iter().map(outcome).collect()));
        }
        lists
    }

    /// Reads what [`Results::rows`] wrote.
    pub(super) fn read(&mut self, rows: &Rows, detector: &Detector) -> Result<()> {
        let list = |name: &str| -> Result<Vec<Row>> {
            let list = rows.list(name)?;
            ensure!(list.len() == self.indices.len(), "{name} has {} rows", list.len());
            Ok(list)
        };
        let clean: Result<_> = list("clean")?.iter().map(|row| verdict(row, detector)).collect();
        let outcomes: Result<Vec<Vec<Option<Outcome>>>> = (0..self.outcomes.len())
            .map(|n| {
                list(&format!("attack {n}"))?
                    .iter()
                    .map(|row| {
                        let [.., distance, queries] = *row;
                        let queries = (!queries.is_nan()).then_some(queries);
                        let verdict = verdict(row, detector)?;
                        Ok(verdict.map(|verdict| Outcome { verdict, distance, queries }))
                    })
                    .collect()
            })
            .collect();
        (self.clean, self.outcomes) = (clean?, outcomes?);
        Ok(())
    }
}

fn row(verdict: Option<&Verdict>, outcome: Option<&Outcome>) -> Row {
    let mut row = [f32::NAN; WIDTH];
    if let Some(verdict) = verdict {
        let predictions = [
            Some(verdict.prediction),
            Some(verdict.reconstruction_prediction),
            verdict.corrected_prediction,
        ];
        row[0] = verdict.score;
        let places = row[1..].as_chunks_mut::<{ Class::COUNT }>().0;
        for (place, prediction) in places.iter_mut().zip(predictions) {
            *place = prediction.unwrap_or(*place);
        }
    }
    if let Some(outcome) = outcome {
        row[WIDTH - 2] = outcome.distance;
        row[WIDTH - 1] = outcome.queries.unwrap_or(f32::NAN);
    }
    row
}

fn verdict(row: &Row, detector: &Detector) -> Result<Option<Verdict>> {
    if row[0].is_nan() {
        return Ok(None);
    }
    let [prediction, reconstruction_prediction, corrected]: [Probabilities; 3] =
        row[1..].as_chunks().0[..3].try_into().expect("three predictions");
    let corrected_prediction = (!corrected[0].is_nan()).then_some(corrected);
    let predictions = Predictions { prediction, reconstruction_prediction, corrected_prediction };
    Ok(Some(detector.verdict(predictions, row[0])?))
}
