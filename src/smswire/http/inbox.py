"""Layer 7 of 9: the inbox: the query for messages that came in, and its answer in XML or JSON (vendor 2.8.2, decisions V38, V57)."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Final, NoReturn, TypeAlias

import msgspec
from lxml import etree

from . import xml_tree
from .credentials import Credentials
from .errors import DocumentError, RequestRefused, refusal
from .exchange import content_type_of
from .form import Form
from .inbound import NAMES, InboundMessage, message_of, values_of
from .json_octets import Scalar, decoded, scalar_text
from .query_string import dump_query
from .status_body import parse_status

__all__ = [
    "FORMS", "MOST_INBOX_OCTETS", "MOST_MESSAGES", "NO_DATA", "InboxQuery", "dump_inbox", "dump_inbox_query", "dump_values", "load_inbox",
    "load_inbox_query", "load_values",
]

# What one answer holds at most; the rest comes with the next one.
MOST_MESSAGES: Final = 10_000
# Ten thousand long messages, text and octets.
MOST_INBOX_OCTETS: Final = 16 * 1024 * 1024
NO_DATA: Final = b"NO_DATA"
FORMS: Final = ("xml", "json")

_MOST_NAMES: Final = 100
_MOST_BRACES: Final = 300_000  # objects cost 0.1 us each before they can be counted; texts may have some
_LONGEST_STATUS: Final = 64
_LIMIT: Final = re.compile(r"\d{1,9}", re.ASCII)
_REPLACED: Final = "\ufffd"
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NOT_JSON: Final = re.compile("[\ud800-\udfff]")

# What each value is called in the documents, in the order in which they stand there.
_KEYS: Final = {
    "messageid": "messageid", "sender": "sender", "receiver": "receiver", "datetime": "receiveddatetime", "datacoding": "datacoding",
    "esmclass": "esmclass", "text": "text", "bin": "bin",
}
_CHILDREN: Final = ("text", "bin")
# Names that are read, in lower case; the document's table 10 and table 9 do not agree.
_NAMES: Final = {key: name for name, key in _KEYS.items()} | {name: name for name in NAMES} | {"binary": "bin"}

_Row: TypeAlias = dict[str, Scalar]


class InboxQuery(Credentials, kw_only=True):
    """Who asks for messages that came in. limit: how many at most, 0 for all there are; output: "xml" or "json"."""

    limit: int = 0
    output: str = "xml"


def load_inbox_query(query: bytes, body: bytes = b"", content_type: str = "") -> InboxQuery:
    """Read a query, by GET or POST; names in any case, user or username, pass or password (decision V2).

    Raises DocumentError, -23 for a limit that is no number and for another output, -22 as `Form.of` does.
    """
    form = Form.of(query, body, content_type)
    limit = form.first("limit").strip() or "0"
    if not _LIMIT.fullmatch(limit):
        raise DocumentError("is not a number from 0 on, of nine digits at most", path="limit", status=-23)
    output = form.first("output").strip().lower() or "xml"
    if output not in FORMS:
        raise DocumentError("is neither xml nor json", path="output", status=-23)
    return InboxQuery(
        username=form.first("username", "user").strip(), password=form.first("password", "pass").strip(), limit=int(limit), output=output,
    )


def dump_inbox_query(query: InboxQuery) -> bytes:
    """Write a query string; limit 0 and output xml are left out. Raises DocumentError (-23) for half a surrogate pair."""
    limit, output = str(query.limit or ""), "" if query.output == "xml" else query.output
    return dump_query(("user", query.username), ("password", query.password), ("limit", limit), ("output", output))


def dump_inbox(messages: Sequence[InboundMessage], form: str = "xml", *, utc_offset: timedelta = timedelta()) -> bytes:
    """Write the answer: `<messages><message …><text/><bin/></message></messages>`, the same keys in JSON, NO_DATA for no message.

    form: "xml" or "json". utc_offset: of the account, for aware dates. A message has its text and its octets, whichever it holds; a text
    that the form cannot hold (a NUL, half of a surrogate pair) is left out, its octets stand for it. Never fails on what a message says.
    """
    if not messages:
        return NO_DATA
    rows = []
    for message in messages:
        row = values_of(message, [name for name in NAMES if name not in _CHILDREN], utc_offset)
        row["text"] = text = message.text or ""
        row["bin"] = "" if message.binary is None else message.binary.hex().upper()
        if _unholdable(form).search(text):
            row["text"], row["bin"] = "", row["bin"] or message.as_octets().hex().upper()
        rows.append(row)
    return dump_values(rows, form)


def load_inbox(body: bytes, content_type: str = "", *, utc_offset: timedelta | None = None) -> tuple[InboundMessage, ...]:
    """Read an answer, XML or JSON told apart by its octets. Returns () for NO_DATA.

    utc_offset: makes the dates aware. Names are read in any case, values of XML as attributes or elements. Raises RequestRefused or its
    subclass for an error (bare with either sign, JSON, XML, FAILED), DocumentError for what is none of these.
    """
    if body.strip() == NO_DATA:
        return ()
    if not body:
        raise DocumentError("the body is empty")  # an answer that was cut is not one of no messages
    return tuple(message_of(row, utc_offset, _path(place)) for place, row in enumerate(load_values(body, content_type), 1))


def dump_values(rows: Iterable[Mapping[str, str]], form: str) -> bytes:
    """Write messages given as values by name (see `inbound.NAMES`), each with those names that it has.

    Characters that the form cannot hold become U+FFFD. Raises ValueError for another form than "xml" and "json".
    """
    kept = [
        {key: _unholdable(form).sub(_REPLACED, row[name]) for name, key in _KEYS.items() if name in row} for row in rows
    ]
    if form == "json":
        return msgspec.json.encode({"messages": {"message": kept}})
    parts = ['<?xml version="1.0" encoding="UTF-8"?>\n<messages>\n']
    for row in kept:
        parts.append("<message")
        parts += [f' {key}="{xml_tree.escaped(value, attribute=True)}"' for key, value in row.items() if key not in _CHILDREN]
        parts.append(">")
        parts += [f"<{key}>{xml_tree.escaped(row[key])}</{key}>" if row[key] else f"<{key}/>" for key in _CHILDREN if key in row]
        parts.append("</message>\n")
    parts.append("</messages>\n")
    return "".join(parts).encode()


def load_values(body: bytes, content_type: str = "", *, most: int = MOST_MESSAGES) -> list[dict[str, str]]:
    """Read what `dump_values` writes: the values of each message by name. most: messages that there may be. Raises as `load_inbox`."""
    if len(body) > MOST_INBOX_OCTETS:
        raise DocumentError(f"the document has {len(body):,} octets, the limit is {MOST_INBOX_OCTETS:,}")
    body = body.removeprefix(codecs.BOM_UTF8)
    start = body[:_LONGEST_STATUS].strip()
    if start == b"FAILED":
        raise RequestRefused(None)
    if start[:1] in (b"{", b"["):
        return _load_json(body, most)
    found = parse_status(body.decode("latin-1")) if len(body) <= _LONGEST_STATUS else None
    return _refuse(found, "") if found else _load_xml(body, content_type_of(content_type)[1], most)


def _load_xml(body: bytes, charset: str, most: int) -> list[dict[str, str]]:
    root = xml_tree.parse(body, charset=charset, most=MOST_INBOX_OCTETS)
    name = _tag(root)
    if name == "status":
        _refuse(parse_status(root.text or ""), name)
    if name == "message":
        return [_values(root, name)]
    if name != "messages":
        raise DocumentError("the first element is neither messages nor message")
    _count(len(root), most)
    return [_values(element, f"messages/message[{place}]") for place, element in enumerate(root, 1) if _tag(element) == "message"]


def _values(element: etree._Element, path: str) -> dict[str, str]:
    """Attributes and elements by name; the first of a name counts."""
    # To list the attributes takes the square of their number; eight of each is what there are.
    if len(element.attrib) > _MOST_NAMES or len(element) > _MOST_NAMES:
        raise DocumentError(f"a message has over {_MOST_NAMES} attributes or elements", path=path)
    found: dict[str, str] = {}
    for key, value in element.items():
        name = _NAMES.get(str(key).lower())
        if name is not None:
            found.setdefault(name, str(value))
    for child in element:
        name = _NAMES.get(_tag(child))
        if name is not None:
            found.setdefault(name, child.text or "")
    return found


def _tag(element: etree._Element) -> str:
    return element.tag.lower() if isinstance(element.tag, str) else ""


class _Wrapped(msgspec.Struct):
    message: list[_Row] | _Row = []


class _Document(msgspec.Struct):
    messages: _Wrapped | list[_Row] | msgspec.UnsetType = msgspec.UNSET
    status: Scalar | msgspec.UnsetType = msgspec.UNSET


_DECODER: Final = msgspec.json.Decoder(_Document | list[_Row])


def _load_json(body: bytes, most: int) -> list[dict[str, str]]:
    if body.count(b"{") > _MOST_BRACES:
        raise DocumentError(f"the document has over {_MOST_BRACES:,} braces")
    document = decoded(_DECODER, body)
    if isinstance(document, _Document):
        if isinstance(document.messages, msgspec.UnsetType):
            if not isinstance(document.status, msgspec.UnsetType):
                _refuse(parse_status(scalar_text(document.status)), "$.status")
            raise DocumentError("there are no messages", path="$.messages")
        found = document.messages
        rows = found.message if isinstance(found, _Wrapped) else found
        document = [rows] if isinstance(rows, dict) else rows
    _count(len(document), most)
    return [_known(row) for row in document]


def _known(row: _Row) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in row.items():
        name = _NAMES.get(key.lower())
        if name is not None:
            found.setdefault(name, scalar_text(value))
    return found


def _refuse(status: int | None, path: str) -> NoReturn:
    """Raise the error of a status, also where it stood without its sign (decision V39)."""
    if status:
        raise refusal(-abs(status))
    raise DocumentError("this is not the status of an error", path=path)


def _count(messages: int, most: int) -> None:
    if messages > most:
        raise DocumentError(f"there are over {most:,} messages")


def _unholdable(form: str) -> re.Pattern[str]:
    if form not in FORMS:
        raise ValueError(f"form is xml or json, not {form!r}")
    return _NOT_XML if form == "xml" else _NOT_JSON


def _path(place: int) -> Callable[[str], str]:
    return lambda name: f"messages/message[{place}]/{_KEYS[name]}"
