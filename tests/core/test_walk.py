"""spec/walk.py: its steps cover every frame, it reads back what was laid down, and names each single fault and nothing else."""

from typing import Any

import pytest
import strategies as ours
from hypothesis import given
from hypothesis import strategies as st

import smpp_core as smpp
from smpp_core.spec.commands import BY_NAME, COMMANDS
from smpp_core.spec.findings import FINDINGS, MAX_FINDINGS
from smpp_core.spec.rows import Command, Tlv
from smpp_core.spec.tlvs import TLVS
from smpp_core.spec.values import DistributionList, SmeAddress
from smpp_core.spec.walk import Step, is_time, tlv_value, values, walk

UNNAMED = ("body", "unread", "tail", "excess")
PEER = TLVS | {row.tag: row for row in ours.PEER_ROWS}


def codes(octets: bytes, tlvs: dict[int, Tlv] = TLVS) -> list[str]:
    return [finding.code for finding in values(octets, tlvs)[3]]


def enquire(*tlvs: tuple[int, bytes]) -> bytes:
    """A PDU without fields, so that its TLVs begin at octet 16."""
    return ours.lay(BY_NAME["enquire_link"], {}, tlvs).octets


@given(st.one_of(ours.ANY_FRAME, ours.ANY_FAULT.map(lambda fault: fault.octets)))
def test_steps_join_without_gap_or_overlap_and_cover_every_frame(octets: bytes) -> None:
    at = 0
    for step in walk(octets):
        assert step.offset == at
        assert step.length >= 0
        at += step.length
    assert at == len(octets)


@given(ours.ANY_FRAME)
def test_each_step_holds_the_octets_that_its_value_is_made_of(octets: bytes) -> None:
    row = COMMANDS.get(int.from_bytes(octets[4:8], "big"))
    for step in walk(octets):
        raw = octets[step.offset : step.offset + step.length]
        if step.tag is not None:
            assert raw[:2] == step.tag.to_bytes(2, "big")
            assert len(raw) >= 4
        elif step.field in UNNAMED or isinstance(step.value, bytes):
            assert raw == step.value
        elif isinstance(step.value, str):
            assert raw.rstrip(b"\0").decode("latin-1") == step.value.rstrip("\0")
            assert len(raw) - len(step.value) in (0, 1)
        elif isinstance(step.value, int) and step.length:
            assert int.from_bytes(raw, "big") == step.value
        else:
            assert step.length == 0
            assert step.row is not None
            assert row is not None


@given(st.one_of(ours.ANY_FRAME, ours.ANY_FAULT.map(lambda fault: fault.octets)))
def test_findings_point_into_the_frame_and_stand_in_the_step_they_speak_of(octets: bytes) -> None:
    for step in walk(octets):
        for finding in step.findings:
            assert finding.offset == step.offset
            assert finding.code in FINDINGS
            assert finding.section


@given(ours.ANY_FRAME)
def test_values_gives_every_field_of_the_command_and_every_tlv_in_order(octets: bytes) -> None:
    fields, tlvs, tail, findings = values(octets)
    row = COMMANDS.get(int.from_bytes(octets[4:8], "big"))
    assert list(fields) == ([field.name for field in row.fields] if row else [])
    steps = list(walk(octets))
    assert [tag for tag, _, _ in tlvs] == [step.tag for step in steps if step.tag is not None]
    assert sorted(findings) == sorted(finding for step in steps for finding in step.findings)
    assert len(tail) <= 3


@given(ours.built(clean=True))
def test_a_clean_frame_reads_back_as_it_was_laid_down(parts: Any) -> None:
    row, fields, tlvs, status, sequence = parts
    frame = ours.lay(row, fields, tlvs, status=status, sequence=sequence)
    found, seen, tail, findings = values(frame.octets)
    counts = {name: len(fields[counted]) for name, counted in ours.counted(row).items()}
    assert found == {**fields, **counts}
    assert [(tag, raw) for tag, raw, _ in seen] == tlvs
    assert tail == b""
    assert findings == []
    header = [step.value for step in walk(frame.octets)][:4]
    assert header == [len(frame.octets), row.id, status, sequence]


@given(ours.laid())
def test_steps_stand_where_the_builder_put_the_parts(frame: ours.Laid) -> None:
    steps = list(walk(frame.octets))
    assert {step.field: step.offset for step in steps if step.field in frame.fields and step.tag is None} == frame.fields
    assert [step.offset for step in steps if step.tag is not None] == frame.tlvs
    entries = [step.offset for step in steps if step.field.endswith((".dest_flag", "].dest_addr_ton"))]
    assert set(frame.entries) <= set(entries)


@pytest.mark.parametrize("code", sorted(ours.FAULTS))
@given(data=st.data())
def test_one_fault_gives_one_finding_with_its_field_and_offset(code: str, data: st.DataObject) -> None:
    fault = data.draw(ours.FAULTS[code])
    found = [(finding.severity, finding.code, finding.field, finding.offset) for finding in values(fault.octets)[3]]
    assert found == [(fault.severity, fault.code, fault.field, fault.offset)]


def test_every_structural_finding_has_a_strategy_that_brings_it_about() -> None:
    structural = {row.code for row in FINDINGS.values() if row.layer == "pdu"}
    assert set(ours.FAULTS) == structural - {"vendor-tlv-form"}, "vendor rows belong to a profile and are tested below"


@given(st.binary(max_size=15))
def test_less_than_a_header_is_refused(octets: bytes) -> None:
    with pytest.raises(ValueError, match="16 octets"):
        walk(octets)


def test_entries_of_groups_are_named_by_place_and_part() -> None:
    fields = ours.blank(BY_NAME["submit_multi"])
    fields |= {"dest_addresses": (SmeAddress(1, 1, "38591"), DistributionList("all")), "short_message": b"hi"}
    steps = list(walk(ours.lay(BY_NAME["submit_multi"], fields).octets))
    group = [(step.offset, step.length, step.field, step.value) for step in steps if step.field.startswith("dest_addresses")]
    assert group == [
        (21, 0, "dest_addresses", (SmeAddress(1, 1, "38591"), DistributionList("all"))),
        (21, 1, "dest_addresses[0].dest_flag", 1),
        (22, 1, "dest_addresses[0].dest_addr_ton", 1),
        (23, 1, "dest_addresses[0].dest_addr_npi", 1),
        (24, 6, "dest_addresses[0].destination_addr", "38591"),
        (30, 1, "dest_addresses[1].dest_flag", 2),
        (31, 4, "dest_addresses[1].dl_name", "all"),
    ]


def _last(octets: bytes, tlvs: dict[int, Tlv] = TLVS) -> Step:
    return list(walk(octets, tlvs))[-1]


def test_what_is_not_read_is_named_after_the_reason() -> None:
    assert _last(bytes.fromhex("00000012 0000FFFF 00000000 00000001 ABCD"))[:4] == (16, 2, "body", b"\xab\xcd")
    assert _last(bytes.fromhex("00000012 00000015 00000000 00000001 ABCD"))[:4] == (16, 2, "tail", b"\xab\xcd")
    assert _last(bytes.fromhex("00000010 00000015 00000000 00000001 ABCD"))[:4] == (16, 2, "excess", b"\xab\xcd")
    # submit_multi_resp: message_id "7", one entry announced whose status ends after two octets.
    rest = _last(bytes.fromhex("00000019 80000021 00000000 00000001 3700 01 010131000000"))
    assert rest[:4] == (19, 6, "unsuccess_smes[0]", bytes.fromhex("010131000000"))
    # submit_multi: dest_flag 9, what follows cannot be read.
    steps = list(walk(bytes.fromhex("00000018 00000021 00000000 00000001 00000000 01 09 ABCD")))
    assert [(step.field, step.value) for step in steps[-2:]] == [("dest_addresses[0].dest_flag", 9), ("unread", b"\xab\xcd")]


@pytest.mark.parametrize("count", [0, 1, MAX_FINDINGS - 1, MAX_FINDINGS, MAX_FINDINGS + 1, 3000])
def test_no_findings_are_lost_below_the_limit_and_errors_never(count: int) -> None:
    octets = enquire(*[(0x3000, b"")] * (count + 1)) + b"\0\0\0"
    found = codes(ours.with_length(octets))
    assert found == ["tlv-repeated"] * min(count, MAX_FINDINGS) + ["trailing-octets"]


def test_octets_beyond_command_length_are_not_read() -> None:
    fields, tlvs, tail, findings = values(bytes.fromhex("00000012 80000004 00000000 00000001 3700 0425000102"))
    assert fields == {"message_id": "7"}
    assert (tlvs, tail) == ([], b"")
    assert [finding.code for finding in findings] == ["length-mismatch"]


@pytest.mark.parametrize("length", [0, 1, 15, 22, 0x7FFFFFFF, 0xFFFFFFFF])
def test_an_impossible_command_length_does_not_stop_the_reading(length: int) -> None:
    octets = ours.with_length(bytes.fromhex("00000000 80000004 00000000 00000001 313233343500"), length)
    assert (values(octets)[0], codes(octets)) == ({"message_id": "12345"}, [] if length == 22 else ["length-mismatch"])


def test_a_response_without_body_has_no_fields_and_a_request_without_body_is_truncated() -> None:
    assert values(bytes.fromhex("00000010 80000004 00000014 00000005")) == ({"message_id": None}, [], b"", [])
    fields, _, _, findings = values(bytes.fromhex("00000010 00000004 00000000 00000005"))
    assert set(fields.values()) == {None}
    assert [finding[:4] for finding in findings] == [("error", "truncated", "service_type", 16)]


@pytest.mark.parametrize("row", [row for row in ours.RESPONSES if row.fields], ids=lambda row: row.name)
@pytest.mark.parametrize("status", [0, 0x45])
def test_only_a_good_response_that_needs_its_body_is_said_to_lack_it(row: Command, status: int) -> None:
    found = codes(ours.lay(row, {}, status=status).octets)
    assert found == (["missing-body"] if row.body == "when_ok" and status == 0 else [])


@pytest.mark.parametrize(
    ("body", "is_tlvs"),
    [
        ("0425000102", True), ("0001000102", False), ("0100000102", True), ("1FFF0000", True), ("20000000", False),
        ("0425000102 0425000102", True), ("0425000202", False), ("042500010200", False), ("0425000102042500", False), ("04250000", True),
        ("042500", False), ("0425FFFF", False),
    ],
)
def test_a_body_is_tlvs_if_it_starts_with_a_control_character_and_they_end_exactly_at_its_end(body: str, is_tlvs: bool) -> None:
    octets = ours.with_length(bytes.fromhex("00000000 80000004 00000045 00000009" + body))
    fields, tlvs, _, _ = values(octets)
    assert ("body-is-tlvs" in codes(octets)) is is_tlvs
    assert (fields["message_id"] is None) is is_tlvs
    assert bool(tlvs) >= is_tlvs


def test_findings_of_the_header_come_first_and_two_texts_last() -> None:
    # Sequence number out of range, command unknown, length wrong: reported in the order length, sequence, command.
    assert codes(bytes.fromhex("00000011 0000FFFF 00000000 80000001")) == ["length-mismatch", "sequence-out-of-range", "unknown-command"]
    row = BY_NAME["submit_sm"]
    frame = ours.lay(row, ours.blank(row) | {"short_message": b"a"}, [(0x0424, b"b"), (0x0424, b"c")])
    _, _, _, findings = values(frame.octets + b"\0")
    assert [finding.code for finding in findings] == ["length-mismatch", "tlv-repeated", "two-texts"]
    assert findings[-1].offset == frame.tlvs[0]


@pytest.mark.parametrize(
    ("item", "value", "found"),
    [
        ((0x1400, b"219101"), "219101", []),
        ((0x1400, b"\0\3"), b"\0\3", ["vendor-tlv-form"]),
        ((0x1401, b"text\0"), "text", []),
        ((0x1401, b"text"), "text", ["tlv-no-nul"]),
        ((0x1401, b"x" * 19), "x" * 19, ["tlv-no-nul"]),
        ((0x1401, b"x" * 20), b"x" * 20, ["vendor-tlv-form"]),
        ((0x1402, b"\0\0\0\xc8"), 200, ["unknown-value"]),
        ((0x1402, b"\0\0\0\1"), 1, []),
        ((0x1402, b"\0\1"), b"\0\1", ["vendor-tlv-form"]),
        ((0x1404, b""), True, []),
        ((0x1404, b"\1\2"), b"\1\2", ["vendor-tlv-form"]),
        ((0x1405, b"ab"), b"ab", []),
        ((0x1405, b"a"), b"a", ["vendor-tlv-form"]),
        ((0x001E, b"789"), "789", ["tlv-no-nul"]),
        ((0x001E, b"7\0" + b"89\0"), "7\00089", []),
        ((0x001E, b"7\0\0"), "7\0", []),
        ((0x001E, b""), "", ["tlv-no-nul"]),
        ((0x001E, b"x" * 64), "x" * 64, ["tlv-no-nul"]),
        ((0x001E, b"x" * 65), "x" * 65, ["tlv-length"]),
        ((0x060D, b"12345"), "12345", ["tlv-length"]),
        ((0x060D, b"123456"), "123456", ["tlv-no-nul"]),
        ((0x1408, b"ab\0\0"), "ab", []),
        ((0x1407, b"\1" + b"\0" * 7), 1 << 56, []),
        ((0x1407, b"\1" + b"\0" * 8), None, ["tlv-length"]),
        ((0x0427, b""), None, ["tlv-length"]),
        ((0x0427, b"\0\0\0\2"), 2, ["tlv-length"]),
        ((0x0427, b"\0" * 9), None, ["tlv-length"]),
        ((0x0427, b"\0\0\1\2"), 258, ["tlv-length", "unknown-value"]),
        ((0x0423, b"027"), b"027", ["network-error-ascii"]),
        ((0x0423, b"\3\0\0"), b"\3\0\0", []),
        ((0x130C, b""), True, []),
        ((0x130C, b"\0"), 0, []),
        ((0x2000, b""), b"", []),
    ],
)
def test_tlv_values_and_findings_by_row(item: tuple[int, bytes], value: Any, found: list[str]) -> None:
    octets = enquire(item)
    assert values(octets, PEER)[1] == [(*item, value)]
    assert codes(octets, PEER) == found


def test_a_clipped_tlv_keeps_what_is_there_and_is_not_checked_further() -> None:
    octets = bytes.fromhex("0000001A 00000015 00000000 00000001 001E 0041 373839303132")
    assert values(octets)[1] == [(0x001E, b"789012", "789012")]
    assert codes(octets) == ["tlv-overrun"]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("000007000000000R", True), ("260131235959948+", True), ("999999999999999-", True), ("160729101490", False),
        ("26013123595994+", False),
        ("²60131235959948+", False), ("260131235959948r", False), ("2601312359599 8+", False), ("٣60131235959948+", False), ("", False),
    ],
)
def test_a_time_is_fifteen_digits_and_a_sign(text: str, answer: bool) -> None:
    assert is_time(text) is answer


@pytest.mark.parametrize(
    ("text", "answer"), [("260131120000", True), ("000007000000000R", True), ("26013112000", False), ("26013112000x", False)],
)
def test_an_smsc_reports_a_final_date_in_twelve_digits_too(text: str, answer: bool) -> None:
    frame = ours.lay(BY_NAME["query_sm_resp"], {"message_id": "1", "final_date": text, "message_state": 2, "error_code": 0}).octets
    assert values(frame)[0]["final_date"] == smpp.decode(frame).final_date == text
    assert codes(frame) == [finding.code for finding in smpp.decode(frame).findings] == ([] if answer else ["bad-time"])


@given(st.sampled_from(tuple(PEER.values())), st.binary(max_size=300))
def test_a_tlv_value_is_text_a_number_or_octets_as_its_row_says(row: Tlv, raw: bytes) -> None:
    value = tlv_value(row, raw)
    kinds = {"integer": (int, type(None)), "flag": (int, type(None)), "cstring": (str,), "string": (str,), "octets": (bytes,)}
    assert isinstance(value, (*kinds[row.kind], bytes) if row.is_vendor else kinds[row.kind])
