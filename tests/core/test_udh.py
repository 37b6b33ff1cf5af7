"""User data headers: any octets come back bit for bit, every element is found, each known one says what it means."""

from __future__ import annotations

import copy
import pickle

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from smpp_core import udh
from smpp_core.errors import EncodeError
from smpp_core.spec.elements import ELEMENTS
from smpp_core.udh import Address, Concat, Element, Hyperlink, MessageIndication, Ports, TextFormatting, UserDataHeader, VoiceMail

elements = st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=30)), max_size=8).filter(
    lambda items: sum(2 + len(data) for _, data in items) <= 255
)


def read(octets: str) -> UserDataHeader:
    header = udh.decode(bytes.fromhex(octets))
    assert header is not None
    return header


def value(octets: str) -> object:
    data = bytes.fromhex(octets)
    (found,) = read(f"{len(data):02x}{octets}").elements
    return found.value


def codes(header: UserDataHeader) -> list[tuple[str, str, int]]:
    return [(finding.code, finding.field, finding.offset) for finding in header.findings]


@given(st.binary(max_size=300))
@example(b"")
@example(b"\x00")
@example(b"\x01\x00")
@example(b"\x02\x00\x01")
@example(b"\xff" + b"\x24\x01" * 127 + b"\x24")
def test_any_octets_give_a_header_that_is_written_back_bit_for_bit_or_none(octets: bytes) -> None:
    header = udh.decode(octets)
    if not octets or octets[0] >= len(octets):
        assert header is None
        return
    assert header is not None
    assert header.octets == bytes(header) == octets[:1 + octets[0]] and header.length == len(header.octets)
    assert udh.encode(header.elements, header.tail) == header.octets
    assert sum(2 + len(element.data) for element in header.elements) + len(header.tail) + 1 == header.length
    for element in header.elements:
        assert header.octets[element.offset] == element.id
        assert element.name == ELEMENTS[element.id].name
    for finding in header.findings:
        assert 1 <= finding.offset < header.length
    assert bool(header.tail) == any(finding.code == "udh-element-overrun" for finding in header.findings)
    assert header.ports is None or isinstance(header.ports, Ports)
    assert 0 <= header.locking <= 255 and 0 <= header.single <= 255
    assert header.concat is None or 1 <= header.concat.part <= header.concat.total
    assert pickle.loads(pickle.dumps(header)) == copy.deepcopy(header) == header


@given(elements, st.binary(max_size=20))
def test_written_elements_are_found_again_in_order_with_repeats(items: list[tuple[int, bytes]], text: bytes) -> None:
    header = udh.decode(udh.encode(items) + text)
    assert header is not None
    assert [(element.id, element.data) for element in header.elements] == items
    assert udh.encode([udh.element(number, data) for number, data in items]) == header.octets
    for element, (number, data) in zip(header.elements, items, strict=True):
        assert element[:4] == udh.element(number, data)[:4]


@given(st.sampled_from((8, 16)), st.data())
def test_a_part_of_a_concatenated_message_comes_back(bits: int, data: st.DataObject) -> None:
    reference = data.draw(st.integers(0, 2 ** bits - 1))
    total = data.draw(st.integers(1, 255))
    part = data.draw(st.integers(1, total))
    header = udh.decode(udh.encode([udh.concat(reference, total, part, bits)]) + b"text")
    assert header is not None and header.concat == Concat(reference, total, part, bits) and not header.findings


@pytest.mark.parametrize(("octets", "wanted"), [
    ("0003cc0201", Concat(0xCC, 2, 1, 8)),
    ("080412340201", Concat(0x1234, 2, 1, 16)),
    ("01020003", MessageIndication("voicemail", 3, False, 1)),
    ("0102a102", MessageIndication("fax", 2, True, 2)),
    ("010202ff", MessageIndication("email", 255, False, 1)),
    ("01020700", MessageIndication("video", 0, False, 1)),
    ("0102e301", MessageIndication("other", 1, True, 4)),
    ("01020f01", MessageIndication("other", 1, False, 1)),
    ("0402f0f1", Ports(0xF0, 0xF1, 8)),
    ("05040b8423f0", Ports(2948, 9200, 16)),
    ("06010f", 0x0F),
    ("070101", 1),
    ("0901aa", b"\xaa"),
    ("0a03000510", TextFormatting(0, 5, 0x10, None)),
    ("0a0400051021", TextFormatting(0, 5, 0x10, 0x21)),
    ("0a020005", b"\0\5"),
    ("130102", 2),
    ("200105", 5),
    ("21040102030a", Hyperlink(0x0102, 3, 10)),
    ("22060791836142f9", Address(1, 1, "3816249")),
    ("22070a91836142f9ff", Address(1, 1, "3816249")),
    ("220407918361", bytes.fromhex("07918361")),
    ("2200", b""),
    ("240106", 6),
    ("25010d", 13),
    ("700111", b"\x11"),
    ("ff00", b""),
])
def test_known_elements_say_what_they_mean(octets: str, wanted: object) -> None:
    assert value(octets) == wanted


def test_a_reply_address_may_be_alphanumeric() -> None:
    assert value("22070ad0e8329bfd06") == Address(5, 0, "hello")


def test_enhanced_voice_mail_gives_its_front_and_keeps_the_rest() -> None:
    mailbox = Address(1, 1, "1234")
    assert value("230a34049121430502aabbcc") == VoiceMail("notification", True, True, False, 2, mailbox, 5, 2, b"\xaa\xbb\xcc")
    assert value("2306410291210000") == VoiceMail("deletion", False, False, True, 1, Address(1, 1, "12"), 0, 0, b"")
    assert value("23024102") == b"\x41\x02"
    assert value("2300") == b""


def test_every_identifier_has_a_name() -> None:
    assert sorted(ELEMENTS) == list(range(256))
    assert all(row.id == number and row.name and row.section.startswith("3GPP TS 23.040 9.2.3.24") for number, row in ELEMENTS.items())
    assert [ELEMENTS[number].name for number in (0x02, 0x1B, 0x26, 0x6F, 0x70, 0x80, 0xA0, 0xC0, 0xE0)] == [
        "reserved", "reserved_ems", "reserved", "reserved", "sim_toolkit_security", "sme_specific", "reserved", "smsc_specific", "reserved",
    ]


def test_elements_stand_in_any_order_and_the_last_counts() -> None:
    header = read("1e" + "2401010804123402010003cc0502" + "04020102" + "05040b8423f0" + "250104" + "240102")
    assert header.concat == Concat(0xCC, 5, 2, 8)
    assert header.ports == Ports(2948, 9200, 16)
    assert (header.locking, header.single) == (4, 2)
    assert [element.name for element in header.elements] == [
        "single_shift", "concat_16bit", "concat_8bit", "ports_8bit", "ports_16bit", "locking_shift", "single_shift",
    ]


def test_an_impossible_part_is_noted_and_does_not_count() -> None:
    for part in ("0300", "0304", "0000", "0001"):
        header = read(f"050003cc{part}")
        assert codes(header) == [("udh-part", "concat_8bit", 1)] and header.concat is None
    header = read("0a0003cc02010003dd0203")
    assert header.concat == Concat(0xCC, 2, 1, 8)


def test_an_element_of_another_length_is_noted_and_read_by_its_front_if_it_is_longer() -> None:
    header = read("060004cc020177")
    assert codes(header) == [("udh-element-length", "concat_8bit", 1)] and header.concat == Concat(0xCC, 2, 1, 8)
    header = read("040002cc02")
    assert codes(header) == [("udh-element-length", "concat_8bit", 1)] and header.concat is None
    assert header.elements[0].value == b"\xcc\x02"
    assert read("032500ff").locking == 0
    assert read("022400").single == 0


@pytest.mark.parametrize(("octets", "offset"), [("060003cc020124", 6), ("080003cc02012402ff", 6), ("0205ff", 1), ("0124", 1)])
def test_an_element_beyond_the_header_ends_the_reading(octets: str, offset: int) -> None:
    header = read(octets)
    assert [(code, at) for code, _, at in codes(header)] == [("udh-element-overrun", offset)]
    assert header.tail == bytes.fromhex(octets)[offset:]


def test_numbers_that_cannot_be_written_are_refused() -> None:
    for make in (
        lambda: udh.concat(256, 2, 1), lambda: udh.concat(0, 256, 1), lambda: udh.concat(0, 2, 3), lambda: udh.concat(0, 2, 0),
        lambda: udh.concat(65536, 2, 1, 16), lambda: udh.concat(0, 2, 1, 7), lambda: udh.ports(256, 0, 8), lambda: udh.ports(0, 65536),
        lambda: udh.ports(-1, 0), lambda: udh.element(256, b""), lambda: udh.element(1, bytes(256)), lambda: udh.locking_shift(256),
        lambda: udh.single_shift(-1), lambda: udh.encode([(0, bytes(200)), (0, bytes(54))]), lambda: udh.encode([], bytes(256)),
        lambda: udh.encode([(-1, b"")]),
    ):
        with pytest.raises(EncodeError) as caught:
            make()
        assert caught.value.field == "udh"


def test_elements_are_made_by_what_they_mean() -> None:
    made = [udh.concat(0x1234, 2, 1, 16), udh.ports(2948, 9200), udh.ports(1, 2, 8), udh.locking_shift(3), udh.single_shift(4)]
    assert udh.encode(made).hex() == "16" + "080412340201" + "05040b8423f0" + "04020102" + "250103" + "240104"
    assert made[0] == Element(8, "concat_16bit", bytes.fromhex("12340201"), Concat(0x1234, 2, 1, 16))
