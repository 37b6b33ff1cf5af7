"""explain: structure, then text, then receipt; each by offset, every offset inside the PDU, and nothing raised whatever the octets are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp_core import BindTransceiver, DataSm, DeliverSm, EnquireLink, Pdu, Profile, SubmitSm, decode
from smpp_core.explain import explain
from smpp_core.spec.findings import FINDINGS

LAYERS = ["pdu", "text", "receipt"]
RECEIPT = b"id:127 sub:001 dlvrd:000 submit date:2301151000 done date:2301151002 stat:DEIIVRD err:000 text:hi"


def lenient(pdu: Pdu, profile: Profile | None = None) -> Pdu:
    return decode(bytes(pdu), strict=False, profile=profile)


octets = st.binary(max_size=150) | st.builds(
    lambda at, some: RECEIPT[:at] + some + RECEIPT[at:], st.integers(0, len(RECEIPT)), st.binary(max_size=6))
tlvs = st.lists(st.tuples(st.sampled_from([0x1E, 0x20C, 0x423, 0x424, 0x427, 0x1403, 0x1501]), octets), max_size=4)
pdus = st.one_of(
    st.builds(lambda cls, esm, dcs, text, options: bytes(cls(esm_class=esm, data_coding=dcs, short_message=text, tlvs=options)),
              st.sampled_from([DeliverSm, SubmitSm]), st.integers(0, 255), st.integers(0, 255), octets, tlvs),
    st.builds(lambda esm, dcs, options: bytes(DataSm(esm_class=esm, data_coding=dcs, tlvs=options)),
              st.integers(0, 255), st.integers(0, 255), tlvs),
    st.builds(lambda head, body: head + body, st.binary(min_size=16, max_size=16), octets),
    st.builds(lambda command, body: bytes(4) + command.to_bytes(4, "big") + body, st.sampled_from([4, 5, 0x21, 0x103, 0x80000004]),
              st.binary(min_size=8, max_size=100)),
)


@given(pdus, st.integers(0, 200), st.booleans())
def test_whatever_a_pdu_holds_its_findings_come_by_layer_and_offset(frame: bytes, cut: int, unflagged: bool) -> None:
    profile = Profile.vendor().with_options(receipts_unflagged=unflagged)
    pdu = decode(frame[:max(16, len(frame) - cut)] if cut < 100 else frame, strict=False, profile=profile)
    found = explain(pdu)
    order = [(LAYERS.index(FINDINGS[finding.code].layer), finding.offset) for finding in found]
    assert order == sorted(order)
    assert all(0 <= finding.offset <= len(pdu) for finding in found)
    assert sorted(pdu.findings) == sorted(finding for finding in found if FINDINGS[finding.code].layer == "pdu")


def test_a_sound_pdu_has_nothing_to_explain() -> None:
    sound = RECEIPT.replace(b"DEII", b"DELI")
    for pdu in (
        EnquireLink(sequence_number=1), BindTransceiver(system_id="a", sequence_number=1), SubmitSm(short_message=b"hi", sequence_number=1),
        DeliverSm(esm_class=4, short_message=sound, tlvs=[("receipted_message_id", "127"), ("message_state", 2)], sequence_number=1),
    ):
        assert explain(pdu) == explain(lenient(pdu)) == ()


def test_all_three_layers_are_joined_and_offsets_are_those_of_the_pdu() -> None:
    pdu = lenient(DeliverSm(source_addr_ton=9, esm_class=4, short_message=RECEIPT + b"\x1b", sequence_number=1,
                            tlvs=[("receipted_message_id", "7F"), ("message_state", 5), ("message_state", 5)]))
    found = explain(pdu)
    assert [(finding.code, finding.field) for finding in found] == [
        ("unknown-value", "source_addr_ton"), ("tlv-repeated", "message_state"), ("dangling-escape", "short_message"),
        ("state-repaired", "short_message"), ("receipt-disagrees", "receipted_message_id"), ("receipt-disagrees", "message_state"),
    ]
    frame = bytes(pdu)
    assert [finding.offset for finding in found] == [
        pdu.field_offset("source_addr_ton"), pdu.tlvs[2].offset, frame.index(b"\x1b"), frame.index(b"DEIIVRD"),
        pdu.tlvs[0].offset, pdu.tlvs[1].offset,
    ]


def test_the_user_data_header_is_explained() -> None:
    pdu = lenient(DeliverSm(esm_class=0x44, short_message=b"\x05\x00\x03\x01\x02\x09id:7 stat:ACKEDD", sequence_number=1))
    assert [finding.code for finding in explain(pdu)] == ["udh-part", "state-repaired"]


@pytest.mark.parametrize(("esm_class", "unflagged", "codes"), [
    (4, False, ["receipt-unkeyed"]), (0x20, False, ["receipt-unkeyed"]), (0, False, []), (0, True, []), (8, True, [])])
def test_a_receipt_is_explained_only_where_it_is_one(esm_class: int, unflagged: bool, codes: list[str]) -> None:
    profile = Profile.vendor().with_options(receipts_unflagged=unflagged)
    pdu = lenient(DeliverSm(esm_class=esm_class, short_message=b"ACK/", sequence_number=1), profile)
    assert [finding.code for finding in explain(pdu)] == codes


def test_findings_of_a_broken_pdu_are_sorted_with_those_of_its_text() -> None:
    fields = "00 0101" "3100" "0101" "3200" "04 00 00 00 00 00 00 00 00"   # to sm_default_msg_id
    frame = bytes.fromhex("000000FF 00000005 00000000 00000000" + fields + "10") + b"SUB/~\x1b/\x1b"
    pdu = decode(frame, strict=False)
    found = explain(pdu)
    assert {finding.code for finding in found} >= {"length-mismatch", "length-overrun", "sequence-zero", "receipt-unkeyed"}
    assert found[:len(pdu.findings)] == tuple(sorted(pdu.findings, key=lambda finding: finding.offset))
