#!/bin/sh
# Has Spin check session.pml: roles, nomination and restart of two agents.
#   model.sh       without restarts, with one restart, and each broken variant,
#                  which has to be refuted (about half a minute)
#   model.sh long  also a restart of both sides, and, as far as a table of bits
#                  goes, messages that overtake each other (minutes, 5 GB)
set -eu

model=$(cd "$(dirname "$0")" && pwd)/session.pml
for tool in spin gcc; do
  if ! command -v "$tool" >/dev/null; then
    echo "skipped: $tool is missing"
    exit 77
  fi
done
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM
cd "$dir"

table=-DCOLLAPSE

# search OPTION...: prints the verifier's report; fails when it could not end.
search() {
  spin -a "$@" "$model" >spin.out || { cat spin.out; return 1; }
  gcc -O2 -w -DSAFETY -DNOREDUCE "$table" -DVECTORSZ=2048 -DMEMLIM=12000 \
    -o pan pan.c
  ./pan -m1000000 >report
  grep -Eq 'errors: [0-9]+' report &&
    ! grep -Eq 'not completed|depth too small' report
}

states() {
  sed -n 's/^ *\([0-9]*\) states, stored.*/\1/p' report
}

holds() {
  if ! search "$@" || ! grep -q 'errors: 0' report; then
    cat report
    echo "FAILED: the model does not hold with $*"
    exit 1
  fi
  case $table in
  *BITSTATE) echo "holds in $(states) states, of more: $*" ;;
  *) echo "holds in all of $(states) states: $*" ;;
  esac
}

refuted() {
  search "$@" || true
  grep -q 'assertion violated' report || {
    cat report
    echo "FAILED: the broken variant was not refuted: $*"
    exit 1
  }
  echo "refuted, as it has to be: $*"
}

refuted -DRESTARTS=0 -DBROKEN_NOMINATION
refuted -DRESTARTS=1 -DBROKEN_RESTART
holds -DRESTARTS=0
holds -DRESTARTS=1 -DONE_RESTARTS
if [ "${1-}" = long ]; then
  holds -DRESTARTS=1
  table=-DBITSTATE
  holds -DRESTARTS=1 -DROOM=2
fi
