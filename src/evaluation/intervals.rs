//! How far a share that was counted on some pictures can be from that of all pictures.

use serde::Serialize;

/// A 95 % confidence interval, low and high.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval(pub f64, pub f64);

/// The normal distribution's 97.5 % quantile.
const Z: f64 = 1.959_963_984_540_054;

impl Interval {
    /// Wilson's score interval of a share that was counted `count` times in `of`, at least 1. (E. B. Wilson 1927; unlike the
    /// one by the standard error it holds for shares of 0 and 1, too.)
    pub fn wilson(count: usize, of: usize) -> Self {
        let (share, n) = (count as f64 / of as f64, of as f64);
        let middle = (share + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
        let spread = (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
        let half = Z * spread / (1.0 + Z * Z / n);
        // Rounding must not carry it past 0 and 1.
        Self((middle - half).max(0.0), (middle + half).min(1.0))
    }

    /// Wilson's interval of a share of so many pictures.
    pub fn of_share(share: f64, of: usize) -> Self {
        Self::wilson((share * of as f64).round() as usize, of)
    }
}

/// The chance that of `a + b` cases that are equally likely to fall to either side, `a` or more fall to the first: the exact
/// one-sided sign test, and McNemar's where the cases are pictures on which two results differ.
pub fn sign_test(a: usize, b: usize) -> f64 {
    let n = a + b;
    // Logarithms of the binomial coefficients, one from the other.
    let (mut ln, mut total) = (-(n as f64) * std::f64::consts::LN_2, 0.0);
    for k in 0..=n {
        if k >= a {
            total += ln.exp();
        }
        ln += ((n - k) as f64).ln() - ((k + 1) as f64).ln();
    }
    total.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `scipy.stats.binomtest(count, of).proportion_ci(0.95, "wilson")` of SciPy 1.17.1.
    #[test]
    fn wilson_s_intervals_are_scipy_s() {
        for (count, of, low, high) in WILSON {
            let Interval(l, h) = Interval::wilson(count, of);
            assert!(
                (l - low).abs() < 1e-12 && (h - high).abs() < 1e-12,
                "{count} of {of}: {l} {h}"
            );
        }
        assert_eq!(Interval::of_share(0.5, 10), Interval::wilson(5, 10));
    }

    /// `scipy.stats.binomtest(a, a + b, 0.5, "greater").pvalue`.
    #[test]
    fn the_sign_test_is_scipy_s() {
        for (a, b, expected) in SIGNS {
            let p = sign_test(a, b);
            assert!((p - expected).abs() < 1e-9 * expected.max(1e-3), "{a} {b}: {p}");
        }
    }

    const WILSON: [(usize, usize, f64, f64); 7] = [
        (0, 10, 0.0, 0.27753279986288926),
        (10, 10, 0.7224672001371109, 1.0),
        (5, 10, 0.236593090512564, 0.7634069094874361),
        (1, 3, 0.06149194472039626, 0.7923403991979523),
        (823, 1000, 0.7981212935038731, 0.8454066205144581),
        (3, 4000, 0.0002550997283718513, 0.002202904396395083),
        (1, 1, 0.20654931437723745, 1.0),
    ];
    const SIGNS: [(usize, usize, f64); 8] = [
        (0, 0, 1.0),
        (1, 0, 0.5),
        (4, 0, 0.0625),
        (5, 1, 0.109375),
        (60, 40, 0.028443966820490444),
        (40, 60, 0.9823998998911476),
        (300, 100, 1.2959434534860554e-24),
        (2000, 1900, 0.056446826129674145),
    ];
}
