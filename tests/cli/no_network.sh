#!/bin/sh
# Hosts that lack something, each a network namespace of its own: no network at
# all, no IPv6, a name server that never answers, a peer that is not there.      no_network.sh <altair>
set -u
altair=$1
unshare="unshare --net --mount --pid --fork --kill-child"
$unshare true 2>/dev/null || {
  echo "no right to make a network namespace"
  exit 77
}
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT || exit 1
export XDG_STATE_HOME="$dir"
status=0

# try <what> <exit code> <words of the sentence> <shell commands before> <arguments>
try() {
  what=$1 wanted=$2 sentence=$3 before=$4
  shift 4
  # What $before starts dies with the namespace of processes.
  $unshare sh -c "$before
    exec \"\$@\"" sh "$altair" "$@" >"$dir/out" 2>"$dir/err" </dev/null
  got=$?
  [ $got = "$wanted" ] || {
    echo "$what: exit $got instead of $wanted"
    cat "$dir/out" "$dir/err"
    status=1
  }
  [ -z "$sentence" ] || grep -q "$sentence" "$dir/err" || {
    echo "$what: does not say: $sentence"
    cat "$dir/err"
    status=1
  }
}

up='ip link set lo up'
serve() { # IP:PORT
  echo ": >$dir/serve; \"\$1\" serve --listen $1 >$dir/serve 2>&1 &
    until grep -q ^listening $dir/serve; do :; done"
}

try "discover without a network" 3 "network cannot be reached" "" \
  discover --stun 192.0.2.1
try "connect without a network" 3 "network cannot be reached" "" \
  connect --peer 198.51.100.5:5000 --stun 192.0.2.1
try "no route to the peer" 3 "no way to 198.51.100.5:5000" "$up; $(serve 127.0.0.1:3478)" \
  connect --peer 198.51.100.5:5000 --stun 127.0.0.1
try "IPv6 peer, host without IPv6" 3 "has no IPv6 that leads to" \
  "$up; sysctl -qw net.ipv6.conf.all.disable_ipv6=1" \
  connect --peer '[2001:db8::1]:5000' --stun '[2001:db8::53]'
try "IPv6 peer, no way there" 3 "has no IPv6 that leads to" "$up; $(serve 127.0.0.1:3478)" \
  connect --peer '[2001:db8::1]:5000' --stun 127.0.0.1
try "IPv6 peer, server of IPv4" 3 "no IPv6 address" "$up
  ip -6 route add default dev lo; $(serve 127.0.0.1:3478)" \
  connect --peer '[2001:db8::1]:5000' --stun 127.0.0.1
try "IPv6 only, server of IPv4, no IPv6" 3 "reached over IPv6" "$up" \
  discover -6 --stun 127.0.0.1
try "IPv6 server, IPv4 is up" 3 "reached over IPv6" "$up
  ip route add default dev lo" discover --stun '[2001:db8::1]'
# A router may have refused for a peer of the internet, but not for a neighbour.
try "a neighbour refuses" 5 "refused our datagrams" \
  "$up; ip addr add 10.0.0.5 dev lo; $(serve 127.0.0.1:3478)" \
  connect --peer 10.0.0.5:5000 --stun 127.0.0.1 --timeout 500ms
try "somebody on the way refuses" 6 "nothing arrived.*host or router refuses" \
  "$up; ip addr add 198.51.100.5 dev lo; $(serve 127.0.0.1:3478)" \
  connect --peer 198.51.100.5:5000 --stun 127.0.0.1 --timeout 500ms
# A STUN server on port 53 takes queries and never answers: discover must not
# wait for it.
silent_names="$up; echo 'nameserver 127.0.0.99' >$dir/resolv
  mount --bind $dir/resolv /etc/resolv.conf
  $(serve 127.0.0.99:53)"
try "a silent name server" 3 "not resolved in time" "$silent_names" \
  discover --stun stun.example.org --timeout 300ms
try "interrupted while a name is resolved" 130 "" "$silent_names
  set -- timeout --preserve-status -s INT 1 \"\$@\"" \
  connect --peer 198.51.100.5:5000 --stun stun.example.org
exit $status
