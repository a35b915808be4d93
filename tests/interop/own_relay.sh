#!/bin/sh
# Two agents that may use nothing but a relay meet through `altair serve`, with
# the credentials and the certificate that it shows, over UDP, TCP and TLS, in a
# network namespace of their own:
#     own_relay.sh <altair>
set -u
altair=$1
here=$(cd "$(dirname "$0")" && pwd) || exit 1
address=192.0.2.7
python=/usr/bin/python3

if [ "${2-}" != inside ]; then
  command -v $python >/dev/null || {
    echo "no $python here"
    exit 77
  }
  unshare -n true 2>/dev/null || {
    echo "no network namespaces here"
    exit 77
  }
  exec unshare -n "$0" "$altair" inside
fi

work=$(mktemp -d) || exit 1
server=
stop() {
  [ -n "$server" ] && kill "$server" 2>/dev/null && wait "$server"
  rm -rf "$work"
}
trap stop EXIT
trap 'exit 1' INT TERM
ip link set lo up && ip link add a0 type veth peer name a1 &&
  ip addr add $address/24 dev a0 && ip link set a0 up &&
  ip link set a1 up || exit 1

mkfifo "$work/lines"
"$altair" serve --listen $address:0 >"$work/lines" 2>"$work/err" &
server=$!
exec 3<"$work/lines"
uri='' hash=''
while [ -z "$hash" ] && read -r word rest <&3; do
  case $word in
  relay:) uri=$rest ;;
  tls:) hash=$(echo "$rest" | sed 's/SHA-256 \([0-9a-f]*\).*/\1/') ;;
  esac
done

meet() { # OPTION OF altair agent...
  agent="$altair agent --interface a0 --relay-only $*"
  $python "$here/ice_pair.py" "$agent --controlling" "$agent --controlled" \
    >"$work/result" 2>"$work/err.pair"
}

for transport in udp tcp tls; do
  meet --turn "$uri?transport=$transport" --tls-sha256 "$hash" || {
    echo "not ok: $transport"
    cat "$work/result" "$work/err" "$work/err.pair"
    exit 1
  }
  for side in a b; do
    $python -c 'import json, sys
side = json.load(sys.stdin)[sys.argv[1]]
assert side["kind"] == "relay", side' $side <"$work/result" || exit 1
  done
  ms=$(sed -n 's/.*"received_ms": \([0-9.]*\).*/\1/p' "$work/result")
  echo "ok $transport, after $ms ms"
done
echo ok
