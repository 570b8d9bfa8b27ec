#!/bin/sh
# Makes one of the guests; the first argument is where it goes, the second which. Built as
# examples/quotes-c is, with its bindings; that the recursion has no end is meant.
set -eu
cd "$(dirname "$0")"
bindings=../../../examples/quotes-c/bindings
exec ${CC:-clang-19} --target=wasm32-wasi --sysroot=/usr -mexec-model=reactor -std=c11 -O2 \
  -Wall -Wno-infinite-recursion -Wl,--strip-debug -Wl,--stack-first -Wl,-z,stack-size=65536 \
  -I "$bindings" "$2.c" "$bindings/responder.c" "$bindings/responder_component_type.o" -o "$1"
