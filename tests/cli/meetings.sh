#!/bin/sh
# The rendezvous of `altair serve`: meetings.sh ALTAIR quick|abroad|late. What comes
# from other hosts comes from an address in a network namespace of its own.
set -u
here=$(cd "$(dirname "$0")" && pwd) || exit 1
skip() {
	echo "skipped: $*"
	[ "${CI:-}" != true ] || exit 1
	exit 77
}
command -v python3 >/dev/null || skip "there is no python3"
if [ "$2" = abroad ]; then
	unshare -n true 2>/dev/null || {
		echo "skipped: a network namespace wants root"
		exit 77
	}
	exec unshare -n python3 "$here/meetings.py" "$1" "$2"
fi
exec python3 "$here/meetings.py" "$1" "$2"
