//! Writes the lists that are made from other files:
//!
//! ```text
//! page-manifest files                  www/models/sums.json and www/files.json, after any change in www/ or pkg/
//! page-manifest sources FOLDER FILE... FOLDER/sources.txt, of files below the project's folder (scripts/build-web.sh)
//! ```

use std::path::Path;
use std::{env, fs};

use anyhow::{Context, Result, bail};

fn main() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["files"] => {
            write(&root.join("www/models/sums.json"), &page_manifest::sums_json(&root)?)?;
            // It lists the other one, too.
            write(&root.join("www/files.json"), &page_manifest::files_json(&root)?)
        }
        ["sources", folder, files @ ..] if !files.is_empty() => {
            let list = page_manifest::sources_txt(&root, files.iter().copied())?;
            write(&Path::new(folder).join("sources.txt"), &list)
        }
        _ => bail!("usage: page-manifest files | page-manifest sources FOLDER FILE..."),
    }
}

fn write(path: &Path, list: &str) -> Result<()> {
    fs::write(path, list).with_context(|| format!("cannot write {}", path.display()))
}
