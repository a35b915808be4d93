# The rendezvous of `altair serve` as strangers meet it: meetings.py ALTAIR. Raw bytes
# from this side; each limit is hit, and afterwards the server serves as before.
import hashlib
import hmac
import http.client
import json
import os
import re
import select
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import wsclient as ws  # noqa: E402

altair = sys.argv[1]
work = tempfile.TemporaryDirectory()
servers = []


def check(truth, what):
    if not truth:
        raise SystemExit(f"meetings.py: {what}")


class Server:
    def __init__(self, *options, listen="127.0.0.1:0"):
        self.errors = open(os.path.join(work.name, "err"), "w+")
        self.process = subprocess.Popen(
            [altair, "serve", "--listen", listen, "--user", "a:b",
             *options], stdout=subprocess.PIPE, stderr=self.errors, text=True)
        servers.append(self.process)
        self.lines = []
        while not any(x.startswith("server: ") for x in self.lines):
            line = self.process.stdout.readline()
            check(line, f"it did not start: {self.said()}")
            self.lines.append(line.rstrip("\n"))
        self.port = int(re.search(r":(\d+)/udp", self.lines[0])[1])

    def said(self):
        with open(self.errors.name) as f:
            return f.read()

    def memory(self):
        with open(f"/proc/{self.process.pid}/statm") as f:
            return int(f.read().split()[1]) * 4096

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        code = self.process.wait(timeout=60)
        servers.remove(self.process)
        self.errors.close()
        return code

    def socket(self, **how):
        return ws.Socket(self.port, **how)

    def client(self, **how):
        one = self.socket(**how)
        check(one.status == 101, f"status {one.status}, not 101")
        check(one.hear()["type"] == "welcome", "no welcome")
        return one

    def listener(self, **how):
        one = self.client(**how)
        one.token = ws.token()
        one.say(type="listen", token=one.token)
        one.nameplate = one.hear()["nameplate"]
        return one

    def works(self, source=None):
        """Two who do no harm meet, whatever was before."""
        self.works_done = getattr(self, "works_done", 0) + 1
        source = source or f"127.99.{self.works_done}.1"
        a = self.listener(source=source)
        b = self.client(source=source)
        mine = ws.token()
        b.say(type="claim", token=mine, nameplate=a.nameplate, body="aGk")
        check(b.hear()["type"] == "joined", "the claimer has not joined")
        check(a.hear()["type"] == "joined", "the listener is alone")
        note = a.hear()
        check(note["type"] == "message" and note["body"] == "aGk"
              and note["number"] == 1, f"message: {note}")
        a.say(type="ack", token=a.token, number=1)
        check(b.hear() == {"type": "ack", "token": mine, "number": 1}, "ack")
        a.say(type="close", token=a.token)
        check(b.hear()["type"] == "gone", "no end")
        a.close()
        b.close()


# --- what it is ---------------------------------------------------------------

def pages(s):
    def get(path, method="GET", tls=False):
        if tls:
            context = ssl._create_unverified_context()
            context.set_alpn_protocols(["http/1.1"])
            c = http.client.HTTPSConnection("127.0.0.1", s.port, timeout=20,
                                            context=context)
        else:
            c = http.client.HTTPConnection("127.0.0.1", s.port, timeout=20)
        c.request(method, path)
        answer = c.getresponse()
        text = answer.read()
        c.close()
        return answer.status, text

    for tls in False, True:
        check(get("/health", tls=tls) == (200, b"ok\n"), "/health")
        check(get("/healthz", tls=tls) == (200, b"ok\n"), "/healthz")
        check(get("/readyz", tls=tls) == (200, b"ready\n"), "/readyz")
        for path in ("/", "/v1", "/v1/rooms", "/rooms", "/api/rooms",
                     "/metrics", "/v2", "//v1"):
            check(get(path, tls=tls)[0] == 404, f"{path} is there")
    check(get("/healthz", "POST", True)[0] == 405, "POST")
    # RFC 9112 3.2.2 is for proxies, which this is none of.
    one = s.socket(path="http://127.0.0.1/v1")
    check(one.status == 404, f"absolute form: {one.status}")


def who_may_have_one(s):
    here = f"127.0.0.1:{s.port}"
    for want, how in (
            (101, {}),
            (101, {"protocol": "other, altair.v1"}),
            (101, {"extra": f"Origin: http://{here}\r\n"}),
            (403, {"extra": "Origin: https://evil.example\r\n"}),
            (403, {"extra": f"Origin: https://{here}.evil.example\r\n"}),
            (403, {"extra": "Origin: null\r\n"}),
            (404, {"path": "/v1x"}), (404, {"path": "/"}),
            (400, {"protocol": ""}), (400, {"protocol": "altair.v10"}),
            (400, {"version": "8"})):
        got = s.socket(**how)
        check(got.status == want, f"{how}: {got.status}, not {want}")
        got.close()


def the_line_that_clients_need(s):
    line = next(x for x in s.lines if x.startswith("server: "))
    found = re.fullmatch(rf"server:   wss://127\.0\.0\.1:{s.port}"
                         r"#([0-9a-f]{64})", line)
    check(found, line)
    for alpn in True, False:
        one = s.client(tls=True, alpn=alpn)
        shown = hashlib.sha256(one.sock.getpeercert(True)).hexdigest()
        check(shown == found[1], "another certificate than was told")
        check(one.sock.version() == "TLSv1.3", one.sock.version())
        check(one.sock.selected_alpn_protocol() ==
              ("http/1.1" if alpn else None), "ALPN")
        one.close()
        s.works()


def all_ways_meet(s):
    """Listener and claimer by TLS of both kinds, and plain."""
    ways = {"tls": True}, {"tls": True, "alpn": False}, {}
    for mine in ways:
        for other in ways:
            a = s.listener(source="127.98.0.1", **mine)
            b = s.client(source="127.98.0.2", **other)
            b.say(type="claim", token=ws.token(), nameplate=a.nameplate,
                  body=ws.body(bytes(8192)))
            check(a.hear()["type"] == "joined", "not joined")
            check(a.hear()["body"] == ws.body(bytes(8192)), "body")
            a.close()
            b.close()


# --- the relay's credentials --------------------------------------------------

def allocate(port, name, password):
    """The answer's type to an Allocate (RFC 8656) with these credentials."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.settimeout(20)
    sock.connect(("127.0.0.1", port))

    def attr(kind, value):
        return (struct.pack(">HH", kind, len(value)) + value +
                bytes(-len(value) % 4))

    def ask(attrs, key=None):
        ident = os.urandom(12)
        length = len(attrs) + (24 if key else 0)
        message = struct.pack(">HHI", 3, length, 0x2112A442) + ident + attrs
        if key:
            mac = hmac.new(key, message, hashlib.sha1).digest()
            message += attr(8, mac)
        sock.send(message)
        answer = sock.recv(2048)
        check(answer[8:20] == ident, "another's answer")
        return answer

    udp = attr(0x19, b"\x11\0\0\0")
    answer = ask(udp)
    found, at = {}, 20
    while at < len(answer):
        kind, length = struct.unpack(">HH", answer[at:at + 4])
        found[kind] = answer[at + 4:at + 4 + length]
        at += 4 + length + -length % 4
    key = hashlib.md5(f"{name}:{found[0x14].decode()}:{password}"
                      .encode()).digest()
    answer = ask(udp + attr(6, name.encode()) + attr(0x14, found[0x14]) +
                 attr(0x15, found[0x15]), key)
    sock.close()
    return struct.unpack(">H", answer[:2])[0]


def credentials_are_good(s):
    one = s.socket(source="127.97.0.1")
    welcome = one.hear()
    here = f"127.0.0.1:{s.port}"
    check(welcome["stun"] == [f"stun:{here}"], f"stun: {welcome}")
    check([t["url"] for t in welcome["turn"]] ==
          [f"turn:{here}?transport=udp", f"turn:{here}?transport=tcp"],
          f"turn: {welcome}")
    turn = welcome["turn"][0]
    until = int(turn["username"].split(":")[0])
    left = until - time.time()
    check(abs(left - welcome["seconds"]) < 60, f"{left} s, not as told")
    check(allocate(s.port, turn["username"], turn["password"]) == 0x103,
          "the relay does not take them")
    check(allocate(s.port, turn["username"], "other") == 0x113,
          "the relay takes anything")
    again = s.socket(source="127.97.0.1").hear()["turn"][0]
    check(again["username"] != turn["username"], "one name for all")


# --- abuse --------------------------------------------------------------------

def long_messages(s):
    def listen(padding):
        text = json.dumps({"type": "listen", "token": ws.token(), "pad": ""})
        return (text[:-2] + "x" * (padding - len(text)) + '"}').encode()

    one = s.client()
    text = listen(16384)
    check(len(text) == 16384, "padding")
    one.send(text)
    check(one.hear()["type"] == "nameplate", "16 KiB")
    # In pieces, with a ping between them.
    text = listen(16384)
    one.send(text[:1], final=False)
    for at in range(1, 16000, 1000):
        one.send(text[at:at + 1000], 0, final=False)
        one.send(b"", 9)
    one.send(text[16001:], 0)
    check(one.hear()["type"] == "nameplate", "many pieces")
    text = listen(16384)
    for at in range(0, 16384, 4096):
        one.send(text[at:at + 4096], 0 if at else 1, final=at == 12288)
    check(one.hear()["type"] == "nameplate", "four pieces")
    one.send(listen(16385))
    check(one.hear_end() == [{"type": "error", "code": "invalid"}], "16385")
    one = s.client()
    try:
        for at in range(5):
            one.send(b" " * 4096, 0 if at else 1, final=False)
    except OSError:
        pass
    check(one.hear_end() == [{"type": "error", "code": "invalid"}], "5 x 4096")


def impossible_frames(s):
    for length in 1 << 63, (1 << 63) - 1, 1 << 32, 1 << 16:
        one = s.client()
        one.send(b"{" * 100, length=length)
        notes = one.hear_end()
        check(all(n["type"] == "error" for n in notes), f"{length}: {notes}")
    for how in ({"opcode": 2}, {"reserved": 4}, {"reserved": 1},
                {"opcode": 3}, {"opcode": 11}, {"opcode": 0},
                {"opcode": 9, "final": False}):
        one = s.client()
        one.send(b"{}", **how)
        notes = one.hear_end()
        check(all(n["type"] == "error" for n in notes), f"{how}: {notes}")
    one = s.client()
    one.send(bytes(126), 9) # a control frame has 125 at most
    check(one.hear_end() == [], "a ping of 126")


def bad_text(s):
    for text in (b"\xff", b'{"type":"listen","token":"\xc3\x28"}',
                 b'{"pad":"\xed\xa0\x80"}', b'{"pad":"\xf0\x80\x80\x80"}',
                 b'{"pad":"\xe2\x82', b"", b"{", b"[]", b"null", b"{}",
                 b'{"type":"listen"}', b'{"type":"nothing"}',
                 b'{"type":"listen","type":"listen","token":"' +
                 ws.token().encode() + b'"}', b"[" * 16000,
                 b'{"type":"listen","token":"AAAA"}',
                 b'{"type":"ack","token":"' + ws.token().encode() +
                 b'","number":1e3}', b'{"a":"\\u0000"}', b"\0",
                 b'{"type":"welcome","nonce":"' + b"A" * 43 + b'"}'):
        one = s.client(source="127.96.0.1")
        one.send(text)
        notes = one.hear_end()
        check(notes in ([], [{"type": "error", "code": "invalid"}]),
              f"{text[:40]}: {notes}")


def no_compression(s):
    one = s.client(extra="Sec-WebSocket-Extensions: permessage-deflate; "
                         "client_max_window_bits\r\n")
    check(b"extensions" not in one.answer.lower(), "it compresses")
    one.send(bytes([0xaa, 0x56, 0x2a, 0xa9, 0x2c]), reserved=4)
    check(one.hear_end() == [], "it took something compressed")


def pings_without_end(s):
    flood = s.client(source="127.95.0.1")
    flood.sock.setblocking(False)
    ping = bytes([0x89, 0x80 | 125]) + bytes(4) + bytes(125)
    before, sent = s.memory(), 0
    calm = s.listener(source="127.95.0.2")
    for _ in range(200):
        try:
            sent += flood.sock.send(ping * 200)
        except (BlockingIOError, ConnectionError):
            pass
    s.works("127.95.0.3")
    check(sent > 100000, f"only {sent} bytes of pings")
    check(s.memory() - before < 4 << 20, "memory of a flood")
    calm.say(type="close", token=calm.token)
    flood.close()
    calm.close()


def one_source(s):
    many = [s.client(source="127.94.0.1") for _ in range(50)]
    for tls in False, True:
        try:
            s.socket(source="127.94.0.1", tls=tls)
            check(False, "51 of one source")
        except (EOFError, ConnectionError, ssl.SSLError, OSError):
            pass
    s.works("127.94.0.2")
    many.pop().close()
    for _ in range(200):
        try:
            many.append(s.client(source="127.94.0.1"))
            break
        except (EOFError, ConnectionError):
            time.sleep(0.05)
    check(len(many) == 50, "no room for another one afterwards")
    for one in many:
        one.close()


def one_who_does_not_read(s):
    """64 KiB wait for it, no more, and nobody else waits."""
    a = s.listener(source="127.93.0.1")
    a.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    b = s.client(source="127.93.0.2")
    mine = ws.token()
    b.say(type="claim", token=mine, nameplate=a.nameplate, body="")
    check(b.hear()["type"] == "joined", "not joined")
    before = s.memory()
    for number in range(2, 92):
        b.say(type="send", token=mine, number=number,
              body=ws.body(bytes(8192)))
        time.sleep(0.025) # below the rate of a connection
    check(s.memory() - before < 8 << 20, "memory for who does not read")
    s.works("127.93.0.3")
    a.close()
    b.close()


def resets(s):
    """Those who leave in the middle of anything leave nothing behind."""
    before = s.memory()
    for i in range(300):
        one = ws.connect(s.port, f"127.92.{i // 40}.1")
        if i % 3 == 1:
            one.sendall(ws.head("a")[:40 + i % 100])
        elif i % 3 == 2:
            one.sendall(ws.head(f"127.0.0.1:{s.port}"))
            one.recv(1)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                       struct.pack("ii", 1, 0))
        one.close()
    s.works()
    check(s.memory() - before < 4 << 20, "memory of those who are gone")


# --- operation ----------------------------------------------------------------

def certificate(name):
    cert, key = (os.path.join(work.name, x) for x in ("cert", "key"))
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                    f"/CN={name}", "-keyout", key, "-out", cert],
                   check=True, capture_output=True)
    with open(cert) as f:
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(f.read())).hexdigest()


def another_certificate():
    first = certificate("a.example")
    s = Server("--cert", os.path.join(work.name, "cert"),
               "--key", os.path.join(work.name, "key"))
    check(f"server:   wss://127.0.0.1:{s.port}" in s.lines, "the line")
    old = s.client(tls=True)
    check(hashlib.sha256(old.sock.getpeercert(True)).hexdigest() == first,
          "not the one of the file")
    turn = s.socket().hear()["turn"]
    check(any(t["url"].startswith("turns:") for t in turn), "no turns:")
    second = certificate("b.example")
    s.process.send_signal(signal.SIGHUP)
    for _ in range(200):
        shown = s.client(tls=True).sock.getpeercert(True)
        if hashlib.sha256(shown).hexdigest() == second:
            break
        time.sleep(0.05)
    check(hashlib.sha256(shown).hexdigest() == second, "the old one")
    # Who was there, stays.
    old.say(type="listen", token=ws.token())
    check(old.hear()["type"] == "nameplate", "the old client")
    s.end()


def good_bye():
    s = Server()
    one, other = s.listener(), s.client(tls=True)
    s.process.send_signal(signal.SIGTERM)
    for client in one, other:
        note = client.hear()
        check(note["type"] == "bye" and 0 < note["seconds"] <= 60,
              f"no bye: {note}")
        check(client.hear_end() == [], "more than a bye")
    check(s.process.wait(timeout=30) == 0, "exit code after SIGTERM")
    servers.remove(s.process)


def what_it_says():
    def run(*options):
        return subprocess.run([altair, "serve", *options], text=True,
                              capture_output=True, timeout=60)

    for wrong in ("nowhere", ":1", "a:0", "a:65536", "unix:", "a:1x"):
        got = run("--check", "--redis", wrong)
        check(got.returncode == 2 and "HOST:PORT or unix:PATH" in got.stderr,
              f"{wrong}: {got}")
    for right in ("redis.example:6379", "[::1]:6379", "unix:/run/redis"):
        got = run("--check", "--redis", right)
        check(got.returncode == 0, f"{right}: {got}")
    got = run("--check", "--max-clients", "0")
    check(got.returncode == 2, f"no clients: {got}")


def abroad():
    """As from another host: in a namespace with an address that is no
    loopback. Plain WebSockets need --plain there."""
    here = "192.0.2.1"
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["ip", "addr", "add", f"{here}/32", "dev", "lo"], check=True)
    s = Server(listen="0.0.0.0:0")
    check(any(x.startswith("firewall: let UDP and TCP port") for x in s.lines),
          "no word of the firewall")
    check(any(x.startswith(f"server:   wss://HOST:{s.port}#")
              for x in s.lines), f"{s.lines}")
    check(s.socket(host=here).status == 403, "plain from abroad")
    check(s.socket(host=here, tls=True).status == 101, "TLS from abroad")
    check(s.socket(host=here, tls=True, alpn=False).status == 101, "no ALPN")
    check(s.socket().status == 101, "plain on loopback")
    s.end()
    s = Server("--plain", listen="0.0.0.0:0")
    check(any(x.startswith(f"server:   ws://HOST:{s.port} ")
              for x in s.lines + [s.process.stdout.readline()]), "no ws://")
    check(s.socket(host=here).status == 101, "--plain")
    s.end()


# --- those who take their time ------------------------------------------------

def late():
    """All at once, as it takes a minute: heads, handshakes and messages that
    do not end, and a client that is silent and answers no ping."""
    s = Server("--handshake-timeout", "30s")
    waiting = []

    def expect(what, sock, low, high):
        waiting.append((what, sock, low, high))
        sock.settimeout(None)

    half = ws.connect(s.port, "127.91.0.1")
    half.sendall(ws.head("a")[:-2])
    expect("half a head", half, 9, 13)
    hello = hello_bytes()
    slow = ws.connect(s.port, "127.91.0.2")
    slow.sendall(hello)
    expect("half a handshake", slow, 4, 8)
    mute = ws.wrap(ws.connect(s.port, "127.91.0.3"))
    expect("TLS and no head", mute, 8, 17)
    part = s.client(source="127.91.0.4")
    part.send(b'{"type":', final=False)
    expect("half a message", part.sock, 9, 13)
    rest = s.client(source="127.91.0.5")
    rest.send(b'{"type"', length=4000)
    expect("half a frame", rest.sock, 9, 13)
    still = s.listener(source="127.91.0.6")
    expect("no pong", still.sock, 58, 64)
    lively = s.listener(source="127.91.0.7")
    lively.sock.settimeout(None)
    begun, seen, pings = time.monotonic(), b"", 0
    while waiting:
        left = 90 - (time.monotonic() - begun)
        check(left > 0, f"still there: {[w[0] for w in waiting]}")
        ready, _, _ = select.select([w[1] for w in waiting] + [lively.sock],
                                    [], [], left)
        passed = time.monotonic() - begun
        for entry in [w for w in waiting if w[1] in ready]:
            what, sock, low, high = entry
            try:
                got = sock.recv(4096)
            except (OSError, ssl.SSLError):
                got = b""
            if what == "no pong":
                seen += got
            if got:
                continue
            check(low <= passed <= high + 10, f"{what}: after {passed:.1f} s")
            waiting.remove(entry)
        if lively.sock in ready:
            first, payload = lively.frame()
            check(first & 15 == 9, "the lively one hears something else")
            pings += 1
            lively.send(payload, 10)
    check(seen[:1] == b"\x89", "it was not asked by a ping")
    check(pings >= 1, "the lively one was not asked")
    lively.say(type="close", token=lively.token)
    s.works()
    s.end()


def hello_bytes():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.set_alpn_protocols(["http/1.1"])
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        context.wrap_bio(incoming, outgoing).do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def main():
    what = sys.argv[2] if len(sys.argv) > 2 else "quick"
    try:
        if what == "late":
            late()
        elif what == "abroad":
            abroad()
        else:
            s = Server()
            for test in (pages, who_may_have_one, the_line_that_clients_need,
                         all_ways_meet, credentials_are_good, long_messages,
                         impossible_frames, bad_text, no_compression,
                         pings_without_end, one_source, one_who_does_not_read,
                         resets):
                test(s)
                s.works()
            check(s.end(signal.SIGINT) == 130, "SIGINT")
            another_certificate()
            good_bye()
            what_it_says()
    finally:
        for process in servers:
            process.kill()
    print("ok")


main()
