//! Augmentation by what cameras, screens and files do, in the order in which it happens to a photograph.

use std::ops::RangeInclusive;

use rand::RngExt;
use rand::rngs::Xoshiro256PlusPlus;

use super::sample::{Window, sample};
use super::shifted;
use crate::corruption::{Corruption, Filter};
use crate::picture::{CHANNELS, Picture, SIDE};

/// Each corruption is applied to this share of the pictures. An eighth of them has none.
const SHARE: f64 = 0.3;
/// Share of the pictures that are cropped (Szegedy et al. 2015, arXiv 1409.4842); the others are shifted and zoomed.
const CROPPED: f64 = 0.5;
/// Share of the picture's area that a crop shows.
const AREA: RangeInclusive<f32> = 0.35..=1.0;
/// Largest factor between a crop's two sides.
const ASPECT: f32 = 4.0 / 3.0;
/// Largest standard deviation of the blur, in pixels.
const BLUR: f32 = 2.5;
/// Sides of shrunk pictures.
const SIDES: RangeInclusive<f32> = 24.0..=96.0;
/// Largest change of the exposure, in stops.
const STOPS: f32 = 1.0;
/// Pictures hold light to the power of 1 / this.
const GAMMA: f32 = 2.2;
/// Largest factor, and its reciprocal the smallest, of red and blue against green.
const BALANCE: f32 = 1.25;
/// Largest standard deviation of the noise.
const NOISE: f32 = 0.08;
/// Qualities of JPEG.
const QUALITY: RangeInclusive<u8> = 20..=95;

/// Augments a picture; see [`super::Augmentation::apply`].
pub(super) fn apply(
    values: &[f32],
    side: usize,
    flip: bool,
    rng: &mut Xoshiro256PlusPlus,
) -> Vec<f32> {
    let window = if rng.random_bool(CROPPED) { crop(rng) } else { shifted(rng) };
    let picture = Picture::clamped(sample(values, SIDE, flip, window)).expect("finite values");
    let picture = draw(rng).into_iter().fold(picture, |picture, c| c.apply(&picture, rng));
    // Corruptions are measured in pixels of the full size.
    sample(picture.values(), side, false, Window::WHOLE)
}

/// A random part of the picture, of a random shape, shown in full.
fn crop(rng: &mut Xoshiro256PlusPlus) -> Window {
    let area: f32 = rng.random_range(AREA);
    let aspect = between(1.0 / ASPECT, ASPECT, rng).sqrt();
    let sides = [area.sqrt() * aspect, area.sqrt() / aspect].map(|side| side.min(1.0));
    let shift = sides.map(|side| {
        let room = (1.0 - side) * SIDE as f32 / 2.0;
        rng.random_range(-room..=room)
    });
    Window { zoom: sides.map(f32::recip), shift }
}

/// The corruptions of one picture.
fn draw(rng: &mut Xoshiro256PlusPlus) -> Vec<Corruption> {
    type Draw = fn(&mut Xoshiro256PlusPlus) -> Corruption;
    let kinds: [Draw; 6] = [
        |rng| Corruption::Blur(rng.random_range(0.0..=BLUR)),
        |rng| {
            let light = rng.random_range(-STOPS..=STOPS).exp2();
            Corruption::Gain([light.powf(1.0 / GAMMA); CHANNELS])
        },
        |rng| {
            let [red, blue] = [(); 2].map(|()| between(BALANCE.recip(), BALANCE, rng));
            Corruption::Gain([red, 1.0, blue])
        },
        |rng| Corruption::Noise(rng.random_range(0.0..=NOISE)),
        |rng| {
            let side = between(*SIDES.start(), *SIDES.end(), rng).round() as usize;
            let filters = [Filter::Linear, Filter::Cubic, Filter::Lanczos];
            Corruption::Shrink(side, filters[rng.random_range(0..filters.len())])
        },
        |rng| Corruption::Jpeg(rng.random_range(QUALITY)),
    ];
    let mut drawn = Vec::new();
    for kind in kinds {
        if rng.random_bool(SHARE) {
            drawn.push(kind(rng));
        }
    }
    drawn
}

/// A factor, as likely in any range as in another one as many times as large.
fn between(smallest: f32, largest: f32, rng: &mut Xoshiro256PlusPlus) -> f32 {
    rng.random_range(smallest.ln()..=largest.ln()).exp()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    const DRAWS: usize = 4000;

    #[test]
    fn each_corruption_has_its_share_and_range_and_several_combine() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let drawn: Vec<Vec<Corruption>> = (0..DRAWS).map(|_| draw(&mut rng)).collect();
        let mut counts = [0; 6];
        for corruption in drawn.iter().flatten() {
            let kind = match *corruption {
                Corruption::Blur(sigma) => {
                    assert!((0.0..=2.5).contains(&sigma));
                    0
                }
                Corruption::Gain([r, g, b]) if r == g && g == b => {
                    assert!((0.72..=1.38).contains(&r));
                    1
                }
                Corruption::Gain([r, g, b]) => {
                    assert!(g == 1.0 && [r, b].iter().all(|v| (0.79..=1.26).contains(v)));
                    2
                }
                Corruption::Noise(deviation) => {
                    assert!((0.0..=0.08).contains(&deviation));
                    3
                }
                Corruption::Shrink(side, _) => {
                    assert!((24..=96).contains(&side));
                    4
                }
                Corruption::Jpeg(quality) => {
                    assert!((20..=95).contains(&quality));
                    5
                }
                other => panic!("{other:?} is not drawn"),
            };
            counts[kind] += 1;
        }
        for count in counts {
            assert!((0.27..0.33).contains(&(f64::from(count) / DRAWS as f64)), "{counts:?}");
        }
        let share = |of: fn(usize) -> bool| {
            drawn.iter().filter(|drawn| of(drawn.len())).count() as f64 / DRAWS as f64
        };
        assert!((0.10..0.14).contains(&share(|n| n == 0)) && share(|n| n >= 3) > 0.2);
    }

    #[test]
    fn a_crop_lies_inside_the_picture() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(2);
        let mut areas = Vec::new();
        for _ in 0..DRAWS {
            let Window { zoom, shift } = crop(&mut rng);
            for (zoom, shift) in zoom.into_iter().zip(shift) {
                let half = SIDE as f32 / zoom / 2.0;
                assert!(shift.abs() + half <= SIDE as f32 / 2.0 + 1e-3, "{zoom} {shift}");
            }
            areas.push(1.0 / (zoom[0] * zoom[1]));
            assert!((0.7..1.4).contains(&(zoom[0] / zoom[1])));
        }
        let mean = areas.iter().sum::<f32>() / DRAWS as f32;
        assert!((0.6..0.7).contains(&mean) && areas.iter().all(|a| *a >= 0.34), "{mean}");
    }

    #[test]
    fn a_picture_stays_in_range_at_every_size() {
        let values: Vec<f32> =
            (0..CHANNELS * SIDE * SIDE).map(|i| (i % 251) as f32 / 250.0).collect();
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
        for side in [SIDE, 64] {
            for _ in 0..20 {
                let augmented = apply(&values, side, true, &mut rng);
                assert_eq!(augmented.len(), CHANNELS * side * side);
                assert!(augmented.iter().all(|v| (0.0..=1.0).contains(v)));
            }
        }
    }
}
