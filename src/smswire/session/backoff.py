"""Layer 6 of 9: how long to wait before the next attempt to connect and bind."""

from __future__ import annotations

import math
import random as _random
from collections.abc import Callable

from smpp_core import CommandStatus, EncodeError

__all__ = ["Backoff", "jittered"]

_ALREADY_BOUND = int(CommandStatus.ESME_RALYBND)
# Doublings after which any base has reached any cap; keeps the power finite after weeks of attempts.
_DOUBLINGS = 60


def jittered(attempt: int, base: float, cap: float, jitter: float, random: Callable[[], float]) -> float:
    """Seconds before the attempt that follows `attempt` (1 or more) failed ones: base, twice that, …, never above cap.

    jitter: share of it, 0 to 1, that `random` (numbers from 0 to 1) draws anew; 1 is "full jitter", which spreads clients best.
    """
    whole = min(cap, base * 2.0 ** min(attempt - 1, _DOUBLINGS))
    return whole * (1.0 - jitter * random())


class Backoff:
    """Exponential delays with full jitter between attempts to bind, so that a thousand clients do not come back in step.

    base: longest first delay, seconds. cap: longest delay at all. jitter: share of a delay that is random, 0 to 1. random: gives numbers
    from 0 to 1; a seeded one makes the delays repeat. already_bound: seconds added after ESME_RALYBND. That answer mostly means that the
    peer still holds our session that died; it drops it when an enquire_link of its own stays unanswered, usually within 30 to 60 s. Two
    waits of the default cover the 60 s that `Server` needs (30 s of silence, 30 s without an answer), and asking sooner cannot help.
    steady: seconds that a session must have lasted for the delays to begin anew; a peer that accepts binds and drops them at once is
    not hammered. Raises EncodeError for values that make no sense.
    """

    __slots__ = ("_random", "already_bound", "attempt", "base", "cap", "jitter", "steady")

    def __init__(
        self, base: float = 0.5, cap: float = 60.0, jitter: float = 1.0, *, random: Callable[[], float] | None = None,
        already_bound: float = 30.0, steady: float = 10.0,
    ) -> None:
        for name, value in (("base", base), ("cap", cap), ("already_bound", already_bound), ("steady", steady)):
            if not (value >= 0 and math.isfinite(value)):
                raise EncodeError(f"{name} is {value!r}, it must be 0 seconds or more", name)
        if not 0 <= jitter <= 1:
            raise EncodeError(f"jitter is {jitter!r}, it must be from 0 to 1", "jitter")
        self.base = base
        self.cap = cap
        self.jitter = jitter
        self.already_bound = already_bound
        self.steady = steady
        self.attempt = 0  # failed attempts since the last steady session
        self._random = _random.random if random is None else random

    def next(self, status: int | None = None) -> float:
        """Seconds to wait after one more failed attempt. status: the command_status that refused the bind, None for other causes."""
        self.attempt += 1
        delay = jittered(self.attempt, self.base, self.cap, self.jitter, self._random)
        return delay + self.already_bound if status == _ALREADY_BOUND else delay

    def ended(self, lasted: float) -> None:
        """Say that a bound session ended after `lasted` seconds: if it was steady, the delays begin anew."""
        if lasted >= self.steady:
            self.attempt = 0

    def reset(self) -> None:
        """Begin anew with the shortest delay."""
        self.attempt = 0
