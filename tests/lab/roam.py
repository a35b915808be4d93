"""Two programs that speak the JSON Lines of `altair agent` connect (ice_pair.py),
talk to each other every 20 ms with numbered messages, and then something happens
to their network. Nothing is signalled from there on.

    roam.py --change COMMAND [OPTION OF ice_pair.py]... 'COMMAND OF A' 'COMMAND OF B'

One line of JSON is the result, times in milliseconds after the change:

    outcome  "restored", "not restored", or why they never connected
    ms       until messages flow in both directions, for good
    to_a     until they flow from b to a; to_b the other way; null: they do not
    lost     messages since the change that never came, while both directions flowed
             at the end; doubled: that came twice
    kept     neither side gave the session up
    before, after   the kinds of path that a used
    states   of each side {state: ms}, since the change"""

import asyncio
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "interop"))
import ice_pair  # noqa: E402

EVERY = 0.020
GAP_MS = 300  # no message for so long: it does not flow
CALM = 3.0  # seconds of flow that end the run


class Flow:
    """The messages from one side to the other."""

    def __init__(self, source, sink):
        self.source, self.sink = source, sink
        self.sent = []  # ms of message 0, 1, ...
        self.came = {}  # number: ms of each arrival
        sink.on_data = self.take

    def take(self, said):
        name, _, number = (said.get("text") or "").partition(" # ")
        if name == self.source.name and number.isdigit():
            self.came.setdefault(int(number), []).append(
                self.source.pair.now_ms())

    async def run(self):
        due = time.monotonic()
        while True:
            number = len(self.sent)
            self.sent.append(self.source.pair.now_ms())
            self.source.tell("send", text=f"{self.source.name} # {number}")
            due += EVERY
            await asyncio.sleep(max(0, due - time.monotonic()))

    def restored(self, change, now):
        """When it began to flow for good; None: it does not flow."""
        arrivals = sorted(ms[0] for number, ms in self.came.items()
                          if self.sent[number] >= change)
        if not arrivals or now - arrivals[-1] > GAP_MS:
            return None
        begin = arrivals[0]
        for one, next_one in zip(arrivals, arrivals[1:]):
            if next_one - one > GAP_MS:
                begin = next_one
        return round(begin - change, 1)

    def lost(self, change, until):
        return sum(1 for number, ms in enumerate(self.sent)
                   if change - 100 <= ms < until and number not in self.came)

    def doubled(self):
        return sum(1 for ms in self.came.values() if len(ms) > 1)


class Roam(ice_pair.Pair):
    async def live(self):
        await self.begin()
        await self.exchange(self.options.limit)
        await self.settle()
        self.flows = [Flow(self.a, self.b), Flow(self.b, self.a)]
        tasks = [asyncio.create_task(flow.run()) for flow in self.flows]
        try:
            await asyncio.sleep(self.options.at)
            self.times["before"] = (self.a.selected or {}).get("kind")
            await self.change()
            await self.watch()
        finally:
            for task in tasks:
                task.cancel()
        self.judge()

    async def settle(self):
        try:
            await self.until(2, "", lambda: all(s.selected for s in self.sides))
        except ice_pair.Missing:
            pass

    async def change(self):
        for side in self.sides:
            side.post = lambda *_, **__: None
            side.states = {}
        self.changed_at = self.now_ms()
        process = await asyncio.create_subprocess_shell(self.options.change)
        if await process.wait() != 0:
            raise ice_pair.Missing("the change failed")

    def restored(self):
        now = self.now_ms()
        return [flow.restored(self.changed_at, now) for flow in self.flows]

    async def watch(self):
        end = time.monotonic() + self.options.patience
        while time.monotonic() < end:
            await asyncio.sleep(0.1)
            restored = self.restored()
            since = self.now_ms() - self.changed_at
            if None not in restored and since > max(restored) + CALM * 1000:
                return
            if any(s.process.returncode is not None for s in self.sides):
                return

    def judge(self):
        to_b, to_a = self.restored()
        is_restored = to_a is not None and to_b is not None
        self.outcome = "restored" if is_restored else "not restored"
        until = self.now_ms() - 500
        self.times.update(
            ms=max(to_a, to_b) if is_restored else None, to_a=to_a, to_b=to_b,
            lost=sum(f.lost(self.changed_at, until) for f in self.flows),
            doubled=sum(f.doubled() for f in self.flows),
            kept=all(s.process.returncode is None and
                     not {"failed", "closed"} & set(s.states)
                     for s in self.sides),
            after=(self.a.selected or {}).get("kind"),
            states=[{state: round(ms - self.changed_at)
                     for state, ms in s.states.items()} for s in self.sides])

    async def run(self):
        self.outcome = "?"
        try:
            await self.live()
        except ice_pair.Missing as missing:
            self.outcome = str(missing)
        finally:
            await asyncio.gather(*(s.end() for s in self.sides))
        return {"outcome": self.outcome, **self.times}


def take_option(name, default):
    """Ours come before those of ice_pair.py."""
    if name not in sys.argv:
        return default
    at = sys.argv.index(name)
    value = sys.argv[at + 1]
    del sys.argv[at:at + 2]
    return value


if __name__ == "__main__":
    change = take_option("--change", "true")
    at = float(take_option("--at", "5"))
    patience = float(take_option("--patience", "45"))
    opts = ice_pair.options()
    opts.change, opts.at, opts.patience = change, at, patience
    print(json.dumps(asyncio.run(Roam(opts).run())))
