"""Our Server with the behaviour that the script wants of a server, and a record of all that crossed it."""

import asyncio
import ssl
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self

from exchange import HANGUP, PASSWORD, RECEIPT, SYSTEM_ID, Inbound
from waiting import Waiting

import smpp_core as smpp
from smpp_core import DeliverSm, EnquireLink, Pdu
from smswire.session.account import Account
from smswire.session.link import Link
from smswire.session.peer import Session
from smswire.session.server import Server

RECEIPT_CLASS = 4
DELIVERED = 2


class Tape(Waiting):
    """An observer that keeps every PDU, in and out."""

    def __init__(self) -> None:
        super().__init__()
        self._read: list[Pdu] = []
        self._written: list[Pdu] = []

    def received(self, link: Link, pdu: Pdu) -> None:
        """A PDU of the peer."""
        self._read.append(pdu)
        self.look()

    def sent(self, link: Link, octets: bytes) -> None:
        """PDUs of ours."""
        self._written += smpp.decode_many(smpp.Framer().feed(octets))

    def read(self, command: str) -> list[Pdu]:
        """What the peer sent of a command, in order."""
        return [pdu for pdu in self._read if pdu.command == command]

    def written(self, command: str) -> list[Pdu]:
        """What we sent of a command, in order."""
        return [pdu for pdu in self._written if pdu.command == command]

    @property
    def findings(self) -> list[str]:
        """Codes of the deviations in what the peer sent."""
        return [finding.code for pdu in self._read for finding in pdu.findings]


class Smsc(Waiting):
    """Takes every message and sends its receipt; sends the inbound messages to each bind that receives; hangs up where that is asked for.

    ids: message_id -> the submit_sm that got it. answers: of each deliver_sm, with what answered it. ended: why each bound session ended.
    """

    def __init__(self, inbound: list[Inbound], tls: ssl.SSLContext | None = None) -> None:
        super().__init__()
        self.inbound = inbound
        self.tape = Tape()
        self.ids: dict[str, Pdu] = {}
        self.answers: list[tuple[Pdu, Pdu]] = []
        self.bound: list[str] = []
        self.ended: list[str] = []
        self.hung_up = 0
        self._tasks: list[asyncio.Task[None]] = []
        accounts = {SYSTEM_ID: Account(name=SYSTEM_ID, password=PASSWORD, max_sessions=10)}
        self.server = Server(self.handle, port=0, authenticate=accounts, tls=tls, observer=self.tape, on_session=self.on_session)

    async def __aenter__(self) -> Self:
        await self.server.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.server.close(drain=1.0)
        outcomes = await asyncio.gather(*self._tasks, return_exceptions=True)
        if error is not None:
            error.add_note(f"our server: {len(self.ids)} submitted, {len(self.answers)} answers, bound {self.bound}, ended {self.ended}")
        faults = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        if error is None and faults:
            raise faults[0]

    @property
    def port(self) -> int:
        """Where it listens."""
        return self.server.port

    def on_session(self, session: Session, what: str) -> None:
        """A session is bound or over."""
        if what == "bound":
            self.bound.append(session.bind_kind or "")
            if session.can_receive:
                self.send(session, self.inbound)
        else:
            self.ended.append(session.close_reason or "")
        self.look()

    def send(self, session: Session, messages: list[Inbound]) -> None:
        """Have inbound messages delivered."""
        for message in messages:
            whose = {"source_addr": message.source, "source_addr_ton": 1, "source_addr_npi": 1, "destination_addr": message.destination}
            text = {"esm_class": message.esm_class, "data_coding": message.data_coding, "short_message": message.octets}
            self._start(self._deliver(session, DeliverSm(**whose, **text)))

    def handle(self, session: Session, pdu: Pdu) -> Pdu | int | None:
        """Answer a request."""
        if pdu.command == "query_sm":
            return pdu.reply(message_id=pdu.message_id, final_date="", message_state=DELIVERED, error_code=0)
        if pdu.command != "submit_sm":
            return None
        message_id = f"m{len(self.ids) + 1}"
        self.ids[message_id] = pdu
        self.look()
        if pdu.destination_addr == HANGUP:
            self._start(self._hang_up(session))
        elif pdu.registered_delivery & 1:
            whose = {"source_addr": pdu.destination_addr, "source_addr_ton": 1, "source_addr_npi": 1, "destination_addr": pdu.source_addr}
            text = {"esm_class": RECEIPT_CLASS, "short_message": RECEIPT.format(id=message_id).encode()}
            told = [("receipted_message_id", message_id), ("message_state", DELIVERED)]
            self._start(self._deliver(session, DeliverSm(**whose, **text, tlvs=told)))
        return pdu.reply(message_id=message_id)

    async def _deliver(self, session: Session, pdu: Pdu) -> None:
        self.answers.append((pdu, await session.request(pdu)))
        self.look()

    async def _hang_up(self, session: Session) -> None:
        await session.request(EnquireLink())
        await session.unbind()
        self.hung_up += 1
        self.look()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.get_running_loop().create_task(work))
