//! Everything against the definitions, written as plainly as they stand, in `f64`.

use crate::layout::{channels_first, channels_last};
use crate::{Filter, Geometry, Network, Step, norm, pool, weight_gradient};

/// Numbers that look random, in -0.5..0.5.
fn numbers(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..count)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 40) as f32 / (1u64 << 24) as f32 - 0.5
        })
        .collect()
}

/// Calls `f` with (output index, input index, weight index) of every product of a convolution of one picture,
/// channels last.
fn products(g: &Geometry, mut f: impl FnMut(usize, usize, usize)) {
    for (oy, ox) in (0..g.ho).flat_map(|y| (0..g.wo).map(move |x| (y, x))) {
        for (ky, kx) in (0..g.kernel).flat_map(|y| (0..g.kernel).map(move |x| (y, x))) {
            let (y, x) = (oy * g.stride + ky, ox * g.stride + kx);
            if y < g.padding || x < g.padding || y >= g.h + g.padding || x >= g.w + g.padding {
                continue;
            }
            let (y, x) = (y - g.padding, x - g.padding);
            for (o, c) in (0..g.cout).flat_map(|o| (0..g.cin).map(move |c| (o, c))) {
                let weight = ((o * g.cin + c) * g.kernel + ky) * g.kernel + kx;
                f((oy * g.wo + ox) * g.cout + o, (y * g.w + x) * g.cin + c, weight);
            }
        }
    }
}

fn plain_convolution(g: &Geometry, x: &[f32], weight: &[f32]) -> Vec<f64> {
    let mut all = Vec::new();
    for x in x.chunks(g.input_len()) {
        let mut y = vec![0.0; g.output_len()];
        products(g, |to, from, w| y[to] += f64::from(x[from]) * f64::from(weight[w]));
        all.extend(y);
    }
    all
}

fn plain_transposed(g: &Geometry, dy: &[f32], weight: &[f32]) -> Vec<f64> {
    let mut all = Vec::new();
    for dy in dy.chunks(g.output_len()) {
        let mut dx = vec![0.0; g.input_len()];
        products(g, |to, from, w| dx[from] += f64::from(dy[to]) * f64::from(weight[w]));
        all.extend(dx);
    }
    all
}

fn plain_weight_gradient(g: &Geometry, x: &[f32], dy: &[f32]) -> Vec<f64> {
    let mut dw = vec![0.0; g.weights_len()];
    for (x, dy) in x.chunks(g.input_len()).zip(dy.chunks(g.output_len())) {
        products(g, |to, from, w| dw[w] += f64::from(x[from]) * f64::from(dy[to]));
    }
    dw
}

/// The largest distance, relative to the largest value.
fn apart(values: &[f32], expected: &[f64]) -> f64 {
    assert_eq!(values.len(), expected.len());
    let largest = expected.iter().fold(0.0f64, |a, b| a.max(b.abs()));
    assert!(largest > 0.0, "all is zero");
    let distances = values.iter().zip(expected).map(|(a, b)| (f64::from(*a) - b).abs());
    distances.fold(0.0, |worst, d| if d > worst || d.is_nan() { d } else { worst }) / largest
}

/// Direct sums of `f32`.
const DIRECT: f64 = 2e-6;
/// Winograd's transforms cost a digit.
const WINOGRAD: f64 = 2e-5;

/// Kernels, strides, paddings, channels and sizes: those of all our networks in small, odd ones, single rows and columns,
/// channels that fill no vector, and pictures that fill no tile.
fn geometries() -> Vec<(Geometry, f64)> {
    let mut all = Vec::new();
    let mut add = |channels, shape, size, tolerance| {
        all.push((Geometry::convolution(channels, shape, size), tolerance));
    };
    for (channels, size) in [
        ([3, 32], [24, 24]),
        ([1, 1], [1, 1]),
        ([5, 7], [3, 9]),
        ([8, 3], [13, 6]),
        ([160, 32], [6, 6]),
        ([17, 33], [7, 11]),
        ([2, 16], [1, 40]),
    ] {
        add(channels, [3, 1, 1], size, DIRECT);
    }
    for (channels, size) in [
        ([16, 16], [8, 8]),
        ([32, 64], [12, 12]),
        ([24, 40], [9, 14]),
        ([64, 16], [13, 31]),
        ([16, 48], [48, 8]),
    ] {
        add(channels, [3, 1, 1], size, WINOGRAD);
    }
    // The third and the fourth are computed in several bands of rows, forward and back.
    for (channels, size) in [
        ([3, 32], [24, 24]),
        ([32, 20], [12, 12]),
        ([96, 20], [20, 24]),
        ([20, 96], [40, 24]),
        ([5, 6], [7, 9]),
        ([1, 1], [2, 2]),
    ] {
        add(channels, [4, 2, 1], size, DIRECT);
    }
    for (channels, shape, size) in [
        ([3, 8], [4, 4, 0], [24, 24]),
        ([3, 20], [8, 8, 0], [16, 24]),
        ([4, 5], [1, 1, 0], [5, 7]),
        ([4, 5], [1, 3, 0], [5, 7]),
        ([3, 4], [5, 2, 2], [11, 8]),
        ([3, 4], [2, 3, 1], [9, 10]),
        ([3, 4], [7, 1, 3], [5, 4]),
        ([6, 4], [3, 2, 0], [8, 9]),
    ] {
        add(channels, shape, size, DIRECT);
    }
    all
}

#[test]
fn convolutions_and_all_their_gradients_are_what_the_definition_says() {
    for (i, (g, tolerance)) in geometries().into_iter().enumerate() {
        for n in [1, 3, 5] {
            let x = numbers(n * g.input_len(), i as u64 + 1);
            let dy = numbers(n * g.output_len(), i as u64 + 100);
            let weight = numbers(g.weights_len(), i as u64 + 200);
            let y = Filter::convolution(&weight, g).run(&x, &[], false);
            let error = apart(&y, &plain_convolution(&g, &x, &weight));
            assert!(error < tolerance, "forward, {g:?}, {n}: {error:e}");
            let dx = Filter::transposed(&weight, g).run(&dy, &[], false);
            let error = apart(&dx, &plain_transposed(&g, &dy, &weight));
            assert!(error < tolerance, "back, {g:?}, {n}: {error:e}");
            let (dw, db) = weight_gradient(&x, &dy, &g);
            let error = apart(&dw, &plain_weight_gradient(&g, &x, &dy));
            assert!(error < DIRECT, "weights, {g:?}, {n}: {error:e}");
            let mut sums = vec![0.0; g.cout];
            for dy in dy.chunks(g.cout) {
                sums.iter_mut().zip(dy).for_each(|(sum, dy)| *sum += f64::from(*dy));
            }
            let error = apart(&db, &sums);
            assert!(error < 2e-5, "bias, {g:?}, {n}: {error:e}");
        }
    }
}

#[test]
fn a_transposed_geometry_is_that_of_the_convolution_it_undoes() {
    let up = Geometry::transposed([128, 64], [4, 2, 1], [12, 10]);
    assert_eq!(up, Geometry::convolution([64, 128], [4, 2, 1], [24, 20]));
}

#[test]
fn bias_and_relu_come_after_the_sum() {
    for (channels, size) in [([5, 19], [7, 5]), ([16, 24], [9, 9])] {
        let g = Geometry::convolution(channels, [3, 1, 1], size);
        let (x, weight) = (numbers(2 * g.input_len(), 1), numbers(g.weights_len(), 2));
        for back in [false, true] {
            let filter =
                if back { Filter::transposed(&weight, g) } else { Filter::convolution(&weight, g) };
            let x = if back { numbers(2 * g.output_len(), 3) } else { x.clone() };
            let c = if back { g.cin } else { g.cout };
            let bias = numbers(c, 4);
            let plain = filter.run(&x, &[], false);
            let mut expected: Vec<f32> =
                plain.iter().enumerate().map(|(i, v)| v + bias[i % c]).collect();
            let close = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5);
            assert!(close(&filter.run(&x, &bias, false), &expected));
            expected.iter_mut().for_each(|v| *v = v.max(0.0));
            assert!(close(&filter.run(&x, &bias, true), &expected));
            assert!(expected.contains(&0.0), "ReLU had nothing to do");
        }
    }
}

#[test]
fn pooling_takes_the_largest_and_the_first_of_equal_ones() {
    let [h, w, c] = [5, 7, 3];
    let mut x = numbers(2 * h * w * c, 1);
    x[..h * w * c].iter_mut().for_each(|v| *v = (*v * 4.0).round()); // many equal ones
    let dy = numbers(2 * (h / 2) * (w / 2) * c, 2);
    let (y, dx) = (pool::max(&x, [h, w, c]), pool::gradient(&x, &dy, [h, w, c]));
    let (mut plain_y, mut plain_dx) = (Vec::new(), vec![0.0; x.len()]);
    for n in 0..2 {
        for (oy, ox, k) in
            (0..h / 2).flat_map(|y| (0..w / 2).flat_map(move |x| (0..c).map(move |k| (y, x, k))))
        {
            let window = [(0, 0), (0, 1), (1, 0), (1, 1)]
                .map(|(dy, dx)| ((n * h + 2 * oy + dy) * w + 2 * ox + dx) * c + k);
            let mut best = window[0];
            for at in window {
                if x[at] > x[best] {
                    best = at;
                }
            }
            plain_dx[best] = dy[plain_y.len()];
            plain_y.push(x[best]);
        }
    }
    assert_eq!(y, plain_y);
    assert_eq!(dx, plain_dx);
}

/// relu(norm(x)) weighted by `dy` and summed, in `f64`.
fn plain_norm(x: &[f64], gamma: &[f64], beta: &[f64], dy: &[f32]) -> (Vec<f64>, f64) {
    let c = gamma.len();
    let rows = (x.len() / c) as f64;
    let column = |i: usize| x.iter().skip(i).step_by(c);
    let mut y = vec![0.0; x.len()];
    for i in 0..c {
        let mean = column(i).sum::<f64>() / rows;
        let variance = column(i).map(|v| (v - mean).powi(2)).sum::<f64>() / rows;
        for (y, x) in y.iter_mut().skip(i).step_by(c).zip(column(i)) {
            *y = (gamma[i] * (x - mean) / (variance + 1e-5).sqrt() + beta[i]).max(0.0);
        }
    }
    let sum = y.iter().zip(dy).map(|(y, dy)| y * f64::from(*dy)).sum();
    (y, sum)
}

#[test]
fn batch_normalisation_and_its_gradients_agree_with_finite_differences() {
    let (rows, c) = (700, 5); // more than one block of rows
    let mut x = numbers(rows * c, 1);
    x.iter_mut().skip(2).step_by(c).for_each(|v| *v += 30.0); // a large mean costs the variance no digits
    let dy = numbers(rows * c, 2);
    let (gamma, beta) = (numbers(c, 3), numbers(c, 4));
    let wide = |v: &[f32]| v.iter().map(|v| f64::from(*v)).collect::<Vec<_>>();
    let (y, statistics) = norm::forward(&x, &gamma, &beta, 1e-5);
    let (expected, _) = plain_norm(&wide(&x), &wide(&gamma), &wide(&beta), &dy);
    assert!(apart(&y, &expected) < 1e-5);
    let mean = wide(&x).iter().skip(2).step_by(c).sum::<f64>() / rows as f64;
    assert!((f64::from(statistics.mean[2]) - mean).abs() < 1e-5);
    let (dx, dgamma, dbeta) = norm::gradient(&x, &dy, &gamma, &beta, &statistics, 1e-5);
    let slope = |which: usize, at: usize| {
        let moved = |by: f64| {
            let mut all = [wide(&x), wide(&gamma), wide(&beta)];
            all[which][at] += by;
            plain_norm(&all[0], &all[1], &all[2], &dy).1
        };
        (moved(1e-6) - moved(-1e-6)) / 2e-6
    };
    for (which, gradient) in [&dx, &dgamma, &dbeta].into_iter().enumerate() {
        let largest = gradient.iter().fold(0.0f32, |a, b| a.max(b.abs()));
        for at in (0..gradient.len()).step_by(if which == 0 { 97 } else { 1 }) {
            let (found, expected) = (f64::from(gradient[at]), slope(which, at));
            let error = (found - expected).abs() / f64::from(largest);
            assert!(error < 1e-3, "{which}, {at}: {found} and {expected}");
        }
    }
}

/// A chain with all that there is: pooled, Winograd's, strided, transposed, without ReLU.
fn steps() -> Vec<Step> {
    let mut seed = 0;
    let mut step = |geometry: Geometry, transposed: bool, relu: bool, pool: bool| {
        seed += 1;
        let channels = if transposed { geometry.cin } else { geometry.cout };
        Step {
            geometry,
            transposed,
            weight: numbers(geometry.weights_len(), seed),
            bias: if seed == 3 { vec![] } else { numbers(channels, seed + 50) },
            relu,
            pool,
        }
    };
    vec![
        step(Geometry::convolution([3, 16], [3, 1, 1], [20, 20]), false, true, true),
        step(Geometry::convolution([16, 32], [3, 1, 1], [10, 10]), false, true, true),
        step(Geometry::convolution([32, 24], [3, 1, 1], [5, 5]), false, true, false),
        step(Geometry::transposed([24, 16], [4, 2, 1], [5, 5]), true, true, false),
        step(Geometry::convolution([16, 16], [3, 1, 1], [10, 10]), false, false, true),
        step(Geometry::convolution([16, 5], [4, 2, 1], [5, 5]), false, false, false),
    ]
}

/// The same chain, one layer of the whole batch after the other, with its way back.
fn plain_chain(steps: &[Step], x: &[f32], dy: &[f32]) -> (Vec<f32>, Vec<f32>) {
    let mut values = vec![x.to_vec()];
    for step in steps {
        let filter = if step.transposed { Filter::transposed } else { Filter::convolution };
        let y =
            filter(&step.weight, step.geometry).run(values.last().unwrap(), &step.bias, step.relu);
        values.push(y);
        if step.pool {
            let pooled = pool::max(values.last().unwrap(), step.comes_out());
            values.push(pooled);
        }
    }
    let y = values.pop().unwrap();
    let mut last = y.clone();
    let mut dy = dy.to_vec();
    for step in steps.iter().rev() {
        if step.pool {
            last = values.pop().unwrap();
            dy = pool::gradient(&last, &dy, step.comes_out());
        }
        if step.relu {
            dy.iter_mut().zip(&last).for_each(|(dy, y)| *dy = if *y > 0.0 { *dy } else { 0.0 });
        }
        let filter = if step.transposed { Filter::convolution } else { Filter::transposed };
        dy = filter(&step.weight, step.geometry).run(&dy, &[], false);
        last = values.pop().unwrap();
    }
    (y, dy)
}

#[test]
fn a_network_is_its_layers_one_after_the_other_and_so_is_its_gradient() {
    let steps = steps();
    let network = Network::new(steps.clone());
    assert_eq!((network.goes_in(), network.comes_out()), ([20, 20, 3], [2, 2, 5]));
    for n in [1, 2, 9, 17] {
        let x = numbers(n * 20 * 20 * 3, n as u64);
        let dy = numbers(n * 2 * 2 * 5, n as u64 + 1);
        let (y, trace) = network.forward_traced(&channels_first(&x, 3, 400));
        assert_eq!(y, network.forward(&channels_first(&x, 3, 400)));
        let dx = network.gradient(&channels_first(&dy, 5, 4), &trace);
        let (plain_y, plain_dx) = plain_chain(&steps, &x, &dy);
        let wide = |v: &[f32]| v.iter().map(|v| f64::from(*v)).collect::<Vec<_>>();
        assert!(apart(&channels_last(&y, 5, 4), &wide(&plain_y)) < 1e-6);
        assert!(apart(&channels_last(&dx, 3, 400), &wide(&plain_dx)) < 1e-6);
    }
}

/// A training that diverges must be noticed, so ReLU and pooling keep NaN.
#[test]
fn nan_is_not_lost() {
    for (channels, size) in [([3, 19], [6, 5]), ([16, 24], [8, 8])] {
        let g = Geometry::convolution(channels, [3, 1, 1], size);
        let (mut x, weight) = (numbers(g.input_len(), 1), numbers(g.weights_len(), 2));
        x[0] = f32::NAN;
        let y = Filter::convolution(&weight, g).run(&x, &[], true);
        assert!(y[..g.cout].iter().all(|y| y.is_nan()), "{g:?}");
    }
    for place in 0..4 {
        let mut window = [1.0; 4];
        window[place] = f32::NAN;
        assert!(pool::max(&window, [2, 2, 1])[0].is_nan(), "{place}");
    }
    let (y, _) = norm::forward(&[1.0, 2.0, f32::NAN, 4.0], &[1.0], &[0.0], 1e-5);
    assert!(y.iter().all(|y| y.is_nan()));
}

#[test]
fn layouts_turn_into_each_other() {
    let x: Vec<f32> = (0..2 * 3 * 20).map(|i| i as f32).collect();
    let y = channels_last(&x, 3, 20);
    assert_eq!(y[20 * 3 + 7 * 3 + 2], x[20 * 3 + 2 * 20 + 7]);
    assert_eq!(channels_first(&y, 3, 20), x);
}

#[test]
fn what_does_not_fit_is_refused() {
    let g = Geometry::convolution([2, 3], [3, 1, 1], [4, 4]);
    let panics = |f: fn(Geometry)| std::panic::catch_unwind(|| f(g)).is_err();
    assert!(panics(|g| drop(Filter::convolution(&[0.0; 53], g))));
    assert!(panics(|g| drop(Filter::convolution(&[0.0; 54], g).run(&[0.0; 33], &[], false))));
    assert!(panics(|g| drop(Filter::convolution(&[0.0; 54], g).run(&[0.0; 32], &[0.0; 2], false))));
    assert!(panics(|g| drop(weight_gradient(&[0.0; 64], &[0.0; 48], &g))));
}

#[test]
#[should_panic(expected = "the kernel is too large")]
fn a_kernel_larger_than_the_picture_is_refused() {
    let _ = Geometry::convolution([1, 1], [5, 1, 1], [2, 9]);
}

#[test]
#[should_panic(expected = "the same pictures")]
fn a_trace_belongs_to_its_pictures() {
    let network = Network::new(steps());
    let (_, trace) = network.forward_traced(&numbers(3 * 20 * 20 * 3, 1));
    drop(network.gradient(&numbers(4 * 2 * 2 * 5, 2), &trace));
}
