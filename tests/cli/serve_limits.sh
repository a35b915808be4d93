#!/bin/sh
# `altair serve` where something runs out, descriptors, callers of the control
# socket, or is gone:    serve_limits.sh <altair>
set -u
altair=$1
command -v curl >/dev/null || { echo "no curl here"; exit 77; }
dir=$(mktemp -d) || exit 1
server='' holder=''
stop() {
  exec 9>&-
  # shellcheck disable=SC2086 # one or two
  [ -n "$server$holder" ] && kill $server $holder 2>/dev/null && wait
  rm -rf "$dir"
}
trap stop EXIT
trap 'exit 1' INT TERM

fail() {
  echo "not ok: $*"
  cat "$dir/out" "$dir/err" "$dir/ctl" 2>/dev/null
  exit 1
}

await() { # what command...
  what=$1 tries=400
  shift
  until "$@"; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || fail "$what"
    sleep 0.05
  done
}

"$altair" serve --listen 127.0.0.1:0 --user a:b --metrics 127.0.0.1:0 \
  --control "$dir/control" >"$dir/out" 2>"$dir/err" &
server=$!
await 'no server' grep -q '^metrics:' "$dir/out"
url=$(sed -n 's/^metrics: *\(.*\)\/metrics$/\1/p' "$dir/out")

# A name that is too long to be looked at is not one of ours; HEAD is no GET.
long=$(printf '%0400d' 0 | tr 0 a)
[ "$(curl -s -o "$dir/page" -w '%{http_code}' -H "Host: $long.example" \
  "$url/metrics")" = 403 ] || fail 'a long Host'
[ "$(curl -s -o "$dir/page" -w '%{http_code}' -I "$url/metrics")" = 405 ] ||
  fail HEAD

# Sixteen who say nothing: one more is told why, each time, and no signal.
mkfifo "$dir/hold"
perl -MIO::Socket::UNIX -e '
  my @all = map { IO::Socket::UNIX->new(Peer => $ARGV[0]) or die } 1 .. 16;
  $| = 1;
  print "held\n";
  <STDIN>;' "$dir/control" <"$dir/hold" >"$dir/held" &
holder=$!
exec 9>"$dir/hold"
await 'not held' grep -q held "$dir/held"
for i in 1 2 3 4 5 6 7 8; do
  "$altair" ctl list --control "$dir/control" >"$dir/ctl" 2>&1
  code=$?
  [ $code -eq 4 ] || fail "caller 17, $i: $code"
  grep -q 'are asking the server already' "$dir/ctl" || fail 'caller 17: why'
done
exec 9>&-
wait "$holder"
holder=
asks() { "$altair" ctl list --control "$dir/control" >"$dir/ctl" 2>&1; }
await 'nobody is served after them' asks

# Without a descriptor to be had it waits and does not spin: the thread that accepts
# goes to sleep again and again, which one that spins never does, however busy the
# machine is. Who waits is served when there is one.
sleeps() { sed -n 's/^voluntary_ctxt_switches:.//p' "/proc/$server/status"; }
slept() { [ "$(sleeps)" -ge $((before + 5)) ]; }
prlimit --nofile=3: --pid "$server" || fail prlimit
curl -s -m 60 -o "$dir/page" "$url/healthz" &
holder=$!
sleep 0.3
before=$(sleeps)
await 'it spins' slept
prlimit --nofile=1000: --pid "$server" || fail prlimit
wait "$holder" || fail 'who waited for a descriptor'
holder=
[ "$(cat "$dir/page")" = ok ] || fail 'who waited: page'
kill "$server"
wait "$server"
server=

# A certificate that is no longer in the file stays, and that is said.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
  -subj /CN=a -keyout "$dir/key" -out "$dir/cert" 2>/dev/null ||
  fail 'no certificate'
printf '%s\n' 'listen = 127.0.0.1:0' "control = $dir/control" 'user = a:b' \
  >"$dir/conf"
cp "$dir/conf" "$dir/without"
printf '%s\n' "cert = $dir/cert" "key = $dir/key" >>"$dir/conf"
rm -f "$dir/err"
"$altair" serve -c "$dir/conf" >"$dir/out" 2>"$dir/err" &
server=$!
await 'no server' asks
cp "$dir/without" "$dir/conf"
"$altair" ctl reload --control "$dir/control" || fail reload
grep -q "no 'cert' any more" "$dir/err" || fail 'cert: no note'
kill "$server"
wait "$server"
server=

# Fewer than the limits may want is said, once, and it starts.
rm -f "$dir/out" "$dir/err"
: >"$dir/out"
prlimit --nofile=200:200 "$altair" serve --listen 127.0.0.1:0 --user a:b \
  >"$dir/out" 2>"$dir/err" &
server=$!
await 'no server with few descriptors' grep -q '^relaying' "$dir/out"
[ "$(grep -c 'lets us open 200 files, but' "$dir/err")" = 1 ] || fail 'no note'
echo ok
