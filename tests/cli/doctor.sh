#!/bin/sh
# doctor.sh ALTAIR: `altair doctor` against `altair serve` over loopback: exit codes,
# the object, and that a report tells nothing that it must not. In a network of its
# own where that is allowed: there nobody else takes a port that was free.
set -u
altair=$1
if [ "${2-}" != inside ] && unshare -n true 2>/dev/null; then
  # shellcheck disable=SC2016 # for the inner shell
  exec unshare -n sh -c 'ip link set lo up && exec "$@"' sh "$0" "$altair" inside
fi
work=$(mktemp -d) || exit 1
server=
stop() {
  [ -n "$server" ] && kill "$server" 2>/dev/null && wait "$server"
  rm -rf "$work"
}
trap stop EXIT
trap 'exit 1' INT TERM
mkfifo "$work/lines"

fail() {
  echo "not ok: $*"
  cat "$work/out" "$work/err"
  exit 1
}

# serve ARGUMENTS: sets `port`. A free port of one address may be taken on the
# other: then it is tried again.
serve() {
  for _ in 1 2 3 4 5; do
    "$altair" serve "$@" >"$work/lines" 2>"$work/served" &
    server=$!
    exec 3<"$work/lines"
    read -r line <&3 && break
    exec 3<&-
  done
  port=${line##*:} port=${port%/udp}
}

leave() {
  kill "$server"
  wait "$server"
  server=
  exec 3<&-
}

# doctor CODE ARGUMENTS
doctor() {
  want=$1
  shift
  "$altair" doctor "$@" >"$work/out" 2>"$work/err"
  code=$?
  [ $code -eq "$want" ] || fail "doctor $*: exit $code, not $want"
}

has() {
  for words; do
    grep -qF -- "$words" "$work/out" || fail "no $words"
  done
}

doctor 2 -4 -6
doctor 2 --stun ''
doctor 2 --timeout 0
doctor 2 here

# With two addresses.
serve --listen 127.0.0.1:0 --alt-listen 127.0.0.2:0
doctor 0 --stun "127.0.0.1:$port" --report "$work/report"
head -1 "$work/out" | grep -q '^Verdict: direct with every peer' || fail "verdict"
tail -1 "$work/out" | grep -q '^Advice: ' || fail "advice"
grep -q '"verdict": "direct-all"' "$work/report" || fail "report"
grep -q '"server": "127.0.0.0/24"' "$work/report" || fail "no network"
! grep -qE "127\.0\.0\.[1-9]|$port|stun" "$work/report" || fail "it tells too much"
doctor 1 --stun "127.0.0.1:$port" --report "$work/nowhere/report"
doctor 0 --stun "127.0.0.1:$port" --json
has '"v":1' '"verdict":"direct-all"' '"udp":"yes"' '"nat":"no"' \
  '"second_address":"yes"' '"mapping":"endpoint-independent"' \
  '"filtering":"endpoint-independent"' '"ports":"preserved"' \
  '"carrier_nat":"no"' '"mtu":1500'
leave

# With one: the same host, so no other destination, is asked.
serve --listen 127.0.0.1:0
doctor 0 --stun "127.0.0.1:$port" --json
has '"verdict":"direct-most"' '"second_address":"no"' '"mapping":"unknown"' \
  '"filtering":"unknown"' '"nat":"no"'
leave

# Nobody is there; ICMP says so at once.
doctor 3 --stun "127.0.0.1:$port" --json
has '"verdict":"no-answer"' '"udp":"unknown"'
exit 0
