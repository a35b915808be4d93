#!/bin/sh
# examples/operate.sh does what it is there to show; then the pages of the metrics
# listener, asked well and badly:     operate.sh <altair> <examples/operate.sh>
set -u
altair=$1 example=$2
command -v jq >/dev/null || { echo "no jq here"; exit 77; }
command -v curl >/dev/null || { echo "no curl here"; exit 77; }
dir=$(mktemp -d) || exit 1
server=
stop() {
  [ -n "$server" ] && kill "$server" 2>/dev/null && wait "$server"
  rm -rf "$dir"
}
trap stop EXIT
trap 'exit 1' INT TERM

fail() {
  echo "not ok: $*"
  cat "$dir/said" "$dir/err" 2>/dev/null
  exit 1
}

ALTAIR=$altair "$example" >"$dir/said" 2>&1 || fail "the example: $?"
# Two sessions, one, and the same in the metrics; then it drains and ends.
[ "$(sed -n 's/^altair_sessions //p' "$dir/said" | tr '\n' ' ')" = '2 1 1 ' ] ||
  fail 'sessions in the metrics'
[ "$(sed -n 's/^altair_draining //p' "$dir/said" | tr '\n' ' ')" = '0 0 1 ' ] ||
  fail 'draining in the metrics'
grep -Eq '^altair_relayed_bytes_total\{to="client"\} [1-9]' "$dir/said" ||
  fail 'bytes in the metrics'
[ "$(grep -Ec '^ +[0-9]+  (ann|ben) +udp ' "$dir/said")" = 3 ] || fail 'list'
grep -q '^The server ended with 0:$' "$dir/said" || fail 'the end'

"$altair" serve --listen 127.0.0.1:0 --user a:b --metrics 127.0.0.1:0 \
  >"$dir/out" 2>"$dir/err" &
server=$!
tries=400
until grep -q '^metrics:' "$dir/out"; do
  tries=$((tries - 1))
  [ $tries -gt 0 ] || fail 'no server'
  sleep 0.05
done
url=$(sed -n 's/^metrics: *\(.*\)\/metrics$/\1/p' "$dir/out")

# get STATUS PATH OPTION...
get() {
  status=$1 path=$2
  shift 2
  got=$(curl -s -o "$dir/page" -w '%{http_code}' "$@" "$url$path")
  [ "$got" = "$status" ] || fail "$path $*: $got, not $status"
}

get 200 /metrics
# What a family is stands before it, once; no label but the known ones.
[ -z "$(grep '^# TYPE' "$dir/page" | sort | uniq -d)" ] || fail 'a type twice'
awk '/^# TYPE/ { type[$3] = $4; next } /^#/ { next }
  { name = $1; sub(/\{.*/, "", name) }
  !(name in type) || $2 !~ /^[0-9]+$/ { print "bad line: " $0; bad = 1 }
  type[name] == "counter" && name !~ /_total$/ { print name; bad = 1 }
  END { exit bad }' "$dir/page" || fail 'the text format'
[ "$(grep -o '{[a-z]*=' "$dir/page" | sort -u | tr '\n' ' ')" = \
  '{result= {to= {version= {why= ' ] || fail 'other labels'
get 200 /healthz
[ "$(cat "$dir/page")" = ok ] || fail healthz
get 200 /readyz
get 200 "/metrics?a=b"
get 404 /
get 404 /metrics/
get 404 /../../etc/passwd --path-as-is
get 405 /metrics -d a=b
get 405 /metrics -X DELETE
get 403 /metrics -H 'Host: evil.example'
get 403 /metrics -H 'Host: localhost.evil.example'
get 200 /metrics -H "Host: localhost:${url##*:}"
get 200 /metrics -H 'Host: [::1]:80'
# A head without end, and many who say nothing: the others are served.
head -c 20000 /dev/zero | tr '\0' 'a' >"$dir/long"
curl -s -m 2 -o /dev/null -H "X: $(cat "$dir/long")" "$url/metrics"
get 200 /healthz
kill -TERM "$server"
wait "$server"
code=$?
server=
[ $code -eq 0 ] || fail "SIGTERM: exit $code"

# Where it may be.
for at in 192.0.2.1:9477 0.0.0.0:9477 '[::]:9477' 127.0.0.1 127.0.0.1:65536; do
  "$altair" serve --metrics "$at" --check >"$dir/out" 2>"$dir/err"
  [ $? -eq 2 ] || fail "--metrics $at"
  [ "$(wc -l <"$dir/err")" -eq 1 ] || fail "--metrics $at: not one line"
done
"$altair" serve --listen 127.0.0.1:3478 --metrics 127.0.0.1:3478 --check \
  2>"$dir/err" && fail 'metrics on a listener'
grep -q 'wants another port than the listeners' "$dir/err" || fail 'why'
echo ok
