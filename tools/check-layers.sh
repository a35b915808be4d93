#!/bin/sh
# Checks the direction of the includes against tools/layers.list:
#   tools/check-layers.sh [root of the tree]
set -u
here=$(cd "$(dirname "$0")" && pwd) || exit 1
cd "${1:-$here/..}" || exit 1
find core include adapters programs sim examples bench -name '*.[ch]' \
  -exec grep -HE '^[[:space:]]*#[[:space:]]*include' {} + 2>/dev/null |
  awk -v list="$here/layers.list" -f "$here/check-layers.awk"
