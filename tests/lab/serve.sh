# shellcheck shell=bash
#
# serve.sh - `altair serve` as the STUN and TURN server of the lab, in the place of
# coturn. Sourced after coturn.sh, whose variables then name it: UDP, TCP and TLS
# on one port.
#
#   lab_serve     starts it on the servers' first address

# The addresses of the lab are nobody's in the internet.
lab_serve() {
	lab_certificate
	LAB_TURNS=$LAB_TURN
	on servers "$LAB_BUILD/altair" serve --listen "$LAB_TURN" \
		--user "$LAB_TURN_USER:$LAB_TURN_PASSWORD" --realm lab \
		--relay-allow 0.0.0.0/0 --cert "$LAB_CA" --key "$LAB_KEY" \
		</dev/null >"$LAB_RUN/serve.out" 2>&1 &
	lab_until 10 grep -q '^tls:' "$LAB_RUN/serve.out" || {
		cat "$LAB_RUN/serve.out"
		lab_fail 'altair serve does not start'
	}
}
