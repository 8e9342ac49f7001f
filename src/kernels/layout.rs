//! Between channels first, [n, c, h, w], and channels last, [n, h, w, c].

use crate::vector::loops;

/// [n, h, w, c] from [n, c, h, w]; `places` is h * w.
#[cfg(test)]
pub(crate) fn channels_last(x: &[f32], c: usize, places: usize) -> Vec<f32> {
    let mut y = vec![0.0; x.len()];
    for (x, y) in x.chunks_exact(c * places).zip(y.chunks_exact_mut(c * places)) {
        transpose(x, c, places, y);
    }
    y
}

/// [n, c, h, w] from [n, h, w, c]; `places` is h * w.
#[cfg(test)]
pub(crate) fn channels_first(x: &[f32], c: usize, places: usize) -> Vec<f32> {
    let mut y = vec![0.0; x.len()];
    for (x, y) in x.chunks_exact(c * places).zip(y.chunks_exact_mut(c * places)) {
        transpose(x, places, c, y);
    }
    y
}

/// y [columns, rows] from x [rows, columns].
pub(crate) fn transpose(x: &[f32], rows: usize, columns: usize, y: &mut [f32]) {
    assert!(x.len() == rows * columns && y.len() == x.len());
    if columns == 1 || rows == 1 {
        y.copy_from_slice(x);
        return;
    }
    // Blocks of 16 x 16, so that both sides stay in the first cache.
    const BLOCK: usize = 16;
    loops(
        #[inline(always)]
        || {
            for i0 in (0..rows).step_by(BLOCK) {
                let i1 = rows.min(i0 + BLOCK);
                for j0 in (0..columns).step_by(BLOCK) {
                    for j in j0..columns.min(j0 + BLOCK) {
                        let to = &mut y[j * rows..][i0..i1];
                        for (to, i) in to.iter_mut().zip(i0..i1) {
                            *to = x[i * columns + j];
                        }
                    }
                }
            }
        },
    );
}
