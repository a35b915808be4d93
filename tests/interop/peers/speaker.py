"""The command line and the JSON Lines of `altair agent`, for peers in Python."""

import argparse
import asyncio
import json
import sys
import time
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote


@dataclass
class Turn:
    host: str
    port: int
    name: str
    password: str
    transport: str


def host_port(text):
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def turn_url(text):
    """turn:USER:PASS@H:P[?transport=udp|tcp|tls]"""
    where, _, query = text.removeprefix("turn:").partition("?")
    who, _, at = where.rpartition("@")
    name, _, password = who.partition(":")
    transport = parse_qs(query).get("transport", ["udp"])[0]
    return Turn(*host_port(at), unquote(name), unquote(password), transport)


def options():
    parse = argparse.ArgumentParser()
    role = parse.add_mutually_exclusive_group()
    role.add_argument("--controlling", action="store_true")
    role.add_argument("--controlled", dest="controlling", action="store_false")
    parse.add_argument("--stun", type=host_port, action="append", default=[])
    parse.add_argument("--turn", type=turn_url, action="append", default=[])
    parse.add_argument("--relay-only", action="store_true")
    parse.add_argument("--hold", action="store_true")
    for ignored in ("--ta", "--ca"):
        parse.add_argument(ignored, help="ignored")
    return parse.parse_args()


class Speaker:
    def __init__(self):
        self.began = time.monotonic()

    def say(self, event, **more):
        t = round((time.monotonic() - self.began) * 1000)
        print(json.dumps({"v": 1, "t": t, "event": event, **more}), flush=True)

    async def commands(self):
        """Yields what is said on stdin."""
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        async for line in reader:
            yield json.loads(line)
