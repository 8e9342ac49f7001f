//! `sizes`: prints the size in bytes of each file that a first visit to the page loads, raw and with Brotli.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use second_look_web_tools::compress;

fn main() -> Result<()> {
    let www = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../www");
    let list = fs::read(www.join("files.json")).context("www/files.json")?;
    let files: Vec<String> = serde_json::from_slice(&list)?;
    let (mut raw, mut small) = (0, 0);
    println!("{:>12} {:>12}  file", "bytes", "brotli");
    for file in &files {
        let path = www.join(if file == "./" { "index.html" } else { file });
        let bytes = fs::read(&path).with_context(|| path.display().to_string())?;
        let compressed = compress(&bytes)?.len();
        println!("{:>12} {compressed:>12}  {file}", bytes.len());
        raw += bytes.len();
        small += compressed;
    }
    println!("{raw:>12} {small:>12}  first visit");
    Ok(())
}
