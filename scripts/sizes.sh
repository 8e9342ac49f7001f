#!/usr/bin/env bash
# Prints what a first visit to the page loads, file by file.
set -euo pipefail
cd "$(dirname "$0")/.."
exec cargo run --quiet --release --locked --manifest-path scripts/web/Cargo.toml --target-dir target/web-tools --bin sizes
