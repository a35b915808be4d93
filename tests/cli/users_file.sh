#!/bin/sh
# Users in a file: written by `altair ctl user`, taken by a server at its start and
# when it reads again; a bad file is one sentence:     users_file.sh <altair>
set -u
altair=$1
dir=$(mktemp -d) || exit 1
server='' agents=''
stop() {
  # shellcheck disable=SC2086 # several
  kill $agents $server 2>/dev/null
  wait
  rm -rf "$dir"
}
trap stop EXIT
trap 'exit 1' INT TERM
file=$dir/users
fail() {
  echo "not ok: $*"
  cat "$dir/said" "$dir/err" "$dir/out" 2>/dev/null
  exit 1
}

user() {
  "$altair" ctl user "$@" --users-file "$file" >"$dir/said" 2>&1
}

# add NAME PASSWORD
add() {
  printf '%s\n' "$2" | "$altair" ctl user add "$1" --users-file "$file" \
    >"$dir/said" 2>&1
}

add ann secret || fail 'add'
# Of "ann:altair:secret", by others.
md5=$(printf 'ann:altair:secret' | openssl md5 -r | cut -d' ' -f1)
sha=$(printf 'ann:altair:secret' | openssl sha256 -r | cut -d' ' -f1)
[ "$(cat "$file")" = "ann:altair:$md5:$sha" ] || fail "line: $(cat "$file")"
[ "$(stat -c %a "$file")" = 600 ] || fail mode
# Who could read it can read it still: a server that is not root's.
chmod 640 "$file"
[ "$(id -u)" -ne 0 ] || chown nobody:nogroup "$file"
before=$(stat -c '%a %U %G' "$file")
# By the descriptor: at a path may be somebody else's file by then.
if command -v nm >/dev/null &&
  nm -D "$altair" | grep -Eq ' U (chown|chmod)(@|$)'; then
  fail 'owner or mode by path'
fi
add ben one || fail 'add another'
[ "$(stat -c '%a %U %G' "$file")" = "$before" ] || fail 'owner and mode'
add ben two || fail 'add again'
user list || fail list
[ "$(tr '\n' ' ' <"$dir/said")" = 'ann ben ' ] || fail 'list'
"$altair" ctl user list --json --users-file "$file" >"$dir/said"
[ "$(head -n 1 "$dir/said")" = '{"v":1,"user":"ann","realm":"altair"}' ] ||
  fail 'list --json'
grep -q secret "$file" && fail 'the password is in the file'
for bad in 'a:b' '' '#x'; do
  add "$bad" x && fail "name '$bad'"
done
add eve '' && fail 'no password'
user remove eve && fail 'removed nobody'
user frob && fail 'no such word'
"$altair" ctl user list >"$dir/said" 2>&1 && fail 'no file'

refuse() { # words line...
  words=$1
  shift
  printf '%s\n' "$@" >"$dir/bad"
  "$altair" serve --users-file "$dir/bad" --check >"$dir/out" 2>"$dir/err"
  [ $? -eq 2 ] || fail "$words: exit code"
  [ "$(wc -l <"$dir/err")" -eq 1 ] || fail "$words: not one line"
  grep -qF "$words" "$dir/err" || fail "$words"
}
refuse 'bad:1: this is no line' 'ann'
refuse 'bad:1: this is no line' 'ann:secret'
refuse 'bad:3: this is no line' '# x' '' "ann:altair:$md5:${sha%?}"
refuse 'bad:1: this is no line' ":altair:$md5:$sha"
refuse 'bad:1: this is no line' "ann::$md5:$sha"
refuse 'bad:1: this is no line' "ann:altair:$md5:$sha:"
refuse "bad:2: this user is of another realm, 'else'" "ann:altair:$md5:$sha" \
  "ann:else:$md5:$sha"
"$altair" serve --users-file "$dir/none" --check 2>"$dir/err"
[ $? -eq 2 ] || fail 'no such file'

# agent NAME PASSWORD OUTPUT: asks for a relayed address, and stays.
agent() {
  mkfifo "$dir/$3.in"
  "$altair" agent --interface lo --relay-only --turn "turn:$1:$2@$address" \
    <"$dir/$3.in" >"$dir/$3" 2>&1 &
  agents="$agents $!"
}
await() { # words file
  tries=400
  until grep -q "$1" "$dir/$2"; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || fail "no $1 in $2: $(cat "$dir/$2")"
    sleep 0.05
  done
}
"$altair" serve --listen 127.0.0.1:0 --users-file "$file" --user cid:three \
  >"$dir/out" 2>"$dir/err" &
server=$!
await '^relaying' out
address=$(sed -n 's/^listening on \(.*\)\/udp$/\1/p' "$dir/out" | head -n 1)
grep -q '^relay: ' "$dir/out" && fail 'a user of our own, too'
agent ben two ben
agent cid three cid
agent ben one wrong
exec 5>"$dir/ben.in" 6>"$dir/cid.in" 7>"$dir/wrong.in"
await '"event":"candidate"' ben
await '"event":"candidate"' cid
await 'ALTAIR_E_CREDENTIALS' wrong
# Gone from the file, and after it was read again a stranger.
user remove ben || fail remove
kill -HUP "$server"
agent ben two gone
agent ann secret ann
exec 8>"$dir/gone.in" 9>"$dir/ann.in"
await '"event":"candidate"' ann
await 'ALTAIR_E_CREDENTIALS' gone
kill -INT "$server"
wait "$server"
server=
echo ok
