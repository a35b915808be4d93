#!/bin/sh
# The configuration file of `altair serve`, good and bad: what is wrong with it is
# said in one sentence, with its line, and nothing starts:
#   serve_file.sh <altair>
set -u
altair=$1
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT || exit 1
status=0

# file LINE...: writes the file.
file() {
  printf '%s\n' "$@" >"$dir/conf"
}

# run CODE WORDS ARGUMENT...: one line that has WORDS.
run() {
  want=$1 words=$2
  shift 2
  (cd "$dir" && timeout 20 "$altair" serve "$@") >"$dir/out" 2>"$dir/err"
  code=$?
  lines=$(cat "$dir/out" "$dir/err" | wc -l)
  if [ $code -ne "$want" ] || [ "$lines" -ne 1 ] ||
    ! cat "$dir/out" "$dir/err" | grep -qF -- "$words"; then
    echo "serve $*: exit $code, not $want, or not '$words':"
    head -c 300 "$dir/conf"
    cat "$dir/out" "$dir/err"
    status=1
  fi
}

# refuse WORDS LINE...: a server with this file does not start, nor is it good.
refuse() {
  words=$1
  shift
  file "$@"
  run 2 "$words" -c conf
  run 2 "$words" -c conf --check
}

file '# a comment' '; another' '' '[listeners]' 'listen = 127.0.0.1:0' \
  '  listen=[::1]:0' '[relay]' 'user = "ann:#1; a = b"' \
  'relay-ports = 50000-50100' 'low-ports = no' 'max-lifetime = 1200s' \
  'challenge-rate = 0'
run 0 'conf: good' -c conf --check
run 0 'conf: good' --config conf --check
run 0 'options: good' --check
# What the command line says goes before the file.
file 'listen = 127.0.0.1:0' 'relay-ports = 50000-50100'
run 2 '--relay-ports wants a range' -c conf --check --relay-ports 7-8
file 'listen = 127.0.0.1:3478'
run 2 '--listen wants addresses that differ' -c conf --check \
  --listen 127.0.0.1:1 --listen 127.0.0.1:1

run 2 'cannot read nowhere: No such file' -c nowhere --check
run 2 '-c wants a value' -c
printf 'realm = a\0b\n' >"$dir/conf"
run 2 'conf is no text file' -c conf
head -c 70000 /dev/zero | tr '\0' '#' >"$dir/conf"
run 2 'conf is longer than' -c conf

refuse "conf:2: unknown key 'listne'" '[a]' 'listne = 127.0.0.1:0'
refuse "conf:1: unknown key 'Listen'" 'Listen = 127.0.0.1:0'
refuse "conf:1: this is no line 'key = value'" 'listen'
refuse "conf:1: this is no line 'key = value'" '= 5'
refuse "conf:2: 'realm' is there twice" 'realm = a' 'realm = b'
refuse "conf:1: 'check' is for the command line" 'check = yes'
refuse "conf:1: 'config' is for the command line" 'config = conf'
refuse "conf:1: threads wants a number from 1 to 256, not 'many'" \
  'threads = many'
refuse 'conf:1: max-allocations wants a number' 'max-allocations = 0'
refuse 'conf:1: max-allocations wants a number' 'max-allocations = 99999999999'
refuse 'conf:1: max-lifetime wants a time' 'max-lifetime = soon'
refuse "conf:1: low-ports wants yes or no, not '1'" 'low-ports = 1'
refuse 'conf:1: listen wants an endpoint' 'listen = 127.0.0.1:65536'
refuse 'conf:1: listen wants an endpoint' 'listen = 127.0.0.1'
refuse 'conf:2: listen wants addresses that differ: 127.0.0.1:3478 and' \
  'listen = 127.0.0.1:3478' 'listen = 127.0.0.1:3478'
refuse 'conf:3: listen wants addresses that differ: 0.0.0.0:3478 and' \
  'listen = 0.0.0.0:3478' '' 'listen = 127.0.0.1:3478'
refuse 'conf:2: relay-ports wants a range without port 50000' \
  'listen = 127.0.0.1:50000' 'relay-ports = 49999-50000'
refuse 'conf:1: relay-ports wants a range' 'relay-ports = 50000-40000'
refuse 'conf:1: relay-ports wants a range' 'relay-ports = 50000-65536'
refuse 'conf:1: user wants NAME:PASSWORD' 'user = ann'
refuse 'conf:2: relay-allow wants a prefix' 'relay-allow = 10.0.0.0/8' \
  'relay-allow = 10.0.0.0/99'
refuse 'conf:1: rest-secret-file wants a file that can be read' \
  'rest-secret-file = nowhere'
refuse 'conf:1: realm wants a name of 1 to 127 bytes' 'realm ='
refuse 'conf:1: relay-ip wants an IP address' 'relay-ip = host'
refuse 'conf:2: relay-ip wants an address of this host' \
  'listen = 127.0.0.1:0' 'relay-ip = 192.0.2.7'
printf ' \t\r\n\r\n' >"$dir/blanks"
refuse 'conf:1: rest-secret-file wants a file with 1 to 8 secrets' \
  'rest-secret-file = blanks'
refuse 'conf:1: challenge-rate wants a number' 'challenge-rate = 10001'
refuse 'conf:1: tls-rate wants a number from 0 to 10000' 'tls-rate = 10001'
refuse 'conf:1: tls-rate wants a number from 0 to 10000' 'tls-rate = -1'
# Every budget has its range, and is good at both ends of it.
while read -r key low high below above; do
  for bad in "$below" "$above"; do
    refuse "conf:1: $key wants a " "$key = $bad"
  done
  for good in "$low" "$high"; do
    file "$key = $good" 'max-lifetime = 86400s' 'guess-wait-max = 3600s'
    [ "$key" = guess-wait-max ] && file "$key = $good" 'guess-wait = 1s'
    run 0 'conf: good' -c conf --check
  done
done <<'END'
guesses 1 60 0 61
guess-wait 1s 3600s 999ms 3601s
guess-wait-max 1s 3600s 999ms 3601s
lifetime 600s 86400s 599s 86401s
handshake-timeout 1s 86400s 999ms 86401s
proof-timeout 1s 86400s 999ms 86401s
idle-timeout 1s 86400s 999ms 86401s
max-message 2048 65536 2047 65537
max-queue 32768 1048576 32767 1048577
END
refuse '--guess-wait wants at most --guess-wait-max' 'guess-wait = 601s'
refuse '--lifetime wants at most --max-lifetime' 'lifetime = 3601s'
refuse "conf:1: cert wants a certificate, but 'nowhere'" 'cert = nowhere' \
  'key = nowhere'
refuse 'cert and --key want one another' 'cert = nowhere'
refuse 'conf:1: metrics wants a loopback address' 'metrics = 192.0.2.1:9477'
refuse 'conf:2: metrics wants another port' 'listen = 127.0.0.1:3478' \
  'metrics = 127.0.0.1:3478'
refuse 'conf:1: run-as wants a user of this host' 'run-as = no-such-user'
refuse "cannot read the users' file nowhere" 'users-file = nowhere'
refuse 'conf:1: control wants a path' "control = /$(printf %0200d 0)"
set --
while [ $# -le 16 ]; do
  set -- "$@" "user = a$#:b"
done
refuse 'conf:17: user is given more than 16 times' "$@"
exit $status
