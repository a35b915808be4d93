# The plot of connect.sh as SVG, after connect_cells.awk: a row for each pair, the
# time to the right, logarithmic; the floor is a line, each program a mark.

function x_of(ms) {
	return LEFT + (log(ms) - log(FROM)) / (log(TO) - log(FROM)) * WIDTH
}

function text(x, y, class, words) {
	printf "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">%s</text>\n", x, y, class, words
}

# One mark of a program around a point.
function mark(who, x, y,    r) {
	r = who == "altair" ? 5.2 : 4.4
	printf "<g class=\"%s\">", who
	if (who == "altair")
		printf "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"/>", x, y, r
	else if (who == "libnice-udp")
		printf "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>",
			x - r * 0.85, y - r * 0.85, r * 1.7, r * 1.7
	else if (who == "libnice")
		printf "<path d=\"M%.1f %.1fl%.1f %.1fl%.1f %.1fl%.1f %.1fz\"/>",
			x, y - r * 1.2, r * 1.2, r * 1.2, -r * 1.2, r * 1.2, -r * 1.2, -r * 1.2
	else if (who == "aioice")
		printf "<path d=\"M%.1f %.1fl%.1f %.1fh%.1fz\"/>",
			x, y - r * 1.1, r * 1.1, r * 2, -r * 2.2
	else
		printf "<path d=\"M%.1f %.1fl%.1f %.1fh%.1fz\"/>",
			x, y + r * 1.1, r * 1.1, -r * 2, -r * 2.2
	print "</g>"
}

function row(c, y, is_odd,    i, who, f) {
	f = floor_of(c)
	if (is_odd)
		printf "<rect x=\"10\" y=\"%d\" width=\"%d\" height=\"%d\" class=\"band\"/>\n",
			y - ROW / 2, TOTAL - 20, ROW
	if (c !~ /loss$/)
		printf "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" class=\"bar\"/>\n",
			x_of(f), y - ROW / 2, x_of(f * (limit_of(c))) - x_of(f), ROW
	printf "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" class=\"floor\"/>\n",
		x_of(f), y - ROW / 2, x_of(f), y + ROW / 2
	text(LEFT - 12, y + 4, "name", name_of(c))
	# Ours last: on top of the others.
	for (i = programs; i >= 1; i--) {
		who = program[i]
		if (connected[c, who])
			mark(who, x_of(median(c, who)), y)
		if (runs[c, who] && connected[c, who] < runs[c, who])
			mark(who, LEFT + WIDTH + 30 + i * 14, y)
	}
}

function scale(top, bottom,    n, ticks, i, x) {
	n = split("20 50 100 200 500 1000 2000 5000", ticks, " ")
	for (i = 1; i <= n; i++) {
		x = x_of(ticks[i])
		printf "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" class=\"grid\"/>\n",
			x, top, x, bottom
		text(x, top - 8, "tick", ticks[i] (i == n ? " ms" : ""))
		text(x, bottom + 16, "tick", ticks[i] (i == n ? " ms" : ""))
	}
	if (has_failures)
		text(LEFT + WIDTH + 72, top - 8, "tick", "not always")
}

function legend(    i, x) {
	x = 20
	for (i = 1; i <= programs; i++) {
		mark(program[i], x + 6, 56)
		text(x + 17, 60, "key", title[program[i]])
		x += 48 + 6.2 * length(title[program[i]])
	}
	printf "<rect x=\"%d\" y=\"48\" width=\"22\" height=\"16\" class=\"bar\"/>", x
	printf "<line x1=\"%d\" y1=\"48\" x2=\"%d\" y2=\"64\" class=\"floor\"/>\n", x, x
	text(x + 30, 60, "key", "from the floor to the bar")
}

function head(height) {
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" ",
		TOTAL, height
	printf "viewBox=\"0 0 %d %d\">\n", TOTAL, height
	print "<style>text{font:12px sans-serif;fill:#222}" \
		".title{font-size:17px;font-weight:bold}" \
		".group{font-weight:bold;fill:#005a9c}" \
		".name{text-anchor:end}.tick{text-anchor:middle;fill:#777}" \
		".band{fill:#889;fill-opacity:.07}.bar{fill:#cfe8d5}.grid{stroke:#ddd}" \
		".floor{stroke:#111;stroke-width:1.6}" \
		".altair{fill:#0060b0;stroke:#fff;stroke-width:1}" \
		".libnice-udp{fill:#f5a623;fill-opacity:.85}" \
		".libnice{fill:#d1495b;fill-opacity:.85}" \
		".aioice{fill:#00886a;fill-opacity:.85}" \
		".pion{fill:#9b5fc0;fill-opacity:.85}</style>"
	print "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>"
	text(20, 30, "title", "Until both sides have received application data " \
		"(medians, milliseconds, logarithmic)")
}

function fails(c,    i) {
	for (i = 1; i <= programs; i++)
		if (connected[c, program[i]] < runs[c, program[i]]) return 1
	return 0
}

# Rows and their places: group headings take a row, too.
function lay_out(    g, i, y) {
	y = TOP + ROW
	for (g = 1; g <= n_groups; g++) {
		for (i = 1; i <= cells; i++) {
			if (group_of(cell[i]) != groups[g] || !shown(cell[i]))
				continue
			if (!heading[g]) {
				heading[g] = y
				y += ROW
			}
			place[cell[i]] = y
			has_failures = has_failures || fails(cell[i])
			is_odd[cell[i]] = (y - heading[g]) / ROW % 2
			y += ROW
		}
		if (heading[g]) y += ROW / 2
	}
	return y
}

END {
	LEFT = 270; WIDTH = 720; TOTAL = 1130; TOP = 100; ROW = 18
	FROM = 16; TO = 6000
	bottom = lay_out()
	head(bottom + 40)
	legend()
	scale(TOP, bottom)
	for (i = 1; i <= cells; i++)
		if (place[cell[i]])
			row(cell[i], place[cell[i]], is_odd[cell[i]])
	for (g = 1; g <= n_groups; g++)
		if (heading[g]) text(20, heading[g] + 4, "group", groups[g])
	print "</svg>"
}
