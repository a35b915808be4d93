#!/bin/sh
# The two terminals of the manual: a direct pair, and one through a relay alone,
# each with its verdict.      meet.sh <altair> <examples/meet.sh>
set -u
ALTAIR=$1 meet=$2
export ALTAIR
command -v jq >/dev/null || { echo "no jq here"; exit 77; }
dir=$(mktemp -d) || exit 1
pids=
trap 'kill $pids 2>/dev/null; rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
status=0 left='' right=''

wait_for() { # words file
  tries=0
  until grep -q "$1" "$2" 2>/dev/null; do
    tries=$((tries + 1))
    [ $tries -lt 300 ] || { echo "no '$1' in:"; cat "$2"; exit 1; }
    sleep 0.1
  done
}

# The keyboards are pipes that stay open until the end.
terminals() { # name options...
  name=$1
  shift
  mkfifo "$dir/$name-left" "$dir/$name-right"
  for side in left right; do
    "$meet" $side "$dir/$name" --interface lo "$@" <"$dir/$name-$side" \
      >"$dir/$name-$side.out" &
    eval "$side=$!"
    pids="$pids $!"
  done
  exec 5>"$dir/$name-left" 6>"$dir/$name-right"
  wait_for '^state    completed' "$dir/$name-left.out"
  wait_for '^state    completed' "$dir/$name-right.out"
  echo 'hello from the left' >&5
  wait_for '^message  "hello from the left"$' "$dir/$name-right.out"
  echo 'and "back" é' >&6
  wait_for '^message  "and \\"back\\" é"$' "$dir/$name-left.out"
  exec 5>&- 6>&-
  wait "$left" && wait "$right" || status=1
  for side in left right; do
    echo "-- $name, $side"
    cat "$dir/$name-$side.out"
  done
}

verdict() { # name code
  for side in left right; do
    tail -n 1 "$dir/$1-$side.out" | grep -q "^verdict  $2: " && continue
    echo "the last line of $1-$side is not the verdict $2"
    status=1
  done
}

terminals direct
verdict direct direct-lan

turnserver=/usr/bin/turnserver
if [ ! -x $turnserver ]; then
  echo "no coturn here: the direct pair alone"
  exit $((status ? status : 77))
fi
port=$((20000 + $$ % 10000))
$turnserver -n -L127.0.0.1 -E127.0.0.1 -p $port --allow-loopback-peers --no-tls \
  --no-dtls --no-cli --no-rfc5780 --log-file=/dev/null --no-stdout-log \
  --simple-log --pidfile=/dev/null --userdb=/dev/null -a -uann:secret \
  -rexample.org >/dev/null 2>&1 &
pids="$pids $!"
tries=0
until "$ALTAIR" discover --stun 127.0.0.1:$port --timeout 200ms \
  >/dev/null 2>&1; do
  tries=$((tries + 1))
  [ $tries -lt 100 ] || { echo "coturn does not answer"; exit 1; }
done
terminals relayed --relay-only --turn turn:ann:secret@127.0.0.1:$port
verdict relayed relayed-by-choice
exit $status
