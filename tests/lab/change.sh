#!/usr/bin/env bash
#
# change.sh CHANGE - something happens to a lab that runs (call it inside).
#
#   flush      the router of a forgets all its mappings
#   move       the public address of that router is another one
#   cut        nothing passes any more between the public addresses of a and b
#   interface  the interface of host a goes down, and comes up with another address
#
# Needs conntrack (flush, move); the internet of the lab must be `wan` (move).
set -eu

router=nat-a
[ -e /run/netns/nat-a ] || router=a

on() {
	local ns=$1
	shift
	nsenter --net="/run/netns/$ns" -- "$@"
}

forget() {
	on "$router" conntrack -F 2>/dev/null
	if on "$router" nft list set ip nat sent >/dev/null 2>&1; then
		on "$router" nft flush set ip nat sent
	fi
}

case ${1:?usage: change.sh CHANGE} in
flush)
	forget
	;;
move)
	ip -n "$router" -batch - <<-END
		address add 203.0.113.77/32 dev wan0
		address del 203.0.113.1/32 dev wan0
		route replace default dev wan0 src 203.0.113.77
	END
	forget
	;;
cut)
	on "$router" nft -f - <<-END
		table ip cut {
			chain inwards {
				type filter hook prerouting priority raw
				ip saddr 198.51.100.5 drop
			}
			chain outwards {
				type filter hook postrouting priority srcnat + 10
				ip daddr 198.51.100.5 drop
			}
		}
	END
	;;
interface)
	ip -n a -batch - <<-END
		link set wan0 down
		address flush dev wan0
		address add 192.168.1.142/24 dev wan0
		link set wan0 up
		route add default via 192.168.1.1
	END
	;;
*)
	echo "change.sh: there is no change '$1'" >&2
	exit 2
	;;
esac
