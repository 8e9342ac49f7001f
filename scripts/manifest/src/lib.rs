//! Lists that are made from other files of the project.

mod files;
mod models;
mod sources;

pub use files::files_json;
pub use models::sums_json;
pub use sources::{fingerprint, sources_txt};

use sha2::{Digest, Sha256};

/// The SHA-256 in hexadecimal, as `sha256sum` prints it.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
