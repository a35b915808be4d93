#!/bin/sh
# Output that cannot be written ends with 1, never by a signal, and a closed
# descriptor never becomes the socket:      output.sh <altair>
set -u
altair=$1
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT || exit 1
export XDG_STATE_HOME="$dir"
status=0

want() { # what wanted got
  [ "$2" = "$3" ] && return
  echo "$1: $3 instead of $2"
  status=1
}

# Port 9 of loopback: nobody answers, nothing must be waited for.
stun="--stun 127.0.0.1:9"
# shellcheck disable=SC2086 # two words
{
  "$altair" discover $stun >/dev/full 2>"$dir/err"
  want "discover to a full device" 1 $?
  grep -q "cannot write to the output" "$dir/err" || status=1
  "$altair" discover $stun >&- 2>/dev/null
  want "discover, stdout closed" 1 $?
  "$altair" connect --peer 198.51.100.5:5 $stun >&- 2>/dev/null
  want "connect, stdout closed" 1 $?
  "$altair" connect --peer 198.51.100.5:5 $stun --json >&- 2>&- <&-
  want "connect, everything closed" 1 $?
}
for words in help "help connect" "connect --help" version; do
  # shellcheck disable=SC2086
  "$altair" $words >"$dir/out" 2>"$dir/err"
  want "$words" 0 $?
  [ -s "$dir/out" ] && [ ! -s "$dir/err" ] || want "$words" stdout nothing
  # shellcheck disable=SC2086
  "$altair" $words >/dev/full 2>/dev/null
  want "$words to a full device" 1 $?
  # shellcheck disable=SC2086
  "$altair" $words >&- 2>/dev/null
  want "$words, stdout closed" 1 $?
done
"$altair" --version >"$dir/a" && "$altair" -V >"$dir/b" &&
  "$altair" version | cmp - "$dir/a" && cmp "$dir/a" "$dir/b" || status=1
for words in "" nonsense --nonsense "help nonsense" "version more" "discover word"; do
  # shellcheck disable=SC2086
  "$altair" $words >"$dir/out" 2>"$dir/err"
  want "altair $words" 2 $?
  [ ! -s "$dir/out" ] && grep -q help "$dir/err" || want "$words" help nothing
done
exit $status
