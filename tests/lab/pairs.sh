#!/usr/bin/env bash
#
# pairs.sh - the guide's flow between every pair of the NATs that the guide
# marks as working, many times: both orders, either side first, 0 to 8 s apart.
# Every run has a lab and NATs of its own, so many can go on at once.

usage() {
	cat <<'END'
usage: pairs.sh [--runs N] [--jobs N] [--build DIR] [KIND]...

--runs N     of each ordered pair (default 2; the bar is 20 of 20)
--jobs N     at a time (default 8: they mostly wait)
--build DIR  the build to use (default build/release)
KIND         default: open full addr port, each with each
END
}

here=$(dirname "$0")
# shellcheck source=tests/lab/lab.sh
. "$here/lab.sh"
set -u

runs=2 jobs=8
while [ $# -gt 0 ]; do
	case $1 in
	--runs) runs=$2 ;;
	--jobs) jobs=$2 ;;
	--build) LAB_BUILD=$2 ;;
	--*)
		usage
		exit 2
		;;
	*) break ;;
	esac
	shift 2 || exit 2
done
[ $# -gt 0 ] || set -- open full addr port
lab_ready

# Run number `run` of pair number `pair`: the skews of one pair are spread
# evenly over 0 to 8 s, and those of different pairs are different.
one() {
	local ms=$(((pair * 1700 + run * 8000 / runs) % 8001))
	"$here/pair.sh" --build "$LAB_BUILD" \
		--first "$( ((run % 2)) && echo b || echo a)" \
		--initiator "$( ((run / 2 % 2)) && echo b || echo a)" \
		--skew "$((ms / 1000)).$(printf %03d $((ms % 1000)))" "$1" "$2"
}

trap 'kill $(jobs -p) 2>/dev/null; exit 130' INT TERM
total=0 failed=0 active=0 pair=0
reap() {
	wait -n || failed=$((failed + 1))
	active=$((active - 1))
}

for a; do
	for b; do
		for ((run = 0; run < runs; run++)); do
			[ "$active" -lt "$jobs" ] || reap
			one "$a" "$b" &
			active=$((active + 1)) total=$((total + 1))
		done
		pair=$((pair + 1))
	done
done
while [ "$active" -gt 0 ]; do
	reap
done
echo "$((total - failed)) of $total runs connected"
[ "$failed" -eq 0 ]
