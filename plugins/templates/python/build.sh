#!/bin/sh
# Makes {{name}}.wasm, a component; the first time it fetches what it needs into .venv.
set -eu
cd "$(dirname "$0")"
[ -x .venv/bin/componentize-py ] || {
  python3 -m venv .venv
  .venv/bin/pip install --quiet -r requirements.txt
}
# --stub-wasi: nothing of WASI is imported, neither files nor sockets.
.venv/bin/componentize-py --quiet -d wit -w {{kind}} componentize --stub-wasi app \
  -o "${1:-{{name}}.wasm}"
