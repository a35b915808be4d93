#!/bin/sh
# Counts what the unit tests reach: lines of the core (at least 95 of 100), and
# branches of the STUN parser (all).  tools/coverage.sh [--html]
# The report of --html is build/coverage/html/index.html. Needs gcovr.
set -u
cd "$(dirname "$0")/.." || exit 1
case ${1-} in
'' | --html) ;;
*) sed -n '2,4s/^# //p' "$0"; exit 2 ;;
esac
# shellcheck source=tools/packages.sh
. tools/packages.sh
mkdir -p build || exit 1
log=build/coverage.log
: >"$log"
packages_need "$log" build coverage || exit 1

cmake --preset coverage >>"$log" 2>&1 &&
  cmake --build --preset coverage >>"$log" 2>&1 || {
  echo "the build failed, see $log"
  exit 1
}
# Old counts are of other sources.
find build/coverage -name '*.gcda' -exec rm -f {} +
ctest --preset coverage >>"$log" 2>&1 || {
  echo "a test failed, see $log"
  exit 1
}

# AIR_ASSERT's failing side ends the program: no test can count it.
count() { # options of gcovr...
  gcovr --root . --object-directory build/coverage/core \
    --exclude-branches-by-pattern '.*AIR_ASSERT.*' "$@"
}
status=0
echo "Lines of the core:"
count --filter core/ --fail-under-line 95 build/coverage/core || status=1
echo "Branches of the STUN parser:"
count --filter core/stun/ --branches \
  --fail-under-branch 100 build/coverage/core || status=1
if [ "${1-}" = --html ]; then
  mkdir -p build/coverage/html
  count --filter core/ --html-details build/coverage/html/index.html \
    build/coverage/core
fi
exit $status
