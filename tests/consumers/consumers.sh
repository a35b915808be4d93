#!/bin/sh
# Builds the libraries as a distributor would, installs them below a new prefix,
# and builds and runs consumers by find_package and by pkg-config:
#   consumers.sh shared|static <source directory> <cc>
set -u
kind=$1 source=$2 cc=$3
here=$source/tests/consumers/stranger
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT || exit 1
prefix=$dir/prefix
shared=OFF static=--static
[ "$kind" = static ] || shared=ON static=

must() { # command...
  "$@" >"$dir/log" 2>&1 && return
  echo "failed: $*"
  cat "$dir/log"
  exit 1
}

# The tree moves after the install: nothing in it may know where it was.
must cmake -G Ninja -S "$source" -B "$dir/build" -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_C_COMPILER="$cc" -DBUILD_SHARED_LIBS=$shared -DBUILD_TESTING=OFF \
  -DALTAIR_PROGRAMS=OFF
must cmake --build "$dir/build"
must cmake --install "$dir/build" --prefix "$dir/first"
mv "$dir/first" "$prefix" || exit 1

must cmake -G Ninja -S "$here" -B "$dir/by-cmake" -DCMAKE_C_COMPILER="$cc" \
  -DCMAKE_PREFIX_PATH="$prefix"
must cmake --build "$dir/by-cmake"

pkgconfig=$(find "$prefix" -name pkgconfig -type d)
lib=$(dirname "$pkgconfig")
export PKG_CONFIG_PATH="$pkgconfig"
mkdir "$dir/by-pkg-config" || exit 1
for part in altair altair-link altair-openssl altair-uv; do
  # shellcheck disable=SC2046,SC2086 # flags
  must "$cc" -Wall -Werror -D_POSIX_C_SOURCE=200809L \
    -o "$dir/by-pkg-config/use-$part" "$here/use-$part.c" \
    $(pkg-config $static --cflags --libs $part)
done

for how in by-cmake by-pkg-config; do
  for part in altair altair-link altair-openssl altair-uv; do
    program=$dir/$how/use-$part
    must env LD_LIBRARY_PATH="$lib" "$program"
    linked=no
    readelf -d "$program" | grep -q 'NEEDED.*libaltair\.so\.0' && linked=yes
    case $kind/$linked in
    shared/yes | static/no) echo "ok: $part $how, $kind" ;;
    *) echo "$program is not linked $kind"; exit 1 ;;
    esac
  done
done
if [ -n "$(find "$prefix" -type f -exec grep -lF "$dir/" {} +)" ]; then
  echo "installed files name the directory they were installed to:"
  find "$prefix" -type f -exec grep -lF "$dir/" {} +
  exit 1
fi
