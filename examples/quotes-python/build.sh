#!/bin/sh
# Makes the component; the first argument is where it goes. `componentize-py` comes with
# `pip install -r requirements.txt`, best into a venv.
set -eu
cd "$(dirname "$0")"
# --stub-wasi: nothing of WASI is imported, sockets and files neither.
exec componentize-py --quiet -d ../../plugins/wit -w responder componentize --stub-wasi app \
  -o "${1:-quotes-python.wasm}"
