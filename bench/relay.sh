#!/bin/sh
# bench/relay.sh [--check] [--json] [--quick] [BUILD]: what relaying costs, beside
# Debian's coturn and bare floor programs (relay_floor.c), in one run and under
# the same load, which speaks TURN (turn_load.c). BUILD is a release build (default
# build/release). Takes about ten minutes; --quick takes the singles of 64 alone.
#
# The relays have one CPU, the load the other one, all on the loopback of a network
# namespace of their own (as root; else that of the host). What counts is the CPU
# time of the relay's process, the kernel's work for it included, in medians of
# three rounds of short turns. --json prints the figures as JSON. With --check the
# exit code is 1 when a bar is missed.
#
# The load. Packets: closed loop at saturation, each client in its turn, so that no
# flow sends twice before all others did; packets count where they are received.
# Below saturation every program is woken for most packets, which costs each
# the same 3 to 5 us more and hides what differs. Bursts: a client sends 16 as one
# (UDP_SEGMENT), eight such are under way. Allocations: 401 and Allocate, one
# client at a time or 32; "life" has the Refresh that deletes it, too.
#
# coturn runs as Debian ships it (the lines of /etc/turnserver.conf, its user
# database, log to syslog), with what TURN needs added: a user and realm, its
# addresses, a port range, loopback peers (which want no-cli), and one relay thread,
# which is what it takes on one CPU. "lean" is the same without log, TCP and TLS.
# The floor (relay_floor.c) does for each packet and each allocation what the kernel
# must be asked for, and hashes nothing.
#
# While a relay waits, a loop of lower priority has its CPU: it neither sleeps nor
# forgets, whatever else the machine does.
set -u

check=no json=no quick=no
while :; do
	case ${1:-} in
	--check) check=yes ;;
	--json) json=yes ;;
	--quick) quick=yes ;;
	*) break ;;
	esac
	shift
done
root=$(cd "$(dirname "$0")/.." && pwd)
build=${1:-$root/build/release}

fail() {
	echo "bench/relay.sh: $*" >&2
	exit 3
}

for program in "$build/altair" "$build/bench/bench-turn" \
	"$build/bench/bench-relay-floor"; do
	[ -x "$program" ] || fail "there is no $program; build it first:" \
		"cmake --preset release && cmake --build --preset release"
done
command -v turnserver >/dev/null || fail "turnserver is missing: install coturn"
command -v taskset >/dev/null || fail "taskset is missing: install util-linux"

# A loopback where nothing else is, and no port is in use.
if [ -z "${RELAY_BENCH_INSIDE:-}" ] && unshare -n true 2>/dev/null; then
	set -- "$build"
	[ $check = no ] || set -- --check "$@"
	[ $json = no ] || set -- --json "$@"
	[ $quick = no ] || set -- --quick "$@"
	RELAY_BENCH_INSIDE=yes exec unshare -n sh -c \
		'ip link set lo up && exec "$@"' sh "$root/bench/relay.sh" "$@"
fi

# The first two CPUs this process may use, one number a line.
cpus=$(taskset -cp $$ | sed 's/.*: //' | tr ',' '\n' | while IFS=- read -r a b; do
	seq "$a" "${b:-$a}"
done | head -n 2)
load_cpu=$(echo "$cpus" | sed -n 1p)
relay_cpu=$(echo "$cpus" | sed -n 2p)
[ -n "$relay_cpu" ] || fail "two CPUs are needed, one for the load"

# Other programs disturb less where we may have priority over them.
first=
chrt -r 10 true 2>/dev/null && first='chrt -r 10'
pin="$first taskset -c $relay_cpu"
port=$((20000 + $$ % 8000))
# 10,000 allocations take as many descriptors on both sides.
# shellcheck disable=SC3045
ulimit -n "$(ulimit -H -n)"

work=$(mktemp -d)
servers=
stop() {
	for pid in $servers; do
		kill "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	servers='' relays=''
}
trap 'empty_idle; stop; rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# start NAME KIND PROGRAM...: runs a relay at `port`, and adds it to `relays`.
relays=
start() {
	name=$1 kind=$2
	shift 2
	# shellcheck disable=SC2086
	$pin "$@" >"$work/$name.log" 2>&1 &
	servers="$servers $!"
	relays="$relays $name,$kind,127.0.0.1:$port,$!"
	port=$((port + 1))
}

start_floor() { # name [--merged]
	name=$1
	shift
	start "$name" floor "$build/bench/bench-relay-floor" "127.0.0.1:$port" \
		"$@"
}

start_altair() { # allocations [threads [name]]
	start "${3:-altair}" turn "$build/altair" serve --listen "127.0.0.1:$port" \
		--relay-ip 127.0.0.1 --relay-ports 30000-44999 \
		--user user:password --max-allocations "$1" \
		--threads "${2:-1}" \
		--quota-user 1000000 --quota-prefix 1000000 \
		--challenge-rate 0 --bandwidth-allocation 0 \
		--relay-allow 127.0.0.2/32 --relay-allow 127.0.0.3/32 \
		--relay-allow 127.0.0.4/32
}

start_coturn() {
	cat >"$work/turnserver.conf" <<-END
		syslog
		no-rfc5780
		no-stun-backward-compatibility
		response-origin-only-with-rfc5780
		lt-cred-mech
		user=user:password
		realm=altair
		listening-ip=127.0.0.1
		relay-ip=127.0.0.1
		listening-port=$port
		min-port=45000
		max-port=54999
		allow-loopback-peers
		no-cli
		relay-threads=1
	END
	start coturn turn turnserver -c "$work/turnserver.conf" --pidfile=
}

start_lean() {
	start lean turn turnserver -n -a -u user:password -r altair \
		-L 127.0.0.1 -E 127.0.0.1 -p "$port" -m 1 --no-tls --no-dtls \
		--no-tcp --no-tcp-relay --no-cli --allow-loopback-peers \
		--min-port 55000 --max-port 64999 --no-stdout-log \
		--log-file /dev/null --simple-log --pidfile "$work/lean.pid"
}

# Where we have no priority, nothing may have less.
idle=
fill_idle() {
	[ -n "$first" ] || return 0
	chrt -r 5 taskset -c "$relay_cpu" sh -c 'while :; do :; done' &
	idle=$!
}

empty_idle() {
	[ -z "$idle" ] || kill "$idle" 2>/dev/null
	[ -z "$idle" ] || wait "$idle" 2>/dev/null
	idle=
}

# load WHAT COMMAND...: adds the figures to the results, and stops the relays.
load() {
	what=$1
	shift
	sleep 1
	fill_idle
	# shellcheck disable=SC2086
	$first taskset -c "$load_cpu" "$build/bench/bench-turn" "$@" $relays \
		>"$work/figures" || {
		cat "$work"/*.log >&2
		fail "no figures for $what"
	}
	sed "s/^/$what /" "$work/figures" >>"$work/results"
	empty_idle
	stop
}

# relay WHAT ALLOCATIONS BYTES PEERS: packets that come singly.
relay() {
	start_floor floor
	start_altair 2000
	start_coturn
	start_lean
	load "$1" relay "$relay_cpu" "$2" "$3" "$4" 1
}

bursts() {
	start_floor floor --merged
	start_altair 2000
	start_coturn
	start_lean
	load bursts relay "$relay_cpu" 64 1200 1 16
}

# allocations WHAT UNDER_WAY begin|life
allocations() {
	start_floor floor
	start_altair 10000
	start_coturn
	start_lean
	load "$1" allocate "$relay_cpu" 1000 "$2" "$3"
}

# One thread and two, each on both CPUs, which the load shares with them.
threads() {
	pin="$first taskset -c $load_cpu,$relay_cpu"
	start_altair 2000 1 one
	start_altair 2000 2 two
	load threads relay "$relay_cpu" 1000 1200 1 1
}

memory() {
	start_altair 1
	load "memory-1" hold 1
	start_altair 10000
	load "memory-10000" hold 10000
	start_coturn
	load "memory-1" hold 1
	start_coturn
	load "memory-10000" hold 10000
}

relay 64x1200 64 1200 1
relay 64x100 64 100 1
if [ $quick = no ]; then
	relay 1000x1200 1000 1200 1
	relay 1000x100 1000 100 1
	relay 64x1200x3 64 1200 3
	relay 1000x1200x3 1000 1200 3
	bursts
	allocations allocation 32 begin
	allocations allocation-1 1 begin
	allocations allocation-life 1 life
	memory
	threads
fi
awk -v json=$json -f "$root/bench/relay_table.awk" "$work/results"
missed=$?
[ $check = no ] || exit $missed
