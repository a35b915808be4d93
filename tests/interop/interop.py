"""Other implementations meet ours, in all the ways they can, and the table of it.

    python3 interop.py OURS BUILD [--write] [--only TEXT] [--jobs N]

Called by interop.sh, in its network. The table goes to BUILD/interop.md; a cell
that differs from that of docs/interop.md is a failure, unless --write puts the
table there. --only: the cells whose name holds the text, and no table."""

import argparse
import asyncio
import importlib.metadata
import json
import os
import pathlib
import re
import sys
from dataclasses import dataclass, field

import ice_pair
import page

HERE = pathlib.Path(__file__).resolve().parent
SERVER = os.environ["LAB_S1"]  # coturn
OWN_SERVER = os.environ["LAB_S2"]  # altair serve
CA = os.environ["LAB_RUN"] + "/ca.pem"
STUN = f"--stun {SERVER}:3478"
SILENCE = 32  # seconds, more than a consent lives (RFC 7675 section 5.1)
YES = "yes"
CANNOT = "–"


def turn(transport, server=SERVER):
    port = 5349 if transport == "tls" and server == SERVER else 3478
    return f"--turn 'turn:user:pass@{server}:{port}?transport={transport}'"


@dataclass
class Peer:
    name: str
    command: str
    version: str
    can: set  # of the columns of the second table
    whole: str = ""  # options of its own when there is no trickle
    over: str = ""  # what OURS runs under
    notes: dict = field(default_factory=dict)  # cells that are explained


def npm_version(build, package):
    path = f"{build}/npm/node_modules/{package}/package.json"
    return json.loads(pathlib.Path(path).read_text(encoding="utf-8"))["version"]


def peers(build):
    folder = HERE / "peers"
    conflicts = {"both controlling", "both controlled"}
    everything = {"consent", "restart", "their restart", "lite peer",
                  "ICE-TCP", "ICE-TCP, controlled", "TURN over TCP",
                  "altair serve", "altair serve, TCP", *conflicts}
    return [
        Peer("libnice", f"{build}/libnice_peer",
             page.output("pkg-config", "--modversion", "nice"), everything,
             whole="--no-trickle"),
        Peer("aioice", f"/usr/bin/python3 {folder}/aioice_peer.py",
             importlib.metadata.version("aioice"),
             {"consent", "TURN over TCP", "altair serve", "altair serve, TCP",
              *conflicts}),
        Peer("pion/ice", f"{build}/pion_peer",
             page.package_version("golang-github-pion-ice.v2-dev"),
             everything, notes={name: "see 1" for name in conflicts}),
        Peer("werift", f"node {folder}/werift_peer.js",
             npm_version(build, "werift"), everything),
        Peer("node-datachannel", f"node {folder}/datachannel_peer.js",
             npm_version(build, "node-datachannel"),
             {"consent", "altair serve", *conflicts}, over=f"node {folder}/channel.js"),
    ]


@dataclass
class Cell:
    """One meeting: ours is side a."""
    peer: Peer
    name: str  # of the column
    row: str = ""
    hosts: str = "cd"
    ours: str = "--controlling"
    its: str = "--controlled"
    kind: str = "direct"
    more: str = ""  # options of ice_pair.py
    result: str = ""
    why: str = ""

    def title(self):
        return ", ".join(filter(None, [self.peer.name, self.row, self.name]))


ROLES = {"controlling": ("--controlling", "--controlled"),
         "controlled": ("--controlled", "--controlling")}
RELAY = "--relay-only "
WAYS = {"host": ("cd", "direct", "", ""),
        "host, IPv6": ("ef", "direct", "", ""),
        "reflexive": ("ab", "direct", STUN, STUN),
        "relayed": ("ab", "relay", RELAY + turn("udp"), RELAY + turn("udp"))}


def matrix(peer):
    for role, (ours, its) in ROLES.items():
        for signalling in ("trickle", "whole"):
            more = "" if signalling == "trickle" else "--no-trickle"
            own = "" if signalling == "trickle" else peer.whole
            for way, (hosts, kind, opts, its_opts) in WAYS.items():
                yield Cell(peer, way, f"{role}, {signalling}", hosts,
                           f"{ours} {opts}", f"{its} {its_opts} {own}", kind,
                           more)


def extras(peer):
    tcp = RELAY + turn("tcp")
    tls = f"{RELAY}{turn('tls')} --ca {CA}"
    own_udp, own_tcp, own_tls = (RELAY + turn(transport, OWN_SERVER)
                                 for transport in ("udp", "tcp", "tls"))
    cells = [
        Cell(peer, "consent", more=f"--stay {SILENCE}"),
        Cell(peer, "restart", more="--restart a"),
        Cell(peer, "their restart", ours="--controlled", its="--controlling",
             more="--restart b"),
        Cell(peer, "both controlling", its="--controlling"),
        Cell(peer, "both controlled", ours="--controlled"),
        Cell(peer, "lite peer", ours="--controlled", its="--controlled --lite"),
        Cell(peer, "ICE-TCP", its="--controlled --ice-tcp only", kind="tcp"),
        Cell(peer, "ICE-TCP, controlled", ours="--controlled",
             its="--controlling --ice-tcp only", kind="tcp"),
        Cell(peer, "TURN over TCP", hosts="ab", ours=f"--controlling {tls}",
             its=f"--controlled {tcp}", kind="relay"),
        Cell(peer, "altair serve", hosts="ab", ours=f"--controlling {own_udp}",
             its=f"--controlled {own_udp}", kind="relay"),
        Cell(peer, "altair serve, TCP", hosts="ab",
             ours=f"--controlling {own_tls} --ca {CA}",
             its=f"--controlled {own_tcp}", kind="relay"),
    ]
    for cell in cells:
        cell.result = peer.notes.get(cell.name, "")
        if cell.name not in peer.can:
            cell.result = CANNOT
        yield cell


def at(host, command):
    return f"nsenter --net=/run/netns/{host} -- {command}"


def find_fault(cell, found):
    """What is not as it should be, in words, or None."""
    side = found["a"]
    if found["outcome"] != "connected":
        return found["outcome"]
    faults = {
        side["kind"]: side["kind"] != cell.kind,
        "not completed": "completed" not in side["states"],
        "errors": side["errors"] or side["code"] != 0,
        "no consent": cell.name == "consent" and side["stats"]["consents"] < 5,
        "role": cell.name == "lite peer" and not side["stats"]["controlling"],
    }
    return next((what for what, is_so in faults.items() if is_so), None)


async def meet(cell, ours, places):
    a = at(cell.hosts[0], f"{cell.peer.over} {ours} {cell.ours}")
    b = at(cell.hosts[1], f"{cell.peer.command} {cell.its}")
    options = ice_pair.options(
        [a, b, "--delay", "20", "--events", "--expect", cell.kind, "--complete",
         "--stats", *cell.more.split()])
    waits = "--stay" in cell.more  # and needs no CPU meanwhile
    async with places["wait" if waits else "work"]:
        found = await ice_pair.run(options)
    cell.why = json.dumps({"command": [a, b], **found}, indent=1)
    fault = find_fault(cell, found)
    cell.result = "no: " + fault if fault else YES
    print(f"{cell.title()}: {cell.result}, {found.get('received_ms')} ms",
          flush=True)


def write_up(all_peers, cells):
    found = {(c.peer.name, c.row, c.name): c.result for c in cells}
    first = [[p.name, row, *(found[p.name, row, way] for way in WAYS)]
             for p in all_peers
             for row in dict.fromkeys(c.row for c in matrix(p))]
    names = [c.name for c in extras(all_peers[0])]
    second = [[p.name, *(found[p.name, "", name] for name in names)]
              for p in all_peers]
    return page.fill("interop.md.in", {
        "versions": ", ".join(f"{p.name} {p.version}" for p in all_peers),
        "coturn": page.package_version("coturn"),
        "matrix": page.table(["peer", "our role, signalling", *WAYS], first),
        "extras": page.table(["peer", *names], second),
    })


async def main(options):
    all_peers = peers(options.build)
    cells = [c for p in all_peers for c in [*matrix(p), *extras(p)]]
    chosen = [c for c in cells if options.only in c.title()]
    places = {"wait": asyncio.Semaphore(len(cells)),
              "work": asyncio.Semaphore(options.jobs)}
    await asyncio.gather(*(meet(c, options.ours, places)
                           for c in chosen if not c.result))
    bad = [c for c in chosen if c.result.startswith("no")]
    for cell in bad:
        name = re.sub(r"\W+", "-", cell.title()) + ".json"
        log = pathlib.Path(options.build) / "failed" / name
        log.parent.mkdir(exist_ok=True)
        log.write_text(cell.why, encoding="utf-8")
        print(f"FAILED {cell.title()}: {cell.result}; see {log}")
    if options.only:
        return not bad
    text = write_up(all_peers, cells)
    (pathlib.Path(options.build) / "interop.md").write_text(text, "utf-8")
    if options.write:
        page.write("ice", text)
    return page.compare("ice", text)


if __name__ == "__main__":
    parse = argparse.ArgumentParser()
    parse.add_argument("ours")
    parse.add_argument("build")
    parse.add_argument("--write", action="store_true")
    parse.add_argument("--only", default="")
    parse.add_argument("--jobs", type=int, default=4)
    sys.exit(not asyncio.run(main(parse.parse_args())))
