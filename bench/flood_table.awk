# The table of bench/flood.sh from the figures of bench-flood, and whether the bars
# are held: the exit code is 1 when one is missed.
{ of[$1] = $2; rest[$1] = $0 }

function row(what, figure, bar, is_held) {
	printf "%-44s %14s   %-12s %s\n", what, figure, bar,
		bar == "" ? "" : is_held ? "held" : "MISSED"
	missed += bar != "" && !is_held
}

function ms(us) {
	return sprintf("%.3f ms", us / 1000)
}

# `when`: quiet or flood.
function loss(kind,  asked) {
	asked = of["flood-" kind "-asked"]
	return asked ? 100 * of["flood-" kind "-lost"] / asked : 100
}

function client(kind,  before, during) {
	before = of["quiet-" kind "-p99"]
	during = of["flood-" kind "-p99"]
	row(kind ": p99 without flood", ms(before), "")
	row(kind ": p99 with it", ms(during), "<= 2 x",
		before > 0 && during <= 2 * before)
	row(kind ": lost", sprintf("%.2f %%", loss(kind)), "<= 1 %",
		loss(kind) <= 1)
}

END {
	growth = of["memory-after"] - of["memory-before"]
	row("capacity of server and device, datagrams/s", of["capacity"], "")
	row("datagrams from spoofed sources", of["sent"],
		">= " datagrams, of["sent"] >= datagrams)
	row("of these a second", sprintf("%.0f", of["sent"] / of["seconds"]),
		"")
	row("of these dropped before the server", of["dropped"], "")
	row("memory before", of["memory-before"] " KiB", "")
	row("memory grows by", growth " KiB", "<= 4096 KiB", growth <= 4096)
	row("answers", of["answers"], "")
	row("bytes out for a byte in, all in all", of["amplification"],
		"<= 3", of["amplification"] <= 3)
	row("answers longer than their budget, or forbidden",
		of["violations"], "0", of["violations"] == 0)
	row("challenges a second to the loudest source", of["loudest"],
		"<= 10", of["loudest"] > 0 && of["loudest"] <= 10)
	client("binding")
	client("relayed")
	if ("violation" in of)
		print rest["violation"]
	exit missed > 0
}
