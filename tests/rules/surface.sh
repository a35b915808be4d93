#!/bin/sh
# A shared library exports exactly the reviewed names, all altair_*, and has the
# soname that its users link:  surface.sh <library.so> <golden file> <soname>
# To accept a change on purpose:  nm -D as below > tests/rules/<name>.symbols
set -u
library=$1 golden=$2 soname=$3
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT || exit 1

nm -D --defined-only "$library" | awk '{ print $3 }' |
  sed 's/@@ALTAIR_0$//' | grep -vx 'ALTAIR_0' | LC_ALL=C sort >"$dir/now"
if grep -v '^altair_' "$dir/now"; then
  echo "$library exports the names above, which are not altair_*"
  exit 1
fi
if ! diff -u "$golden" "$dir/now"; then
  echo "$library does not export what $golden lists"
  exit 1
fi
if ! readelf -d "$library" | grep -qF "Library soname: [$soname]"; then
  echo "$library has not the soname $soname"
  exit 1
fi
