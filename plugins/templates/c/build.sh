#!/bin/sh
# Makes {{name}}.wasm: a core module, of which the router makes a component when it loads it. CC may
# name another clang for wasm32-wasi.
set -eu
cd "$(dirname "$0")"
# reactor: a library rather than a program. --stack-first: a stack that overflows traps, instead of
# writing into what lies below it. 64 KiB of stack: each fresh instance has to clear it.
exec ${CC:-clang-19} --target=wasm32-wasi --sysroot=/usr -mexec-model=reactor -std=c11 -O2 \
  -Wall -Wextra -Wl,--strip-debug -Wl,--stack-first -Wl,-z,stack-size=65536 \
  {{kind}}.c json.c text.c bindings/{{kind}}.c bindings/{{kind}}_component_type.o \
  -o "${1:-{{name}}.wasm}"
