//! `bindgen MODULE.wasm FOLDER`: writes the JavaScript package `second_look` to FOLDER. A Brotli copy of the
//! module (`.wasm.br`) is put beside the module, for servers that send precompressed files.

use std::path::Path;
use std::{env, fs};

use anyhow::{Context, Result, bail};
use second_look_web_tools::compress;
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [module, folder] = arguments.as_slice() else {
        bail!("usage: bindgen MODULE.wasm FOLDER");
    };
    Bindgen::new()
        .input_path(module)
        .out_name("second_look")
        .web(true)?
        .typescript(true)
        .omit_default_module_path(false)
        .generate(folder)
        .with_context(|| format!("cannot make a package of {module}"))?;
    let built = Path::new(folder).join("second_look_bg.wasm");
    fs::write(built.with_extension("wasm.br"), compress(&fs::read(&built)?)?)?;
    Ok(())
}
