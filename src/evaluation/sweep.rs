//! How the figures change with the attack's largest distance, or with its number of steps.

use std::fmt::Write;

use serde::Serialize;

use super::{Attempt, Interval, Outcome, Record};
use crate::attack::{AttackConfig, AttackName, AttackOptions, Attacker, Norm};
use crate::error::{Error, Result};

/// What differs from point to point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Varied {
    /// The largest distance.
    Eps,
    /// The number of steps.
    Steps,
}

/// One attack with several values of a parameter.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// The attack.
    pub name: AttackName,
    /// Who attacks.
    pub attacker: Attacker,
    /// What differs.
    pub varied: Varied,
    /// The values in ascending order, each with its attack; eps 0 has none.
    pub points: Vec<(f32, Option<AttackConfig>)>,
}

/// All steps together are at least so many times eps, so that the whole ball is in reach.
const REACH: f32 = 2.5;

impl Sweep {
    /// A sweep of an attack. `options` are those of the other parameters. Where the attack has a length of steps, it grows
    /// with eps, and is at least 2.5 x eps / steps, but no more than eps.
    ///
    /// # Errors
    /// When the attack has no such parameter, or a value is out of its range.
    pub fn new(
        name: AttackName,
        attacker: Attacker,
        options: &AttackOptions,
        targeted: bool,
        varied: Varied,
        mut values: Vec<f32>,
    ) -> Result<Self> {
        values.sort_by(f32::total_cmp);
        values.dedup();
        let own = options.resolve(name, targeted)?.shape();
        let missing =
            |must| Error::Option { name: "the attack of a sweep", value: name.to_string(), must };
        let own_eps = own.eps.ok_or_else(|| missing("one with a largest distance: give --eps"))?;
        let point = |value: f32| -> Result<(f32, Option<AttackConfig>)> {
            let (eps, steps) = match varied {
                Varied::Eps if value == 0.0 => return Ok((value, None)),
                Varied::Eps => (value, own.steps),
                Varied::Steps => (own_eps, value as usize),
            };
            let long_enough = (REACH * eps / steps.max(1) as f32).min(eps);
            let eps_step = own.eps_step.map(|step| (step / own_eps * eps).max(long_enough));
            let changed =
                AttackOptions { eps: Some(eps), eps_step, max_iter: Some(steps), ..*options };
            let attack = changed.resolve(name, targeted)?;
            if varied == Varied::Steps && attack.steps() != steps {
                return Err(missing("one with a number of steps"));
            }
            Ok((value, Some(attack)))
        };
        let points = values.into_iter().map(point).collect::<Result<_>>()?;
        Ok(Self { name, attacker, varied, points })
    }

    /// The attacks of its points.
    pub fn attempts(&self) -> impl Iterator<Item = Attempt> {
        let attacks = self.points.iter().filter_map(|(_, attack)| *attack);
        attacks.map(|attack| Attempt { attack, attacker: self.attacker })
    }

    /// What each point leads to for each picture. `outcomes` are of the attacks of [`Sweep::attempts`], a list for each
    /// record.
    ///
    /// # Panics
    /// When there are fewer outcomes than points.
    pub fn outcomes(&self, records: &[Record], outcomes: &[Vec<Outcome>]) -> Vec<Vec<Outcome>> {
        let mut place = 0;
        let mut of_point = |attack: Option<AttackConfig>| -> Vec<Outcome> {
            if attack.is_none() {
                let clean = records.iter().map(|record| record.clean);
                return clean
                    .map(|verdict| Outcome { verdict, distance: 0.0, queries: None })
                    .collect();
            }
            place += 1;
            outcomes.iter().map(|of_record| of_record[place - 1]).collect()
        };
        self.points.iter().map(|(_, attack)| of_point(*attack)).collect()
    }
}

/// The figures of a sweep.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SweepFigures {
    /// Which attack.
    pub name: AttackName,
    /// What the attacker knows.
    pub attacker: Attacker,
    /// The distance that is bounded.
    pub norm: Norm,
    /// What differs from point to point.
    pub varied: Varied,
    /// The points, by ascending value.
    pub points: Vec<SweepPoint>,
}

/// The figures of one point of a sweep, as shares of all pictures with their 95 % intervals.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct SweepPoint {
    /// The largest distance or the number of steps.
    pub value: f32,
    /// All parameters; `None`: the clean pictures.
    pub parameters: Option<AttackConfig>,
    /// Accuracy of CL(x) on the attacked pictures.
    pub classifier_accuracy: f64,
    /// Its interval.
    pub classifier_interval: Interval,
    /// Share of the attacked pictures that are called adversarial.
    pub detection_rate: f64,
    /// Its interval.
    pub detection_interval: Interval,
    /// Accuracy of the defence's answer on the attacked pictures.
    pub answer_accuracy: f64,
    /// Its interval.
    pub answer_interval: Interval,
}

impl SweepFigures {
    /// Those of a sweep; arguments as of [`Sweep::outcomes`].
    pub fn of(sweep: &Sweep, records: &[Record], outcomes: &[Vec<Outcome>]) -> Self {
        let points = sweep.points.iter().zip(sweep.outcomes(records, outcomes));
        let point =
            |(&(value, parameters), outcomes): (&(f32, Option<AttackConfig>), Vec<Outcome>)| {
                let share = |counts: &dyn Fn(&Record, &Outcome) -> bool| {
                    let both = records.iter().zip(&outcomes);
                    let count = both.filter(|(record, outcome)| counts(record, outcome)).count();
                    (count as f64 / records.len() as f64, Interval::wilson(count, records.len()))
                };
                let (classifier_accuracy, classifier_interval) =
                    share(&|record, outcome| outcome.verdict.answer_if_clean == record.class);
                let (detection_rate, detection_interval) =
                    share(&|_, outcome| outcome.verdict.adversarial);
                let (answer_accuracy, answer_interval) =
                    share(&|record, outcome| outcome.verdict.answer == record.class);
                SweepPoint {
                    value,
                    parameters,
                    classifier_accuracy,
                    classifier_interval,
                    detection_rate,
                    detection_interval,
                    answer_accuracy,
                    answer_interval,
                }
            };
        let norm = sweep.attempts().next().map_or_else(Norm::default, |a| a.attack.norm());
        Self {
            name: sweep.name,
            attacker: sweep.attacker,
            norm,
            varied: sweep.varied,
            points: points.map(point).collect(),
        }
    }
}

impl SweepFigures {
    /// A line for each point.
    pub fn table(&self) -> String {
        let Self { name, attacker, norm, varied, points } = self;
        let varied = match varied {
            Varied::Eps => "eps",
            Varied::Steps => "steps",
        };
        let mut text = format!(
            "{name} ({attacker}), {norm}\n{varied:<8} {:>6} {:>8} {:>6}",
            "CL", "detected", "answer"
        );
        for point in points {
            let SweepPoint { value, classifier_accuracy, detection_rate, answer_accuracy, .. } =
                point;
            let _ = write!(
                text,
                "\n{value:<8} {classifier_accuracy:>6.3} {detection_rate:>8.3} {answer_accuracy:>6.3}"
            );
        }
        text
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::attack::{Evasion, Pgd};
    use crate::class::Class;
    use crate::evaluation::made_up::{outcome, record, verdict};

    fn sweep(name: AttackName, varied: Varied, values: &[f32]) -> Result<Sweep> {
        Sweep::new(
            name,
            Attacker::Classifier,
            &AttackOptions::default(),
            false,
            varied,
            values.to_vec(),
        )
    }

    fn pgd(attack: AttackConfig) -> Pgd {
        match attack {
            AttackConfig::Pgd(pgd) => pgd,
            AttackConfig::SelectivePgd(selective) => selective.0.pgd,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_point_can_reach_its_eps() {
        let eps = sweep(AttackName::Pgd, Varied::Eps, &[0.1, 0.0, 0.01, 0.01]).unwrap();
        assert_eq!(eps.points.len(), 3, "no value twice");
        assert_eq!(eps.points[0], (0.0, None));
        let last = pgd(eps.points[2].1.unwrap());
        assert_eq!((last.eps, last.eps_step, last.max_iter), (0.1, 0.025, 10));
        let steps = sweep(AttackName::Pgd, Varied::Steps, &[1.0, 2.0, 50.0]).unwrap();
        let of = |n: usize| pgd(steps.points[n].1.unwrap());
        assert_eq!((of(0).eps_step, of(0).max_iter), (0.03, 1), "FGSM");
        assert_eq!((of(1).eps_step, of(1).max_iter), (0.03, 2));
        assert!((of(2).eps_step - 0.0015).abs() < 1e-6);
        // Steps that are longer than need be stay so.
        let selective = sweep(AttackName::SelectivePgd, Varied::Eps, &[0.05]).unwrap();
        let point = pgd(selective.points[0].1.unwrap());
        assert!((point.eps_step - 0.005).abs() < 1e-6 && point.max_iter == Evasion::STEPS);
    }

    #[test]
    fn what_cannot_be_varied_is_refused() {
        assert!(sweep(AttackName::Cw, Varied::Eps, &[0.1]).is_err(), "no bound");
        assert!(sweep(AttackName::Fgsm, Varied::Steps, &[1.0]).is_ok());
        assert!(sweep(AttackName::Fgsm, Varied::Steps, &[2.0]).is_err(), "one step");
        assert!(sweep(AttackName::Pgd, Varied::Eps, &[-0.1]).is_err());
        assert!(sweep(AttackName::Pgd, Varied::Eps, &[f32::NAN]).is_err());
        assert!(sweep(AttackName::Pgd, Varied::Steps, &[0.0]).is_err());
    }

    #[test]
    fn points_have_their_own_outcomes_and_eps_0_the_clean_ones() {
        use Class::{Cat, Dog};
        let sweep = sweep(AttackName::Pgd, Varied::Eps, &[0.0, 0.01, 0.02]).unwrap();
        assert_eq!(sweep.attempts().count(), 2);
        let records = [verdict(Cat, 0.1), verdict(Cat, 2.0)]
            .map(|clean| record(clean, vec![outcome(Dog, 9.0)]));
        let outcomes = [
            vec![outcome(Dog, 0.5), outcome(Dog, 0.5)],
            vec![outcome(Cat, 0.5), outcome(Dog, 2.0)],
        ];
        let figures = SweepFigures::of(&sweep, &records, &outcomes);
        let of = |point: &SweepPoint| {
            (point.classifier_accuracy, point.detection_rate, point.answer_accuracy)
        };
        let found: Vec<_> = figures.points.iter().map(of).collect();
        assert_eq!(found, [(1.0, 0.5, 1.0), (0.5, 0.0, 0.5), (0.0, 0.5, 0.5)]);
        assert_eq!(figures.points[1].answer_interval, Interval::wilson(1, 2));
    }
}
