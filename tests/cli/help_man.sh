#!/bin/sh
# The manual page lists for each command the options that --help lists, with the
# same letters and values:      help_man.sh <altair> <altair.1>
set -u
altair=$1 page=$2
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT || exit 1
status=0

# "-4, --ipv4", "--peer IP:PORT"
from_help() { # command
  "$altair" "$1" --help |
    sed -nE 's/^ {2,6}((-[a-z0-9], )?--[a-z0-9-]+( [A-Z][^ ]*)?).*/\1/p' |
    grep -v -- --help | LC_ALL=C sort
}

from_page() { # command
  sed -n "/^\.Ss altair $1\$/,/^\.S[hs]/p" "$page" |
    sed -nE 's/^\.It (Fl .*)/\1/p' |
    sed -e 's/Fl Fl /--/g' -e 's/Fl \([a-z0-9]\)/-\1/g' -e 's/ , /, /' \
      -e 's/ Ns Op : Ns Ar PORT/[:PORT]/' -e 's/ : Ns Ar /:/' -e 's/Ar //g' |
    LC_ALL=C sort
}

for command in listen connect ping peers id discover doctor serve agent ctl; do
  from_help $command >"$dir/help"
  from_page $command >"$dir/page"
  grep -q . "$dir/help" || status=1
  diff -u "$dir/help" "$dir/page" || status=1
  "$altair" $command --help >"$dir/a"
  "$altair" help $command >"$dir/b"
  cmp "$dir/a" "$dir/b" || status=1
done
exit $status
