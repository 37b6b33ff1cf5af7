"""Layer 7 of 9: a status as the whole of an answer: how commands, pulls and the inbox say that they refuse (decisions V38, V39)."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["dump_status", "parse_status"]

# The document prints "- 1" too.
_STATUS: Final = re.compile(r"\s*([+-]?)\s{0,8}(\d{1,4})\s*", re.ASCII)
_LONGEST: Final = 40


def dump_status(status: int, form: str = "plain") -> bytes:
    """The body of a refusal. form: "plain" gives `-5`, "json" `{"status":"-5"}`, "xml" `<status>-5</status>`."""
    if form == "json":
        return b'{"status":"%d"}' % status
    return b"<status>%d</status>" % status if form == "xml" else b"%d" % status


def parse_status(text: str) -> int | None:
    """Read a status of at most four digits, with its sign, blanks around and behind the sign. None for what is none."""
    found = _STATUS.fullmatch(text) if len(text) <= _LONGEST else None
    return int(found[1] + found[2]) if found else None
