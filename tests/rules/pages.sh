#!/bin/sh
# The pages: every C block of README.md and docs/*.md compiles as a file of its own
# (blocks of other languages say so behind the fence), and every link to a file of
# the tree leads to one, every link within a page to a heading.   pages.sh <cc>
set -u
cc=$1
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT || exit 1
status=0
flags="-std=c17 -D_GNU_SOURCE -Wall -Wextra -fsyntax-only -Iinclude"
flags="$flags $(pkg-config --cflags libuv)"

tools/files.sh '\.md$' >"$dir/pages"
while read -r page; do
  awk -v dir="$dir" -v page="$(basename "$page" .md)" '
    /^```c$/ { inside = 1; file = dir "/" page "-" NR ".c"; next }
    /^```/ { inside = 0 }
    inside { print >file }' "$page"
done <"$dir/pages"
for block in "$dir"/*.c; do
  [ -e "$block" ] || continue
  # shellcheck disable=SC2086 # flags
  $cc $flags "$block" && continue
  basename "$block" .c | sed "s/-\\([0-9]*\\)\$/.md: the block behind line \\1 does not compile/"
  status=1
done

# A heading as a link names it: small letters, blanks as dashes, no other signs.
headings() { # page
  sed -n 's/^#\{1,\} //p' "$1" | tr '[:upper:] ' '[:lower:]-' |
    sed 's/[^[:alnum:]_-]//g'
}
while read -r page; do
  grep -oE '\]\([^)]*\)' "$page" | sed 's/^](//; s/)$//' |
    while read -r link; do
      path=${link%%#*}
      case $link in
      http://* | https://*) continue ;;
      '#'*) path=$page ;;
      *) path=$(dirname "$page")/$path ;;
      esac
      [ -e "$path" ] || echo "$page: no $link"
      case $link in
      *#*) headings "$path" | grep -qx -- "${link#*#}" ||
        echo "$page: no heading $link" ;;
      esac
    done
done <"$dir/pages" >"$dir/broken"
if [ -s "$dir/broken" ]; then
  cat "$dir/broken"
  status=1
fi
exit $status
