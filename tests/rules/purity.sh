#!/bin/sh
# The core imports five functions and nothing else: no allocation, clock, socket,
# file, errno, random number or print can be in it.
#   purity.sh <libaltair-core.a>           checks one archive
#   purity.sh --self-test <archive> <cc>   must refuse planted violations
set -u

# Besides the five and the core's own names: what compilers insert for
# sanitizers, coverage, stack protection and fortification.
allowed='mem(cpy|move|set|cmp)|strlen|_GLOBAL_OFFSET_TABLE_'
hooks='__(asan|ubsan|sanitizer|sancov|gcov|llvm_profile)_.*|__stack_chk_fail'
hooks="$hooks|__mem(cpy|move|set)_chk|__start___sancov.*|__stop___sancov.*"

check() { # archive
  defined=$(nm -g --defined-only "$1" | awk 'NF == 3 { print $3 }')
  if [ -z "$defined" ]; then
    echo "$1 defines nothing"
    return 1
  fi
  imports=$(nm -u "$1" | awk 'NF == 2 { print $2 }' | sort -u |
    grep -vxE "$allowed|$hooks")
  missing=$(echo "$imports" | grep -vxF "$defined")
  [ -z "$missing" ] && return 0
  echo "the core imports: $(echo "$missing" | tr "\n" " ")"
  return 1
}

refuse() { # what source
  printf '%s\n' "$2" >"$dir/planted.c"
  cp "$archive" "$dir/libplanted.a" &&
    $cc -c -o "$dir/planted.o" "$dir/planted.c" &&
    ar r "$dir/libplanted.a" "$dir/planted.o" 2>/dev/null || exit 1
  if said=$(check "$dir/libplanted.a"); then
    echo "not refused: $1"
    exit 1
  fi
  case $said in
  *"$1"*) echo "refused: $said" ;;
  *) echo "refused for another reason than $1: $said"; exit 1 ;;
  esac
}

if [ "$1" = --self-test ]; then
  archive=$2 cc=$3
  dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT || exit 1
  refuse time '#include <time.h>
long planted(void); long planted(void) { return (long)time(0); }'
  refuse malloc '#include <stdlib.h>
void *planted(void); void *planted(void) { return malloc(9); }'
  refuse air_elsewhere 'int air_elsewhere(void);
int planted(void); int planted(void) { return air_elsewhere(); }'
  exit 0
fi
check "$1"
