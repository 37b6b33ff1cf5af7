"""A received message: what its parts' octets say together is what was sent, also where a sender cut them badly."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp_core import DataSm, DeliverSm, Pdu, Profile, SubmitMulti, decode, decode_text, encode_text, gsm7, udh
from smswire.message.address import Address
from smswire.message.received import Received

PACKED = Profile.vendor().with_options(default_alphabet="gsm7-packed")
characters = st.sampled_from([*gsm7.decode(bytes(range(0x1B))), *"[]{}~^|€\\", *"abc"])
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40).filter(lambda text: not text.startswith("\ufeff"))


def part(octets: bytes, number: int = 1, total: int = 1, *, coding: int = 0, elements: Any = (), bits: int = 8, **fields: Any) -> Pdu:
    header = [*elements, udh.concat(7, total, number, bits)] if total > 1 else [*elements]
    if header:
        octets = udh.encode(header) + octets
        fields["esm_class"] = fields.get("esm_class", 0) | 0x40
    return DeliverSm(source_addr="38591", source_addr_ton=1, destination_addr="1234", data_coding=coding, short_message=octets, **fields)


def cut(octets: bytes, places: list[int]) -> list[bytes]:
    ends = sorted({min(place, len(octets)) for place in places} | {0, len(octets)})
    return [octets[start:end] for start, end in zip(ends, ends[1:], strict=False)] or [b""]


def of_pieces(pieces: list[bytes], **options: Any) -> Received:
    return Received.of([part(piece, number, len(pieces), **options) for number, piece in enumerate(pieces, 1)])


# ---- properties

@given(st.lists(characters, max_size=60).map("".join), st.lists(st.integers(0, 80), max_size=4))
def test_a_gsm_text_is_whole_wherever_its_septets_were_cut(text: str, places: list[int]) -> None:
    assert of_pieces(cut(gsm7.encode(text), places)).text == text


@given(st.lists(characters, max_size=60).map("".join), st.lists(st.integers(0, 80), max_size=3), st.sampled_from([8, 16]))
def test_a_packed_text_is_whole_wherever_its_septets_were_cut(text: str, places: list[int], bits: int) -> None:
    pieces = cut(gsm7.encode(text), places)
    header = 0 if len(pieces) == 1 else 6 if bits == 8 else 7
    fill = (7 - 8 * header % 7) % 7
    pdus = [part(gsm7.pack(piece, fill), number, len(pieces), bits=bits) for number, piece in enumerate(pieces, 1)]
    texts = [decode_text(pdu, PACKED).text for pdu in pdus]
    message = Received.of(pdus, PACKED)
    if all(piece[-1:] not in (b"\x1b", b"\0") for piece in pieces):
        assert message.text == "".join(texts)  # type: ignore[arg-type]
    # An @ at the end cannot be told from padding, nor can the padding behind an escape at the end of the text.
    if all(piece[-1:] != b"\0" for piece in pieces) and pieces[-1][-1:] != b"\x1b":
        assert message.text == text


@given(texts, st.lists(st.integers(0, 100), max_size=4))
def test_a_ucs_2_text_is_whole_wherever_its_octets_were_cut(text: str, places: list[int]) -> None:
    pieces = cut(encode_text(text, "ucs2"), places)
    # A piece that begins with FE FF or FF FE by chance is one with a byte order mark.
    if not any(piece[:2] in (b"\xfe\xff", b"\xff\xfe") for piece in pieces):
        assert of_pieces(pieces, coding=8).text == text


@given(st.lists(st.tuples(st.sampled_from([0, 1, 3, 4, 8, 0x10, 0xF5, 5, 14, 0xC0, 0xB0]), st.binary(max_size=30)), min_size=1, max_size=4))
def test_any_octets_give_a_text_or_octets(parts: list[tuple[int, bytes]]) -> None:
    pdus = [part(octets, number, len(parts), coding=coding) for number, (coding, octets) in enumerate(parts, 1)]
    message = Received.of(pdus)
    assert (message.text is None) != (message.binary is None)
    assert message.pdus == tuple(pdus) and message.parts == len(pdus)
    if message.binary is not None:
        assert message.binary == b"".join(octets for _, octets in parts)


@given(st.binary(max_size=60), st.sampled_from([0, 4, 8, 0x10]), st.sampled_from([0, 0x40]))
def test_a_message_of_one_part_reads_as_its_pdu_does(octets: bytes, coding: int, esm_class: int) -> None:
    pdu = DeliverSm(short_message=octets, data_coding=coding, esm_class=esm_class)
    message, text = Received.of([pdu]), decode_text(pdu)
    assert (message.text, message.binary) == ((text.text, None) if text.text is not None else (None, text.octets))


@given(st.binary(min_size=16, max_size=120), st.sampled_from([4, 5, 0x103, 0x21, 0x80000004, 0x999]))
def test_a_broken_pdu_is_read_as_far_as_it_reaches(octets: bytes, command_id: int) -> None:
    pdu = decode(octets[:4] + command_id.to_bytes(4, "big") + octets[8:], strict=False)
    assert Received.of([pdu, pdu]).parts == 2


# ---- what a message has

def test_a_message_has_addresses_and_what_the_first_part_says() -> None:
    elements = [udh.ports(2948, 9200), udh.single_shift(1)]
    message = Received.of([part(b"a", 1, 2, elements=elements), part(b"b", 2, 2, elements=elements)])
    assert (message.sender, message.to) == (Address("38591", 1, 0), Address("1234", 0, 0))
    assert (message.text, message.ports, message.udh) == ("ab", (2948, 9200), udh.encode(elements))
    assert not message.flash and message.data_coding == 0
    assert Received.of([part(b"x", coding=0x10)]).flash
    assert Received.of([part(b"x")]).udh == b"" == Received.of([part(b"x", 1, 2)]).udh


def test_ports_may_stand_in_tlvs() -> None:
    assert Received.of([part(b"x", tlvs=[("destination_port", 2948), ("source_port", 9200)])]).ports == (2948, 9200)
    assert Received.of([part(b"x", tlvs=[("destination_port", 2948)])]).ports is None


def test_a_header_keeps_what_no_element_can_be_read_from() -> None:
    pdu = DeliverSm(esm_class=0x40, short_message=b"\x08\x00\x03\x07\x02\x01\x24\x05\x01hi")
    assert Received.of([pdu]).udh == b"\x03\x24\x05\x01"
    overrun = DeliverSm(esm_class=0x40, short_message=b"\x30hi")
    assert (Received.of([overrun]).udh, Received.of([overrun]).text) == (b"", "0hi")


def test_parts_may_differ_in_their_alphabet() -> None:
    pdus = [part(b"\x1b", 1, 4), part(b"e", 2, 4), part("Žuti".encode("utf-16-be"), 3, 4, coding=8), part(b"!", 4, 4, coding=3)]
    assert Received.of(pdus).text == "€Žuti!"
    assert Received.of([*pdus[:3], part(b"\1\2", 4, 4, coding=4)]).binary == b"\x1be" + "Žuti".encode("utf-16-be") + b"\1\2"


def test_an_escape_is_not_joined_to_a_letter_of_another_table() -> None:
    turkish = [udh.single_shift(1)]
    assert Received.of([part(b"\x1b", 1, 2), part(b"i", 2, 2, elements=turkish)]).text == "\xa0i"
    assert Received.of([part(b"\x1b", 1, 2, elements=turkish), part(b"i", 2, 2, elements=turkish)]).text == "ı"


@pytest.mark.parametrize(("pieces", "text"), [
    ([b"\xd8\x3c", b"\xdf\x02"], "\U0001f302"),                                  # a surrogate pair cut in two
    ([b"\x00A\x01", b"\x7d\x00B"], "A\u017dB"),                   # a character cut in two, as 133 octets do
    ([b"\xfe\xff\x00A", b"\xfe\xff\x00B"], "AB"),                                # a byte order mark in each part
    ([b"\xff\xfeA\x00", b"B\x00"], "AB"),                                        # little-endian, as the first part says
    ([b"\x00A\x00", b"\x00B"], "AB"),                                            # a stray octet: odd in all
    ([b"\xd8\x3c", b"\x00A"], "\ud83cA"),                                        # half a pair stays what it is
])
def test_units_cut_or_marked_badly_are_read(pieces: list[bytes], text: str) -> None:
    assert of_pieces(pieces, coding=8).text == text


def test_a_character_of_two_octets_is_whole_across_parts() -> None:
    octets = "日本".encode("shift_jis")
    assert of_pieces([octets[:1], octets[1:]], coding=5).text == "日本"
    assert of_pieces([octets, b"\xff\xff"], coding=5).text is not None


def test_the_bits_that_fill_a_packed_part_are_no_letter_unless_an_escape_at_the_end_needs_one() -> None:
    pdus = [part(gsm7.pack(b"abcdefgh", 1), 1, 2), part(gsm7.pack(b"i", 1), 2, 2)]  # seven bits are left over
    assert Received.of(pdus, PACKED).text == "abcdefghi"
    assert Received.of([part(gsm7.pack(b"abcdefg\x1b", 1), 1, 2), part(gsm7.pack(b"e", 1), 2, 2)], PACKED).text == "abcdefg€"
    last = Received.of([part(gsm7.pack(b"x", 1), 1, 2), part(gsm7.pack(b"abcdefg\x1b", 1), 2, 2)], PACKED)
    assert last.text == "x" + (decode_text(last.pdus[1], PACKED).text or "")


def test_a_payload_and_a_message_without_text_are_read() -> None:
    assert Received.of([DataSm(source_addr="1", tlvs=[("message_payload", b"hi")])]).text == "hi"
    assert Received.of([DataSm(source_addr="1")]).text == ""
    assert Received.of([SubmitMulti(short_message=b"hi")]).to == Address("")
    with pytest.raises(ValueError):
        Received.of([])
