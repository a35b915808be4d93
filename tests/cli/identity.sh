#!/bin/sh
# The identity file: made once, for its owner alone; refused, never replaced, when
# it is not so.      identity.sh <altair>
set -u
altair=$1
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT || exit 1
export XDG_STATE_HOME="$dir/state"
file=$XDG_STATE_HOME/altair/identity.pem
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
    ! grep -qE "$1" "$dir/err"; then
    bad "'$1' is not what it says"
  fi
}

# Made at first use, also the folder, for its owner alone.
run 0 id
grep -qxE '([a-z2-7]{5}-){4}[a-z2-7]{5}' "$dir/out" || bad "no fingerprint"
cp "$dir/out" "$dir/first"
[ "$(stat -c %a "$file")" = 600 ] || bad "the file is not 0600"
[ "$(stat -c %a "$XDG_STATE_HOME/altair")" = 700 ] || bad "the folder is not 0700"

# Stable; the fingerprint is that of the key, as another program sees it.
run 0 id
cmp -s "$dir/out" "$dir/first" || bad "the identity has changed"
run 0 id --json
hash=$(openssl pkey -in "$file" -pubout -outform DER 2>/dev/null |
  sha256sum | cut -d' ' -f1)
grep -qF "\"sha256\":\"$hash\"" "$dir/out" || bad "the hash is another one"
grep -qF "\"fingerprint\":\"$(cat "$dir/first")\"" "$dir/out" ||
  bad "the fingerprint is another one"

# World-readable, or readable by the group.
for mode in 644 640 604; do
  chmod $mode "$file"
  run 2 id
  says "others can read .*identity.pem.*chmod 600 .*identity.pem"
done
chmod 600 "$file"
run 0 id
cmp -s "$dir/out" "$dir/first" || bad "the identity has changed"

# What is no key stays as it is.
for what in empty garbage rsa encrypted p384; do
  case $what in
  empty) : ;;
  garbage) head -c 600 /dev/urandom ;;
  rsa) openssl genpkey -algorithm RSA 2>/dev/null ;;
  encrypted)
    openssl pkey -in "$dir/first.pem" -aes128 -passout pass:x 2>/dev/null
    ;;
  p384)
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 2>/dev/null
    ;;
  esac >"$dir/$what"
  [ -e "$dir/first.pem" ] || cp -p "$file" "$dir/first.pem"
  cat "$dir/$what" >"$file"
  run 2 id
  says "identity.pem holds no private key"
  cmp -s "$dir/$what" "$file" || bad "$what was replaced"
done

# A folder, a FIFO: no waiting, no replacing.
rm "$file"
mkfifo "$file"
run 2 id
says "cannot read .*identity.pem: it is no file"
rm "$file"
mkdir "$file"
run 2 id
says "cannot read .*identity.pem"
rmdir "$file"

# Many at once are one identity.
for i in 1 2 3 4 5 6 7 8; do
  "$altair" id >"$dir/at-once.$i" 2>&1 &
done
wait
[ "$(sort -u "$dir"/at-once.* | wc -l)" -eq 1 ] || bad "two identities at once"
cmp -s "$dir/at-once.1" "$dir/first" && bad "the old identity"

# No home; a disk that is not to be written.
(
  unset XDG_STATE_HOME HOME
  "$altair" id >"$dir/out" 2>"$dir/err"
  [ $? -eq 2 ]
) || bad "no home"
says "no home directory"
XDG_STATE_HOME=/proc/nowhere
run 2 id
says "cannot make /proc/nowhere/altair"
exit $status
