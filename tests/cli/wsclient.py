# A WebSocket client of raw bytes (RFC 6455), for tests of servers: it does what no
# library would, and says what it saw.
import base64
import json
import os
import socket
import ssl
import struct

WAIT = 20


def token():
    return base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip("=")


def body(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def wrap(sock, alpn=True):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if alpn:
        context.set_alpn_protocols(["http/1.1"])
    return context.wrap_socket(sock)


def connect(port, source=None, host="127.0.0.1"):
    sock = socket.socket()
    sock.settimeout(WAIT)
    if source:
        sock.bind((source, 0))
    sock.connect((host, port))
    return sock


def head(host, path="/v1", protocol="altair.v1", extra="", version="13"):
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}", "Upgrade: websocket",
             "Connection: Upgrade", f"Sec-WebSocket-Version: {version}",
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]
    if protocol:
        lines.append(f"Sec-WebSocket-Protocol: {protocol}")
    return ("\r\n".join(lines) + "\r\n" + extra + "\r\n").encode()


class Socket:
    """One that is open, or the answer that it got instead."""

    def __init__(self, port, tls=False, alpn=True, source=None,
                 host="127.0.0.1", **request):
        sock = connect(port, source, host)
        self.sock = wrap(sock, alpn) if tls else sock
        self.rest = b""
        self.sock.sendall(head(f"{host}:{port}", **request))
        while b"\r\n\r\n" not in self.rest:
            self.read()
        self.answer, _, self.rest = self.rest.partition(b"\r\n\r\n")
        self.status = int(self.answer.split()[1])

    def read(self):
        got = self.sock.recv(65536)
        if not got:
            raise EOFError
        self.rest += got

    def need(self, count):
        while len(self.rest) < count:
            self.read()
        got, self.rest = self.rest[:count], self.rest[count:]
        return got

    def frame(self):
        first, length = self.need(2)
        if length == 126:
            length, = struct.unpack(">H", self.need(2))
        elif length == 127:
            length, = struct.unpack(">Q", self.need(8))
        return first, self.need(length)

    def hear(self):
        """The next note; answers pings. EOFError at the end."""
        while True:
            first, payload = self.frame()
            if first & 15 == 1:
                return json.loads(payload)
            if first & 15 == 9:
                self.send(payload, 10)
            elif first & 15 == 8:
                raise EOFError

    def is_whole(self):
        """Whether a frame is there, all of it."""
        if len(self.rest) < 4:
            return len(self.rest) >= 2 + (self.rest[1:2] or b"\x7f")[0]
        length, = self.rest[1:2]
        if length == 126:
            length = 2 + struct.unpack(">H", self.rest[2:4])[0]
        return len(self.rest) >= 2 + length

    def hear_some(self):
        """The notes that are there already; a socket without TLS."""
        notes = []
        self.sock.settimeout(0)
        try:
            while True:
                self.read()
        except BlockingIOError:
            self.sock.settimeout(WAIT)
        while self.is_whole():
            first, payload = self.frame()
            if first & 15 == 1:
                notes.append(json.loads(payload))
            elif first & 15 == 9:
                self.send(payload, 10)
            elif first & 15 == 8:
                raise EOFError
        return notes

    def hear_end(self):
        """Whatever comes before the end."""
        notes = []
        try:
            while True:
                notes.append(self.hear())
        except (EOFError, ConnectionError):
            return notes

    def send(self, payload, opcode=1, final=True, reserved=0, length=None):
        mask = os.urandom(4)
        length = len(payload) if length is None else length
        first = bytes([(128 if final else 0) | reserved << 4 | opcode])
        if length < 126:
            first += bytes([128 | length])
        elif length < 65536:
            first += bytes([254]) + struct.pack(">H", length)
        else:
            first += bytes([255]) + struct.pack(">Q", length)
        masked = bytes(c ^ mask[i & 3] for i, c in enumerate(payload))
        self.sock.sendall(first + mask + masked)

    def say(self, **note):
        self.send(json.dumps(note).encode())

    def close(self):
        self.sock.close()
