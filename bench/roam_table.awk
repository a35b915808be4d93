# The table of roam.sh in Markdown, from its cells and lines. Which bar is met and
# which is missed goes to the file `bars`. Times are milliseconds.

BEGIN {
	FS = "\t"
	programs = split("altair libnice-udp libnice aioice pion", program, " ")
	title["altair"] = "altair"
	title["libnice-udp"] = "libnice"
	title["libnice"] = "libnice, ICE-TCP on"
	title["aioice"] = "aioice"
	title["pion"] = "pion/ice"
	changes = split("flush move cut interface", change, " ")
	what["flush"] = "The router of A forgets all mappings"
	what["move"] = "The public address of A's router is another one"
	what["cut"] = "Nothing passes any more between the peers; the relay lives"
	what["interface"] = "A's interface goes down and comes up with another address"
	NEVER = 1e9
}

FILENAME == ARGV[1] {
	cell[++cells] = $1
	next
}

{
	n = ++runs[$1, $2]
	time[$1, $2, n] = $4 == "restored" ? $5 + 0 : NEVER
	restored[$1, $2] += $4 == "restored"
	lost[$1, $2, n] = $8 + 0
	doubled[$1, $2] += $9
	kept[$1, $2] += $10 == "yes"
	ways[$1, $2] = $6 == $7 ? $6 : $6 " → " $7
	split($1, part, "/")
	if ($2 == "altair") pool[part[1], ++pools[part[1]]] = time[$1, $2, n]
}

function sort(list, n,    i, j, x) {
	for (i = 2; i <= n; i++) {
		x = list[i]
		for (j = i - 1; j >= 1 && list[j] > x; j--) list[j + 1] = list[j]
		list[j + 1] = x
	}
}

# The value that `share` of all do not exceed (nearest rank).
function quantile(list, n, share,    rank) {
	sort(list, n)
	rank = int(share * n)
	if (rank < share * n) rank++
	return list[rank < 1 ? 1 : rank]
}

function of_cell(c, who, share,    list, i) {
	for (i = 1; i <= runs[c, who]; i++) list[i] = time[c, who, i]
	return quantile(list, runs[c, who], share)
}

function of_pool(name, share,    list, i) {
	for (i = 1; i <= pools[name]; i++) list[i] = pool[name, i]
	return quantile(list, pools[name], share)
}

function lost_middle(c, who,    list, i) {
	for (i = 1; i <= runs[c, who]; i++) list[i] = lost[c, who, i]
	return quantile(list, runs[c, who], 0.5)
}

function show(ms) {
	return ms >= NEVER ? "never" : sprintf("%.0f", ms)
}

function bar(is_met, text) {
	print (is_met ? "met    " : "missed ") text >bars
	if (!is_met) misses++
}

function check_pool(name, p50, p95,    have50, have95) {
	if (!pools[name]) return
	have50 = of_pool(name, 0.5)
	have95 = of_pool(name, 0.95)
	bar(have50 <= p50 && have95 <= p95, sprintf("%s: p50 %s (at most %d), p95 %s " \
		"(at most %d), %d runs", name, show(have50), p50, show(have95), p95,
		pools[name]))
}

function check_cell(c,    n) {
	n = runs[c, "altair"]
	if (!n) return
	bar(kept[c, "altair"] == n, sprintf("%s: session kept in %d of %d", c,
		kept[c, "altair"], n))
	bar(!doubled[c, "altair"], sprintf("%s: %d messages doubled", c,
		doubled[c, "altair"]))
}

function row(c, who,    n) {
	n = runs[c, who]
	if (!n) return
	print "| " (who == "altair" ? "**altair**" : title[who]) " | " \
		restored[c, who] " of " n " | " show(of_cell(c, who, 0.5)) " | " \
		show(of_cell(c, who, 0.95)) " | " lost_middle(c, who) " | " \
		doubled[c, who] + 0 " | " kept[c, who] " of " n " | " ways[c, who] " |"
}

function section(name,    i, k, part) {
	print "\n## " what[name]
	for (i = 1; i <= cells; i++) {
		split(cell[i], part, "/")
		if (part[1] != name) continue
		sub("-", " – ", part[2])
		print "\n" part[2] ":\n"
		print "| | data flows again | p50 | p95 | lost | doubled | session kept | way |"
		print "| --- | --- | --: | --: | --: | --: | --- | --- |"
		for (k = 1; k <= programs; k++) row(cell[i], program[k])
	}
}

END {
	check_pool("flush", 1500, 3000)
	check_pool("move", 1500, 3000)
	check_pool("cut", 500, 500)
	for (i = 1; i <= cells; i++) check_cell(cell[i])
	print "# When the network changes"
	print ""
	print "Each program with itself, connected, in the lab of `docs/connect.md` with one"
	print "relay server (`bench/roam.sh`). Both sides send a numbered message every 20 ms;"
	print "after 5 s the network changes. Nobody signals anything. Milliseconds until data"
	print "flows in both directions for good; at most 45 s are waited for. *Lost*: messages"
	print "of both directions, median. *Kept*: no side gave up. libnice 0.1.21 (ICE-TCP"
	print "off), aioice 0.8.0, pion/ice 2.3.1."
	for (i_change = 1; i_change <= changes; i_change++) section(change[i_change])
	printf "%d bars missed\n", misses >bars
}
