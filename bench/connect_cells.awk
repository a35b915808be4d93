# Reads a list of cells and the lines of connect.sh; what the table and the plot
# want to know of them. Times are milliseconds.

BEGIN {
	FS = "\t"
	programs = split("altair libnice-udp libnice aioice pion", program, " ")
	title["altair"] = "altair"
	title["libnice-udp"] = "libnice, ICE-TCP off"
	title["libnice"] = "libnice, default"
	title["aioice"] = "aioice"
	title["pion"] = "pion/ice"
	# Who filters by address at most; who has a port for every destination.
	split("full addr", word, " ")
	for (i in word) loose[word[i]]
	split("sym symseq", word, " ")
	for (i in word) symmetric[word[i]]
}

FILENAME == ARGV[1] {
	cell[++cells] = $1
	next
}

$2 == "floor" {
	if ($5 != "-") measured[$1, ++measures[$1]] = $5
	for (i = 6; i <= 9; i++) if ($i != "-") round_trip[++round_trips] = $i
	next
}

{
	runs[$1, $2]++
	if ($4 == "connected") {
		time[$1, $2, ++connected[$1, $2]] = $5
		kind = $7
		# Where one side could say better, the other one is right, too.
		if ($8 == "relay") kind = "relay"
		kinds[$1, $2, kind]++
	}
}

# Whether it ran at all.
function shown(c,    i) {
	for (i = 1; i <= programs; i++) if (runs[c, program[i]]) return 1
	return 0
}

# What RFC 8445 allows with no waiting anywhere: signalling takes 20, a check
# between the peers 50, a server 40, its relay 80.
function floor_of(c,    k, opens) {
	sub("/loss", "", c)
	split(c, k, "-")
	# Two round trips more: those of TLS 1.2, which is coturn's. With altair
	# serve the bar leaves room for the one of TLS 1.3.
	if (c ~ /tls$/) return 300
	if (c ~ /udpblock/) return 220    # TCP, Allocate, its 401, signal, check
	if (c == "lan-lan") return 20     # signal
	if (c == "hairpin-hairpin") return 60  # server, signal
	if (c == "carrier-carrier") return 180 # Allocate, its 401, signal, check
	opens = (k[1] == "open") + (k[2] == "open")
	if (opens == 2) return 70         # signal, check
	if (opens == 1) return 95         # and the answer to the one behind a NAT
	if (!(k[1] in symmetric) && !(k[2] in symmetric))
		return 110                # server, signal, check
	if (k[1] in loose || k[2] in loose) return 135
	return 180
}

BEGIN {
	n_groups = split("both open|one open, one behind any NAT|" \
		"both behind NAT, direct|a network in common, direct|" \
		"full or addr with symmetric, direct|relayed by necessity|" \
		"one or both without UDP|10 % loss each way", groups, "|")
}

# How it must end.
function way_of(c) {
	if (c ~ /udpblock/) return "tcp or relay"
	return floor_of(c) == 180 ? "relay" : "direct"
}

function group_of(c) {
	if (c ~ /loss$/) return "10 % loss each way"
	if (c == "lan-lan" || c ~ /^hairpin/) return "a network in common, direct"
	if (c ~ /udpblock/) return "one or both without UDP"
	if (floor_of(c) == 70) return "both open"
	if (floor_of(c) == 95) return "one open, one behind any NAT"
	if (floor_of(c) == 110) return "both behind NAT, direct"
	if (floor_of(c) == 135) return "full or addr with symmetric, direct"
	return "relayed by necessity"
}

# At most so many times the floor.
function limit_of(c) {
	return c ~ /udpblock/ ? 1.25 : 1.15
}

function name_of(c,    k, how) {
	how = sub("/tls-serve", "", c) ? ", TLS, altair serve" : ""
	if (sub("/tls", "", c)) how = ", TLS, coturn"
	sub("/loss", "", c)
	split(c, k, "-")
	if (k[1] == "lan") return "same LAN"
	if (k[1] == "hairpin") return "same carrier, it hairpins"
	if (k[1] == "carrier") return "same carrier"
	return k[1] " – " k[2] how
}

function sort(list, n,    i, j, x) {
	for (i = 2; i <= n; i++) {
		x = list[i]
		for (j = i - 1; j >= 1 && list[j] > x; j--) list[j + 1] = list[j]
		list[j + 1] = x
	}
}

function middle(list, n) {
	sort(list, n)
	return n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
}

# The median of who connected; 0: nobody did.
function median(c, who,    list, n, i) {
	n = connected[c, who]
	for (i = 1; i <= n; i++) list[i] = time[c, who, i] + 0
	return n ? middle(list, n) : 0
}

function worst(c, who,    i, most) {
	most = 0
	for (i = 1; i <= connected[c, who]; i++)
		if (time[c, who, i] + 0 > most) most = time[c, who, i] + 0
	return most
}

function measured_floor(c,    list, n, i) {
	n = measures[c]
	for (i = 1; i <= n; i++) list[i] = measured[c, i] + 0
	return n ? middle(list, n) : 0
}

# "direct" or, where it differed, "direct 18, relay 2".
function ways(c, who,    text, k, w, i, n) {
	n = split("direct tcp relay -", w, " ")
	for (i = 1; i <= n; i++) {
		k = kinds[c, who, w[i]]
		if (!k) continue
		if (k == runs[c, who]) return w[i]
		text = text (text ? ", " : "") w[i] " " k
	}
	return text ? text : "none"
}
