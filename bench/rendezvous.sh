#!/bin/sh
# bench/rendezvous.sh [--check] [--json] [--clients N] [BUILD]: what idle clients of the
# rendezvous cost `altair serve`, over TLS and plain, and how long a message between two
# of them takes meanwhile. BUILD is a release build (default build/release). Takes five
# minutes.
#
# 15,000 clients (--clients) with a descriptor limit of 20,000 are opened, present and
# idle for 65 s, in which each is asked by a ping; then 100 pairs of them send 1,000
# messages a second for 20 s. Memory is the server's, by its slope between a quarter of
# the clients and all. On the loopback of a network namespace of its own (as root; else
# that of the host). With --check the exit code is 1 when a bar is missed.
set -u

check=no json=no clients=15000
while :; do
	case ${1:-} in
	--check) check=yes ;;
	--json) json=yes ;;
	--clients)
		clients=${2:?}
		shift
		;;
	*) break ;;
	esac
	shift
done
root=$(cd "$(dirname "$0")/.." && pwd)
build=${1:-$root/build/release}

fail() {
	echo "bench/rendezvous.sh: $*" >&2
	exit 3
}

for program in "$build/altair" "$build/bench/bench-clients"; do
	[ -x "$program" ] || fail "there is no $program; build it first:" \
		"cmake --preset release && cmake --build --preset release"
done
command -v jq >/dev/null || fail "jq is missing: install jq"
command -v prlimit >/dev/null || fail "prlimit is missing: install util-linux"

# A loopback where nothing else is.
if [ -z "${RENDEZVOUS_BENCH_INSIDE:-}" ] && unshare -n true 2>/dev/null; then
	set -- --clients "$clients" "$build"
	[ $check = no ] || set -- --check "$@"
	[ $json = no ] || set -- --json "$@"
	RENDEZVOUS_BENCH_INSIDE=yes exec unshare -n sh -c \
		'ip link set lo up && exec "$@"' sh \
		"$root/bench/rendezvous.sh" "$@"
fi

# Other programs disturb less where we may have priority over them.
first=
chrt -r 10 true 2>/dev/null && first='chrt -r 10'

dir=$(mktemp -d) || exit 3
server=
finish() {
	[ -z "$server" ] || kill -9 "$server" 2>/dev/null
	rm -rf "$dir"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

run() { # tls|plain
	: >"$dir/out"
	# shellcheck disable=SC2086 # two words, or none
	$first prlimit --nofile=1024:20000 "$build/altair" serve \
		--listen 127.0.0.1:0 --user a:b >"$dir/out" 2>"$dir/err" &
	server=$!
	tries=100
	until grep -q '^server: ' "$dir/out"; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || fail "no server: $(cat "$dir/err")"
		sleep 0.1
	done
	port=$(sed -n '1s/.*:\([0-9]*\).udp$/\1/p' "$dir/out")
	# shellcheck disable=SC2086
	$first "$build/bench/bench-clients" "$port" "$server" "$1" "$clients" 65 \
		>>"$dir/results" || fail "$1: $(cat "$dir/err")"
	kill "$server" && wait "$server"
	server=
	[ ! -s "$dir/err" ] || ! grep 'lets us open' "$dir/err" ||
		fail "20,000 descriptors are not enough"
}
run tls
run plain

if [ $json = yes ]; then
	cat "$dir/results"
else
	echo "clients    held  KiB each  server MiB  messages  p50 ms  p99 ms  opened in s"
	jq -r '[.kind, .held, .kib_each, .rss_mib, .messages, .p50_ms, .p99_ms,
	  .opened_s] | @tsv' "$dir/results" |
		awk '{ printf "%-7s %7d %9.2f %11.1f %9d %7.2f %7.2f %12.1f\n",
		  $1, $2, $3, $4, $5, $6, $7, $8 }'
fi
[ $check = yes ] || exit 0
jq -es --argjson n "$clients" 'all(.[]; .held == $n and .messages == 20000 and
  .p99_ms <= 20 and .kib_each <= (if .kind == "tls" then 40 else 12 end))' \
	"$dir/results" >/dev/null || fail "a bar is missed"
echo "all bars held"
