"""Two programs that speak the JSON Lines of `altair agent` meet; this is their
signalling, and the clock.

    python3 ice_pair.py [OPTION]... 'COMMAND OF A' 'COMMAND OF B'

A command is split as a shell would; `ip netns exec X` or `nsenter` before it is
part of it. --hold is added to both. Time 0 is when both, holding each other's
credentials, are told to gather. From `connected` on a side says something every
20 ms until the other has heard it. One line of JSON is the result:

    outcome      "connected", or what did not happen in time
    received_ms  until both sides had received application data
    kept_ms      (--stay) until both received again after the silence
    restart_ms   (--restart) until both received after connecting anew
    a, b         of each side: received_ms; states {state: first ms};
                 candidates (how many); first {ms, kind, local, remote}: what was
                 selected first; kind, local, remote: what was selected last;
                 errors; stats, the last it said; code, how its process ended;
                 events with --events: [ms, "out" or "in", line]

The exit status is 0 for "connected". Other programs import it: run(Options)."""

import argparse
import asyncio
import json
import shlex
import signal
import sys
import time
from collections import Counter

AGAIN = 0.020  # seconds between two attempts to say something
LINE_MAX = 1 << 20


class Missing(Exception):
    """Something did not happen in time."""


class Side:
    """One program, and the way of its signalling to the other."""

    def __init__(self, name, pair):
        self.name = name
        self.pair = pair
        self.other = None
        self.process = None
        self.way = asyncio.Queue()  # (due, line) for the other
        self.kept = []  # candidates, until all are there
        self.said = 0
        self.heard = set()
        self.generations = 0
        self.states = {}
        self.state = None
        self.first = self.selected = None
        self.received_ms = None
        self.stats = None
        self.errors = []
        self.events = []
        self.counts = Counter()
        self.tasks = []

    async def start(self, command):
        pipe = asyncio.subprocess.PIPE
        try:
            self.process = await asyncio.create_subprocess_exec(
                *shlex.split(command), "--hold", limit=LINE_MAX, stdin=pipe,
                stdout=pipe)
        except OSError as error:
            raise Missing(f"{self.name} does not start: {error}") from error
        self.tasks = [asyncio.create_task(self.listen()),
                      asyncio.create_task(self.signal())]

    def tell(self, cmd, **more):
        line = json.dumps({"cmd": cmd, **more})
        self.note("in", line)
        if not self.process.stdin.is_closing():
            self.process.stdin.write(line.encode() + b"\n")

    def note(self, way, line):
        if self.pair.options.events:
            self.events.append([self.pair.now_ms(), way, line])

    async def listen(self):
        async for line in self.process.stdout:
            self.note("out", line.decode().rstrip())
            said = json.loads(line)
            self.counts[said["event"]] += 1
            getattr(self, "on_" + said["event"].replace("-", "_"),
                    self.on_other)(said)
            self.pair.changed.set()

    # Signalling: what goes to the other side arrives `delay` later, in order.

    async def signal(self):
        while True:
            due, cmd, more = await self.way.get()
            await asyncio.sleep(due - time.monotonic())
            self.other.tell(cmd, **more)

    def post(self, cmd, **more):
        due = time.monotonic() + self.pair.options.delay / 1000
        self.way.put_nowait((due, cmd, more))

    def on_credentials(self, said):
        more = {k: v for k, v in said.items() if k not in ("v", "t", "event")}
        self.generations += 1
        if self.generations == 1:  # handed over before time 0
            self.other.credentials = more
        else:
            self.post("remote", **more)

    def on_candidate(self, said):
        if self.pair.options.trickle:
            self.post("candidate", candidate=said["candidate"])
        else:
            self.kept.append(said["candidate"])

    def on_end_of_candidates(self, _):
        for candidate in self.kept:
            self.post("candidate", candidate=candidate)
        self.kept = []
        self.post("end-of-candidates")

    # What happens here.

    def on_state(self, said):
        self.state = said["state"]
        self.states.setdefault(self.state, self.pair.now_ms())

    def on_selected(self, said):
        self.selected = {k: said.get(k) for k in ("kind", "local", "remote")}
        self.first = self.first or {"ms": self.pair.now_ms(), **self.selected}

    def on_data(self, said):
        text = said.get("text")
        if not text or not text.startswith(f"{self.other.name} says "):
            return
        self.heard.add(text)
        if self.received_ms is None:
            self.received_ms = self.pair.now_ms()

    def on_error(self, said):
        self.errors.append(said)

    def on_stats(self, said):
        self.stats = said

    def on_other(self, _):
        pass

    def is_connected(self):
        return self.state in ("connected", "completed")

    async def converse(self, until):
        """Says something new until the other has heard it."""
        self.said += 1
        text = f"{self.name} says {self.said}"
        while text not in self.other.heard:
            if time.monotonic() > until:
                raise Missing(f"{self.other.name} does not hear {self.name}")
            if self.is_connected():
                self.tell("send", text=text)
            self.pair.changed.clear()
            try:
                await asyncio.wait_for(self.pair.changed.wait(), AGAIN)
            except asyncio.TimeoutError:
                pass

    async def end(self):
        """Closes the program; kills it when it does not listen."""
        if self.process is None:
            return
        if self.process.returncode is None:
            self.tell("close")
        try:
            await asyncio.wait_for(self.process.wait(), 5)
        except asyncio.TimeoutError:
            self.process.send_signal(signal.SIGKILL)
            await self.process.wait()
        for task in self.tasks:
            task.cancel()

    def result(self):
        out = {"received_ms": self.received_ms, "states": self.states,
               "candidates": self.counts["candidate"], "first": self.first,
               **(self.selected or {"kind": None}), "errors": self.errors,
               "stats": self.stats,
               "code": self.process.returncode if self.process else None}
        if self.pair.options.events:
            out["events"] = self.events
        return out


class Pair:
    def __init__(self, options):
        self.options = options
        self.began = None
        self.changed = asyncio.Event()
        self.a, self.b = Side("a", self), Side("b", self)
        self.a.other, self.b.other = self.b, self.a
        self.sides = (self.a, self.b)
        self.times = {}

    def now_ms(self):
        if self.began is None:
            return None
        return round((time.monotonic() - self.began) * 1000, 1)

    async def until(self, seconds, what, true):
        end = time.monotonic() + seconds
        while not true():
            left = end - time.monotonic()
            gone = [s.name for s in self.sides
                    if s.process.returncode is not None]
            if left <= 0 or gone:
                raise Missing(f"{' and '.join(gone)} ended" if gone else what)
            self.changed.clear()
            try:
                await asyncio.wait_for(self.changed.wait(), min(left, 0.2))
            except asyncio.TimeoutError:
                pass

    async def exchange(self, seconds):
        until = time.monotonic() + seconds
        await asyncio.gather(*(s.converse(until) for s in self.sides))

    async def begin(self):
        await self.a.start(self.options.a)
        await self.b.start(self.options.b)
        await self.until(20, "no credentials",
                         lambda: all(s.generations for s in self.sides))
        for side in self.sides:
            side.tell("remote", **side.credentials)
        await asyncio.sleep(self.options.settle / 1000)
        self.began = time.monotonic()
        for side in self.sides:
            side.tell("gather")

    async def restart(self):
        """Both have new credentials, select anew and hear each other."""
        was = {s: (s.generations, s.counts["selected"]) for s in self.sides}
        began = time.monotonic()
        getattr(self, self.options.restart).tell("restart")
        limit = self.options.limit
        await self.until(limit, "no new credentials", lambda: all(
            s.generations > was[s][0] for s in self.sides))
        await self.until(limit, "nothing selected after the restart", lambda: all(
            s.counts["selected"] > was[s][1] and s.is_connected()
            for s in self.sides))
        await self.exchange(limit)
        self.times["restart_ms"] = round((time.monotonic() - began) * 1000, 1)

    def is_settled(self):
        options = self.options
        if options.complete and self.a.state != "completed":
            return False
        return all(s.selected and options.expect in (None, s.selected["kind"])
                   for s in self.sides)

    async def live(self):
        options = self.options
        await self.begin()
        await self.exchange(options.limit)
        self.times["received_ms"] = max(s.received_ms for s in self.sides)
        if options.linger:
            try:
                await self.until(options.linger, "", self.is_settled)
            except Missing:
                pass
        if options.stay:
            await asyncio.sleep(options.stay)
            before = time.monotonic()
            await self.exchange(5)
            self.times["kept_ms"] = round((time.monotonic() - before) * 1000, 1)
        if options.restart:
            await self.restart()
        if options.stats:
            self.a.tell("stats")
            await self.until(5, "a has no stats", lambda: self.a.stats)

    async def run(self):
        outcome = "connected"
        try:
            await self.live()
        except Missing as missing:
            outcome = str(missing)
        finally:
            await asyncio.gather(*(s.end() for s in self.sides))
        return {"outcome": outcome, **self.times,
                "a": self.a.result(), "b": self.b.result()}


def options(argv=None):
    parse = argparse.ArgumentParser(prog="ice_pair.py", description=__doc__,
                                    formatter_class=argparse.RawTextHelpFormatter)
    parse.add_argument("a", help="the command of side a")
    parse.add_argument("b", help="the command of side b")
    parse.add_argument("--delay", type=float, default=0,
                       help="of the signalling, one way, in ms (0)")
    parse.add_argument("--no-trickle", dest="trickle", action="store_false",
                       help="hand over all candidates once they are complete")
    parse.add_argument("--limit", type=float, default=20,
                       help="seconds for anything that has to happen (20)")
    parse.add_argument("--settle", type=float, default=200,
                       help="ms from the last credentials to time 0 (200)")
    parse.add_argument("--linger", type=float, default=2,
                       help="seconds to wait for what each side selects (2)")
    parse.add_argument("--expect", choices=["direct", "relay", "tcp"],
                       help="linger for this kind")
    parse.add_argument("--complete", action="store_true",
                       help="linger until side a is completed, too")
    parse.add_argument("--stay", type=float, default=0,
                       help="then keep silent for so many seconds, and talk anew")
    parse.add_argument("--restart", choices=["a", "b"],
                       help="then this side restarts")
    parse.add_argument("--stats", action="store_true",
                       help="ask side a for its stats in the end")
    parse.add_argument("--events", action="store_true",
                       help="all lines in both directions are in the result")
    return parse.parse_args(argv)


async def run(opts):
    return await Pair(opts).run()


if __name__ == "__main__":
    result = asyncio.run(run(options()))
    print(json.dumps(result))
    sys.exit(result["outcome"] != "connected")
