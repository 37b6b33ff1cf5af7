"""The JSON form: each line is one object, in the promised shape and key order, and holds every octet of the PDU."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import ANY_FRAME, VALID

import smpp_core as smpp
from smpp_core.explain import explain
from smpp_core.receipt import parse_receipt
from smswire.cli.item import PlainGap, PlainPdu
from smswire.cli.record import Record

PAGE = Path(__file__).parents[2] / "docs" / "decode.md"
KEYS = [
    "stream",
    "frame",
    "time",
    "src",
    "dst",
    "offset",
    "missing",
    "command",
    "command_id",
    "command_status",
    "status",
    "sequence_number",
    "length",
    "fields",
    "tlvs",
    "text",
    "udh",
    "receipt",
    "findings",
    "hex",
]
PLACE = {"stream": 0, "frame": 17, "time_ns": 1769853600_123456789, "src": "127.0.0.1:40000", "dst": "127.0.0.1:2775"}


def line(frame: bytes, /, **place) -> bytes:
    return Record().item(type("Captured", (PlainPdu,), place)(5, smpp.decode(frame, strict=False)))


def record(frame: bytes, /, **place):
    return json.loads(line(frame, **place))


@given(ANY_FRAME, st.booleans())
def test_a_line_is_one_object_with_all_octets_and_what_was_read_of_them(frame, captured):
    octets = line(frame, **(PLACE if captured else {}))
    assert octets.count(b"\n") == 1 and octets.endswith(b"}\n")
    found, pdu = json.loads(octets), smpp.decode(frame, strict=False)
    assert bytes.fromhex(found["hex"]) == frame
    assert list(found) == [key for key in KEYS if key in found]
    assert ("stream" in found) == captured
    assert found["command"] == pdu.command and found["command_id"] == pdu.command_id and found["length"] == pdu.command_length
    assert list(found["fields"]) == list(pdu.fields())
    for name, value in pdu.fields().items():
        if isinstance(value, bytes):
            assert bytes.fromhex(found["fields"][name]) == value
        elif isinstance(value, tuple):
            assert found["fields"][name] == [entry._asdict() for entry in value]
        else:
            assert found["fields"][name] == value
    assert [(tlv["tag"], bytes.fromhex(tlv["hex"])) for tlv in found["tlvs"]] == [(tlv.tag, tlv.raw) for tlv in pdu.tlvs]
    assert [tlv["value"] for tlv in found["tlvs"]] == [tlv.value.hex() if isinstance(tlv.value, bytes) else tlv.value for tlv in pdu.tlvs]
    assert [tuple(finding.values()) for finding in found["findings"]] == [
        tuple(finding._replace(section=finding.section.removeprefix("SMPP 3.4 "))) for finding in explain(pdu)
    ]
    assert ("receipt" in found) == (parse_receipt(pdu) is not None)


@given(VALID)
def test_for_a_terminal_the_same_object_is_printable_ascii(frame):
    item = PlainPdu(0, smpp.decode(frame, strict=False))
    octets = Record(ascii=True).item(item)
    assert octets[:-1].decode("ascii").isprintable()
    assert json.loads(octets) == json.loads(Record().item(item))


def test_the_shape_of_the_interfaces_page():
    pdu = smpp.DeliverSm(
        source_addr_ton=1,
        source_addr="1",
        destination_addr="2",
        short_message=b"hi",
        sequence_number=7,
        tlvs=[(0x1403, b"219101100935850")],
    )
    found = record(bytes(pdu), **PLACE)
    assert found["time"] == "2026-01-31T10:00:00.123456789Z"
    assert found["offset"] == 5
    assert (found["command"], found["command_id"], found["command_status"], found["status"], found["sequence_number"]) == (
        "deliver_sm",
        5,
        0,
        "ESME_ROK",
        7,
    )
    assert found["fields"]["short_message"] == "6869" and found["text"] == "hi"
    assert found["tlvs"] == [{"tag": 5123, "name": "imsi", "value": "219101100935850", "hex": b"219101100935850".hex()}]
    assert found["findings"] == [] and "receipt" not in found and "udh" not in found


def test_a_finding_has_its_six_keys():
    found = record(bytes.fromhex("00000014800000040000000000000007") + b"ABCD")
    assert found["fields"] == {"message_id": "ABCD"}
    assert list(found["findings"][0]) == ["severity", "code", "field", "offset", "section", "message"]
    assert found["findings"][0]["code"] == "missing-nul" and found["findings"][0]["offset"] == 16
    assert found["findings"][0]["section"] == "5.2.23"


def test_a_receipt_is_read_out():
    text = b"id:77 sub:001 dlvrd:001 submit date:2601311000 done date:260131100130 stat:DELIVRD err:021 text:Hello"
    pdu = smpp.DeliverSm(esm_class=4, short_message=text, sequence_number=1, tlvs=[(0x001E, b"78\0"), (0x0427, b"\x02")])
    found = record(bytes(pdu))["receipt"]
    assert list(found)[:2] == ["id", "state"]
    assert found == {
        "id": "78",
        "state": "DELIVERED",
        "sub": "001",
        "dlvrd": "001",
        "submit_date": "2601311000",
        "done_date": "260131100130",
        "stat": "DELIVRD",
        "err": "021",
        "text": "Hello",
        "submit_time": "2026-01-31T10:00:00",
        "done_time": "2026-01-31T10:01:30",
        "err_int": 21,
        "extra": {},
        "intermediate": False,
        "text_id": "77",
        "tlv_id": "78",
        "text_state": "DELIVERED",
        "tlv_state": "DELIVERED",
    }


def test_a_user_data_header_is_read_out():
    pdu = smpp.DeliverSm(esm_class=0x40, short_message=bytes.fromhex("0a08041234020124010168") + b"hi", sequence_number=1)
    assert record(bytes(pdu))["udh"] == [
        {"id": 8, "name": "concat_16bit", "value": {"reference": 0x1234, "total": 2, "part": 1, "bits": 16}, "hex": "12340201"},
        {"id": 0x24, "name": "single_shift", "value": 1, "hex": "01"},
    ]


def test_octets_that_are_no_text_have_no_text():
    assert "text" not in record(bytes(smpp.SubmitSm(data_coding=4, short_message=b"\x00\x01", sequence_number=1)))
    assert "text" not in record(bytes(smpp.EnquireLink(sequence_number=1)))


def test_a_lone_surrogate_is_escaped():
    octets = line(bytes(smpp.SubmitSm(data_coding=8, short_message=bytes.fromhex("0041d83d"), sequence_number=1)))
    assert b'"text":"A\\ud83d"' in octets and json.loads(octets)["text"] == "A\ud83d"


def test_what_is_missing_stands_before_the_command():
    item = type("Captured", (PlainPdu,), PLACE)(5, smpp.SubmitSm(short_message=b"hello", sequence_number=1))
    item.missing = ((20, 30),)
    found = json.loads(Record().item(item))
    assert found["missing"] == [[20, 30]] and list(found)[6:8] == ["missing", "command"]


@pytest.mark.parametrize("place", [{}, PLACE], ids=["octets", "capture"])
def test_a_gap_is_an_object_of_its_own_kind(place):
    gap = type("Captured", (PlainGap,), place)(9, b"GET ", "not-a-pdu", 5000, "these octets are HTTP, not SMPP")
    found = json.loads(Record().item(gap))
    assert list(found) == ["stream", "frame", "time", "src", "dst"][: len(place)] + ["offset", "gap", "octets", "hex", "message"]
    assert (found["gap"], found["octets"], found["hex"]) == ("not-a-pdu", 5000, "47455420")


@pytest.mark.skipif(not PAGE.is_file(), reason="the manual is not here")
def test_the_manual_lists_the_keys_in_their_order():
    table = PAGE.read_text().partition("| key | of a PDU |")[2].partition("| key | of a gap |")[0]
    rows = re.findall(r"^\| (\*?[a-z].*?\*?) \| ", table, re.M)
    assert [name for row in rows for name in row.strip("*").split(", ")] == KEYS
