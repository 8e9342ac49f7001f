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
    tile: Tile<S::V>,
    a: [&[f32]; ROWS],
    b: &[f32],
) -> Tile<S::V> {
    // Six names and not an array: arrays that are indexed in a loop end on the stack.
    let [[mut c00, mut c01], [mut c10, mut c11], [mut c20, mut c21], rest @ ..] = tile;
    let [[mut c30, mut c31], [mut c40, mut c41], [mut c50, mut c51]] = rest;
    let [a0, a1, a2, a3, a4, a5] = a;
    let rows = a0.iter().zip(a1).zip(a2).zip(a3).zip(a4).zip(a5).zip(b.as_chunks::<COLUMNS>().0);
    for ((((((a0, a1), a2), a3), a4), a5), b) in rows {
        let [low, high] = halves(s, b);
        let a = s.splat(*a0);
        (c00, c01) = (s.mul_add(a, low, c00), s.mul_add(a, high, c01));
        let a = s.splat(*a1);
        (c10, c11) = (s.mul_add(a, low, c10), s.mul_add(a, high, c11));
        let a = s.splat(*a2);
        (c20, c21) = (s.mul_add(a, low, c20), s.mul_add(a, high, c21));
        let a = s.splat(*a3);
        (c30, c31) = (s.mul_add(a, low, c30), s.mul_add(a, high, c31));
        let a = s.splat(*a4);
        (c40, c41) = (s.mul_add(a, low, c40), s.mul_add(a, high, c41));
        let a = s.splat(*a5);
        (c50, c51) = (s.mul_add(a, low, c50), s.mul_add(a, high, c51));
    }
    [[c00, c01], [c10, c11], [c20, c21], [c30, c31], [c40, c41], [c50, c51]]
}

/// tile[i] += sum over l of a[l * a_step + i] b[l * b_step ..]: as [`add_product`], for an `a` whose columns, and
/// a `b` whose rows, lie apart. Goes on for `count` l.
#[inline(always)]
pub(crate) fn add_outer<S: Vectors>(
    s: S,
    tile: Tile<S::V>,
    (a, a_step): (&[f32], usize),
    (b, b_step): (&[f32], usize),
    count: usize,
) -> Tile<S::V> {
    let [[mut c00, mut c01], [mut c10, mut c11], [mut c20, mut c21], rest @ ..] = tile;
    let [[mut c30, mut c31], [mut c40, mut c41], [mut c50, mut c51]] = rest;
    for l in 0..count {
        let a: &[f32; ROWS] = a[l * a_step..].first_chunk().expect("a row of a");
        let [low, high] = halves(s, b[l * b_step..].first_chunk().expect("a row of b"));
        let v = s.splat(a[0]);
        (c00, c01) = (s.mul_add(v, low, c00), s.mul_add(v, high, c01));
        let v = s.splat(a[1]);
        (c10, c11) = (s.mul_add(v, low, c10), s.mul_add(v, high, c11));
        let v = s.splat(a[2]);
        (c20, c21) = (s.mul_add(v, low, c20), s.mul_add(v, high, c21));
        let v = s.splat(a[3]);
        (c30, c31) = (s.mul_add(v, low, c30), s.mul_add(v, high, c31));
        let v = s.splat(a[4]);
        (c40, c41) = (s.mul_add(v, low, c40), s.mul_add(v, high, c41));
        let v = s.splat(a[5]);
        (c50, c51) = (s.mul_add(v, low, c50), s.mul_add(v, high, c51));
    }
    [[c00, c01], [c10, c11], [c20, c21], [c30, c31], [c40, c41], [c50, c51]]
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
