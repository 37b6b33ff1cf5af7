"""I1, I2, I4, I5, I6: a PDU is its bytes, whatever they are; the compiled decoder agrees with spec/walk.py; errors know their reply."""

import copy
import pickle
from typing import Any

import pytest
import strategies as ours
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import smpp_core as smpp
from smpp_core.spec.commands import BY_NAME, COMMANDS
from smpp_core.spec.findings import MAX_FINDINGS, Finding
from smpp_core.spec.rows import Command, Field
from smpp_core.spec.tlvs import TLVS
from smpp_core.spec.walk import values

VENDOR = smpp.Profile.vendor()
STANDARD = smpp.Profile.standard()
PEER = STANDARD.with_tlvs(*ours.PEER_ROWS)
PROFILES = st.sampled_from((VENDOR, STANDARD, PEER))
ANY_OCTETS = st.one_of(ours.ANY_FRAME, st.binary(max_size=15))
ENQUIRE = bytes.fromhex("00000010 00000015 00000000 00000001")
EVERY_FIELD = [(row, field) for row in ours.WITH_FIELDS for field in row.fields]


def lenient(octets: bytes, profile: smpp.Profile | None = None) -> smpp.Pdu:
    return smpp.decode(octets, strict=False, profile=profile)


def class_of(row: Command) -> Any:
    return getattr(smpp, row.class_name)


def place(finding: Finding) -> tuple[str, str, str, int, str]:
    return finding.severity, finding.code, finding.field, finding.offset, finding.section


def without(pdu: smpp.Pdu, *names: str) -> dict[str, Any]:
    counts = ours.counted(pdu.row) if pdu.row else {}
    return {name: value for name, value in pdu.fields().items() if name not in names and counts.get(name) not in names}


# --- I1


@given(ours.ANY_FRAME)
def test_i1_the_bytes_of_a_pdu_are_the_octets_it_came_from(octets: bytes) -> None:
    pdu = lenient(octets)
    assert bytes(pdu) is octets
    assert len(pdu) == len(octets)


@given(ours.ANY_FRAME)
def test_i1_a_pdu_never_holds_the_buffer_it_was_read_from(octets: bytes) -> None:
    buffer = bytearray(octets)
    first, second = lenient(buffer), lenient(memoryview(buffer))  # type: ignore[arg-type]
    buffer[:] = b"\xaa" * len(buffer)
    buffer.clear()
    assert bytes(first) == bytes(second) == octets
    assert first == second == lenient(octets)


@given(ours.ANY_FRAME)
def test_the_header_is_read_as_it_stands(octets: bytes) -> None:
    pdu = lenient(octets)
    numbers = [int.from_bytes(octets[at : at + 4], "big") for at in (0, 4, 8, 12)]
    assert [pdu.command_length, pdu.command_id, pdu.command_status, pdu.sequence_number] == numbers
    row = COMMANDS.get(numbers[1])
    assert pdu.row is row
    assert pdu.command == (row.name if row else "unknown")
    assert type(pdu) is (class_of(row) if row else smpp.UnknownPdu)
    assert pdu.status.value == numbers[2]


# --- I2


@pytest.mark.parametrize("row", ours.ROWS, ids=lambda row: row.name)
@settings(max_examples=max(15, settings.default.max_examples // 4))
@given(data=st.data())
def test_i2_building_gives_the_octets_of_the_tables_and_decoding_gives_the_fields_again(row: Command, data: st.DataObject) -> None:
    _, fields, tlvs, status, sequence = data.draw(ours.built((row,)))
    frame = ours.lay(row, fields, tlvs, status=status, sequence=sequence).octets
    pdu = class_of(row)(**fields, tlvs=tlvs, command_status=status, sequence_number=sequence)
    assert bytes(pdu) == frame
    again = lenient(bytes(pdu))
    assume(all(finding.code != "body-is-tlvs" for finding in again.findings))
    counts = {name: len(fields[counted]) for name, counted in ours.counted(row).items()}
    assert again.fields() == {**fields, **counts}
    assert {name: getattr(again, name) for name in again.fields()} == again.fields()
    assert [(tlv.tag, tlv.raw) for tlv in again.tlvs] == tlvs
    assert (again.command_status, again.sequence_number, again.tail) == (status, sequence, b"")
    assert again == pdu


@given(ours.built(clean=True))
def test_i2_a_valid_pdu_passes_strict_decoding_without_findings(parts: Any) -> None:
    row, fields, tlvs, status, sequence = parts
    pdu = smpp.decode(bytes(class_of(row)(**fields, tlvs=tlvs, command_status=status, sequence_number=sequence)))
    assert pdu.findings == ()
    assert pdu.strict


@given(ours.clean_tlvs())
def test_i2_tlvs_are_built_from_the_values_that_decoding_gives(tlvs: list[ours.TlvItem]) -> None:
    assume(all(TLVS[tag].kind != "integer" or TLVS[tag].min == TLVS[tag].max for tag, _ in tlvs))
    first = smpp.DataSm(tlvs=tlvs)
    assert bytes(smpp.DataSm(tlvs=[(tlv.name, tlv.value) for tlv in first.tlvs])) == bytes(first)
    for tlv in first.tlvs:
        assert getattr(first, tlv.name) == next(other.value for other in first.tlvs if other.tag == tlv.tag)


@pytest.mark.parametrize("row", ours.ROWS, ids=lambda row: row.name)
def test_i2_a_pdu_of_defaults_is_valid(row: Command) -> None:
    pdu = smpp.decode(bytes(class_of(row)(sequence_number=1)))
    assert pdu.findings == ()
    defaults = {field.name: field.default for field in row.fields if field.default}
    assert pdu.fields() == {**dict.fromkeys(ours.counted(row), 0), **ours.blank(row), **defaults}


@pytest.mark.parametrize("row", [row for row in ours.RESPONSES if row.fields], ids=lambda row: row.name)
def test_i2_a_failed_response_of_defaults_has_no_body(row: Command) -> None:
    pdu = class_of(row)(command_status=0x45, sequence_number=9)
    assert bytes(pdu) == ours.header(16, row.id, 0x45, 9)
    assert set(pdu.fields().values()) == {None}
    assert smpp.decode(bytes(pdu)).findings == ()


@given(st.sampled_from([row for row in ours.RESPONSES if len(row.fields) > 1]), st.data())
def test_i2_none_ends_the_body_of_a_response_and_nothing_may_follow_it(row: Command, data: st.DataObject) -> None:
    fields = data.draw(ours.field_sets(row, True))
    names = [field.name for field in row.fields if not field.counts]
    at = data.draw(st.integers(0, len(names) - 1))
    short = {name: None if names.index(name) >= at else value for name, value in fields.items()}
    frame = ours.lay(row, {name: fields[name] for name in names[:at]}).octets
    assert bytes(class_of(row)(**short, sequence_number=1)) == frame
    if at < len(names) - 1:
        with pytest.raises(smpp.EncodeError) as caught:
            class_of(row)(**{**fields, names[at]: None})
        assert caught.value.field in names[at:]


# --- what may not be built


def _too_much(field: Field) -> list[Any]:
    if field.kind in ("u8", "u32"):
        return [-1, 256**field.max, 1 << 70, "1", 1.0, b"1"]
    if field.kind == "cstring":
        return ["x" * field.max, "a\0", "\0", "\u20ac", "\ud800", 5]
    if field.kind == "octets":
        return [b"x" * 255, "text", 5]
    one: Any = smpp.UnsuccessSme(1, 1, "1", 0) if field.kind == "unsuccess" else smpp.SmeAddress(1, 1, "1")
    return [
        [one] * 255, [one._replace(destination_addr="x" * 21)], [one._replace(dest_addr_ton=256)], [one._replace(dest_addr_npi=-1)],
        [one._replace(destination_addr="a\0")], [one._replace(destination_addr="\u20ac")], [5], "text",
    ]


@pytest.mark.parametrize(
    ("row", "field"), [(row, field) for row, field in EVERY_FIELD if not field.counts], ids=lambda item: item.name,
)
def test_a_value_that_does_not_fit_is_an_encode_error_that_names_the_field(row: Command, field: Field) -> None:
    good = class_of(row)()
    for value in _too_much(field):
        for build in (class_of(row), good.replace):
            with pytest.raises(smpp.EncodeError) as caught:
                build(**{field.name: value})
            assert caught.value.field == field.name
            assert field.name in str(caught.value)
            assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("row", ours.ROWS, ids=lambda row: row.name)
def test_unknown_names_and_derived_counts_are_type_errors(row: Command) -> None:
    names = ["no_such_field", "command_length", *ours.counted(row)]
    for name in names:
        with pytest.raises(TypeError, match=name):
            class_of(row)(**{name: 1})
        with pytest.raises(TypeError, match=name):
            class_of(row)().replace(**{name: 1})


@pytest.mark.parametrize("number", [-1, 1 << 32])
def test_header_numbers_are_32_bits_wide(number: int) -> None:
    for name in ("sequence_number", "command_status"):
        with pytest.raises(smpp.EncodeError) as caught:
            smpp.EnquireLink(**{name: number})
        assert caught.value.field == name
    with pytest.raises(smpp.EncodeError):
        smpp.EnquireLink().with_sequence(number)


@pytest.mark.parametrize(
    "item",
    [
        (-1, b""), (0x10000, b""), (0x1456, "x" * 200), ("no_such_tlv", b""), ("message_state", 256), ("message_state", -1),
        ("message_state", "2"), ("receipted_message_id", "x" * 65), ("receipted_message_id", "\u20ac"), ("message_payload", b"x" * 0x10000),
        ("message_payload", "text"),
        (0x2000, "text"), 5, (), (1,), (1, b"", b""),
    ],
    ids=repr,
)
def test_a_tlv_that_does_not_fit_is_an_encode_error(item: Any) -> None:
    with pytest.raises(smpp.EncodeError):
        smpp.SubmitSm(tlvs=[item])


# --- I4


@given(ANY_OCTETS, st.booleans(), PROFILES)
def test_i4_only_smpp_errors_come_out_and_they_build_their_reply(octets: bytes, strict: bool, profile: smpp.Profile) -> None:
    try:
        pdu = smpp.decode(octets, strict=strict, profile=profile)
    except smpp.ProtocolError as error:
        assert isinstance(error, smpp.DecodeError if len(octets) >= 16 else smpp.FrameError)
        assert strict or len(octets) < 16
        reply = smpp.decode(bytes(error.reply()))
        assert reply.is_response
        assert reply.command_status == error.command_status != 0
        assert reply.sequence_number == error.sequence_number
        if isinstance(error, smpp.DecodeError):
            assert error.sequence_number == int.from_bytes(octets[12:16], "big")
            row = error.pdu.row
            assert reply.command == (row.response if row is not None and row.response else "generic_nack")
        return
    for name in dir(pdu):
        if not name.startswith("_"):
            getattr(pdu, name, None)  # names of another profile's TLVs are AttributeErrors
    for tlv in pdu.tlvs:
        assert octets[tlv.offset + 4 : tlv.offset + 4 + len(tlv.raw)] == tlv.raw
        assert octets[tlv.offset : tlv.offset + 4] == tlv.tag.to_bytes(2, "big") + tlv.length.to_bytes(2, "big")


@given(ours.ANY_FRAME)
def test_i4_strict_decoding_raises_exactly_for_the_first_error_and_carries_what_was_salvaged(octets: bytes) -> None:
    pdu = lenient(octets)
    first = next((finding for finding in pdu.findings if finding.severity == "error"), None)
    if first is None:
        assert smpp.decode(octets) == pdu
        return
    with pytest.raises(smpp.DecodeError) as caught:
        smpp.decode(octets)
    error = caught.value
    assert error.finding == first
    assert (error.code, error.field, error.offset) == (first.code, first.field, first.offset)
    assert (bytes(error.pdu), error.pdu.findings) == (octets, pdu.findings)


@given(ours.FATAL)
def test_i4_a_profile_demotes_the_codes_it_names(fault: ours.Fault) -> None:
    profile = VENDOR.with_options(lenient={fault.code})
    assert smpp.decode(fault.octets, profile=profile).findings == lenient(fault.octets).findings
    with pytest.raises(smpp.DecodeError):
        smpp.decode(fault.octets)


# --- I5


@given(ours.CLEAN, ours.FATAL.filter(lambda fault: fault.code != "length-mismatch"), ours.CLEAN, st.integers(0, 200))
def test_i5_a_recoverable_error_consumes_its_frame_and_the_next_one_decodes(
    before: bytes, fault: ours.Fault, after: bytes, cut: int
) -> None:
    stream = before + fault.octets + after
    framer = smpp.Framer()
    frames = framer.feed(stream[:cut]) + framer.feed(stream[cut:])
    assert frames == [before, fault.octets, after]
    with pytest.raises(smpp.DecodeError) as caught:
        smpp.decode(frames[1])
    assert (caught.value.code, caught.value.field, caught.value.offset) == (fault.code, fault.field, fault.offset)
    assert bytes(smpp.decode(frames[2])) == after


# --- I6


@given(ours.ANY_FRAME, PROFILES)
def test_i6_the_compiled_decoder_and_the_walk_agree(octets: bytes, profile: smpp.Profile) -> None:
    pdu = lenient(octets, profile)
    fields, tlvs, tail, findings = values(octets, profile.tlvs)
    if fields or pdu.row is not None:
        assert pdu.fields() == fields
        assert {name: getattr(pdu, name) for name in fields} == fields
    assert [(tlv.tag, tlv.raw, tlv.value) for tlv in pdu.tlvs] == tlvs
    assert [type(tlv.value) for tlv in pdu.tlvs] == [type(value) for _, _, value in tlvs]
    assert pdu.tail == tail
    assert [place(finding) for finding in pdu.findings] == [place(finding) for finding in findings]
    assert [str(finding) for finding in pdu.findings] == [str(finding) for finding in findings]


@given(ours.ANY_FAULT)
def test_i6_the_compiled_decoder_names_each_single_fault(fault: ours.Fault) -> None:
    found = [place(finding)[:4] for finding in lenient(fault.octets, STANDARD).findings]
    assert found == [(fault.severity, fault.code, fault.field, fault.offset)]


@given(ours.ANY_FRAME, PROFILES)
def test_tlvs_of_the_profile_are_attributes_with_the_value_of_the_first(octets: bytes, profile: smpp.Profile) -> None:
    pdu = lenient(octets, profile)
    fields = pdu.fields() if pdu.row else {}
    for row in profile.tlvs.values():
        if row.name not in fields:
            assert getattr(pdu, row.name) == next((tlv.value for tlv in pdu.tlvs if tlv.tag == row.tag), None)
    for tlv in pdu.tlvs:
        assert tlv.name == (profile.tlvs[tlv.tag].name if tlv.tag in profile.tlvs else "")


def _repeats(count: int, more: str = "") -> bytes:
    frame = ours.lay(BY_NAME["enquire_link"], {}, [(0x3000, b"")] * count).octets
    return ours.with_length(frame + bytes.fromhex(more))


def test_a_hostile_pdu_earns_no_more_findings_than_the_limit() -> None:
    assert len(lenient(_repeats(10_000)).findings) <= MAX_FINDINGS + 1


@pytest.mark.parametrize(("more", "code"), [("3000FFFF00", "tlv-overrun"), ("3000FF", "trailing-octets")])
def test_an_error_behind_many_notes_is_still_found(more: str, code: str) -> None:
    octets = _repeats(MAX_FINDINGS + 50, more)
    assert lenient(octets).findings[-1].code == code
    with pytest.raises(smpp.DecodeError) as caught:
        smpp.decode(octets)
    assert caught.value.code == code


# --- equality, hash, pickle, copy, immutability, repr


@given(ours.ANY_FRAME, ours.ANY_FRAME, PROFILES)
def test_equality_and_hash_are_those_of_the_octets(one: bytes, other: bytes, profile: smpp.Profile) -> None:
    first, second = lenient(one), lenient(bytes(bytearray(one)), profile)
    assert first == second
    assert hash(first) == hash(second)
    assert (first == lenient(other)) is (one == other)
    assert (first != lenient(other)) is (one != other)
    assert first != one
    assert len({first, second, lenient(other)}) == (1 if one == other else 2)


@given(ours.ANY_FRAME, PROFILES)
def test_pickle_and_copy_keep_octets_profile_strictness_and_class(octets: bytes, profile: smpp.Profile) -> None:
    pdu = lenient(octets, profile)
    for protocol in (2, pickle.HIGHEST_PROTOCOL):
        for again in (pickle.loads(pickle.dumps(pdu, protocol)), copy.copy(pdu), copy.deepcopy(pdu)):
            assert again == pdu
            assert type(again) is type(pdu)
            assert again.profile is profile
            assert again.strict is pdu.strict is False
            assert again.findings == pdu.findings


@given(ours.FATAL)
def test_errors_and_findings_pickle_with_all_they_carry(fault: ours.Fault) -> None:
    with pytest.raises(smpp.DecodeError) as caught:
        smpp.decode(fault.octets)
    error = caught.value
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(again) is smpp.DecodeError
        assert vars(again) == vars(error)
        assert str(again) == str(error)
        assert bytes(again.reply()) == bytes(error.reply())


@given(ours.ANY_FRAME)
def test_repr_and_str_survive_any_octets_in_one_line_that_a_log_can_hold(octets: bytes) -> None:
    pdu = lenient(octets)
    for text in (repr(pdu), str(pdu), *map(repr, pdu.tlvs), *map(str, pdu.findings)):
        assert text
        assert text.isprintable()
    assert "sequence" in repr(pdu) or "seq" in repr(pdu)


def test_a_password_is_not_shown() -> None:
    pdu = smpp.BindTransceiver(system_id="me", password="hunter2")
    assert "hunter2" not in repr(pdu)
    assert "hunter2" not in str(pdu)
    assert pdu.password == "hunter2"


@given(ours.ANY_FRAME)
def test_a_pdu_cannot_be_changed(octets: bytes) -> None:
    pdu = lenient(octets)
    before = hash(pdu)
    for name in [name for name in dir(pdu) if not name.startswith("_")]:
        with pytest.raises(AttributeError):
            setattr(pdu, name, 1)
        with pytest.raises(AttributeError):
            delattr(pdu, name)
    with pytest.raises(AttributeError):
        pdu.no_such_name = 1  # type: ignore[attr-defined]
    pdu.fields().clear()
    assert isinstance(pdu.tlvs, tuple)
    assert isinstance(pdu.findings, tuple)
    assert bytes(pdu) is octets
    assert hash(pdu) == before
    assert pdu == lenient(octets)


@pytest.mark.parametrize("row", ours.ROWS, ids=lambda row: row.name)
def test_classes_are_final(row: Command) -> None:
    with pytest.raises(TypeError):
        type("Sub", (class_of(row),), {})


# --- replace, with_sequence, reply


@given(ours.ANY_FRAME, st.integers(0, 0xFFFFFFFF))
def test_with_sequence_patches_four_octets_and_keeps_the_rest(octets: bytes, number: int) -> None:
    pdu = lenient(octets, STANDARD)
    other = pdu.with_sequence(number)
    assert bytes(other) == octets[:12] + number.to_bytes(4, "big") + octets[16:]
    assert other.sequence_number == number
    assert type(other) is type(pdu)
    assert other.profile is STANDARD
    assert other.strict is pdu.strict
    assert bytes(pdu) == octets


@given(ours.VALID, st.data())
def test_replace_changes_the_named_field_and_the_lengths_only(octets: bytes, data: st.DataObject) -> None:
    pdu = lenient(octets)
    assume(pdu.row.fields and not any(f.severity == "error" or f.code == "body-is-tlvs" for f in pdu.findings))
    field = data.draw(st.sampled_from([field for field in pdu.row.fields if not field.counts]))
    value = data.draw(ours.field_values(field))
    other = pdu.replace(**{field.name: value})
    again = lenient(bytes(other))
    assume(all(finding.code != "body-is-tlvs" for finding in again.findings))
    assert getattr(again, field.name) == value
    assert without(again, field.name) == without(pdu, field.name)
    assert [(tlv.tag, tlv.raw) for tlv in again.tlvs] == [(tlv.tag, tlv.raw) for tlv in pdu.tlvs]
    assert (again.tail, again.command_status, again.sequence_number) == (pdu.tail, pdu.command_status, pdu.sequence_number)
    assert again.command_length == len(again)
    back = other.replace(**{field.name: getattr(pdu, field.name)})
    assert back == pdu


@given(ours.VALID, st.binary(min_size=1, max_size=3))
def test_replace_keeps_the_tail(octets: bytes, tail: bytes) -> None:
    row = COMMANDS[int.from_bytes(octets[4:8], "big")]
    pdu = lenient(ours.with_length(octets + tail))
    assume(pdu.tail == tail)
    name = next((field.name for field in row.fields if field.kind == "cstring"), "")
    other = pdu.replace(**({name: "abc"} if name else {}), sequence_number=77)
    assert other.tail == tail
    assert bytes(other).endswith(tail)
    assert other.sequence_number == 77


@given(ours.VALID, st.lists(ours.ANY_TLV, max_size=3))
def test_replace_takes_a_new_list_of_tlvs(octets: bytes, tlvs: list[ours.TlvItem]) -> None:
    pdu = lenient(octets)
    assume(not any(f.severity == "error" or f.code == "body-is-tlvs" for f in pdu.findings))
    other = pdu.replace(tlvs=tlvs)
    assert [(tlv.tag, tlv.raw) for tlv in other.tlvs] == tlvs
    assert other.fields() == pdu.fields()
    assert other.replace(tlvs=[(tlv.tag, tlv.raw) for tlv in pdu.tlvs]) == pdu


@given(ours.ANY_FRAME, st.integers(0, 0xFFFFFFFF))
def test_replace_of_nothing_changes_nothing_and_of_a_header_number_its_four_octets(octets: bytes, number: int) -> None:
    pdu = lenient(octets)
    assume(all(finding.code != "length-mismatch" for finding in pdu.findings))
    assert pdu.replace() == pdu
    assert bytes(pdu.replace(sequence_number=number)) == octets[:12] + number.to_bytes(4, "big") + octets[16:]
    assert bytes(pdu.replace(command_status=number)) == octets[:8] + number.to_bytes(4, "big") + octets[12:]


@given(ours.ANY_FRAME, st.data())
def test_replace_on_any_octets_gives_a_pdu_or_an_encode_error(octets: bytes, data: st.DataObject) -> None:
    pdu = lenient(octets)
    assume(pdu.row is not None and pdu.row.fields)
    field = data.draw(st.sampled_from([field for field in pdu.row.fields if not field.counts]))
    try:
        other = pdu.replace(**{field.name: data.draw(ours.field_values(field, True))})
    except smpp.EncodeError:
        return
    assert type(other) is type(pdu)
    if pdu.command_length < 16 and len(other) != len(pdu):
        assert other.command_length == len(other), "what was no length must not grow into one that is believed"
    else:
        assert other.command_length - len(other) == pdu.command_length - len(pdu), "a wrong command_length stays as wrong as it was"


@given(ours.ANY_FRAME, ours.STATUSES)
def test_reply_builds_the_response_of_a_request_and_refuses_to_answer_a_response(octets: bytes, status: int) -> None:
    pdu = lenient(octets, STANDARD)
    if pdu.is_response:
        with pytest.raises(smpp.EncodeError):
            pdu.reply(status)
        return
    reply = pdu.reply(status)
    assert reply.command == (pdu.row.response if pdu.row is not None and pdu.row.response else "generic_nack")
    assert (reply.sequence_number, reply.profile) == (pdu.sequence_number, STANDARD)
    assert reply.command_status == (status or (0 if pdu.row is not None else smpp.CommandStatus.ESME_RINVCMDID))
    found = [finding.code for finding in smpp.decode(bytes(reply), profile=STANDARD).findings]
    assert set(found) <= {"sequence-out-of-range"}
    if reply.command_status:
        assert len(reply) == 16


def test_reply_takes_the_fields_of_the_response() -> None:
    request = smpp.SubmitSm(destination_addr="385951111111", sequence_number=5)
    assert bytes(request.reply(message_id="7")) == bytes.fromhex("00000012 80000004 00000000 00000005 3700")
    assert bytes(request.reply(0x0B, message_id="7")) == bytes.fromhex("00000012 80000004 0000000B 00000005 3700")
    failed = request.reply(0x45, tlvs=[("delivery_failure_reason", 2)])
    assert bytes(failed) == bytes.fromhex("00000015 80000004 00000045 00000005 0425000102")
    with pytest.raises(TypeError, match="no_such"):
        request.reply(no_such=1)


def test_results_of_replace_and_reply_are_new_and_the_old_pdu_stays() -> None:
    pdu = smpp.decode(ENQUIRE)
    assert pdu.with_sequence(2) is not pdu
    assert pdu.replace(sequence_number=3) != pdu
    assert bytes(pdu) == ENQUIRE
