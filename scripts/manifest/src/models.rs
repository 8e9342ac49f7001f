//! `www/models/sums.json`: what the bundled weights must be when they are loaded.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::sha256;

/// The contents of `www/models/sums.json` for the project in `root`: the SHA-256 of each file of weights in
/// `www/models/`, by its name. The page and the program refuse bundled weights that are not these.
///
/// # Errors
/// When a file cannot be read.
pub fn sums_json(root: &Path) -> Result<String> {
    let folder = root.join("www/models");
    let unreadable = || format!("cannot read {}", folder.display());
    let mut sums = BTreeMap::new();
    for entry in fs::read_dir(&folder).with_context(unreadable)? {
        let path = entry.with_context(unreadable)?.path();
        if path.extension().is_some_and(|kind| kind == "safetensors") {
            let bytes =
                fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            sums.insert(name, sha256(&bytes));
        }
    }
    Ok(format!("{:#}\n", serde_json::json!(sums)))
}
