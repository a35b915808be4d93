#!/usr/bin/env bash
#
# tls_relay.sh - `altair serve` as it comes, without a file and without an option,
# and two agents to whom UDP is closed: both behind a firewall of this kernel that
# lets no UDP out. They meet through it over TLS, with the credentials and the
# certificate that it shows. Says what happens. Exit code 0 when each has received
# what the other one said, 1 when not, 77 when the system cannot show it.
#
#     tls_relay.sh

# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
set -u

tls_python=/usr/bin/python3
for tls_need in $tls_python jq; do
	command -v "$tls_need" >/dev/null || lab_skip "there is no $tls_need"
done
[ -x "$LAB_BUILD/altair" ] || lab_fail "there is no $LAB_BUILD/altair"
lab_enter "$@"

tls_out=$LAB_RUN/serve.out

# The server's words; its last line is that of the certificate.
tls_serve() {
	(exec nsenter --net=/run/netns/servers -- "$LAB_BUILD/altair" serve) \
		>"$tls_out" 2>&1 &
	tls_server=$!
	lab_until 10 lab_holds "$tls_out" 'tls: ' || {
		cat "$tls_out"
		lab_fail 'the server does not start'
	}
	sed 's/^/[server] /' "$tls_out"
}

# UDP does not get through: the plainest question stays without an answer.
tls_blocked() {
	local out=$LAB_RUN/$1.out
	! on "$1" "$LAB_BUILD/altair" discover --stun "$LAB_S1" --timeout 2s \
		>"$out" 2>&1 || lab_fail "UDP of ${1^^} is not blocked"
	sed -n "s/^./[${1^^}] &/p" "$out"
}

# Every line that the agents said, in order, and what they were told to say.
tls_story() {
	jq -r '[("a", "b") as $side | .[$side].events[] |
			{at: (.[0] // 0), way: .[1], side: $side,
			 said: (.[2] | fromjson)}] |
		sort_by(.at) | .[] |
		"[\(.side | ascii_upcase)] \(.at | floor) ms  " +
		if .way == "in" then
			if .said.cmd == "send" then "says     \(.said.text)"
			else empty end
		elif .said.event == "state" then "state    \(.said.state)"
		elif .said.event == "candidate" then .said.candidate
		elif .said.event == "selected" then
			"path     \(.said.kind): \(.said.local) - \(.said.remote)"
		elif .said.event == "data" then "receives \(.said.text)"
		elif .said.event == "error" then "error    \(.said.message)"
		else empty end' <<<"$1"
}

lab_up udpblock udpblock
tls_serve
tls_uri=$(sed -n 's/^relay: *//p' "$tls_out")
tls_hash=$(sed -n 's/^tls: *SHA-256 \([0-9a-f]*\).*/\1/p' "$tls_out")
# It knows no name of its own: the address is the one that others have for it.
tls_uri="${tls_uri%@*}@$LAB_S1:3478?transport=tls"
echo
tls_blocked a
tls_blocked b
tls_options="--turn $tls_uri --tls-sha256 $tls_hash"
echo
echo "[A] \$ altair agent --controlling $tls_options"
echo "[B] \$ altair agent --controlled $tls_options"

tls_line() {
	echo "nsenter --net=/run/netns/$1 -- $LAB_BUILD/altair agent --$2 $tls_options"
}
tls_found=$($tls_python "$(dirname "$0")/../interop/ice_pair.py" --delay 20 \
	--expect relay --events "$(tls_line a controlling)" \
	"$(tls_line b controlled)")
tls_status=$?
tls_story "$tls_found"
echo
kill "$tls_server"
wait "$tls_server"
sed -n '/^served\|^relayed/s/^/[server] /p' "$tls_out"
jq -e '.outcome == "connected" and .a.kind == "relay" and .b.kind == "relay" and
	(.a.errors + .b.errors | length) == 0' <<<"$tls_found" >/dev/null ||
	tls_status=1
[ $tls_status -eq 0 ] || lab_fail "no data both ways: $(jq -c .outcome <<<"$tls_found")"
echo 'data went both ways, through the relay, over TLS'
