//! Brotli, as a static host or the project's own server sends files.

use std::io::{self, Cursor};

/// Compresses at the highest quality, which takes a minute for 20 MB.
///
/// # Errors
/// Never in practice: memory is read and written.
pub fn compress(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let parameters =
        brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 24, ..Default::default() };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut Cursor::new(bytes), &mut compressed, &parameters)?;
    Ok(compressed)
}
