#!/bin/sh
# A relay and its operator, on one computer: a server with a control socket and
# metrics, two agents that talk through it, and what the operator sees while one
# session is ended and the server drained. Needs jq and curl.
#
#   examples/operate.sh
#
# The environment's ALTAIR is the command, if it is not in the PATH.
set -u
ALTAIR=${ALTAIR:-altair}
export ALTAIR
here=$(dirname "$0")
dir=$(mktemp -d) || exit 1
ALTAIR_CONTROL=$dir/control
export ALTAIR_CONTROL
pids=''
# shellcheck disable=SC2086 # several
trap 'exec 8>&- 9>&-; kill $pids 2>/dev/null; wait; rm -rf "$dir"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# await COMMAND...: until it succeeds.
await() {
  tries=400
  until "$@"; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || { echo "gave up: $*" >&2; exit 1; }
    sleep 0.05
  done
}

show() {
  echo
  echo "\$ $*"
  "$@"
}

# The part of the metrics that is about sessions.
metrics() {
  curl -s "$url" | grep -E '^altair_(sessions|relayed_bytes|draining)'
}

cat >"$dir/server.conf" <<END
[listeners]
listen = 127.0.0.1:0
control = $ALTAIR_CONTROL
metrics = 127.0.0.1:0
[relay]
user = ann:secret
user = ben:secret
relay-allow = 127.0.0.1/32
END
show "$ALTAIR" serve -c "$dir/server.conf" --check
"$ALTAIR" serve -c "$dir/server.conf" >"$dir/server" 2>&1 &
server=$!
pids=$server
await grep -q '^metrics:' "$dir/server"
cat "$dir/server"
address=$(sed -n 's/^listening on \(.*\)\/udp$/\1/p' "$dir/server" | head -n 1)
url=$(sed -n 's/^metrics: *//p' "$dir/server")

for side in left:ann right:ben; do
  mkfifo "$dir/${side%:*}.in"
  "$here/meet.sh" "${side%:*}" "$dir/pipes" --interface lo --relay-only \
    --turn "turn:${side#*:}:secret@$address" \
    <"$dir/${side%:*}.in" >"$dir/${side%:*}" 2>&1 &
  pids="$pids $!"
done
exec 8>"$dir/left.in" 9>"$dir/right.in"
await grep -q '^path     relay' "$dir/left"
echo 'hello' >&8
await grep -q '^message  "hello"' "$dir/right"

show "$ALTAIR" ctl list
show metrics
id=$("$ALTAIR" ctl list --json | jq -r 'select(.user == "ben") | .id')
show "$ALTAIR" ctl show "$id"
show "$ALTAIR" ctl kill "$id"
show "$ALTAIR" ctl list
show metrics
show "$ALTAIR" ctl drain
show metrics
show "$ALTAIR" ctl kill "$("$ALTAIR" ctl list --json |
  jq -r 'select(.event == "session") | .id')"
wait "$server"
code=$?
pids=${pids#* }
echo
echo "The server ended with $code:"
tail -n 2 "$dir/server"
