# Two servers that share one Redis, which the test starts on a Unix socket of its own,
# kills and starts again: nodes.py ALTAIR [SECONDS [PERIOD]]. All the while a pair on
# one node and a pair across both talk, as docs/rendezvous.md has it: what is not
# acknowledged is sent again, what was had is passed over. So a message that comes
# twice to the user, or never after its acknowledgement, is a fault of the ends alone;
# what the servers are judged by is that the local pair never waits, that the other
# one goes on within five seconds, and that they say when they are not ready.
import http.client
import os
import select
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import wsclient as ws  # noqa: E402

altair = sys.argv[1]
seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 24
period = float(sys.argv[3]) if len(sys.argv) > 3 else 12
work = tempfile.TemporaryDirectory()
path = os.path.join(work.name, "redis")
processes = []

AGAIN = 2.0  # what is not acknowledged is sent again
AWAY = 3.0   # Redis is away for so long, of each period
BACK = 5.0   # and everything is back after it
STEP = 0.1   # a message
WINDOW = 16  # not acknowledged: all of it again is within a client's rate


def check(truth, what):
    if not truth:
        raise SystemExit(f"nodes.py: {what}")


def start_redis():
    redis = subprocess.Popen(
        ["redis-server", "--port", "0", "--unixsocket", path, "--save", "",
         "--appendonly", "no", "--dir", work.name],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    processes.append(redis)
    return redis


def end(process, number=signal.SIGKILL):
    process.send_signal(number)
    code = process.wait(timeout=60)
    processes.remove(process)
    return code


def start_node(name):
    with open(os.path.join(work.name, name), "w") as errors:
        node = subprocess.Popen(
            [altair, "serve", "--listen", "127.0.0.1:0", "--user", "a:b",
             "--redis", f"unix:{path}"],
            stdout=subprocess.PIPE, stderr=errors, text=True)
    processes.append(node)
    first = node.stdout.readline()
    check(first.startswith("listening on"), f"no node: {first}")
    while not node.stdout.readline().startswith("server: "):
        pass
    node.port = int(first.split(":")[1].split("/")[0])
    return node


def readiness(node):
    c = http.client.HTTPConnection("127.0.0.1", node.port, timeout=20)
    c.request("GET", "/readyz")
    answer = c.getresponse()
    text = answer.read().decode().strip()
    c.close()
    return answer.status, text


def await_readiness(nodes, want, limit):
    begun = time.monotonic()
    while any(readiness(n) != want for n in nodes):
        check(time.monotonic() - begun < limit,
              f"not {want} within {limit} s: {[readiness(n) for n in nodes]}")
        time.sleep(0.1)
    return time.monotonic() - begun


class Side:
    """One end of a mailbox: sends numbers in a row, takes those of the peer."""

    def __init__(self, name, client):
        self.name, self.client = name, client
        self.token = ws.token()
        self.sent = self.acked = self.heard = 0
        self.due = {}
        self.longest = 0.0
        self.last = time.monotonic()

    def say(self):
        now = time.monotonic()
        self.sent += 1
        self.due[self.sent] = now
        self.send(self.sent)

    def send(self, number):
        self.due[number] = time.monotonic() + AGAIN
        self.client.say(type="send", token=self.token, number=number,
                        body=ws.body(f"{self.name} {number}".encode()))

    def again(self, everything=False):
        now = time.monotonic()
        for number, due in list(self.due.items()):
            if everything or now >= due:
                self.send(number)

    def take_all(self):
        for note in self.client.hear_some():
            self.take(note)

    def take(self, note):
        if note["type"] == "message":
            self.take_message(note)
        elif note["type"] == "ack":
            check(note["number"] <= self.sent, f"{self.name}: an ack of more")
            self.acked = max(self.acked, note["number"])
            for number in [n for n in self.due if n <= self.acked]:
                del self.due[number]
        elif note["type"] == "joined":
            self.again(True)
        elif note["type"] == "error":
            check(note["code"] in ("limit", "busy"), f"{self.name}: {note}")
        else:
            check(False, f"{self.name}: {note}")

    def take_message(self, note):
        if note["number"] == self.heard + 1:
            self.heard += 1
            want = f"{self.peer.name} {self.heard}".encode()
            check(note["body"] == ws.body(want), f"{self.name}: {note}")
            now = time.monotonic()
            self.longest = max(self.longest, now - self.last)
            self.last = now
        self.client.say(type="ack", token=self.token, number=self.heard)


def pair(name, here, there, source, may_be_used=False):
    a = Side(f"{name} a", ws.Socket(here.port, source=source))
    b = Side(f"{name} b", ws.Socket(there.port, source=source))
    a.peer, b.peer = b, a
    for side in a, b:
        check(side.client.hear()["type"] == "welcome", "no welcome")
    a.client.say(type="listen", token=a.token)
    plate = a.client.hear()
    check(plate["type"] == "nameplate", f"{name}: {plate}")
    b.sent = 1
    b.client.say(type="claim", token=b.token, nameplate=plate["nameplate"],
                 body=ws.body(f"{b.name} 1".encode()))
    b.due[1] = float("inf") # in the claim
    note = b.client.hear()
    if may_be_used and note.get("code") == "used":
        return None
    check(note["type"] == "joined", f"{name}: {note}")
    return a, b


def talk(sides, until):
    """Everybody says something each STEP, and hears what comes."""
    while (now := time.monotonic()) < until:
        for side in sides:
            if side.sent - side.acked < WINDOW:
                side.say()
            side.again()
        step = now + STEP
        while (left := step - time.monotonic()) > 0:
            hear(sides, left)


def hear(sides, seconds):
    select.select([s.client.sock for s in sides], [], [], seconds)
    for side in sides:
        side.take_all()


def settle(sides):
    end_by = time.monotonic() + 10
    while any(s.acked < s.sent for s in sides):
        check(time.monotonic() < end_by, "messages that were never heard: " +
              str([(s.name, s.sent, s.acked) for s in sides]))
        hear(sides, 0.2)
        for side in sides:
            side.again()
    for side in sides:
        check(side.heard == side.peer.sent, f"{side.name}: {side.heard} of "
              f"{side.peer.sent}")


def new_meeting(here, there, round_):
    """A Redis that lost everything has forgotten which numbers are used, and a
    node that remembers says so: the listener takes another one."""
    for attempt in range(8):
        source = f"127.{80 + attempt}.{round_ % 250}.1"
        sides = pair("new", here, there, source, may_be_used=True)
        if sides:
            for side in sides:
                side.client.close()
            return
    check(False, "eight numbers in a row are used")


def call_by_name(here, there):
    """A key that is present at one node is called at the other."""
    absent = ws.Socket(here.port, source="127.89.0.1")
    absent.hear()
    absent.say(type="call", token=ws.token(), key=ws.body(bytes(32)),
               pair=ws.body(bytes(16)), body="")
    note = absent.hear()
    check(note.get("code") == "absent", f"nobody: {note}")
    absent.close()


def main():
    redis = start_redis()
    nodes = [start_node("one"), start_node("two")]
    one, two = nodes
    await_readiness(nodes, (200, "ready"), BACK)
    call_by_name(one, two)
    local = pair("local", one, one, "127.88.0.1")
    across = pair("across", one, two, "127.88.0.2")
    sides = local + across
    talk(sides, time.monotonic() + 2)
    worst, rounds, ends_at = 0.0, 0, time.monotonic() + seconds
    while time.monotonic() < ends_at:
        rounds += 1
        for side in across:
            side.longest = 0.0
        end(redis)
        talk(sides, time.monotonic() + AWAY)
        check(all(readiness(n) == (503, "no redis") for n in nodes),
              f"ready without Redis: {[readiness(n) for n in nodes]}")
        redis = start_redis()
        back = time.monotonic()
        talk(sides, back + BACK)
        heard = [s.heard for s in across]
        talk(sides, back + BACK + 1)
        for side, before in zip(across, heard):
            check(side.heard > before, f"{side.name} is not back after "
                  f"{BACK:.0f} s")
            worst = max(worst, side.longest - AWAY)
        check(all(readiness(n) == (200, "ready") for n in nodes),
              "not ready again")
        new_meeting(two, one, rounds)
        talk(sides, back + period - AWAY)
    settle(sides)
    # Whoever is on one node never waits, not even for what is sent again.
    for side in local:
        check(side.longest < 1.5, f"{side.name} waited {side.longest:.1f} s")
    check(worst < BACK, f"back only after {worst:.1f} s")
    for node in nodes:
        check(end(node, signal.SIGINT) == 130, "a node's exit code")
    end(redis)
    print(f"ok: {rounds} times without Redis; {sum(s.sent for s in sides)} "
          f"messages; local at most {max(s.longest for s in local):.2f} s, "
          f"across back at most {max(worst, 0):.2f} s after Redis")


try:
    main()
finally:
    for process in processes:
        process.kill()
