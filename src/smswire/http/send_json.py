"""Layer 7 of 9: a request to send as JSON (vendor 2.2.2)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import partial
from operator import attrgetter
from typing import Any, Final

import msgspec
from msgspec import UNSET, Struct, UnsetType

from .body import document, transcoded, unmarked
from .errors import DocumentError
from .json_octets import decoded
from .parameter import AUTHENTICATION, MESSAGE, RECIPIENT, Parameter, by_name
from .request import MOST_RECIPIENTS, Fault, Recipient, SendMessage, SendRequest
from .value import ValueReader, format_fields

__all__ = ["dump_json", "load_json"]

# A text of the document: booleans and integers are read as the text they would have been (V5).
_Text = str | int | bool | None


def _wire(name: str, rows: Iterable[Parameter], *more: tuple[str, Any, Any]) -> Any:
    """What an object of the document is decoded to: each spelling of each row is a field of its own, those of a row in its order."""
    fields = [(spelling, _Text | UnsetType, UNSET) for row in rows for spelling in row.json]
    return msgspec.defstruct(name, [*fields, *more], module=__name__, gc=False)


_Authentication: Any = _wire("_Authentication", AUTHENTICATION)
_Recipient: Any = _wire("_Recipient", RECIPIENT)
# An object where an array is meant is a list of one; a bare recipient is its number (V4).
_Recipients: Any = list[_Recipient | str | int | None] | _Recipient | str | int | None
_Message: Any = _wire("_Message", MESSAGE, ("recipients", _Recipients | UnsetType, UNSET))
_Request: Any = _wire(
    "_Request", (), ("authentication", _Authentication | None | UnsetType, UNSET),
    ("messages", list[_Message] | _Message | None | UnsetType, UNSET))
_DECODER: Final[msgspec.json.Decoder[Any]] = msgspec.json.Decoder(_Request)

_ANYTHING: Final[msgspec.json.Decoder[Any]] = msgspec.json.Decoder()
_COPY: Final[Callable[[SendMessage], SendMessage]] = getattr(SendMessage, "__copy__")  # noqa: B009 - half of what copy.copy takes
_ENCODE: Final = msgspec.json.Encoder().encode

_AUTHENTICATION: Final = by_name(AUTHENTICATION, "json")
_MESSAGE: Final = by_name(MESSAGE, "json")
_RECIPIENT: Final = by_name(RECIPIENT, "json")
_WRITTEN: Final = {row.field: row.json[0] for row in (*AUTHENTICATION, *MESSAGE, *RECIPIENT)}
_GSM: Final = attrgetter(RECIPIENT[0].json[0])
_MESSAGE_ID: Final = attrgetter(RECIPIENT[1].json[0])
_OTHER_IDS: Final = attrgetter(*RECIPIENT[1].json[1:])
_OTHERS: Final = attrgetter(*RECIPIENT[0].json[1:], *RECIPIENT[1].json[1:])
_NO_OTHERS: Final = (UNSET,) * (len(RECIPIENT[0].json[1:]) + len(RECIPIENT[1].json[1:]))
_NO_OTHER_IDS: Final = (UNSET,) * len(RECIPIENT[1].json[1:])

# 10,000 messages of one recipient have 20,002 objects, 10,001 arrays and 90,000 members if each has nine; the rest is room for what
# stands in texts.
_MOST_BRACKETS: Final = 60_000
_MOST_MEMBERS: Final = 100_000
_MOST_COMMAS: Final = 300_000
# Numbers are read in a time that grows with the square of their digits. No document has so many digits but in texts.
_MOST_DIGITS: Final = 300_000
_LONG_NUMBER: Final = re.compile(rb"[:,[\s]-?[0-9]{100}")
_MOST_STRINGS: Final = 400_000
_MOST_LINES: Final = 400_000
_WORDS: Final = {
    "array": "an array", "object": "an object", "float": "a number that is not whole", "null": "null", "bool": "true or false",
}
_CONTAINERS: Final = (dict, list)
_BLANK_BEFORE_COLON: Final = re.compile(rb'"[ \t\r\n]+:')


def load_json(body: bytes, content_type: str = "") -> SendRequest:
    """Read a request: bare, behind `JSON=`, or in the field JSON of a form (V1).

    Names as they stand, in every spelling of `parameter` (V2); of two spellings of one field the first of the row that is not blank
    counts. Strings, integers and booleans are read alike, null is absent (V5), unknown names are ignored (V4). Line ends and tabs within
    strings, which JSON forbids, are read as they stand.
    Raises DocumentError (-22) for broken JSON, other types, a name twice in one object (V6), over MOST_RECIPIENTS messages or recipients.
    """
    octets, charset = document(body, content_type, "JSON", b"{[")
    octets, known = unmarked(octets)
    if not known and charset:
        octets = transcoded(octets, charset)
    members = _members(octets)
    octets, raw = _decoded(octets)
    reader = _Reader()
    request = reader.request(raw)
    # Every member has a quote and a colon, and a text can only add some. So if there are no more of them than there are fields that were
    # set, no name came twice and none was unknown. Where they stand apart, or do not agree, the names are counted; if there are more, all
    # objects are looked at.
    if members != reader.members or _BLANK_BEFORE_COLON.search(octets):
        names = _names(octets)
        if names != reader.members:
            _check_names(octets, names)
    return request


def dump_json(request: SendRequest) -> bytes:
    """Write a request as the document prints it, every value a string. Raises DocumentError (-23) for half a surrogate pair or a fault."""
    messages: list[dict[str, Any]] = []
    for number, message in enumerate(request.messages):
        if message.fault:
            raise DocumentError("the message has a fault", path=_path(f"$.messages[{number}]", ""), status=-23)
        written: dict[str, Any] = {_WRITTEN[field]: text for field, text in format_fields(message)}
        written["recipients"] = [
            {"gsm": one.gsm, "messageId": one.message_id} if one.message_id else {"gsm": one.gsm} for one in message.recipients
        ]
        messages.append(written)
    who = {"username": request.username, "password": request.password}
    try:
        return msgspec.json.encode({"authentication": who, "messages": messages})
    except UnicodeError:
        raise DocumentError("half a surrogate pair, which no octets can hold", status=-23) from None


def _members(octets: bytes) -> int:
    """How many members the objects have, or more; none is left out that has no blank before its colon. Refuses what would take long."""
    if octets.count(b"{") + octets.count(b"[") > _MOST_BRACKETS:
        raise DocumentError(f"the document has over {_MOST_BRACKETS:,} objects and arrays")
    members = octets.count(b'":')
    if members > _MOST_MEMBERS:
        raise DocumentError(f"the objects of the document have over {_MOST_MEMBERS:,} members")
    if octets.count(b",") > _MOST_COMMAS:
        raise DocumentError(f"the document has over {_MOST_COMMAS:,} commas")
    if len(octets) - len(octets.translate(None, b"0123456789")) > _MOST_DIGITS and _LONG_NUMBER.search(octets):
        raise DocumentError("a number has over 100 digits")
    return members


def _decoded(octets: bytes) -> tuple[bytes, Any]:
    """The document as Structs, and the octets that they were read from: those given, or mended."""
    try:
        return octets, _DECODER.decode(octets)
    except msgspec.ValidationError as error:
        raise _wrong(str(error)) from None
    except msgspec.DecodeError as error:
        mended = _mended(octets)
        if mended != octets:
            return _decoded(mended)
        raise _broken(str(error)) from None
    except RecursionError:
        raise DocumentError("arrays and objects are nested too deep") from None
    except UnicodeError:
        raise DocumentError("the octets are not utf-8") from None


def _wrong(words: str) -> DocumentError:
    """The decoder's sentence about a value in our words. Its path has names of the Structs' fields alone, so none of the document."""
    words, _, path = words.partition(" - at `")
    expected, _, got = words.partition(", got ")
    if not got:
        return DocumentError("is a number that is too long", path=path.rstrip("`"))
    kinds = [words for kind, words in (("str", "a text"), ("object", "an object"), ("array", "an array")) if kind in expected]
    got = got.strip("`")
    return DocumentError(f"is {_WORDS.get(got, 'a text or number')} where {' or '.join(kinds)} is meant", path=path.rstrip("`") or "$")


def _broken(words: str) -> DocumentError:
    """The decoder's sentence about octets: what it says behind the colon is one of its own few, never the document's."""
    found = re.fullmatch(r"JSON is malformed: (.{1,80}) \(byte (\d+)\)", words)
    return DocumentError(found[1], path=f"octet {found[2]}") if found else DocumentError("the document is cut short")


def _mended(octets: bytes) -> bytes:
    """The document with line ends and tabs in strings escaped: the vendor prints a request with such a text, and clients send it."""
    if octets.count(b'"') > _MOST_STRINGS or octets.count(b"\n") > _MOST_LINES or b"\1" in octets or b"\2" in octets:
        return octets
    pieces = octets.replace(b"\\\\", b"\1").replace(b'\\"', b"\2").split(b'"')
    if len(pieces) == 1:
        return octets
    strings = b'"'.join(pieces[1::2]).replace(b"\n", b"\\n").replace(b"\r", b"\\r").replace(b"\t", b"\\t")
    pieces[1::2] = strings.split(b'"')
    return b'"'.join(pieces).replace(b"\1", b"\\\\").replace(b"\2", b'\\"')


def _names(octets: bytes) -> int:
    """How many names the objects of a document have that was decoded."""
    # Strings lie between quotes that are not escaped; a colon behind one makes it a name.
    behind = b'"' + b'"'.join(octets.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')[2::2])
    return behind.count(b'":') + len(_BLANK_BEFORE_COLON.findall(behind))


def _check_names(octets: bytes, names: int) -> None:
    """Refuse a name that comes twice in one object, wherever it stands: then the objects have less members than names."""
    left: list[Any] = [decoded(_ANYTHING, octets)]
    while left:
        one = left.pop()
        if one.__class__ is dict:
            names -= len(one)
            one = one.values()
        left += [value for value in one if value.__class__ in _CONTAINERS]
    if names:
        raise DocumentError("a name comes twice in one object")


class _Reader:
    """Makes the request of what was decoded. members: how many members of objects that took, or fewer."""

    def __init__(self) -> None:
        self.members = 0
        self._left = MOST_RECIPIENTS
        self._values = ValueReader()
        # Message, members, text under another name, path: by what makes the message but for text and recipients.
        self._models: dict[bytes, tuple[SendMessage, int, str | None, str]] = {}

    def request(self, raw: Any) -> SendRequest:
        self.members += (raw.authentication is not UNSET) + (raw.messages is not UNSET)
        who = self._texts(raw.authentication, _AUTHENTICATION) if raw.authentication else {}
        given = raw.messages or []
        several = isinstance(given, list)
        if several and len(given) > MOST_RECIPIENTS:
            raise DocumentError(f"there are over {MOST_RECIPIENTS:,} messages")
        messages = [self._message(one, f"$.messages[{number}]") for number, one in enumerate(given)] if several else [
            self._message(given, "$.messages")]
        return SendRequest(messages=messages, **who)

    def _message(self, raw: Any, path: str) -> SendMessage:
        given, text = raw.recipients, raw.text
        raw.recipients = UNSET
        recipients: list[Recipient] = []
        if given is not UNSET:
            self.members += 1
            recipients = self._recipients(given if isinstance(given, list) else [given])
        own = ""
        if text.__class__ is str:
            self.members += 1
            raw.text = UNSET
            own = "" if text.isspace() else text
        # Messages of one request mostly differ in their text and recipients alone: the others are a model's.
        key = _ENCODE(raw)
        found = self._models.get(key)
        if found is None:
            before = self.members
            texts = self._texts(raw, _MESSAGE)
            other = texts.get("text")
            if own:
                texts["text"] = own
            message = self._values.message(texts, recipients, partial(_path, path))
            self._models[key] = (message, self.members - before, other, path)
            return message
        model, members, other, place = found
        self.members += members
        message = _COPY(model)
        message.recipients = recipients
        message.text = own or other
        if model.fault is not None:
            message.fault = Fault(model.fault.status, path + model.fault.path.removeprefix(place), model.fault.reason)
        return message

    def _recipients(self, given: list[Any]) -> list[Recipient]:
        if len(given) > 2 * MOST_RECIPIENTS:
            raise DocumentError(f"there are over {MOST_RECIPIENTS:,} recipients, blank ones among them")
        recipients = self._alike(given) if len(given) > 1 else self._alone(given)
        if recipients is None:
            recipients = []
            for one in given:
                if isinstance(one, Struct):
                    texts = self._texts(one, _RECIPIENT)
                    recipients.append(Recipient(texts.get("gsm", "").strip(), texts.get("message_id", "").strip()))
                else:
                    recipients.append(Recipient(_text(one).strip()))
        recipients = [one for one in recipients if one.gsm]
        self._left -= len(recipients)
        if self._left < 0:
            raise DocumentError(f"there are over {MOST_RECIPIENTS:,} recipients")
        return recipients

    def _alone(self, given: list[Any]) -> list[Recipient] | None:
        """One recipient that is an object with a number, and with an id or none; None for another."""
        if len(given) != 1 or given[0].__class__ is not _Recipient:
            return None
        number, name = _GSM(given[0]), _MESSAGE_ID(given[0])
        if number.__class__ is not str or _OTHERS(given[0]) != _NO_OTHERS:
            return None
        if name is UNSET or name.__class__ is str:
            self.members += 1 + (name is not UNSET)
            return [Recipient(number.strip(), "" if name is UNSET else name.strip())]
        return None

    def _alike(self, given: list[Any]) -> list[Recipient] | None:
        """Recipients that all are objects with a number, and all or none with an id, in columns; None for any others."""
        if set(map(type, given)) != {_Recipient}:
            return None
        numbers, ids = list(map(_GSM, given)), list(map(_MESSAGE_ID, given))
        if set(map(type, numbers)) != {str} or not all(numbers := list(map(str.strip, numbers))):
            return None
        kinds = set(map(type, ids))
        if kinds == {UnsetType} and set(map(_OTHER_IDS, given)) == {_NO_OTHER_IDS}:
            self.members += len(given)
            return list(map(Recipient, numbers))
        if kinds == {str} and all(ids := list(map(str.strip, ids))):
            self.members += 2 * len(given)
            return list(map(Recipient, numbers, ids))
        return None

    def _texts(self, raw: Any, fields: Any) -> dict[str, str]:
        """The fields of an object that are not blank; of two spellings the one that is earlier in its row."""
        given: dict[str, Any] = msgspec.to_builtins(raw)
        self.members += len(given)
        found: dict[str, str] = {}
        for name, value in given.items():
            text = value if value.__class__ is str else _text(value)
            if text and not text.isspace():
                found.setdefault(fields[name], text)
        return found


def _text(value: str | int | None) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _path(message: str, field: str) -> str:
    return f"{message}.{_WRITTEN[field]}" if field else message
