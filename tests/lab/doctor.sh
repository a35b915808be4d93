#!/usr/bin/env bash
#
# doctor.sh [--build DIR] [KIND]... - what `altair doctor` says behind the kernel's
# NATs, with `altair serve --alt-listen` as its server; coturn's natdiscovery must
# find the same, where it answers. Without kinds, all of them.

# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
set -u

# `tunnel` is `port` with a link of 1400 bytes in the internet.
#       verdict mapping filtering ports carrier_nat several_nats mtu [lifetime]
expected() {
	local ei=endpoint-independent apd=address-and-port-dependent
	case $1 in
	open) echo direct-all $ei $ei preserved no no 1500 ;;
	full) echo direct-all $ei $ei preserved no no 1500 ;;
	addr) echo direct-all $ei address-dependent preserved no no 1500 ;;
	port) echo direct-most $ei $apd preserved no no 1500 ;;
	tunnel) echo direct-most $ei $apd preserved no no 1400 ;;
	cgn) echo direct-most $ei $apd preserved yes yes 1500 ;;
	sym) echo direct-some $apd $apd random no no 1500 ;;
	symseq) echo direct-some $apd $apd sequential no no 1500 ;;
	fw6) echo direct-most $ei $apd preserved unknown unknown 1500 ;;
	short) echo direct-most $ei $apd preserved no no 1500 1 12 ;;
	udpblock) echo relay-only unknown unknown unknown unknown unknown null ;;
	esac
}

# The dependence in coturn's words: natdiscovery OPTION WORD
natdiscovery() {
	on a timeout 60 turnutils_natdiscovery "$1" -p 3478 "$LAB_S1" 2>/dev/null |
		sed -nE -e 's/^No NAT! \(Endpoint Independent Mapping\)$/endpoint-independent/p' \
			-e "s/^NAT with (.*) $2!\$/\\1/p" |
		sed -e 's/./\L&/g' -e 's/ /-/g' | tail -1
}

serving() {
	lab_holds "$LAB_RUN/serve.out" 'relay:'
}

# Behind one NAT, in its own lab.
examine() {
	local kind=$1 ip=ipv4 found want status=0 theirs more=()
	local server=$LAB_S1:3478 listen=("$LAB_S1:3478" --alt-listen "$LAB_S2:3479")
	if [ "$kind" = fw6 ]; then
		ip=ipv6 server='[2001:db8:5::1]:3478'
		listen=("$server" --alt-listen '[2001:db8:5::2]:3479')
	fi
	LAB_SHORT=6 lab_up "${kind/tunnel/port}" open
	if [ "$kind" = tunnel ]; then
		ip -n nat-a link set wan0 mtu 1400
		ip -n internet link set to-a mtu 1400
	fi
	on servers "$LAB_BUILD/altair" serve --listen "${listen[@]}" \
		--relay-ip "$LAB_S1" </dev/null >"$LAB_RUN/serve.out" 2>&1 &
	lab_until 10 serving || {
		cat "$LAB_RUN/serve.out"
		lab_fail 'altair serve does not start'
	}
	# A mapping of `short` lasts for six seconds.
	[ "$kind" != short ] || more=(--lifetime)
	on a "$LAB_BUILD/altair" doctor --stun "$server" ${more[0]+"${more[@]}"} \
		--json >"$LAB_RUN/json" 2>/dev/null
	found=$(jq -r --arg ip $ip '[.verdict, (.[$ip] | .mapping, .filtering, .ports),
		.carrier_nat, .several_nats, (.[$ip] | .mtu // "null",
		((.lifetime_s, .lifetime_over_s) // empty))] | join(" ")' "$LAB_RUN/json")
	want=$(expected "$kind")
	echo "--- $kind"
	on a "$LAB_BUILD/altair" doctor --stun "$server"
	if [ "$found" != "$want" ]; then
		echo "not ok $kind: $found"
		echo "  expected: $want"
		cat "$LAB_RUN/json"
		return 1
	fi
	if [ "$kind" = fw6 ]; then # it sees no NAT, and ends
		echo "ok $kind"
		return 0
	fi
	theirs="$(natdiscovery -m Mapping) $(natdiscovery -f Filtering)"
	# It answers nothing where UDP is blocked, and a filter in front of a
	# public address is none of its matters.
	[ "$theirs" = ' ' ] || [ "$theirs" = "$(cut -d' ' -f2,3 <<<"$want")" ] ||
		status=1
	[ $status -eq 0 ] || printf 'not '
	echo "ok $kind: natdiscovery: $theirs"
	return $status
}

if [ "${1:-}" = --examine ]; then
	lab_enter "$@"
	examine "$2"
	exit
fi
[ "${1:-}" != --build ] || {
	LAB_BUILD=$(realpath -m "$2")
	shift 2
}
export LAB_BUILD
lab_ready
command -v jq >/dev/null || lab_skip 'there is no jq'
command -v turnutils_natdiscovery >/dev/null ||
	lab_skip 'there is no turnutils_natdiscovery (coturn)'
[ $# -gt 0 ] || set -- open full addr port tunnel cgn sym symseq fw6 short \
	udpblock
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
# At the same time, since they mostly wait; shown one after the other.
pids=() status=0
for kind; do
	"$0" --examine "$kind" >"$work/$kind" 2>&1 &
	pids+=($!)
done
for kind; do
	wait "${pids[0]}" || status=1
	pids=("${pids[@]:1}")
	cat "$work/$kind"
done
exit $status
