#!/bin/sh
# Every C block of README.md and docs/*.md compiles:  snippets.sh <cc>
# Each is a file of its own; blocks of other languages say so behind the fence.
set -u
cc=$1
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT || exit 1
status=0
flags="-std=c17 -D_GNU_SOURCE -Wall -Wextra -fsyntax-only -Iinclude"
flags="$flags $(pkg-config --cflags libuv)"

for page in README.md docs/*.md; do
  awk -v dir="$dir" -v page="$(basename "$page" .md)" '
    /^```c$/ { inside = 1; file = dir "/" page "-" NR ".c"; next }
    /^```/ { inside = 0 }
    inside { print >file }' "$page"
done
for block in "$dir"/*.c; do
  [ -e "$block" ] || continue
  # shellcheck disable=SC2086 # flags
  $cc $flags "$block" || status=1
done
ls "$dir"/README-*.c >/dev/null || status=1
exit $status
