#!/usr/bin/env bash
#
# meet.sh - one connection in a lab of its own: two programs that speak the JSON
# Lines of `altair agent`, at the distances of a benchmark. Prints one line of
# JSON, what tests/interop/ice_pair.py says of it, or tests/lab/roam.py.

meet_usage() {
	cat <<'END'
usage: meet.sh [OPTION]... WHO KIND_A KIND_B [OPTION OF ice_pair.py]...

Peers are 12.5 ms one way from the middle of the internet, the server 7.5 ms: 50 ms
round trip between the peers, 40 to the server. Signalling takes 20 ms.

WHO        altair   altair agent with itself
           floor    what the lab allows (bench-floor), in its own words
           libnice, libnice-udp (ICE-TCP off), aioice, pion   with themselves
KIND       as of tests/lab/lab.sh

--build DIR       the build to use (LAB_BUILD, build/release)
--server WHICH    coturn (default), or serve: altair serve
--turn LIST       transports of the relay, in order (default udp,tcp; none: -)
--controlling a|b who controls (default a)
--loss PERCENT    each way
--delay MS        of the signalling, one way (default 20)
--change CHANGE   of tests/lab/change.sh, 5 s later
--capture FILE    what crosses the server's line and each peer's, as FILE.*.pcap
END
}

bench=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lab/lab.sh
. "$bench/../tests/lab/lab.sh"
# shellcheck source=tests/lab/coturn.sh
. "$bench/../tests/lab/coturn.sh"
# shellcheck source=tests/lab/serve.sh
. "$bench/../tests/lab/serve.sh"
# shellcheck source=tests/lab/who.sh
. "$bench/../tests/lab/who.sh"
set -u

meet_all=("$@")
server=coturn turn=udp,tcp controlling=a delay=20 capture='' change='' links=()
while [ $# -gt 0 ]; do
	case $1 in
	--build) links+=("$1" "$2") ;;
	--loss) links+=("$1" "$2" --seed "$RANDOM") ;;
	--server) server=$2 ;;
	--turn) turn=$2 ;;
	--controlling) controlling=$2 ;;
	--delay) delay=$2 ;;
	--capture) capture=$2 ;;
	--change) change=$2 ;;
	--*)
		meet_usage >&2
		exit 2
		;;
	*) break ;;
	esac
	shift 2 || exit 2
done
if [ $# -lt 3 ] || [[ $server != coturn && $server != serve ]]; then
	meet_usage >&2
	exit 2
fi
lab_options --ipv4 --access 12500us --server-access 7500us "${links[@]}"
who=$1 kind_a=$2 kind_b=$3
shift 3
lab_enter "${meet_all[@]}"

# What crosses wan0 of these namespaces, until the end.
meet_capture() {
	local ns
	for ns in servers a b; do
		on "$ns" tcpdump -i wan0 -n -U -w "$capture.$ns.pcap" 2>/dev/null &
	done
	sleep 0.5
}

meet_floor() {
	local a=192.168.1.100 b=10.0.0.50
	[[ $kind_a != *open ]] || a=$LAB_PUBLIC_A
	[[ $kind_b != *open ]] || b=$LAB_PUBLIC_B
	[ "$kind_b" != lan ] || b=192.168.1.101
	"$LAB_BUILD/bench/bench-floor" "$a" "$b" "$LAB_STUN"
}

# Other programs of the machine disturb less where we may go before them.
chrt --rr -p 1 $$ 2>/dev/null || renice -n -20 $$ >/dev/null 2>&1
lab_up "$kind_a" "$kind_b"
"lab_$server"
[ -z "$capture" ] || meet_capture
if [ "$who" = floor ]; then
	meet_floor
	exit
fi
[ -z "$change" ] || who_change "$change"
who_meet "$who" "$turn" "$controlling" --delay "$delay" "$@"
