//! How the scores of clean and of attacked pictures are spread.

use serde::Serialize;

/// Bins a decade.
const BINS: usize = 8;
/// The first and the last decade, as powers of ten, in nats.
const DECADES: (i32, i32) = (-4, 2);

/// How many scores are in each of some ranges.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Histogram {
    /// The ranges' ends in nats, one more than there are ranges, evenly spaced in the logarithm. They are the same in every
    /// evaluation.
    pub edges: Vec<f64>,
    /// Scores in each range; those below the first end count in the first range, those above the last in the last.
    pub counts: Vec<usize>,
}

impl Histogram {
    /// That of these scores.
    pub fn of(scores: impl IntoIterator<Item = f32>) -> Self {
        let (first, last) = DECADES;
        let bins = (last - first) as usize * BINS;
        let edge = |n: usize| 10f64.powf(f64::from(first) + n as f64 / BINS as f64);
        let edges: Vec<f64> = (0..=bins).map(edge).collect();
        let mut counts = vec![0; bins];
        for score in scores {
            let above = edges.partition_point(|edge| *edge <= f64::from(score));
            counts[above.clamp(1, bins) - 1] += 1;
        }
        Self { edges, counts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `numpy.histogram([0.0123, 0.0123, 0.7, 5], numpy.logspace(-4, 2, 49))` counts 2 in bin 16, 1 in 30 and 1 in 37.
    #[test]
    fn counts_are_numpy_s_and_none_is_lost() {
        let of = Histogram::of([0.0123, 0.0123, 0.7, 5.0]);
        assert_eq!((of.edges.len(), of.counts.len()), (49, 48));
        let filled: Vec<_> = of.counts.iter().enumerate().filter(|(_, n)| **n > 0).collect();
        assert_eq!(filled, [(16, &2), (30, &1), (37, &1)]);
        let ends = Histogram::of([0.0, 1e-9, 100.0, 1e9]);
        assert_eq!((ends.counts[0], ends.counts[47]), (2, 2));
    }
}
