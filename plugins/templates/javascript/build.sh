#!/bin/sh
# Makes {{name}}.wasm, a component; the first time it fetches what it needs into node_modules.
set -eu
cd "$(dirname "$0")"
[ -d node_modules ] || npm install --no-fund --no-audit
# --sync: the router calls plain functions. --stub-wasi: nothing of WASI is imported.
node_modules/.bin/componentize-qjs --sync --stub-wasi --wit wit --world {{kind}} \
  --js {{kind}}.js --output "${1:-{{name}}.wasm}"
