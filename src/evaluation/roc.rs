//! What a detector finds at every threshold: the receiver operating characteristic, and precision against recall.

use serde::Serialize;

/// A curve's points, each list as long as the other.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Curve {
    /// False-positive rate, or recall; ascending.
    pub x: Vec<f64>,
    /// True-positive rate, or precision.
    pub y: Vec<f64>,
}

/// Clean and attacked pictures whose score is at least that of a threshold, for all thresholds that tell pictures apart, the
/// highest first; before them none.
fn counts(clean: &[f32], attacked: &[f32]) -> Vec<(usize, usize)> {
    let marked = |scores: &[f32], attacked| -> Vec<(f32, bool)> {
        scores.iter().map(|score| (*score, attacked)).collect()
    };
    let mut all = [marked(clean, false), marked(attacked, true)].concat();
    all.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut points = vec![(0, 0)];
    let (mut false_positives, mut true_positives) = (0, 0);
    for (place, (score, attacked)) in all.iter().enumerate() {
        if *attacked {
            true_positives += 1;
        } else {
            false_positives += 1;
        }
        if all.get(place + 1).is_none_or(|(next, _)| next < score) {
            points.push((false_positives, true_positives));
        }
    }
    points
}

/// True-positive rate against false-positive rate, from (0, 0) to (1, 1); empty when either list is.
pub fn roc(clean: &[f32], attacked: &[f32]) -> Curve {
    if clean.is_empty() || attacked.is_empty() {
        return Curve::default();
    }
    let points = counts(clean, attacked).into_iter();
    let rate = |(f, t)| (f as f64 / clean.len() as f64, t as f64 / attacked.len() as f64);
    let (x, y) = points.map(rate).unzip();
    Curve { x, y }
}

/// Precision against recall, from recall 0; empty when either list is.
pub fn precision_recall(clean: &[f32], attacked: &[f32]) -> Curve {
    if clean.is_empty() || attacked.is_empty() {
        return Curve::default();
    }
    let point = |(f, t)| {
        let precision = if f + t == 0 { 1.0 } else { t as f64 / (f + t) as f64 };
        (t as f64 / attacked.len() as f64, precision)
    };
    let (x, y) = counts(clean, attacked).into_iter().map(point).unzip();
    Curve { x, y }
}

impl Curve {
    /// Of a ROC: the highest true-positive rate with at most this false-positive rate.
    pub fn highest_up_to(&self, x: f64) -> f64 {
        let up_to = self.x.partition_point(|at| *at <= x);
        self.y[..up_to].iter().copied().fold(0.0, f64::max)
    }

    /// Of precision against recall: the mean of precision, weighed by the recall that each threshold adds (average
    /// precision).
    pub fn steps_area(&self) -> f64 {
        let steps = self.x.windows(2).zip(&self.y[1.min(self.y.len())..]);
        steps.map(|(x, y)| (x[1] - x[0]) * y).sum()
    }

    /// At most about so many of the points, for files and drawings: those a step of `1 / points` apart along the curve, and
    /// both ends.
    #[must_use]
    pub fn thinned(&self, points: usize) -> Self {
        let mut thin = Self::default();
        let last = self.x.len().saturating_sub(1);
        for (place, (x, y)) in self.x.iter().zip(&self.y).enumerate() {
            let far = match (thin.x.last(), thin.y.last()) {
                (Some(a), Some(b)) => (x - a).abs() + (y - b).abs() >= 2.0 / points as f64,
                _ => true,
            };
            if far || place == last {
                thin.x.push(*x);
                thin.y.push(*y);
            }
        }
        thin
    }
}

/// The chance that a score of `attacked` is higher than one of `clean`, ties counted half: the area
/// under the ROC curve (Mann-Whitney's U). `None` when either is empty.
pub fn area_under_roc(clean: &[f32], attacked: &[f32]) -> Option<f64> {
    if clean.is_empty() || attacked.is_empty() {
        return None;
    }
    let mut sorted = clean.to_vec();
    sorted.sort_by(f32::total_cmp);
    let wins: f64 = attacked
        .iter()
        .map(|score| {
            let below = sorted.partition_point(|c| c < score);
            let not_above = sorted.partition_point(|c| c <= score);
            (below + not_above) as f64 / 2.0
        })
        .sum();
    Some(wins / (clean.len() as f64 * attacked.len() as f64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn equals_the_share_of_pairs(
            clean in prop::collection::vec(0u8..20, 1..30), attacked in prop::collection::vec(0u8..20, 1..30)
        ) {
            let f = |v: &[u8]| v.iter().map(|x| f32::from(*x)).collect::<Vec<_>>();
            let mut wins = 0.0;
            for a in &attacked {
                for c in &clean {
                    wins += if a > c { 1.0 } else if a == c { 0.5 } else { 0.0 };
                }
            }
            let pairs = (clean.len() * attacked.len()) as f64;
            let area = area_under_roc(&f(&clean), &f(&attacked)).unwrap();
            prop_assert!((area - wins / pairs).abs() < 1e-12);
        }
    }

    /// scikit-learn 1.9.1 on these scores, in sixteenths: `roc_curve` and `precision_recall_curve` (37 points each),
    /// `roc_auc_score`, `average_precision_score`, and `max(tpr[fpr <= 0.01])` and so on.
    #[test]
    fn curves_and_areas_are_scikit_learn_s() {
        let scores = |sixteenths: [u8; 60]| sixteenths.map(|n| f32::from(n) / 16.0);
        let (clean, attacked) = (scores(CLEAN), scores(ATTACKED));
        let roc = super::roc(&clean, &attacked);
        let near = |a: f64, b: f64| (a - b).abs() < 1e-12;
        assert_eq!((roc.x.len(), roc.y.len()), (37, 37));
        for (place, x, y) in [
            (8, 0.0, 0.133_333_333_333_333_33),
            (9, 0.016_666_666_666_666_666, 0.166_666_666_666_666_66),
            (17, 0.033_333_333_333_333_33, 0.4),
            (27, 0.2, 0.65),
            (36, 1.0, 1.0),
        ] {
            assert!(near(roc.x[place], x) && near(roc.y[place], y), "{place}");
        }
        for (x, y) in
            [(0.01, 0.133_333_333_333_333_33), (0.05, 0.4), (0.5, 0.833_333_333_333_333_4)]
        {
            assert!(near(roc.highest_up_to(x), y), "{x}");
        }
        let trapezoids = roc.x.windows(2).zip(roc.y.windows(2));
        let area: f64 = trapezoids.map(|(x, y)| (x[1] - x[0]) * (y[0] + y[1]) / 2.0).sum();
        let counted = area_under_roc(&clean, &attacked).unwrap();
        assert!(near(area, 0.797_5) && near(counted, 0.797_5), "{area} {counted}");
        let curve = precision_recall(&clean, &attacked);
        assert_eq!((curve.x.len(), curve.x[0], curve.y[0]), (37, 0.0, 1.0));
        assert_eq!((curve.x[36], curve.y[36]), (1.0, 0.5));
        assert!(near(curve.steps_area(), 0.816_202_861_029_988_4), "{}", curve.steps_area());
    }

    const CLEAN: [u8; 60] = [
        10, 0, 2, 3, 2, 4, 2, 3, 10, 0, 2, 6, 2, 0, 5, 4, 0, 1, 1, 3, 12, 7, 28, 9, 2, 2, 5, 34, 4,
        5, 2, 3, 3, 6, 8, 5, 4, 5, 4, 1, 21, 0, 2, 3, 11, 9, 10, 3, 4, 10, 5, 3, 21, 0, 3, 2, 4, 0,
        4, 4,
    ];
    const ATTACKED: [u8; 60] = [
        86, 15, 22, 5, 15, 6, 3, 10, 117, 22, 34, 29, 29, 5, 13, 39, 0, 9, 24, 1, 28, 33, 0, 3, 26,
        15, 1, 29, 2, 92, 26, 22, 5, 35, 71, 34, 48, 9, 7, 18, 5, 31, 18, 9, 3, 8, 15, 15, 8, 68,
        6, 5, 15, 4, 1, 29, 19, 8, 14, 25,
    ];

    #[test]
    fn a_thinned_curve_keeps_its_ends_and_stays_near_the_whole_one() {
        let clean: Vec<f32> = (0..4000).map(|n| n as f32).collect();
        let attacked: Vec<f32> = (0..4000).map(|n| n as f32 * 1.7).collect();
        let whole = roc(&clean, &attacked);
        let thin = whole.thinned(100);
        assert!((50..=110).contains(&thin.x.len()), "{}", thin.x.len());
        assert_eq!((thin.x[0], thin.y[0]), (0.0, 0.0));
        assert_eq!((thin.x.last(), thin.y.last()), (Some(&1.0), Some(&1.0)));
        for (x, y) in whole.x.iter().zip(&whole.y) {
            let apart = |(a, b): (&f64, &f64)| (a - x).abs() + (b - y).abs();
            let nearest = thin.x.iter().zip(&thin.y).map(apart).fold(f64::MAX, f64::min);
            assert!(nearest < 0.025, "{x} {y}");
        }
        assert_eq!(Curve::default().thinned(100), Curve::default());
        assert_eq!(Curve::default().steps_area(), 0.0);
        assert_eq!(roc(&[], &[1.0]), Curve::default());
    }

    #[test]
    fn extremes() {
        assert_eq!(area_under_roc(&[0.0, 1.0], &[2.0, 3.0]), Some(1.0));
        assert_eq!(area_under_roc(&[2.0], &[1.0]), Some(0.0));
        assert_eq!(area_under_roc(&[1.0], &[1.0]), Some(0.5));
        assert_eq!(area_under_roc(&[], &[1.0]), None);
    }
}
