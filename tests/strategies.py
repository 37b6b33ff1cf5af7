"""Hypothesis strategies made from the tables: field sets, valid frames, frames with one fault, mutated and random frames.

The frames are built here by a few lines of their own (`lay`), so that neither the decoder nor the builder under test makes them.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

from hypothesis import strategies as st

from smpp_core.spec.commands import BY_NAME, COMMANDS
from smpp_core.spec.findings import FINDINGS
from smpp_core.spec.rows import Command, Field, Tlv
from smpp_core.spec.tlvs import REPEATABLE, TLVS
from smpp_core.spec.values import DistributionList, SmeAddress, UnsuccessSme, is_reserved

ROWS: tuple[Command, ...] = tuple(COMMANDS.values())
WITH_FIELDS: tuple[Command, ...] = tuple(row for row in ROWS if row.fields)
REQUESTS: tuple[Command, ...] = tuple(row for row in ROWS if not row.is_response)
RESPONSES: tuple[Command, ...] = tuple(row for row in ROWS if row.is_response)

TlvItem = tuple[int, bytes]
# A command, its fields, TLVs, command_status and sequence_number: what a valid PDU is built from.
Parts = tuple[Command, dict[str, Any], list[TlvItem], int, int]


class Laid(NamedTuple):
    """A frame and where its parts stand.

    fields: offset of each mandatory field by name. entries: of each group entry. tlvs: of each TLV's header. end: behind the last field.
    """

    octets: bytes
    row: Command
    fields: dict[str, int]
    entries: list[int]
    tlvs: list[int]
    end: int


class Fault(NamedTuple):
    """A frame and the one finding that it must give."""

    octets: bytes
    code: str
    field: str
    offset: int

    @property
    def severity(self) -> str:
        return FINDINGS[self.code].severity


# --- the independent builder


def header(length: int, command_id: int, status: int, sequence: int) -> bytes:
    return b"".join(number.to_bytes(4, "big") for number in (length, command_id, status, sequence))


def with_length(octets: bytes, length: int | None = None) -> bytes:
    """The frame with another command_length, its own by default."""
    return (len(octets) if length is None else length).to_bytes(4, "big") + octets[4:]


def tlv_octets(tag: int, raw: bytes) -> bytes:
    return tag.to_bytes(2, "big") + len(raw).to_bytes(2, "big") + raw


def _cstring(text: str) -> bytes:
    return text.encode("latin-1") + b"\0"


def _entry(entry: Any) -> bytes:
    if isinstance(entry, DistributionList):
        return b"\2" + _cstring(entry.dl_name)
    address = bytes((entry.dest_addr_ton, entry.dest_addr_npi)) + _cstring(entry.destination_addr)
    return address + entry.error_status_code.to_bytes(4, "big") if isinstance(entry, UnsuccessSme) else b"\1" + address


def counted(row: Command) -> dict[str, str]:
    """Names of a row's count fields, with the field that each one measures."""
    return {field.name: field.counts for field in row.fields if field.counts}


def blank(row: Command) -> dict[str, Any]:
    """The least value of every field that can be set."""
    least: dict[str, Any] = {"u8": 0, "cstring": "", "octets": b"", "dests": (), "unsuccess": ()}
    return {field.name: least[field.kind] for field in row.fields if not field.counts}


def lay(row: Command, fields: dict[str, Any], tlvs: Sequence[TlvItem] = (), *, status: int = 0, sequence: int = 1) -> Laid:
    """Write a frame from all fields that are not counts; a field that is not given ends the mandatory part."""
    body = bytearray(16)
    places: dict[str, int] = {}
    entries: list[int] = []
    for field in row.fields:
        if (field.counts or field.name) not in fields:
            break
        places[field.name] = len(body)
        if field.counts:
            body.append(len(fields[field.counts]))
        elif field.kind == "u8":
            body.append(fields[field.name])
        elif field.kind == "cstring":
            body += _cstring(fields[field.name])
        elif field.kind == "octets":
            body += fields[field.name]
        else:
            for entry in fields[field.name]:
                entries.append(len(body))
                body += _entry(entry)
    end = len(body)
    heads = []
    for tag, raw in tlvs:
        heads.append(len(body))
        body += tlv_octets(tag, raw)
    body[:16] = header(len(body), row.id, status, sequence)
    return Laid(bytes(body), row, places, entries, heads, end)


# --- values of fields


@cache
def allowed(table: str) -> tuple[int, ...]:
    """The octets that a table does not reserve."""
    return tuple(value for value in range(256) if not (table and is_reserved(table, value)))


@cache
def reserved(table: str) -> tuple[int, ...]:
    return tuple(value for value in range(256) if table and is_reserved(table, value))


_LATIN = bytes(range(1, 256)).decode("latin-1")
_PRINTABLE = bytes(range(0x20, 0x7F)).decode()


def latin(least: int, most: int, alphabet: str = _LATIN) -> st.SearchStrategy[str]:
    """Texts of so many characters, each an octet, without NUL; the shortest and the longest come often."""
    edges = st.sampled_from((alphabet[-1] * least, alphabet[-1] * most, alphabet[0] * most))
    return st.one_of(st.text(alphabet, min_size=least, max_size=min(most, least + 24)), edges)


def octets(least: int, most: int) -> st.SearchStrategy[bytes]:
    edges = st.sampled_from((b"\0" * least, b"\xff" * most, b"\0" * most))
    return st.one_of(st.binary(min_size=least, max_size=min(most, least + 40)), edges)


_DIGITS = st.text("0123456789", min_size=15, max_size=15)
TIMES = st.one_of(
    st.just(""), st.sampled_from(("260131235959948+", "000007000000000R", "991231000000000-")),
    st.builds(str.__add__, _DIGITS, st.sampled_from("+-R")),
)
_BYTE = st.one_of(st.sampled_from((0, 1, 127, 128, 255)), st.integers(0, 255))
_WORD = st.one_of(st.sampled_from((0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)), st.integers(0, 0xFFFFFFFF))
SEQUENCES = st.one_of(st.sampled_from((1, 2, 0x7FFFFFFF)), st.integers(1, 0x7FFFFFFF))
STATUSES = st.one_of(st.just(0), st.sampled_from((0x14, 0x45, 0x4A1, 0xFFFFFFFF)), st.integers(0, 0xFFFFFFFF))


def _entries(clean: bool) -> tuple[st.SearchStrategy[Any], st.SearchStrategy[Any]]:
    text = latin(0, 20, _PRINTABLE if clean else _LATIN)
    address = st.builds(SmeAddress, _BYTE, _BYTE, text)
    return st.one_of(address, st.builds(DistributionList, text)), st.builds(UnsuccessSme, _BYTE, _BYTE, text, _WORD)


_ANY_ENTRIES, _CLEAN_ENTRIES = _entries(False), _entries(True)
_FULL_GROUPS = {
    "dests": ([SmeAddress(1, 1, "385951111111")] * 254, [DistributionList("all"), SmeAddress(255, 255, "9" * 20)] * 127),
    "unsuccess": ([UnsuccessSme(1, 1, "385951111111", 11)] * 254,),
}


@cache
def field_values(field: Field, clean: bool = False) -> st.SearchStrategy[Any]:
    """What may be built into a field; clean: only what no finding speaks of."""
    if field.kind == "u8":
        return st.sampled_from(allowed(field.values)) if clean else _BYTE
    if field.kind == "cstring":
        return TIMES if field.form else latin(0, field.max - 1, _PRINTABLE if clean else _LATIN)
    if field.kind == "octets":
        return octets(0, field.max)
    entries = (_CLEAN_ENTRIES if clean else _ANY_ENTRIES)[field.kind == "unsuccess"]
    return st.one_of(st.lists(entries, max_size=4), st.sampled_from(_FULL_GROUPS[field.kind])).map(tuple)


@cache
def field_sets(row: Command, clean: bool = False) -> st.SearchStrategy[dict[str, Any]]:
    """Every field of a command that can be set, by name."""
    return st.fixed_dictionaries({field.name: field_values(field, clean) for field in row.fields if not field.counts})


# --- TLVs


@cache
def tlv_raws(row: Tlv) -> st.SearchStrategy[bytes]:
    """Octets that fit a TLV's row and earn no finding."""
    if row.kind == "integer":
        if row.values:
            return st.sampled_from(tuple(value.to_bytes(row.min, "big") for value in allowed(row.values)))
        return octets(row.min, row.max)
    if row.kind == "cstring":
        return latin(row.min - 1, row.max - 1, _PRINTABLE).map(_cstring)
    if row.kind == "string":
        return latin(row.min, row.max, _PRINTABLE).map(str.encode)
    if row.name == "network_error_code":
        return st.binary(min_size=2, max_size=2).map(b"\3".__add__)
    return octets(row.min, min(row.max, 3000))


def tlv_items(rows: dict[int, Tlv] = TLVS) -> st.SearchStrategy[TlvItem]:
    """One TLV of the dictionary, fitting its row."""
    return st.sampled_from(tuple(rows.values())).flatmap(lambda row: tlv_raws(row).map(lambda raw: (row.tag, raw)))


# Tags that neither the standard nor a provider of ours uses.
_UNKNOWN_TAGS = (0x0000, 0x0001, 0x1FFF, *range(0x2000, 0x2010), 0x3FFF, 0xFFFF)

# Rows of every kind as a profile may bring them for one peer.
PEER_ROWS: tuple[Tlv, ...] = (
    Tlv(0x1400, "peer_digits", "string", 6, 16, "vendor (profile)"),
    Tlv(0x1401, "peer_text", "cstring", 1, 20, "vendor (profile)"),
    Tlv(0x1402, "peer_number", "integer", 4, 4, "vendor (profile)", "ton"),
    Tlv(0x1404, "peer_flag", "flag", 0, 1, "vendor (profile)"),
    Tlv(0x1405, "peer_octets", "octets", 2, 5, "vendor (profile)"),
    Tlv(0x1407, "peer_odd_integer", "integer", 1, 8, "our own section"),
    Tlv(0x1408, "peer_bare_text", "string", 2, 9, "our own section"),
)

ANY_TLV: st.SearchStrategy[TlvItem] = st.one_of(
    tlv_items(), tlv_items(), st.tuples(st.sampled_from(tuple(TLVS)), octets(0, 300)), st.tuples(st.integers(0, 0xFFFF), octets(0, 70)),
    st.tuples(st.sampled_from((*(row.tag for row in PEER_ROWS), 0x1403, 0x1416, 0x1418, 0x1456)), octets(0, 24)),
)
UNKNOWN_TLV: st.SearchStrategy[TlvItem] = st.tuples(st.sampled_from(_UNKNOWN_TAGS), octets(0, 40))


def clean_tlvs(payload: bool = True) -> st.SearchStrategy[list[TlvItem]]:
    """TLVs that fit, each tag once unless it may be repeated."""

    def once(items: list[TlvItem]) -> list[TlvItem]:
        kept: list[TlvItem] = []
        for tag, raw in items:
            twice = any(tag == other for other, _ in kept) and not (tag in TLVS and TLVS[tag].name in REPEATABLE)
            if not twice and (payload or tag != 0x0424):
                kept.append((tag, raw))
        return kept

    return st.lists(tlv_items(), max_size=4).map(once)


# --- frames


def _status_of(row: Command) -> st.SearchStrategy[int]:
    return STATUSES if row.is_response else st.just(0)


@st.composite
def built(draw: st.DrawFn, rows: tuple[Command, ...] = ROWS, clean: bool = False) -> Parts:
    """What a PDU of one of the commands is built from."""
    row = draw(st.sampled_from(rows))
    fields = draw(field_sets(row, clean))
    tlvs = draw(clean_tlvs(not fields.get("short_message")) if clean else st.lists(ANY_TLV, max_size=4))
    return row, fields, tlvs, draw(_status_of(row)), draw(SEQUENCES)


def _lay(parts: Parts) -> Laid:
    row, fields, tlvs, status, sequence = parts
    return lay(row, fields, tlvs, status=status, sequence=sequence)


def laid(rows: tuple[Command, ...] = ROWS, clean: bool = True) -> st.SearchStrategy[Laid]:
    """Whole frames with the places of their parts; clean ones give no finding (mind a response whose string reads as TLVs)."""
    return built(rows, clean).map(_lay)


VALID: st.SearchStrategy[bytes] = laid(clean=False).map(lambda frame: frame.octets)
CLEAN: st.SearchStrategy[bytes] = laid().map(lambda frame: frame.octets)


# --- frames with one fault: the code of the finding, its field and offset


def _fields_of(row: Command, *kinds: str) -> list[Field]:
    return [field for field in row.fields if field.kind in kinds and not field.counts]


def _rows_with(*kinds: str) -> tuple[Command, ...]:
    return tuple(row for row in WITH_FIELDS if _fields_of(row, *kinds))


@st.composite
def _length_mismatch(draw: st.DrawFn) -> Fault:
    frame = draw(laid()).octets
    # Longer than the frame, or no length at all; a shorter one cuts fields too.
    said = draw(st.one_of(st.integers(len(frame) + 1, 0xFFFFFFFF), st.integers(0, 15)))
    return Fault(with_length(frame, said), "length-mismatch", "command_length", 0)


@st.composite
def _excess(draw: st.DrawFn) -> Fault:
    frame = draw(laid(clean=True)).octets
    more = draw(st.binary(min_size=1, max_size=30))
    return Fault(frame + more, "length-mismatch", "command_length", 0)


@st.composite
def _truncated(draw: st.DrawFn) -> Fault:
    row = draw(st.sampled_from(WITH_FIELDS))
    frame = lay(row, draw(field_sets(row, True)))
    singles = [field for field in row.fields if field.kind in ("u8", "cstring") and field.name != "no_unsuccess"]
    if row.is_response:
        singles.remove(row.fields[0])
        if not singles:
            row = BY_NAME["query_sm"]
            frame = lay(row, draw(field_sets(row, True)))
            singles = list(row.fields)
    field = draw(st.sampled_from(singles))
    at = frame.fields[field.name]
    return Fault(with_length(frame.octets[:at]), "truncated", field.name, at)


@st.composite
def _missing_nul(draw: st.DrawFn) -> Fault:
    row = draw(st.sampled_from(_rows_with("cstring")))
    field = draw(st.sampled_from(_fields_of(row, "cstring")))
    text = draw(latin(1, field.max - 1, _PRINTABLE))
    # A time too: the missing NUL is all that is said of it.
    frame = lay(row, {**draw(field_sets(row, True)), field.name: text})
    at = frame.fields[field.name]
    return Fault(with_length(frame.octets[: at + draw(st.integers(1, len(text)))]), "missing-nul", field.name, at)


@st.composite
def _length_overrun(draw: st.DrawFn) -> Fault:
    row = draw(st.sampled_from(_rows_with("octets")))
    frame = lay(row, {**draw(field_sets(row, True)), "short_message": draw(octets(1, 254))})
    at = frame.fields["short_message"]
    return Fault(with_length(frame.octets[: draw(st.integers(at, frame.end - 1))]), "length-overrun", "short_message", at)


@st.composite
def _impossible_count(draw: st.DrawFn) -> Fault:
    row = BY_NAME[draw(st.sampled_from(("submit_multi", "submit_multi_resp")))]
    group = row.fields[-1] if row.is_response else next(field for field in row.fields if field.kind == "dests")
    frame = lay(row, {**draw(field_sets(row, True)), group.name: draw(st.lists(_CLEAN_ENTRIES[row.is_response], min_size=1, max_size=6))})
    entry = draw(st.integers(0, len(frame.entries) - 1))
    ends = [*frame.entries[1:], frame.end if row.is_response else frame.fields["esm_class"]]
    at = frame.entries[entry]
    cut = draw(st.integers(at, ends[entry] - 1))
    return Fault(with_length(frame.octets[:cut]), "impossible-count", next(f.name for f in row.fields if f.counts == group.name), at)


@st.composite
def _bad_dest_flag(draw: st.DrawFn) -> Fault:
    row = BY_NAME["submit_multi"]
    frame = lay(row, {**draw(field_sets(row, True)), "dest_addresses": draw(st.lists(_CLEAN_ENTRIES[0], min_size=1, max_size=6))})
    at = draw(st.sampled_from(frame.entries))
    flag = draw(st.sampled_from((0, 3, 255)))
    return Fault(frame.octets[:at] + bytes((flag,)) + frame.octets[at + 1 :], "bad-dest-flag", "dest_addresses", at)


@st.composite
def _tlv_overrun(draw: st.DrawFn) -> Fault:
    frame = draw(laid())
    tag, raw = draw(st.one_of(tlv_items(TLVS), UNKNOWN_TLV).filter(lambda item: item[0] != 0x0424))
    said = draw(st.integers(len(raw) + 1, 0xFFFF))
    whole = frame.octets + tag.to_bytes(2, "big") + said.to_bytes(2, "big") + raw
    return Fault(with_length(whole), "tlv-overrun", TLVS[tag].name if tag in TLVS else f"0x{tag:04X}", len(frame.octets))


@st.composite
def _trailing_octets(draw: st.DrawFn) -> Fault:
    frame = draw(laid(tuple(row for row in ROWS if row not in RESPONSES or not row.fields)))
    return Fault(with_length(frame.octets + draw(st.binary(min_size=1, max_size=3))), "trailing-octets", "", len(frame.octets))


def _bent(code: str, *kinds: str, where: Any = None, bad: Any) -> st.SearchStrategy[Fault]:
    """A clean frame in which one field holds a bad value; bad(field) is the strategy of it."""
    choices = [(row, field) for row in WITH_FIELDS for field in _fields_of(row, *kinds) if where is None or where(field)]

    @st.composite
    def fault(draw: st.DrawFn) -> Fault:
        row, field = draw(st.sampled_from(choices))
        fields = {**draw(field_sets(row, True)), field.name: draw(bad(field))}
        frame = lay(row, fields, draw(clean_tlvs(not fields.get("short_message"))), status=draw(_status_of(row)), sequence=draw(SEQUENCES))
        return Fault(frame.octets, code, field.name, frame.fields[field.name])

    return fault()


_NO_TIME = st.one_of(
    st.sampled_from(("160729101490", "26013123595994+", "260131235959948 ", "260131235959948r", "26013123595994 +", "260131235959948*")),
    latin(1, 15, _PRINTABLE),
)


def _tlv_fault(code: str, item: st.SearchStrategy[TlvItem], rows: dict[int, Tlv] = TLVS) -> st.SearchStrategy[Fault]:
    """A clean frame without TLVs, then one that bears the fault, then perhaps one unknown."""

    @st.composite
    def fault(draw: st.DrawFn) -> Fault:
        row = draw(st.sampled_from(ROWS))
        tag, raw = draw(item)
        frame = lay(row, draw(field_sets(row, True)), [(tag, raw), *draw(st.lists(UNKNOWN_TLV, max_size=1))], status=draw(_status_of(row)))
        return Fault(frame.octets, code, rows[tag].name, frame.tlvs[0])

    return fault()


@st.composite
def _wrong_length(draw: st.DrawFn) -> TlvItem:
    row = draw(st.sampled_from([row for row in TLVS.values() if row.kind != "string" and (row.min > 1 or row.max < 0xFFFF)]))
    if row.kind == "cstring":
        if row.min > 1 and draw(st.booleans()):
            return row.tag, draw(latin(0, row.min - 2, _PRINTABLE)).encode() + draw(st.sampled_from((b"\0", b"")))
        return row.tag, draw(latin(row.max, row.max + 40, _PRINTABLE)).encode() + draw(st.sampled_from((b"\0", b"")))
    lengths = [n for n in (0, row.min - 1, row.max + 1, row.max + 7) if n >= 0 and not row.min <= n <= row.max]
    length = draw(st.sampled_from(lengths))
    if row.kind == "integer" and row.values:
        value = draw(st.sampled_from(allowed(row.values)))
        return row.tag, value.to_bytes(length, "big") if length <= 8 and length else b"\0" * length
    return row.tag, draw(st.binary(min_size=length, max_size=length))


@st.composite
def _no_nul(draw: st.DrawFn) -> TlvItem:
    row = draw(st.sampled_from([row for row in TLVS.values() if row.kind == "cstring"]))
    return row.tag, draw(latin(row.min - 1, row.max - 1, _PRINTABLE)).encode()


@st.composite
def _reserved_tlv(draw: st.DrawFn) -> TlvItem:
    row = draw(st.sampled_from([row for row in TLVS.values() if row.kind == "integer" and reserved(row.values)]))
    return row.tag, draw(st.sampled_from(reserved(row.values))).to_bytes(row.min, "big")


@st.composite
def _tlv_repeated(draw: st.DrawFn) -> Fault:
    row = draw(st.sampled_from(ROWS))
    twice = draw(st.one_of(tlv_items(), UNKNOWN_TLV).filter(lambda item: item[0] not in TLVS or TLVS[item[0]].name not in REPEATABLE))
    between = draw(st.lists(UNKNOWN_TLV.filter(lambda item: item[0] != twice[0]), max_size=1))
    fields = draw(field_sets(row, True))
    if "short_message" in fields and twice[0] == 0x0424:
        fields["short_message"] = b""
    frame = lay(row, fields, [twice, *between, twice], status=draw(_status_of(row)))
    return Fault(frame.octets, "tlv-repeated", TLVS[twice[0]].name if twice[0] in TLVS else f"0x{twice[0]:04X}", frame.tlvs[-1])


@st.composite
def _two_texts(draw: st.DrawFn) -> Fault:
    row = draw(st.sampled_from(_rows_with("octets")))
    others = draw(clean_tlvs(payload=False))
    at = draw(st.integers(0, len(others)))
    tlvs = [*others[:at], (0x0424, draw(octets(0, 300))), *others[at:]]
    frame = lay(row, {**draw(field_sets(row, True)), "short_message": draw(octets(1, 254))}, tlvs)
    return Fault(frame.octets, "two-texts", "message_payload", frame.tlvs[at])


@st.composite
def _missing_count(draw: st.DrawFn) -> Fault:
    frame = lay(BY_NAME["submit_multi_resp"], {"message_id": draw(latin(0, 64, _PRINTABLE))}, status=draw(STATUSES))
    return Fault(frame.octets, "missing-count", "no_unsuccess", frame.end)


@st.composite
def _missing_body(draw: st.DrawFn) -> Fault:
    row = draw(st.sampled_from([row for row in RESPONSES if row.body == "when_ok"]))
    return Fault(lay(row, {}, sequence=draw(SEQUENCES)).octets, "missing-body", row.fields[0].name, 16)


@st.composite
def _body_is_tlvs(draw: st.DrawFn) -> Fault:
    row = draw(st.sampled_from([row for row in RESPONSES if row.fields]))
    tlvs = draw(clean_tlvs().filter(lambda items: bool(items) and 1 <= items[0][0] >> 8 <= 0x1F))
    return Fault(lay(row, {}, tlvs, status=draw(STATUSES)).octets, "body-is-tlvs", row.fields[0].name, 16)


@st.composite
def _sequence(draw: st.DrawFn, code: str) -> Fault:
    frame = draw(laid(REQUESTS)).octets
    number = draw(st.integers(0x80000000, 0xFFFFFFFF)) if code == "sequence-out-of-range" else 0
    return Fault(frame[:12] + number.to_bytes(4, "big") + frame[16:], code, "sequence_number", 12)


@st.composite
def _unknown_command(draw: st.DrawFn) -> Fault:
    number = draw(st.one_of(st.integers(0, 0xFFFFFFFF), st.sampled_from((0, 0x0A, 0x0C, 0x8000000B, 0x80000102, 0x10000004))))
    body = draw(st.binary(max_size=40))
    front = header(16 + len(body), number if number not in COMMANDS else 0, draw(STATUSES), draw(SEQUENCES))
    return Fault(front + body, "unknown-command", "command_id", 4)


FAULTS: dict[str, st.SearchStrategy[Fault]] = {
    "length-mismatch": st.one_of(_length_mismatch(), _excess()),
    "truncated": _truncated(),
    "missing-nul": _missing_nul(),
    "length-overrun": _length_overrun(),
    "impossible-count": _impossible_count(),
    "bad-dest-flag": _bad_dest_flag(),
    "tlv-overrun": _tlv_overrun(),
    "trailing-octets": _trailing_octets(),
    "string-too-long": _bent("string-too-long", "cstring", bad=lambda field: latin(field.max, field.max + 30, _PRINTABLE)),
    "octets-too-long": _bent("octets-too-long", "octets", bad=lambda field: st.binary(min_size=255, max_size=255)),
    "bad-time": _bent("bad-time", "cstring", where=lambda field: field.form == "time", bad=lambda field: _NO_TIME),
    "not-ascii": _bent(
        "not-ascii", "cstring", where=lambda field: not field.form, bad=lambda field: latin(0, field.max - 2).map("\xe9".__add__),
    ),
    "unknown-value": st.one_of(
        _bent(
            "unknown-value", "u8", where=lambda field: bool(reserved(field.values)),
            bad=lambda field: st.sampled_from(reserved(field.values)),
        ),
        _tlv_fault("unknown-value", _reserved_tlv()),
    ),
    "tlv-length": _tlv_fault("tlv-length", _wrong_length()),
    "tlv-no-nul": _tlv_fault("tlv-no-nul", _no_nul()),
    "network-error-ascii": _tlv_fault(
        "network-error-ascii", st.text("0123456789", min_size=3, max_size=3).map(lambda text: (0x0423, text.encode())),
    ),
    "tlv-repeated": _tlv_repeated(),
    "two-texts": _two_texts(),
    "missing-count": _missing_count(),
    "missing-body": _missing_body(),
    "body-is-tlvs": _body_is_tlvs(),
    "sequence-out-of-range": _sequence("sequence-out-of-range"),
    "sequence-zero": _sequence("sequence-zero"),
    "unknown-command": _unknown_command(),
}
ANY_FAULT: st.SearchStrategy[Fault] = st.one_of(*FAULTS.values())
FATAL: st.SearchStrategy[Fault] = st.one_of(*(faulty for code, faulty in FAULTS.items() if FINDINGS[code].severity == "error"))


# --- frames of any kind; all have a whole header


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A valid frame after a few cuts, flips, insertions; its command_length put right again, mostly."""
    frame = bytearray(draw(VALID))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(4, max(4, len(frame))))
        change = draw(st.sampled_from(("set", "cut", "insert", "drop")))
        if change == "set" and at < len(frame):
            frame[at] = draw(_BYTE)
        elif change == "cut":
            del frame[max(16, at) :]
        elif change == "insert":
            frame[at:at] = draw(st.binary(min_size=1, max_size=6))
        elif change == "drop":
            del frame[at : at + draw(st.integers(1, 4))]
    whole = bytes(frame.ljust(16, b"\0"))
    return draw(st.sampled_from((with_length(whole), with_length(whole), with_length(whole), whole)))


@st.composite
def random_frames(draw: st.DrawFn) -> bytes:
    """Any octets behind a header of a known command, mostly of the right length."""
    body = draw(st.binary(max_size=90))
    length = draw(st.one_of(st.just(16 + len(body)), st.just(16 + len(body)), st.integers(0, 0xFFFFFFFF)))
    command = draw(st.one_of(st.sampled_from(tuple(COMMANDS)), st.integers(0, 0xFFFFFFFF)))
    return header(length, command, draw(STATUSES), draw(_WORD)) + body


ANY_FRAME: st.SearchStrategy[bytes] = st.one_of(
    VALID, mutated(), mutated(), random_frames(), ANY_FAULT.map(lambda fault: fault.octets), st.binary(min_size=16, max_size=80),
)
