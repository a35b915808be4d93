#!/bin/sh
# Two peers and a STUN server on 127.0.0.1, for machines where namespaces are not
# allowed: tools/loopback-demo.sh <altair>. Ends 0 when both sides have verified
# the round trip.
set -u
altair=$1
dir=$(mktemp -d) || exit 1
pids=''

# Called by the traps.
# shellcheck disable=SC2329,SC2317
clean() {
  for pid in $pids; do
    kill "$pid" 2>/dev/null
  done
  wait
  rm -rf "$dir"
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

alive() {
  for pid in $pids; do
    kill -0 "$pid" 2>/dev/null || return 1
  done
}

# Waits until a command is true, at most so many tenths of a second, and no longer
# than every process lives.
until_true() { # tenths command...
  tenths=$1
  shift
  until "$@"; do
    tenths=$((tenths - 1))
    if [ $tenths -lt 0 ] || ! alive; then
      cat "$dir/serve" "$dir"/[ab] >&2
      exit 1
    fi
    sleep 0.1
  done
}

# Three ports that are free with high probability; a taken one is said by altair.
base=$((20000 + $$ % 4000 * 3))
stun=127.0.0.1:$base a=127.0.0.1:$((base + 1)) b=127.0.0.1:$((base + 2))
export XDG_STATE_HOME="$dir"

"$altair" serve --listen "$stun" >"$dir/serve" 2>&1 &
pids=$!
until_true 50 grep -q "listening on" "$dir/serve"

connect() { # name local-port peer options...
  name=$1 port=$2 peer=$3
  shift 3
  "$altair" connect --peer "$peer" --local-port "$port" --stun "$stun" "$@" \
    </dev/null >"$dir/$name" 2>&1 &
  pids="$pids $!"
}
connect a "${a#*:}" "$b" --initiator
connect b "${b#*:}" "$a"

verified() {
  grep -q "Round-trip successful" "$dir/a" &&
    grep -q "Round-trip successful" "$dir/b"
}
until_true 150 verified
for name in a b; do
  sed "s/^/  $name | /" "$dir/$name"
done
