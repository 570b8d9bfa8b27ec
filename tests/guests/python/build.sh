#!/bin/sh
# Makes the guest; the first argument is where it goes. Built as examples/quotes-python is.
set -eu
cd "$(dirname "$0")"
exec componentize-py --quiet -d ../../../plugins/wit -w responder componentize --stub-wasi bomb \
  -o "$1"
