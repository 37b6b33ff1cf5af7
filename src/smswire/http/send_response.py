"""Layer 7 of 9: the answer to a request to send: written in one form, read in all that the document prints (vendor 2.2.1.3, 2.2.2.3)."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final, Literal
from xml.sax.saxutils import unescape

import msgspec
from lxml import etree
from msgspec import Struct, field

from .charset import codec_of
from .errors import DocumentError
from .exchange import content_type_of
from .json_octets import Scalar, decoded, scalar_text
from .request import MOST_OCTETS
from .response import SendResponse, SendResult
from .status import STATUSES
from .xml_tree import escaped, parse

__all__ = ["CONTENT_TYPES_STANDARD", "CONTENT_TYPE_VENDOR", "MOST_RESULT_TAGS", "dump_response", "load_response"]

# What the document prints on every answer, XML and JSON alike (decision V11), and honest ones.
CONTENT_TYPE_VENDOR: Final = "text/csv;charset=UTF-8"
CONTENT_TYPES_STANDARD: Final[Mapping[str, str]] = MappingProxyType(
    {"xml": "application/xml;charset=UTF-8", "json": "application/json;charset=UTF-8"}
)

# Ten thousand results have 80,002 tags, or as many objects; ids and numbers may have braces in them, but not each of them several.
MOST_RESULT_TAGS: Final = 90_000
_MOST_OBJECTS: Final = 40_000

_STATUS: Final = re.compile(r"<?\s*([+-]?)\s*(\d{1,4})", re.ASCII)
_KNOWN: Final = {str(value): value for value in STATUSES}
_TAG: Final = re.compile(r"<\s*+(/?)\s*+(status|messageid|destination|results?)\s*+>", re.IGNORECASE)
# A key that a line break of the document parted with a hyphen, as `"desti-` newline `nation":`.
_PARTED: Final = re.compile(rb"(?<=[a-z])-\r?\n(?=[a-z]{1,20}\")")
_BLANKS: Final = bytes(32 if octet < 32 else octet for octet in range(256))
_START: Final = re.compile(r"<results?\s*>", re.IGNORECASE)
_ENTITIES: Final = {"&quot;": '"', "&apos;": "'"}
_ENDS: Final = ("</results>", "<result>")


def dump_response(response: SendResponse, form: Literal["xml", "json"] = "xml") -> bytes:
    """Write an answer as the document prints it: a tag a line in XML, a result a line in JSON, where every value is a string (V10).

    The JSON has the line ends, CR LF, that the Content-Length of the document's examples counts.
    Raises DocumentError (-23) for characters that the form cannot hold.
    """
    if form == "json":
        return _dumped_json(response)
    parts = ['<?xml version="1.0" encoding="UTF-8"?>\n<results>\n']
    for place, row in enumerate(response.results):
        try:
            parts.append(
                f"<result>\n<status>{row.status}</status>\n<messageid>{escaped(row.message_id)}</messageid>\n"
                f"<destination>{escaped(row.destination)}</destination>\n</result>\n"
            )
        except DocumentError as error:
            raise DocumentError(error.reason, path=f"results/result[{place + 1}]", status=error.status) from None
    parts.append("</results>")
    return "".join(parts).encode()


def load_response(body: bytes, content_type: str = "") -> SendResponse:
    """Read an answer, XML or JSON, told apart by its first octet. Ends of values are trimmed; `messageid` and `messageId` are one.

    Read too: every misprint of 2.2.1.3, 2.2.1.4, 2.2.2.3 and 2.2.2.4 (tags that are missing, doubled, split or with a stray `<`, blanks and
    line breaks in JSON strings, `"- 1"`), an object where the list should be, numbers for strings.
    Raises DocumentError (-22) for what is no answer or is cut short, for a result without a status, and for over MOST_OCTETS.
    """
    if len(body) > MOST_OCTETS:
        raise DocumentError(f"the answer has {len(body):,} octets, the limit is {MOST_OCTETS:,}")
    first = body.removeprefix(codecs.BOM_UTF8).lstrip()[:1]
    if first in (b"{", b"["):
        return _loaded_json(body)
    if first != b"<" and not body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise DocumentError("the answer is neither XML nor JSON")
    if body.count(b"<") > MOST_RESULT_TAGS:
        raise DocumentError(f"the answer has over {MOST_RESULT_TAGS:,} tags")
    return _loaded_xml(body, content_type)


# XML

def _loaded_xml(body: bytes, content_type: str) -> SendResponse:
    _, charset = content_type_of(content_type)
    try:
        root = parse(body, charset=charset if codec_of(charset) else "")
    except DocumentError:
        text = _mendable(body)
        answer = _response(_mended(text)) if text is not None else None
        if not answer or not answer.results:
            raise
        return answer
    return _response(_rows(root))


def _rows(root: etree._Element) -> Iterator[dict[str, str]]:
    """The results of a well-formed answer."""
    single = _tag(root) == "result"
    if not single and _tag(root) != "results":
        raise DocumentError("the root of the XML is not results")
    for result in (root,) if single else root:
        if _tag(result) != "result":
            raise DocumentError("an element of results is no result", path="results")
        row = {value.tag: value.text or "" for value in result if isinstance(value.tag, str)}
        yield row if "status" in row and "messageid" in row else {tag.lower(): text for tag, text in row.items()}


def _tag(element: etree._Element) -> str:
    tag = element.tag
    return tag.lower() if isinstance(tag, str) else ""


def _mendable(body: bytes) -> str | None:
    """The text of broken XML that begins and ends as an answer, without a document type; None for another.

    One that is cut short must not pass for a short one.
    """
    try:
        text = body.decode("utf-8-sig").rstrip()
    except UnicodeError:
        return None
    whole = "<!" not in text and _START.search(text[:400]) and "".join(text[-40:].lower().split()).endswith(_ENDS)
    return text if whole else None


def _mended(text: str) -> Iterator[dict[str, str]]:
    """The results of XML that is broken as the document's is.

    A value is what stands before its end tag; a result ends where its end tag stands, another begins, or a value would come twice.
    """
    row: dict[str, str] = {}
    # In the list, three for each tag: what stands before it, its slash, its name.
    parts = iter(_TAG.split(text))
    for before, slash, name in zip(parts, parts, parts, strict=False):
        tag = name.lower()
        ends = tag in ("result", "results")
        if row and (ends or slash and tag in row):
            yield row
            row = {}
        if slash and not ends:
            row[tag] = unescape(before, _ENTITIES) if "&" in before else before
    if row:
        yield row


# JSON

class _Result(Struct, gc=False):
    status: Scalar = None
    messageid: Scalar = None
    message_id: Scalar = field(default=None, name="messageId")
    destination: Scalar = None


class _Answer(Struct):
    results: list[_Result] | _Result


_DECODER: Final = msgspec.json.Decoder(_Answer)
_QUOTED: Final = msgspec.json.Encoder()


def _loaded_json(body: bytes) -> SendResponse:
    if body.count(b"{") > _MOST_OBJECTS:
        raise DocumentError(f"the answer has over {_MOST_OBJECTS:,} objects")
    try:
        answer = decoded(_DECODER, body)
    except DocumentError:
        # Control characters can stand between the tokens of JSON only as blanks, and in its strings not at all.
        mended = _PARTED.sub(b"", body, _MOST_OBJECTS).translate(_BLANKS)
        if mended == body:
            raise
        answer = decoded(_DECODER, mended)
    results = answer.results if isinstance(answer.results, list) else [answer.results]
    return _response(
        {
            "status": scalar_text(row.status), "messageid": scalar_text(row.messageid) or scalar_text(row.message_id),
            "destination": scalar_text(row.destination),
        }
        for row in results
    )


def _dumped_json(response: SendResponse) -> bytes:
    quoted = _QUOTED.encode
    try:
        rows = [
            b'{"status":"%d","messageid":%b,"destination":%b}' % (row.status, quoted(row.message_id), quoted(row.destination))
            for row in response.results
        ]
    except UnicodeError:
        raise DocumentError("a messageid or destination has half a surrogate pair", status=-23) from None
    return b'{"results": [\r\n%b\r\n]}' % b",\r\n".join(rows) if rows else b'{"results": []}'


def _response(rows: Iterable[Mapping[str, str]]) -> SendResponse:
    results = []
    for place, row in enumerate(rows):
        text = row.get("status", "").strip()
        number = _KNOWN.get(text)
        if number is None:
            found = _STATUS.fullmatch(text)
            if not found:
                raise DocumentError("has no status that is a number", path=f"result {place + 1}")
            number = int(found[1] + found[2])
        results.append(SendResult(number, row.get("messageid", "").strip(), row.get("destination", "").strip()))
    return SendResponse(tuple(results))
