//! The discrete cosine transform of RGB patches: where the residual autoencoder's linear coding starts.

/// The `count` lowest frequencies of RGB patches of `side` x `side`, orthonormal, each [3, side, side]: the
/// cosines that JPEG uses, of the brightness and of two differences of colours.
pub(super) fn lowest_frequencies(side: usize, count: usize) -> Vec<Vec<f32>> {
    // Brightness; red against blue; green against both. Colours count as if three frequencies higher,
    // since pictures hold less of them.
    let colours = [([1.0, 1.0, 1.0], 0), ([1.0, 0.0, -1.0], 3), ([1.0, -2.0, 1.0], 3)];
    let mut all: Vec<_> = (0..3 * side * side)
        .map(|i| (colours[i % 3], i / 3 / side, i / 3 % side))
        .map(|((colour, penalty), v, u)| ((u * u + v * v + penalty, v), colour, v, u))
        .collect();
    all.sort_by_key(|(order, ..)| *order);
    let wave = |frequency: usize, at: usize| {
        let angle = std::f32::consts::PI * frequency as f32 * (at as f32 + 0.5) / side as f32;
        let scale = if frequency == 0 { 1.0 } else { 2.0 };
        angle.cos() * (scale / side as f32).sqrt()
    };
    let pattern = |colour: [f32; 3], v: usize, u: usize| -> Vec<f32> {
        let length = colour.iter().map(|c| c * c).sum::<f32>().sqrt();
        let places = |c: f32| {
            (0..side * side).map(move |i| c / length * wave(v, i / side) * wave(u, i % side))
        };
        colour.into_iter().flat_map(places).collect()
    };
    all.into_iter().take(count).map(|(_, colour, v, u)| pattern(colour, v, u)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequencies_are_orthonormal_and_begin_with_the_mean() {
        for side in [4, 8] {
            let all = lowest_frequencies(side, 3 * side * side);
            assert_eq!(all.len(), 3 * side * side);
            for (i, a) in all.iter().enumerate() {
                for (j, b) in all.iter().enumerate() {
                    let product: f32 = a.iter().zip(b).map(|(a, b)| a * b).sum();
                    assert!((product - f32::from(i == j)).abs() < 1e-4, "{i} {j}: {product}");
                }
            }
            assert!(all[0].iter().all(|v| (v - all[0][0]).abs() < 1e-6));
        }
    }

    #[test]
    fn low_frequencies_of_the_brightness_come_first() {
        for side in [4, 8] {
            let patterns = lowest_frequencies(side, 6);
            // Changes of sign along the first row and the first column of the first channel.
            let changes = |pattern: &[f32], step: usize| {
                let line: Vec<f32> = (0..side).map(|i| pattern[i * step]).collect();
                line.windows(2).filter(|pair| pair[0] * pair[1] < 0.0).count()
            };
            let grey = |pattern: &[f32]| {
                let plane = side * side;
                (0..plane).all(|i| (pattern[i] - pattern[plane + i]).abs() < 1e-6)
            };
            let found: Vec<(bool, usize, usize)> =
                patterns.iter().map(|p| (grey(p), changes(p, 1), changes(p, side))).collect();
            let (grey, colour) = (true, false);
            let expected = [
                (grey, 0, 0),
                (grey, 1, 0),
                (grey, 0, 1),
                (grey, 1, 1),
                (colour, 0, 0),
                (colour, 0, 0),
            ];
            assert_eq!(found, expected);
        }
    }
}
