//! What must hold for any picture and any setting.

use burn::tensor::{Device, Tensor, TensorData};
use pollster::block_on;
use proptest::prelude::*;
use second_look::attack::{
    ApgdCe, ApgdDlr, AttackConfig, AttackName, AttackOptions, AttackResult, Evasion, Fgsm, MiFgsm,
    Norm, OrthogonalPgd, Pgd, Preset, SelectivePgd,
};
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

/// A defence with made-up weights and a corrector.
fn made_up_defence(threshold: f32) -> Defence {
    let device = Device::flex();
    let detector = Detector { score: ScoreConfig::default(), threshold };
    let autoencoder = |channels| autoencoder(AutoencoderConfig::Compact { channels }, &device);
    Defence::new(classifier(ClassifierConfig::Compact), autoencoder(8), detector, &device)
        .with_corrector(autoencoder(3))
}

/// Every attack x norm x goal reaches its goal on made-up weights, which no image resists, and moves the loss
/// the right way. Random noise is no attack and reaches nothing; the attack on the corrector aims at another answer
/// (`attacks_on_the_corrector_make_the_answer_wrong`); without gradients these pictures, which are noise, take thousands
/// of questions (Square's norms and goals are in src/attack/tests.rs).
#[test]
fn every_attack_reaches_its_goal() {
    let defence = made_up_defence(0.05);
    let target = defence.target();
    let x = pictures(2).clamp(0.0, 1.0);
    let before = values(target.logits(x.clone()));
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
    let mut seen = 0;
    for name in AttackName::ALL {
        for norm in Norm::ALL {
            for targeted in [false, true] {
                for restarts in [0, 2] {
                    let takes_restarts =
                        !matches!(name, AttackName::Cw | AttackName::Deepfool | AttackName::Fgsm);
                    let undefined = *name == AttackName::Cw && norm == Norm::Linf;
                    let aims_elsewhere = matches!(
                        name,
                        AttackName::Noise | AttackName::Corrector | AttackName::Square
                    );
                    if undefined || aims_elsewhere || (restarts > 0 && !takes_restarts) {
                        continue;
                    }
                    let steps = match name {
                        AttackName::Cw => 30,
                        _ => 12,
                    };
                    let options = AttackOptions {
                        preset: Preset::Strong,
                        norm: Some(norm),
                        max_iter: Some(steps),
                        num_random_init: Some(restarts),
                        lambda: Some(1.0),
                        binary_search_steps: Some(3),
                        ..AttackOptions::default()
                    };
                    let config = options.resolve(*name, targeted).unwrap();
                    let classes = if targeted { &runners_up } else { &predicted };
                    let mut attack = config.start(&target, input(x.clone(), classes)).unwrap();
                    let first = values(attack.step().unwrap().loss);
                    while attack.step().is_some() {}
                    let result = attack.best().unwrap().clone();
                    let after = most_likely(&values(result.logits));
                    let last = values(result.loss);
                    // Of a loss that is ascended towards a target, too, as a margin is, the sign is another.
                    let cross_entropy = matches!(
                        name,
                        AttackName::Pgd
                            | AttackName::MiFgsm
                            | AttackName::Fgsm
                            | AttackName::ApgdCe
                    );
                    for image in 0..2 {
                        let reached = (after[image] == classes[image]) == targeted;
                        assert!(reached, "{config}: {after:?} from {predicted:?}");
                        let grew = last[image] > first[image];
                        assert_eq!(
                            grew,
                            !(targeted && cross_entropy),
                            "{config}: {first:?} to {last:?}"
                        );
                    }
                    let lengths = values(norm.ball().length(result.images.clone() - x.clone()));
                    if let Some(eps) = config.shape().eps {
                        let inside = lengths.iter().all(|l| *l <= eps * (1.0 + 1e-5) + ULPS);
                        assert!(inside, "{config}: {lengths:?}");
                    }
                    assert!(values(result.images).iter().all(|v| (0.0..=1.0).contains(v)));
                    seen += 1;
                }
            }
        }
    }
    // Seven attacks with restarts and without, FGSM and DeepFool without, each x norm x goal; C&W in one norm.
    assert_eq!(seen, 7 * 8 + 2 * 4 + 2);
}

#[test]
fn attacks_on_the_corrector_make_the_answer_wrong() {
    // Everything is detected, so the answer is the corrected one.
    let defence = made_up_defence(0.0);
    let x = pictures(2).clamp(0.0, 1.0);
    let answers = |images: Tensor<4>| -> Vec<Class> {
        block_on(defence.detect(images)).unwrap().verdicts.iter().map(|v| v.answer).collect()
    };
    let detection = block_on(defence.detect(x.clone())).unwrap();
    let before: Vec<Class> = detection.verdicts.iter().map(|verdict| verdict.answer).collect();
    let wanted: Vec<Class> = detection
        .verdicts
        .iter()
        .map(|verdict| {
            let mut corrected = verdict.corrected_prediction.unwrap();
            corrected[verdict.answer.index()] = -1.0;
            Class::most_likely(&corrected)
        })
        .collect();
    for norm in Norm::ALL {
        for targeted in [false, true] {
            let options =
                AttackOptions { norm: Some(norm), max_iter: Some(20), ..AttackOptions::default() };
            let config = options.resolve(AttackName::Corrector, targeted).unwrap();
            let classes = if targeted { &wanted } else { &before };
            let result = config.run(defence.target(), input(x.clone(), classes)).unwrap();
            for ((answer, before), class) in answers(result.images).iter().zip(&before).zip(classes)
            {
                match targeted {
                    true => assert_eq!(answer, class, "{config}"),
                    false => assert_ne!(answer, before, "{config}"),
                }
            }
        }
    }
}

#[test]
fn fgsm_is_pgd_with_one_step() {
    CLASSIFIER.with(|classifier| {
        for norm in Norm::ALL {
            for targeted in [false, true] {
                let eps = if norm == Norm::Linf { 0.01 } else { 1.0 };
                let pgd = Pgd { norm, eps, eps_step: eps, max_iter: 1, targeted, ..Pgd::default() };
                let run = |config: AttackConfig| {
                    let result = attack(classifier, pictures(2), &[Class::Cat, Class::Dog], config);
                    (values(result.images), values(result.loss))
                };
                assert!(run(Fgsm::from(pgd).into()) == run(pgd.into()), "{norm} {targeted}");
            }
        }
    });
}

/// The loss alone would prefer an iterate that fails: the end may have a smaller one than the start only if it succeeds.
#[test]
fn auto_pgd_never_ends_worse_than_it_starts() {
    CLASSIFIER.with(|classifier| {
        let classes = [Class::Cat, Class::Dog];
        for norm in Norm::ALL {
            for targeted in [false, true] {
                for max_iter in [1, 12] {
                    for restarts in [0, 2] {
                        let tutorial = Pgd::tutorial(norm);
                        // A ball so small that no image reaches the goal.
                        let (eps, num_random_init) = (tutorial.eps / 1000.0, restarts);
                        let pgd = Pgd { max_iter, targeted, eps, num_random_init, ..tutorial };
                        for config in
                            [AttackConfig::from(ApgdCe(pgd.into())), ApgdDlr(pgd.into()).into()]
                        {
                            let images = pictures(2).clamp(0.0, 1.0);
                            let mut run =
                                config.start(classifier, input(images, &classes)).unwrap();
                            let descends = targeted && config.name() == AttackName::ApgdCe;
                            let signed = |losses: Vec<f32>| -> Vec<f32> {
                                losses.iter().map(|l| if descends { -l } else { *l }).collect()
                            };
                            let start = signed(values(run.step().unwrap().loss));
                            let mut steps = 1;
                            while run.step().is_some() {
                                steps += 1;
                            }
                            assert_eq!(steps, (max_iter + 1) * restarts.max(1));
                            let end = signed(values(run.best().unwrap().loss.clone()));
                            assert!(
                                end.iter().zip(&start).all(|(e, s)| e >= s),
                                "{config}: {start:?} {end:?}"
                            );
                        }
                    }
                }
            }
        }
    });
}

/// Of the iterates that fool the classifier, the one with the lowest score is the result.
#[test]
fn an_attack_on_the_defence_keeps_the_lowest_score_of_those_that_fool() {
    let defence = made_up_defence(0.05);
    let x = pictures(1).clamp(0.0, 1.0);
    let class = most_likely(&values(defence.classifier().forward(x.clone())))[0];
    let pgd = Pgd { eps_step: 0.003, max_iter: 15, ..Pgd::default() };
    let evasion = Evasion { pgd, ..Evasion::default() };
    for config in [AttackConfig::from(SelectivePgd(evasion)), OrthogonalPgd(evasion).into()] {
        let mut run = config.start(defence.target(), input(x.clone(), &[class])).unwrap();
        let mut lowest = f32::MAX;
        let score = |images: Tensor<4>| block_on(defence.score(images, &[0])).unwrap()[0];
        while let Some(step) = run.step() {
            let mut logits: [f32; 10] = values(step.logits).try_into().unwrap();
            let given = std::mem::replace(&mut logits[class.index()], f32::MIN);
            if logits[Class::most_likely(&logits).index()] - given > 0.05 {
                lowest = lowest.min(score(step.images));
            }
        }
        let kept = score(run.best().unwrap().images.clone());
        assert!((kept - lowest).abs() <= 1e-5 * lowest.max(1.0), "{config}: {kept}, not {lowest}");
    }
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
    for Finding { verdict, reconstruction, correction, .. } in [found, alone] {
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
