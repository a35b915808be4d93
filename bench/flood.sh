#!/bin/sh
# bench/flood.sh [--check] [BUILD [DATAGRAMS]]: what a flood of 10,000,000 datagrams
# from spoofed sources does to `altair serve`, and to its honest clients. BUILD is a
# release build (default build/release). Takes a minute or two.
#
# The server is in a network namespace of its own, whose way to the internet is a
# TUN device: the flood comes out of it and the answers go back into it. It comes in
# ten turns, at half of what the server takes, which is measured before each. The
# mixture is bindings, allocations without credentials and with made-up ones,
# refreshes, indications, channel data, answers and garbage; one in eight is of one of
# eight sources. With --check the exit code is 1 when a bar is missed.
set -u

check=no
if [ "${1:-}" = --check ]; then
	check=yes
	shift
fi
root=$(cd "$(dirname "$0")/.." && pwd)
build=${1:-$root/build/release}
datagrams=${2:-10000000}
server=10.99.0.1:3478

fail() {
	echo "bench/flood.sh: $*" >&2
	exit 3
}

for program in "$build/altair" "$build/bench/bench-flood"; do
	[ -x "$program" ] || fail "there is no $program; build it first:" \
		"cmake --preset release && cmake --build --preset release"
done
if [ -z "${FLOOD_BENCH_INSIDE:-}" ]; then
	user=
	[ "$(id -u)" -eq 0 ] || user=-r
	# shellcheck disable=SC2086
	unshare $user -n true || fail "no right to make a network namespace"
	[ $check = no ] || set -- --check "$build" "$datagrams"
	[ $check = yes ] || set -- "$build" "$datagrams"
	# shellcheck disable=SC2086
	FLOOD_BENCH_INSIDE=yes exec unshare $user -n "$0" "$@"
fi

ip link set lo up &&
	ip tuntap add dev flood mode tun &&
	ip addr add 10.99.0.1/24 dev flood &&
	ip link set flood txqueuelen 10000 up &&
	ip route add default dev flood || fail "no TUN device"

cpus=$(taskset -cp $$ | sed 's/.*: //' | tr ',' '\n' | while IFS=- read -r a b; do
	seq "$a" "${b:-$a}"
done | head -n 2)
flood_cpu=$(echo "$cpus" | sed -n 1p)
server_cpu=$(echo "$cpus" | sed -n 2p)
[ -n "$server_cpu" ] || fail "two CPUs are needed, one for the flood"
first=
chrt -r 10 true 2>/dev/null && first='chrt -r 10'

work=$(mktemp -d)
pid=
stop() {
	[ -z "$pid" ] || kill "$pid" 2>/dev/null
	rm -rf "$work"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
mkfifo "$work/lines"
# shellcheck disable=SC2086
$first taskset -c "$server_cpu" "$build/altair" serve --listen $server \
	--relay-ip 10.99.0.1 --user user:password \
	--relay-allow 127.0.0.2/32 >"$work/lines" 2>"$work/err" &
pid=$!
exec 3<"$work/lines"
read -r line <&3
case $line in
listening*) ;;
*) fail "the server did not start: $(cat "$work/err")" ;;
esac
# shellcheck disable=SC2086
$first taskset -c "$flood_cpu,$server_cpu" "$build/bench/bench-flood" flood \
	$server $pid "$datagrams" >"$work/figures" || fail "no figures"
awk -v "datagrams=$datagrams" -f "$root/bench/flood_table.awk" "$work/figures"
missed=$?
[ $check = no ] || exit $missed
