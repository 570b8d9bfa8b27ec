#!/bin/sh
# Makes the plugin, a core module that says nothing of itself but by the names of its exports; the
# first argument is where it goes. ZIG may name another zig 0.16 than the one of `requirements.txt`.
set -eu
cd "$(dirname "$0")"
exec ${ZIG:-python3 -m ziglang} build-exe abi.zig -target wasm32-freestanding -O ReleaseSmall \
  -fno-entry -rdynamic -fstrip --stack 65536 -femit-bin="${1:-quotes-zig.wasm}"
