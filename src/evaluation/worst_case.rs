//! The worst case alone: attacks one after the other, each on the pictures that those before left right, each picture until
//! the defence's answer is wrong (as AutoAttack does: Croce & Hein 2020, arXiv 2003.01690). It takes a fraction of the time of
//! all attacks on all pictures, and tells nothing of what an attack would have led to that was not needed.

use std::fmt;

use serde::Serialize;

use super::{Attempt, Interval, Results, Setting, WorstCase};
use crate::attack::{AttackConfig, AttackName, Attacker, Norm};
use crate::class::Class;
use crate::detector::Verdict;

/// What a cascade of attacks leaves.
#[derive(Clone, Debug, Serialize)]
pub struct Cascade {
    /// How many pictures.
    pub pictures: usize,
    /// What is left without any attack.
    pub clean: WorstCase,
    /// The attacks, in their order.
    pub attacks: Vec<Stage>,
    /// What is left in the end.
    pub worst_case: WorstCase,
    /// What the figures depend on; "attack" is the first one.
    #[serde(flatten)]
    pub setting: Setting,
}

/// One attack of a cascade.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Stage {
    /// Which attack.
    pub name: AttackName,
    /// What the attacker knows.
    pub attacker: Attacker,
    /// The distance that is bounded or made small.
    pub norm: Norm,
    /// Largest distance from the original; `None`: no bound.
    pub eps: Option<f32>,
    /// All parameters.
    pub parameters: AttackConfig,
    /// Pictures that were attacked: those whose answer was still right.
    pub attacked: usize,
    /// Of these, pictures whose answer is now wrong.
    pub wrong: usize,
    /// Of those, pictures that are not called adversarial.
    pub unnoticed: usize,
    /// What this attack and those before leave.
    #[serde(flatten)]
    pub left: WorstCase,
}

impl WorstCase {
    /// So many pictures whose answer is right.
    fn counted(right: usize, pictures: usize) -> Self {
        Self {
            answer_accuracy: right as f64 / pictures as f64,
            interval: Interval::wilson(right, pictures),
        }
    }
}

impl Cascade {
    /// What these attacks left, whose results these are; `None` without pictures.
    pub fn of(results: &Results, attempts: &[Attempt], setting: Setting) -> Option<Self> {
        let classes = results.classes();
        let pictures = classes.len();
        let right = |verdict: &Verdict, class: &Class| verdict.answer == *class;
        let clean = results.clean().iter().zip(classes);
        let clean =
            clean.filter(|(clean, class)| clean.is_some_and(|clean| right(&clean, class))).count();
        let mut left = clean;
        let mut attacks = Vec::new();
        for (attempt, outcomes) in attempts.iter().zip(results.outcomes()) {
            let made = outcomes.iter().zip(classes).zip(results.clean());
            let made = made.filter_map(|((outcome, class), clean)| {
                // Whoever was wrong from the start was not attacked.
                let attacked = clean.is_some_and(|clean| right(&clean, class));
                attacked.then_some((outcome.as_ref()?.verdict, class))
            });
            let (mut attacked, mut wrong, mut unnoticed) = (0, 0, 0);
            for (verdict, class) in made {
                attacked += 1;
                wrong += usize::from(!right(&verdict, class));
                unnoticed += usize::from(!right(&verdict, class) && !verdict.adversarial);
            }
            left -= wrong;
            let shape = attempt.attack.shape();
            attacks.push(Stage {
                name: attempt.attack.name(),
                attacker: attempt.attacker,
                norm: shape.norm,
                eps: shape.eps,
                parameters: attempt.attack,
                attacked,
                wrong,
                unnoticed,
                left: WorstCase::counted(left, pictures),
            });
        }
        (pictures > 0).then(|| Self {
            pictures,
            clean: WorstCase::counted(clean, pictures),
            attacks,
            worst_case: WorstCase::counted(left, pictures),
            setting,
        })
    }
}

/// The setting, warnings, and a line for each attack.
impl fmt::Display for Cascade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pictures, clean, attacks, worst_case, setting } = self;
        writeln!(f, "{}, {pictures} pictures", setting.data)?;
        writeln!(
            f,
            "each attack on the pictures that those before left right, until the answer is wrong"
        )?;
        for warning in &setting.warnings {
            writeln!(f, "warning: {warning}")?;
        }
        writeln!(
            f,
            "\n{:<15} {:<10} {:>6} {:>6} {:>8} {:>6} {:>9} {:>12}",
            "attack", "attacker", "eps", "steps", "attacked", "wrong", "unnoticed", "answer right"
        )?;
        let WorstCase { answer_accuracy, interval: Interval(low, high) } = clean;
        writeln!(f, "{:<66} {answer_accuracy:>12.3} ({low:.3} to {high:.3})", "no attack")?;
        for stage in attacks {
            let Stage { name, attacker, eps, parameters, attacked, wrong, unnoticed, left, .. } =
                stage;
            let eps = eps.map_or_else(|| "-".to_owned(), |eps| eps.to_string());
            let WorstCase { answer_accuracy, interval: Interval(low, high) } = left;
            writeln!(
                f,
                "{name:<15} {attacker:<10} {eps:>6} {:>6} {attacked:>8} {wrong:>6} {unnoticed:>9} \
                 {answer_accuracy:>12.3} ({low:.3} to {high:.3})",
                parameters.steps(),
            )?;
        }
        let Interval(low, high) = worst_case.interval;
        write!(
            f,
            "{:<66} {:>12.3} ({low:.3} to {high:.3})",
            "the worst of all, for each picture", worst_case.answer_accuracy
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attack::{Corrector, Evasion, SelectivePgd};
    use crate::evaluation::made_up::{outcome, verdict};
    use crate::evaluation::setting::tests::evaluation;
    use Class::{Cat, Dog};

    #[test]
    fn each_attack_is_counted_on_what_those_before_left_right() {
        let attempts: Vec<Attempt> =
            [SelectivePgd(Evasion::default()).into(), Corrector(Evasion::default()).into()]
                .map(|attack: AttackConfig| attack.into())
                .to_vec();
        // Corrected predictions are "cat": the dog is lost once it is called adversarial.
        let classes = vec![Cat, Cat, Cat, Dog, Dog];
        let mut results = Results::new(vec![2, 3, 5, 7, 9], classes, 2);
        assert_eq!(results.right_under(0), [2, 3, 5, 7, 9]);
        assert_eq!(results.right_under(1), [0; 0], "the first attack is still to be made");
        let clean = |prediction| Some(verdict(prediction, 0.1));
        let first = [
            (clean(Cat), outcome(Cat, 0.2)), // withstands both
            (clean(Cat), outcome(Dog, 0.2)), // unnoticed
            (clean(Cat), outcome(Dog, 2.0)), // noticed and corrected
            (clean(Dog), outcome(Dog, 0.2)), // falls to the second
            (clean(Cat), outcome(Cat, 0.1)), // wrong from the start
        ];
        results.add(0, &[2, 3, 5, 7, 9], &first);
        assert_eq!(results.right_under(1), [2, 5, 7]);
        let second = [outcome(Cat, 0.3), outcome(Dog, 3.0), outcome(Dog, 3.0)];
        results.add(1, &[2, 5, 7], &second.map(|outcome| (None, outcome)));
        assert_eq!(results.right_under(2), [2, 5]);

        let setting = evaluation().setting;
        let cascade = Cascade::of(&results, &attempts, setting.clone()).unwrap();
        assert_eq!((cascade.pictures, cascade.clean.answer_accuracy), (5, 0.8));
        let counts = |n: usize| {
            let Stage { attacked, wrong, unnoticed, left, .. } = cascade.attacks[n];
            (attacked, wrong, unnoticed, left)
        };
        assert_eq!(counts(0), (4, 1, 1, WorstCase::counted(3, 5)));
        assert_eq!(counts(1), (3, 1, 0, WorstCase::counted(2, 5)));
        assert_eq!(cascade.worst_case.answer_accuracy, 0.4);
        assert_eq!(cascade.worst_case.interval, Interval::wilson(2, 5));
        let text = cascade.to_string();
        for words in ["selective-pgd", "corrector", "0.400 (0.118 to 0.769)", "take care"] {
            assert!(text.contains(words), "{text}");
        }
        assert!(Cascade::of(&Results::new(vec![], vec![], 2), &attempts, setting).is_none());
    }
}
