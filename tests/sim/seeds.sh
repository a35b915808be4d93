#!/bin/sh
# Every seed that ever failed, once more: seeds.sh ALTAIR-SIM LIST
# A run ends with 0 (connected) or 6 (not); the judges' refusal is 1.
set -u
bad=0
while read -r seed story; do
	case $seed in '' | '#'*) continue ;; esac
	"$1" --seed "$seed" --quiet-diagram >/dev/null
	status=$?
	if [ "$status" -ne 0 ] && [ "$status" -ne 6 ]; then
		echo "not ok altair-sim --seed $seed ($story): status $status"
		bad=1
	fi
done <"$2"
exit "$bad"
