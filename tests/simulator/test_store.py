"""The store never holds more than its caps, forgets final messages only, the oldest first, and finds what it holds."""

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from smpp_core import MessageState, SubmitSm
from smswire.simulator.fate import Fate
from smswire.simulator.network import ANYWHERE
from smswire.simulator.store import Store, Submission

FATE = Fate(0, MessageState.DELIVERED, 0, 0.0)
CUSTOMER: Any = SimpleNamespace(name="test")


def submission(number: int, name: str | None = None, length: int = 10) -> Submission:
    pdu = SubmitSm(destination_addr="385911234567", short_message=b"x" * length)
    return Submission(number, name or str(number), CUSTOMER, pdu, "385911234567", ANYWHERE, FATE, 1, 0.0, 0.0, 9.0, 0.0)


class Holding(RuleBasedStateMachine):
    """Adds, shares names, finishes, replaces; a plain list says what must be there."""

    @initialize(messages=st.integers(1, 12), octets=st.integers(2_000, 12_000))
    def begin(self, messages: int, octets: int) -> None:
        self.messages, self.octets = messages, octets
        self.store = Store(messages, octets)
        self.held: list[Submission] = []
        self.finals: list[Submission] = []
        self.number = 0

    @rule(length=st.integers(0, 254), share=st.booleans())
    def add(self, length: int, share: bool) -> None:
        self.number += 1
        one = submission(self.number, self.held[-1].id if share and self.held else None, length)
        live = [kept for kept in self.held if kept not in self.finals]
        if not self.store.make_room(1, len(one.pdu)):
            assert len(live) == self.messages or sum(len(kept.pdu) + 800 for kept in [*live, one]) > self.octets
            return
        while len(self.store) < len(self.held):  # what made room was the oldest of the final ones
            self.held.remove(self.finals.pop(0))
        self.store.add(one)
        self.held.append(one)

    @rule(at=st.integers(0, 50))
    def finish(self, at: int) -> None:
        live = [kept for kept in self.held if kept not in self.finals]
        if live:
            one = live[at % len(live)]
            one.state = MessageState.DELIVERED
            self.store.finish(one)
            self.finals.append(one)

    @rule(at=st.integers(0, 50), length=st.integers(0, 100))
    def replace(self, at: int, length: int) -> None:
        live = [kept for kept in self.held if kept not in self.finals]
        if live:
            one = live[at % len(live)]
            if len(one.pdu.short_message) >= length:
                self.store.replace(one, one.pdu.replace(short_message=b"y" * length))

    @invariant()
    def it_holds_what_it_should_and_no_more(self) -> None:
        if not hasattr(self, "store"):
            return
        assert len(self.store) == len(self.held) <= self.messages
        assert self.store.octets == sum(len(kept.pdu) + 800 for kept in self.held) <= self.octets
        assert self.store.live == len(self.held) - len(self.finals)
        for one in self.held:
            first = self.store.get(one.id)
            assert first is not None
            assert one in list(first.all())
        names = {one.id for one in self.held}
        assert {one.id for one in self.store.newest(100)} == names
        assert self.store.get("none") is None


TestHolding = Holding.TestCase


def test_the_newest_come_first() -> None:
    store = Store(10, 100_000)
    for number in range(5):
        store.add(submission(number))
    assert [one.number for one in store.newest(3)] == [4, 3, 2]
    store.clear()
    assert (len(store), store.octets, list(store.newest(3))) == (0, 0, [])


@pytest.mark.parametrize("state", list(MessageState))
def test_what_is_final(state: MessageState) -> None:
    one = submission(1)
    one.state = state
    assert one.is_final == (state.name not in ("SCHEDULED", "ENROUTE", "SKIPPED"))
