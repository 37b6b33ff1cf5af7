"""Layer 4 of 9: SMPP times, absolute and relative (SMPP 3.4 §7.1.1); the present is always given, never asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple

from .errors import EncodeError

__all__ = ["SmppTime", "is_valid"]

_QUARTER = timedelta(minutes=15)
_MOST_QUARTERS = 48
_MOST = timedelta(days=100)


def is_valid(text: str) -> bool:
    """True if text has the specification's form YYMMDDhhmmsstnnp: fifteen digits and one of "+", "-", "R". No calendar is asked."""
    return len(text) == 16 and text[15] in "+-R" and text.isascii() and text[:15].isdigit()


class SmppTime(NamedTuple):
    """A time as it stood in a PDU, and its parts.

    text: as written. sign: "+" or "-" (local time, ahead of or behind UTC by quarters quarter hours), "R" (a span from now), "" (local
    time of an SMSC that sent 12 or 10 digits). year: two digits as written, 20YY if the time is absolute. tenths: of a second.
    """

    text: str
    year: int
    month: int
    day: int
    hour: int
    minute: int
    second: int
    tenths: int = 0
    quarters: int = 0
    sign: str = ""

    def __str__(self) -> str:
        return self.text

    @property
    def is_relative(self) -> bool:
        """True if the time is a span that begins when the PDU arrives."""
        return self.sign == "R"

    @classmethod
    def parse(cls, text: str) -> SmppTime:
        """Read YYMMDDhhmmsstnnp, or the YYMMDDhhmmss and YYMMDDhhmm that some peers send.

        The digits are not held against a calendar; `at` does that. Raises EncodeError (a ValueError) for any other text, "" included.
        """
        full = is_valid(text)
        if not full and not (len(text) in (10, 12) and text.isascii() and text.isdigit()):
            raise EncodeError(f"{text!r} is no SMPP time of 16, 12 or 10 characters")
        year, month, day, hour, minute, second = (int(text[at:at + 2] or "0") for at in range(0, 12, 2))
        if not full:
            return cls(text, year, month, day, hour, minute, second)
        return cls(text, year, month, day, hour, minute, second, int(text[12]), int(text[13:15]), text[15])

    def at(self, now: datetime) -> datetime:
        """The moment that is meant, as an aware datetime.

        now: aware; for a relative time the moment that it counts from. Years, months and days of a relative time follow the calendar
        of now's zone (a day that the month lacks becomes its last), the rest is exact time. An absolute time with a sign is in the
        zone that it names, one without is in now's zone.
        Raises EncodeError if now is naive, or the digits are no date, time or zone, or lie outside what datetime holds.
        """
        if now.utcoffset() is None:
            raise EncodeError("now has no time zone")
        try:
            return self._after(now) if self.sign == "R" else self._absolute(now)
        except (ValueError, OverflowError) as error:
            raise EncodeError(f"{self.text} is no moment: {error}") from None

    def _after(self, now: datetime) -> datetime:
        from calendar import monthrange  # it costs a third of the core's import time, and few ask

        years, month = divmod(now.month - 1 + self.month, 12)
        year = now.year + self.year + years
        day = min(now.day, monthrange(year, month + 1)[1])
        local = now.replace(year=year, month=month + 1, day=day) + timedelta(days=self.day)
        span = timedelta(hours=self.hour, minutes=self.minute, seconds=self.second, milliseconds=100 * self.tenths)
        return (local.astimezone(UTC) + span).astimezone(now.tzinfo)

    def _absolute(self, now: datetime) -> datetime:
        zone = now.tzinfo
        if self.sign:
            if self.quarters > _MOST_QUARTERS:
                raise ValueError(f"{self.quarters} quarter hours from UTC, the limit is {_MOST_QUARTERS}")
            zone = timezone(self.quarters * _QUARTER if self.sign == "+" else -self.quarters * _QUARTER)
        return datetime(2000 + self.year, self.month, self.day, self.hour, self.minute, self.second, 100_000 * self.tenths, zone)

    @staticmethod
    def format(when: timedelta | datetime) -> str:
        """Write a span as relative or an aware datetime as absolute time, 16 characters; what is finer than a tenth is dropped.

        A span has days and below, under 100 days. A datetime lies in 2000-2099; it is written with its own offset, or in UTC if that
        is over 12 hours or no number of quarter hours. Raises EncodeError for anything that does not fit, and for a naive datetime.
        """
        if isinstance(when, timedelta):
            if not timedelta(0) <= when < _MOST:
                raise EncodeError(f"a span of {when} does not fit: a relative time holds 0 to 99 days and what is below")
            minutes, second = divmod(when.seconds, 60)
            hour, minute = divmod(minutes, 60)
            return f"0000{when.days:02}{hour:02}{minute:02}{second:02}{when.microseconds // 100_000}00R"
        offset = when.utcoffset()
        if offset is None:
            raise EncodeError(f"{when} has no time zone")
        if offset % _QUARTER or abs(offset) > _MOST_QUARTERS * _QUARTER:
            try:
                when = when.astimezone(UTC)
            except OverflowError:
                raise EncodeError(f"{when} does not fit") from None
            offset = timedelta(0)
        if not 2000 <= when.year <= 2099:
            raise EncodeError(f"{when} does not fit: an absolute time holds the years 2000 to 2099")
        sign = "-" if offset < timedelta(0) else "+"
        return f"{when:%y%m%d%H%M%S}{when.microsecond // 100_000}{abs(offset) // _QUARTER:02}{sign}"
