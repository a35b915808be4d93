"""Meets altair with aioice as the peer, in the roles given:
    aioice_peer.py ALTAIR INTERFACE OUR_ROLE ITS_ROLE SECONDS
Data goes both ways, at once and after SECONDS of nothing but consent. Exits 1,
having said why, when something is not as it should be."""

import asyncio
import json
import sys

import aioice

LIMIT = 10  # seconds for anything that has to happen


class Agent:
    """altair agent as a process."""

    def __init__(self, process):
        self.process = process
        self.data = asyncio.Queue()
        self.stats = asyncio.Queue()
        self.ended = asyncio.Event()
        self.states = []

    def tell(self, cmd, **more):
        line = json.dumps({"cmd": cmd, **more}) + "\n"
        self.process.stdin.write(line.encode())

    async def listen(self, peer):
        async for line in self.process.stdout:
            said = json.loads(line)
            event = said["event"]
            if event == "credentials":
                peer.remote_username = said["ufrag"]
                peer.remote_password = said["pwd"]
            elif event == "candidate":
                text = said["candidate"].removeprefix("candidate:")
                await peer.add_remote_candidate(aioice.Candidate.from_sdp(text))
            elif event == "end-of-candidates":
                await peer.add_remote_candidate(None)
                self.ended.set()
            elif event == "state":
                self.states.append(said["state"])
            elif event == "data":
                self.data.put_nowait(said["text"])
            elif event == "stats":
                self.stats.put_nowait(said)
            elif event == "error":
                raise SystemExit(f"unexpected: {said}")


async def soon(what):
    return await asyncio.wait_for(what, LIMIT)


async def exchange(agent, peer, text):
    await peer.send(text.encode())
    assert await soon(agent.data.get()) == text, "the agent heard something else"
    agent.tell("send", text=text)
    assert await soon(peer.recv()) == text.encode(), "aioice heard something else"


async def meet(program, interface, ours, its, seconds):
    pipe = asyncio.subprocess.PIPE
    agent = Agent(await asyncio.create_subprocess_exec(
        program, "agent", "--" + ours, "--interface", interface,
        stdin=pipe, stdout=pipe))
    peer = aioice.Connection(ice_controlling=its == "controlling")
    await peer.gather_candidates()
    listening = asyncio.create_task(agent.listen(peer))
    agent.tell("remote", ufrag=peer.local_username, pwd=peer.local_password)
    for candidate in peer.local_candidates:
        agent.tell("candidate", candidate="candidate:" + candidate.to_sdp())
    agent.tell("end-of-candidates")
    await soon(agent.ended.wait())
    await soon(peer.connect())
    await exchange(agent, peer, "hello")
    await asyncio.sleep(seconds)
    await exchange(agent, peer, "still there")
    agent.tell("stats")
    stats = await soon(agent.stats.get())
    await peer.close()
    agent.tell("close")
    await soon(agent.process.wait())
    await soon(listening)
    assert stats["controlling"] != peer.ice_controlling, "both in one role"
    assert stats["refused"] <= 1, "more than one role conflict"
    assert seconds < 7 or stats["consents"] > 0, "no consent was asked for"
    # It begins with "checking", unless aioice's check comes first.
    path = [state for state in agent.states if state != "checking"]
    assert path == ["gathering", "connected", "completed", "closed"], path
    assert agent.process.returncode == 0, "the agent ended badly"
    print(f"altair {ours}, aioice {its}: {stats}")


if __name__ == "__main__":
    asyncio.run(meet(*sys.argv[1:5], float(sys.argv[5])))
