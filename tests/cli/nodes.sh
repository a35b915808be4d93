#!/bin/sh
# Two servers with one Redis that is killed and started again:
#   nodes.sh ALTAIR [SECONDS [PERIOD]]
# Once in run-tests; for ten minutes, every 30 s: nodes.sh build/dev/altair 600 30
set -u
here=$(cd "$(dirname "$0")" && pwd) || exit 1
skip() {
	echo "skipped: $*"
	[ "${CI:-}" != true ] || exit 1
	exit 77
}
command -v python3 >/dev/null || skip "there is no python3"
command -v redis-server >/dev/null || skip "there is no redis-server"
exec python3 "$here/nodes.py" "$@"
