//! Files that are nearly right: valid ones, changed here and there. tests/fuzz/main.rs and the test of the checkpoints'
//! files in src/train/checkpoint.rs share this.

use std::cell::Cell;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

/// Cases of a run that no time is given for.
const FEW: u32 = 150;

/// How many minutes each target runs; without it, a few cases that are always the same.
const MINUTES: &str = "SECOND_LOOK_FUZZ_MINUTES";

/// Bytes at a file's beginning and end that are changed as often as all the others: headers and directories.
const EDGE: usize = 600;

/// A place in a file.
#[derive(Clone, Debug)]
enum Place {
    Anywhere(Index),
    AtItsBeginning(Index),
    AtItsEnd(Index),
}

impl Place {
    fn any() -> impl Strategy<Value = Self> {
        prop_oneof![
            any::<Index>().prop_map(Self::Anywhere),
            any::<Index>().prop_map(Self::AtItsBeginning),
            any::<Index>().prop_map(Self::AtItsEnd),
        ]
    }

    /// From 0 to `len`, which is the end.
    fn of(&self, len: usize) -> usize {
        let edge = len.min(EDGE);
        match self {
            Self::Anywhere(index) => index.index(len + 1),
            Self::AtItsBeginning(index) => index.index(edge + 1),
            Self::AtItsEnd(index) => len - index.index(edge + 1),
        }
    }
}

/// A change of a file.
#[derive(Clone, Debug)]
enum Mutation {
    /// The rest is missing.
    Truncate(Place),
    /// One bit is another.
    Flip(Place, u8),
    /// A byte is another.
    Set(Place, u8),
    /// Numbers of 1, 2, 4 or 8 bytes, in either order: lengths, sizes, offsets.
    Number { at: Place, value: u64, bytes: usize, big_endian: bool },
    /// A part is missing.
    Remove(Place, usize),
    /// A part is there a second time, at its place or elsewhere.
    Duplicate(Place, usize, Place),
    /// A part is of zeros, as after a power cut.
    Zero(Place, usize),
    /// A part is another valid file's, which is chosen by the index.
    Splice(Index, Place, usize, Place),
    /// A digit is another, or a sign or an exponent: in texts.
    Digit(Place, u8),
}

impl Mutation {
    fn any() -> impl Strategy<Value = Self> {
        let place = Place::any;
        let length = || prop_oneof![1usize..9, 1usize..3000];
        let value = prop_oneof![
            prop::sample::select(vec![
                0,
                1,
                0x7f,
                0x80,
                0xff,
                0x7fff,
                0x8000,
                0xffff,
                0x7fff_ffff,
                0x8000_0000,
                0xffff_ffff,
                1 << 40,
                u64::MAX >> 1,
                u64::MAX,
            ]),
            any::<u64>(),
            0u64..100_000,
        ];
        prop_oneof![
            place().prop_map(Self::Truncate),
            (place(), 0u8..8).prop_map(|(at, bit)| Self::Flip(at, bit)),
            (place(), any::<u8>()).prop_map(|(at, byte)| Self::Set(at, byte)),
            (place(), value, prop::sample::select(vec![1usize, 2, 4, 8]), any::<bool>()).prop_map(
                |(at, value, bytes, big_endian)| Self::Number { at, value, bytes, big_endian }
            ),
            (place(), length()).prop_map(|(at, len)| Self::Remove(at, len)),
            (place(), length(), place()).prop_map(|(at, len, to)| Self::Duplicate(at, len, to)),
            (place(), length()).prop_map(|(at, len)| Self::Zero(at, len)),
            (any::<Index>(), place(), length(), place())
                .prop_map(|(file, at, len, to)| Self::Splice(file, at, len, to)),
            (place(), prop::sample::select(b"0123456789-+eE.{}[]\"".to_vec()))
                .prop_map(|(at, byte)| Self::Digit(at, byte)),
        ]
    }

    fn apply(&self, bytes: &mut Vec<u8>, files: &[Vec<u8>]) {
        let len = bytes.len();
        let range = |at: &Place, length: usize| {
            let start = at.of(len);
            start..(start + length).min(len)
        };
        match self {
            Self::Truncate(at) => bytes.truncate(at.of(len)),
            Self::Flip(at, bit) => {
                if let Some(byte) = bytes.get_mut(at.of(len)) {
                    *byte ^= 1 << bit;
                }
            }
            Self::Set(at, value) => {
                if let Some(byte) = bytes.get_mut(at.of(len)) {
                    *byte = *value;
                }
            }
            Self::Number { at, value, bytes: width, big_endian } => {
                let range = range(at, *width);
                let number = match big_endian {
                    true => value.to_be_bytes()[8 - width..].to_vec(),
                    false => value.to_le_bytes()[..*width].to_vec(),
                };
                let kept = range.len();
                bytes[range].copy_from_slice(&number[..kept]);
            }
            Self::Remove(at, length) => drop(bytes.drain(range(at, *length))),
            Self::Duplicate(at, length, to) => {
                let part = bytes[range(at, *length)].to_vec();
                let to = to.of(len);
                bytes.splice(to..to, part);
            }
            Self::Zero(at, length) => bytes[range(at, *length)].fill(0),
            Self::Splice(file, at, length, to) => {
                let other = &files[file.index(files.len())];
                let start = at.of(other.len());
                let part = &other[start..(start + length).min(other.len())];
                let to = to.of(len);
                bytes.splice(to..(to + part.len()).min(len), part.iter().copied());
            }
            Self::Digit(at, byte) => {
                // The next one from there.
                let at = at.of(len);
                if let Some(digit) = bytes[at..].iter().position(u8::is_ascii_digit) {
                    bytes[at + digit] = *byte;
                }
            }
        }
    }
}

/// Gives `check` changed copies of `files`, and what a run found once (`found/NAME/*` beside this file). It must neither
/// panic nor run for ever; what it asserts must hold of any file.
pub fn fuzz(name: &str, files: &[Vec<u8>], check: impl Fn(&[u8])) {
    let found = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/found").join(name);
    for entry in fs::read_dir(found).into_iter().flatten() {
        check(&fs::read(entry.unwrap().path()).unwrap());
    }
    for file in files {
        check(file);
    }
    let minutes: Option<f64> =
        std::env::var(MINUTES).ok().map(|text| text.parse().expect("a number of minutes"));
    let end = minutes.map(|minutes| Instant::now() + Duration::from_secs_f64(60.0 * minutes));
    let strategy = (any::<Index>(), prop::collection::vec(Mutation::any(), 1..6));
    let made = |(file, mutations): &(Index, Vec<Mutation>)| {
        let mut bytes = files[file.index(files.len())].clone();
        for mutation in mutations {
            mutation.apply(&mut bytes, files);
        }
        bytes
    };
    let config = Config { cases: FEW, failure_persistence: None, ..Config::default() };
    let (cases, slowest) = (Cell::new(0u64), Cell::new(Duration::ZERO));
    loop {
        let mut runner = match end {
            Some(_) => TestRunner::new(config.clone()),
            // A change of something else must not make a test fail by chance.
            None => {
                let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
                TestRunner::new_with_rng(config.clone(), rng)
            }
        };
        let run = runner.run(&strategy, |case| {
            let bytes = made(&case);
            let start = Instant::now();
            check(&bytes);
            cases.set(cases.get() + 1);
            slowest.set(slowest.get().max(start.elapsed()));
            Ok(())
        });
        match run {
            Ok(()) => {}
            Err(TestError::Fail(why, case)) => {
                let path = std::env::temp_dir().join(format!("second-look-fuzz-{name}"));
                fs::write(&path, made(&case)).unwrap();
                panic!("{name}: {why}; the file is {}, made by {case:?}", path.display());
            }
            Err(error) => panic!("{name}: {error}"),
        }
        if end.is_none_or(|end| Instant::now() >= end) {
            break;
        }
    }
    if let Some(minutes) = minutes {
        eprintln!(
            "{name}: {} cases in {minutes} minutes, the slowest {:.2?}",
            cases.get(),
            slowest.get()
        );
    }
}

/// What is told of a file that is refused is one line that says something.
pub fn is_a_sentence(text: &str) {
    assert!(text.len() > 10 && !text.contains('\n'), "{text:?}");
}
