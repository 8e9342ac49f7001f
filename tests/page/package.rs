//! `pkg/` and `www/files.json` are made from other files: they must not lag behind.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use page_manifest::{files_json, fingerprint, sums_json};
use serde_json::Value;

use crate::file;

#[test]
fn pkg_was_built_from_these_sources() {
    let list = fs::read_to_string(file("pkg/sources.txt")).unwrap();
    for line in list.lines() {
        let (sum, path) = line.split_once("  ").unwrap();
        let bytes = fs::read(file(path)).unwrap_or_default();
        let now = fingerprint(path, &bytes).unwrap();
        assert_eq!(now, sum, "{path} has changed since pkg/ was built: run scripts/build-web.sh");
    }
    for needed in ["  src/lib.rs\n", "  src/web.rs\n", "  scripts/web/profile.toml\n"] {
        assert!(list.contains(needed), "{needed:?} is not among the sources:\n{list}");
    }
}

#[test]
fn pkg_was_built_from_these_crates() {
    let mut now = BTreeSet::new();
    for (module, features) in
        [("second_look", ""), ("second_look_gpu", "gpu"), ("second_look_draw", "draw")]
    {
        let tree = Command::new(env!("CARGO"))
            .args(["tree", "--package", "second-look", "--locked", "--features", features])
            .args(["--target", "wasm32-unknown-unknown", "--edges", "normal,build"])
            .args(["--prefix", "none", "--format", "{p} [{f}]"])
            .current_dir(file(""))
            .output()
            .unwrap();
        assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
        // Without "(proc-macro)" and the like, and without the path of this checkout.
        let without_notes = |line: &str| -> String {
            let parts = line.split(" (").enumerate();
            parts
                .map(|(i, part)| if i == 0 { part } else { part.split_once(')').unwrap().1 })
                .collect()
        };
        let tree = String::from_utf8(tree.stdout).unwrap();
        now.extend(tree.lines().map(|line| format!("{module}: {}", without_notes(line))));
    }
    let built = fs::read_to_string(file("pkg/crates.txt")).unwrap();
    let built: BTreeSet<String> = built.lines().map(str::to_owned).collect();
    let apart: Vec<_> = built.symmetric_difference(&now).collect();
    assert!(apart.is_empty(), "run scripts/build-web.sh: other crates or features: {apart:#?}");
    // What makes a module large: only the visitors who compute on a GPU load it.
    let gpu_crate = |line: &&String| {
        let name = line.split_once(": ").unwrap().1;
        ["burn-wgpu ", "cubecl-wgpu ", "naga ", "wgpu "].iter().any(|gpu| name.starts_with(gpu))
    };
    let modules: BTreeSet<_> =
        built.iter().filter(gpu_crate).map(|line| line.split(": ").next().unwrap()).collect();
    assert_eq!(modules, BTreeSet::from(["second_look_gpu"]));
}

#[test]
fn every_visitor_loads_a_small_module() {
    let size = |name: &str| fs::metadata(file("pkg").join(name)).unwrap().len();
    let [cpu, gpu, draw] =
        ["", "_gpu", "_draw"].map(|name| size(&format!("second_look{name}_bg.wasm.br")));
    assert!(cpu <= 700_000, "{cpu} bytes");
    assert!(gpu > cpu, "{gpu} bytes: are the two modules mixed up?");
    assert!(draw <= 150_000, "{draw} bytes: are there networks in the module that draws?");
}

#[test]
fn the_list_of_the_page_s_files_is_up_to_date() {
    // A checkout with other line ends has other sums: .gitattributes keeps them.
    let listed = fs::read_to_string(file("www/files.json")).unwrap();
    let now = files_json(&file("")).unwrap();
    assert!(listed == now, "www/files.json lags behind www/ or pkg/: run scripts/files.sh");
}

#[test]
fn the_sums_of_the_bundled_weights_are_up_to_date() {
    let listed = fs::read_to_string(file("www/models/sums.json")).unwrap();
    let now = sums_json(&file("")).unwrap();
    assert!(listed == now, "www/models/sums.json lags behind www/models/: run scripts/files.sh");
}

/// What is in Cargo.lock and not of this workspace: "NAME VERSION".
fn locked_packages() -> BTreeSet<String> {
    let lock = fs::read_to_string(file("Cargo.lock")).unwrap();
    let entries = lock.split("[[package]]").skip(1).filter(|entry| entry.contains("\nsource = "));
    let value = |entry: &str, key: &str| {
        let line = entry.lines().find(|line| line.starts_with(key)).unwrap();
        line.split('"').nth(1).unwrap().to_owned()
    };
    entries.map(|entry| format!("{} {}", value(entry, "name"), value(entry, "version"))).collect()
}

/// Whether what a package brings is in the program or in the page, `scripts/licences.py` finds out; here it must have looked
/// at all of Cargo.lock.
#[test]
fn the_notices_and_the_list_of_parts_have_every_package() {
    let notices = fs::read_to_string(file("www/licences.txt")).unwrap();
    let list = fs::read_to_string(file("docs/sbom.cdx.json")).unwrap();
    let list: Value = serde_json::from_str(&list).unwrap();
    let components = list["components"].as_array().unwrap();
    let name = |component: &Value| {
        let text = |key: &str| component[key].as_str().unwrap().to_owned();
        format!("{} {}", text("name"), text("version"))
    };
    let listed: BTreeSet<String> = components.iter().map(name).collect();
    let apart: Vec<_> = listed.symmetric_difference(&locked_packages()).cloned().collect();
    assert!(apart.is_empty(), "run python3 scripts/licences.py: {apart:?}");
    // Each with its notices; they are numbered from 1.
    let (index, texts) = notices.split_once("\nNOTICES\n").unwrap();
    let given: BTreeSet<&str> = index
        .lines()
        .filter(|line| line.contains("; notices "))
        .filter_map(|line| line.split_once(": "))
        .map(|(name, _)| name)
        .collect();
    let linked: BTreeSet<String> =
        components.iter().filter(|component| component["scope"] != "excluded").map(name).collect();
    assert_eq!(given, linked.iter().map(String::as_str).collect());
    assert!(linked.len() > 300 && linked.len() < listed.len(), "{}", linked.len());
    let last =
        index.lines().filter_map(|line| line.rsplit_once("; notices ")).flat_map(|(_, numbers)| {
            numbers.split(", ").map(|number| number.parse::<usize>().unwrap())
        });
    assert!(texts.contains(&format!("\n{}. Of ", last.max().unwrap())));
    for own in ["/registry/src/", "/.cargo/", env!("CARGO_MANIFEST_DIR")] {
        assert!(!notices.contains(own), "{own}");
    }
}

#[test]
fn the_list_has_what_the_page_needs_and_no_more() {
    let list: Value = serde_json::from_str(&files_json(&file("")).unwrap()).unwrap();
    let keys = |part: &str| -> BTreeSet<String> {
        list[part].as_object().unwrap().keys().cloned().collect()
    };
    let files = keys("files");
    for needed in [
        "./",
        "main.js",
        "style.css",
        "models/classifier.safetensors",
        "models/sums.json",
        "../pkg/second_look.js",
        "../pkg/second_look_bg.wasm",
    ] {
        assert!(files.contains(needed), "{needed} is not among {files:?}");
    }
    let samples = fs::read_dir(file("www/samples")).unwrap().count();
    assert_eq!(files.iter().filter(|path| path.starts_with("samples/")).count(), samples);
    for other in ["index.html", "sw.js", "files.json", "models/README.md", "../pkg/crates.txt"] {
        assert!(!files.contains(other), "{other} is among {files:?}");
    }
    let kept = |path: &String| [".br", ".gz", ".ts"].iter().all(|kind| !path.ends_with(kind));
    assert!(files.iter().all(kept), "{files:?}");
    // Most visitors never ask for them, and these are kept only where that is asked for.
    let vgg16: Vec<_> = list["on_request"]["vgg16"].as_object().unwrap().keys().collect();
    let needed = ["vgg16-autoencoder", "vgg16-corrector", "vgg16-tutorial", "vgg16"]
        .map(|name| format!("models/{name}.safetensors"));
    assert_eq!(vgg16, needed.iter().collect::<Vec<_>>());
    assert!(!files.iter().any(|path| path.contains("vgg16")), "{files:?}");
    let on_demand = [
        "../pkg/second_look_draw.js",
        "../pkg/second_look_draw_bg.wasm",
        "../pkg/second_look_gpu.js",
        "../pkg/second_look_gpu_bg.wasm",
        "licences.txt",
        "models/mse.safetensors",
        "models/tutorial.safetensors",
    ];
    let (later, others): (BTreeSet<_>, BTreeSet<_>) =
        keys("on_demand").into_iter().partition(|path| path.starts_with("later/"));
    assert_eq!(others, on_demand.map(str::to_owned).into());
    let mut folders = vec![file("www/later")];
    let mut there = 0;
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let (inner, of_it): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
        folders.extend(inner);
        there += of_it.len();
    }
    assert_eq!(later.len(), there);
    assert!(!files.iter().any(|path| path.starts_with("later/")), "{files:?}");
}
