#!/bin/sh
# Which server: option, environment, file; what is wrong is said with its place.
#      client_config.sh <altair>
set -u
altair=$1
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT || exit 1
export XDG_STATE_HOME="$dir/state" XDG_CONFIG_HOME="$dir"
unset ALTAIR_SERVER ALTAIR_CODE
mkdir "$dir/altair"
file=$dir/altair/config
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

# With none there is one sentence.
run 2 listen
says "no server is known.*--server URL.*ALTAIR_SERVER.*altair/config"
ALTAIR_SERVER='' run 2 listen
says "no server is known"

# What is no URL, where it stands; the option goes first, then the environment.
url='ftp://example.org'
echo "server = $url" >"$file"
run 2 listen
says "altair/config.* wants wss://HOST:PORT.*, not '$url'"
ALTAIR_SERVER=nonsense run 2 listen
says "ALTAIR_SERVER wants wss://HOST:PORT.*, not 'nonsense'"
ALTAIR_SERVER=nonsense run 2 listen --server example.org
says "--server wants wss://HOST:PORT.*, not 'example.org'"
for url in wss:// "wss://h#12" "wss://h#$(printf '%064d' 0)0" "wss://h:0" \
  "wss://h:65536" "wss://h h" "wss://[::1" "https://h"; do
  run 2 listen --server "$url"
  says "--server wants wss://HOST:PORT"
done

# ws:// stays on this computer.
run 2 listen --server ws://192.0.2.1:5000
says "ws:// is not encrypted.*--plain"

# The file: a key that there is not, a value that cannot be, with the line.
printf '# mine\nserver = wss://example.org\nsever = x\n' >"$file"
run 2 listen
says "altair/config:3: unknown key 'sever'"
printf 'server = ws://127.0.0.1:1\nrelay = sometimes\n' >"$file"
run 2 listen
says "altair/config:2: relay wants auto, never or only, not 'sometimes'"
printf 'plain = perhaps\n' >"$file"
run 2 listen
says "altair/config:1: plain wants yes or no, not 'perhaps'"
printf 'server = a\nserver = b\n' >"$file"
run 2 listen
says "altair/config:2: 'server' is there twice"
printf 'config = x\n' >"$file"
run 2 listen
says "altair/config:1: 'config' is for the command line"
printf 'server\n' >"$file"
run 2 listen
says "altair/config:1: this is no line 'key = value'"
printf 'server = ws://127.0.0.1:1\n' >"$file"
run 2 listen --relay sometimes
says "--relay wants auto, never or only"
run 2 listen --ca "$dir/none.pem" --server wss://127.0.0.1:1
says "--ca wants a file with certificates, and .*none.pem: No such file"
rm "$file"
mkdir "$file"
run 2 listen
says "cannot read .*altair/config"
rmdir "$file"

# A file that is not there is none; --peer needs none of this.
printf 'nonsense\n' >"$file"
run 2 connect --peer 127.0.0.1
grep -q nonsense "$dir/err" && bad "--peer reads the file"
exit $status
