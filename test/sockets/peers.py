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
PATIENCE = 30


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


async def expect_end(socket, code):
    try:
        while True:
            await socket.recv()
    except websockets.ConnectionClosed as closed:
        assert closed.rcvd is not None and closed.rcvd.code == code, closed


async def expect_close(code, message):
    socket = await connect()
    try:
        await socket.send(message)
    except websockets.ConnectionClosed:
        pass  # before all of it was written
    await expect_end(socket, code)


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


def raw(socket, first, payload, masked=True):
    """A frame of less than 126 bytes as it goes over the wire; its mask is of zeros."""
    mask = bytes(4) if masked else b""
    socket.transport.write(bytes([first, (0x80 if masked else 0) | len(payload)]) + mask + payload)


async def control_between():
    async with connect() as socket:
        raw(socket, 0x01, b'{"type":"p')
        raw(socket, 0x8A, b"unasked")
        waiter = await socket.ping(b"between")
        raw(socket, 0x00, b"")
        raw(socket, 0x80, b'ing"}')
        assert json.loads(await socket.recv()) == PONG
        await waiter


async def split_character():
    async with connect() as socket:
        euro = "€".encode()
        raw(socket, 0x01, b'{"type":"ping","payload":{"x":"' + euro[:1])
        raw(socket, 0x00, euro[1:2])
        raw(socket, 0x80, euro[2:] + b'"}}')
        assert json.loads(await socket.recv()) == PONG


async def broken_frames():
    for code, first, payload, masked in (
        (1002, 0xC1, b"x", True),
        (1002, 0xA1, b"x", True),
        (1002, 0x91, b"x", True),
        (1002, 0x81, PING.encode(), False),
        (1002, 0x09, b"", True),
        (1002, 0x83, b"", True),
        (1007, 0x81, b"\xc3\x28", True),
    ):
        socket = await connect()
        raw(socket, first, payload, masked)
        await expect_end(socket, code)


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


async def converse(script, wanted, **options):
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
    factory.setProtocolOptions(failByDrop=False, openHandshakeTimeout=20, closeHandshakeTimeout=20, **options)
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


async def without_a_mask():
    def script(peer):
        peer.sendMessage(PING.encode())

    _, _, got = await converse(script, 1, maskClientFrames=False)
    assert got == 1002, got


async def lengths():
    start = b'{"type":"ping","payload":"'

    def sends(size):
        return lambda peer: peer.sendMessage(start + b"x" * (size - len(start) - 2) + b'"}')

    peer, clean, code = await converse(sends(LIMIT), 1)
    assert clean and code == 1000 and json.loads(peer.got[0][0]) == PONG
    _, _, code = await converse(sends(LIMIT + 1), 1)
    assert code == 1009, code


async def goodbyes():
    for code in (1000, 3000, 4999):
        _, clean, got = await converse(lambda peer, code=code: peer.sendClose(code, "x" * 123), 1)
        assert clean and got == code, got
    _, clean, got = await converse(lambda peer: peer.sendClose(), 1)
    assert clean and got in (None, 1005), got


async def main():
    await check("websockets: fragments", fragments)
    await check("websockets: pings and pongs", ping_and_pong)
    await check("websockets: close handshakes", close_handshakes)
    await check("websockets: as long as allowed, and longer", oversize)
    await check("websockets: binary is refused", binary)
    await check("websockets: what is no JSON ends it", no_json)
    await check("websockets: control frames between fragments", control_between)
    await check("websockets: text split inside of a character", split_character)
    await check("websockets: broken rules end it with their code", broken_frames)
    await check("websockets: no extension is taken", no_extension_is_taken)
    await check("autobahn: control frames between fragments", frames_with_control_between)
    await check("autobahn: text split inside of a character", text_split_inside_a_character)
    await check("autobahn: frames of one byte", byte_by_byte)
    await check("autobahn: broken rules end it with their code", rules_are_kept)
    await check("autobahn: frames without a mask are refused", without_a_mask)
    await check("autobahn: as long as allowed, and longer", lengths)
    await check("autobahn: close handshakes", goodbyes)


asyncio.run(main())
