#!/bin/sh
# Makes the guest; the first argument is where it goes. Built as examples/quotes-javascript is.
set -eu
cd "$(dirname "$0")"
exec componentize-qjs --sync --stub-wasi --wit ../../../plugins/wit --world responder \
  --js loop.js --output "$1"
