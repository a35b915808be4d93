#!/bin/sh
# What is installed of a release is position independent, its relocations are
# read-only before main runs, it has stack protectors and fortified calls, no
# executable stack, no path to look for libraries, and names no directory of the
# machine that built it:   hardening.sh <build directory> <source directory>
set -u
build=$1 source=$2
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT || exit 1
status=0
cmake --install "$build" --prefix "$dir/usr" >"$dir/log" 2>&1 || {
  cat "$dir/log"
  exit 1
}

wrong() {
  echo "${binary#"$dir"/usr/}: $1"
  status=1
}

check() { # binary
  binary=$1
  readelf -Wh -Wl -Wd "$binary" >"$dir/elf" || exit 1
  readelf -W --dyn-syms "$binary" >"$dir/symbols" || exit 1
  grep -qE 'Type: +DYN' "$dir/elf" || wrong "not position independent"
  grep -q GNU_RELRO "$dir/elf" || wrong "no RELRO"
  grep -qE 'BIND_NOW|FLAGS_1.*NOW' "$dir/elf" || wrong "relocations not bound"
  grep -qE 'GNU_STACK.* RW ' "$dir/elf" || wrong "the stack is executable"
  grep -qE '\((RPATH|RUNPATH)\)' "$dir/elf" && wrong "has a RUNPATH"
  grep -q '__stack_chk_fail' "$dir/symbols" || wrong "no stack protector"
  case $binary in
  *libaltair-*) ;; # so small that nothing in them can be fortified
  *) grep -qE '__[a-z]+_chk(@|$| )' "$dir/symbols" || wrong "not fortified" ;;
  esac
  grep -aqF "$build" "$binary" && wrong "names the directory $build"
  grep -aqF "$source/" "$binary" && wrong "names the directory $source"
}

find "$dir/usr" -type f \( -path '*/bin/*' -o -name '*.so.*' \) >"$dir/binaries"
while read -r found; do
  check "$found"
done <"$dir/binaries"
if [ "$(wc -l <"$dir/binaries")" -lt 5 ]; then
  echo "two programs and three libraries were expected, found:"
  cat "$dir/binaries"
  status=1
fi
exit $status
