# Input: "<file>:#include ..." lines. Says every one that the table forbids.
BEGIN {
	while ((getline line < list) > 0) {
		if (line ~ /^#/ || line !~ /[^ ]/)
			continue
		split(line, row, " ")
		folders[row[1]] = 1
		core[row[1]] = "," row[2] ","
		libraries[row[1]] = "," row[3] ","
		also[row[1]] = row[4]
	}
	n = split("base stun discover ice meet punch rendezvous secure server turn", names, " ")
	for (i = 1; i <= n; i++)
		noun[names[i]] = 1
	n = split("float limits stdalign stdarg stdatomic stdbool stddef stdint " \
	          "stdnoreturn string", names, " ")
	for (i = 1; i <= n; i++)
		pure[names[i] ".h"] = 1
}

# The longest row that the file lies in.
function folder_of(file,    folder, best) {
	for (folder in folders)
		if (index(file, folder "/") == 1 &&
		    length(folder) > length(best))
			best = folder
	return best
}

function refuse(why) {
	print file ": " what ": " why
	bad++
}

function exists(path,    line, found) {
	found = (getline line < path) >= 0
	close(path)
	return found
}

function quoted(header,    first, place, k) {
	if (header ~ /(^|\/)\.\.?\//) {
		refuse("no relative paths")
		return
	}
	first = header
	sub(/\/.*/, "", first)
	if (index(header, "/") && first in noun) {
		if (!index(core[folder], "," first ","))
			refuse(folder " may not use core/" first)
		return
	}
	place = file
	sub(/[^\/]*$/, "", place)
	if (exists(place header) ||
	    (exists(header) && (index(header, folder "/") == 1 ||
	                        index(header, also[folder] "/") == 1)))
		return
	refuse("not a header of " folder)
}

function angled(header,    first) {
	first = header
	sub(/[\/.].*/, "", first)
	if (first == "altair") {
		sub(/^altair\//, "", header)
		first = header
		sub(/\.h$/, "", first)
		sub(/^uv_.*/, "uv", first)
		if (first == "openssl" &&
		    index(libraries[folder], ",crypto,"))
			return
		if ((first == "uv" || first == "openssl") &&
		    folder != "include" &&
		    !index(libraries[folder], "," first ","))
			refuse(folder " may not use " first)
		return
	}
	if (first == "uv" || first == "openssl" || first == "jansson") {
		if (!index(libraries[folder], "," first ",") &&
		    file !~ "^include/altair/" first "(_[a-z]+)?\\.h$")
			refuse(folder " may not use " first)
		return
	}
	if (index(libraries[folder], ",pure,") && !(header in pure))
		refuse(folder " is pure")
}

{
	file = $0
	sub(/:.*/, "", file)
	sub(/^\.\//, "", file)
	what = $0
	sub(/^[^:]*:/, "", what)
	folder = folder_of(file)
	if (!folder)
		next
	seen++
	header = what
	if (what ~ /"/) {
		gsub(/^[^"]*"|".*$/, "", header)
		quoted(header)
	} else {
		gsub(/^[^<]*<|>.*$/, "", header)
		angled(header)
	}
}

END {
	if (!seen) {
		print "no includes seen: is this the root of the tree?"
		bad = 1
	}
	exit bad > 0
}
