"""A reader that stalls for a minute loses no receipt, and nobody's memory grows over the caps meanwhile.

Whatever was not acknowledged is known to the server as such: refused for now (ESME_RX_T_APPN), timed out, or lost with the session; it
sends it again. So each receipt arrives at least once, and none that the server holds for acknowledged was not handled.
"""

import asyncio
import socket
import tracemalloc
from collections import Counter, deque
from typing import Any

import clock
import pytest

import smpp_core
from smpp_core import DeliverSm, Pdu, RequestTimeout, SessionClosed, SubmitSm
from smpp_core.spec.values import CommandStatus
from smswire.session.account import Account
from smswire.session.client import Client
from smswire.session.limits import CLIENT, SERVER
from smswire.session.link import Link
from smswire.session.peer import Session
from smswire.session.server import Server

pytestmark = pytest.mark.slow

STALL = 60.0
AGAIN = 10.0            # seconds until the server sends again what was not taken
LATER = int(CommandStatus.ESME_RX_T_APPN)
MEBIBYTE = 2**20


def receipt(number: int, octets: int) -> DeliverSm:
    """A receipt of some length: its id is the number."""
    tlvs: list[tuple[str, Any]] = [("receipted_message_id", str(number)), ("message_state", 2)]
    text = f"id:{number} sub:001 dlvrd:001 submit date:2601311200 done date:2601311201 stat:DELIVRD err:000 text:".encode()
    pdu = DeliverSm(source_addr="385951111111", destination_addr="Infobip", esm_class=4, short_message=text, tlvs=tlvs)
    if octets > len(bytes(pdu)):
        tlvs.append(("message_payload", bytes(octets - len(bytes(pdu)) - 4)))
    return DeliverSm(source_addr="385951111111", destination_addr="Infobip", esm_class=4, short_message=text, tlvs=tlvs)


class Smsc:
    """Holds receipts until they are acknowledged. Sends what the window has room for, and again what was not taken."""

    def __init__(self, count: int, octets: int) -> None:
        self.due = deque(range(count))
        self.octets = octets
        self.acknowledged: Counter[int] = Counter()
        self.outcomes: Counter[str] = Counter()
        self.session: Session | None = None
        self.unsent = 0
        self.done = asyncio.Event()
        self.left = count

    def bound(self, session: Session, what: str) -> None:
        self.session = session if what == "bound" else None
        self.pump()

    def pump(self) -> None:
        while self.due and self.session is not None:
            number = self.due[0]
            try:
                self.session.request_nowait(receipt(number, self.octets), _Sent(self, number))
            except smpp_core.WindowFull:
                return
            self.due.popleft()
            transport = self.session.link.transport
            if transport is not None:
                self.unsent = max(self.unsent, transport.get_write_buffer_size())

    def again(self, number: int) -> None:
        self.due.append(number)
        self.pump()


class _Sent:
    def __init__(self, smsc: Smsc, number: int) -> None:
        self.smsc = smsc
        self.number = number

    def settled(self, pending: Any, outcome: Any) -> None:
        smsc, loop = self.smsc, asyncio.get_running_loop()
        if isinstance(outcome, Pdu) and not outcome.command_status:
            smsc.outcomes["acknowledged"] += 1
            smsc.acknowledged[self.number] += 1
            if smsc.acknowledged[self.number] == 1:
                smsc.left -= 1
                if not smsc.left:
                    smsc.done.set()
        else:
            if isinstance(outcome, Pdu):
                assert outcome.command_status == LATER, outcome
                smsc.outcomes["refused"] += 1
            else:
                assert isinstance(outcome, (RequestTimeout, SessionClosed)), outcome
                smsc.outcomes[type(outcome).__name__] += 1
            loop.call_later(AGAIN, smsc.again, self.number)
        loop.call_soon(smsc.pump)


class Watch:
    """Sees each PDU of the client, and how much of them waits for an answer."""

    def __init__(self) -> None:
        self.most = self.most_octets = 0
        self.links: set[Link] = set()

    def received(self, link: Link, pdu: Pdu) -> None:
        self.links.add(link)
        self.most = max(self.most, link.machine.unsettled)
        self.most_octets = max(self.most_octets, link.machine.unsettled_octets)

    def sent(self, link: Link, octets: bytes) -> None:
        pass


def serving(smsc: Smsc, **settings: Any) -> Server:
    return Server(
        lambda session, pdu: None, "127.0.0.1", 0, authenticate=lambda session, bind: Account(name="stall"), on_session=smsc.bound,
        **settings)


@pytest.mark.parametrize("octets", [200, 20_000])
@pytest.mark.parametrize("reader", ["iterator", "handler"])
def test_a_client_whose_reader_stalls_for_a_minute_gets_every_receipt_and_holds_no_more_than_its_caps(reader: str, octets: int) -> None:
    count = 2_000 if octets == 200 else 400
    handled: Counter[int] = Counter()
    stalled = False

    async def read(delivery: Any) -> None:
        nonlocal stalled
        if not stalled:
            stalled = True
            await asyncio.sleep(STALL)
        found = delivery.receipt
        assert found is not None
        handled[int(found.id)] += 1

    async def work() -> tuple[Smsc, Watch, int]:
        smsc, watch = Smsc(count, octets), Watch()
        before = tracemalloc.get_traced_memory()[0]
        async with (
            serving(smsc, delivery_window=count) as server,
            Client(f"smpp://stall:x@127.0.0.1:{server.port}", observer=watch) as client,
        ):
            if reader == "handler":
                client.on_inbound(read, concurrency=1)
            else:
                async def iterate() -> None:
                    async for delivery in client.inbound():
                        await read(delivery)
                task = asyncio.create_task(iterate())
            loop = asyncio.get_running_loop()
            # What the other direction brings is served all the while.
            for _ in range(int(STALL / 10)):
                await asyncio.sleep(5)
                asked = loop.time()
                await client.submit(SubmitSm(destination_addr="385951111111", short_message=b"hi"), timeout=5.0)
                assert loop.time() - asked < 5.0
                held = tracemalloc.get_traced_memory()[0] - before      # between two bursts of the server
                await asyncio.sleep(5)
            await smsc.done.wait()
            if reader == "iterator":
                task.cancel()
        return smsc, watch, held

    tracemalloc.start()
    try:
        smsc, watch, held = clock.run(work())
    finally:
        tracemalloc.stop()
    assert set(smsc.acknowledged) <= set(handled)
    assert sorted(handled) == list(range(count))
    assert len(watch.links) == 1                            # the session outlived the stall
    assert smsc.outcomes["refused"] and smsc.outcomes["RequestTimeout"], smsc.outcomes
    assert 0 < watch.most <= CLIENT.inbound
    assert watch.most == CLIENT.inbound or watch.most_octets > CLIENT.inbound_octets - octets - 16
    assert watch.most_octets <= CLIENT.inbound_octets + octets + 16
    # Both ends are in this process. The server makes receipts when it sends them; after its time-outs it holds their numbers alone, and
    # what is left are the client's deliveries, each with the objects around its octets.
    assert held < watch.most_octets + watch.most * 1_500 + MEBIBYTE // 2, held


def test_a_peer_that_reads_nothing_for_a_minute_is_dropped_with_every_receipt_accounted_for() -> None:
    octets, count = 8_000, 300
    handled: set[int] = set()

    async def silent(port: int) -> bool:
        """Bind, then read nothing for a minute; whether the server has gone then."""
        loop = asyncio.get_running_loop()
        with socket.socket() as raw:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            raw.setblocking(False)
            await loop.sock_connect(raw, ("127.0.0.1", port))
            await loop.sock_sendall(raw, bytes(smpp_core.BindTransceiver(
                system_id="stall", password="x", interface_version=0x34, sequence_number=1)))
            await asyncio.sleep(STALL)
            try:
                while await loop.sock_recv(raw, 65_536):
                    pass
            except ConnectionResetError:
                pass
        return True

    def take(delivery: Any) -> None:
        handled.add(int(delivery.receipt.id))

    async def work() -> Smsc:
        smsc = Smsc(count, octets)

        def bound(session: Session, what: str) -> None:
            transport = session.link.transport
            if what == "bound" and transport is not None:
                # The kernel would take megabytes and hide the stall.
                transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
            smsc.bound(session, what)

        server = Server(
            lambda session, pdu: None, "127.0.0.1", 0, authenticate=lambda session, bind: Account(name="stall"), on_session=bound)
        async with server:
            assert await silent(server.port)
            assert not server.connections
            assert not smsc.acknowledged
            assert smsc.outcomes["SessionClosed"] + smsc.outcomes["RequestTimeout"] == 64 == smsc.outcomes.total(), smsc.outcomes
            async with Client(f"smpp://stall:x@127.0.0.1:{server.port}") as client:
                client.on_inbound(take)
                await smsc.done.wait()
        return smsc

    smsc = clock.run(work())
    assert handled == set(range(count)) == set(smsc.acknowledged)
    assert SERVER.unsent < smsc.unsent <= MEBIBYTE
