#!/usr/bin/env bash
#
# code.sh - how long it takes from the command to the first protected byte: `altair
# connect CODE`, and `wormhole receive CODE` beside it, in the same run. Both peers
# behind a kernel NAT each (port), 12.5 ms of line each, the server 7.5 ms: 40 ms round
# trip to the server, 50 between the peers.

code_usage() {
	cat <<'END'
usage: code.sh [--runs N] [--peer-runs N] [--cells LIST] [--who LIST]
               [--out DIR] [--build DIR] [--report] [--check]

--runs N       of altair (default 20)
--peer-runs N  of magic-wormhole (default 3)
--cells LIST   port-port (both behind NAT), open-open
--who LIST     default "altair wormhole"
--out DIR      results.jsonl and bars (default build/bench/code). What is in
               results.jsonl is not run again.
--build DIR    a release build (default build/release)
--report       runs nothing
--check        exit code 1 when a bar is missed
END
}

bench=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lab/lab.sh
. "$bench/../tests/lab/lab.sh"
# shellcheck source=tests/lab/link.sh
. "$bench/../tests/lab/link.sh"
# shellcheck source=bench/runs.sh
. "$bench/runs.sh"
set -u

# The sum of round trips that the messages need, docs/design.md: 6 * 40 + 2.5 * 50.
code_sum=365
code_python=/usr/bin/python3

who_missing() {
	[ "$1" = altair ] && return
	local module
	for module in wormhole wormhole_mailbox_server wormhole_transit_relay; do
		"$code_python" -c "import $module" 2>/dev/null || {
			echo "$module for $code_python"
			return
		}
	done
}

# --- one run, in a lab of its own: code.sh --one WHO KIND_A KIND_B ---------

# From the beginning of a command on b until it says what a has sent.
code_time() {
	on b "$code_python" "$bench/code_time.py" 'hello from a' "$@"
}

code_altair() {
	link_serve
	(
		echo 'hello from a'
		exec sleep 60
	) | link_run a listen --server "$LINK_URL" >"$LAB_RUN/a.out" 2>&1 &
	lab_until 10 lab_holds "$LAB_RUN/a.out" 'Code: ' || lab_fail 'no code'
	sleep 0.5
	link_home b
	code_time "$LAB_BUILD/altair" connect --server "$LINK_URL" \
		"$(link_code "$LAB_RUN/a.out")"
}

code_wormhole() {
	local url=ws://$LAB_S1:4000/v1 relay=tcp:$LAB_S1:4001
	local common=("$code_python" /usr/bin/wormhole --relay-url "$url" --transit-helper "$relay")
	cd "$LAB_RUN" || exit 3
	on servers "$code_python" -m twisted wormhole-mailbox --port \
		"tcp:4000:interface=$LAB_S1" >"$LAB_RUN/mailbox.out" 2>&1 &
	on servers "$code_python" -m twisted transitrelay \
		"--port=tcp:4001:interface=$LAB_S1" >"$LAB_RUN/transit.out" 2>&1 &
	lab_until 20 lab_holds "$LAB_RUN/mailbox.out" 'starting on 4000' ||
		lab_fail 'the mailbox server does not start'
	on a "${common[@]}" send --hide-progress \
		--text 'hello from a' --code 7-acorn-river >"$LAB_RUN/a.out" 2>&1 &
	sleep 3 # nothing tells that it waits at the server
	code_time "${common[@]}" receive --hide-progress \
		7-acorn-river
}

code_one() {
	lab_options --ipv4 --access 12500us --server-access 7500us \
		--build "$LAB_BUILD"
	lab_enter --one "$@" --build "$LAB_BUILD"
	chrt --rr -p 1 $$ 2>/dev/null || renice -n -20 $$ >/dev/null 2>&1
	lab_up "$2" "$3"
	"code_$1"
}

if [ "${1:-}" = --one ]; then
	[ "${5:-}" != --build ] || LAB_BUILD=$(realpath -m "$6")
	code_one "$2" "$3" "$4"
	exit
fi

# --- all runs ----------------------------------------------------------------

runs=20 peer_runs=3 jobs=1
who_list='altair wormhole'
runs_options code "$@"

runs_cells() {
	printf '%s\n' port-port open-open
}

runs_once() { # cell who run
	timeout --foreground 60 "$bench/code.sh" --one "$2" "${1%-*}" "${1#*-}" \
		--build "$LAB_BUILD"
}

# Medians, and which bars are met.
code_report() {
	jq -rs --argjson sum "$code_sum" '
		def median: sort | .[(length - 1) / 2 | floor];
		group_by([.cell, .who]) | map({
			key: "\(.[0].cell)/\(.[0].who)",
			value: {n: length, ms: ([.[].said.ms] | median),
				worst: ([.[].said.ms] | max)}
		}) | from_entries as $all |
		($all | to_entries[] | "\(.key)\t\(.value.n) runs\tmedian \(.value.ms) ms\tworst \(.value.worst) ms"),
		($all["port-port/altair"] // null | if . then
			(if .ms <= 1.25 * $sum then "met" else "missed" end) +
			": \(.ms) ms is \(.ms / $sum * 100 | round / 100) times the sum of round trips, \($sum) ms (bar 1.25)"
			else empty end),
		($all | to_entries[] | select(.key | endswith("/wormhole")) |
			(.key | split("/")[0]) as $cell | .value.ms as $other |
			($all["\($cell)/altair"] // null) | if . then
			(if .ms < $other then "met" else "missed" end) +
			": \($cell): \(.ms) ms, magic-wormhole \($other) ms" else empty end)
	' "$results" | tee "$out/bars"
}

runs_all
code_report
[ -z "$check" ] || ! grep -q '^missed' "$out/bars"
