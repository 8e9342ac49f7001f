//! Whether the figures can be believed: what the attacks themselves tell of a defence that only hides its gradients, or of
//! attacks that do not work. After Carlini et al. 2019 (arXiv 1902.06705), Athalye et al. 2018 (arXiv 1802.00420) and Tramèr
//! et al. 2020 (arXiv 2002.08347).
//!
//! Two attacks are compared on the same pictures. What counts are the pictures that only one of them wins; the comparison
//! fails when that many more of them go to the attack that should be the weaker one would happen by chance (the exact sign
//! test) in less than 1 % of all evaluations. Where one check makes several comparisons, they share this 1 %.

use std::fmt::Display;

use serde::Serialize;

use super::intervals::{Interval, sign_test};
use super::probe::Probe;
use super::sweep::{Sweep, Varied};
use super::{Attempt, Outcome, Record};
use crate::attack::{AttackConfig, AttackName, Attacker, Shape};
use crate::class::Class;

/// What a check says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Judgement {
    /// As it should be.
    Passed,
    /// Not as it should be: the figures may mislead.
    Failed,
    /// There is nothing to judge by.
    Unjudged,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Check {
    /// Its name.
    pub name: &'static str,
    /// What it says.
    pub judgement: Judgement,
    /// Why, as a sentence.
    pub sentence: String,
}

/// What the checks look at.
pub struct Evidence<'a> {
    /// The records, whose attacks are `attempts`.
    pub records: &'a [Record],
    /// The attacks.
    pub attempts: &'a [Attempt],
    /// The sweeps, each with what every point leads to for every picture.
    pub sweeps: &'a [(Sweep, Vec<Vec<Outcome>>)],
    /// What was found on clean pictures.
    pub probe: Probe,
    /// Whether the defence draws random numbers.
    pub randomised: bool,
}

/// How often chance alone may fail a check.
const FALSE_ALARMS: f64 = 0.01;
/// Predictions on one picture may differ by this much where nothing is random: devices add in any order.
const ROUNDING: f32 = 1e-4;
/// Share of pictures that may have a zero gradient.
const ZERO_GRADIENTS: f64 = 0.01;
/// A distance is huge from this share of the largest one there is.
const HUGE: f32 = 0.099;

fn check(name: &'static str, judgement: Judgement, sentence: impl Into<String>) -> Check {
    Check { name, judgement, sentence: sentence.into() }
}

/// Passes without complaints, else fails with all of them.
fn settle(name: &'static str, passed: impl Into<String>, complaints: Vec<String>) -> Check {
    if complaints.is_empty() {
        return check(name, Judgement::Passed, passed);
    }
    check(name, Judgement::Failed, complaints.join("; "))
}

/// All checks.
pub fn checks(evidence: &Evidence<'_>) -> Vec<Check> {
    vec![
        evidence.monotonous("larger-eps", Varied::Eps),
        evidence.monotonous("more-steps", Varied::Steps),
        evidence.chance(),
        evidence.iterative(),
        evidence.white_box(),
        evidence.knowing(),
        evidence.changed(),
        evidence.finite(),
        evidence.repeatable(),
        evidence.gradients(),
    ]
}

/// For each picture: whether the defence withstands.
type Withstood = Vec<bool>;

fn share(withstood: &Withstood) -> f64 {
    withstood.iter().filter(|held| **held).count() as f64 / withstood.len().max(1) as f64
}

/// Whether more pictures withstand `stronger` and not `weaker` than the other way round, and chance explains it in less than
/// 1 % of the evaluations, if so many comparisons are made.
fn weaker_wins(stronger: &Withstood, weaker: &Withstood, comparisons: usize) -> bool {
    let count = |of_stronger: bool| {
        let both = stronger.iter().zip(weaker);
        both.filter(|(s, w)| **s == of_stronger && **w != of_stronger).count()
    };
    sign_test(count(true), count(false)) < FALSE_ALARMS / comparisons.max(1) as f64
}

/// Withstood are all of these.
fn worst(all: &[Withstood]) -> Withstood {
    let pictures = all.first().map_or(0, Vec::len);
    (0..pictures).map(|picture| all.iter().all(|of| of[picture])).collect()
}

/// Whether two attacks may do the same.
fn comparable(a: &Shape, b: &Shape) -> bool {
    a.norm == b.norm && a.eps.is_some() && a.eps == b.eps
}

impl Evidence<'_> {
    fn withstood(
        &self,
        outcomes: impl Iterator<Item = Outcome>,
        right: impl Fn(&Outcome, Class) -> bool,
    ) -> Withstood {
        let classes = self.records.iter().map(|record| record.class);
        outcomes.zip(classes).map(|(outcome, class)| right(&outcome, class)).collect()
    }

    /// CL is right, under the attack at this place.
    fn classifier(&self, place: usize) -> Withstood {
        let outcomes = self.records.iter().map(|record| record.attacks[place]);
        self.withstood(outcomes, |outcome, class| outcome.verdict.answer_if_clean == class)
    }

    /// The answer is right, under the attack at this place.
    fn answer(&self, place: usize) -> Withstood {
        let outcomes = self.records.iter().map(|record| record.attacks[place]);
        self.withstood(outcomes, |outcome, class| outcome.verdict.answer == class)
    }

    /// The attacks that fit, each with its place and shape.
    fn attacks(&self, fits: impl Fn(&Attempt, &Shape) -> bool) -> Vec<(usize, AttackName, Shape)> {
        let all = self.attempts.iter().enumerate();
        let all = all.map(|(place, attempt)| (place, attempt, attempt.attack.shape()));
        all.filter(|(_, attempt, shape)| fits(attempt, shape))
            .map(|(place, attempt, shape)| (place, attempt.attack.name(), shape))
            .collect()
    }

    /// Attacks by the classifier's gradients that may go as far as others and can.
    fn gradient_attacks(&self) -> Vec<(usize, AttackName, Shape)> {
        self.attacks(|attempt, shape| {
            attempt.attacker == Attacker::Classifier
                && shape.eps.is_some()
                && shape.reaches_its_bound()
        })
    }

    /// Larger eps and more steps never help the defender.
    fn monotonous(&self, name: &'static str, varied: Varied) -> Check {
        let of: Vec<_> = self.sweeps.iter().filter(|(sweep, _)| sweep.varied == varied).collect();
        let comparisons: usize = of.iter().map(|(_, points)| points.len().saturating_sub(1)).sum();
        let (what, flag) = match varied {
            Varied::Eps => ("a larger eps", "--sweep-eps"),
            Varied::Steps => ("more steps", "--sweep-steps"),
        };
        if comparisons == 0 {
            let sentence = format!("{what}: no attack was made with several ({flag})");
            return check(name, Judgement::Unjudged, sentence);
        }
        let mut complaints = Vec::new();
        for (sweep, points) in of {
            // What an attack on the defence is after is the answer.
            let of_answer = sweep.attacker == Attacker::Defence;
            let right = |outcome: &Outcome, class| match of_answer {
                true => outcome.verdict.answer == class,
                false => outcome.verdict.answer_if_clean == class,
            };
            let all: Vec<Withstood> = points
                .iter()
                .map(|outcomes| self.withstood(outcomes.iter().copied(), right))
                .collect();
            for n in 1..all.len() {
                let before = (0..n).min_by(|a, b| share(&all[*a]).total_cmp(&share(&all[*b])));
                let before = before.expect("there are points before");
                if weaker_wins(&all[n], &all[before], comparisons) {
                    complaints.push(format!(
                        "{}: {} is right on {:.3} of the pictures at {}, but on {:.3} at {}",
                        sweep.name,
                        if of_answer { "the answer" } else { "CL" },
                        share(&all[n]),
                        sweep.points[n].0,
                        share(&all[before]),
                        sweep.points[before].0
                    ));
                }
            }
        }
        settle(name, format!("{what} never helped the defender beyond chance"), complaints)
    }

    /// A huge eps leaves no more than guessing.
    fn chance(&self) -> Check {
        const NAME: &str = "huge-eps";
        let mut judged = false;
        let mut complaints = Vec::new();
        for (sweep, points) in self.sweeps {
            let last = sweep.points.last().zip(points.last());
            let Some((&(eps, Some(attack)), outcomes)) = last else { continue };
            let huge = eps >= HUGE * attack.norm().ball().diameter();
            // Attacks that know no gradients need not succeed, and attacks on the defence are after its answer.
            if sweep.varied != Varied::Eps || sweep.attacker != Attacker::Classifier || !huge {
                continue;
            }
            judged = true;
            let right = |outcome: &Outcome, class| outcome.verdict.answer_if_clean == class;
            let held = self.withstood(outcomes.iter().copied(), right);
            let count = held.iter().filter(|held| **held).count();
            if Interval::wilson(count, held.len()).0 > 1.0 / Class::COUNT as f64 {
                let (name, share) = (sweep.name, share(&held));
                complaints.push(format!("{name} with eps {eps} leaves CL right on {share:.3}"));
            }
        }
        if !judged {
            let sentence = "no attack by the classifier's gradients was made with an eps of a tenth of the range (--sweep-eps \
                 0,...,0.1)";
            return check(NAME, Judgement::Unjudged, sentence);
        }
        settle(NAME, "with a huge eps CL is not better than guessing", complaints)
    }

    /// Many steps beat a single one.
    fn iterative(&self) -> Check {
        const NAME: &str = "iterative-beats-single-step";
        let single = self.attacks(|attempt, _| {
            matches!(attempt.attack, AttackConfig::Fgsm(_))
                && attempt.attacker == Attacker::Classifier
        });
        let pairs: Vec<_> = self
            .gradient_attacks()
            .into_iter()
            .filter(|(_, name, _)| *name != AttackName::Fgsm)
            .filter_map(|many| {
                let one = single.iter().find(|one| comparable(&one.2, &many.2))?;
                Some((many, *one))
            })
            .collect();
        let mut complaints = Vec::new();
        for ((many, name, _), (one, _, _)) in &pairs {
            let (many, one) = (self.classifier(*many), self.classifier(*one));
            if weaker_wins(&many, &one, pairs.len()) {
                complaints.push(format!(
                    "{name} leaves CL right on {:.3} of the pictures, fgsm with one step on {:.3}",
                    share(&many),
                    share(&one)
                ));
            }
        }
        if pairs.is_empty() {
            let sentence = "there is no pair of fgsm and an iterative attack with the same eps whose steps reach it";
            return check(NAME, Judgement::Unjudged, sentence);
        }
        settle(NAME, "iterative attacks are at least as strong as one step", complaints)
    }

    /// Gradients beat attacks without them.
    fn white_box(&self) -> Check {
        const NAME: &str = "white-box-beats-black-box";
        let blind = self.attacks(|attempt, _| {
            use Attacker::{Nothing, Queries, Transfer};
            matches!(attempt.attacker, Nothing | Queries | Transfer)
        });
        let white = self.gradient_attacks();
        let against = |shape: &Shape| -> Vec<Withstood> {
            let fits = white.iter().filter(|(_, _, other)| comparable(shape, other));
            fits.map(|(place, _, _)| self.classifier(*place)).collect()
        };
        let pairs: Vec<_> = blind
            .into_iter()
            .map(|(place, name, shape)| (place, name, against(&shape)))
            .filter(|(_, _, white)| !white.is_empty())
            .collect();
        let mut complaints = Vec::new();
        for (place, name, white) in &pairs {
            let (white, black) = (worst(white), self.classifier(*place));
            if weaker_wins(&white, &black, pairs.len()) {
                complaints.push(format!(
                    "{name} ({}) leaves CL right on {:.3} of the pictures, all attacks by gradients together on {:.3}: \
                     gradients may be masked",
                    self.attempts[*place].attacker,
                    share(&black),
                    share(&white)
                ));
            }
        }
        if pairs.is_empty() {
            let sentence = "there is no pair of an attack without gradients (square, noise) and one with them that has \
                            the same eps and reaches it";
            return check(NAME, Judgement::Unjudged, sentence);
        }
        settle(NAME, "attacks by gradients are at least as strong as those without", complaints)
    }

    /// Knowing the defence helps.
    fn knowing(&self) -> Check {
        const NAME: &str = "knowing-the-defence-helps";
        let knowing = self.attacks(|attempt, _| attempt.attacker == Attacker::Defence);
        let others = self.attacks(|attempt, shape| {
            attempt.attacker == Attacker::Classifier
                && knowing.iter().any(|(_, _, other)| comparable(shape, other))
        });
        if knowing.is_empty() || others.is_empty() {
            let sentence = "there is no pair of an attacker who knows the defence and one who knows the classifier";
            return check(NAME, Judgement::Unjudged, sentence);
        }
        let answers = |of: &[(usize, AttackName, Shape)]| {
            worst(&of.iter().map(|(place, _, _)| self.answer(*place)).collect::<Vec<_>>())
        };
        let (knowing, others) = (answers(&knowing), answers(&others));
        let mut complaints = Vec::new();
        if weaker_wins(&knowing, &others, 1) {
            complaints.push(format!(
                "attacks on the defence leave the answer right on {:.3} of the pictures, those on the classifier alone on \
                 {:.3}: the attacks on the defence are too weak",
                share(&knowing),
                share(&others)
            ));
        }
        settle(NAME, "attacks on the defence are at least as strong as those on CL", complaints)
    }

    /// Attacks change pictures, and changed pictures change predictions.
    fn changed(&self) -> Check {
        let mut complaints = Vec::new();
        for (place, attempt) in self.attempts.iter().enumerate() {
            let name = attempt.attack.name();
            // Those that are wrong already may be left alone.
            let mut right =
                self.records.iter().filter(|r| r.clean.answer_if_clean == r.class).peekable();
            if right.peek().is_none() {
                continue;
            }
            let (mut moved, mut told) = (false, false);
            for record in right {
                let outcome = &record.attacks[place];
                moved |= outcome.distance > 0.0;
                told |= outcome.verdict.prediction != record.clean.prediction;
            }
            if !moved {
                complaints.push(format!("{name} leaves every picture as it was"));
            } else if !told {
                complaints.push(format!("{name} changes pictures, but no prediction"));
            }
        }
        settle("something-changed", "every attack changes pictures and predictions", complaints)
    }

    /// Nothing overflowed.
    fn finite(&self) -> Check {
        let verdicts = self.records.iter().flat_map(|record| {
            record.attacks.iter().map(|outcome| &outcome.verdict).chain([&record.clean])
        });
        let broken = verdicts.filter(|verdict| {
            let predictions = [verdict.prediction, verdict.reconstruction_prediction];
            let all = predictions.into_iter().chain(verdict.corrected_prediction);
            !(verdict.score.is_finite() && all.flatten().all(f32::is_finite))
        });
        let complaints = match broken.count() {
            0 => Vec::new(),
            n => vec![format!("{n} verdicts hold numbers that are not finite")],
        };
        settle("finite", "all predictions and scores are finite numbers", complaints)
    }

    /// The same picture gets the same prediction; if not, the attacks know it.
    fn repeatable(&self) -> Check {
        const NAME: &str = "repeatable";
        let Probe { pictures, largest_difference, .. } = self.probe;
        let random = largest_difference > ROUNDING;
        if !self.randomised {
            let complaint = format!(
                "predictions on the same picture differ by up to {largest_difference:.4}, though the defence is not \
                 randomised"
            );
            let passed = format!("{pictures} pictures get the same predictions twice");
            return settle(NAME, passed, random.then_some(complaint).into_iter().collect());
        }
        let unaware = self.attempts.iter().filter(|attempt| {
            attempt.attacker == Attacker::Defence && attempt.attack.shape().draws < 2
        });
        let complaint = |attempt: &Attempt| {
            let name = attempt.attack.name();
            format!(
                "{name} takes each gradient from one random draw of a randomised defence (--eot)"
            )
        };
        let passed = "attacks on the randomised defence average its random draws";
        if self.attempts.iter().all(|attempt| attempt.attacker != Attacker::Defence) {
            return check(
                NAME,
                Judgement::Unjudged,
                "no attack on the randomised defence was made",
            );
        }
        settle(NAME, passed, unaware.map(complaint).collect())
    }

    /// Few pictures have a zero gradient.
    fn gradients(&self) -> Check {
        let Probe { pictures, zero_gradients, zero_score_gradients, .. } = self.probe;
        let mut complaints = Vec::new();
        for (what, share, interval) in [
            ("cross-entropy", zero_gradients, self.probe.zero_gradients_interval),
            ("score", zero_score_gradients, self.probe.zero_score_gradients_interval),
        ] {
            if interval.0 > ZERO_GRADIENTS {
                complaints.push(percent(share, pictures, what));
            }
        }
        let passed = format!("hardly any of {pictures} pictures has a zero gradient");
        settle("gradients", passed, complaints)
    }
}

fn percent(share: f64, pictures: usize, what: impl Display) -> String {
    format!(
        "the gradient of the {what} is zero on {share:.3} of {pictures} pictures: gradients are masked"
    )
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::attack::{AttackOptions, Preset};
    use crate::evaluation::made_up::{outcome, record, verdict};
    use crate::evaluation::probe::Probed;

    const PICTURES: usize = 200;
    /// Strong PGD: its steps reach eps.
    const OPTIONS: AttackOptions = AttackOptions {
        preset: Preset::Strong,
        norm: None,
        eps: None,
        eps_step: None,
        max_iter: None,
        num_random_init: None,
        decay: None,
        attack_seed: None,
        attack_loss: None,
        eot: None,
        lambda: None,
        confidence: None,
        binary_search_steps: None,
    };

    /// Outcomes of which so many leave CL and the answer right; the rest are wrong and not detected.
    fn right_on(count: usize) -> Vec<Outcome> {
        let of = |n| if n < count { outcome(Class::Cat, 0.2) } else { outcome(Class::Dog, 0.2) };
        (0..PICTURES).map(of).collect()
    }

    fn probe(difference: f32, gradient: f32) -> Probe {
        Probe::of(&[Probed { difference, gradient, score_gradient: 0.1 }; 64])
    }

    /// What the checks say of attacks that leave so many pictures right.
    fn judge(
        attacks: &[(AttackName, Vec<Outcome>)],
        options: &AttackOptions,
        sweeps: &[(Sweep, Vec<Vec<Outcome>>)],
        probe: Probe,
        randomised: bool,
    ) -> Vec<Check> {
        let attempts: Vec<Attempt> =
            attacks.iter().map(|(name, _)| options.resolve(*name, false).unwrap().into()).collect();
        let of_picture = |n: usize| attacks.iter().map(|(_, outcomes)| outcomes[n]).collect();
        let records: Vec<Record> =
            (0..PICTURES).map(|n| record(verdict(Class::Cat, 0.1), of_picture(n))).collect();
        let evidence =
            Evidence { records: &records, attempts: &attempts, sweeps, probe, randomised };
        checks(&evidence)
    }

    fn simply(attacks: &[(AttackName, usize)]) -> Vec<Check> {
        let attacks: Vec<_> =
            attacks.iter().map(|(name, count)| (*name, right_on(*count))).collect();
        judge(&attacks, &OPTIONS, &[], probe(0.0, 0.1), false)
    }

    fn sweep(varied: Varied, of: &[(f32, usize)]) -> (Sweep, Vec<Vec<Outcome>>) {
        let values = of.iter().map(|(value, _)| *value).collect();
        let sweep =
            Sweep::new(AttackName::Pgd, Attacker::Classifier, &OPTIONS, false, varied, values)
                .unwrap();
        (sweep, of.iter().map(|(_, count)| right_on(*count)).collect())
    }

    fn of<'a>(checks: &'a [Check], name: &str) -> &'a Check {
        checks.iter().find(|check| check.name == name).unwrap()
    }

    #[track_caller]
    fn fails(checks: &[Check], name: &str, words: &str) {
        let check = of(checks, name);
        assert_eq!(check.judgement, Judgement::Failed, "{check:?}");
        assert!(check.sentence.contains(words), "{check:?}");
        for other in checks.iter().filter(|other| other.name != name) {
            assert_ne!(other.judgement, Judgement::Failed, "{other:?}");
        }
    }

    use AttackName::{Fgsm, Noise, Pgd, SelectivePgd, Square};

    #[test]
    fn an_evaluation_as_it_should_be_passes_every_check() {
        let attacks = [(Pgd, 0), (Fgsm, 60), (Noise, 195), (Square, 90), (SelectivePgd, 0)]
            .map(|(name, count)| (name, right_on(count)));
        let sweeps = [
            sweep(Varied::Eps, &[(0.0, 200), (0.01, 120), (0.03, 121), (0.1, 0)]),
            sweep(Varied::Steps, &[(1.0, 60), (10.0, 3), (20.0, 3)]),
        ];
        let checks = judge(&attacks, &OPTIONS, &sweeps, probe(0.0, 0.1), false);
        assert_eq!(checks.len(), 10);
        for check in &checks {
            assert_eq!(check.judgement, Judgement::Passed, "{check:?}");
        }
    }

    #[test]
    fn masked_gradients_are_found_by_what_needs_none() {
        fails(&simply(&[(Pgd, 150), (Square, 60)]), "white-box-beats-black-box", "masked");
        fails(&simply(&[(Pgd, 198), (Noise, 150)]), "white-box-beats-black-box", "noise");
        fails(&simply(&[(Pgd, 100), (Fgsm, 40)]), "iterative-beats-single-step", "fgsm");
        let zero = judge(&[(Pgd, right_on(0))], &OPTIONS, &[], probe(0.0, 0.0), false);
        fails(&zero, "gradients", "1.000 of 64 pictures");
        let nan = judge(&[(Pgd, right_on(0))], &OPTIONS, &[], probe(0.0, f32::NAN), false);
        fails(&nan, "gradients", "cross-entropy");
    }

    #[test]
    fn attacks_that_are_too_weak_are_found() {
        fails(&simply(&[(Pgd, 20), (SelectivePgd, 100)]), "knowing-the-defence-helps", "too weak");
        let none = vec![Outcome { distance: 0.0, ..outcome(Class::Cat, 0.1) }; PICTURES];
        let unchanged = judge(&[(Pgd, none)], &OPTIONS, &[], probe(0.0, 0.1), false);
        fails(&unchanged, "something-changed", "pgd leaves every picture");
        let deaf = judge(&[(Pgd, right_on(200))], &OPTIONS, &[], probe(0.0, 0.1), false);
        fails(&deaf, "something-changed", "no prediction");
    }

    #[test]
    fn curves_that_rise_are_found_and_noise_is_not() {
        let with = |sweep| judge(&[(Pgd, right_on(0))], &OPTIONS, &[sweep], probe(0.0, 0.1), false);
        let rising = sweep(Varied::Eps, &[(0.01, 100), (0.03, 130), (0.1, 10)]);
        fails(&with(rising), "larger-eps", "0.650 of the pictures at 0.03, but on 0.500 at 0.01");
        let rising = sweep(Varied::Steps, &[(5.0, 100), (50.0, 130)]);
        fails(&with(rising), "more-steps", "at 50");
        // Four pictures of two hundred are chance: 1/16.
        let noisy = sweep(Varied::Steps, &[(5.0, 100), (50.0, 104)]);
        assert_eq!(of(&with(noisy), "more-steps").judgement, Judgement::Passed);
        let stubborn = sweep(Varied::Eps, &[(0.01, 100), (0.1, 40)]);
        fails(&with(stubborn), "huge-eps", "0.200");
        let guessing = sweep(Varied::Eps, &[(0.01, 100), (0.1, 24)]);
        assert_eq!(of(&with(guessing), "huge-eps").judgement, Judgement::Passed);
    }

    #[test]
    fn randomness_is_found_where_it_is_not_meant_and_where_attacks_do_not_know_it() {
        let judged = |options: &AttackOptions, randomised| {
            let attacks = [(SelectivePgd, right_on(0))];
            judge(&attacks, options, &[], probe(0.1, 0.1), randomised)
        };
        fails(&judged(&OPTIONS, false), "repeatable", "though the defence is not randomised");
        fails(&judged(&OPTIONS, true), "repeatable", "--eot");
        let aware = judged(&AttackOptions { eot: Some(8), ..OPTIONS }, true);
        assert_eq!(of(&aware, "repeatable").judgement, Judgement::Passed);
    }

    #[test]
    fn numbers_that_are_not_finite_are_found() {
        let mut broken = right_on(0);
        broken[7].verdict.prediction[3] = f32::NAN;
        let checks = judge(&[(Pgd, broken)], &OPTIONS, &[], probe(0.0, 0.1), false);
        fails(&checks, "finite", "1 verdicts");
    }

    /// The tutorial's PGD moves by at most a third of eps: that fgsm beats it says nothing.
    #[test]
    fn what_cannot_be_compared_is_not_judged() {
        let attacks = [(Pgd, right_on(100)), (Fgsm, right_on(20)), (Square, right_on(20))];
        let tutorial = AttackOptions::default();
        let checks = judge(&attacks, &tutorial, &[], probe(0.0, 0.1), false);
        for name in ["larger-eps", "more-steps", "huge-eps", "iterative-beats-single-step"] {
            assert_eq!(of(&checks, name).judgement, Judgement::Unjudged, "{name}");
        }
        let small = sweep(Varied::Eps, &[(0.01, 100), (0.03, 90)]);
        let checks = judge(&attacks, &tutorial, &[small], probe(0.0, 0.1), false);
        assert_eq!(of(&checks, "huge-eps").judgement, Judgement::Unjudged);
    }
}
