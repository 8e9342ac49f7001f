//! Less contrast: fog, a flat light.

use crate::picture::{PLANE, Picture};

/// Moves every value towards its channel's mean; `factor` is the share of the distance that is left.
pub fn contrast(picture: &Picture, factor: f32) -> Picture {
    let planes = picture.values().chunks_exact(PLANE);
    let values = planes.flat_map(|plane| {
        // In 32 bits a sum of thousands of values is rounded by more than a faint contrast leaves.
        let mean = (plane.iter().map(|v| f64::from(*v)).sum::<f64>() / PLANE as f64) as f32;
        plane.iter().map(move |value| (value - mean) * factor + mean)
    });
    Picture::clamped(values.collect()).expect("a product of finite values is finite")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corruption::tests::detailed;

    #[test]
    fn each_channel_keeps_its_mean_and_a_share_of_its_deviation() {
        let moments = |plane: &[f32]| {
            let of = |f: &dyn Fn(f64) -> f64| {
                plane.iter().map(|v| f(f64::from(*v))).sum::<f64>() / PLANE as f64
            };
            let mean = of(&|v| v);
            (mean, of(&|v| (v - mean).powi(2)).sqrt())
        };
        let picture = detailed();
        let changed = contrast(&picture, 0.3);
        let planes = picture.values().chunks_exact(PLANE).zip(changed.values().chunks_exact(PLANE));
        for (before, after) in planes {
            let ((mean, deviation), (mean_after, deviation_after)) =
                (moments(before), moments(after));
            assert!((mean - mean_after).abs() < 1e-5);
            assert!((deviation_after / deviation - 0.3).abs() < 1e-4);
        }
    }
}
