#!/usr/bin/env bash
# Prints the size of each file that a first visit to the page loads: raw and Brotli-compressed, in bytes.
set -euo pipefail
cd "$(dirname "$0")/.."
exec cargo run --quiet --release --locked --manifest-path scripts/web/Cargo.toml --target-dir target/web-tools --bin sizes
