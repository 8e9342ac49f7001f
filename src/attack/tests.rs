//! Attacks on classifiers and defences whose answers are known without a computer.

use burn::tensor::{Device, Tensor, TensorData};

use super::target::{Draw, Guard, Logits};
use super::*;
use crate::picture::{CHANNELS, SIDE, VALUES};

/// z_k = <w_k, x - 0.5> + b_k.
#[derive(Clone)]
struct Linear {
    /// [27648, 10]
    weights: Tensor<2>,
    /// [1, 10]
    bias: Tensor<2>,
}

impl Logits for Linear {
    fn logits(&self, images: Tensor<4>) -> Tensor<2> {
        (images.flatten::<2>(1, 3) - 0.5).matmul(self.weights.clone()) + self.bias.clone()
    }
}

/// Numbers in [-1, 1] without a pattern.
fn numbers(count: usize, salt: usize) -> Vec<f32> {
    (0..count).map(|i| ((i * 7919 + salt * 104_729) as f32 * 0.618_034).sin()).collect()
}

/// A classifier that sees what is in `columns` of the picture alone; class 0 is ahead by `lead` at a grey picture.
fn linear(columns: std::ops::Range<usize>, lead: f32) -> Linear {
    let device = Device::flex();
    // The same in squares of 12x12 pixels, which random squares can find.
    let blocks = numbers(CHANNELS * 8 * 8 * 10, 1);
    let mut weights = vec![0.0; VALUES * 10];
    for (i, row) in weights.chunks_exact_mut(10).enumerate() {
        let (plane, y, x) = (i / (SIDE * SIDE), i / SIDE % SIDE, i % SIDE);
        if columns.contains(&x) {
            let block = plane * 64 + y / 12 * 8 + x / 12;
            row.copy_from_slice(&blocks[block * 10..block * 10 + 10]);
        }
    }
    let mut bias: Vec<f32> = (0..10).map(|k| -0.1 * k as f32).collect();
    bias[0] = lead;
    Linear {
        weights: Tensor::from_data(TensorData::new(weights, [VALUES, 10]), &device),
        bias: Tensor::from_data(TensorData::new(bias, [1, 10]), &device),
    }
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().unwrap()
}

fn grey(count: usize) -> Tensor<4> {
    Tensor::full([count, CHANNELS, SIDE, SIDE], 0.5, &Device::flex())
}

fn input(images: Tensor<4>, class: Class) -> Input {
    let count = images.dims()[0];
    Input { images, classes: vec![class; count], ids: (0..count as u64).collect() }
}

fn distance(norm: Norm, images: Tensor<4>) -> f32 {
    let count = images.dims()[0];
    values(norm.ball().length(images - grey(count)))[0]
}

/// Distance from grey to the nearest boundary of class 0, or to the one with `target`, in closed form:
/// (z_0 - z_k) / ||w_k - w_0||_q.
fn to_boundary(classifier: &Linear, norm: Norm, target: Option<usize>) -> f32 {
    let logits = values(classifier.logits(grey(1)));
    let weights = values(classifier.weights.clone());
    (1..10)
        .filter(|k| target.is_none_or(|target| target == *k))
        .map(|k| {
            let w = weights.chunks_exact(10).map(|row| f64::from(row[k] - row[0]));
            let slope = match norm {
                Norm::Linf => w.map(f64::abs).sum::<f64>(),
                Norm::L2 => w.map(|w| w * w).sum::<f64>().sqrt(),
            };
            (f64::from(logits[0] - logits[k]) / slope) as f32
        })
        .fold(f32::MAX, f32::min)
}

/// The class whose boundary with class 0 is the nearest to grey. On the way there no other class gets ahead, so it is the
/// target whose nearest point is known as well.
fn nearest(classifier: &Linear, norm: Norm) -> usize {
    let distance = |k: &usize| to_boundary(classifier, norm, Some(*k));
    (1..10).min_by(|a, b| distance(a).total_cmp(&distance(b))).unwrap()
}

#[test]
fn deepfool_finds_the_nearest_boundary_of_a_linear_classifier() {
    let classifier = linear(0..SIDE, 20.0);
    for norm in Norm::ALL {
        let near = nearest(&classifier, norm);
        for (class, target) in [(Class::ALL[0], None), (Class::ALL[near], Some(near))] {
            let targeted = target.is_some();
            let config = Deepfool { norm, targeted, ..Deepfool::default() };
            let target_ = Target::classifier(classifier.clone());
            let result = AttackConfig::from(config).run(&target_, input(grey(1), class)).unwrap();
            let least = to_boundary(&classifier, norm, target);
            let ours = distance(norm, result.images.clone()) / least;
            // Overshoot 0.02, and a little more.
            assert!((1.019..1.03).contains(&ours), "{norm}: {ours} of {least}");
            let margin = values(result.loss)[0];
            assert!(margin > 0.0, "{norm}: {margin}");
        }
    }
}

#[test]
fn carlini_wagner_finds_the_nearest_boundary_of_a_linear_classifier() {
    // Further away than the other tests' boundaries: a step of Adam moves every value, by half the learning rate.
    let classifier = linear(0..SIDE, 400.0);
    let near = nearest(&classifier, Norm::L2);
    for (class, target) in [(Class::ALL[0], None), (Class::ALL[near], Some(near))] {
        let config = Cw {
            targeted: target.is_some(),
            max_iter: 80,
            binary_search_steps: 4,
            learning_rate: 0.005,
            ..Cw::default()
        };
        let aim = Target::classifier(classifier.clone());
        let result = AttackConfig::from(config).run(&aim, input(grey(1), class)).unwrap();
        let least = to_boundary(&classifier, Norm::L2, target);
        let ours = distance(Norm::L2, result.images) / least;
        assert!((0.999..1.02).contains(&ours), "{ours} of {least}");
    }
}

#[test]
fn what_is_further_away_than_eps_is_moved_back() {
    let classifier = linear(0..SIDE, 400.0);
    let least = to_boundary(&classifier, Norm::L2, None);
    for (share, errs) in [(0.5, false), (2.0, true)] {
        let most = share * least;
        let eps = Some(most);
        let norm = Norm::L2;
        for config in [
            AttackConfig::from(Deepfool { norm, eps, ..Deepfool::default() }),
            Cw { eps, max_iter: 40, binary_search_steps: 2, ..Cw::default() }.into(),
        ] {
            let aim = Target::classifier(classifier.clone());
            let result = config.run(&aim, input(grey(1), Class::ALL[0])).unwrap();
            assert!(distance(norm, result.images) <= most * 1.001, "{config}");
            assert_eq!(values(result.loss)[0] > 0.0, errs, "{config}");
        }
    }
}

/// The same logits with a gradient of 0: rounding hides it from whoever differentiates.
struct Masked(Linear);

impl Logits for Masked {
    fn logits(&self, images: Tensor<4>) -> Tensor<2> {
        self.0.logits(images.inner())
    }
}

#[test]
fn square_needs_no_gradient_and_counts_its_questions() {
    let classifier = linear(0..SIDE, 3.0);
    for norm in Norm::ALL {
        let near = nearest(&classifier, norm);
        for (class, targeted) in [(Class::ALL[0], false), (Class::ALL[near], true)] {
            // Random squares are far from the direction of the gradient: the ball must be larger.
            let eps = 12.0 * to_boundary(&classifier, norm, None);
            let pgd = Pgd { norm, eps, max_iter: 400, targeted, ..Pgd::default() };
            let config = AttackConfig::from(Square::from(pgd));
            // One that is right, and one that is wrong from the start.
            let wrong = if targeted { Class::ALL[0] } else { Class::ALL[3] };
            let images = grey(2);
            let both = Input { images, classes: vec![class, wrong], ids: vec![0, 1] };
            let run = |logits: Target| {
                let mut attack = config.start(&logits, both.clone()).unwrap();
                let mut asked = 0.0;
                while let Some(step) = attack.step() {
                    asked += 1.0;
                    let far = values(norm.ball().length(step.images - grey(2)));
                    assert!(far.iter().all(|far| *far <= eps * 1.0001), "{config}: {far:?}");
                }
                let queries = values(attack.queries().unwrap());
                assert_eq!(queries, [asked, 1.0], "{config}");
                let best = attack.best().unwrap();
                (values(best.images.clone()), values(best.logits.clone()))
            };
            let (images, logits) = run(Target::classifier(classifier.clone()));
            let row: [f32; 10] = logits[..10].try_into().unwrap();
            assert_eq!(Class::most_likely(&row) == class, targeted, "{config}");
            assert_eq!(images[VALUES..], values(grey(1)), "wrong already: nothing is changed");
            assert_eq!(run(Target::classifier(Masked(classifier.clone()))).0, images);
        }
    }
}

#[test]
fn noise_is_the_same_whatever_the_classifier_and_as_long_as_it_may_be() {
    for norm in Norm::ALL {
        let config = Noise { norm, eps: 0.2, ..Noise::default() };
        let run = |lead| {
            let aim = Target::classifier(Masked(linear(0..SIDE, lead)));
            let result =
                AttackConfig::from(config).run(&aim, input(grey(2), Class::ALL[0])).unwrap();
            values(result.images)
        };
        assert_eq!(run(3.0), run(-3.0), "no gradient, no loss");
        let images = Tensor::from_data(
            TensorData::new(run(3.0), [2, CHANNELS, SIDE, SIDE]),
            &Device::flex(),
        );
        for length in values(norm.ball().length(images - grey(2))) {
            assert!((length - 0.2).abs() < 1e-5, "{norm}: {length}");
        }
    }
}

#[test]
fn auto_pgd_returns_the_best_of_its_iterates_at_the_edge_of_the_ball() {
    // Not so sure that the cross-entropy rounds to 0, and boundaries that are far compared with the rounding of 0.5.
    let Linear { weights, bias } = linear(0..SIDE, 3.0);
    let classifier = Linear { weights: weights * 0.02, bias };
    for norm in Norm::ALL {
        let eps = 0.3 * to_boundary(&classifier, norm, None);
        let pgd = Pgd { norm, eps, max_iter: 40, ..Pgd::default() };
        for config in
            [AttackConfig::from(ApgdCe(pgd.into())), AttackConfig::from(ApgdDlr(pgd.into()))]
        {
            let aim = Target::classifier(classifier.clone());
            let mut attack = config.start(&aim, input(grey(1), Class::ALL[0])).unwrap();
            let mut losses = Vec::new();
            while let Some(step) = attack.step() {
                assert!(distance(norm, step.images) <= eps * 1.001, "{config}");
                losses.push(values(step.loss)[0]);
            }
            assert_eq!(losses.len(), 41);
            let best = values(attack.best().unwrap().loss.clone())[0];
            let most = losses.iter().copied().fold(f32::MIN, f32::max);
            assert_eq!(best, most, "{config}: the best of all iterates is returned");
            assert!(best > losses[0]);
            let best = attack.best().unwrap().images.clone();
            assert!(distance(norm, best) > 0.99 * eps, "{config}");
        }
    }
}

/// A detector that sees the left half of a picture alone: its score is how far that is from (almost) grey, per value.
#[derive(Clone, Copy)]
struct LeftHalf {
    threshold: f32,
    /// What the corrected answer leans to: how much the right half counts.
    corrected_by_right: bool,
}

impl Guard for LeftHalf {
    fn score(&self, images: Tensor<4>, _logits: Tensor<2>, _draw: Draw<'_>) -> Tensor<1> {
        let left: Tensor<2> = images.narrow(3, 0, SIDE / 2).flatten(1, 3);
        (left - 0.4995).square().mean_dim(1).squeeze_dim(1) * 1e4
    }

    fn corrected(&self, images: Tensor<4>, _draw: Draw<'_>) -> Tensor<2> {
        let columns = if self.corrected_by_right { SIDE / 2..SIDE } else { 0..0 };
        linear(columns, 2.0).logits(images)
    }

    fn threshold(&self) -> f32 {
        self.threshold
    }
}

/// Whether the classifier errs, the score, and the answer's class on one attacked grey picture of class 0.
fn attacked(config: AttackConfig, guard: LeftHalf) -> (bool, f32, Class) {
    let classifier = linear(0..SIDE, 20.0);
    let aim = Target::defence(classifier.clone(), guard);
    let class = if config.targeted() { Class::ALL[6] } else { Class::ALL[0] };
    let result = config.run(&aim, input(grey(1), class)).unwrap();
    let most_likely = |logits: Tensor<2>| {
        let row: [f32; 10] = values(logits).try_into().unwrap();
        Class::most_likely(&row)
    };
    let ids = [0];
    let draw = Draw { seed: 0, ids: &ids, number: 0 };
    let logits = classifier.logits(result.images.clone());
    let score = values(guard.score(result.images.clone(), logits.clone(), draw))[0];
    let predicted = most_likely(logits);
    let corrected = most_likely(guard.corrected(result.images, draw));
    let answer = if score > guard.threshold { corrected } else { predicted };
    let errs = (predicted == class) == config.targeted();
    (errs, score, answer)
}

#[test]
fn attacks_on_the_defence_find_the_half_that_the_detector_does_not_see() {
    let guard = LeftHalf { threshold: 0.05, corrected_by_right: false };
    for norm in Norm::ALL {
        for targeted in [false, true] {
            let far = to_boundary(&linear(0..SIDE, 20.0), norm, targeted.then_some(6));
            // Far enough that half of the picture is enough.
            let eps = 4.0 * far;
            let pgd =
                Pgd { norm, eps, eps_step: eps / 10.0, max_iter: 60, targeted, ..Pgd::default() };
            let (errs, score, _) = attacked(pgd.into(), guard);
            assert!(errs && score > guard.threshold, "{norm}: PGD is seen, score {score}");
            let evasion = Evasion { pgd, ..Evasion::default() };
            for config in [AttackConfig::from(SelectivePgd(evasion)), OrthogonalPgd(evasion).into()]
            {
                let (errs, score, answer) = attacked(config, guard);
                assert!(errs, "{config}: the classifier is right");
                assert!(score <= guard.threshold, "{config}: seen, score {score}");
                let given = if targeted { Class::ALL[6] } else { Class::ALL[0] };
                assert_eq!(answer == given, targeted, "{config}");
            }
            // The weight that is right for this detector is found by the sweep or not at all; it must fool at least.
            let lagrangian = Lagrangian { evasion, lambda: None };
            let (errs, score, _) = attacked(lagrangian.into(), guard);
            assert!(errs && score <= guard.threshold, "{norm}: Lagrangian, score {score}");
        }
    }
}

#[test]
fn the_corrector_s_attack_is_detected_and_the_answer_is_wrong() {
    let guard = LeftHalf { threshold: 0.05, corrected_by_right: true };
    for norm in Norm::ALL {
        let eps = 4.0 * to_boundary(&linear(0..SIDE, 20.0), norm, None);
        let pgd = Pgd { norm, eps, eps_step: eps / 10.0, max_iter: 60, ..Pgd::default() };
        let config = Corrector(Evasion { pgd, ..Evasion::default() });
        let (_, score, answer) = attacked(config.into(), guard);
        assert!(score > guard.threshold, "{norm}: not detected, score {score}");
        assert_ne!(answer, Class::ALL[0], "{norm}");
        // A corrected answer that follows from nothing in the picture cannot be attacked.
        let deaf = LeftHalf { threshold: 0.0, corrected_by_right: false };
        assert_eq!(attacked(config.into(), deaf).2, Class::ALL[0], "{norm}");
    }
}

#[test]
fn an_attack_on_the_defence_says_that_it_needs_one() {
    for name in AttackName::ALL {
        let config = AttackOptions::default().resolve(*name, false).unwrap();
        let aim = Target::classifier(linear(0..SIDE, 1.0));
        let started = config.start(&aim, input(grey(1), Class::ALL[0]));
        let needs_defence = config.shape().attacker == Attacker::Defence;
        assert_eq!(started.is_err(), needs_defence, "{name}");
        if let Err(error) = started {
            assert!(error.to_string().contains(&name.to_string()), "{error}");
        }
    }
}

/// A detector whose score has a slope that random draws hide: each draw adds a large one of its own.
struct Noisy;

impl Guard for Noisy {
    fn score(&self, images: Tensor<4>, _logits: Tensor<2>, draw: Draw<'_>) -> Tensor<1> {
        use rand::RngExt;
        let weights: Vec<f32> = draw
            .generators()
            .flat_map(|mut rng| {
                (0..VALUES).map(move |_| rng.random_range(-1.0..1.0)).collect::<Vec<f32>>()
            })
            .collect();
        let noise =
            Tensor::<4>::from_data(TensorData::new(weights, images.dims()), &Device::flex());
        ((images - 0.5) * (noise + 0.5)).flatten::<2>(1, 3).mean_dim(1).squeeze_dim(1)
    }

    fn corrected(&self, images: Tensor<4>, _draw: Draw<'_>) -> Tensor<2> {
        linear(0..SIDE, 2.0).logits(images)
    }

    fn threshold(&self) -> f32 {
        -1.0
    }
}

#[test]
fn the_mean_of_draws_follows_what_the_draws_have_in_common() {
    // The classifier errs from the start, so the attack follows the score, whose common slope is 0.5 in every value.
    let score_after = |eot| {
        let pgd = Pgd { eps: 0.1, eps_step: 0.01, max_iter: 1, ..Pgd::default() };
        let config = SelectivePgd(Evasion { pgd, eot, ..Evasion::default() });
        let aim = Target::defence(linear(0..SIDE, 1.0), Noisy);
        let mut attack =
            AttackConfig::from(config).start(&aim, input(grey(1), Class::ALL[3])).unwrap();
        attack.step().unwrap();
        let moved = attack.step().unwrap().images - grey(1);
        values(moved).iter().sum::<f32>() / (0.01 * VALUES as f32)
    };
    let (one, many) = (score_after(1), score_after(30));
    // A value follows the common slope of 0.5 unless the draw's own is below -0.5: 3 of 4; with 30 draws nearly all.
    assert!((one + 0.5).abs() < 0.05 && many < -0.98, "{one} {many}");
}
