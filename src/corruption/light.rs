//! Exposure and white balance.

use crate::picture::{CHANNELS, PLANE, Picture};

/// Multiplies each channel by its factor, and cuts at white. Equal factors are another exposure (one stop is a factor of
/// 2^(1/2.2), because values are gamma-coded), others another white balance.
pub fn gain(picture: &Picture, factors: [f32; CHANNELS]) -> Picture {
    let planes = picture.values().chunks_exact(PLANE).zip(factors);
    let values = planes.flat_map(|(plane, factor)| plane.iter().map(move |value| value * factor));
    Picture::clamped(values.collect()).expect("a product of finite values is finite")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corruption::tests::detailed;

    #[test]
    fn each_channel_has_its_own_factor_and_white_is_the_limit() {
        let picture = detailed();
        let factors = [0.5, 1.0, 1.5];
        let changed = gain(&picture, factors);
        let mut white = 0;
        for (i, (before, after)) in picture.values().iter().zip(changed.values()).enumerate() {
            assert_eq!(*after, (before * factors[i / PLANE]).min(1.0));
            white += usize::from(*after == 1.0);
        }
        assert!(white > 0, "nothing was cut");
    }
}
