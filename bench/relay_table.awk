# relay_table.awk - the results of relay.sh as one table or, with json=yes, as JSON.
# The exit code is 1 when a bar is missed. A line of the results has what was
# measured, whom, and the figures of bench-turn.

function median(a, b, c) {
	if ((a <= b && b <= c) || (c <= b && b <= a))
		return b
	return (b <= a && a <= c) || (c <= a && a <= b) ? a : c
}

# The median of the rounds' ratios: what disturbs a round disturbs both.
function ratio(what, x, y, at,   r, i) {
	for (i = 0; i < 3; i++)
		r[i] = figure[what, x, at + i] / figure[what, y, at + i]
	return median(r[0], r[1], r[2])
}

function middle(what, who, at) {
	return median(figure[what, who, at], figure[what, who, at + 1],
		      figure[what, who, at + 2])
}

function plain_value(number) {
	return number == "" ? "-" : sprintf("%.2f", number)
}

function json_value(number) {
	return number == "" ? "null" : sprintf("%.3f", number)
}

# The figures of a row: `whose`[program], where there is one.
function row(name, unit, whose) {
	rows[++row_count] = sprintf("%-44s %9s %9s %9s %9s  %s", name,
		plain_value(whose["floor"]), plain_value(whose["altair"]),
		plain_value(whose["coturn"]), plain_value(whose["lean"]), unit)
	items[++item_count] = sprintf("{\"what\":\"%s\",\"unit\":\"%s\"," \
		"\"floor\":%s,\"altair\":%s,\"coturn\":%s,\"lean\":%s}",
		name, unit, json_value(whose["floor"]),
		json_value(whose["altair"]), json_value(whose["coturn"]),
		json_value(whose["lean"]))
}

# Medians of what was measured, divided by `by`.
function measured(name, unit, what, at, by,   whose, i, who) {
	split("floor altair coturn lean", who, " ")
	for (i = 1; i <= 4; i++)
		whose[who[i]] = (what, who[i], at) in figure ? \
			middle(what, who[i], at) / by : ""
	row(name, unit, whose)
}

# `floor` is what the floor itself has, where it can be asked.
function bar(name, value, how, limit, floor,   met) {
	met = how == "most" ? value <= limit : value >= limit
	if (!met)
		missed = 1
	bars[++bar_count] = sprintf("%-46s %8.2f  (at %s %s: %s%s)", name,
		value, how, limit, met ? "met" : "MISSED",
		floor == "" ? "" : sprintf("; the floor: %.2f", floor))
	verdicts[bar_count] = sprintf("{\"bar\":\"%s\",\"value\":%.3f," \
		"\"at_%s\":%s,\"met\":%s,\"floor\":%s}", name, value, how,
		limit, met ? "true" : "false", json_value(floor))
}

function singles(what, floor_most, coturn_least) {
	if (!((what, "altair", 1) in figure))
		return
	measured(what " single packets", "us/packet", what, 1, 1000)
	bar(what ": altair / floor, CPU per packet",
	    ratio(what, "altair", "floor", 1), "most", floor_most)
	if (coturn_least)
		bar(what ": coturn / altair, CPU per packet",
		    ratio(what, "coturn", "altair", 1), "least", coturn_least,
		    ratio(what, "coturn", "floor", 1))
	else
		bar(what ": packets lost", figure[what, "altair", 8], "most", 0)
}

function bursts() {
	if (!(("bursts", "altair", 1) in figure))
		return
	measured("bursts of 16 x 1200, CPU", "us/packet", "bursts", 1, 1000)
	measured("bursts of 16 x 1200, throughput", "M packets/s", "bursts", 4,
		 1e6)
	bar("bursts: altair / floor, throughput",
	    ratio("bursts", "altair", "floor", 4), "least", 0.8)
	bar("bursts: altair / coturn, throughput",
	    ratio("bursts", "altair", "coturn", 4), "least", 12,
	    ratio("bursts", "floor", "coturn", 4))
}

function allocations() {
	if (!(("allocation", "altair", 1) in figure))
		return
	measured("authenticated allocation, 32 at a time", "us", "allocation",
		 1, 1000)
	measured("authenticated allocation, one at a time", "us",
		 "allocation-1", 1, 1000)
	measured("the same and its deletion", "us", "allocation-life", 1, 1000)
	bar("allocation: CPU, us", middle("allocation", "altair", 1) / 1000,
	    "most", 30)
	bar("allocation: coturn / altair, CPU",
	    ratio("allocation", "coturn", "altair", 1), "least", 4,
	    ratio("allocation", "coturn", "floor", 1))
	bar("allocation, one at a time: coturn / altair, CPU",
	    ratio("allocation-1", "coturn", "altair", 1), "least", 4,
	    ratio("allocation-1", "coturn", "floor", 1))
}

function each(who) {
	return (figure["memory-10000", who, 1] - figure["memory-1", who, 1]) / \
		10000
}

function memory(   whose) {
	if (!(("memory-1", "altair", 1) in figure))
		return
	whose["altair"] = each("altair")
	whose["coturn"] = each("coturn")
	row("resident memory per allocation at 10,000", "KiB", whose)
	bar("memory: KiB per allocation", each("altair"), "most", 1)
}

function threads(   i, most) {
	if (!(("threads", "two", 1) in figure))
		return
	for (i = 9; ("threads", "two", i) in figure; i++)
		if (figure["threads", "two", i] > most)
			most = figure["threads", "two", i]
	bar("threads: two / one, CPU per packet",
	    ratio("threads", "two", "one", 1), "most", 1.11)
	bar("threads: percent of the busier one", most, "most", 60)
}

{
	for (i = 3; i <= NF; i++)
		figure[$1, $2, i - 2] = $i
}

END {
	singles("64x1200", 1.10, 1.05)
	singles("64x100", 1.10, 1.05)
	singles("1000x1200", 1.10, 1.35)
	singles("1000x100", 1.10, 1.35)
	singles("64x1200x3", 1.25, 0)
	singles("1000x1200x3", 1.25, 0)
	bursts()
	allocations()
	memory()
	threads()
	if (json == "yes") {
		printf "{\"figures\":["
		for (i = 1; i <= item_count; i++)
			printf "%s%s", (i > 1 ? "," : ""), items[i]
		printf "],\"bars\":["
		for (i = 1; i <= bar_count; i++)
			printf "%s%s", (i > 1 ? "," : ""), verdicts[i]
		print "]}"
	} else {
		printf "%-44s %9s %9s %9s %9s\n", "", "floor", "altair",
			"coturn", "lean"
		for (i = 1; i <= row_count; i++)
			print rows[i]
		print ""
		for (i = 1; i <= bar_count; i++)
			print bars[i]
	}
	exit missed
}
