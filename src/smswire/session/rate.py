"""Layer 6 of 9: so many segments a second and no more; a token bucket that is told the time."""

from __future__ import annotations

import math

from smpp_core import EncodeError

__all__ = ["Rate"]

# A wake-up that comes this much late costs nothing of the rate: event loops are a few milliseconds late when they are busy.
_LATE = 0.01
# Seconds: what rounding may leave of a wait that has been waited. At 10,000 a second it is 1e-5 of a segment.
_ROUNDING = 1e-9


class Rate:
    """A token bucket of segments, exact over time: what it grants is counted on a schedule, not by adding up small fractions.

    Over any interval of t seconds it grants at most `per_second * t + burst` segments (`+ n - burst` more where one message alone is
    longer than the burst). It starts full.

    per_second: segments a second, above 0. burst: segments that may go at once after a pause, at least 1; by default one and what
    10 ms bring, so that wake-ups up to 10 ms late cost no rate; a longer burst is throttled by many peers. Raises EncodeError for
    other values.
    """

    __slots__ = ("_free_at", "_interval", "burst", "per_second")

    def __init__(self, per_second: float, burst: float | None = None) -> None:
        if not (per_second > 0 and math.isfinite(per_second)):
            raise EncodeError(f"rate is {per_second!r}, it must be above 0 segments a second", "rate")
        if burst is None:
            burst = 1.0 + per_second * _LATE
        if not (burst >= 1 and math.isfinite(burst)):
            raise EncodeError(f"burst is {burst!r}, it must be 1 segment or more", "burst")
        self.per_second = per_second
        self.burst = burst
        self._interval = 1.0 / per_second
        self._free_at = -math.inf  # when the bucket is full again

    def delay(self, n: int, now: float) -> float:
        """Take n segments at the time `now` (seconds of a clock that never goes back), or say how long to wait before asking again.

        Returns 0.0 if they are taken, else seconds above 0: nothing is taken then, and nothing is reserved.
        """
        free_at = self._free_at
        if free_at < now:
            free_at = now
        wait = free_at - now - (self.burst - min(n, self.burst)) * self._interval
        if wait > _ROUNDING:
            return wait
        self._free_at = free_at + n * self._interval
        return 0.0
