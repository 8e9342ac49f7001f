//! The innermost loop of everything here: [`ROWS`] x [`COLUMNS`] sums of products, held in registers.
//!
//! A matrix product c = a b reads, for each l, one value of each row of a and one row of b:
//! `c[i][j] += a[i][l] * b[l][j]`. Six rows of two vectors each take twelve of x86's sixteen registers; two more
//! hold the row of b, one the value of a. So every value that is loaded is used six or sixteen times.

use crate::vector::{LANES, Vectors};

/// Rows of a tile.
pub(crate) const ROWS: usize = 6;
/// Columns of a tile: two vectors.
pub(crate) const COLUMNS: usize = 2 * LANES;

/// The sums of a tile.
pub(crate) type Tile<V> = [[V; 2]; ROWS];

/// No sums yet.
#[inline(always)]
pub(crate) fn zero<S: Vectors>(s: S) -> Tile<S::V> {
    [[s.splat(0.0); 2]; ROWS]
}

/// tile[i] += sum over l of a[i][l] b[l]; `b` has rows of [`COLUMNS`] values, as many as each `a[i]` has values.
#[inline(always)]
pub(crate) fn add_product<S: Vectors>(
    s: S,
    mut tile: Tile<S::V>,
    a: [&[f32]; ROWS],
    b: &[f32],
) -> Tile<S::V> {
    let [a0, a1, a2, a3, a4, a5] = a;
    let rows = a0.iter().zip(a1).zip(a2).zip(a3).zip(a4).zip(a5).zip(b.as_chunks::<COLUMNS>().0);
    for ((((((a0, a1), a2), a3), a4), a5), b) in rows {
        tile = add(s, tile, [*a0, *a1, *a2, *a3, *a4, *a5], b);
    }
    tile
}

/// tile[i] += sum over l of a[l * step + i] b[l]: as [`add_product`], for an `a` whose columns lie together.
#[inline(always)]
pub(crate) fn add_outer<S: Vectors>(
    s: S,
    mut tile: Tile<S::V>,
    a: &[f32],
    step: usize,
    b: &[f32],
) -> Tile<S::V> {
    for (l, b) in b.as_chunks::<COLUMNS>().0.iter().enumerate() {
        let a: &[f32; ROWS] = a[l * step..].first_chunk().expect("a row of a");
        tile = add(s, tile, *a, b);
    }
    tile
}

/// tile[i] += a[i] b. Every sum has a name: arrays that are indexed in a loop end in memory instead of registers.
#[inline(always)]
fn add<S: Vectors>(s: S, tile: Tile<S::V>, a: [f32; ROWS], b: &[f32; COLUMNS]) -> Tile<S::V> {
    let [low, high] = halves(s, b);
    let [[c00, c01], [c10, c11], [c20, c21], [c30, c31], [c40, c41], [c50, c51]] = tile;
    let [a0, a1, a2, a3, a4, a5] = a;
    let [a0, a1, a2] = [s.splat(a0), s.splat(a1), s.splat(a2)];
    let [a3, a4, a5] = [s.splat(a3), s.splat(a4), s.splat(a5)];
    [
        [s.mul_add(a0, low, c00), s.mul_add(a0, high, c01)],
        [s.mul_add(a1, low, c10), s.mul_add(a1, high, c11)],
        [s.mul_add(a2, low, c20), s.mul_add(a2, high, c21)],
        [s.mul_add(a3, low, c30), s.mul_add(a3, high, c31)],
        [s.mul_add(a4, low, c40), s.mul_add(a4, high, c41)],
        [s.mul_add(a5, low, c50), s.mul_add(a5, high, c51)],
    ]
}

#[inline(always)]
fn halves<S: Vectors>(s: S, b: &[f32; COLUMNS]) -> [S::V; 2] {
    let (halves, _) = b.as_chunks::<LANES>();
    [s.load(&halves[0]), s.load(&halves[1])]
}

/// Row `i` of a tile.
#[inline(always)]
pub(crate) fn row<S: Vectors>(s: S, tile: &Tile<S::V>, i: usize) -> [f32; COLUMNS] {
    let mut values = [0.0; COLUMNS];
    values[..LANES].copy_from_slice(&s.values(tile[i][0]));
    values[LANES..].copy_from_slice(&s.values(tile[i][1]));
    values
}
