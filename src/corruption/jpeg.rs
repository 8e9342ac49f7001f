//! Compression as a JPEG file.

use image::codecs::jpeg::JpegEncoder;
use image::{ImageFormat, load_from_memory_with_format};

use crate::picture::Picture;

/// The picture as a JPEG file of this quality, 1 to 100.
pub(super) fn jpeg_file(picture: &Picture, quality: u8) -> Vec<u8> {
    let mut file = Vec::new();
    JpegEncoder::new_with_quality(&mut file, quality)
        .encode_image(&picture.to_rgb())
        .expect("a 96x96 RGB image is valid JPEG and memory does not fail");
    file
}

/// The picture as it comes back from a JPEG file of this quality, 1 to 100.
pub fn jpeg(picture: &Picture, quality: u8) -> Picture {
    let decoded = load_from_memory_with_format(&jpeg_file(picture, quality), ImageFormat::Jpeg)
        .expect("the file was written a moment ago");
    Picture::from_rgb(&decoded.into_rgb8())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corruption::tests::{apart, detailed};

    /// The best quality keeps a picture within some grey levels: channels, rows and columns are where they were.
    #[test]
    fn the_best_quality_nearly_keeps_a_picture() {
        let picture = detailed();
        let best = apart(&picture, &jpeg(&picture, 100));
        assert!(best < 0.01, "{best}");
    }
}
