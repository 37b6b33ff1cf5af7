"""The tracker: whatever the order of responses and receipts, each message ends in its state; nothing grows or vanishes untold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp_core import (
    CommandFailed,
    DeliverSm,
    MessageState,
    Receipt,
    RequestTimeout,
    SubmitSmResp,
    format_receipt,
    parse_receipt,
)
from smswire.message.tracker import Overdue, PushedOut, Tracker, Unmatched

FORMS: dict[str, tuple[Callable[[int], str], Callable[[int], str]]] = {
    "equal": (str, str), "case": (lambda n: f"{n:X}", lambda n: f"{n:x}"), "hex-decimal": (lambda n: f"{n:x}", str),
    "decimal-hex": (str, lambda n: f"{n:X}"), "zeros": (lambda n: f"{n:024d}", str),
}


def receipt(id: str | None, stat: MessageState = MessageState.DELIVERED, *, err: str = "000", tlv: str | None = None) -> Receipt:
    text = format_receipt(id, stat, dlvrd=1, submit_date=None, done_date=None, err=err)
    found = parse_receipt(DeliverSm(esm_class=4, short_message=text, tlvs=[] if tlv is None else [("receipted_message_id", tlv)]))
    assert found is not None
    return found


def ok(id: str | None) -> SubmitSmResp:
    return SubmitSmResp(message_id=id)


def sent(tracker: Tracker, key: object, id: str, part: int = 1, total: int = 1) -> None:
    tracker.submitted(key, 0.0, part, total)
    tracker.responded(key, part, ok(id))


# ---- properties

states = st.sampled_from([
    MessageState.DELIVERED, MessageState.EXPIRED, MessageState.UNDELIVERABLE, MessageState.ENROUTE, MessageState.UNKNOWN])
Plan = list[tuple[int, list[MessageState]]]  # of each part: its number at the peer, what its receipts say


parts = st.lists(st.tuples(st.integers(2**60, 2**64), st.lists(states, max_size=3)), min_size=1, max_size=3)


@given(st.lists(parts, min_size=1, max_size=4), st.sampled_from(list(FORMS)), st.data())
def test_any_interleaving_of_the_same_events_ends_in_the_same_states(plans: list[Plan], form: str, data: st.DataObject) -> None:
    response, written = FORMS[form]
    events: list[tuple[str, int, int, Any]] = []
    for key, plan in enumerate(plans):
        for part, (number, said) in enumerate(plan, 1):
            number = number * 16 + key * 4 + part  # no two parts have one number
            answer = RequestTimeout(written=True) if number % 7 == 0 else ok(response(number))
            events.append(("response", key, part, answer))
            events += [("receipt", key, part, receipt(written(number), state, err=f"{state:03d}")) for state in said if number % 7]

    def run(order: list[tuple[str, int, int, Any]]) -> list[tuple[Any, ...]]:
        tracker = Tracker()
        rollups = [tracker.submitted(key, 0.0, part, len(plan)) for key, plan in enumerate(plans) for part in range(1, len(plan) + 1)]
        for kind, key, part, what in order:
            if kind == "response":
                assert tracker.responded(key, part, what) in (*rollups, None)
            else:
                assert tracker.receipt(what, 1.0) in (*rollups, None)
        assert (tracker.parked, tracker.tick(2.0)) == (0, [])
        assert len(tracker) == len({rollup.key for rollup in rollups if not rollup.final or "AMBIGUOUS" in rollup.states})
        return [(rollup.states, rollup.final, rollup.reason, rollup.message_ids) for rollup in rollups]

    assert run(events) == run(data.draw(st.permutations(events)))


steps = st.lists(st.tuples(
    st.sampled_from(["submitted", "ok", "refused", "lost", "receipt", "tick"]), st.integers(0, 6), st.integers(1, 2), st.integers(1, 40),
    st.sampled_from([0.0, 1.0, 5.0])), max_size=60)


@given(steps, st.integers(1, 4), st.integers(1, 4), st.integers(0, 3))
def test_the_caps_hold_and_every_receipt_is_matched_parked_or_told(
        steps: list[tuple[str, int, int, int, float]], limit: int, ids: int, most: int) -> None:
    tracker = Tracker(limit=limit, ids=ids, parked=most, patience=10.0, wait=20.0)
    now, parked, told = 0.0, 0, 0
    for step, key, part, number, later in steps:
        now += later
        before = tracker.parked
        if step == "submitted":
            tracker.submitted(key, now, part, 2)
        elif step == "ok":
            tracker.responded(key, part, ok(str(number)))
        elif step == "refused":
            tracker.responded(key, part, SubmitSmResp(command_status=0x58))
        elif step == "lost":
            tracker.responded(key, part, RequestTimeout(written=True))
        elif step == "receipt":
            parked += tracker.receipt(receipt(f"{number:x}"), now) is None
        else:
            events = tracker.tick(now)
            told += len([event for event in events if isinstance(event, Unmatched)])
            assert len([event for event in events if isinstance(event, Overdue)]) <= tracker.overdue
        assert len(tracker) <= limit and len(tracker.ids) <= ids and tracker.parked <= most
        assert step != "tick" or tracker.deadline() is None or tracker.deadline() > now  # type: ignore[operator]
        assert step not in ("submitted", "refused") or tracker.parked <= before
    told += len([event for event in tracker.tick(now) if isinstance(event, Unmatched)])
    assert told == tracker.unmatched <= parked
    tracker.tick(now + 100.0)
    assert (len(tracker), tracker.parked, tracker._by_word, tracker._doubtful, tracker._unanswered) == (0, 0, {}, {}, 0)


# ---- a message's way

def test_a_response_and_a_receipt_make_a_message_final_and_it_is_followed_no_longer() -> None:
    tracker = Tracker()
    rollup = tracker.submitted("key", 0.0)
    assert (rollup.state, tracker.get("key"), len(tracker)) == ("SUBMITTING", rollup, 1)
    assert tracker.responded("key", 1, ok("7F")) is rollup and rollup.state == "SUBMITTED"
    assert tracker.receipt(receipt("127"), 1.0) is rollup and rollup.state == "DELIVERED"
    assert (len(tracker), tracker.get("key")) == (0, None)
    assert tracker.receipt(receipt("127", MessageState.ENROUTE), 2.0) is rollup and rollup.state == "DELIVERED"
    assert tracker.parked == 0 and tracker.responded("key", 1, ok("7F")) is None


@pytest.mark.parametrize(("response", "state"), [
    (SubmitSmResp(command_status=0x0B), "REJECTED"), (CommandFailed(SubmitSmResp(command_status=0x0B)), "REJECTED"),
    (RequestTimeout(), "REJECTED"), (ok("7"), "SENT"), (ok(None), "SENT"),
])
def test_without_receipts_whatever_comes_back_is_the_end(response: Any, state: str) -> None:
    tracker = Tracker()
    rollup = tracker.submitted("key", 0.0, receipts=False)
    assert tracker.responded("key", 1, response) is rollup
    assert rollup.state == state and len(tracker) == 0


def test_an_ambiguous_message_may_still_be_answered() -> None:
    tracker = Tracker(wait=10.0)
    rollup = tracker.submitted("key", 0.0)
    tracker.responded("key", 1, RequestTimeout(written=True))
    assert (rollup.state, len(tracker)) == ("AMBIGUOUS", 1)
    assert tracker.responded("key", 1, ok("7")) is rollup and tracker.receipt(receipt("7"), 1.0) is rollup
    assert (rollup.state, len(tracker)) == ("DELIVERED", 0)
    lost = tracker.submitted("lost", 0.0)
    tracker.responded("lost", 1, RequestTimeout(written=True))
    assert tracker.tick(10.0) == [] and (lost.state, len(tracker)) == ("AMBIGUOUS", 0)


def test_parts_that_a_peer_gives_one_id_share_its_receipts() -> None:
    tracker = Tracker()
    for part in (1, 2, 3):
        tracker.submitted("key", 0.0, part, 3)
    for part in (1, 2, 3):
        rollup = tracker.responded("key", part, ok("7"))
    assert tracker.receipt(receipt("7"), 1.0) is rollup and rollup is not None and rollup.states == ("DELIVERED",) * 3


def test_the_id_of_the_text_is_taken_where_nothing_has_that_of_the_tlv() -> None:
    tracker = Tracker()
    sent(tracker, "key", "abc-7")
    assert tracker.receipt(receipt("abc-7", tlv="else"), 1.0) is not None


# ---- receipts that come early

def test_a_receipt_before_its_response_is_parked_and_taken_with_it() -> None:
    tracker = Tracker()
    rollup = tracker.submitted("key", 0.0)
    assert tracker.receipt(receipt("00AB", err="001"), 1.0) is None and tracker.parked == 1
    assert tracker.receipt(receipt("00AB", MessageState.ENROUTE), 1.0) is None and tracker.parked == 2
    tracker.responded("key", 1, ok("171"))
    assert (rollup.state, tracker.parked, len(tracker)) == ("DELIVERED", 0, 0)


def test_a_peer_that_sends_receipts_first_is_learned_too() -> None:
    tracker = Tracker()
    open_one = tracker.submitted("open", 0.0)  # never answered, so some id is always open
    for number in range(20):
        tracker.submitted(number, 0.0)
        tracker.receipt(receipt(str(10**9 + number)), 0.0)
        tracker.responded(number, 1, ok(f"{10**9 + number:x}"))
    assert (tracker.ids.radix, tracker.parked, len(tracker)) == ("hex-decimal", 0, 1)
    assert open_one.state == "SUBMITTING"


def test_a_receipt_that_may_be_anothers_waits_until_every_id_is_there() -> None:
    tracker = Tracker()
    hexadecimal = tracker.submitted("10", 0.0)
    decimal = tracker.submitted("16", 0.0)
    tracker.responded("10", 1, ok("10"))
    assert tracker.receipt(receipt("16"), 0.0) is None  # of "16", which is not there yet, or of 0x10
    tracker.responded("16", 1, ok("16"))
    assert tracker.parked == 1 and hexadecimal.state == decimal.state == "SUBMITTED"
    for number in range(1000, 1010):
        sent(tracker, number, f"{number:x}x")
        sent(tracker, -number, f"{number * 77777:x}")
        tracker.receipt(receipt(str(number * 77777)), 1.0)
    assert tracker.ids.radix == "hex-decimal"
    assert (hexadecimal.state, decimal.state, tracker.parked) == ("DELIVERED", "SUBMITTED", 0)


def test_while_ids_are_open_and_nothing_is_known_a_number_waits_for_the_last_response() -> None:
    tracker = Tracker()
    first, last = tracker.submitted("first", 0.0), tracker.submitted("last", 0.0)
    tracker.responded("first", 1, ok("1000000007"))
    assert tracker.receipt(receipt("1000000007"), 0.0) is None and first.state == "SUBMITTED"
    tracker.responded("last", 1, RequestTimeout())
    assert (first.state, last.state, tracker.parked) == ("DELIVERED", "REJECTED", 0)


def test_strangers_receipts_do_not_make_a_known_peer_unknown() -> None:
    tracker = Tracker()
    for number in range(10):
        sent(tracker, number, f"{10**9 + number:x}")
        tracker.receipt(receipt(f"{10**9 + number:x}"), 0.0)
    stranger = receipt(str(10**9))  # as decimal it would be the first message's
    assert tracker.receipt(stranger, 0.0) is None
    for number in range(20, 60):
        sent(tracker, number, f"{10**9 + number:x}")
    assert tracker.ids.radix == "same" and tracker.parked == 1


def test_a_parked_receipt_of_a_stranger_speaks_for_another_radix_once() -> None:
    tracker = Tracker()
    name = f"{10**9:x}"
    for number in range(6):
        sent(tracker, number, f"{10**9 + 1 + number:x}")
        tracker.receipt(receipt(f"{10**9 + 1 + number:x}"), 0.0)
    sent(tracker, "key", name)
    assert tracker.receipt(receipt(str(10**9)), 0.0) is None
    for number in range(100, 130):  # the id is given again and again, and the receipt looked at each time
        sent(tracker, number, name)
    assert (tracker.ids.radix, tracker.parked) == ("same", 1)


# ---- time and caps

def test_a_parked_receipt_is_told_after_its_time_and_when_it_is_pushed_out() -> None:
    tracker = Tracker(parked=2, patience=10.0)
    receipts = [receipt(f"m-{number}") for number in range(3)]
    for now, one in enumerate(receipts):
        assert tracker.receipt(one, float(now)) is None
    assert tracker.parked == 2 and tracker.deadline() == 11.0
    assert tracker.tick(10.9) == [Unmatched(receipts[0], 0.0, "pushed out")]
    assert tracker.tick(11.0) == [Unmatched(receipts[1], 1.0, "expired")]
    assert (tracker.unmatched, tracker.parked) == (2, 1)


def test_a_receipt_without_an_id_is_told_at_once() -> None:
    tracker = Tracker()
    nameless = receipt(None)
    assert tracker.receipt(nameless, 1.0) is None and tracker.parked == 0
    assert tracker.tick(1.0) == [Unmatched(nameless, 1.0, "pushed out")]


def test_a_message_without_its_receipts_is_unknown_after_its_time_and_late_ones_still_count() -> None:
    tracker = Tracker(wait=10.0)
    sent(tracker, "key", "7", 1, 2)
    sent(tracker, "key", "8", 2, 2)
    rollup = tracker.receipt(receipt("7"), 1.0)
    assert rollup is not None and tracker.deadline() == 10.0 and tracker.tick(9.9) == []
    assert tracker.tick(10.0) == [Overdue(rollup)] and rollup.states == ("DELIVERED", "UNKNOWN")
    assert tracker.receipt(receipt("8"), 11.0) is rollup and rollup.state == "DELIVERED"


def test_messages_and_ids_that_make_room_are_told() -> None:
    tracker = Tracker(limit=2)
    rollups = [tracker.submitted(key, 0.0) for key in range(3)]
    assert tracker.tick(0.0) == [PushedOut(rollups[0], "messages")] and tracker.responded(0, 1, ok("7")) is None
    tracker.responded(1, 1, ok("7"))
    tracker.responded(2, 1, ok("7"))
    assert tracker.tick(0.0) == [PushedOut(rollups[1], "repeated")]
    assert ["messages are open" in rollups[0].given_up, "another message" in rollups[1].given_up, rollups[2].given_up] == [True, True, ""]
    assert tracker.receipt(receipt("7"), 0.0) is rollups[2]
    few = Tracker(ids=1)
    older = few.submitted("older", 0.0)
    few.responded("older", 1, ok("1"))
    sent(few, "newer", "2")
    assert few.tick(0.0) == [PushedOut(older, "ids")] and "ids are kept" in older.given_up
    assert few.receipt(receipt("1"), 0.0) is None
    few.receipt(receipt("2"), 0.0)
    sent(few, "newest", "3")
    assert few.tick(0.0) == [] and few.pushed_out == 1  # what is final may go


def test_events_that_nobody_asks_for_do_not_grow() -> None:
    tracker = Tracker(parked=0)
    for number in range(1500):
        tracker.receipt(receipt(f"m-{number}"), 0.0)
    assert tracker.unmatched == 1500 and len(tracker.tick(0.0)) == 1000


def test_a_message_whose_time_is_over_before_it_was_answered_is_given_up() -> None:
    tracker = Tracker(wait=10.0)
    asked, named = tracker.submitted("asked", 0.0), tracker.submitted("named", 0.0)
    tracker.responded("named", 1, ok("1"))
    assert tracker.tick(10.0) == [Overdue(asked), Overdue(named)]
    assert (asked.final, asked.given_up) == (False, "its time is over") and (named.final, named.given_up) == (True, "")
