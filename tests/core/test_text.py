"""The text of a PDU: whatever its octets a Text comes out, every finding points at its octet, what encode_text writes is read again."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from smpp_core import DataSm, EnquireLink, Pdu, Profile, ReplaceSm, SubmitSm, decode, gsm7, udh
from smpp_core.errors import EncodeError
from smpp_core.spec.alphabets import LOCKING, SINGLE
from smpp_core.spec.data_codings import gsm_group
from smpp_core.spec.findings import FINDINGS
from smpp_core.text import Text, decode_text, encode_text

VENDOR = Profile.vendor()
STANDARD = Profile.standard()
PACKED = VENDOR.with_options(default_alphabet="gsm7-packed")
LATIN1 = VENDOR.with_options(default_alphabet="latin1")
ASCII = VENDOR.with_options(default_alphabet="ascii")
PROFILES = (VENDOR, STANDARD, PACKED, LATIN1, ASCII)

octets = st.binary(max_size=254)
codings = st.integers(0, 255)


def carrier(data: bytes, *, data_coding: int = 0, esm_class: int = 0, payload: bool = False) -> Pdu:
    if payload:
        return DataSm(destination_addr="1", data_coding=data_coding, esm_class=esm_class, tlvs=[("message_payload", data)])
    return SubmitSm(destination_addr="1", data_coding=data_coding, esm_class=esm_class, short_message=data)


def read(data: bytes, *, profile: Profile = STANDARD, **fields: Any) -> Text:
    return decode_text(carrier(data, **fields), profile)


def wire(text: str) -> Text:
    return decode_text(decode(bytes.fromhex(text), strict=False))


def codes(text: Text) -> list[tuple[str, str, int]]:
    return [(finding.severity, finding.code, finding.offset) for finding in text.findings]


# ---- totality


@given(octets, codings, st.integers(0, 255), st.sampled_from(PROFILES), st.booleans())
@example(b"", 0, 0x40, STANDARD, False)
@example(b"", 8, 0x40, STANDARD, True)
@example(b"\0", 8, 0x40, STANDARD, True)
@example(b"\xfe\xff\xd8", 8, 0, STANDARD, False)
@example(b"\x06\x05\x04\x0b\x84\x23\xf0" + b"\x1b" * 8, 0, 0x40, PACKED, False)
def test_any_user_data_give_a_text_and_findings_that_point_into_it(
    data: bytes, data_coding: int, esm_class: int, profile: Profile, payload: bool,
) -> None:
    pdu = carrier(data, data_coding=data_coding, esm_class=esm_class, payload=payload)
    text = decode_text(pdu, profile)
    assert text.source == ("message_payload" if payload else "short_message")
    header = text.udh.octets if text.udh is not None else b""
    assert header + text.octets == data
    assert text.offset is not None and bytes(pdu)[text.offset:] == data
    assert (text.text is None) == (text.alphabet in ("binary", "unknown") or text.compressed)
    assert text.flash == (text.message_class == 0)
    assert (text.udh is None) == (not esm_class & 0x40 or not data or data[0] >= len(data))
    for finding in text.findings:
        assert finding.code in FINDINGS and finding.severity in ("warning", "note")
        if finding.field != "data_coding":
            assert text.offset <= finding.offset < text.offset + len(data)
    assert len({(finding.code, finding.offset) for finding in text.findings}) == len(text.findings)
    copied = pickle.loads(pickle.dumps(text))
    assert (copied.text, copied.udh, copied.findings, copied.offset) == (text.text, text.udh, text.findings, text.offset)
    assert repr(text)


@given(st.binary(max_size=300))
def test_any_frame_gives_a_text(data: bytes) -> None:
    for command_id in (0x04, 0x05, 0x07, 0x15, 0x21, 0x103, 0x80000004, 0x0999):
        frame = (16 + len(data)).to_bytes(4, "big") + command_id.to_bytes(4, "big") + bytes(8) + data
        text = decode_text(decode(frame, strict=False))
        header = text.udh.octets if text.udh is not None else b""
        assert (text.offset is None) == (text.source == "")
        assert text.offset is None or frame[text.offset:].startswith(header + text.octets)


def test_the_offset_is_that_of_the_user_data() -> None:
    pdu: Pdu = SubmitSm(destination_addr="1", short_message=b"\x03\x24\x01\x01text", esm_class=0x40)
    text = decode_text(pdu)
    assert bytes(pdu)[text.offset:] == b"\x03\x24\x01\x01text" and text.octets == b"text"
    pdu = DataSm(destination_addr="1", tlvs=[("source_port", 1), ("message_payload", b"text")])
    text = decode_text(pdu)
    assert bytes(pdu)[text.offset:] == text.octets == b"text"


# ---- which octets


def test_short_message_wins_if_it_is_not_empty() -> None:
    both = SubmitSm(destination_addr="1", short_message=b"short", tlvs=[("message_payload", b"payload")])
    assert (decode_text(both).text, decode_text(both).source) == ("short", "short_message")
    payload = SubmitSm(destination_addr="1", tlvs=[("message_payload", b"payload")])
    assert (decode_text(payload).text, decode_text(payload).source) == ("payload", "message_payload")
    neither = SubmitSm(destination_addr="1")
    assert (decode_text(neither).text, decode_text(neither).source) == ("", "short_message")
    empty = SubmitSm(destination_addr="1", tlvs=[("message_payload", b"")])
    assert (decode_text(empty).text, decode_text(empty).source) == ("", "message_payload")


def test_a_pdu_without_user_data_has_no_text() -> None:
    for pdu in (EnquireLink(), DataSm(destination_addr="1")):
        text = decode_text(pdu)
        assert (text.text, text.source, text.alphabet, text.octets, text.offset, text.findings) == (None, "", "", b"", None, ())


def test_a_pdu_without_data_coding_is_read_as_the_default_alphabet() -> None:
    pdu = ReplaceSm(message_id="1", short_message=b"\x05")
    assert decode_text(pdu).text == "é"
    assert decode_text(pdu, LATIN1).text == "\x05"


def test_a_text_is_made_by_decode_text_only_and_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        Text()
    with pytest.raises(AttributeError):
        read(b"a").text = "b"  # type: ignore[misc]


# ---- alphabets


@given(st.data())
def test_what_encode_text_writes_is_read_again(data: st.DataObject) -> None:
    alphabet, coding, profile, chars = data.draw(st.sampled_from((
        ("gsm7", 0, STANDARD, st.sampled_from(sorted(set(LOCKING[0] + SINGLE[0]) - {"\0"}))),
        ("gsm7", 1, VENDOR, st.sampled_from(sorted(set(LOCKING[0] + SINGLE[0]) - {"\0"}))),
        ("latin1", 3, STANDARD, st.characters(max_codepoint=0xFF)),
        ("latin1", 0, LATIN1, st.characters(max_codepoint=0xFF)),
        ("ascii", 1, STANDARD, st.characters(max_codepoint=0x7F)),
        ("ascii", 0, ASCII, st.characters(max_codepoint=0x7F)),
        ("ucs2", 8, STANDARD, st.characters(exclude_categories=["Cs"])),
        ("iso8859_5", 6, STANDARD, st.sampled_from("Привет, мир ЁЖ")),
        ("iso8859_8", 7, STANDARD, st.sampled_from("שלום abc")),
        ("shift_jis", 5, STANDARD, st.sampled_from("日本語カナabc")),
        ("iso2022_jp", 10, STANDARD, st.sampled_from("日本語カナabc")),
        ("euc_jp", 13, STANDARD, st.sampled_from("日本語カナabc")),
        ("euc_kr", 14, STANDARD, st.sampled_from("한국어 abc")),
    )))
    written = data.draw(st.text(chars, max_size=60).filter(lambda text: not text.startswith(("\ufeff", "\ufffe"))))
    text = read(encode_text(written, alphabet), data_coding=coding, profile=profile, payload=True)
    assert (text.text, text.alphabet, text.findings) == (written, alphabet, ())


@given(
    st.sampled_from(sorted(LOCKING)), st.sampled_from(sorted(SINGLE)),
    st.lists(st.integers(0x26, 0x6F).map(lambda number: (number, b"x")), max_size=3), st.data(),
)
def test_national_text_behind_a_header_is_read_by_its_tables_packed_or_not(
    locking: int, single: int, more: list[tuple[int, bytes]], data: st.DataObject,
) -> None:
    chars = st.sampled_from(sorted(set(LOCKING[locking] + SINGLE[single]) - {"\0"}))
    # Packed text that ends in septet 0 cannot be told from padding where only octets are counted.
    written = data.draw(st.text(chars, max_size=60).filter(lambda text: not text.endswith(LOCKING[locking][0])))
    header = udh.encode([*more, udh.locking_shift(locking), udh.single_shift(single)])
    septets = encode_text(written, "gsm7", locking=locking, single=single)
    text = read(header + septets, esm_class=0x40)
    assert (text.text, text.findings) == (written, ())
    packed = gsm7.pack(septets, (7 - 8 * len(header) % 7) % 7)
    if not written.endswith(LOCKING[locking][0]):
        text = read(header + packed, esm_class=0x40, profile=PACKED)
        assert (text.text, text.alphabet, text.findings) == (written, "gsm7-packed", ())


@pytest.mark.parametrize("length", range(18))
def test_packed_text_without_header_loses_no_character_to_padding(length: int) -> None:
    written = "abcdefghijklmnopq"[:length]
    assert read(encode_text(written, "gsm7-packed"), profile=PACKED).text == written


def test_packed_text_that_ends_in_septet_0_loses_it_unless_it_is_escaped() -> None:
    assert read(gsm7.pack(b"1234567\x00"), profile=PACKED).text == "1234567"
    assert read(gsm7.pack(b"123456\x00"), profile=PACKED).text == "123456@"
    header = udh.encode([udh.single_shift(4)])
    assert read(header + gsm7.pack(b"1\x1b\x00", 3), esm_class=0x40, profile=PACKED).text == "1@"


@pytest.mark.parametrize("language", [2, 14, 200])
def test_a_table_that_does_not_exist_is_read_as_the_default_table(language: int) -> None:
    header = udh.encode([udh.locking_shift(language)])
    assert read(header + b"\x04", esm_class=0x40).text == "è"


@pytest.mark.parametrize(("data", "wanted", "found"), [
    ("FEFF0161", "š", [("note", "byte-order-mark", 0)]),
    ("FFFE6101", "š", [("note", "byte-order-mark", 0)]),
    ("FEFF", "", [("note", "byte-order-mark", 0)]),
    ("FEFFFEFF0041", "\ufeffA", [("note", "byte-order-mark", 0)]),
    ("004100", "A", [("warning", "odd-ucs2", 2)]),
    ("41", "", [("warning", "odd-ucs2", 0)]),
    ("FE", "", [("warning", "odd-ucs2", 0)]),
    ("0041D83D", "A\ud83d", [("warning", "lone-surrogate", 2)]),
    ("0041DE00D83D0042", "A\ude00\ud83dB", [("warning", "lone-surrogate", 2)]),
    ("D83DDE00", "\U0001f600", []),
    ("FFFE3DD800DE", "\U0001f600", [("note", "byte-order-mark", 0)]),
    ("FFFE410000DE4200", "A\ude00B", [("note", "byte-order-mark", 0), ("warning", "lone-surrogate", 4)]),
    ("FEFF0041DE0000", "A\ude00", [("note", "byte-order-mark", 0), ("warning", "lone-surrogate", 4), ("warning", "odd-ucs2", 6)]),
])
def test_ucs2_is_utf_16_and_says_what_is_odd(data: str, wanted: str, found: list[tuple[str, str, int]]) -> None:
    text = read(bytes.fromhex(data), data_coding=8)
    assert text.text == wanted
    assert text.offset is not None
    assert codes(text) == [(severity, code, text.offset + at) for severity, code, at in found]
    for finding, (_, code, at) in zip(text.findings, found, strict=True):
        assert code != "lone-surrogate" or f"at octet {at} of" in finding.message


@pytest.mark.parametrize(("data", "wanted", "found"), [
    (b"hi\x1b", "hi\u00a0", [("warning", "dangling-escape", 2)]),
    (b"\x1b\x1b\x1b\x65", "\u00a0€", [("note", "unknown-escape", 0)]),
    (b"\x1b\x1b\x1b", "\u00a0\u00a0", [("note", "unknown-escape", 0), ("warning", "dangling-escape", 2)]),
    (b"a\x1bAb\x1bB", "aAbB", [("note", "unknown-escape", 1)]),
    (b"a\xe9b\xff", "aébÿ", [("warning", "not-gsm", 1)]),
    (b"\x1b\xe9\x1b", "é\u00a0", [("note", "unknown-escape", 0), ("warning", "not-gsm", 1), ("warning", "dangling-escape", 2)]),
])
def test_gsm_text_says_what_is_odd(data: bytes, wanted: str, found: list[tuple[str, str, int]]) -> None:
    text = read(data)
    assert text.text == wanted
    assert text.offset is not None
    assert codes(text) == [(severity, code, text.offset + at) for severity, code, at in found]


def test_a_septet_that_the_locking_table_leaves_empty_is_shown_and_said() -> None:
    text = read(udh.encode([udh.locking_shift(4)]) + b"\x00\x11", esm_class=0x40)
    assert text.text == "\u0981\ufffd"
    assert text.offset is not None and codes(text) == [("warning", "not-gsm", text.offset + 5)]


def test_findings_of_packed_text_point_at_the_octet_where_the_septet_begins() -> None:
    data = gsm7.pack(b"abcdefgh\x1bx\x1b")
    text = read(data, profile=PACKED)
    assert text.offset is not None
    assert codes(text) == [("note", "unknown-escape", text.offset + 7), ("warning", "dangling-escape", text.offset + 8)]


def test_octets_outside_ascii_and_undecodable_octets_are_said_once_and_never_raise() -> None:
    text = read(b"ab\xe9\xea", data_coding=1)
    assert text.text == "abéê" and text.offset is not None and codes(text) == [("warning", "not-ascii-text", text.offset + 2)]
    text = read("日本".encode("euc_jp") + b"\xff", data_coding=13)
    assert text.text == "日本\ufffd" and text.offset is not None and codes(text) == [("warning", "undecodable", text.offset + 4)]
    assert "euc_jp" in text.findings[0].message


# ---- data_coding


@pytest.mark.parametrize(("coding", "alphabet", "message_class", "indication", "compressed"), [
    (0x00, "gsm7", None, "", False), (0x01, "ascii", None, "", False), (0x02, "binary", None, "", False),
    (0x03, "latin1", None, "", False), (0x04, "binary", None, "", False), (0x08, "ucs2", None, "", False),
    (0x0C, "unknown", None, "", False), (0x0F, "unknown", None, "", False),
    (0x10, "gsm7", 0, "", False), (0x11, "gsm7", 1, "", False), (0x14, "binary", 0, "", False), (0x18, "ucs2", 0, "", False),
    (0x20, "gsm7", None, "", True), (0x28, "ucs2", None, "", True), (0x38, "ucs2", 0, "", True), (0x51, "gsm7", 1, "", False),
    (0x80, "unknown", None, "", False), (0xBF, "unknown", None, "", False), (0xC8, "gsm7", None, "voicemail", False),
    (0xD1, "gsm7", None, "fax", False), (0xEA, "ucs2", None, "email", False), (0xF0, "gsm7", 0, "", False), (0xF5, "binary", 1, "", False),
])
def test_data_coding_is_read_by_smpp_and_then_by_the_gsm_groups(
    coding: int, alphabet: str, message_class: int | None, indication: str, compressed: bool,
) -> None:
    text = read(b"\x00A", data_coding=coding)
    assert (text.alphabet, text.message_class, text.indication, text.compressed) == (alphabet, message_class, indication, compressed)
    found = [finding.code for finding in text.findings]
    assert ("unknown-data-coding" in found) == (alphabet == "unknown") and ("compressed" in found) == compressed


@given(codings.filter(lambda coding: coding > 15))
def test_message_class_and_compression_are_those_of_the_group(coding: int) -> None:
    text, group = read(b"", data_coding=coding), gsm_group(coding)
    assert (text.message_class, text.flash, text.compressed, text.indication) == (
        group.message_class, group.flash, group.compressed, group.indication,
    )


def test_an_unknown_data_coding_is_said_where_it_stands() -> None:
    pdu = SubmitSm(destination_addr="1", data_coding=0x80, short_message=b"abc")
    (finding,) = decode_text(pdu).findings
    assert (finding.severity, finding.code, finding.field) == ("note", "unknown-data-coding", "data_coding")
    assert bytes(pdu)[finding.offset] == 0x80
    assert decode_text(pdu).octets == b"abc"


def test_a_row_of_the_profile_wins() -> None:
    profile = STANDARD.with_options(
        data_codings=[(4, "WIDE", "ucs2"), (0x80, "KOI", "koi8_r"), (0x90, "OURS", "gsm7"), (0x10, "FLASH", "latin1")],
    )
    assert read("ж".encode("utf-16-be"), data_coding=4, profile=profile).text == "ж"
    assert read("ж".encode("koi8-r"), data_coding=0x80, profile=profile).text == "ж"
    assert read(b"\x05", data_coding=0x90, profile=profile).findings == ()
    flash = read(b"\xe9", data_coding=0x10, profile=profile)
    assert (flash.text, flash.flash) == ("é", True)


def test_data_coding_1_is_gsm_for_the_vendor_and_ascii_for_the_standard() -> None:
    assert read(b"\x00", data_coding=1, profile=VENDOR).text == "@"
    assert read(b"\x00", data_coding=1, profile=STANDARD).text == "\0"


# ---- user data headers


def test_the_header_says_what_waits_where_data_coding_does_not() -> None:
    header = udh.encode([udh.element(0x01, b"\x81\x03")])
    assert read(header + b"a", esm_class=0x40).indication == "fax"
    assert read(header + b"a", esm_class=0x40, data_coding=0xC8).indication == "voicemail"


def test_findings_of_the_header_point_into_the_pdu() -> None:
    pdu = SubmitSm(destination_addr="1", esm_class=0x40, short_message=b"\x08\x00\x03\xcc\x02\x03\x24\x02\x01text")
    text = decode_text(pdu)
    assert [(finding.code, bytes(pdu)[finding.offset]) for finding in text.findings] == [("udh-part", 0x00), ("udh-element-overrun", 0x24)]
    assert text.text == "text"


# ---- golden vectors: rows of the table of quirks


def test_q19_a_text_that_the_end_of_the_pdu_cuts_is_read_as_far_as_it_goes() -> None:
    text = wire("0000002B 00000005 00000000 00000001 000101310001013200000000000000000000103132333435363738")
    assert (text.text, text.offset) == ("12345678", 0x23)


def test_q27_a_header_longer_than_the_text_is_text() -> None:
    text = wire("00000026 00000005 00000000 00000001 00010131000101320040000000000000000003060003")
    assert text.udh is None and text.octets == b"\x06\x00\x03" and text.text == "ù@¥"
    assert codes(text) == [("warning", "udh-overrun", 0x23)]


def test_q28_a_header_stands_inside_message_payload() -> None:
    text = wire("0000002F 00000005 00000000 00000001 0001013100010132004000000000000000000004240008050003CC02016869")
    assert text.udh is not None and text.udh.concat == udh.Concat(0xCC, 2, 1, 8)
    assert (text.text, text.source, text.findings) == ("hi", "message_payload", ())


def test_q29_two_elements_in_one_header() -> None:
    # The row's own octets count one octet too many in UDHL, so the "h" is read as the start of a third element.
    for length, wanted, found in (("0A", "i", ["udh-element-overrun"]), ("09", "hi", [])):
        text = wire(f"0000002F 00000005 00000000 00000001 0001013100010132004000000000000000000C{length}2401010804123402016869")
        assert text.udh is not None and text.udh.concat == udh.Concat(0x1234, 2, 1, 16) and text.udh.single == 1
        assert text.text == wanted and [finding.code for finding in text.findings] == found


def test_q34_a_byte_order_mark_is_left_out_of_the_text_and_kept_in_the_octets() -> None:
    text = wire("00000027 00000005 00000000 00000001 00010131000101320000000000000000080004FEFF0161")
    assert (text.text, text.octets) == ("š", b"\xfe\xff\x01\x61")
    assert codes(text) == [("note", "byte-order-mark", 0x23)]


def test_q35_the_last_octet_of_odd_ucs2_is_left_out_and_said() -> None:
    text = wire("00000026 00000005 00000000 00000001 00010131000101320000000000000000080003004100")
    assert text.text == "A" and codes(text) == [("warning", "odd-ucs2", 0x25)]


def test_q36_an_escape_at_the_end_shows_as_a_space() -> None:
    text = wire("00000026 00000005 00000000 00000001 0001013100010132000000000000000000000368691B")
    assert text.text == "hi\u00a0" and codes(text) == [("warning", "dangling-escape", 0x25)]


def test_q54_data_coding_0_is_what_the_profile_says() -> None:
    assert read(b"\x05", profile=VENDOR).text == "é"
    assert read(b"\xe9", profile=LATIN1).text == "é"
    assert read(b"A", profile=ASCII).text == "A"
    assert read(gsm7.pack(b"\x05"), profile=PACKED).text == "é"


def test_q55_binary_and_flash() -> None:
    assert read(b"\x00", data_coding=4).text is None
    assert read(b"\x00", data_coding=0xF5).text is None
    flash = read(b"A", data_coding=0x10)
    assert (flash.text, flash.flash, flash.message_class) == ("A", True, 0)
    assert (read(b"A", data_coding=0x11).flash, read(b"A", data_coding=0x11).message_class) == (False, 1)


# ---- writing


@pytest.mark.parametrize(("text", "alphabet", "index"), [
    ("ab😀", "gsm7", 2), ("ab😀", "gsm7-packed", 2), ("abš", "latin1", 2), ("é", "ascii", 0), ("a\ud800", "ucs2", 1),
    ("ж日", "iso8859_5", 1),
])
def test_a_character_that_an_alphabet_lacks_is_named(text: str, alphabet: str, index: int) -> None:
    with pytest.raises(EncodeError, match=f"U\\+{ord(text[index]):04X}.* index {index} "):
        encode_text(text, alphabet)


@pytest.mark.parametrize("alphabet", ["binary", "unknown", "", "no such codec", "hex", "base64"])
def test_what_is_no_alphabet_is_refused(alphabet: str) -> None:
    with pytest.raises(EncodeError) as caught:
        encode_text("abc", alphabet)
    assert caught.value.field == "alphabet"


def test_national_tables_are_refused_for_other_alphabets() -> None:
    with pytest.raises(EncodeError) as caught:
        encode_text("abc", "latin1", single=1)
    assert caught.value.field == "single"
    assert encode_text("ş", "gsm7", single=1) == b"\x1bs"
    assert encode_text("ş", "gsm7-packed", locking=1) == b"\x1d"
