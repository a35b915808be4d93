#!/usr/bin/env bash
#
# connect.sh - how fast every pair of networks connects, and how: `altair agent`
# beside other implementations of ICE, each with itself, in the same run.

connect_usage() {
	cat <<'END'
usage: connect.sh [--runs N] [--peer-runs N] [--cells LIST] [--who LIST]
                  [--jobs N] [--out DIR] [--build DIR] [--report] [--docs]
                  [--check]

--runs N       of altair, each cell (default 20)
--peer-runs N  of each of the others, and of the bare exchange (default 3)
--cells LIST   such as "port-sym open-*" (default: all)
--who LIST     default "floor altair libnice-udp libnice aioice pion"
--jobs N       labs at a time (default 1: more disturb each other)
--out DIR      results.jsonl, connect.md and connect.svg (default
               build/bench/connect). What is in results.jsonl is not run again:
               end it at any time, start it again, and it goes on.
--build DIR    a release build (default build/release)
--report       runs nothing
--docs         docs/connect.md and docs/connect.svg are written, too
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

runs=20 peer_runs=3 jobs=1
who_list='floor altair libnice-udp libnice aioice pion'
runs_options connect "$@"

# Every pair of two networks, and those that both sides share.
runs_cells() {
	local kinds=(open full addr port cgn linux sym symseq udpblock) i j
	for ((i = 0; i < ${#kinds[@]}; i++)); do
		for ((j = i; j < ${#kinds[@]}; j++)); do
			echo "${kinds[i]}-${kinds[j]}"
		done
	done
	echo lan-lan
	echo hairpin-hairpin
	echo carrier-carrier
	echo open-udpblock/tls
	echo udpblock-udpblock/tls
	echo open-udpblock/tls-serve
	echo udpblock-udpblock/tls-serve
	echo port-port/loss
	echo sym-sym/loss
}

# The server's certificate is of the lab: only ours is told to trust it.
runs_takes() {
	[[ $1 != */tls* || $2 = altair ]]
}

runs_once() { # cell who run
	local pair=${1%/*} turn=udp,tcp side=a options=()
	# aioice knows one relay: the one that can work.
	[[ $1 != *udpblock* ]] || turn=tcp,udp
	[[ $1 != */tls* ]] || turn=tls
	[[ $1 != */tls-serve ]] || options=(--server serve)
	[[ $1 != */loss ]] || options=(--loss 10)
	(($3 % 2)) || side=b
	timeout --foreground 60 "$bench/meet.sh" --build "$LAB_BUILD" "${options[@]}" \
		--turn "$turn" --controlling "$side" "$2" "${pair%-*}" "${pair#*-}"
}

# cell, who, run, outcome, ms (-: none), first kind, last kind
connect_lines() {
	jq -r '.said as $s
		| if .who == "floor" then
			[.cell, .who, .run, "connected", $s.ms // "-", $s.a.udp // "-",
			 $s.b.udp // "-", $s.a.tcp // "-", $s.b.tcp // "-"]
		else
			[.cell, .who, .run, $s.outcome,
			 if $s.outcome == "connected" then $s.received_ms else "-" end,
			 ($s.a.first.kind // "-"), ($s.a.kind // "-"), ($s.b.kind // "-")]
		end | @tsv' "$results"
}

connect_report() {
	runs_cells >"$out/cells"
	connect_lines >"$out/lines"
	awk -f "$bench/connect_cells.awk" -f "$bench/connect_table.awk" \
		-v bars="$out/bars" "$out/cells" "$out/lines" >"$out/connect.md" &&
		awk -f "$bench/connect_cells.awk" -f "$bench/connect_plot.awk" \
			"$out/cells" "$out/lines" >"$out/connect.svg" || exit 3
	[ -z "$docs" ] || cp "$out/connect.md" "$out/connect.svg" "$root/docs/"
	cat "$out/bars"
}

runs_all
connect_report
[ -z "$check" ] || ! grep -q '^missed' "$out/bars"
