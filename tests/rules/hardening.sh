#!/bin/sh
# A released binary is position independent, its relocations are read-only before
# main runs, it has stack protectors and fortified calls, no executable stack, no
# path to look for libraries, and names no directory of the machine that built it:
#   hardening.sh <build directory> <source directory> <binaries and libraries>...
set -u
build=$1 source=$2
shift 2
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT || exit 1
status=0

wrong() {
  echo "$binary: $1"
  status=1
}

for binary in "$@"; do
  readelf -Wh -Wl -Wd "$binary" >"$dir/elf" || exit 1
  readelf -W --dyn-syms "$binary" >"$dir/symbols" || exit 1
  grep -qE 'Type: +DYN' "$dir/elf" || wrong "not position independent"
  grep -q GNU_RELRO "$dir/elf" || wrong "no RELRO"
  grep -qE 'BIND_NOW|FLAGS_1.*NOW' "$dir/elf" || wrong "relocations not bound"
  grep -qE 'GNU_STACK.* RW ' "$dir/elf" || wrong "the stack is executable"
  grep -qE '\((RPATH|RUNPATH)\)' "$dir/elf" && wrong "has a RUNPATH"
  case $binary in
  *libaltair-uv* | *libaltair-openssl*) ;; # too small to need them
  *)
    grep -q '__stack_chk_fail' "$dir/symbols" || wrong "no stack protector"
    grep -qE '__[a-z]+_chk(@|$)' "$dir/symbols" || wrong "not fortified"
    ;;
  esac
  grep -aqF "$build" "$binary" && wrong "names the directory $build"
  grep -aqF "$source/" "$binary" && wrong "names the directory $source"
done
[ $# -gt 0 ] && exit $status
