#!/bin/sh
# Every pair of NATs against the reviewed outcomes. Arguments: altair-sim, the
# expected file.
set -u
"$1" matrix | diff -u "$2" - && echo "ok matrix"
