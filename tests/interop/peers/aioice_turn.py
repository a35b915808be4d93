"""aioice's TURN client: allocates, and has an echo peer send messages back.

    aioice_turn.py udp|tcp|tls HOST:PORT USER PASSWORD CA PEER:PORT

It relays by channels. Exit status 0 and a line on stdout when all came back."""

import asyncio
import ssl
import sys

from aioice import stun, turn

MESSAGES = 20
PATIENCE = 10  # seconds


def endpoint(text):
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


class Echoes(asyncio.DatagramProtocol):
    def __init__(self):
        self.heard = asyncio.Queue()

    def datagram_received(self, data, addr):
        self.heard.put_nowait(data)


async def main(transport, server, user, password, ca, peer):
    secure = ssl.create_default_context(cafile=ca) if transport == "tls" else False
    relayed, echoes = await turn.create_turn_endpoint(
        Echoes, endpoint(server), user, password, ssl=secure,
        transport="udp" if transport == "udp" else "tcp")
    for number in range(MESSAGES):
        said = f"message {number} ".encode() * (1 + number)
        relayed.sendto(said, endpoint(peer))
        heard = await asyncio.wait_for(echoes.heard.get(), PATIENCE)
        if heard != said:
            sys.exit(f"{said!r} came back as {heard!r}")
    relayed.close()
    print(f"{MESSAGES} messages came back")


try:
    asyncio.run(main(*sys.argv[1:]))
except stun.TransactionFailed as error:
    sys.exit(f"refused: {error.response.attributes['ERROR-CODE']}")
