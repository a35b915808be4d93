# shellcheck shell=bash
#
# coturn.sh - coturn as the STUN and TURN server of the lab, over UDP, TCP and
# TLS. Sourced after lab.sh.
#
#   lab_coturn    starts it on the servers' first address
#
# LAB_STUN, LAB_TURN and LAB_TURNS are host and port of it, LAB_TURN_USER and
# LAB_TURN_PASSWORD what it wants to hear, LAB_CA the certificate to trust.

LAB_STUN=$LAB_S1:3478
LAB_TURN=$LAB_S1:3478
LAB_TURNS=$LAB_S1:5349
LAB_TURN_USER=altair
LAB_TURN_PASSWORD=secret
LAB_CA=$LAB_RUN/server.pem
LAB_KEY=$LAB_RUN/server.key

# What LAB_CA and LAB_KEY name, for the servers' first address.
lab_certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-days 2 -subj "/CN=$LAB_S1" -addext "subjectAltName=IP:$LAB_S1" \
		-keyout "$LAB_KEY" -out "$LAB_CA" 2>/dev/null ||
		lab_fail 'cannot make a certificate'
}

lab_coturn_listens() {
	[ -n "$(on servers ss -Hlun "sport = :3478")" ] &&
		[ -n "$(on servers ss -Hltn "sport = :3478")" ] &&
		[ -n "$(on servers ss -Hltn "sport = :5349")" ]
}

lab_coturn() {
	PATH=$PATH:/usr/sbin command -v turnserver >/dev/null ||
		lab_skip 'there is no turnserver (coturn)'
	lab_certificate
	PATH=$PATH:/usr/sbin on servers turnserver -n -L "$LAB_S1" -E "$LAB_S1" \
		-p 3478 --tls-listening-port 5349 --no-dtls --no-cli -m 1 \
		--lt-cred-mech --realm lab --userdb "$LAB_RUN/turndb" \
		--user "$LAB_TURN_USER:$LAB_TURN_PASSWORD" \
		--cert "$LAB_CA" --pkey "$LAB_KEY" \
		--pidfile "$LAB_RUN/coturn.pid" --simple-log \
		--log-file "$LAB_RUN/coturn.log" --no-stdout-log \
		</dev/null >"$LAB_RUN/coturn.out" 2>&1 &
	lab_until 10 lab_coturn_listens || {
		cat "$LAB_RUN/coturn.out"
		lab_fail 'coturn does not start'
	}
}
