# Makes one line of each finding of clang-tidy: "<file>: <message>", with the
# figures of the notes that follow a finding about sizes.
function put() {
	if (finding)
		print finding
	finding = ""
}

/: (warning|error): / {
	put()
	finding = $0
	sub(/:[0-9]+:[0-9]+: (warning|error)/, "", finding)
	if (index(finding, root) == 1)
		finding = substr(finding, length(root) + 1)
}
/: note: [0-9]+ (lines|parameters)|: note: nesting level/ {
	note = $0
	sub(/.*: note: /, "", note)
	finding = finding "; " note
}
END { put() }
