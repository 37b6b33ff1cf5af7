"""A client for tests that hides nothing: a socket, the core, and what came in."""

from __future__ import annotations

import asyncio
from typing import Any, Self

from smpp_core import BindReceiver, BindTransceiver, BindTransmitter, DataSm, DeliverSm, Framer, Pdu, SubmitSm, Unbind, decode

BINDS = {"transceiver": BindTransceiver, "transmitter": BindTransmitter, "receiver": BindReceiver}


class InboxEsme:
    """One connection. acknowledges: the command_status for deliver_sm and data_sm, None to leave them unanswered."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, acknowledges: int | None) -> None:
        self.reader = reader
        self.writer = writer
        self.acknowledges = acknowledges
        self.inbox: list[Pdu] = []  # deliver_sm and data_sm, in order
        self.others: list[Pdu] = []
        self._sequence = 0
        self._waiting: dict[int, asyncio.Future[Pdu]] = {}
        self._arrived = asyncio.Event()
        self._reading = asyncio.ensure_future(self._read())

    @classmethod
    async def connect(cls, port: int, acknowledges: int | None = 0) -> Self:
        return cls(*await asyncio.open_connection("127.0.0.1", port), acknowledges)

    @classmethod
    async def bound(
        cls, port: int, name: str = "test", password: str = "secret", kind: str = "transceiver", acknowledges: int | None = 0,
        **fields: Any,
    ) -> Self:
        esme = await cls.connect(port, acknowledges)
        response = await esme.bind(name, password, kind, **fields)
        assert response.command_status == 0, response.status
        return esme

    async def bind(self, name: str = "test", password: str = "secret", kind: str = "transceiver", **fields: Any) -> Pdu:
        return await self.request(BINDS[kind](system_id=name, password=password, **fields))

    async def request(self, pdu: Pdu) -> Pdu:
        return await self.send(pdu)

    def send(self, pdu: Pdu) -> asyncio.Future[Pdu]:
        self._sequence += 1
        future = asyncio.get_running_loop().create_future()
        self._waiting[self._sequence] = future
        self.writer.write(bytes(pdu.with_sequence(self._sequence)))
        return future

    async def submit(self, to: str = "385911234567", text: bytes = b"hello", **fields: Any) -> Pdu:
        return await self.request(submission(to, text, **fields))

    async def arrived(self, count: int) -> list[Pdu]:
        """Wait until so many deliveries have come."""
        while len(self.inbox) < count:
            self._arrived.clear()
            await self._arrived.wait()
        return self.inbox

    def answer(self, pdu: Pdu, status: int = 0) -> None:
        self.writer.write(bytes(pdu.reply(status)))

    async def _read(self) -> None:
        framer = Framer()
        while octets := await self.reader.read(65536):
            for frame in framer.feed(octets):
                pdu = decode(frame, strict=False)
                if pdu.is_response:
                    self._waiting.pop(pdu.sequence_number).set_result(pdu)
                elif isinstance(pdu, DeliverSm | DataSm):
                    self.inbox.append(pdu)
                    if self.acknowledges is not None:
                        self.answer(pdu, self.acknowledges)
                    self._arrived.set()
                else:
                    self.others.append(pdu)
                    if pdu.row is not None and pdu.row.response:
                        self.answer(pdu)

    async def unbind(self) -> None:
        await self.request(Unbind())
        await self.close()

    async def close(self) -> None:
        self._reading.cancel()
        self.writer.close()
        await asyncio.gather(self._reading, self.writer.wait_closed(), return_exceptions=True)


def submission(to: str = "385911234567", text: bytes = b"hello", **fields: Any) -> SubmitSm:
    fields = {"source_addr": "Infobip", "source_addr_ton": 5, "dest_addr_ton": 1, "dest_addr_npi": 1, "registered_delivery": 1} | fields
    return SubmitSm(destination_addr=to, short_message=text, **fields)
