#!/bin/sh
# Files of at most 900 lines; functions of at most 60 lines, 5 parameters, 3
# levels and cognitive complexity 20 (.clang-tidy):
#   size.sh <build directory with compile_commands.json>
# Exceptions, each with its reason: tests/rules/size.exceptions.
set -u
build=$1
exceptions=tests/rules/size.exceptions
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT || exit 1
status=0

tools/files.sh '\.[ch]$' | while read -r file; do
  lines=$(wc -l <"$file")
  [ "$lines" -le 900 ] || echo "$file has $lines lines, more than 900"
done >"$dir/long"
if [ -s "$dir/long" ]; then
  cat "$dir/long"
  status=1
fi

# One line per finding: "<file>: <function>: <what>".
root=$PWD
sed -n 's/^  "file": "\(.*\)",*$/\1/p' "$build/compile_commands.json" |
  sort -u | grep -F "$root/" | grep -vF "$root/build/" |
  xargs -n 4 -P 2 clang-tidy -p "$build" --quiet 2>"$dir/errors" >"$dir/all"
awk -v root="$root/" -f tests/rules/size.awk "$dir/all" | LC_ALL=C sort -u >"$dir/found"
sed 's/ *#.*//; /^$/d' "$exceptions" >"$dir/excepted"

while IFS= read -r finding; do
  excepted=no
  while read -r file function; do
    case $finding in
    "$file: "*"'$function'"*) excepted=yes ;;
    esac
  done <"$dir/excepted"
  [ $excepted = yes ] && continue
  echo "$finding"
  status=1
done <"$dir/found"
if ! grep -q . "$dir/all" && grep -q 'Error' "$dir/errors"; then
  cat "$dir/errors"
  status=1
fi
exit $status
