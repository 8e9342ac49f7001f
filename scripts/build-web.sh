#!/usr/bin/env bash
# Builds pkg/, the page's three WebAssembly modules, from src/: second_look, which computes on the CPU and which every
# visitor loads; second_look_gpu, which computes with WebGPU; and second_look_draw, which draws pictures. Some 22 CPU minutes
# the first time, 16 of them for the second, since the whole of burn is compiled and then optimised as one. Installs what it
# needs; on Debian as root even without rustup.
set -euo pipefail
cd "$(dirname "$0")/.."
target=wasm32-unknown-unknown

build=(cargo)
if ! rustup target list --installed 2>/dev/null | grep -qx "$target" && ! rustup target add "$target"; then
    # No rustup, or one that reaches nothing: Debian's compiler, with the standard library built from its source.
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends rustc-web cargo-web rust-web-src rust-web-llvm lld-22
    export RUSTC_BOOTSTRAP=1 RUSTC=/usr/bin/rustc
    build=(/usr/bin/cargo -Zbuild-std=std,panic_abort)
fi

# The module tells where a panic was; not where this checkout and its crates lay on this machine.
"${build[@]}" fetch --locked --target "$target"
flags=(-Ctarget-feature=+simd128 "--remap-path-prefix=$PWD=second-look")
for crates in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*; do
    flags+=("--remap-path-prefix=$crates=crates")
done

built=target/web/$target/web
rm -rf target/pkg
mkdir -p target/pkg

package() { # package NAME TYPES CARGO_OPTION...
    local name=$1 types=$2
    shift 2
    # Only the library's page half is a C library, so its crate type is given here.
    # Named as an export, the module's static constructors (burn's registries) run once, when www/worker/load.js calls
    # them. Otherwise the linker makes every call from JavaScript run all of them first, 0.4 ms each time.
    RUSTFLAGS="${flags[*]}" "${build[@]}" rustc --package second-look --locked "$@" --config scripts/web/profile.toml \
        --profile web --lib --crate-type cdylib --target "$target" --target-dir target/web -- \
        -Clink-arg=--export=__wasm_call_ctors
    cargo run --release --locked --manifest-path scripts/web/Cargo.toml --target-dir target/web-tools --bin bindgen -- \
        "$built/second_look.wasm" target/pkg "$name" $types
    # What it was built from, for the test that tells when it lags behind: the crates with their features, and the files
    # that the compiler read.
    cargo tree --package second-look --locked "$@" --target "$target" --edges normal,build --prefix none \
        --format '{p} [{f}]' | sed 's/ ([^)]*)//g' | sort -u | sed "s/^/$name: /" >>target/pkg/crates.txt
    tr ' ' '\n' <"$built/second_look.d" | sed -n "s|^$PWD/\([^:]*\)$|\1|p" | grep -v '^target/' >>target/pkg/read
}

package second_look ''
package second_look_gpu second_look --features gpu
package second_look_draw '' --features draw

# Those files and the ones that told the compiler how. Then the page's list of files, of which pkg/ is a part.
{
    printf '%s\n' scripts/build-web.sh scripts/web/{Cargo.lock,profile.toml,src/lib.rs,src/bin/bindgen.rs}
    cat target/pkg/read
} | xargs cargo run --quiet --release --locked --package page-manifest --target-dir target/web-tools -- sources target/pkg
rm target/pkg/read
rm -rf pkg
mv target/pkg pkg
scripts/files.sh
ls -l pkg
