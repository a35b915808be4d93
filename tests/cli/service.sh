#!/bin/sh
# altair serve as a service: what it tells systemd, whom it becomes, what it writes
# while it is flooded, and the unit:        service.sh <altair> <altair.service>
set -u
altair=$1 unit=$2
command -v python3 >/dev/null || { echo "no python3 here"; exit 77; }
dir=$(mktemp -d) || exit 1
chmod 755 "$dir"
pids=''
stop() {
  # shellcheck disable=SC2086 # several
  kill $pids 2>/dev/null
  wait
  rm -rf "$dir"
}
trap stop EXIT
trap 'exit 1' INT TERM

fail() {
  echo "not ok: $*"
  cat "$dir/told" "$dir/out" "$dir/err" 2>/dev/null
  exit 1
}

await() { # words file
  tries=600
  until grep -q "$1" "$dir/$2" 2>/dev/null; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || fail "no '$1' in $2"
    sleep 0.05
  done
}

# What is told, a line each.
python3 - "$dir/notify" >"$dir/told" <<'END' &
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("bound", flush=True)
while True:
    print(s.recv(4096).decode(), flush=True)
END
pids="$pids $!"
await bound told
NOTIFY_SOCKET=$dir/notify WATCHDOG_USEC=200000 "$altair" serve \
  --listen 127.0.0.1:0 --user a:b --challenge-rate 1 \
  >"$dir/out" 2>"$dir/err" &
server=$!
pids="$pids $server"
await '^READY=1$' told
await '^STATUS=running, up to 1000 sessions$' told
await '^WATCHDOG=1$' told
kill -HUP "$server"
await '^RELOADING=1$' told
await '^MONOTONIC_USEC=[1-9]' told
tries=600
until [ "$(grep -c '^READY=1$' "$dir/told")" = 2 ]; do
  tries=$((tries - 1))
  [ $tries -gt 0 ] || fail 'not ready again'
  sleep 0.05
done

# Five thousand strangers' requests from one address: one line in ten seconds.
address=$(sed -n 's/^listening on \(.*\)\/udp$/\1/p' "$dir/out" | head -n 1)
python3 - "$address" <<'END'
import os, socket, struct, sys, time
host, port = sys.argv[1].rsplit(":", 1)
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(5000):
    attribute = struct.pack("!HHBBH", 0x0019, 4, 17, 0, 0)
    s.sendto(struct.pack("!HHI", 3, len(attribute), 0x2112a442) +
             os.urandom(12) + attribute, (host, int(port)))
    if i % 50 == 0:
        time.sleep(0.001)
END
await '^note: [1-9][0-9]* requests not looked at: .*, in 10 s$' err
[ "$(grep -c 'not looked at' "$dir/err")" = 1 ] || fail 'more than one line'
[ "$(wc -c <"$dir/err")" -lt 300 ] || fail 'too many words'
kill -TERM "$server"
wait "$server" || fail "SIGTERM: exit $?"
await '^STOPPING=1$' told

# Whom it becomes.
for user in no-such-user root ''; do
  "$altair" serve --run-as "$user" --check 2>"$dir/err"
  [ $? -eq 2 ] || fail "--run-as '$user'"
done
if [ "$(id -u)" -eq 0 ]; then
  rm -f "$dir/out" # what is awaited shall be new
  "$altair" serve --listen 127.0.0.1:0 --user a:b --run-as nobody \
    --control "$dir/run/control" >"$dir/out" 2>"$dir/err" &
  server=$!
  pids="$pids $server"
  await '^relaying' out
  # The last thing before the address is said: what is said is true by then.
  for task in /proc/"$server"/task/*; do
    grep -q "^Uid:.$(id -u nobody).$(id -u nobody).$(id -u nobody).$(id -u nobody)\$" \
      "$task/status" || fail 'still root'
    grep -q '^CapPrm:.0*$' "$task/status" || fail 'still capable'
    grep -q '^NoNewPrivs:.1$' "$task/status" || fail 'new privileges'
  done
  [ "$(stat -c '%a %U' "$dir/run/control")" = '600 nobody' ] || fail control
  "$altair" ctl stats --control "$dir/run/control" >/dev/null || fail ctl
  kill -TERM "$server"
  wait "$server" || fail "nobody: exit $?"
  [ -e "$dir/run/control" ] && fail 'the control socket is still there'
fi

# Its threads start as that user: a user who may have one process has none of them,
# while root may have as many as it likes.
if [ "$(id -u)" -eq 0 ]; then
  ASAN_OPTIONS=detect_leaks=0 timeout 60 \
    prlimit --nproc=1:1 "$altair" serve --listen 127.0.0.1:0 --user a:b \
    --run-as nobody >"$dir/out" 2>"$dir/err"
  [ $? -eq 1 ] || fail 'threads of root'
  grep -q 'no more threads' "$dir/err" || fail 'no threads: why'
fi

# Who has become somebody else reads again what that user's groups may read, and
# what was taken from root is not asked of root again.
if [ "$(id -u)" -eq 0 ] && unshare --mount true 2>/dev/null; then
  cp /etc/group "$dir/group"
  echo 'altair-test-keys:x:54321:nobody' >>"$dir/group"
  echo pass | "$altair" ctl user add ann --users-file "$dir/users" \
    >/dev/null || fail 'users file'
  chown root:54321 "$dir/users"
  chmod 640 "$dir/users"
  rm -f "$dir/out"
  # shellcheck disable=SC2016 # for the inner shell
  unshare --mount sh -c 'mount --bind "$1/group" /etc/group; shift; exec "$@"' \
    sh "$dir" "$altair" serve --listen 127.0.0.1:0 \
    --users-file "$dir/users" --run-as nobody \
    --control "$dir/run2/control" >"$dir/out" 2>"$dir/err" &
  server=$!
  pids="$pids $server"
  await '^relaying' out
  for task in /proc/"$server"/task/*; do
    grep -Eq '^Groups:.*\<54321\>' "$task/status" || fail 'no group'
    grep -Eq '^Groups:(.*[^0-9])?0([^0-9]|$)' "$task/status" &&
      fail "root's group"
  done
  "$altair" ctl reload --control "$dir/run2/control" >"$dir/told" 2>&1 ||
    fail 'a reload as nobody'
  [ -s "$dir/err" ] && fail 'words at a reload'
  kill -HUP "$server"
  "$altair" ctl stats --control "$dir/run2/control" >/dev/null || fail 'ctl'
  [ -s "$dir/err" ] && fail 'words at SIGHUP'
  kill -TERM "$server"
  wait "$server" || fail "nobody with groups: exit $?"
fi

# Sockets that somebody else has bound: UDP and TCP, one address.
cat >"$dir/activate.py" <<'END'
import os, socket, sys
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
u.bind(("127.0.0.1", 0))
t = socket.socket()
t.bind(u.getsockname())
t.listen()
t = t.detach(); u = u.detach()
os.dup2(t, 20), os.dup2(u, 21)
os.dup2(20, 3), os.dup2(21, 4)
os.environ.update(LISTEN_FDS="2", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[1], sys.argv[1:])
END
rm -f "$dir/out"
python3 "$dir/activate.py" "$altair" serve --user a:b >"$dir/out" 2>"$dir/err" &
server=$!
pids="$pids $server"
await '^relaying' out
address=$(sed -n 's/^listening on \(.*\)\/udp$/\1/p' "$dir/out")
[ "$(wc -l <"$dir/err")" = 0 ] || fail 'activated: notes'
XDG_STATE_HOME=$dir "$altair" discover --stun "$address" >"$dir/said" 2>&1 ||
  fail "activated: $(cat "$dir/said")"
python3 - "$address" <<'END' || fail 'activated: TCP'
import os, socket, struct, sys
host, port = sys.argv[1].rsplit(":", 1)
s = socket.create_connection((host, int(port)), 10)
s.sendall(struct.pack("!HHI", 1, 0, 0x2112a442) + os.urandom(12))
sys.exit(s.recv(100)[:2] != b"\1\1")
END
kill -TERM "$server"
wait "$server" || fail "activated: exit $?"

# The unit; ten times what systemd-analyze says.
if command -v systemd-analyze >/dev/null; then
  systemd-analyze security --offline=true --threshold=20 "$unit" \
    >"$dir/out" 2>&1 || fail 'the unit'
fi
echo ok
