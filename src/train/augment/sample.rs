//! A part of a picture at another size.

use crate::picture::{CHANNELS, PLANE, SIDE};

/// Which part of a picture is shown: a rectangle around its middle, moved.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Window {
    /// How much larger than it was everything is shown, across and down.
    pub zoom: [f32; 2],
    /// By how many pixels the middle moves to the right and down.
    pub shift: [f32; 2],
}

impl Window {
    /// All of it.
    pub const WHOLE: Self = Self { zoom: [1.0; 2], shift: [0.0; 2] };
}

/// The window of a picture of 96x96, given by its values, flipped horizontally or not, at `side` x `side` pixels.
///
/// Sampling is bilinear; pixels from outside of the picture repeat its border.
pub(super) fn sample(
    values: &[f32],
    side: usize,
    flip: bool,
    Window { zoom, shift }: Window,
) -> Vec<f32> {
    let last = (SIDE - 1) as f32;
    let (middle, middle_here) = (last / 2.0, (side - 1) as f32 / 2.0);
    // The source of each row or column of the result: two neighbours, and the weight of the second.
    let sources = |axis: usize, flip: bool| -> Vec<(usize, usize, f32)> {
        let zoom = zoom[axis] * side as f32 / SIDE as f32;
        (0..side)
            .map(|i| {
                let i = if flip { side - 1 - i } else { i };
                let from = (i as f32 - middle_here) / zoom + middle + shift[axis];
                let from = from.clamp(0.0, last);
                let below = from.floor();
                (below as usize, (below as usize + 1).min(SIDE - 1), from - below)
            })
            .collect()
    };
    let (columns, rows) = (sources(0, flip), sources(1, false));
    let mut sampled = Vec::with_capacity(CHANNELS * side * side);
    for plane in values.chunks_exact(PLANE) {
        let at = |y: usize, x: usize| plane[y * SIDE + x];
        for (top, bottom, down) in &rows {
            for (left, right, across) in &columns {
                let upper = at(*top, *left) + (at(*top, *right) - at(*top, *left)) * across;
                let lower =
                    at(*bottom, *left) + (at(*bottom, *right) - at(*bottom, *left)) * across;
                sampled.push(upper + (lower - upper) * down);
            }
        }
    }
    sampled
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A ramp across in red, and one down in the others: each place has its own values.
    fn ramps() -> Vec<f32> {
        let place = |i: usize| if i < PLANE { i % SIDE } else { i / SIDE % SIDE };
        (0..CHANNELS * PLANE).map(|i| place(i) as f32 / 255.0).collect()
    }

    #[test]
    fn a_window_is_where_it_was_asked_for() {
        for (zoom, shift, flip) in [
            ([1.0, 1.0], [3.0, -2.0], false),
            ([2.0, 1.25], [10.0, -5.0], false),
            ([2.0, 1.25], [10.0, -5.0], true),
        ] {
            let values = sample(&ramps(), SIDE, flip, Window { zoom, shift });
            for (y, x) in [(0, 0), (48, 20), (95, 95), (10, 80)] {
                let from = |i: usize, axis: usize| {
                    ((i as f32 - 47.5) / zoom[axis] + 47.5 + shift[axis]).clamp(0.0, 95.0) / 255.0
                };
                let (across, down) = (values[y * SIDE + x], values[PLANE + y * SIDE + x]);
                let shown = if flip { SIDE - 1 - x } else { x };
                assert!((across - from(shown, 0)).abs() < 1e-5, "{zoom:?} {flip}: {across}");
                assert!((down - from(y, 1)).abs() < 1e-5, "{zoom:?} {flip}: {down}");
            }
        }
    }
}
