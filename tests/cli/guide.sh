#!/bin/sh
# The guide's four commands, typed as printed, by two peers that share one host
# and one home: each finds the local port of its own discovery.
#   guide.sh <altair> [<address of loopback>]
set -u
altair=$1 address=${2:-127.0.0.1}
dir=$(mktemp -d) || exit 1
pids=
trap 'kill $pids 2>/dev/null; rm -rf "$dir"' EXIT
export XDG_STATE_HOME="$dir"

"$altair" serve --listen "$address:0" >"$dir/serve" 2>&1 &
pids="$pids $!"
until grep -q '^listening' "$dir/serve" 2>/dev/null; do
  # A host without IPv6 has no such address.
  grep '^altair: .*\[::1\]' "$dir/serve" 2>/dev/null && exit 77
done
STUN_SERVER=$(sed -n 's/^listening on \(.*\)\/udp/\1/p' "$dir/serve")
export STUN_SERVER

discovered() {
  "$altair" discover | sed -n 's/^✓ Discovered public endpoint: //p'
}
a=$(discovered)
b=$(discovered)
"$altair" connect --peer "$b" --initiator </dev/null >"$dir/a" 2>"$dir/a.err" &
pid_a=$!
"$altair" connect --peer "$a" </dev/null >"$dir/b" 2>"$dir/b.err" &
pid_b=$!
pids="$pids $pid_a $pid_b"

status=0
for side in a b; do
  eval "pid=\$pid_$side"
  # shellcheck disable=SC2154 # pid is set by eval
  while ! grep -q 'Press Ctrl+C' "$dir/$side" && kill -0 "$pid" 2>/dev/null; do
    :
  done
  grep -q '✓ Round-trip successful!' "$dir/$side" || status=1
  grep -q 'has changed' "$dir/$side.err" && status=1
done
[ $status = 0 ] || cat "$dir/a" "$dir/a.err" "$dir/b" "$dir/b.err"
kill -INT "$pid_a"
wait "$pid_a"
[ $? = 130 ] || status=1
kill -TERM "$pid_b"
wait "$pid_b"
[ $? = 143 ] || status=1
exit $status
