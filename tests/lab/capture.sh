#!/usr/bin/env bash
#
# capture.sh - one connection as the network saw it: tcpdump on both peers'
# interfaces while they follow the guide, then every datagram in a row. With
# --compare the peers' words must be those of altair-sim for the same pair.

capture_usage() {
	cat <<'END'
usage: capture.sh [OPTION]... KIND_A KIND_B     (kinds and link options: lab.sh)

--keep DIR    leave a.pcap and b.pcap there
--compare     with the packet diagram of altair-sim for the same pair
--build DIR   the build to use (default build/release)
END
}

# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
# shellcheck source=tests/lab/guide.sh
. "$(dirname "$0")/guide.sh"
set -u

RTT=20ms
all=("$@") keep='' compare='' links=(--rtt $RTT)
while [ $# -gt 0 ]; do
	case $1 in
	--keep)
		keep=$2
		shift
		;;
	--compare) compare=yes ;;
	--help)
		capture_usage
		exit 0
		;;
	--*)
		links+=("$1" "$2")
		shift
		;;
	*) break ;;
	esac
	shift
done
if [ $# -ne 2 ]; then
	capture_usage >&2
	exit 2
fi
lab_options "${links[@]}"
command -v tcpdump >/dev/null || lab_skip 'there is no tcpdump'
lab_enter "${all[@]}"

watch() {
	on "$1" tcpdump -i wan0 -n -U --immediate-mode -Z root udp \
		-w "$LAB_RUN/$1.pcap" 2>"$LAB_RUN/$1.tcpdump" &
	watchers+=($!)
	lab_until 10 lab_holds "$LAB_RUN/$1.tcpdump" 'listening on' ||
		lab_fail "tcpdump: $(cat "$LAB_RUN/$1.tcpdump")"
}

# The datagrams of one peer, one a line: time, peer, "sent" or "got", word.
datagrams() {
	tcpdump -tt -n -x -r "$LAB_RUN/$1.pcap" 2>/dev/null | awk -v "peer=$1" '
		function tell() {
			if (!time)
				return
			body = substr(bytes, 57)
			if (body == "50554e4348") word = "PUNCH"
			else if (body == "50494e47") word = "PING"
			else if (body == "504f4e47") word = "PONG"
			else if (body ~ /^0001....2112a442/) word = "STUN-request"
			else if (body ~ /^0101....2112a442/) word = "STUN-answer"
			else word = length(body) / 2 "-bytes"
			print time, toupper(peer), direction, word
		}
		/^[0-9]/ {
			tell()
			time = $1
			direction = index($3, self) == 1 ? "sent" : "got"
			bytes = ""
		}
		/^\t/ { gsub(/^\t0x[0-9a-f]*:|[ \t]/, ""); bytes = bytes $0 }
		END { tell() }
	' "self=$(host_of "$1")."
}

# The address on the peer's own interface.
host_of() {
	ip -n "$1" -j -4 address show wan0 | sed 's/.*"local":"\([0-9.]*\)".*/\1/'
}

# Draws the rows: what A sent and got on the left, B on the right.
draw() {
	local time peer direction word start='' text
	printf '%9s   %-26s%s\n' ms A B
	while read -r time peer direction word; do
		start=${start:-$time}
		case $peer-$direction in
		A-sent) text="$word ──▶" ;;
		A-got) text="$word ◀──" ;;
		B-sent) text="                          ◀── $word" ;;
		B-got) text="                          ──▶ $word" ;;
		esac
		printf '%9s   %s\n' "$(ms_between "$start" "$time")" "$text"
	done
}

# Of two times in seconds with six decimals.
ms_between() {
	local us=$((${2/./} - ${1/./}))
	printf '%d.%d' $((us / 1000)) $((us % 1000 / 100))
}

# The words of one peer in order, "sent PUNCH" a line. How many PUNCH the side
# that waits has sent is a matter of the other one's clock: one stands for all.
words() {
	awk -v "peer=$1" '$2 == peer && $4 ~ /^P[UIO]N[CG]H?$/ {
		line = $3 " " $4
		if (line == "sent PUNCH" && seen[line]++)
			next
		print line
	}'
}

meet() {
	local peer
	for peer in a b; do
		guide_discover "$peer"
	done
	guide_connect a --peer "${guide_endpoint[b]}" --initiator
	guide_wait a 10 'Attempt 1/5'
	sleep 0.8 # the later side starts between two PUNCH of the earlier one
	guide_connect b --peer "${guide_endpoint[a]}"
	for peer in a b; do
		guide_wait "$peer" 15 '✓ Round-trip successful!' || {
			guide_show "$peer"
			lab_fail "no round trip at $peer"
		}
	done
	for peer in a b; do
		guide_end "$peer"
	done
}

watchers=()
lab_up "$1" "$2"
guide_servers
watch a
watch b
meet
kill -TERM "${watchers[@]}"
wait "${watchers[@]}"
{
	datagrams a
	datagrams b
} | sort -n >"$LAB_RUN/datagrams"
draw <"$LAB_RUN/datagrams"
[ -z "$keep" ] || cp "$LAB_RUN"/[ab].pcap "$keep"
