# Reads what `ctest --output-junit` wrote: "sum <passed> <failed> <skipped>", and
# "skipped <test>: <its last line>" for each skipped one.
function text(s) {
	gsub(/&lt;/, "<", s); gsub(/&gt;/, ">", s); gsub(/&quot;/, "\"", s)
	gsub(/&apos;/, "'", s); gsub(/&amp;/, "\\&", s)
	return s
}

/<testcase / {
	name = $0
	sub(/.*<testcase name="/, "", name)
	sub(/".*/, "", name)
	total++
	is_skipped = 0
	reason = ""
}

/<testcase .* status="fail"/ { failed++ }
/<testcase .* status="disabled"/ { is_skipped = 1; reason = "disabled" }
/<skipped / {
	# A test that could not start is no skip: its program is missing.
	if ($0 ~ /SKIP_/)
		is_skipped = 1
	else
		failed++
}

/<system-out>/ { in_output = 1 }
in_output {
	line = $0
	sub(/.*<system-out>/, "", line)
	sub(/<\/system-out>.*/, "", line)
	if (line ~ /[^ \t]/)
		reason = text(line)
}
/<\/system-out>/ { in_output = 0 }

/<\/testcase>/ && is_skipped {
	skipped++
	sub(/^skipped: /, "", reason)
	print "skipped " name ": " reason
}

END { printf "sum %d %d %d\n", total - failed - skipped, failed, skipped }
