"""Parcels are dealt one to each session in turn, past those that cannot take any, and none is lost on the way."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from smpp_core import DeliverSm, RequestTimeout, SessionClosed
from smswire.simulator.outbox import Outbox, Parcel
from smswire.simulator.scenario import Receipts
from smswire.simulator.statistics import Statistics

WINDOW, ATTEMPTS = 3, 4


class Peer:
    """What an Outbox sees of a session."""

    def __init__(self, name: int) -> None:
        self.name = name
        self.link = SimpleNamespace(machine=SimpleNamespace(pending={}), writable=True, is_closing=False)
        self.got: list[int] = []

    def request_nowait(self, pdu: Any, token: Parcel) -> None:
        if self.link.is_closing:
            raise SessionClosed
        self.got.append(int(pdu.short_message))
        self.link.machine.pending[id(token)] = token

    def settle(self, outcome: Any) -> None:
        key, token = next(iter(self.link.machine.pending.items()))
        del self.link.machine.pending[key]
        token.settled(None, outcome)


class Dealing(RuleBasedStateMachine):
    """Sessions come, answer, refuse, fall silent, stop to read and go; time goes on by hand."""

    @initialize()
    def begin(self) -> None:
        self.now = 0.0
        self.soon: list[Any] = []
        self.later: list[tuple[float, Any]] = []
        self.over: Counter[int] = Counter()
        self.put_in = 0
        self.peers: list[Peer] = []
        self.statistics = Statistics()
        self.box = Outbox(
            Receipts(attempts=ATTEMPTS, retry=5.0), self.statistics, window=WINDOW, now=lambda: self.now, soon=self.soon.append,
            later=lambda when, work: self.later.append((when, work)), done=lambda parcel: self.over.update([int(parcel.pdu.short_message)]),
        )

    def turn(self) -> None:
        while self.soon:
            self.soon.pop(0)()

    @rule()
    def attach(self) -> None:
        if len(self.peers) < 4:
            self.peers.append(Peer(len(self.peers)))
            self.box.attach(self.peers[-1])
            self.turn()

    @rule(count=st.integers(1, 9))
    def put(self, count: int) -> None:
        for _ in range(count):
            pdu = DeliverSm(short_message=str(self.put_in).encode())
            self.box.put(Parcel(self.box, pdu, SimpleNamespace(), self.now + 500))  # type: ignore[arg-type]
            self.put_in += 1
        self.turn()

    @rule(at=st.integers(0, 3), status=st.sampled_from([0, 0, 0, 0x64, 0x58, 0x65]))
    def answer(self, at: int, status: int) -> None:
        if at < len(self.peers) and self.peers[at].link.machine.pending:
            self.peers[at].settle(DeliverSm().reply(status))
            self.turn()

    @rule(at=st.integers(0, 3))
    def time_out(self, at: int) -> None:
        if at < len(self.peers) and self.peers[at].link.machine.pending:
            self.peers[at].settle(RequestTimeout())
            self.turn()

    @rule(at=st.integers(0, 3))
    def fall(self, at: int) -> None:
        if at < len(self.peers):
            peer = self.peers.pop(at)
            peer.link.is_closing = True
            while peer.link.machine.pending:
                peer.settle(SessionClosed())
            self.box.detach(peer)
            self.turn()

    @rule(at=st.integers(0, 3), reads=st.booleans())
    def read(self, at: int, reads: bool) -> None:
        if at < len(self.peers):
            self.peers[at].link.writable = reads

    @rule(seconds=st.floats(0.1, 40))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        due = [work for when, work in self.later if when <= self.now]
        self.later = [(when, work) for when, work in self.later if when > self.now]
        for work in due:
            work()
            self.turn()

    @invariant()
    def every_parcel_is_in_one_place(self) -> None:
        if not hasattr(self, "box"):
            return
        flying = sum(len(peer.link.machine.pending) for peer in self.peers)
        resting = sum(work.__name__ == "<lambda>" for _, work in self.later)
        assert sum(self.over.values()) + flying + resting + len(self.box) == self.put_in
        assert self.box.in_flight == flying
        assert not self.over or max(self.over.values()) == 1
        assert all(len(peer.link.machine.pending) <= WINDOW for peer in self.peers)
        counts = self.statistics
        assert counts.receipts_acknowledged + counts.receipts_refused + counts.receipts_lost == sum(self.over.values())

    def teardown(self) -> None:
        if not hasattr(self, "box"):
            return
        for peer in self.peers:
            peer.link.writable = True
        if not self.peers:
            self.attach()
        for _ in range(200):
            self.wait(5.1)
            for peer in self.peers:
                while peer.link.machine.pending:
                    peer.settle(DeliverSm().reply(0))
                    self.turn()
        assert sum(self.over.values()) == self.put_in


TestDealing = Dealing.TestCase
TestDealing.settings = settings(max_examples=60, stateful_step_count=40)


def full_of_two(peer: Peer, work: Dealing) -> None:
    """One peer whose window is full, and two parcels that wait."""
    work.begin()
    work.peers.append(peer)
    work.box.attach(peer)
    work.put(WINDOW + 2)
    assert (len(peer.got), len(work.box)) == (WINDOW, 2)


def test_every_kind_of_answer_makes_room_for_what_waits() -> None:
    for outcome in (DeliverSm().reply(0), DeliverSm().reply(0x65), DeliverSm().reply(0x64), RequestTimeout()):
        peer, work = Peer(0), Dealing()
        full_of_two(peer, work)
        peer.settle(outcome)
        work.turn()
        assert len(peer.got) == WINDOW + 1


def test_a_session_that_reads_again_gets_what_waited() -> None:
    peer, work = Peer(0), Dealing()
    full_of_two(peer, work)
    peer.link.writable = False
    for _ in range(WINDOW):
        peer.settle(DeliverSm().reply(0))
    work.turn()
    assert len(peer.got) == WINDOW
    work.wait(0.2)
    assert len(peer.got) == WINDOW
    peer.link.writable = True
    work.wait(0.2)
    assert len(peer.got) == WINDOW + 2
