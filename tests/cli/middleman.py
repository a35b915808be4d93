"""Between two peers on loopback: forwards datagrams and records them in a file.
    middleman.py pass|hello|change FILE
Prints two ports: the one that stands for the right peer, for the left one to speak
to, and the one that stands for the left peer. Ends when it is killed, or after a
minute. `hello` throws in a stranger's ClientHellos and messages of an introduction,
`change` changes one bit of each datagram that is no word of the punch."""
import os
import select
import socket
import sys
import time

WORDS = (b"PUNCH", b"PING", b"PONG")


def record(kind, number, body):
    return (bytes([kind]) + b"\xfe\xff" + bytes(6) + number.to_bytes(2, "big")
            + len(body).to_bytes(2, "big") + body)


def hello(number):
    """A ClientHello of DTLS 1.2 (RFC 6347) with the suites of altair."""
    suites = bytes.fromhex("c02bc02ccca9")
    extensions = bytes.fromhex("000a00060004001d0017" "000d000400020403"
                               "000b00020100" "00170000" "ff01000100")
    body = (b"\xfe\xfd" + os.urandom(32) + b"\0\0"
            + len(suites).to_bytes(2, "big") + suites + b"\1\0"
            + len(extensions).to_bytes(2, "big") + extensions)
    size = len(body).to_bytes(3, "big")
    return record(22, number, b"\1" + size + bytes(2) + bytes(3) + size + body)


def strange(number):
    """What somebody who knows the protocol, but not the secret, may throw in."""
    yield hello(number)
    yield record(21, number, b"\2\x28")             # a fatal alert
    yield record(22, number, os.urandom(80))
    yield b"\xf5\1" + b"\4" + os.urandom(64)         # no point of the curve
    yield b"\xf5\4" + os.urandom(16)                 # a refusal


def main():
    mode, path = sys.argv[1:]
    socks = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
    for sock in socks:
        sock.bind(("127.0.0.1", 0))
    # What comes to socks[0] is the left peer's, and leaves by socks[1].
    print(socks[0].getsockname()[1], socks[1].getsockname()[1], flush=True)
    peers = [None, None]
    until = time.monotonic() + 60
    number = 0
    with open(path, "wb", buffering=0) as file:
        while time.monotonic() < until:
            for sock in select.select(socks, [], [], 1)[0]:
                i = socks.index(sock)
                try:
                    data, peers[i] = sock.recvfrom(65536)
                except ConnectionError:
                    continue
                file.write(data)
                to = peers[1 - i]
                if not to:
                    continue
                if mode == "hello" and data not in WORDS:
                    number += 1
                    for bytes_ in strange(number % 60000):
                        socks[1 - i].sendto(bytes_, to)
                if mode == "change" and data not in WORDS:
                    at = len(data) // 2
                    data = data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]
                try:
                    socks[1 - i].sendto(data, to)
                except ConnectionError:
                    pass


main()
