# shellcheck shell=bash
#
# who.sh - the programs that can meet (meet.sh) and how each is called. Sourced
# after lab.sh and coturn.sh. All get the same server: STUN, and its relay over
# the transports asked for.
#
#   who_command WHO PEER TRANSPORTS CONTROLLING   the command line of one side, for
#                   a peer a or b when CONTROLLING controls, in who_line; 1 when
#                   there is no such program
#   who_missing WHO   says what is missing, or nothing

who_python=/usr/bin/python3    # Debian's own has Debian's packages
who_peers=$(cd "$(dirname "${BASH_SOURCE[0]}")/../tests/interop/peers" && pwd)
who_line=''

# The program and the options that only it has.
who_program() {
	case $1 in
	altair) echo "$LAB_BUILD/altair agent" ;;
	libnice) echo "$LAB_BUILD/tests/interop/libnice_peer --ice-tcp on" ;;
	libnice-udp) echo "$LAB_BUILD/tests/interop/libnice_peer --ice-tcp off" ;;
	pion) echo "$LAB_BUILD/tests/interop/pion_peer" ;;
	aioice) echo "$who_python $who_peers/aioice_peer.py" ;;
	*) return 1 ;;
	esac
}

who_command() {
	local role=controlled transport at
	[ "$4" != "$2" ] || role=controlling
	who_line="$(who_program "$1") --$role --stun $LAB_STUN" || return 1
	[ "$3" != - ] || return 0
	[[ $1 != altair || $3 != *tls* ]] || who_line+=" --ca $LAB_CA"
	for transport in ${3//,/ }; do
		at=$LAB_TURN
		[ "$transport" != tls ] || at=$LAB_TURNS
		who_line+=" --turn turn:$LAB_TURN_USER:$LAB_TURN_PASSWORD@$at"
		who_line+="?transport=$transport"
	done
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
