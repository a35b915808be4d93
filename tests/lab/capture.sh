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

all=("$@") keep='' compare='' rtt=20ms links=()
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
	--rtt)
		rtt=$2
		shift
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
lab_options --rtt "$rtt" "${links[@]}"
command -v tcpdump >/dev/null || lab_skip 'there is no tcpdump'
lab_enter "${all[@]}"

watch() {
	on "$1" tcpdump -i wan0 -n -U --immediate-mode -Z root udp \
		-w "$LAB_RUN/$1.pcap" 2>"$LAB_RUN/$1.tcpdump" &
	watchers+=($!)
	lab_until 10 lab_holds "$LAB_RUN/$1.tcpdump" 'listening on' ||
		lab_fail "tcpdump: $(cat "$LAB_RUN/$1.tcpdump")"
}

# The addresses on the peer's interface.
own_addresses() {
	ip -n "$1" -o address show wan0 |
		awk '{ sub("/.*", "", $4); printf "%s ", $4 }'
}

# The datagrams of one peer, one a line: time, peer, "sent" or "got", word.
datagrams() {
	tcpdump -tt -n -x -r "$LAB_RUN/$1.pcap" 2>/dev/null | awk -v "peer=$1" \
		-v "own=$(own_addresses "$1")" '
		function tell() {
			if (!time)
				return
			body = substr(bytes, version == "IP6" ? 97 : 57)
			if (body == "50554e4348") word = "PUNCH"
			else if (body == "50494e47") word = "PING"
			else if (body == "504f4e47") word = "PONG"
			else if (body ~ /^0001....2112a442/) word = "STUN-request"
			else if (body ~ /^0101....2112a442/) word = "STUN-answer"
			else word = length(body) / 2 "-bytes"
			print time, toupper(peer), direction, word
		}
		BEGIN { count = split(own, address, " ") }
		/^[0-9]/ {
			tell()
			time = $1
			version = $2
			bytes = ""
			direction = "got"
			for (i = 1; i <= count; i++)
				if (index($3, address[i] ".") == 1)
					direction = "sent"
		}
		/^\t/ { gsub(/^\t0x[0-9a-f]*:|[ \t]/, ""); bytes = bytes $0 }
		END { tell() }
	'
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

# When a peer's first PUNCH left.
began() {
	awk -v "peer=$1" '$2 == peer && $3 == "sent" && $4 == "PUNCH" {
		print $1
		exit
	}' "$LAB_RUN/datagrams"
}

simulate() {
	"$LAB_BUILD/altair-sim" --nat "$1" --nat "$2" --rtt "$rtt" \
		--skew "$(ms_between "$(began A)" "$(began B)" |
			cut -d. -f1)ms" --messages 0 "${@:3}"
}

# What a peer got, then what it sent, "sent PUNCH" a line: where two datagrams
# arrive together, how they mix with the answers is a matter of microseconds.
# How many PUNCH the earlier side sends while it waits is a matter of the other
# one's clock: the first stands for all.
words() {
	awk -v "peer=$1" '$2 == peer && $4 ~ /^P[UIO]N[CG]H?$/ {
		line = $3 " " $4
		if (line != "sent PUNCH" || !seen[line]++)
			print line
	}' "$2" | sort -s -k 1,1
}

compare() {
	local peer status=0
	echo
	echo "altair-sim for the same pair, B as much later:"
	simulate "$1" "$2"
	simulate "$1" "$2" --trace | awk '$2 == "peer" && $4 ~ /^(send|take)s$/ {
		print $1, $3, ($4 == "sends" ? "sent" : "got"), $6
	}' >"$LAB_RUN/simulated"
	for peer in A B; do
		words "$peer" "$LAB_RUN/datagrams" >"$LAB_RUN/captured-$peer"
		words "$peer" "$LAB_RUN/simulated" >"$LAB_RUN/simulated-$peer"
		diff -u "$LAB_RUN/simulated-$peer" "$LAB_RUN/captured-$peer" ||
			status=1
		[ -s "$LAB_RUN/captured-$peer" ] || status=1
	done
	[ "$status" -ne 0 ] || echo 'ok: both tell the same story'
	return "$status"
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
[ -z "$compare" ] || compare "$1" "$2"
