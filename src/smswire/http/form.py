"""Layer 7 of 9: the name and value pairs of a request: query string, urlencoded body, multipart body (decisions V2, V3, V6, V8, V33)."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from .errors import DocumentError
from .exchange import content_type_of
from .request import MOST_OCTETS, MOST_RECIPIENTS

__all__ = ["MOST_FIELDS", "MOST_PARTS", "Form"]

# 10,000 recipients by repeated GSM, each with its messageid, and room for the other parameters.
MOST_FIELDS: Final = 2 * MOST_RECIPIENTS + 100
# Every part costs some 15 us; this many stay well under 50 ms. A form has about 25 parameters, its recipients fit one comma list.
MOST_PARTS: Final = 500
# A part has two or three header lines of at most 100 octets; its disposition has a name and a file name. Their reader is slow with more.
_MOST_HEADER: Final = 1_024
_MOST_OPTIONS: Final = 8
# Mending a "%" that escapes nothing costs 0.1 us each; no text has so many of them.
_MOST_STRAYS: Final = 50_000
# A Content-Type names a boundary of at most 70 characters (RFC 2046 5.1.1).
_LONGEST_TYPE: Final = 1_000

_STRAY: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_BOUNDARY: Final = re.compile(rb"[!-~](?:[ -~]{0,198}[!-~])?")
_PLAIN_ENCODINGS: Final = (b"", b"7bit", b"8bit", b"binary")

_Found = list[tuple[int, bytes]]


class Form(Struct, frozen=True):
    """The pairs of a request. fields: name in lower case to its values, each with its place and its octets. codec: reads the octets.

    Octets become text only when they are asked for, so that an octet that is no text does no harm in a parameter that nobody reads.
    """

    fields: dict[str, _Found]
    codec: str = "utf-8"

    @classmethod
    def of(cls, query: bytes, body: bytes = b"", content_type: str = "") -> Form:
        """Read the pairs of the query, then those of the body, as one list.

        query: as it stands behind the question mark, raw blanks and raw octets over 0x7F too. body: multipart/form-data if content_type
        says so, else urlencoded. Only `&` separates pairs, `+` is a blank, a `%` that is no escape stands for itself.
        Raises DocumentError (-22) for over MOST_OCTETS, MOST_FIELDS or MOST_PARTS, and for a broken multipart body.
        """
        if len(query) + len(body) > MOST_OCTETS:
            raise DocumentError(f"query and body have {len(query) + len(body):,} octets, the limit is {MOST_OCTETS:,}")
        media, _ = content_type_of(content_type)
        pairs = _urlencoded(query, MOST_FIELDS)
        if media.startswith("multipart/"):
            pairs += _multipart(body, content_type)
        else:
            pairs += _urlencoded(body, MOST_FIELDS - len(pairs))
        fields: dict[str, _Found] = {}
        for place, (name, octets) in enumerate(pairs):
            fields.setdefault(name, []).append((place, octets))
        return cls(fields)

    def first(self, *names: str) -> str:
        """The first value, in the order of the request, of any of the names (in any case) that is not blank; "" if there is none.

        Raises DocumentError (-22) with the name as path, for octets that the codec cannot read.
        """
        for name, octets in self._found(names):
            text = self._text(name, octets)
            if text and not text.isspace():
                return text
        return ""

    def all(self, *names: str) -> list[str]:
        """Every value of the names (in any case), in the order of the request; blank ones too, as their place may count.

        Raises DocumentError as `first`.
        """
        return [self._text(name, octets) for name, octets in self._found(names)]

    def with_codec(self, codec: str) -> Form:
        """The same pairs, read by another codec (see `charset.codec_of`)."""
        return Form(self.fields, codec)

    def _found(self, names: tuple[str, ...]) -> list[tuple[str, bytes]]:
        lists = {name: found for name in names if (found := self.fields.get(_name(name.encode("utf-8", "replace"))))}
        if len(lists) == 1:
            ((name, found),) = lists.items()
            return [(name, octets) for _, octets in found]
        # A name given twice in another case is one list; the places tell them apart.
        merged = {place: (name, octets) for name, found in lists.items() for place, octets in found}
        return [merged[place] for place in sorted(merged)]

    def _text(self, name: str, octets: bytes) -> str:
        try:
            return octets.decode(self.codec)
        except UnicodeError:
            raise DocumentError(f"the octets are not {self.codec}", path=name) from None

    def __repr__(self) -> str:
        return f"Form({sum(map(len, self.fields.values()))} pairs, codec={self.codec!r})"

    def __rich_repr__(self) -> list[tuple[str, str | int]]:
        """The fields for rich: how many pairs, for their values may be secret."""
        return [("pairs", sum(map(len, self.fields.values()))), ("codec", self.codec)]


def _name(octets: bytes) -> str:
    # bytes.lower() knows ASCII alone: no other letter may become one of a parameter's name.
    return octets.strip().lower().decode("utf-8", "replace")


def _urlencoded(octets: bytes, most: int) -> list[tuple[str, bytes]]:
    """The pairs of a query or an urlencoded body, unescaped; one without a name is none."""
    if octets and octets.count(b"&") + 1 > most:
        raise DocumentError(f"there are over {MOST_FIELDS:,} parameters")
    if b"%" in octets and _STRAY.search(octets):
        octets, mended = _STRAY.subn(b"%25", octets, _MOST_STRAYS)
        if mended == _MOST_STRAYS:
            raise DocumentError(f"over {_MOST_STRAYS:,} percent signs escape nothing")
    cut = [pair.partition(b"=") for pair in octets.split(b"&")]
    known: dict[str, str] = {}
    pairs = []
    for raw, value in zip(_unescaped([name for name, _, _ in cut]), _unescaped([value for _, _, value in cut])):
        name = known.get(raw)
        if name is None:
            name = known[raw] = _name(raw.encode("latin-1"))
        if name:
            pairs.append((name, value.encode("latin-1")))
    return pairs


def _unescaped(pieces: list[bytes]) -> list[str]:
    """Pieces between ampersands without their escapes, an octet a character."""
    # The codec of Python's own escapes undoes 700,000 of them in some 20 ms. What separates the pieces becomes a character that is no
    # octet, so that an escaped ampersand is told from it.
    octets = b"&".join(pieces).replace(b"+", b" ").replace(b"\\", b"\\\\").replace(b"%", b"\\x").replace(b"&", b"\\u0100")
    return octets.decode("unicode_escape").split("\u0100")


def _multipart(body: bytes, content_type: str) -> list[tuple[str, bytes]]:
    if len(content_type) > _LONGEST_TYPE:
        raise DocumentError(f"the Content-Type has over {_LONGEST_TYPE:,} characters")
    media, options = parse_options_header(content_type.encode("latin-1", "replace"))
    boundary = options.get(b"boundary", b"")
    if media.strip() != b"multipart/form-data":
        raise DocumentError("the body is multipart, but no form-data")
    if not _BOUNDARY.fullmatch(boundary):
        raise DocumentError("the Content-Type of the multipart body has no boundary that can be used")
    mark = b"--" + boundary
    # Counting first bounds the parser's slow paths, which are about boundaries; so does leaving out what stands before and behind.
    if body.count(mark) > MOST_PARTS + 1:
        raise DocumentError(f"the multipart body has over {MOST_PARTS} parts")
    if mark + b" " in body or mark + b"\t" in body:
        raise DocumentError("blanks follow a boundary of the multipart body")
    begin, end = body.find(mark), body.rfind(mark + b"--")
    if end < 0 or (begin and body[begin - 1 : begin] != b"\n"):
        raise DocumentError("the multipart body does not begin or end as it should")
    parts = _Parts()
    parser = MultipartParser(boundary, {
        "on_part_begin": parts.begin, "on_header_field": parts.header_name, "on_header_value": parts.header_value,
        "on_header_end": parts.header_end, "on_headers_finished": parts.headers_end, "on_part_data": parts.data, "on_part_end": parts.end,
        "on_end": parts.finish,
    })
    try:
        parser.write(body[begin : end + len(mark) + 2])
    except FormParserError:
        raise DocumentError("the multipart body is broken", path=parts.path()) from None
    if not parts.finished:
        raise DocumentError("the multipart body is cut short", path=parts.path())
    return parts.pairs


class _Parts:
    """What the multipart parser calls: parts become pairs. A file is a value like others."""

    def __init__(self) -> None:
        self.pairs: list[tuple[str, bytes]] = []
        self.finished = False
        self.begin()

    def begin(self) -> None:
        self._headers: dict[bytes, bytes] = {}
        self._size = 0
        self._header, self._value = bytearray(), bytearray()
        self._data = bytearray()
        self._name = ""

    def header_name(self, octets: bytes, start: int, end: int) -> None:
        self._grow(end - start)
        self._header += octets[start:end]

    def header_value(self, octets: bytes, start: int, end: int) -> None:
        self._grow(end - start)
        self._value += octets[start:end]

    def header_end(self) -> None:
        self._headers.setdefault(bytes(self._header).lower(), bytes(self._value))
        self._header, self._value = bytearray(), bytearray()

    def headers_end(self) -> None:
        header = self._headers.get(b"content-disposition", b"")
        if header.count(b";") > _MOST_OPTIONS:
            raise DocumentError(f"the disposition of a part has over {_MOST_OPTIONS} options", path=self.path())
        disposition, options = parse_options_header(header)
        self._name = _name(options.get(b"name", b""))
        if disposition.strip() != b"form-data" or not self._name:
            raise DocumentError("a part of the multipart body has no name", path=self.path())
        if self._headers.get(b"content-transfer-encoding", b"").strip().lower() not in _PLAIN_ENCODINGS:
            raise DocumentError("a part of the multipart body has a transfer encoding", path=self.path())

    def data(self, octets: bytes, start: int, end: int) -> None:
        self._data += octets[start:end]

    def end(self) -> None:
        self.pairs.append((self._name, bytes(self._data)))

    def finish(self) -> None:
        self.finished = True

    def path(self) -> str:
        return f"part {len(self.pairs) + 1}"

    def _grow(self, octets: int) -> None:
        self._size += octets
        if self._size > _MOST_HEADER:
            raise DocumentError(f"the headers of a part have over {_MOST_HEADER:,} octets", path=self.path())
