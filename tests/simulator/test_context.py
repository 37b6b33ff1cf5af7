"""Number Context answers as the vendor's document prints them, row V53 of the design; flash as row V29."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp_core import CommandStatus, MessageState, SubmitSm, decode, decode_text, gsm7, parse_receipt, udh
from smswire.simulator.clock import Clock
from smswire.simulator.context import NO_ROUTE, ContextWriter, Found, Lookups
from smswire.simulator.fate import Fate
from smswire.simulator.flash import to_flash
from smswire.simulator.handset import Handsets
from smswire.simulator.network import Networks
from smswire.simulator.scenario import Context, Handset, Network
from smswire.simulator.store import Submission

VIPNET = Network(
    name="VipNet", prefixes=("38591",), mccmnc="21910", country="Croatia", country_code="HR", country_prefix="385", network_prefix="91",
)
TMOBILE = Network(name="T-Mobile D", prefixes=("49",), mccmnc="26201", country="Germany", country_code="DE", country_prefix="49",
                  network_prefix="171")
NOWHERE = Network(name="Closed", prefixes=("38067",), covered=False)
START = datetime(2010, 7, 29, 10, 49, tzinfo=UTC)


def lookups(network: Network = VIPNET, *handsets: Handset, seed: int = 1) -> Lookups:
    return Lookups(Networks((network, TMOBILE, NOWHERE)), Handsets(handsets), seed)


def answer(found: Found, number: str = "385911234567", **package: Any) -> Any:
    customer: Any = SimpleNamespace(name="test")
    one = Submission(
        1, "40072910491427628", customer, SubmitSm(destination_addr=number), number, VIPNET, Fate(0, found.state, 0, 0.0), 1, 0.0, 0.0, 9.0,
        0.0, lookup=True,
    )
    return decode(bytes(ContextWriter(Context(**package), Clock(lambda: 0.0, START)).write(one, found, 0.0).with_sequence(1)))


def test_a_number_that_is_found_is_answered_like_the_document_s_example() -> None:
    found = Found(MessageState.DELIVERED, 0, VIPNET, VIPNET, VIPNET, "219101100935850", "38591016", "38591234567")
    pdu = answer(found)
    assert (pdu.esm_class, pdu.source_addr, pdu.source_addr_ton, pdu.source_addr_npi) == (0x04, "385911234567", 0, 0)
    assert (pdu.destination_addr, pdu.dest_addr_ton, pdu.dest_addr_npi) == ("0000000000", 0, 0)
    assert pdu.short_message == (
        b"id:40072910491427628 sub:001 dlvr:001 submit date:1007291049 done date:1007291049 stat:DELIVRD err:000 "
        b"IMSI:219101100935850 MSC:38591016 HLR:38591234567 ORN:VipNet PON: RON:VipNet ROC:HR MCCMNC:21910"
    )
    assert [(tlv.tag, tlv.raw) for tlv in pdu.tlvs] == [
        (0x0423, b"\x03\x00\x00"), (0x0427, b"\x02"), (0x001E, b"40072910491427628\0"), (0x1409, b"38591234567\0"), (0x140B, b"91\0"),
        (0x1412, b"VipNet\0"), (0x1414, b"VipNet\0"), (0x1415, b"Croatia\0"), (0x1417, b"HR\0"), (0x1416, b"21910\0"),
        (0x1418, b"\0\0\0\x01"), (0x1419, b"91\0"), (0x1420, b"385\0"), (0x1421, b"\0\0\0\0"), (0x1422, b"Croatia\0"), (0x1423, b"HR\0"),
        (0x1424, b"385\0"), (0x1425, b"\0\0\0\x01"), (0x1403, b"219101100935850"), (0x1406, b"38591016"),
    ]
    assert pdu.findings == ()


def test_a_ported_number_has_both_networks() -> None:
    found = Found(MessageState.DELIVERED, 0, VIPNET, TMOBILE, TMOBILE, "262011009358501", "49171016", "49171017")
    pdu = answer(found)
    receipt = parse_receipt(pdu)
    assert receipt is not None
    assert {key: receipt.extra[key] for key in ("ORN", "PON", "RON", "ROC", "MCCMNC")} == {
        "ORN": "VipNet", "PON": "T-Mobile D", "RON": "T-Mobile D", "ROC": "DE", "MCCMNC": "26201",
    }
    assert (pdu.is_number_ported, pdu.ported_network_name, pdu.ported_country_prefix) == (1, "T-Mobile D", "49")
    assert (pdu.ported_network_prefix, pdu.ported_network_country_name, pdu.original_country_code) == ("171", "Germany", "HR")


@pytest.mark.parametrize(("state", "error", "original", "text"), [
    (MessageState.UNDELIVERABLE, 27, VIPNET, b"stat:UNDELIV err:027 IMSI: MSC: ORN:VipNet MCCMNC:"),
    (MessageState.REJECTED, NO_ROUTE, None, b"stat:REJECTD err:1153 IMSI: MSC: MCCMNC:"),
])
def test_a_failed_lookup_says_what_is_known_and_leaves_imsi_and_msc_out(state: Any, error: int, original: Any, text: bytes) -> None:
    pdu = answer(Found(state, error, original))
    assert pdu.short_message == b"id:40072910491427628 sub:001 dlvr:001 submit date:1007291049 done date:1007291049 " + text
    assert (pdu.imsi, pdu.msc, pdu.serving_hlr, pdu.roaming_network_name) == (None, None, None, None)
    assert (pdu.network_error_code, pdu.message_state) == (b"\x03" + error.to_bytes(2, "big"), state)
    assert [tlv.raw for tlv in pdu.tlvs if tlv.tag == 0x1416] == [b"\0"]
    assert pdu.original_network_name == ("VipNet" if original else None)
    assert (pdu.is_number_correct, pdu.is_number_ported) == (1, 0)
    assert pdu.findings == ()


def test_the_package_leaves_tlvs_out_and_sets_the_price() -> None:
    found = lookups().find("385911234567")
    pdu = answer(found, omit=("imsi", "serving_hlr"), price=250)
    assert (pdu.imsi, pdu.serving_hlr, pdu.price_per_message, pdu.original_network_name) == (None, None, 250, "VipNet")


@given(st.integers(385910000000, 385919999999), st.integers())
def test_a_number_always_has_the_same_context(number: int, seed: int) -> None:
    moving = Network(**{name: getattr(VIPNET, name) for name in VIPNET.__struct_fields__} | {
        "ported": 0.5, "ported_to": "T-Mobile D", "roaming": 0.5, "roaming_in": "T-Mobile D", "absent": 0.2,
    })
    found = lookups(moving, seed=seed).find(str(number))
    assert found == lookups(moving, seed=seed).find(str(number))
    if found.state is MessageState.DELIVERED:
        assert found.imsi.startswith(found.home.mccmnc)
        assert len(found.imsi) == 15
        assert found.ported == (found.home is not moving)
    else:
        assert (found.state, found.error, found.imsi) == (MessageState.UNDELIVERABLE, 27, "")
    assert answer(found, str(number)).findings == ()


def test_shares_of_ported_roaming_and_absent_numbers_come_true() -> None:
    moving = Network(**{name: getattr(VIPNET, name) for name in VIPNET.__struct_fields__} | {
        "ported": 0.3, "ported_to": "T-Mobile D", "roaming": 0.1, "roaming_in": "T-Mobile D", "absent": 0.2,
    })
    dealer = lookups(moving)
    found = [dealer.find(str(385910000000 + n)) for n in range(4_000)]
    there = [one for one in found if one.state is MessageState.DELIVERED]
    assert len(there) == pytest.approx(3_200, rel=0.05)
    assert sum(one.ported for one in there) == pytest.approx(960, rel=0.1)
    assert sum(one.serving is TMOBILE and not one.ported for one in there) == pytest.approx(224, rel=0.3)


def test_numbers_without_a_covered_network_are_rejected_and_handsets_that_are_off_are_absent() -> None:
    dealer = lookups(VIPNET, Handset(number="385910000000", state="off"))
    assert dealer.find("380671234567").state is MessageState.REJECTED
    assert dealer.find("77012345678")[:3] == (MessageState.REJECTED, NO_ROUTE, None)
    assert dealer.find("385910000000")[:2] == (MessageState.UNDELIVERABLE, 27)


# -- flash ------------------------------------------------------------------------------------------------------------------------


def message(octets: bytes, coding: int, **fields: Any) -> SubmitSm:
    return SubmitSm(source_addr="Infobip", destination_addr="385911234567", short_message=octets, data_coding=coding, **fields)


@pytest.mark.parametrize(("coding", "flash"), [(0, 240), (1, 240), (8, 24), (4, 244), (240, 240), (24, 24), (245, 245)])
def test_a_coding_becomes_its_flash_form_and_the_octets_stay(coding: int, flash: int) -> None:
    made = to_flash(message(b"\0h\0i", coding))
    assert not isinstance(made, CommandStatus)
    assert (made.data_coding, made.short_message) == (flash, b"\0h\0i")


@given(st.text(st.characters(max_codepoint=255), max_size=70))
def test_latin_1_becomes_gsm_where_that_holds_the_text_else_ucs_2(text: str) -> None:
    made = to_flash(message(text.encode("latin-1"), 3))
    assert not isinstance(made, CommandStatus)
    assert made.data_coding == (24 if gsm7.unencodable(text) else 240)
    assert decode_text(made).text == text or text.startswith("\ufeff")
    assert decode_text(made).flash
    payload = to_flash(message(b"", 3, tlvs=[("message_payload", text.encode("latin-1"))]))
    assert not isinstance(payload, CommandStatus)
    assert decode_text(payload).text == decode_text(made).text


def test_concatenation_and_more_than_one_segment_are_refused() -> None:
    too_long = CommandStatus.ESME_RINVMSGLEN
    header = udh.encode([udh.concat(5, 2, 1)])
    assert to_flash(message(header + b"hello", 0, esm_class=0x40)) is too_long
    assert to_flash(message(b"hello", 0, tlvs=[("sar_total_segments", 2)])) is too_long
    assert to_flash(message(b"a" * 161, 0)) is too_long
    assert to_flash(message(b"\0a" * 71, 8)) is too_long
    assert to_flash(message(b"", 0, tlvs=[("message_payload", b"a" * 161)])) is too_long
    assert not isinstance(to_flash(message(b"a" * 160, 0)), CommandStatus)
    assert not isinstance(to_flash(message(b"\0a" * 70, 8)), CommandStatus)
    ports = udh.encode([udh.ports(2948, 9200)])
    assert not isinstance(to_flash(message(ports + b"hello", 4, esm_class=0x40)), CommandStatus)
    assert to_flash(message(b"hello", 6)) is CommandStatus.ESME_RINVDCS
