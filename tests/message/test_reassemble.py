"""Reassembly: whatever the order, each message comes out once and every PDU that went in comes out; the caps hold always."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp_core import DataSm, DeliverSm, Pdu, SubmitSm, udh
from smswire.message.compose import compose
from smswire.message.message import Message
from smswire.message.reassemble import Complete, Dropped, Duplicate, Event, Expired, Held, Reassembler

KINDS = ("udh8", "udh16", "sar")


def part(number: int, total: int, text: str = "", kind: str = "udh8", reference: int = 7, sequence: int = 1, **fields: Any) -> Pdu:
    octets = text.encode() or f"{reference}.{number}/{total} ".encode()
    fields = {"source_addr": "38591", "destination_addr": "1234", **fields}
    if kind == "sar":
        tlvs = [("sar_msg_ref_num", reference), ("sar_total_segments", total), ("sar_segment_seqnum", number)]
        return DeliverSm(sequence_number=sequence, short_message=octets, tlvs=tlvs, **fields)
    data = reference.to_bytes(1 if kind == "udh8" else 2, "big") + bytes((total, number))
    header = udh.encode([(0 if kind == "udh8" else 8, data)])
    return DeliverSm(sequence_number=sequence, esm_class=0x40, short_message=header + octets, **fields)


def parts(total: int, kind: str = "udh8", reference: int = 7, **fields: Any) -> list[Pdu]:
    return [part(number, total, kind=kind, reference=reference, **fields) for number in range(1, total + 1)]


def fed(reassembler: Reassembler, pdus: list[Pdu], now: float = 0.0, peer: str = "") -> list[Event]:
    return [event for pdu in pdus for event in reassembler.add(pdu, now, peer)]


def completed(events: list[Event]) -> list[str | None]:
    return [event.message.text for event in events if isinstance(event, Complete)]


def told(events: list[Event]) -> list[bytes]:
    """Each PDU that came out: whole, given up, or as a duplicate."""
    found = []
    for event in events:
        if isinstance(event, Complete | Expired | Dropped):
            found += [bytes(pdu) for pdu in event.pdus]
        elif isinstance(event, Duplicate):
            found.append(bytes(event.pdu))
    return sorted(found)


# ---- properties

messages = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 3), st.integers(1, 5)), min_size=1, max_size=5, unique=True)


@given(messages, st.data())
def test_any_shuffle_with_duplicates_gives_each_message_once(kinds: list[tuple[str, int, int]], data: st.DataObject) -> None:
    sent = [parts(total, kind, reference) for kind, reference, total in kinds]
    whole = [pdu for message in sent for pdu in message]
    again = [pdu for pdu in data.draw(st.lists(st.sampled_from(whole), max_size=8)) if b"1/1" not in bytes(pdu)]
    order = data.draw(st.permutations([*whole, *again]))
    reassembler = Reassembler()
    events: list[Event] = []
    for now, pdu in enumerate(order):
        events += reassembler.add(pdu.with_sequence(now + 1), float(now))
    expected = ["".join(f"{reference}.{n}/{total} " for n in range(1, total + 1)) for _, reference, total in kinds]
    assert sorted(filter(None, completed(events))) == sorted(expected)
    assert len([event for event in events if isinstance(event, Duplicate)]) == len(again)
    assert len(told(events)) == len(order) and (len(reassembler), reassembler.deadline()) == (0, None)
    assert reassembler.tick(len(order) + reassembler.timeout) == [] and reassembler.octets == 0


@given(st.text(st.one_of(st.sampled_from("ab €{[Žш🌂"), st.characters(exclude_categories=["Cs"])), min_size=1, max_size=400).filter(
    lambda text: not text.startswith("\ufeff")), st.sampled_from(["udh8", "udh16", "sar"]), st.data())
def test_what_is_composed_comes_together_once_in_any_order(text: str, concatenation: Any, data: st.DataObject) -> None:
    pdus = compose(Message.make("385951111111", text, sender="Infobip", concatenation=concatenation)).pdus()
    again = data.draw(st.lists(st.sampled_from(pdus), max_size=4)) if len(pdus) > 1 else []
    reassembler = Reassembler()
    events = fed(reassembler, data.draw(st.permutations([*pdus, *again])))
    assert completed(events) == [text] and len(told(events)) == len(pdus) + len(again) and len(reassembler) == 0


anything = st.builds(
    part, st.integers(0, 6), st.integers(0, 5), st.sampled_from(["", "a", "b"]), st.sampled_from(KINDS), st.integers(0, 2),
    source_addr=st.sampled_from(["1", "2"]))


@given(st.lists(st.tuples(anything, st.sampled_from([0.0, 0.0, 1.0, 7.0]), st.sampled_from(["", "peer"])), max_size=40),
       st.integers(0, 3), st.integers(0, 2000))
def test_the_caps_hold_and_every_pdu_that_goes_in_comes_out_once_or_again_after_it_was_a_duplicate(
        steps: list[tuple[Pdu, float, str]], most: int, octets: int) -> None:
    reassembler = Reassembler(max_messages=most, max_octets=octets, timeout=10.0)
    now = 0.0
    events: list[Event] = []
    for sequence, (pdu, later, peer) in enumerate(steps, 1):
        now += later
        events += reassembler.add(pdu.with_sequence(sequence), now, peer)
        assert len(reassembler) <= most and reassembler.octets <= octets
        assert reassembler.deadline() is None or now < reassembler.deadline() <= now + 10.0  # type: ignore[operator]
    events += reassembler.close()
    found, duplicates = Counter(told(events)), {bytes(event.pdu) for event in events if isinstance(event, Duplicate)}
    assert sorted(found) == sorted(bytes(pdu.with_sequence(n)) for n, (pdu, _, _) in enumerate(steps, 1))
    assert all(times == 1 or times == 2 and pdu in duplicates for pdu, times in found.items())
    assert (len(reassembler), reassembler.octets) == (0, 0)
    for event in events:
        if isinstance(event, Expired | Dropped):
            assert event.missing and event.pdus


# ---- joining

@pytest.mark.parametrize("pdu", [
    SubmitSm(short_message=b"hi"), DataSm(tlvs=[("message_payload", b"hi")]), part(1, 1, "hi"), part(1, 1, "hi", "sar"), part(1, 0, "hi"),
    part(0, 2, "hi"), part(3, 2, "hi"), part(3, 2, "hi", "sar"), part(0, 2, "hi", "sar"), part(1, 0, "hi", "sar"),
    DeliverSm(short_message=b"hi", tlvs=[("sar_msg_ref_num", 7), ("sar_total_segments", 2)]),
    DeliverSm(short_message=b"hi", tlvs=[(0x020C, b""), ("sar_total_segments", 2), ("sar_segment_seqnum", 1)]),
], ids=repr)
def test_what_is_no_concatenation_is_complete_at_once(pdu: Pdu) -> None:
    events = Reassembler().add(pdu, 0.0)
    assert completed(events) == ["hi"] and events[0].pdus == (pdu,)  # type: ignore[union-attr]


def test_a_header_that_cannot_be_read_makes_no_part() -> None:
    for octets in (b"", b"\x20hi", b"\x05\x00\x03\x07"):
        assert len(Reassembler().add(DeliverSm(esm_class=0x40, short_message=octets), 0.0)) == 1


def test_kinds_references_totals_addresses_and_peers_keep_messages_apart() -> None:
    reassembler = Reassembler()
    first = [part(1, 2), part(1, 3), part(1, 2, kind="udh16"), part(1, 2, kind="sar"), part(1, 2, reference=8),
             part(1, 2, source_addr="other"), part(1, 2, destination_addr="other")]
    assert [type(event) for event in fed(reassembler, first)] == [Held] * len(first)
    assert isinstance(reassembler.add(part(1, 2), 0.0, "elsewhere")[0], Held)
    assert completed(reassembler.add(part(2, 2), 0.0, "elsewhere")) == ["7.1/2 7.2/2 "]
    assert len(reassembler) == len(first)


def test_a_header_goes_before_sar_tlvs_and_a_payload_is_read() -> None:
    both = [part(n, 2).replace(sar_msg_ref_num=n, sar_total_segments=2, sar_segment_seqnum=1) for n in (2, 1)]
    assert completed(fed(Reassembler(), both)) == ["7.1/2 7.2/2 "]
    in_payload = [DataSm(esm_class=0x40, tlvs=[("message_payload", udh.encode([udh.concat(300, 2, n, 16)]) + b"x")]) for n in (1, 2)]
    assert completed(fed(Reassembler(), in_payload)) == ["xx"]


def test_held_says_how_many_parts_there_are() -> None:
    reassembler = Reassembler()
    assert [(event.have, event.total) for event in fed(reassembler, parts(4)[:3]) if isinstance(event, Held)] == [(1, 4), (2, 4), (3, 4)]


def test_a_reference_used_again_for_another_text_is_another_message() -> None:
    reassembler = Reassembler()
    second = [part(1, 2, "new "), part(2, 2, "one")]
    assert completed(fed(reassembler, [*parts(2), *second])) == ["7.1/2 7.2/2 ", "new one"]
    assert completed(fed(reassembler, parts(2), 1.0)) == ["7.1/2 7.2/2 "]  # the last one is remembered, not those before it


texts = st.lists(st.sampled_from(["Dear customer, ", "regards", "a", "b"]), min_size=2, max_size=4)


@given(texts, texts)
def test_a_reference_used_again_at_once_loses_neither_message_whatever_parts_they_share(first: list[str], second: list[str]) -> None:
    reassembler = Reassembler()
    for text in (first, second):
        events = fed(reassembler, [part(number, len(text), word) for number, word in enumerate(text, 1)], 5.0)
        assert completed(events) == (["".join(text)] if text is first or first != second else [])


@pytest.mark.parametrize("order", [(1, 2, 3), (2, 1, 3), (3, 1, 2), (3, 2, 1), (2, 3, 1)])
def test_parts_that_two_messages_share_are_the_newer_ones_when_it_turns_out(order: tuple[int, ...]) -> None:
    reassembler = Reassembler()
    new = {1: part(1, 3, "Hi ", sequence=4), 2: part(2, 3, "you ", sequence=5), 3: part(3, 3, "there", sequence=6)}
    fed(reassembler, [part(1, 3, "Hi "), part(2, 3, "you "), part(3, 3, "all")])
    events = fed(reassembler, [new[number] for number in order], 5.0)
    lost = order == (2, 3, 1)  # nothing tells this from a part that was repeated
    assert completed(events) == ([] if lost else ["Hi you there"])
    if not lost:
        assert events[-1].pdus == tuple(new.values())  # type: ignore[union-attr]


def test_single_parts_that_are_repeated_are_not_joined_to_the_next_message() -> None:
    reassembler = Reassembler()
    fed(reassembler, [part(1, 2, "old "), part(2, 2, "end")])
    assert [type(event) for event in fed(reassembler, [part(2, 2, "end")], 1.0)] == [Duplicate]
    assert completed(fed(reassembler, [part(1, 2, "new "), part(2, 2, "message")], 2.0)) == ["new message"]
    fed(reassembler, [part(1, 2, "new "), part(2, 2, "message")], 3.0)  # all of it came again: that is over
    assert [type(event) for event in fed(reassembler, [part(2, 2, "other")], 4.0)] == [Held]


def test_duplicates_count_in_the_cap_and_are_forgotten_first() -> None:
    size = len(part(1, 3, "a")) + 256
    reassembler = Reassembler(max_octets=3 * size)
    fed(reassembler, [part(1, 3, "a"), part(2, 3, "b"), part(3, 3, "c")])
    for number, word in ((1, "a"), (2, "b"), (1, "a")):
        reassembler.add(part(number, 3, word), 1.0)
    assert reassembler.octets == 2 * size
    others = fed(reassembler, [part(1, 3, "x", reference=number) for number in (8, 9)], 2.0)
    assert [type(event) for event in others] == [Held, Held] and reassembler.octets == 2 * size
    assert isinstance(reassembler.add(part(1, 3, "a"), 3.0)[0], Duplicate) and reassembler.octets == 3 * size
    assert reassembler.close() and reassembler.octets == 0


def test_the_same_message_counts_again_once_its_time_is_over() -> None:
    reassembler = Reassembler(timeout=10.0)
    assert len(completed(fed(reassembler, parts(2), 0.0))) == 1
    assert [type(event) for event in fed(reassembler, parts(2), 9.9)] == [Duplicate, Duplicate]
    assert len(completed(fed(reassembler, parts(2), 10.0))) == 1


def test_of_two_texts_under_one_number_the_newer_wins_and_what_was_held_is_told() -> None:
    reassembler = Reassembler()
    old = parts(3)
    fed(reassembler, old[:2])
    events = reassembler.add(part(2, 3, "b"), 0.0)
    assert events == [Dropped(tuple(old[:2]), (3,), "replaced"), Held(part(2, 3, "b"), 1, 3)]
    assert completed(fed(reassembler, [part(3, 3, "c"), part(1, 3, "a")])) == ["abc"]
    other_coding = part(1, 2, data_coding=3)
    assert [type(event) for event in fed(reassembler, [part(1, 2), other_coding])] == [Held, Dropped, Held]


# ---- caps and time

def test_time_runs_from_the_last_new_part_and_what_times_out_says_what_was_missing() -> None:
    reassembler = Reassembler(timeout=10.0)
    waiting = parts(4)
    reassembler.add(waiting[3], 0.0)
    reassembler.add(waiting[1], 8.0)
    reassembler.add(waiting[1], 17.0)  # not new
    assert reassembler.tick(17.9) == [] and reassembler.deadline() == 18.0
    assert reassembler.tick(18.0) == [Expired((waiting[1], waiting[3]), (1, 3))]
    late = reassembler.add(waiting[0], 18.1)
    assert [type(event) for event in late] == [Held] and len(reassembler) == 1
    single = reassembler.add(DeliverSm(short_message=b"x"), 100.0)
    assert [type(event) for event in single] == [Expired, Complete]


def test_255_single_parts_push_out_the_oldest_and_hold_no_more_than_the_cap() -> None:
    reassembler = Reassembler(max_messages=10)
    flood = [part(1, 255, reference=reference) for reference in range(255)]
    dropped = [event for event in fed(reassembler, flood) if isinstance(event, Dropped)]
    assert [event.pdus[0] for event in dropped] == flood[:245]
    assert {event.reason for event in dropped} == {"messages"} and len(reassembler) == 10


def test_octets_count_the_object_too_and_a_part_over_the_cap_does_not_stay() -> None:
    pdu = part(1, 2)
    size = len(pdu) + 256
    reassembler = Reassembler(max_octets=2 * size)
    events = fed(reassembler, [part(1, 2, reference=n) for n in (1, 2, 3)])
    assert [(event.reason, event.pdus[0]) for event in events if isinstance(event, Dropped)] == [("octets", part(1, 2, reference=1))]
    assert reassembler.octets == 2 * size
    assert [type(event) for event in Reassembler(max_octets=size - 1).add(pdu, 0.0)] == [Held, Dropped]


def test_messages_of_one_part_are_never_duplicates_and_after_closing_nothing_is_remembered() -> None:
    reassembler = Reassembler()
    for kind in KINDS:
        assert len(completed(fed(reassembler, [part(1, 1, "x", kind)] * 2))) == 2
    fed(reassembler, [*parts(2), part(1, 3)])
    assert reassembler.close() == [Dropped((part(1, 3),), (2, 3), "closed")]
    assert len(completed(fed(reassembler, parts(2)))) == 1


def test_what_is_remembered_of_completed_messages_is_bounded() -> None:
    reassembler = Reassembler(max_messages=3)
    for reference in range(5):
        fed(reassembler, parts(2, reference=reference))
    assert isinstance(reassembler.add(part(1, 2, reference=4), 0.0)[0], Duplicate)
    assert isinstance(reassembler.add(part(1, 2, reference=0), 0.0)[0], Held)
