# Blanks comments, string and character literals of C, and keeps every newline.
BEGIN { state = "code" }
{
	out = ""
	n = length($0)
	for (i = 1; i <= n; i++) {
		c = substr($0, i, 1)
		two = substr($0, i, 2)
		if (state == "comment") {
			if (two == "*/") {
				state = "code"
				i++
			}
		} else if (state != "code") {
			if (c == "\\")
				i++
			else if (c == state)
				state = "code"
		} else if (two == "/*") {
			state = "comment"
			i++
		} else if (two == "//") {
			break
		} else if (c == "\"" || c == "'") {
			state = c
		} else {
			out = out c
		}
	}
	print out
}
