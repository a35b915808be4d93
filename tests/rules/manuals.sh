#!/bin/sh
# The manual pages are well-formed mdoc, and every one that is named as installed
# or referred to is there.
set -u
status=0
command -v mandoc >/dev/null || { echo "no mandoc here"; exit 77; }
for page in docs/man/*.[1-8]; do
  mandoc -T lint -W warning "$page" || status=1
  grep -oE '^\.Xr (altair|libaltair)[a-z-]* [1-8]' "$page" |
    while read -r _ name section; do
      [ -e "docs/man/$name.$section" ] || echo "$page: no $name($section)"
    done | grep . && status=1
done
exit $status
