//! What must hold for any picture and any setting.

use burn::tensor::{Device, Tensor, TensorData};
use pollster::block_on;
use proptest::prelude::*;
use second_look::attack::{AttackConfig, AttackResult, MiFgsm, Norm, Pgd};
use second_look::class::Class;
use second_look::defence::{Defence, Finding};
use second_look::detector::{Detector, ScoreConfig, Verdict};
use second_look::model::{AutoencoderConfig, Classifier, ClassifierConfig};
use second_look::picture::Picture;

use super::*;

/// Rounding of sums and differences of numbers below 1.
const ULPS: f32 = 1e-6;

thread_local! {
    static CLASSIFIER: Classifier = classifier(ClassifierConfig::Compact);
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

fn attack(
    classifier: &Classifier,
    images: Tensor<4>,
    classes: &[Class],
    config: impl Into<AttackConfig>,
) -> AttackResult {
    config.into().run(classifier, input(images, classes)).unwrap()
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
    fn every_iterate_is_inside_the_ball_and_the_unit_cube(
        pgd in settings(), momentum: bool, salt: u32, a in 0usize..10, b in 0usize..10
    ) {
        let config = if momentum {
            AttackConfig::MiFgsm(MiFgsm { pgd, decay: 1.0 })
        } else {
            pgd.into()
        };
        let classes = [Class::ALL[a], Class::ALL[b]];
        let x = hard_pictures(salt, 2);
        CLASSIFIER.with(|classifier| {
            let mut attack = config.start(classifier, input(x.clone(), &classes)).unwrap();
            let ball = pgd.norm.ball();
            let mut iterates = 0;
            while let Some(step) = attack.step() {
                iterates += 1;
                prop_assert!(values(step.images.clone()).iter().all(|v| (0.0..=1.0).contains(v)));
                let lengths = values(ball.length(step.images - x.clone()));
                prop_assert!(lengths.iter().all(|l| *l <= pgd.eps * (1.0 + 1e-5) + ULPS), "{:?}", lengths);
            }
            prop_assert_eq!(iterates, (pgd.max_iter + 1) * pgd.num_random_init.max(1));
            let best = attack.best().unwrap().images.clone();
            prop_assert!(values(ball.length(best - x)).iter().all(|l| *l <= pgd.eps * (1.0 + 1e-5) + ULPS));
            Ok(())
        })?;
    }

    #[test]
    fn a_picture_s_attack_does_not_depend_on_its_neighbours(salt: u32, a in 0usize..10, b in 0usize..10) {
        let pgd = Pgd { norm: Norm::L2, eps: 1.0, eps_step: 0.3, max_iter: 2, ..Pgd::default() };
        let x = hard_pictures(salt, 2);
        let run = |x: Tensor<4>, classes: &[Class]| {
            CLASSIFIER.with(|classifier| values(attack(classifier, x, classes, pgd).images))
        };
        let together = run(x.clone(), &[Class::ALL[a], Class::ALL[b]]);
        let alone = run(x.clone().narrow(0, 1, 1), &[Class::ALL[b]]);
        // Sums are rounded in another order, so a ReLU here and there falls on the other side.
        let apart: Vec<f32> = together[VALUES..].iter().zip(&alone).map(|(t, s)| t - s).collect();
        let moved: Vec<f32> = values(x.narrow(0, 1, 1)).iter().zip(&alone).map(|(x, s)| x - s).collect();
        prop_assert!(norm(&apart) < 0.05 * norm(&moved), "{} of {}", norm(&apart), norm(&moved));
    }
}

/// The most likely class of each row of logits.
fn most_likely(logits: &[f32]) -> Vec<Class> {
    logits.chunks(10).map(|row| Class::most_likely(row.try_into().unwrap())).collect()
}

/// Every attack x norm x goal reaches its goal on made-up weights, which no image resists, and moves the loss
/// the right way.
#[test]
fn every_attack_reaches_its_goal() {
    CLASSIFIER.with(|classifier| {
        let x = pictures(2);
        let before = values(classifier.forward(x.clone()));
        let predicted = most_likely(&before);
        let runners_up: Vec<Class> = before
            .chunks(10)
            .zip(&predicted)
            .map(|(row, predicted)| {
                let mut row: [f32; 10] = row.try_into().unwrap();
                row[predicted.index()] = f32::MIN;
                Class::most_likely(&row)
            })
            .collect();
        for norm in Norm::ALL {
            for targeted in [false, true] {
                for restarts in [0, 2] {
                    let pgd = Pgd { targeted, num_random_init: restarts, ..Pgd::strong(norm) };
                    for config in [pgd.into(), AttackConfig::MiFgsm(MiFgsm { pgd, decay: 1.0 })] {
                        let classes = if targeted { &runners_up } else { &predicted };
                        let mut attack =
                            config.start(classifier, input(x.clone(), classes)).unwrap();
                        let first = values(attack.step().unwrap().loss);
                        while attack.step().is_some() {}
                        let result = attack.best().unwrap().clone();
                        let after = most_likely(&values(result.logits));
                        let last = values(result.loss);
                        for image in 0..2 {
                            let reached = (after[image] == classes[image]) == targeted;
                            assert!(reached, "{config}: {after:?} from {predicted:?}");
                            let grew = last[image] > first[image];
                            assert!(grew != targeted, "{config}: {first:?} to {last:?}");
                        }
                    }
                }
            }
        }
    });
}

#[test]
fn momentum_changes_the_path_and_without_it_mi_fgsm_is_pgd() {
    CLASSIFIER.with(|classifier| {
        let (x, classes) = (pictures(2), [Class::Cat, Class::Dog]);
        let pgd = Pgd { max_iter: 4, eps_step: 0.004, ..Pgd::default() };
        let run =
            |config: AttackConfig| values(attack(classifier, x.clone(), &classes, config).images);
        let plain = run(pgd.into());
        assert_eq!(run(AttackConfig::MiFgsm(MiFgsm { pgd, decay: 0.0 })), plain);
        assert_ne!(run(AttackConfig::MiFgsm(MiFgsm { pgd, decay: 1.0 })), plain);
    });
}

#[test]
fn restarts_begin_inside_the_ball_and_the_best_one_is_kept() {
    CLASSIFIER.with(|classifier| {
        let (x, classes) = (pictures(2), [Class::Cat, Class::Dog]);
        for norm in Norm::ALL {
            let tutorial = Pgd::tutorial(norm);
            let pgd = Pgd { num_random_init: 3, max_iter: 2, seed: 5, ..tutorial };
            let mut attack =
                AttackConfig::from(pgd).start(classifier, input(x.clone(), &classes)).unwrap();
            let (mut ends, mut starts) = (Vec::new(), Vec::new());
            while let Some(step) = attack.step() {
                if step.t == 0 {
                    starts.push(values(step.images - x.clone()));
                } else if step.t == pgd.max_iter {
                    let fooled: Vec<bool> = most_likely(&values(step.logits))
                        .iter()
                        .zip(&classes)
                        .map(|(a, b)| a != b)
                        .collect();
                    ends.push((fooled, values(step.loss)));
                }
            }
            assert_eq!((starts.len(), ends.len()), (3, 3));
            // A start has both signs, is not the image itself, and not another restart's.
            for start in &starts {
                assert!(start.iter().any(|v| *v > 0.0) && start.iter().any(|v| *v < 0.0));
                assert!(norm_of(norm, start) > 0.1 * pgd.eps, "{norm}");
            }
            assert_ne!(starts[0], starts[1]);
            let best = values(attack.best().unwrap().loss.clone());
            for (image, best) in best.iter().enumerate() {
                let key = |end: &(Vec<bool>, Vec<f32>)| (end.0[image], end.1[image]);
                let expected = ends.iter().map(key).max_by(|a, b| a.partial_cmp(b).unwrap());
                assert_eq!(*best, expected.unwrap().1);
            }
            let again = attack_loss(classifier, &x, &classes, pgd);
            assert_eq!(again, best);
            assert_ne!(attack_loss(classifier, &x, &classes, Pgd { seed: 6, ..pgd }), best);
        }
    });
}

/// Length of one image's perturbation.
fn norm_of(norm: Norm, perturbation: &[f32]) -> f32 {
    let one = &perturbation[..VALUES];
    match norm {
        Norm::Linf => one.iter().fold(0.0, |largest, v| largest.max(v.abs())),
        Norm::L2 => super::norm(one) as f32,
    }
}

fn attack_loss(classifier: &Classifier, x: &Tensor<4>, classes: &[Class], pgd: Pgd) -> Vec<f32> {
    values(attack(classifier, x.clone(), classes, pgd).loss)
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
fn a_corrector_sees_the_flipped_image_and_changes_nothing_but_the_correction() {
    let device = Device::flex();
    let defence = |channels| {
        Defence::new(
            classifier(ClassifierConfig::Compact),
            autoencoder(AutoencoderConfig::Compact { channels }, &device),
            Detector { score: ScoreConfig::default(), threshold: 0.0 },
            &device,
        )
    };
    let pictures = || hard_pictures(11, 2);
    let alone = block_on(defence(8).detect(pictures())).unwrap();
    let other = block_on(defence(3).detect(pictures().flip([3]))).unwrap();
    let corrector = autoencoder(AutoencoderConfig::Compact { channels: 3 }, &device);
    let both = block_on(defence(8).with_corrector(corrector).detect(pictures())).unwrap();
    assert_eq!(values(both.reconstructions), values(alone.reconstructions));
    assert_eq!(values(both.corrections.unwrap()), values(other.reconstructions.flip([3])));
    for ((both, alone), other) in both.verdicts.iter().zip(alone.verdicts).zip(other.verdicts) {
        let again = |verdict: &Verdict| verdict.reconstruction_prediction;
        assert!(alone.adversarial && alone.corrected_prediction.is_none());
        assert_eq!((both.score, again(both)), (alone.score, again(&alone)));
        assert_ne!(again(&alone), again(&other));
        assert_eq!((both.corrected_prediction, both.answer), (Some(again(&other)), other.answer));
    }
}

#[test]
fn a_run_computes_the_steps_that_it_is_asked_for_and_detects_on_them() {
    let device = Device::flex();
    let defence = Defence::new(
        classifier(ClassifierConfig::Compact),
        autoencoder(AutoencoderConfig::Compact { channels: 8 }, &device),
        Detector { score: ScoreConfig::default(), threshold: 0.5 },
        &device,
    );
    let corrector = autoencoder(AutoencoderConfig::Compact { channels: 3 }, &device);
    let defence = defence.with_corrector(corrector);
    let picture = Picture::clamped(values(hard_pictures(7, 1))).unwrap();
    let pgd = Pgd { eps_step: 0.01, max_iter: 3, ..Pgd::default() };
    let start = || defence.attack(&picture, Class::Cat, pgd.into()).unwrap();
    // Ended before the first step, after two, and by itself.
    assert_eq!(block_on(start().finish()).unwrap(), picture);
    let mut run = start();
    block_on(run.step()).unwrap().unwrap();
    let (second, found) = block_on(run.watched_step(&defence)).unwrap().unwrap();
    assert_eq!(second.t, 1);
    // What is found in a step's picture is what is found in that picture by itself.
    let alone = block_on(defence.examine(&second.picture)).unwrap();
    let batch = block_on(defence.detect(second.picture.to_tensor(&device))).unwrap();
    let score = batch.verdicts[0].score;
    let close = |what: &str, a: &[f32], b: &[f32]| {
        assert_eq!(a.len(), b.len(), "{what}");
        assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5), "{what}");
    };
    let shown = |images: Tensor<4>| values(images.clamp(0.0, 1.0));
    let reconstructions = shown(batch.reconstructions);
    let corrections = shown(batch.corrections.unwrap());
    assert_ne!(reconstructions, corrections);
    for Finding { verdict, reconstruction, correction } in [found, alone] {
        assert!((verdict.score - score).abs() < 1e-5, "{verdict:?} {score}");
        close("CL(x)", &verdict.prediction, &second.prediction);
        close("reconstruction", reconstruction.values(), &reconstructions);
        close("correction", correction.unwrap().values(), &corrections);
    }
    assert_eq!(block_on(run.finish()).unwrap(), second.picture);
    let mut run = start();
    let mut last = None;
    while let Some(step) = block_on(run.step()).unwrap() {
        last = Some(step);
    }
    let last = last.unwrap();
    assert_eq!(last.t, 3);
    assert_eq!(block_on(run.finish()).unwrap(), last.picture);
}
