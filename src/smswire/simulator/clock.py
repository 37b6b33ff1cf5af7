"""Layer 8 of 9: the simulator's one clock: seconds of the loop, and the dates that they mean."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

__all__ = ["Clock"]

_FORMATS = {10: "%y%m%d%H%M", 12: "%y%m%d%H%M%S", 14: "%Y%m%d%H%M%S", 19: "%Y-%m-%d %H:%M:%S"}
_KEPT = 1_000  # formatted seconds: a minute of all widths


class Clock:
    """Seconds that never run back, and dates. time: the loop's `time`; start: the aware date of the moment the clock is made.

    offset: hours from UTC of what `stamp` writes.
    """

    def __init__(self, time: Callable[[], float], start: datetime | None = None, offset: float = 0.0) -> None:
        self.time = time
        self._origin = time()
        self._start = (start if start is not None else datetime.now(UTC)).astimezone(UTC)
        self._zone = timezone(timedelta(hours=offset))
        self._stamps: dict[tuple[int, int], str] = {}

    def at(self, moment: float) -> datetime:
        """The date of a moment, in UTC. moment: seconds as `time` gives them."""
        return self._start + timedelta(seconds=moment - self._origin)

    def moment(self, date: datetime) -> float:
        """The moment of an aware date."""
        return self._origin + (date - self._start).total_seconds()

    def stamp(self, moment: float, digits: int) -> str:
        """A moment as receipts write it: 10, 12 or 14 digits, or 19 characters with signs."""
        key = (int(moment), digits)
        stamp = self._stamps.get(key)
        if stamp is None:
            if len(self._stamps) >= _KEPT:
                self._stamps.clear()
            stamp = self._stamps[key] = self.at(moment).astimezone(self._zone).strftime(_FORMATS[digits])
        return stamp
