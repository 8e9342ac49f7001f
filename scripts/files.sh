#!/usr/bin/env bash
# Writes www/files.json, the list from which the service worker keeps the page, and www/models/sums.json, by which the
# page and the program know the bundled weights: run it after any change in www/. Takes seconds; no WebAssembly is built.
# After a change of weights the program must be built anew, too: it holds their sums.
set -euo pipefail
cd "$(dirname "$0")/.."
exec cargo run --quiet --release --locked --package page-manifest --target-dir target/web-tools -- files
