//! Attackers who know the whole defence, against the bundled models: a figure without them is none.

use pollster::block_on;
use second_look::attack::{
    AttackConfig, Attacker, Corrector, Evasion, Noise, OrthogonalPgd, Pgd, SelectivePgd,
};
use second_look::data::synthetic::Drawn;
use second_look::defence::Defence;
use second_look::detector::Detector;
use second_look::evaluation::{AttackFigures, Attempt, Attempts, Record, WorstCase, examine_all};

use super::*;

/// Figures on six drawn pictures.
fn figures(defence: &Defence, attacks: &[AttackConfig]) -> (Vec<AttackFigures>, WorstCase) {
    let pictures = Drawn::test(6, 0);
    let indices: Vec<usize> = (0..6).collect();
    let all: Vec<Attempt> = attacks.iter().map(|attack| (*attack).into()).collect();
    let attempts = Attempts { all: &all, surrogate: None };
    let examined = examine_all(defence, &pictures, &indices, attempts, false, &|_| ());
    let records: Vec<Record> = block_on(examined).unwrap().0;
    let figures = all
        .iter()
        .enumerate()
        .map(|(n, attempt)| AttackFigures::of(&records, n, attempt).unwrap())
        .collect();
    (figures, WorstCase::of(&records).unwrap())
}

fn evasion() -> Evasion {
    let pgd = Pgd { eps: 0.03, eps_step: 0.003, max_iter: 25, ..Pgd::default() };
    Evasion { pgd, ..Evasion::default() }
}

/// A detector that never speaks up is no defence; random noise alone does not show it.
#[test]
fn a_defence_that_detects_nothing_is_reported_broken() {
    let defence = bundled::defence();
    let score = defence.detector().score;
    let defence = defence.with_detector(Detector { score, threshold: 1e6 });
    let control = Noise::from(evasion().pgd).into();
    let (figures, worst) = figures(&defence, &[control, SelectivePgd(evasion()).into()]);
    assert_eq!(figures[0].attacker, Attacker::Nothing);
    assert!(figures[0].answer_accuracy > 0.8, "{figures:?}");
    assert_eq!(figures[1].attacker, Attacker::Defence);
    assert_eq!((figures[1].detection_rate, figures[1].answer_accuracy), (0.0, 0.0));
    assert_eq!(worst.answer_accuracy, 0.0);
}

/// The bundled defence: PGD is detected, and those who know the detector are not.
#[test]
fn who_knows_the_detector_evades_it() {
    let defence = bundled::defence();
    let (figures, worst) = figures(
        &defence,
        &[
            Pgd::default().into(),
            SelectivePgd(evasion()).into(),
            OrthogonalPgd(evasion()).into(),
            Corrector(evasion()).into(),
        ],
    );
    assert!(figures[0].detection_rate > 0.8, "{figures:?}");
    for evading in &figures[1..3] {
        assert_eq!(evading.classifier_accuracy, 0.0, "{evading:?}");
        assert!(evading.detection_rate < 0.2 && evading.answer_accuracy < 0.2, "{evading:?}");
        assert!(evading.auc < 0.7 && evading.sr_at_5 > 0.8, "{evading:?}");
    }
    assert!(worst.answer_accuracy <= figures[1].answer_accuracy);
    // Detected as well, and wrong.
    assert!(figures[3].answer_accuracy < 0.4, "{:?}", figures[3]);
}
