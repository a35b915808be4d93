#!/usr/bin/env bash
#
# roam.sh - how long data stops when the network changes under a session: `altair
# agent` beside other implementations of ICE, each with itself.

roam_usage() {
	cat <<'END'
usage: roam.sh [--runs N] [--peer-runs N] [--cells LIST] [--who LIST]
               [--jobs N] [--out DIR] [--build DIR] [--report] [--docs] [--check]

--runs N       of altair, each cell (default 20)
--peer-runs N  of each of the others (default 1; 45 s where nothing recovers)
--cells LIST   such as "flush/sym-addr cut/*" (default: all)
--who LIST     default "altair libnice-udp aioice pion"
--jobs N       labs at a time (default 3: they mostly wait)
--out DIR      results.jsonl and roaming.md (default build/bench/roam). What is in
               results.jsonl is not run again.
--build DIR    a release build (default build/release)
--report       runs nothing
--docs         docs/roaming.md is written, too
--check        exit code 1 when a bar is missed
END
}

bench=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lab/lab.sh
. "$bench/../tests/lab/lab.sh"
# shellcheck source=tests/lab/coturn.sh
. "$bench/../tests/lab/coturn.sh"
# shellcheck source=tests/lab/who.sh
. "$bench/../tests/lab/who.sh"
# shellcheck source=bench/runs.sh
. "$bench/runs.sh"
set -u

runs=20 peer_runs=1 jobs=3
who_list='altair libnice-udp aioice pion'
runs_options roam "$@"

runs_cells() {
	printf '%s\n' flush/port-port flush/sym-addr flush/sym-sym \
		move/port-open move/port-port move/sym-sym \
		cut/open-open cut/port-port interface/port-port
}

runs_once() { # cell who run
	local kinds=${1#*/} side=a
	(($3 % 2)) || side=b
	timeout --foreground 90 "$bench/meet.sh" --build "$LAB_BUILD" --turn udp \
		--controlling "$side" --change "${1%/*}" "$2" "${kinds%-*}" \
		"${kinds#*-}"
}

# cell, who, run, outcome, ms (-: none), before, after, lost, doubled, kept
roam_lines() {
	jq -r '.said as $s | [.cell, .who, .run, $s.outcome, $s.ms // "-",
		$s.before // "-", $s.after // "-", $s.lost // "-", $s.doubled // "-",
		if $s.kept then "yes" else "no" end] | @tsv' "$results"
}

roam_report() {
	runs_cells >"$out/cells"
	roam_lines >"$out/lines"
	awk -f "$bench/roam_table.awk" -v bars="$out/bars" "$out/cells" "$out/lines" \
		>"$out/roaming.md" || exit 3
	[ -z "$docs" ] || cp "$out/roaming.md" "$root/docs/"
	cat "$out/bars"
}

command -v conntrack >/dev/null || lab_skip 'there is no conntrack'
runs_all
roam_report
[ -z "$check" ] || ! grep -q '^missed' "$out/bars"
