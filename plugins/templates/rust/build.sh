#!/bin/sh
# Makes {{name}}.wasm: a core module, of which the router makes a component when it loads it.
set -eu
cd "$(dirname "$0")"
# A small stack: each fresh instance has to clear it.
CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="-C link-arg=-zstack-size=65536" \
  cargo build --release --target wasm32-unknown-unknown --target-dir target
cp target/wasm32-unknown-unknown/release/plugin.wasm "${1:-{{name}}.wasm}"
