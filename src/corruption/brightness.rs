//! More light, at the same hue and saturation.

use crate::picture::{CHANNELS, PLANE, Picture};

/// Adds `light` to the value of each pixel's colour in HSV (its largest channel), and cuts at white. Hue and saturation
/// stay, so the other channels are scaled as the largest one is.
pub fn brightness(picture: &Picture, light: f32) -> Picture {
    let mut values = picture.values().to_vec();
    for i in 0..PLANE {
        let channels = (0..CHANNELS).map(|channel| channel * PLANE + i);
        let largest = channels.clone().fold(0.0f32, |largest, at| largest.max(values[at]));
        let brighter = (largest + light).min(1.0);
        for at in channels {
            // Black has no hue: it becomes grey.
            values[at] = if largest > 0.0 { values[at] / largest * brighter } else { brighter };
        }
    }
    Picture::clamped(values).expect("a quotient by a positive number is finite")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::VALUES;

    #[test]
    fn grey_pictures_become_lighter_by_the_parameter() {
        for grey in [0.0, 0.25, 0.5] {
            let picture = Picture::new(vec![grey; VALUES]).unwrap();
            for light in [0.1, 0.3, 0.5] {
                let changed = brightness(&picture, light);
                let mean = changed.values().iter().sum::<f32>() / VALUES as f32;
                assert!((mean - grey - light).abs() < 1e-3, "{grey} + {light}: {mean}");
            }
        }
    }

    #[test]
    fn hue_and_saturation_stay_and_white_is_the_limit() {
        let colour = [0.8f32, 0.4, 0.2];
        let values: Vec<f32> = colour.iter().flat_map(|value| [*value; PLANE]).collect();
        let picture = Picture::new(values).unwrap();
        // Python's colorsys: hsv_to_rgb(h, s, v + 0.1), and with v cut at 1.
        for (light, expected) in [(0.1, [0.9, 0.45, 0.225]), (0.5, [1.0, 0.5, 0.25])] {
            let changed = brightness(&picture, light);
            for (channel, expected) in expected.into_iter().enumerate() {
                assert!((changed.values()[channel * PLANE + 7] - expected).abs() < 1e-6);
            }
        }
    }
}
