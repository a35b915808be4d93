#!/bin/sh
# Every exported function is explained in its header: a comment ends right above
# its declaration, above the group of declarations it stands in, or on its line;
# and every public header says at its top what it is.
set -u
status=0
for header in include/altair/*.h; do
  awk -f tests/rules/docs.awk "$header" || status=1
done
exit $status
