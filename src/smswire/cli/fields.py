"""Commands, above layer 9: the fields that --where knows: how each is read from a PDU, and how a value is written for it."""

import calendar
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from smpp_core import Finding, Profile
from smpp_core.explain import explain
from smpp_core.receipt import Receipt, parse_receipt
from smpp_core.spec.commands import BY_NAME, COMMANDS
from smpp_core.spec.findings import FINDINGS
from smpp_core.spec.rows import Field as Row
from smpp_core.spec.rows import Tlv
from smpp_core.spec.values import VALUES, MessageState
from smpp_core.text import Text, decode_text

from .item import Item, gap_kind
from .shown import format_time

SEVERITIES = {"note": 0, "warning": 1, "error": 2}
GAPS = ("cut-pdu", "missing", "not-a-pdu", "partial-pdu")

_TAG = re.compile(r"tlv\.0x([0-9a-f]{1,4})", re.I)
_TIME = re.compile(r"(\d{4})-(\d\d)(?:-(\d\d)(?:[T ](\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?)?)?Z?")
_EPOCH = re.compile(r"(\d{1,11})(?:\.(\d{1,9}))?")
_STATES = {state.name.lower(): int(state) for state in MessageState}
_RECEIPT_TEXTS = ("id", "sub", "dlvrd", "submit_date", "done_date", "stat", "err", "text")


class WrongValue(ValueError):
    """A value that the field cannot have; its sentence says why."""


class Field(NamedTuple):
    """One field. get: its value in an item, None if it is not there; of a field with many values, all of them.

    read: a written value to what is compared; its second argument is True for < <= > >=. show: a value as text for a regular
    expression, None if it is text already.
    """

    get: Callable[[Item], Any]
    read: Callable[[str, bool], Any]
    show: Callable[[Any], str] | None = None
    many: bool = False


def field_named(name: str, profile: Profile | None = None) -> Field | None:
    """The field of that name, None if there is none. profile: names TLVs, statuses and data codings; default the vendor's."""
    profile = profile or Profile.vendor()
    plain = _plain_fields().get(name)
    if plain is not None:
        return plain
    if name in ("status", "command_status"):
        names = {row.name.lower(): value for value, row in profile.statuses.items()}
        return _number(_attribute("command_status"), names, lambda value: profile.status(value).name)
    if name in ("receipt.state", "receipt.text_state", "receipt.tlv_state"):
        return _number(_receipt_part(name[8:]), _STATES, _state_name)
    if name.startswith("receipt.extra."):
        key = name[14:]
        return Field(lambda item: getattr(_receipt_of(item), "extra", {}).get(key), _text)
    tag = _TAG.fullmatch(name)
    if tag is not None:
        return _raw_tlv(int(tag[1], 16))
    row = _mandatory().get(name)
    if row is not None:
        return _mandatory_field(row, profile)
    tlv = profile.tlv_names.get(name)
    return _tlv_field(tlv) if tlv is not None else None


def field_names(profile: Profile | None = None) -> list[str]:
    """All names, for messages and the manual."""
    profile = profile or Profile.vendor()
    special = ["status", "command_status", "receipt.state", "receipt.text_state", "receipt.tlv_state"]
    return [*_plain_fields(), *special, *_mandatory(), *profile.tlv_names]


def near_miss(name: str, profile: Profile | None = None) -> str:
    """The field that was perhaps meant, "" if none is near."""
    return _near(name, field_names(profile))


def _near(word: str, words: Iterable[str]) -> str:
    from difflib import get_close_matches  # only for a message

    known = list(words)
    close = get_close_matches(word.lower(), known, 1) or [other for other in known if other.startswith(word.lower())]
    return close[0] if close else ""


# Values as they are written.


def _state_name(value: int) -> str:
    return MessageState(value).name


def _text(written: str, ordered: bool) -> str:
    return written


def _integer(written: str) -> int | None:
    try:
        return int(written, 16) if written[:2].lower() == "0x" else int(written) if written.isascii() else None
    except ValueError:
        return None


def _number(get: Callable[[Item], Any], names: Mapping[str, int] | None = None, show: Callable[[int], str] = str) -> Field:
    def read(written: str, ordered: bool) -> int:
        value = _integer(written)
        if value is not None:
            return value
        if not names:
            raise WrongValue(f"{written!r} is no number")
        named = names.get(written.lower().replace(" ", "_"))
        if named is None:
            hint = _near(written, names)
            raise WrongValue(f"{written!r} is neither a number nor a name of a value" + (f", did you mean {hint}?" if hint else ""))
        return named

    return Field(get, read, show)


def _one_of(words: Iterable[str], what: str) -> Callable[[str, bool], str]:
    known = frozenset(words)

    def read(written: str, ordered: bool) -> str:
        if written not in known:
            hint = _near(written, known)
            raise WrongValue(f"{written!r} is no {what}" + (f", did you mean {hint}?" if hint else ""))
        return written

    return read


def _command(written: str, ordered: bool) -> str:
    value = _integer(written)
    if value is not None:
        return COMMANDS[value].name if value in COMMANDS else "unknown"
    return _one_of((*BY_NAME, "unknown"), "command")(written, ordered)


def _hex(written: str, ordered: bool) -> str:
    digits = re.sub(r"^0x|[ :]", "", written.lower())
    if not re.fullmatch(r"(?:[0-9a-f]{2})*", digits):
        raise WrongValue(f"{written!r} is no hex; this field has octets")
    return digits


def _moment(written: str, ordered: bool) -> int:
    epoch = _EPOCH.fullmatch(written)
    if epoch is not None and len(written) != 4:
        return int(epoch[1]) * 1_000_000_000 + int((epoch[2] or "0").ljust(9, "0"))
    parts = _TIME.fullmatch(written)
    if parts is None:
        raise WrongValue(f"{written!r} is no time like 2026-01-31T10:00:00.5")
    numbers = [int(part) if part else least for part, least in zip(parts.groups()[:6], (1970, 1, 1, 0, 0, 0))]
    year, month, day, hour, minute, second = numbers
    if not (1 <= month <= 12 and 1 <= day <= calendar.monthrange(max(year, 1), month)[1] and hour < 24 and minute < 60 and second < 61):
        raise WrongValue(f"{written!r} is no time of the calendar")
    return calendar.timegm((year, month, day, hour, minute, second)) * 1_000_000_000 + int((parts[7] or "0").ljust(9, "0"))


# Where values are found.


def _attribute(name: str) -> Callable[[Item], Any]:
    return lambda item: getattr(item.pdu, name, None)


def _receipt_of(item: Item) -> Receipt | None:
    return None if item.pdu is None else parse_receipt(item.pdu)


def _text_of(item: Item) -> Text | None:
    return None if item.pdu is None else decode_text(item.pdu)


def _findings_of(item: Item) -> Sequence[Finding]:
    return () if item.pdu is None else explain(item.pdu)


def _tlvs_of(item: Item) -> Sequence[Any]:
    return () if item.pdu is None else item.pdu.tlvs


def _receipt_part(name: str) -> Callable[[Item], Any]:
    return lambda item: getattr(_receipt_of(item), name, None)


def _of_text(name: str) -> Callable[[Item], Any]:
    return lambda item: getattr(_text_of(item), name, None)


def _elements(item: Item) -> Sequence[Any]:
    header = getattr(_text_of(item), "udh", None)
    return () if header is None else header.elements


def _of_udh(part: str, name: str) -> Callable[[Item], Any]:
    return lambda item: getattr(getattr(getattr(_text_of(item), "udh", None), part, None), name, None)


def _octets(item: Item) -> int:
    length: int = getattr(item, "length", 0)  # of a gap the octets are only the first
    return length or len(item.octets)


@cache
def _plain_fields() -> dict[str, Field]:
    fields = {
        "command": Field(_attribute("command"), _command),
        "command_id": _number(_attribute("command_id"), {name: row.id for name, row in BY_NAME.items()}),
        "command_length": _number(_attribute("command_length")),
        "sequence_number": _number(_attribute("sequence_number")),
        "length": _number(_attribute("command_length")),
        "octets": _number(_octets),
        "offset": _number(lambda item: item.offset),
        "stream": _number(lambda item: item.stream),
        "frame": _number(lambda item: item.frame),
        "time": Field(lambda item: item.time_ns, _moment, format_time),
        "src": Field(lambda item: item.src, _text),
        "dst": Field(lambda item: item.dst, _text),
        "gap": Field(lambda item: gap_kind(item) or None, _one_of(GAPS, "kind of gap")),
        "finding": Field(lambda item: [found.code for found in _findings_of(item)], _one_of(FINDINGS, "finding"), None, True),
        "finding.field": Field(lambda item: [found.field for found in _findings_of(item)], _text, None, True),
        "severity": _severity(),
        "text": Field(_of_text("text"), _text),
        "alphabet": Field(_of_text("alphabet"), _text),
        "tlv": Field(lambda item: [tlv.name for tlv in _tlvs_of(item)], _text, None, True),
        "receipt": Field(_receipt_of, _no_value),
        "receipt.err_int": _number(_receipt_part("err_int")),
        "udh": Field(lambda item: [element.name for element in _elements(item)], _text, None, True),
        "udh.id": _number(lambda item: [element.id for element in _elements(item)])._replace(many=True),
    }
    for name in ("reference", "total", "part"):
        fields[f"udh.{name}"] = _number(_of_udh("concat", name))
    for name in ("destination", "source"):
        fields[f"udh.{name}_port"] = _number(_of_udh("ports", name))
    for name in (*_RECEIPT_TEXTS, "text_id", "tlv_id"):
        fields[f"receipt.{name}"] = Field(_receipt_part(name), _text)
    return fields


def _no_value(written: str, ordered: bool) -> Any:
    raise WrongValue("receipt has no value of its own; compare a part of it, as receipt.state")


def _severity() -> Field:
    number = _number(lambda item: [SEVERITIES[found.severity] for found in _findings_of(item)], SEVERITIES, list(SEVERITIES).__getitem__)
    return number._replace(many=True)


@cache
def _mandatory() -> dict[str, Row]:
    return {field.name: field for row in COMMANDS.values() for field in row.fields}


def _names(table: str, profile: Profile) -> dict[str, int]:
    names = {row.name.lower(): row.value for row in VALUES.get(table, ())}
    if table == "data_coding":
        names.update((row.name.lower(), row.value) for row in profile.data_codings.values())
    return names


def _mandatory_field(row: Row, profile: Profile) -> Field:
    get = _attribute(row.name)
    if row.kind in ("u8", "u32"):
        return _number(get, _names(row.values, profile))
    if row.kind == "cstring":
        return Field(get, _text)
    if row.kind == "octets":
        return Field(get, _hex, bytes.hex)._replace(get=lambda item: _as_hex(get(item)), show=None)
    # Groups compare by the address or list of each entry.
    name = row.name
    return Field(lambda item: [_entry_name(entry) for entry in getattr(item.pdu, name, None) or ()], _text, None, True)


def _entry_name(entry: tuple[Any, ...]) -> str:
    name: str = entry[2] if len(entry) > 2 else entry[0]
    return name


def _as_hex(octets: Any) -> str | None:
    return octets.hex() if isinstance(octets, bytes) else None


def _raw_tlv(tag: int) -> Field:
    return Field(lambda item: [tlv.raw.hex() for tlv in _tlvs_of(item) if tlv.tag == tag], _hex, None, True)


def _tlv_field(row: Tlv) -> Field:
    """All occurrences count; a value that the row does not fit (it is octets then) is as good as absent."""
    tag = row.tag
    kind: type = {"integer": int, "flag": int, "octets": bytes}.get(row.kind, str)

    def get(item: Item) -> list[Any]:
        return [tlv.value for tlv in _tlvs_of(item) if tlv.tag == tag and isinstance(tlv.value, kind)]

    if kind is int:
        names = {value.name.lower(): value.value for value in VALUES.get(row.values, ())}
        return _number(get, names)._replace(many=True)
    if kind is bytes:
        return Field(lambda item: [value.hex() for value in get(item)], _hex, None, True)
    return Field(get, _text, None, True)
