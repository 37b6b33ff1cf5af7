"""aiosmpplib as a client of the interop script: peer_aiosmpplib.py client SCRIPT."""

import asyncio
import sys
from contextlib import suppress
from typing import Any

from aiosmpplib import ESME, NPI, TON, AbstractHook, BindMode, PhoneNumber, SubmitSm
from aiosmpplib.protocol import EnquireLink
from aiosmpplib.retrytimer import AbstractRetryTimer
from aiosmpplib.state import OptionalParam
from exchange import Message, Script, read, report

UDHI = 0x40
BINDS = {"transmitter": BindMode.TRANSMITTER, "receiver": BindMode.RECEIVER, "transceiver": BindMode.TRANSCEIVER}


class Seen(AbstractHook):
    """What it reads, as reports and as counts that can be waited for."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.changed = asyncio.Condition()

    async def sending(self, smpp_message: Any, pdu: bytes, client_id: str) -> None:
        """Nothing is told."""

    async def send_error(self, smpp_message: Any, error: Exception, client_id: str) -> None:
        report("fault", text=repr(error))

    async def received(self, smpp_message: Any, pdu: bytes, client_id: str) -> None:
        command, status, sequence = (int.from_bytes(pdu[at : at + 4]) for at in (4, 8, 12))
        if command & 0x7FFFFFFF in (1, 2, 9):
            event, told = "refused" if status else "bound", {}
        elif command == 0x80000004:
            # The segments of a message come without one of its own objects.
            event, told = "submitted", {"key": getattr(smpp_message, "log_id", "long"), "message_id": pdu[16:-1].decode()}
        elif command == 5:
            # For the last segment's receipt it gives the object of another segment's.
            own = smpp_message is not None and smpp_message.sequence_num == sequence
            event, told = "delivered", {"raw": pdu, "text": smpp_message.short_message if own else None}
        else:
            event = {0x15: "enquired", 0x80000015: "alive", 6: "unbound", 0x80000006: "left", 0x80000000: "nacked"}[command]
            told = {"sequence": sequence}
        report(event, status=status, **told)
        async with self.changed:
            self.counts[event] = self.counts.get(event, 0) + 1
            self.changed.notify_all()

    async def wait(self, event: str, count: int = 1) -> None:
        async with self.changed:
            await self.changed.wait_for(lambda: self.counts.get(event, 0) >= count)


class Never(AbstractRetryTimer):
    """Does not connect again, which it would do after an unbind or a refusal."""

    def __init__(self) -> None:
        self.idle = asyncio.Event()

    async def wait(self) -> None:
        self.idle.set()
        await asyncio.Event().wait()

    def reset(self) -> None:
        """Nothing grows."""

    def next_delay(self) -> float:
        return 0.0


class Session:
    """One connection: made when it is entered, unbound by us when it is left, if the server has not done so."""

    def __init__(self, script: Script, kind: str, password: str, enquire: float = 55.0) -> None:
        self.seen = Seen()
        self.never = Never()
        self.esme = ESME(
            script.host, script.port, script.system_id, password, bind_mode=BINDS[kind], enquire_link_interval=enquire,
            log_level="CRITICAL", hook=self.seen, retry_timer=self.never, socket_timeout=10.0,
        )

    async def __aenter__(self) -> "Session":
        self.task = asyncio.create_task(self.esme.start())
        return self

    async def __aexit__(self, *_: object) -> None:
        if not self.never.idle.is_set():
            await self.esme.stop()
            report("closed", by="peer")
        self.task.cancel()
        with suppress(asyncio.CancelledError):
            await self.task


def submit_sm(message: Message, text: str, esm_class: int = 0) -> SubmitSm:
    tlvs = [OptionalParam(message.tag, int.from_bytes(message.value))] if message.tag == 0x0204 else []
    source, destination = PhoneNumber(message.source, TON.ALPHANUMERIC), PhoneNumber(message.destination, TON.INTERNATIONAL, NPI.ISDN)
    return SubmitSm(
        short_message=text, source=source, destination=destination, esm_class=esm_class, registered_delivery=1, optional_params=tlvs,
        encoding="ucs2" if message.data_coding == 8 else None, auto_message_payload=not esm_class, log_id=message.key,
    )


async def client(script: Script) -> None:
    async with Session(script, "transceiver", script.wrong) as session:
        await session.never.idle.wait()
    for kind in ("transmitter", "receiver"):
        async with Session(script, kind, script.password, enquire=0.2) as session:
            await session.seen.wait("bound")
            if kind == "receiver":
                await session.seen.wait("delivered", len(script.inbound))
            await session.seen.wait("alive")
    async with Session(script, "transceiver", script.password) as session:
        esme, seen = session.esme, session.seen
        await seen.wait("bound")
        for message in script.messages:
            if not message.esm_class & UDHI:
                await esme.broker.enqueue(submit_sm(message, message.text))
        source, destination, text = script.long
        await esme.broker.enqueue(submit_sm(script.messages[0]._replace(key="long", destination=destination), text, UDHI))
        await seen.wait("submitted", len(script.messages))
        await seen.wait("delivered", script.expect)
        await esme.broker.enqueue(EnquireLink())
        await seen.wait("alive")
        esme._writer.write(script.unknown)
        await seen.wait("nacked")
        await esme.broker.enqueue(submit_sm(script.messages[0]._replace(key="hangup", destination=script.hangup), "hang up"))
        await seen.wait("unbound")
        await session.never.idle.wait()
        report("closed", by="server")


if __name__ == "__main__":
    asyncio.run(client(read(sys.argv[2])))
