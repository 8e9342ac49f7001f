//! Max pooling, 2x2 with stride 2; a last odd row or column is left out, as PyTorch does it.

use crate::parallel::for_each;
use crate::vector::loops;

/// [n, h/2, w/2, c] from [n, h, w, c].
///
/// # Panics
/// When `x` is not whole pictures.
pub fn max(x: &[f32], [h, w, c]: [usize; 3]) -> Vec<f32> {
    let n = crate::filter::pictures(x, h * w * c);
    let mut y = vec![0.0; n * (h / 2) * (w / 2) * c];
    if y.is_empty() {
        return y;
    }
    let jobs = x.chunks(h * w * c).zip(y.chunks_mut((h / 2) * (w / 2) * c)).collect();
    for_each(jobs, |(x, y)| picture(x, [h, w, c], y, None));
    y
}

/// The input's gradient, from the input and the output's gradient [n, h/2, w/2, c]: it goes to the first of a window's
/// largest values, row by row.
///
/// # Panics
/// When the two are not as many pictures.
pub fn gradient(x: &[f32], dy: &[f32], [h, w, c]: [usize; 3]) -> Vec<f32> {
    let n = crate::filter::pictures(x, h * w * c);
    let (ho, wo) = (h / 2, w / 2);
    assert_eq!(dy.len(), n * ho * wo * c, "one gradient for each window");
    let mut dx = vec![0.0; x.len()];
    if dy.is_empty() {
        return dx;
    }
    let jobs = x.chunks(h * w * c).zip(dy.chunks(ho * wo * c)).zip(dx.chunks_mut(h * w * c));
    for_each(jobs.collect(), |((x, dy), dx)| {
        let mut codes = vec![0; dy.len()];
        let mut y = vec![0.0; dy.len()];
        picture(x, [h, w, c], &mut y, Some(&mut codes));
        spread(dy, &codes, [h, w, c], dx);
    });
    dx
}

/// One picture; `codes` says which of the four was the largest (0 to 3).
pub(crate) fn picture(x: &[f32], [h, w, c]: [usize; 3], y: &mut [f32], codes: Option<&mut [u8]>) {
    let (ho, wo) = (h / 2, w / 2);
    assert!(x.len() == h * w * c && y.len() == ho * wo * c);
    match codes {
        None => loops(
            #[inline(always)]
            || {
                for (row, y) in y.chunks_exact_mut(wo * c).enumerate() {
                    let (above, below) = rows(x, row, w * c);
                    for ((y, a), b) in y
                        .chunks_exact_mut(c)
                        .zip(above.chunks_exact(2 * c))
                        .zip(below.chunks_exact(2 * c))
                    {
                        let ((a0, a1), (b0, b1)) = (a.split_at(c), b.split_at(c));
                        for i in 0..c {
                            y[i] = larger(larger(a0[i], a1[i]), larger(b0[i], b1[i]));
                        }
                    }
                }
            },
        ),
        Some(codes) => loops(
            #[inline(always)]
            || {
                let lines = y.chunks_exact_mut(wo * c).zip(codes.chunks_exact_mut(wo * c));
                for (row, (y, codes)) in lines.enumerate() {
                    let (above, below) = rows(x, row, w * c);
                    for (((y, code), a), b) in y
                        .chunks_exact_mut(c)
                        .zip(codes.chunks_exact_mut(c))
                        .zip(above.chunks_exact(2 * c))
                        .zip(below.chunks_exact(2 * c))
                    {
                        let ((a0, a1), (b0, b1)) = (a.split_at(c), b.split_at(c));
                        for i in 0..c {
                            let upper = larger(a0[i], a1[i]);
                            let lower = larger(b0[i], b1[i]);
                            y[i] = larger(upper, lower);
                            code[i] = if lower > upper {
                                2 + u8::from(b1[i] > b0[i])
                            } else {
                                u8::from(a1[i] > a0[i])
                            };
                        }
                    }
                }
            },
        ),
    }
}

/// Gradients back to where the codes say; nowhere for codes above 3. Overwrites `dx`.
pub(crate) fn spread(dy: &[f32], codes: &[u8], [h, w, c]: [usize; 3], dx: &mut [f32]) {
    let (ho, wo) = (h / 2, w / 2);
    assert!(dy.len() == ho * wo * c && codes.len() == dy.len() && dx.len() == h * w * c);
    if h % 2 + w % 2 > 0 {
        dx.fill(0.0);
    }
    loops(
        #[inline(always)]
        || {
            let lines = dy.chunks_exact(wo * c).zip(codes.chunks_exact(wo * c));
            for ((dy, codes), dx) in lines.zip(dx.chunks_exact_mut(2 * w * c)) {
                let (above, below) = dx.split_at_mut(w * c);
                for (((dy, code), a), b) in dy
                    .chunks_exact(c)
                    .zip(codes.chunks_exact(c))
                    .zip(above.chunks_exact_mut(2 * c))
                    .zip(below.chunks_exact_mut(2 * c))
                {
                    let ((a0, a1), (b0, b1)) = (a.split_at_mut(c), b.split_at_mut(c));
                    for i in 0..c {
                        a0[i] = if code[i] == 0 { dy[i] } else { 0.0 };
                        a1[i] = if code[i] == 1 { dy[i] } else { 0.0 };
                        b0[i] = if code[i] == 2 { dy[i] } else { 0.0 };
                        b1[i] = if code[i] == 3 { dy[i] } else { 0.0 };
                    }
                }
            }
        },
    );
}

/// The larger, or NaN if either is NaN, as PyTorch has it: a NaN must not get lost.
#[inline(always)]
fn larger(a: f32, b: f32) -> f32 {
    if b > a || b.is_nan() { b } else { a }
}

#[inline(always)]
fn rows(x: &[f32], row: usize, len: usize) -> (&[f32], &[f32]) {
    x[2 * row * len..][..2 * len].split_at(len)
}
