#!/bin/sh
# Includes go in one direction, and the checker refuses each planted violation:
#   includes.sh <root of the tree>
set -u
root=$1
"$root/tools/check-layers.sh" "$root" || exit 1

dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT || exit 1
status=0

refuse() { # file include-line
  rm -rf "$dir/tree"
  mkdir -p "$dir/tree/include/altair" "$dir/tree/$(dirname "$1")"
  echo '#include <stdint.h>' >"$dir/tree/include/altair/base.h"
  echo "#include $2" >"$dir/tree/$1"
  if said=$("$root/tools/check-layers.sh" "$dir/tree"); then
    echo "not refused: $1 includes $2"
    status=1
  else
    echo "refused: $said"
  fi
}

refuse core/base/addr.c '"stun/message.h"'
refuse core/stun/attr.c '"punch/punch.h"'
refuse core/punch/punch.c '<time.h>'
refuse core/punch/punch.c '<sys/socket.h>'
refuse core/discover/discover.c '"../server/server.h"'
refuse adapters/udp/udp.c '"base/addr.h"'
refuse adapters/udp/udp.c '<uv.h>'
refuse adapters/uv/uv.c '<openssl/evp.h>'
refuse include/altair/udp.h '<sys/socket.h>'
refuse include/altair/base.h '<uv.h>'
refuse programs/altair/main.c '"base/cursor.h"'
refuse programs/altair/main.c '<openssl/evp.h>'
refuse programs/altair-sim/main.c '<altair/uv.h>'
refuse sim/world.c '"punch/punch.h"'
refuse examples/loop.c '"check.h"'
exit $status
