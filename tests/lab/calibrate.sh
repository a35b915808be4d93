#!/usr/bin/env bash
#
# calibrate.sh BUILD_DIR [KIND]... - asks the same questions (probe.c) of the
# kernel's NAT, of the simulator's NAT of the same name, and of the simulator's
# NAT with real packets through it. All answers must be the expected ones.

# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
set -u

SHORT=4    # the mapping lifetime of `short`, seconds
IDLE=6000  # of silence, milliseconds

#         mapping filtering preserves sequential hairpins expires inbound
expected() {
	case $1 in
	open) echo any any yes no yes no yes ;;
	full) echo any any yes no no no yes ;;
	addr) echo any address yes no no no yes ;;
	port) echo any port yes no no no yes ;;
	cgn) echo any port yes no no no yes ;;
	sym) echo port port no no no no yes ;;
	symseq) echo port port no yes no no yes ;;
	short) echo any port yes no no yes yes ;;
	udpblock) echo none none no no no no no ;;
	fw6) echo any port yes no yes no yes ;;
	esac
}

# The probe's answers as one line of values.
values() {
	cut -d' ' -f2 | paste -sd' '
}

probe_lab() {
	local inside=192.168.1.100
	local outside=("$LAB_S1" "$LAB_S2")
	case $1 in
	*open) inside=$LAB_PUBLIC_A ;;
	fw6)
		inside=2001:db8:a:1::100
		outside=(2001:db8:5::1 2001:db8:5::2)
		;;
	esac
	LAB_SHORT=$SHORT "$lab" --build "$LAB_BUILD" "$1" open \
		"$LAB_BUILD/tests/lab/probe-lab" "$inside" "${outside[@]}" $IDLE | values
}

# One kind; everything at once, since it mostly waits.
calibrate() {
	local kind=$1 want kernel real='' pure
	want=$(expected "$kind")
	if [ "$kind" != fw6 ]; then # the wan translates IPv4 only
		exec 3< <(probe_lab "sim:$kind")
	fi
	kernel=$(probe_lab "$kind")
	pure=$("$LAB_BUILD/tests/lab/probe-sim" "$kind" ${SHORT}000 $IDLE | values)
	if [ "$kind" = fw6 ]; then
		real=$want
	else
		read -r real <&3
	fi
	if [ "$want|$want|$want" = "$kernel|$pure|$real" ]; then
		echo "ok $kind: $want"
		return 0
	fi
	echo "not ok $kind: expected $want"
	echo "  kernel: $kernel"
	echo "  simulator: $pure"
	echo "  simulator with real packets: $real"
	return 1
}

lab=$(dirname "$0")/lab.sh
LAB_BUILD=${1:?usage: calibrate.sh BUILD_DIR [KIND]...}
shift
[ $# -gt 0 ] || set -- open full addr port cgn sym symseq short udpblock fw6
lab_ready
lab_ready_wan
pids=() status=0
for kind; do
	calibrate "$kind" &
	pids+=($!)
done
for pid in "${pids[@]}"; do
	wait "$pid" || status=1
done
exit $status
