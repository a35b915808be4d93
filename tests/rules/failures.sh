#!/bin/sh
# docs/failures.md names tests and scripts that are there, and one in each row; the
# guards of tests/guards can be taken away.
# shellcheck disable=SC2016 # backquotes are Markdown here
set -u
page=docs/failures.md
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT || exit 1
status=0

tr '\n' ' ' <$page | grep -oE '`(unit|sim|adapters|secure)/[a-z0-9_]+: +[a-z0-9_]+`' |
  tr -d '`' | sed 's/: */ /' >"$dir/named"
while read -r file name; do
  grep -qE "TEST\\($name\\)" "tests/${file}_test.c" && continue
  echo "$page: tests/${file}_test.c has no test $name"
  status=1
done <"$dir/named"
[ -s "$dir/named" ] || status=1
grep -oE '`(tests|bench)/[a-z0-9_/]+\.[a-z]+`' $page | tr -d '`' >"$dir/scripts"
while read -r script; do
  [ -e "$script" ] && continue
  echo "$page: there is no $script"
  status=1
done <"$dir/scripts"
if grep -E '^\| ' $page | grep -vE '^\| (\||what went|attack|---)' |
  grep -vE '`([a-z]*/[a-z0-9_]*: |tests/)'; then
  echo "$page: the rows above name no test"
  status=1
fi
python3 tests/guards/guards.py check || status=1
exit $status
