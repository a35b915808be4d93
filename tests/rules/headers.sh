#!/bin/sh
# Every public header compiles alone, in the C and C++ of its users:
#   headers.sh <cc> <c++>      from the root of the tree
set -u
cc=$1 cxx=$2
status=0
flags="-Wall -Wextra -pedantic -Werror -fsyntax-only -Iinclude"
flags="$flags $(pkg-config --cflags libuv)"

compile() { # header compiler language standard
  # Twice: the guard holds.
  # What libuv itself asks of its users.
  posix=
  case $1 in uv*.h) posix=-D_POSIX_C_SOURCE=200809L ;; esac
  printf '#include <altair/%s>\n#include <altair/%s>\n' "$1" "$1" |
    $2 $flags $posix -x "$3" "-std=$4" - || {
    echo "altair/$1 does not compile as $4"
    status=1
  }
}

for path in include/altair/*.h; do
  header=${path##*/}
  for std in c99 c11 c17; do
    compile "$header" "$cc" c $std
  done
  compile "$header" "$cxx" c++ c++11
done
exit $status
