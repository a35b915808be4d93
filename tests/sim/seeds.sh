#!/bin/sh
# Every seed that ever failed, once more: seeds.sh ALTAIR-SIM LIST
# A line is a seed, or `agent` or `server` and a seed, and what it showed.
# A run ends with 0 (connected) or 6 (not); the judges' refusal is 1.
set -u
bad=0
while read -r seed story; do
	what=
	case $seed in
	'' | '#'*) continue ;;
	agent | server)
		what=$seed
		seed=${story%% *} story=${story#* }
		;;
	esac
	"$1" $what --seed "$seed" --quiet-diagram >/dev/null
	status=$?
	if [ "$status" -ne 0 ] && [ "$status" -ne 6 ]; then
		echo "not ok altair-sim $what --seed $seed ($story): status $status"
		bad=1
	fi
done <"$2"
exit "$bad"
