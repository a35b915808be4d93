#!/usr/bin/env bash
#
# lab.sh - a small internet of network namespaces, with real kernel NATs.
#
#      a ─────── nat-a ──────┐                 ┌────── nat-b ─────── b
#   192.168.1.100            │                 │             10.0.0.50
#   (private)    203.0.113.1 │                 │ 198.51.100.5  (private)
#                            └──── internet ───┘
#                                     │
#                                  servers
#                           192.0.2.1   192.0.2.2
#                           one host, two public addresses (S1, S2)
#
#      open:    a ───────────── internet       (203.0.113.1 is on `a` itself)
#      cgn:     a ─ home-a ─ nat-a ─ internet  (100.64.0.0/24 between the two)
#      lan:     a, b ─ nat-a ─ internet        (both on one LAN)
#      carrier: a ─ home-a, b ─ home-b ─ nat-a ─ internet
#      sim:X:   a ───────────── wan            (the NAT is code of ours)
#
#   IPv6: site A 2001:db8:a::/48, site B 2001:db8:b::/48, servers
#   2001:db8:5::1 and ::2. All addresses outside are documentation addresses.
#
#   The internet is a router made of veth pairs or, with --rtt, --loss and
#   their like, the program `wan`: one TUN device per site, and between them the
#   links of the simulator. (Many kernels have no netem.)
#
# Everything lives in mount, process and network namespaces made for one run:
# when the script ends, however it ends (kill -9 too), the kernel removes them
# with all they hold. Root is not needed where users may make namespaces.
#
# Sourced, it gives functions to the tests. Run, it is a command:
#
#   lab.sh [OPTION]... KIND_A KIND_B [COMMAND [ARG]...]
#
# builds the lab and runs COMMAND (default: a shell) in it. There,
# `nsenter --net=/run/netns/a altair discover` is what peer A would do.

lab_usage() {
	cat <<'END'
usage: lab.sh [OPTION]... KIND_A KIND_B [COMMAND [ARG]...]

KIND   open      no NAT: the peer has the public address
       full      full cone: one mapping, anybody may use it
       addr      address-restricted cone: ... whose address was sent to
       port      port-restricted cone: ... whose address and port was sent to
       sym       symmetric: one mapping per destination, random ports
       symseq    symmetric, and the ports are taken one after the other
       cgn       two in series: `port` at home, `port` at the provider
       short     `port` that forgets a mapping soon
       udpblock  UDP never leaves, TCP does
       fw6       IPv6 only, no NAT, a stateful firewall
       linux     plain masquerade without a firewall: early packets of the
                 peer spoil the host's mapping (see README)
       sim:KIND  the simulator's NAT of that kind (not fw6, linux)
       for both sides:
       lan       both hosts on one LAN, behind one router (port)
       carrier   each in a home of its own, both homes behind the same NAT of a
                 provider, which does not hairpin
       hairpin   the same, and it does

OPTION --rtt TIME           round trip between any two sites, such as 50ms
       --access TIME        one way on a peer's own line, such as 12500us
       --server-access TIME one way on the servers' line
       --ipv4               no IPv6 anywhere
       --jitter TIME        a random part on top of each one-way delay
       --loss PERCENT       each way
       --duplicate PERCENT  each way
       --reorder PERCENT    each way
       --seed N             of the links' and NATs' chances
       --short SECONDS      the mapping lifetime of the kind short (LAB_SHORT, 2)
       --build DIR          the build to use (LAB_BUILD, build/release)
END
}

LAB_PUBLIC_A=203.0.113.1
LAB_PUBLIC_B=198.51.100.5
LAB_S1=192.0.2.1
LAB_S2=192.0.2.2
LAB_RUN=/run/lab        # files of this run; a tmpfs of its own
LAB_ROUTER=169.254.0.1  # the internet's address on every link

# --- Entering and leaving ------------------------------------------------

lab_skip() {
	printf 'skipped: %s\n' "$1"
	exit 77
}

lab_fail() {
	printf 'lab: %s\n' "$1" >&2
	exit 1
}

# Skips, with the reason, where the system lacks something; else sets lab_flags,
# how to make the namespaces here.
lab_ready() {
	local tool
	lab_flags=(--mount --pid --net --fork --kill-child)
	[ "$(id -u)" -eq 0 ] || lab_flags=(--map-root-user "${lab_flags[@]}")
	for tool in ip nft ss unshare nsenter setpriv; do
		command -v "$tool" >/dev/null || lab_skip "there is no $tool"
	done
	unshare "${lab_flags[@]}" true 2>/dev/null ||
		lab_skip 'may not make namespaces here (try as root)'
	# Some containers do not allow it; LeakSanitizer needs it.
	! unshare "${lab_flags[@]}" --mount-proc true 2>/dev/null ||
		lab_flags+=(--mount-proc)
	unshare "${lab_flags[@]}" nft -f - 2>/dev/null <<-'END' ||
		table ip check {
			chain nat {
				type nat hook postrouting priority srcnat
				masquerade fully-random
			}
		}
	END
		lab_skip 'this kernel has no nftables masquerade'
}

lab_ready_wan() {
	[ -w /dev/net/tun ] || lab_skip 'may not open /dev/net/tun'
}

# Runs the calling script again, inside namespaces of its own. Call it first,
# with the script's arguments. When this shell dies, of whatever, so does all
# that is inside.
lab_enter() {
	if [ -n "${LAB_INSIDE:-}" ]; then
		unset LAB_INSIDE
		trap 'exit 130' INT
		mount -t tmpfs lab /run || lab_fail 'cannot mount a tmpfs on /run'
		mkdir /run/netns "$LAB_RUN"
		return
	fi
	lab_ready
	LAB_INSIDE=1 setpriv --pdeathsig KILL \
		unshare "${lab_flags[@]}" -- "$BASH" "$0" "$@"
	exit $?
}

# Runs a command in a namespace of the lab: on a altair discover.
on() {
	local ns=$1
	shift
	nsenter --net="/run/netns/$ns" -- "$@"
}

# --- Waiting -------------------------------------------------------------

# lab_until SECONDS COMMAND...: until the command succeeds; 1 if it never does.
lab_until() {
	local end=$((SECONDS + $1 + 1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.05
	done
}

# True when the file holds the text.
lab_holds() {
	local text=''
	IFS= read -r -d '' text 2>/dev/null <"$1"
	[[ $text == *"$2"* ]]
}

# True when the process is gone.
lab_gone() {
	! kill -0 "$1" 2>/dev/null
}

# --- Namespaces, links, NATs ---------------------------------------------

lab_ns() {
	ip netns add "$1"
	on "$1" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward
		echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
		echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad
		[ -z "$0" ] || echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6
		ip link set lo up' "$LAB_IPV4"
}

# lab_lan HOST ROUTER HOST_IP ROUTER_IP BITS: the host's wan0, the router's lan0,
# and the host's way to the world through them.
lab_lan() {
	ip link add wan0 netns "$1" type veth peer name lan0 netns "$2"
	ip -n "$2" -batch - <<-END
		link set lan0 up
		address add $4/$5 dev lan0
	END
	ip -n "$1" -batch - <<-END
		link set wan0 up
		address add $3/$5 dev wan0
		route add default via $4
	END
}

# lab_bridge ROUTER ROUTER_IP BITS: lan0 of a router with room for several hosts.
lab_bridge() {
	# The way back out of the same link is meant, not a detour to report.
	on "$1" sh -c 'cd /proc/sys/net/ipv4/conf &&
		echo 0 >all/send_redirects && echo 0 >default/send_redirects'
	ip link add lan0 netns "$1" type bridge
	ip -n "$1" -batch - <<-END
		link set lan0 up
		address add $2/$3 dev lan0
	END
}

# lab_member HOST ROUTER HOST_IP ROUTER_IP BITS: the host's wan0, plugged into the
# router's bridge.
lab_member() {
	ip link add wan0 netns "$1" type veth peer name "to-$1" netns "$2"
	ip -n "$2" link set "to-$1" master lan0 up
	ip -n "$1" -batch - <<-END
		link set wan0 up
		address add $3/$5 dev wan0
		route add default via $4
	END
}

# What every home router does: nothing from outside that nobody asked for, not
# even for the router itself. Without the input rule Linux would take an early
# packet of the peer as a connection of its own (`linux` shows the harm).
# Protocols are numbers (17 UDP, 58 ICMPv6): not every system has their names.
lab_firewall() {
	on "$1" nft -f - <<-'END'
		table inet firewall {
			chain input {
				type filter hook input priority filter
				iifname wan0 meta l4proto != 58 ct state new drop
			}
			chain forward {
				type filter hook forward priority filter; policy drop
				iifname lan0 accept
				ct state established,related accept
				ct status dnat accept
			}
		}
	END
}

# lab_masquerade NS [random|fully-random]
lab_masquerade() {
	on "$1" nft -f - <<-END
		table ip nat {
			chain postrouting {
				type nat hook postrouting priority srcnat
				oifname wan0 masquerade ${2:-}
			}
		}
	END
}

# Ports one after the other: what the kernel's own choice never does.
lab_sequential() {
	local ports
	ports=$(seq 0 4095 | awk '{ printf "%s%d : %d", sep, $1, 20000 + $1; sep = ", " }')
	on "$1" nft -f - <<-END
		table ip nat {
			chain postrouting {
				type nat hook postrouting priority srcnat
				oifname wan0 meta l4proto 17 masquerade to :numgen inc mod 4096 map { $ports }
				oifname wan0 masquerade
			}
		}
	END
}

# lab_hairpin NS PUBLIC: datagrams from inside to a mapping of the router turn
# around, and come from the sender's own mapping (RFC 4787 REQ-9).
lab_hairpin() {
	on "$1" nft -f - <<-END
		table ip hairpin {
			map sent {
				type inet_service : ipv4_addr
				size 65535
				flags dynamic,timeout
				timeout 120s
			}
			chain forward {
				type filter hook forward priority filter - 1
				iifname lan0 meta l4proto 17 update @sent { udp sport : ip saddr }
			}
			chain prerouting {
				type nat hook prerouting priority dstnat - 1
				iifname lan0 ip daddr $2 dnat to udp dport map @sent
			}
			chain postrouting {
				type nat hook postrouting priority srcnat - 1
				oifname lan0 ct status dnat snat to $2
			}
		}
	END
}

# lab_cone NS HOST SENT TYPE SEEN: masquerade (which keeps the port of the only
# host), and a set of what the host has sent; from outside a datagram reaches
# the host when its own numbers are in the set.
lab_cone() {
	lab_masquerade "$1"
	on "$1" nft -f - <<-END
		table ip nat {
			set sent {
				type $4
				size 65535
				flags dynamic,timeout
				timeout 120s
			}
			chain forward {
				type filter hook forward priority filter - 1
				iifname lan0 meta l4proto 17 update @sent { $3 }
			}
			chain prerouting {
				type nat hook prerouting priority dstnat
				iifname wan0 $5 @sent dnat to $2
			}
		}
	END
}

# lab_nat NS KIND HOST: makes a router of that kind for one host behind it.
lab_nat() {
	[ "$2" = linux ] || lab_firewall "$1"
	case $2 in
	full)
		lab_cone "$1" "$3" 'udp sport' 'inet_service' 'udp dport'
		;;
	addr)
		lab_cone "$1" "$3" 'udp sport . ip daddr' \
			'inet_service . ipv4_addr' 'udp dport . ip saddr'
		;;
	port | linux)
		lab_masquerade "$1"
		;;
	sym)
		lab_masquerade "$1" fully-random
		;;
	symseq)
		lab_sequential "$1"
		;;
	short)
		lab_masquerade "$1"
		# shellcheck disable=SC2016  # for the inner shell
		on "$1" sh -c 'cd /proc/sys/net/netfilter &&
			echo "$0" >nf_conntrack_udp_timeout &&
			echo "$0" >nf_conntrack_udp_timeout_stream' \
			"$LAB_SHORT"
		;;
	udpblock)
		lab_masquerade "$1"
		on "$1" nft insert rule inet firewall forward \
			meta l4proto 17 drop
		;;
	fw6) ;;
	*)
		lab_fail "there is no NAT kind '$2'"
		;;
	esac
}

# lab_site PEER KIND PUBLIC HOST ROUTER NET6: a peer and what stands before it.
lab_site() {
	local nat=nat-$1
	lab_ns "$1"
	case $2 in
	open | sim:open)
		lab_uplink "$1" "$1" "$3" "$6"
		return
		;;
	sim:*)
		lab_uplink "$1" "$1" "$4" '' "${2#sim:}=$3"
		return
		;;
	esac
	lab_ns "$nat"
	case $2 in
	fw6)
		lab_uplink "$1" "$nat" "$3" "$6"
		lab_lan "$1" "$nat" "$6:1::100" "$6:1::1" 64
		lab_nat "$nat" fw6 ''
		;;
	cgn)
		lab_ns "home-$1"
		lab_uplink "$1" "$nat" "$3" ''
		lab_lan "home-$1" "$nat" 100.64.0.100 100.64.0.1 24
		lab_lan "$1" "home-$1" "$4" "$5" 24
		lab_nat "$nat" port 100.64.0.100
		lab_nat "home-$1" port "$4"
		;;
	*)
		lab_uplink "$1" "$nat" "$3" ''
		lab_lan "$1" "$nat" "$4" "$5" 24
		lab_nat "$nat" "$2" "$4"
		;;
	esac
}

# Both peers on one LAN.
lab_site_lan() {
	lab_ns a
	lab_ns b
	lab_ns nat-a
	lab_uplink a nat-a "$LAB_PUBLIC_A" ''
	lab_bridge nat-a 192.168.1.1 24
	lab_member a nat-a 192.168.1.100 192.168.1.1 24
	lab_member b nat-a 192.168.1.101 192.168.1.1 24
	lab_nat nat-a port ''
}

# Both peers' homes behind one provider: lab_site_carrier carrier|hairpin.
lab_site_carrier() {
	local ns
	for ns in a b home-a home-b nat-a; do
		lab_ns "$ns"
	done
	lab_uplink a nat-a "$LAB_PUBLIC_A" ''
	lab_bridge nat-a 100.64.0.1 24
	lab_member home-a nat-a 100.64.0.100 100.64.0.1 24
	lab_member home-b nat-a 100.64.0.101 100.64.0.1 24
	lab_lan a home-a 192.168.1.100 192.168.1.1 24
	lab_lan b home-b 10.0.0.50 10.0.0.1 24
	lab_nat nat-a port ''
	lab_nat home-a port ''
	lab_nat home-b port ''
	[ "$1" = carrier ] || lab_hairpin nat-a "$LAB_PUBLIC_A"
}

# lab_sites KIND_A KIND_B
lab_sites() {
	local net6=2001:db8
	case $1,$2 in
	lan,lan)
		lab_site_lan
		return
		;;
	carrier,carrier | hairpin,hairpin)
		lab_site_carrier "$1"
		return
		;;
	esac
	[ -z "$LAB_IPV4" ] || net6=''
	lab_site a "$1" "$LAB_PUBLIC_A" 192.168.1.100 192.168.1.1 "${net6:+$net6:a}"
	lab_site b "$2" "$LAB_PUBLIC_B" 10.0.0.50 10.0.0.1 "${net6:+$net6:b}"
}

# --- The internet --------------------------------------------------------

lab_uplinks=()    # SITE|NAMESPACE|IPV4[,IPV4]|NET6|NAT

lab_uplink() {
	lab_uplinks+=("$1|$2|$3|$4|${5:-}")
}

# Addresses and the default route of a namespace's wan0.
lab_wan0() {
	local ip gateway=$3
	{
		echo 'link set wan0 up'
		for ip in ${1//,/ }; do
			echo "address add $ip/32 dev wan0"
		done
		echo "route add default ${gateway:+via $LAB_ROUTER} dev wan0" \
			"${gateway:+onlink} src ${1%%,*}"
		if [ -n "$2" ]; then
			echo "address add $2::1/128 dev wan0"
			echo "address add $2::2/128 dev wan0"
			echo "route add ::/0 ${gateway:+via fe80::1} dev wan0"
		fi
	}
}

# The internet as a router: one veth pair per site.
lab_internet_veth() {
	local line site ns ips net6 ip
	lab_ns internet
	for line in "${lab_uplinks[@]}"; do
		IFS='|' read -r site ns ips net6 _ <<<"$line"
		ip link add wan0 netns "$ns" type veth \
			peer name "to-$site" netns internet
		{
			echo "link set to-$site up"
			echo "address add $LAB_ROUTER/32 dev to-$site"
			echo "address add fe80::1/64 dev to-$site"
			for ip in ${ips//,/ }; do
				echo "route add $ip/32 dev to-$site"
			done
		} | ip -n internet -batch -
		lab_wan0 "$ips" "$net6" via | ip -n "$ns" -batch -
		lab_route6 "$ns" "to-$site" "$net6"
	done
}

# The way back to a site's IPv6 network, through its router's own address.
lab_route6() {
	[ -n "$3" ] || return 0
	ip -n "$1" address add fe80::2/64 dev wan0
	ip -n internet route add "$3::/48" via fe80::2 dev "$2"
}

# The internet as the program `wan`: links and, for sim:KIND, NATs.
lab_internet_wan() {
	local line site ns ips net6 nat sites=() net delay
	lab_ready_wan
	for line in "${lab_uplinks[@]}"; do
		IFS='|' read -r site ns ips net6 nat <<<"$line"
		net=${net6:+,$net6::/48}
		delay=$LAB_ACCESS
		[ "$site" != servers ] || delay=$LAB_SERVER_ACCESS
		# Public addresses by the block: a router may get another one.
		[ -n "$nat" ] || ips=${ips//,//24,}/24
		sites+=("$ns=$ips$net${nat:+,nat:$nat},delay:$delay")
	done
	"$LAB_BUILD/tests/lab/wan" --short "${LAB_SHORT}s" "${lab_link[@]}" \
		"${sites[@]}" \
		>"$LAB_RUN/wan.log" 2>&1 &
	lab_until 10 lab_holds "$LAB_RUN/wan.log" ready || {
		cat "$LAB_RUN/wan.log"
		lab_fail 'wan does not start'
	}
	for line in "${lab_uplinks[@]}"; do
		IFS='|' read -r site ns ips net6 nat <<<"$line"
		lab_wan0 "$ips" "$net6" '' | ip -n "$ns" -batch -
	done
}

lab_wan=''        # not empty: the internet is `wan`
lab_link=()       # its options
LAB_BUILD=$(realpath -m "${LAB_BUILD:-build/release}")
LAB_SHORT=${LAB_SHORT:-2}
LAB_ACCESS=0ms    # one way on a peer's line
LAB_SERVER_ACCESS=0ms
LAB_IPV4=''       # not empty: no IPv6

# Takes lab.sh's options from the arguments; leaves the rest in lab_rest.
lab_options() {
	lab_rest=()
	while [ $# -gt 0 ]; do
		case $1 in
		--rtt | --jitter | --loss | --duplicate | --reorder | --seed)
			lab_wan=yes
			lab_link+=("$1" "$2")
			shift
			;;
		--access)
			lab_wan=yes
			LAB_ACCESS=$2
			shift
			;;
		--server-access)
			lab_wan=yes
			LAB_SERVER_ACCESS=$2
			shift
			;;
		--ipv4)
			LAB_IPV4=only
			;;
		--short)
			LAB_SHORT=$2
			shift
			;;
		--build)
			LAB_BUILD=$(realpath -m "$2")
			shift
			;;
		*)
			lab_rest=("$@")
			return
			;;
		esac
		shift
	done
}

# lab_up KIND_A KIND_B: builds everything.
lab_up() {
	local net6=2001:db8:5
	[ -z "$LAB_IPV4" ] || net6=''
	lab_sites "$1" "$2"
	lab_ns servers
	lab_uplink servers servers "$LAB_S1,$LAB_S2" "$net6"
	if [ -n "$lab_wan" ] || [[ "$1 $2" == *sim:* ]]; then
		lab_internet_wan
	else
		lab_internet_veth
	fi
}

# A shell for a person, with everything in reach.
lab_shell() {
	# shellcheck source=tests/lab/guide.sh
	. "$(dirname "$0")/guide.sh"
	guide_servers
	export -f on
	export LAB_S1 LAB_S2 PATH=$LAB_BUILD:$PATH PS1='lab \$ '
	echo 'on a COMMAND, on b COMMAND: what a peer does, such as'
	echo '  on a altair discover --local-port 5000'
	echo 'These hosts are there:' "$(ip netns list | cut -d' ' -f1 | paste -sd' ')"
	"$BASH" --norc
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
	set -u
	lab_options "$@"
	if [ ${#lab_rest[@]} -lt 2 ] || [ "${lab_rest[0]}" = --help ]; then
		lab_usage
		exit 2
	fi
	lab_enter "$@"
	lab_up "${lab_rest[0]}" "${lab_rest[1]}"
	if [ ${#lab_rest[@]} -gt 2 ]; then
		"${lab_rest[@]:2}"
	else
		lab_shell
	fi
fi
