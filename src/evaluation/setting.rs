//! What the figures of an evaluation depend on.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::{
    AttackFigures, Check, CleanFigures, Corruptions, Evidence, Judgement, Outcome, Plan, Probe,
    Record, Report, SweepFigures, WorstCase, checks,
};
use crate::attack::{AttackConfig, Attacker};
use crate::data::Protocol;
use crate::data::dataset::Description;
use crate::detector::{Detector, Randomisation};
use crate::model::Precision;
use crate::model::card::Architecture;

/// The figures of an evaluation and all that they depend on. Those of [`Report`] are the first attack's.
#[derive(Clone, Debug, Serialize)]
pub struct Evaluation {
    /// The figures.
    #[serde(flatten)]
    pub report: Report,
    /// Figures of the clean pictures.
    pub clean: CleanFigures,
    /// Figures of each attack, the first one included.
    pub attacks: Vec<AttackFigures>,
    /// What is left when each picture is attacked by the attack that is worst for it.
    pub worst_case: WorstCase,
    /// Figures on corrupted pictures; `None` if they were not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corruptions: Option<Corruptions>,
    /// How the figures change with eps and with the number of steps; empty if that was not asked for.
    pub sweeps: Vec<SweepFigures>,
    /// What was found on clean pictures.
    pub probe: Probe,
    /// Whether the figures can be believed.
    pub checks: Vec<Check>,
    /// What they depend on.
    #[serde(flatten)]
    pub setting: Setting,
}

/// What the figures of an evaluation depend on.
#[derive(Clone, Debug, Serialize)]
pub struct Setting {
    /// The first attack and its parameters.
    pub attack: AttackConfig,
    /// What its attacker knows.
    pub attacker: Attacker,
    /// What the defence draws at each prediction; `None` if nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub randomisation: Option<Randomisation>,
    /// The classifier that transferred attacks were computed with; `None` without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub surrogate: Option<ModelFile>,
    /// The networks.
    pub models: Models,
    /// The pictures.
    pub data: Description,
    /// The command that computed them.
    pub command: String,
    /// Version of this program.
    pub version: &'static str,
    /// Where it was computed.
    pub device: String,
    /// Why the figures may mislead; empty if nothing is known.
    pub warnings: Vec<String>,
}

/// The networks' files.
#[derive(Clone, Debug, Serialize)]
pub struct Models {
    /// The classifier's.
    pub classifier: ModelFile,
    /// The autoencoder's.
    pub autoencoder: ModelFile,
    /// Those of the autoencoders beside it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub more_autoencoders: Vec<ModelFile>,
    /// The corrector's; `None` without a corrector.
    pub corrector: Option<ModelFile>,
}

/// A weights file.
#[derive(Clone, Debug, Serialize)]
pub struct ModelFile {
    /// The file's name, without its folder.
    pub file: String,
    /// CRC-32 of the file.
    pub crc32: u32,
    /// The network.
    pub architecture: Architecture,
    /// Number format of the weights in the file.
    pub precision: Precision,
}

impl Evaluation {
    /// The evaluation, and the records of its attacks, whose lists end where those of the sweeps begin. `records` are of all
    /// attacks of the plan; `None` without records.
    pub fn of(
        mut records: Vec<Record>,
        plan: &Plan,
        probe: Probe,
        detector: &Detector,
        setting: Setting,
    ) -> Option<(Self, Vec<Record>)> {
        let Plan { attempts, sweeps } = plan;
        let mut swept: Vec<Vec<Outcome>> =
            records.iter_mut().map(|record| record.attacks.split_off(attempts.len())).collect();
        let mut figures = Vec::new();
        let mut points = Vec::new();
        for sweep in sweeps {
            let later: Vec<Vec<Outcome>> =
                swept.iter_mut().map(|of| of.split_off(sweep.attempts().count())).collect();
            figures.push(SweepFigures::of(sweep, &records, &swept));
            points.push((sweep.clone(), sweep.outcomes(&records, &swept)));
            swept = later;
        }
        let randomised = setting.randomisation.is_some();
        let evidence = Evidence { records: &records, attempts, sweeps: &points, probe, randomised };
        let of_attack = |(n, attempt)| AttackFigures::of(&records, n, attempt);
        let evaluation = Self {
            report: Report::of(&records, detector)?,
            clean: CleanFigures::of(&records)?,
            attacks: attempts.iter().enumerate().filter_map(of_attack).collect(),
            worst_case: WorstCase::of(&records)?,
            corruptions: None,
            sweeps: figures,
            probe,
            checks: checks(&evidence),
            setting,
        };
        Some((evaluation, records))
    }

    /// The checks with this judgement.
    pub fn checks_that(&self, judgement: Judgement) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(move |check| check.judgement == judgement)
    }
}

impl Setting {
    /// CRC-32 of each weights file.
    pub fn checksums(&self) -> BTreeMap<String, u32> {
        let Models { classifier, autoencoder, more_autoencoders, corrector } = &self.models;
        let more = more_autoencoders.iter().enumerate();
        let more = more.map(|(n, file)| (format!("autoencoder {}", n + 2), Some(file)));
        [
            ("classifier", Some(classifier)),
            ("autoencoder", Some(autoencoder)),
            ("corrector", corrector.as_ref()),
            ("surrogate", self.surrogate.as_ref()),
        ]
        .into_iter()
        .map(|(name, file)| (name.to_owned(), file))
        .chain(more)
        .filter_map(|(name, file)| file.map(|file| (name, file.crc32)))
        .collect()
    }

    /// Whether this is the setting of the tutorial's figures, up to the networks: STL-10's training split,
    /// untargeted PGD with the tutorial's parameters.
    pub fn is_tutorial(&self) -> bool {
        let Description { kind, protocol, validation, .. } = self.data;
        kind == "stl10"
            && protocol == Some(Protocol::Tutorial)
            && !validation
            && self.attack == AttackConfig::default()
            && self.attacker == Attacker::Classifier
            && self.randomisation.is_none()
    }
}

/// The setting, warnings, and the figures; the tutorial's column only beside the tutorial's setting.
impl fmt::Display for Evaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { report, attacks, worst_case, sweeps, corruptions, setting, .. } = self;
        writeln!(f, "{}, {} pictures", setting.data, report.pictures)?;
        writeln!(f, "{} ({})", setting.attack, setting.attacker.in_words())?;
        for warning in &setting.warnings {
            writeln!(f, "warning: {warning}")?;
        }
        write!(f, "\n{}", report.table(setting.is_tutorial()))?;
        write!(f, "\n\n{}", AttackFigures::table(attacks, *worst_case))?;
        for sweep in sweeps {
            write!(f, "\n\n{}", sweep.table())?;
        }
        if let Some(corruptions) = corruptions {
            write!(f, "\n\n{corruptions}")?;
        }
        let count = |judgement| self.checks_that(judgement).count();
        let [passed, failed, unjudged] =
            [Judgement::Passed, Judgement::Failed, Judgement::Unjudged].map(count);
        write!(
            f,
            "\n\nchecks: {passed} passed, {failed} failed, {unjudged} without enough attacks to judge by"
        )?;
        for Check { name, sentence, .. } in self.checks_that(Judgement::Failed) {
            write!(f, "\ncheck failed: {name}: {sentence}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::attack::{Norm, Pgd};
    use crate::class::Class;
    use crate::evaluation::made_up::{outcome, record, verdict};
    use crate::evaluation::{Accuracy, DetectorFigures, Probed};
    use crate::model::ClassifierConfig;

    pub fn evaluation() -> Evaluation {
        let both = Accuracy { clean: 0.75, attacked: 0.125 };
        let detector = DetectorFigures {
            score: Default::default(),
            threshold: 0.5,
            auc: 0.875,
            false_positive_rate: 0.0625,
            detection_rate: 0.9375,
            corrected_clean: 0.6875,
            corrected_attacked: 0.5625,
        };
        let report = Report {
            pictures: 40,
            classifier: both,
            reconstructed: both,
            corrected: None,
            detector,
            auc_of_successes: None,
        };
        let model = ModelFile {
            file: "x.safetensors".to_owned(),
            crc32: 7,
            architecture: Architecture::Classifier(ClassifierConfig::Compact),
            precision: Precision::I8,
        };
        let data = Description {
            kind: "stl10",
            protocol: Some(Protocol::Tutorial),
            split: Some("train"),
            pictures: 40,
            validation: false,
            held_out: 0.1,
            split_seed: 0,
        };
        let setting = Setting {
            attack: AttackConfig::default(),
            attacker: Attacker::Classifier,
            randomisation: None,
            surrogate: None,
            models: Models {
                classifier: model.clone(),
                autoencoder: model,
                more_autoencoders: Vec::new(),
                corrector: None,
            },
            data,
            command: "second-look evaluate".to_owned(),
            version: "1",
            device: "the CPU".to_owned(),
            warnings: vec!["take care".to_owned()],
        };
        let records = [record(verdict(Class::Cat, 0.1), vec![outcome(Class::Dog, 2.0)])];
        let worst_case = WorstCase::of(&records).unwrap();
        let clean = CleanFigures::of(&records).unwrap();
        let probe = Probe::of(&[Probed { difference: 0.0, gradient: 0.1, score_gradient: 0.1 }]);
        let check = Check {
            name: "more-steps",
            judgement: Judgement::Failed,
            sentence: "more steps help".to_owned(),
        };
        let (attacks, sweeps, checks) = (Vec::new(), Vec::new(), vec![check]);
        Evaluation {
            report,
            clean,
            attacks,
            worst_case,
            corruptions: None,
            sweeps,
            probe,
            checks,
            setting,
        }
    }

    #[test]
    fn the_tutorial_s_column_stands_beside_its_own_setting_alone() {
        let tutorial = evaluation();
        assert!(tutorial.setting.is_tutorial());
        let text = tutorial.to_string();
        assert!(text.contains("0.7874") && text.contains("0.5498"), "{text}");
        assert!(text.contains("warning: take care"));
        assert!(text.contains("checks: 0 passed, 1 failed"), "{text}");
        assert!(text.contains("check failed: more-steps: more steps help"), "{text}");
        let others: [fn(&mut Setting); 8] = [
            |of| of.attack = Pgd::strong(Norm::Linf).into(),
            |of| of.attack = Pgd::tutorial(Norm::L2).into(),
            |of| of.attack = Pgd { num_random_init: 1, ..Pgd::default() }.into(),
            |of| of.data.protocol = Some(Protocol::Standard),
            |of| (of.data.kind, of.data.protocol) = ("drawn", None),
            |of| of.data.validation = true,
            |of| of.attacker = Attacker::Transfer,
            |of| of.randomisation = Some(Randomisation { shift: 1, ..Randomisation::default() }),
        ];
        for change in others {
            let mut other = evaluation();
            change(&mut other.setting);
            let text = other.to_string();
            for word in ["0.7874", "0.5498", " tutorial\n"] {
                assert!(!text.contains(word), "{text}");
            }
        }
    }

    /// The outcomes of two sweeps, one after the other, end in their own figures.
    #[test]
    fn attacks_and_sweeps_get_their_own_outcomes() {
        use crate::attack::{AttackName, AttackOptions};
        use crate::evaluation::{Sweep, Varied};
        let sweep = |varied, values| {
            let options = AttackOptions::default();
            Sweep::new(AttackName::Pgd, Attacker::Classifier, &options, false, varied, values)
                .unwrap()
        };
        let plan = Plan {
            attempts: vec![AttackConfig::default().into()],
            sweeps: vec![sweep(Varied::Eps, vec![0.0, 0.01, 0.1]), sweep(Varied::Steps, vec![1.0])],
        };
        assert_eq!(plan.all().len(), 4);
        use Class::{Bird, Cat, Dog};
        let attacks =
            vec![outcome(Dog, 0.5), outcome(Cat, 0.1), outcome(Dog, 2.0), outcome(Bird, 0.2)];
        let records = vec![record(verdict(Cat, 0.1), attacks)];
        let detector = crate::evaluation::made_up::DETECTOR;
        let Evaluation { setting, probe, .. } = evaluation();
        let (found, records) = Evaluation::of(records, &plan, probe, &detector, setting).unwrap();
        assert_eq!(records[0].attacks, [outcome(Dog, 0.5)]);
        assert_eq!((found.attacks.len(), found.worst_case.answer_accuracy), (1, 0.0));
        let of = |n: usize| {
            let points = found.sweeps[n].points.iter();
            points.map(|p| (p.classifier_accuracy, p.detection_rate)).collect::<Vec<_>>()
        };
        assert_eq!(of(0), [(1.0, 0.0), (1.0, 0.0), (0.0, 1.0)]);
        assert_eq!(of(1), [(0.0, 0.0)]);
        let text = found.to_string();
        assert!(text.contains("pgd (classifier), Linf") && text.contains("steps"), "{text}");
    }

    #[test]
    fn every_row_has_the_figure_that_it_names() {
        let text = evaluation().to_string();
        for (row, figure) in [
            ("CL, clean", "0.7500"),
            ("CL, attacked", "0.1250"),
            ("false-positive rate", "0.0625"),
            ("detection rate (TPR)", "0.9375"),
            ("ROC AUC, attacked against clean", "0.8750"),
            ("accuracy after correction, clean", "0.6875"),
            ("accuracy after correction, attacked", "0.5625"),
        ] {
            let line = text.lines().find(|line| line.starts_with(row)).unwrap();
            assert!(line.contains(figure), "{line}");
        }
        assert!(!text.contains("corrected prediction"), "there is no corrector");
    }
}
