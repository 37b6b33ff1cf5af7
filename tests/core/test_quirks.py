"""Every row of quirks.md as a golden vector: what real peers send is read, kept octet for octet, and what is wrong is said.

Test ids are the rows' numbers. VECTORS holds the rows that are one PDU; what else a row asks for (streams, texts, receipts)
follows.
"""

from datetime import datetime
from typing import Any, NamedTuple

import pytest

import smpp_core as smpp
from smpp_core.explain import explain
from smpp_core.receipt import Receipt, parse_receipt
from smpp_core.spec.walk import values
from smpp_core.text import decode_text

VENDOR = smpp.Profile.vendor()
STANDARD = smpp.Profile.standard()
State = smpp.MessageState

NOTE, WARNING, ERROR = "note", "warning", "error"


class Vector(NamedTuple):
    """A row: its PDU, what must be read from it, and its findings (severity, code, field, offset); others are those of explain only.

    status: of the answer to a PDU that strict decoding refuses.
    """

    row: str
    hex: str
    reads: dict[str, Any]
    findings: tuple[tuple[str, str, str, int], ...] = ()
    others: tuple[tuple[str, str], ...] = ()
    status: int | None = None

    @property
    def octets(self) -> bytes:
        return bytes.fromhex(self.hex)


VECTORS = (
    Vector("1", "00000010 80000004 00000014 00000005", {"message_id": None, "command_status": 0x14, "sequence_number": 5}),
    Vector(
        "2", "00000021 80000004 0000000B 00000002 3041303030303030413344333233413100",
        {"message_id": "0A000000A3D323A1", "command_status": 11},
    ),
    Vector(
        "3", "00000010 80000004 00000000 00000006", {"message_id": None, "sequence_number": 6},
        ((NOTE, "missing-body", "message_id", 16),),
    ),
    Vector(
        "4", "00000014 80000004 00000000 00000007 41424344", {"message_id": "ABCD"},
        ((ERROR, "missing-nul", "message_id", 16),), status=0x0C,
    ),
    Vector("5", "00000018 80000004 00000000 00000008 3746000428000100", {"message_id": "7F", "congestion_state": 0}),
    Vector(
        "6", "00000015 80000004 00000045 00000009 0425000102", {"message_id": None, "delivery_failure_reason": 2},
        ((NOTE, "body-is-tlvs", "message_id", 16),),
    ),
    Vector("7", "00000010 80000000 00000002 00000000", {"command": "generic_nack", "command_status": 2, "sequence_number": 0}),
    Vector(
        "8", "00000011 80000015 00000000 0000000C 00", {"sequence_number": 12, "tail": b"\0"},
        ((ERROR, "trailing-octets", "", 16),), status=0x02,
    ),
    Vector("9", "00000011 80000004 000004A1 0000000B 00", {"message_id": "", "command_status": 0x4A1}),
    Vector("9b", "00000010 80000004 00000022 0000000B", {"message_id": None, "command_status": 0x22}),
    Vector(
        "10", "00000010 00000015 00000000 9F88F124", {"sequence_number": 0x9F88F124},
        ((NOTE, "sequence-out-of-range", "sequence_number", 12),),
    ),
    Vector("11", "00000010 00000015 00000000 00000000", {"sequence_number": 0}, ((NOTE, "sequence-zero", "sequence_number", 12),)),
    Vector("12", "00000016 80000009 0000000E 00000001 534D53433100", {"system_id": "SMSC1", "command_status": 14}),
    Vector("13", "00000010 80000009 00000000 00000001", {"system_id": None}),
    Vector(
        "15", "0000002D 00000005 00000000 00000001 00010131000101320004000000000000000000001E0002370004270000",
        {"receipted_message_id": "7", "message_state": None}, ((WARNING, "tlv-length", "message_state", 41),),
    ),
    Vector(
        "16", "0000002C 00000005 00000000 00000001 00010131000101320004000000000000000000001E00413738393000",
        {"receipted_message_id": "7890", "tail": b""}, ((ERROR, "tlv-overrun", "receipted_message_id", 35),), status=0xC0,
    ),
    Vector(
        "17", "00000026 00000005 00000000 00000001 00010131000101320000000000000000000002686900",
        {"short_message": b"hi", "sm_length": 2, "tail": b"\0"}, ((ERROR, "trailing-octets", "", 37),), status=0xC0,
    ),
    Vector(
        "18", "0000002D 00000005 00000000 00000001 0001013100010132000000000000000000000268690427000102001E00",
        {"short_message": b"hi", "message_state": 2, "tail": b"\x00\x1e\x00"}, ((ERROR, "trailing-octets", "", 42),), status=0xC0,
    ),
    Vector(
        "19", "0000002B 00000005 00000000 00000001 000101310001013200000000000000000000103132333435363738",
        {"short_message": b"12345678", "sm_length": 16, "destination_addr": "2"},
        ((ERROR, "length-overrun", "short_message", 35),), status=0x01,
    ),
    Vector(
        "20", "00000031 00000005 00000000 00000001 00010131000101320004000000000000000000001E000237000427000400000002",
        {"receipted_message_id": "7", "message_state": 2}, ((WARNING, "tlv-length", "message_state", 41),),
    ),
    Vector(
        "21", "0000002F 00000005 00000000 00000001 00010131000101320004000000000000000000001E00033738390427000102",
        {"receipted_message_id": "789", "message_state": 2}, ((NOTE, "tlv-no-nul", "receipted_message_id", 35),),
    ),
    Vector(
        "22", "0000002A 00000005 00000000 00000001 0001013100010132000400000000000000000004230003303237",
        {"network_error_code": b"027"}, ((WARNING, "network-error-ascii", "network_error_code", 35),),
    ),
    Vector(
        "23", "0000002E 00000005 00000000 00000001 000101310001013200000000000000000000016104240001620424000163",
        {"short_message": b"a", "message_payload": b"b"},
        ((NOTE, "tlv-repeated", "message_payload", 41), (NOTE, "two-texts", "message_payload", 36)),
    ),
    Vector(
        "24", "0000003E 00000005 00000000 00000001"
        "000101310001013200040000000000000000000424001769643A3720737461743A44454C49565244206572723A30",
        {"short_message": b"", "message_payload": b"id:7 stat:DELIVRD err:0"},
    ),
    Vector(
        "25", "0000002E 00000005 00000000 00000001 00010131000101320004000000000000000000001E000237000427000102",
        {"short_message": b"", "receipted_message_id": "7", "message_state": 2},
    ),
    Vector(
        "26", "0000003A 00000005 00000000 00000001 0001013100010132000000000000000000001769643A3720737461743A44454C49565244206572723A30",
        {"esm_class": 0, "short_message": b"id:7 stat:DELIVRD err:0"},
    ),
    Vector(
        "27", "00000026 00000005 00000000 00000001 00010131000101320040000000000000000003060003",
        {"esm_class": 0x40, "short_message": b"\6\0\3"}, others=((WARNING, "udh-overrun"),),
    ),
    Vector(
        "28", "0000002F 00000005 00000000 00000001 0001013100010132004000000000000000000004240008050003CC02016869",
        {"message_payload": bytes.fromhex("050003CC0201") + b"hi"},
    ),
    Vector(
        "29", "0000002F 00000005 00000000 00000001 0001013100010132004000000000000000000C0A2401010804123402016869",
        # Its length octet says 10 where the elements take 9: the "h" is read as the start of a third one.
        {"short_message": bytes.fromhex("0A240101080412340201") + b"hi"}, others=((WARNING, "udh-element-overrun"),),
    ),
    Vector(
        "30", "00000035 00000005 00000000 00000001 00010131000101320000000000303030303031303030303030303030520000000000026869",
        {"validity_period": "000001000000000R", "short_message": b"hi"},
    ),
    Vector(
        "31", "00000031 00000004 00000000 00000001 000101310001013200000000313630373239313034393030000000000000026869",
        {"schedule_delivery_time": "160729104900", "short_message": b"hi"}, ((WARNING, "bad-time", "schedule_delivery_time", 28),),
    ),
    Vector(
        "32", "00000028 00000005 00000000 00000001 000500436166E90001013200000000000000000000026869",
        {"source_addr": "Café", "source_addr_ton": 5}, ((NOTE, "not-ascii", "source_addr", 19),),
    ),
    Vector(
        "33", "0000003D 00000005 00000000 00000001"
        "0005004142434445464748494A4B4C4D4E4F505152535455565758590001013200000000000000000000026869",
        {"source_addr": "ABCDEFGHIJKLMNOPQRSTUVWXY", "destination_addr": "2", "short_message": b"hi"},
        ((WARNING, "string-too-long", "source_addr", 19),),
    ),
    Vector(
        "34", "00000027 00000005 00000000 00000001 00010131000101320000000000000000080004FEFF0161",
        {"short_message": b"\xfe\xff\x01a"}, others=((NOTE, "byte-order-mark"),),
    ),
    Vector(
        "35", "00000026 00000005 00000000 00000001 00010131000101320000000000000000080003004100",
        {"short_message": b"\0A\0"}, others=((WARNING, "odd-ucs2"),),
    ),
    Vector(
        "36", "00000026 00000005 00000000 00000001 0001013100010132000000000000000000000368691B",
        {"short_message": b"hi\x1b"}, others=((WARNING, "dangling-escape"),),
    ),
    Vector(
        "37", "00000025 00000005 00000000 00000001 0007FF310001013200000000000000000000026869",
        {"source_addr_ton": 7, "source_addr_npi": 255},
        ((NOTE, "unknown-value", "source_addr_ton", 17), (NOTE, "unknown-value", "source_addr_npi", 18)),
    ),
    Vector(
        "38", "0000003E 00000005 00000000 00000001"
        "0001013100010132000400000000000000000014180004000000641403000F323139313031313030393335383530",
        {"price_per_message": 100, "imsi": "219101100935850"},
    ),
    Vector(
        "38b", "00000029 00000005 00000000 00000001 0001013100010132000400000000000000000014030002 0003",
        {"imsi": b"\0\3"}, ((NOTE, "vendor-tlv-form", "imsi", 35),),
    ),
    Vector(
        "41", "00000019 00000102 00000000 00000001 010131000101320000", {"source_addr": "1", "esme_addr": "2", "tail": b"\0"},
        ((ERROR, "trailing-octets", "", 24),), status=0xC0,
    ),
    Vector(
        "42", "00000012 80000021 00000000 00000001 3700", {"message_id": "7", "no_unsuccess": 0, "unsuccess_smes": ()},
        ((WARNING, "missing-count", "no_unsuccess", 18),),
    ),
    Vector("43", "00000010 80000005 00000000 00000001", {"message_id": None}),
    Vector(
        "44", "00000027 00000103 00000000 00000001 000101310001013200040000001E000237000427000105",
        {"receipted_message_id": "7", "message_state": 5},
    ),
)
BY_ROW = {vector.row: vector for vector in VECTORS}
EVERY = pytest.mark.parametrize("vector", VECTORS, ids=[f"Q{vector.row}" for vector in VECTORS])

BIND_RESP = bytes.fromhex("00000012 80000009 00000000 00000001 5300")
DELIVER = bytes.fromhex("00000025 00000005 00000000 00000001 000101310001013200000000000000000000026869")


def of(row: str, profile: smpp.Profile | None = None) -> smpp.Pdu:
    return smpp.decode(BY_ROW[row].octets, strict=False, profile=profile)


def deliver(text: bytes, esm_class: int = 0x04, data_coding: int = 0, **more: Any) -> smpp.Pdu:
    return smpp.DeliverSm(esm_class=esm_class, data_coding=data_coding, short_message=text, sequence_number=1, **more)


def receipt(text: str) -> Receipt:
    return parse_receipt(text, flagged=True)


# --- the rows that are one PDU


@EVERY
def test_the_row_is_read_and_its_octets_are_kept(vector: Vector) -> None:
    pdu = smpp.decode(vector.octets, strict=False)
    assert {name: getattr(pdu, name) for name in vector.reads} == vector.reads
    assert bytes(pdu) == vector.octets
    assert pdu.command_length == len(pdu), "the rows differ from the tables in other ways than this"


@EVERY
def test_the_row_gives_its_findings_and_no_others(vector: Vector) -> None:
    pdu = smpp.decode(vector.octets, strict=False)
    assert tuple(finding[:4] for finding in pdu.findings) == vector.findings
    assert tuple(finding[:4] for finding in values(vector.octets, VENDOR.tlvs)[3]) == vector.findings
    told = [(finding.severity, finding.code) for finding in explain(pdu)]
    assert sorted(told) == sorted([*((severity, code) for severity, code, _, _ in vector.findings), *vector.others])


@EVERY
def test_strict_decoding_refuses_errors_only_and_knows_the_answer(vector: Vector) -> None:
    errors = [finding for finding in vector.findings if finding[0] == ERROR]
    assert (vector.status is not None) is bool(errors)
    if not errors:
        assert bytes(smpp.decode(vector.octets)) == vector.octets
        return
    with pytest.raises(smpp.DecodeError) as caught:
        smpp.decode(vector.octets)
    error = caught.value
    assert (error.code, error.field, error.offset) == errors[0][1:]
    assert error.command_status == vector.status
    assert error.sequence_number == int.from_bytes(vector.octets[12:16], "big")
    assert {name: getattr(error.pdu, name) for name in vector.reads} == vector.reads
    assert bytes(error.pdu) == vector.octets


@EVERY
def test_the_next_pdu_of_the_stream_decodes(vector: Vector) -> None:
    frames = smpp.Framer().feed(vector.octets + DELIVER)
    assert frames == [vector.octets, DELIVER]
    assert smpp.decode(frames[1]).short_message == b"hi"


def test_all_rows_are_here() -> None:
    """Rows 1 to 56 with 9b, 14b, 38b and 40b: a vector above or a test named after the row below."""
    named = {name.split("_")[1] for name in globals() if name.startswith("test_q")}
    rows = {f"q{number}" for number in range(1, 57)} | {"q9b", "q14b", "q38b", "q40b"}
    assert rows <= named | {f"q{vector.row}" for vector in VECTORS}


# --- responses, headers, framing


def test_q1_an_absent_message_id_differs_from_an_empty_one() -> None:
    assert of("1").message_id is None
    assert of("9").message_id == ""
    assert of("1") != of("9")


def test_q3_a_response_without_body_is_correlated_by_its_sequence_number() -> None:
    assert (of("3").sequence_number, of("3").command_status, of("3").tlvs) == (6, 0, ())


def test_q6_a_body_of_tlvs_is_told_from_a_message_id() -> None:
    tlv = of("6").tlvs[0]
    assert (tlv.tag, tlv.name, tlv.value, tlv.raw, tlv.offset, tlv.length) == (0x0425, "delivery_failure_reason", 2, b"\2", 16, 1)
    # The same octets with a printable first one are a message_id without its NUL.
    assert smpp.decode(bytes.fromhex("00000015 80000004 00000045 00000009 3425000102"), strict=False).message_id == "4%"


def test_q8_a_peer_that_pads_is_tolerated_by_its_profile() -> None:
    profile = VENDOR.with_options(lenient={"trailing-octets"})
    for row in ("8", "17", "18", "41"):
        pdu = smpp.decode(BY_ROW[row].octets, profile=profile)
        assert [finding.code for finding in pdu.findings] == ["trailing-octets"]
    with pytest.raises(smpp.DecodeError):
        smpp.decode(BY_ROW["16"].octets, profile=profile)


def test_q9_a_status_of_the_vendor_has_its_name_and_an_unknown_one_its_number() -> None:
    assert of("9").status.name == "SYSTEM_ERROR"
    assert of("9", STANDARD).status.name == "0x000004A1"
    assert of("9", STANDARD).status.value == 0x4A1


def test_q9b_network_not_covered() -> None:
    assert of("9b").status.name == "NETWORK_NOT_COVERED"


@pytest.mark.parametrize("row", ["10", "11"])
def test_q10_q11_odd_sequence_numbers_are_echoed_unchanged(row: str) -> None:
    pdu = of(row)
    assert bytes(pdu.reply()) == bytes.fromhex("00000010 80000015 00000000") + bytes(pdu)[12:16]


def test_q14_two_pdus_in_one_read() -> None:
    frames = smpp.Framer().feed(BIND_RESP + DELIVER)
    assert [smpp.decode(frame).command for frame in frames] == ["bind_transceiver_resp", "deliver_sm"]


def test_q14b_two_pdus_cut_at_every_octet() -> None:
    stream = BIND_RESP + DELIVER
    for at in range(1, len(stream)):
        framer = smpp.Framer()
        assert framer.feed(stream[:at]) + framer.feed(stream[at:]) == [BIND_RESP, DELIVER]
    for size in range(1, len(stream)):
        framer = smpp.Framer()
        frames = [frame for at in range(0, len(stream), size) for frame in framer.feed(stream[at : at + size])]
        assert frames == [BIND_RESP, DELIVER]


@pytest.mark.parametrize(
    ("row", "code", "status"),
    [("16", "tlv-overrun", 0xC0), ("17", "trailing-octets", 0xC0), ("18", "trailing-octets", 0xC0), ("19", "length-overrun", 1)],
)
def test_q16_to_q19_the_session_lives_and_the_answer_is_the_requests_own_response(row: str, code: str, status: int) -> None:
    with pytest.raises(smpp.DecodeError) as caught:
        smpp.decode(BY_ROW[row].octets)
    assert caught.value.code == code
    reply = smpp.decode(bytes(caught.value.reply()))
    assert (reply.command, reply.command_status, reply.sequence_number) == ("deliver_sm_resp", status, 1)


def test_q41_alert_notification_has_no_response_and_is_nacked() -> None:
    with pytest.raises(smpp.DecodeError) as caught:
        smpp.decode(BY_ROW["41"].octets)
    assert caught.value.reply().command == "generic_nack"


def test_q39_a_command_length_below_the_header_ends_the_stream() -> None:
    framer = smpp.Framer()
    with pytest.raises(smpp.FrameError) as caught:
        framer.feed(bytes.fromhex("00000008 00000015"))
    assert (caught.value.command_length, caught.value.offset, caught.value.protocol) == (8, 0, "")
    assert framer.buffered <= 8
    assert caught.value.reply().command == "generic_nack"


@pytest.mark.parametrize(
    ("octets", "protocol"),
    [
        ("48545450 2F312E31 20343030 20426164", "HTTP"), ("414D5150", "AMQP"), ("0300002F", "RDP"), ("160301", "TLS"), ("5353482D", "SSH"),
    ],
    ids=lambda item: f"Q40-{item}",
)
def test_q40_another_protocol_is_named(octets: str, protocol: str) -> None:
    framer = smpp.Framer()
    with pytest.raises(smpp.FrameError) as caught:
        framer.feed(bytes.fromhex(octets))
        framer.feed(b"\x02")  # TLS is known from three octets, a length has four
    assert caught.value.protocol == protocol
    assert protocol in str(caught.value)


def test_q40b_a_length_with_its_high_bit_set_hints_at_lost_octets_and_the_stream_can_be_taken_up_again() -> None:
    framer = smpp.Framer()
    with pytest.raises(smpp.FrameError) as caught:
        framer.feed(bytes.fromhex("80000009 00000000 00000001 5300") + DELIVER)
    assert "lost" in caught.value.hint
    assert caught.value.command_length == 0x80000009
    framer.resync()
    assert framer.feed(b"") == [DELIVER]


def test_q42_a_response_to_submit_multi_without_count_has_no_failures() -> None:
    assert (of("42").no_unsuccess, of("42").unsuccess_smes, of("42").message_id) == (0, (), "7")


# --- TLVs


def test_q16_the_octets_of_a_clipped_tlv_are_those_that_are_there() -> None:
    tlv = of("16").tlvs[0]
    assert (tlv.raw, tlv.value, tlv.length) == (b"7890\0", "7890", 65)


def test_q22_both_readings_of_an_ascii_error_code_are_shown() -> None:
    message = of("22").findings[0].message
    assert "'027'" in message
    assert "48" in message
    assert "12855" in message


def test_q23_repeated_tlvs_stay_in_order_and_short_message_is_the_text() -> None:
    pdu = of("23")
    assert [(tlv.tag, tlv.value) for tlv in pdu.tlvs] == [(0x0424, b"b"), (0x0424, b"c")]
    assert decode_text(pdu).text == "a"


def test_q38_vendor_tlvs_need_the_vendor_profile() -> None:
    assert [(tlv.name, tlv.value) for tlv in of("38").tlvs] == [("price_per_message", 100), ("imsi", "219101100935850")]
    assert [(tlv.name, tlv.value) for tlv in of("38", STANDARD).tlvs] == [("", b"\0\0\0d"), ("", b"219101100935850")]


def test_q38b_another_providers_use_of_a_tag_is_its_profiles() -> None:
    other = VENDOR.with_tlvs((0x1403, "carrier_status", "integer", 2, 2))
    pdu = of("38b", other)
    assert pdu.carrier_status == 3
    assert pdu.findings == ()
    # By the vendor's row the octets are kept as they are, a number or a text is the caller's choice.
    assert of("38b").tlvs[0].value == of("38b").tlvs[0].raw == b"\0\3"
    # And the other provider's row keeps the vendor's IMSI as octets.
    assert of("38", other).carrier_status == b"219101100935850"


# --- receipts


def test_q24_a_receipt_in_message_payload() -> None:
    found = parse_receipt(of("24"))
    assert found is not None
    assert (found.id, found.state, found.stat, found.err, found.err_int) == ("7", State.DELIVERED, "DELIVRD", "0", 0)


def test_q25_a_receipt_of_tlvs_only() -> None:
    found = parse_receipt(of("25"))
    assert found is not None
    assert (found.id, found.state, found.stat, found.text) == ("7", State.DELIVERED, None, None)


def test_q26_a_receipt_without_its_flag_is_a_message_unless_the_profile_says_so() -> None:
    assert parse_receipt(of("26")) is None
    found = parse_receipt(of("26", VENDOR.with_options(receipts_unflagged=True)))
    assert found is not None
    assert (found.id, found.state) == ("7", State.DELIVERED)
    # Form N is the counter-case: an ordinary message that only looks like one.
    lookalike = deliver(b"paid:250 stat:pending err: none", 0, profile=VENDOR.with_options(receipts_unflagged=True))
    assert parse_receipt(lookalike) is None


def test_q44_a_receipt_in_data_sm() -> None:
    found = parse_receipt(of("44"))
    assert found is not None
    assert (found.id, found.state) == ("7", State.UNDELIVERABLE)


def test_q45_both_states_are_exposed_and_the_known_word_of_the_text_wins() -> None:
    pdu = deliver(b"id:7 stat:UNDELIV err:001", tlvs=[("receipted_message_id", "7"), ("message_state", 0)])
    found = parse_receipt(pdu)
    assert found is not None
    assert (found.state, found.text_state, found.tlv_state) == (State.UNDELIVERABLE, State.UNDELIVERABLE, State.SCHEDULED)
    assert [(finding.severity, finding.code) for finding in explain(pdu)] == [(NOTE, "receipt-disagrees")]


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        (
            "id:7 sub:001 dlvr:001 submit date:2601311200 done date:2601311201 stat:DELIVRD err:000",
            {"dlvrd": "001", "state": State.DELIVERED},
        ),
        (
            "id:7 sub:001 dlvr:000 submit date:2601311200 done date:2601311201 stat:REJECTED err:1153",
            {"state": State.REJECTED, "err_int": 1153},
        ),
        (
            "id:7 sub:001 dlvr:000 submit date:2601311200 done date:2601311201 stat:DELIVERY UNKNOWN err:000",
            {"stat": "DELIVERY UNKNOWN", "state": State.UNKNOWN},
        ),
        (
            "id:7 stat:DELIVRD err:000 IMSI:219 MSC:385 HLR: ORN:T-Mobile D",
            {"err": "000", "extra": {"IMSI": "219", "MSC": "385", "HLR": "", "ORN": "T-Mobile D"}},
        ),
        ("id:7 stat:DELIVRD err:000\nIMSI:219 MSC:385", {"err": "000", "extra": {"IMSI": "219", "MSC": "385"}}),
        ("id:7 stat:UNDELIV err:001\nIMSI: MSC: ORN:VipNet MCCMNC:", {"extra": {"IMSI": "", "MSC": "", "ORN": "VipNet", "MCCMNC": ""}}),
        ("id:7 stat:DELIVRD", {"sub": None, "dlvrd": None, "err": None, "text": None, "state": State.DELIVERED}),
    ],
    ids=["dlvr", "REJECTED", "DELIVERY-UNKNOWN", "context-blank", "context-line", "context-empty", "missing-keys"],
)
def test_q46_vendor_forms(text: str, reads: dict[str, Any]) -> None:
    found = parse_receipt(deliver(text.encode()))
    assert found is not None
    assert found.id == "7"
    assert {name: getattr(found, name) for name in reads} == reads


@pytest.mark.parametrize(
    ("rest", "text"),
    [
        ("text:stat:ok id:9", "stat:ok id:9"), ("Text:Hello", "Hello"), ("text:", ""), ("", None),
        ("text:id:1 stat:UNDELIV", "id:1 stat:UNDELIV"),
    ],
)
def test_q47_text_is_greedy_and_last(rest: str, text: str | None) -> None:
    found = receipt(f"id:7 stat:DELIVRD err:000 {rest}")
    assert (found.id, found.stat, found.err, found.text) == ("7", "DELIVRD", "000", text)


@pytest.mark.parametrize(
    ("date", "moment"),
    [
        ("2601311200", datetime(2026, 1, 31, 12, 0)), ("260131120059", datetime(2026, 1, 31, 12, 0, 59)),
        ("20260131120059", datetime(2026, 1, 31, 12, 0, 59)), ("", None), ("0000000000", None), ("201506201641", None),
        ("2613311200", None),
    ],
)
def test_q48_dates_are_kept_as_written_and_read_by_their_width(date: str, moment: datetime | None) -> None:
    found = receipt(f"id:7 submit date:{date} done date:2601311201 stat:DELIVRD err:000")
    assert (found.submit_date, found.submit_time) == (date, moment)


@pytest.mark.parametrize(("err", "number"), [("21b", None), ("", None), ("0000", 0), ("2050", 2050), ("000", 0)])
def test_q49_err_is_a_word_and_perhaps_a_number(err: str, number: int | None) -> None:
    found = receipt(f"id:7 stat:UNDELIV err:{err} text:x")
    assert (found.err, found.err_int) == (err, number)


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("DELIVRD", State.DELIVERED), ("DELIVERED", State.DELIVERED), ("UNDELIV", State.UNDELIVERABLE),
        ("UNDELIVERABLE", State.UNDELIVERABLE), ("FAILED", State.UNDELIVERABLE), ("ACKED", State.ACCEPTED),
        ("BUFFRED", State.ENROUTE), ("BUFFERD", State.ENROUTE),
        ("ENROUTE", State.ENROUTE), ("REJECTD", State.REJECTED), ("EXPIRED", State.EXPIRED), ("DELETED", State.DELETED),
        ("ACCEPTD", State.ACCEPTED), ("UNKNOWN", State.UNKNOWN), ("DND_REJECTED", None),
    ],
)
def test_q50_state_words(word: str, state: smpp.MessageState | None) -> None:
    found = receipt(f"id:7 stat:{word} err:000")
    assert (found.stat, found.state) == (word, state)
    assert [finding.code for finding in found.findings] == []


def test_q50_a_word_of_one_wrong_letter_is_repaired_and_said() -> None:
    pdu = deliver(b"id:7 stat:DEIIVRD err:000")
    found = parse_receipt(pdu)
    assert found is not None
    assert (found.stat, found.state) == ("DEIIVRD", State.DELIVERED)
    assert [(finding.severity, finding.code) for finding in explain(pdu)] == [(NOTE, "state-repaired")]


@pytest.mark.parametrize(
    "name", ["7F", "7f", "127", "0000000127", "0x7F", "c449ab9744f9b10ea83e1a1c2d1a6b4f", "3F2504E0-4F89-11D3-9A0C-0305E82C3301", "9" * 65]
)
def test_q51_ids_are_kept_as_written(name: str) -> None:
    assert receipt(f"id:{name} stat:DELIVRD err:000").id == name


@pytest.mark.parametrize("prefix", ["4790000000SMSAlert^", "XMS=", "Tele2 ", "msgid:5 "])
def test_q52_a_prefix_before_the_first_key_is_skipped(prefix: str) -> None:
    found = receipt(f"{prefix}id:7 stat:DELIVRD err:000")
    assert (found.id, found.state) == ("7", State.DELIVERED)


def test_q53_a_repeated_receipt_is_equal_and_an_intermediate_one_says_so() -> None:
    text = b"id:7 stat:ENROUTE err:000"
    first, again, final = parse_receipt(deliver(text, 0x20)), parse_receipt(deliver(text, 0x20)), parse_receipt(deliver(text, 0x04))
    assert first is not None
    assert final is not None
    assert first == again
    assert (first.intermediate, final.intermediate) == (True, False)


# --- text and user data header


def test_q27_a_header_longer_than_the_text_is_text() -> None:
    text = decode_text(of("27"))
    assert text.udh is None
    assert text.octets == b"\6\0\3"
    assert text.text is not None
    (finding,) = [finding for finding in explain(of("27")) if finding.code == "udh-overrun"]
    assert (finding.field, finding.offset) == ("short_message", 35)


def test_q28_a_header_in_message_payload_is_read_like_any_other() -> None:
    text = decode_text(of("28"))
    assert (text.text, text.source) == ("hi", "message_payload")
    assert text.udh is not None
    assert text.udh.concat[:3] == (0xCC, 2, 1)


@pytest.mark.parametrize(("length", "said"), [(b"\x09", "hi"), (b"\x0a", "i")], ids=["right-length", "as-in-the-row"])
def test_q29_all_elements_in_any_order(length: bytes, said: str) -> None:
    text = decode_text(of("29").replace(short_message=length + of("29").short_message[1:]))
    assert text.text == said
    assert text.udh is not None
    assert [element.id for element in text.udh.elements] == [0x24, 0x08]
    assert text.udh.concat == (0x1234, 2, 1, 16)
    assert text.udh.single == 1


def test_q30_a_deliver_sm_may_have_a_validity_period() -> None:
    assert explain(of("30")) == ()


def test_q32_a_latin1_sender_is_faithful_to_its_octets() -> None:
    pdu = of("32")
    assert pdu.source_addr.encode("latin-1") == b"Caf\xe9"
    assert smpp.DeliverSm(source_addr="Café").source_addr == "Café"


def test_q33_a_long_sender_is_read_whole_and_never_built() -> None:
    with pytest.raises(smpp.EncodeError, match="source_addr"):
        smpp.DeliverSm(source_addr=of("33").source_addr)
    assert of("33").replace(short_message=b"x").source_addr == of("33").source_addr


def test_q34_a_byte_order_mark_is_no_character() -> None:
    assert decode_text(of("34")).text == "š"
    assert of("34").short_message == b"\xfe\xff\x01a"


def test_q35_an_odd_octet_of_ucs2_is_not_read() -> None:
    text = decode_text(of("35")).text
    assert text is not None
    assert text.startswith("A")
    assert len(text) <= 2


def test_q36_a_dangling_escape_leaves_the_text_before_it() -> None:
    text = decode_text(of("36")).text
    assert text is not None
    assert text.startswith("hi")
    assert "\x1b" not in text


@pytest.mark.parametrize(
    ("data_coding", "octets", "profile", "text"),
    [
        (0, b"\0\x11", VENDOR, "@_"), (1, b"\0\x11", VENDOR, "@_"), (3, b"\xe9", VENDOR, "é"), (8, b"\1a", VENDOR, "š"),
        (0, b"\xe9", VENDOR.with_options(default_alphabet="latin1"), "é"),
        (0, b"@_", VENDOR.with_options(default_alphabet="ascii"), "@_"),
        (0, bytes.fromhex("E8329BFD06"), VENDOR.with_options(default_alphabet="gsm7-packed"), "hello"),
        (1, b"@_", STANDARD, "@_"),
    ],
)
def test_q54_what_a_data_coding_means_is_the_profiles(data_coding: int, octets: bytes, profile: smpp.Profile, text: str) -> None:
    assert decode_text(deliver(octets, 0, data_coding, profile=profile)).text == text


@pytest.mark.parametrize(
    ("data_coding", "alphabet", "message_class", "text"),
    [(4, "binary", None, None), (0xF5, "binary", 1, None), (0x10, "gsm7", 0, "@_"), (0x11, "gsm7", 1, "@_"), (0x18, "ucs2", 0, "\x11")],
)
def test_q55_data_codings_by_group(data_coding: int, alphabet: str, message_class: int | None, text: str | None) -> None:
    found = decode_text(deliver(b"\0\x11", 0, data_coding))
    assert (found.alphabet, found.message_class, found.text) == (alphabet, message_class, text)
    assert found.flash is (message_class == 0)


def test_q56_what_device_gateways_send_is_read_and_answered() -> None:
    """Synway and GoIP: garbage in destination_addr, long texts in message_payload only."""
    frame = bytes.fromhex("0000002E 00000005 00000000 00000001 0001013100 FFFF 1BFF8000 00000000000000000000 0424000568656C6C6F")
    pdu = smpp.decode(frame)
    assert pdu.destination_addr.encode("latin-1") == b"\x1b\xff\x80"
    assert {(finding.severity, finding.field) for finding in pdu.findings} == {
        (NOTE, "dest_addr_ton"), (NOTE, "dest_addr_npi"), (NOTE, "destination_addr"),
    }
    assert decode_text(pdu).text == "hello"
    assert bytes(pdu.reply()) == bytes.fromhex("00000011 80000005 00000000 00000001 00")
