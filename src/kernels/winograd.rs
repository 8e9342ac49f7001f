//! 3x3 convolutions with a quarter of the multiplications: Winograd's F(4x4, 3x3), Lavin & Gray 2015 (arXiv 1509.09308).
//!
//! A tile of 4x4 outputs depends on 6x6 inputs. In another basis (input: B, weights: G, output: A) the convolution of
//! the tile is 36 plain products instead of 144; over many tiles and channels those are 36 matrix products. The price
//! is accuracy: the basis has factors up to 8. The tests hold errors to 2e-5 of the largest output, ten times what they
//! allow a direct convolution.

use crate::direct::{Epilogue, Panels, Windows, correlate};
use crate::frame::Frame;
use crate::geometry::Geometry;
use crate::parallel::scratch;
use crate::tile::COLUMNS;
use crate::vector::{LANES, Vectors, Work, vectorized};

/// Outputs along a side of a tile.
const OUT: usize = 4;
/// Inputs along a side of a tile.
const IN: usize = 6;
/// Products of a tile.
const PLANES: usize = IN * IN;
/// Tiles that are computed together: a multiple of the rows of the product's tiles. Their 36 planes take 0.9 MB for
/// 64 channels in and out, as much as a second cache holds; wider layers need the third.
const TOGETHER: usize = 48;

/// Weights in Winograd's basis.
#[derive(Clone, Debug)]
pub(crate) struct Winograd {
    from: usize,
    to: usize,
    /// One matrix [from, to] for each plane.
    planes: Vec<Panels>,
    plain: Epilogue,
}

/// Whether this convolution takes this path. On 6x6 maps it was tried and is not faster.
pub(crate) fn suits(g: &Geometry) -> bool {
    let Geometry { cin, cout, kernel, stride, padding, h, w, .. } = *g;
    (kernel, stride, padding) == (3, 1, 1)
        && cin >= 16
        && cout >= 16
        && (cin % LANES, cout % LANES) == (0, 0)
        && h.min(w) >= 2 * OUT
}

/// Pictures that have enough tiles together.
pub(crate) fn pictures_together(h: usize, w: usize) -> usize {
    TOGETHER.div_ceil(h.div_ceil(OUT) * w.div_ceil(OUT))
}

impl Winograd {
    /// Transforms the weights `get(output channel, input channel, row, column)`.
    pub fn new(from: usize, to: usize, get: impl Fn(usize, usize, usize, usize) -> f32) -> Self {
        const G: [[f64; 3]; IN] = [
            [1.0 / 4.0, 0.0, 0.0],
            [-1.0 / 6.0, -1.0 / 6.0, -1.0 / 6.0],
            [-1.0 / 6.0, 1.0 / 6.0, -1.0 / 6.0],
            [1.0 / 24.0, 1.0 / 12.0, 1.0 / 6.0],
            [1.0 / 24.0, -1.0 / 12.0, 1.0 / 6.0],
            [0.0, 0.0, 1.0],
        ];
        // G g Gᵀ of every pair of channels, written in the order of the panels: [panel, from, COLUMNS] of each plane.
        let mut planes = vec![vec![0.0; to.next_multiple_of(COLUMNS) * from]; PLANES];
        for o in 0..to {
            for c in 0..from {
                let g: [[f64; 3]; 3] =
                    std::array::from_fn(|y| std::array::from_fn(|x| f64::from(get(o, c, y, x))));
                let rows = G.map(|w| -> [f64; 3] {
                    std::array::from_fn(|x| w[0] * g[0][x] + w[1] * g[1][x] + w[2] * g[2][x])
                });
                let at = ((o / COLUMNS) * from + c) * COLUMNS + o % COLUMNS;
                for (row, planes) in rows.into_iter().zip(planes.chunks_exact_mut(IN)) {
                    for (w, plane) in G.into_iter().zip(planes) {
                        plane[at] = (w[0] * row[0] + w[1] * row[1] + w[2] * row[2]) as f32;
                    }
                }
            }
        }
        let planes = planes.into_iter().map(|plane| Panels::packed([1, from, to], plane)).collect();
        Self { from, to, planes, plain: Epilogue::new(&[], to, false) }
    }

    /// Whole pictures [h, w, from] to [h, w, to].
    pub fn run(&self, x: &[f32], y: &mut [f32], [h, w]: [usize; 2], epilogue: &Epilogue) {
        let across = w.div_ceil(OUT);
        let rows = x.len() / (h * w * self.from) * h.div_ceil(OUT);
        let band = TOGETHER.div_ceil(across).min(rows);
        let sizes = [
            PLANES * band * across * self.from,
            PLANES * band * across * self.to.next_multiple_of(COLUMNS),
            IN * (across * OUT + 2) * self.from,
        ];
        scratch(sizes.iter().sum(), |memory| {
            let (inputs, memory) = memory.split_at_mut(sizes[0]);
            let (products, frame) = memory.split_at_mut(sizes[1]);
            let memory = Memory { inputs, products, frame };
            vectorized(Run { filter: self, x, y, h, w, epilogue, rows, band, memory });
        });
    }
}

/// What is used again for every band of rows of tiles.
struct Memory<'a> {
    /// [plane, tile, channel]
    inputs: &'a mut [f32],
    /// [plane, tile, channel]
    products: &'a mut [f32],
    /// The inputs of a row of tiles.
    frame: &'a mut [f32],
}

struct Run<'a> {
    filter: &'a Winograd,
    x: &'a [f32],
    y: &'a mut [f32],
    h: usize,
    w: usize,
    epilogue: &'a Epilogue,
    /// Rows of tiles of all pictures, one picture after the other.
    rows: usize,
    /// Rows of tiles that are computed together.
    band: usize,
    memory: Memory<'a>,
}

impl Work for Run<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Vectors>(self, s: S) {
        let Self { filter, x, y, h, w, epilogue, rows, band, memory } = self;
        let Memory { inputs, products, frame } = memory;
        let Winograd { from, to, .. } = *filter;
        let (down, across) = (h.div_ceil(OUT), w.div_ceil(OUT));
        let columns = across * OUT + 2;
        let width = to.next_multiple_of(COLUMNS);
        for first in (0..rows).step_by(band) {
            let rows = band.min(rows - first);
            let tiles = rows * across;
            for row in 0..rows {
                let (picture, ty) = ((first + row) / down, (first + row) % down);
                let x = &x[picture * h * w * from..][..h * w * from];
                let top = (ty * OUT) as isize - 1;
                Frame { top, left: -1, rows: IN, columns }.copy(x, [h, w, from], frame);
                for tile in 0..across {
                    let inputs = &mut inputs[(row * across + tile) * from..];
                    let frame = &frame[tile * OUT * from..];
                    transform_input(s, frame, columns, from, inputs, tiles * from);
                }
            }
            for (plane, panels) in filter.planes.iter().enumerate() {
                let windows = Windows {
                    frame: &inputs[plane * tiles * from..][..tiles * from],
                    first: 0,
                    step: from,
                    run_step: 0,
                    count: tiles,
                };
                let products = &mut products[plane * tiles * width..][..tiles * width];
                for panel in 0..panels.count() {
                    correlate(s, windows, panels, panel, &filter.plain, products, width);
                }
            }
            for row in 0..rows {
                let (picture, ty) = ((first + row) / down, (first + row) % down);
                let y = &mut y[picture * h * w * to..][..h * w * to];
                let y = &mut y[ty * OUT * w * to..];
                for tile in 0..across {
                    let products = &products[(row * across + tile) * width..];
                    let y = &mut y[tile * OUT * to..];
                    let inside = [OUT.min(h - ty * OUT), OUT.min(w - tile * OUT)];
                    transform_output(s, products, tiles * width, to, y, w * to, inside, epilogue);
                }
            }
        }
    }
}

/// Bᵀ d of six values.
#[inline(always)]
fn input_basis<S: Vectors>(s: S, [a, b, c, d, e, f]: [S::V; IN]) -> [S::V; IN] {
    let [two, four, minus_four, minus_five] = [2.0, 4.0, -4.0, -5.0].map(
        #[inline(always)]
        |v| s.splat(v),
    );
    let (m, n) = (s.mul_add(minus_four, c, e), s.mul_add(minus_four, b, d));
    let (p, q) = (s.sub(e, c), s.sub(d, b));
    let minus_two = s.splat(-2.0);
    [
        s.mul_add(four, a, s.mul_add(minus_five, c, e)),
        s.add(m, n),
        s.sub(m, n),
        s.mul_add(two, q, p),
        s.mul_add(minus_two, q, p),
        s.mul_add(four, b, s.mul_add(minus_five, d, f)),
    ]
}

/// Aᵀ m of six values.
#[inline(always)]
fn output_basis<S: Vectors>(s: S, [a, b, c, d, e, f]: [S::V; IN]) -> [S::V; OUT] {
    let (p, q) = (s.add(b, c), s.sub(b, c));
    let (m, n) = (s.add(d, e), s.sub(d, e));
    [
        s.add(s.add(a, p), m),
        s.mul_add(s.splat(2.0), n, q),
        s.mul_add(s.splat(4.0), m, p),
        s.add(s.mul_add(s.splat(8.0), n, q), f),
    ]
}

#[inline(always)]
fn load<S: Vectors>(s: S, from: &[f32]) -> S::V {
    s.load(from.first_chunk().expect("a vector"))
}

/// Bᵀ d B of the tile at the beginning of `frame`, whose rows have `columns` places; plane p is written to
/// `to[p * step ..]`.
#[inline(always)]
fn transform_input<S: Vectors>(
    s: S,
    frame: &[f32],
    columns: usize,
    channels: usize,
    to: &mut [f32],
    step: usize,
) {
    for c in (0..channels).step_by(LANES) {
        let mut half = [[s.splat(0.0); IN]; IN];
        for x in 0..IN {
            let mut column = [s.splat(0.0); IN];
            for (y, value) in column.iter_mut().enumerate() {
                *value = load(s, &frame[(y * columns + x) * channels + c..]);
            }
            for (half, value) in half.iter_mut().zip(input_basis(s, column)) {
                half[x] = value;
            }
        }
        for (y, row) in half.into_iter().enumerate() {
            for (x, value) in input_basis(s, row).into_iter().enumerate() {
                to[(y * IN + x) * step + c..][..LANES].copy_from_slice(&s.values(value));
            }
        }
    }
}

/// Aᵀ m A of a tile, whose plane p lies at `from[p * step ..]`, and what comes after; `y` begins at the tile's first
/// place. Only the rows and columns `inside` the picture are written.
#[inline(always)]
#[allow(clippy::too_many_arguments)] // one call, in the loop above
fn transform_output<S: Vectors>(
    s: S,
    from: &[f32],
    step: usize,
    channels: usize,
    y: &mut [f32],
    row_step: usize,
    inside: [usize; 2],
    epilogue: &Epilogue,
) {
    for c in (0..channels).step_by(LANES) {
        let mut half = [[s.splat(0.0); IN]; OUT];
        for x in 0..IN {
            let mut column = [s.splat(0.0); IN];
            for (y, value) in column.iter_mut().enumerate() {
                *value = load(s, &from[(y * IN + x) * step + c..]);
            }
            for (half, value) in half.iter_mut().zip(output_basis(s, column)) {
                half[x] = value;
            }
        }
        let (bias, low) = (load(s, epilogue.bias(c, LANES)), s.splat(epilogue.low()));
        for (row, half) in half.into_iter().enumerate().take(inside[0]) {
            for (x, value) in output_basis(s, half).into_iter().enumerate().take(inside[1]) {
                let value = s.values(s.at_least(low, s.add(value, bias)));
                y[row * row_step + x * channels + c..][..LANES].copy_from_slice(&value);
            }
        }
    }
}
