//! The gradient of a convolution's weights.

use crate::filter::pictures;
use crate::frame::Frame;
use crate::geometry::Geometry;
use crate::parallel::{map, scratch, threads};
use crate::tile::{COLUMNS, ROWS, add_outer, row, zero};
use crate::vector::{Vectors, Work, vectorized};

/// About as many places as the sums of a tile run over at a time, so that what they read stays in the first caches.
const PLACES: usize = 192;

/// The gradients of weights [cout, cin, k, k] and bias `[cout]`, from the input [n, h, w, cin] and the output's
/// gradient [n, ho, wo, cout], summed over the pictures.
///
/// # Panics
/// When the two are not as many pictures.
pub fn weight_gradient(x: &[f32], dy: &[f32], geometry: &Geometry) -> (Vec<f32>, Vec<f32>) {
    let g = geometry;
    let n = pictures(x, g.input_len());
    assert_eq!(n, pictures(dy, g.output_len()), "one gradient for each picture");
    let part = n.div_ceil(threads()).max(1);
    let jobs = x.chunks(part * g.input_len()).zip(dy.chunks(part * g.output_len())).collect();
    let band = PLACES.div_ceil(g.wo).min(g.ho);
    let columns = g.w + 2 * g.padding;
    let frame = ((band - 1) * g.stride + g.kernel) * columns * g.cin + ROWS;
    let parts = map(jobs, |(x, dy)| {
        scratch(frame + band * g.wo * width(g), |memory| {
            let (frame, panels) = memory.split_at_mut(frame);
            vectorized(Part { g, x, dy, band, frame, panels })
        })
    });
    let mut sums = parts.into_iter();
    let (mut dw, mut db) =
        sums.next().unwrap_or_else(|| (vec![0.0; sums_len(g)], vec![0.0; width(g)]));
    for (dw_part, db_part) in sums {
        dw.iter_mut().zip(dw_part).for_each(|(sum, part)| *sum += part);
        db.iter_mut().zip(db_part).for_each(|(sum, part)| *sum += part);
    }
    db.truncate(g.cout);
    (unpack(&dw, g), db)
}

fn width(g: &Geometry) -> usize {
    g.cout.next_multiple_of(COLUMNS)
}

/// Values of one row of windows' sums, up to whole tiles.
fn run_len(g: &Geometry) -> usize {
    (g.kernel * g.cin).next_multiple_of(ROWS)
}

fn sums_len(g: &Geometry) -> usize {
    g.kernel * run_len(g) * width(g)
}

/// [cout, cin, k, k] from [k, (k, cin), cout], both of whose last sizes are padded.
fn unpack(sums: &[f32], g: &Geometry) -> Vec<f32> {
    let (k, width) = (g.kernel, width(g));
    let mut dw = vec![0.0; g.weights_len()];
    for (o, dw) in dw.chunks_exact_mut(g.cin * k * k).enumerate() {
        for (c, dw) in dw.chunks_exact_mut(k * k).enumerate() {
            for (t, dw) in dw.iter_mut().enumerate() {
                *dw = sums[((t / k) * run_len(g) + (t % k) * g.cin + c) * width + o];
            }
        }
    }
    dw
}

/// Some pictures' sums, [k, (k, cin), cout] and `[cout]`, padded.
struct Part<'a> {
    g: &'a Geometry,
    x: &'a [f32],
    dy: &'a [f32],
    /// Rows of dy at a time.
    band: usize,
    frame: &'a mut [f32],
    /// dy of a band as panels, [panel, place, COLUMNS]: rows that lie apart by a power of two would meet in few places
    /// of the cache.
    panels: &'a mut [f32],
}

impl Work for Part<'_> {
    type Output = (Vec<f32>, Vec<f32>);
    #[inline(always)]
    fn run<S: Vectors>(self, s: S) -> Self::Output {
        let Self { g, x, dy, band, frame: memory, panels } = self;
        let (width, run) = (width(g), run_len(g));
        let columns = g.w + 2 * g.padding;
        let mut dw = vec![0.0; sums_len(g)];
        let mut db = vec![0.0; width];
        for (x, dy) in x.chunks_exact(g.input_len()).zip(dy.chunks_exact(g.output_len())) {
            for (first, dy) in (0..).step_by(band).zip(dy.chunks(band * g.wo * g.cout)) {
                let rows = dy.len() / (g.wo * g.cout);
                let frame = Frame {
                    top: (first * g.stride) as isize - g.padding as isize,
                    left: -(g.padding as isize),
                    rows: (rows - 1) * g.stride + g.kernel,
                    columns,
                };
                frame.copy(x, [g.h, g.w, g.cin], memory);
                let places = rows * g.wo;
                for (index, panel) in panels.chunks_exact_mut(places * COLUMNS).enumerate() {
                    let first = index * COLUMNS;
                    let some = COLUMNS.min(g.cout.saturating_sub(first));
                    if some == 0 {
                        break;
                    }
                    let mut sums = [0.0; COLUMNS]; // of this band, so that few large sums meet small ones
                    let rows = panel.as_chunks_mut::<COLUMNS>().0;
                    for (to, dy) in rows.iter_mut().zip(dy.chunks_exact(g.cout)) {
                        match dy[first..].first_chunk::<COLUMNS>() {
                            Some(whole) => *to = *whole,
                            None => {
                                to[..some].copy_from_slice(&dy[first..]);
                                to[some..].fill(0.0);
                            }
                        }
                        sums.iter_mut().zip(to).for_each(|(sum, dy)| *sum += *dy);
                    }
                    let all = &mut db[first..first + COLUMNS];
                    all.iter_mut().zip(sums).for_each(|(all, sum)| *all += sum);
                    for (ky, dw) in dw.chunks_exact_mut(run * width).enumerate() {
                        for l in (0..run).step_by(ROWS) {
                            let mut tile = zero(s);
                            for (y, b) in panel.chunks_exact(g.wo * COLUMNS).enumerate() {
                                let a = (y * g.stride + ky) * columns * g.cin + l;
                                tile = add_outer(s, tile, &memory[a..], g.stride * g.cin, b);
                            }
                            for i in 0..ROWS {
                                let sums = &mut dw[(l + i) * width + first..][..COLUMNS];
                                for (sum, value) in sums.iter_mut().zip(row(s, &tile, i)) {
                                    *sum += value;
                                }
                            }
                        }
                    }
                }
            }
        }
        (dw, db)
    }
}
