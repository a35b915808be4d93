#!/bin/sh
# The tree speaks of altair alone and can be built anywhere:
#   no path of one machine, no host of a package registry, no file that a build
#   made, no blank at a line's end, no marker of unfinished work, at most 22
#   entries at the root (what ls shows).
set -u
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT || exit 1
status=0

# The patterns are in pieces, so that this file is clean, too.
machine='(^|[^A-Za-z0-9_.-])/(ro''ot|ho''me|Us''ers|wo''rk)/[A-Za-z0-9_]'
hosts='(debi''an|ubu''ntu)[.](o''rg|c''om)|npm''js[.]|py''pi[.]|crates[.]i''o'
unfinished='(^|[^A-Za-z_])(TO''DO|FIX''ME|X''XX|HA''CK)([^A-Za-z_]|$)'
made='\.(o|a|so|gcda|gcno|pcap|log|orig|rej|swp)$|^build/|(^|/)core$'

tools/files.sh >"$dir/files"
refuse() { # what extended-regex files-regex
  grep -E "$3" "$dir/files" | xargs grep -nIE "$2" /dev/null >"$dir/found" ||
    return 0
  echo "$1:"
  cat "$dir/found"
  status=1
}

refuse "a path of one machine" "$machine" .
refuse "a package registry" "$hosts" .
refuse "unfinished" "$unfinished" '\.([ch]|sh|awk|cmake)$|CMakeLists.txt$'
refuse "a blank at the end of a line" '[[:blank:]]$' \
  '\.([ch]|sh|awk|cmake|json)$|CMakeLists.txt$'
if grep -E "$made" "$dir/files" | grep -v '/corpus/'; then
  echo "the files above come from a build"
  status=1
fi

entries=$(sed "s|/.*||" "$dir/files" | grep -v "^[.]" | sort -u | wc -l)
if [ "$entries" -gt 22 ]; then
  echo "the root shows $entries entries, more than 22"
  status=1
fi
exit $status
