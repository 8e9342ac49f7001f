//! Convolution as a matrix product whose left factor is read from the picture itself.
//!
//! With channels last, the k x c values that a window sees of one row lie side by side. So a window is k such *runs*,
//! and a row of windows is a matrix that need not be written down (as im2col does): window i's run r begins at
//! `first + i * step + r * run_step`.

use crate::tile::{COLUMNS, ROWS, add_product, zero};
use crate::vector::{LANES, Vectors};

/// Weights, packed as the tiles read them: panels of [`COLUMNS`] outputs, each [runs, length, COLUMNS]; zeros beyond the
/// last output.
#[derive(Clone, Debug)]
pub(crate) struct Panels {
    runs: usize,
    length: usize,
    outputs: usize,
    values: Vec<f32>,
}

impl Panels {
    /// Packs the weights `get(run, l, output)`.
    pub fn pack(
        [runs, length, outputs]: [usize; 3],
        get: impl Fn(usize, usize, usize) -> f32,
    ) -> Self {
        let mut values = Vec::with_capacity(outputs.next_multiple_of(COLUMNS) * runs * length);
        for first in (0..outputs).step_by(COLUMNS) {
            for run in 0..runs {
                for l in 0..length {
                    let outputs = (first..first + COLUMNS)
                        .map(|o| if o < outputs { get(run, l, o) } else { 0.0 });
                    values.extend(outputs);
                }
            }
        }
        Self { runs, length, outputs, values }
    }

    /// Weights that are packed already.
    pub fn packed([runs, length, outputs]: [usize; 3], values: Vec<f32>) -> Self {
        assert_eq!(values.len(), outputs.next_multiple_of(COLUMNS) * runs * length);
        Self { runs, length, outputs, values }
    }

    /// The number of panels.
    pub fn count(&self) -> usize {
        self.outputs.div_ceil(COLUMNS)
    }

    #[inline(always)]
    fn panel(&self, index: usize) -> &[f32] {
        let len = self.runs * self.length * COLUMNS;
        &self.values[index * len..][..len]
    }
}

/// A row of windows in a frame.
#[derive(Clone, Copy)]
pub(crate) struct Windows<'a> {
    pub frame: &'a [f32],
    pub first: usize,
    pub step: usize,
    pub run_step: usize,
    pub count: usize,
}

/// What happens to a sum before it is stored.
#[derive(Clone, Debug)]
pub(crate) struct Epilogue {
    /// As long as all panels.
    bias: Vec<f32>,
    /// ReLU's 0, or nothing.
    low: f32,
}

impl Epilogue {
    /// Adds a bias (none if it is empty), then ReLU if `relu`.
    pub fn new(bias: &[f32], outputs: usize, relu: bool) -> Self {
        let mut padded = bias.to_vec();
        padded.resize(outputs.next_multiple_of(COLUMNS), 0.0);
        Self { bias: padded, low: if relu { 0.0 } else { f32::NEG_INFINITY } }
    }

    #[inline(always)]
    pub fn bias(&self, first: usize, count: usize) -> &[f32] {
        &self.bias[first..first + count]
    }

    #[inline(always)]
    pub fn low(&self) -> f32 {
        self.low
    }
}

/// The outputs of panel `index` for all windows; window i's are written to `to[i * to_step ..]`.
#[inline(always)]
pub(crate) fn correlate<S: Vectors>(
    s: S,
    windows: Windows<'_>,
    panels: &Panels,
    index: usize,
    epilogue: &Epilogue,
    to: &mut [f32],
    to_step: usize,
) {
    let Windows { frame, first, step, run_step, count } = windows;
    let (panel, offset) = (panels.panel(index), index * COLUMNS);
    let width = COLUMNS.min(panels.outputs - offset);
    let length = panels.length;
    let low = s.splat(epilogue.low());
    let bias = [0, LANES].map(
        #[inline(always)]
        |at| s.load(epilogue.bias(offset + at, LANES).first_chunk().expect("padded")),
    );
    for block in (0..count).step_by(ROWS) {
        // The last block's rows beyond the last window repeat it; they are computed and not stored.
        let at: [usize; ROWS] = std::array::from_fn(|i| first + (block + i).min(count - 1) * step);
        let mut tile = zero(s);
        for (run, b) in panel.chunks_exact((length * COLUMNS).max(1)).enumerate() {
            let a = at.map(|at| &frame[at + run * run_step..][..length]);
            tile = add_product(s, tile, a, b);
        }
        for (i, sums) in tile.iter().enumerate().take(count - block) {
            let values = [0, 1].map(
                #[inline(always)]
                |half| s.at_least(low, s.add(sums[half], bias[half])),
            );
            let to = &mut to[(block + i) * to_step + offset..][..width];
            match to.first_chunk_mut::<COLUMNS>() {
                Some(whole) => store(s, values, whole),
                None => {
                    let mut whole = [0.0; COLUMNS];
                    store(s, values, &mut whole);
                    to.copy_from_slice(&whole[..width]);
                }
            }
        }
    }
}

#[inline(always)]
fn store<S: Vectors>(s: S, [low, high]: [S::V; 2], to: &mut [f32; COLUMNS]) {
    let (halves, _) = to.as_chunks_mut::<LANES>();
    halves[0] = s.values(low);
    halves[1] = s.values(high);
}
