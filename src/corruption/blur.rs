//! Gaussian blur: an image out of focus.

use crate::picture::{PLANE, Picture, SIDE};

/// The kernel ends at so many standard deviations.
const REACH: f32 = 3.0;

/// Blurs with a Gaussian of `sigma` pixels; pixels beyond the border repeat it. 0 changes nothing.
pub fn blur(picture: &Picture, sigma: f32) -> Picture {
    let kernel = kernel(sigma);
    let planes = picture.values().chunks_exact(PLANE);
    // A Gaussian is separable: along the rows, then along the columns.
    let blurred = planes.flat_map(|plane| columns(&rows(plane, &kernel), &kernel));
    Picture::clamped(blurred.collect()).expect("a mean of finite values is finite")
}

/// The weights of 2 r + 1 neighbours; they sum to one.
fn kernel(sigma: f32) -> Vec<f32> {
    let reach = (REACH * sigma).ceil() as i32;
    let weight = |distance: i32| match distance {
        0 => 1.0,
        distance => (-0.5 * (distance as f32 / sigma).powi(2)).exp(),
    };
    let weights: Vec<f32> = (-reach..=reach).map(weight).collect();
    let sum: f32 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}

fn rows(plane: &[f32], kernel: &[f32]) -> Vec<f32> {
    let reach = kernel.len() / 2;
    let mut blurred = vec![0.0; PLANE];
    for (row, blurred) in plane.chunks_exact(SIDE).zip(blurred.chunks_exact_mut(SIDE)) {
        let mut padded = vec![row[0]; reach];
        padded.extend_from_slice(row);
        padded.resize(SIDE + 2 * reach, row[SIDE - 1]);
        for (weight, neighbours) in kernel.iter().zip(padded.windows(SIDE)) {
            add(blurred, *weight, neighbours);
        }
    }
    blurred
}

fn columns(plane: &[f32], kernel: &[f32]) -> Vec<f32> {
    let reach = kernel.len() / 2;
    let mut blurred = vec![0.0; PLANE];
    for (y, blurred) in blurred.chunks_exact_mut(SIDE).enumerate() {
        for (k, weight) in kernel.iter().enumerate() {
            let from = (y + k).saturating_sub(reach).min(SIDE - 1);
            add(blurred, *weight, &plane[from * SIDE..(from + 1) * SIDE]);
        }
    }
    blurred
}

fn add(sum: &mut [f32], weight: f32, values: &[f32]) {
    for (sum, value) in sum.iter_mut().zip(values) {
        *sum += weight * value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corruption::tests::detailed;

    /// The definition, in two dimensions and in 64 bits.
    fn by_definition(picture: &Picture, sigma: f64, channel: usize, y: usize, x: usize) -> f64 {
        let reach = (3.0 * sigma).ceil() as i64;
        let at = |y: i64, x: i64| {
            let [y, x] = [y, x].map(|i| i.clamp(0, SIDE as i64 - 1) as usize);
            f64::from(picture.values()[channel * PLANE + y * SIDE + x])
        };
        let (mut sum, mut weights) = (0.0, 0.0);
        for dy in -reach..=reach {
            for dx in -reach..=reach {
                let weight = (-((dy * dy + dx * dx) as f64) / (2.0 * sigma * sigma)).exp();
                sum += weight * at(y as i64 + dy, x as i64 + dx);
                weights += weight;
            }
        }
        sum / weights
    }

    #[test]
    fn a_blur_is_the_mean_under_a_gaussian_borders_included() {
        let picture = detailed();
        for sigma in [0.3, 1.0, 2.5] {
            let blurred = blur(&picture, sigma);
            for (channel, y, x) in [(0, 0, 0), (1, 3, 95), (2, 95, 40), (0, 50, 51), (2, 1, 94)] {
                let expected = by_definition(&picture, f64::from(sigma), channel, y, x);
                let found = f64::from(blurred.values()[channel * PLANE + y * SIDE + x]);
                assert!((found - expected).abs() < 1e-5, "{sigma}: {found} {expected}");
            }
        }
        assert!(blur(&picture, 0.0) == picture);
    }
}
