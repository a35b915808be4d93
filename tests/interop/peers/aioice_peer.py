"""aioice as a program that speaks the JSON Lines of `altair agent`. aioice knows
no restart, says nothing until a pair is nominated, and tells its candidates all
at once."""

import asyncio
import base64

import aioice
from aioice.ice import TransportPolicy

import speaker


class Peer(speaker.Speaker):
    def __init__(self, options):
        super().__init__()
        self.options = options
        self.gathered = asyncio.Event()
        self.known = asyncio.Event()  # the other's credentials
        self.pair = None
        self.tasks = []
        more = {}
        if options.stun:
            more["stun_server"] = options.stun[0]
        if options.turn:
            turn = options.turn[0]
            more.update(turn_server=(turn.host, turn.port),
                        turn_username=turn.name, turn_password=turn.password,
                        turn_ssl=turn.transport == "tls",
                        turn_transport=turn.transport.replace("tls", "tcp"))
        if options.relay_only:
            more["transport_policy"] = TransportPolicy.RELAY
        self.ice = aioice.Connection(options.controlling, **more)

    def run(self, task):
        self.tasks.append(asyncio.create_task(task))

    async def gather(self):
        self.say("state", state="gathering")
        await self.ice.gather_candidates()
        for candidate in self.ice.local_candidates:
            self.say("candidate", candidate="candidate:" + candidate.to_sdp())
        self.say("end-of-candidates")
        await self.known.wait()
        self.say("state", state="checking")
        try:
            await self.ice.connect()
        except ConnectionError:
            self.say("state", state="failed")
            return
        self.say("state", state="connected")
        self.run(self.watch())
        self.run(self.receive())

    async def watch(self):
        """Tells what is selected, which may change: each nominated pair is."""
        while True:
            pair = self.ice._nominated.get(1)
            if pair and pair is not self.pair:
                self.pair = pair
                ends = (pair.local_candidate, pair.remote_candidate)
                self.say("selected", local="candidate:" + ends[0].to_sdp(),
                         remote="candidate:" + ends[1].to_sdp(),
                         kind="relay" if "relay" in (e.type for e in ends)
                         else "direct")
            await asyncio.sleep(0.02)

    async def receive(self):
        try:
            while True:
                data = await self.ice.recv()
                self.say("data", text=data.decode(errors="replace"))
        except ConnectionError:
            self.say("state", state="closed")  # consent has expired, too

    async def obey(self, said):
        cmd = said["cmd"]
        if cmd == "gather":
            self.run(self.gather())
        elif cmd == "remote":
            self.ice.remote_username = said["ufrag"]
            self.ice.remote_password = said["pwd"]
            self.known.set()
        elif cmd == "candidate":
            text = said["candidate"].removeprefix("candidate:")
            await self.ice.add_remote_candidate(aioice.Candidate.from_sdp(text))
        elif cmd == "end-of-candidates":
            await self.ice.add_remote_candidate(None)
        elif cmd == "send":
            text = said.get("text", "").encode()
            await self.ice.send(text or base64.b64decode(said["base64"]))
        else:
            self.say("error", name="unsupported", message=f"no {cmd} here")

    async def live(self):
        self.say("credentials", ufrag=self.ice.local_username,
                 pwd=self.ice.local_password)
        if not self.options.hold:
            self.run(self.gather())
        async for said in self.commands():
            if said["cmd"] == "close":
                break
            try:
                await self.obey(said)
            except (ConnectionError, ValueError) as error:
                self.say("error", name=type(error).__name__, message=str(error))
        await self.ice.close()


if __name__ == "__main__":
    asyncio.run(Peer(speaker.options()).live())
