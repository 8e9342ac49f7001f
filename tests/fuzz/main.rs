//! Files that are nearly right, through everything that reads files of others. Each target takes a second;
//! SECOND_LOOK_FUZZ_MINUTES=30 gives each 30 minutes:
//!
//! ```text
//! SECOND_LOOK_FUZZ_MINUTES=30 cargo test --release --test fuzz -- --nocapture --test-threads 1
//! ```
//!
//! A file on which one fails belongs into tests/fuzz/found/TARGET/, and is tried first from then on. The checkpoints' target
//! is in src/train/checkpoint.rs, the page's addresses' in tests/page/js/fuzz.test.js.

mod mutated;

use std::fs;
use std::io::Cursor;
use std::path::Path;

use burn::tensor::Device;
use image::{DynamicImage, GrayImage, ImageFormat, RgbImage, RgbaImage};
use safetensors::SafeTensors;
use second_look::data::Pictures;
use second_look::data::stl10::Stl10;
use second_look::detector::{Detector, ScoreConfig};
use second_look::model::card::{Architecture, Card};
use second_look::model::{AutoencoderConfig, ClassifierConfig, Precision, pytorch, weights};
use second_look::picture::{Picture, VALUES};

use mutated::{fuzz, is_a_sentence};

#[test]
fn pictures() {
    let gradient = |x: u32, y: u32| [x as u8 * 3, y as u8 * 5, (x * y) as u8];
    let rgb = DynamicImage::from(RgbImage::from_fn(40, 31, |x, y| image::Rgb(gradient(x, y))));
    let rgba = RgbaImage::from_fn(17, 40, |x, y| {
        let [r, g, b] = gradient(x, y);
        image::Rgba([r, g, b, (x * 15) as u8])
    });
    let rgba = DynamicImage::from(rgba);
    let grey = DynamicImage::from(GrayImage::from_fn(33, 33, |x, y| image::Luma([(x + y) as u8])));
    let mut files = Vec::new();
    for (picture, formats) in [
        (&rgb, &[ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Bmp][..]),
        (&rgba, &[ImageFormat::Png, ImageFormat::Gif, ImageFormat::WebP]),
        (&grey, &[ImageFormat::Png, ImageFormat::Jpeg]),
        (&DynamicImage::from(rgba.to_rgba16()), &[ImageFormat::Png]),
    ] {
        for format in formats {
            let mut bytes = Cursor::new(Vec::new());
            picture.write_to(&mut bytes, *format).unwrap();
            files.push(bytes.into_inner());
        }
    }
    fuzz("pictures", &files, |bytes| match Picture::decode(bytes) {
        Ok(picture) => {
            assert_eq!(picture.values().len(), VALUES);
            assert!(picture.values().iter().all(|value| (0.0..=1.0).contains(value)));
        }
        Err(error) => is_a_sentence(&error.to_string()),
    });
}

#[test]
fn weights_with_their_card() {
    let device = Device::flex();
    let config = AutoencoderConfig::Residual { side: 12, channels: 2, width: 4 };
    let detector = Some(Detector { score: ScoreConfig::default(), threshold: 0.25 });
    let card = Card { detector, ..Card::new(Architecture::Autoencoder(config)) };
    let network = config.init(&device);
    let autoencoder = |precision| weights::save(&network, &card, precision).unwrap();
    let classifier = ClassifierConfig::Compact;
    let card = Card::new(Architecture::Classifier(classifier));
    let classifier = weights::save(&classifier.init(&device), &card, Precision::I8).unwrap();
    let files = [Precision::F32, Precision::F16, Precision::I8].map(autoencoder);
    let files = [&files[..], &[classifier]].concat();
    fuzz("weights", &files, |bytes| {
        let told = |error: second_look::Error| is_a_sentence(&error.to_string());
        let card = Card::read(bytes).map_err(told);
        let autoencoder = weights::load_autoencoder(bytes, &device).map_err(told);
        let classifier = weights::load_classifier(bytes, &device).map_err(told);
        assert!(autoencoder.is_err() || classifier.is_err(), "one file, two networks");
        if let Ok((_, of_file)) = autoencoder {
            assert_eq!(of_file, card.unwrap());
        }
        // What is converted can be read again, and whatever is in the file, nothing panics.
        for precision in [Precision::F16, Precision::I8] {
            if let Ok(converted) = weights::convert(bytes, precision).map_err(told) {
                assert_eq!(weights::precision(&converted).unwrap(), precision);
            }
        }
        let _ = weights::verify(bytes).map_err(told);
        let _ = Card::origin_in(bytes);
    });
}

#[test]
fn state_dicts_of_pytorch() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let files = ["autoencoder.pth", "autoencoder-legacy.pth"]
        .map(|name| fs::read(fixtures.join(name)).unwrap());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.pth");
    fuzz("pytorch", &files, |bytes| {
        fs::write(&path, bytes).unwrap();
        match pytorch::state_dict(&path) {
            Ok(dict) => {
                let dict = SafeTensors::deserialize(&dict).unwrap();
                let size: usize = dict.iter().map(|(_, tensor)| tensor.data().len()).sum();
                assert!(size <= (4 * bytes.len()).max(1 << 20), "{size} of {}", bytes.len());
            }
            Err(error) => is_a_sentence(&error.to_string()),
        }
    });
}

/// The first byte says how many labels follow; the rest is the pictures.
#[test]
fn stl10() {
    let labels = [3, 1, 10, 5];
    let pictures: Vec<u8> = (0..3 * VALUES).map(|i| (i * 7) as u8).collect();
    let file = [&labels[..], &pictures].concat();
    let folder = tempfile::tempdir().unwrap();
    let [x, y] = ["train_X.bin", "train_y.bin"].map(|name| folder.path().join(name));
    fuzz("stl10", &[file], |bytes| {
        let (count, rest) = bytes.split_first().unwrap_or((&0, &[]));
        let (labels, pictures) = rest.split_at(usize::from(*count).min(rest.len()));
        fs::write(&x, pictures).unwrap();
        fs::write(&y, labels).unwrap();
        match Stl10::open(folder.path(), "train") {
            Ok(set) => {
                assert_eq!((set.len() * VALUES, set.labels().len()), (pictures.len(), set.len()));
                for i in 0..set.len() {
                    set.read(i, &mut [0; VALUES]).unwrap();
                }
            }
            Err(error) => is_a_sentence(&error.to_string()),
        }
    });
}
