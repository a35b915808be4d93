#!/bin/sh
# Prints the files of the tree, one a line, relative to its root, without what a
# build made: tools/files.sh [extended-regex]
cd "$(dirname "$0")/.." || exit 1
if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
  git ls-files --cached --others --exclude-standard | while read -r file; do
    # Not what is deleted, but not yet committed so.
    [ ! -e "$file" ] || echo "$file"
  done
else
  find . \( -path ./build -o -path ./.git \) -prune -o -type f -print |
    sed 's|^\./||'
fi | grep -E -- "${1-}" | LC_ALL=C sort
