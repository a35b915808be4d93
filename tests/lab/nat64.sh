#!/usr/bin/env bash
#
# nat64.sh - what `altair doctor` says on a network of IPv6 alone, behind a real
# NAT64 (tayga and the kernel's masquerade) and a name server that makes IPv6
# addresses of IPv4 ones (RFC 6147). The server has IPv4 only.
#
#     nat64.sh

# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
set -u

nat64_prefix=2001:db8:64
nat64_python=/usr/bin/python3
for nat64_need in tayga jq $nat64_python; do
	command -v "$nat64_need" >/dev/null ||
		[ -x "/usr/sbin/$nat64_need" ] ||
		lab_skip "there is no $nat64_need"
done
PATH=$PATH:/usr/sbin
lab_ready_wan
lab_enter "$@"

# The router's translator: IPv6 in, private IPv4 out, which masquerade makes public.
nat64_translate() {
	mkdir "$LAB_RUN/tayga"
	cat >"$LAB_RUN/tayga.conf" <<-END
		tun-device nat64
		ipv4-addr 192.168.255.1
		prefix $nat64_prefix::/96
		dynamic-pool 192.168.255.0/24
		data-dir $LAB_RUN/tayga
	END
	on nat-a tayga -c "$LAB_RUN/tayga.conf" --mktun >"$LAB_RUN/tayga.log" 2>&1 ||
		lab_fail "$(cat "$LAB_RUN/tayga.log")"
	ip -n nat-a -batch - <<-END
		link set nat64 up
		route add 192.168.255.0/24 dev nat64
		route add $nat64_prefix::/96 dev nat64
	END
	lab_masquerade nat-a
	on nat-a nft add rule inet firewall forward iifname nat64 accept
	on nat-a tayga -c "$LAB_RUN/tayga.conf" -d </dev/null \
		>"$LAB_RUN/tayga.log" 2>&1 &
}

# Answers for names that have an IPv4 address each.
nat64_names() {
	cat >"$LAB_RUN/names.py" <<-'END'
		import ipaddress, socket, struct, sys
		prefix = int(ipaddress.IPv6Address(sys.argv[1] + "::"))
		names = {b"stun.example.net": "192.0.2.1",
		         b"other.example.net": "192.0.2.2",
		         b"ipv4only.arpa": "192.0.0.170"}
		s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
		s.bind(("::", 53))
		print("ready", flush=True)
		while True:
		    data, source = s.recvfrom(1500)
		    at, labels = 12, []
		    while data[at]:
		        labels.append(data[at + 1 : at + 1 + data[at]])
		        at += 1 + data[at]
		    kind = struct.unpack_from("!H", data, at + 1)[0]
		    ip = names.get(b".".join(labels).lower())
		    value = b""
		    if ip and kind == 1:
		        value = socket.inet_aton(ip)
		    elif ip and kind == 28:
		        value = (prefix + int(ipaddress.IPv4Address(ip))).to_bytes(16, "big")
		    answer = struct.pack("!HHHIH", 0xC00C, kind, 1, 60, len(value)) + value
		    head = data[:2] + struct.pack(
		        "!HHHHH", 0x8180 if ip else 0x8183, 1, bool(value), 0, 0)
		    s.sendto(head + data[12 : at + 5] + (answer if value else b""), source)
	END
	on nat-a $nat64_python "$LAB_RUN/names.py" "$nat64_prefix" \
		</dev/null >"$LAB_RUN/names.log" 2>&1 &
	lab_until 10 lab_holds "$LAB_RUN/names.log" ready ||
		lab_fail 'the name server does not start'
	local there
	there=$(readlink -m /etc/resolv.conf)
	echo "nameserver 2001:db8:a:1::1" >"$LAB_RUN/resolv.conf"
	# It may be a link into /run, which is our own here.
	[ -e "$there" ] || { mkdir -p "${there%/*}" && : >"$there"; }
	mount --bind "$LAB_RUN/resolv.conf" "$there" ||
		lab_fail 'cannot put a resolv.conf in place'
}

lab_up fw6 open
nat64_translate
nat64_names
on servers "$LAB_BUILD/altair" serve --listen "$LAB_S1:3478" \
	--alt-listen "$LAB_S2:3479" --relay-ip "$LAB_S1" \
	</dev/null >"$LAB_RUN/serve.out" 2>&1 &
lab_until 10 lab_holds "$LAB_RUN/serve.out" 'tls: ' || {
	cat "$LAB_RUN/serve.out"
	lab_fail 'altair serve does not start'
}

# examine WORDS ARGUMENTS: what it finds is that.
nat64_status=0
examine() {
	local want=$1 found
	shift
	on a "$LAB_BUILD/altair" doctor "$@"
	on a "$LAB_BUILD/altair" doctor "$@" --json >"$LAB_RUN/json" 2>/dev/null
	found=$(jq -r '[.nat64, .verdict, .udp, .tcp, .tls, (.ipv4 == null),
		(.ipv6 | .nat, .second_address, .mapping, .mapped)] |
		join(" ")' "$LAB_RUN/json" | sed 's/:[0-9]*$//')
	if [ "$found" = "$want" ]; then
		echo "ok $*"
		return
	fi
	echo "not ok $*: $found"
	echo "  expected: $want"
	cat "$LAB_RUN/json" "$LAB_RUN/tayga.log" "$LAB_RUN/names.log"
	nat64_status=1
}

# The server's other address has no form that this host could use.
examine "yes direct-unknown yes yes yes true yes no unknown $LAB_PUBLIC_A" \
	--stun stun.example.net
# Two names are two addresses.
examine "yes direct-most yes yes yes true yes no endpoint-independent $LAB_PUBLIC_A" \
	--stun stun.example.net --stun other.example.net:3479
exit $nat64_status
