# The table of connect.sh in Markdown, after connect_cells.awk. Which bar is met
# and which is missed goes to the file `bars`.

function bar(is_met, text) {
	print (is_met ? "met    " : "missed ") text >bars
	if (!is_met) misses++
}

# A cell of the table: median, and how many connected where not all did.
function figure(c, who,    text) {
	if (!runs[c, who]) return "–"
	if (!connected[c, who]) return "fails"
	text = sprintf("%.0f", median(c, who))
	if (connected[c, who] < runs[c, who])
		text = text sprintf(" (%d of %d)", connected[c, who], runs[c, who])
	return text
}

function check_cell(c,    ours, i, theirs, slower, n) {
	n = runs[c, "altair"]
	if (!n) return
	bar(connected[c, "altair"] == n,
	    sprintf("%s: %d of %d connected", c, connected[c, "altair"], n))
	if (c ~ /loss$/) return # what was lost decides about the rest
	if (way_of(c) == "direct")
		bar(kinds[c, "altair", "direct"] == n,
		    sprintf("%s: %d of %d direct", c, kinds[c, "altair", "direct"], n))
	ours = median(c, "altair")
	bar(ours && ours <= limit_of(c) * floor_of(c),
	    sprintf("%s: median %.0f is %.2f of the floor %d (at most %.2f)", c,
		ours, ours / floor_of(c), floor_of(c), limit_of(c)))
	for (i = 2; i <= programs; i++) {
		theirs = median(c, program[i])
		if (theirs)
			bar(ours && ours < theirs, sprintf("%s: %.0f beside %.0f of %s",
				c, ours, theirs, title[program[i]]))
	}
}

function row(c,    i, text, ours, best, theirs) {
	ours = median(c, "altair")
	text = "| " name_of(c) " | " floor_of(c) " | "
	text = text (measures[c] ? sprintf("%.0f", measured_floor(c)) : "–") " | "
	text = text (ours ? "**" figure(c, "altair") "**" : figure(c, "altair"))
	text = text " | " (ours ? sprintf("%.0f", worst(c, "altair")) : "–")
	text = text " | " (ours ? sprintf("%.2f", ours / floor_of(c)) : "–")
	text = text " | " (runs[c, "altair"] ? ways(c, "altair") : "–")
	for (i = 2; i <= programs; i++) {
		text = text " | " figure(c, program[i])
		theirs = median(c, program[i])
		if (theirs && (!best || theirs < best)) best = theirs
	}
	text = text " | " (ours && best ? sprintf("%.1f", best / ours) : "–")
	print text " |"
}

function head(    i, text, line) {
	text = "| pair | floor | bare | altair | worst | ÷ floor | way |"
	line = "| --- | --: | --: | --: | --: | --: | --- |"
	for (i = 2; i <= programs; i++) {
		text = text " " title[program[i]] " |"
		line = line " --: |"
	}
	print text " best of them ÷ altair |"
	print line " --: |"
}

function group(name,    i, any) {
	for (i = 1; i <= cells; i++) if (group_of(cell[i]) == name && shown(cell[i])) any = 1
	if (!any) return
	printf "\n## %s%s\n\n", toupper(substr(name, 1, 1)), substr(name, 2)
	head()
	for (i = 1; i <= cells; i++)
		if (group_of(cell[i]) == name && shown(cell[i])) row(cell[i])
}

# The lab itself: a round trip to the server is 40.
function check_lab(    middle_ms) {
	if (!round_trips) return
	middle_ms = middle(round_trip, round_trips)
	bar(middle_ms - 40 < 1 && round_trip[int(round_trips * 0.95)] - 40 < 2,
	    sprintf("the lab: round trips of 40 take %.2f, 95 of 100 at most %.2f",
		middle_ms, round_trip[int(round_trips * 0.95)]))
}

END {
	check_lab()
	for (i = 1; i <= cells; i++) check_cell(cell[i])
	print "# How fast it connects"
	print ""
	print "Milliseconds until *both sides have received application data*, from when"
	print "both hold each other's credentials and start gathering; medians, our worst."
	print "Each program with itself, all in one run of `bench/connect.sh`, every run with"
	print "fresh NATs of the kernel (`tests/lab`). Round trip between the peers 50 ms, to"
	print "the server 40, through its relay 80; signalling 20 one way, trickled; no loss;"
	print "coturn 4.6.1 is STUN server and relay (UDP and TCP) for all, where nothing else"
	print "is said."
	print ""
	print "*Floor*: what RFC 8445 allows with no waiting anywhere. *Bare*: what a program"
	print "of a few lines needs that knows nothing but these datagrams (`bench/floor.c`):"
	print "it shows what the lab and its clocks add. All that is measured runs before the"
	print "machine's other programs (SCHED_RR)."
	print ""
	print "altair runs " runs[cell[1], "altair"] " times a cell, the others " \
		runs[cell[1], "aioice"] " times (10 with loss): libnice 0.1.21, aioice"
	print "0.8.0, pion/ice 2.3.1. aioice knows one relay (UDP; TCP where a side has no UDP)."
	print "\"TLS\": the relay over TLS, with either server. coturn 4.6.1 speaks TLS 1.2,"
	print "whose handshake is two round trips: 80 more on the floor. `altair serve` speaks"
	print "TLS 1.3 and is held to the floor without TLS, though its handshake takes 40."
	print "*symseq* is symmetric with sequential ports, *linux* plain masquerade."
	print ""
	print "![Medians of all pairs](connect.svg)"
	for (g = 1; g <= n_groups; g++) group(groups[g])
	printf "%d bars missed\n", misses >bars
}
