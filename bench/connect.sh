#!/usr/bin/env bash
#
# connect.sh - how fast every pair of networks connects, and how: `altair agent`
# beside other implementations of ICE, each with itself, in the same run.

connect_usage() {
	cat <<'END'
usage: connect.sh [--runs N] [--peer-runs N] [--cells LIST] [--who LIST]
                  [--out DIR] [--build DIR] [--report] [--docs] [--check]

--runs N       of altair, each cell (default 20)
--peer-runs N  of each of the others, and of the bare exchange (default 3)
--cells LIST   such as "port-sym open-*" (default: all)
--who LIST     default "floor altair libnice-udp libnice aioice pion"
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
set -u

root=$(dirname "$bench")
runs=20 peer_runs=3 cells='*' out=$root/build/bench/connect
LAB_BUILD=$root/build/release
who_list='floor altair libnice-udp libnice aioice pion'
report='' docs='' check=''
while [ $# -gt 0 ]; do
	case $1 in
	--report) report=yes ;;
	--docs) docs=yes ;;
	--check) check=yes ;;
	--help)
		connect_usage
		exit 0
		;;
	*)
		case $1 in
		--runs) runs=${2:?} ;;
		--peer-runs) peer_runs=${2:?} ;;
		--cells) cells=${2:?} ;;
		--who) who_list=${2:?} ;;
		--out) out=${2:?} ;;
		--build) LAB_BUILD=$(realpath -m "${2:?}") ;;
		*)
			connect_usage >&2
			exit 2
			;;
		esac
		shift
		;;
	esac
	shift
done
results=$out/results.jsonl
mkdir -p "$out" && touch "$results" || exit 3

# Every pair of two networks, and those that both sides share.
connect_cells() {
	local kinds=(open full addr port cgn linux sym symseq udpblock) i j
	for ((i = 0; i < ${#kinds[@]}; i++)); do
		for ((j = i; j < ${#kinds[@]}; j++)); do
			echo "${kinds[i]}-${kinds[j]}"
		done
	done
	echo lan-lan
	echo hairpin-hairpin
	echo carrier-carrier
}

connect_wants() {
	local pattern
	set -f
	for pattern in $cells; do
		# shellcheck disable=SC2053  # a pattern
		[[ $1 != $pattern ]] || return 0
	done
	return 1
}

# One line of the results: the run's own line, and what was run.
connect_once() { # cell who run
	local kinds=("${1%-*}" "${1#*-}") turn=udp,tcp side=a said
	# Each transport first where it is the one that can work: aioice knows one.
	[[ $1 != *udpblock* ]] || turn=tcp,udp
	(($3 % 2)) || side=b
	said=$(timeout --foreground 60 "$bench/meet.sh" --build "$LAB_BUILD" --turn "$turn" \
		--controlling "$side" "$2" "${kinds[@]}" --limit 20 \
		2>"$out/last.err")
	[ -n "$said" ] || said='{"outcome":"nothing was said"}'
	jq -c --arg cell "$1" --arg who "$2" --argjson run "$3" \
		'{cell: $cell, who: $who, run: $run, said: .}' <<<"$said" \
		>>"$results"
}

declare -A connect_done=()
connect_skip_done() {
	local key
	while read -r key; do
		connect_done[$key]=yes
	done < <(jq -r '"\(.cell)/\(.who)/\(.run)"' "$results")
}

# All of one run after the other: what disturbs one disturbs the others, too.
connect_cell() {
	local run who most
	for ((run = 1; run <= runs || run <= peer_runs; run++)); do
		for who in $who_list; do
			most=$peer_runs
			[ "$who" != altair ] || most=$runs
			[ "$run" -le "$most" ] || continue
			[ -z "${connect_done[$1/$who/$run]:-}" ] || continue
			connect_once "$1" "$who" "$run"
		done
	done
}

connect_run() {
	local cell who missing here=''
	command -v jq >/dev/null || { echo 'connect.sh: there is no jq' >&2 && exit 3; }
	for who in $who_list; do
		missing=$(who_missing "$who")
		if [ -n "$missing" ]; then
			echo "connect.sh: without $who: there is no $missing" >&2
		else
			here+=" $who"
		fi
	done
	who_list=$here
	connect_skip_done
	for cell in $(connect_cells); do
		connect_wants "$cell" || continue
		echo "$(date +%T) $cell" >&2
		connect_cell "$cell"
	done
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
	connect_cells >"$out/cells"
	connect_lines >"$out/lines"
	awk -f "$bench/connect_cells.awk" -f "$bench/connect_table.awk" \
		-v bars="$out/bars" "$out/cells" "$out/lines" >"$out/connect.md" &&
		awk -f "$bench/connect_cells.awk" -f "$bench/connect_plot.awk" \
			"$out/cells" "$out/lines" >"$out/connect.svg" || exit 3
	[ -z "$docs" ] || cp "$out/connect.md" "$out/connect.svg" "$root/docs/"
	cat "$out/bars"
}

trap 'exit 130' INT
lab_ready
lab_ready_wan
[ -n "$report" ] || connect_run
connect_report
[ -z "$check" ] || ! grep -q '^missed' "$out/bars"
