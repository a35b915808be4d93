#!/bin/sh
# serve_command.sh ALTAIR: the command `altair serve` as a script meets it: what
# it prints, what it answers, and every exit code. Loopback only. It waits by
# reading lines from a pipe; what hangs is ended by the test's own timeout.
set -u

altair=$1
work=$(mktemp -d)
server=
stop() {
	[ -n "$server" ] && kill "$server" 2>/dev/null && wait "$server"
	rm -rf "$work"
}
trap stop EXIT
trap 'exit 1' INT TERM
mkfifo "$work/lines"

fail() {
	echo "not ok: $*"
	cat "$work/err"
	exit 1
}

# start ARGUMENTS: runs the server; its lines are read from descriptor 3.
start() {
	"$altair" serve "$@" >"$work/lines" 2>"$work/err" &
	server=$!
	exec 3<"$work/lines"
}

# finish SIGNAL: sets `code`, and leaves the rest of the lines in `rest`.
finish() {
	kill -s "$1" "$server"
	rest=$(cat <&3)
	wait "$server"
	code=$?
	server=
	exec 3<&-
}

# expect CODE WORDS ARGUMENTS: fails with CODE and one line that has WORDS.
expect() {
	want=$1
	words=$2
	shift 2
	"$altair" serve "$@" >"$work/out" 2>"$work/err"
	code=$?
	[ $code -eq "$want" ] || fail "serve $*: exit $code, not $want"
	[ -s "$work/out" ] && fail "serve $*: wrote to stdout"
	[ "$(wc -l <"$work/err")" -eq 1 ] || fail "serve $*: not one line"
	grep -q -- "$words" "$work/err" || fail "serve $*: not '$words'"
}

expect 2 'port is missing' --listen 127.0.0.1
expect 2 'port is not between' --listen 127.0.0.1:65536
expect 2 'not an IP address' --listen localhost:3478
expect 2 'address of this host' --listen 224.0.0.1:3478
expect 2 'address of this host' --listen 255.255.255.255:3478
expect 2 'wants an endpoint' --listen 127.0.0.1:0 --alt-listen 127.0.0.2
expect 2 'wants a --listen' --alt-listen 127.0.0.2:0
expect 2 'wants a --listen' --listen 127.0.0.1:0 --alt-listen '[::1]:0'
expect 2 'wants a --listen' --listen 127.0.0.1:0 --alt-listen 0.0.0.0:0
expect 2 'another IP' --listen 127.0.0.1:0 --alt-listen 127.0.0.1:0
expect 2 'another IP' --listen 127.0.0.1:1 --alt-listen 127.0.0.2:1
expect 2 'one address a family' --listen 127.0.0.1:0 --alt-listen 127.0.0.2:0 \
	--alt-listen 127.0.0.3:0
expect 3 'not an address of this host' --listen 127.0.0.1:0 \
	--alt-listen 192.0.2.1:0
expect 2 'from 1 to 256' --threads 0
expect 2 'from 1 to 256' --threads 257
expect 2 'unexpected argument' now
expect 2 'wants NAME:PASSWORD' --user name
expect 2 'wants NAME:PASSWORD' --user :password
expect 2 'wants NAME:PASSWORD' --user name:
expect 2 'wants a prefix' --relay-allow 10.0.0.0/33
expect 2 'wants a prefix' --relay-allow 10.0.0.0/
expect 2 'wants a prefix' --relay-allow ::/129
expect 2 'wants a prefix' --relay-allow here
expect 2 'wants a range' --relay-ports 49152
expect 2 'wants a range' --relay-ports 49152-65536
expect 2 'wants a range' --relay-ports 1023-2000
expect 2 'wants a range' --relay-ports 3000-2000
expect 2 'wants an IP address' --relay-ip 0.0.0.0
expect 2 'wants an IP address' --relay-ip host
expect 2 'one address a family' --relay-ip 127.0.0.1 --relay-ip 127.0.0.2
expect 2 'relay-ip of its family' --listen 127.0.0.1:0 --external-ip ::1
expect 2 'name of 1 to 127' --realm ''
expect 2 'from 1 to 1000000' --quota-prefix 0
expect 2 'bits a second from 1k to 100G' --bandwidth-allocation 999
expect 2 'bits a second from 1k to 100G' --bandwidth-allocation 101G
expect 2 'bits a second from 1k to 100G' --bandwidth-user 10Mbit
expect 2 'bits a second from 1k to 100G' --bandwidth-user ''
expect 2 'bits a second from 1k to 100G' --bandwidth-prefix M
expect 2 'bits a second from 1k to 100G' --bandwidth-total -1
expect 2 'bits a second from 1k to 100G' --bandwidth-total 1000000000000G
expect 2 'want one another' --listen 127.0.0.1:0 --cert "$work/none"
expect 2 'want one another' --listen 127.0.0.1:0 --key "$work/none"
expect 2 'no certificate in PEM' --listen 127.0.0.1:0 --cert "$work/none" \
	--key "$work/none"
expect 2 'from 1 to 100000' --connections-prefix 0
expect 2 'from 1 to 100000' --max-connections 100001
expect 2 'unknown option' --nothing
expect 3 'not an address of this host' --listen 192.0.2.1:0

# Both families, a free port each, and what others need.
start --listen 127.0.0.1:0 --listen '[::1]:0' --user a:b
read -r first <&3
read -r second <&3
v4=${first#listening on } v4=${v4%/udp}
v6=${second#listening on } v6=${v6%/udp}
[ "$first" = "listening on 127.0.0.1:${v4##*:}/udp" ] || fail "line: $first"
[ "$second" = "listening on [::1]:${v6##*:}/udp" ] || fail "line: $second"
[ "${v4##*:}" -gt 0 ] || fail "no port: $first"

expect 3 'another program listens' --listen "$v4"
expect 3 'another program listens' --listen "$v4" --threads 2
for endpoint in "$v4" "$v6"; do
	XDG_STATE_HOME=$work "$altair" discover --stun "$endpoint" \
		>"$work/out" 2>"$work/err" || fail "discover from $endpoint"
	grep -qF "Discovered public endpoint: ${endpoint%:*}:" "$work/out" ||
		fail "discover from $endpoint: $(cat "$work/out")"
done
finish TERM
[ $code -eq 0 ] || fail "SIGTERM: exit $code, not 0"
[ "$(echo "$rest" | grep -v '^tls: \|^server: ')" = "listening on $v4/tcp
listening on $v6/tcp
clients:  altair discover --stun $v4
clients:  altair discover --stun $v6
relaying from 127.0.0.1, UDP ports 49152 to 65535
relaying from ::1, UDP ports 49152 to 65535" ] || fail "rest: $rest"
echo "$rest" |
	grep -Eq '^tls:      SHA-256 [0-9a-f]{64} \(made at this start\)$' ||
	fail "no certificate: $rest"
grep -q '^served [1-9][0-9]* requests, refused 0, ignored 0 other' \
	"$work/err" || fail "no summary"

# Without users it makes one, and shows it; each time another.
start --listen 127.0.0.1:0 --external-ip 192.0.2.7 --relay-ports 50000-50100
read -r first <&3
v4=${first#listening on } v4=${v4%/udp}
finish TERM
echo "$rest" | grep -q "^relaying from 192.0.2.7, UDP ports 50000 to 50100$" ||
	fail "rest: $rest"
secret=$(echo "$rest" | sed -n "s/^relay:    turn:altair:\\([A-Za-z0-9_-]\\{24\\}\\)@$v4$/\\1/p")
[ -n "$secret" ] || fail "no credentials: $rest"
start --listen 127.0.0.1:0
read -r first <&3
finish TERM
case $rest in *"$secret"*) fail "the same password again" ;; esac

# A certificate from files; another one after SIGHUP, and what is none changes
# nothing.
make_certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-days 2 -subj "/CN=$1" -keyout "$work/new.key" \
		-out "$work/new.pem" 2>"$work/openssl" || fail "no certificate"
	mv "$work/new.key" "$work/key" && mv "$work/new.pem" "$work/cert"
}
hash_of() {
	openssl x509 -outform DER | openssl dgst -sha256 -r | cut -d ' ' -f 1
}
shown() {
	openssl s_client -connect "$v4" </dev/null 2>/dev/null | hash_of
}
# shows HASH: the server shows it now, or soon.
shows() {
	tries=100
	while [ "$(shown)" != "$1" ] && [ $tries -gt 0 ]; do
		tries=$((tries - 1))
		sleep 0.1
	done
	[ $tries -gt 0 ]
}
make_certificate one.example
one=$(hash_of <"$work/cert")
start --listen 127.0.0.1:0 --cert "$work/cert" --key "$work/key"
read -r first <&3
v4=${first#listening on } v4=${v4%/udp}
shows "$one" || fail "another certificate than in the file"
make_certificate two.example
two=$(hash_of <"$work/cert")
kill -HUP "$server"
shows "$two" || fail "SIGHUP: the old certificate"
echo nothing >"$work/cert"
kill -HUP "$server"
tries=100
until grep -q 'cert.*holds no certificate in PEM' "$work/err"; do
	tries=$((tries - 1))
	[ $tries -gt 0 ] || fail "no word: $(cat "$work/err")"
	sleep 0.1
done
[ "$(shown)" = "$two" ] || fail "it has taken what is none"
finish TERM
[ $code -eq 0 ] || fail "SIGTERM: exit $code, not 0"
echo "$rest" | grep -q "^tls:      SHA-256 $one$" || fail "rest: $rest"

# Every address: the firewall is named, and the host is theirs to fill in.
start --listen 0.0.0.0:0 --threads 3
read -r first <&3
port=${first##*:} port=${port%/udp}
finish INT
[ $code -eq 130 ] || fail "SIGINT: exit $code, not 130"
case $rest in
"listening on 0.0.0.0:$port/tcp
firewall: let UDP and TCP port $port in
clients:  altair discover --stun HOST:$port "*) ;;
*) fail "rest: $rest" ;;
esac

# Nobody can read where it listens: that is an error, not a silent server.
"$altair" serve --listen 127.0.0.1:0 >&- 2>"$work/err"
code=$?
[ $code -eq 1 ] || fail "stdout closed: exit $code, not 1"
echo "ok"
