"""Layer 7 of 9: reports of numbers that were looked up, as they are pushed: a form with one variable, a JSON object a line (vendor 2.6)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote_plus

from .charset import codec_of
from .errors import DocumentError
from .exchange import content_type_of
from .form import Form
from .lookup import FULL, NumberContext, Package
from .lookup_sync import MOST_ANSWER, answer_text, dump_json, load_json

__all__ = ["CONTENT_TYPE", "MOST_BODY", "MOST_READ", "MOST_REPORTS", "dump_lookup_reports", "load_lookup_reports"]

CONTENT_TYPE: Final = "application/x-www-form-urlencoded"
MOST_REPORTS: Final = 100
MOST_READ: Final = 500  # other servers may not count as the document does
# That many as long as the document prints them, escaped.
MOST_BODY: Final = 524_288

# An unescaped body: an object, or the variable and an object. In an escaped one neither brace nor quote stands.
_RAW: Final = re.compile(rb'(?:\xef\xbb\xbf)?+\s*+(?:dlr\s*+=\s*+)?+[\[\s]*+\{\s*+["}]', re.IGNORECASE)
_BETWEEN: Final = re.compile(r"[\s,&\[\]]*+(?:dlr\s*+=[\s\[]*+)?+", re.IGNORECASE)
_STRING: Final = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_INNER: Final = rf'\{{[^{{}}"]*+(?:{_STRING}[^{{}}"]*+)*+\}}'
# Where an object ends; other people's may hold one more level of objects.
_OBJECT: Final = re.compile(rf'\{{[^{{}}"]*+(?:(?:{_STRING}|{_INNER})[^{{}}"]*+)*+\}}', re.DOTALL)


def load_lookup_reports(body: bytes, content_type: str = "") -> tuple[NumberContext, ...]:
    """Read what was posted: `dlr=` with an object a line; a variable for each object; several objects on a line; and all of it unescaped.

    content_type: of the request. Raises DocumentError (-22) for what holds no such variable, for broken objects (the path says which, from
    1) and for over MOST_READ of them, -23 for values that cannot be.
    """
    found: list[NumberContext] = []
    at, rows = 0, _rows(body, content_type)
    while True:
        at = _BETWEEN.match(rows, at).end()  # type: ignore[union-attr]  # it matches nothing, too
        if at == len(rows):
            return tuple(found)
        path = f"dlr[{len(found) + 1}]"
        if len(found) == MOST_READ:
            raise DocumentError(f"there are over {MOST_READ:,} reports", path=path)
        row = _OBJECT.match(rows, at, at + MOST_ANSWER)
        if row is None:
            raise DocumentError("is no JSON object", path=path)
        found.append(load_json(row[0], path))
        at = row.end()


def dump_lookup_reports(contexts: Iterable[NumberContext], package: Package = FULL) -> bytes:
    """Write reports as a body of CONTENT_TYPE: objects with the columns of the package, "" where nothing is known (decision V49).

    Raises DocumentError (-23) for over MOST_REPORTS of them, and for what JSON cannot hold.
    """
    rows = [dump_json(context, package) for context in contexts]
    if len(rows) > MOST_REPORTS:
        raise DocumentError(f"there are {len(rows):,} reports, a request takes {MOST_REPORTS}", status=-23)
    return b"dlr=" + quote_plus("\n".join(rows)).encode()


def _rows(body: bytes, content_type: str) -> str:
    """The objects as text, with whatever stands between them."""
    if len(body) > MOST_BODY:
        raise DocumentError(f"the body has {len(body):,} octets, the limit is {MOST_BODY:,}")
    if _RAW.match(body):
        return answer_text(body, content_type)
    charset = content_type_of(content_type)[1]
    form = Form.of(b"", body, content_type)
    values = form.with_codec(codec_of(charset) or form.codec).all("dlr")
    if not values:
        raise DocumentError("there is no variable dlr")
    return "\n".join(values)
