"""An ESME for the tests of the server: a plain socket, and PDUs of smpp_core. It knows nothing of smswire's sessions."""

import asyncio
import ssl
from collections.abc import Coroutine
from typing import Any, ClassVar, Self

import smpp_core as smpp
from smpp_core import Pdu


class RawEsme:
    """Sends octets and PDUs, and reads PDUs one by one. Run a test as `tidied(test())`: none of its connections outlives it."""

    alive: ClassVar[list[Self]] = []

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.alive.append(self)
        self.reader = reader
        self.writer = writer
        self._framer = smpp.Framer()
        self._frames: list[bytes] = []
        self._sequence = 0

    @classmethod
    async def connect(cls, port: int, host: str = "127.0.0.1", *, first: bytes = b"", tls: ssl.SSLContext | None = None) -> Self:
        """Open a connection. first: octets that go before everything, TLS included."""
        reader, writer = await asyncio.open_connection(host, port, ssl=None if first else tls)
        writer.write(first)
        if first and tls is not None:
            await writer.start_tls(tls, server_hostname="localhost")
        return cls(reader, writer)

    @classmethod
    async def bound(cls, port: int, name: str = "test", password: str = "secret", kind: str = "transceiver", **more: Any) -> Self:
        esme = await cls.connect(port, **more)
        response = await esme.bind(name, password, kind)
        assert response.command_status == 0, response
        return esme

    def write(self, octets: bytes) -> None:
        self.writer.write(octets)

    def number(self) -> int:
        self._sequence += 1
        return self._sequence

    def send(self, pdu: Pdu) -> int:
        """Send a request with the next number."""
        sequence = self.number()
        self.writer.write(bytes(pdu.with_sequence(sequence)))
        return sequence

    async def read(self) -> Pdu:
        """The next PDU; EOFError when the server has closed."""
        while not self._frames:
            octets = await self.reader.read(65_536)
            if not octets:
                raise EOFError
            self._frames += self._framer.feed(octets)
        return smpp.decode(self._frames.pop(0), strict=False)

    async def ask(self, pdu: Pdu) -> Pdu:
        """Send a request and read the next PDU, which answers it."""
        sequence = self.send(pdu)
        response = await self.read()
        assert response.sequence_number == sequence, response
        return response

    async def bind(self, name: str = "test", password: str = "secret", kind: str = "transceiver", **fields: Any) -> Pdu:
        return await self.ask(bind_pdu(name, password, kind, **fields))

    async def ended(self) -> list[Pdu]:
        """Everything until the server closes the connection."""
        pdus = []
        try:
            while True:
                pdus.append(await self.read())
        except (EOFError, ConnectionError):
            return pdus

    async def close(self) -> None:
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except (OSError, EOFError):
            pass

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


async def tidied(test: Coroutine[Any, Any, None]) -> None:
    """Run a test, then drop the connections that it left open."""
    try:
        await test
    finally:
        for esme in RawEsme.alive:
            esme.writer.transport.abort()
            await esme.close()
        RawEsme.alive.clear()


def bind_pdu(name: str = "test", password: str = "secret", kind: str = "transceiver", **fields: Any) -> Pdu:
    kinds = {"transceiver": smpp.BindTransceiver, "receiver": smpp.BindReceiver, "transmitter": smpp.BindTransmitter}
    return kinds[kind](system_id=name, password=password, **fields)


def submit(text: bytes = b"hello", **fields: Any) -> Pdu:
    return smpp.SubmitSm(source_addr="Infobip", source_addr_ton=5, destination_addr="385951111111", short_message=text, **fields)
