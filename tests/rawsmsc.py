"""An SMSC for the tests of the client: does what a function says with each PDU. It knows nothing of smswire's sessions."""

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import Any, Self

import smpp_core as smpp
from smpp_core import Pdu

DELIVER = smpp.DeliverSm(source_addr="385951111111", destination_addr="Infobip", short_message=b"hello")


class Peer(asyncio.Protocol):
    """One connection of a client."""

    def __init__(self, smsc: "RawSmsc") -> None:
        self.smsc = smsc
        self.received: list[Pdu] = []
        self.ended = False
        self.transport: Any = None
        self._framer = smpp.Framer()
        self._sequence = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.smsc.peers.append(self)
        self.smsc.changed()

    def data_received(self, data: bytes) -> None:
        for frame in self._framer.feed(data):
            pdu = smpp.decode(frame, strict=False)
            self.received.append(pdu)
            self.smsc.answer(self, pdu)
        self.smsc.changed()

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended = True
        self.smsc.changed()

    def of(self, command: str) -> list[Pdu]:
        """What has come of one command."""
        return [pdu for pdu in self.received if pdu.command == command]

    def send(self, *pdus: Pdu | bytes) -> None:
        """Write PDUs and octets, in one write; a request without a number gets the next one."""
        octets = b""
        for pdu in pdus:
            if isinstance(pdu, Pdu) and not pdu.is_response and not pdu.sequence_number:
                self._sequence += 1
                pdu = pdu.with_sequence(self._sequence)
            octets += bytes(pdu)
        self.transport.write(octets)

    def reset(self) -> None:
        """Drop the connection with a TCP reset."""
        raw = self.transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()


Answer = Callable[[Peer, Pdu], object]


def yes(peer: Peer, pdu: Pdu) -> None:
    """Accept whatever comes; the message_id is the text of the message, or the sequence_number."""
    if pdu.is_response or not (pdu.row and pdu.row.response):
        return
    fields = {}
    if pdu.command in ("submit_sm", "submit_multi", "data_sm"):
        fields["message_id"] = (getattr(pdu, "short_message", None) or str(pdu.sequence_number).encode()).decode("latin-1")[:60]
    peer.send(pdu.reply(**fields))


def but(command: str, answer: Answer) -> Answer:
    """`yes`, but for one command another function."""
    return lambda peer, pdu: (answer if pdu.command == command else yes)(peer, pdu)


def silent(peer: Peer, pdu: Pdu) -> None:
    """Answer nothing."""


class RawSmsc:
    """Listens on a free port. peers: its connections, the newest last."""

    def __init__(self, answer: Answer = yes, port: int = 0, **options: Any) -> None:
        self.answer = answer
        self.peers: list[Peer] = []
        self._port = port
        self._options = options
        self._server: asyncio.Server | None = None
        self._waiters: list[tuple[Callable[[], object], asyncio.Future[None]]] = []

    @property
    def port(self) -> int:
        assert self._server is not None
        return self._server.sockets[0].getsockname()[1]  # type: ignore[no-any-return]

    def url(self, options: str = "", name: str = "test:secret") -> str:
        return f"smpp://{name}@127.0.0.1:{self.port}/{options}"

    @property
    def received(self) -> list[Pdu]:
        return [pdu for peer in self.peers for pdu in peer.received]

    def changed(self) -> None:
        for condition, future in self._waiters:
            if not future.done() and condition():
                future.set_result(None)

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until a condition over what has come holds."""
        if not condition():
            self._waiters.append((condition, asyncio.get_running_loop().create_future()))
            await self._waiters[-1][1]

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Peer(self), "127.0.0.1", self._port, **self._options)
        self._port = self.port

    async def stop(self) -> None:
        """Listen no more and drop every connection."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for peer in self.peers:
            peer.transport.abort()
        await self.until(lambda: all(peer.ended for peer in self.peers))

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()


def submit(text: str = "hello", **fields: Any) -> smpp.SubmitSm:
    return smpp.SubmitSm(source_addr="Infobip", source_addr_ton=5, destination_addr="385951111111", short_message=text.encode(), **fields)
