#!/bin/sh
# The peers on Node.js, as pinned in peers/package-lock.json, into a build folder:
#     npm.sh <directory>
set -u
here=$(cd "$(dirname "$0")/peers" && pwd) || exit 1
lock=$here/package-lock.json
for tool in node npm; do
  command -v $tool >/dev/null || {
    echo "skipped: there is no $tool"
    exit 77
  }
done
mkdir -p "$1" && cd "$1" || exit 1
cmp -s "$lock" node_modules/.complete && exit 0
rm -rf node_modules
cp "$here/package.json" "$lock" . || exit 1
npm ci --ignore-scripts --no-audit --no-fund --no-progress || exit 1
cp "$lock" node_modules/.complete
