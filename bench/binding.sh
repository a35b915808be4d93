#!/bin/sh
# bench/binding.sh [--check] [BUILD]: what one STUN binding request costs, in CPU
# time of the server, for three responders in one run: a bare echo (the floor),
# altair serve, and coturn. BUILD is a release build (default build/release).
#
# The servers have one CPU and one thread for packets each, the load the other
# CPU, all on loopback. Three rounds of short turns; medians count. `single`:
# requests of 64 clients, one under way each. `merged`: each client sends 32
# requests as one (UDP_SEGMENT).
# With --check the exit code is 1 when a bar is missed: altair at most 1.10 times
# the floor, coturn at least 1.3 times altair, and merged at least 6 times.
set -u

check=no
if [ "${1:-}" = --check ]; then
	check=yes
	shift
fi
root=$(cd "$(dirname "$0")/.." && pwd)
build=${1:-$root/build/release}

fail() {
	echo "bench/binding.sh: $*" >&2
	exit 3
}

for program in "$build/altair" "$build/bench/bench-load" \
	"$build/bench/bench-echo"; do
	[ -x "$program" ] || fail "there is no $program; build it first:" \
		"cmake --preset release && cmake --build --preset release"
done
command -v turnserver >/dev/null || fail "turnserver is missing: install coturn"
command -v taskset >/dev/null || fail "taskset is missing: install util-linux"

# The first two CPUs this process may use, one number a line.
cpus=$(taskset -cp $$ | sed 's/.*: //' | tr ',' '\n' | while IFS=- read -r a b; do
	seq "$a" "${b:-$a}"
done | head -n 2)
load_cpu=$(echo "$cpus" | sed -n 1p)
server_cpu=$(echo "$cpus" | sed -n 2p)
[ -n "$server_cpu" ] || fail "two CPUs are needed, one for the load"

# Other programs disturb less where we may have priority over them.
nice=
[ "$(nice -n -20 nice 2>/dev/null)" = -20 ] && nice='nice -n -20'
pin="$nice taskset -c $server_cpu"
port=$((20000 + $$ % 8000))

work=$(mktemp -d)
servers=
stop() {
	for pid in $servers; do
		kill "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	servers=
}
trap 'stop; rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# start NAME PROGRAM...: runs a server for `port`, and adds it to `responders`.
responders=
start() {
	name=$1
	shift
	# shellcheck disable=SC2086
	$pin "$@" >"$work/$name.log" 2>&1 &
	servers="$servers $!"
	responders="$responders $name,127.0.0.1:$port,$!"
	port=$((port + 1))
}

# All servers run at once on the same CPU; who is not asked sleeps.
measure() {
	responders=
	# shellcheck disable=SC2086
	start echo "$build/bench/bench-echo" "127.0.0.1:$port" $1
	start altair "$build/altair" serve --threads 1 \
		--listen "127.0.0.1:$port"
	start any "$build/altair" serve --threads 1 --listen "0.0.0.0:$port"
	start coturn turnserver -n -S -L 127.0.0.1 -p "$port" -m 1 --no-tls \
		--no-dtls --no-tcp --no-cli --no-stdout-log \
		--log-file /dev/null --simple-log --pidfile "$work/coturn.pid"
	# shellcheck disable=SC2086
	$nice taskset -c "$load_cpu" "$build/bench/bench-load" "$server_cpu" \
		$1 $responders >"$work/${1:-single}" || {
		cat "$work"/*.log >&2
		fail "no figures"
	}
	stop
}

measure ""
measure --merged
mv -- "$work/--merged" "$work/merged"

# figures MODE NAME: the rounds' figures, a line each.
figures() {
	sed -n "s/^$2 //p" "$work/$1" | tr ' ' '\n' | head -n 3
}

median() {
	figures "$1" "$2" | sort -n | sed -n 2p
}

# row MODE NAME TITLE
row() {
	printf '%-8s %-30s' "$1" "$3"
	figures "$1" "$2" | xargs printf ' %8s'
	printf ' %8s\n' "$(median "$1" "$2")"
}

echo "CPU of the server per binding request, nanoseconds, softirq included"
printf '%-8s %-30s %8s %8s %8s %8s\n' "" "" "round 1" "round 2" "round 3" median
for mode in single merged; do
	row $mode echo "bare echo, the floor"
	row $mode altair "altair serve"
	row $mode any "altair serve, on any address"
	row $mode coturn "coturn"
done

# bar TEXT NUMERATOR DENOMINATOR most|least LIMIT
missed=no
bar() {
	verdict=$(awk -v a="$2" -v b="$3" -v how="$4" -v limit="$5" 'BEGIN {
		ratio = a / b
		ok = how == "most" ? ratio <= limit : ratio >= limit
		printf "%.2f (at %s %s: %s)", ratio, how, limit,
			ok ? "met" : "MISSED"
	}')
	echo "$1: $verdict"
	case $verdict in *MISSED*) missed=yes ;; esac
}

bar "altair / echo, single" "$(median single altair)" "$(median single echo)" \
	most 1.10
bar "coturn / altair, single" "$(median single coturn)" \
	"$(median single altair)" least 1.3
bar "coturn / altair, merged" "$(median merged coturn)" \
	"$(median merged altair)" least 6
if [ $check = yes ] && [ $missed = yes ]; then
	exit 1
fi
