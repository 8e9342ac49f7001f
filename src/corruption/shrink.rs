//! A small picture shown large: what a thumbnail has lost.

use image::imageops::{self, FilterType};
use image::{Rgb, Rgb32FImage};

use crate::picture::{CHANNELS, PLANE, Picture, SIDE};

/// How pixels are interpolated; on the way down each averages over what a pixel covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Linear.
    Linear,
    /// Catmull and Rom's cubic.
    Cubic,
    /// Lanczos with three lobes, with which pictures of another size are opened.
    Lanczos,
}

impl From<Filter> for FilterType {
    fn from(filter: Filter) -> Self {
        match filter {
            Filter::Linear => FilterType::Triangle,
            Filter::Cubic => FilterType::CatmullRom,
            Filter::Lanczos => FilterType::Lanczos3,
        }
    }
}

/// Scales the picture down to `side` x `side` pixels, at least one, and back.
pub fn shrink(picture: &Picture, side: usize, filter: Filter) -> Picture {
    let values = picture.values();
    let image = Rgb32FImage::from_fn(SIDE as u32, SIDE as u32, |x, y| {
        let i = y as usize * SIDE + x as usize;
        Rgb(std::array::from_fn(|channel| values[channel * PLANE + i]))
    });
    let small = imageops::resize(&image, side as u32, side as u32, filter.into());
    let back = imageops::resize(&small, SIDE as u32, SIDE as u32, filter.into());
    let planes = (0..CHANNELS).flat_map(|channel| back.pixels().map(move |pixel| pixel[channel]));
    Picture::clamped(planes.collect()).expect("a mean of finite values is finite")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corruption::blur;
    use crate::corruption::tests::{apart, detailed};

    /// At half the size, linearly, the middle of a ramp stays, and stripes of single pixels become grey.
    #[test]
    fn fine_detail_goes_and_coarse_detail_stays() {
        for filter in [Filter::Linear, Filter::Cubic, Filter::Lanczos] {
            let picture = |value: fn(usize) -> f32| {
                let values = (0..CHANNELS * PLANE).map(|i| value(i % SIDE));
                Picture::new(values.collect()).unwrap()
            };
            let middle = |picture: &Picture| picture.values()[PLANE + 48 * SIDE..][20..76].to_vec();
            let ramp = picture(|x| x as f32 / 95.0);
            for (before, after) in middle(&ramp).iter().zip(middle(&shrink(&ramp, 48, filter))) {
                assert!((before - after).abs() < 5e-3, "{filter:?}: {before} {after}");
            }
            let stripes = picture(|x| (x % 2) as f32);
            for value in middle(&shrink(&stripes, 32, filter)) {
                assert!((value - 0.5).abs() < 0.15, "{filter:?}: {value}");
            }
        }
    }

    /// What a third of the pixels can hold is about what a blur by 1.2 pixels leaves.
    #[test]
    fn a_shrunk_picture_is_as_large_and_not_shifted() {
        let picture = detailed();
        let shrunk = shrink(&picture, 32, Filter::Cubic);
        let like_a_blur = apart(&shrunk, &blur(&picture, 1.2));
        assert!(like_a_blur < 0.4 * apart(&shrunk, &picture), "{like_a_blur}");
    }
}
