"""The message sequence of `altair connect CODE` as a capture at the caller saw it:

    meet_chart.py CAPTURE SERVER PEER

CAPTURE is of Ethernet (libpcap), SERVER and PEER are the public IPs of the server
and of the listener's NAT. Prints each flight with its time. Exit code 1 when it is
not the chart of docs/design.md: each side speaks in turn, nothing waits for one flight
more, and DTLS speaks only after a check of the peer."""

import socket
import struct
import sys

CHART = [
    ("tcp", "caller", "connects"),
    ("tcp", "server", "accepts"),
    ("tcp", "caller", "ClientHello of TLS"),
    ("tcp", "server", "ServerHello to Finished"),
    ("tcp", "caller", "Finished, upgrade"),
    ("tcp", "server", "upgraded, welcome"),
    ("tcp", "caller", "claim: share"),
    ("tcp", "server", "share, confirmation, {key, candidates}"),
    ("tcp", "caller", "confirmation, {key, candidates}"),
    ("check", "listener", "check"),
    ("dtls", "caller", "ClientHello"),
    ("dtls", "listener", "ServerHello to ServerHelloDone"),
    ("dtls", "caller", "Certificate to Finished"),
    ("dtls", "listener", "Finished"),
]


def frames(path):
    with open(path, "rb") as file:
        data = file.read()
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    fraction = 1e-9 if data[:4] in (b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d") \
        else 1e-6
    at = 24
    while at + 16 <= len(data):
        sec, sub, size, _ = struct.unpack(order + "IIII", data[at:at + 16])
        yield sec + sub * fraction, data[at + 16:at + 16 + size]
        at += 16 + size


def packets(path):
    """(time, protocol, source, port, destination, port, TCP flags, payload)"""
    for time, frame in frames(path):
        if frame[12:14] != b"\x08\x00":
            continue
        head = 14 + (frame[14] & 15) * 4
        end = 14 + struct.unpack("!H", frame[16:18])[0]
        source, sink = (socket.inet_ntoa(frame[26:30]),
                        socket.inet_ntoa(frame[30:34]))
        sport, dport = struct.unpack("!HH", frame[head:head + 4])
        if frame[23] == 6:
            payload = frame[head + (frame[head + 12] >> 4) * 4:end]
            yield (time, "tcp", source, sport, sink, dport, frame[head + 13],
                   payload)
        elif frame[23] == 17:
            yield time, "udp", source, sport, sink, dport, 0, frame[head + 8:end]


def relayed(payload):
    """What ChannelData, or the attribute DATA of a Send or Data indication, holds."""
    if 64 <= payload[0] <= 79:
        return payload[4:]
    if payload[:2] not in (b"\x00\x16", b"\x00\x17"):
        return b""
    at = 20
    while at + 4 <= len(payload):
        kind, size = struct.unpack("!HH", payload[at:at + 4])
        if kind == 0x0013:
            return payload[at + 4:at + 4 + size]
        at += 4 + (size + 3) // 4 * 4
    return b""


def steps(path, server, peer):
    """(time, what, who) of everything the chart may have."""
    port = None
    for time, kind, source, sport, sink, dport, flags, payload in packets(path):
        if kind == "tcp" and server in (source, sink):
            ours = sport if sink == server else dport
            port = port or ours  # the first one is the WebSocket
            if ours == port and (flags & 2 or payload):
                yield time, "tcp", "caller" if sink == server else "server"
        elif kind == "udp" and server in (source, sink) and payload:
            # The first path may be the relay's.
            inner = relayed(payload)
            if inner and 20 <= inner[0] <= 63:
                yield time, "dtls", "caller" if sink == server else "listener"
        elif kind == "udp" and peer in (source, sink) and payload:
            who = "caller" if sink == peer else "listener"
            if 20 <= payload[0] <= 63:
                yield time, "dtls", who
            elif payload[0] < 4 and payload[:2] == b"\x00\x01":
                yield time, "check", who


def main():
    said = list(steps(*sys.argv[1:4]))
    begin, last, at = said[0][0], None, 0
    for time, what, who in said:
        if at == len(CHART) or (what, who) == last:
            continue
        if (what, who) == CHART[at][:2]:
            print(f"{(time - begin) * 1000:7.1f} ms  {who:8}  {CHART[at][2]}")
            last = (what, who)
            at += 1
        elif what == "dtls" or (what == "tcp" and at < 9):
            print(f"{(time - begin) * 1000:7.1f} ms  {who:8}  {what}: not in "
                  f"the chart, which has: {CHART[at]}")
            return 1
    if at < len(CHART):
        print(f"never came: {CHART[at]}")
    return at < len(CHART)


if __name__ == "__main__":
    sys.exit(main())
