//! What the page's third module does: it draws pictures. It is a module of its own (the feature `draw`), because most visitors
//! never ask for them.

use js_sys::Float32Array;
use wasm_bindgen::prelude::*;

use crate::data::synthetic::{self, Drawn};
use crate::picture::Picture;

/// The seed of the first of many pictures to measure on: those of `second-look evaluate --split-seed N` without `--data`. No
/// network is trained on them.
#[wasm_bindgen]
pub fn first_seed(split_seed: u32) -> u64 {
    Drawn::first_test_seed(split_seed.into())
}

/// The picture of this class and seed that `second-look draw` draws: 27,648 numbers as the networks see them.
///
/// # Errors
/// When there is no such class.
#[wasm_bindgen]
pub fn draw(
    #[wasm_bindgen(unchecked_param_type = "Class")] class: &str,
    seed: u64,
) -> Result<Float32Array, JsError> {
    let picture = Picture::from_rgb(&synthetic::draw(class.parse()?, seed));
    Ok(picture.values().into())
}
