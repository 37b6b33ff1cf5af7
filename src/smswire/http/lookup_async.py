"""Layer 7 of 9: the answer to a request to look many numbers up: a ticket for each, or FAILED (vendor 2.5)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

from msgspec import Struct

from .errors import DocumentError, RequestRefused
from .lookup import FAILED
from .lookup_query import is_number
from .lookup_sync import answer_text
from .request import MOST_OCTETS, MOST_RECIPIENTS

__all__ = ["LookupTicket", "accept", "dump_accepted", "load_accepted"]


class LookupTicket(Struct, frozen=True, gc=False):
    """What became of one destination. destination: as sent. ok: the lookup is under way, and its report will have id; else id is ""."""

    destination: str
    ok: bool
    id: str = ""


_OK: Final = "OK"
_ID: Final = re.compile(r"[0-9A-Za-z-]{1,64}", re.ASCII)
# Rows may follow each other on one line, as the document prints two of them: an id ends at a blank.
_ROW: Final = re.compile(r"[ \t]*+([^;\r\n]*+);[ \t]*+(?:OK[ \t]*+;[ \t]*+([^;\s]*+)|FAILED[ \t]*+;?+)(?=[\s]|\Z)\s*+", re.IGNORECASE)
_UNWRITTEN: Final = re.compile(r"[;\r\n]")


def accept(destinations: Iterable[str], new_id: Callable[[], str]) -> tuple[LookupTicket, ...]:
    """The tickets of destinations: one fails only for its syntax (decision V46). new_id: makes an id for each that does not."""
    return tuple(
        LookupTicket(destination, True, new_id()) if is_number(destination) else LookupTicket(destination, False)
        for destination in destinations
    )


def load_accepted(body: bytes, content_type: str = "") -> tuple[LookupTicket, ...]:
    """Read the answer: tickets in the order of the request. Line ends of all kinds, and several rows on a line, are read.

    Raises RequestRefused (status None) for FAILED, DocumentError (-22) for what is neither, with the row as path.
    """
    if len(body) > MOST_OCTETS:
        raise DocumentError(f"the answer has {len(body):,} octets, the limit is {MOST_OCTETS:,}")
    text = answer_text(body, content_type)
    first, _, rows = text.replace("\r", "\n").lstrip().partition("\n")
    word = first.strip().upper()
    if word == FAILED.decode() and not rows.strip():
        raise RequestRefused(None)
    if word != _OK:
        raise DocumentError("the first line is neither OK nor FAILED", path="line 1")
    rows = rows.strip(" \t\n")
    found: list[LookupTicket] = []
    at = 0
    while at < len(rows):
        row = _ROW.match(rows, at)
        if row is None:
            raise DocumentError("is not a destination, a status and an id", path=f"row {len(found) + 1}")
        if len(found) == MOST_RECIPIENTS:
            raise DocumentError(f"there are over {MOST_RECIPIENTS:,} rows")
        found.append(LookupTicket(row[1].strip(" \t"), row[2] is not None, row[2] or ""))
        at = row.end()
    return tuple(found)


def dump_accepted(tickets: Iterable[LookupTicket]) -> bytes:
    """Write the answer: OK, then a row for each ticket, each line with a line feed at its end. It is text/plain in UTF-8.

    Raises DocumentError (-23) for a destination with a semicolon or a line end, and for an id that is not of digits, letters and hyphens.
    """
    lines = ["OK\n"]
    for ticket in tickets:
        if _UNWRITTEN.search(ticket.destination):
            raise DocumentError("a destination holds what separates rows or columns", path=f"row {len(lines)}", status=-23)
        if ticket.ok and not _ID.fullmatch(ticket.id):
            raise DocumentError("an id is not of digits, letters and hyphens", path=f"row {len(lines)}", status=-23)
        lines.append(f"{ticket.destination};OK;{ticket.id}\n" if ticket.ok else f"{ticket.destination};FAILED;\n")
    try:
        return "".join(lines).encode()
    except UnicodeEncodeError:
        raise DocumentError("a destination holds what is no character", status=-23) from None
