//! Figures of an evaluation, and their table.

use std::fmt::Write;

use serde::Serialize;

use super::{Record, area_under_roc};
use crate::class::Class;
use crate::detector::{Detector, ScoreConfig, Verdict};

/// Figures of an evaluation. Accuracies and rates are shares, 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Number of pictures.
    pub pictures: usize,
    /// Accuracy of CL(x).
    pub classifier: Accuracy,
    /// Accuracy of CL(AE(x)).
    pub reconstructed: Accuracy,
    /// Accuracy of the corrected prediction, for every picture; `None` without a corrector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corrected: Option<Accuracy>,
    /// Figures of the detector.
    pub detector: DetectorFigures,
    /// AUC on the pictures whose right prediction the attack made wrong, attacked against clean; `None` if there
    /// are none.
    pub auc_of_successes: Option<f64>,
}

/// Share of pictures whose class is predicted right.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Accuracy {
    /// On the clean pictures.
    pub clean: f64,
    /// On the same pictures, attacked.
    pub attacked: f64,
}

/// Figures of the detector.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct DetectorFigures {
    /// The score and its parameters.
    pub score: ScoreConfig,
    /// Threshold of the score, in nats; above it, a picture is called adversarial.
    pub threshold: f64,
    /// Area under the ROC curve, attacked against clean: the probability that an attacked picture scores
    /// higher than a clean one.
    pub auc: f64,
    /// Share of the clean pictures that are called adversarial.
    pub false_positive_rate: f64,
    /// Share of the attacked pictures that are called adversarial (true-positive rate).
    pub detection_rate: f64,
    /// Accuracy of the defence's answer on clean pictures: CL(x), or the corrected prediction where the picture
    /// is called adversarial.
    pub corrected_clean: f64,
    /// Accuracy of the defence's answer on attacked pictures.
    pub corrected_attacked: f64,
}

impl Report {
    /// Figures of these records, whose verdicts are the detector's; `None` without records.
    pub fn of(records: &[Record], detector: &Detector) -> Option<Self> {
        let share = |right: &dyn Fn(&Record) -> bool| {
            records.iter().filter(|record| right(record)).count() as f64 / records.len() as f64
        };
        let direct = |verdict: &Verdict| Class::most_likely(&verdict.prediction);
        let again = |verdict: &Verdict| Class::most_likely(&verdict.reconstruction_prediction);
        let corrected =
            |verdict: &Verdict| verdict.corrected_prediction.map(|p| Class::most_likely(&p));
        let has_corrector = records.iter().all(|r| r.clean.corrected_prediction.is_some());
        let scores = |chosen: &[&Record]| {
            let clean: Vec<f32> = chosen.iter().map(|r| r.clean.score).collect();
            let attacked: Vec<f32> = chosen.iter().map(|r| r.attacked.score).collect();
            area_under_roc(&clean, &attacked)
        };
        let successes: Vec<&Record> = records
            .iter()
            .filter(|r| direct(&r.clean) == r.class && direct(&r.attacked) != r.class)
            .collect();
        Some(Self {
            pictures: records.len(),
            classifier: Accuracy {
                clean: share(&|r| direct(&r.clean) == r.class),
                attacked: share(&|r| direct(&r.attacked) == r.class),
            },
            reconstructed: Accuracy {
                clean: share(&|r| again(&r.clean) == r.class),
                attacked: share(&|r| again(&r.attacked) == r.class),
            },
            corrected: has_corrector.then(|| Accuracy {
                clean: share(&|r| corrected(&r.clean) == Some(r.class)),
                attacked: share(&|r| corrected(&r.attacked) == Some(r.class)),
            }),
            detector: DetectorFigures {
                score: detector.score,
                threshold: f64::from(detector.threshold),
                auc: scores(&records.iter().collect::<Vec<_>>())?,
                false_positive_rate: share(&|r| r.clean.adversarial),
                detection_rate: share(&|r| r.attacked.adversarial),
                corrected_clean: share(&|r| r.clean.answer == r.class),
                corrected_attacked: share(&|r| r.attacked.answer == r.class),
            },
            auc_of_successes: scores(&successes),
        })
    }

    /// The accuracies, each with its name and the tutorial's own, "-" where it has none.
    pub fn accuracies(&self) -> Vec<(&'static str, f64, &'static str)> {
        let Self { classifier, reconstructed, corrected, detector, .. } = self;
        let mut rows = vec![
            ("CL, clean", classifier.clean, "0.7874"),
            ("CL, attacked", classifier.attacked, "0.0780"),
            ("CL on the reconstruction, clean", reconstructed.clean, "0.5570"),
            ("CL on the reconstruction, attacked", reconstructed.attacked, "0.5498"),
        ];
        if let Some(corrected) = corrected {
            rows.push(("corrected prediction, clean", corrected.clean, "-"));
            rows.push(("corrected prediction, attacked", corrected.attacked, "-"));
        }
        rows.push(("accuracy after correction, clean", detector.corrected_clean, "-"));
        rows.push(("accuracy after correction, attacked", detector.corrected_attacked, "-"));
        rows
    }

    /// The detector's figures with their names.
    pub fn rates(&self) -> Vec<(&'static str, f64)> {
        let detector = &self.detector;
        let mut rows = vec![
            ("threshold (nats)", detector.threshold),
            ("false-positive rate", detector.false_positive_rate),
            ("detection rate (TPR)", detector.detection_rate),
            ("ROC AUC, attacked against clean", detector.auc),
        ];
        rows.extend(self.auc_of_successes.map(|auc| ("ROC AUC, successful attacks only", auc)));
        rows
    }

    /// The figures as two tables of text. With `tutorial`, the tutorial's own accuracies stand beside them, which
    /// only compare with figures of the tutorial's setting.
    pub fn table(&self, tutorial: bool) -> String {
        let mut text = format!("{:<36} {:>8}", "accuracy", "here");
        if tutorial {
            let _ = write!(text, " {:>9}", "tutorial");
        }
        for (name, here, there) in self.accuracies() {
            let _ = write!(text, "\n{name:<36} {here:>8.4}");
            if tutorial {
                let _ = write!(text, " {there:>9}");
            }
        }
        let _ = write!(text, "\n\n{:<36} {:>8}", "detector", "here");
        for (name, here) in self.rates() {
            let _ = write!(text, "\n{name:<36} {here:>8.4}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detector::Predictions;
    use crate::model::loss::{Direction, Divergence};

    const DETECTOR: Detector = Detector {
        score: ScoreConfig::Divergence(Divergence {
            direction: Direction::Forward,
            temperature: 1.0,
        }),
        threshold: 1.0,
    };

    fn verdict(prediction: Class, reconstruction: Class, corrected: Class, score: f32) -> Verdict {
        let sure = |class: Class| {
            let mut p = [0.0; 10];
            p[class.index()] = 1.0;
            p
        };
        let predictions = Predictions {
            prediction: sure(prediction),
            reconstruction_prediction: sure(reconstruction),
            corrected_prediction: Some(sure(corrected)),
        };
        DETECTOR.verdict(predictions, score).unwrap()
    }

    #[test]
    fn each_figure_counts_what_its_name_says() {
        use Class::{Bird, Cat, Dog};
        let record = |clean, attacked| Record { class: Cat, clean, attacked, attacks: Vec::new() };
        let mut records = vec![
            // Fooled, detected, corrected.
            record(verdict(Cat, Cat, Cat, 0.1), verdict(Dog, Cat, Cat, 2.0)),
            // Fooled, missed; the corrected prediction is wrong.
            record(verdict(Cat, Cat, Cat, 0.2), verdict(Dog, Dog, Bird, 0.5)),
            // A false positive; then missed.
            record(verdict(Cat, Dog, Cat, 3.0), verdict(Dog, Dog, Bird, 0.3)),
            // Wrong from the start.
            record(verdict(Dog, Cat, Bird, 0.4), verdict(Dog, Dog, Bird, 1.5)),
        ];
        let report = Report::of(&records, &DETECTOR).unwrap();
        assert_eq!(report.pictures, 4);
        assert_eq!(report.classifier, Accuracy { clean: 0.75, attacked: 0.0 });
        assert_eq!(report.reconstructed, Accuracy { clean: 0.75, attacked: 0.25 });
        assert_eq!(report.corrected, Some(Accuracy { clean: 0.75, attacked: 0.25 }));
        let d = report.detector;
        assert_eq!(d.threshold, 1.0);
        assert_eq!((d.false_positive_rate, d.detection_rate), (0.25, 0.5));
        assert_eq!((d.corrected_clean, d.corrected_attacked), (0.75, 0.25));
        // Pairs (attacked > clean): 2.0 beats 3 of 4, 0.5 beats 3, 0.3 beats 2, 1.5 beats 3.
        assert!((d.auc - 11.0 / 16.0).abs() < 1e-12);
        // Without the fourth: 2.0 beats 2 of 3, 0.5 beats 2, 0.3 beats 2.
        assert!((report.auc_of_successes.unwrap() - 6.0 / 9.0).abs() < 1e-12);
        assert!(Report::of(&[], &DETECTOR).is_none());
        for record in &mut records {
            record.clean.corrected_prediction = None;
            record.attacked.corrected_prediction = None;
        }
        assert_eq!(Report::of(&records, &DETECTOR).unwrap().corrected, None);
    }
}
