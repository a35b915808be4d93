#!/bin/sh
# What the manual says is so:            manual.sh    from the root of the tree
#   its tables of errors and verdicts are those of the headers; each name of ours
#   in it is declared; each test that it names is in the table of its test
#   program; its table of NATs is the simulator's. And libaltair(3) lists what the
#   libraries export, and its programs compile.
# shellcheck disable=SC2016 # backquotes are Markdown here
set -u
page=docs/manual.md
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT || exit 1
status=0

# Says what is wrong when the two lists differ or are empty.
same() { # what list list
  : >"$dir/diff"
  if [ -s "$2" ] && diff -u "$2" "$3" >"$dir/diff"; then
    return
  fi
  echo "$1"
  cat "$dir/diff"
  status=1
}

sed -nE 's/^.*X\(([A-Z_]+), (-[0-9]+), *"(.*)"\).*/| `ALTAIR_E_\1` | \2 | \3 |/p' \
  include/altair/error.h >"$dir/errors"
grep -E '^\| `ALTAIR_E_' "$page" >"$dir/said"
same "$page: the table of errors is not that of altair/error.h" "$dir/errors" "$dir/said"

printf '#include <altair/verdict.h>\n%s\n%s\n' \
  '#define ROW(id, name, sentence, advice) @| name | sentence | advice |' \
  'ALTAIR_AGENT_VERDICTS(ROW)' | "${CC:-cc}" -E -P -Iinclude - | tr '@' '\n' |
  sed -n '/^| "/p' | sed 's/ *$//; s/" "//g; s/^| "\([a-z-]*\)" | "/| `\1` | /
    s/" | "/ | /; s/" |$/ |/' >"$dir/verdicts"
awk '/^\| code \| what it means/ { inside = 1 } !/^\|/ { inside = 0 }
  inside && /^\| `/' "$page" >"$dir/said"
same "$page: the table of verdicts is not that of altair/verdict.h" "$dir/verdicts" "$dir/said"

grep -ohE '\b(altair_[a-z0-9_]+|ALTAIR_[A-Z0-9_]+)' "$page" |
  grep -vE '_$|^ALTAIR_(STUN|CONTROL|CODE|SECRET|SERVER|E_[A-Z_]+)$' | sort -u >"$dir/names"
while read -r name; do
  grep -qwF "$name" include/altair/*.h && continue
  case $name in
  *_) ;;
  *) echo "$page: $name is declared nowhere" && status=1 ;;
  esac
done <"$dir/names"

grep -oE '`test_[a-z0-9_]+`' "$page" | tr -d '`' >"$dir/tests"
while read -r name; do
  grep -qF "TEST($name)" tests/interop/conn_test.c ||
    { echo "$page: there is no $name" && status=1; }
done <"$dir/tests"
[ "$(wc -l <"$dir/tests")" -ge 11 ] || { echo "$page: tests are missing" && status=1; }

# "open sym port-changed" for each cell of the table, and for each pair of the
# simulator's matrix that has the same outcome in all four columns.
awk -F '|' '
  function bare(text) { gsub(/[` ]/, "", text); return text }
  /^\| \| `open`/ { for (i = 3; i < NF; i++) kind[i] = bare($i); inside = 1; next }
  !/^\|/ { inside = 0 }
  inside && $2 ~ /`/ {
    for (i = 3; i < NF; i++) {
      cell = bare($i)
      word = cell == "✅" ? "direct" : cell == "🔀" ? "port-changed" : "fails"
      print bare($2), kind[i], word
    }
  }' "$page" | sort >"$dir/table"
awk '{ print $1 "\n" $2 }' "$dir/table" | sort -u >"$dir/kinds"
awk -v kinds="$dir/kinds" '
  BEGIN { while ((getline kind < kinds) > 0) known[kind] = 1 }
  /^#/ || !known[$1] || !known[$2] { next }
  { print $1, $2, ($3 == $4 && $4 == $5 && $5 == $6 ? $3 : "mixed") }' \
  tests/sim/matrix.expected | sort >"$dir/matrix"
same "$page: the table of NATs is not that of the simulator" "$dir/matrix" "$dir/table"

# libaltair(3) lists every exported function, and no other.
man=docs/man/libaltair.3
cat tests/rules/lib*.symbols | grep -oE '\baltair_[a-z0-9_]+' | sort -u >"$dir/exported"
grep -E '^\.Fn ' $man | grep -oE '\baltair_[a-z0-9_]+' | sort -u >"$dir/listed"
same "$man does not list what the libraries export" "$dir/exported" "$dir/listed"

# Its programs compile.
awk -v dir="$dir" '
  /^\.Bd -literal/ { file = dir "/man-" ++count ".c"; next }
  /^\.Ed/ { file = "" }
  file { gsub(/\\e/, "\\"); print >file }' $man
for program in "$dir"/man-*.c; do
  grep -q '^#include' "$program" || continue
  "${CC:-cc}" -std=c17 -Wall -Wextra -Werror -fsyntax-only -Iinclude "$program" ||
    status=1
done
[ -s "$dir/man-1.c" ] || { echo "$man has no examples" && status=1; }
exit $status
