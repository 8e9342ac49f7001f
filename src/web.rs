//! The browser's way in: a thin layer of wasm-bindgen over [`crate::lab`].
