#!/bin/sh
# Makes the component; the first argument is where it goes. The three tools are on the PATH of
# `npm run build`, after `npm install`.
set -eu
cd "$(dirname "$0")"
tsc --project .
bundle=$(mktemp -d)
trap 'rm -rf "$bundle"' EXIT
esbuild src/quotes.ts --bundle --format=esm --target=es2022 '--external:hookswitch:*' \
  --log-level=warning --outfile="$bundle/quotes.js"
# Of WASI only what `fetch` needs: outgoing HTTP, and the clocks that its timers take.
componentize-js "$bundle/quotes.js" --wit ../../plugins/wit --world-name responder \
  --disable stdio fetch-event --out "${1:-quotes-typescript.wasm}"
