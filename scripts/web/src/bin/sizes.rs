//! `sizes`: prints the size in bytes of each file that the page consists of, raw and with Brotli: those of a first
//! visit, then those that are loaded only on demand or on request. Fails when a first visit loads more than it should.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use second_look_web_tools::compress;
use serde_json::Value;

/// What a first visit may load, in bytes with Brotli.
const FIRST_VISIT: usize = 2_200_000;

fn main() -> Result<()> {
    let www = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../www");
    let list = fs::read(www.join("files.json")).context("www/files.json")?;
    let list: Value = serde_json::from_slice(&list)?;
    println!("{:>12} {:>12}  file", "bytes", "brotli");
    let print = |part: &str, name: &str| -> Result<usize> {
        let files =
            list[part].as_object().with_context(|| format!("www/files.json has no {part}"))?;
        let (mut raw, mut small) = (0, 0);
        for file in files.keys() {
            let path = www.join(if file == "./" { "index.html" } else { file });
            let bytes = fs::read(&path).with_context(|| path.display().to_string())?;
            let compressed = compressed(&path, &bytes)?;
            println!("{:>12} {compressed:>12}  {file}", bytes.len());
            raw += bytes.len();
            small += compressed;
        }
        println!("{raw:>12} {small:>12}  {name}");
        Ok(small)
    };
    let first = print("files", "first visit")?;
    print("on_demand", "on demand")?;
    // Large networks, which are not compressed here: that takes a minute, and their weights hardly get smaller.
    let on_request = list["on_request"].as_object().context("www/files.json has no on_request")?;
    for (name, files) in on_request {
        let mut raw = 0;
        for file in files.as_object().into_iter().flat_map(|files| files.keys()) {
            let size = fs::metadata(www.join(file)).with_context(|| file.clone())?.len();
            println!("{size:>12} {:>12}  {file}", "");
            raw += size;
        }
        println!("{raw:>12} {:>12}  on request: {name}", "");
    }
    if first > FIRST_VISIT {
        bail!("a first visit loads {first} bytes, which is more than {FIRST_VISIT}");
    }
    Ok(())
}

/// The size of the file as a server sends it: its precompressed copy, if there is one.
fn compressed(path: &Path, bytes: &[u8]) -> Result<usize> {
    let mut copy = path.as_os_str().to_owned();
    copy.push(".br");
    match fs::metadata(&copy) {
        Ok(copy) => Ok(copy.len() as usize),
        Err(_) => Ok(compress(bytes)?.len()),
    }
}
