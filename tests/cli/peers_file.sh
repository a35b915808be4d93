#!/bin/sh
# The known peers: listed, renamed, forgotten; a file that is not as it should be is
# one sentence; two changes at once lose nothing.      peers_file.sh <altair>
set -u
altair=$1
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT || exit 1
export XDG_STATE_HOME="$dir"
mkdir -m 700 "$dir/altair"
file=$dir/altair/known_peers
status=0

bad() {
  echo "not ok $1"
  cat "$dir/out" "$dir/err" 2>/dev/null
  status=1
}

run() { # exit-code arguments...
  want=$1
  shift
  "$altair" "$@" >"$dir/out" 2>"$dir/err" </dev/null
  got=$?
  [ "$got" -eq "$want" ] || bad "altair $* ended with $got, not $want"
}

says() { # extended-regex: one line on stderr, nothing on stdout
  if [ "$(wc -l <"$dir/err")" -ne 1 ] || [ -s "$dir/out" ] ||
    ! grep -qE -e "$1" "$dir/err"; then
    bad "'$1' is not what it says"
  fi
}

hash() {
  printf '%s' "$1" | sha256sum | cut -d' ' -f1
}

line() { # name
  echo "$(hash "key of $1") $(hash "secret of $1") $1"
}

write() { # lines on stdin
  cat >"$file"
  chmod 600 "$file"
}

shows() { # a name
  grep -qE "^([a-z2-7]{5}-){4}[a-z2-7]{5}  $1\$" "$dir/out" || bad "no $1"
}

# Nobody yet.
run 0 peers
says "you have met nobody yet"
run 0 peers --json
[ -s "$dir/out" ] && bad "peers of nobody"

{
  echo "# a comment"
  line ann
  line "Ben's laptop"
  line "zoë"
} | write
run 0 peers
[ "$(wc -l <"$dir/out")" -eq 3 ] || bad "not three"
shows ann
shows "Ben's laptop"
shows "zoë"
run 0 peers --json
grep -qF "\"name\":\"Ben's laptop\"" "$dir/out" || bad "no name in JSON"
grep -qF "\"sha256\":\"$(hash 'key of ann')\"" "$dir/out" || bad "no hash in JSON"
grep -qF "$(hash 'secret of ann')" "$dir/out" && bad "a secret in JSON"

run 0 peers rename ann "Ann of the third floor"
run 0 peers
shows "Ann of the third floor"
grep -q " ann\$" "$file" && bad "the old name"
[ "$(stat -c %a "$file")" = 600 ] || bad "the file is not 0600"
run 2 peers rename ann ann2
says "no peer is called 'ann'"
run 2 peers rename "zoë" "Ben's laptop"
says "another peer is called"
run 0 peers rename "zoë" "zoë"
run 0 peers forget "zoë"
run 2 peers forget "zoë"
says "no peer is called"
run 0 peers
[ "$(wc -l <"$dir/out")" -eq 2 ] || bad "not two"

# No name may look like what it is not.
cp "$file" "$dir/before"
for name in 7-acorn-river 1-a-b 203.0.113.1 203.0.113.1:5000 "[::1]:5" "" " x" \
  "x " "#x" "$(printf 'a\033[31mb')" "$(printf 'a\nb')" "$(printf 'a\342\200\256b')" \
  "$(printf '%064d' 0)"; do
  run 2 peers rename "Ben's laptop" "$name"
  says "no peer may be called"
done
run 2 peers rename "Ben's laptop" -- -x
says "no peer may be called"
cmp -s "$file" "$dir/before" || bad "the file has changed"
run 2 peers remove ann
says "say nothing more, rename NAME NEW-NAME, or forget NAME"

# Garbage is one sentence, with the file and the line; nothing is changed.
garbage() { # what line-number
  write
  cp "$file" "$dir/before"
  run 2 peers
  says "known_peers:$2: .*take the line away"
  run 2 peers forget ann
  says "known_peers:$2: "
  cmp -s "$file" "$dir/before" || bad "$1: the file has changed"
}
{ line ann; echo garbage; } | garbage "a word" 2
{ line ann; head -c 300 /dev/urandom | tr -d '\n\0'; echo; } | garbage "noise" 2
line ann | tr -d '\n' | cut -c1-129 | garbage "no name" 1
line ann | sed 's/^./g/' | garbage "no digit" 1
{ echo; echo "# x"; line ann | cut -c2-; } | garbage "a digit less" 3
{ line ann; line ann; } | garbage "one name twice" 2
{ line ann; line ann | sed 's/ann$/ben/'; } | garbage "one key twice" 2
line 7-acorn-river | garbage "a code for a name" 1
line "$(printf 'x\033[2J')" | garbage "an escape in a name" 1
{ for i in $(seq 257); do line "peer $i"; done; } | garbage "one too many" 257
printf '%s\0' "$(line ann)" | write
run 2 peers
says "known_peers is no text file"
head -c 1200000 /dev/zero | tr '\0' '#' | write
run 2 peers
says "cannot read .*known_peers: File too large"
rm "$file"
mkfifo "$file"
run 2 peers
says "cannot read .*known_peers: it is no file"
rm "$file"

# Who can read it can become you.
line ann | write
for mode in 644 660 602; do
  chmod $mode "$file"
  run 2 peers
  says "others can read .*known_peers.*chmod 600"
done
# ... also the commands that would use it.
run 2 listen --server ws://127.0.0.1:1
says "others can read"
run 2 connect ann --server ws://127.0.0.1:1
says "others can read"

# Two at once lose nothing.
for i in 1 2 3 4 5 6 7 8; do line "old $i"; done | write
for i in 1 2 3 4 5 6 7 8; do
  "$altair" peers rename "old $i" "new $i" >"$dir/at-once.$i" 2>&1 &
done
wait
run 0 peers
[ "$(grep -c '  new [1-8]$' "$dir/out")" -eq 8 ] || bad "a change is lost"
[ "$(find "$dir/altair" -name '.known*' | wc -l)" -eq 0 ] || bad "a file is left"

# A name that is known where a code could be.
run 2 connect "old 1" --server ws://127.0.0.1:1
says "'old 1' is neither a code, such as .*, nor a peer you have met"
run 2 listen --allow "old 1" --server ws://127.0.0.1:1
says "--allow: you have met nobody called 'old 1'"
exit $status
