# shellcheck shell=bash
#
# runs.sh - many runs of many programs in many cells, each a line of JSON in a
# file, so that what was ended goes on. Sourced by connect.sh and roam.sh after the
# lab's files and with runs, peer_runs, jobs and who_list set; they define
# NAME_usage, runs_cells (prints all) and runs_once CELL WHO RUN (prints JSON).
#
#   runs_options NAME ARG...   the options that both have
#   runs_all                   does what was not done yet

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cells='*' report='' docs='' check=''

runs_options() {
	local name=$1
	shift
	out=$root/build/bench/$name
	LAB_BUILD=$root/build/release
	while [ $# -gt 0 ]; do
		case $1 in
		--report) report=yes ;;
		--docs) docs=yes ;;
		--check) check=yes ;;
		--help)
			"${name}_usage"
			exit 0
			;;
		--runs | --peer-runs | --cells | --who | --jobs | --out | --build)
			runs_value "$1" "${2:?}"
			shift
			;;
		*)
			"${name}_usage" >&2
			exit 2
			;;
		esac
		shift
	done
	results=$out/results.jsonl
	mkdir -p "$out" && touch "$results" || exit 3
}

runs_value() {
	case $1 in
	--runs) runs=$2 ;;
	--peer-runs) peer_runs=$2 ;;
	--cells) cells=$2 ;;
	--who) who_list=$2 ;;
	--jobs) jobs=$2 ;;
	--out) out=$2 ;;
	--build) LAB_BUILD=$(realpath -m "$2") ;;
	esac
}

runs_wants() {
	local pattern
	set -f
	for pattern in $cells; do
		# shellcheck disable=SC2053  # a pattern
		[[ $1 != $pattern ]] || return 0
	done
	return 1
}

# One run, and its line in the results. A lab that failed is no result.
runs_record() { # cell who run
	local said
	said=$(runs_once "$@" 2>"$out/last.err")
	if [ -z "$said" ]; then
		echo "$1 $2 $3: nothing was said; $(tail -n 1 "$out/last.err")" >&2
		return
	fi
	jq -c --arg cell "$1" --arg who "$2" --argjson run "$3" \
		'{cell: $cell, who: $who, run: $run, said: .}' <<<"$said" \
		>>"$results"
}

declare -A runs_done=()

# Whether a program takes part in a cell; to be defined anew where not all do.
runs_takes() { # cell who
	:
}

# All of one run after the other: what disturbs one disturbs the others, too.
runs_cell() {
	local run who most
	for ((run = 1; run <= runs || run <= peer_runs; run++)); do
		for who in $who_list; do
			most=$peer_runs
			[ "$who" != altair ] || most=$runs
			[ "$run" -le "$most" ] && runs_takes "$1" "$who" ||
				continue
			[ -z "${runs_done[$1/$who/$run]:-}" ] || continue
			while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do
				wait -n
			done
			if [ "$jobs" -gt 1 ]; then
				runs_record "$1" "$who" "$run" &
			else
				runs_record "$1" "$who" "$run"
			fi
		done
	done
}

runs_all() {
	local cell who key missing here=''
	trap 'exit 130' INT
	[ -z "$report" ] || return 0
	command -v jq >/dev/null || lab_skip 'there is no jq'
	lab_ready
	lab_ready_wan
	for who in $who_list; do
		missing=$(who_missing "$who")
		if [ -n "$missing" ]; then
			echo "without $who: there is no $missing" >&2
		else
			here+=" $who"
		fi
	done
	who_list=$here
	while read -r key; do
		runs_done[$key]=yes
	done < <(jq -r '"\(.cell)/\(.who)/\(.run)"' "$results")
	for cell in $(runs_cells); do
		runs_wants "$cell" || continue
		echo "$(date +%T) $cell" >&2
		runs_cell "$cell"
	done
	wait
}
