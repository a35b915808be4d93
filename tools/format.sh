#!/bin/sh
# Formats every C file: tools/format.sh; with --check it only says what differs.
# Pinned to clang-format 14: versions differ.
set -u
cd "$(dirname "$0")/.." || exit 1
if ! clang-format --version 2>/dev/null | grep -q 'version 14\.'; then
  echo "there is no clang-format of version 14 here"
  exit 77
fi
if [ "${1-}" != --check ]; then
  tools/files.sh '\.[ch]$' | xargs clang-format -i
  exit
fi
differ=$(tools/files.sh '\.[ch]$' | while read -r file; do
  clang-format --dry-run -Werror "$file" >/dev/null 2>&1 || echo "$file"
done)
[ -z "$differ" ] && exit 0
echo "not as tools/format.sh would write it:"
echo "$differ"
exit 1
