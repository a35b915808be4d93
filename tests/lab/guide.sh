# shellcheck shell=bash
#
# guide.sh - the guide's four commands, typed as printed, in the lab. Sourced
# after lab.sh by the tests and the demonstration.
#
#   guide_servers            starts `altair serve` for both public addresses
#   guide_discover PEER      altair discover; its endpoint: guide_endpoint[PEER]
#   guide_connect PEER ARG.. altair connect ARG..., in the background
#   guide_wait PEER SECS TEXT   until its output holds TEXT
#   guide_say PEER TEXT      types a line
#   guide_end PEER           end of its input; its exit code: guide_status
#   guide_show PEER          what it wrote so far, every line marked
#
# What a peer writes is in $LAB_RUN/PEER.out and PEER.err.

guide_ports=(3478 19302)    # of the default servers, see guide_names
declare -A guide_endpoint=() guide_pid=() guide_in=()
guide_status=0

# The names of altair's default STUN servers are hosts of the lab: nobody needs
# an option. (The mount namespace is ours: the machine's own file stays. Where
# there is none to lay ours over, the environment names the servers.)
guide_names() {
	unset ALTAIR_STUN STUN_SERVER
	if [ ! -e /etc/hosts ]; then
		export STUN_SERVER=$LAB_S1,$LAB_S2
		return
	fi
	{
		echo '127.0.0.1 localhost'
		echo "$LAB_S1 stun.l.google.com"
		echo "$LAB_S2 stun.cloudflare.com"
		echo '2001:db8:5::1 stun.l.google.com'
		echo '2001:db8:5::2 stun.cloudflare.com'
	} >"$LAB_RUN/hosts"
	mount --bind "$LAB_RUN/hosts" /etc/hosts
}

guide_serving() {
	local port
	for port in "${guide_ports[@]}"; do
		[ -n "$(on servers ss -Hlun "sport = :$port")" ] || return 1
	done
}

guide_servers() {
	local port listen=()
	guide_names
	for port in "${guide_ports[@]}"; do
		listen+=(--listen "0.0.0.0:$port" --listen "[::]:$port")
	done
	on servers "$LAB_BUILD/altair" serve "${listen[@]}" \
		</dev/null >"$LAB_RUN/serve.out" 2>&1 &
	lab_until 10 guide_serving || {
		cat "$LAB_RUN/serve.out"
		lab_fail 'altair serve does not start'
	}
}

# Runs altair as that peer: its network, its home, nobody else's descriptors.
guide_altair() {
	local peer=$1 fd
	shift
	for fd in "${guide_in[@]}"; do
		exec {fd}>&-
	done
	mkdir -p "$LAB_RUN/home-$peer"
	HOME=$LAB_RUN/home-$peer XDG_STATE_HOME='' LC_ALL=C.UTF-8 \
		exec nsenter --net="/run/netns/$peer" -- "$LAB_BUILD/altair" "$@"
}

# The endpoint of the lab's family: IPv6 where LAB_FAMILY is 6.
guide_discover() {
	local peer=$1 line found='' want='[0-9]'
	[ "${LAB_FAMILY:-4}" = 4 ] || want='\['
	shift
	(guide_altair "$peer" discover "$@") </dev/null \
		>"$LAB_RUN/$peer.discover" 2>&1
	guide_status=$?
	while read -r line; do
		[[ $line =~ public\ endpoint:\ ($want.*) ]] &&
			found=${found:-${BASH_REMATCH[1]}}
	done <"$LAB_RUN/$peer.discover"
	# shellcheck disable=SC2034 # for the caller
	guide_endpoint[$peer]=$found
}

guide_connect() {
	local peer=$1 fd
	shift
	: >"$LAB_RUN/$peer.out"
	: >"$LAB_RUN/$peer.err"
	rm -f "$LAB_RUN/$peer.in"
	mkfifo "$LAB_RUN/$peer.in"
	(guide_altair "$peer" connect "$@") <"$LAB_RUN/$peer.in" \
		>"$LAB_RUN/$peer.out" 2>"$LAB_RUN/$peer.err" &
	guide_pid[$peer]=$!
	exec {fd}>"$LAB_RUN/$peer.in"
	guide_in[$peer]=$fd
}

guide_reached() {
	lab_holds "$LAB_RUN/$1.out" "$2" || lab_gone "${guide_pid[$1]}"
}

guide_wait() {
	lab_until "$2" guide_reached "$1" "$3"
	lab_holds "$LAB_RUN/$1.out" "$3"
}

guide_say() {
	printf '%s\n' "$2" >&"${guide_in[$1]}"
}

# Waits for the end of a process that is about to end.
guide_join() {
	lab_until "${2:-10}" lab_gone "${guide_pid[$1]}" ||
		kill -KILL "${guide_pid[$1]}"
	wait "${guide_pid[$1]}"
	# shellcheck disable=SC2034 # for the caller
	guide_status=$?
}

guide_end() {
	local fd=${guide_in[$1]}
	exec {fd}>&-
	unset "guide_in[$1]"
	guide_join "$1"
}

guide_show() {
	local file
	for file in discover out err; do
		[ ! -s "$LAB_RUN/$1.$file" ] ||
			sed "s/^/  [$1 $file] /" "$LAB_RUN/$1.$file"
	done
}
