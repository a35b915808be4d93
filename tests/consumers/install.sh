#!/bin/sh
# What `cmake --install` of the release puts where:  install.sh <build directory>
set -u
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT || exit 1
cmake --install "$1" --prefix "$dir/usr" >"$dir/log" 2>&1 || {
  cat "$dir/log"
  exit 1
}
status=0
cd "$dir/usr" || exit 1
for want in bin/altair bin/altair-sim include/altair/altair.h \
  include/altair/uv.h \
  include/altair/uv_agent.h include/altair/uv_link.h include/altair/openssl.h include/altair/json.h 'lib*/libaltair.so' \
  'lib*/libaltair.so.0' 'lib*/cmake/altair/altair-config.cmake' \
  'lib*/pkgconfig/altair.pc' share/man/man1/altair.1 \
  share/man/man3/libaltair.3 share/doc/altair/LICENSE; do
  # Multiarch directories lie one deeper.
  found=$(find . -path "./$want" -o -path "./$(echo "$want" |
    sed 's|^lib\*|lib*/*|')")
  [ -n "$found" ] || {
    echo "not installed: $want"
    status=1
  }
done
for program in altair altair-sim; do
  env -i "bin/$program" --version || status=1
done
exit $status
