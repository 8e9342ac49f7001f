//! Quantiles, interpolated as NumPy's `percentile` interpolates them.

/// The value that this share of the sorted values, 0 to 1, does not exceed; between two values it is interpolated linearly.
///
/// # Panics
/// When there are no values.
pub(crate) fn quantile(sorted: &[f32], share: f64) -> f32 {
    let last = sorted.len() - 1;
    let position = share * last as f64;
    let (below, fraction) = (position.floor() as usize, position.fract() as f32);
    let above = (below + 1).min(last);
    // Rounding must not carry it past its neighbours.
    (sorted[below] + (sorted[above] - sorted[below]) * fraction).min(sorted[above])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_numpy_s() {
        // numpy.percentile([1, 2, 3, 4], [0, 50, 95, 100])
        for (share, expected) in [(0.0, 1.0), (0.5, 2.5), (0.95, 3.85), (1.0, 4.0)] {
            assert!((quantile(&[1.0, 2.0, 3.0, 4.0], share) - expected).abs() < 1e-6);
        }
        assert_eq!(quantile(&[7.0], 0.3), 7.0);
    }
}
