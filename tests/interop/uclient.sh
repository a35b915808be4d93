#!/bin/sh
# coturn's client against `altair serve`, over loopback, with its options for UDP:
#     uclient.sh <altair>
# Each run must lose nothing and end well.
set -u
altair=$1
for program in turnutils_uclient turnutils_peer; do
  command -v $program >/dev/null || {
    echo "no $program here: install coturn"
    exit 77
  }
done
work=$(mktemp -d) || exit 1
servers=
stop() {
  for pid in $servers; do
    kill "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
  done
  rm -rf "$work"
}
trap stop EXIT
trap 'exit 1' INT TERM
mkfifo "$work/lines"

peer_port=$((20000 + $$ % 10000))
turnutils_peer -L 127.0.0.1 -L ::1 -p $peer_port >"$work/peer" 2>&1 &
servers=$!

echo "the secret" >"$work/secret"
"$altair" serve --listen 127.0.0.1:0 --user u:p --realm example.org \
  --relay-allow 127.0.0.1/32 --relay-allow ::1/128 --relay-ip 127.0.0.1 \
  --relay-ip ::1 --quota-user 100 --quota-prefix 100 --challenge-rate 0 \
  --rest-secret-file "$work/secret" >"$work/lines" 2>"$work/err" &
servers="$servers $!"
exec 3<"$work/lines"
read -r line <&3
port=${line##*:} port=${port%/udp}

# run WORDS OPTIONS: one client; WORDS must be in what it says at its end. All
# run at the same time, for each of them takes five seconds.
clients=
run() {
  words=$1
  shift
  name=client$(echo "$*" | tr -d ' ./:')
  {
    timeout 60 turnutils_uclient -u u -p "$port" -n 10 -m 2 "$@" 127.0.0.1 \
      >"$work/$name" 2>&1
    if grep -q "$words" "$work/$name"; then
      echo "ok $*"
    else
      echo "not ok $*"
      tail -n 5 "$work/$name"
      exit 1
    fi
  } &
  clients="$clients $!"
}
# What leaves by a channel or an indication comes back; 10 messages each.
good() {
  run 'tot_send_msgs=20, tot_recv_msgs=20' -w p "$@"
}

good -c -e 127.0.0.1 -r $peer_port
good -c -s -e 127.0.0.1 -r $peer_port
good -e 127.0.0.1 -r $peer_port # RTCP: even ports and reservations
good -c -y
good -c -y -s
good -c -X -y
good -c -x -e ::1 -r $peer_port
good -c -M -e 127.0.0.1 -r $peer_port
good -c -B -e 127.0.0.1 -r $peer_port
good -c -G -y
good -c -g -s -e 127.0.0.1 -r $peer_port # DONT-FRAGMENT
# The last -u counts.
run 'tot_send_msgs=20, tot_recv_msgs=20' -c -y -u ann -W 'the secret'
status=0
for pid in $clients; do
  wait "$pid" || status=1
done
# Those that guess come last: their address is not listened to afterwards.
clients=
run 'Cannot complete Allocation' -c -w wrong -y
run 'Cannot complete Allocation' -c -y -u ann -W 'another secret'
for pid in $clients; do
  wait "$pid" || status=1
done
exit $status
