#!/bin/sh
# ./quickstart as a newcomer types it, in a copy of the tree:
#   quickstart.sh <source directory> <altair of the release build>
set -u
source=$1 built=$2
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT || exit 1
mkdir "$dir/tree" "$dir/fake" || exit 1
"$source/tools/files.sh" >"$dir/files"
tar -C "$source" -cf - -T "$dir/files" | tar -C "$dir/tree" -xf - || exit 1
cd "$dir/tree" || exit 1
status=0

quickstart() { # wanted-status options...
  wanted=$1
  shift
  ./quickstart "$@" </dev/null >"$dir/said" 2>&1
  got=$?
  [ $got = "$wanted" ] && return
  echo "./quickstart $* ended with $got, not $wanted:"
  cat "$dir/said"
  status=1
}

says() { # text
  grep -qF -- "$1" "$dir/said" && return
  echo "not said: $1"
  status=1
}

quickstart 0 --install --prefix "$dir/prefix"
says "$dir/prefix/bin/altair connect --peer IP:PORT --initiator"
verified=$(grep -c 'Round-trip successful!' "$dir/said")
if [ "$verified" -lt 2 ]; then
  echo "$verified of two sides verified the round trip:"
  cat "$dir/said"
  status=1
fi
says 'Code: '
connected=$(grep -c '✓ Connected to ' "$dir/said")
if [ "$connected" -ne 4 ]; then
  echo "$connected times connected by code and name, not 4:"
  cat "$dir/said"
  status=1
fi
"$dir/prefix/bin/altair" --version || status=1

# Built elsewhere, from a copy, it is the same to the byte.
if ! cmp build/release/altair "$built"; then
  echo "the build is not reproducible (or older than the tree)"
  status=1
fi

# Again, with nothing to do.
quickstart 0 --no-demo
says "$dir/tree/build/release/altair discover"

# Where namespaces are not allowed it says so and shows less.
printf '#!/bin/sh\nexit 1\n' >"$dir/fake/unshare"
printf '#!/bin/sh\nexit 1\n' >"$dir/fake/sudo"
chmod +x "$dir/fake/unshare" "$dir/fake/sudo"
PATH=$dir/fake:$PATH quickstart 0
says 'may not make namespaces'
says 'over loopback, without any NAT'
says 'Round-trip successful!'

# A failure names the log.
printf '#!/bin/sh\necho no memory; exit 1\n' >"$dir/fake/cmake"
chmod +x "$dir/fake/cmake"
PATH=$dir/fake:$PATH quickstart 1
says 'build/quickstart.log'
says 'no memory'
exit $status
