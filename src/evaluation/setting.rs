//! What the figures of an evaluation depend on.

use std::fmt;

use serde::Serialize;

use super::{AttackFigures, Corruptions, Report, WorstCase};
use crate::attack::{AttackConfig, Attacker};
use crate::data::Protocol;
use crate::data::dataset::Description;
use crate::detector::Randomisation;
use crate::model::Precision;
use crate::model::card::Architecture;

/// The figures of an evaluation and all that they depend on. Those of [`Report`] are the first attack's.
#[derive(Clone, Debug, Serialize)]
pub struct Evaluation {
    /// The figures.
    #[serde(flatten)]
    pub report: Report,
    /// Figures of each attack, the first one included.
    pub attacks: Vec<AttackFigures>,
    /// What is left when each picture is attacked by the attack that is worst for it.
    pub worst_case: WorstCase,
    /// Figures on corrupted pictures; `None` if they were not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corruptions: Option<Corruptions>,
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

impl Setting {
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
        let Self { report, attacks, worst_case, corruptions, setting } = self;
        writeln!(f, "{}, {} pictures", setting.data, report.pictures)?;
        writeln!(f, "{} ({})", setting.attack, setting.attacker.in_words())?;
        for warning in &setting.warnings {
            writeln!(f, "warning: {warning}")?;
        }
        write!(f, "\n{}", report.table(setting.is_tutorial()))?;
        write!(f, "\n\n{}", AttackFigures::table(attacks, *worst_case))?;
        match corruptions {
            Some(corruptions) => write!(f, "\n\n{corruptions}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attack::{Norm, Pgd};
    use crate::evaluation::{Accuracy, DetectorFigures};
    use crate::model::ClassifierConfig;

    fn evaluation() -> Evaluation {
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
            models: Models { classifier: model.clone(), autoencoder: model, corrector: None },
            data,
            version: "1",
            device: "the CPU".to_owned(),
            warnings: vec!["take care".to_owned()],
        };
        let worst_case = WorstCase { answer_accuracy: 0.5625 };
        Evaluation { report, attacks: Vec::new(), worst_case, corruptions: None, setting }
    }

    #[test]
    fn the_tutorial_s_column_stands_beside_its_own_setting_alone() {
        let tutorial = evaluation();
        assert!(tutorial.setting.is_tutorial());
        let text = tutorial.to_string();
        assert!(text.contains("0.7874") && text.contains("0.5498"), "{text}");
        assert!(text.contains("warning: take care"));
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
