#!/bin/sh
# Every test has a label that run-tests knows, an end in time, and 77 as the way
# to say that it cannot run here:      registered.sh <build directory>
set -u
labels='unit|rules|sim|cli|lab|interop|fuzz|consumers'
found=$(ctest --test-dir "$1" --show-only=json-v1 | jq -r --arg labels "$labels" '
  .tests[] | .name as $name
  | (.properties // [] | map({(.name): .value}) | add // {}) as $has
  | (if ($has.LABELS // []) | any(test("^(" + $labels + ")$")) then empty
     else "\($name): no label of \($labels)" end),
    (if ($has.TIMEOUT // 0) > 0 and $has.TIMEOUT <= 600 then empty
     else "\($name): no TIMEOUT of at most 600 s" end),
    (if $has.SKIP_RETURN_CODE == 77 then empty
     else "\($name): SKIP_RETURN_CODE is not 77" end)') || exit 1
[ -z "$found" ] && exit 0
echo "$found"
exit 1
