#!/bin/sh
# Two people meet over `altair serve` on loopback: by a code, then by name, by
# tickets without a server, and everything that can be wrong about a code or a
# key. Each case is said by its name.      introduce.sh <altair>
set -u
altair=$1 golden=$(dirname "$0")/golden
dir=$(mktemp -d) || exit 1
server='' pids=''
stop() {
  exec 5>&- 6>&- 7>&-
  # shellcheck disable=SC2086 # several
  kill $pids $server 2>/dev/null
  wait
  rm -rf "$dir"
}
trap stop EXIT
trap 'exit 1' INT TERM
unset ALTAIR_SERVER ALTAIR_CODE XDG_CONFIG_HOME
HOME=$dir
export HOME

fail() {
  echo "not ok $case: $*"
  for file in "$dir"/*.out "$dir"/*.err; do
    sed "s/^/$(basename "$file"): /" "$file" 2>/dev/null | tail -20
  done
  exit 1
}

begin() {
  case=$1
  rm -f "$dir"/*.out "$dir"/*.err "$dir"/*.in
}

end() {
  exec 5>&- 6>&- 7>&-
  echo "ok $case"
}

# await WHAT COMMAND...: until it succeeds.
await() {
  what=$1 tries=600
  shift
  until "$@"; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || fail "$what"
    sleep 0.05
  done
}

serve() {
  rm -f "$dir/serve"
  "$altair" serve --listen 127.0.0.1:0 --relay-allow 127.0.0.1/32 \
    >"$dir/serve" 2>&1 &
  server=$!
  await "no server" grep -qs '^server:' "$dir/serve"
  url=$(sed -n 's/^server: *\(wss[^ ]*\).*/\1/p' "$dir/serve")
}

# Another server, which has not seen us yet: it has limits for one network.
serve_anew() {
  kill "$server"
  wait "$server"
  serve
}

# person NAME OPTIONS...: in the background, with a home and, if it is there, a
# keyboard of its own; NAME up to the first - is the home's.
person() {
  name=$1 input=/dev/null
  shift
  [ ! -p "$dir/$name.in" ] || input=$dir/$name.in
  rm -f "$dir/$name.out" "$dir/$name.err"
  XDG_STATE_HOME=$dir/${name%%-*} "$altair" "$@" <"$input" \
    >"$dir/$name.out" 2>"$dir/$name.err" 5>&- 6>&- 7>&- &
  last=$!
  pids="$pids $last"
}

# As person, for listen --keep: libwebsockets 4.1 does not free all that OpenSSL made
# for it when a process has had several of its contexts with TLS.
many() { # name options...
  name=$1
  shift
  ASAN_OPTIONS=detect_leaks=0 with_server "$name" listen --keep "$@"
}

with_server() { # name command options...
  name=$1 command=$2
  shift 2
  person "$name" "$command" --server "$url" --interface lo "$@"
}

ended() { # pid what exit-code
  tries=0
  while kill -0 "$1" 2>/dev/null; do
    tries=$((tries + 1))
    [ $tries -lt 1200 ] || fail "$2 does not end"
    sleep 0.05
  done
  wait "$1"
  got=$?
  [ $got -eq "$3" ] || fail "$2 ended with $got, not $3"
}

holds() { # file extended-regex
  grep -qsE -e "$2" "$dir/$1"
}

code_of() { # name
  await "$1 shows no code" holds "$1.out" '^Code: [0-9]+-[a-z]+-[a-z]+  \(10 min\)$'
  code=$(sed -n 's/^Code: \([^ ]*\).*/\1/p' "$dir/$1.out" | tail -n 1)
}

# Another word of the list, so that the code is wrong.
wrong() {
  case $1 in
  *-abandon) echo "${1%-*}-zoom" ;;
  *) echo "$other_code" | sed "s/^[0-9]*/${1%%-*}/" ;;
  esac
}

connected() { # name
  await "$1 is not connected" holds "$1.out" '^✓ Connected to '
}

once() { # name
  [ "$(grep -c '^✓ Connected' "$dir/$1.out")" -eq 1 ] ||
    fail "$1 does not say once that it is connected"
}

is_direct() { # name: from the beginning, or later
  holds "$1.out" '^✓ Connected .*  direct udp' ||
    holds "$1.err" 'the path to .* is now direct udp'
}

key_of() { # home
  XDG_STATE_HOME=$dir/$1 "$altair" id
}

talk() { # name fd name fd
  echo "from $1" >&"$2"
  await "$3 hears nothing" holds "$3.out" "^from $1\$"
  echo "from $3" >&"$4"
  await "$1 hears nothing" holds "$1.out" "^from $3\$"
}

serve

begin code
mkfifo "$dir/ann.in" "$dir/ben.in"
with_server ann listen --as Ben
ann=$last
exec 5>"$dir/ann.in"
code_of ann
first_code=$code
with_server ben connect "$code"
ben=$last
exec 6>"$dir/ben.in"
connected ann
connected ben
holds ben.out "^✓ Connected to peer-[a-z2-7]{5} \(key $(key_of ann)\)" || fail "ann's key"
holds ann.out "^✓ Connected to Ben \(key $(key_of ben)\)  (direct udp|relay) " ||
  fail "ben's name and key"
talk ann 5 ben 6
await "no direct path" is_direct ben
exec 6>&-
ended "$ben" ben 0
ended "$ann" ann 0
holds ann.err 'Ben has left' || fail "ann is not told"
once ann
once ben
end

begin reused-code
with_server cid connect "$first_code"
ended "$last" cid 5
holds cid.err 'altair: ' || fail "nothing is said"
end

begin name
mkfifo "$dir/ann.in" "$dir/ben.in"
XDG_STATE_HOME=$dir/ben "$altair" peers rename \
  "$(XDG_STATE_HOME=$dir/ben "$altair" peers | sed 's/^[^ ]*  //')" Ann || fail rename
with_server ann listen --allow Ben
ann=$last
exec 5>"$dir/ann.in"
await "ann does not wait" holds ann.out '^Waiting for Ben$'
with_server ben connect Ann
ben=$last
exec 6>"$dir/ben.in"
connected ann
connected ben
holds ann.out '^Code' && fail "a code is shown"
talk ann 5 ben 6
exec 5>&-
ended "$ann" ann 0
ended "$ben" ben 0
once ann
once ben
end

begin name-that-nobody-has-now
with_server ben connect Ann
ended "$last" ben 5
end

begin wrong-code
with_server ann listen
ann=$last
code_of ann
other_code=$first_code
with_server cid connect "$(wrong "$code")"
ended "$last" cid 7
holds cid.err 'used up.*new one' || fail "cid is not told"
ended "$ann" ann 7
holds ann.err 'wrong code.*used up' || fail "ann is not told"
with_server cid connect "$code"
ended "$last" cid 5
end

begin wrong-code-and-keep
many ann
ann=$last
code_of ann
before=$code
with_server cid connect "$(wrong "$code")"
ended "$last" cid 7
new_code() {
  code_of ann
  [ "$code" != "$before" ]
}
await "there is no new code" new_code
mkfifo "$dir/cid-again.in"
with_server cid-again connect "$code"
exec 6>"$dir/cid-again.in"
connected cid-again
kill "$ann"
ended "$ann" ann 143
ended "$last" cid 0
end

begin third-joiner
mkfifo "$dir/ben.in"
with_server ann listen
ann=$last
code_of ann
with_server ben connect "$code"
ben=$last
exec 6>"$dir/ben.in"
connected ben
with_server cid connect "$code"
ended "$last" cid 5
exec 6>&-
ended "$ben" ben 0
ended "$ann" ann 0
end

begin code-of-another-server
with_server ann listen
ann=$last
code_of ann
with_server cid connect "$(echo "$code" | sed 's/^/9/')"
ended "$last" cid 5
kill "$ann"
ended "$ann" ann 143
end

serve_anew

begin keep-many
mkfifo "$dir/ann.in" "$dir/ben.in" "$dir/cid.in"
many ann
ann=$last
exec 5>"$dir/ann.in"
code_of ann
before=$code
with_server ben connect "$code"
ben=$last
exec 6>"$dir/ben.in"
connected ben
await "there is no new code" new_code
with_server cid connect "$code"
cid=$last
exec 7>"$dir/cid.in"
connected cid
echo "to all" >&5
await "ben hears nothing" holds ben.out '^to all$'
await "cid hears nothing" holds cid.out '^to all$'
echo "I am Ben" >&6
await "ann hears nothing" holds ann.out '^Ben: I am Ben$'
exec 6>&-
ended "$ben" ben 0
echo "again" >&5
await "cid hears no more" holds cid.out '^again$'
kill "$ann"
ended "$ann" ann 143
ended "$cid" cid 0
end

serve_anew

begin same-identity-twice
mkfifo "$dir/ben-1.in" "$dir/ben-2.in"
many ann
ann=$last
code_of ann
before=$code
with_server ben-1 connect "$code"
one=$last
exec 6>"$dir/ben-1.in"
connected ben-1
await "there is no new code" new_code
with_server ben-2 connect "$code"
two=$last
exec 7>"$dir/ben-2.in"
connected ben-2
exec 6>&-
ended "$one" ben-1 0
exec 7>&-
ended "$two" ben-2 0
kill "$ann"
ended "$ann" ann 143
[ "$(XDG_STATE_HOME=$dir/ann "$altair" peers | grep -c '  Ben$')" -eq 1 ] ||
  fail "Ben is not there once"
end

serve_anew

begin another-key-by-that-name
mv "$dir/ben/altair/identity.pem" "$dir/old.pem"
with_server ann listen --allow Ben
ann=$last
await "ann does not wait" holds ann.out '^Waiting for Ben$'
with_server ben connect Ann
ended "$last" ben 8
holds ann.out '^✓ Connected' && fail "ann lets another key in"
kill "$ann" # she still waits for the right one
ended "$ann" ann 143
mv "$dir/old.pem" "$dir/ben/altair/identity.pem"
end

begin another-secret-by-that-name
cp "$dir/ben/altair/known_peers" "$dir/old.peers"
sed -i 's/^\([0-9a-f]*\) ..../\1 0000/' "$dir/ben/altair/known_peers"
with_server ann listen --allow Ben
ann=$last
await "ann does not wait" holds ann.out '^Waiting for Ben$'
with_server ben connect Ann
wait "$last" && fail "a wrong secret is as good"
holds ben.out '^✓ Connected' && fail "ben is connected"
kill "$ann"
wait "$ann"
cp "$dir/old.peers" "$dir/ben/altair/known_peers"
end

begin ping
with_server ann listen
ann=$last
code_of ann
with_server ben ping -c 2 "$code"
ended "$last" ben 0
[ "$(grep -cE '^pong  (direct udp|relay) .* ms$' "$dir/ben.out")" -eq 2 ] ||
  fail "not two answers"
ended "$ann" ann 0
end

begin ping-until-direct
with_server ann listen
ann=$last
code_of ann
with_server ben ping --until-direct "$code"
ended "$last" ben 0
tail -n 1 "$dir/ben.out" | grep -q '^pong  direct udp' || fail "not direct"
ended "$ann" ann 0
end

begin ping-stays-relayed
with_server ann listen --relay only
ann=$last
code_of ann
with_server ben ping --until-direct -c 2 --relay only "$code"
ended "$last" ben 6
holds ben.err 'relayed, because one side allows nothing else' || fail "no reason"
ended "$ann" ann 0
end

# golden FILE NAME: its events, without what is another each time; a path may
# change at any time, or not.
golden() {
  sed -E -e '/"event":"path"/d' -e 's/"(t|duration_ms)":[0-9]+/"\1":0/g' \
    -e 's/"code":"[^"]*"/"code":"7-acorn-river"/' -e 's/"peer":"peer-[^"]*"/"peer":"peer-ab2cd"/' \
    -e 's/"fingerprint":"[^"]*"/"fingerprint":"ab2cd-efghi-jklmn-opqrs-tuvwx"/' \
    -e 's/"kind":"(direct|relay)"/"kind":"direct"/' -e 's/,"rtt_ms":[0-9.]+//' \
    -e 's/"(local|remote)":"[^"]*"/"\1":"192.0.2.1:5000"/g' \
    "$dir/$2.out" >"$dir/golden.out"
  diff -u "$golden/$1" "$dir/golden.out" || fail "$1 is another one"
}

begin json
mkfifo "$dir/ann.in" "$dir/ben.in"
with_server ann listen --json
ann=$last
exec 5>"$dir/ann.in"
await "no code" holds ann.out '"event":"code"'
code=$(sed -n 's/.*"code":"\([^"]*\)".*/\1/p' "$dir/ann.out")
rm -r "$dir/ben" # the first time
with_server ben connect "$code" --json
ben=$last
exec 6>"$dir/ben.in"
for name in ann ben; do
  await "$name is not connected" holds $name.out '"event":"connected"'
done
echo "hello" >&5
await "ben hears nothing" holds ben.out '"event":"message".*"bytes":5,"text":"hello"'
exec 6>&-
ended "$ben" ben 0
ended "$ann" ann 0
holds ben.out '"event":"closed".*"reason":"end-of-input".*"messages_in":1' || fail "ben's end"
holds ann.out '"event":"closed".*"reason":"peer".*"messages_out":1' || fail "ann's end"
golden listen.json ann
golden connect-code.json ben
rm "$dir/ann.in" "$dir/ben.in"
with_server ann listen --json
ann=$last
await "no code" holds ann.out '"event":"code"'
code=$(sed -n 's/.*"code":"\([^"]*\)".*/\1/p' "$dir/ann.out")
with_server ben connect "$(wrong "$code")" --json
ended "$last" ben 7
golden connect-wrong-code.json ben
ended "$ann" ann 7
golden listen-wrong-code.json ann
end

serve_anew

begin terminal-escapes
mkfifo "$dir/ben.in"
with_server ann listen
ann=$last
code_of ann
with_server ben connect "$code" --as "é"
ben=$last
exec 6>"$dir/ben.in"
connected ann
kill "$ann"
ended "$ann" ann 143
ended "$ben" ben 0
end

begin server-with-another-certificate
good=$url
url=${url%#*}#$(printf '%064d' 0)
with_server cid connect 7-abandon-ability
wait "$last" && fail "any certificate is as good"
with_server cid listen
ended "$last" cid 4
holds cid.err 'could not prove who it is' || fail "it is not said"
url=${url%#*}
with_server cid listen
ended "$last" cid 4
url=$good
end

begin environment-and-file
mkdir -p "$dir/.config/altair"
echo "server = $url" >"$dir/.config/altair/config"
mkfifo "$dir/ben.in"
person ann listen --interface lo
ann=$last
code_of ann
echo "server = nonsense" >"$dir/.config/altair/config"
ALTAIR_SERVER=$url ALTAIR_CODE=$code person ben connect --interface lo
ben=$last
exec 6>"$dir/ben.in"
connected ben
exec 6>&-
ended "$ben" ben 0
ended "$ann" ann 0
rm -r "$dir/.config"
end

kill "$server"
wait "$server"
server=''

begin tickets-without-a-server
mkfifo "$dir/ann.in" "$dir/ben.in"
person ann connect --manual --interface lo --stun 127.0.0.1:9
ann=$last
exec 5>"$dir/ann.in"
person ben connect --manual --interface lo --stun 127.0.0.1:9
ben=$last
exec 6>"$dir/ben.in"
ticket() { # name
  await "$1 shows no ticket" holds "$1.out" '^Then give theirs'
  sed -n 3p "$dir/$1.out"
}
ann_ticket=$(ticket ann)
ben_ticket=$(ticket ben)
echo "$ann_ticket" >&5
await "ann takes her own" holds ann.err 'your own ticket'
echo "$ben_ticket" >&5
printf '%s\n' "$ann_ticket" | cut -c1-100 >&6
await "half a ticket is one" holds ben.err 'no whole ticket yet'
printf '%s\n' "$ann_ticket" | cut -c101- >&6
connected ann
connected ben
talk ann 5 ben 6
exec 6>&-
ended "$ben" ben 0
ended "$ann" ann 0
end

begin tickets-at-the-end-of-input
person ann connect --manual --interface lo --stun 127.0.0.1:9
ended "$last" ann 2
holds ann.err 'no ticket of the other side came' || fail "it is not said"
end
