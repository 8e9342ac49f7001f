//! Common corruptions: does the detector take them for attacks, and does its score predict which pictures the classifier
//! gets wrong? (Vacanti & Van Looveren 2020, arXiv 2002.09364, ask this of CIFAR-10-C.)

use std::fmt;

use serde::Serialize;

use super::area_under_roc;
use super::examine::ids;
use crate::class::Class;
use crate::corruption::CommonCorruption;
use crate::data::Pictures;
use crate::defence::Defence;
use crate::detector::Verdict;
use crate::error::Result;
use crate::picture::Picture;
use crate::seed::Draw;

/// The verdicts on one picture, clean and corrupted.
#[derive(Clone, Debug)]
pub struct CorruptedRecord {
    /// The true class.
    pub class: Class,
    /// The verdict on the clean picture.
    pub clean: Verdict,
    /// The verdicts on the corrupted picture, in the order of [`conditions`].
    pub corrupted: Vec<Verdict>,
}

/// Figures on all pictures under each corruption.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Corruptions {
    /// Seed of the noise.
    pub seed: u64,
    /// The same pictures without a corruption.
    pub clean: CorruptionFigures,
    /// Each corruption in each severity.
    pub each: Vec<Condition>,
    /// Each corruption, all severities together.
    pub by_corruption: Vec<Kind>,
    /// All corruptions in all severities together; the clean pictures are not among them.
    pub all: CorruptionFigures,
}

/// Figures of one corruption in one severity.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Condition {
    /// Which corruption.
    pub corruption: CommonCorruption,
    /// 1 to 5.
    pub severity: usize,
    /// What the severity means: [`CommonCorruption::parameter`].
    pub parameter: f32,
    /// The figures.
    #[serde(flatten)]
    pub figures: CorruptionFigures,
}

/// Figures of one corruption in all severities.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Kind {
    /// Which corruption.
    pub corruption: CommonCorruption,
    /// The figures.
    #[serde(flatten)]
    pub figures: CorruptionFigures,
}

/// Figures on pictures that nobody attacked. Accuracies and rates are shares, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CorruptionFigures {
    /// Number of pictures; each counts once for each corruption and severity.
    pub pictures: usize,
    /// Accuracy of CL(x).
    pub classifier_accuracy: f64,
    /// Accuracy of CL(AE(x)).
    pub reconstruction_accuracy: f64,
    /// Accuracy of the defence's answer.
    pub answer_accuracy: f64,
    /// Share of the pictures that are called adversarial: none of them is.
    pub called_adversarial: f64,
    /// Mean score, in nats.
    pub mean_score: f64,
    /// Mean score of the pictures that CL names right; `None` if there are none.
    pub mean_score_right: Option<f64>,
    /// Mean score of the pictures that CL names wrong; `None` if there are none.
    pub mean_score_wrong: Option<f64>,
    /// The chance that a picture that CL names wrong has a higher score than one that it names right (area under the ROC
    /// curve): 0.5 if the score says nothing of CL's errors. `None` if there are none of either.
    pub auc_of_errors: Option<f64>,
    /// The same among the pictures that CL names right without the corruption: the paper's question, which corruptions are
    /// harmful.
    pub auc_of_harm: Option<f64>,
    /// [`CorruptionFigures::auc_of_errors`] of one minus CL's highest probability (Hendrycks & Gimpel 2017, arXiv 1610.02136), which needs no
    /// autoencoder: what the score must beat to be of use here.
    pub auc_of_errors_by_confidence: Option<f64>,
}

/// Every corruption in every severity, in the order in which they are computed.
pub fn conditions() -> impl Iterator<Item = (CommonCorruption, usize)> {
    let severities = 1..=CommonCorruption::SEVERITIES;
    CommonCorruption::ALL
        .into_iter()
        .flat_map(move |corruption| severities.clone().map(move |severity| (corruption, severity)))
}

/// Corrupts each of the pictures in every way, and detects. What is drawn follows from the seed, the picture's place in the
/// dataset and the corruption alone. `done` is called after each of the [`conditions`].
///
/// # Errors
/// When a picture cannot be read or the device does not answer.
pub async fn examine_corrupted(
    defence: &Defence,
    pictures: &dyn Pictures,
    indices: &[usize],
    seed: u64,
    done: &dyn Fn(),
) -> Result<Vec<CorruptedRecord>> {
    let originals = indices.iter().map(|i| pictures.picture(*i)).collect::<Result<Vec<_>>>()?;
    let ids = ids(indices);
    let batch = |pictures: &[Picture]| Picture::batch(pictures, defence.device());
    let clean = defence.detect_drawn(batch(&originals), None, &ids, 0).await?.verdicts;
    let mut records: Vec<CorruptedRecord> = indices
        .iter()
        .zip(clean)
        .map(|(index, clean)| CorruptedRecord {
            class: pictures.labels()[*index],
            clean,
            corrupted: Vec::new(),
        })
        .collect();
    for (number, (corruption, severity)) in (1u64..).zip(conditions()) {
        let generators = Draw { seed, ids: &ids, number }.generators();
        let corrupted: Vec<Picture> = originals
            .iter()
            .zip(generators)
            .map(|(picture, mut rng)| corruption.at(severity).apply(picture, &mut rng))
            .collect();
        // A randomised defence draws anew for each; those of its predictions on attacked pictures are small numbers.
        let found = defence.detect_drawn(batch(&corrupted), None, &ids, 1_000_000 + number).await?;
        for (record, verdict) in records.iter_mut().zip(found.verdicts) {
            record.corrupted.push(verdict);
        }
        done();
    }
    Ok(records)
}

impl Corruptions {
    /// Figures of these records; `None` without records.
    pub fn of(records: &[CorruptedRecord], seed: u64) -> Option<Self> {
        let of = |chosen: &dyn Fn(usize) -> bool| {
            let verdicts = records.iter().flat_map(|record| {
                let corrupted = record.corrupted.iter().enumerate();
                let chosen = corrupted.filter(|(place, _)| chosen(*place));
                chosen.map(|(_, verdict)| Seen::new(record, *verdict))
            });
            CorruptionFigures::of(&verdicts.collect::<Vec<_>>())
        };
        let conditions: Vec<(CommonCorruption, usize)> = conditions().collect();
        let each = conditions.iter().enumerate().map(|(n, (corruption, severity))| {
            Some(Condition {
                corruption: *corruption,
                severity: *severity,
                parameter: corruption.parameter(*severity),
                figures: of(&|place| place == n)?,
            })
        });
        let by_corruption = CommonCorruption::ALL.into_iter().map(|corruption| {
            let figures = of(&|place| conditions[place].0 == corruption)?;
            Some(Kind { corruption, figures })
        });
        let clean: Vec<Seen> = records.iter().map(|r| Seen::new(r, r.clean)).collect();
        Some(Self {
            seed,
            clean: CorruptionFigures::of(&clean)?,
            each: each.collect::<Option<_>>()?,
            by_corruption: by_corruption.collect::<Option<_>>()?,
            all: of(&|_| true)?,
        })
    }
}

/// A verdict on a picture, corrupted or not.
struct Seen {
    class: Class,
    /// Whether CL names the picture right without a corruption.
    right_when_clean: bool,
    verdict: Verdict,
}

impl Seen {
    fn new(record: &CorruptedRecord, verdict: Verdict) -> Self {
        let CorruptedRecord { class, clean, .. } = record;
        Self { class: *class, right_when_clean: clean.answer_if_clean == *class, verdict }
    }

    fn right(&self) -> bool {
        self.verdict.answer_if_clean == self.class
    }

    fn score(&self) -> f32 {
        self.verdict.score
    }

    /// One minus CL's highest probability.
    fn doubt(&self) -> f32 {
        1.0 - self.verdict.prediction.iter().copied().fold(0.0, f32::max)
    }
}

impl CorruptionFigures {
    /// Figures of verdicts; `None` without any.
    fn of(seen: &[Seen]) -> Option<Self> {
        let share = |counts: &dyn Fn(&Seen) -> bool| {
            seen.iter().filter(|seen| counts(seen)).count() as f64 / seen.len() as f64
        };
        let values = |chosen: &dyn Fn(&Seen) -> bool, value: fn(&Seen) -> f32| -> Vec<f32> {
            seen.iter().filter(|seen| chosen(seen)).map(value).collect()
        };
        let mean = |scores: &[f32]| {
            let sum: f64 = scores.iter().map(|score| f64::from(*score)).sum();
            (!scores.is_empty()).then(|| sum / scores.len() as f64)
        };
        let right = values(&Seen::right, Seen::score);
        let wrong = values(&|seen| !seen.right(), Seen::score);
        let harmless = values(&|seen| seen.right_when_clean && seen.right(), Seen::score);
        let harmful = values(&|seen| seen.right_when_clean && !seen.right(), Seen::score);
        let sure = values(&Seen::right, Seen::doubt);
        let unsure = values(&|seen| !seen.right(), Seen::doubt);
        Some(Self {
            pictures: seen.len(),
            classifier_accuracy: share(&Seen::right),
            reconstruction_accuracy: share(&|seen| {
                Class::most_likely(&seen.verdict.reconstruction_prediction) == seen.class
            }),
            answer_accuracy: share(&|seen| seen.verdict.answer == seen.class),
            called_adversarial: share(&|seen| seen.verdict.adversarial),
            mean_score: mean(&values(&|_| true, Seen::score))?,
            mean_score_right: mean(&right),
            mean_score_wrong: mean(&wrong),
            auc_of_errors: area_under_roc(&right, &wrong),
            auc_of_harm: area_under_roc(&harmless, &harmful),
            auc_of_errors_by_confidence: area_under_roc(&sure, &unsure),
        })
    }

    fn row(
        &self,
        name: &dyn fmt::Display,
        severity: &str,
        parameter: &str,
        f: &mut fmt::Formatter<'_>,
    ) -> fmt::Result {
        let or_dash = |figure: Option<f64>| {
            figure.map_or_else(|| "-".to_owned(), |figure| format!("{figure:.3}"))
        };
        write!(
            f,
            "\n{name:<11} {severity:>3} {parameter:>6} {:>6.3} {:>6.3} {:>6.3} {:>7.3} {:>7.3} {:>7} {:>7} {:>6} {:>6} {:>6}",
            self.classifier_accuracy,
            self.reconstruction_accuracy,
            self.answer_accuracy,
            self.called_adversarial,
            self.mean_score,
            or_dash(self.mean_score_right),
            or_dash(self.mean_score_wrong),
            or_dash(self.auc_of_errors),
            or_dash(self.auc_of_harm),
            or_dash(self.auc_of_errors_by_confidence),
        )
    }
}

/// A table with a line for each corruption and severity, each corruption, and all.
impl fmt::Display for Corruptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:<11} {:>3} {:>6} {:>6} {:>6} {:>6} {:>7} {:>7} {:>7} {:>7} {:>6} {:>6} {:>6}",
            "corruption",
            "",
            "",
            "CL",
            "CL(AE)",
            "answer",
            "alarms",
            "score",
            "right",
            "wrong",
            "AUC",
            "harm",
            "doubt"
        )?;
        self.clean.row(&"none", "", "", f)?;
        for Condition { corruption, severity, parameter, figures } in &self.each {
            // Blurs have long fractions.
            let parameter = ((parameter * 100.0).round() / 100.0).to_string();
            figures.row(corruption, &severity.to_string(), &parameter, f)?;
        }
        for Kind { corruption, figures } in &self.by_corruption {
            figures.row(corruption, "all", "", f)?;
        }
        self.all.row(&"all", "", "", f)?;
        write!(
            f,
            "\nalarms: called adversarial, though nobody attacked; right, wrong: mean score where CL is right, or wrong;\n\
             AUC: how well the score tells wrong from right; harm: the same where CL is right without the corruption;\n\
             doubt: how well CL's own confidence tells wrong from right"
        )
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::data::synthetic::Drawn;
    use crate::detector::{Detector, Predictions, ScoreConfig};
    use crate::model::{AutoencoderConfig, ClassifierConfig};
    use burn::module::Module;
    use burn::tensor::Device;
    use pollster::block_on;

    fn verdict(prediction: Class, confidence: f32, reconstruction: Class, score: f32) -> Verdict {
        let likely = |class: Class, confidence: f32| {
            let mut p = [(1.0 - confidence) / 9.0; 10];
            p[class.index()] = confidence;
            p
        };
        let predictions = Predictions {
            prediction: likely(prediction, confidence),
            reconstruction_prediction: likely(reconstruction, 1.0),
            corrected_prediction: None,
        };
        let detector = Detector { score: ScoreConfig::default(), threshold: 1.0 };
        detector.verdict(predictions, score).unwrap()
    }

    #[test]
    fn each_figure_counts_what_its_name_says() {
        use Class::{Cat, Dog};
        let record = |clean, corrupted| CorruptedRecord {
            class: Cat,
            clean: verdict(clean, 1.0, Cat, 0.0),
            corrupted: vec![corrupted],
        };
        let records = [
            record(Cat, verdict(Cat, 0.9, Cat, 0.25)),
            record(Cat, verdict(Cat, 0.5, Dog, 2.0)), // a false alarm that costs the answer
            record(Cat, verdict(Dog, 0.6, Cat, 1.5)), // wrong, and put right
            record(Dog, verdict(Dog, 0.8, Dog, 0.25)), // wrong from the start
        ];
        let seen: Vec<Seen> = records.iter().map(|r| Seen::new(r, r.corrupted[0])).collect();
        let figures = CorruptionFigures::of(&seen).unwrap();
        assert_eq!(figures.pictures, 4);
        assert_eq!((figures.classifier_accuracy, figures.reconstruction_accuracy), (0.5, 0.5));
        assert_eq!((figures.answer_accuracy, figures.called_adversarial), (0.5, 0.5));
        assert_eq!(figures.mean_score, 1.0);
        assert_eq!(
            (figures.mean_score_right, figures.mean_score_wrong),
            (Some(1.125), Some(0.875))
        );
        // Of the pairs wrong > right, 1.5 beats 0.25; 0.25 ties with it.
        assert_eq!(figures.auc_of_errors, Some(1.5 / 4.0));
        // Of those that the corruption made wrong, there is 1.5 alone.
        assert_eq!(figures.auc_of_harm, Some(0.5));
        // Doubts of the wrong ones: 0.4 and 0.2; of the right ones: 0.1 and 0.5.
        assert_eq!(figures.auc_of_errors_by_confidence, Some(0.5));
        let right = CorruptionFigures::of(&seen[..2]).unwrap();
        assert_eq!((right.mean_score_wrong, right.auc_of_errors), (None, None));
        assert!(CorruptionFigures::of(&[]).is_none() && Corruptions::of(&[], 0).is_none());
    }

    /// What is measured is what its row says, whatever else is in the batch.
    #[test]
    fn every_verdict_is_on_the_picture_and_the_corruption_of_its_place() {
        let device = Device::flex();
        let classifier = ClassifierConfig::Compact.init(&device).valid();
        let autoencoder = AutoencoderConfig::Compact { channels: 2 }.init(&device).valid();
        let detector = Detector { score: ScoreConfig::default(), threshold: 0.01 };
        let defence = Defence::new(classifier, autoencoder, detector, &device);
        let drawn = Drawn::test(6, 3);
        let counted = std::cell::Cell::new(0);
        let examine = |indices: &[usize], seed| {
            let done = || counted.set(counted.get() + 1);
            block_on(examine_corrupted(&defence, &drawn, indices, seed, &done)).unwrap()
        };
        let records = examine(&[4, 1], 9);
        assert_eq!((records.len(), counted.get()), (2, 30));
        let near = |a: &Verdict, b: &Verdict| {
            a.prediction.iter().zip(&b.prediction).all(|(a, b)| (a - b).abs() < 1e-5)
                && (a.score - b.score).abs() < 1e-5
        };
        let detect = |picture: &Picture| {
            block_on(defence.detect(picture.to_tensor(&device))).unwrap().verdicts[0]
        };
        let picture = drawn.picture(1).unwrap();
        assert_eq!(records[1].class, drawn.labels()[1]);
        assert!(near(&records[1].clean, &detect(&picture)));
        let mut differ = 0;
        for (place, (corruption, severity)) in conditions().enumerate() {
            let draw = Draw { seed: 9, ids: &[1], number: place as u64 + 1 };
            let mut rng = draw.generators().next().unwrap();
            let corrupted = corruption.at(severity).apply(&picture, &mut rng);
            let found = &records[1].corrupted[place];
            assert!(near(found, &detect(&corrupted)), "{corruption} {severity}");
            differ += usize::from(!near(found, &records[1].clean));
        }
        assert!(differ > 20, "corruptions change predictions");
        // Alone, the same; with another seed, another noise and nothing else.
        let (alone, other) = (&examine(&[1], 9)[0], &examine(&[1], 10)[0]);
        for (place, (corruption, _)) in conditions().enumerate() {
            let of = |record: &CorruptedRecord| record.corrupted[place];
            assert!(near(&of(alone), &of(&records[1])));
            if corruption != CommonCorruption::Noise {
                assert!(near(&of(other), &of(alone)));
            }
        }
        let noise = |record: &CorruptedRecord| record.corrupted[4].score;
        assert_ne!(noise(other), noise(alone));
        let figures = Corruptions::of(&records, 9).unwrap();
        assert_eq!((figures.each.len(), figures.by_corruption.len()), (30, 6));
        assert_eq!((figures.clean.pictures, figures.all.pictures), (2, 60));
        assert!(figures.by_corruption.iter().all(|kind| kind.figures.pictures == 10));
        let text = figures.to_string();
        for corruption in CommonCorruption::ALL {
            let lines = text.lines().filter(|l| l.starts_with(&corruption.to_string())).count();
            assert_eq!(lines, 6, "{text}");
        }
    }
}
