# shellcheck shell=bash
#
# link.sh - `altair serve` as it comes, as the server that introduces peers in the
# lab, and the commands that meet there. Sourced after lab.sh.
#
#   link_serve          starts it on the servers' first address; LINK_URL names it
#   link_home PEER      from now on commands here have that peer's identity
#   link_run PEER ARG   altair ARG... on that peer, with its identity
#   link_code FILE      the code that the command has said there

link_serve() {
	on servers "$LAB_BUILD/altair" serve --listen "$LAB_S1:3478" </dev/null \
		>"$LAB_RUN/serve.out" 2>&1 &
	# shellcheck disable=SC2034  # for those who end it
	link_server=$!
	lab_until 10 lab_holds "$LAB_RUN/serve.out" 'wss://' || {
		cat "$LAB_RUN/serve.out"
		lab_fail 'altair serve does not start'
	}
	# shellcheck disable=SC2034  # for those who connect
	LINK_URL=$(grep -o 'wss://[^ ]*' "$LAB_RUN/serve.out" | head -n 1)
}

link_home() {
	export XDG_STATE_HOME=$LAB_RUN/state-$1 XDG_CONFIG_HOME=$LAB_RUN/config-$1
	mkdir -p "$XDG_STATE_HOME" "$XDG_CONFIG_HOME"
}

link_run() {
	local peer=$1
	shift
	link_home "$peer"
	on "$peer" "$LAB_BUILD/altair" "$@"
}

link_code() {
	sed -n 's/^Code: \([0-9a-z-]*\).*/\1/p' "$1" | tail -n 1
}
