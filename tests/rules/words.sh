#!/bin/sh
# Functions that are not to be called: those that cannot be used safely, anywhere;
# in the core whatever is not pure (its headers alone would not stop a prototype
# written by hand).      words.sh [root of the tree]
set -u
cd "${1:-.}" || exit 1
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT || exit 1
status=0

# Blanks comments and string literals, keeps the lines.
code() { # file
  awk -f tests/rules/code.awk "$1"
}

refuse() { # extended-regex what files...
  words=$1 what=$2
  shift 2
  for file in "$@"; do
    code "$file" | grep -nE "(^|[^A-Za-z0-9_.>])($words) *\\(" |
      sed "s|^|$file:|" >"$dir/found"
    [ -s "$dir/found" ] || continue
    echo "$what:"
    cat "$dir/found"
    status=1
  done
}

never='sprintf|vsprintf|strcpy|strcat|strtok|gets|rand|srand|random|srandom'
never="$never|alloca|tmpnam|mktemp|atoi|atol|asctime|ctime|gmtime|localtime"
impure='malloc|calloc|realloc|free|time|clock|clock_gettime|gettimeofday'
impure="$impure|v?f?printf|snprintf|vsnprintf|puts|fputs|write|read|getenv"
impure="$impure|abort|exit|socket|sendto|recvfrom|sendmsg|recvmsg|qsort"

# Time is virtual there: a test that sleeps waits for luck.
sleeps='sleep|usleep|nanosleep|clock_nanosleep'

# shellcheck disable=SC2046 # file names of this tree have no blanks
refuse "$never" "never" $(tools/files.sh '\.[ch]$')
# shellcheck disable=SC2046
refuse "$impure" "not in the core" $(tools/files.sh '^core/.*\.[ch]$')
# shellcheck disable=SC2046
refuse "$sleeps" "no sleeping" $(tools/files.sh '^(tests/unit|tests/sim|sim)/.*\.[ch]$')
exit $status
