"""Layer 7 of 9: the answer about one number, as JSON, XML or columns between commas (vendor 2.7, decisions V50 and V51)."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from .charset import codec_of
from .errors import DocumentError, RequestRefused
from .exchange import content_type_of
from .json_octets import Scalar, decoded, scalar_text
from .lookup import COLUMNS, FAILED, FULL, NumberContext, Package, format_texts, parse_texts
from .xml_tree import escaped, parse

__all__ = ["MOST_ANSWER", "answer_text", "dump_json", "dump_lookup", "load_json", "load_lookup"]

# All the columns with 256 characters each, four octets a character, take less than half of it.
MOST_ANSWER: Final = 65_536

_NAMED: Final = tuple(column for column in COLUMNS if column.name)
_BY_PLACE: Final = tuple(column for column in COLUMNS if column.place is not None)
_BY_NAME: Final = {column.name.lower(): column for column in _NAMED}


def load_lookup(body: bytes, content_type: str = "") -> NumberContext:
    """Read an answer; its octets tell the form. Columns that it does not have are not known; JSON's ints and booleans are read as texts.

    Raises RequestRefused (status None) for FAILED, in every form; DocumentError for what is neither XML nor JSON nor 22 columns (-22), and
    for an error code, price or flag that is none (-23).
    """
    if len(body) > MOST_ANSWER:
        raise DocumentError(f"the answer has {len(body):,} octets, the limit is {MOST_ANSWER:,}")
    bare = body.removeprefix(codecs.BOM_UTF8).strip()
    if bare.upper() == FAILED:
        raise RequestRefused(None)
    if b"<" in bare[:4]:
        return _load_xml(body, content_type_of(content_type)[1])
    if bare.startswith(b"{"):
        return load_json(answer_text(bare))
    return _load_comma(answer_text(body, content_type))


def dump_lookup(context: NumberContext, form: str = "comma", package: Package = FULL) -> bytes:
    """Write an answer. form: "comma", "json" or "xml" (see `LookupQuery.form`). package: what the account gets.

    JSON and XML have the columns of the package, the comma form always 22; what is not known is empty. All are in UTF-8.
    Raises DocumentError (-23) for what the form cannot hold, ValueError for another form.
    """
    if form == "json":
        return _encoded(dump_json(context, package))
    if form == "xml":
        return _encoded(_dump_xml(context, package))
    if form == "comma":
        return _encoded(_dump_comma(context, package))
    raise ValueError(f"form {form!r} is none of comma, json, xml")


def answer_text(octets: bytes, content_type: str = "") -> str:
    """The octets in the charset that content_type names, else in UTF-8, without a byte order mark. Raises DocumentError (-22)."""
    charset = content_type_of(content_type)[1]
    codec = codec_of(charset) if charset else "utf-8"
    if codec is None:
        raise DocumentError("the charset is not one of those that are read")
    try:
        return octets.decode(codec).removeprefix("\ufeff")
    except UnicodeError:
        raise DocumentError(f"the octets are not {codec}") from None


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise DocumentError("a column holds what is no character", status=-23) from None


# ---- JSON

_Object: Final[Any] = msgspec.defstruct(
    "_Object", [(column.field, Scalar, None) for column in _NAMED], rename={column.field: column.name for column in _NAMED},
)
_DECODER: Final[msgspec.json.Decoder[Any]] = msgspec.json.Decoder(_Object)
_QUOTED: Final = tuple(f'"{column.name}"' for column in _NAMED)
# In what is JSON, a quote without a backslash before it begins or ends a string.
_KEYS: Final = re.compile(rf'(?<!\\)"({"|".join(column.name for column in _NAMED)})"\s*:')
_BREAKS: Final = re.compile(r"[\x00-\x1f]+")


def load_json(text: str, path: str = "$") -> NumberContext:
    """Read one object, as answers and reports have it: names as the document prints them, others are ignored, as are line ends inside of
    strings. path: where the object stands.

    Raises DocumentError: -22 for broken JSON, for a column twice and for one of a wrong type, -23 for a value that cannot be.
    """
    try:
        found = _decoded(text)
    except DocumentError as error:
        raise DocumentError(error.reason, path=path + error.path.removeprefix("$")) from None
    if any(text.count(quoted) > 1 for quoted in _QUOTED):
        names = _KEYS.findall(text)
        if len(names) != len(set(names)):
            raise DocumentError("a name stands twice", path=path)
    texts = {column.field: scalar_text(getattr(found, column.field)) for column in _NAMED}
    return parse_texts(texts, lambda column: f"{path}.{column.name}")


def _decoded(text: str) -> Any:
    try:
        return decoded(_DECODER, text.encode())
    except DocumentError:
        bare = _BREAKS.sub("", text)
        if bare == text:
            raise
    return decoded(_DECODER, bare.encode())


def dump_json(context: NumberContext, package: Package = FULL) -> str:
    """Write one object, on one line: every value a string, in the order of the columns. Raises DocumentError (-23)."""
    try:
        return msgspec.json.encode({column.name: text for column, text in format_texts(context, package)}).decode()
    except UnicodeEncodeError:
        raise DocumentError("a column holds what is no character", status=-23) from None


# ---- XML


def _load_xml(body: bytes, charset: str) -> NumberContext:
    root = parse(body, charset=charset, most=MOST_ANSWER)
    if _local(root.tag) != "hlr":
        raise DocumentError("the root element is not hlr")
    texts: dict[str, str] = {}
    for child in root:
        column = _BY_NAME.get(_local(child.tag))
        if column is not None and not texts.get(column.field, "").strip():
            texts[column.field] = child.text or ""
    return parse_texts(texts, lambda column: f"hlr/{column.name}")


def _local(tag: object) -> str:
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""


def _dump_xml(context: NumberContext, package: Package) -> str:
    rows = [f"<{column.name}>{escaped(text)}</{column.name}>\n" for column, text in format_texts(context, package)]
    return f'<?xml version="1.0" encoding="utf-8"?>\n<hlr>\n{"".join(rows)}</hlr>\n'


# ---- columns between commas


def _load_comma(text: str) -> NumberContext:
    try:
        rows = [row for row in csv.reader(io.StringIO(text.strip("\r\n"), newline=""), strict=True) if row]
    except csv.Error:
        raise DocumentError("is neither XML nor JSON, and its quotes are broken") from None
    if len(rows) != 1 or len(rows[0]) != len(_BY_PLACE):
        raise DocumentError(f"is neither XML nor JSON nor {len(_BY_PLACE)} columns on one line")
    texts: Mapping[str, str] = {column.field: value for column, value in zip(_BY_PLACE, rows[0])}
    return parse_texts(texts, lambda column: f"column {(column.place or 0) + 1}")


def _dump_comma(context: NumberContext, package: Package) -> str:
    texts = {column.place: text for column, text in format_texts(context, package)}
    written = io.StringIO(newline="")
    # The line's end makes values with line ends quoted; it is not part of the answer.
    csv.writer(written, lineterminator="\r\n").writerow([texts.get(column.place, "") for column in _BY_PLACE])
    return written.getvalue().removesuffix("\r\n")
