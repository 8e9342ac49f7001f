//! What must hold for any picture and any setting.

use burn::tensor::{Device, Tensor, TensorData};
use pollster::block_on;
use proptest::prelude::*;
use second_look::attack::{Attack, Norm, Pgd, attack};
use second_look::class::Class;
use second_look::detector::{Detector, Divergence};
use second_look::lab::Lab;
use second_look::model::{AutoencoderConfig, ClassifierConfig, Vgg};
use second_look::picture::Picture;

use super::*;

/// Rounding of sums and differences of numbers below 1.
const ULPS: f32 = 1e-6;

thread_local! {
    static CLASSIFIER: Vgg = classifier(ClassifierConfig::Compact);
}

fn settings() -> impl Strategy<Value = Pgd> {
    (
        prop::bool::ANY,
        0.001f32..1.0,
        0.01f32..1.5,
        1usize..4,
        0usize..3,
        prop::bool::ANY,
        any::<u64>(),
    )
        .prop_map(|(linf, eps, part, max_iter, num_random_init, targeted, seed)| {
            let norm = if linf { Norm::Linf } else { Norm::L2 };
            let eps = if linf { eps * 0.3 } else { eps * 10.0 };
            let eps_step = eps * part;
            Pgd { norm, eps, eps_step, max_iter, num_random_init, targeted, seed }
        })
        .prop_filter("within the ranges that `check` accepts", |pgd| pgd.check().is_ok())
}

/// Pictures with many values at the ends of their range, where cutting happens.
fn hard_pictures(salt: u32, count: usize) -> Tensor<4> {
    let values: Vec<f32> = noise(&salt.to_string(), count * VALUES)
        .into_iter()
        .map(|u| (0.5 + 2.0 * u).clamp(0.0, 1.0))
        .collect();
    Tensor::from_data(TensorData::new(values, [count, 3, 96, 96]), &Device::flex())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn every_place_on_the_way_is_inside_the_ball_and_the_unit_cube(
        pgd in settings(), salt: u32, a in 0usize..10, b in 0usize..10
    ) {
        let classes = [Class::ALL[a], Class::ALL[b]];
        let x = hard_pictures(salt, 2);
        CLASSIFIER.with(|classifier| {
            let mut way = Attack::new(classifier, x.clone(), &classes, pgd).unwrap();
            let mut places = 0;
            for step in way.by_ref() {
                places += 1;
                prop_assert!(values(step.pictures.clone()).iter().all(|v| (0.0..=1.0).contains(v)));
                let lengths = values(pgd.norm.length(step.pictures - x.clone()));
                prop_assert!(lengths.iter().all(|l| *l <= pgd.eps * (1.0 + 1e-5) + ULPS), "{:?}", lengths);
            }
            prop_assert_eq!(places, (pgd.max_iter + 1) * pgd.num_random_init.max(1));
            let best = way.best().unwrap();
            prop_assert!(values(pgd.norm.length(best.pictures - x)).iter().all(|l| *l <= pgd.eps * (1.0 + 1e-5) + ULPS));
            Ok(())
        })?;
    }

    #[test]
    fn a_picture_s_attack_does_not_depend_on_its_neighbours(salt: u32, a in 0usize..10, b in 0usize..10) {
        let pgd = Pgd { norm: Norm::L2, eps: 1.0, eps_step: 0.3, max_iter: 2, ..Pgd::default() };
        let x = hard_pictures(salt, 2);
        let run = |x: Tensor<4>, classes: &[Class]| {
            CLASSIFIER.with(|classifier| values(attack(classifier, x, classes, pgd).unwrap().pictures))
        };
        let together = run(x.clone(), &[Class::ALL[a], Class::ALL[b]]);
        let alone = run(x.clone().narrow(0, 1, 1), &[Class::ALL[b]]);
        // Sums are rounded in another order, so a ReLU here and there falls on the other side.
        let apart: Vec<f32> = together[VALUES..].iter().zip(&alone).map(|(t, s)| t - s).collect();
        let moved: Vec<f32> = values(x.narrow(0, 1, 1)).iter().zip(&alone).map(|(x, s)| x - s).collect();
        prop_assert!(norm(&apart) < 0.05 * norm(&moved), "{} of {}", norm(&apart), norm(&moved));
    }
}

#[test]
fn an_attack_reaches_what_it_aims_at() {
    CLASSIFIER.with(|classifier| {
        let x = pictures(2);
        let before = values(classifier.forward(x.clone()));
        let seen: Vec<Class> =
            before.chunks(10).map(|row| Class::most_likely(row.try_into().unwrap())).collect();
        let after = |pgd, classes: &[Class]| -> Vec<Class> {
            values(attack(classifier, x.clone(), classes, pgd).unwrap().logits)
                .chunks(10)
                .map(|row| Class::most_likely(row.try_into().unwrap()))
                .collect()
        };
        let fooled = after(Pgd::strong(), &seen);
        assert!(fooled.iter().zip(&seen).all(|(a, b)| a != b), "{fooled:?}");
        let targeted = Pgd { targeted: true, ..Pgd::strong() };
        let runners_up: Vec<Class> = before
            .chunks(10)
            .zip(&seen)
            .map(|(row, seen)| {
                let mut row: [f32; 10] = row.try_into().unwrap();
                row[seen.index()] = f32::MIN;
                Class::most_likely(&row)
            })
            .collect();
        assert_eq!(after(targeted, &runners_up), runners_up);
    });
}

#[test]
fn of_several_random_starts_the_best_is_kept_and_the_seed_decides() {
    CLASSIFIER.with(|classifier| {
        let (x, classes) = (pictures(2), [Class::Cat, Class::Dog]);
        let pgd =
            Pgd { num_random_init: 3, max_iter: 2, eps_step: 0.01, seed: 5, ..Pgd::default() };
        let mut way = Attack::new(classifier, x.clone(), &classes, pgd).unwrap();
        let ends: Vec<Vec<f32>> =
            way.by_ref().filter(|s| s.t == pgd.max_iter).map(|s| values(s.loss)).collect();
        assert_eq!(ends.len(), 3);
        assert_ne!(ends[0], ends[1]);
        let best = values(way.best().unwrap().loss);
        for picture in 0..2 {
            let largest = ends.iter().map(|e| e[picture]).fold(f32::MIN, f32::max);
            assert_eq!(best[picture], largest);
        }
        let again = attack(classifier, x.clone(), &classes, pgd).unwrap();
        assert_eq!(values(again.loss), best);
        let other = attack(classifier, x, &classes, Pgd { seed: 6, ..pgd }).unwrap();
        assert_ne!(values(other.loss), best);
    });
}

#[test]
fn settings_out_of_range_are_refused() {
    let good = Pgd::default();
    for bad in [
        Pgd { eps: 0.0, ..good },
        Pgd { eps: 1.5, ..good },
        Pgd { eps: f32::NAN, ..good },
        Pgd { eps_step: -0.1, ..good },
        Pgd { max_iter: 0, ..good },
        Pgd { norm: Norm::L2, eps: 200.0, ..good },
    ] {
        assert!(bad.check().is_err(), "{bad:?}");
    }
}

#[test]
fn a_corrector_answers_from_a_mirror_and_changes_nothing_else() {
    let device = Device::flex();
    let lab = |channels| {
        Lab::new(
            classifier(ClassifierConfig::Compact),
            autoencoder(AutoencoderConfig::Compact { channels }, &device),
            Detector { divergence: Divergence::default(), threshold: -1.0 },
            &device,
        )
    };
    let pictures = || hard_pictures(11, 2);
    let alone = block_on(lab(8).look(pictures())).unwrap();
    let other = block_on(lab(3).look(pictures().flip([3]))).unwrap();
    let corrector = autoencoder(AutoencoderConfig::Compact { channels: 3 }, &device);
    let both = block_on(lab(8).with_corrector(corrector).look(pictures())).unwrap();
    assert_eq!(values(both.reconstructions), values(alone.reconstructions));
    assert_eq!(values(both.corrections.unwrap()), values(other.reconstructions.flip([3])));
    for ((both, alone), other) in both.verdicts.iter().zip(alone.verdicts).zip(other.verdicts) {
        assert_eq!((both.score, both.second), (alone.score, alone.second));
        assert_eq!(alone.correction, alone.second);
        assert_ne!(alone.second, other.second);
        assert_eq!((both.correction, both.answer), (other.second, other.answer));
    }
}

#[test]
fn a_run_goes_as_far_as_it_is_asked_and_its_look_is_the_second_look() {
    let device = Device::flex();
    let lab = Lab::new(
        classifier(ClassifierConfig::Compact),
        autoencoder(AutoencoderConfig::Compact { channels: 8 }, &device),
        Detector { divergence: Divergence::default(), threshold: 0.5 },
        &device,
    );
    let picture = Picture::clamped(values(hard_pictures(7, 1))).unwrap();
    let pgd = Pgd { eps_step: 0.01, max_iter: 3, ..Pgd::default() };
    let start = || lab.attack(&picture, Class::Cat, pgd).unwrap();
    // Ended before the first step, after two, and by itself.
    assert_eq!(block_on(start().end()).unwrap(), picture);
    let mut run = start();
    let mut seen = Vec::new();
    for _ in 0..2 {
        seen.push(block_on(run.step()).unwrap().unwrap());
    }
    let look = block_on(run.look(&lab)).unwrap().unwrap().verdicts[0];
    let again = block_on(lab.look(seen[1].picture.to_tensor(&device))).unwrap().verdicts[0];
    assert!((look.score - again.score).abs() < 1e-5, "{look:?} {again:?}");
    assert_eq!(look.first, seen[1].probabilities);
    assert_eq!(block_on(run.end()).unwrap(), seen[1].picture);
    let mut run = start();
    let mut last = None;
    while let Some(step) = block_on(run.step()).unwrap() {
        last = Some(step);
    }
    let last = last.unwrap();
    assert_eq!(last.t, 3);
    assert_eq!(block_on(run.end()).unwrap(), last.picture);
}
