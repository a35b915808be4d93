#!/bin/sh
# The shell scripts: run by any POSIX shell, clean for ShellCheck; the two at the
# root have --help and refuse what they do not know; what run-tests adds up is
# what ctest said.
set -u
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT || exit 1
status=0

wrong() {
  echo "$1"
  status=1
}

tools/files.sh >"$dir/files"
while read -r file; do
  [ "$(head -c 2 "$file" 2>/dev/null)" = '#!' ] || continue
  [ -x "$file" ] || wrong "$file has no run bit"
  head -n 1 "$file" | grep -qE '^#!(/bin/sh|/usr/bin/env bash)$' ||
    wrong "$file: not for sh: $(head -n 1 "$file")"
done <"$dir/files"
# SC2034: what one script sets another one reads.
# SC2034: what one script sets another one reads.
{ grep '\.sh$' "$dir/files"; echo quickstart; echo run-tests; echo .ci/run; } |
  xargs shellcheck -x -S warning -e SC2034 || status=1

for script in ./quickstart ./run-tests; do
  "$script" --help | grep -q '^Usage: ' || wrong "$script --help says no usage"
  "$script" --nonsense >/dev/null 2>&1
  [ $? = 2 ] || wrong "$script --nonsense does not end with 2"
done

cat >"$dir/junit.xml" <<'END'
<testsuite name="(empty)" tests="5" failures="1" disabled="0" skipped="2">
	<testcase name="good" classname="good" time="0.1" status="run">
		<system-out></system-out>
	</testcase>
	<testcase name="bad" classname="bad" time="0.1" status="fail">
		<failure message=""/>
		<system-out>not ok
</system-out>
	</testcase>
	<testcase name="skip" classname="skip" time="0.1" status="notrun">
		<skipped message="SKIP_RETURN_CODE=77"/>
		<system-out>no namespaces &amp; no root
</system-out>
	</testcase>
	<testcase name="gone" classname="gone" time="0" status="notrun">
		<skipped message="Unable to find executable"/>
		<system-out>Unable to find executable: gone</system-out>
	</testcase>
	<testcase name="crash" classname="crash" time="0" status="fail">
		<failure message=""/>
		<system-out></system-out>
	</testcase>
</testsuite>
END
cat >"$dir/want" <<'END'
skipped skip: no namespaces & no root
sum 1 3 1
END
awk -f tools/junit.awk "$dir/junit.xml" | diff -u "$dir/want" - || status=1
exit $status
