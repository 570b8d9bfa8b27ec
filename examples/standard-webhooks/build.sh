#!/bin/sh
# Makes the component; the first argument is where it goes. `componentize-qjs` is on the PATH of
# `npm run build`, after `npm install`.
set -eu
cd "$(dirname "$0")"
# --sync: the router calls plain functions. --stub-wasi: nothing of WASI is imported.
exec componentize-qjs --sync --stub-wasi --wit ../../plugins/wit --world simulated-adapter \
  --js adapter.js --output "${1:-standard-webhooks.wasm}"
