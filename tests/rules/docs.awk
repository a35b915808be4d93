# A group is what no empty line divides. A declaration is explained by a comment
# in its group, before it or on its own line.
FNR == 1 && !/^\/\*/ { print FILENAME ": no comment at its top"; bad = 1 }
/^[ \t]*$/ { explained = 0 }
/\*\// || /\/\// { explained = 1 }
/^(extern )?ALTAIR_API/ {
	declared++
	if (!explained) {
		print FILENAME ":" FNR ": not explained: " $0
		bad = 1
	}
}
END { exit bad }
