//! Mixed pictures: Mixup (Zhang et al. 2018, arXiv 1710.09412) and CutMix (Yun et al. 2019, arXiv 1905.04899).
//!
//! Each picture of a batch is mixed with the next one, and the last one with the first: the order is random already.

use std::ops::Range;

use rand::RngExt;
use rand::rngs::Xoshiro256PlusPlus;
use rand_distr::Beta;

use crate::class::Class;
use crate::picture::CHANNELS;

/// How the pictures of a batch are mixed.
#[derive(Clone, Debug)]
pub(super) struct Mix {
    /// Share of a picture's own class; the rest is its neighbour's.
    own: f64,
    /// Rows and columns that come from the neighbour; without them, all values are means.
    cut: Option<[Range<usize>; 2]>,
}

impl Mix {
    /// Draws how to mix pictures of `side` x `side` pixels: the shares from Beta(`mixup`, `mixup`) or
    /// Beta(`cutmix`, `cutmix`). If both are above 0, one of the two in each batch; if neither is, nothing is drawn.
    pub fn draw(
        mixup: f64,
        cutmix: f64,
        side: usize,
        rng: &mut Xoshiro256PlusPlus,
    ) -> Option<Self> {
        let cut = match (mixup > 0.0, cutmix > 0.0) {
            (false, false) => return None,
            (true, true) => rng.random_bool(0.5),
            (_, cut) => cut,
        };
        let alpha = if cut { cutmix } else { mixup };
        let own: f64 = rng.sample(Beta::new(alpha, alpha).expect("alpha is above 0"));
        if !cut {
            return Some(Self { own, cut: None });
        }
        let half = (side as f64 * (1.0 - own).sqrt() / 2.0).round() as usize;
        let cut = [(); 2].map(|()| {
            let middle = rng.random_range(0..side);
            middle.saturating_sub(half)..(middle + half).min(side)
        });
        // What lies outside of the picture is not cut.
        let area = cut[0].len() * cut[1].len();
        Some(Self { own: 1.0 - area as f64 / (side * side) as f64, cut: Some(cut) })
    }

    /// Mixes pictures of `side` x `side` pixels, given by their values.
    pub fn pictures(&self, pictures: &mut [Vec<f32>], side: usize) {
        let own = self.own as f32;
        with_next(pictures, |picture, next| match &self.cut {
            None => {
                for (value, other) in picture.iter_mut().zip(next) {
                    *value = own * *value + (1.0 - own) * other;
                }
            }
            Some([rows, columns]) => {
                for plane in 0..CHANNELS {
                    for row in rows.clone() {
                        let start = (plane * side + row) * side;
                        let cut = start + columns.start..start + columns.end;
                        picture[cut.clone()].copy_from_slice(&next[cut]);
                    }
                }
            }
        });
    }

    /// Mixes the classes' shares in the same way.
    pub fn shares(&self, shares: &mut [[f64; Class::COUNT]]) {
        with_next(shares, |shares, next| {
            for (share, other) in shares.iter_mut().zip(next) {
                *share = self.own * *share + (1.0 - self.own) * other;
            }
        });
    }
}

/// Changes each item by the next one as it was, and the last one by the first.
fn with_next<T: Clone>(items: &mut [T], mut change: impl FnMut(&mut T, &T)) {
    let Some(first) = items.first().cloned() else { return };
    for i in 1..items.len() {
        let (before, from) = items.split_at_mut(i);
        change(&mut before[i - 1], &from[0]);
    }
    change(items.last_mut().expect("there is a first one"), &first);
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    const SIDE: usize = 8;
    const VALUES: usize = CHANNELS * SIDE * SIDE;

    /// Three pictures, each of a single value, and shares of classes that sum to one.
    fn batch() -> (Vec<Vec<f32>>, Vec<[f64; Class::COUNT]>) {
        let shares = |class: usize| std::array::from_fn(|i| if i == class { 0.91 } else { 0.01 });
        ([0.0, 0.5, 1.0].map(|v| vec![v; VALUES]).to_vec(), (0..3).map(shares).collect())
    }

    fn mixes(mixup: f64, cutmix: f64) -> Vec<Mix> {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        (0..400).map(|_| Mix::draw(mixup, cutmix, SIDE, &mut rng).unwrap()).collect()
    }

    #[test]
    fn pictures_and_classes_are_mixed_with_the_next_ones_in_the_same_shares() {
        for mix in mixes(0.4, 1.0) {
            let (mut pictures, mut shares) = batch();
            mix.pictures(&mut pictures, SIDE);
            mix.shares(&mut shares);
            for (i, (picture, shares)) in pictures.iter().zip(&shares).enumerate() {
                assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{shares:?}");
                // One share is the picture's own, the other the next one's.
                let own = (shares[i] - 0.01) / 0.9;
                assert!((shares[(i + 1) % 3] - 0.01 - 0.9 * (1.0 - own)).abs() < 1e-9);
                let values = [0.0, 0.5, 1.0];
                let expected = own * values[i] + (1.0 - own) * values[(i + 1) % 3];
                let mean = picture.iter().map(|v| f64::from(*v)).sum::<f64>() / VALUES as f64;
                assert!((mean - expected).abs() < 1e-5, "{i}: {mean} {expected}");
                if mix.cut.is_some() {
                    assert!(picture.iter().all(|v| values.contains(&f64::from(*v))));
                }
            }
        }
    }

    #[test]
    fn the_cut_is_a_rectangle_at_the_same_place_in_all_channels() {
        let mix = Mix { own: 1.0 - 6.0 / 64.0, cut: Some([1..3, 4..7]) };
        let (mut pictures, _) = batch();
        mix.pictures(&mut pictures, SIDE);
        for (i, value) in pictures[0].iter().enumerate() {
            let (y, x) = (i / SIDE % SIDE, i % SIDE);
            let inside = (1..3).contains(&y) && (4..7).contains(&x);
            assert_eq!(*value, if inside { 0.5 } else { 0.0 }, "{y} {x}");
        }
    }

    /// Beta(a, a) has the mean 1/2 and the variance 1 / (8 a + 4).
    #[test]
    fn shares_come_from_the_beta_distribution_and_both_kinds_take_turns() {
        let mean_and_variance = |mixup| {
            let own: Vec<f64> = mixes(mixup, 0.0).iter().map(|mix| mix.own).collect();
            let mean = own.iter().sum::<f64>() / own.len() as f64;
            (mean, own.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / own.len() as f64)
        };
        for (alpha, variance) in [(0.2, 1.0 / 5.6), (1.0, 1.0 / 12.0), (8.0, 1.0 / 68.0)] {
            let (mean, found) = mean_and_variance(alpha);
            assert!((mean - 0.5).abs() < 0.05, "{alpha}: {mean}");
            assert!((found / variance - 1.0).abs() < 0.15, "{alpha}: {found} {variance}");
        }
        let cuts = |mixup, cutmix| mixes(mixup, cutmix).iter().filter(|m| m.cut.is_some()).count();
        assert_eq!((cuts(0.4, 0.0), cuts(0.0, 0.4)), (0, 400));
        assert!((160..240).contains(&cuts(0.4, 0.4)));
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let untouched = rng.clone();
        assert!(Mix::draw(0.0, 0.0, SIDE, &mut rng).is_none() && rng == untouched);
    }
}
