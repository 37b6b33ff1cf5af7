"""Layer 6 of 9: finds out how much a peer takes a second from its refusals, and stays just below."""

from __future__ import annotations

import math
from collections import deque

from smpp_core import CommandStatus, EncodeError

__all__ = ["THROTTLING", "Adaptive"]

_THROTTLED, _QUEUE_FULL = int(CommandStatus.ESME_RTHROTTLED), int(CommandStatus.ESME_RMSGQFUL)
# The answers that say "slower", not "no".
THROTTLING = frozenset((_THROTTLED, _QUEUE_FULL))

# A wake-up that comes this many seconds late is made good; more would be a burst, and peers refuse bursts.
_LATE = 0.005
# What is held is this share of what the peer proved to take.
_MARGIN = 0.97
# The first search begins here at least: from less it would take too long to come to thousands. No rate is below the other.
_FIRST, _LOWEST = 10.0, 0.1

# Steps up are factors. The first search doubles, then halves the gap to the limit (the factor's root) at each step; in the long run a
# step that is refused makes the next one narrower, one that stays clean makes it wider.
_WIDEST, _WIDE, _NARROW, _NARROWEST = 2.0, 1.4, 1.03, 1.01
# What is left to search where the last second told the limit, and after a refusal in the long run. A cut by more than the gap opens the
# search anew: it may have been too deep.
_CLOSE, _AGAIN, _GAP = 1.2, 1.02, 1.05
# Seconds that a step must stay clean. Buckets and queues refuse at once (doubling, halving); a peer that counts by the second of its own
# clock does so at the end of the first whole one (second); in the long run each step costs refusals and has time (hold).
_DOUBLING, _HALVING, _SECOND, _HOLD = 0.1, 0.3, 2.1, 4.0
# In the long run a step is taken once in so many segments (0.5 % of them are refused then), but once in 25 s at least.
_SEGMENTS, _LONGEST = 200.0, 25.0
# And once in so many response times: a step that is too wide is refused for one of them, by a bucket of one segment every second time.
_TRIPS = 40.0
# No refusal cuts deeper than this; the first one after a quiet while less: it may be chance, and a limit that fell refuses again.
_DEEPEST, _SHALLOW = 0.7, 0.9

# While the peer takes nothing, one segment in five is sent, but one in 20 ms at most and fewer as it lasts, to see when it takes again.
_PROBES, _PROBE, _SLOWER, _RAREST = 5.0, 0.02, 1.25, 0.25
# A peer that took nothing for so many seconds counts by the second.
_BY_THE_SECOND = 0.25
# Seconds that are counted to know what the peer takes: three below so many segments a second, two if it counts by the second, else one.
_FEW, _WHILE, _TWO = 50.0, 3.0, 2.0
# Seconds between marks of the history, and how many marks there are: more than 3 seconds.
_MARK, _MARKS = 0.05, 64
# Answers that come later than this after a change of the rate are not taken for answers to what was sent before it.
_STALE = 10.0


class Adaptive:
    """A limiter that is off until the peer throttles, then finds the peer's limit and holds near it. Told the time; no clock, no loop.

    A refusal (ESME_RTHROTTLED, ESME_RMSGQFUL) sets the rate to 97 % of what the peer took in the last second. From there it climbs by
    steps: one that stays clean makes the next one wider, so that a raised limit is found within seconds; one that is refused is taken
    back and makes the next one narrower, down to 1 %. Answers to what was sent before a change of the rate do not count for it; they are
    known by their order, so a peer that answers far out of order is judged a little late. The rate climbs only while it is used.

    ceiling: never more than so many segments a second, above 0; None for no such limit, and then nothing waits before the first refusal.
    `accepted` and `throttled` count the segments answered so far (an answer with any other status counts as accepted: the peer took
    its time for it). Raises EncodeError for another ceiling.
    """

    __slots__ = (
        "_base", "_blocked", "_by_second", "_clean", "_clean_from", "_factor", "_history", "_interval", "_mark_at", "_next", "_old", "_out",
        "_phase", "_rate", "_refused", "_searched", "_since", "_trip", "_up", "accepted", "ceiling", "throttled",
    )

    def __init__(self, ceiling: float | None = None) -> None:
        if ceiling is not None and not (ceiling > 0 and math.isfinite(ceiling)):
            raise EncodeError(f"ceiling is {ceiling!r}, it must be above 0 segments a second", "ceiling")
        self.ceiling = ceiling
        self.accepted = 0
        self.throttled = 0
        self._out = 0  # let through and not answered yet
        self._old = 0  # those of them that were sent before the rate changed
        self._rate = ceiling
        self._interval = 0.0 if ceiling is None else 1.0 / ceiling
        self._next = -math.inf  # when the next segment is due
        self._base = ceiling or 0.0  # the rate that a failed step goes back to
        self._factor = _WIDEST
        self._up = False  # the rate is a step above the base
        self._searched = False  # the peer has throttled
        self._blocked = False
        self._phase = "doubling"
        self._by_second = False
        self._since = 0.0  # when the rate changed
        self._clean = self._refused = 0  # answers to what was sent at this rate
        self._clean_from = 0.0  # since when they are counted
        self._trip = 0.0  # how long the first of them took
        self._history: deque[tuple[float, int]] = deque(maxlen=_MARKS)  # (time, accepted until then)
        self._mark_at = -math.inf

    @property
    def rate(self) -> float | None:
        """Segments a second that are let through now; None while nothing is limited."""
        return self._rate

    def delay(self, n: int, now: float) -> float:
        """Take n segments at `now` (seconds of a clock that never goes back), or say how long to wait before asking again.

        Returns 0.0 if they are to be sent now, else seconds above 0: nothing is taken then.
        """
        if self._rate is not None:
            due = self._next
            if due > now + 1e-9:
                return due - now
            if due < now - _LATE:
                due = now - _LATE
            self._next = due + n * self._interval
        self._out += n
        return 0.0

    def answered(self, status: int, now: float, n: int = 1) -> None:
        """Tell the command_status that answered n segments which `delay` let through. Each answer is told once, in the order of arrival."""
        self._out -= n
        if status == _THROTTLED or status == _QUEUE_FULL:
            self.throttled += n
            self._refuse(now, n)
            return
        self.accepted += n
        if now >= self._mark_at:
            self._mark_at = now + _MARK
            self._history.append((now, self.accepted - n))
        if self._searched:
            self._accept(now, n)

    def lost(self, n: int = 1) -> None:
        """Tell that n segments let through will have no answer: they timed out, were not sent after all, or the link fell."""
        self._out = max(0, self._out - n)
        self._old = max(0, self._old - n)

    def _is_old(self, now: float, n: int) -> bool:
        if self._old <= 0 or now - self._since > _STALE:
            return False
        self._old -= n
        return True

    def _accept(self, now: float, n: int) -> None:
        if self._is_old(now, n):
            return
        if self._blocked:
            self._blocked = False
            if self._refused > n and now - self._since > _BY_THE_SECOND and not self._by_second:
                self._by_second = True
                if self._phase != "hold":  # what it took in the last second is what it takes
                    self._phase = "halving"
                    self._factor = min(self._factor, _CLOSE)
            self._set(self._base, now)
        if not self._clean:
            self._clean_from = now
            self._trip = now - self._since
        self._clean += n
        rate = self._rate
        assert rate is not None
        lasted = now - self._clean_from
        if self._clean < 3 or lasted < self._patience(rate):
            return
        if self._clean < 0.8 * rate * lasted:  # not used enough to tell anything: count anew
            self._clean, self._clean_from = n, now
            return
        if self._up:
            self._base = rate
            if self._phase == "halving":
                self._narrow()
            elif self._phase == "hold":
                self._factor = min(self._factor**3, _WIDE)
        if self.ceiling is None or self._base < self.ceiling:
            self._up = True
            self._set(self._base * self._factor, now)

    def _patience(self, rate: float) -> float:
        """Seconds that this rate must stay clean before the next step."""
        if self._phase == "doubling":
            return _DOUBLING
        enough = 1.2 / (rate * (self._factor - 1.0))  # in which the step brings one segment more than the base
        if self._phase == "halving":
            return max(_SECOND if self._by_second else _HALVING, enough)
        if self._factor >= _NARROW:
            return max(_SECOND, enough, _TRIPS / 2 * self._trip)
        return max(_HOLD, enough, min(_SEGMENTS / rate, _LONGEST), _TRIPS * self._trip)

    def _refuse(self, now: float, n: int) -> None:
        if not self._searched:
            self._searched = True
            first = max(_MARGIN * self._taken(now), _FIRST)
            self._base = first if self.ceiling is None else min(first, self.ceiling)
            self._slow(now)
            return
        if self._is_old(now, n):
            return
        rate = self._rate
        assert rate is not None
        self._refused += n
        if self._up:
            self._up = False
            if self._phase == "doubling":
                self._phase = "halving"
            self._narrow()
        elif self._clean:
            held = self._phase == "hold" and now - self._since > _WHILE
            self._base = min(_MARGIN * rate, max(_MARGIN * self._taken(now), (_SHALLOW if held else _DEEPEST) * rate))
            gap = rate / self._base
            if self._phase == "hold" and gap < _GAP:
                self._factor = min(self._factor, _AGAIN)
            else:
                self._phase = "halving"
                self._factor = math.sqrt(gap)  # the limit is between these two
        else:
            seldom = max(_PROBES / rate, _PROBE)
            self._interval = min(self._interval * _SLOWER, max(seldom, _RAREST)) if self._blocked else seldom
            self._blocked = True
            self._next = now + self._interval
            return
        self._slow(now)

    def _slow(self, now: float) -> None:
        self._set(self._base, now)
        self._next = max(self._next, now + self._interval)

    def _narrow(self) -> None:
        self._factor = max(_NARROWEST, math.sqrt(self._factor))
        if self._factor < _NARROW:
            self._phase = "hold"

    def _taken(self, now: float) -> float:
        """Segments a second that the peer took lately."""
        span = 1.0
        if self._rate is not None:
            span = _WHILE if self._rate < _FEW else _TWO if self._by_second else 1.0
        start = now - span
        for when, count in reversed(self._history):
            if when <= start:
                return (self.accepted - count) / (now - when)
        return float(self.accepted - (self._history[0][1] if self._history else 0))

    def _set(self, rate: float, now: float) -> None:
        if self.ceiling is not None and rate > self.ceiling:
            rate = self.ceiling
        self._rate = rate = max(rate, _LOWEST)
        self._interval = 1.0 / rate
        self._since = now
        self._old = max(0, self._out)
        self._clean = self._refused = 0
