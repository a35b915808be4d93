"""TURN clients against `altair serve`, over loopback, and the table of it.

    python3 relay.py ALTAIR BUILD [--write] [--only REGEX] [--jobs N] [--threads N]

BUILD is the folder with pion's client. The table goes to BUILD/relay.md; a cell that
differs from that of docs/interop.md is a failure, unless --write puts the table
there. --only: the rows whose name has that in it, and no table. --threads: of the
server."""

import argparse
import asyncio
import importlib.util
import itertools
import os
import pathlib
import re
import shlex
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, field

import ice_pair
import page

HERE = pathlib.Path(__file__).resolve().parent
SKIP = 77
HOME = "127.0.0.1"
SECRET = "the secret"
TRANSPORTS = ("udp", "tcp", "tls")
LIMIT = 30  # seconds for one client; those that flip bytes may never end
YES = "yes"
NEVER = "–"

# What turnutils_uclient says in the end, for 2 clients or 2 pairs with 10 messages
# each. A stream is closed under who guesses.
LOSSLESS = r"tot_send_msgs=([24]0), tot_recv_msgs=\1\b"
DEAF = r"tot_send_msgs=20, tot_recv_msgs=0\b"
REFUSED = r"Cannot complete Allocation|recv: Success"


@dataclass
class Row:
    client: str
    name: str
    command: str  # with the {names} of a place; empty for our own pair
    expect: str  # a regular expression in what it says
    notes: dict = field(default_factory=dict)  # transports it is not run over
    shows: str = YES  # when it is as expected
    harmless: bool = False  # whatever it says, others are served afterwards
    server: str = "altair"

    def title(self):
        return f"{self.client}: {self.name}"


@dataclass
class Cell:
    row: Row
    transport: str
    result: str = ""

    def title(self):
        return f"{self.row.title()}, {self.transport}"


# --- rows ---------------------------------------------------------------------

ECHO = "-e 127.0.0.1 -r {echo}"
ECHO6 = "-e ::1 -r {echo}"
TLS_ONLY = {"udp": NEVER, "tcp": NEVER}
STREAMS_ONLY = {"udp": NEVER}


def uclient(name, options, expect=LOSSLESS, **more):
    """What is common to all stands first: of two options the last one counts."""
    command = "turnutils_uclient {flags} -u u -w p -n 10 -m 2 " + options
    if options.endswith("::1"):
        command = command.replace("-n", "-p {port6} -n", 1)
    else:
        command = command.replace("-n", "-p {port} -n", 1) + " {host}"
    return Row("turnutils_uclient", name, command, expect, **more)


def uclient_good():
    return [
        uclient("channels", f"-c {ECHO}"),
        uclient("Send and Data `-s`", f"-c -s {ECHO}"),
        uclient("pairs of ports, the second one reserved", ECHO),
        uclient("the same `-s`", f"-s {ECHO}"),
        uclient("client to client `-y`", "-c -y"),
        uclient("client to client `-y -s`", "-c -y -s"),
        uclient("client to client, pairs of ports", "-y"),
        uclient("IPv4 asked for `-X`", "-c -X -y"),
        uclient("IPv6 relayed `-x`", f"-c -x {ECHO6}"),
        uclient("IPv6 relayed, client to client", "-c -x -y"),
        uclient("IPv6 to the server, IPv4 relayed", f"-c {ECHO} ::1"),
        uclient("IPv6 to the server and relayed", f"-c -x {ECHO6} ::1"),
        uclient("mobility `-M`", f"-c -M {ECHO}", notes={"tls": "no: 5"}),
        uclient("mobility, `-s` and pairs of ports", f"-M -s {ECHO}",
                notes={"tls": "no: 5"}),
        uclient("mobility, client to client", "-c -M -y",
                notes={"udp": "no: 6", "tls": "no: 5"}),
        uclient("DONT-FRAGMENT `-g`", f"-c -g {ECHO}"),
        uclient("DONT-FRAGMENT `-g -s`", f"-c -g -s {ECHO}"),
        uclient("padding over UDP, too `-D`", f"-c -D -l 101 {ECHO}"),
        uclient("more requests than it needs `-G`", "-c -G -y"),
        # By chance, with what is under way: how much comes back is no figure.
        uclient("gone, and there again `-B`: others are served", f"-c -B {ECHO}",
                "", harmless=True),
        uclient("long messages `-l 1400`", f"-c -l 1400 {ECHO}"),
        uclient("odd lengths `-l 131 -s`", f"-c -s -l 131 {ECHO}"),
        uclient("in a hurry `-z 1`", f"-c -z 1 {ECHO}"),
        uclient("BANDWIDTH `-a`", f"-c -a 100000 {ECHO}"),
        uclient("ORIGIN `-o`", f"-c -o https://example.org {ECHO}"),
        uclient("a device and address of its own `-d -L`",
                f"-c -d lo -L 127.0.0.3 {ECHO}"),
        uclient("REST secret `-W`", f"-c -W '{SECRET}' {ECHO}"),
        uclient("oAuth `-J`: goes on with its password", f"-c -J {ECHO}"),
        uclient("the certificate checked `-E`", f"-c -E {{ca}} {ECHO}",
                notes=TLS_ONLY),
        uclient("a certificate of the client's `-i -k`",
                f"-c -i {{ca}} -k {{key}} {ECHO}", notes=TLS_ONLY),
        uclient("its own ciphers `-F`", f"-c -F ECDHE+AESGCM {ECHO}",
                notes=TLS_ONLY),
        uclient("no cipher `-U`: encrypted all the same", f"-c -U {ECHO}",
                notes=TLS_ONLY),
    ]


def uclient_bad():
    away = "-L {away}"  # who guesses is not listened to for a while
    return [
        uclient("no permission `-I`: nothing comes back", "-c -s -I -y", DEAF),
        uclient("a wrong password: refused", f"-c -w wrong -y {away}", REFUSED),
        uclient("an unknown user: refused", f"-c -u nobody -y {away}", REFUSED),
        uclient("another secret: refused", f"-c -W another -y {away}", REFUSED),
        uclient("REST with another separator `-C`: refused",
                f"-c -W '{SECRET}' -C ! -y {away}", REFUSED),
        uclient("negative tests `-N`: 400", f"-c -N {ECHO}",
                "channel bind: error 400"),
        uclient("bytes flipped `-R`: others are served", f"-c -R {ECHO}", "",
                harmless=True),
        uclient("there and gone `-O`: others are served", f"-c -O {ECHO}", "",
                harmless=True),
        uclient("both families at once `-Z`", "-Z -M -x -y",
                "relay addr cannot be received", shows="no: 1"),
        uclient("TCP allocations `-T`", "-T", "error 442", notes=STREAMS_ONLY,
                shows="no: 2"),
        uclient("TCP allocations, passive `-P`", "-P", "error 442",
                notes=STREAMS_ONLY, shows="no: 2"),
        uclient("DTLS `-S`", "", notes={"udp": "no: 3", "tcp": NEVER,
                                        "tls": NEVER}),
        uclient("SCTP `-b`", "", notes={"udp": NEVER, "tcp": "no: 4",
                                        "tls": "no: 4"}),
    ]


def libraries():
    options = " {transport} {host}:{port} u %s {ca} {host}:{echo}"
    clients = {"pion/turn": ("{build}/pion_turn", "error 401"),
               "aioice": (f"{sys.executable} {HERE}/peers/aioice_turn.py",
                          r"refused: \(401")}
    for client, (command, refused) in clients.items():
        command += options
        yield Row(client, "20 messages to a peer and back", command % "p",
                  "20 messages came back")
        yield Row(client, "a wrong password: refused", command % "wrong",
                  refused)


def rows():
    return [*uclient_good(), *uclient_bad(), *libraries(),
            Row("altair agent", "relayed on both sides", "", "connected"),
            Row("altair agent", "the same by coturn", "", "connected",
                server="coturn")]


# --- servers ------------------------------------------------------------------


class Place:
    """The servers, and what the rows' commands want to know."""

    def __init__(self, options, work):
        self.options = options
        self.work = work
        # Below the ports that the system chooses.
        self.echo = 20000 + os.getpid() % 10000
        self.ports = {}
        self.processes = []
        self.strangers = itertools.count(1)

    async def start(self, name, *command, **more):
        with open(self.work / name, "wb") as log:
            process = await asyncio.create_subprocess_exec(
                *command, **{"stdout": log, "stderr": log, **more})
        self.processes.append(process)
        return process

    async def certify(self):
        openssl = await self.start(
            "openssl", "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
            f"/CN={HOME}", "-addext", f"subjectAltName=IP:{HOME},IP:::1",
            "-keyout", f"{self.work}/key.pem", "-out", f"{self.work}/ca.pem")
        await openssl.wait()

    async def serve(self):
        """One host is many clients here."""
        threads = ["--threads", self.options.threads] * bool(self.options.threads)
        (self.work / "secret").write_text(SECRET + "\n", encoding="utf-8")
        server = await self.start(
            "altair", self.options.altair, "serve", "--listen", f"{HOME}:0",
            "--listen", "[::1]:0", "--user", "u:p", "--realm", "example.org",
            "--rest-secret-file", f"{self.work}/secret", "--relay-ip", HOME,
            "--relay-ip", "::1", "--relay-allow", f"{HOME}/32",
            "--relay-allow", "::1/128", "--quota-user", "1000",
            "--quota-prefix", "1000", "--challenge-rate", "0",
            "--connections-prefix", "1000", "--tls-rate", "0", *threads, "--cert", f"{self.work}/ca.pem",
            "--key", f"{self.work}/key.pem", stdout=asyncio.subprocess.PIPE)
        for name in ("port", "port6"):
            line = (await server.stdout.readline()).decode().rstrip()
            self.ports[name] = int(line.removesuffix("/udp").rpartition(":")[2])

    async def coturn(self):
        port = self.echo - 10000
        self.ports["coturn"] = port
        await self.start(
            "coturn", "/usr/bin/turnserver", "-n", "-L", HOME, "-E", HOME,
            "-p", str(port), "--allow-loopback-peers", "--no-cli", "--no-dtls",
            "--cert", f"{self.work}/ca.pem", "--pkey",
            f"{self.work}/key.pem", "--no-rfc5780", "--log-file=/dev/null",
            "--no-stdout-log", "--simple-log", "--pidfile=/dev/null",
            "--userdb=/dev/null", "-a", "-uu:p", "-rexample.org",
            stdin=asyncio.subprocess.DEVNULL)
        await self.answers(port)

    async def answers(self, port):
        """Until a server has started: it listens to TCP as well."""
        until = time.monotonic() + LIMIT
        while time.monotonic() < until:
            try:
                _, writer = await asyncio.open_connection(HOME, port)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            return
        sys.exit("coturn does not start: " +
                 (self.work / "coturn").read_text(errors="replace"))

    async def open(self):
        await self.start("peer", "turnutils_peer", "-L", HOME, "-L", "::1",
                         "-p", str(self.echo))
        await self.certify()
        await self.serve()
        await self.coturn()

    async def close(self):
        for process in reversed(self.processes):
            if process.returncode is None:
                process.send_signal(signal.SIGKILL)
            await process.wait()

    def names(self, transport):
        return {**self.ports, "echo": self.echo, "host": HOME,
                "away": f"127.0.1.{next(self.strangers)}",
                "build": self.options.build, "transport": transport,
                "ca": f"{self.work}/ca.pem", "key": f"{self.work}/key.pem",
                "flags": {"udp": "", "tcp": "-t", "tls": "-t -S"}[transport]}


# --- clients ------------------------------------------------------------------


async def say(command):
    """What a command says; it is killed when it does not end."""
    process = await asyncio.create_subprocess_exec(
        *shlex.split(command), stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT)
    try:
        said, _ = await asyncio.wait_for(process.communicate(), LIMIT)
    except asyncio.TimeoutError:
        process.kill()
        await process.wait()
        return "it does not end"
    return said.decode(errors="replace")


async def pair(cell, place):
    """Two agents of ours that may use nothing but the relay."""
    names = place.names(cell.transport)
    port = names["coturn" if cell.row.server == "coturn" else "port"]
    command = (f"{place.options.altair} agent --interface lo --relay-only "
               f"--turn turn:u:p@{HOME}:{port}?transport={cell.transport}")
    if cell.transport == "tls":
        command += f" --ca {names['ca']}"
    found = await ice_pair.run(ice_pair.options(
        [command + " --controlling", command + " --controlled",
         "--expect", "relay"]))
    kinds = {found[side]["kind"] for side in "ab"}
    return found["outcome"] if kinds == {"relay"} else f"by {kinds}: {found}"


async def meet(cell, place, gate):
    row = cell.row
    command = row.command.format(**place.names(cell.transport))
    async with gate:
        said = await (say(command) if command else pair(cell, place))
    cell.result = row.shows if re.search(row.expect, said) else "no"
    print(f"{cell.title()}: {cell.result}", flush=True)
    if cell.result == "no":
        print(command, *said.splitlines()[-8:], sep="\n  ", flush=True)


async def meet_all(cells, place, jobs):
    """Those after which others have to be served come before a last one."""
    gate = asyncio.Semaphore(jobs)
    await asyncio.gather(*(meet(c, place, gate) for c in cells))
    harmed = [c for c in cells if c.row.harmless and c.result == YES]
    for cell in harmed:
        after = Cell(next(libraries()), cell.transport)
        await meet(after, place, gate)
        cell.result = after.result


# --- the page -----------------------------------------------------------------


def missing(build):
    for program in ("turnutils_uclient", "turnutils_peer", "turnserver",
                    "openssl", f"{build}/pion_turn"):
        if not shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin"):
            return program
    return None if importlib.util.find_spec("aioice") else "aioice"


def write_up(cells):
    found = {(c.row.title(), c.transport): c.result for c in cells}
    lines = [[row.client, row.name,
              *(found[row.title(), t] for t in TRANSPORTS)] for row in rows()]
    return page.fill("relay.md.in", {
        "coturn": page.package_version("coturn"),
        "pion": page.package_version("golang-github-pion-turn.v2-dev"),
        "aioice": page.package_version("python3-aioice"),
        "table": page.table(["client", "what", *(t.upper() for t in TRANSPORTS)],
                            lines),
    })


async def main(options):
    lack = missing(options.build)
    if lack:
        print(f"skipped: there is no {lack}")
        return SKIP
    cells = [Cell(row, transport, row.notes.get(transport, ""))
             for row in rows() for transport in TRANSPORTS]
    chosen = [c for c in cells if re.search(options.only, c.title()) and not c.result]
    with tempfile.TemporaryDirectory() as work:
        place = Place(options, pathlib.Path(work))
        try:
            await place.open()
            await meet_all(chosen, place, options.jobs)
        finally:
            await place.close()
    bad = [c for c in chosen if c.result == "no"]
    if options.only:
        return bool(bad)
    text = write_up(cells)
    (pathlib.Path(options.build) / "relay.md").write_text(text, "utf-8")
    if options.write:
        page.write("relay", text)
    return not page.compare("relay", text) or bool(bad)


if __name__ == "__main__":
    parse = argparse.ArgumentParser()
    parse.add_argument("altair")
    parse.add_argument("build")
    parse.add_argument("--write", action="store_true")
    parse.add_argument("--only", default="")
    parse.add_argument("--jobs", type=int, default=32)
    parse.add_argument("--threads")
    sys.exit(asyncio.run(main(parse.parse_args())))
