"""Layer 7 of 9: octets of XML to a tree, by one hardened parser: no DTD, no entity, no network, bounded in size, depth and elements."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Final

from lxml import etree

from .body import transcoded, unmarked
from .errors import DocumentError
from .request import MOST_OCTETS

__all__ = ["DEPTH", "MOST_ATTRIBUTES", "MOST_TAGS", "check_tags", "escaped", "in_utf8", "local_name", "parse", "parse_utf8"]

DEPTH: Final = 16
# An answer to 10,000 recipients has 80,000 tags, the reports of 10,000 messages have 70,000 attributes. This many of any kind stay under
# 50 ms; libxml2 takes some 0.1 to 0.3 us for each. An element mostly has two tags.
MOST_TAGS: Final = 150_000
_MOST_ELEMENTS: Final = 90_000
MOST_ATTRIBUTES: Final = 100_000
# Tags and, twice, attributes: an inbox of 10,000 messages has 180,000.
_MOST_NODES: Final = 220_000
_FEW_ATTRIBUTES: Final = 30_000
_MOST_NAMESPACES: Final = 1_000
# Each may be an error, and the parser notes them all, also where it does not recover. Tags of a document in which they are mended.
_MOST_REFERENCES: Final = 100_000
_MOST_GOOD_REFERENCES: Final = 250_000
_MOST_MENDED: Final = 50_000
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_CONTROLS: Final = bytes(sorted(set(range(0x20)) - set(b"\t\n\r")))

_DECLARATION: Final = re.compile(rb"<\?xml\s[^>]{0,200}?\?>")
_ENCODING: Final = re.compile(rb"\sencoding\s*=\s*(?:\"([A-Za-z0-9._:-]{1,40})\"|'([A-Za-z0-9._:-]{1,40})')")
# What may stand before the first element: blanks, comments, instructions. Behind it a document type is a syntax error anyway.
_PROLOG: Final = re.compile(rb"(?:\s+|\xef\xbb\xbf|<!--.*?-->|<\?.*?\?>)*+", re.S)
_TOO_DEEP: Final = etree.XPath(f"boolean({'/*' * (DEPTH + 1)})")
_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Names of tags, and what only looks like them.
_NAMES: Final = re.compile(rb"(</?[A-Za-z_][^\s/>]*|<!\[CDATA\[.*?\]\]>|<!--.*?-->|<\?.*?\?>)", re.S)

_MISMATCH: Final = etree.ErrorTypes.ERR_TAG_NAME_MISMATCH
# The parser's own sentences repeat names of tags and entities, and a piece of a password may be one: `a&b;c`.
_WORDS: Final[MappingProxyType[int, str]] = MappingProxyType({
    etree.ErrorTypes.ERR_DOCUMENT_EMPTY: "there is no element",
    etree.ErrorTypes.ERR_DOCUMENT_END: "something stands behind the end, or the document is cut short",
    etree.ErrorTypes.ERR_INVALID_CHAR: "a character that XML cannot hold, or octets that are not utf-8",
    etree.ErrorTypes.ERR_INVALID_CHARREF: "a reference to a character that XML cannot hold",
    etree.ErrorTypes.ERR_INVALID_ENCODING: "the octets are not utf-8",
    etree.ErrorTypes.ERR_NAME_REQUIRED: "an & or < that is not written as &amp; or &lt;",
    etree.ErrorTypes.ERR_ENTITYREF_SEMICOL_MISSING: "an & that is not written as &amp;",
    etree.ErrorTypes.ERR_UNDECLARED_ENTITY: "an entity that XML does not have, or an & that is not written as &amp;",
    etree.ErrorTypes.ERR_LT_IN_ATTRIBUTE: "a < within an attribute",
    etree.ErrorTypes.ERR_ATTRIBUTE_NOT_STARTED: "an attribute without quotes",
    etree.ErrorTypes.ERR_ATTRIBUTE_WITHOUT_VALUE: "an attribute without a value",
    etree.ErrorTypes.ERR_ATTRIBUTE_REDEFINED: "an attribute twice",
    etree.ErrorTypes.ERR_GT_REQUIRED: "a tag that does not end",
    etree.ErrorTypes.ERR_LTSLASH_REQUIRED: "an end tag is missing",
    etree.ErrorTypes.ERR_TAG_NAME_MISMATCH: "the end tag is not that of the open element",
    etree.ErrorTypes.ERR_TAG_NOT_FINISHED: "the document is cut short",
    etree.ErrorTypes.ERR_CDATA_NOT_FINISHED: "a CDATA section that does not end",
    etree.ErrorTypes.ERR_COMMENT_NOT_FINISHED: "a comment that does not end",
    etree.ErrorTypes.ERR_MISPLACED_CDATA_END: "]]> outside of a CDATA section",
})


def parse(octets: bytes, *, charset: str = "", recover: bool = False, most: int = MOST_OCTETS) -> etree._Element:
    """Parse a document. Returns its root element.

    charset: of the Content-Type; a byte order mark is stronger, the declaration weaker (RFC 7303). recover: read what can be read of a
    broken document, for answers of other people's servers. most: octets that it may have. A document whose only fault is the case of end
    tags is read, with all names in lower case (V2).
    Raises DocumentError (-22) with the line and column for broken XML, for a document type, for an unknown charset, for over most octets,
    MOST_TAGS tags, MOST_ATTRIBUTES attributes or DEPTH levels.
    """
    if len(octets) > most:
        raise DocumentError(f"the document has {len(octets):,} octets, the limit is {most:,}")
    return parse_utf8(in_utf8(octets, charset), recover=recover)


def parse_utf8(body: bytes, *, recover: bool = False) -> etree._Element:
    """Parse what `in_utf8` returned. Returns and raises as `parse`, which see."""
    _check_size(body)
    body = _checked(body, recover)
    end = _PROLOG.match(body).end()  # type: ignore[union-attr]  # it matches nothing, too
    if body[end : end + 2] == b"<!" and body[end + 2 : end + 4] != b"--":       # a comment that does not end is the parser's to tell
        lines = body.count(b"\n", 0, end)
        raise DocumentError("a document type is not allowed", path=f"line {lines + 1}")
    root = _tree(body, recover)
    if root.getroottree().docinfo.internalDTD is not None:
        raise DocumentError("a document type is not allowed")
    # Every element has an end, unless it was mended.
    if (recover or body.count(b"</") + body.count(b"/>") > DEPTH) and _TOO_DEEP(root):
        raise DocumentError(f"elements are nested over {DEPTH} deep")
    return root


def in_utf8(octets: bytes, charset: str = "") -> bytes:
    """A document in UTF-8, without byte order mark; blanks stand for its declaration, so that places hold. See `parse`."""
    octets, known = unmarked(octets)
    start = len(octets) - len(octets.lstrip())
    declaration = _DECLARATION.match(octets, start)
    if declaration:
        named = _ENCODING.search(declaration[0])
        if not charset and named:
            charset = (named[1] or named[2]).decode()
        octets = octets[:start] + re.sub(rb"[^\n]", b" ", declaration[0]) + octets[declaration.end() :]
    return octets if known or not charset else transcoded(octets, charset)


def local_name(tag: object) -> str:
    """The name of an element or attribute, in lower case and without its namespace."""
    return str(tag).rpartition("}")[2].lower()


def escaped(text: str, *, attribute: bool = False) -> str:
    """Text as it stands in XML 1.0; characters that XML cannot hold raise DocumentError (-23)."""
    found = _FORBIDDEN.search(text)
    if found:
        raise DocumentError(f"XML cannot hold U+{ord(found[0]):04X}", status=-23)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")
    if attribute:
        text = text.replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;")
    return text


def check_tags(body: bytes) -> None:
    """Raise DocumentError (-22) for over MOST_TAGS tags, or as many elements as no document has."""
    tags = body.count(b"<")
    if tags > MOST_TAGS:
        raise DocumentError(f"the document has over {MOST_TAGS:,} tags")
    if tags > _MOST_ELEMENTS and tags - body.count(b"</") > _MOST_ELEMENTS:
        raise DocumentError(f"the document has over {_MOST_ELEMENTS:,} elements")


def _check_size(body: bytes) -> None:
    check_tags(body)
    # Each attribute has a sign and two quotes; texts may have many of one of them, but hardly of both.
    attributes = body.count(b"=")
    if attributes <= _FEW_ATTRIBUTES:
        attributes = 0
    else:
        attributes = min(attributes, (body.count(b'"') + body.count(b"'")) // 2)
    if attributes > MOST_ATTRIBUTES:
        raise DocumentError(f"the document has over {MOST_ATTRIBUTES:,} attributes")
    if 2 * attributes + body.count(b"<") > _MOST_NODES:
        raise DocumentError(f"the document has {attributes:,} attributes and over {_MOST_NODES - 2 * attributes:,} tags")
    if body.count(b"xmlns") > _MOST_NAMESPACES:
        raise DocumentError(f"the document has over {_MOST_NAMESPACES:,} namespaces")


def _checked(body: bytes, recover: bool) -> bytes:
    """Refuse at once what would be one error after the other."""
    clean = body.translate(None, _CONTROLS)
    if len(clean) != len(body) and not recover:
        at = _CONTROL.search(body).start()  # type: ignore[union-attr]  # there is one
        line, column = body.count(b"\n", 0, at) + 1, at - body.rfind(b"\n", 0, at)
        raise DocumentError(_words(etree.ErrorTypes.ERR_INVALID_CHAR), path=f"line {line}, column {column}")
    references = body.count(b"&")
    most = _MOST_REFERENCES if recover or references > body.count(b";") else _MOST_GOOD_REFERENCES
    if references > most:
        raise DocumentError(f"the document has over {most:,} references")
    return clean


def _tree(body: bytes, recover: bool) -> etree._Element:
    try:
        root = _root(body, recover)
    except etree.XMLSyntaxError as error:
        if error.code == _MISMATCH and body.count(b"<") <= _MOST_MENDED:
            try:
                mended = _root(_with_names_alike(body), recover)
            except etree.XMLSyntaxError:
                mended = None               # the case was not the only fault: the first error is the one to tell
            if mended is not None:
                return mended
        line, column = error.position
        raise DocumentError(_words(error.code), path=f"line {line}, column {column}") from None
    except ValueError:
        raise DocumentError(_words(0)) from None
    if root is None:
        raise DocumentError("there is no element")
    return root


def _root(body: bytes, recover: bool) -> etree._Element | None:
    return etree.fromstring(body, etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False,
        remove_comments=True, remove_pis=True, recover=recover, collect_ids=False,
    ))


def _with_names_alike(body: bytes) -> bytes:
    """The document with the names of all tags in lower case; comments, instructions, CDATA, attributes and text are left."""
    pieces = _NAMES.split(body)
    if b"<!" in body or b"<?" in body:
        pieces[1::2] = [piece if piece[1] in b"!?" else piece.lower() for piece in pieces[1::2]]
    else:
        pieces[1::2] = b"\0".join(pieces[1::2]).lower().split(b"\0")
    return b"".join(pieces)


def _words(code: int) -> str:
    return _WORDS.get(code, "the XML is broken")
