#!/bin/sh
# docs/failures.md names tests that are there, and one in each row.
# shellcheck disable=SC2016 # backquotes are Markdown here
set -u
page=docs/failures.md
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT || exit 1
status=0

tr '\n' ' ' <$page | grep -oE '`(unit|sim)/[a-z0-9_]+: +[a-z0-9_]+`' | tr -d '`' |
  sed 's/: */ /' >"$dir/named"
while read -r file name; do
  grep -qE "TEST\\($name\\)" "tests/${file}_test.c" && continue
  echo "$page: tests/${file}_test.c has no test $name"
  status=1
done <"$dir/named"
[ -s "$dir/named" ] || status=1
if grep -E '^\| ' $page | grep -vE '^\| (what went|---)' |
  grep -v '`[a-z]*/[a-z_]*: '; then
  echo "$page: the rows above name no test"
  status=1
fi
exit $status
