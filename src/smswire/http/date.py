"""Layer 7 of 9: dates and times of reports and inbound messages, as the vendor writes them (decision V42)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Final

from .errors import DocumentError

__all__ = ["format_date", "parse_date"]

# 2010/8/2; the document also prints times as 22:0:0.
_DAY: Final = re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})", re.ASCII)
_NUMBERS: Final = {text: number for number in range(60) for text in (f"{number}", f"{number:02}")}
# Nineteen characters, and blanks.
_LONGEST: Final = 64


def format_date(when: datetime, utc_offset: timedelta = timedelta()) -> str:
    """Write `2010/8/2 14:55:10`: month and day unpadded, the time padded; parts of a second are dropped (V42).

    when: aware, or naive if it already is in the account's time. utc_offset: of the account, less than 24 h.
    Raises DocumentError (-23) if the account's time is outside of the years 1 to 9999, or the offset is none.
    """
    if when.tzinfo is not None:
        try:
            when = when.astimezone(timezone(utc_offset))
        except (OverflowError, ValueError):
            raise DocumentError("a date is outside of the years that can be written, or the offset from UTC is none", status=-23) from None
    return f"{when.year:04}/{when.month}/{when.day} {when.hour:02}:{when.minute:02}:{when.second:02}"


def parse_date(text: str, utc_offset: timedelta | None = None) -> datetime | None:
    """Read a date, padded or not. Returns it naive, or aware if utc_offset says where it was written; None for what is no date."""
    if len(text) > _LONGEST:
        return None
    try:
        day, clock = text.split()
        hour, minute, second = clock.split(":")
        when = datetime(*_day(day), _NUMBERS[hour], _NUMBERS[minute], _NUMBERS[second])
    except (ValueError, KeyError):
        return None
    return when if utc_offset is None else when.replace(tzinfo=UTC if not utc_offset else timezone(utc_offset))


# The dates of one document are of few days.
@lru_cache(maxsize=256)
def _day(text: str) -> tuple[int, int, int]:
    found = _DAY.fullmatch(text)
    if not found:
        raise ValueError(text)
    return int(found[1]), int(found[2]), int(found[3])
