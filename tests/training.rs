//! `train`, from the outside: what it writes, refuses, survives and repeats.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng};
use second_look::model::weights::{load_classifier, save};
use second_look::model::{Card, Precision};

fn second_look(folder: &Path, arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_second-look"));
    command.current_dir(folder).args(["--device", "cpu"]).args(arguments.split_whitespace());
    command.stdin(Stdio::null());
    command
}

/// What it says on standard error; the exit code must be `code`, and nothing may panic.
#[track_caller]
fn exits(folder: &Path, arguments: &str, code: i32) -> String {
    let Output { status, stderr, .. } = second_look(folder, arguments).output().unwrap();
    let text = String::from_utf8(stderr).unwrap();
    assert!(!text.contains("panicked"), "{arguments}: {text}");
    assert_eq!(status.code(), Some(code), "{arguments}: {text}");
    text
}

#[track_caller]
fn succeeds(folder: &Path, arguments: &str) -> String {
    exits(folder, arguments, 0)
}

/// Fails with exit code 2 and one line of error that has all these words.
#[track_caller]
fn fails(folder: &Path, arguments: &str, words: &[&str]) {
    let text = exits(folder, arguments, 2);
    let errors: Vec<&str> = text.lines().filter(|line| line.starts_with("error: ")).collect();
    assert_eq!(errors.len(), 1, "{arguments}: {text}");
    for word in words {
        assert!(errors[0].contains(word), "{arguments}: {text}");
    }
}

const CLASSIFIER: &str =
    "train classifier --pictures 20 --epochs 2 --batch-size 10 --small-epochs 2 --seed 4";

#[test]
fn folders_that_training_did_not_make_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let thesis = |name: &str| folder.join(name).join("thesis/notes.txt");
    // The first is called as checkpoints are, the second as they were once.
    for name in ["w.safetensors.checkpoint", "w.checkpoint"] {
        fs::create_dir_all(thesis(name).parent().unwrap()).unwrap();
        fs::write(thesis(name), "precious").unwrap();
    }
    let train = format!("{CLASSIFIER} --out w.safetensors");
    for options in ["", "--overwrite", "--resume"] {
        fails(folder, &format!("{train} {options}"), &["holds thesis", "move it away", "--out"]);
    }
    assert_eq!(fs::read_to_string(thesis("w.safetensors.checkpoint")).unwrap(), "precious");
    fs::remove_dir_all(folder.join("w.safetensors.checkpoint")).unwrap();
    succeeds(folder, &train);
    succeeds(folder, &format!("{train} --overwrite"));
    assert_eq!(fs::read_to_string(thesis("w.checkpoint")).unwrap(), "precious");
}

#[test]
fn resuming_ends_with_the_best_weights_in_the_output() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let train = format!("{CLASSIFIER} --precision f16 --out");
    succeeds(folder, &format!("{train} n.1"));
    let best = fs::read(folder.join("n.1")).unwrap();
    // Another output with the same stem has checkpoints of its own: none.
    fails(folder, &format!("{train} n.2 --resume"), &["n.2.checkpoint", "no checkpoint"]);
    assert!(!folder.join("n.2").exists() && !folder.join("n.2.checkpoint").exists());
    // The weights are gone or damaged, the training is over.
    fs::remove_file(folder.join("n.1")).unwrap();
    for found in ["missing", "damaged"] {
        let log = succeeds(folder, &format!("{train} n.1 --resume"));
        for words in [&format!("n.1 was {found}"), "the best weights are in n.1"] {
            assert!(log.contains(words), "{log}");
        }
        assert!(best == fs::read(folder.join("n.1")).unwrap(), "other weights than before");
        fs::write(folder.join("n.1"), &best[..best.len() / 2]).unwrap();
    }
    // The same weights with another card, as `calibrate` leaves them, are left. With one bit of them changed they are not the best ones.
    let (network, card) = load_classifier(&best, &burn::tensor::Device::flex()).unwrap();
    let card = card.with_origin(Some("changed since".to_owned()));
    let mut whole = save(&network, &card, Precision::F16).unwrap();
    fs::write(folder.join("n.1"), &whole).unwrap();
    succeeds(folder, &format!("{train} n.1 --resume"));
    assert!(whole == fs::read(folder.join("n.1")).unwrap(), "replaced");
    *whole.last_mut().unwrap() ^= 1;
    fs::write(folder.join("n.1"), &whole).unwrap();
    fails(folder, &format!("{train} n.1 --resume"), &["n.1 holds other weights", "move it away"]);
    assert!(whole == fs::read(folder.join("n.1")).unwrap(), "replaced");
}

/// The weights of an epoch are written before its checkpoint: whoever is killed between the two finds newer weights in the file
/// than in the checkpoint.
#[test]
fn weights_that_are_newer_than_the_checkpoint_are_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    succeeds(folder, &format!("{CLASSIFIER} --out cl"));
    let train = "train autoencoder --classifier cl --architecture compact --latent 2 --loss mse --pictures 20 \
                 --epochs 2 --batch-size 10 --seed 1 --out w";
    succeeds(folder, train);
    let best = fs::read(folder.join("w")).unwrap();
    assert_eq!(
        Card::read(&best).unwrap().training.unwrap().epochs,
        2,
        "the second epoch is better"
    );
    let names =
        fs::read_dir(folder.join("w.checkpoint")).unwrap().map(|entry| entry.unwrap().path());
    let is_step = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with("step-");
    fs::remove_dir_all(names.filter(is_step).max().unwrap()).unwrap();
    let log = succeeds(folder, &format!("{train} --resume"));
    assert!(log.contains("epoch 2/2"), "{log}");
    assert!(best == fs::read(folder.join("w")).unwrap(), "other weights than before");
}

#[test]
fn the_same_training_gives_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let trained = |name: &str, options: &str| {
        succeeds(folder, &format!("{CLASSIFIER} {options} --out {name}"));
        fs::read(folder.join(name)).unwrap()
    };
    let first = trained("first", "");
    for again in ["second", "third", "fourth"] {
        assert!(first == trained(again, ""), "{again}");
    }
    assert!(first != trained("other", "--split-seed 1"), "other pictures");
    let (_, card) = load_classifier(&first, &burn::tensor::Device::flex()).unwrap();
    let training = card.training.unwrap();
    assert_eq!(training.version.as_deref(), Some(env!("CARGO_PKG_VERSION")));
    // The keys that evaluation reads.
    let expected = serde_json::json!({
        "data": "drawn", "protocol": "tutorial", "pictures": training.pictures,
        "held_out": 0.1, "split_seed": 0, "seed": 4,
    });
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(training.options[key], *value, "{key}");
    }
    assert_eq!(training.options["task"]["small_epochs"], 2);
}

/// With frozen layers whose outputs are kept: a resumed training computes them again.
#[test]
fn a_training_with_frozen_layers_goes_on_the_same_after_a_break() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let train = "train classifier --pictures 30 --batch-size 10 --freeze 2 --augment flip";
    // What an epoch's line says: losses and accuracies.
    let figures = |log: &str, epoch: &str| {
        let line = log.lines().find(|line| line.contains(epoch)).map(str::to_owned);
        line.map(|line| line[line.find(epoch).unwrap()..].to_owned())
    };
    // 20 pictures are trained on, in two steps an epoch. The break comes before the last epoch.
    for (epochs, last) in [(2, "step-000000004"), (3, "step-000000006")] {
        let train = format!("{train} --epochs {epochs} --out {epochs}");
        let log = succeeds(folder, &train);
        let (before, after) =
            (format!("epoch {}/{epochs}:", epochs - 1), format!("epoch {epochs}/{epochs}:"));
        let undisturbed = figures(&log, &after).unwrap();
        let bytes = fs::read(folder.join(epochs.to_string())).unwrap();
        fs::remove_dir_all(folder.join(format!("{epochs}.checkpoint/{last}"))).unwrap();
        let log = succeeds(folder, &format!("{train} --resume"));
        assert_eq!(figures(&log, &before), None, "it was not resumed before the last epoch");
        assert_eq!(figures(&log, &after), Some(undisturbed));
        assert!(bytes == fs::read(folder.join(epochs.to_string())).unwrap(), "other weights");
    }
    let text = exits(folder, &format!("{train} --origin me --out x"), 2);
    assert!(text.contains("--init"), "{text}");
}

/// With everything that a training can have: a resumed one goes on the same, averages, mixtures and lessons included; and
/// the card says who the teacher was.
#[test]
fn a_training_with_every_option_goes_on_the_same_after_a_break() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    succeeds(folder, &format!("{CLASSIFIER} --out teacher"));
    let train = "train classifier --pictures 30 --epochs 3 --batch-size 10 --augment camera --ema 0.8 --mixup 0.2 \
                 --cutmix 1 --label-smoothing 0.1 --teacher teacher --teacher-predictions kept --out w";
    succeeds(folder, train);
    let undisturbed = fs::read(folder.join("w")).unwrap();
    fs::remove_dir_all(folder.join("w.checkpoint/step-000000006")).unwrap();
    // The same with the predictions that were kept as with those that are computed.
    fs::remove_file(folder.join("w")).unwrap();
    let resumed = format!("{train} --resume");
    let log = succeeds(folder, &resumed);
    assert!(log.contains("resuming at epoch 3") && !log.contains("epoch 2/3"), "{log}");
    assert!(undisturbed == fs::read(folder.join("w")).unwrap(), "other weights");
    let again = train.replace(" --teacher-predictions kept", "").replace("--out w", "--out v");
    succeeds(folder, &again);
    assert!(undisturbed == fs::read(folder.join("v")).unwrap(), "other weights");

    let (_, card) = load_classifier(&undisturbed, &burn::tensor::Device::flex()).unwrap();
    let options = &card.training.unwrap().options;
    let teacher = crc32fast::hash(&fs::read(folder.join("teacher")).unwrap());
    assert_eq!(options["task"]["teacher"]["crc32"], teacher);
    assert_eq!(options["task"]["teacher"]["architecture"], "compact");
    assert_eq!(options["hyper_parameters"]["ema"], 0.8);
    for name in ["", "_blurred", "_shrunk", "_jpeg"] {
        assert!(card.figures.contains_key(&format!("validation_accuracy{name}")), "{name}");
    }

    for (option, other, words) in [
        ("--ema 0.8", "--ema 0.9", "hyper_parameters.ema was 0.8, is 0.9"),
        ("--ema 0.8", "", "hyper_parameters.ema was 0.8, is not set"),
        ("--mixup 0.2", "--mixup 0.3", "task.mixup was 0.2, is 0.3"),
        ("--cutmix 1", "", "task.cutmix was 1.0, is not set"),
        ("--label-smoothing 0.1", "", "task.label_smoothing was 0.1"),
        ("--augment camera", "", "task.augmentation was \"camera\", is \"all\""),
        ("--teacher teacher", "--teacher w", "task.teacher.crc32 was"),
        ("--out w", "--out w --teacher-weight 0.5", "task.teacher.weight was 0.9, is 0.5"),
        (
            "--out w",
            "--out w --adversarial 0.01 --mixup 0 --cutmix 0",
            "task.adversarial.eps was not set",
        ),
    ] {
        let mut changed = resumed.replace(option, other);
        if words.contains("adversarial") {
            changed = changed.replace("--mixup 0.2 --cutmix 1 ", "");
        }
        if words.contains("crc32") {
            changed = changed.replace(" --teacher-predictions kept", "");
        }
        fails(folder, &changed, &[words, "--overwrite"]);
    }
    let other = train.replace("--teacher teacher", "--teacher w").replace("--out w", "--out u");
    fails(folder, &other, &["kept: it does not hold this teacher's predictions"]);
}

/// Changes one bit in the middle of a file.
fn damage(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_damaged_checkpoint_is_noticed_and_the_one_before_is_resumed() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let train = format!("{CLASSIFIER} --out w");
    succeeds(folder, &train);
    let undisturbed = fs::read(folder.join("w")).unwrap();
    let [before, newest] =
        ["step-000000001", "step-000000002"].map(|step| folder.join("w.checkpoint").join(step));
    damage(&newest.join("optimizer.bpk"));
    let log = succeeds(folder, &format!("{train} --resume"));
    for words in ["damaged", "optimizer.bpk", "going on from", "step-000000001", "epoch 2/2"] {
        assert!(log.contains(words), "{log}");
    }
    assert!(undisturbed == fs::read(folder.join("w")).unwrap(), "other weights than before");

    let newest = folder.join("w.checkpoint/step-000000002.1");
    for folder in [&before, &newest] {
        damage(&folder.join("model.bpk"));
    }
    fails(folder, &format!("{train} --resume"), &["damaged", "model.bpk", "--overwrite"]);
    fs::remove_dir_all(before).unwrap();
    let state = fs::read_to_string(newest.join("state.json")).unwrap();
    let lie = state.replace("\"epoch\": 2", "\"epoch\": 1000000000000");
    assert_ne!(lie, state);
    fs::write(newest.join("state.json"), lie).unwrap();
    fails(folder, &format!("{train} --resume"), &["damaged", "state.json", "start over"]);
    succeeds(folder, &format!("{train} --overwrite"));
    assert!(undisturbed == fs::read(folder.join("w")).unwrap(), "other weights than before");
}

#[test]
fn only_one_training_writes_to_an_output() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let marker = folder.join("w.checkpoint/second-look-training");
    let long = CLASSIFIER.replace("--epochs 2", "--epochs 100000");
    let mut first = second_look(folder, &format!("{long} --out w"));
    let mut first = first.stderr(Stdio::null()).spawn().unwrap();
    let start = Instant::now();
    let locked = || File::open(&marker).is_ok_and(|file| file.try_lock().is_err());
    while !locked() {
        assert!(start.elapsed() < Duration::from_secs(120), "no lock");
        assert!(first.try_wait().unwrap().is_none(), "the training ended");
        std::thread::sleep(Duration::from_millis(5));
    }
    for options in ["", "--overwrite", "--resume"] {
        let second = format!("{CLASSIFIER} --out ./w {options}");
        fails(folder, &second, &["another training writes to ./w", "--out"]);
    }
    assert!(first.try_wait().unwrap().is_none(), "the first one goes on");
    first.kill().unwrap();
    first.wait().unwrap();
    succeeds(folder, &format!("{CLASSIFIER} --out w --overwrite"));
}

/// SECOND_LOOK_KILLS=100 makes it a long test.
#[test]
fn killed_at_any_moment_it_goes_on_to_the_same_weights() {
    let tries: u64 = std::env::var("SECOND_LOOK_KILLS").map_or(6, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let train = format!("{CLASSIFIER} --checkpoint-every 0 --out");
    let start = Instant::now();
    succeeds(folder, &format!("{train} undisturbed"));
    let longest = start.elapsed();
    let undisturbed = fs::read(folder.join("undisturbed")).unwrap();
    let (weights, checkpoints) = (folder.join("w"), folder.join("w.checkpoint"));
    let resume = || {
        let names = fs::read_dir(&checkpoints).into_iter().flatten().flatten();
        let mut names = names.map(|entry| entry.file_name().into_string().unwrap());
        let is_there = names.any(|name| name.starts_with("step-") && !name.ends_with(".part"));
        if is_there { "--resume" } else { "--overwrite" }
    };
    let mut rng = rand::rngs::Xoshiro256PlusPlus::seed_from_u64(tries);
    let mut killed = 0;
    for _ in 0..tries {
        let mut training = second_look(folder, &format!("{train} w {}", resume()));
        let mut training = training.stderr(Stdio::piped()).spawn().unwrap();
        std::thread::sleep(longest.mul_f64(rng.random()));
        training.kill().unwrap();
        let Output { status, stderr, .. } = training.wait_with_output().unwrap();
        let log = String::from_utf8_lossy(&stderr);
        assert!(!log.contains("error") && !log.contains("damaged"), "after {killed} kills: {log}");
        if let Ok(bytes) = fs::read(&weights) {
            load_classifier(&bytes, &burn::tensor::Device::flex()).expect("a part of the weights");
        }
        if !status.success() {
            killed += 1;
            continue;
        }
        assert!(undisturbed == fs::read(&weights).unwrap(), "after {killed} kills: other weights");
        fs::remove_dir_all(&checkpoints).unwrap();
        fs::remove_file(&weights).unwrap();
    }
    succeeds(folder, &format!("{train} w {}", resume()));
    assert!(undisturbed == fs::read(&weights).unwrap(), "after {killed} kills: other weights");
    eprintln!("{killed} of {tries} trainings were killed, none led to other weights");
}

/// On a disk of its own, which the system forgets when the shell ends.
#[cfg(target_os = "linux")]
mod full_disk {
    use super::*;

    /// Copies the folder `start` to a disk of so many bytes, runs the program there, and copies the disk to `end`. Nothing where
    /// this process may make no disk.
    fn on_a_disk(folder: &Path, bytes: u64, arguments: &str) -> Option<Output> {
        const SCRIPT: &str = "mount -t tmpfs -o size=$1 none disk || exit 77; shift; cp -R start/. disk; cd disk; \
            \"$@\"; code=$?; cd ..; rm -rf end; cp -R disk end; exit $code";
        fs::create_dir_all(folder.join("disk")).unwrap();
        let mut shell = Command::new("unshare");
        shell.args(["--map-root-user", "--mount", "sh", "-c", SCRIPT, "sh", &bytes.to_string()]);
        shell.arg(env!("CARGO_BIN_EXE_second-look")).args(["--device", "cpu"]);
        shell.args(arguments.split_whitespace()).current_dir(folder).stdin(Stdio::null());
        let output = shell.output().ok().filter(|output| output.status.code() != Some(77));
        let made = output.filter(|_| folder.join("end").exists());
        if made.is_none() {
            eprintln!("SKIPPED: this process may mount no disk");
        }
        made
    }

    fn size(folder: &Path) -> u64 {
        fs::read_dir(folder)
            .unwrap()
            .flatten()
            .map(|entry| {
                let entry = entry.path();
                if entry.is_dir() { size(&entry) } else { entry.metadata().unwrap().len() }
            })
            .sum()
    }

    fn is_told(output: &Output) {
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{text}");
        let errors: Vec<&str> = text.lines().filter(|line| line.starts_with("error: ")).collect();
        assert_eq!(errors.len(), 1, "{text}");
        // The second is the system's own word, which burn's writer of tensors hands on.
        let told = ["the disk is full", "No space left on device"];
        assert!(told.iter().any(|words| errors[0].contains(words)), "{text}");
        assert!(!text.contains("panicked"), "{text}");
    }

    #[test]
    fn a_training_keeps_what_it_had_and_goes_on_when_there_is_room() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let start = folder.join("start");
        fs::create_dir(&start).unwrap();
        let train = format!("{CLASSIFIER} --out w");
        succeeds(&start, &train);
        let undisturbed = fs::read(start.join("w")).unwrap();
        let newest = start.join("w.checkpoint/step-000000002");
        let needed = size(&newest) + undisturbed.len() as u64;
        fs::remove_dir_all(newest).unwrap();
        fs::write(start.join("w"), "old").unwrap();
        let there = size(&start);
        let (mut full, mut enough) = (0, 0);
        // From no room to room for everything, each file of the checkpoint and the weights being the one that is cut.
        for part in 0..=8 {
            let room = there + (32 << 10) + (needed + (256 << 10)) * part / 8;
            let Some(output) = on_a_disk(folder, room, &format!("{train} --resume")) else {
                return;
            };
            let end = folder.join("end");
            let weights = fs::read(end.join("w")).unwrap();
            let best = fs::read(end.join("w.checkpoint/step-000000001/best.safetensors"));
            if output.status.success() {
                enough += 1;
                assert!(weights == undisturbed, "other weights");
                continue;
            }
            full += 1;
            is_told(&output);
            assert!(weights == b"old" || weights == best.unwrap(), "{part}: a part of the weights");
            // With room, nothing is lost but the steps since the checkpoint.
            succeeds(&end, &format!("{train} --resume"));
            assert!(fs::read(end.join("w")).unwrap() == undisturbed, "{part}: other weights");
            for entry in fs::read_dir(end.join("w.checkpoint")).unwrap().flatten() {
                assert!(!entry.file_name().to_string_lossy().ends_with(".part"), "{entry:?}");
            }
            assert_eq!(fs::read_dir(&end).unwrap().count(), 2, "{part}: temporary files");
        }
        assert!(full >= 5 && enough >= 1, "{full} full, {enough} large enough");
    }

    #[test]
    fn other_commands_leave_the_old_file_and_no_parts() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let start = folder.join("start");
        fs::create_dir(&start).unwrap();
        let root = env!("CARGO_MANIFEST_DIR");
        let models = format!("{root}/www/models");
        let both = format!(
            "--classifier {models}/classifier.safetensors --autoencoder {models}/autoencoder.safetensors"
        );
        // A classifier to which a familiarity is fitted in a moment.
        succeeds(folder, &format!("{CLASSIFIER} --out w"));
        let commands = [
            format!("export {models}/autoencoder.safetensors --out out"),
            "import classifier ../w --out out".to_owned(),
            format!(
                "import autoencoder {models}/autoencoder.safetensors --architecture residual --latent 8 \
                 --threshold 1 --out out"
            ),
            format!("calibrate {both} --threshold 1 --out out"),
            "familiarity --classifier ../w --pictures 720 --others 1 --out out".to_owned(),
            format!("attack {root}/www/samples/horse-18.png --max-iter 1 --out out"),
            format!("evaluate {both} --pictures 10 --max-iter 1 --json out"),
        ];
        fs::write(start.join("out"), "old").unwrap();
        for command in commands {
            // Room for a file that is probed for, and not for what is written.
            let Some(output) = on_a_disk(folder, 8 << 10, &format!("{command} --overwrite")) else {
                return;
            };
            is_told(&output);
            let end = folder.join("end");
            assert_eq!(fs::read_to_string(end.join("out")).unwrap(), "old", "{command}");
            assert_eq!(fs::read_dir(&end).unwrap().count(), 1, "{command}: parts");
        }
    }

    #[test]
    fn drawing_leaves_whole_pictures_and_old_ones() {
        const NAMES: [&str; 3] = ["cat-0.png", "cat-1.png", "cat-2.png"];
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let (start, whole) = (folder.join("start"), folder.join("whole"));
        fs::create_dir(&start).unwrap();
        let draw = "draw --class cat --per-class 3 --out";
        succeeds(folder, &format!("{draw} whole"));
        let needed = size(&whole);
        for name in NAMES {
            fs::write(start.join(name), "old").unwrap();
        }
        let (mut drawn, mut left) = (0, 0);
        for room in [20 << 10, (20 << 10) + needed / 2] {
            let Some(output) = on_a_disk(folder, room, &format!("{draw} . --overwrite")) else {
                return;
            };
            is_told(&output);
            let end = folder.join("end");
            assert_eq!(fs::read_dir(&end).unwrap().count(), NAMES.len(), "parts");
            for name in NAMES {
                let found = fs::read(end.join(name)).unwrap();
                let is_drawn = found == fs::read(whole.join(name)).unwrap();
                assert!(is_drawn || found == b"old", "{name}: a part");
                *if is_drawn { &mut drawn } else { &mut left } += 1;
            }
        }
        assert!(drawn >= 1 && left >= 1, "{drawn} drawn, {left} old");
    }
}

#[test]
fn options_out_of_range_are_named_by_their_flags() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (command, words) in [
        ("classifier --batch-size 0", "--batch-size is 0"),
        ("classifier --epochs 0", "--epochs is 0"),
        ("classifier --learning-rate nan", "--learning-rate is NaN"),
        ("classifier --weight-decay 2", "--weight-decay is 2"),
        ("classifier --architecture vgg16-small --small-epochs 1", "--small-epochs is 1"),
        ("classifier --ema 1", "--ema is 1"),
        ("classifier --label-smoothing 1", "--label-smoothing is 1"),
        ("classifier --mixup=-1", "--mixup is -1"),
        ("classifier --cutmix nan", "--cutmix is NaN"),
        ("classifier --adversarial 0", "--adversarial is 0"),
        ("classifier --adversarial 0.1 --adversarial-steps 0", "--adversarial-steps is 0"),
        ("classifier --adversarial 0.1 --mixup 1", "--mixup is 1"),
        ("classifier --adversarial 0.1 --small-epochs 1", "--small-epochs is 1"),
        ("classifier --teacher t --teacher-temperature 0", "--teacher-temperature is 0"),
        ("classifier --teacher t --teacher-weight 2", "--teacher-weight is 2"),
        ("autoencoder --ema 0", "--ema is 0"),
        ("autoencoder --noise inf", "--noise is inf"),
        ("autoencoder --smallest-probability 0.2", "--smallest-probability is 0.2"),
        ("autoencoder --mse nan", "--mse is NaN"),
        ("autoencoder --percentile 101", "--percentile is 101"),
        ("autoencoder --small-epochs 1", "--small-epochs is 1"),
    ] {
        fails(folder, &format!("train {command} --pictures 20 --out w"), &[words, "but must be"]);
    }
    assert_eq!(fs::read_dir(folder).unwrap().count(), 0, "something was written");
}

#[cfg(unix)]
#[test]
fn weights_go_where_a_link_leads_and_keep_the_mode_of_the_file() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("real"), "old").unwrap();
    fs::set_permissions(folder.join("real"), fs::Permissions::from_mode(0o600)).unwrap();
    symlink("real", folder.join("link")).unwrap();
    succeeds(folder, &format!("{CLASSIFIER} --out link --overwrite"));
    assert!(fs::symlink_metadata(folder.join("link")).unwrap().is_symlink());
    let mode = fs::metadata(folder.join("real")).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    load_classifier(&fs::read(folder.join("real")).unwrap(), &burn::tensor::Device::flex())
        .unwrap();
}
