"""Strict peers from Debian, python3-websockets and python3-autobahn, against /ws.

    peers.py URL        of a socket of version 1, token included

One line a check, "ok NAME" or "FAIL NAME: why". A peer raises on whatever RFC 6455 does not allow a server.
"""
import asyncio
import json
import sys

import websockets
from autobahn.asyncio.websocket import WebSocketClientFactory, WebSocketClientProtocol

URL = sys.argv[1]
PING = '{"type":"ping"}'
PONG = {"type": "pong"}
LIMIT = 512 * 1024
PATIENCE = 10


async def check(name, run):
    try:
        await asyncio.wait_for(run(), PATIENCE)
        print(f"ok {name}")
    except Exception as why:  # whatever a peer complains of
        print(f"FAIL {name}: {type(why).__name__} {why}")


# ---- python3-websockets ----


def connect(**options):
    return websockets.connect(URL, max_size=None, compression=None, **options)


async def answers(socket):
    await socket.send(PING)
    assert json.loads(await socket.recv()) == PONG


async def fragments():
    async with connect() as socket:
        await socket.send(iter(['{"ty', 'pe":', '"pi', 'ng"', "}"]))
        assert json.loads(await socket.recv()) == PONG
        await socket.send(iter(['{"type":"', "", "ping", '","payload":{"x":"€ 😀"}}']))
        assert json.loads(await socket.recv()) == PONG


async def ping_and_pong():
    async with connect() as socket:
        for size in (0, 1, 125):
            await (await socket.ping(b"x" * size))
        await socket.pong(b"unasked")
        await answers(socket)


async def close_handshakes():
    for code, reason in ((1000, ""), (1001, "away"), (3000, "x"), (4999, "y" * 123)):
        socket = await connect()
        await answers(socket)
        await socket.close(code, reason)
        assert socket.close_code == code, socket.close_code


async def expect_close(code, message, connection=connect):
    socket = await connection()
    try:
        await socket.send(message)
        while True:
            await socket.recv()
    except websockets.ConnectionClosed as closed:
        assert closed.rcvd is not None and closed.rcvd.code == code, closed


async def oversize():
    padding = LIMIT - len('{"type":"ping","payload":""}')
    async with connect() as socket:
        await socket.send('{"type":"ping","payload":"' + "x" * padding + '"}')
        assert json.loads(await socket.recv()) == PONG
    await expect_close(1009, "x" * (LIMIT + 1))
    await expect_close(1009, iter(["x" * LIMIT, "x"]))


async def binary():
    await expect_close(1003, b"\x00\x01")


async def no_json():
    await expect_close(1005, "hello")  # a goodbye without a code, as the first app knows it


async def no_extension_is_taken():
    async with websockets.connect(URL) as socket:  # offers permessage-deflate
        assert not socket.extensions
        await answers(socket)


# ---- python3-autobahn: frame by frame ----


class Peer(WebSocketClientProtocol):
    """Sends what `script` says, notes what comes."""

    script = None

    def onOpen(self):
        self.got = []
        self.pongs = []
        type(self).script(self)

    def onMessage(self, payload, is_binary):
        self.got.append((payload, is_binary))
        if len(self.got) == self.wanted:
            self.sendClose(1000, "done")

    def onPong(self, payload):
        self.pongs.append(payload)

    def onClose(self, was_clean, code, reason):
        self.done.set_result((was_clean, code))


async def converse(script, wanted):
    done = asyncio.get_running_loop().create_future()
    factory = WebSocketClientFactory(URL)
    peers = []

    class Now(Peer):
        def __init__(self):
            super().__init__()
            self.wanted, self.done = wanted, done
            peers.append(self)

    Now.script = staticmethod(script)
    factory.protocol = Now
    factory.setProtocolOptions(failByDrop=False, openHandshakeTimeout=5, closeHandshakeTimeout=5)
    await asyncio.get_running_loop().create_connection(factory, factory.host, factory.port)
    clean, code = await done
    return peers[0], clean, code


async def frames_with_control_between():
    def script(peer):
        peer.beginMessage(isBinary=False)
        peer.sendMessageFrame(b'{"type":"p')
        peer.sendPing(b"between")
        peer.sendMessageFrame(b"")
        peer.sendPong(b"unasked")
        peer.sendMessageFrame(b'ing"}')
        peer.endMessage()

    peer, clean, code = await converse(script, 1)
    assert clean and code == 1000, code
    assert peer.pongs == [b"between"] and json.loads(peer.got[0][0]) == PONG


async def text_split_inside_a_character():
    def script(peer):
        euro = "€".encode()
        peer.beginMessage(isBinary=False)
        peer.sendMessageFrame(b'{"type":"ping","payload":{"x":"' + euro[:1])
        peer.sendMessageFrame(euro[1:2])
        peer.sendMessageFrame(euro[2:] + b'"}}')
        peer.endMessage()

    peer, clean, code = await converse(script, 1)
    assert clean and code == 1000 and json.loads(peer.got[0][0]) == PONG


async def byte_by_byte():
    def script(peer):
        peer.sendMessage(PING.encode())
        peer.sendMessage(PING.encode(), fragmentSize=1)

    peer, clean, code = await converse(script, 2)
    assert clean and code == 1000 and len(peer.got) == 2


def broken(**frame):
    return lambda peer: peer.sendFrame(**frame)


async def rules_are_kept():
    cases = (
        (1002, dict(opcode=1, payload=b"x", rsv=1)),
        (1002, dict(opcode=1, payload=b"x", rsv=4)),
        (1002, dict(opcode=3)),
        (1002, dict(opcode=11)),
        (1002, dict(opcode=9, fin=False)),
        (1002, dict(opcode=9, payload=b"x" * 126)),
        (1002, dict(opcode=0, payload=b"orphan")),
        (1007, dict(opcode=1, payload=b"\xed\xa0\x80")),
        (1007, dict(opcode=8, payload=b"\x03\xe8\xff")),
        (1002, dict(opcode=8, payload=b"\x03\xed")),
        (1002, dict(opcode=8, payload=b"x")),
    )
    for code, frame in cases:
        _, _, got = await converse(broken(**frame), 1)
        assert got == code, (frame, got)


async def main():
    await check("websockets: fragments", fragments)
    await check("websockets: pings and pongs", ping_and_pong)
    await check("websockets: close handshakes", close_handshakes)
    await check("websockets: as long as allowed, and longer", oversize)
    await check("websockets: binary is refused", binary)
    await check("websockets: what is no JSON ends it", no_json)
    await check("websockets: no extension is taken", no_extension_is_taken)
    await check("autobahn: control frames between fragments", frames_with_control_between)
    await check("autobahn: text split inside of a character", text_split_inside_a_character)
    await check("autobahn: frames of one byte", byte_by_byte)
    await check("autobahn: broken rules end it with their code", rules_are_kept)


asyncio.run(main())
