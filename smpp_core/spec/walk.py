"""Layer 0 of 9: a slow, total reader of a PDU by the tables alone; the dissector's engine and the oracle of the compiled decoder."""

from collections.abc import Container, Iterator, Mapping
from typing import Any, NamedTuple

from .commands import COMMANDS
from .findings import MAX_FINDINGS, Finding, finding
from .rows import Command, Field, Tlv
from .tlvs import REPEATABLE, TLVS
from .values import DistributionList, SmeAddress, UnsuccessSme, is_reserved

HEADER = 16
_NETWORK_ERROR_CODE = 0x0423
_MESSAGE_PAYLOAD = 0x0424


class Step(NamedTuple):
    """One stretch of a frame, in wire order; the stretches of a walk join without gap or overlap.

    offset, length: octets from the start of the frame, and how many; a step of no octets carries a value or finding only.
    field: a field's or TLV's name ("0x1234" for an unknown tag), "dest_addresses[0].destination_addr" inside a group, or
    "body" (of an unknown command), "unread" (behind a fault), "tail" (behind the last TLV), "excess" (beyond command_length).
    value: as the decoder gives it. findings: what is wrong here. row: the table row, None for the header and unnamed octets.
    tag: of a TLV, else None; its four octets of header belong to the step.
    """

    offset: int
    length: int
    field: str
    value: Any
    findings: tuple[Finding, ...] = ()
    row: Field | Tlv | None = None
    tag: int | None = None


def walk(octets: bytes, tlvs: Mapping[int, Tlv] = TLVS, repeatable: Container[str] = REPEATABLE) -> Iterator[Step]:
    """Read a frame stretch by stretch.

    octets: one frame, at least 16 octets. tlvs: rows by tag, a profile's or the standard's. repeatable: names of TLVs that may
    stand more than once. Gives Steps that cover the frame; never raises for a frame with a whole header, else ValueError (SMPP 3.4 3.2).
    """
    if len(octets) < HEADER:
        raise ValueError(f"a PDU has at least {HEADER} octets, not {len(octets)}")
    return _Walk(bytes(octets), tlvs, repeatable).steps()


def values(
    octets: bytes, tlvs: Mapping[int, Tlv] = TLVS, repeatable: Container[str] = REPEATABLE
) -> tuple[dict[str, Any], list[tuple[int, bytes, Any]], bytes, list[Finding]]:
    """What a decoder gives for a frame: (mandatory fields by name, TLVs as (tag, raw, value), tail, findings in order).

    Fields that the octets end before are None. Behind MAX_FINDINGS only errors are told. Arguments and errors are those of walk.
    """
    row = COMMANDS.get(_number(octets[4:8]))
    fields: dict[str, Any] = {f.name: None for f in row.fields} if row else {}
    found: list[tuple[int, bytes, Any]] = []
    tail = b""
    findings: list[Finding] = []
    for step in walk(octets, tlvs, repeatable):
        findings += step.findings
        if step.tag is not None:
            found.append((step.tag, octets[step.offset + 4 : step.offset + step.length], step.value))
        elif step.field == "tail":
            tail = step.value
        elif step.row is not None and step.field in fields:
            fields[step.field] = step.value
    # Wire order is not the order of the report in two places: see _rank.
    findings.sort(key=_rank)
    findings[MAX_FINDINGS:] = (item for item in findings[MAX_FINDINGS:] if item.severity == "error")
    return fields, found, tail, findings


def _rank(item: Finding) -> int:
    """Findings of the header by importance, those of the body as they stand, the one that needs the whole body last."""
    return {"length-mismatch": 0, "sequence-out-of-range": 1, "sequence-zero": 1, "unknown-command": 2, "two-texts": 4}.get(item.code, 3)


def _number(octets: bytes) -> int:
    return int.from_bytes(octets, "big")


def _text(octets: bytes) -> str:
    return octets.decode("latin-1")


def is_time(text: str, form: str = "time") -> bool:
    """Whether text has the form YYMMDDhhmmsstnnp of an SMPP time, or another that the row's form allows (SMPP 3.4 7.1.1).

    The calendar is not asked.
    """
    if form == "reported-time" and len(text) == 12:
        return text.isascii() and text.isdigit()
    return len(text) == 16 and text[:15].isascii() and text[:15].isdigit() and text[15] in "+-R"


def tlv_value(row: Tlv | None, raw: bytes) -> Any:
    """The value of a TLV's octets by its row, None for an integer of no or more than eight octets (SMPP 3.4 5.3)."""
    if row is None or row.kind == "octets" or (row.is_vendor and not _fits(row, raw)):
        return raw
    if row.kind == "cstring":
        return _text(raw.removesuffix(b"\0"))
    if row.kind == "string":
        return _text(raw.rstrip(b"\0"))
    if row.kind == "flag" and not raw:
        return True
    return _number(raw) if 1 <= len(raw) <= 8 else None


def _fits(row: Tlv, raw: bytes) -> bool:
    """Whether the length suits the row; a C-octet string that lacks its NUL is measured as if it had it."""
    missing = row.kind == "cstring" and raw[-1:] != b"\0"
    return row.min <= len(raw) + missing <= row.max


def _limit(row: Tlv) -> str:
    return str(row.min) if row.min == row.max else f"{row.min} to {row.max}"


class _Walk:
    """The state of one walk: where it stands, what it has seen."""

    def __init__(self, octets: bytes, tlvs: Mapping[int, Tlv], repeatable: Container[str]) -> None:
        length = _number(octets[:4])
        self.octets = octets
        self.tlvs = tlvs
        self.repeatable = repeatable
        self.position = HEADER
        self.end = length if HEADER <= length <= len(octets) else len(octets)
        self.stopped = False
        self.body_is_tlvs = False
        self.seen: set[int] = set()
        self.short_message = b""

    def steps(self) -> Iterator[Step]:
        row = COMMANDS.get(_number(self.octets[4:8]))
        yield from self._header(row)
        if row is None:
            yield from self._rest("body")
        else:
            yield from self._absent(row)
            if not self.stopped:
                yield from self._fields(row)
            if not self.stopped:
                yield from self._tlvs()
            yield from self._rest("unread")
        self.end = len(self.octets)
        yield from self._rest("excess")

    def _rest(self, name: str) -> Iterator[Step]:
        """What is left up to the end, if anything is."""
        start, self.position = self.position, self.end
        if start < self.end:
            yield Step(start, self.end - start, name, self.octets[start : self.end])

    def _header(self, row: Command | None) -> Iterator[Step]:
        length, identity, status, sequence = (_number(self.octets[at : at + 4]) for at in (0, 4, 8, 12))
        have = len(self.octets)
        wrong = (finding("length-mismatch", "command_length", 0, said=length, have=have),) if length != have else ()
        unknown = (finding("unknown-command", "command_id", 4, said=identity),) if row is None else ()
        odd: tuple[Finding, ...] = ()
        if sequence > 0x7FFFFFFF:
            odd = (finding("sequence-out-of-range", "sequence_number", 12, said=sequence),)
        elif sequence == 0 and row is not None and not row.is_response:
            odd = (finding("sequence-zero", "sequence_number", 12),)
        yield Step(0, 4, "command_length", length, wrong)
        yield Step(4, 4, "command_id", identity, unknown)
        yield Step(8, 4, "command_status", status)
        yield Step(12, 4, "sequence_number", sequence, odd)

    def _absent(self, row: Command) -> Iterator[Step]:
        """A response may lack its body, or begin with TLVs where its first string should stand."""
        if not (row.is_response and row.fields):
            return
        first = row.fields[0]
        if self.end == HEADER:
            self.stopped = True
            if row.body == "when_ok" and _number(self.octets[8:12]) == 0:
                yield self._of_body("missing-body", first)
        # No message_id or system_id begins with a control character; the high octet of a tag mostly is one.
        elif first.kind == "cstring" and 0x01 <= self.octets[HEADER] <= 0x1F and self._only_tlvs():
            self.body_is_tlvs = True
            yield self._of_body("body-is-tlvs", first)

    def _of_body(self, code: str, first: Field) -> Step:
        """A remark on the whole body: its rule is the finding's, not the field's."""
        return Step(HEADER, 0, first.name, None, (finding(code, first.name, HEADER),), first)

    def _only_tlvs(self) -> bool:
        at = HEADER
        while self.end - at >= 4:
            at += 4 + _number(self.octets[at + 2 : at + 4])
        return at == self.end

    def _fields(self, row: Command) -> Iterator[Step]:
        if self.body_is_tlvs:
            return
        count = 0
        for field in row.fields:
            if field.kind in ("u8", "u32"):
                for step in self._integer(field):
                    count = step.value
                    yield step
            elif field.kind == "cstring":
                yield from self._cstring(field)
            elif field.kind == "octets":
                yield from self._octets(field, count)
            else:
                yield from self._group(field, count, next(f for f in row.fields if f.counts == field.name))
            if self.stopped:
                return

    def _integer(self, row: Field) -> Iterator[Step]:
        width = 4 if row.kind == "u32" else 1
        value = _number(self._take(width))
        if self.position + width > self.end:
            if row.name == "no_unsuccess":
                yield self._step(0, row.name, 0, row, (finding("missing-count", row.name, self.position, row.section),))
            else:
                yield self._stop("truncated", row)
            return
        at = self.position
        findings: tuple[Finding, ...] = ()
        if row.values and is_reserved(row.values, value):
            findings = (finding("unknown-value", row.name, at, row.section, said=value),)
        yield self._step(width, row.name, value, row, findings)

    def _cstring(self, row: Field) -> Iterator[Step]:
        at = self.position
        if at == self.end:
            yield self._stop("truncated", row)
            return
        nul = self.octets.find(b"\0", at, self.end)
        if nul < 0:
            yield self._stop("missing-nul", row, _text(self.octets[at : self.end]), self.end - at)
            return
        value = _text(self.octets[at:nul])
        length = nul + 1 - at
        findings = []
        if length > row.max:
            findings.append(finding("string-too-long", row.name, at, row.section, have=length, limit=row.max))
        elif row.form and value and not is_time(value, row.form):
            findings.append(finding("bad-time", row.name, at, row.section))
        if not value.isascii():
            findings.append(finding("not-ascii", row.name, at, row.section))
        yield self._step(length, row.name, value, row, tuple(findings))

    def _octets(self, row: Field, count: int) -> Iterator[Step]:
        left = self.end - self.position
        value = self._take(count)
        if count > left:
            yield self._stop("length-overrun", row, value, left, said=count, have=left)
            return
        findings: tuple[Finding, ...] = ()
        if count > row.max:
            findings = (finding("octets-too-long", row.name, self.position, row.section, have=count, limit=row.max),)
        if row.name == "short_message":
            self.short_message = value
        yield self._step(count, row.name, value, row, findings)

    def _group(self, row: Field, count: int, counter: Field) -> Iterator[Step]:
        """A step of no octets with all entries that are whole, then a step for each part of them, then what is left of a faulty one."""
        entries: list[Any] = []
        parts: list[Step] = []
        start = self.position
        fault = self._entries(row, count, counter, entries, parts)
        yield Step(start, 0, row.name, tuple(entries), (), row)
        yield from parts
        if fault is not None:
            self.stopped = True
            yield fault

    def _entries(self, row: Field, count: int, counter: Field, entries: list[Any], parts: list[Step]) -> Step | None:
        """Read entries while they are whole; the step of the fault that ended it, or None."""
        while len(entries) < count:
            start = self.position
            name = f"{row.name}[{len(entries)}]"
            flag = self.octets[start] if start < self.end else 1
            if row.kind == "dests" and flag not in (1, 2):
                code = finding("bad-dest-flag", row.name, start, row.section, said=flag)
                return self._step(1, f"{name}.dest_flag", flag, row, (code,))
            kind: type[UnsuccessSme | DistributionList | SmeAddress] = SmeAddress if flag == 1 else DistributionList
            names = ("dest_flag", *kind._fields)
            if row.kind == "unsuccess":
                kind, names = UnsuccessSme, UnsuccessSme._fields
            entry = []
            steps = []
            for part in names:
                width, value = self._part(part)
                if width == 0:
                    self.position = start
                    code = finding("impossible-count", counter.name, start, counter.section, said=count, have=len(entries))
                    return self._step(self.end - start, name, self.octets[start : self.end], row, (code,))
                steps.append(self._step(width, f"{name}.{part}", value, row))
                if part != "dest_flag":
                    entry.append(value)
            entries.append(kind(*entry))
            parts += steps
        return None

    def _part(self, name: str) -> tuple[int, Any]:
        """Width and value of one part of an entry; width 0 if the octets end before it does."""
        if name in ("destination_addr", "dl_name"):
            nul = self.octets.find(b"\0", self.position, self.end)
            return (nul + 1 - self.position, _text(self.octets[self.position : nul])) if nul >= 0 else (0, "")
        width = 4 if name == "error_status_code" else 1
        return (width, _number(self._take(width))) if self.end - self.position >= width else (0, 0)

    def _tlvs(self) -> Iterator[Step]:
        while self.end - self.position >= 4:
            at = self.position
            tag, length = _number(self.octets[at : at + 2]), _number(self.octets[at + 2 : at + 4])
            raw = self.octets[at + 4 : min(at + 4 + length, self.end)]
            row = self.tlvs.get(tag)
            name = row.name if row else f"0x{tag:04X}"
            section = row.section if row else ""
            if length > len(raw):
                findings = [finding("tlv-overrun", name, at, section, said=length, have=len(raw))]
            else:
                findings = _check(row, raw, at) if row else []
                if tag in self.seen and name not in self.repeatable:
                    findings.append(finding("tlv-repeated", name, at, section))
            if tag == _MESSAGE_PAYLOAD and tag not in self.seen and self.short_message:
                findings.append(finding("two-texts", "message_payload", at, section))
            self.seen.add(tag)
            yield self._step(4 + len(raw), name, tlv_value(row, raw), row, tuple(findings), tag)
        if self.position < self.end:
            have = self.end - self.position
            yield self._step(have, "tail", self._take(have), None, (finding("trailing-octets", "", self.position, have=have),))

    def _take(self, count: int) -> bytes:
        """Up to count octets from here, not past the end; the place is kept."""
        return self.octets[self.position : min(self.position + count, self.end)]

    def _step(
        self, length: int, name: str, value: Any, row: Field | Tlv | None, findings: tuple[Finding, ...] = (), tag: int | None = None
    ) -> Step:
        step = Step(self.position, length, name, value, findings, row, tag)
        self.position += length
        return step

    def _stop(self, code: str, row: Field, value: Any = None, length: int = 0, **facts: Any) -> Step:
        self.stopped = True
        return self._step(length, row.name, value, row, (finding(code, row.name, self.position, row.section, **facts),))


def _check(row: Tlv, raw: bytes, at: int) -> list[Finding]:
    """What is wrong with a TLV whose octets are all there."""
    findings = []
    if not _fits(row, raw):
        if row.is_vendor:
            # Another provider may use the tag for something else.
            return [finding("vendor-tlv-form", row.name, at, row.section, have=len(raw))]
        findings.append(finding("tlv-length", row.name, at, row.section, have=len(raw), limit=_limit(row)))
    elif row.kind == "cstring" and raw[-1:] != b"\0":
        findings.append(finding("tlv-no-nul", row.name, at, row.section))
    if row.tag == _NETWORK_ERROR_CODE and len(raw) == 3 and raw.isdigit():
        facts = {"text": _text(raw), "kind": raw[0], "error": _number(raw[1:])}
        findings.append(finding("network-error-ascii", row.name, at, row.section, **facts))
    value = tlv_value(row, raw) if row.kind == "integer" and row.values else None
    if value is not None and is_reserved(row.values, value):
        findings.append(finding("unknown-value", row.name, at, row.section, said=value))
    return findings
