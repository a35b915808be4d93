#!/usr/bin/env bash
#
# pair.sh - the guide's flow once, in a lab of its own: both peers discover, one
# connects, the other one some time later. Prints one line, and on failure what
# the two programs wrote and the command that repeats the run.

pair_usage() {
	cat <<'END'
usage: pair.sh [OPTION]... KIND_A KIND_B     (kinds and link options: lab.sh)

--expect connect   (default) both end the round trip, a message goes each way
         nopath    both give up with exit code 6, and say why
         again     A is alone and gives up; then both, and it connects
         nobody    B, in the open, does not run and its host says so: exit code
                   6, because a router may say the same
         blocked   A reaches no server: exit code 3
--first a|b        who connects first (default a)
--skew SECONDS     how much later the other one starts (default 0)
--pause SECONDS    between discover and connect (default 0)
--initiator a|b|both|none   who has --initiator (default a)
--silence SECONDS  of the connection before the messages (default 0)
--build DIR        the build to use (default build/release)
END
}

# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
# shellcheck source=tests/lab/guide.sh
. "$(dirname "$0")/guide.sh"
set -u

pair_command="tests/lab/pair.sh $*"
pair_all=("$@")
expect=connect first=a skew=0 pause=0 initiator=a silence=0 links=()

while [ $# -gt 0 ]; do
	case $1 in
	--expect) expect=$2 ;;
	--first) first=$2 ;;
	--skew) skew=$2 ;;
	--initiator) initiator=$2 ;;
	--silence) silence=$2 ;;
	--pause) pause=$2 ;;
	--help)
		pair_usage
		exit 0
		;;
	--*) links+=("$1" "$2") ;;
	*) break ;;
	esac
	shift 2 || break
done
lab_options "${links[@]}"
if [ $# -ne 2 ]; then
	pair_usage >&2
	exit 2
fi
lab_enter "${pair_all[@]}"

fail() {
	echo "not ok $pair_command"
	echo "  $1"
	guide_show a
	guide_show b
	exit 1
}

other() {
	[ "$1" = a ] && echo b || echo a
}

start() {
	local args=(--peer "${guide_endpoint[$(other "$1")]}")
	[[ $initiator != both && $initiator != "$1" ]] || args+=(--initiator)
	guide_connect "$1" "${args[@]}"
}

discover() {
	local peer
	for peer in a b; do
		guide_discover "$peer"
		[ "$guide_status" -eq 0 ] ||
			fail "discover of $peer ended with $guide_status"
		[ -n "${guide_endpoint[$peer]}" ] ||
			fail "discover of $peer shows no endpoint"
	done
}

# Both connect, the second one `skew` later.
meet() {
	sleep "$pause"
	start "$first"
	sleep "$skew"
	start "$(other "$first")"
}

# A line from one peer arrives at the other. It is one datagram: where the lab
# loses some, it is typed again.
message() {
	local text="hello from $1" tries=1
	[ ${#lab_link[@]} -eq 0 ] || tries=10
	while [ "$tries" -gt 0 ]; do
		guide_say "$1" "$text"
		! guide_wait "$2" 2 "$text" || return 0
		tries=$((tries - 1))
	done
	fail "no message from $1 to $2"
}

# Whoever talks to a symmetric NAT says that the peer has another port.
port_change() {
	case $2 in
	*sym) lab_holds "$LAB_RUN/$1.err" 'the peer answers from' ||
		fail "$1 does not say that the peer's port is another" ;;
	esac
}

said() {
	lab_holds "$LAB_RUN/a.err" "$1" || lab_holds "$LAB_RUN/b.err" "$1"
}

# It is said when not exactly one side has --initiator; by one side at least: the
# other cannot know where the only PING for it was lost.
roles() {
	local text
	case $initiator in
	both) text='both sides use --initiator' ;;
	none) text='neither of the two sides use --initiator' ;;
	*) return ;;
	esac
	lab_until 5 said "$text" || fail "nobody says '$text'"
}

# Waits for the end of connect, which must have that exit code.
ends() {
	guide_join "$1" 20
	[ "$guide_status" -eq "$2" ] ||
		fail "connect of $1 ended with $guide_status, not $2"
}

expect_connect() {
	local peer
	meet
	for peer in a b; do
		guide_wait "$peer" 15 '✓ Round-trip successful!' ||
			fail "no round trip at $peer"
	done
	port_change a "$2"
	port_change b "$1"
	roles
	sleep "$silence"
	message a b
	message b a
	for peer in a b; do
		guide_end "$peer"
		[ "$guide_status" -eq 0 ] ||
			fail "connect of $peer ended with $guide_status"
	done
}

# What a side that failed must say: the one that saw its mapping vary names it,
# the other one names both causes.
reason() {
	local file=$LAB_RUN/$1.err text
	case $2 in
	*sym) text=('your own NAT gives a different port per destination') ;;
	*) text=('nothing arrived' 'not running'
		'one of the two NATs gives a different port') ;;
	esac
	for text in "${text[@]}"; do
		lab_holds "$file" "$text" || fail "$1 does not say '$text'"
	done
}

expect_nopath() {
	meet
	ends a 6
	ends b 6
	reason a "$1"
	reason b "$2"
}

expect_blocked() {
	guide_discover a
	[ "$guide_status" -eq 3 ] ||
		fail "discover ended with $guide_status, not 3"
	guide_connect a --peer "$LAB_PUBLIC_B:4000"
	ends a 3
}

expect_nobody() {
	start a
	ends a 6
	reason a "$1"
	lab_holds "$LAB_RUN/a.err" 'host or router refuses our datagrams' ||
		fail "a does not say that it was refused"
}

expect_again() {
	start a
	ends a 6
	expect_connect "$@"
}

[[ "$1 $2" != *fw6* ]] || LAB_FAMILY=6
lab_up "$1" "$2"
guide_servers
case $expect in
connect | nopath | nobody | again)
	discover
	"expect_$expect" "$1" "$2"
	;;
blocked) expect_blocked ;;
*) lab_fail "there is no expectation '$expect'" ;;
esac
echo "ok $1 $2 $expect first=$first skew=$skew ${links[*]}"
