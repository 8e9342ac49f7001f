#!/usr/bin/env bash
# Writes www/files.json, the list from which the service worker keeps the page: run it after any change in www/.
# Takes seconds; no WebAssembly is built.
set -euo pipefail
cd "$(dirname "$0")/.."
exec cargo run --quiet --release --locked --package page-manifest --target-dir target/web-tools -- files
