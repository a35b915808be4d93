#!/bin/sh
# The addresses of the relay's host are no peers: those without carrier, the many,
# and those that come while it runs, told by nobody:        serve_own.sh <altair>
set -u
altair=$1
command -v python3 >/dev/null || { echo "no python3 here"; exit 77; }
command -v ip >/dev/null || { echo "no ip here"; exit 77; }
if [ "${2-}" != inside ]; then
  alone='unshare --net --pid --mount-proc --fork --kill-child'
  $alone true 2>/dev/null || {
    echo "no right to make a network namespace"
    exit 77
  }
  dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT || exit 1
  SERVE_OWN_DIR=$dir $alone "$0" "$altair" inside
  exit $?
fi
dir=$SERVE_OWN_DIR

fail() {
  echo "not ok: $*"
  cat "$dir/out" "$dir/err" 2>/dev/null
  exit 1
}

cat >"$dir/ask.py" <<'END'
# ask.py HOST:PORT IP WANTED: asks for a permission until the code is as wanted.
import hashlib, hmac, os, socket, struct, sys, time

host, port = sys.argv[1].rsplit(":", 1)
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(5)
s.connect((host, int(port)))
key = hashlib.md5(b"a:altair:b").digest()
COOKIE = 0x2112A442


def attr(kind, value):
    return struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)


def ask(kind, body, nonce):
    if nonce:
        body += attr(6, b"a") + attr(20, b"altair") + attr(21, nonce)
        head = struct.pack("!HHI", kind, len(body) + 24, COOKIE) + os.urandom(12)
        mac = hmac.new(key, head + body, hashlib.sha1).digest()
        body += attr(8, mac)
    else:
        head = struct.pack("!HHI", kind, len(body), COOKIE) + os.urandom(12)
    s.send(head + body)
    answer = s.recv(2000)
    found, at = {}, 20
    while at < len(answer):
        t, n = struct.unpack_from("!HH", answer, at)
        found[t] = answer[at + 4:at + 4 + n]
        at += 4 + (n + 3) // 4 * 4
    code = found[9][2] * 100 + found[9][3] if 9 in found else 0
    return code, found.get(21)


udp = attr(0x19, b"\x11\0\0\0")
code, nonce = ask(3, udp, None)
code, _ = ask(3, udp, nonce)
assert code == 0, code
ip = bytes(int(n) ^ c for n, c in zip(sys.argv[2].split("."), b"\x21\x12\xa4\x42"))
peer = attr(0x12, struct.pack("!BBH", 0, 1, 5000 ^ 0x2112) + ip)
for tries in range(200):
    code, _ = ask(8, peer, nonce)
    if code == int(sys.argv[3]):
        break
    time.sleep(0.05)
ask(4, attr(0xd, bytes(4)), nonce)
sys.exit(code != int(sys.argv[3]))
END

# permits IP CODE
permits() {
  python3 "$dir/ask.py" "$address" "$1" "$2" || fail "$1: not $2"
}

ip link set lo up
# More than any fixed table has room for.
for i in $(seq 1 100); do
  echo "address add 11.0.0.$i/32 dev lo"
done >"$dir/batch"
ip -batch "$dir/batch" || fail 'addresses'
# Up, but nothing is plugged in.
is_plugged=true
if ip tuntap add mode tun name altair0 2>/dev/null &&
  ip addr add 11.1.0.1/32 dev altair0 && ip link set altair0 up; then
  is_plugged=false
elif [ "${CI-}" = true ]; then
  fail 'no TUN'
fi

"$altair" serve --listen 127.0.0.1:0 --relay-ip 127.0.0.1 --user a:b \
  >"$dir/out" 2>"$dir/err" &
server=$!
tries=400
until grep -q '^relaying' "$dir/out"; do
  tries=$((tries - 1))
  [ $tries -gt 0 ] || fail 'no server'
  sleep 0.05
done
address=$(sed -n 's/^listening on \(.*\)\/udp$/\1/p' "$dir/out" | head -n 1)
permits 11.2.0.1 0
permits 11.0.0.1 403
permits 11.0.0.100 403
$is_plugged || permits 11.1.0.1 403
# It comes, and goes.
ip addr add 11.2.0.1/32 dev lo
permits 11.2.0.1 403
ip addr del 11.2.0.1/32 dev lo
permits 11.2.0.1 0
[ -s "$dir/err" ] && fail 'words'
kill "$server"
wait "$server" || fail "exit $?"
echo ok
