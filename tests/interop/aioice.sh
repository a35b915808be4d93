#!/bin/sh
# The agent meets aioice, in every assignment of the roles, in a network namespace
# of its own with one address:   aioice.sh <altair>
set -u
here=$(cd "$(dirname "$0")" && pwd) || exit 1
address=192.0.2.7
# Debian's own: another python3 may come first.
python=/usr/bin/python3

if [ "${2-}" = inside ]; then
  status=0
  ip link set lo up && ip link add a0 type veth peer name a1 &&
    ip addr add $address/24 dev a0 && ip link set a0 up &&
    ip link set a1 up || exit 1
  while read -r ours its seconds; do
    timeout 60 $python "$here/aioice_peer.py" "$1" a0 "$ours" "$its" \
      "$seconds" || status=1
  done <<ROLES
controlling controlled 8
controlled controlling 8
controlling controlling 0
controlled controlled 0
ROLES
  exit $status
fi

$python -c 'import aioice' 2>/dev/null || {
  echo "no python3-aioice here"
  exit 77
}
for how in -n -rn; do
  unshare $how true 2>/dev/null && exec unshare $how sh "$0" "$1" inside
done
echo "no network namespaces here"
exit 77
