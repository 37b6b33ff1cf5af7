"""The text form: every octet is shown where it stands, every finding under it, and nothing reaches a terminal that it would act on."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import ANY_FRAME, FAULTS, with_length

import smpp_core as smpp
from smpp_core.explain import explain
from smswire.cli.annotate import Page
from smswire.cli.item import PlainGap, PlainPdu

VENDOR = smpp.Profile.vendor()
ROW = re.compile(r" {0,5}(\d+)  ((?:(?:[0-9a-f]{2}|--)(?: |$))+) *(  \S.*|  udh.*)?")


def page(frame: bytes, /, profile=VENDOR, colours=False, **place) -> str:
    return Page(profile, colours).item(type("Captured", (PlainPdu,), place)(0, smpp.decode(frame, strict=False, profile=profile)))


def lines_with(text: str, name: str) -> list[str]:
    return [line for line in text.splitlines() if re.search(rf"\s{re.escape(name)}(\s|$)", line)]


def shown_octets(text: str) -> dict[int, str]:
    """Octets by offset as the columns show them; rows of the user data header say some again."""
    octets = {}
    for line in text.splitlines()[1:]:
        row = ROW.match(line)
        if row and not re.search(r"  {2,}udh ", line):
            for at, digits in enumerate(row[2].split()):
                octets[int(row[1]) + at] = digits
    return octets


@given(ANY_FRAME)
def test_every_octet_is_shown_where_it_stands(frame):
    octets = shown_octets(page(frame))
    assert octets == {at: f"{octet:02x}" for at, octet in enumerate(frame)}


@given(ANY_FRAME)
def test_no_octet_of_a_pdu_reaches_the_terminal_as_more_than_a_letter(frame):
    assert all(line.isprintable() for line in page(frame).split("\n"))
    painted = re.sub(r"\x1b\[[0-9;]*m", "", page(frame, colours=True))
    assert painted == page(frame) or re.sub(r" +$", "", painted, flags=re.M) == re.sub(r" +$", "", page(frame), flags=re.M)


@pytest.mark.parametrize("code", FAULTS)
@given(data=st.data())
def test_each_finding_is_said_once(code, data):
    fault = data.draw(FAULTS[code])
    text = page(fault.octets)
    for finding in explain(smpp.decode(fault.octets, strict=False)):
        assert text.count(f"{finding.severity} {finding.code}: ") >= 1
    structural = smpp.decode(fault.octets, strict=False).findings
    assert text.count(f" {fault.code}: ") == sum(finding.code == fault.code for finding in structural)


def test_a_finding_stands_under_its_octets():
    text = page(with_length(bytes(smpp.DeliverSm(destination_addr="2", sequence_number=1)).replace(b"2", b"A" * 21)))
    lines = text.splitlines()
    at = next(index for index, line in enumerate(lines) if "string-too-long" in line)
    assert "destination_addr" in lines[at - 3] and "destination_addr" in lines[at]


@pytest.mark.parametrize(
    ("pdu", "name", "said"),
    [
        (smpp.SubmitSm(source_addr_ton=5), "source_addr_ton", "alphanumeric"),
        (smpp.SubmitSm(dest_addr_npi=1), "dest_addr_npi", "ISDN"),
        (smpp.DeliverSm(esm_class=0x44), "esm_class", "UDHI, receipt"),
        (smpp.SubmitSm(registered_delivery=0x11), "registered_delivery", "receipt, intermediate notification"),
        (smpp.SubmitSm(data_coding=8), "data_coding", "Unicode"),
        (smpp.SubmitSm(data_coding=0xF0), "data_coding", "class 0 (flash)"),
        (smpp.SubmitSm(validity_period="000007000000000R"), "validity_period", "7 days from now"),
        (smpp.SubmitSm(schedule_delivery_time="260131100000004+"), "schedule_delivery_time", "2026-01-31 10:00:00 UTC+01:00"),
        (smpp.SubmitSmResp(command_status=0x58), "command_status", "ESME_RTHROTTLED"),
        (smpp.SubmitSmResp(command_status=0x22), "command_status", "NETWORK_NOT_COVERED"),
        (smpp.DeliverSm(tlvs=[(0x1418, b"\0\0\0\x64")]), "price_per_message", "1.00"),
        (smpp.DeliverSm(tlvs=[(0x1403, b"219101100935850")]), "imsi", '"219101100935850"'),
        (smpp.DeliverSm(tlvs=[(0x0423, b"\x03\x00\x1b")]), "network_error_code", "GSM error 27"),
        (smpp.DeliverSm(tlvs=[(0x0427, b"\x02")]), "message_state", "delivered"),
        (smpp.SubmitSm(tlvs=[(0x1501, b"\xab")]), "0x1501", "1 octet"),
        (smpp.BindTransceiver(interface_version=0x34), "interface_version", "SMPP 3.4"),
        (smpp.SubmitMulti(dest_addresses=[smpp.SmeAddress(1, 1, "385")]), "dest_addresses[0].dest_addr_ton", "international"),
        (
            bytes.fromhex("0000001d80000021000000000000000100010101333835000000000b"),
            "unsuccess_smes[0].error_status_code",
            "ESME_RINVDSTADR",
        ),
        (smpp.SubmitSm(short_message=b"Hello"), "text", '"Hello"'),
        (smpp.SubmitSm(short_message=b"Hello"), "text", "GSM 7-bit"),
        (smpp.DeliverSm(esm_class=0x40, short_message=bytes.fromhex("050003cc0201") + b"hi"), "concat_8bit", "part 1 of 2, reference 204"),
        (smpp.DeliverSm(esm_class=0x40, short_message=bytes.fromhex("0605040b8423f0") + b"hi"), "ports_16bit", "destination 2948"),
        (smpp.DeliverSm(esm_class=0x40, short_message=bytes.fromhex("03240101") + b"hi"), "single_shift", "Turkish"),
        (smpp.DeliverSm(esm_class=4, short_message=b"id:7 stat:DELIVRD err:000 IMSI:219"), "receipt", "DELIVERED"),
        (smpp.DeliverSm(esm_class=4, short_message=b"id:7 stat:DELIVRD err:000 IMSI:219"), "IMSI", '"219"'),
        (
            smpp.DeliverSm(esm_class=4, short_message=b"id:7 stat:UNDELIV err:000", tlvs=[(0x0427, b"\2")]),
            "receipt",
            'text says "UNDELIVERABLE", TLV "DELIVERED"',
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_value_is_explained(pdu, name, said):
    assert any(said in line for line in lines_with(page(bytes(pdu)), name)), page(bytes(pdu))


def test_the_summary_says_who_what_and_to_whom():
    pdu = smpp.SubmitSm(source_addr="Infobip", destination_addr="385951111111", short_message=b"Hello", sequence_number=7)
    place = {"stream": 3, "frame": 17, "time_ns": 1769853600_123456789, "src": "127.0.0.1:40000", "dst": "127.0.0.1:2775"}
    assert page(bytes(pdu), **place).splitlines()[0] == (
        '3/17 2026-01-31T10:00:00.123456789Z 127.0.0.1:40000 > 127.0.0.1:2775  submit_sm  seq 7  Infobip > 385951111111  "Hello"  57 octets'
    )
    answer = smpp.SubmitSmResp(command_status=0x58, sequence_number=7, message_id="a\x1b[2J")
    assert page(bytes(answer)).splitlines()[0] == 'submit_sm_resp  seq 7  ESME_RTHROTTLED  message_id "a\\x1b[2J"  22 octets'
    assert page(bytes.fromhex("00000010000007770000000000000001")).startswith("unknown command 0x00000777  seq 1")


@pytest.mark.parametrize(
    "evil", ["\x1b[2J\x1b]0;pwned\x07", "\x9b2J", "\u202egnp.exe", "\u2066hidden\u2069", "a\rb", "\u200b", "\x7f", "\ud800"]
)
def test_what_a_terminal_would_act_on_is_escaped(evil):
    text = page(bytes(smpp.SubmitSm(data_coding=8, short_message=evil.encode("utf-16-be", "surrogatepass"), sequence_number=1)))
    assert all(line.isprintable() for line in text.split("\n")) and evil not in text


def test_a_long_text_is_wrapped():
    text = page(bytes(smpp.SubmitSm(short_message=b"word " * 50, sequence_number=1)))
    assert max(map(len, text.splitlines()[1:])) < 150
    assert "".join(re.findall(r'^\s+"(.*)"$', text, re.M)) == "word " * 50


def test_octets_that_no_packet_holds_are_dashes_and_those_behind_are_shown():
    frame = bytes(smpp.SubmitSm(source_addr="Infobip", short_message=b"Hello", sequence_number=1))
    item = PlainPdu(0, smpp.decode(frame[:20], strict=False))
    item.octets, item.missing = frame, ((20, 30), (40, 41))
    text = Page(VENDOR).item(item)
    assert "octets 20 to 30 are missing" in text and "octets 40 to 41 are missing" in text
    octets = shown_octets(text)
    assert list(octets) == list(range(len(frame)))
    assert [at for at, digits in octets.items() if digits == "--"] == [*range(20, 30), 40]


def test_a_gap_shows_its_first_octets():
    gap = PlainGap(100, b"GET / HTTP/1.1\r\n" * 6, "not-a-pdu", 200, "200 octets of HTTP, not of SMPP")
    text = Page(VENDOR).item(gap)
    assert text.startswith("not a PDU at 100: 200 octets of HTTP, not of SMPP\n   100  47 45 54")
    assert "GET / HTTP/1.1.." in text and "and 104 octets more" in text


def test_a_profile_names_what_others_leave_as_octets():
    frame = bytes(smpp.DeliverSm(tlvs=[(0x1418, b"\0\0\0\x64")], sequence_number=1))
    assert "price_per_message" in page(frame) and "price_per_message" not in page(frame, smpp.Profile.standard())
