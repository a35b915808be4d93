#!/usr/bin/env bash
#
# meet_code.sh - two peers behind two kernel NATs, and `altair serve` as it comes:
# `altair listen` shows a code, `altair connect CODE` uses it, they talk, and then
# once more by name. Prints one line, and on failure what was said.

meet_code_usage() {
	cat <<'END'
usage: meet_code.sh [OPTION]... KIND_A KIND_B   (kinds and link options: lab.sh)

--upgrade        at first nothing passes directly: they talk by the relay, and go on
                 talking by the direct path when it opens
--change CHANGE  (of change.sh) then something happens to the network: they talk again,
                 with no new handshake and no word of the server, which is gone
--demo           shows all that is said
END
}

# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
# shellcheck source=tests/lab/link.sh
. "$(dirname "$0")/link.sh"
set -u

meet_name="tests/lab/meet_code.sh $*"
meet_all=("$@")
upgrade='' change='' demo='' links=()
while [ $# -gt 0 ]; do
	case $1 in
	--upgrade) upgrade=yes ;;
	--demo) demo=yes ;;
	--change)
		change=$2
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
lab_options "${links[@]}"
if [ $# -ne 2 ]; then
	meet_code_usage >&2
	exit 2
fi
[ -z "$change" ] || command -v conntrack >/dev/null ||
	lab_skip 'there is no conntrack'
lab_enter "${meet_all[@]}"

declare -A meet_pid=() meet_in=()

meet_show() {
	local peer
	for peer in a b; do
		sed "s/^/[${peer^^}] /" "$LAB_RUN/$peer.out"
		sed "s/^/[${peer^^}]   /" "$LAB_RUN/$peer.err"
	done
}

fail() {
	echo "not ok $meet_name"
	echo "  $1"
	meet_show
	sed 's/^/[server] /' "$LAB_RUN/serve.out"
	exit 1
}

# start PEER ARG...: the command in the background; its input is a pipe.
start() {
	local peer=$1 fd
	shift
	rm -f "$LAB_RUN/$peer.in"
	mkfifo "$LAB_RUN/$peer.in"
	(
		for fd in "${meet_in[@]}"; do
			exec {fd}>&- # nobody else holds the other one's input
		done
		link_run "$peer" "$@"
	) <"$LAB_RUN/$peer.in" >"$LAB_RUN/$peer.out" 2>"$LAB_RUN/$peer.err" &
	meet_pid[$peer]=$!
	exec {fd}>"$LAB_RUN/$peer.in"
	meet_in[$peer]=$fd
}

wait_for() { # peer stream seconds text
	lab_until "$3" lab_holds "$LAB_RUN/$1.$2" "$4" ||
		fail "$1 does not say '$4'"
}

# A line typed at one arrives at the other; it is one datagram, so it is typed again
# where it may get lost.
say() { # from to text
	local tries=1
	[ -z "${upgrade}${change}" ] || tries=20
	while [ "$tries" -gt 0 ]; do
		echo "$3" >&"${meet_in[$1]}"
		! lab_until 1 lab_holds "$LAB_RUN/$2.out" "$3" || return 0
		tries=$((tries - 1))
	done
	fail "'$3' of $1 does not reach $2"
}

talk() {
	say a b "a says $1"
	say b a "b says $1"
}

# Once each, when protected data can flow.
connected() {
	local peer
	for peer in a b; do
		wait_for "$peer" out 20 '✓ Connected'
		[ "$(grep -c '✓ Connected' "$LAB_RUN/$peer.out")" -eq 1 ] ||
			fail "$peer says more than once that it is connected"
	done
}

# The one who listened goes first; the other one is told.
leave() {
	local peer fd status
	for peer in a b; do
		fd=${meet_in[$peer]}
		exec {fd}>&-
		lab_until 10 lab_gone "${meet_pid[$peer]}" ||
			fail "$peer does not end"
		unset "meet_in[$peer]"
		wait "${meet_pid[$peer]}"
		status=$?
		[ "$status" -eq 0 ] || fail "$peer ends with $status"
	done
}

# Between the two public addresses nothing passes; or it does again.
block() {
	on internet nft -f - <<-END
		table ip block {
			chain forward {
				type filter hook forward priority filter
				ip saddr $LAB_PUBLIC_A ip daddr $LAB_PUBLIC_B drop
				ip saddr $LAB_PUBLIC_B ip daddr $LAB_PUBLIC_A drop
			}
		}
	END
}

unblock() {
	on internet nft delete table ip block
}

by_code() {
	start a listen --server "$LINK_URL" --as left
	wait_for a out 10 'Code: '
	start b connect --server "$LINK_URL" --as right \
		"$(link_code "$LAB_RUN/a.out")"
	connected
	talk hello
}

upgraded() {
	local peer
	for peer in a b; do
		grep -q '✓ Connected.* relay ' "$LAB_RUN/$peer.out" ||
			fail "$peer is not connected by the relay"
	done
	unblock
	for peer in a b; do
		wait_for "$peer" err 30 'is now direct'
	done
	talk 'by the direct path'
}

# The server is no part of a session: it goes first.
changed() {
	kill "$link_server"
	"$(dirname "$0")/change.sh" "$change" || fail 'the change failed'
	talk "after $change"
}

by_name() {
	start a listen --server "$LINK_URL" --allow left
	wait_for a out 10 'Waiting for left'
	sleep 1
	start b connect --server "$LINK_URL" right
	connected
	talk 'by name'
	leave
}

lab_up "$1" "$2"
link_serve
[ -z "$upgrade" ] || block
by_code
[ -z "$upgrade" ] || upgraded
[ -z "$change" ] || changed
[ -z "$demo" ] || meet_show
leave
[ -n "$change" ] || by_name
[ -z "$demo" ] || meet_show
echo "ok $1 $2 ${upgrade:+upgrade} $change ${links[*]}"
