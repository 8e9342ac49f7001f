//! Pictures: encoded bytes → [`Picture`] → tensor, and back to an 8-bit PNG.

use std::io::Cursor;

use burn::tensor::{Device, Tensor, TensorData};
use image::imageops::FilterType;
use image::metadata::Orientation;
use image::{
    DynamicImage, GenericImageView, ImageBuffer, ImageDecoder, ImageFormat, ImageReader, Limits,
    Pixel, Rgb, RgbImage, Rgba, imageops,
};

use crate::error::{Error, Result};

/// Width and height of every picture, in pixels.
pub const SIDE: usize = 96;
/// Colour channels: red, green, blue.
pub const CHANNELS: usize = 3;
/// Pixels of one channel.
pub const PLANE: usize = SIDE * SIDE;
/// Values of one picture.
pub const VALUES: usize = CHANNELS * PLANE;

/// Larger pictures are refused before they are decoded: a header of a few bytes can ask for gigabytes.
const MAX_MEGAPIXELS: u64 = 25;
/// Larger files are refused: decoders may copy them, and a picture is to take less than 400 MB (docs/reliability.md).
pub const LARGEST_FILE: usize = 40_000_000;
/// Bytes that a decoder may allocate beside the image that it fills, for metadata and its own work.
const MAX_DECODER_BYTES: u64 = 48 << 20;

/// The largest centred square, over white, scaled to 96x96. Works on the image in place: copies of a large one
/// would need several times its memory.
fn centre_square(image: DynamicImage) -> RgbImage {
    let (width, height) = image.dimensions();
    let side = width.min(height);
    let (left, top) = ((width - side) / 2, (height - side) / 2);
    match image {
        DynamicImage::ImageRgb8(image) => scale(&*image.view(left, top, side, side)),
        DynamicImage::ImageRgba8(mut image) => {
            image.pixels_mut().for_each(|pixel| *pixel = over_white(pixel));
            let scaled = scale(&*image.view(left, top, side, side));
            DynamicImage::ImageRgba8(scaled).into_rgb8()
        }
        // Rarer kinds: slower, without a copy either.
        image => scale(&Square { image, left, top, side }),
    }
}

/// The image scaled to 96x96.
fn scale<I>(image: &I) -> ImageBuffer<I::Pixel, Vec<u8>>
where
    I: GenericImageView<Pixel: Pixel<Subpixel = u8> + 'static>,
{
    let side = SIDE as u32;
    if image.dimensions() == (side, side) {
        return ImageBuffer::from_fn(side, side, |x, y| image.get_pixel(x, y));
    }
    imageops::resize(image, side, side, FilterType::Lanczos3)
}

fn over_white(pixel: &Rgba<u8>) -> Rgba<u8> {
    let mut paper = Rgba([u8::MAX; 4]);
    paper.blend(pixel);
    paper
}

/// A square part of an image, seen over white. Each pixel is computed when it is asked for.
struct Square {
    image: DynamicImage,
    left: u32,
    top: u32,
    side: u32,
}

impl GenericImageView for Square {
    type Pixel = Rgb<u8>;

    fn dimensions(&self) -> (u32, u32) {
        (self.side, self.side)
    }

    fn get_pixel(&self, x: u32, y: u32) -> Rgb<u8> {
        over_white(&self.image.get_pixel(self.left + x, self.top + y)).to_rgb()
    }
}

/// A 96x96 RGB picture: [`VALUES`] numbers in [0, 1], channel planes R, G, B, each row by row.
///
/// Values are real numbers, not bytes: an attack moves them by less than one 255th.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture(Vec<f32>);

impl Picture {
    /// Wraps [`VALUES`] numbers in [0, 1].
    ///
    /// # Errors
    /// When there are not [`VALUES`] of them, or one is outside [0, 1] or not a number.
    pub fn new(values: Vec<f32>) -> Result<Self> {
        if values.len() != VALUES {
            return Err(Error::Option {
                name: "the number of values in a picture",
                value: values.len().to_string(),
                must: "3 x 96 x 96 = 27648",
            });
        }
        if let Some(bad) = values.iter().find(|v| !(0.0..=1.0).contains(*v)) {
            return Err(Error::Option {
                name: "a value of the picture",
                value: bad.to_string(),
                must: "between 0 and 1",
            });
        }
        Ok(Self(values))
    }

    /// Wraps the output of a model: values outside [0, 1] are clamped.
    ///
    /// # Errors
    /// When there are not [`VALUES`] of them, or one is not finite.
    pub fn clamped(mut values: Vec<f32>) -> Result<Self> {
        if values.iter().any(|v| !v.is_finite()) {
            return Err(Error::NotFinite("a value of the picture"));
        }
        for value in &mut values {
            *value = value.clamp(0.0, 1.0);
        }
        Self::new(values)
    }

    /// Decodes a JPEG, PNG, WebP, GIF (its first frame) or BMP of any size.
    ///
    /// The largest centred square is cut out, composited over white where it is transparent, scaled to 96x96
    /// (Lanczos), and turned as the EXIF orientation says. Beside the decoded image itself, nothing of its
    /// size is allocated.
    ///
    /// # Errors
    /// When the bytes are no such picture, are cut short, hold no pixels, ask for more than 25 megapixels, or are more than
    /// [`LARGEST_FILE`].
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        if bytes.len() > LARGEST_FILE {
            return Err(Error::PictureFileTooLarge { limit: LARGEST_FILE / 1_000_000 });
        }
        let unreadable = |e: image::ImageError| match e {
            image::ImageError::Limits(_) => Error::PictureNeedsMemory,
            // Some decoders end their messages with a line break.
            e => {
                let reason = e.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
                Error::Picture { reason }
            }
        };
        let mut limits = Limits::default();
        limits.max_alloc = Some(MAX_DECODER_BYTES);
        let mut reader = ImageReader::new(Cursor::new(bytes))
            .with_guessed_format()
            .map_err(|e| Error::Picture { reason: e.to_string() })?;
        reader.limits(limits);
        let mut decoder = reader.into_decoder().map_err(unreadable)?;
        let (width, height) = decoder.dimensions();
        if width == 0 || height == 0 {
            return Err(Error::Picture { reason: "it has no pixels".to_owned() });
        }
        if u64::from(width) * u64::from(height) > MAX_MEGAPIXELS * 1_000_000 {
            return Err(Error::PictureTooLarge { width, height, limit: MAX_MEGAPIXELS });
        }
        // A broken EXIF block is no reason to refuse a good picture.
        let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
        // The square is turned after scaling, when it is small.
        let image = DynamicImage::from_decoder(decoder).map_err(unreadable)?;
        let mut scaled = DynamicImage::ImageRgb8(centre_square(image));
        scaled.apply_orientation(orientation);
        Ok(Self::from_rgb(&scaled.into_rgb8()))
    }

    /// Takes over a 96x96 RGB image.
    ///
    /// # Panics
    /// When the image has another size; the caller has scaled it.
    pub fn from_rgb(image: &RgbImage) -> Self {
        assert_eq!(image.dimensions(), (SIDE as u32, SIDE as u32), "a 96x96 image");
        let mut values = vec![0.0; VALUES];
        for (i, pixel) in image.pixels().enumerate() {
            for channel in 0..CHANNELS {
                values[channel * PLANE + i] = f32::from(pixel[channel]) / 255.0;
            }
        }
        Self(values)
    }

    /// Rounds to 8 bits a channel.
    pub fn to_rgb(&self) -> RgbImage {
        RgbImage::from_fn(SIDE as u32, SIDE as u32, |x, y| {
            let i = y as usize * SIDE + x as usize;
            image::Rgb(std::array::from_fn(|c| (self.0[c * PLANE + i] * 255.0).round() as u8))
        })
    }

    /// The picture as a lossless PNG of 8 bits a channel.
    ///
    /// Rounding moves a value by at most 1/510, which can undo a part of an attack: classify
    /// [`Picture::rounded`] to see what a reader of the file will see.
    pub fn to_png(&self) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        self.to_rgb()
            .write_to(&mut bytes, ImageFormat::Png)
            .expect("a 96x96 RGB image is valid PNG and memory does not fail");
        bytes.into_inner()
    }

    /// The picture as it comes back from an 8-bit file.
    pub fn rounded(&self) -> Self {
        Self::from_rgb(&self.to_rgb())
    }

    /// The [`VALUES`] numbers: planes R, G, B, each row by row.
    pub fn values(&self) -> &[f32] {
        &self.0
    }

    /// The picture as a batch of one, shape [1, 3, 96, 96].
    pub fn to_tensor(&self, device: &Device) -> Tensor<4> {
        Tensor::from_data(TensorData::new(self.0.clone(), [1, CHANNELS, SIDE, SIDE]), device)
    }

    /// Several pictures as one batch, shape [n, 3, 96, 96].
    pub fn batch(pictures: &[Picture], device: &Device) -> Tensor<4> {
        let values = pictures.iter().flat_map(|p| p.0.iter().copied()).collect::<Vec<_>>();
        Tensor::from_data(TensorData::new(values, [pictures.len(), CHANNELS, SIDE, SIDE]), device)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gradient(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, y| {
            image::Rgb([(x * 255 / width) as u8, (y * 255 / height) as u8, 90])
        })
    }

    fn encode(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn a_png_of_the_right_size_comes_back_bit_for_bit() {
        let picture = Picture::from_rgb(&gradient(96, 96));
        assert_eq!(Picture::decode(&picture.to_png()).unwrap(), picture);
    }

    #[test]
    fn planes_are_channel_by_channel_and_rows_run_left_to_right() {
        let mut image = RgbImage::new(96, 96);
        image.put_pixel(5, 2, image::Rgb([255, 0, 0]));
        image.put_pixel(7, 3, image::Rgb([0, 0, 255]));
        let picture = Picture::from_rgb(&image);
        let lit: Vec<usize> = (0..VALUES).filter(|i| picture.values()[*i] > 0.0).collect();
        assert_eq!(lit, [2 * SIDE + 5, 2 * PLANE + 3 * SIDE + 7]);
    }

    #[test]
    fn the_centre_square_of_every_format_is_kept() {
        // A red square between two green wings: only red is left after the crop.
        let image = RgbImage::from_fn(400, 200, |x, _| {
            image::Rgb(if (100..300).contains(&x) { [200, 0, 0] } else { [0, 200, 0] })
        });
        for format in [
            ImageFormat::Jpeg,
            ImageFormat::Png,
            ImageFormat::WebP,
            ImageFormat::Gif,
            ImageFormat::Bmp,
        ] {
            let picture = Picture::decode(&encode(&image.clone().into(), format)).unwrap();
            let centre = SIDE / 2 * SIDE + SIDE / 2;
            assert!(picture.values()[centre] > 0.7, "{format:?}");
            assert!(picture.values()[PLANE + centre] < 0.1, "{format:?}");
        }
    }

    #[test]
    fn transparency_is_laid_over_white() {
        let image = image::RgbaImage::from_pixel(50, 50, image::Rgba([0, 0, 0, 0]));
        let picture = Picture::decode(&encode(&image.into(), ImageFormat::Png)).unwrap();
        assert!(picture.values().iter().all(|v| *v > 0.99));
    }

    #[test]
    fn a_half_transparent_picture_is_mixed_with_white_before_it_is_scaled() {
        // Black where it is opaque, transparent black elsewhere: scaled first, the edge would be too dark.
        let image = image::RgbaImage::from_fn(192, 192, |x, _| {
            image::Rgba([0, 0, 0, if x % 2 == 0 { 255 } else { 0 }])
        });
        let picture = Picture::decode(&encode(&image.into(), ImageFormat::Png)).unwrap();
        let inner: Vec<f32> = (10..80).map(|x| picture.values()[40 * SIDE + x]).collect();
        assert!(inner.iter().all(|v| (v - 0.5).abs() < 0.01), "{inner:?}");
    }

    #[test]
    fn every_depth_gives_the_same_picture() {
        let image = DynamicImage::from(gradient(300, 200));
        let expected = Picture::decode(&encode(&image, ImageFormat::Png)).unwrap();
        let near = |other: &DynamicImage| {
            let picture = Picture::decode(&encode(other, ImageFormat::Png)).unwrap();
            let pairs = picture.values().iter().zip(expected.values());
            pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) < 1.5 / 255.0
        };
        assert!(near(&image.to_rgba8().into()));
        assert!(near(&image.to_rgb16().into()));
        assert!(near(&image.to_rgba16().into()));
        let grey = DynamicImage::from(image.to_luma8());
        let picture = Picture::decode(&encode(&grey, ImageFormat::Png)).unwrap();
        assert_eq!(picture.values()[..PLANE], picture.values()[PLANE..2 * PLANE]);
    }

    #[test]
    fn exif_orientation_is_honoured() {
        // A JPEG whose left half is red, with the orientation "rotate by 90 degrees clockwise": red on top.
        let image = RgbImage::from_fn(96, 96, |x, _| {
            image::Rgb(if x < 48 { [255, 0, 0] } else { [0, 0, 255] })
        });
        let plain = encode(&image.into(), ImageFormat::Jpeg);
        let exif = [
            b"\xff\xe1\x00\x22Exif\0\0".as_slice(), // APP1, 34 bytes
            b"MM\x00\x2a\x00\x00\x00\x08\x00\x01",  // big-endian TIFF, one entry
            b"\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00", // orientation = 6
            b"\x00\x00\x00\x00",
        ]
        .concat();
        let turned = [&plain[..2], &exif, &plain[2..]].concat();
        let red = |bytes: &[u8], x: usize, y: usize| {
            Picture::decode(bytes).unwrap().values()[y * SIDE + x]
        };
        assert!(red(&plain, 20, 80) > 0.8 && red(&plain, 80, 20) < 0.2);
        assert!(red(&turned, 20, 80) < 0.2 && red(&turned, 80, 20) > 0.8);
    }

    #[test]
    fn what_is_no_picture_is_one_clear_error() {
        let png = Picture::from_rgb(&gradient(96, 96)).to_png();
        for bytes in [&b""[..], b"not a picture", &png[..png.len() / 2]] {
            assert!(matches!(Picture::decode(bytes), Err(Error::Picture { .. })));
        }
    }

    #[test]
    fn a_picture_without_pixels_is_refused() {
        // A GIF whose screen has neither width nor height, with a frame of one pixel.
        let gif =
            b"GIF89a\0\0\0\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0;";
        let error = Picture::decode(gif).unwrap_err().to_string();
        assert!(error.contains("no pixels"), "{error}");
    }

    #[test]
    fn a_header_that_asks_for_gigapixels_is_refused_before_decoding() {
        let mut bmp = encode(&gradient(8, 8).into(), ImageFormat::Bmp);
        bmp[18..22].copy_from_slice(&60_000u32.to_le_bytes());
        bmp[22..26].copy_from_slice(&60_000u32.to_le_bytes());
        let refused = Err(Error::PictureTooLarge { width: 60_000, height: 60_000, limit: 25 });
        assert_eq!(
            format!("{:?}", Picture::decode(&bmp)),
            format!("{refused:?}", refused = refused as Result<Picture>)
        );
    }

    /// What a decoder would need beside the image is as limited as the image; neither is the file's format at fault.
    #[test]
    fn files_and_rows_that_are_too_long_are_refused_in_words_of_their_own() {
        let error = Picture::decode(&vec![0; LARGEST_FILE + 1]).unwrap_err().to_string();
        assert!(error.contains("more than 40 MB"), "{error}");
        // A single row of 24 million pixels, with 8 bytes each.
        let mut png = encode(&DynamicImage::new_rgba16(1, 1), ImageFormat::Png);
        png[16..20].copy_from_slice(&24_000_000u32.to_be_bytes());
        let sum = crc32fast::hash(&png[12..29]);
        png[29..33].copy_from_slice(&sum.to_be_bytes());
        let error = Picture::decode(&png).unwrap_err().to_string();
        assert!(error.contains("more memory") && !error.contains("use a JPEG"), "{error}");
    }

    #[test]
    fn values_outside_the_unit_interval_are_refused_or_clamped() {
        let mut values = vec![0.5; VALUES];
        values[7] = 1.5;
        assert!(Picture::new(values.clone()).is_err());
        assert_eq!(Picture::clamped(values.clone()).unwrap().values()[7], 1.0);
        values[7] = f32::NAN;
        assert!(Picture::new(values.clone()).is_err());
        assert!(Picture::clamped(values).is_err());
        assert!(Picture::new(vec![0.5; 3]).is_err());
    }
}
