"""Layer 7 of 9: which access point a call goes to, and whether it may go to the next one. No socket; time comes in by a clock."""

from __future__ import annotations

import copy
import enum
import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence

from ..session.backoff import Backoff
from .errors import AccessPointError, ApiError, BadAnswer, CommunicationFailed, ConnectFailed, NoAnswer
from .point import AccessPoint

__all__ = ["AccessPoints", "Fate", "Walk", "fate_of"]

log = logging.getLogger("smswire.http")


class Fate(enum.Enum):
    """What an attempt that failed says about the call. UNSENT: no service took it, for certain. LOST: one may have. FINAL: this is the
    answer, and another access point would give the same."""

    UNSENT = "unsent"
    LOST = "lost"
    FINAL = "final"


def fate_of(error: ApiError, http_status: int = 200) -> Fate:
    """The fate that an error means. http_status: of the answer that it was made of.

    -26 with 503 is given before a body is read (decision V17): UNSENT; -26 with 200 is a service's word for troubles of any kind: LOST.
    Answers that are none of the API's are LOST, but for redirects and the client's faults (3xx, 4xx).
    """
    if isinstance(error, BadAnswer):
        return Fate.FINAL if 300 <= error.http_status < 500 else Fate.LOST
    if isinstance(error, AccessPointError):
        return Fate.LOST if error.written else Fate.UNSENT
    if isinstance(error, CommunicationFailed):
        return Fate.UNSENT if http_status == 503 else Fate.LOST
    return Fate.FINAL


class _State:
    __slots__ = ("backoff", "until")

    def __init__(self, backoff: Backoff) -> None:
        self.backoff = backoff
        self.until: float | None = None  # when the pause ends, None while the point works


class AccessPoints:
    """The access points of an account, and which of them are in a pause after a failure. Used by all threads of a client.

    points: primary first. backoff: how long a point that failed is passed over, default 5 s, 10 s, … up to 60 s, half of it random. lease:
    seconds that one call has to try a point whose pause is over, while the others still pass it over. clock: seconds that only grow.
    """

    def __init__(
        self, points: Sequence[AccessPoint], *, backoff: Backoff | None = None, lease: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.points = tuple(points)
        self._lease = lease
        self._clock = clock
        self._lock = threading.Lock()
        backoff = backoff if backoff is not None else Backoff(base=5.0, cap=60.0, jitter=0.5)
        self._states = {point: _State(copy.copy(backoff)) for point in self.points}

    def walk(self, repeatable: bool) -> Walk:
        """The way of one call. repeatable: whether the call may be made again where an earlier one may have been taken."""
        return Walk(self, repeatable)

    def next(self, tried: Iterable[AccessPoint] = ()) -> AccessPoint | None:
        """The first point that is not in a pause; if all are, the one whose pause ends first; None if all were tried."""
        passed = set(tried)
        left = [point for point in self.points if point not in passed]
        with self._lock:
            now = self._clock()
            for point in left:
                state = self._states[point]
                if state.until is None:
                    return point
                if state.until <= now:
                    state.until = now + self._lease
                    return point
            return min(left, key=lambda point: self._states[point].until or now, default=None)

    def failed(self, point: AccessPoint) -> float:
        """Say that a point failed. Returns the seconds of its pause."""
        with self._lock:
            state = self._states[point]
            pause = state.backoff.next()
            state.until = self._clock() + pause
            return pause

    def answered(self, point: AccessPoint) -> None:
        """Say that a point answered as it should: its pause, if any, is over."""
        with self._lock:
            state = self._states[point]
            state.until = None
            state.backoff.reset()

    @property
    def paused(self) -> tuple[AccessPoint, ...]:
        """The points that are passed over now."""
        with self._lock:
            now = self._clock()
            return tuple(point for point, state in self._states.items() if state.until is not None and state.until > now)


class Walk:
    """One call's way over the access points: `next` gives one, `failed` or `answered` says how it went. Each is tried once at most.

    A call that is not repeatable goes on only while it is certain that nobody took it.
    """

    __slots__ = ("_access", "_errors", "_over", "repeatable", "repeated", "tried")

    def __init__(self, access: AccessPoints, repeatable: bool) -> None:
        self._access = access
        self._errors: list[tuple[ApiError, Fate]] = []
        self._over = False
        self.repeatable = repeatable
        self.repeated = False  # an earlier attempt may have been taken
        self.tried: list[AccessPoint] = []

    def next(self) -> AccessPoint:
        """Where to go. Raises the error that ends the call if there is nowhere."""
        point = None if self._over else self._access.next(self.tried)
        if point is None:
            self._over = True
            raise self._last()
        if self._errors:
            log.warning("%s; trying %s", self._errors[-1][0], point)
        self.tried.append(point)
        return point

    def failed(self, error: ApiError, http_status: int = 200) -> None:
        """Say that the attempt failed. http_status: of its answer."""
        fate = fate_of(error, http_status)
        self._errors.append((error, fate))
        if fate is Fate.FINAL:
            self._access.answered(self.tried[-1])
            self._over = True
            return
        self._access.failed(self.tried[-1])
        if fate is Fate.LOST:
            self.repeated = True
            self._over = not self.repeatable

    def answered(self) -> None:
        """Say that the answer came."""
        self._access.answered(self.tried[-1])
        self._over = True

    def _last(self) -> ApiError:
        """What the call fails by. If an attempt may have been taken, that is what it says, whatever came of later ones."""
        error, fate = self._errors[-1]
        if len(self._errors) == 1 or fate is Fate.LOST:
            return error
        words = "; ".join(str(one) for one, _ in self._errors)
        if self.repeated:
            lost = NoAnswer(words, written=True)
            lost.__cause__ = error
            return lost
        return ConnectFailed(words) if isinstance(error, ConnectFailed) else error
