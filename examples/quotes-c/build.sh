#!/bin/sh
# Makes the plugin, a core module that says in a section of its own what it is; the first argument
# is where it goes. CC may name another clang for wasm32-wasi.
set -eu
cd "$(dirname "$0")"
# reactor: a library rather than a program. --stack-first: a stack that overflows traps, instead of
# writing into what lies below it. 64 KiB of stack: each fresh instance has to clear it.
exec ${CC:-clang-19} --target=wasm32-wasi --sysroot=/usr -mexec-model=reactor -std=c11 -O2 \
  -Wall -Wextra -Werror -Wl,--strip-debug -Wl,--stack-first -Wl,-z,stack-size=65536 \
  quotes.c decimal.c json.c text.c bindings/responder.c bindings/responder_component_type.o \
  -o "${1:-quotes-c.wasm}"
