"""A link between a transport and a machine: one write a turn, tokens settled once, a peer that does not read given up."""

import asyncio

from clock import run

from smpp_core import BindTransceiver, DeliverSm, EnquireLink, RequestTimeout, SessionClosed, SubmitSm, Unbind, decode
from smswire.session.limits import Limits
from smswire.session.link import Link
from smswire.session.machine import Machine
from smswire.session.metrics import Metrics

TEXT = SubmitSm(destination_addr="385951111111", short_message=b"hi", sequence_number=1)


class Wire(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.closed = self.reading = None

    def get_extra_info(self, name, default=None):
        return default

    def set_write_buffer_limits(self, high=None, low=None):
        self.high = high

    def get_write_buffer_size(self):
        return 0

    def write(self, data):
        self.writes.append(bytes(data))

    def close(self):
        self.closed = "closed"

    def abort(self):
        self.closed = "aborted"

    def is_closing(self):
        return self.closed is not None

    def pause_reading(self):
        self.reading = False

    def resume_reading(self):
        self.reading = True


class Owner:
    """Answers each request at once; notes everything else."""

    def __init__(self) -> None:
        self.events = []
        self.lost = "not yet"

    def link_made(self, link):
        pass

    def link_request(self, link, pdu):
        link.reply(pdu, pdu.reply())

    def link_event(self, link, event):
        self.events.append(type(event).__name__)

    def link_lost(self, link, error):
        self.lost = error


class Token:
    def __init__(self) -> None:
        self.outcomes = []

    def settled(self, pending, outcome):
        self.outcomes.append(outcome)


class Watcher:
    def __init__(self) -> None:
        self.seen = []

    def received(self, link, pdu):
        self.seen.append(("in", pdu.command))

    def sent(self, link, octets):
        self.seen.append(("out", decode(octets).command))


def bound(limits: Limits | None = None, **options) -> tuple[Link, Wire, Owner]:
    loop = asyncio.get_running_loop()
    owner = Owner()
    link = Link(Machine("esme", now=loop.time(), limits=limits), owner, loop, **options)
    wire = Wire()
    link.connection_made(wire)
    bind = link.request(BindTransceiver(system_id="x"))
    link.flush()
    link.data_received(bytes(bind.pdu.reply(system_id="smsc")))
    wire.writes.clear()
    return link, wire, owner


def test_the_requests_of_one_turn_leave_in_one_write() -> None:
    async def turn() -> None:
        link, wire, _ = bound()
        for _ in range(5):
            link.request(TEXT)
        assert wire.writes == []
        await asyncio.sleep(0)
        assert [len(octets) for octets in wire.writes] == [5 * len(TEXT)]

    run(turn())


def test_what_one_read_brings_is_answered_in_one_write() -> None:
    async def turn() -> None:
        link, wire, _ = bound()
        link.data_received(b"".join(bytes(DeliverSm(sequence_number=n)) for n in (1, 2, 3)) + bytes(EnquireLink(sequence_number=4)))
        assert len(wire.writes) == 1 and len(wire.writes[0]) == 3 * 17 + 16

    run(turn())


def test_a_future_or_a_token_learns_the_response_the_time_out_and_the_end_once() -> None:
    async def turn() -> None:
        link, wire, owner = bound(Limits(enquire_link=0))
        future = asyncio.get_running_loop().create_future()
        tokens = [Token(), Token(), Token()]
        answered = link.request(TEXT, future)
        link.request(TEXT, tokens[0], timeout=3.0)
        link.request(TEXT, tokens[1])
        await asyncio.sleep(0)
        link.request(TEXT, tokens[2])  # not flushed before the end
        link.data_received(bytes(answered.pdu.reply(message_id="1")))
        assert (await future).message_id == "1"
        await asyncio.sleep(3.1)
        link.request(TEXT, late := Token())
        link.connection_lost(None)
        assert isinstance(tokens[0].outcomes[0], RequestTimeout) and tokens[0].outcomes[0].written
        assert isinstance(tokens[1].outcomes[0], SessionClosed) and tokens[1].outcomes[0].written
        assert isinstance(tokens[2].outcomes[0], SessionClosed)
        assert isinstance(late.outcomes[0], SessionClosed) and not late.outcomes[0].written
        assert all(len(token.outcomes) == 1 for token in [*tokens, late])
        assert owner.lost is None and owner.events[-1] == "Closed"

    run(turn())


def test_an_observer_sees_each_pdu_in_both_directions_also_those_that_the_machine_answers() -> None:
    async def turn() -> None:
        watcher = Watcher()
        link, _, _ = bound(observer=watcher)
        link.data_received(bytes(EnquireLink(sequence_number=4)) + bytes(DeliverSm(sequence_number=5)))
        assert watcher.seen == [
            ("out", "bind_transceiver"), ("in", "bind_transceiver_resp"), ("in", "enquire_link"), ("in", "deliver_sm"),
            ("out", "enquire_link_resp"), ("out", "deliver_sm_resp"),
        ]

    run(turn())


def test_metrics_count_answers_time_outs_and_losses() -> None:
    async def turn() -> None:
        metrics = Metrics()
        link, _, _ = bound(Limits(enquire_link=0), metrics=metrics)
        answered = link.request(TEXT)
        link.request(TEXT, timeout=1.0)
        link.request(TEXT)
        link.data_received(bytes(answered.pdu.reply(0x58)))
        await asyncio.sleep(1.1)
        link.connection_lost(None)
        assert (metrics.pdus_out, metrics.pdus_in) == (4, 2)  # with the bind
        assert metrics.octets_out == len(BindTransceiver(system_id="x")) + 3 * len(TEXT) and metrics.octets_in > 32
        counts = [metrics.count("answered", "submit_sm", 0x58), metrics.count("timed_out"), metrics.count("lost")]
        assert counts == [1, 1, 1]

    run(turn())


def test_a_peer_that_does_not_read_is_not_read_from_and_given_up_in_the_end() -> None:
    async def turn() -> None:
        link, wire, owner = bound(Limits(stuck_timeout=30.0))
        assert wire.high == 262_144
        link.pause_writing()
        assert not link.writable and wire.reading is False
        link.resume_writing()
        await asyncio.sleep(31)
        assert link.writable and wire.reading is True and wire.closed is None
        link.pause_writing()
        await asyncio.sleep(31)
        assert wire.closed == "aborted" and owner.events[-1] == "Closed"

    run(turn())


def test_a_close_writes_the_answers_that_are_queued_but_no_request_that_is_reported_unwritten() -> None:
    async def turn() -> None:
        link, wire, _ = bound()
        link.request(TEXT, token := Token())
        delivery = DeliverSm(sequence_number=9)
        link.machine.receive(bytes(delivery), link.now())
        link.reply(delivery, delivery.reply())
        link.close("enough")
        assert [decode(octets).command for octets in wire.writes] == ["deliver_sm_resp"] and wire.closed == "closed"
        assert not token.outcomes[0].written
        await asyncio.sleep(6)
        assert wire.closed == "aborted"

    run(turn())


def test_a_callback_that_fails_costs_no_other_request_its_end() -> None:
    class Bad(Token):
        def settled(self, pending, outcome):
            raise asyncio.CancelledError if self.outcomes else ValueError("mine")

    class Blind(Watcher):
        def received(self, link, pdu):
            raise ValueError("observer")

    async def turn() -> None:
        link, _, owner = bound(Limits(enquire_link=0), observer=Blind())
        bad, good, late, worse = Bad(), Token(), Token(), Bad()
        worse.outcomes.append("as if cancelled")
        pending = [link.request(TEXT, token) for token in (bad, good)]
        link.data_received(b"".join(bytes(kept.pdu.reply(message_id="1")) for kept in pending))
        assert good.outcomes[0].message_id == "1"
        link.request(TEXT, worse, timeout=1.0)
        link.request(TEXT, late, timeout=2.0)
        await asyncio.sleep(3)
        assert isinstance(late.outcomes[0], RequestTimeout)
        assert owner.events[-1] == "Bound"

    run(turn())


def test_replies_from_within_a_read_never_read_deeper() -> None:
    """A peer may put thousands of requests behind its bind; answering one must not begin to read the next from there."""

    async def turn() -> None:
        loop = asyncio.get_running_loop()
        owner = Owner()
        link = Link(Machine("smsc", now=loop.time()), owner, loop)
        wire = Wire()
        link.connection_made(wire)
        count = 65_000 // len(TEXT)  # more than the interpreter's depth
        bind = BindTransceiver(system_id="x", sequence_number=1)
        owner.link_request = lambda link, pdu: None  # who binds is asked elsewhere
        link.data_received(bytes(bind) + bytes(TEXT) * count)
        del owner.link_request
        link.reply(bind, bind.reply())
        link.flush()
        assert len(b"".join(wire.writes)) == len(bind.reply()) + count * 17

    run(turn())


def test_a_request_that_comes_after_the_owner_closed_the_session_is_not_handed_over() -> None:
    async def turn() -> None:
        link, wire, owner = bound()
        handled = []

        def close(link, pdu):
            handled.append(pdu)
            link.close("enough")

        owner.link_request = close
        link.data_received(bytes(DeliverSm(sequence_number=1)) + bytes(DeliverSm(sequence_number=2)))
        assert len(handled) == 1

    run(turn())


def test_a_peer_that_unbinds_while_an_answer_is_owed_is_answered_in_time() -> None:
    async def turn() -> None:
        link, wire, owner = bound(Limits(enquire_link=0))
        owner.link_request = lambda link, pdu: None
        link.data_received(bytes(DeliverSm(sequence_number=1)) + bytes(Unbind(sequence_number=2)))
        await asyncio.sleep(5.1)
        assert decode(wire.writes[-1]).command == "unbind_resp" and wire.closed

    run(turn())


def test_an_observer_sees_each_pdu_that_is_sent_as_octets_of_many() -> None:
    async def turn() -> None:
        watcher = Watcher()
        link, _, _ = bound(observer=watcher)
        link.send(bytes(TEXT) * 3)
        link.flush()
        assert watcher.seen[2:] == [("out", "submit_sm")] * 3

    run(turn())
