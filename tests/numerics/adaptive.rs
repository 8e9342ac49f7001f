//! Attackers who know the whole defence, against the bundled models: a figure without them is none.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use pollster::block_on;
use second_look::attack::{
    AttackConfig, Attacker, Corrector, Evasion, Noise, OrthogonalPgd, Pgd, SelectivePgd,
};
use second_look::data::Selection;
use second_look::data::dataset::Description;
use second_look::data::synthetic::Drawn;
use second_look::defence::Defence;
use second_look::detector::Detector;
use second_look::evaluation::{
    AttackFigures, Attempt, Attempts, Record, Run, WorstCase, examine_all,
};

use super::*;

/// Figures on six drawn pictures.
fn figures(defence: &Defence, attacks: &[AttackConfig]) -> (Vec<AttackFigures>, WorstCase) {
    let pictures = Drawn::test(6, 0);
    let indices: Vec<usize> = (0..6).collect();
    let all: Vec<Attempt> = attacks.iter().map(|attack| (*attack).into()).collect();
    let attempts = Attempts { all: &all, surrogate: None, until_wrong: false };
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

/// Attacks that end once the answers are wrong find all that whole attacks find, with no more pictures than needed.
#[test]
fn the_worst_case_alone_is_that_of_whole_attacks() {
    let (defence, indices) = (bundled::defence(), (0..6).collect::<Vec<_>>());
    let pictures = Drawn::test(6, 0);
    let description = Description {
        kind: "drawn",
        protocol: None,
        split: None,
        pictures: 6,
        validation: false,
        held_out: 0.1,
        split_seed: 0,
    };
    // Small enough that some pictures withstand the first attack.
    let pgd = Pgd { eps: 0.008, eps_step: 0.0016, max_iter: 11, ..Pgd::default() };
    let evasion = Evasion { pgd, ..Evasion::default() };
    let attacks: [AttackConfig; 2] = [SelectivePgd(evasion).into(), OrthogonalPgd(evasion).into()];
    let all = attacks.map(Attempt::from);
    let attempts = Attempts { all: &all, surrogate: None, until_wrong: false };
    let whole = examine_all(&defence, &pictures, &indices, attempts, false, &|_| ());
    let whole: Vec<Record> = block_on(whole).unwrap().0;
    let right = |attacks: usize| -> Vec<usize> {
        let right = |record: &Record| {
            record.attacks[..attacks].iter().all(|outcome| outcome.verdict.answer == record.class)
        };
        (0..6).filter(|n| right(&whole[*n])).collect()
    };

    let selection = Selection { pictures: Box::new(pictures), indices, description };
    let attempts = Attempts { until_wrong: true, ..attempts };
    let run = Run { defence: &defence, selection: &selection, attempts, batch_size: 2 };
    let (results, ticks) = (Mutex::new(run.results()), AtomicUsize::new(0));
    let tick = |work| {
        ticks.fetch_add(work, Ordering::Relaxed);
    };
    let mut made = [0, 0];
    run.compute(&results, None, &tick, |n, pictures| made[n] += pictures).unwrap();
    let results = results.into_inner().unwrap();
    assert_eq!(ticks.into_inner(), run.work(&run.results()).0, "the bar reaches its end");
    let left = results.right_under(1);
    assert!((1..6).contains(&left.len()), "{left:?}: some fall to the first attack, not all");
    assert_eq!(made, [6, left.len()]);
    // An iterate that is wrong ends the attack, though the whole attack might return another one that is right.
    for attacks in [1, 2] {
        let (found, of_whole) = (results.right_under(attacks), right(attacks));
        assert!(found.iter().all(|index| of_whole.contains(index)), "{found:?} {of_whole:?}");
    }
}
