//! Large pixels: a picture enlarged without interpolation.

use std::ops::Range;

use crate::picture::{PLANE, Picture, SIDE};

/// Averages the picture down to `side` x `side` pixels, at least one, and shows each of them as a block: Pillow's box
/// filter both ways, without its rounding to 8 bits.
pub fn pixelate(picture: &Picture, side: usize) -> Picture {
    let mut values = Vec::with_capacity(picture.values().len());
    for plane in picture.values().chunks_exact(PLANE) {
        let mean = |y: usize, x: usize| {
            let (rows, columns) = (covered(y, side), covered(x, side));
            let count = (rows.len() * columns.len()) as f32;
            rows.map(|y| plane[y * SIDE..][columns.clone()].iter().sum::<f32>()).sum::<f32>()
                / count
        };
        let small: Vec<f32> = (0..side * side).map(|i| mean(i / side, i % side)).collect();
        let nearest = |i: usize| ((2 * i + 1) * side) / (2 * SIDE);
        values.extend((0..PLANE).map(|i| small[nearest(i / SIDE) * side + nearest(i % SIDE)]));
    }
    Picture::clamped(values).expect("a mean of finite values is finite")
}

/// The pixels whose centres lie in pixel `i` of `side` in a row.
fn covered(i: usize, side: usize) -> Range<usize> {
    let edge = |i: usize| (2 * i * SIDE + side) / (2 * side);
    edge(i)..edge(i + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corruption::tests::detailed;

    #[test]
    fn blocks_are_constant_and_hold_their_mean() {
        let picture = detailed();
        let changed = pixelate(&picture, 24);
        for (plane, of_picture) in
            changed.values().chunks_exact(PLANE).zip(picture.values().chunks_exact(PLANE))
        {
            for (top, left) in [(0, 0), (4, 92), (92, 0), (48, 52)] {
                let block = |plane: &[f32]| -> Vec<f32> {
                    (0..16).map(|i| plane[(top + i / 4) * SIDE + left + i % 4]).collect()
                };
                let (after, before) = (block(plane), block(of_picture));
                let mean = before.iter().sum::<f32>() / 16.0;
                assert!(after.iter().all(|v| *v == after[0]), "{after:?}");
                assert!((after[0] - mean).abs() < 1e-6);
            }
        }
        assert!(pixelate(&picture, SIDE) == picture);
    }

    /// Sides that do not divide the picture's: every pixel counts once, and no block is empty.
    #[test]
    fn every_pixel_belongs_to_one_block() {
        for side in [1, 28, 38, 48, 57, 95] {
            let ranges: Vec<Range<usize>> = (0..side).map(|i| covered(i, side)).collect();
            assert_eq!((ranges[0].start, ranges[side - 1].end), (0, SIDE));
            assert!(ranges.windows(2).all(|pair| pair[0].end == pair[1].start));
            assert!(ranges.iter().all(|range| !range.is_empty()));
        }
    }

    /// Values that Pillow computes of a ramp: Image.fromarray(float32 row).resize((side, 1), Image.BOX), then back.
    #[test]
    fn a_ramp_is_pillow_s() {
        let ramp =
            Picture::new((0..3 * PLANE).map(|i| (i % SIDE) as f32 / 95.0).collect()).unwrap();
        for (side, expected) in PILLOW {
            let changed = pixelate(&ramp, side);
            for (x, expected) in [0, 1, 2, 3, 31, 50, 94, 95].into_iter().zip(expected) {
                let found = changed.values()[5 * SIDE + x] * 95.0;
                assert!((found - expected).abs() < 1e-3, "{side}, {x}: {found} {expected}");
            }
        }
    }

    const PILLOW: [(usize, [f32; 8]); 3] = [
        (57, [0.5, 0.5, 2.0, 3.5, 30.5, 49.5, 94.5, 94.5]),
        (38, [1.0, 1.0, 1.0, 3.5, 31.0, 49.0, 94.0, 94.0]),
        (28, [1.0, 1.0, 1.0, 4.5, 32.0, 49.0, 94.0, 94.0]),
    ];
}
