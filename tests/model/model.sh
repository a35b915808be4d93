#!/bin/sh
# Has Spin check session.pml: roles, nomination and restart of two agents;
# relay.pml: allocations, permissions, quotas and moves of a server; and meet.pml:
# introductions over a server that does what it likes.
#   model.sh session  without restarts, with one restart, and each broken variant,
#                     which has to be refuted (about half a minute)
#   model.sh relay    two allocations, and each broken variant (seconds)
#   model.sh meet     by code and by name, over a mailbox and by datagrams, and each
#                     broken variant (seconds)
#   model.sh          all three
#   model.sh long     also a restart of both sides, and, as far as a table of bits
#                     goes, messages that overtake each other; three allocations
#                     (minutes, 5 GB)
set -eu

models=$(cd "$(dirname "$0")" && pwd)
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

depth=1000000

# search OPTION...: prints the verifier's report; fails when it could not end.
search() {
  spin -a "$@" "$models/$model.pml" >spin.out || { cat spin.out; return 1; }
  gcc -O2 -w -DSAFETY -DNOREDUCE "$table" -DVECTORSZ=2048 -DMEMLIM=12000 \
    -o pan pan.c
  ./pan "-m$depth" >report
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
  *BITSTATE) echo "$model holds in $(states) states, of more: $*" ;;
  *) echo "$model holds in all of $(states) states: $*" ;;
  esac
}

refuted() {
  search "$@" || true
  grep -q 'assertion violated' report || {
    cat report
    echo "FAILED: the broken variant was not refuted: $*"
    exit 1
  }
  echo "$model refuted, as it has to be: $*"
}

check_session() {
  model=session
  refuted -DRESTARTS=0 -DBROKEN_NOMINATION
  refuted -DRESTARTS=1 -DBROKEN_RESTART
  holds -DRESTARTS=0
  holds -DRESTARTS=1 -DONE_RESTARTS
}

check_relay() {
  model=relay
  refuted -DBROKEN_QUOTA
  refuted -DBROKEN_OWNER
  refuted -DBROKEN_STRANGER
  refuted -DBROKEN_PORT
  holds -DQUOTA=1
  holds -DQUOTA=2
}

check_meet() {
  model=meet
  refuted -DBROKEN_ROLES
  refuted -DBROKEN_ROOM
  refuted -DBROKEN_IDENTITY
  refuted -DBROKEN_GUESS
  refuted -DBROKEN_NUMBER
  refuted -DBY_NAME -DBROKEN_SELF
  holds
  holds -DDATAGRAMS
  holds -DBY_NAME
  holds -DBY_NAME -DDATAGRAMS
}

check_long() {
  model=relay
  depth=8000000
  holds -DQUOTA=2 -DALLOCATIONS=3 -DMOVES=1
  depth=1000000
  model=session
  holds -DRESTARTS=1
  table=-DBITSTATE
  holds -DRESTARTS=1 -DROOM=2
}

case ${1-} in
session | relay | meet) "check_$1" ;;
'' | long)
  check_session
  check_relay
  check_meet
  [ -z "${1-}" ] || check_long
  ;;
*) sed -n '2,14s/^# //p' "$0"; exit 2 ;;
esac
