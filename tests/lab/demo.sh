#!/usr/bin/env bash
#
# demo.sh BUILD_DIR - two peers behind two different NATs of this kernel find
# each other with the guide's four commands, and say hello. Exit code 0, or 1
# when they do not, or 77 when the system cannot show it (it says why).

# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
# shellcheck source=tests/lab/guide.sh
. "$(dirname "$0")/guide.sh"
set -u

LAB_BUILD=${1:?usage: demo.sh BUILD_DIR}
[ -x "$LAB_BUILD/altair" ] || lab_fail "there is no $LAB_BUILD/altair"
lab_enter "$@"

declare -A shown=([a]=0 [b]=0)

# What a peer printed since the last time, each line with the peer's name.
show() {
	local line number=0
	while IFS= read -r line; do
		number=$((number + 1))
		[ "$number" -le "${shown[$1]}" ] || printf '[%s] %s\n' "${1^^}" "$line"
	done <"$LAB_RUN/$1.out"
	shown[$1]=$number
}

typed() {
	printf '[%s] %s\n' "${1^^}" "$2"
}

discover() {
	typed "$1" '$ altair discover'
	guide_discover "$1"
	sed "s/^/[${1^^}] /" "$LAB_RUN/$1.discover"
	[ -n "${guide_endpoint[$1]}" ] || lab_fail "discover of ${1^^} failed"
}

connect() {
	local peer=$1
	shift
	typed "$peer" "\$ altair connect $*"
	guide_connect "$peer" "$@"
}

# Shows a peer's output once it holds the text.
reached() {
	if guide_wait "$1" 15 "$2"; then
		show "$1"
		return
	fi
	guide_show a
	guide_show b
	lab_fail 'the peers did not connect'
}

hello() {
	typed "$1" "hello from ${1^^}          <- typed"
	guide_say "$1" "hello from ${1^^}"
	reached "$2" "hello from ${1^^}"
}

lab_up port addr
guide_servers
cat <<END
      A ─── NAT A ─────────── internet ─────────── NAT B ─── B
  192.168.1.100  203.0.113.1              198.51.100.5  10.0.0.50

  NAT A lets in only who was sent to: address and port (port-restricted cone).
  NAT B lets in only who was sent to: address (address-restricted cone).
  A STUN server of ours (altair serve) answers by the default servers' names.

END
discover a
discover b
connect a --peer "${guide_endpoint[b]}" --initiator
reached a 'Attempt 1/5'
connect b --peer "${guide_endpoint[a]}"
for peer in a b; do
	reached "$peer" 'Connection will remain open'
	lab_holds "$LAB_RUN/$peer.out" '✓ Round-trip successful!' ||
		lab_fail "the test of ${peer^^} was not answered"
done
hello a b
hello b a
for peer in a b; do
	guide_end "$peer"
	show "$peer"
	[ "$guide_status" -eq 0 ] || lab_fail "connect ended with $guide_status"
done
echo
echo 'two peers behind two different NATs are connected'
