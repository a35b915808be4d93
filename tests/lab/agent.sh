#!/usr/bin/env bash
#
# agent.sh - two `altair agent` meet in a lab of their own, with signalling of 20 ms
# and coturn as STUN server and relay. Prints one line, and on failure what was
# said and the command that repeats the run.

agent_usage() {
	cat <<'END'
usage: agent.sh [OPTION]... KIND_A KIND_B     (kinds and link options: lab.sh)

--expect direct    (default) both receive data, and end with a direct path
         relay     ... with a relayed one
         tcp       ... with a direct one over TCP
--change CHANGE    (of change.sh) then something happens: data flows again, nothing
                   comes twice, neither side gives up
--turn LIST        transports of the relay (default udp,tcp; of udp, tcp, tls; -)
--controlling a|b|both   (default a)
END
}

# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
# shellcheck source=tests/lab/coturn.sh
. "$(dirname "$0")/coturn.sh"
# shellcheck source=tests/lab/who.sh
. "$(dirname "$0")/who.sh"
set -u

agent_name="tests/lab/agent.sh $*"
agent_all=("$@")
expect=direct change='' turn=udp,tcp controlling=a links=()
while [ $# -gt 0 ]; do
	case $1 in
	--expect) expect=$2 ;;
	--change) change=$2 ;;
	--turn) turn=$2 ;;
	--controlling) controlling=$2 ;;
	--*) links+=("$1" "$2") ;;
	*) break ;;
	esac
	shift 2 || break
done
lab_options "${links[@]}"
if [ $# -ne 2 ]; then
	agent_usage >&2
	exit 2
fi
command -v "$who_python" >/dev/null || lab_skip 'there is no python3'
command -v jq >/dev/null || lab_skip 'there is no jq'
lab_enter "${agent_all[@]}"

lab_up "$1" "$2"
lab_coturn
good='.outcome == "connected" and .a.kind == $kind and .b.kind == $kind'
if [ -n "$change" ]; then
	command -v conntrack >/dev/null || lab_skip 'there is no conntrack'
	who_change "$change" --at 1
	good='.outcome == "restored" and .kept and .doubled == 0'
fi
said=$(who_meet altair "$turn" "$controlling" --delay 20 --expect "$expect" \
	--events)
if jq -e --arg kind "$expect" "$good" <<<"$said" >/dev/null; then
	echo "ok $1 $2 $expect $change $turn ${links[*]}"
	exit 0
fi
echo "not ok $agent_name"
jq . <<<"$said" || echo "$said"
exit 1
