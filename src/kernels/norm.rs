//! Batch normalisation (Ioffe & Szegedy 2015, arXiv 1502.03167) followed by ReLU, as it is while training: with the
//! batch's own statistics.

use crate::parallel::{for_each, map, threads};
use crate::vector::loops;

/// Statistics of a batch by channel.
#[derive(Clone, Debug)]
pub struct Statistics {
    /// Means.
    pub mean: Vec<f32>,
    /// Variances, divided by the count (not by one less).
    pub variance: Vec<f32>,
}

/// Rows whose sums are taken in `f32`, before they are added up in `f64`.
const ROWS: usize = 256;

/// relu(gamma (x - mean) / sqrt(variance + epsilon) + beta) of rows of channels, [rows, c], and the statistics.
///
/// # Panics
/// When `x` is not whole rows, or there are none.
pub fn forward(x: &[f32], gamma: &[f32], beta: &[f32], epsilon: f32) -> (Vec<f32>, Statistics) {
    let c = gamma.len();
    assert!(beta.len() == c && !x.is_empty() && x.len().is_multiple_of(c), "rows of channels");
    let statistics = statistics(x, c);
    let (scale, shift) = affine(gamma, beta, &statistics, epsilon);
    let mut y = vec![0.0; x.len()];
    let part = part(x.len() / c) * c;
    for_each(x.chunks(part).zip(y.chunks_mut(part)).collect(), |(x, y)| {
        loops(
            #[inline(always)]
            || {
                for (x, y) in x.chunks_exact(c).zip(y.chunks_exact_mut(c)) {
                    for i in 0..c {
                        let value = x[i] * scale[i] + shift[i];
                        y[i] = if value < 0.0 { 0.0 } else { value }; // NaN stays
                    }
                }
            },
        );
    });
    (y, statistics)
}

/// The gradients of x, gamma and beta.
///
/// # Panics
/// When the sizes do not fit together.
pub fn gradient(
    x: &[f32],
    dy: &[f32],
    gamma: &[f32],
    beta: &[f32],
    statistics: &Statistics,
    epsilon: f32,
) -> (Vec<f32>, Vec<f32>, Vec<f32>) {
    let c = gamma.len();
    assert!(x.len() == dy.len() && x.len().is_multiple_of(c), "one gradient for each value");
    let count = (x.len() / c) as f64;
    let (scale, shift) = affine(gamma, beta, statistics, epsilon);
    let part = part(x.len() / c) * c;
    let jobs: Vec<_> = x.chunks(part).zip(dy.chunks(part)).collect();
    // Sums of dy' and dy' x, where dy' is what ReLU lets through.
    let sums = map(jobs, |(x, dy)| {
        let mut sums = [vec![0f64; c], vec![0f64; c]];
        for (x, dy) in x.chunks(ROWS * c).zip(dy.chunks(ROWS * c)) {
            let (mut plain, mut weighted) = (vec![0f32; c], vec![0f32; c]);
            loops(
                #[inline(always)]
                || {
                    let (plain, weighted) = (&mut plain[..c], &mut weighted[..c]);
                    let (scale, shift) = (&scale[..c], &shift[..c]);
                    for (x, dy) in x.chunks_exact(c).zip(dy.chunks_exact(c)) {
                        for i in 0..c {
                            let dy = if x[i] * scale[i] + shift[i] > 0.0 { dy[i] } else { 0.0 };
                            plain[i] += dy;
                            weighted[i] += dy * x[i];
                        }
                    }
                },
            );
            for (sums, part) in sums.iter_mut().zip([plain, weighted]) {
                sums.iter_mut().zip(part).for_each(|(sum, part)| *sum += f64::from(part));
            }
        }
        sums
    });
    let total = |which: usize, i: usize| sums.iter().map(|sums| sums[which][i]).sum::<f64>();
    let (mut dgamma, mut dbeta) = (Vec::with_capacity(c), Vec::with_capacity(c));
    // dx = scale (dy' - mean(dy') - x^ mean(dy' x^)) = scale dy' - offset - slope x
    let (mut offset, mut slope) = (Vec::with_capacity(c), Vec::with_capacity(c));
    for (i, gamma) in gamma.iter().enumerate() {
        let (mean, variance) = (f64::from(statistics.mean[i]), f64::from(statistics.variance[i]));
        let inverse = 1.0 / (variance + f64::from(epsilon)).sqrt();
        let plain = total(0, i);
        let normalised = (total(1, i) - mean * plain) * inverse;
        dbeta.push(plain as f32);
        dgamma.push(normalised as f32);
        let scale = f64::from(*gamma) * inverse;
        let of_x = scale * inverse * normalised / count;
        slope.push(of_x as f32);
        offset.push((scale * plain / count - of_x * mean) as f32);
    }
    let mut dx = vec![0.0; x.len()];
    let jobs = x.chunks(part).zip(dy.chunks(part)).zip(dx.chunks_mut(part));
    for_each(jobs.collect(), |((x, dy), dx)| {
        loops(
            #[inline(always)]
            || {
                let (scale, shift) = (&scale[..c], &shift[..c]);
                let (slope, offset) = (&slope[..c], &offset[..c]);
                for ((x, dy), dx) in
                    x.chunks_exact(c).zip(dy.chunks_exact(c)).zip(dx.chunks_exact_mut(c))
                {
                    for i in 0..c {
                        let dy = if x[i] * scale[i] + shift[i] > 0.0 { dy[i] } else { 0.0 };
                        dx[i] = dy * scale[i] - offset[i] - slope[i] * x[i];
                    }
                }
            },
        );
    });
    (dx, dgamma, dbeta)
}

/// Rows of a job.
fn part(rows: usize) -> usize {
    rows.div_ceil(threads()).max(1)
}

/// By channel: the scale and the shift that normalise.
fn affine(
    gamma: &[f32],
    beta: &[f32],
    statistics: &Statistics,
    epsilon: f32,
) -> (Vec<f32>, Vec<f32>) {
    let scales = gamma.iter().zip(&statistics.variance);
    let scale: Vec<f32> = scales.map(|(gamma, v)| gamma / (v + epsilon).sqrt()).collect();
    let shifts = beta.iter().zip(&statistics.mean).zip(&scale);
    let shift = shifts.map(|((beta, mean), scale)| beta - mean * scale).collect();
    (scale, shift)
}

/// Mean and variance of each channel: of [`ROWS`] rows at a time, which stay in the cache for both passes, then put
/// together (Chan et al. 1979), so that large means cost no digits.
fn statistics(x: &[f32], c: usize) -> Statistics {
    let part = part(x.len() / c).next_multiple_of(ROWS) * c;
    let parts = map(x.chunks(part).collect(), |x| {
        let mut all = Moments::new(c);
        for x in x.chunks(ROWS * c) {
            all.add(&Moments::of(x, c));
        }
        all
    });
    let mut all = Moments::new(c);
    parts.iter().for_each(|part| all.add(part));
    Statistics {
        mean: all.mean.iter().map(|mean| *mean as f32).collect(),
        variance: all.squares.iter().map(|s| (s / all.count) as f32).collect(),
    }
}

/// Count, means, and sums of squared distances from the means.
struct Moments {
    count: f64,
    mean: Vec<f64>,
    squares: Vec<f64>,
}

impl Moments {
    fn new(c: usize) -> Self {
        Self { count: 0.0, mean: vec![0.0; c], squares: vec![0.0; c] }
    }

    /// Of at most [`ROWS`] rows.
    fn of(x: &[f32], c: usize) -> Self {
        let count = x.len() / c;
        let mut mean = vec![0f32; c];
        let mut squares = vec![0f32; c];
        loops(
            #[inline(always)]
            || {
                for x in x.chunks_exact(c) {
                    mean.iter_mut().zip(x).for_each(|(sum, x)| *sum += x);
                }
                mean.iter_mut().for_each(|sum| *sum /= count as f32);
                for x in x.chunks_exact(c) {
                    for ((sum, mean), x) in squares.iter_mut().zip(&mean).zip(x) {
                        *sum += (x - mean) * (x - mean);
                    }
                }
            },
        );
        Self {
            count: count as f64,
            mean: mean.into_iter().map(f64::from).collect(),
            squares: squares.into_iter().map(f64::from).collect(),
        }
    }

    fn add(&mut self, other: &Moments) {
        let count = self.count + other.count;
        for i in 0..self.mean.len() {
            let apart = other.mean[i] - self.mean[i];
            self.mean[i] += apart * other.count / count;
            self.squares[i] += other.squares[i] + apart * apart * self.count * other.count / count;
        }
        self.count = count;
    }
}
