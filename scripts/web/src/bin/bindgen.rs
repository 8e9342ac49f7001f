//! `bindgen MODULE.wasm FOLDER NAME`: writes the JavaScript package NAME to FOLDER. Copies of the module, compressed with
//! Brotli (`.wasm.br`) and with gzip (`.wasm.gz`: all that browsers take over plain http), are put beside the module, for
//! servers that send precompressed files.
//!
//! `bindgen MODULE.wasm FOLDER NAME TYPES` writes no types of its own but refers to those of the package TYPES, which
//! has the same functions.

use std::path::Path;
use std::{env, fs};

use anyhow::{Context, Result, bail};
use second_look_web_tools::{compress, gzip};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (module, folder, name, types) = match arguments.as_slice() {
        [module, folder, name] => (module, Path::new(folder), name, None),
        [module, folder, name, types] => (module, Path::new(folder), name, Some(types)),
        _ => bail!("usage: bindgen MODULE.wasm FOLDER NAME [TYPES]"),
    };
    Bindgen::new()
        .input_path(module)
        .out_name(name)
        .web(true)?
        .typescript(types.is_none())
        .omit_default_module_path(false)
        .generate(folder)
        .with_context(|| format!("cannot make a package of {module}"))?;
    if let Some(types) = types {
        let same =
            format!("export * from './{types}.js';\nexport {{ default }} from './{types}.js';\n");
        fs::write(folder.join(format!("{name}.d.ts")), same)?;
    }
    let built = folder.join(format!("{name}_bg.wasm"));
    let module = fs::read(&built)?;
    fs::write(built.with_extension("wasm.br"), compress(&module)?)?;
    fs::write(built.with_extension("wasm.gz"), gzip(&module)?)?;
    Ok(())
}
