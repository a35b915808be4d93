#!/usr/bin/env bash
#
# tidy.sh - a lab leaves nothing behind, whatever ends it. All of its processes
# hold the other end of a pipe: when the pipe ends, they are gone, and with the
# last process its namespaces.

# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
set -u

lab_ready
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT || exit 1
before=$(ip netns list; ip -o link | wc -l)
status=0

# ended_by SIGNAL EXIT_CODE
ended_by() {
	local lab line pipe code
	mkfifo "$dir/$1"
	"$(dirname "$0")/lab.sh" port cgn sh -c 'echo up; sleep 600' \
		>"$dir/$1" 2>/dev/null &
	lab=$!
	exec {pipe}<"$dir/$1"
	read -r -t 20 line <&"$pipe"
	kill "-$1" "$lab"
	wait "$lab" 2>/dev/null
	code=$?
	if [ "$line" = up ] && [ "$code" = "$2" ] &&
		timeout 5 cat <&"$pipe" >/dev/null; then
		echo "ok $1: nothing is left"
	else
		echo "not ok $1: '$line', exit code $code, or processes are left"
		status=1
	fi
	exec {pipe}<&-
}

ended_by TERM 143
ended_by HUP 129
ended_by KILL 137
if [ "$before" != "$(ip netns list; ip -o link | wc -l)" ]; then
	echo 'not ok: this host has other namespaces or links than before'
	status=1
fi
exit $status
