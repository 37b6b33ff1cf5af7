"""Layer 7 of 9: the values of a message's parameters: text as it stands in a document to what it means, and back (vendor 2.2.1.2)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

from .errors import DocumentError
from .request import Fault, Recipient, SendMessage

__all__ = ["LONGEST_SPAN", "LONGEST_VALIDITY", "NPIS", "TONS", "TYPES", "ValueReader", "format_fields", "read_message"]

TYPES: Final = ("longSMS", "nSMS", "bookmark")
_TYPE: Final = {name.lower(): name for name in TYPES}
_FLAGS: Final = {"0": False, "1": True, "false": False, "true": True}
# Tables 2 and 3 of the document.
TONS: Final = frozenset(range(7))
NPIS: Final = frozenset((0, 1, 3, 4, 6, 8, 9, 10, 14, 18))
_SPAN: Final = re.compile(r"(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?", re.ASCII | re.IGNORECASE)
LONGEST_SPAN: Final = timedelta(days=365)
_VALIDITY: Final = re.compile(r"(\d{1,3}):(\d{2})", re.ASCII)
LONGEST_VALIDITY: Final = timedelta(hours=48)
_DIGITS: Final = re.compile(r"\d{1,9}", re.ASCII)


# Each costs up to 1.5 us. 10,000 messages may well differ in two of these fields: schedule and octets.
_MOST_VALUES: Final = 20_000
_ABSENT: Final = object()


class _Bad(ValueError):
    """A value that cannot be read: (status, sentence)."""


def read_message(
    raw: Mapping[str, str], recipients: list[Recipient], path_of: Callable[[str], str], fault: Fault | None = None,
) -> SendMessage:
    """Make the one message of a document; see `ValueReader.message`."""
    return ValueReader().message(raw, recipients, path_of, fault)


class ValueReader:
    """Reads the messages of one document. Messages of one document are mostly alike, so that a value that comes again is read once."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, Any]] = {field: {} for field in _READERS}
        self._left = _MOST_VALUES

    def message(
        self, raw: Mapping[str, str], recipients: list[Recipient], path_of: Callable[[str], str], fault: Fault | None = None,
    ) -> SendMessage:
        """Make a message from texts by field (as `parameter.MESSAGE` names them).

        A blank text is an absent one. path_of: where a field stands in the document. fault: one that the caller found before. The first
        value that cannot be read goes into the message's fault, -27 for send_date_time and -23 for the others; its attribute stays at
        default. Raises DocumentError (-22) for a document with more different values than any has.
        """
        values: dict[str, Any] = {}
        for field, text in raw.items():
            known = self._known.get(field)
            if known is not None:
                value = known.get(text)
                if value is None:
                    value = known[text] = self._read(field, text)
                if value.__class__ is _Bad:
                    fault = fault or Fault(value.args[0], path_of(field), value.args[1])
                elif value is not _ABSENT:
                    values[field] = value
            elif text and not text.isspace():
                values[field] = text if field == "text" else text.strip()
        return SendMessage(recipients=recipients, fault=fault, **values)

    def _read(self, field: str, text: str) -> Any:
        """What a text means; _ABSENT for a blank one, a _Bad for one that means nothing."""
        self._left -= 1
        if self._left < 0:
            raise DocumentError(f"the messages have over {_MOST_VALUES:,} different values")
        text = text.strip()
        try:
            return _READERS[field](text) if text else _ABSENT
        except _Bad as error:
            return error.with_traceback(None)


def format_fields(message: SendMessage) -> Iterator[tuple[str, str]]:
    """The fields that are not at their default, as texts, in the order of the document's table; recipients and fault are not among them.

    Parts of a second are left out, a validity is rounded up to minutes. Raises DocumentError, with the field as path, for a span before now
    (-27) and a validity that is none (-23).
    """
    for field in _ORDER:
        value = getattr(message, field)
        if value is None or value is False or value == "":
            continue
        writer = _WRITERS.get(field, str)
        yield field, writer(value)


def _flag(text: str) -> bool:
    value = _FLAGS.get(text.lower())
    if value is None:
        raise _Bad(-23, "is not 0 or 1")
    return value


def _kind(text: str) -> str:
    # ASCII alone: the lower case of the Kelvin sign is a k.
    value = _TYPE.get(text.lower()) if text.isascii() else None
    if value is None:
        raise _Bad(-23, f"is none of {', '.join(TYPES)}")
    return value


def _hex(text: str) -> bytes:
    # Blanks and line ends between octets are read, for long ones are written over several lines.
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise _Bad(-23, "is not hexadecimal, two digits an octet") from None


def _number(text: str, allowed: frozenset[int] | range, words: str) -> int:
    value = int(text) if _DIGITS.fullmatch(text) else -1
    if value not in allowed:
        raise _Bad(-23, words)
    return value


def _octet(text: str) -> int:
    return _number(text, range(256), "is not a number from 0 to 255")


def _ton(text: str) -> int:
    return _number(text, TONS, "is not in table 2 of the document (0 to 6)")


def _npi(text: str) -> int:
    return _number(text, NPIS, "is not in table 3 of the document (0, 1, 3, 4, 6, 8, 9, 10, 14, 18)")


def _span(text: str) -> timedelta:
    found = _SPAN.fullmatch(text)
    if not found or not any(found.groups()):
        raise _Bad(-27, "is not days, hours, minutes and seconds as 4d3h2m1s")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    total = 86_400 * days + 3_600 * hours + 60 * minutes + seconds
    if total > LONGEST_SPAN.total_seconds():
        raise _Bad(-27, "is over 365 days")
    return timedelta(seconds=total)


def _validity(text: str) -> timedelta:
    found = _VALIDITY.fullmatch(text)
    if not found or int(found[2]) > 59:
        raise _Bad(-23, "is not hours and minutes as 24:00")
    span = timedelta(hours=int(found[1]), minutes=int(found[2]))
    if not span:
        raise _Bad(-23, "is no time at all")
    return min(span, LONGEST_VALIDITY)


def _push_url(text: str) -> str:
    return "" if text.lower() == "nopush" else text


_READERS: Final[dict[str, Callable[[str], Any]]] = {
    "flash": _flag, "type": _kind, "binary": _hex, "datacoding": _octet, "esmclass": _octet, "src_ton": _ton, "src_npi": _npi,
    "dest_ton": _ton, "dest_npi": _npi, "send_date_time": _span, "validity_period": _validity, "push_url": _push_url, "nopush": _flag,
}


def _written_span(span: timedelta) -> str:
    if span < timedelta():
        raise DocumentError("is before now", path="send_date_time", status=-27)
    minutes, seconds = divmod(span.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((span.days, "d"), (hours, "h"), (minutes, "m"), (seconds, "s"))
    return "".join(f"{number}{unit}" for number, unit in parts if number) or "0s"


def _written_validity(span: timedelta) -> str:
    if span <= timedelta():
        raise DocumentError("is no time at all", path="validity_period", status=-23)
    minutes = -(-min(span, LONGEST_VALIDITY) // timedelta(minutes=1))
    return f"{minutes // 60:02}:{minutes % 60:02}"


_WRITERS: Final[dict[str, Callable[[Any], str]]] = {
    "flash": lambda value: "1", "nopush": lambda value: "1", "binary": lambda value: value.hex().upper(),
    "send_date_time": _written_span, "validity_period": _written_validity,
}
_ORDER: Final = tuple(name for name in SendMessage.__struct_fields__ if name not in ("recipients", "fault"))
