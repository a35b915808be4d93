#!/bin/sh
# libaltair alone needs a C compiler and libc, nothing else; and it can be a folder
# of somebody else's build:  alone.sh <source directory> <cc>
set -u
source=$1 cc=$2
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT || exit 1

must() { # command...
  "$@" >"$dir/log" 2>&1 && return
  echo "failed: $*"
  cat "$dir/log"
  exit 1
}

# A package that is looked for would be found here only to fail.
mkdir "$dir/bin" && printf '#!/bin/sh\nexit 1\n' >"$dir/bin/pkg-config" &&
  chmod +x "$dir/bin/pkg-config" || exit 1
cat >"$dir/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.25)
project(somebody LANGUAGES C)
set(CMAKE_DISABLE_FIND_PACKAGE_OpenSSL ON)
set(CMAKE_DISABLE_FIND_PACKAGE_PkgConfig ON)
set(ALTAIR_OPENSSL OFF)
set(ALTAIR_UV OFF)
set(ALTAIR_JSON OFF)
add_subdirectory("$source" altair)
add_executable(theirs "$source/tests/consumers/stranger/use-altair.c")
target_link_libraries(theirs PRIVATE altair::altair)
END
must env PATH="$dir/bin:$PATH" cmake -G Ninja -S "$dir" -B "$dir/build" \
  -DCMAKE_C_COMPILER="$cc"
must cmake --build "$dir/build"
must "$dir/build/theirs"
needed=$(find "$dir/build" -name 'libaltair.so.0.*' -exec readelf -d {} + |
  sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
if [ "$needed" != libc.so.6 ]; then
  echo "libaltair needs more than libc:"
  echo "$needed"
  exit 1
fi
