"""Layer 0 of 9: the tables' self-check, run as a test and by `python -m smpp_core.spec.check`, never at import."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from . import commands, data_codings, findings, statuses, tlvs, values, vendor
from .rows import SMPP34, SMPP50, VENDOR, Command, DataCoding, Field, FindingRow, GsmError, Status, Tlv, Value

_SECTION = re.compile(rf"({SMPP34}|{SMPP50}|{VENDOR}|3GPP TS \d\d\.\d\d\d)( [\d.]+\d| \d| Appendix [A-Z])?")
_SNAKE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_UPPER = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")
_STATES = ("OPEN", "OUTBOUND", "BOUND_TX", "BOUND_RX", "BOUND_TRX")
_COUNTED = ("octets", "dests", "unsuccess")


def check() -> list[str]:
    """Hold every row of the tables against the rules that rows.py states. Returns one sentence for each fault; none for sound tables."""
    fields = {field.name for row in commands.COMMANDS.values() for field in row.fields}
    return [
        *check_commands(list(commands._ROWS)),
        *check_command_ids(commands.COMMANDS, {member.name: member.value for member in values.CommandId}),
        *check_tlvs([*tlvs._ROWS, *vendor._TLVS], fields),
        *check_tlv_names(tlvs.ALIASES, tlvs.REPEATABLE),
        *check_statuses(list(statuses._ROWS), {name: member.value for name, member in statuses.CommandStatus.__members__.items()}),
        *check_statuses(list(vendor._STATUSES), {}),
        *check_values(values.VALUES),
        *check_ranges(values.RANGES, values.OPEN),
        *check_data_codings(list(data_codings._ROWS)),
        *check_data_codings(list(vendor._DATA_CODINGS)),
        *check_gsm_errors(list(vendor._GSM_ERRORS)),
        *check_findings(list(findings._ROWS)),
    ]


def _unique(rows: Iterable[Any], *columns: str) -> Iterator[str]:
    for column in columns:
        seen: set[Any] = set()
        for row in rows:
            key = getattr(row, column)
            if key in seen:
                yield f"{type(row).__name__} {key!r}: {column} stands twice"
            seen.add(key)


def _cites(where: str, section: str) -> Iterator[str]:
    if not _SECTION.fullmatch(section):
        yield f"{where}: section {section!r} names no document and number"


def _says(where: str, text: str) -> Iterator[str]:
    if not text.endswith(".") or text != text.strip():
        yield f"{where}: doc {text!r} is no sentence"


def check_commands(rows: Sequence[Command]) -> Iterator[str]:
    """The faults of command rows: ids, names, answers, bodies, states, TLVs, and those of their fields."""
    yield from _unique(rows, "id", "name")
    by_name = {row.name: row for row in rows}
    for row in rows:
        if not _SNAKE.fullmatch(row.name):
            yield f"{row.name}: no name in snake_case"
        yield from _cites(row.name, row.section)
        yield from _says(row.name, row.doc)
        if row.body not in ("required", "when_ok", "optional") or row.body != "required" and not row.is_response:
            yield f"{row.name}: body {row.body!r}"
        if row.sender not in ("esme", "smsc", "both"):
            yield f"{row.name}: sender {row.sender!r}"
        if not row.states or not set(row.states) <= set(_STATES):
            yield f"{row.name}: states {row.states!r}"
        if row.response:
            response = by_name.get(row.response)
            if response is None or response.id != row.id | 0x80000000 or row.is_response:
                yield f"{row.name}: {row.response!r} is not its response"
        yield from (f"{row.name}: there is no TLV {name!r}" for name in row.tlvs if name not in tlvs.BY_NAME)
        if len(set(row.tlvs)) != len(row.tlvs):
            yield f"{row.name}: a TLV is listed twice"
        yield from _check_fields(row)


def _check_fields(row: Command) -> Iterator[str]:
    yield from _unique(row.fields, "name")
    for i, field in enumerate(row.fields):
        where = f"{row.name}.{field.name}"
        after = row.fields[i + 1] if i + 1 < len(row.fields) else Field("", "", "")
        before = row.fields[i - 1] if i else Field("", "", "")
        yield from _cites(where, field.section)
        yield from _says(where, field.doc)
        if not _SNAKE.fullmatch(field.name) or field.name in tlvs.PDU_NAMES:
            yield f"{where}: no name for a field"
        if field.kind not in ("u8", "u32", "cstring", *_COUNTED):
            yield f"{where}: kind {field.kind!r}"
        if not 1 <= field.max <= 255:
            yield f"{where}: max {field.max}"
        if field.counts and (field.kind != "u8" or after.name != field.counts or after.kind not in _COUNTED):
            yield f"{where}: counts {field.counts!r}, but {after.name!r} follows"
        if field.kind in _COUNTED and before.counts != field.name:
            yield f"{where}: no count stands in front of it"
        if field.values and field.values not in values.VALUES or field.values and field.kind != "u8":
            yield f"{where}: values {field.values!r}"
        if field.form not in ("", "time", "reported-time") or field.form and (field.kind, field.max) != ("cstring", 17):
            yield f"{where}: form {field.form!r}"
        if field.status not in statuses.BY_NAME:
            yield f"{where}: there is no status {field.status!r}"


def check_command_ids(rows: Mapping[int, Command], ids: Mapping[str, int]) -> Iterator[str]:
    """Where the enumeration of command ids and the table differ."""
    if ids != {row.name.upper(): row.id for row in rows.values()}:
        yield "CommandId and COMMANDS differ"


def check_tlvs(rows: Sequence[Tlv], fields: Iterable[str] = ()) -> Iterator[str]:
    """The faults of TLV rows; fields are the names of mandatory fields, which they may not take."""
    yield from _unique(rows, "tag", "name")
    taken = tlvs.PDU_NAMES | set(fields) - {"message_state"}  # the one name that the specification itself uses for both
    for row in rows:
        where = f"TLV {row.name}"
        yield from _cites(where, row.section)
        yield from _says(where, row.doc)
        if not _SNAKE.fullmatch(row.name) or row.name in taken:
            yield f"{where}: no name for a TLV"
        if not 0 <= row.tag <= 0xFFFF or row.section.startswith(VENDOR) != (0x1400 <= row.tag <= 0x3FFF):
            yield f"{where}: tag 0x{row.tag:04X} is in the wrong range (SMPP 3.4 5.3.1)"
        longest = {"integer": 8, "flag": 1, "cstring": 0xFFFF, "string": 0xFFFF, "octets": 0xFFFF}.get(row.kind, -1)
        if not 0 <= row.min <= row.max <= longest:
            yield f"{where}: kind {row.kind!r} with {row.min} to {row.max} octets"
        if row.values and (row.values not in values.VALUES or row.kind not in ("integer", "flag")):
            yield f"{where}: values {row.values!r}"


def check_tlv_names(aliases: Mapping[str, str], repeatable: Iterable[str]) -> Iterator[str]:
    """The faults of second names and of the list of what may be repeated."""
    names = {row.name for row in tlvs.TLVS.values()}
    yield from (f"alias {alias!r} of {name!r}" for alias, name in aliases.items() if name not in names or alias in names)
    yield from (f"REPEATABLE: there is no TLV {name!r}" for name in repeatable if name not in tlvs.BY_NAME)


def check_statuses(rows: Sequence[Status], members: Mapping[str, int]) -> Iterator[str]:
    """The faults of status rows; members is the enumeration that holds their names, empty for none."""
    yield from _unique(rows, "value", "name")
    for row in rows:
        yield from _cites(row.name, row.section)
        if not 0 <= row.value <= 0xFFFFFFFF or not _UPPER.fullmatch(row.name) or not row.meaning or row.meaning.endswith("."):
            yield f"{row.name}: value {row.value}, meaning {row.meaning!r}"
        if row.retry not in ("never", "later", "rebind", "unknown"):
            yield f"{row.name}: retry {row.retry!r}"
        if members and members.get(row.name) != row.value:
            yield f"{row.name}: CommandStatus has another value"
    if members and set(members.values()) != {row.value for row in rows}:
        yield "CommandStatus and STATUSES differ"


def check_values(tables: Mapping[str, Sequence[Value]]) -> Iterator[str]:
    """The faults of the tables of named values."""
    for table, rows in tables.items():
        yield from (f"{table}: {fault}" for fault in _unique(rows, "value", "name"))
        for row in rows:
            where = f"{table}.{row.name}"
            yield from _cites(where, row.section)
            if not _UPPER.fullmatch(row.name) or not row.meaning or not 0 <= row.value <= 0xFFFF:
                yield f"{where}: value {row.value}, meaning {row.meaning!r}"


def check_ranges(tables: Mapping[str, Sequence[values.Range]], open_tables: Iterable[str]) -> Iterator[str]:
    """The faults of runs of values, and of the list of open tables."""
    yield from (f"OPEN: there is no table {table!r}" for table in open_tables if table not in values.VALUES)
    for table, runs in tables.items():
        named = {row.value for row in values.VALUES.get(table, ())}
        if table not in values.VALUES:
            yield f"RANGES: there is no table {table!r}"
        last = -1
        for run in runs:
            if not last < run.first <= run.last or not run.meaning or not named.isdisjoint(range(run.first, run.last + 1)):
                yield f"{table}: run {run.first} to {run.last}"
            last = run.last


def check_data_codings(rows: Sequence[DataCoding]) -> Iterator[str]:
    """The faults of data coding rows."""
    yield from _unique(rows, "value", "name")
    for row in rows:
        yield from _cites(row.name, row.section)
        if not 0 <= row.value <= 255 or not _UPPER.fullmatch(row.name) or not row.meaning:
            yield f"data_coding {row.value}: name {row.name!r}, meaning {row.meaning!r}"
        if row.alphabet not in ("gsm7", "latin1", "ascii", "binary", "ucs2"):
            try:
                b" ".decode(row.alphabet)  # of no octets, any name would do
            except LookupError:
                yield f"data_coding {row.value}: there is no alphabet {row.alphabet!r}"


def check_gsm_errors(rows: Sequence[GsmError]) -> Iterator[str]:
    """The faults of GSM error rows."""
    yield from _unique(rows, "value", "name")
    for row in rows:
        yield from _cites(row.name, row.section)
        if row.value < 0 or not row.name or not row.meaning:
            yield f"GSM error {row.value}: name {row.name!r}, meaning {row.meaning!r}"


def check_findings(rows: Sequence[FindingRow]) -> Iterator[str]:
    """The faults of finding rows."""
    yield from _unique(rows, "code")
    for row in rows:
        yield from _cites(row.code, row.section)
        yield from _says(row.code, row.doc)
        if not re.fullmatch(r"[a-z]+[a-z0-9]*(-[a-z0-9]+)*", row.code) or row.severity not in ("error", "warning", "note"):
            yield f"{row.code}: severity {row.severity!r}"
        if row.layer not in ("pdu", "text", "receipt") or not row.message or row.message.endswith("."):
            yield f"{row.code}: layer {row.layer!r}, message {row.message!r}"
        if row.status and row.status not in statuses.BY_NAME:
            yield f"{row.code}: there is no status {row.status!r}"


def _main() -> int:
    faults = check()
    print("\n".join(faults) or "the tables are sound")
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(_main())
