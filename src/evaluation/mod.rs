//! How often CL, the reconstruction and the detector are right: on clean pictures and on attacked ones.

#[cfg(not(target_arch = "wasm32"))]
pub mod figures;
mod roc;

use std::fmt;

use serde::Serialize;

pub use roc::area_under_roc;

use crate::attack::{AttackConfig, Input};
use crate::class::Class;
use crate::data::Pictures;
use crate::defence::Defence;
use crate::detector::Verdict;
use crate::error::Result;
use crate::picture::{Picture, VALUES};
use crate::tensor::read;

/// Figures of one evaluation; fractions in 0..=1.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Pictures measured.
    pub pictures: usize,
    /// How often CL(x) is right.
    pub classifier: Accuracy,
    /// How often CL(AE(x)) is right.
    pub reconstructed: Accuracy,
    /// How often CL is right on the corrector's reconstruction; `None` without a corrector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corrected: Option<Accuracy>,
    /// The detector's figures.
    pub detector: DetectorFigures,
    /// AUC where the attack changed a right answer into a wrong one, against those same pictures
    /// clean; `None` if it never did.
    #[serde(skip)]
    pub auc_of_successes: Option<f64>,
}

/// A share of right answers, on clean and on attacked pictures.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Accuracy {
    /// On the pictures as they are.
    pub clean: f64,
    /// On the same pictures attacked.
    pub attacked: f64,
}

/// Figures of the detector.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct DetectorFigures {
    /// Scores above it mean adversarial.
    pub threshold: f64,
    /// Area under the ROC curve, attacked against clean: the chance that an attacked picture scores
    /// higher than a clean one.
    pub auc: f64,
    /// Clean pictures called adversarial.
    pub false_positive_rate: f64,
    /// Attacked pictures called adversarial.
    pub detection_rate: f64,
    /// How often the detector's answer is right on clean pictures.
    pub corrected_clean: f64,
    /// How often the detector's answer is right on attacked pictures.
    pub corrected_attacked: f64,
}

/// One picture's way through an evaluation.
#[derive(Clone, Debug, Serialize)]
pub struct Record {
    /// The true class.
    pub class: Class,
    /// The verdict on the picture as it is.
    pub clean: Verdict,
    /// The verdict on the attacked picture.
    pub attacked: Verdict,
}

/// A picture kept to be shown: as it is, attacked, and both after AE.
pub struct Sample {
    /// What was said of it.
    pub record: Record,
    /// x
    pub clean: Picture,
    /// AE(x)
    pub reconstructed: Picture,
    /// The attacked x
    pub attacked: Picture,
    /// AE of the attacked x
    pub attacked_reconstructed: Picture,
}

/// Runs the whole method on a batch: attack, detection on the clean and on the attacked images.
///
/// The attack must be untargeted; the true class is what it moves away from. Returns a record of each
/// picture and, if `keep` is set, the pictures themselves.
///
/// # Errors
/// When a picture cannot be read, a parameter is out of range, or the device fails.
pub async fn examine(
    defence: &Defence,
    pictures: &dyn Pictures,
    indices: &[usize],
    attack: AttackConfig,
    keep: bool,
) -> Result<(Vec<Record>, Vec<Sample>)> {
    let originals = indices.iter().map(|i| pictures.picture(*i)).collect::<Result<Vec<_>>>()?;
    let classes: Vec<Class> = indices.iter().map(|i| pictures.labels()[*i]).collect();
    let images = Picture::batch(&originals, defence.device());
    let ids = indices.iter().map(|i| *i as u64).collect();
    let input = Input { images: images.clone(), classes: classes.clone(), ids };
    let attacked = attack.run(defence.classifier(), input)?;
    let on_clean = defence.detect(images).await?;
    let on_attacked = defence.detect_from(attacked.images.clone(), attacked.logits).await?;
    let records: Vec<Record> = classes
        .into_iter()
        .zip(on_clean.verdicts.into_iter().zip(on_attacked.verdicts))
        .map(|(class, (clean, attacked))| Record { class, clean, attacked })
        .collect();
    if !keep {
        return Ok((records, Vec::new()));
    }
    let shown = |values: Vec<f32>| {
        values
            .chunks_exact(VALUES)
            .map(|v| Picture::clamped(v.to_vec()))
            .collect::<Result<Vec<_>>>()
    };
    let reconstructed = shown(read(on_clean.reconstructions).await?)?;
    let attacked_pictures = shown(read(attacked.images).await?)?;
    let attacked_reconstructed = shown(read(on_attacked.reconstructions).await?)?;
    let samples = records
        .iter()
        .cloned()
        .zip(originals)
        .zip(reconstructed.into_iter().zip(attacked_pictures).zip(attacked_reconstructed))
        .map(|((record, clean), ((reconstructed, attacked), attacked_reconstructed))| Sample {
            record,
            clean,
            reconstructed,
            attacked,
            attacked_reconstructed,
        })
        .collect();
    Ok((records, samples))
}

impl Report {
    /// Sums up the records of an evaluation; `None` without records.
    pub fn of(records: &[Record]) -> Option<Self> {
        let threshold = records.first()?.clean.threshold;
        let share = |right: &dyn Fn(&Record) -> bool| {
            records.iter().filter(|record| right(record)).count() as f64 / records.len() as f64
        };
        let first = |verdict: &Verdict| Class::most_likely(&verdict.prediction);
        let second = |verdict: &Verdict| Class::most_likely(&verdict.reconstruction_prediction);
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
            .filter(|r| first(&r.clean) == r.class && first(&r.attacked) != r.class)
            .collect();
        Some(Self {
            pictures: records.len(),
            classifier: Accuracy {
                clean: share(&|r| first(&r.clean) == r.class),
                attacked: share(&|r| first(&r.attacked) == r.class),
            },
            reconstructed: Accuracy {
                clean: share(&|r| second(&r.clean) == r.class),
                attacked: share(&|r| second(&r.attacked) == r.class),
            },
            corrected: has_corrector.then(|| Accuracy {
                clean: share(&|r| corrected(&r.clean) == Some(r.class)),
                attacked: share(&|r| corrected(&r.attacked) == Some(r.class)),
            }),
            detector: DetectorFigures {
                threshold: f64::from(threshold),
                auc: scores(&records.iter().collect::<Vec<_>>()).expect("there are records"),
                false_positive_rate: share(&|r| r.clean.adversarial),
                detection_rate: share(&|r| r.attacked.adversarial),
                corrected_clean: share(&|r| r.clean.answer == r.class),
                corrected_attacked: share(&|r| r.attacked.answer == r.class),
            },
            auc_of_successes: scores(&successes),
        })
    }
}

/// The tutorial's table with its figures beside ours, then the detector's.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { classifier, reconstructed, corrected, detector, .. } = self;
        writeln!(f, "{:<36} {:>8} {:>9}", "accuracy", "here", "tutorial")?;
        let mut rows = vec![
            ("CL on clean pictures", classifier.clean, "0.7874"),
            ("CL on AE(clean)", reconstructed.clean, "0.5570"),
            ("CL on attacked pictures", classifier.attacked, "0.0780"),
            ("CL on AE(attacked)", reconstructed.attacked, "0.5498"),
        ];
        if let Some(corrected) = corrected {
            rows.push(("CL on corrector(clean)", corrected.clean, "-"));
            rows.push(("CL on corrector(attacked)", corrected.attacked, "-"));
        }
        rows.push(("detector's answer, clean", detector.corrected_clean, "-"));
        rows.push(("detector's answer, attacked", detector.corrected_attacked, "-"));
        for (what, here, tutorial) in rows {
            writeln!(f, "{what:<36} {here:>8.4} {tutorial:>9}")?;
        }
        writeln!(f, "\n{:<36} {:>8}", "detector", "here")?;
        let mut lines = vec![
            ("threshold (nats)", detector.threshold),
            ("clean pictures accused", detector.false_positive_rate),
            ("attacked pictures found", detector.detection_rate),
            ("ROC AUC, attacked against clean", detector.auc),
        ];
        lines.extend(self.auc_of_successes.map(|auc| ("ROC AUC, successful attacks only", auc)));
        for (what, here) in lines {
            writeln!(f, "{what:<36} {here:>8.4}")?;
        }
        write!(f, "\n{} pictures", self.pictures)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detector::{Detector, Predictions, ScoreConfig};

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
        Detector { score: ScoreConfig::default(), threshold: 1.0 }
            .verdict(predictions, score)
            .unwrap()
    }

    #[test]
    fn each_figure_counts_what_its_name_says() {
        use Class::{Bird, Cat, Dog};
        let record = |clean, attacked| Record { class: Cat, clean, attacked };
        let mut records = vec![
            // Fooled, detected, corrected.
            record(verdict(Cat, Cat, Cat, 0.1), verdict(Dog, Cat, Cat, 2.0)),
            // Fooled, missed.
            record(verdict(Cat, Cat, Bird, 0.2), verdict(Dog, Cat, Bird, 0.5)),
            // A false positive; then missed.
            record(verdict(Cat, Dog, Cat, 3.0), verdict(Dog, Dog, Bird, 0.3)),
            // Wrong from the start.
            record(verdict(Dog, Cat, Bird, 0.4), verdict(Dog, Dog, Cat, 1.5)),
        ];
        let report = Report::of(&records).unwrap();
        assert_eq!(report.pictures, 4);
        assert_eq!(report.classifier, Accuracy { clean: 0.75, attacked: 0.0 });
        assert_eq!(report.reconstructed, Accuracy { clean: 0.75, attacked: 0.5 });
        assert_eq!(report.corrected, Some(Accuracy { clean: 0.5, attacked: 0.5 }));
        let d = report.detector;
        assert_eq!(d.threshold, 1.0);
        assert_eq!((d.false_positive_rate, d.detection_rate), (0.25, 0.5));
        assert_eq!((d.corrected_clean, d.corrected_attacked), (0.75, 0.5));
        // Pairs (attacked > clean): 2.0 beats 3 of 4, 0.5 beats 3, 0.3 beats 2, 1.5 beats 3.
        assert!((d.auc - 11.0 / 16.0).abs() < 1e-12);
        // Without the fourth: 2.0 beats 2 of 3, 0.5 beats 2, 0.3 beats 2.
        assert!((report.auc_of_successes.unwrap() - 6.0 / 9.0).abs() < 1e-12);
        assert!(Report::of(&[]).is_none());
        for record in &mut records {
            record.clean.corrected_prediction = None;
            record.attacked.corrected_prediction = None;
        }
        assert_eq!(Report::of(&records).unwrap().corrected, None);
    }
}
