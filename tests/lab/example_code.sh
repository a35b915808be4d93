#!/usr/bin/env bash
#
# example_code.sh - examples/code.c, two of it behind two kernel NATs, with `altair
# serve` as it comes.

# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
# shellcheck source=tests/lab/link.sh
. "$(dirname "$0")/link.sh"
set -u

lab_options
lab_enter "$@"
lab_up port addr
link_serve

example=$LAB_BUILD/examples/example-code
[ -x "$example" ] || lab_fail "there is no $example"
on a "$example" "$LINK_URL" >"$LAB_RUN/a.out" 2>&1 &
listener=$!
lab_until 10 lab_holds "$LAB_RUN/a.out" 'the other side: ' || lab_fail 'no code'
code=$(sed -n 's/.*the other side: //p' "$LAB_RUN/a.out")
on b timeout 20 "$example" "$LINK_URL" "$code" >"$LAB_RUN/b.out" 2>&1
status=$?
lab_until 10 lab_gone "$listener" || lab_fail 'the listener does not end'
sed 's/^/[A] /' "$LAB_RUN/a.out"
sed 's/^/[B] /' "$LAB_RUN/b.out"
[ "$status" -eq 0 ] && grep -q 'heard: hello' "$LAB_RUN/a.out" &&
	grep -q 'heard: hello' "$LAB_RUN/b.out" && echo ok
