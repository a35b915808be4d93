#!/usr/bin/env bash
#
# meet_chart.sh - the message sequence chart of a meeting by code in docs/design.md,
# and a capture of one: they have to tell the same story (the times are shown, not
# judged). Both peers behind a kernel NAT, 40 ms to the server, 50 between them.

# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
# shellcheck source=tests/lab/link.sh
. "$(dirname "$0")/link.sh"
set -u

chart=$(dirname "$0")/meet_chart.py
for tool in tcpdump python3; do
	command -v "$tool" >/dev/null || lab_skip "there is no $tool"
done
lab_options --ipv4 --access 12500us --server-access 7500us
lab_enter "$@"
lab_up port port
link_serve

(
	sleep 60 | link_run a listen --server "$LINK_URL"
) >"$LAB_RUN/a.out" 2>&1 &
lab_until 10 lab_holds "$LAB_RUN/a.out" 'Code: ' || lab_fail 'there is no code'
on b tcpdump -i wan0 -n -U --immediate-mode -Z root \
	-w "$LAB_RUN/b.pcap" 2>"$LAB_RUN/tcpdump.err" &
capture=$!
lab_until 10 lab_holds "$LAB_RUN/tcpdump.err" 'listening on' ||
	lab_fail 'tcpdump does not begin'
(
	sleep 60 | link_run b connect --server "$LINK_URL" \
		"$(link_code "$LAB_RUN/a.out")"
) >"$LAB_RUN/b.out" 2>&1 &
lab_until 20 lab_holds "$LAB_RUN/b.out" '✓ Connected' || {
	cat "$LAB_RUN/b.out"
	lab_fail 'they do not connect'
}
kill "$capture"
wait "$capture"
python3 "$chart" "$LAB_RUN/b.pcap" "$LAB_S1" "$LAB_PUBLIC_A" || {
	echo 'not ok: this is not the chart of docs/design.md'
	exit 1
}
echo 'ok'
