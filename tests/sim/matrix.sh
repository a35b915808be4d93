#!/bin/sh
# Every pair of networks against the reviewed outcomes. Arguments: altair-sim, the
# expected file, the subcommand that has the matrix, if any.
set -u
"$1" ${3:+"$3"} matrix | diff -u "$2" - && echo "ok matrix"
