"""Roll-up: the same facts give the same state, whatever their order and however often they come."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp_core import (
    CommandFailed,
    DeliverSm,
    EncodeError,
    MessageState,
    Receipt,
    RequestTimeout,
    SessionClosed,
    SubmitSmResp,
    WindowFull,
    format_receipt,
    parse_receipt,
)
from smswire.message.rollup import Rollup, State

Fact = Callable[[Rollup], object]


def receipt(stat: MessageState | str, err: str = "000", intermediate: bool = False) -> Receipt:
    text = format_receipt("7", stat, dlvrd=1, submit_date=None, done_date=None, err=err)
    found = parse_receipt(DeliverSm(esm_class=0x20 if intermediate else 0x04, short_message=text))
    assert found is not None
    return found


FINALS = (
    MessageState.DELIVERED, MessageState.EXPIRED, MessageState.DELETED, MessageState.UNDELIVERABLE, MessageState.UNKNOWN,
    MessageState.REJECTED, MessageState.SKIPPED, "DND_REJECTED",
)
ON_THE_WAY = (MessageState.ENROUTE, MessageState.ACCEPTED, MessageState.SCHEDULED)


def facts(part: int) -> st.SearchStrategy[Fact]:
    errors = (
        RequestTimeout(written=True), SessionClosed("lost", written=True), SessionClosed("down"), WindowFull("full"),
        CommandFailed(SubmitSmResp(command_status=0x58)),
    )
    return st.one_of(
        st.just(lambda rollup: rollup.submitting(part)),
        st.tuples(st.sampled_from([0, 0, 0x14, 0x58]), st.sampled_from(["7", None])).map(
            lambda said: lambda rollup: rollup.responded(part, said[0], said[1])),
        st.sampled_from(errors).map(lambda error: lambda rollup: rollup.failed(part, error)),
        st.tuples(st.sampled_from(FINALS), st.sampled_from(["000", "001"]), st.booleans()).map(
            lambda said: lambda rollup: rollup.receipt(part, receipt(*said))),
        st.sampled_from(ON_THE_WAY).map(lambda state: lambda rollup: rollup.receipt(part, receipt(state))),
        st.just(lambda rollup: rollup.overdue()),
    )


def outcome(facts: list[Fact], total: int, receipts: bool) -> tuple[object, ...]:
    rollup = Rollup("key", total, receipts=receipts)
    for fact in facts:
        fact(rollup)
    return rollup.state, rollup.states, rollup.final, rollup.reason, rollup.message_ids


@given(st.data(), st.integers(1, 3), st.booleans())
def test_any_order_and_repetition_of_the_same_facts_gives_the_same_outcome(data: st.DataObject, total: int, receipts: bool) -> None:
    told = data.draw(st.lists(st.integers(1, total).flatmap(facts), max_size=8))
    again = [fact for fact in told if data.draw(st.booleans())]
    assert outcome(told, total, receipts) == outcome(data.draw(st.permutations([*told, *again])), total, receipts)


@given(st.data(), st.integers(1, 4))
def test_the_state_is_that_of_the_worst_part_and_final_is_that_of_all(data: st.DataObject, total: int) -> None:
    rollup = Rollup(None, total)
    for fact in data.draw(st.lists(st.integers(1, total).flatmap(facts), max_size=12)):
        fact(rollup)
    order = list(State)
    assert rollup.state == min(rollup.states, key=order.index)
    assert rollup.final == all(state not in (State.QUEUED, State.SUBMITTING, State.SUBMITTED) for state in rollup.states)
    failed = order.index(rollup.state) < order.index(State.QUEUED)
    assert bool(rollup.reason) == failed and (not failed or rollup.state in rollup.reason)


def test_the_way_of_a_message() -> None:
    rollup = Rollup("key")
    states = [(rollup.state, rollup.final)]
    for fact in (
        lambda: rollup.submitting(), lambda: rollup.responded(1, 0, "7"), lambda: rollup.receipt(1, receipt(MessageState.ENROUTE)),
        lambda: rollup.receipt(1, receipt(MessageState.DELIVERED)), lambda: rollup.receipt(1, receipt(MessageState.ENROUTE)),
        lambda: rollup.receipt(1, receipt(MessageState.DELIVERED)),
    ):
        fact()
        states.append((rollup.state, rollup.final))
    assert [str(state) for state, _ in states] == ["QUEUED", "SUBMITTING", "SUBMITTED", "SUBMITTED", "DELIVERED", "DELIVERED", "DELIVERED"]
    assert [final for _, final in states] == [False] * 4 + [True] * 3
    assert (rollup.message_ids, rollup.reason, repr(rollup)) == (("7",), "", "<Rollup 'key': DELIVERED, 1 part>")


@pytest.mark.parametrize(("stat", "state"), [
    (MessageState.DELIVERED, "DELIVERED"), (MessageState.UNDELIVERABLE, "UNDELIVERED"), (MessageState.EXPIRED, "EXPIRED"),
    (MessageState.DELETED, "DELETED"), (MessageState.UNKNOWN, "UNKNOWN"), (MessageState.REJECTED, "REJECTED"),
    (MessageState.SKIPPED, "UNDELIVERED"), (MessageState.ACCEPTED, "SUBMITTED"), (MessageState.ENROUTE, "SUBMITTED"),
    (MessageState.SCHEDULED, "SUBMITTED"), ("DND_REJECTED", "UNKNOWN"),
])
def test_each_word_of_a_receipt_has_its_state(stat: MessageState | str, state: str) -> None:
    rollup = Rollup()
    rollup.responded(1, 0, "7")
    assert rollup.receipt(1, receipt(stat)) == (state != "SUBMITTED")
    assert rollup.state == state and rollup.final == (state != "SUBMITTED")


def test_an_attempt_that_failed_is_not_final_and_a_receipt_that_repeats_changes_nothing() -> None:
    rollup = Rollup()
    rollup.responded(1, 0, "7")
    assert not rollup.receipt(1, receipt(MessageState.UNDELIVERABLE, intermediate=True)) and rollup.state == "SUBMITTED"
    assert rollup.receipt(1, receipt(MessageState.EXPIRED)) and not rollup.receipt(1, receipt(MessageState.EXPIRED))
    assert rollup.receipt(1, receipt(MessageState.DELIVERED)) and not rollup.receipt(1, receipt(MessageState.EXPIRED))
    assert rollup.state == "DELIVERED"


@pytest.mark.parametrize(("error", "state", "reason"), [
    (RequestTimeout("no response in 30 s", written=True), "AMBIGUOUS", "AMBIGUOUS, no response in 30 s"),
    (SessionClosed("reset", written=True), "AMBIGUOUS", "AMBIGUOUS, reset"), (SessionClosed("reset"), "REJECTED", "REJECTED, reset"),
    (WindowFull(), "REJECTED", "REJECTED, WindowFull"), (EncodeError("too long", "text"), "REJECTED", "REJECTED, too long"),
    (CommandFailed(SubmitSmResp(command_status=0x0B)), "REJECTED", "REJECTED, ESME_RINVDSTADR"),
])
def test_a_failure_says_what_is_known_of_the_message(error: Exception, state: str, reason: str) -> None:
    rollup = Rollup()
    rollup.failed(1, error)
    assert (rollup.state, rollup.reason, rollup.final) == (state, reason, True)
    rollup.responded(1, 0, "7")
    assert (rollup.state, rollup.final) == ("SUBMITTED", False)


def test_reasons_name_the_part() -> None:
    rollup = Rollup("key", 3)
    for part in (1, 2, 3):
        rollup.responded(part, 0, str(part))
    rollup.receipt(2, receipt(MessageState.UNDELIVERABLE, "027"))
    assert rollup.reason == "part 2 of 3: UNDELIVERED, err 027" and not rollup.final
    rollup.overdue()
    assert rollup.final and rollup.states == ("UNKNOWN", "UNDELIVERED", "UNKNOWN")
    lone = Rollup(None, 2)
    lone.responded(1, 0, "1")
    lone.responded(2, 0, "2")
    lone.overdue()
    assert lone.reason == "part 1 of 2: UNKNOWN, no receipt came in time" and repr(lone) == "<Rollup None: UNKNOWN, 2 parts>"


def test_of_several_responses_a_positive_one_counts_and_its_name() -> None:
    for order in ([(0x58, "9"), (0, "7"), (0x14, None)], [(0, "7"), (0x14, None), (0x58, "9")]):
        rollup = Rollup()
        for status, name in order:
            rollup.responded(1, status, name)
        assert (rollup.state, rollup.message_ids) == ("SUBMITTED", ("7",))
    for statuses in ((0x14, 0x58), (0x58, 0x14)):
        rollup = Rollup()
        for status in statuses:
            rollup.responded(1, status)
        assert rollup.reason == "REJECTED, ESME_RTHROTTLED"


def test_without_receipts_a_response_is_the_end() -> None:
    rollup = Rollup(None, 2, receipts=False)
    rollup.responded(1, 0)
    assert (rollup.state, rollup.final) == ("QUEUED", False)
    rollup.responded(2, 0)
    assert (rollup.state, rollup.final) == ("SENT", True)


def test_parts_are_numbered_from_1_to_the_total() -> None:
    for total in (0, 256):
        with pytest.raises(ValueError):
            Rollup(None, total)
    for part in (0, 3):
        with pytest.raises(ValueError):
            Rollup(None, 2).responded(part, 0)
