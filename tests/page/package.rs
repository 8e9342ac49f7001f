//! `pkg/` and `www/files.json` are made from other files: they must not lag behind.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use sha2::{Digest, Sha256};

use crate::file;

#[test]
fn pkg_was_built_from_these_sources() {
    let list = fs::read_to_string(file("pkg/sources.sha256")).unwrap();
    let mut files = 0;
    for line in list.lines() {
        let (sum, path) = line.split_once("  ").unwrap();
        let bytes = fs::read(file(path)).unwrap_or_default();
        let now: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(now, sum, "{path} has changed since pkg/ was built: run scripts/build-web.sh");
        files += 1;
    }
    for needed in ["  src/web.rs", "  src/lab.rs", "  scripts/web/profile.toml"] {
        assert!(list.contains(needed), "{needed} is not among the {files} sources");
    }
}

#[test]
fn pkg_was_built_from_these_crates() {
    let tree = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--package",
            "second-look",
            "--locked",
            "--target",
            "wasm32-unknown-unknown",
            "--edges",
            "normal,build",
        ])
        .args(["--prefix", "none", "--format", "{p} [{f}]"])
        .current_dir(file(""))
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    // Without "(proc-macro)" and the like, and without the path of this checkout.
    let without_notes = |line: &str| {
        let parts = line.split(" (").enumerate();
        parts.map(|(i, part)| if i == 0 { part } else { part.split_once(')').unwrap().1 }).collect()
    };
    let tree = String::from_utf8(tree.stdout).unwrap();
    let now: BTreeSet<String> = tree.lines().map(without_notes).collect();
    let built = fs::read_to_string(file("pkg/crates.txt")).unwrap();
    let built: BTreeSet<String> = built.lines().map(str::to_owned).collect();
    let apart: Vec<_> = built.symmetric_difference(&now).collect();
    assert!(apart.is_empty(), "run scripts/build-web.sh: other crates or features: {apart:#?}");
}

#[test]
fn a_first_visit_keeps_every_file_that_the_page_needs_offline() {
    let listed: Vec<String> =
        serde_json::from_slice(&fs::read(file("www/files.json")).unwrap()).unwrap();
    let listed: BTreeSet<String> = listed.into_iter().collect();
    let mut there = BTreeSet::from(["./".to_owned()]);
    let mut add = |folder: &str, prefix: &str, not: &[&str]| {
        for entry in fs::read_dir(file(folder)).unwrap().map(Result::unwrap) {
            let name = entry.file_name().into_string().unwrap();
            let kind = Path::new(&name).extension().and_then(|e| e.to_str()).unwrap_or_default();
            if entry.path().is_file() && !not.contains(&kind) && !not.contains(&name.as_str()) {
                there.insert(format!("{prefix}{name}"));
            }
        }
    };
    // The index is "./", the worker is not kept by itself, the list is added by it.
    add("www", "", &["index.html", "sw.js", "files.json", "md"]);
    add("www/samples", "samples/", &["md"]);
    // The tutorial's autoencoder comes, and is kept, when it is asked for.
    add("www/models", "models/", &["md", "tutorial.safetensors"]);
    add("pkg", "../pkg/", &["ts", "br", "txt", "sha256"]);
    assert_eq!(listed, there);
}
