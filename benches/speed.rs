//! Times of what the project does all day, with criterion: `cargo bench --bench speed [-- NAME]`.
//!
//! Bundled networks, drawn pictures, all cores. For figures against PyTorch and TensorFlow.js see peers/.

use std::hint::black_box;
use std::io::Cursor;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use image::imageops::{FilterType, resize};
use image::{ImageFormat, RgbImage};
use pollster::block_on;
use second_look::class::Class;
use second_look::data::synthetic::{Drawn, draw};
use second_look::picture::Picture;
use works::{PICTURES, WORKS, Works};

fn networks(criterion: &mut Criterion) {
    let works =
        Works::new(Box::new(Drawn::test(PICTURES, 0))).expect("the bundled files are whole");
    let mut group = criterion.benchmark_group("networks");
    group.sample_size(10).measurement_time(Duration::from_secs(10));
    for (name, _) in WORKS {
        // Prepared in here, so that a work that is not asked for takes no time and no memory.
        group.bench_function(name, |bencher| {
            let mut work = works.prepare(name).expect("it is in the list");
            bencher.iter(|| black_box(work()));
        });
    }
    for count in [1, 32] {
        let (images, _) = works.batch(count).expect("drawn pictures can be read");
        group.bench_function(format!("detect/{count}"), |bencher| {
            bencher.iter(|| block_on(works.defence().detect(black_box(images.clone()))).unwrap());
        });
    }
    group.finish();
}

/// A picture as phones take them, 12 megapixels, in the two formats that visitors open most.
fn decoding(criterion: &mut Criterion) {
    let photograph: RgbImage = resize(&draw(Class::Horse, 18), 4000, 3000, FilterType::CatmullRom);
    let mut group = criterion.benchmark_group("decode");
    group.sample_size(10).throughput(Throughput::Elements(4000 * 3000));
    for (name, format) in [("jpeg", ImageFormat::Jpeg), ("png", ImageFormat::Png)] {
        let mut bytes = Cursor::new(Vec::new());
        photograph.write_to(&mut bytes, format).expect("memory does not fail");
        group.bench_function(name, |bencher| {
            bencher.iter(|| Picture::decode(black_box(bytes.get_ref())).unwrap());
        });
    }
    group.finish();
}

criterion_group!(benches, networks, decoding);
criterion_main!(benches);
