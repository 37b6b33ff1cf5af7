"""Layer 7 of 9: the document in the body of a request: bare, behind `XML=` or `JSON=`, or the field of a form; and its charset (V1)."""

from __future__ import annotations

import codecs
import re
from typing import Final

from .charset import codec_of, holds_ascii
from .errors import DocumentError
from .exchange import content_type_of
from .form import Form
from .request import MOST_OCTETS

__all__ = ["document", "transcoded", "unmarked"]

_MARKS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_BE, "utf-16-be"), (codecs.BOM_UTF16_LE, "utf-16-le"))
_URLENCODED: Final = "application/x-www-form-urlencoded"
_TO_BLANKS: Final = b"".join(b"\n" if octet == 10 else b" " for octet in range(256))
_LEAD: Final = re.compile(rb"[ \t\r\n]*+(?:\xef\xbb\xbf[ \t\r\n]*+)*+")


def document(body: bytes, content_type: str, name: str, begins: bytes) -> tuple[bytes, str]:
    """Find the document in a body. Returns its octets and the charset of the Content-Type, "" if that has none.

    name: "XML" or "JSON", of the prefix or the field, in any case. begins: the octets that a document may begin with. What the octets are
    decides, and not the type: a body that begins so, behind a prefix or without, is taken as it is; behind a prefix anything else is
    percent-encoded. The prefix becomes blanks, so that a place in the document is one in the body.
    Raises DocumentError (-22) for over MOST_OCTETS, a broken form, or one without such a field.
    """
    if len(body) > MOST_OCTETS:
        raise DocumentError(f"the body has {len(body):,} octets, the limit is {MOST_OCTETS:,}")
    media, charset = content_type_of(content_type)
    if _begins(body, 0, begins):
        return body, charset
    start = _LEAD.match(body).end()  # type: ignore[union-attr]  # it matches nothing, too
    end = start + len(name) + 1
    prefixed = body[start:end].lower() == f"{name.lower()}=".encode()
    if prefixed and _begins(body, end, begins):
        lead = _LEAD.match(body, end).end()  # type: ignore[union-attr]
        charset = "utf-8" if codecs.BOM_UTF8 in body[:lead] else charset
        return body[:lead].translate(_TO_BLANKS) + body[lead:], charset
    if not prefixed and media != _URLENCODED and not media.startswith("multipart/"):
        return body, charset
    form = Form.of(b"", body, _URLENCODED if prefixed else content_type)
    for _, octets in form.fields.get(name.lower(), ()):
        if octets.strip():
            return octets, charset
    raise DocumentError(f"the form has no field {name}")


def unmarked(octets: bytes) -> tuple[bytes, bool]:
    """A document without its byte order mark. Returns its octets, and True if they certainly are UTF-8 now.

    UTF-16 becomes UTF-8; without a mark it is seen by the zeros beside its first character, which XML and JSON have in ASCII. Raises
    DocumentError (-22) for what is no UTF-16.
    """
    for mark, encoding in _MARKS:
        if octets.startswith(mark):
            octets = octets[len(mark) :]
            return (octets if encoding == "utf-8" else _recoded(octets, encoding)), True
    if len(octets) > 3 and octets[0] and not octets[1] and not octets[3]:
        return _recoded(octets, "utf-16-le"), True
    if len(octets) > 3 and not octets[0] and octets[1] and not octets[2]:
        return _recoded(octets, "utf-16-be"), True
    return octets, False


def transcoded(octets: bytes, charset: str) -> bytes:
    """Octets of a charset (a name of `charset.CHARSETS`) as UTF-8. Raises DocumentError (-22) for an unknown one, or octets not in it.

    Those of UTF-8 itself are left as they are, unchecked; those of UTF-16 too, which `unmarked` has found if they are it: programs write
    UTF-8 and declare UTF-16, because that is what their strings are.
    """
    codec = codec_of(charset)
    if codec is None:
        raise DocumentError("the document's charset is not one of those that are read")
    return octets if codec == "utf-8" or not holds_ascii(codec) else _recoded(octets, codec)


def _recoded(octets: bytes, codec: str) -> bytes:
    try:
        return octets.decode(codec).encode()
    except UnicodeError as error:
        at = f" at octet {error.start}" if isinstance(error, UnicodeDecodeError) else ""
        raise DocumentError(f"the octets{at} are not {codec}") from None


def _begins(body: bytes, at: int, begins: bytes) -> bool:
    """Does a document begin here, behind blanks and a byte order mark?"""
    at = _LEAD.match(body, at).end()  # type: ignore[union-attr]  # it matches nothing, too
    return at < len(body) and body[at] in begins
