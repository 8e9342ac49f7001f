//! A convolution's weights, packed for one direction.

use crate::direct::{Epilogue, Panels, Windows, correlate};
use crate::frame::Frame;
use crate::geometry::Geometry;
use crate::parallel::{for_each, scratch, threads};
use crate::tile::COLUMNS;
use crate::vector::{Vectors, Work, vectorized};
use crate::winograd::{self, Winograd};

/// A convolution's weights, packed once and then used for any number of pictures: forward, or back to the input
/// (which is what a transposed convolution does).
#[derive(Clone, Debug)]
pub struct Filter {
    geometry: Geometry,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    /// From input to output.
    Convolution(Panels),
    /// From output to input: for each phase of the stride (row, column) the taps that fall on it.
    Transposed(Vec<Panels>),
    /// From output to input, where there are few channels: for each phase of the stride's rows, all channels of
    /// `columns` neighbouring places as one panel, which would hold few values otherwise.
    Together { columns: usize, phases: Vec<Panels> },
    /// 3x3 with stride 1, in either direction.
    Winograd { filter: Winograd, transposed: bool },
}

/// About as many values as the frame of a band of rows may hold, to stay in the second cache beside the weights.
const FRAME: usize = 16 * 1024;

impl Filter {
    /// Packs weights [cout, cin, k, k] for the way from [n, h, w, cin] to [n, ho, wo, cout].
    ///
    /// # Panics
    /// When there are not as many weights as the geometry says.
    pub fn convolution(weight: &[f32], geometry: Geometry) -> Self {
        let g = geometry;
        assert_eq!(weight.len(), g.weights_len(), "weights are [cout, cin, k, k]");
        let get = |o: usize, c: usize, y: usize, x: usize| {
            weight[((o * g.cin + c) * g.kernel + y) * g.kernel + x]
        };
        let kind = if winograd::suits(&g) {
            let filter = Winograd::new(g.cin, g.cout, get);
            Kind::Winograd { filter, transposed: false }
        } else {
            let sizes = [g.kernel, g.kernel * g.cin, g.cout];
            Kind::Convolution(Panels::pack(sizes, |y, l, o| get(o, l % g.cin, y, l / g.cin)))
        };
        Self { geometry, kind }
    }

    /// Packs weights [cout, cin, k, k] for the way back, from [n, ho, wo, cout] to [n, h, w, cin].
    ///
    /// # Panics
    /// When there are not as many weights as the geometry says.
    pub fn transposed(weight: &[f32], geometry: Geometry) -> Self {
        let g = geometry;
        assert_eq!(weight.len(), g.weights_len(), "weights are [cout, cin, k, k]");
        let get = |o: usize, c: usize, y: usize, x: usize| {
            weight[((o * g.cin + c) * g.kernel + y) * g.kernel + x]
        };
        let kind = if winograd::suits(&g) {
            let filter = Winograd::new(g.cout, g.cin, |c, o, y, x| get(o, c, 2 - y, 2 - x));
            Kind::Winograd { filter, transposed: true }
        } else if let Some(columns) = together(&g) {
            let most = taps(&g, 0);
            // Places of the output that any of the columns sees.
            let seen = |column: usize| (column + g.padding) / g.stride - g.padding / g.stride;
            let width = seen(columns - 1) + most;
            let phase = |row: usize| {
                let rows = taps(&g, row);
                Panels::pack([rows, width * g.cout, columns * g.cin], |run, l, to| {
                    let (column, c) = (to / g.cin, to % g.cin);
                    let y = row + g.stride * (rows - 1 - run);
                    let Some(tap) = (seen(column) + most - 1).checked_sub(l / g.cout) else {
                        return 0.0;
                    };
                    let x = (column + g.padding) % g.stride + g.stride * tap;
                    if x < g.kernel { get(l % g.cout, c, y, x) } else { 0.0 }
                })
            };
            Kind::Together { columns, phases: (0..g.stride).map(phase).collect() }
        } else {
            let phase = |i: usize| {
                let (row, column) = (i / g.stride, i % g.stride);
                let (rows, columns) = (taps(&g, row), taps(&g, column));
                Panels::pack([rows, columns * g.cout, g.cin], |run, l, c| {
                    // Later taps see earlier values, which lie first in the run.
                    let y = row + g.stride * (rows - 1 - run);
                    let x = column + g.stride * (columns - 1 - l / g.cout);
                    get(l % g.cout, c, y, x)
                })
            };
            Kind::Transposed((0..g.stride * g.stride).map(phase).collect())
        };
        Self { geometry, kind }
    }

    /// Values of one picture that goes in.
    fn taken_len(&self) -> usize {
        if self.goes_back() { self.geometry.output_len() } else { self.geometry.input_len() }
    }

    /// Values of one picture that comes out.
    fn given_len(&self) -> usize {
        if self.goes_back() { self.geometry.input_len() } else { self.geometry.output_len() }
    }

    fn goes_back(&self) -> bool {
        matches!(
            self.kind,
            Kind::Transposed(_) | Kind::Together { .. } | Kind::Winograd { transposed: true, .. }
        )
    }

    /// Adds `bias` (none if it is empty) to what this filter computes, then applies ReLU if `relu`.
    pub(crate) fn epilogue(&self, bias: &[f32], relu: bool) -> Epilogue {
        let channels = if self.goes_back() { self.geometry.cin } else { self.geometry.cout };
        assert!(bias.is_empty() || bias.len() == channels, "one bias for each output channel");
        match self.kind {
            Kind::Together { columns, .. } => {
                Epilogue::new(&bias.repeat(columns), columns * channels, relu)
            }
            _ => Epilogue::new(bias, channels, relu),
        }
    }

    /// Pictures that are best computed together, so that there are enough of Winograd's tiles.
    pub(crate) fn pictures_together(&self) -> usize {
        match self.kind {
            Kind::Winograd { .. } => winograd::pictures_together(self.geometry.h, self.geometry.w),
            _ => 1,
        }
    }

    /// All pictures of a batch, in parallel: `x` is [n, ...], channels last. Adds `bias` (none if it is empty), then
    /// applies ReLU if `relu`.
    ///
    /// # Panics
    /// When `x` is not whole pictures, or there is not one bias for each channel that comes out.
    pub fn run(&self, x: &[f32], bias: &[f32], relu: bool) -> Vec<f32> {
        let n = pictures(x, self.taken_len());
        let epilogue = self.epilogue(bias, relu);
        let mut y = vec![0.0; n * self.given_len()];
        let group = group(n);
        let jobs = x.chunks(group * self.taken_len()).zip(y.chunks_mut(group * self.given_len()));
        for_each(jobs.collect(), |(x, y)| self.run_group(x, y, &epilogue));
        y
    }

    /// Some pictures, on this thread.
    pub(crate) fn run_group(&self, x: &[f32], y: &mut [f32], epilogue: &Epilogue) {
        let g = &self.geometry;
        match &self.kind {
            Kind::Winograd { filter, .. } => filter.run(x, y, [g.h, g.w], epilogue),
            Kind::Convolution(panels) => {
                for (x, y) in x.chunks_exact(g.input_len()).zip(y.chunks_exact_mut(g.output_len()))
                {
                    let band = Band::of_convolution(g);
                    scratch(band.memory, |memory| {
                        vectorized(Convolve { g, panels, x, y, epilogue, band, memory });
                    });
                }
            }
            Kind::Transposed(phases) => self.transpose(phases, g.stride, x, y, epilogue),
            Kind::Together { columns, phases } => self.transpose(phases, *columns, x, y, epilogue),
        }
    }
}

impl Filter {
    /// `group`: neighbouring columns whose results lie in one panel, or (one panel for each) that have other taps.
    fn transpose(
        &self,
        phases: &[Panels],
        group: usize,
        x: &[f32],
        y: &mut [f32],
        epilogue: &Epilogue,
    ) {
        let g = &self.geometry;
        let together = matches!(self.kind, Kind::Together { .. });
        let band = Band::of_transposed(g);
        scratch(band.memory, |memory| {
            for (x, y) in x.chunks_exact(g.output_len()).zip(y.chunks_exact_mut(g.input_len())) {
                let memory = &mut *memory;
                vectorized(Transpose { g, phases, group, together, x, y, epilogue, band, memory });
            }
        });
    }
}

/// The number of pictures in `x`.
pub(crate) fn pictures(x: &[f32], len: usize) -> usize {
    assert!(x.len().is_multiple_of(len), "{} values are no pictures of {len}", x.len());
    x.len() / len
}

/// Pictures for a thread at a time: few, so that what is computed stays in its caches, but enough for small maps.
pub(crate) fn group(pictures: usize) -> usize {
    pictures.div_ceil(threads()).clamp(1, 4)
}

/// How many neighbouring columns of the way back fit into one panel, if there are several and they fill the rows.
fn together(g: &Geometry) -> Option<usize> {
    let most = COLUMNS / g.cin;
    let columns =
        (1..=most).rev().find(|n| n.is_multiple_of(g.stride) && g.w.is_multiple_of(*n))?;
    (columns > 1).then_some(columns)
}

/// Taps of the kernel that fall on a phase of the stride.
fn taps(g: &Geometry, phase: usize) -> usize {
    g.kernel.saturating_sub(phase).div_ceil(g.stride)
}

/// Rows of the result that are computed from one frame.
#[derive(Clone, Copy)]
struct Band {
    rows: usize,
    /// Columns of the frame.
    columns: usize,
    /// Values of the largest frame.
    memory: usize,
}

impl Band {
    fn of_convolution(g: &Geometry) -> Self {
        let columns = g.w + 2 * g.padding;
        let rows = (FRAME / (columns * g.cin)).saturating_sub(g.kernel) / g.stride + 1;
        let rows = rows.min(g.ho);
        Self { rows, columns, memory: ((rows - 1) * g.stride + g.kernel) * columns * g.cin }
    }

    fn of_transposed(g: &Geometry) -> Self {
        let most = taps(g, 0);
        let columns = most + (g.w - 1 + g.padding) / g.stride;
        let rows = (FRAME / (columns * g.cout)).saturating_sub(most) * g.stride + 1;
        let rows = rows.min(g.h);
        Self { rows, columns, memory: (most + rows.div_ceil(g.stride)) * columns * g.cout }
    }
}

struct Convolve<'a> {
    g: &'a Geometry,
    panels: &'a Panels,
    x: &'a [f32],
    y: &'a mut [f32],
    epilogue: &'a Epilogue,
    band: Band,
    memory: &'a mut [f32],
}

impl Work for Convolve<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Vectors>(self, s: S) {
        let Self { g, panels, x, y, epilogue, band: Band { rows: band, columns, .. }, memory } =
            self;
        for (first, y) in (0..).step_by(band).zip(y.chunks_mut(band * g.wo * g.cout)) {
            let frame = Frame {
                top: (first * g.stride) as isize - g.padding as isize,
                left: -(g.padding as isize),
                rows: (y.len() / (g.wo * g.cout) - 1) * g.stride + g.kernel,
                columns,
            };
            let memory = &mut memory[..frame.len(g.cin)];
            frame.copy(x, [g.h, g.w, g.cin], memory);
            for panel in 0..panels.count() {
                for (row, y) in y.chunks_exact_mut(g.wo * g.cout).enumerate() {
                    let windows = Windows {
                        frame: memory,
                        first: row * g.stride * columns * g.cin,
                        step: g.stride * g.cin,
                        run_step: columns * g.cin,
                        count: g.wo,
                    };
                    correlate(s, windows, panels, panel, epilogue, y, g.cout);
                }
            }
        }
    }
}

struct Transpose<'a> {
    g: &'a Geometry,
    phases: &'a [Panels],
    group: usize,
    together: bool,
    x: &'a [f32],
    y: &'a mut [f32],
    epilogue: &'a Epilogue,
    band: Band,
    memory: &'a mut [f32],
}

impl Work for Transpose<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Vectors>(self, s: S) {
        let Self { g, phases, group, together, x, y, epilogue, band, memory } = self;
        let Band { rows: band, columns, .. } = band;
        let most = taps(g, 0);
        for (first, y) in (0..).step_by(band).zip(y.chunks_mut(band * g.w * g.cin)) {
            let last = first + y.len() / (g.w * g.cin) - 1;
            // The row or column of the picture that a row or column of the result sees last.
            let seen = |at: usize| (at + g.padding) / g.stride;
            let frame = Frame {
                top: seen(first) as isize - (most as isize - 1),
                left: 1 - most as isize,
                rows: seen(last) - seen(first) + most,
                columns,
            };
            let memory = &mut memory[..frame.len(g.cout)];
            frame.copy(x, [g.ho, g.wo, g.cout], memory);
            for (phase, panels) in phases.iter().enumerate() {
                // How far on from `at` the first row or column of a phase is.
                let ahead = |phase: usize, at: usize| {
                    (phase + g.stride - (at + g.padding) % g.stride) % g.stride
                };
                let (of_row, column, across) = if together {
                    (phase, 0, most)
                } else {
                    let of_column = phase % g.stride;
                    (phase / g.stride, ahead(of_column, 0), taps(g, of_column))
                };
                if column >= g.w {
                    continue;
                }
                let down = taps(g, of_row);
                for panel in 0..panels.count() {
                    for row in (first + ahead(of_row, first)..=last).step_by(g.stride) {
                        let top = seen(row) - seen(first) + most - down;
                        let left = seen(column) + most - across;
                        let windows = Windows {
                            frame: memory,
                            first: (top * columns + left) * g.cout,
                            step: group / g.stride * g.cout,
                            run_step: columns * g.cout,
                            count: (g.w - column).div_ceil(group),
                        };
                        let y = &mut y[((row - first) * g.w + column) * g.cin..];
                        correlate(s, windows, panels, panel, epilogue, y, group * g.cin);
                    }
                }
            }
        }
    }
}
