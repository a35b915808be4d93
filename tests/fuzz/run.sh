#!/bin/sh
# Runs every fuzz target under libFuzzer, with ASan and UBSan:
#     tests/fuzz/run.sh [SECONDS per target, default 60] [target...]
# New inputs go to build/fuzz/corpus, findings to build/fuzz/findings; exit status
# 1 if there is one. Make a finding a regression: copy it to
# tests/fuzz/corpus/<target>/ under a name that says what it broke.
set -u
cd "$(dirname "$0")/../.." || exit 1
seconds=${1:-60}
[ $# = 0 ] || shift
case $seconds in
'' | *[!0-9]*) sed -n '2,6s/^# //p' "$0"; exit 2 ;;
esac
build=build/fuzz
log=$build.log
if [ $# = 0 ]; then
  # shellcheck disable=SC2046 # names of ours, without blanks
  set -- $(sed -n 's/^altair_fuzz(\([a-z_]*\).*/\1/p' tests/fuzz/CMakeLists.txt)
fi

mkdir -p $build/findings || exit 1
if ! cmake --preset fuzz >$log 2>&1; then
  tail -n 20 $log
  exit 1
fi
status=0
for target; do
  name=fuzz-$(echo "$target" | tr _ -)
  if ! cmake --build $build --target "$name" >>$log 2>&1; then
    tail -n 20 $log
    exit 1
  fi
  mkdir -p "$build/corpus/$target"
  if "$build/tests/fuzz/$name" -max_total_time="$seconds" -max_len=4096 \
    -timeout=5 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$build/findings/$target-" \
    "$build/corpus/$target" "tests/fuzz/corpus/$target" \
    >"$build/$name.log" 2>&1; then
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$build/$name.log")
    echo "$target: $runs runs, nothing found"
  else
    echo "$target: FOUND something:"
    tail -n 40 "$build/$name.log"
    status=1
  fi
done
exit $status
