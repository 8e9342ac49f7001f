//! Figures of each attack, and of the worst of them for each picture.

use std::fmt::Write;

use serde::Serialize;

use super::classes::{ClassFigures, Confusion, confusion};
use super::histogram::Histogram;
use super::roc::{Curve, precision_recall, roc};
use super::{Attempt, Interval, Outcome, Record, area_under_roc};
use crate::attack::{AttackConfig, AttackName, Attacker, Norm};
use crate::class::Class;
use crate::detector::Verdict;
use crate::quantile::quantile;

/// Points of a curve in files and drawings.
const POINTS: usize = 100;

/// Figures of one attack on the same pictures as the others. Accuracies and rates are shares of all pictures, 0 to 1;
/// pictures that are named wrong before the attack count as wrong.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AttackFigures {
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
    /// Accuracy of CL(x) on the attacked pictures.
    pub classifier_accuracy: f64,
    /// Share of the pictures of which CL(x) says what the attack is after: any other class, or its target.
    pub success_rate: f64,
    /// Share of the attacked pictures that are called adversarial.
    pub detection_rate: f64,
    /// Accuracy of the defence's answer on the attacked pictures.
    pub answer_accuracy: f64,
    /// Area under the ROC curve, attacked against clean.
    pub auc: f64,
    /// Share of the pictures on which the attack succeeds and that pass a threshold with 5 % false positives. The threshold is
    /// the 95th percentile of the scores of the same pictures, clean.
    pub sr_at_5: f64,
    /// The same with 50 % false positives.
    pub sr_at_50: f64,
    /// Median distance from the original of the pictures on which CL was right and the attack succeeds; `None` without one.
    pub median_distance: Option<f32>,
    /// Median number of questions asked about these pictures; `None` if the attack does not count them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub median_queries: Option<f32>,
    /// Highest share of the attacked pictures that any threshold finds with 1 % false positives among the clean ones.
    pub tpr_at_1: f64,
    /// The same with 5 %.
    pub tpr_at_5: f64,
    /// Average precision, attacked against as many clean ones: the area under precision against recall.
    pub average_precision: f64,
    /// 95 % intervals of the shares.
    pub intervals: Intervals,
    /// What is drawn of it.
    #[serde(flatten)]
    pub details: Details,
}

/// Wilson's 95 % intervals of an attack's shares.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[allow(missing_docs)] // the shares of the same names
pub struct Intervals {
    pub classifier_accuracy: Interval,
    pub success_rate: Interval,
    pub detection_rate: Interval,
    pub answer_accuracy: Interval,
    pub sr_at_5: Interval,
    pub sr_at_50: Interval,
}

/// Curves, histogram and tables of an attack.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Details {
    /// False-positive rate (x) and true-positive rate (y) at every threshold, attacked against clean; about a hundred points.
    pub roc: Curve,
    /// Recall (x) and precision (y); about a hundred points.
    pub precision_recall: Curve,
    /// Scores of the attacked pictures.
    pub histogram: Histogram,
    /// Figures of each class.
    pub classes: Vec<ClassFigures>,
    /// CL(x) on the attacked pictures.
    pub confusion: Confusion,
    /// The defence's answer on the attacked pictures.
    pub confusion_of_answers: Confusion,
}

/// Figures of the clean pictures.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CleanFigures {
    /// Accuracy of CL(x).
    pub classifier_accuracy: f64,
    /// Share that is called adversarial.
    pub false_positive_rate: f64,
    /// Accuracy of the defence's answer.
    pub answer_accuracy: f64,
    /// 95 % intervals of the shares.
    pub intervals: CleanIntervals,
    /// The scores.
    pub histogram: Histogram,
    /// CL(x).
    pub confusion: Confusion,
}

/// Wilson's 95 % intervals of the clean pictures' shares.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[allow(missing_docs)] // the shares of the same names
pub struct CleanIntervals {
    pub classifier_accuracy: Interval,
    pub false_positive_rate: Interval,
    pub answer_accuracy: Interval,
}

/// What is left when each picture is attacked by the attack that is worst for it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct WorstCase {
    /// Share of the pictures whose answer is right under every attack.
    pub answer_accuracy: f64,
    /// Its 95 % interval.
    pub interval: Interval,
}

/// The middle one, or the mean of the two in the middle.
fn median(mut values: Vec<f32>) -> Option<f32> {
    values.sort_by(f32::total_cmp);
    (!values.is_empty()).then(|| quantile(&values, 0.5))
}

impl AttackFigures {
    /// Figures of the attack at this place of the records' lists; `None` without records.
    pub fn of(records: &[Record], place: usize, attempt: &Attempt) -> Option<Self> {
        let outcome = |record: &'_ Record| -> Outcome { record.attacks[place] };
        let succeeds = |record: &Record| {
            attempt.succeeds(record.class, outcome(record).verdict.answer_if_clean)
        };
        let share = |counts: &dyn Fn(&Record) -> bool| {
            records.iter().filter(|record| counts(record)).count() as f64 / records.len() as f64
        };
        let mut clean: Vec<f32> = records.iter().map(|r| r.clean.score).collect();
        clean.sort_by(f32::total_cmp);
        let attacked: Vec<f32> = records.iter().map(|r| outcome(r).verdict.score).collect();
        let auc = area_under_roc(&clean, &attacked)?;
        let passes = |threshold: f32| {
            share(&|record| succeeds(record) && outcome(record).verdict.score <= threshold)
        };
        let led: Vec<&Record> =
            records.iter().filter(|r| r.clean.answer_if_clean == r.class && succeeds(r)).collect();
        let shape = attempt.attack.shape();
        let curve = roc(&clean, &attacked);
        let precision_recall = precision_recall(&clean, &attacked);
        let interval = |share| Interval::of_share(share, records.len());
        let right = |record: &Record| outcome(record).verdict.answer_if_clean == record.class;
        let (classifier_accuracy, success_rate) = (share(&right), share(&succeeds));
        let detection_rate = share(&|record| outcome(record).verdict.adversarial);
        let answer_accuracy = share(&|record| outcome(record).verdict.answer == record.class);
        let (sr_at_5, sr_at_50) = (passes(quantile(&clean, 0.95)), passes(quantile(&clean, 0.5)));
        let confusion_of = |of: &dyn Fn(&Verdict) -> Class| {
            confusion(records.iter().map(|record| (record.class, of(&outcome(record).verdict))))
        };
        Some(Self {
            name: attempt.attack.name(),
            attacker: attempt.attacker,
            norm: shape.norm,
            eps: shape.eps,
            parameters: attempt.attack,
            classifier_accuracy,
            success_rate,
            detection_rate,
            answer_accuracy,
            auc,
            sr_at_5,
            sr_at_50,
            median_distance: median(led.iter().map(|r| outcome(r).distance).collect()),
            median_queries: median(led.iter().filter_map(|r| outcome(r).queries).collect()),
            tpr_at_1: curve.highest_up_to(0.01),
            tpr_at_5: curve.highest_up_to(0.05),
            average_precision: precision_recall.steps_area(),
            intervals: Intervals {
                classifier_accuracy: interval(classifier_accuracy),
                success_rate: interval(success_rate),
                detection_rate: interval(detection_rate),
                answer_accuracy: interval(answer_accuracy),
                sr_at_5: interval(sr_at_5),
                sr_at_50: interval(sr_at_50),
            },
            details: Details {
                roc: curve.thinned(POINTS),
                precision_recall: precision_recall.thinned(POINTS),
                histogram: Histogram::of(attacked),
                classes: ClassFigures::of(records, place),
                confusion: confusion_of(&|verdict| verdict.answer_if_clean),
                confusion_of_answers: confusion_of(&|verdict| verdict.answer),
            },
        })
    }

    /// A line for each attack, and the worst of all. How often it succeeds is 1 less CL's accuracy, and left out, unless an
    /// attack is targeted.
    pub fn table(all: &[Self], worst: WorstCase) -> String {
        let targeted = all.iter().any(|figures| figures.parameters.targeted());
        let success = |text: String| if targeted { format!(" {text:>7}") } else { String::new() };
        let mut text = format!(
            "{:<15} {:<10} {:<4} {:>6} {:>6}{} {:>8} {:>6} {:>6} {:>6} {:>6} {:>9}",
            "attack",
            "attacker",
            "norm",
            "eps",
            "CL",
            success("success".to_owned()),
            "detected",
            "answer",
            "AUC",
            "SR@5",
            "SR@50",
            "distance"
        );
        for figures in all {
            let Self { name, attacker, norm, eps, median_distance, .. } = figures;
            let eps = eps.map_or_else(|| "-".to_owned(), |eps| eps.to_string());
            let distance = median_distance.map_or_else(|| "-".to_owned(), |d| format!("{d:.4}"));
            let _ = write!(
                text,
                "\n{name:<15} {attacker:<10} {norm:<4} {eps:>6} {:>6.3}{} {:>8.3} {:>6.3} {:>6.3} {:>6.3} {:>6.3} \
                 {distance:>9}",
                figures.classifier_accuracy,
                success(format!("{:.3}", figures.success_rate)),
                figures.detection_rate,
                figures.answer_accuracy,
                figures.auc,
                figures.sr_at_5,
                figures.sr_at_50,
            );
        }
        if all.len() > 1 {
            let width = if targeted { 23 } else { 15 };
            let _ = write!(
                text,
                "\n{:<45} {:>width$.3}",
                "the worst of all, for each picture", worst.answer_accuracy
            );
        }
        text
    }
}

impl WorstCase {
    /// The share of the pictures whose answer is right under every attack; `None` without records.
    pub fn of(records: &[Record]) -> Option<Self> {
        let right = |record: &&Record| {
            record.attacks.iter().all(|outcome| outcome.verdict.answer == record.class)
        };
        let count = records.iter().filter(right).count();
        (!records.is_empty()).then(|| Self {
            answer_accuracy: count as f64 / records.len() as f64,
            interval: Interval::wilson(count, records.len()),
        })
    }
}

impl CleanFigures {
    /// Those of these records; `None` without records.
    pub fn of(records: &[Record]) -> Option<Self> {
        let count = |counts: &dyn Fn(&Record) -> bool| records.iter().filter(|r| counts(r)).count();
        let right = count(&|record| record.clean.answer_if_clean == record.class);
        let positive = count(&|record| record.clean.adversarial);
        let answered = count(&|record| record.clean.answer == record.class);
        let share = |count| count as f64 / records.len() as f64;
        let interval = |count| Interval::wilson(count, records.len());
        (!records.is_empty()).then(|| Self {
            classifier_accuracy: share(right),
            false_positive_rate: share(positive),
            answer_accuracy: share(answered),
            intervals: CleanIntervals {
                classifier_accuracy: interval(right),
                false_positive_rate: interval(positive),
                answer_accuracy: interval(answered),
            },
            histogram: Histogram::of(records.iter().map(|record| record.clean.score)),
            confusion: confusion(records.iter().map(|r| (r.class, r.clean.answer_if_clean))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attack::{Pgd, Square};
    use crate::detector::{Detector, Predictions, ScoreConfig};

    fn verdict(prediction: Class, corrected: Class, score: f32) -> Verdict {
        let sure = |class: Class| {
            let mut p = [0.0; 10];
            p[class.index()] = 1.0;
            p
        };
        let predictions = Predictions {
            prediction: sure(prediction),
            reconstruction_prediction: sure(corrected),
            corrected_prediction: None,
        };
        let detector = Detector { score: ScoreConfig::default(), threshold: 1.0 };
        detector.verdict(predictions, score).unwrap()
    }

    #[test]
    fn each_figure_counts_what_its_name_says() {
        use Class::{Cat, Dog};
        let outcome = |verdict, distance, queries| Outcome { verdict, distance, queries };
        let record = |clean, first: Outcome, second: Outcome| Record {
            class: Cat,
            clean,
            attacked: first.verdict,
            attacks: vec![first, second],
        };
        let records = [
            // Fooled and missed; the second attack fails.
            record(
                verdict(Cat, Cat, 0.1),
                outcome(verdict(Dog, Dog, 0.15), 0.3, None),
                outcome(verdict(Cat, Cat, 0.2), 0.1, Some(9.0)),
            ),
            // Fooled, detected, corrected; then detected and wrong.
            record(
                verdict(Cat, Cat, 0.2),
                outcome(verdict(Dog, Cat, 2.0), 0.1, None),
                outcome(verdict(Dog, Dog, 3.0), 0.2, Some(5.0)),
            ),
            // Wrong from the start.
            record(
                verdict(Dog, Dog, 0.3),
                outcome(verdict(Dog, Dog, 0.05), 0.0, None),
                outcome(verdict(Dog, Dog, 0.3), 0.0, Some(1.0)),
            ),
            // Never fooled.
            record(
                verdict(Cat, Cat, 0.4),
                outcome(verdict(Cat, Cat, 0.4), 0.3, None),
                outcome(verdict(Cat, Cat, 0.4), 0.3, Some(9.0)),
            ),
        ];
        let attack: AttackConfig = Pgd::default().into();
        let attempt = Attempt { attack, attacker: Attacker::Transfer };
        let first = AttackFigures::of(&records, 0, &attempt).unwrap();
        assert_eq!((first.name, first.attacker), (AttackName::Pgd, Attacker::Transfer));
        assert_eq!((first.classifier_accuracy, first.success_rate), (0.25, 0.75));
        assert_eq!(first.detection_rate, 0.25);
        assert_eq!(first.answer_accuracy, 0.5);
        // Pairs (attacked > clean): 0.15 beats 1 of 4, 2.0 beats 4, 0.05 none, 0.4 beats 3 and ties.
        assert!((first.auc - 8.5 / 16.0).abs() < 1e-12);
        // The clean scores' 95th percentile is 0.385, their median 0.25.
        assert_eq!((first.sr_at_5, first.sr_at_50), (0.5, 0.5));
        assert!((first.median_distance.unwrap() - 0.2).abs() < 1e-6);
        assert_eq!(first.median_queries, None);
        // Above the clean scores, of which the largest is 0.4, is one attacked score of four.
        assert_eq!((first.tpr_at_1, first.tpr_at_5), (0.25, 0.25));
        assert_eq!(first.intervals.answer_accuracy, Interval::wilson(2, 4));
        assert_eq!(first.intervals.classifier_accuracy, Interval::wilson(1, 4));
        // Recall 1/4 at precision 1; 1/2 at 2/3 (0.4 ties); 3/4 at 3/6; 1 at 4/8.
        let area = (1.0 + 2.0 / 3.0 + 0.5 + 0.5) / 4.0;
        assert!((first.average_precision - area).abs() < 1e-12, "{}", first.average_precision);
        let details = &first.details;
        assert_eq!(details.histogram.counts.iter().sum::<usize>(), 4);
        let (cats, dogs) = (Class::Cat.index(), Class::Dog.index());
        assert_eq!((details.confusion[cats][dogs], details.confusion[cats][cats]), (3, 1));
        assert_eq!(details.confusion_of_answers[cats][cats], 2);
        assert_eq!(details.classes[cats].answer_accuracy, Some(0.5));
        // After a cat comes a deer: no attack has led to it.
        let missed = AttackConfig::from(Pgd { targeted: true, ..Pgd::default() }).into();
        let missed = AttackFigures::of(&records, 0, &missed).unwrap();
        assert_eq!((missed.classifier_accuracy, missed.success_rate), (0.25, 0.0));
        assert_eq!((missed.sr_at_50, missed.median_distance), (0.0, None));
        let attempt = Attempt::from(AttackConfig::from(Square::default()));
        let second = AttackFigures::of(&records, 1, &attempt).unwrap();
        assert_eq!(second.attacker, Attacker::Queries);
        assert_eq!((second.sr_at_5, second.sr_at_50), (0.25, 0.0));
        assert_eq!((second.median_distance, second.median_queries), (Some(0.2), Some(5.0)));
        // The second attack is worse for the second picture alone.
        assert_eq!(second.answer_accuracy, 0.5);
        let worst = WorstCase::of(&records).unwrap();
        assert_eq!((worst.answer_accuracy, worst.interval), (0.25, Interval::wilson(1, 4)));
        let clean = CleanFigures::of(&records).unwrap();
        assert_eq!((clean.classifier_accuracy, clean.answer_accuracy), (0.75, 0.75));
        assert_eq!(clean.intervals.false_positive_rate, Interval::wilson(0, 4));
        let led = AttackFigures {
            parameters: Pgd { targeted: true, ..Pgd::default() }.into(),
            ..first.clone()
        };
        for (both, has_success) in [([first, second.clone()], false), ([led, second], true)] {
            let table = AttackFigures::table(&both, worst);
            for word in ["pgd", "transfer", "square", "queries", "0.250", "SR@5"] {
                assert!(table.contains(word), "{table}");
            }
            assert_eq!(table.contains("success"), has_success, "{table}");
            let lines: Vec<&str> = table.lines().collect();
            let end_of_answer = lines[0].find("answer").unwrap() + "answer".len();
            assert_eq!(lines.last().unwrap().len(), end_of_answer, "{table}");
        }
        assert!(AttackFigures::of(&[], 0, &attempt).is_none() && WorstCase::of(&[]).is_none());
    }
}
