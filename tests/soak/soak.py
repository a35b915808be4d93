"""A soak of `altair serve`: clients come and go for SECONDS, twice.

    soak.sh [--seconds N] [--check] [--run clean|faults] ALTAIR

clean: clients over UDP, TCP and TLS allocate, ask for permissions and channels, send
data to a peer that echoes it, refresh, and delete what they have.
faults: what they send is lost, doubled and overtaken; some vanish without a word, TCP
connections are reset, in the middle of a message, too; strangers guess and babble.

Once a second the resident memory and the descriptors of the server are counted. The
first clients take all there is, so that tables are in use from then on. --check judges:
  memory       a line through the second half (least squares) rises by less than
               three standard errors, or by less than 64 KiB
  descriptors  not more in the end, when all are gone, as before the first came
  data         came back in every run
With fewer than 60 seconds the memory is shown only. Ends with 0, 1 (a judgement is
missed) or 77 (it cannot run here).
"""

import argparse
import hashlib
import hmac
import os
import random
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time

COOKIE = 0x2112A442
ALLOCATE, REFRESH, SEND, PERMIT, CHANNEL = 3, 4, 6, 8, 9
USER, PASSWORD, REALM = "soak", "soak password", "altair"
CLIENTS = 12
ALLOCATIONS = 64
PEER = "127.0.0.2"


class Gone(Exception):
    """The client cannot go on; a new one comes."""


def attr(kind, value):
    return struct.pack("!HH", kind, len(value)) + value + b"\0" * (-len(value) % 4)


def address(ip, port):
    head = struct.pack("!BBH", 0, 1, port ^ (COOKIE >> 16))
    raw = struct.unpack("!I", socket.inet_aton(ip))[0] ^ COOKIE
    return head + struct.pack("!I", raw)


def message(method, attrs, key=None, tid=None):
    body = b"".join(attrs)
    tid = tid or os.urandom(12)
    if key:
        head = struct.pack("!HHI", method, len(body) + 24, COOKIE) + tid
        body += attr(8, hmac.new(key, head + body, hashlib.sha1).digest())
    return struct.pack("!HHI", method, len(body), COOKIE) + tid + body


def read_attrs(data):
    found, at = {}, 20
    while at + 4 <= len(data):
        kind, size = struct.unpack_from("!HH", data, at)
        found.setdefault(kind, data[at + 4 : at + 4 + size])
        at += 4 + (size + 3) // 4 * 4
    return found


class Faults:
    """What may happen to a client of the run with faults."""

    def __init__(self, rng, is_on):
        self.rng, self.is_on = rng, is_on
        self.held = None

    def chance(self, share):
        return self.is_on and self.rng.random() < share

    def datagrams(self, data):
        """What leaves instead of one datagram."""
        if self.chance(0.05):
            return []
        out = [data]
        if self.chance(0.05):
            out.append(data)
        if self.chance(0.05) and self.held is None:
            self.held = data
            return []
        if self.held is not None:
            out.append(self.held)
            self.held = None
        return out


class Client:
    """One client with a socket or a stream of its own."""

    def __init__(self, run, kind, rng):
        self.run, self.kind, self.rng = run, kind, rng
        self.faults = Faults(rng, run.has_faults)
        self.nonce = b""
        self.buffer = b""
        self.sock = None
        self.has_allocation = False
        self.patience = 1  # with a slow machine, where an answer has to come
        self.key = hashlib.md5(f"{USER}:{REALM}:{PASSWORD}".encode()).digest()

    def open(self, port=0):
        if self.kind == "udp":
            self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.sock.bind(("127.0.0.1", port))
            self.sock.connect(("127.0.0.1", self.run.port))
        else:
            self.sock = socket.create_connection(("127.0.0.1", self.run.port), 5)
            if self.kind == "tls":
                self.sock = self.run.tls.wrap_socket(self.sock)

    def write(self, data):
        if self.kind == "udp":
            for one in self.faults.datagrams(data):
                try:
                    self.sock.send(one)
                except ConnectionRefusedError:
                    pass
            return
        if self.kind == "tcp" and self.faults.chance(0.01):
            self.sock.send(data[: len(data) // 2])
            self.reset()
        self.sock.sendall(data)

    def reset(self):
        self.sock.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        raise Gone("reset")

    def read(self, timeout):
        """One message, or None."""
        self.sock.settimeout(timeout)
        try:
            if self.kind == "udp":
                return self.sock.recv(2048)
            while True:
                size = self.whole()
                if size:
                    out, self.buffer = self.buffer[:size], self.buffer[size:]
                    return out
                more = self.sock.recv(4096)
                if not more:
                    raise Gone("closed")
                self.buffer += more
        except (TimeoutError, ConnectionRefusedError):
            return None

    def whole(self):
        if len(self.buffer) < 4:
            return 0
        size = struct.unpack_from("!H", self.buffer, 2)[0]
        size += 20 if self.buffer[0] < 0x40 else 4
        size = (size + 3) // 4 * 4
        return size if len(self.buffer) >= size else 0

    def ask(self, method, attrs):
        """The error's code, 0 for success."""
        tid = os.urandom(12)
        for _ in range(3):  # a stale nonce, or none
            signed = []
            if self.nonce:
                signed = [
                    attr(6, USER.encode()),
                    attr(0x14, REALM.encode()),
                    attr(0x15, self.nonce),
                ]
            request = message(
                method, attrs + signed, self.key if signed else None, tid
            )
            code = self.answer(request, tid)
            if code not in (401, 438):
                return code
            tid = os.urandom(12)
        return code

    def answer(self, request, tid):
        for wait in (0.3, 0.6, 1.2):
            self.write(request)
            wait = (wait if self.kind == "udp" else 5) * self.patience
            end = time.monotonic() + wait
            while (left := end - time.monotonic()) > 0:
                data = self.read(left)
                if data is None or data[0] >= 0x40 or data[8:20] != tid:
                    continue
                found = read_attrs(data)
                if 0x15 in found:
                    self.nonce = found[0x15]
                if data[0] == 1 and data[1] & 0x10:
                    return found[9][2] * 100 + found[9][3]
                return 0
            if self.kind != "udp":
                break
        raise Gone("no answer")

    def allocate(self):
        self.has_allocation = True  # also when no answer comes
        code = self.ask(ALLOCATE, [attr(0x19, b"\x11\0\0\0")])
        # 437: what a client before us left at this 5-tuple.
        self.has_allocation = code in (0, 437)
        return code

    def delete(self):
        code = self.ask(REFRESH, [attr(0x0D, b"\0\0\0\0")])
        self.has_allocation = False
        return code

    def talk(self, number):
        """Data there and back: whether it came."""
        data = b"soak %d " % number + b"." * self.rng.randrange(200)
        if self.rng.random() < 0.5:
            head = struct.pack("!HH", 0x4000, len(data))
            self.write(head + data + b"\0" * (-len(data) % 4))
        else:
            peer = attr(0x12, address(PEER, self.run.peer_port))
            self.write(message(SEND | 0x10, [peer, attr(0x13, data)]))
        end = time.monotonic() + 0.3
        while (left := end - time.monotonic()) > 0:
            back = self.read(left)
            if back and data in back:
                return True
        return False

    def live(self):
        self.open()
        code = self.allocate()
        if code != 0:
            self.run.count("refused")
            return
        self.run.count("allocations")
        peer = attr(0x12, address(PEER, self.run.peer_port))
        self.ask(PERMIT, [peer])
        self.ask(CHANNEL, [attr(0x0C, b"\x40\0\0\0"), peer])
        for number in range(self.rng.randrange(20)):
            if self.run.is_over():
                break
            self.run.count("echoes" if self.talk(number) else "lost")
        if self.rng.random() < 0.3:
            self.ask(REFRESH, [])
        if self.faults.chance(0.3):
            raise Gone("vanishes")
        self.delete()

    def vanish(self):
        """Closes; the run deletes later what a datagram client has left."""
        if self.sock is None:
            return
        if self.kind == "udp" and self.has_allocation:
            self.run.leave_behind(self.sock.getsockname()[1])
        if self.kind == "tcp" and self.faults.chance(0.5):
            self.sock.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
        self.sock.close()


def babble(run, rng):
    """A stranger: guesses, noise, streams that say nothing."""
    kind = rng.randrange(3)
    if kind == 0:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            for _ in range(20):
                s.sendto(os.urandom(rng.randrange(1, 200)), ("127.0.0.1", run.port))
    elif kind == 1:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            guess = [
                attr(0x19, b"\x11\0\0\0"),
                attr(6, b"soak"),
                attr(0x14, b"altair"),
                attr(0x15, b"obMatJos2"),
            ]
            s.sendto(message(ALLOCATE, guess, b"wrong"), ("127.0.0.1", run.port))
    else:
        s = socket.create_connection(("127.0.0.1", run.port), 5)
        s.send(os.urandom(rng.randrange(1, 40)))
        run.keep(s)


class Run:
    """The server, its clients, what is counted."""

    def __init__(self, altair, has_faults, seconds):
        self.altair, self.has_faults, self.seconds = altair, has_faults, seconds
        self.counts, self.lock = {}, threading.Lock()
        self.left_behind, self.kept, self.problems = [], [], []
        self.end = 0.0
        self.tls = ssl.create_default_context()
        self.tls.check_hostname = False
        self.tls.verify_mode = ssl.CERT_NONE

    def count(self, what):
        with self.lock:
            self.counts[what] = self.counts.get(what, 0) + 1

    def is_over(self):
        return time.monotonic() >= self.end

    def leave_behind(self, port):
        with self.lock:
            self.left_behind.append(port)

    def keep(self, sock):
        """A connection that says nothing more, for a while."""
        with self.lock:
            self.kept.append(sock)
            if len(self.kept) > 10:
                self.kept.pop(0).close()

    def echo(self):
        while True:
            data, source = self.peer.recvfrom(2048)
            if data == b"end":
                return
            self.peer.sendto(data, source)

    def start(self):
        self.peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.peer.bind((PEER, 0))
        self.peer_port = self.peer.getsockname()[1]
        command = [self.altair, "serve", "--listen", "127.0.0.1:0"]
        command += ["--relay-ip", "127.0.0.1", "--relay-allow", f"{PEER}/32"]
        command += ["--user", f"{USER}:{PASSWORD}", "--challenge-rate", "0"]
        command += ["--tls-rate", "0"]
        command += ["--max-allocations", str(ALLOCATIONS), "--quota-user"]
        command += [str(ALLOCATIONS), "--quota-prefix", str(ALLOCATIONS)]
        # A file: nobody reads it while the server runs.
        self.notes = tempfile.TemporaryFile("w+")
        self.server = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=self.notes, text=True
        )
        # The last line: only then all descriptors that it has by itself are open.
        for line in self.server.stdout:
            if line.startswith("listening on ") and line.endswith("/udp\n"):
                self.port = int(line.removesuffix("/udp\n").rpartition(":")[2])
            if line.startswith("tls:"):
                return
        self.notes.seek(0)
        sys.exit(f"soak: the server does not run: {self.notes.read()}")

    def resident(self):
        with open(f"/proc/{self.server.pid}/statm", encoding="ascii") as f:
            return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.server.pid}/fd"))

    def settle_descriptors(self, wanted):
        """How many, once there are as few as wanted, or after a while."""
        end = time.monotonic() + 90
        while self.descriptors() > wanted and time.monotonic() < end:
            time.sleep(0.2)
        return self.descriptors()

    def take_all(self):
        """All there is, by datagrams and by streams, so that it is in use."""
        for kind in ("udp", "tls"):
            clients = []
            for number in range(ALLOCATIONS):
                client = Client(self, kind, random.Random(number))
                client.faults.is_on = False
                client.patience = 20
                client.open()
                clients.append(client)
                if client.allocate() != 0:
                    self.problems.append("not all allocations can be made")
                    break
            for client in clients:
                client.delete()
                client.sock.close()

    def work(self, number):
        rng = random.Random(number)
        while not self.is_over():
            client = Client(self, rng.choice(("udp", "udp", "tcp", "tls")), rng)
            try:
                client.live()
            except (Gone, OSError):
                self.count("ended early")
            client.vanish()
            if self.has_faults and rng.random() < 0.2:
                try:
                    babble(self, rng)
                except OSError:
                    pass
            self.revive()

    def revive(self):
        """What the vanished have left is deleted by who comes to their port."""
        with self.lock:
            enough = len(self.left_behind) > ALLOCATIONS // 2 or self.is_over()
            port = self.left_behind.pop(0) if self.left_behind and enough else 0
        if not port:
            return
        client = Client(self, "udp", random.Random(port))
        client.faults.is_on = False
        try:
            client.open(port)
            client.allocate()
            client.delete()
        except (Gone, OSError):
            self.leave_behind(port)
            time.sleep(0.1)
        if client.sock:
            client.sock.close()

    def sample(self, samples):
        while not self.is_over():
            samples.append(self.resident())
            if self.server.poll() is not None:
                self.problems.append("the server has ended")
                return
            time.sleep(1)

    def clear_up(self):
        end = time.monotonic() + 60
        while self.left_behind and time.monotonic() < end:
            self.revive()
        for sock in self.kept:
            sock.close()

    def go(self):
        self.start()
        echo = threading.Thread(target=self.echo)
        echo.start()
        before = self.descriptors()
        self.take_all()
        self.end = time.monotonic() + self.seconds
        samples = []
        threads = [
            threading.Thread(target=self.work, args=(n,)) for n in range(CLIENTS)
        ]
        for thread in threads:
            thread.start()
        self.sample(samples)
        for thread in threads:
            thread.join()
        self.clear_up()
        after = self.settle_descriptors(before)
        self.peer.sendto(b"end", (PEER, self.peer_port))
        echo.join()
        self.peer.close()
        self.server.terminate()
        self.server.wait()
        self.server.stdout.close()
        self.notes.close()
        return samples, before, after


def rise(samples):
    """KiB that a line through the second half rises, and its standard error."""
    half = samples[len(samples) // 2 :]
    n = len(half)
    if n < 3:
        return 0.0, 0.0
    middle, mean = (n - 1) / 2, sum(half) / n
    spread = sum((i - middle) ** 2 for i in range(n))
    slope = sum((i - middle) * (y - mean) for i, y in enumerate(half)) / spread
    rest = sum((y - mean - slope * (i - middle)) ** 2 for i, y in enumerate(half))
    return slope * n, (rest / (n - 2) / spread) ** 0.5 * n


def soak(altair, name, seconds, check):
    run = Run(altair, name == "faults", seconds)
    samples, before, after = run.go()
    grown, error = rise(samples)
    figures = ", ".join(f"{n} {what}" for what, n in sorted(run.counts.items()))
    print(f"{name}: {seconds} s: {figures}")
    print(
        f"{name}: memory {min(samples)} to {max(samples)} KiB, in the second half "
        f"{grown:+.1f} +- {error:.1f} KiB; descriptors {before} before, {after} after"
    )
    if grown > max(3 * error, 64):
        if seconds >= 60:
            run.problems.append(f"memory grows by {grown:.0f} KiB in half the time")
    if after > before:
        run.problems.append(f"{after - before} descriptors are left")
    if not run.counts.get("echoes"):
        run.problems.append("no data came back")
    for problem in run.problems:
        print(f"{name}: MISSED: {problem}")
    sys.stdout.flush()
    return 1 if run.problems and check else 0


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1].strip())
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--run", choices=("clean", "faults"))
    parser.add_argument("altair")
    args = parser.parse_args()
    status = 0
    for name in (args.run,) if args.run else ("clean", "faults"):
        status |= soak(args.altair, name, args.seconds, args.check)
    return status


if __name__ == "__main__":
    sys.exit(main())
