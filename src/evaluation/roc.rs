//! The receiver operating characteristic.

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

    #[test]
    fn extremes() {
        assert_eq!(area_under_roc(&[0.0, 1.0], &[2.0, 3.0]), Some(1.0));
        assert_eq!(area_under_roc(&[2.0], &[1.0]), Some(0.0));
        assert_eq!(area_under_roc(&[1.0], &[1.0]), Some(0.5));
        assert_eq!(area_under_roc(&[], &[1.0]), None);
    }
}
