//! The commands, from the outside, on drawn pictures: what they print, write and answer.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
#[cfg(unix)]
use std::net::TcpListener;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
#[cfg(unix)]
use std::time::{Duration, Instant};

use image::ImageFormat;
use second_look::data::Pictures;
use second_look::data::synthetic::Drawn;
use second_look::model::Card;
use second_look::picture::{PLANE, SIDE, VALUES};
use serde_json::Value;

fn second_look(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_second-look"));
    command.current_dir(folder).args(["--device", "cpu"]).stdin(Stdio::null());
    command
}

#[track_caller]
fn run(folder: &Path, arguments: &str) -> Output {
    let output = second_look(folder).args(arguments.split_whitespace()).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!error.contains("panicked"), "{arguments}: {error}");
    output
}

#[track_caller]
fn succeeds(folder: &Path, arguments: &str) -> String {
    let output = run(folder, arguments);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

/// Fails with exit code 2 and one line of error that has all these words.
#[track_caller]
fn fails(folder: &Path, arguments: &str, words: &[&str]) {
    let output = run(folder, arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments}");
    let text = String::from_utf8(output.stderr).unwrap();
    let error =
        text.lines().find(|line| line.starts_with("error: ")).unwrap_or_else(|| panic!("{text}"));
    assert!(words.iter().all(|word| error.contains(word)), "{arguments}: {error}");
}

/// The learning rate is no short binary fraction: it must survive a checkpoint's file all the same.
const CLASSIFIER: &str = "train classifier --pictures 60 --epochs 2 --batch-size 12 --seed 3 --learning-rate 0.0017000000000000001";
const AUTOENCODER: &str = "train autoencoder --architecture compact --pictures 60 --epochs 1 --batch-size 20 --classifier cl.safetensors";

/// A folder with a classifier, an autoencoder (both hardly trained) and drawn pictures; made once.
fn studio() -> &'static Path {
    static STUDIO: OnceLock<PathBuf> = OnceLock::new();
    STUDIO.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("studio");
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        fs::create_dir_all(&folder).unwrap();
        succeeds(&folder, &format!("{CLASSIFIER} --out cl.safetensors"));
        succeeds(&folder, &format!("{AUTOENCODER} --out ae.safetensors --precision f16"));
        succeeds(&folder, "draw --out drawn --per-class 1");
        folder
    })
}

const MODELS: &str = "--classifier cl.safetensors --autoencoder ae.safetensors";

#[test]
fn the_notices_are_printed_whole_under_either_spelling() {
    let notices = include_str!("../www/licences.txt");
    assert!(notices.contains("Permission is hereby granted") && notices.contains("\nserde 1."));
    for command in ["licences", "licenses"] {
        assert_eq!(succeeds(Path::new("."), command).trim_end(), notices.trim_end());
    }
}

#[test]
fn weights_go_out_and_come_in_again_in_every_number_format() {
    let folder = tempfile::tempdir_in(studio()).unwrap();
    let folder = folder.path();
    let verdict = |classifier: &str, autoencoder: &str| {
        let models = format!("--classifier {classifier} --autoencoder {autoencoder}");
        let output = run(folder, &format!("detect {models} --json ../drawn/horse-0.png"));
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        json[0]["verdict"]["reconstruction_prediction"][0].as_f64().unwrap()
    };
    let before = verdict("../cl.safetensors", "../ae.safetensors");
    for (precision, error) in [("f32", 1e-6), ("f16", 0.01), ("i8", 0.05)] {
        for name in ["cl", "ae"] {
            let (from, out) = (format!("../{name}.safetensors"), format!("{name}-{precision}"));
            succeeds(folder, &format!("export {from} --precision {precision} --out {out}"));
        }
        let after = verdict(&format!("cl-{precision}"), &format!("ae-{precision}"));
        assert!((after - before).abs() < error, "{precision}: {after} {before}");
    }
    // A file of ours is a state dict of PyTorch's with a card on top.
    succeeds(folder, "import classifier cl-i8 --precision f16 --out cl-back");
    let shape = "--architecture compact --threshold 0.7";
    succeeds(folder, &format!("import autoencoder ae-f32 {shape} --out ae-back"));
    assert!((verdict("cl-back", "ae-back") - before).abs() < 0.05);
    // With what a file holds beside the network.
    let familiar = concat!(env!("CARGO_MANIFEST_DIR"), "/www/models/classifier.safetensors");
    succeeds(folder, &format!("import classifier {familiar} --precision i8 --out familiar-back"));
    let familiarity = |path: &Path| Card::read(&fs::read(path).unwrap()).unwrap().familiarity;
    let [was, is] = [familiarity(Path::new(familiar)), familiarity(&folder.join("familiar-back"))];
    assert!(was.is_some() && was == is);
    fails(folder, "import classifier cl-i8 --out cl-back", &["cl-back exists", "--overwrite"]);
    fails(folder, "import classifier ../drawn/horse-0.png --out new", &["neither safetensors nor"]);
    fails(folder, "import classifier ae-f32 --out new", &["ae-f32", "no tensor"]);
    fails(folder, "export cl-missing --out new", &["cannot read cl-missing"]);
    assert!(!folder.join("new").exists());
}

#[test]
fn a_detector_can_be_chosen_after_training() {
    let folder = tempfile::tempdir_in(studio()).unwrap();
    let folder = folder.path();
    let calibrate = "calibrate --classifier ../cl.safetensors --autoencoder ../ae.safetensors \
                     --pictures 60 --out ae.safetensors";
    let detector = || {
        let bytes = fs::read(folder.join("ae.safetensors")).unwrap();
        second_look::model::Card::read(&bytes).unwrap().detector().unwrap()
    };
    succeeds(folder, calibrate);
    let same = detector();
    succeeds(folder, &format!("{calibrate} --temperature 3 --percentile 80 --overwrite"));
    let other = detector();
    let temperature =
        |detector: second_look::detector::Detector| detector.score.divergence().temperature;
    assert_eq!((temperature(same), temperature(other)), (1.0, 3.0));
    assert!(
        other.threshold < same.threshold,
        "softened predictions are closer, and 80 is less than 95"
    );
    fails(folder, calibrate, &["ae.safetensors exists", "--overwrite"]);

    // A threshold can be set as well; it is then nobody's percentile.
    succeeds(folder, &format!("{calibrate} --threshold 0.25 --overwrite"));
    assert_eq!(detector().threshold, 0.25);
    let bytes = fs::read(folder.join("ae.safetensors")).unwrap();
    let figures = second_look::model::Card::read(&bytes).unwrap().figures;
    assert!(!figures.contains_key("threshold_percentile"), "{figures:?}");
    for threshold in ["nan", "inf", "1e39", "-1"] {
        let set = format!("{calibrate} --threshold={threshold} --overwrite");
        fails(folder, &set, &["the threshold is"]);
    }
    assert_eq!(fs::read(folder.join("ae.safetensors")).unwrap(), bytes, "the file was touched");

    // The threshold belongs to the weights in the format that is written.
    succeeds(folder, &format!("{calibrate} --precision i8 --percentile 50 --overwrite"));
    let inferred = f64::from(detector().threshold);
    let evaluate = "evaluate --classifier ../cl.safetensors --autoencoder ae.safetensors --pictures 60 \
                    --validation --max-iter 1 --records held-out.json";
    succeeds(folder, evaluate);
    let records = json(&folder.join("held-out.json"));
    let scores = records.as_array().unwrap().iter().map(|r| r["clean"]["score"].as_f64().unwrap());
    let mut scores: Vec<f64> = scores.collect();
    scores.sort_by(f64::total_cmp);
    assert!((inferred - (scores[29] + scores[30]) / 2.0).abs() < 1e-6, "{inferred} {scores:?}");
}

#[test]
fn import_refuses_thresholds_that_no_file_can_hold() {
    let folder = tempfile::tempdir_in(studio()).unwrap();
    let folder = folder.path();
    let before = fs::read(studio().join("ae.safetensors")).unwrap();
    fs::write(folder.join("mine"), &before).unwrap();
    for threshold in ["nan", "inf", "-inf", "1e39", "-3"] {
        let import = format!(
            "import autoencoder mine --architecture compact --threshold={threshold} --out mine --overwrite"
        );
        fails(folder, &import, &["the threshold is"]);
    }
    let hot = "import autoencoder mine --architecture compact --threshold 1 --score-temperature 0 --out mine";
    fails(folder, &format!("{hot} --overwrite"), &["temperature is 0"]);
    assert_eq!(fs::read(folder.join("mine")).unwrap(), before, "the file was touched");
}

#[test]
fn a_training_can_start_from_weights() {
    let folder = tempfile::tempdir_in(studio()).unwrap();
    let folder = folder.path();
    // Without a step, weights stay what they were: the rate is next to nothing.
    let still = "train classifier --pictures 60 --epochs 1 --batch-size 60 --learning-rate 1e-12 \
                 --weight-decay 0 --freeze 1 --init ../cl.safetensors";
    succeeds(folder, &format!("{still} --out same.safetensors"));
    let weights = |path: &str, name: &str| {
        let bytes = fs::read(folder.join(path)).unwrap();
        let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        file.tensor(name).unwrap().data().to_vec()
    };
    let [same, before] = ["same.safetensors", "../cl.safetensors"];
    assert_eq!(weights(same, "features.0.weight"), weights(before, "features.0.weight"));

    let still = "train autoencoder --architecture compact --pictures 60 --epochs 1 --batch-size 60 \
                 --learning-rate 1e-12 --classifier ../cl.safetensors";
    succeeds(folder, "export ../ae.safetensors --precision f32 --out ae.safetensors");
    let start = format!("{still} --init ae.safetensors --precision f16 --out ae-same.safetensors");
    succeeds(folder, &start);
    let [same, before] = ["ae-same.safetensors", "../ae.safetensors"];
    assert_eq!(weights(same, "encoder.0.weight"), weights(before, "encoder.0.weight"));
    let wrong = format!("{still} --init ../cl.safetensors --out new.safetensors");
    fails(folder, &wrong, &["cl.safetensors", "no tensor"]);
    fails(folder, "train classifier --init nowhere.pth --out new.safetensors", &["nowhere.pth"]);
}

#[test]
fn a_head_can_be_trained_on_somebody_s_convolutions() {
    let folder = tempfile::tempdir_in(studio()).unwrap();
    let folder = folder.path();
    let tensors = |path: &str| {
        let bytes = fs::read(folder.join(path)).unwrap();
        let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        let stored = file.iter().map(|(name, tensor)| (name.to_owned(), tensor.data().to_vec()));
        stored.collect::<std::collections::BTreeMap<String, Vec<u8>>>()
    };
    // As a file that is no classifier's: convolutions alone, with a word on their origin, without a card.
    let bytes = fs::read(folder.join("../cl.safetensors")).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let features = file.iter().filter(|(name, _)| name.starts_with("features."));
    let origin = [("origin".to_owned(), "Somebody, CC BY".to_owned())];
    let bytes = safetensors::serialize(features, Some(origin.into())).unwrap();
    fs::write(folder.join("features.safetensors"), bytes).unwrap();

    let train =
        "train classifier --pictures 60 --epochs 2 --batch-size 20 --augment flip --freeze 2";
    succeeds(folder, &format!("{train} --init features.safetensors --out first"));
    let (features, first) = (tensors("features.safetensors"), tensors("first"));
    assert!(features.iter().all(|(name, data)| first[name] == *data), "a frozen layer moved");
    succeeds(folder, &format!("{train} --init first --out second"));
    let second = tensors("second");
    assert!(features.iter().all(|(name, data)| second[name] == *data), "a frozen layer moved");
    assert_ne!(first["classifier.0.weight"], second["classifier.0.weight"], "the head stayed");
    succeeds(folder, &format!("{train} --init first --origin Me --out third"));
    succeeds(folder, "import classifier second --out fourth");
    succeeds(folder, "import classifier second --origin You --out fifth");
    let origin = |path: &str| {
        second_look::model::Card::read(&fs::read(folder.join(path)).unwrap()).unwrap().origin
    };
    for (path, expected) in [
        ("../cl.safetensors", None),
        ("first", Some("Somebody, CC BY")),
        ("second", Some("Somebody, CC BY")),
        ("third", Some("Me")),
        ("fourth", Some("Somebody, CC BY")),
        ("fifth", Some("You")),
    ] {
        assert_eq!(origin(path).as_deref(), expected, "{path}");
    }
    fails(
        folder,
        "import classifier features.safetensors --out new",
        &["no tensor", "classifier.0"],
    );
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn keys(value: &Value) -> String {
    value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ")
}

#[test]
fn evaluate_prints_the_table_and_writes_json_records_and_figures() {
    let folder = studio();
    let evaluate =
        format!("evaluate {MODELS} --pictures 23 --json e.json --records r.json --figures grids");
    let printed = succeeds(folder, &evaluate);
    for words in [
        "CL on the reconstruction, attacked",
        "false-positive rate",
        "detection rate (TPR)",
        "accuracy after correction, clean",
        "ROC AUC",
        "drawn pictures, to measure on",
        "23 pictures",
        "eps 0.03, eps_step 0.001, max_iter 10",
    ] {
        assert!(printed.contains(words), "{words}: {printed}");
    }
    assert!(!printed.contains("0.5498"), "the tutorial's figures beside drawn pictures");
    let json = json(&folder.join("e.json"));
    assert_eq!(
        keys(&json),
        "attack attacker attacks auc_of_successes checks classifier clean command data detector device models \
         pictures probe reconstructed sweeps version warnings worst_case"
    );
    assert_eq!(
        keys(&json["attacks"][0]),
        "answer_accuracy attacker auc average_precision classes classifier_accuracy confusion \
         confusion_of_answers detection_rate eps histogram intervals median_distance name norm parameters \
         precision_recall roc sr_at_5 sr_at_50 success_rate tpr_at_1 tpr_at_5"
    );
    assert_eq!(json["clean"]["classifier_accuracy"], json["classifier"]["clean"]);
    let attacked = &json["attacks"][0];
    assert_eq!(attacked["classifier_accuracy"], json["classifier"]["attacked"]);
    for (name, of_detector) in [
        ("detection_rate", "detection_rate"),
        ("auc", "auc"),
        ("answer_accuracy", "corrected_attacked"),
    ] {
        assert_eq!(attacked[name], json["detector"][of_detector], "{name}");
    }
    assert_eq!(json["worst_case"]["answer_accuracy"], attacked["answer_accuracy"]);
    assert_eq!(
        keys(&json["detector"]),
        "auc corrected_attacked corrected_clean detection_rate false_positive_rate score threshold"
    );
    assert_eq!(keys(&json["models"]), "autoencoder classifier corrector");
    let bytes = |name: &str| fs::read(folder.join(name)).unwrap();
    for (model, file, precision) in
        [("classifier", "cl.safetensors", "f32"), ("autoencoder", "ae.safetensors", "f16")]
    {
        let model = &json["models"][model];
        assert_eq!(model["file"], file);
        assert_eq!(model["crc32"], crc32fast::hash(&bytes(file)));
        assert_eq!(model["architecture"]["name"], "compact");
        assert_eq!(model["precision"], precision);
    }
    assert_eq!(json["attack"]["attack"], "pgd");
    assert_eq!((&json["attack"]["max_iter"], &json["attack"]["seed"]), (&10.into(), &0.into()));
    assert_eq!(json["attacker"], "classifier");
    assert_eq!((&json["data"]["kind"], &json["data"]["pictures"]), (&"drawn".into(), &23.into()));
    assert_eq!(json["version"], env!("CARGO_PKG_VERSION"));
    // The autoencoder was trained with --precision f16: its threshold was inferred in 32 bits.
    let warnings = json["warnings"].as_array().unwrap();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(
        warnings[0].as_str().unwrap().contains("before the autoencoder's weights were rounded")
    );
    // The threshold is the one that travels in the autoencoder's file.
    let card = second_look::model::Card::read(&bytes("ae.safetensors")).unwrap();
    let threshold = f64::from(card.detector().unwrap().threshold);
    let close = |value: &Value, expected: f64| (value.as_f64().unwrap() - expected).abs() < 1e-6;
    assert!(close(&json["detector"]["threshold"], threshold));

    // The figures are those of the records.
    let records: Vec<Value> = serde_json::from_slice(&bytes("r.json")).unwrap();
    assert_eq!((records.len(), &json["pictures"]), (23, &23.into()));
    let share = |holds: &dyn Fn(&Value) -> bool| {
        records.iter().filter(|record| holds(record)).count() as f64 / records.len() as f64
    };
    let names =
        ["airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck"];
    let predicted = |probabilities: &Value| {
        let p: Vec<f64> =
            probabilities.as_array().unwrap().iter().map(|p| p.as_f64().unwrap()).collect();
        names[(0..10).rev().max_by(|a, b| p[*a].total_cmp(&p[*b])).unwrap()]
    };
    for which in ["clean", "attacked"] {
        let right = |of: &str| share(&|r| predicted(&r[which][of]) == r["class"]);
        assert!(close(&json["classifier"][which], right("prediction")));
        assert!(close(&json["reconstructed"][which], right("reconstruction_prediction")));
        let corrected = share(&|r| r[which]["answer"] == r["class"]);
        assert!(close(&json["detector"][format!("corrected_{which}")], corrected));
    }
    let adversarial = |which: &str| share(&|r| r[which]["score"].as_f64() > Some(threshold));
    assert!(close(&json["detector"]["false_positive_rate"], adversarial("clean")));
    assert!(close(&json["detector"]["detection_rate"], adversarial("attacked")));
    // The attack was made: the true class is less likely afterwards.
    let true_class = |record: &Value, which: &str| {
        let index = names.iter().position(|name| record["class"] == *name).unwrap();
        record[which]["prediction"][index].as_f64().unwrap()
    };
    assert!(records.iter().all(|r| true_class(r, "attacked") < true_class(r, "clean")));

    let grids: Vec<_> = fs::read_dir(folder.join("grids")).unwrap().collect();
    assert_eq!(grids.len(), 3);
    let first = image::open(folder.join("grids/1-original-and-reconstruction.png")).unwrap();
    assert!(first.width() > 10 * 96 && first.height() > 2 * 96);
    // Nothing is replaced without being asked.
    for kept in ["--json e.json", "--records r.json", "--figures grids"] {
        fails(folder, &format!("evaluate {MODELS} {kept}"), &["exists", "--overwrite"]);
    }
}

#[test]
fn an_inferred_threshold_lets_its_share_of_the_held_out_pictures_pass() {
    let folder = tempfile::tempdir_in(studio()).unwrap();
    let folder = folder.path();
    let models = "--classifier ../cl.safetensors --autoencoder ../ae.safetensors --max-iter 1";
    succeeds(
        folder,
        &format!("evaluate {models} --validation --held-out 0.01 --records held-out.json"),
    );
    let infer = "--pictures 10 --held-out 0.01 --infer-threshold --percentile 80 --json e.json";
    succeeds(folder, &format!("evaluate {models} {infer}"));
    let records = json(&folder.join("held-out.json"));
    let mut scores: Vec<f64> =
        records.as_array().unwrap().iter().map(|r| r["clean"]["score"].as_f64().unwrap()).collect();
    scores.sort_by(f64::total_cmp);
    assert_eq!(scores.len(), 40, "a hundredth of 4,000");
    let position = 0.8 * 39.0f64;
    let (below, above) = (scores[position.floor() as usize], scores[position.ceil() as usize]);
    let expected = below + (above - below) * position.fract();
    let threshold = json(&folder.join("e.json"))["detector"]["threshold"].as_f64().unwrap();
    assert!((threshold - expected).abs() < 1e-5, "{threshold} {expected}");
}

#[test]
fn the_bundled_models_serve_commands_that_name_none() {
    let folder = tempfile::tempdir().unwrap();
    let printed = succeeds(folder.path(), "evaluate --pictures 10 --preset strong");
    assert!(printed.contains("drawn pictures") && printed.contains("10 pictures"), "{printed}");
    succeeds(folder.path(), "draw --out . --per-class 1 --class ship");
    // Whether it is called adversarial, and by that the exit code, is the models' affair.
    let detected = run(folder.path(), "detect ship-0.png");
    assert!(matches!(detected.status.code(), Some(0 | 1)));
    assert!(String::from_utf8(detected.stdout).unwrap().contains("prediction ship"));
}

#[test]
fn the_threshold_can_be_given_and_inferred() {
    let folder = studio();
    let threshold = |options: &str| {
        succeeds(
            folder,
            &format!(
                "evaluate {MODELS} --pictures 10 --max-iter 1 --held-out 0.01 --json t.json --overwrite {options}"
            ),
        );
        let json: Value =
            serde_json::from_slice(&fs::read(folder.join("t.json")).unwrap()).unwrap();
        json["detector"]["threshold"].as_f64().unwrap()
    };
    assert_eq!(threshold("--threshold 0.125"), 0.125);
    let all = threshold("--infer-threshold --percentile 100 --temperature 2");
    let few = threshold("--infer-threshold --percentile 10 --temperature 2");
    assert!(few < all, "{few} {all}");
    fails(folder, &format!("evaluate {MODELS} --temperature 2"), &["another score", "--threshold"]);
    fails(
        folder,
        &format!("evaluate {MODELS} --temperature 0 --threshold 1"),
        &["temperature is 0"],
    );
    fails(folder, &format!("evaluate {MODELS} --eps 0"), &["eps is 0"]);
}

/// The paper's AE HL: a score that needs what is in the autoencoder's file, from training to evaluation.
#[test]
fn an_autoencoder_may_be_trained_and_scored_with_hidden_layers() {
    let folder = tempfile::tempdir_in(studio()).unwrap();
    let folder = folder.path();
    let train = AUTOENCODER.replace("cl.", "../cl.");
    let hidden = "--hidden-layers features.14:12,features.21:8 --hidden-weights 1,0.5";
    succeeds(folder, &format!("{train} {hidden} --out hl.safetensors"));
    let card = |name: &str| Card::read(&fs::read(folder.join(name)).unwrap()).unwrap();
    let trained = card("hl.safetensors");
    let score = |card: &Card| serde_json::to_value(card.detector().unwrap().score).unwrap();
    assert_eq!(score(&trained)["hidden"]["weights"], serde_json::json!([1.0, 0.5]));
    let sizes: Vec<[usize; 2]> =
        trained.hidden_layers.iter().map(|hidden| [hidden.inputs, hidden.outputs]).collect();
    assert_eq!(sizes, [[160 * 12 * 12, 12], [256 * 6 * 6, 8]]);
    let task = &trained.training.as_ref().unwrap().options["task"];
    assert_eq!(task["hidden_layers"][1]["layer"], "features.21");
    assert!(trained.figures["validation_hidden_divergence"] > 0.0);

    // The ten pictures that were held out, and weights and projections from the file: the same threshold. Other weights, another one.
    let models = "--classifier ../cl.safetensors --autoencoder hl.safetensors";
    let calibrate = format!("calibrate {models} --pictures 10");
    succeeds(folder, &format!("{calibrate} --out same.safetensors"));
    succeeds(folder, &format!("{calibrate} --hidden-weights 0,0 --out without.safetensors"));
    let threshold = |name: &str| card(name).detector().unwrap().threshold;
    let (before, same) = (threshold("hl.safetensors"), threshold("same.safetensors"));
    assert!((same - before).abs() < 1e-3 * before, "{same} {before}");
    assert!(threshold("without.safetensors") < same);
    assert_eq!(
        score(&card("without.safetensors"))["hidden"]["weights"],
        serde_json::json!([0.0, 0.0])
    );
    fails(folder, &format!("{calibrate} --hidden-weights 1 --out no"), &["1 weights", "2 hidden"]);
    let plain = "calibrate --classifier ../cl.safetensors --autoencoder ../ae.safetensors";
    fails(folder, &format!("{plain} --hidden-weights 1 --out no"), &["trained with hidden layers"]);

    let evaluate =
        format!("evaluate {models} --pictures 10 --attack pgd,selective-pgd --max-iter 2");
    succeeds(folder, &format!("{evaluate} --json e.json"));
    let json = json(&folder.join("e.json"));
    assert_eq!(json["detector"]["score"], score(&trained));
    assert_eq!(json["attacks"][1]["attacker"], "defence");
    succeeds(folder, &format!("detect {models} --threshold 1000 ../drawn/ship-0.png"));
    // Imported, it keeps them, though the score that is given compares predictions alone.
    let import = "import autoencoder hl.safetensors --architecture compact --threshold 1";
    succeeds(folder, &format!("{import} --out imported"));
    assert_eq!(card("imported").hidden_layers, trained.hidden_layers);
    // The first of its weights for another training, which has no hidden layers.
    succeeds(folder, &format!("{train} --init hl.safetensors --out next.safetensors"));
    assert!(card("next.safetensors").hidden_layers.is_empty());

    for (options, words) in [
        ("--hidden-layers features.14", "features.14:40"),
        ("--hidden-layers head.14:4", "features.14 or classifier.0"),
        ("--hidden-layers features.99:4", "before its last one"),
        ("--hidden-layers features.21:4,features.14:4", "network's order"),
        ("--hidden-layers features.21:4 --hidden-weights 1,2", "as many as"),
        ("--hidden-layers features.21:1", "between 2 and 1000"),
        ("--hidden-layers features.21:4 --small-epochs 1", "0 with hidden layers"),
        ("--hidden-layers features.21:4 --loss mse", "squared error is the whole"),
        ("--loss mse --mse 1", "squared error is the whole"),
    ] {
        let output = run(folder, &format!("{train} {options} --out no"));
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && error.contains(words), "{options}: {error}");
    }
    assert!(!folder.join("no").exists());
}

/// Projections are for the maps of one classifier; with another one's there is nothing to compute.
#[test]
fn hidden_layers_of_another_classifier_are_refused() {
    let folder = tempfile::tempdir_in(studio()).unwrap();
    let folder = folder.path();
    let train = AUTOENCODER.replace("cl.", "../cl.");
    succeeds(folder, &format!("{train} --hidden-layers features.22:4 --out hl.safetensors"));
    let vgg16 = concat!(env!("CARGO_MANIFEST_DIR"), "/www/models/vgg16.safetensors");
    let models = format!("--classifier {vgg16} --autoencoder hl.safetensors");
    let words = ["hl.safetensors", "features.22", "256"];
    fails(folder, &format!("evaluate {models} --pictures 10 --force"), &words);
}

/// The paper's baseline is a training like the others; its card says what it is.
#[test]
fn an_autoencoder_may_be_trained_to_reproduce_pictures_alone() {
    let folder = tempfile::tempdir_in(studio()).unwrap();
    let folder = folder.path();
    let train = AUTOENCODER.replace("cl.", "../cl.").replace("--epochs 1 ", "");
    let card = |name: &str| Card::read(&fs::read(folder.join(name)).unwrap()).unwrap();
    let error = |epochs| {
        let name = format!("mse-{epochs}.safetensors");
        succeeds(folder, &format!("{train} --epochs {epochs} --loss mse --out {name}"));
        card(&name).figures["validation_mse"]
    };
    let (first, last) = (error(1), error(8));
    assert!(last < 0.5 * first, "the error goes from {first} to {last}");
    let options = card("mse-8.safetensors").training.unwrap().options;
    assert_eq!(options["task"]["loss"], "mse");
    let models = "--classifier ../cl.safetensors --autoencoder mse-8.safetensors";
    succeeds(folder, &format!("calibrate {models} --pictures 60 --out calibrated.safetensors"));
    assert!(card("calibrated.safetensors").detector().unwrap().threshold >= 0.0);
    let printed = succeeds(folder, &format!("evaluate {models} --pictures 10 --max-iter 1"));
    assert!(printed.contains("detection rate"), "{printed}");
}

/// Corrupted pictures beside attacked ones, only when asked for.
#[test]
fn evaluate_measures_on_corrupted_pictures_when_asked() {
    let folder = studio();
    let evaluate = format!("evaluate {MODELS} --pictures 12 --max-iter 1 --overwrite");
    succeeds(folder, &format!("{evaluate} --json plain.json"));
    assert!(json(&folder.join("plain.json")).get("corruptions").is_none());
    let printed = succeeds(folder, &format!("{evaluate} --corruptions --json corrupted.json"));
    let json = json(&folder.join("corrupted.json"));
    let corruptions = &json["corruptions"];
    assert_eq!(keys(corruptions), "all by_corruption clean each seed");
    assert_eq!(corruptions["each"].as_array().unwrap().len(), 30);
    let first = &corruptions["each"][0];
    assert_eq!(
        keys(first),
        "answer_accuracy auc_of_errors auc_of_errors_by_confidence auc_of_harm called_adversarial classifier_accuracy \
         corruption mean_score mean_score_right mean_score_wrong parameter pictures reconstruction_accuracy severity"
    );
    assert_eq!((&first["corruption"], &first["severity"]), (&"noise".into(), &1.into()));
    // What has no corruption is what the other figures call clean.
    let clean = &corruptions["clean"];
    assert_eq!(clean["classifier_accuracy"], json["classifier"]["clean"]);
    assert_eq!(clean["reconstruction_accuracy"], json["reconstructed"]["clean"]);
    assert_eq!(clean["answer_accuracy"], json["detector"]["corrected_clean"]);
    assert_eq!(clean["called_adversarial"], json["detector"]["false_positive_rate"]);
    for words in ["pixelate      5", "brightness  all", "alarms", "doubt"] {
        assert!(printed.contains(words), "{words}: {printed}");
    }
}

/// Several attacks on the same pictures, each with its attacker, and the worst of them for each picture.
#[test]
fn evaluate_runs_several_attacks_and_says_who_attacks() {
    let folder = studio();
    let attacks = "pgd,noise,square,selective-pgd,corrector";
    let options =
        "--pictures 10 --max-iter 3 --json several.json --records several-r.json --overwrite";
    let printed = succeeds(folder, &format!("evaluate {MODELS} --attack {attacks} {options}"));
    for words in
        ["the worst of all, for each picture", "selective-pgd", "defence", "queries", "SR@5"]
    {
        assert!(printed.contains(words), "{words}: {printed}");
    }
    let several = json(&folder.join("several.json"));
    let listed: Vec<_> = several["attacks"].as_array().unwrap().iter().collect();
    let of =
        |name: &str| listed.iter().map(|a| a[name].as_str().unwrap()).collect::<Vec<_>>().join(",");
    assert_eq!(of("name"), attacks);
    assert_eq!(of("attacker"), "classifier,nothing,queries,defence,defence");
    assert_eq!(several["attack"]["attack"], "pgd");
    assert!(listed[2]["parameters"]["p_init"].is_number());
    // The first attack is the same alone.
    let alone =
        format!("evaluate {MODELS} --pictures 10 --max-iter 3 --json alone.json --overwrite");
    succeeds(folder, &alone);
    let alone = json(&folder.join("alone.json"));
    for key in ["classifier", "reconstructed", "detector"] {
        assert_eq!(alone[key], several[key], "{key}");
    }
    // The worst case is right where every answer is.
    let records = fs::read(folder.join("several-r.json")).unwrap();
    let records: Vec<Value> = serde_json::from_slice(&records).unwrap();
    let all_right = |record: &&Value| {
        let attacks = record["attacks"].as_array().unwrap();
        assert_eq!(attacks.len(), 5);
        assert_eq!(attacks[0]["verdict"], record["attacked"]);
        assert!(attacks[2]["queries"].as_f64().unwrap() >= 1.0);
        attacks.iter().all(|attack| attack["verdict"]["answer"] == record["class"])
    };
    let worst = records.iter().filter(all_right).count() as f64 / 10.0;
    assert_eq!(several["worst_case"]["answer_accuracy"], worst);
}

#[test]
fn evaluate_writes_lines_curves_and_checks_itself() {
    let folder = studio();
    let attacks = "--attack noise,pgd --max-iter 3 --sweep-attack pgd --sweep-eps 0.1,0,0.01 --sweep-steps 2,1";
    let output = "--json curves.json --csv curves.csv --report curves.html --records curves-r.json --overwrite";
    let evaluate = format!("evaluate {MODELS} --pictures 10 {output}");
    let printed = succeeds(folder, &format!("{evaluate} {attacks}"));
    for words in ["pgd (classifier), Linf", "steps", "checks: ", " passed, "] {
        assert!(printed.contains(words), "{words}: {printed}");
    }
    let curves = json(&folder.join("curves.json"));
    let values = |n: usize| -> Vec<f64> {
        let points = curves["sweeps"][n]["points"].as_array().unwrap().iter();
        points.map(|point| (point["value"].as_f64().unwrap() * 1e6).round() / 1e6).collect()
    };
    assert_eq!((&curves["sweeps"][0]["varied"], values(0)), (&"eps".into(), vec![0.0, 0.01, 0.1]));
    assert_eq!((&curves["sweeps"][1]["varied"], values(1)), (&"steps".into(), vec![1.0, 2.0]));
    let clean = &curves["sweeps"][0]["points"][0];
    assert_eq!(clean["classifier_accuracy"], curves["clean"]["classifier_accuracy"]);
    assert_eq!(clean["answer_accuracy"], curves["clean"]["answer_accuracy"]);
    assert_eq!(curves["checks"].as_array().unwrap().len(), 10);
    assert_eq!(curves["probe"]["pictures"], 10);
    assert_eq!(curves["attacks"].as_array().unwrap().len(), 2, "sweeps are no attacks");

    // The report has the figures, the grids and the command.
    let report = fs::read_to_string(folder.join("curves.html")).unwrap();
    let accuracy = curves["worst_case"]["answer_accuracy"].as_f64().unwrap();
    assert!(report.contains(&format!("the answer is right on {:.1}\u{a0}%", accuracy * 100.0)));
    assert!(report.contains("--report curves.html") && report.contains("drawn pictures"));
    assert_eq!(report.matches("data:image/png;base64,").count(), 3);
    assert_eq!(curves["command"].as_str().unwrap().split(' ').next(), Some("second-look"));

    // The lines say what the records say.
    let records: Vec<Value> =
        serde_json::from_slice(&fs::read(folder.join("curves-r.json")).unwrap()).unwrap();
    let text = fs::read_to_string(folder.join("curves.csv")).unwrap();
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!((lines.len(), lines[0].len()), (21, 18));
    let column = |name: &str| lines[0].iter().position(|column| *column == name).unwrap();
    for (n, line) in lines[1..].iter().enumerate() {
        let (record, attack) = (&records[n / 2], &records[n / 2]["attacks"][n % 2]);
        assert_eq!(line[column("attack")], ["noise", "pgd"][n % 2]);
        assert_eq!(line[column("class")], record["class"]);
        assert_eq!(line[column("answer")], attack["verdict"]["answer"]);
        let score: f64 = line[column("score")].parse().unwrap();
        assert!((score - attack["verdict"]["score"].as_f64().unwrap()).abs() < 1e-6);
    }
    for (options, words) in [
        ("--sweep-eps 0.01 --sweep-attack fgsm", "fgsm is none of the attacks"),
        ("--attack cw --sweep-eps 0.01", "give --eps"),
        ("--sweep-eps 2", "eps is 2"),
        ("--attack noise --sweep-steps 5", "one with a number of steps"),
    ] {
        fails(folder, &format!("{evaluate} {options}"), &[words]);
    }
}

#[test]
fn a_suite_is_every_attacker_and_tells_its_time_first() {
    let folder = studio();
    let suite =
        format!("evaluate {MODELS} --suite quick --pictures 8 --json suite.json --overwrite");
    let output = run(folder, &format!("{suite} --batch-size 8 --max-iter 2"));
    assert!(output.status.success());
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(
        log.contains("the rest takes about") && log.contains("measured on 2 pictures"),
        "{log}"
    );
    let suite_json = json(&folder.join("suite.json"));
    let attacks = suite_json["attacks"].as_array().unwrap();
    let names: Vec<&str> = attacks.iter().map(|attack| attack["name"].as_str().unwrap()).collect();
    let expected = "pgd noise fgsm apgd-ce square selective-pgd orthogonal-pgd corrector";
    assert_eq!(names.join(" "), expected);
    assert_eq!(suite_json["sweeps"].as_array().unwrap().len(), 4);
    fails(folder, &format!("{suite} --attack pgd"), &["--suite", "--attack"]);
}

#[test]
fn evaluate_takes_an_attacker_and_refuses_one_that_does_not_fit() {
    let folder = studio();
    let evaluate =
        format!("evaluate {MODELS} --pictures 10 --max-iter 1 --json who.json --overwrite");
    let who = |options: &str| {
        succeeds(folder, &format!("{evaluate} {options}"));
        let json = json(&folder.join("who.json"));
        let attacks = json["attacks"].as_array().unwrap();
        let names: Vec<String> =
            attacks.iter().map(|attack| attack["name"].as_str().unwrap().to_owned()).collect();
        (names.join(","), json["attacker"].as_str().unwrap().to_owned(), json)
    };
    let (names, attacker, _) = who("--attacker defence");
    let of_defence = "selective-pgd,orthogonal-pgd,corrector,lagrangian";
    assert_eq!((names.as_str(), attacker.as_str()), (of_defence, "defence"));
    let (names, attacker, worst) = who("--worst-case");
    assert_eq!((names.as_str(), attacker.as_str()), (of_defence, "defence"));
    let of = |of: &Value, key: &str| of[key].as_f64().unwrap();
    let mut left = of(&worst["clean"], "answer_accuracy");
    let mut attacked = (left * 10.0).round();
    for attack in worst["attacks"].as_array().unwrap() {
        assert_eq!(of(attack, "attacked"), attacked, "those that the attacks before left right");
        assert!(of(attack, "unnoticed") <= of(attack, "wrong"));
        attacked -= of(attack, "wrong");
        left = of(attack, "answer_accuracy");
        assert_eq!((left * 10.0).round(), attacked);
    }
    assert_eq!(of(&worst["worst_case"], "answer_accuracy"), left);
    let (_, _, three) = who("--more-autoencoders ae.safetensors,ae.safetensors");
    assert_eq!(three["models"]["more_autoencoders"].as_array().unwrap().len(), 2);
    let warned = three["warnings"].to_string();
    assert!(warned.contains("the other autoencoders") && warned.contains("--infer-threshold"));
    assert_eq!(who("--attacker queries").0, "square");
    let (_, _, led) = who("--attack pgd,selective-pgd --sweep-steps 1 --targeted");
    assert_eq!(led["sweeps"][0]["points"][0]["parameters"]["targeted"], true);
    for attack in led["attacks"].as_array().unwrap() {
        assert_eq!(attack["parameters"]["targeted"], true);
        let errs = 1.0 - of(attack, "classifier_accuracy");
        assert!(of(attack, "success_rate") <= errs + 1e-9, "whoever names the target errs");
        assert!(of(attack, "sr_at_50") <= of(attack, "success_rate"));
    }
    // The classifier itself as its own surrogate: the same pictures, another attacker.
    let (names, attacker, same) = who("--attacker transfer --surrogate cl.safetensors");
    assert_eq!((names.as_str(), attacker.as_str()), ("pgd", "transfer"));
    assert_eq!(same["surrogate"]["file"], "cl.safetensors");
    let (_, attacker, plain) = who("");
    assert_eq!(attacker, "classifier");
    assert_eq!(same["classifier"], plain["classifier"]);
    assert_eq!(three["detector"], plain["detector"], "three times the same autoencoder are one");
    for (options, words) in [
        ("--worst-case --suite quick", "--suite"),
        ("--worst-case --csv who.csv", "--csv"),
        ("--attacker transfer", "--surrogate"),
        ("--surrogate cl.safetensors", "--attacker transfer"),
        ("--attacker transfer --surrogate ae.safetensors", "ae.safetensors"),
        ("--attacker defence --attack pgd", "whose attacker is \"classifier\""),
        ("--attacker classifier --attack corrector", "whose attacker is \"defence\""),
        ("--attack cw --norm linf", "norm is linf"),
        ("--random-shift 25", "the random shift is 25"),
    ] {
        fails(folder, &format!("{evaluate} {options}"), &[words]);
    }
}

#[test]
fn a_randomised_defence_draws_from_its_seed_and_says_so() {
    let folder = studio();
    let figures = |options: &str| {
        let evaluate = format!("evaluate {MODELS} --pictures 20 --max-iter 1");
        let files = "--json random.json --records random-records.json --overwrite";
        succeeds(folder, &format!("{evaluate} {files} {options}"));
        let records = std::fs::read_to_string(folder.join("random-records.json")).unwrap();
        (json(&folder.join("random.json")), records)
    };
    let random = "--random-shift 4 --random-flip --random-noise 0.02";
    let (first, scores) = figures(random);
    assert_eq!(first["randomisation"]["shift"], 4);
    assert!(first["warnings"].to_string().contains("--infer-threshold"));
    assert_eq!(figures(random).1, scores, "the same seed");
    assert_ne!(figures(&format!("{random} --random-seed 1")).1, scores);
    let (plain, without) = figures("");
    assert_ne!(without, scores);
    assert_eq!(plain["classifier"], first["classifier"], "the classifier sees the picture itself");
    assert!(plain.get("randomisation").is_none());
    let (inferred, _) = figures(&format!("{random} --infer-threshold --held-out 0.01"));
    assert_ne!(inferred["detector"]["threshold"], plain["detector"]["threshold"]);
}

#[test]
fn attack_and_detect_work_on_picture_files() {
    let folder = studio();
    let jpeg = folder.join("photo.jpg");
    let drawn = image::open(folder.join("drawn/ship-0.png")).unwrap();
    drawn
        .resize_exact(640, 480, image::imageops::FilterType::Triangle)
        .save_with_format(&jpeg, ImageFormat::Jpeg)
        .unwrap();
    for (picture, out) in
        [("drawn/horse-0.png", "horse-0-attacked.png"), ("photo.jpg", "photo-attacked.png")]
    {
        let printed = succeeds(folder, &format!("attack {picture} {MODELS} --preset strong"));
        for word in ["before", "after", "in the file", out] {
            assert!(printed.contains(word), "{printed}");
        }
        let attacked = image::open(folder.join(out)).unwrap();
        assert_eq!((attacked.width(), attacked.height()), (96, 96));
    }
    // No value further away than eps, and the half grey level that 8 bits cost.
    let (before, after) = (
        drawn,
        succeeds(
            folder,
            &format!("attack drawn/ship-0.png {MODELS} --out near.png --eps 0.02 --eps-step 0.01"),
        ),
    );
    let after = {
        drop(after);
        image::open(folder.join("near.png")).unwrap()
    };
    let pairs = before.to_rgb8().into_raw().into_iter().zip(after.to_rgb8().into_raw());
    let apart = pairs.map(|(a, b)| a.abs_diff(b)).max().unwrap();
    assert!((1..=6).contains(&apart), "{apart} grey levels");

    // In L2 the defaults are lengths over all values, not the far smaller ones of a single value.
    succeeds(folder, &format!("attack drawn/ship-0.png {MODELS} --norm l2 --out l2.png"));
    let l2 = image::open(folder.join("l2.png")).unwrap().to_rgb8();
    let squares = before.to_rgb8().into_raw().into_iter().zip(l2.into_raw());
    let length =
        squares.map(|(a, b)| (f64::from(a.abs_diff(b)) / 255.0).powi(2)).sum::<f64>().sqrt();
    assert!((1.0..3.1).contains(&length), "{length}");
    succeeds(folder, &format!("evaluate {MODELS} --pictures 10 --norm l2 --json l2.json"));
    let attack = &json(&folder.join("l2.json"))["attack"];
    assert_eq!((&attack["norm"], &attack["eps"]), (&"l2".into(), &3.0.into()));

    fails(
        folder,
        &format!("attack drawn/horse-0.png {MODELS} --out near.png"),
        &["near.png", "--overwrite"],
    );
    succeeds(
        folder,
        &format!("attack drawn/horse-0.png {MODELS} --out near.png --overwrite --target cat"),
    );

    // Every divergence is above 0, none above a million.
    let (all, none) = ("--threshold=0", "--threshold=1e6");
    let both = "drawn/horse-0.png photo.jpg";
    let found = run(folder, &format!("detect {both} {MODELS} {all}"));
    assert_eq!(found.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&found.stdout).matches("adversarial").count(), 2);
    let quiet = succeeds(folder, &format!("detect {both} {MODELS} {none} --json"));
    let json: Value = serde_json::from_str(&quiet).unwrap();
    assert_eq!(json.as_array().unwrap().len(), 2);
    assert_eq!(json[1]["picture"], "photo.jpg");
    assert_eq!(json[1]["verdict"]["adversarial"], false);
    assert_eq!(json[1]["verdict"]["answer"], json[1]["prediction"]);
    succeeds(
        folder,
        &format!("detect drawn/cat-0.png {MODELS} --percentile 100 --clean drawn/cat-0.png"),
    );

    fs::write(folder.join("cut.png"), &fs::read(folder.join("drawn/cat-0.png")).unwrap()[..900])
        .unwrap();
    fails(folder, &format!("detect cut.png {both} {MODELS} {none}"), &["cut.png", "not a picture"]);
    fails(folder, &format!("attack nothing.png {MODELS}"), &["nothing.png"]);
}

#[test]
fn wrong_files_are_one_clear_error() {
    let folder = studio();
    let swapped = "--classifier ae.safetensors --autoencoder cl.safetensors";
    fails(folder, &format!("evaluate {swapped}"), &["ae.safetensors", "classifier is wanted"]);
    fails(
        folder,
        &format!("evaluate {MODELS} --data nowhere"),
        &["nowhere", "train_X.bin", "download stl10"],
    );
    fails(folder, "evaluate --classifier missing.safetensors", &["missing.safetensors"]);
    fails(
        folder,
        &format!("{CLASSIFIER} --out cl.safetensors"),
        &["cl.safetensors.checkpoint", "--resume", "--overwrite"],
    );
    fails(folder, &format!("{CLASSIFIER} --out none.safetensors --resume"), &["no checkpoint"]);
    fails(
        folder,
        &format!("{CLASSIFIER} --out cl.safetensors --resume --schedule constant"),
        &["other options"],
    );
    // What is refused has removed nothing.
    let before = fs::read_dir(folder.join("cl.safetensors.checkpoint")).unwrap().count();
    fails(
        folder,
        "train classifier --pictures 60 --out cl.safetensors --overwrite --learning-rate 5",
        &["--learning-rate is 5"],
    );
    assert_eq!(fs::read_dir(folder.join("cl.safetensors.checkpoint")).unwrap().count(), before);
    fails(
        folder,
        &format!("{AUTOENCODER} --out bad.safetensors --percentile 101"),
        &["percentile is 101"],
    );
    // A folder that cannot be: a file stands in its place.
    fails(folder, &format!("{CLASSIFIER} --out drawn/cat-0.png/x.safetensors"), &["cannot write"]);
    // Found out before the models are even looked for, let alone after the evaluation.
    for output in ["json", "records", "figures"] {
        let evaluate = format!("evaluate --classifier missing --{output} drawn/cat-0.png/x");
        fails(folder, &evaluate, &["cannot write drawn/cat-0.png/x"]);
    }
}

/// Writes drawn pictures as a split of STL-10: columns instead of rows, labels 1 to 10.
fn write_split(folder: &Path, split: &str, count: usize, labelled: bool) {
    let pictures = Drawn::training(count, split.len() as u64);
    let (mut rows, mut columns) = ([0; VALUES], Vec::new());
    for index in 0..count {
        pictures.read(index, &mut rows).unwrap();
        for plane in rows.chunks(PLANE) {
            columns.extend((0..PLANE).map(|i| plane[i % SIDE * SIDE + i / SIDE]));
        }
    }
    fs::write(folder.join(format!("{split}_X.bin")), columns).unwrap();
    if labelled {
        let labels: Vec<u8> = pictures.labels().iter().map(|c| c.index() as u8 + 1).collect();
        fs::write(folder.join(format!("{split}_y.bin")), labels).unwrap();
    }
}

#[test]
fn stl10_s_splits_train_and_test_as_the_protocol_says() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    write_split(data, "train", 40, true);
    write_split(data, "test", 60, true);
    write_split(data, "unlabeled", 15, false);
    let log = |arguments: &str| {
        let output = run(data, arguments);
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{error}");
        error
    };
    let classifier =
        "train classifier --data . --epochs 1 --held-out 0.2 --split-seed 4 --overwrite --out";
    // 60 pictures, a fifth of each class held out: 10 of 6 x 10, or 10 of 4 x 10.
    let tutorial = log(&format!("{classifier} cl.safetensors"));
    assert!(tutorial.contains("from 50 pictures, choosing on 10"), "{tutorial}");
    let standard = log(&format!("{classifier} standard.safetensors --protocol standard"));
    assert!(standard.contains("from 30 pictures, choosing on 10"), "{standard}");
    // As many as asked for, none of them held out; drawn ones beside them.
    let few = log(&format!("{classifier} few.safetensors --pictures 23 --drawn 7"));
    assert!(few.contains("from 30 pictures, choosing on 10"), "{few}");
    fails(data, &format!("{classifier} few.safetensors --pictures 51"), &["51 pictures", "and 50"]);

    // An autoencoder is trained on the split of its classifier.
    let autoencoder =
        "train autoencoder --architecture compact --data . --epochs 1 --overwrite --out";
    let of = |classifier: &str, out: &str| {
        format!("{autoencoder} {out}.safetensors --classifier {classifier}.safetensors")
    };
    let like_classifier = log(&format!("{} --unlabeled", of("cl", "ae")));
    assert!(like_classifier.contains("from 65 pictures, choosing on 10"), "{like_classifier}");
    let like_classifier = log(&of("standard", "ae-standard"));
    assert!(like_classifier.contains("from 30 pictures, choosing on 10"), "{like_classifier}");
    for other in ["--protocol tutorial", "--held-out 0.3", "--split-seed 5"] {
        fails(data, &format!("{} {other}", of("standard", "x")), &["the classifier was trained"]);
    }
    fails(
        data,
        "train autoencoder --unlabeled --classifier cl.safetensors --out x.safetensors",
        &["required arguments"],
    );

    // Measured on is what the models did not see, whichever protocol they were trained with.
    let printed = succeeds(data, &format!("evaluate --data . {MODELS} --json e.json --overwrite"));
    for words in
        ["train split (protocol tutorial: trained on the test split)", "40 pictures", "0.5498"]
    {
        assert!(printed.contains(words), "{words}: {printed}");
    }
    let split = |json: &Value| {
        let data = &json["data"];
        let text = ["kind", "protocol", "split"].map(|key| data[key].as_str().unwrap().to_owned());
        (
            text.join(" "),
            data["held_out"].as_f64(),
            data["split_seed"].as_u64(),
            data["validation"].as_bool(),
        )
    };
    let expected = |text: &str, validation| (text.to_owned(), Some(0.2), Some(4), Some(validation));
    assert_eq!(split(&json(&data.join("e.json"))), expected("stl10 tutorial train", false));
    let standard =
        "--classifier standard.safetensors --autoencoder ae-standard.safetensors --max-iter 1";
    let evaluate = format!("evaluate --data . {standard} --json e.json --overwrite");
    let printed = succeeds(data, &evaluate);
    assert!(printed.contains("60 pictures") && !printed.contains("0.5498"), "{printed}");
    assert_eq!(split(&json(&data.join("e.json"))), expected("stl10 standard test", false));
    succeeds(data, &format!("{evaluate} --protocol standard"));
    succeeds(data, &format!("{evaluate} --validation"));
    let validation = json(&data.join("e.json"));
    assert_eq!(split(&validation), expected("stl10 standard train", true));
    assert_eq!(validation["pictures"], 10);
    assert!(validation["warnings"][0].as_str().unwrap().contains("held-out"));

    // Pictures that a model was trained on are refused; --force says what is wrong with the figures.
    let calibrate =
        format!("calibrate --data . {standard} --out new.safetensors").replace(" --max-iter 1", "");
    for (command, words) in [
        (format!("{evaluate} --protocol tutorial"), "trained on STL-10's train split"),
        (format!("{evaluate} --validation --protocol tutorial"), "whose test pictures"),
        (format!("{evaluate} --validation --held-out 0.3"), "a share of 0.2"),
        (format!("{evaluate} --validation --split-seed 1"), "split seed 4"),
        (format!("{evaluate} --infer-threshold --split-seed 1"), "split seed 4"),
        (format!("{calibrate} --split-seed 1"), "split seed 4"),
        (format!("{calibrate} --protocol tutorial"), "whose test pictures"),
    ] {
        fails(
            data,
            &command,
            &["the classifier and the autoencoder were trained", words, "--force"],
        );
        assert!(!data.join("new.safetensors").exists());
        let printed = succeeds(data, &format!("{command} --force"));
        if command.starts_with("evaluate") {
            let warnings = json(&data.join("e.json"))["warnings"].to_string();
            assert!(warnings.contains(words), "{warnings}");
            assert!(
                printed.contains("warning: the classifier and the autoencoder were"),
                "{printed}"
            );
        }
        fs::remove_file(data.join("new.safetensors")).ok();
    }
    succeeds(data, &calibrate);

    // So are networks that were not trained for one another.
    let mixed = "--classifier cl.safetensors --autoencoder ae-standard.safetensors --max-iter 1";
    let pair = ["the autoencoder was trained for another classifier", "--force"];
    fails(data, &format!("evaluate --data . {mixed}"), &pair);
    fails(data, &format!("evaluate --pictures 10 {mixed}"), &pair);
    fails(
        data,
        &format!("calibrate {mixed} --out x.safetensors").replace("--max-iter 1", ""),
        &pair,
    );
    let forced = succeeds(data, &format!("evaluate --pictures 10 {mixed} --force"));
    assert!(forced.contains("warning: the autoencoder was trained for another"), "{forced}");
    fails(
        data,
        &format!("evaluate --data . {MODELS} --corrector ae-standard.safetensors"),
        &["the corrector was trained for another classifier", "the corrector was trained on"],
    );

    // Another number format is the same classifier.
    succeeds(data, "export cl.safetensors --precision i8 --out cl-i8.safetensors");
    succeeds(data, "export ae.safetensors --precision i8 --out ae-i8.safetensors");
    let printed = succeeds(
        data,
        "evaluate --data . --classifier cl-i8.safetensors --autoencoder ae-i8.safetensors --max-iter 1",
    );
    assert!(printed.contains("warning: the threshold was inferred before"), "{printed}");
    succeeds(data, "import classifier cl.safetensors --out imported.safetensors");
    let unknown = succeeds(
        data,
        "evaluate --pictures 10 --max-iter 1 --classifier imported.safetensors \
                                  --autoencoder ae.safetensors --force",
    );
    assert!(unknown.contains("nothing is known of the pictures that the classifier"), "{unknown}");
}

#[test]
fn figures_do_not_depend_on_the_batch_and_options_change_the_score() {
    let folder = tempfile::tempdir_in(studio()).unwrap();
    let folder = folder.path();
    let figures = |options: &str| {
        let models = "--classifier ../cl.safetensors --autoencoder ../ae.safetensors --pictures 10";
        succeeds(folder, &format!("evaluate {models} --json e.json --overwrite {options}"));
        json(&folder.join("e.json"))
    };
    let random = "--max-iter 2 --num-random-init 2 --attack-seed 5";
    let (all, few) = (figures(random), figures(&format!("{random} --batch-size 3")));
    for key in ["classifier", "reconstructed"] {
        assert_eq!(all[key], few[key]);
    }
    let auc = |json: &Value| json["detector"]["auc"].as_f64().unwrap();
    assert!((auc(&all) - auc(&few)).abs() < 0.011, "at most one pair of a hundred changes places");
    assert_eq!((&all["attack"]["num_random_init"], &all["attack"]["seed"]), (&2.into(), &5.into()));
    let other = figures("--max-iter 1 --direction reverse --temperature 2 --threshold 0.5");
    let score = &other["detector"]["score"]["divergence"];
    assert_eq!((&score["direction"], &score["temperature"]), (&"reverse".into(), &2.0.into()));
    assert_eq!(other["detector"]["threshold"], 0.5);
    fails(folder, "evaluate --batch-size 0", &["--batch-size"]);
}

#[test]
fn every_option_of_attack_and_detect_has_its_effect() {
    let folder = tempfile::tempdir_in(studio()).unwrap();
    let folder = folder.path();
    let models = "--classifier ../cl.safetensors --autoencoder ../ae.safetensors";
    let attacked = |options: &str| {
        let attack = format!("attack ../drawn/ship-0.png {models} --out a.png --overwrite");
        succeeds(folder, &format!("{attack} --eps 0.1 --eps-step 0.02 --max-iter 4 {options}"));
        fs::read(folder.join("a.png")).unwrap()
    };
    let plain = attacked("");
    assert_eq!(attacked("--attack-seed 9"), plain, "nothing is random without restarts");
    let classes = ["airplane", "truck"].map(|class| attacked(&format!("--class {class}")));
    assert_ne!(classes[0], classes[1]);
    assert_ne!(attacked("--target cat"), attacked("--class cat"), "towards and away");
    // MI-FGSM without memory is PGD.
    assert_eq!(attacked("--attack mi-fgsm --decay 0"), plain);
    assert_ne!(attacked("--attack mi-fgsm"), plain);
    let random = |seed: u64| attacked(&format!("--num-random-init 1 --attack-seed {seed}"));
    let seeds = [random(1), random(1), random(2)];
    assert_eq!(seeds[0], seeds[1]);
    assert_ne!(seeds[1], seeds[2]);

    let verdict = |options: &str| -> Value {
        let output = run(folder, &format!("detect ../drawn/cat-0.png {models} --json {options}"));
        serde_json::from_slice::<Value>(&output.stdout).unwrap()[0]["verdict"].clone()
    };
    let plain = verdict("");
    let own = verdict("--percentile 100 --clean ../drawn/cat-0.png");
    assert_eq!((&own["threshold"], &own["adversarial"]), (&plain["score"], &false.into()));
    let inferred = verdict("--percentile 0 --clean ../drawn/cat-0.png ../drawn/dog-0.png");
    let dog = verdict("--percentile 0 --clean ../drawn/dog-0.png");
    let number = |value: &Value| value.as_f64().unwrap();
    assert_eq!(
        number(&inferred["threshold"]),
        number(&plain["score"]).min(number(&dog["threshold"]))
    );
    for option in ["--direction reverse", "--temperature 3"] {
        assert_ne!(
            verdict(&format!("{option} --threshold 1"))["score"],
            plain["score"],
            "{option}"
        );
    }
    assert_eq!(plain["corrected_prediction"], Value::Null);
    let corrector = verdict("--corrector ../ae.safetensors");
    assert!(corrector["corrected_prediction"].is_array());
    assert_ne!(corrector["corrected_prediction"], plain["reconstruction_prediction"], "flipped");
}

#[test]
fn an_imported_network_has_the_sizes_that_are_given() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/www/models/corrector.safetensors");
    let import = |sizes: &str| {
        format!(
            "import autoencoder {file} --architecture residual {sizes} --threshold 0.5 --out x --overwrite"
        )
    };
    let right = "--side 12 --latent 12 --width 64 --score-temperature 3 --score-direction reverse";
    succeeds(folder, &import(right));
    let card = second_look::model::Card::read(&fs::read(folder.join("x")).unwrap()).unwrap();
    let card = serde_json::to_value(card).unwrap();
    assert_eq!(card["architecture"]["channels"], 12);
    assert_eq!(
        (&card["architecture"]["side"], &card["architecture"]["width"]),
        (&12.into(), &64.into())
    );
    assert_eq!(card["detector"]["threshold"], 0.5);
    assert_eq!(card["detector"]["divergence"]["temperature"], 3.0);
    assert_eq!(card["detector"]["divergence"]["direction"], "reverse");
    let before = fs::read(folder.join("x")).unwrap();
    for wrong in
        ["--side 24 --latent 12", "--side 12 --latent 8", "--side 12 --latent 12 --width 32"]
    {
        fails(folder, &import(wrong), &["tensor"]);
    }
    // Sizes that would take gigabytes are compared with the file first.
    fails(folder, &import("--side 12 --latent 1024 --width 1024"), &["tensor"]);
    fails(folder, &import("--side 13"), &["side is 13"]);
    assert_eq!(fs::read(folder.join("x")).unwrap(), before);
}

#[test]
fn a_number_of_pictures_is_met_exactly_or_refused() {
    let folder = studio();
    let evaluate = format!("evaluate {MODELS} --max-iter 1 --pictures");
    assert!(succeeds(folder, &format!("{evaluate} 7")).contains("\n7 pictures"));
    for count in ["0", "4000000000", "18446744073709551615"] {
        fails(folder, &format!("{evaluate} {count}"), &[count, "pictures are wanted"]);
    }
}

/// The command with its standard output going elsewhere; its exit code and standard error.
#[cfg(target_os = "linux")]
fn ends(folder: &Path, arguments: &str, stdout: Stdio) -> (Option<i32>, String) {
    let mut command = second_look(folder);
    command.args(arguments.split_whitespace()).stdout(stdout).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take()); // nobody reads it
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[cfg(target_os = "linux")]
#[test]
fn a_closed_or_full_standard_output_loses_no_file() {
    let folder = tempfile::tempdir_in(studio()).unwrap();
    let folder = folder.path();
    let models = "--classifier ../cl.safetensors --autoencoder ../ae.safetensors";
    let full = || Stdio::from(fs::File::options().write(true).open("/dev/full").unwrap());
    let evaluate = |name: &str| {
        format!(
            "evaluate {models} --pictures 10 --max-iter 1 --json {name}.json --records {name}-r.json"
        )
    };
    let (code, error) = ends(folder, &evaluate("closed"), Stdio::piped());
    assert_eq!(code, Some(0), "{error}");
    let (code, error) = ends(folder, &evaluate("full"), full());
    assert_eq!(code, Some(2), "{error}");
    assert!(
        error.contains("error: cannot write to standard output") && !error.contains("panicked"),
        "{error}"
    );
    for name in ["closed", "full"] {
        assert_eq!(json(&folder.join(format!("{name}.json")))["pictures"], 10);
        assert_eq!(json(&folder.join(format!("{name}-r.json"))).as_array().unwrap().len(), 10);
    }
    // The exit code is the verdict's although nobody reads it.
    let picture = "../drawn/cat-0.png";
    for (threshold, expected) in [("0", 1), ("1e6", 0)] {
        for json in ["", "--json"] {
            let detect =
                format!("detect {picture} {picture} {models} --threshold {threshold} {json}");
            let (code, error) = ends(folder, &detect, Stdio::piped());
            assert_eq!(code, Some(expected), "{error}");
            assert!(!error.contains("error"), "{error}");
        }
    }
    let (code, error) = ends(folder, &format!("attack {picture} {models} --max-iter 1"), full());
    assert_eq!((code, folder.join("cat-0-attacked.png").exists()), (Some(2), true), "{error}");
    // A full standard error is no other error.
    let mut silent = second_look(folder);
    let status = silent.args(["detect", "nothing.png"]).stderr(full()).status().unwrap();
    assert_eq!(status.code(), Some(2));
}

#[cfg(target_os = "linux")]
#[test]
fn names_of_files_forge_nothing_and_lose_nothing() {
    use std::os::unix::ffi::OsStrExt;

    let folder = studio();
    let picture = fs::read(folder.join("drawn/cat-0.png")).unwrap();
    let names = [&b"x.png: clean, horse\n\x1b[31my.png"[..], b"caf\xe9.png"];
    let paths = names.map(|name| folder.join(std::ffi::OsStr::from_bytes(name)));
    paths.iter().for_each(|path| fs::write(path, &picture).unwrap());
    let detect = |json: bool| {
        let mut command = second_look(folder);
        command
            .arg("detect")
            .args(&paths)
            .args(MODELS.split_whitespace())
            .args(["--threshold", "1e6"]);
        let output = command.args(json.then_some("--json")).output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        String::from_utf8(output.stdout).unwrap()
    };
    let lines = detect(false);
    assert_eq!(lines.lines().count(), 2, "{lines}");
    assert!(
        lines.contains(r"x.png: clean, horse\n\u{1b}[31my.png: clean")
            && lines.contains("caf\u{fffd}.png: clean"),
        "{lines}"
    );
    let json: Value = serde_json::from_str(&detect(true)).unwrap();
    assert!(json[0]["picture"].as_str().unwrap().ends_with("y.png"));
    assert!(json[1]["picture"].as_str().unwrap().ends_with("caf\u{fffd}.png"));
    assert_eq!(json[1]["verdict"]["adversarial"], false);
    let missing = second_look(folder).args(["detect", "no\nerror: x"]).output().unwrap();
    let error = String::from_utf8(missing.stderr).unwrap();
    assert!(error.contains(r"no\nerror: x"), "{error}");
}

#[test]
fn draw_draws_what_is_asked_for_and_replaces_nothing_unasked() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    succeeds(folder, "draw --out d --per-class 2 --seed 5 --class cat");
    let mut names: Vec<_> =
        fs::read_dir(folder.join("d")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["cat-5.png", "cat-6.png"]);
    let five = fs::read(folder.join("d/cat-5.png")).unwrap();
    fs::write(folder.join("d/cat-6.png"), "mine").unwrap();
    fails(
        folder,
        "draw --out d --seed 4 --per-class 3 --class cat",
        &["cat-5.png exists", "--overwrite"],
    );
    assert!(!folder.join("d/cat-4.png").exists(), "refused before anything is drawn");
    succeeds(folder, "draw --out d --seed 5 --class cat --overwrite");
    assert_ne!(fs::read(folder.join("d/cat-6.png")).unwrap(), b"mine");
    assert_eq!(fs::read(folder.join("d/cat-5.png")).unwrap(), five);
    fails(folder, "draw --out d --per-class 0", &["--per-class"]);
    fails(folder, "draw --out d --seed 18446744073709551615 --per-class 3", &["--seed"]);
}

/// Ways out of the served folders: encodings x prefixes x targets x depths.
#[test]
fn no_path_leads_out_of_what_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let (mut server, address) = serve(folder.path(), &[]);
    let ups = [
        "../",
        "..%2f",
        "%2e%2e/",
        "%2e%2e%2f",
        ".%2e/",
        "%2e./",
        "..%5c",
        "..\\",
        "%252e%252e/",
        "....//",
        "..;/",
        "..%00/",
        "..%c0%af",
        "%c0%ae%c0%ae/",
        "./../",
    ];
    let targets = ["Cargo.toml", "src/lib.rs", "etc/passwd", ".git/HEAD"];
    let mut tried = 0;
    for up in ups {
        for prefix in ["/", "/www/", "/www//", "/pkg/", "/www/models/", "//"] {
            for target in targets {
                for depth in [1, 2, 12] {
                    let answer = get(&address, &format!("{prefix}{}{target}", up.repeat(depth)));
                    let refused = ["404", "400", "307", "308"]
                        .iter()
                        .any(|status| answer.starts_with(&format!("http/1.0 {status}")));
                    assert!(refused, "{prefix}{up}{target} {depth}: {answer}");
                    tried += 1;
                }
            }
        }
    }
    assert_eq!(tried, 1080);
    server.kill().unwrap();
    server.wait().unwrap();
}

/// Weights of a training that is stopped by `stop` as soon as it has a checkpoint, then resumed.
#[cfg(unix)]
fn stopped_and_resumed(stop: &str, exit: Option<i32>) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let checkpoints = folder.path().join("w.safetensors.checkpoint");
    let arguments = format!("{CLASSIFIER} --out w.safetensors --checkpoint-every 0");
    let mut child = second_look(folder.path())
        .args(arguments.split_whitespace())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while !checkpoints.join("step-000000002").exists() {
        assert!(start.elapsed() < Duration::from_secs(120), "no checkpoint");
        assert!(child.try_wait().unwrap().is_none(), "the training ended too early");
        std::thread::sleep(Duration::from_millis(2));
    }
    // The shell's own `kill`: the program of that name is not on every machine.
    let kill = format!("kill {stop} {}", child.id());
    let signal = Command::new("sh").args(["-c", &kill]).status().unwrap();
    assert!(signal.success());
    assert_eq!(child.wait().unwrap().code(), exit);
    // What a kill in the middle of writing would leave must not disturb.
    fs::create_dir_all(checkpoints.join("step-000000099.part")).unwrap();
    succeeds(folder.path(), &format!("{arguments} --resume"));
    fs::read(folder.path().join("w.safetensors")).unwrap()
}

/// The largest difference between the weights of two files, and the largest weight.
fn apart(a: &[u8], b: &[u8]) -> (f32, f32) {
    let (a, b) = (
        safetensors::SafeTensors::deserialize(a).unwrap(),
        safetensors::SafeTensors::deserialize(b).unwrap(),
    );
    let floats = |data: &[u8]| -> Vec<f32> {
        data.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
    };
    let (mut most, mut largest) = (0.0f32, 0.0f32);
    for (name, view) in a.iter() {
        for (x, y) in floats(view.data()).iter().zip(floats(b.tensor(name).unwrap().data())) {
            most = most.max((x - y).abs());
            largest = largest.max(x.abs());
        }
    }
    (most, largest)
}

#[test]
fn several_devices_train_together_and_only_those_that_there_are() {
    let folder = studio();
    let train = format!("{AUTOENCODER} --optimizer sgd --overwrite");
    let weights = |devices: &str| {
        succeeds(folder, &format!("{train} --device {devices} --out shared.safetensors"));
        fs::read(folder.join("shared.safetensors")).unwrap()
    };
    // Not alike to the last digit: batch normalisation sees the part of the batch that is on its device.
    let (two, one) = (weights("cpu,cpu"), weights("cpu"));
    let (most, largest) = apart(&one, &two);
    assert!(most > 0.0 && most < 0.05 * largest, "{most} of {largest}");

    fails(folder, &format!("evaluate {MODELS} --device cpu,cpu"), &["only `train`"]);
    fails(folder, &format!("{train} --out x.safetensors --device tpu"), &["tpu", "cuda", "ws://"]);
    for (device, feature) in [("cuda", "cuda"), ("rocm:1", "rocm"), ("ws://localhost:1", "remote")]
    {
        fails(
            folder,
            &format!("{train} --out x.safetensors --device {device}"),
            &[&format!("--features {feature}")],
        );
    }
}

#[cfg(unix)]
#[test]
fn a_training_that_was_killed_or_interrupted_ends_where_an_undisturbed_one_does() {
    let undisturbed = fs::read(studio().join("cl.safetensors")).unwrap();
    for (stop, exit) in [("-KILL", None), ("-INT", Some(130))] {
        let resumed = stopped_and_resumed(stop, exit);
        let (most, largest) = apart(&undisturbed, &resumed);
        assert!(
            most <= 1e-5 * largest,
            "{stop}: weights differ by {most}, the largest is {largest}"
        );
    }
}

/// Killed or interrupted, an evaluation goes on where it was, and only with the same options.
#[cfg(unix)]
#[test]
fn an_evaluation_that_was_killed_or_interrupted_goes_on_to_the_same_figures() {
    let attacks = "--attack pgd,noise --preset strong --max-iter 30 --pictures 12 --batch-size 1";
    let evaluate = format!(
        "evaluate --classifier ../cl.safetensors --autoencoder ../ae.safetensors {attacks} --records r.json \
         --json e.json --checkpoint-every 0"
    );
    let undisturbed = tempfile::tempdir_in(studio()).unwrap();
    succeeds(undisturbed.path(), &evaluate);
    for (stop, exit) in [("-KILL", None), ("-INT", Some(130))] {
        let folder = tempfile::tempdir_in(studio()).unwrap();
        let folder = folder.path();
        let checkpoint = folder.join("e.json.checkpoint");
        let mut child = second_look(folder)
            .args(evaluate.split_whitespace())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let start = Instant::now();
        while !checkpoint.exists() {
            assert!(start.elapsed() < Duration::from_secs(120), "no checkpoint");
            assert!(child.try_wait().unwrap().is_none(), "the evaluation ended too early");
            std::thread::sleep(Duration::from_millis(2));
        }
        let kill = format!("kill {stop} {}", child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        assert_eq!(child.wait().unwrap().code(), exit);
        assert!(!folder.join("e.json").exists(), "{stop}");

        fails(folder, &evaluate, &["e.json.checkpoint", "--resume", "--overwrite"]);
        let other = format!("{evaluate} --resume --eps 0.02");
        fails(folder, &other, &["e.json.checkpoint", "attacks.1 pgd.eps was 0.03, is 0.02"]);
        let other = format!("{evaluate} --resume").replace("--pictures 12", "--pictures 11");
        fails(folder, &other, &["pictures_crc32 was"]);
        succeeds(folder, &format!("{evaluate} --resume"));
        assert!(!checkpoint.exists());
        for file in ["r.json", "e.json"] {
            let [resumed, expected] =
                [folder, undisturbed.path()].map(|folder| fs::read(folder.join(file)).unwrap());
            assert!(resumed == expected, "{stop}: {file}");
        }
        fails(folder, &format!("{evaluate} --resume --overwrite"), &["no e.json.checkpoint"]);
    }
    fails(studio(), &format!("evaluate {MODELS} --resume"), &["--resume needs", "--json"]);
}

/// What a server answers to a request, head and body.
fn get(address: &str, path: &str) -> String {
    ask(address, path, "Accept-Encoding: br\r\n")
}

/// The same, with these lines in the request's head.
fn ask(address: &str, path: &str, head: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.0\r\n{head}\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).to_lowercase()
}

#[cfg(unix)]
#[test]
fn serve_hands_out_the_page_and_nothing_else() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let folder = tempfile::tempdir().unwrap();
    let mut server = second_look(folder.path())
        .args(["serve", "--no-open", "--port", &port.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().trim_end_matches("/www/").rsplit("http://").next().unwrap();
    assert_ne!(address, format!("127.0.0.1:{port}"), "the port was taken");

    let root = get(address, "/?sample=x&run=1");
    assert!(root.starts_with("http/1.0 307") && root.contains("/www/?sample=x&run=1"), "{root}");
    let page = get(address, "/www/");
    for words in ["200 ok", "text/html", "cache-control: no-cache", "content-security-policy:"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    for words in [
        "frame-ancestors 'self'",
        "referrer-policy: no-referrer",
        "permissions-policy: camera=(self), microphone=()",
        "cross-origin-opener-policy: same-origin",
        "cross-origin-embedder-policy: require-corp",
        "cross-origin-resource-policy: same-origin",
        "x-content-type-options: nosniff",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let module = get(address, "/pkg/second_look_bg.wasm");
    let head = module.split("\r\n\r\n").next().unwrap();
    assert!(head.contains("content-type: application/wasm"), "{head}");
    assert!(head.contains("content-encoding: br"), "{head}");
    for hidden in ["/Cargo.toml", "/www/../Cargo.toml", "/www/%2e%2e/Cargo.toml", "/src/lib.rs"] {
        let answer = get(address, hidden);
        assert!(answer.starts_with("http/1.0 404"), "{hidden}: {answer}");
    }
    let folder_of_page = get(address, "/www?sample=x");
    assert!(folder_of_page.contains("location: /www/?sample=x"), "{folder_of_page}");
    for file in ["/pkg/second_look.d.ts", "/www/licences.txt"] {
        let text = get(address, file);
        assert!(text.contains("content-type: text/plain; charset=utf-8"), "{file}");
    }
    // Compressed while it is sent: other bytes than the file's.
    let packed = ask(address, "/www/main.js", "Accept-Encoding: gzip\r\n");
    let head = packed.split("\r\n\r\n").next().unwrap();
    assert!(head.contains("content-encoding: gzip") && !head.contains("etag: \""), "{head}");
    for (host, status) in [("localhost:1", 200), ("[::1]", 200), ("evil.example", 421)] {
        let answer = ask(address, "/www/", &format!("Host: {host}\r\n"));
        assert!(answer.starts_with(&format!("http/1.0 {status}")), "{host}: {answer}");
    }
    if cfg!(unix) {
        let interrupt = format!("kill -INT {}", server.id());
        assert!(Command::new("sh").args(["-c", &interrupt]).status().unwrap().success());
        assert_eq!(server.wait().unwrap().code(), Some(0));
    } else {
        server.kill().unwrap();
        server.wait().unwrap();
    }

    fails(folder.path(), "serve --no-open --host 203.0.113.1", &["cannot listen", "--host"]);
}

/// A server, and its address.
fn serve(folder: &Path, arguments: &[&str]) -> (Child, String) {
    let mut server = second_look(folder)
        .args(["serve", "--no-open", "--port", "0"])
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().trim_end_matches("/www/").rsplit("http://").next().unwrap();
    (server, address.to_owned())
}

#[test]
fn serve_offers_stl_10_s_files_of_a_folder_and_nothing_else_of_it() {
    const PICTURE: usize = 3 * 96 * 96;
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("stl10_binary");
    fs::create_dir(&inner).unwrap();
    let pixels: Vec<u8> = (0..2 * PICTURE).map(|i| b'a' + (i / 1000 % 26) as u8).collect();
    fs::write(inner.join("test_X.bin"), &pixels).unwrap();
    fs::write(inner.join("test_y.bin"), [4, 6]).unwrap();
    fs::write(inner.join("class_names.txt"), "secret").unwrap();
    fs::write(inner.join("other_X.bin"), "secret").unwrap();
    let (mut server, address) = serve(folder.path(), &["--data", "."]);

    let list = get(&address, "/data.json");
    let (head, list) = list.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("application/json"), "{head}");
    let list: Value = serde_json::from_str(list).unwrap();
    let expected = serde_json::json!([{
        "pictures": { "name": "test_x.bin", "size": 2 * PICTURE }, // `get` lowers all letters
        "labels": { "name": "test_y.bin", "size": 2 },
        "protocol": "tutorial",
    }]);
    assert_eq!(list, expected);

    let range =
        format!("Range: bytes={}-{}\r\nAccept-Encoding: br, gzip\r\n", PICTURE, PICTURE + 99);
    let part = ask(&address, "/data/test_X.bin", &range);
    let (head, body) = part.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("http/1.0 206"), "{head}");
    let range = format!("content-range: bytes {}-{}/{}", PICTURE, PICTURE + 99, 2 * PICTURE);
    for words in [&range, "etag: ", "cache-control: no-cache", "cross-origin-resource-policy: same"]
    {
        assert!(head.contains(words), "{words}: {head}");
    }
    assert_eq!(body.as_bytes(), &pixels[PICTURE..PICTURE + 100]);
    assert!(!head.contains("content-encoding"), "{head}");
    assert!(
        ask(&address, "/data/test_X.bin", "Range: bytes=60000-\r\n").starts_with("http/1.0 416")
    );
    assert!(get(&address, "/data/test_y.bin").ends_with("\r\n\r\n\u{4}\u{6}"));
    for path in [
        "/data",
        "/data/",
        "/data/class_names.txt",
        "/data/other_X.bin",
        "/data/train_X.bin",
        "/data/stl10_binary/test_X.bin",
        "/data/../stl10_binary/class_names.txt",
        "/data/%2e%2e/class_names.txt",
        "/data/test_X.bin/../class_names.txt",
        "/stl10_binary/test_X.bin",
    ] {
        let answer = get(&address, path);
        assert!(
            answer.starts_with("http/1.0 404") && !answer.contains("secret"),
            "{path}: {answer}"
        );
    }
    for path in ["/data.json", "/data/test_X.bin"] {
        let answer = ask(&address, path, "Host: evil.example\r\n");
        assert!(answer.starts_with("http/1.0 421"), "{path}: {answer}");
    }
    assert!(get(&address, "/www/").starts_with("http/1.0 200"));
    server.kill().unwrap();
    server.wait().unwrap();

    let (mut server, address) = serve(folder.path(), &[]);
    assert!(get(&address, "/data.json").ends_with("\r\n\r\n[]"));
    assert!(get(&address, "/data/test_X.bin").starts_with("http/1.0 404"));
    server.kill().unwrap();
    server.wait().unwrap();

    let start = "serve --no-open --data .";
    for others in ["--host 0.0.0.0", "--host ::", "--host 192.0.2.1"] {
        fails(
            folder.path(),
            &format!("{start} {others}"),
            &["--data", "this machine only", others],
        );
    }
    fails(folder.path(), &format!("{start} --allow-host x.example"), &["--data", "--allow-host"]);
    fs::write(inner.join("train_X.bin"), &pixels).unwrap();
    fails(folder.path(), start, &["train_y.bin", "no such file", "download stl10"]);
    fs::write(inner.join("train_y.bin"), [4, 11]).unwrap();
    fails(folder.path(), start, &["train_y.bin", "expected labels 1 to 10, found 11"]);
    fs::remove_file(inner.join("train_X.bin")).unwrap();
    fails(folder.path(), start, &["train_X.bin", "no such file"]);
    let empty = tempfile::tempdir().unwrap();
    fails(empty.path(), start, &["train_X.bin", "no such file", "download stl10"]);
    fails(empty.path(), &format!("{start}/missing"), &["train_X.bin", "no such file"]);
}
