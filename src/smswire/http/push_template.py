"""Layer 7 of 9: the URL that messages which came in are pushed to, with places for their values (vendor 2.8.1, decision V55)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from difflib import get_close_matches
from typing import Final, NoReturn
from urllib.parse import quote, unquote_to_bytes

from msgspec import Struct

from .errors import DocumentError
from .exchange import HttpRequest, content_type_of
from .form import Form
from .inbound import NAMES, InboundMessage, message_of, values_of
from .inbox import dump_values, load_values

__all__ = ["MOST_CHARACTERS", "Template", "is_document", "values_in"]

# What access logs and proxies still take; the values come on top.
MOST_CHARACTERS: Final = 2_048

_URL: Final = re.compile(r"(https?)://([^/?#]*)([^?#]*)(?:\?([^#]*))?(#.*)?", re.IGNORECASE)
_AUTHORITY: Final = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?", re.ASCII)
_PLACE: Final = re.compile(r"%([A-Za-z_-]{1,24})%")
_ESCAPE: Final = re.compile(r"%[0-9A-Fa-f]{2}")
_OUTPUTS: Final = ("xml", "json")
# Left as they are in the parts of a URL that somebody wrote; RFC 3986 3.3, 3.4. "%" is an escape's.
_SAFE: Final = "!$&'()*+,;=:@/?%"
_TYPES: Final = {
    "xml": "application/xml;charset=UTF-8", "json": "application/json;charset=UTF-8", "": "application/x-www-form-urlencoded",
}
# Readers make another path of a segment of dots, escaped or not, and another host of a path that begins with an empty one.
_DOTS: Final = re.compile(r"(?:\.|%2[Ee])*")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
# A path of values is a few hundred characters.
_LONGEST_PATH: Final = 65_536


class _Part(Struct, frozen=True):
    """A piece of the template. place: which value stands here, "" for text that stays: as it is written, and as it is meant."""

    place: str
    written: str = ""
    meant: str = ""


_Parts = tuple[_Part, ...]


class _Pair(Struct, frozen=True):
    name: str  # as it is written
    key: str  # as it is found in a form: percent-decoded, in lower case
    parts: _Parts | None  # None where no "=" stood


class Template(Struct, frozen=True):
    """A URL with places for values; `Template.parse` makes it. Its URL may hold a secret and is shown without its query.

    origin: scheme, host and port. segments: of the path. pairs: of the query, without output. output: "xml", "json" or "", the form of a
    POST's body. places: the names of the values that it carries.
    """

    origin: str
    segments: tuple[_Parts, ...]
    pairs: tuple[_Pair, ...]
    output: str
    places: frozenset[str]

    @classmethod
    def parse(cls, url: str) -> Template:
        """Read a URL with places such as `%sender%`, in any case: the names of `inbound.NAMES`.

        Places stand in the path and in values of the query; percent escapes stay what they are. A pair `output=xml` or `output=json` is
        taken out. Raises DocumentError (-23) for a URL without `%text%` and `%bin%`, an unknown or misplaced name, a "%" that is neither, a
        scheme other than http and https, user information, a fragment, blanks and control characters, a host that is not ASCII.
        """
        if len(url) > MOST_CHARACTERS:
            _refuse(f"the URL is longer than {MOST_CHARACTERS:,} characters")
        if not url.isprintable() or " " in url:
            _refuse("the URL has a blank or a control character (a blank is written %20)")
        found = _URL.fullmatch(url)
        if not found:
            _refuse("the URL does not begin with http:// or https://")
        scheme, authority, path, query, fragment = found.groups()
        if fragment is not None:
            _refuse("the URL has a fragment (#), which is never sent")
        if "@" in authority:
            _refuse("the URL has user information")
        port = _AUTHORITY.fullmatch(authority)
        if not port or port[1] and not 0 < int(port[1]) < 65_536:
            _refuse("the URL has no host and port that can be used (ASCII, and no places)")
        segments = tuple(_parts(segment, is_path=True) for segment in (path or "/")[1:].split("/"))
        pairs = [_pair(text) for text in (query or "").split("&") if text]
        outputs = [form for pair in pairs if (form := _output(pair))]
        pairs = [pair for pair in pairs if not _output(pair)]
        places = frozenset(_places(segments) | _places(pair.parts for pair in pairs if pair.parts))
        if not places & {"text", "bin"}:
            _refuse("the URL has neither %text% nor %bin%: no message could be handed on")
        return cls(f"{scheme.lower()}://{authority.lower()}", segments, tuple(pairs), outputs[0] if outputs else "", places)

    def request(
        self, message: InboundMessage, method: str = "GET", utc_offset: timedelta = timedelta(),
    ) -> tuple[str, HttpRequest]:
        """Make the push of a message: the absolute URL, and the request for it.

        method: "GET", or "POST": then an output of the template makes the body the inbox's document of one message, with the values that
        the template has places for, while pairs without a place stay in the URL; without output the whole query is the body, as a form.
        utc_offset: of the account, for an aware date. Values are percent-encoded as UTF-8, so that none of them can be more than a value.
        Never fails on what a message says: half a surrogate pair becomes U+FFFD, and in a path a value that would leave a segment empty or
        of dots alone becomes "-".
        """
        if method not in ("GET", "POST"):
            raise ValueError(f"method is GET or POST, not {method!r}")
        values = values_of(message, self.places, utc_offset)
        written = {name: quote(_SURROGATE.sub("\ufffd", value), safe="") for name, value in values.items()}
        path = "/" + "/".join([_segment(parts, written) for parts in self.segments])
        has_document = method == "POST" and self.output
        pairs = [pair for pair in self.pairs if not (has_document and _places([pair.parts or ()]))]
        query = "&".join([pair.name if pair.parts is None else f"{pair.name}={_filled(pair.parts, written)}" for pair in pairs])
        headers, body = {}, b""
        if method == "POST":
            headers["content-type"] = _TYPES[self.output]
            body = dump_values([values], self.output) if has_document else query.encode()
            query = query if has_document else ""
        url = f"{self.origin}{path}{'?' if query else ''}{query}"
        return url, HttpRequest(method=method, path=path, query=query.encode(), headers=headers, body=body)

    def read(
        self, query: bytes, body: bytes = b"", content_type: str = "", path: str = "", utc_offset: timedelta | None = None,
    ) -> InboundMessage:
        """Read a push that this template made: the way back of `request`.

        path: percent-encoded as it came; needed only where the template has places in its path, whose last segments it has. utc_offset:
        makes the date aware. What the template does not carry is at default; its fixed pairs are not compared. Raises DocumentError: -22
        if the request is not of this template or carries no content, -23 for a value that cannot be.
        """
        if is_document(body, content_type):
            values = values_in(body, content_type)
        else:
            values = {}
            form = Form.of(query, body, content_type)
            places: dict[str, int] = {}
            for pair in self.pairs:
                place = places[pair.key] = places.get(pair.key, -1) + 1
                if pair.parts is None or not _places([pair.parts]):
                    continue
                given = form.fields.get(pair.key, [])
                if place < len(given):
                    _match(_decoded(given[place][1], pair.name), pair.parts, values, pair.name)
        if path and _places(self.segments):
            self._read_path(path, values)
        if "text" not in values and "bin" not in values:
            raise DocumentError("the request has no text and no octets of a message")
        return message_of(values, utc_offset)

    def _read_path(self, path: str, values: dict[str, str]) -> None:
        if len(path) > _LONGEST_PATH:
            raise DocumentError(f"the path has over {_LONGEST_PATH:,} characters", path="path")
        segments = path.removeprefix("/").split("/")
        # A prefix may have been taken from the path on its way.
        depth = next(place for place, parts in enumerate(self.segments) if _places([parts]))
        if len(segments) < len(self.segments) - depth:
            raise DocumentError("the path has fewer segments than the template", path="path")
        for parts, segment in zip(self.segments[depth:], segments[len(segments) - len(self.segments) + depth :]):
            if _places([parts]):
                _match(_decoded(unquote_to_bytes(_SURROGATE.sub("\ufffd", segment)), "path"), parts, values, "path")

    def __rich_repr__(self) -> list[tuple[str, str]]:
        """The fields for rich."""
        return [("origin", self.origin), ("places", " ".join(name for name in NAMES if name in self.places)), ("output", self.output)]

    def __repr__(self) -> str:
        return f"Template({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"


def is_document(body: bytes, content_type: str) -> bool:
    """True if the body is XML or JSON and no form."""
    media, _ = content_type_of(content_type)
    # A form that was written as it should begins with none of these.
    return not media.startswith("multipart/") and (media.endswith(("xml", "json")) or body[:64].lstrip()[:1] in (b"<", b"{", b"["))


def values_in(body: bytes, content_type: str = "") -> dict[str, str]:
    """The values of a pushed document of one message. Raises DocumentError (-22) for another number, and for no such document."""
    rows = load_values(body, content_type, most=1)
    if not rows:
        raise DocumentError("there is no message")
    return rows[0]


def _refuse(reason: str) -> NoReturn:
    raise DocumentError(reason, status=-23)


def _parts(text: str, *, is_name: bool = False, is_path: bool = False) -> _Parts:
    """Cut a piece of a URL at its places."""
    parts: list[_Part] = []
    fixed: list[str] = []
    at = 0

    def close() -> None:
        written = "".join(fixed)
        if written:
            octets = unquote_to_bytes(written if is_path else written.replace("+", " "))
            parts.append(_Part("", written, octets.decode("utf-8", "replace")))
            fixed.clear()

    while at < len(text):
        end = text.find("%", at)
        if end != at:
            end = len(text) if end < 0 else end
            fixed.append(quote(text[at:end].encode(), safe=_SAFE))
            at = end
            continue
        found = _PLACE.match(text, at)
        name = found[1].lower() if found else ""
        if found and name in NAMES:
            if is_name:
                _refuse(f"%{name}% stands in a name of the query; only its values and the path have places")
            close()
            parts.append(_Part(name))
            at = found.end()
            continue
        escape = _ESCAPE.match(text, at)
        near = get_close_matches(name, NAMES, 1, 0.7) if name else []
        if found and (near or not escape):
            hint = f"; did you mean %{near[0]}%?" if near else f"; there are {', '.join(f'%{known}%' for known in NAMES)}"
            _refuse(f"the URL has %{found[1]}%, which is no name of a value{hint}")
        if not escape:
            _refuse("the URL has a % that begins neither a place nor an escape (a percent sign is written %25)")
        fixed.append(escape[0])
        at = escape.end()
    close()
    return tuple(parts)


def _pair(text: str) -> _Pair:
    name, equals, value = text.partition("=")
    written = "".join(part.written for part in _parts(name, is_name=True))
    # As form.Form has it.
    key = unquote_to_bytes(written.replace("+", " ")).strip().lower().decode("utf-8", "replace")
    return _Pair(written, key, _parts(value) if equals else None)


def _output(pair: _Pair) -> str:
    """The form that a literal pair of output names, "" for any other pair."""
    if pair.key != "output" or pair.parts is None or _places([pair.parts]):
        return ""
    value = "".join(part.meant for part in pair.parts).strip().lower()
    return value if value in _OUTPUTS else ""


def _decoded(octets: bytes, path: str) -> str:
    try:
        return octets.decode()
    except UnicodeError:
        raise DocumentError("the octets are not utf-8", path=path) from None


def _places(pieces: Iterable[_Parts]) -> set[str]:
    return {part.place for parts in pieces for part in parts if part.place}


def _filled(parts: _Parts, written: Mapping[str, str]) -> str:
    return "".join([written[part.place] if part.place else part.written for part in parts])


def _segment(parts: _Parts, written: Mapping[str, str]) -> str:
    segment = _filled(parts, written)
    if _places([parts]) and _DOTS.fullmatch(segment):
        return "".join(["-" if part.place else part.written for part in parts])
    return segment


def _match(text: str, parts: _Parts, values: dict[str, str], path: str) -> None:
    """Take the values out of a text that `_filled` made. The first of a name counts.

    Values are cut off from both ends, each at the nearest fixed piece; the message's text, or else the last value, is what is left
    between, for it may well hold such pieces itself.
    """
    names: list[str] = []
    fixed = [""]  # before each value, and behind the last one
    for part in parts:
        if part.place:
            names.append(part.place)
            fixed.append("")
        else:
            fixed[-1] = part.meant
    if not all(fixed[1:-1]):
        raise DocumentError("two values stand side by side: they cannot be told apart", path=path, status=-23)
    head, tail = fixed[0], fixed[-1]
    ends_well = len(text) >= len(head) + len(tail) and text.startswith(head) and text.endswith(tail)
    rest = text[len(head) : len(text) - len(tail)]
    middle = names.index("text") if "text" in names else len(names) - 1
    for place in range(middle):
        value, cut, rest = rest.partition(fixed[place + 1])
        ends_well = ends_well and bool(cut)
        values.setdefault(names[place], value)
    for place in range(len(names) - 1, middle, -1):
        rest, cut, value = rest.rpartition(fixed[place])
        ends_well = ends_well and bool(cut)
        values.setdefault(names[place], value)
    values.setdefault(names[middle], rest)
    if not ends_well:
        raise DocumentError("the value is not of the template's form", path=path)
