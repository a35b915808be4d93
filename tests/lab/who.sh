# shellcheck shell=bash
#
# who.sh - the programs that can meet in the lab, and how each is called. Sourced
# after lab.sh and coturn.sh. All get the same server: STUN, and its relay over
# the transports asked for.
#
#   who_meet WHO TRANSPORTS CONTROLLING OPTION...
#                     two of them meet: interop/ice_pair.py with these options.
#                     TRANSPORTS of the relay: such as udp,tcp, or - for no relay;
#                     CONTROLLING: a, b or both. 1: there is no such program.
#   who_change CHANGE OPTION...
#                     from now on a meeting is that of roam.py, with its options:
#                     connected, something happens to the lab (change.sh)
#   who_missing WHO   says what is missing, or nothing

# Debian's own has Debian's packages; another python3 may come first.
who_python=/usr/bin/python3
[ -x $who_python ] || who_python=python3
who_interop=$(cd "$(dirname "${BASH_SOURCE[0]}")/../interop" && pwd)
who_harness=("$who_interop/ice_pair.py")
who_line=''

# The program and the options that only it has.
who_program() {
	case $1 in
	altair) echo "$LAB_BUILD/altair agent" ;;
	libnice) echo "$LAB_BUILD/tests/interop/libnice_peer --ice-tcp on" ;;
	libnice-udp) echo "$LAB_BUILD/tests/interop/libnice_peer --ice-tcp off" ;;
	pion) echo "$LAB_BUILD/tests/interop/pion_peer" ;;
	aioice) echo "$who_python $who_interop/peers/aioice_peer.py" ;;
	*) return 1 ;;
	esac
}

# who_command WHO PEER TRANSPORTS CONTROLLING: one side, in who_line.
who_command() {
	local program role=controlled transport at
	program=$(who_program "$1") || return 1
	[ "$4" != "$2" ] && [ "$4" != both ] || role=controlling
	who_line="nsenter --net=/run/netns/$2 -- $program --$role"
	who_line+=" --stun $LAB_STUN"
	[ "$3" != - ] || return 0
	[[ $1 != altair || $3 != *tls* ]] || who_line+=" --ca $LAB_CA"
	for transport in ${3//,/ }; do
		at=$LAB_TURN
		[ "$transport" != tls ] || at=$LAB_TURNS
		who_line+=" --turn turn:$LAB_TURN_USER:$LAB_TURN_PASSWORD@$at"
		who_line+="?transport=$transport"
	done
}

who_meet() {
	local who=$1 transports=$2 controlling=$3 line_a
	shift 3
	who_command "$who" a "$transports" "$controlling" || return 1
	line_a=$who_line
	who_command "$who" b "$transports" "$controlling"
	"$who_python" "${who_harness[@]}" "$@" "$line_a" "$who_line"
}

who_change() {
	local lab=$who_interop/../lab change=$1
	shift
	who_harness=("$lab/roam.py" --change "$lab/change.sh $change" "$@")
}

who_missing() {
	local program
	program=$(who_program "$1") || return 0
	program=${program%% *}
	if [ ! -x "$program" ]; then
		echo "$program"
	elif [ "$1" = altair ] && ! "$program" agent --help >/dev/null 2>&1; then
		echo "agent in $program"
	fi
}
