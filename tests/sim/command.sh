#!/bin/sh
# The command altair-sim: options, exit codes, output, and its man page.
# Arguments: the command, the man page.
set -u
sim=$1
man=$2
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
failed=0

# expect STATUS COMMAND...: its output is in $dir/out and $dir/err.
expect() {
	wanted=$1
	shift
	"$@" >"$dir/out" 2>"$dir/err"
	status=$?
	[ "$status" -eq "$wanted" ] && return
	echo "# $* ends with $status, not $wanted"
	failed=1
}

# has FILE TEXT: the text stands in it.
has() {
	grep -qF -e "$2" "$dir/$1" && return
	echo "# \"$2\" is missing in:"
	sed 's/^/# /' "$dir/$1" | head -20
	failed=1
}

# A server under siege.
expect 0 "$sim" server --seed 4
has out "allocations made"
has out "replay  altair-sim server --seed 4"
expect 0 "$sim" server --seed 4 --explain
has out "ON"
expect 0 "$sim" server soak --seeds 2 --once
has out "2 seeds from 0, each once: "
expect 2 "$sim" server --nat port

# A connection, drawn.
expect 0 "$sim" --nat port --nat port --skew 500ms
has out "peer A           nat A         internet          nat B"
has out "│────PUNCH─────▶│──────────────▶│"
has out "▶✗"
has out "the NAT filters it"
has out "peer A  connected to 198.51.100.5:6000"
has out "replay  altair-sim --nat port --nat port --seed 1 --initiator a"
expect 0 "$sim" --nat port --nat port --ascii
if LC_ALL=C grep -q '[^ -~]' "$dir/out"; then
	echo "# --ascii writes more than ASCII"
	failed=1
fi
expect 0 "$sim" --discovery --topology cgnat+home
has out "STUN request"
has out "carrier A"
expect 0 "$sim" --topology same-lan
expect 0 "$sim" --topology v6
has out "[2001:db8:b::50]:6000"

# None, with its reasons.
expect 6 "$sim" --nat port --nat sym --seed 7
has out "not connected: nothing arrived in time"
has out "its NAT maps every destination to another port"
expect 6 "$sim" --nat open --nat open --cut b
has out "the peer was heard but never answered us"
expect 0 "$sim" --nat full --nat sym --quiet-diagram
has out "at another port than told"
expect 0 "$sim" --nat port --nat port --guide b --quiet-diagram
has out "PING-PONG done"
expect 0 "$sim" --nat port --nat port --initiator both --quiet-diagram
has out "both sides are initiators"

# The picture.
expect 0 "$sim" --svg "$dir/a.svg" --quiet-diagram
texts=$(grep -o '<text' "$dir/a.svg" | wc -l)
ends=$(grep -o '</text>' "$dir/a.svg" | wc -l)
if [ "$texts" -lt 20 ] || [ "$texts" -ne "$ends" ] ||
	[ "$(tail -n 1 "$dir/a.svg")" != "</svg>" ]; then
	echo "# the SVG is not whole: $texts texts, $ends ends"
	failed=1
fi
expect 1 "$sim" --svg "$dir/none/a.svg" --quiet-diagram

# The replay line of a run gives the run again, packet by packet.
for options in "--nat cgn --nat addr --rtt 37ms --late-a 1.5 --loss 12.5%" \
	"--nat sym --nat full --initiator none --stranger 50 --jitter 3ms" \
	"--nat port --nat full --guide a --initiator b --late-b 7777777ns" \
	"--topology same-lan --quiet 40 --messages 5 --nat-lifetime 30s" \
	"--nat full --nat open --stranger 500 --forged --interval 100ms" \
	"--nat open --nat fw6 --duplicate 30% --reorder 0.2 --corrupt 5%" \
	"--nat port --nat port --cut a --attempts 2 --timeout 4 --seed 0xff" \
	"--seed 17"; do
	"$sim" --trace $options >"$dir/first"
	line=$(sed -n 's/^replay  altair-sim//p' "$dir/first")
	"$sim" --trace $line >"$dir/second"
	if ! [ -s "$dir/first" ] || ! cmp -s "$dir/first" "$dir/second"; then
		echo "# $options and $line are not the same run"
		failed=1
	fi
done

# Two agents.
expect 0 "$sim" agent --nat port --nat addr
has out "SELECTED 198.51.100.5:6000"
has out "connected after 85.0 ms, direct, first data after 110.0 ms"
has out "replay  altair-sim agent --nat port --nat addr"
expect 0 "$sim" agent --nat sym --nat port --quiet-diagram
has out "relayed"
expect 0 "$sim" agent --nat port --same-carrier --ipv6 a --mobile-b cgn --trace
has out "carriers"
expect 0 "$sim" agent --nat port --talk 8s --change move:a@5s --svg "$dir/b.svg" \
	--quiet-diagram
expect 6 "$sim" agent --nat sym --nat port --no-relay --limit 5s --quiet-diagram
expect 0 "$sim" agent --seed 5 --explain
has out "slow signalling"
expect 0 "$sim" agent soak --seeds 10 --jobs 2
expect 0 "$sim" agent soak --seeds 10 --once
expect 2 "$sim" agent --change move:c@5s
expect 2 "$sim" agent matrix x

# What a seed draws.
expect 0 "$sim" --seed 17 --explain
has out "loss"
has out "Drawn for every seed"
expect 0 "$sim" nats
has out "fw6"
has out "same-lan"
expect 0 "$sim" --help
has out "--nat KIND"
expect 0 "$sim" --version
has out "altair-sim "

# The man page has every option of the help.
"$sim" --help | grep -o -e '--[a-z][a-z0-9-]*' | sort -u >"$dir/options"
while read -r option; do
	grep -q "Fl Fl ${option#--}\\>" "$man" && continue
	echo "# $option is not in the man page"
	failed=1
done <"$dir/options"
if [ "$(wc -l <"$dir/options")" -lt 30 ]; then
	echo "# the help lists too few options"
	failed=1
fi

# Many seeds; several jobs find the same.
expect 0 "$sim" soak --seeds 60 --from 100
cp "$dir/out" "$dir/one"
expect 0 "$sim" soak --seeds 60 --from 100 --jobs 3
if ! cmp -s "$dir/one" "$dir/out"; then
	echo "# one job and three jobs differ"
	failed=1
fi

# Mistakes.
for wrong in "--nat nosuch" "--nat port --nat port --nat port" "--rtt 5x" \
	"--loss 101%" "--loss -1" "--seed 12z" "--seed" "--nosuch" "nosuch" \
	"--initiator c" "--interval 1ms" "--nat port --nat fw6" \
	"soak --seeds" "soak --jobs 0" "soak x" "matrix x" "nats x" \
	"--same-lan --nat open" "--nat port --explain" "--rtt" "--seed 0x"; do
	expect 2 "$sim" $wrong
	has err "--help"
done
expect 1 sh -c '"$1" matrix >/dev/full' sh "$sim"

[ "$failed" -eq 0 ] && echo "ok command"
exit "$failed"
