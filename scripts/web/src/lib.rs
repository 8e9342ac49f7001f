//! Compression, as a static host or the project's own server applies it to files.

use std::io::{self, Cursor, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

/// Compresses with Brotli at the highest quality. This takes about a minute for 20 MB.
///
/// # Errors
/// Never in practice, because input and output are in memory.
pub fn compress(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let parameters =
        brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 24, ..Default::default() };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut Cursor::new(bytes), &mut compressed, &parameters)?;
    Ok(compressed)
}

/// Compresses with gzip at the highest level. The same bytes give the same file: its header names neither file nor time.
///
/// # Errors
/// Never in practice, because input and output are in memory.
pub fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}
