#!/usr/bin/env bash
#
# interop.sh - other implementations of ICE meet ours: makes the network, starts
# coturn, and leaves the rest to interop.py.
#
#     interop.sh OURS BUILD [ARG]...
#
# OURS is a program with the surface of `altair agent`, BUILD the folder with the
# peers. The hosts a and b are behind a NAT each (port-restricted), c and d are on
# one IPv4 network, e and f on one of IPv6; coturn on the servers is STUN and TURN
# over UDP, TCP and TLS, and so is `altair serve` on their second address.
# With --write among ARG the table docs/interop.md is written anew.

here=$(cd "$(dirname "$0")" && pwd) || exit 1
# shellcheck source=tests/lab/lab.sh
. "$here/../lab/lab.sh"
set -u
python=/usr/bin/python3    # Debian's own: another one may come first

for need in /usr/bin/turnserver openssl node $python "$2/libnice_peer" \
	"$2/pion_peer"; do
	command -v "$need" >/dev/null || lab_skip "there is no $need"
done
$python -c 'import aioice' 2>/dev/null || lab_skip 'there is no aioice'
lab_enter "$@"

# interop_lan HOST HOST ADDRESS ADDRESS: a network of two hosts, no router.
interop_lan() {
	lab_ns "$1"
	lab_ns "$2"
	ip link add wan0 netns "$1" type veth peer name wan0 netns "$2"
	ip -n "$1" address add "$3" dev wan0
	ip -n "$2" address add "$4" dev wan0
	ip -n "$1" link set wan0 up
	ip -n "$2" link set wan0 up
}

# IPv6 comes up by itself, after a while.
interop_is_up() {
	local host
	for host in a b c d e f; do
		[ -n "$(ip -n $host -6 address show dev wan0 scope link)" ] &&
			[ -z "$(ip -n $host -6 address show tentative)" ] ||
			return 1
	done
}

interop_listens() {
	[ -n "$(on servers ss -Htln "sport = :$1" 2>/dev/null)" ]
}

interop_coturn() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-days 2 -subj "/CN=$LAB_S1" -addext "subjectAltName=IP:$LAB_S1,IP:$LAB_S2" \
		-keyout "$LAB_RUN/key.pem" -out "$LAB_RUN/ca.pem" 2>/dev/null ||
		lab_fail 'openssl makes no certificate'
	on servers /usr/bin/turnserver -n -L "$LAB_S1" -E "$LAB_S1" -a \
		-u user:pass -r example.org --no-dtls --no-cli --no-rfc5780 \
		--cert "$LAB_RUN/ca.pem" --pkey "$LAB_RUN/key.pem" \
		--log-file=/dev/null --no-stdout-log --simple-log \
		--pidfile=/dev/null --userdb=/dev/null \
		</dev/null >"$LAB_RUN/coturn.log" 2>&1 &
	lab_until 10 interop_listens 5349 || {
		cat "$LAB_RUN/coturn.log"
		lab_fail 'coturn does not start'
	}
}

interop_serve() {
	on servers "${1%% *}" serve --listen "$LAB_S2:3478" --user user:pass \
		--realm example.org --quota-user 100 \
		--cert "$LAB_RUN/ca.pem" --key "$LAB_RUN/key.pem" \
		</dev/null >"$LAB_RUN/serve.log" 2>&1 &
	lab_until 10 lab_holds "$LAB_RUN/serve.log" 'tls: ' || {
		cat "$LAB_RUN/serve.log"
		lab_fail 'altair serve does not start'
	}
}

lab_up port port
interop_lan c d 192.168.7.1/24 192.168.7.2/24
interop_lan e f 2001:db8:7::1/64 2001:db8:7::2/64
interop_coturn
interop_serve "$1"
lab_until 10 interop_is_up || lab_fail 'IPv6 does not come up'
export PYTHONDONTWRITEBYTECODE=1 NODE_PATH=$2/npm/node_modules
export LAB_S1 LAB_S2 LAB_RUN
$python "$here/interop.py" "$@"
