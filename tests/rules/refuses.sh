#!/bin/sh
# The rules that read the tree pass on a small clean one, and refuse each planted
# violation by its name:  refuses.sh <root of the tree>
set -u
root=$1
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT || exit 1
tree=$dir/tree
failed=$dir/failed

plant_nothing() {
  rm -rf "$tree"
  mkdir -p "$tree/tests/rules" "$tree/include/altair" "$tree/core/base" &&
    cp -R "$root/tools" "$tree" &&
    cp "$root"/tests/rules/*.sh "$root"/tests/rules/*.awk "$tree/tests/rules" &&
    cp "$root/.clang-format" "$root/.clang-tidy" "$tree" || exit 1
  : >"$tree/tests/rules/size.exceptions"
  cat >"$tree/include/altair/base.h" <<'END'
/* What it is. */
#ifndef ALTAIR_BASE_H
#define ALTAIR_BASE_H

#define ALTAIR_API

/* Adds. */
ALTAIR_API int altair_add(int a, int b);

#endif
END
  cat >"$tree/core/base/add.c" <<'END'
/* Adds; "malloc(" here and strcpy( in a comment are no calls. */
int altair_add(int a, int b);

int altair_add(int a, int b)
{
	return a + b;
}
END
  cat >"$tree/compile_commands.json" <<END
[{
  "directory": "$tree",
  "command": "cc -c core/base/add.c",
  "file": "$tree/core/base/add.c"
}]
END
}

run() { # script arguments...
  script=$1
  shift
  said=$(cd "$tree" && "$script" "$@" 2>&1)
}

pass() { # script arguments...
  plant_nothing
  run "$@" && return
  echo "$1 refuses a clean tree: $said"
  : >"$failed"
}

# The violation is standard input, put at the end of a file.
refuse() { # file what-is-said script arguments...
  plant_nothing
  mkdir -p "$tree/$(dirname "$1")"
  cat >>"$tree/$1"
  file=$1 what=$2
  shift 2
  if run "$@"; then
    echo "$1 does not refuse: $what"
    : >"$failed"
    return
  fi
  case $said in
  *"$file"*"$what"* | *"$what"*"$file"*) ;;
  *) echo "$1 refuses for another reason than $what in $file: $said"
    : >"$failed" ;;
  esac
}

pass tests/rules/words.sh
echo 'void *f(void) { return malloc(1); }' |
  refuse core/base/f.c 'not in the core' tests/rules/words.sh
echo 'void f(char *a) { strcpy (a, "b"); }' |
  refuse programs/altair/f.c never tests/rules/words.sh
echo 'void f(void) { sleep(1); }' |
  refuse tests/unit/f.c 'no sleeping' tests/rules/words.sh

pass tests/rules/docs.sh
printf '\nALTAIR_API int altair_subtract(int a, int b);\n' |
  refuse include/altair/base.h 'not explained' tests/rules/docs.sh
echo '#define NOTHING' |
  refuse include/altair/new.h 'no comment' tests/rules/docs.sh

pass tests/rules/pages.sh cc
echo 'See [that](nowhere.md).' |
  refuse README.md 'no nowhere.md' tests/rules/pages.sh cc
printf '# A title\n[It](#an-other-title)\n' |
  refuse README.md 'no heading' tests/rules/pages.sh cc
printf '\140\140\140c\nint f(void) { return nothing; }\n\140\140\140\n' |
  refuse README.md nothing tests/rules/pages.sh cc

pass tests/rules/hygiene.sh
printf '# see /ro%s/notes\n' ot | refuse tools/x.sh "one machine" tests/rules/hygiene.sh
printf '/* TO%s */\n' DO | refuse core/base/f.c unfinished tests/rules/hygiene.sh
printf 'int a; \n' | refuse core/base/f.c 'a blank' tests/rules/hygiene.sh
printf 'http://deb.debi%s.org\n' an |
  refuse tools/x.sh registry tests/rules/hygiene.sh
: | refuse core/base/f.o 'a build' tests/rules/hygiene.sh

if clang-format --version 2>/dev/null | grep -q 'version 14\.'; then
  pass tools/format.sh --check
  echo 'int  f(void);' | refuse core/base/f.c 'not as' tools/format.sh --check
fi

pass tests/rules/size.sh "$tree"
awk 'BEGIN { for (i = 0; i < 901; i++) print "/* */" }' |
  refuse core/base/f.h 'more than 900' tests/rules/size.sh "$tree"
{
  echo 'int f(int a);'
  echo 'int f(int a)'
  echo '{'
  awk 'BEGIN { for (i = 0; i < 61; i++) print "\ta++;" }'
  echo '	return a;'
  echo '}'
} | refuse core/base/add.c "'f' exceeds" tests/rules/size.sh "$tree"
echo 'int f(int, int, int, int, int, int);
int f(int a, int b, int c, int d, int e, int g) { return a+b+c+d+e+g; }' |
  refuse core/base/add.c '6 parameters' tests/rules/size.sh "$tree"
echo 'int f(int); int f(int a) { if (a) { while (a) { if (a > 1) { do {
  a--; } while (a); } } } return a; }' |
  refuse core/base/add.c 'nesting level 4' tests/rules/size.sh "$tree"
[ ! -e "$failed" ]
