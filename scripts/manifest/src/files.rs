//! `www/files.json`: the files that the page consists of.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::json;

use crate::sha256;

/// Files that most visitors never load. The service worker keeps them from when they are first asked for.
const ON_DEMAND: [&str; 7] = [
    "licences.txt",
    "models/mse.safetensors",
    "models/tutorial.safetensors",
    "../pkg/second_look_draw.js",
    "../pkg/second_look_draw_bg.wasm",
    "../pkg/second_look_gpu.js",
    "../pkg/second_look_gpu_bg.wasm",
];

/// The folder of the panels that no first screen needs, kept likewise.
const LATER: &str = "later/";

/// Classifiers whose files are so large that the service worker keeps them only when a visitor asks for that: they and
/// their autoencoders are called `models/NAME.safetensors` and `models/NAME-*.safetensors`.
const ON_REQUEST: [&str; 2] = ["vgg16", "robust"];

/// The classifier that a file is kept with, if it is kept on request only.
fn requested_with(path: &str) -> Option<&'static str> {
    let stem = path.strip_prefix("models/")?.strip_suffix(".safetensors")?;
    ON_REQUEST.into_iter().find(|name| {
        stem.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    })
}

/// What lies in the two folders for people, tools or the server; and the service worker, which the browser keeps.
fn is_of_page(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let other =
        ["md", "ts", "br", "gz", "txt"].iter().any(|kind| name.ends_with(&format!(".{kind}")));
    let listed = !other || ON_DEMAND.contains(&path);
    listed && !name.starts_with('.') && !["sw.js", "files.json"].contains(&path)
}

/// The contents of `www/files.json` for the page whose folders `www/` and `pkg/` are in `root`.
///
/// Paths are relative to the page, sorted, each with the SHA-256 of the file in hexadecimal; those that are kept on
/// request are below the name that they are asked for with. The list holds nothing else, so the same files always give
/// the same list.
///
/// # Errors
/// When a file cannot be read.
pub fn files_json(root: &Path) -> Result<String> {
    let (mut files, mut on_demand) = (BTreeMap::new(), BTreeMap::new());
    let mut on_request = BTreeMap::<_, BTreeMap<_, _>>::new();
    let mut found = Vec::new();
    for (folder, prefix) in [("www", ""), ("pkg", "../pkg/")] {
        walk(&root.join(folder), prefix, &mut found)?;
    }
    for (path, sum) in found {
        // A browser asks for the index by the folder's address.
        let path = if path == "index.html" { "./".to_owned() } else { path };
        let list = match requested_with(&path) {
            Some(name) => on_request.entry(name).or_default(),
            None if ON_DEMAND.contains(&path.as_str()) || path.starts_with(LATER) => &mut on_demand,
            None => &mut files,
        };
        list.insert(path, sum);
    }
    let list = json!({ "files": files, "on_demand": on_demand, "on_request": on_request });
    Ok(format!("{list:#}\n"))
}

fn walk(folder: &Path, prefix: &str, found: &mut Vec<(String, String)>) -> Result<()> {
    let unreadable = || format!("cannot read {}", folder.display());
    for entry in fs::read_dir(folder).with_context(unreadable)? {
        let entry = entry.with_context(unreadable)?;
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type().with_context(unreadable)?.is_dir() {
            walk(&entry.path(), &format!("{path}/"), found)?;
        } else if is_of_page(&path) {
            let bytes = fs::read(entry.path())
                .with_context(|| format!("cannot read {}", entry.path().display()))?;
            found.push((path, sha256(&bytes)));
        }
    }
    Ok(())
}
