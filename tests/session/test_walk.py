"""Hypothesis walks two machines, one of each role, over a link that cuts at every octet: nothing is lost, doubled or sent after unbind."""

from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from smpp_core import (
    BindReceiver,
    BindTransceiver,
    BindTransmitter,
    DataSm,
    DeliverSm,
    EncodeError,
    Framer,
    Outbind,
    Pdu,
    QuerySm,
    SessionClosed,
    SubmitSm,
    WindowFull,
    decode,
)
from smswire.session.events import Answered, Closed, Requested, TimedOut
from smswire.session.limits import Limits
from smswire.session.machine import Machine
from smswire.session.states import BOUND, CLOSED, STATES, UNBINDING, allowed

LIMITS = Limits(response_timeout=20.0, enquire_link=15.0, enquire_timeout=10.0, bind_timeout=50.0, inbound=5)
REQUESTS = {
    "esme": (SubmitSm(destination_addr="1", short_message=b"x"), QuerySm(message_id="1"), DataSm(destination_addr="2")),
    "smsc": (DeliverSm(source_addr="3", short_message=b"yy"), DataSm(source_addr="4")),
}
BINDS = (BindTransmitter(system_id="x"), BindReceiver(system_id="x"), BindTransceiver(system_id="x"))
SIDES = st.sampled_from(["esme", "smsc"])


class Side:
    """A machine, what it has written that the other has not read, and the fate of each of its requests."""

    def __init__(self, role: str) -> None:
        self.machine = Machine(role, now=0.0, limits=LIMITS, window=4, strict=True)
        self.wire = bytearray()
        self.owed: list[Pdu] = []
        self.fates: Counter[int] = Counter()
        self.tokens = 0
        self.seen = Framer()
        self.unbound = False


class Walk(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.sides = {"esme": Side("esme"), "smsc": Side("smsc")}

    def note(self, side: Side, events: list) -> None:
        for event in events:
            if isinstance(event, Requested):
                side.owed.append(event.pdu)
            elif isinstance(event, Answered | TimedOut) and event.pending.token is not None:
                side.fates[event.pending.token] += 1
            elif isinstance(event, Closed):
                side.fates.update(pending.token for pending in event.lost if pending.token is not None)

    def collect(self, side: Side) -> None:
        """Move what a machine wants written to its wire, and read it over: nothing but unbind_resp may follow an unbind."""
        for frame in side.machine.take():
            side.wire += frame
            for octets in side.seen.feed(frame):
                command = decode(octets).command
                assert not side.unbound or command == "unbind_resp"
                side.unbound |= command in ("unbind", "unbind_resp")

    @rule(role=SIDES, which=st.integers(0, 2), timeout=st.sampled_from([None, 3.0]))
    def ask(self, role: str, which: int, timeout: float | None) -> None:
        side = self.sides[role]
        pdu = REQUESTS[role][which % len(REQUESTS[role])]
        legal = pdu.command_id in allowed(side.machine.role, side.machine.state) and not side.machine.leaving
        try:
            side.machine.request(pdu, self.now, side.tokens, timeout)
        except WindowFull:
            assert legal and len(side.machine.pending) == 4
        except (SessionClosed, EncodeError):
            assert not legal
        else:
            assert legal
            side.tokens += 1
        self.collect(side)

    @rule(which=st.integers(0, 2))
    def bind(self, which: int) -> None:
        side = self.sides["esme"]
        try:
            side.machine.request(BINDS[which], self.now)
        except (EncodeError, SessionClosed):
            assert side.machine.state in BOUND | {UNBINDING, CLOSED} or side.machine._control
        self.collect(side)

    @rule()
    def outbind(self) -> None:
        side = self.sides["smsc"]
        try:
            side.machine.request(Outbind(system_id="y"), self.now)
        except (EncodeError, SessionClosed):
            assert side.machine.state != "OPEN"
        self.collect(side)

    @rule(role=SIDES, at=st.integers(0, 4), status=st.sampled_from([0, 0, 0, 8, 0x58]))
    def answer(self, role: str, at: int, status: int) -> None:
        side = self.sides[role]
        if side.owed:
            request = side.owed.pop(at % len(side.owed))
            side.machine.reply(request, request.reply(status))
            self.note(side, side.machine.receive(b"", self.now))
            self.collect(side)

    @initialize(which=st.sampled_from([None, 0, 1, 2, 2]), cut=st.integers(1, 60))
    def begin_bound(self, which: int | None, cut: int) -> None:
        if which is not None:
            self.bind(which)
            while self.sides["esme"].wire:
                self.carry("esme", cut)
            self.answer("smsc", 0, 0)
            while self.sides["smsc"].wire:
                self.carry("smsc", cut)
            assert self.sides["esme"].machine.bound

    @rule(role=SIDES, octets=st.one_of(st.integers(1, 60), st.just(10_000)))
    def carry(self, role: str, octets: int) -> None:
        """The wire brings some octets to the other side, cut anywhere."""
        writer, reader = self.sides[role], self.sides["smsc" if role == "esme" else "esme"]
        piece = bytes(writer.wire[:octets])
        del writer.wire[:octets]
        self.note(reader, reader.machine.receive(piece, self.now))
        self.collect(reader)

    @rule(seconds=st.sampled_from([0.5, 4.0, 11.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        for side in self.sides.values():
            due = side.machine.deadline()
            self.note(side, side.machine.tick(self.now))
            assert side.machine.deadline() is None or side.machine.deadline() > self.now or due is None
            self.collect(side)

    @precondition(lambda self: any(side.machine.bound for side in self.sides.values()))
    @rule(role=SIDES)
    def unbind(self, role: str) -> None:
        side = self.sides[role]
        side.machine.unbind(self.now)
        self.collect(side)

    @rule(role=SIDES)
    def vanish(self, role: str) -> None:
        side = self.sides[role]
        if self.now > 30:
            self.note(side, side.machine.eof(self.now))

    @invariant()
    def states_are_legal_and_windows_hold(self) -> None:
        for side in self.sides.values():
            machine = side.machine
            assert machine.state in STATES
            assert len(machine.pending) <= 4
            assert 0 <= machine.unsettled <= LIMITS.inbound + 1

    def teardown(self) -> None:
        """In the end each request had exactly one fate."""
        for side in self.sides.values():
            self.note(side, side.machine.close("the end"))
            assert side.fates == Counter(range(side.tokens))


Walk.TestCase.settings = settings(max_examples=500, stateful_step_count=60, deadline=None)
TestWalk = Walk.TestCase
