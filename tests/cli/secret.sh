#!/bin/sh
# `altair connect --secret`: two peers on loopback, with a middleman between them who
# records everything and throws in what strangers say (middleman.py).
#   secret.sh <altair>
set -u
altair=$1
here=$(dirname "$0")
command -v python3 >/dev/null || { echo "no python3 here"; exit 77; }
dir=$(mktemp -d) || exit 1
pids='' status=0
trap 'kill $pids 2>/dev/null; rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
export XDG_STATE_HOME="$dir"
unset ALTAIR_SECRET

wait_for() { # words file
  tries=0
  until grep -q "$1" "$2" 2>/dev/null; do
    tries=$((tries + 1))
    [ $tries -lt 300 ] || { echo "no '$1' in:"; cat "$2"; exit 1; }
    sleep 0.1
  done
}

expect() { # words file
  grep -q "$1" "$2" && return
  echo "no '$1' in $2:"
  cat "$2"
  status=1
}

"$altair" serve --listen 127.0.0.1:0 >"$dir/serve" 2>&1 &
pids=$!
wait_for '^listening' "$dir/serve"
STUN_SERVER=$(sed -n 's/^listening on \(.*\)\/udp/\1/p' "$dir/serve")
export STUN_SERVER

# Two sides, each with the secret that stands behind its name, through a middleman
# who does what the first word says. Sets $left, $right.
sides() { # name middleman left-secret right-secret left-options right-options
  name=$1
  python3 "$here/middleman.py" "$2" "$dir/$name.bytes" >"$dir/$name.ports" &
  pids="$pids $!"
  wait_for ' ' "$dir/$name.ports"
  read -r to_right to_left <"$dir/$name.ports"
  mkfifo "$dir/$name-left.in" "$dir/$name-right.in"
  # shellcheck disable=SC2086 # options are words
  ALTAIR_SECRET=$3 "$altair" connect --peer "127.0.0.1:$to_right" $5 \
    <"$dir/$name-left.in" >"$dir/$name-left" 2>"$dir/$name-left.err" &
  left=$!
  # shellcheck disable=SC2086
  ALTAIR_SECRET=$4 "$altair" connect --peer "127.0.0.1:$to_left" $6 \
    <"$dir/$name-right.in" >"$dir/$name-right" 2>"$dir/$name-right.err" &
  right=$!
  pids="$pids $left $right"
  exec 5>"$dir/$name-left.in" 6>"$dir/$name-right.in"
}

finish() { # left-code right-code
  exec 5>&- 6>&-
  wait "$left"
  code=$?
  [ $code = "$1" ] || { echo "$name: left ends with $code, not $1"; status=1; }
  wait "$right"
  code=$?
  [ $code = "$2" ] || { echo "$name: right ends with $code, not $2"; status=1; }
}

talk() { # name
  wait_for 'Press Ctrl+C' "$dir/$1-left"
  wait_for 'Press Ctrl+C' "$dir/$1-right"
  for side in left right; do
    expect '^✓ Connected: authenticated by the secret, and encrypted$' \
      "$dir/$1-$side"
    grep -q 'neither encrypted' "$dir/$1-$side.err" && status=1
  done
  printf 'words from the left\n\nPUNCH\n' >&5
  wait_for '^PUNCH$' "$dir/$1-right"
  expect '^words from the left$' "$dir/$1-right"
  echo 'words from the right' >&6
  wait_for '^words from the right$' "$dir/$1-left"
  # The left ends; the right is told.
  exec 5>&-
  wait_for 'the peer has ended' "$dir/$1-right.err"
  finish 0 0
  expect 'sent 3 messages (24 bytes), received 1 message (20 bytes)' \
    "$dir/$1-left"
  # Whoever was in between has seen neither the words nor the secret.
  for words in 'words from' 'correct horse'; do
    grep -qa "$words" "$dir/$1.bytes" && {
      echo "$1: '$words' went in clear"
      status=1
    }
  done
  grep -qa PUNCH "$dir/$1.bytes" || { echo "nothing recorded"; status=1; }
}

secret='correct horse battery staple'

# Also with what strangers say in between, from the peer's own address.
sides plain pass "$secret" "$secret" '--secret --initiator' --secret
talk plain
sides strangers hello "$secret" "$secret" '--secret --initiator' --secret
talk strangers
# Nobody, or both, are the initiator: who speaks first is drawn by lot.
sides nobody pass "$secret" "$secret" --secret --secret
talk nobody
sides both pass "$secret" "$secret" '--secret --initiator' '--secret --initiator'
talk both

# Out of a file, with another one in the environment.
printf '%s\nand more\n' "$secret" >"$dir/file"
chmod 600 "$dir/file"
sides file pass other "$secret" "--secret-file $dir/file --initiator --json" --secret
wait_for '"event": *"open"' "$dir/file-left"
expect '"event": *"secured"' "$dir/file-left"
finish 0 0

# Different secrets: both sides are told, nothing passes.
sides wrong pass "$secret" 'correct horse battery stable' '--secret --initiator' \
  --secret
wait "$left"
left_code=$?
wait "$right"
right_code=$?
[ "$left_code $right_code" = '7 7' ] || {
  echo "wrong secret: exit $left_code and $right_code"
  status=1
}
for side in left right; do
  expect '^altair: the two secrets differ, or somebody is in between' \
    "$dir/wrong-$side.err"
  [ "$(grep -c '^altair:' "$dir/wrong-$side.err")" = 1 ] || status=1
  grep -q 'Press Ctrl+C' "$dir/wrong-$side" && status=1
done

# Somebody changes what is said.
sides changed change "$secret" "$secret" '--secret --initiator' --secret
wait "$left"
[ $? = 7 ] || { echo "changed: left does not end with 7"; status=1; }
wait "$right"
[ $? = 7 ] || { echo "changed: right does not end with 7"; status=1; }
grep -q 'Press Ctrl+C' "$dir/changed-left" "$dir/changed-right" && status=1

# What is said of mistakes.
complains() { # words options...
  words=$1
  shift
  "$altair" connect --peer 192.0.2.1:5000 "$@" </dev/null >"$dir/out" 2>"$dir/err"
  [ $? = 2 ] || { echo "not refused: $*"; status=1; }
  expect "$words" "$dir/err"
}
complains 'there is no terminal to ask for the secret' --secret
complains 'cannot be read: No such file' --secret-file "$dir/none"
complains 'the secret is empty' --secret-file -
chmod 644 "$dir/file"
complains 'others can read' --secret-file "$dir/file"
head -c 300 /dev/zero | tr '\0' x >"$dir/long"
chmod 600 "$dir/long"
complains 'longer than 256 bytes' --secret-file "$dir/long"
exit $status
