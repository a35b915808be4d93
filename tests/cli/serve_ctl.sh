#!/bin/sh
# An operator at a running server: two agents talk through its relay while it is
# asked, told to reload, drained and ended:   serve_ctl.sh <altair> <meet.sh>
set -u
ALTAIR=$1 meet=$2
export ALTAIR
command -v jq >/dev/null || { echo "no jq here"; exit 77; }
here=$(dirname "$0")
dir=$(mktemp -d) || exit 1
ALTAIR_CONTROL=$dir/run/control
export ALTAIR_CONTROL
pids='' server=
stop() {
  exec 8>&- 9>&-
  # shellcheck disable=SC2086 # several
  kill $pids $server 2>/dev/null
  wait
  rm -rf "$dir"
}
trap stop EXIT
trap 'exit 1' INT TERM

fail() {
  echo "not ok: $*"
  for file in out err left.out right.out; do
    sed "s/^/$file: /" "$dir/$file" 2>/dev/null | tail -20
  done
  exit 1
}

# await WHAT COMMAND...: until it succeeds.
await() {
  what=$1 tries=1000
  shift
  until "$@"; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || fail "$what"
    sleep 0.05
  done
}

ctl() {
  "$ALTAIR" ctl "$@" >"$dir/ctl" 2>"$dir/ctl.err"
}

conf() {
  printf '%s\n' 'listen = 127.0.0.1:0' 'relay-allow = 127.0.0.1/32' \
    "control = $ALTAIR_CONTROL" "$@" >"$dir/conf"
}

start() {
  rm -f "$dir/out" "$dir/err" # what is awaited shall be new
  "$ALTAIR" serve -c "$dir/conf" >"$dir/out" 2>"$dir/err" &
  server=$!
  await "no server" grep -q '^tls: .*)$' "$dir/out"
  address=$(sed -n 's/^listening on \(.*\)\/udp$/\1/p' "$dir/out")
}

# side left|right USER: an agent behind the relay, whose input is side.in
side() {
  mkfifo "$dir/$1.in"
  "$meet" "$1" "$dir/pipes" --interface lo --relay-only \
    --turn "turn:$2:pass@$address" <"$dir/$1.in" >"$dir/$1.out" 2>&1 &
  pids="$pids $!"
}

hears() { # side text
  grep -q "^message  \"$2\"" "$dir/$1.out"
}

# talk WORD: in both directions.
talk() {
  echo "$1" >&8
  echo "$1" >&9
  await "right does not hear $1" hears right "$1"
  await "left does not hear $1" hears left "$1"
}

conf 'user = ann:pass' 'user = ben:pass' 'drain-timeout = 20s'
start
[ "$(stat -c '%a %F' "$ALTAIR_CONTROL")" = '600 socket' ] || fail mode
"$ALTAIR" serve -c "$dir/conf" >"$dir/second" 2>&1
[ $? -eq 3 ] || fail "a second server took the control socket"
grep -q 'another server has the control socket' "$dir/second" || fail words

# What is no socket is never removed: a file of somebody, a link, a directory.
echo precious >"$dir/file"
ln -s file "$dir/link"
ln -s "$ALTAIR_CONTROL" "$dir/link to a socket"
for there in file link 'link to a socket' run; do
  timeout 20 "$ALTAIR" serve --listen 127.0.0.1:0 --user a:b \
    --control "$dir/$there" >"$dir/second" 2>&1
  [ $? -eq 2 ] || fail "--control on $there: $(cat "$dir/second")"
  [ "$(wc -l <"$dir/second")" -eq 1 ] || fail "--control on $there: words"
  grep -q 'control wants a path for a socket' "$dir/second" || fail "$there"
done
[ "$(cat "$dir/file")" = precious ] || fail 'the file is gone'
[ "$(readlink "$dir/link")" = file ] || fail 'the link is gone'
[ -L "$dir/link to a socket" ] || fail 'the link to a socket is gone'
[ -S "$ALTAIR_CONTROL" ] || fail 'the control socket is gone'

ctl list || fail list
[ "$(cat "$dir/ctl")" = 'no sessions' ] || fail "no sessions"
side left ann
side right ben
exec 8>"$dir/left.in" 9>"$dir/right.in"
await 'no path' grep -q '^path     relay' "$dir/left.out"
talk one

# golden NAME: the last JSON is what is documented, but for figures and ports.
golden() {
  sed -E 's/(127\.0\.0\.1):[0-9]+/\1:PORT/g; s/":[0-9]+/":0/g' "$dir/ctl" |
    sed -E 's/"user":"(ann|ben)"/"user":"NAME"/' >"$dir/golden"
  diff -u "$here/golden/ctl-$1.json" "$dir/golden" || fail "golden $1"
}

# What an operator sees.
ctl list --json || fail 'list --json'
[ "$(jq -r 'select(.event == "session") | "\(.v) \(.user) \(.transport)"' \
  "$dir/ctl" | sort | tr '\n' ' ')" = '1 ann udp 1 ben udp ' ] || fail "$(cat "$dir/ctl")"
id=$(jq -r 'select(.user == "ben") | .id' "$dir/ctl")
has_channel() {
  ctl show "$id" --json && grep -q '"channel"' "$dir/ctl"
}
await 'no channel' has_channel
jq -se --arg id "$id" '.[0] | .id == ($id | tonumber)
  and .to_peers.packets > 0 and .from_peers.bytes > 0 and .age_s >= 0
  and .expires_s > 500 and (.relayed | length) == 1
  and (.peers | length) >= 1 and .peers[0].expires_s <= 600' \
  "$dir/ctl" >/dev/null || fail "show: $(cat "$dir/ctl")"
golden show
ctl show "$id" || fail 'show as text'
grep -q '^user         ben$' "$dir/ctl" || fail "show: $(cat "$dir/ctl")"
ctl stats --json || fail stats
jq -se '.[0] | .sessions == 2 and .draining == false' "$dir/ctl" \
  >/dev/null || fail "stats: $(cat "$dir/ctl")"

golden stats
ctl list --json || fail 'list --json'
golden list
ctl kill 999999 --json && fail 'killed nobody'
golden refused

# Other settings; nobody is dropped, who is gone gets nothing new.
conf 'user = ann:pass' 'user = eve:pass' 'relay-ports = 50000-50100'
kill -HUP "$server"
await 'no note' grep -q "another 'relay-ports' wants a new start" "$dir/err"
talk two
conf 'user = ann:pass' 'colour = blue'
ctl reload && fail 'a bad file was taken'
grep -q 'the settings stay as they are' "$dir/ctl.err" || fail "bad file"
grep -q "conf:5: unknown key 'colour'" "$dir/err" || fail "bad file: err"
talk three
conf 'user = ann:pass' 'realm = other'
ctl reload && fail 'another realm was taken'
grep -q "another 'realm' wants a new start; the settings stay" "$dir/err" ||
  fail 'another realm: err'
ctl list || fail 'list after another realm'

# One session ends, and only that one.
ctl kill "$id" || fail kill
ctl kill "$id" && fail 'killed twice'
ctl list --json || fail 'list after kill'
[ "$(jq -r 'select(.event == "session") | .user' "$dir/ctl")" = ann ] ||
  fail "after kill: $(cat "$dir/ctl")"

# The others may finish; with the last one it ends, and says so.
kill -TERM "$server"
await 'no drain' grep -q 'may go on for 30 s' "$dir/err"
ctl stats --json || fail 'stats while draining'
jq -se '.[0].draining' "$dir/ctl" >/dev/null || fail draining
ctl kill "$(ctl list --json; jq -r 'select(.id) | .id' "$dir/ctl")"
wait "$server"
code=$?
server=
[ $code -eq 0 ] || fail "drained: exit $code"
[ -e "$ALTAIR_CONTROL" ] && fail 'the control socket is still there'
ctl list
[ $? -eq 4 ] || fail 'no server: exit code'

# A session over TLS is shown as one; a second SIGTERM does not wait.
conf 'user = ann:pass' 'drain-timeout = 3600s'
start
rm -f "$dir"/*.in "$dir/pipes"/*
exec 8>&- 9>&-
mkfifo "$dir/in"
hash=$(sed -n 's/^tls: *SHA-256 \([0-9a-f]*\).*/\1/p' "$dir/out")
rm -f "$dir/left.out"
"$ALTAIR" agent --interface lo --relay-only \
  --turn "turn:ann:pass@$address?transport=tls" --tls-sha256 "$hash" <"$dir/in" >"$dir/left.out" 2>&1 &
pids="$pids $!"
exec 8>"$dir/in"
await 'no session' grep -q '"event":"candidate"' "$dir/left.out"
ctl list --json || fail 'list of one over TLS'
[ "$(jq -r 'select(.event == "session") | .transport' "$dir/ctl")" = tls ] ||
  fail "over TLS: $(cat "$dir/ctl")"
kill -TERM "$server"
await 'no drain' grep -q 'may go on for 3600 s' "$dir/err"
kill -TERM "$server"
wait "$server"
code=$?
server=
[ $code -eq 0 ] || fail "SIGTERM twice: exit $code"
echo ok
