"""Octets without packets are cut into PDUs and gaps that join without a hole, however they arrive; good PDUs behind rubbish are found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import ANY_FRAME, CLEAN

import smpp_core as smpp
from smswire.cli.frames import SHOWN, read_items
from smswire.cli.item import gap_kind

VENDOR = smpp.Profile.vendor()
LINK = bytes.fromhex("00000010000000150000000000000007")
SUBMIT = bytes(smpp.SubmitSm(source_addr="Infobip", destination_addr="385951111111", short_message=b"Hello", sequence_number=7))
HTTP = b"GET / HTTP/1.1\r\nHost: sms.example\r\n\r\n"


def read(*chunks: bytes, starts=()):
    return list(read_items(chunks, VENDOR, starts))


def pieces(items):
    return [(item.offset, len(item.pdu) if item.pdu is not None else item.length) for item in items]


def cut(octets: bytes, places: list[int]) -> list[bytes]:
    ends = sorted({place % (len(octets) + 1) for place in places} | {len(octets)})
    return [octets[a:b] for a, b in zip([0, *ends], ends) if a < b]


streams = st.lists(st.one_of(ANY_FRAME, st.binary(max_size=40), st.just(HTTP), st.just(LINK)), max_size=6).map(b"".join)


@given(streams, st.lists(st.integers(0, 4000), max_size=8))
def test_every_octet_is_in_one_item_and_none_twice(octets, places):
    items = read(*cut(octets, places))
    at = 0
    for item, (offset, length) in zip(items, pieces(items)):
        assert offset == at and length > 0
        if item.pdu is not None:
            assert bytes(item.pdu) == octets[offset : offset + length]
        else:
            assert item.octets == octets[offset : offset + length][:SHOWN]
        at += length
    assert at == len(octets)


@given(st.lists(CLEAN, min_size=1, max_size=6), st.lists(st.integers(0, 4000), max_size=8))
def test_sound_pdus_come_out_as_they_are_however_the_octets_are_cut(several, places):
    items = read(*cut(b"".join(several), places))
    assert [bytes(item.pdu) if item.pdu is not None else b"" for item in items] == several


@pytest.mark.parametrize(
    "rubbish",
    [HTTP, b"\0", b"\xff" * 1000, bytes.fromhex("0000000800000005000000000000beef"), b"\0" * 300_000],
    ids=["http", "nul", "ff", "length8", "zeros"],
)
def test_pdus_behind_rubbish_are_found(rubbish):
    items = read(LINK + rubbish + SUBMIT + LINK)
    assert [bytes(item.pdu) for item in items if item.pdu is not None] == [LINK, SUBMIT, LINK]
    assert [(gap_kind(item), item.length) for item in items if item.pdu is None] == [("not-a-pdu", len(rubbish))]


@pytest.mark.parametrize("rubbish", [HTTP, b"\xff" * 40], ids=["http", "ff"])
def test_pdus_behind_rubbish_are_found_wherever_the_octets_are_cut(rubbish):
    octets = rubbish + LINK + SUBMIT
    for at in range(1, len(octets)):
        assert pieces(read(octets[:at], octets[at:])) == [(0, len(rubbish)), (len(rubbish), 16), (len(rubbish) + 16, len(SUBMIT))]


def test_rubbish_larger_than_memory_would_like_is_one_gap_with_its_first_octets():
    items = list(read_items((b"\xff" * 100_000 for _ in range(50)), VENDOR))
    assert [(gap_kind(item), item.length, len(item.octets)) for item in items] == [("not-a-pdu", 5_000_000, SHOWN)]


def test_another_protocol_is_named():
    assert "HTTP" in read(HTTP)[0].reason


@pytest.mark.parametrize(
    ("octets", "message"),
    [
        ("0000000800000015", "command_length is 8"),
        ("7fffffff00000005000000000000beef", "command_length is 2147483647"),
        ("01", "1 octet that is no PDU"),
    ],
)
def test_a_length_that_cannot_be_is_said(octets, message):
    (item,) = read(bytes.fromhex(octets))
    assert gap_kind(item) == "not-a-pdu" and message in item.reason


@pytest.mark.parametrize("kept", range(1, 16))
def test_octets_that_end_inside_a_header_are_a_cut_pdu(kept):
    items = read(LINK + SUBMIT[:kept])
    assert [gap_kind(item) for item in items] == ["", "cut-pdu"]
    assert items[1].octets == SUBMIT[:kept]


@pytest.mark.parametrize("kept", range(16, len(SUBMIT)))
def test_a_pdu_that_the_octets_end_in_is_decoded_as_far_as_it_goes(kept):
    items = read(LINK + SUBMIT[:kept])
    assert bytes(items[1].pdu) == SUBMIT[:kept]
    assert items[1].pdu.findings[0].code == "length-mismatch"


def test_a_cut_pdu_does_not_swallow_the_sound_one_behind_it():
    items = read(SUBMIT[:30] + LINK + SUBMIT)
    assert [bytes(item.pdu) for item in items] == [SUBMIT[:30], LINK, SUBMIT]


def test_a_pdu_of_unknown_command_is_a_pdu_where_what_follows_is_sound():
    odd = bytes.fromhex("00000014000007770000000000000001deadbeef")
    items = read(LINK + odd + LINK)
    assert [item.pdu.command for item in items] == ["enquire_link", "unknown", "enquire_link"]
    assert [item.pdu.command for item in read(odd)] == ["unknown"]


def test_a_record_of_the_text_that_begins_a_pdu_ends_the_one_before():
    # Two frames in a row that lack their end: without the records' starts the second would be inside the first.
    short = SUBMIT[:40]
    items = read(short + short + LINK, starts=(0, 40, 80))
    assert [bytes(item.pdu) for item in items] == [short, short, LINK]


def test_pdus_come_before_the_next_octets_are_there():
    seen = []

    def chunks():
        yield LINK + SUBMIT[:20]
        assert seen == [LINK]
        yield SUBMIT[20:]
        assert seen == [LINK, SUBMIT]

    for item in read_items(chunks(), VENDOR):
        seen.append(bytes(item.pdu))
    assert seen == [LINK, SUBMIT]
