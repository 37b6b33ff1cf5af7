"""Layer 6 of 9: whether a request that the peer refused is sent again, and when."""

from __future__ import annotations

import math
import random as _random
from collections.abc import Callable, Mapping

from smpp_core import EncodeError
from smpp_core.spec.rows import Status

from .backoff import jittered

__all__ = ["KINDS", "Retry"]

KINDS = ("never", "later", "rebind", "unknown")


class Retry:
    """Decides about sending again from the status row of the peer's profile: `profile.status(response.command_status)`.

    "later": after a delay. "rebind": after a delay and only on a new session, which the caller opens first. "never" and "unknown": not at
    all; after an unknown status the message may already be on its way, and sending it again would double it.

    attempts: how often one request is sent at most, the first time included. base, cap, jitter: as in `Backoff`, seconds and a share.
    statuses: other kinds than the table's by command_status, as {0x45: "later"}. random: gives numbers from 0 to 1. The whole time that
    a request may take is the caller's `timeout`. Raises EncodeError for values that make no sense.
    """

    __slots__ = ("_random", "_statuses", "attempts", "base", "cap", "jitter")

    def __init__(
        self, attempts: int = 5, base: float = 0.5, cap: float = 30.0, jitter: float = 1.0, *, statuses: Mapping[int, str] | None = None,
        random: Callable[[], float] | None = None,
    ) -> None:
        if attempts < 1:
            raise EncodeError(f"attempts is {attempts!r}, it must be 1 or more", "attempts")
        for name, value in (("base", base), ("cap", cap)):
            if not (value >= 0 and math.isfinite(value)):
                raise EncodeError(f"{name} is {value!r}, it must be 0 seconds or more", name)
        if not 0 <= jitter <= 1:
            raise EncodeError(f"jitter is {jitter!r}, it must be from 0 to 1", "jitter")
        self._statuses = dict(statuses or {})
        for status, kind in self._statuses.items():
            if kind not in KINDS:
                raise EncodeError(f"status 0x{status:08X} has the kind {kind!r}, which is none of {', '.join(KINDS)}", "statuses")
        self.attempts = attempts
        self.base = base
        self.cap = cap
        self.jitter = jitter
        self._random = _random.random if random is None else random

    def kind(self, status: Status) -> str:
        """What is done about a status: "never", "later", "rebind" or "unknown"."""
        return self._statuses.get(status.value, status.retry)

    def next(self, status: Status, attempt: int, now: float = 0.0, deadline: float = math.inf) -> float | None:
        """Seconds to wait before sending again, None if it is not sent again.

        status: the row of the answer's command_status. attempt: how often the request was sent so far, 1 or more. now, deadline: if both
        are given, an attempt that could not begin before the deadline is none. For the kind "rebind" the caller binds anew first.
        """
        if attempt >= self.attempts or status.value == 0 or self.kind(status) not in ("later", "rebind"):
            return None
        delay = jittered(attempt, self.base, self.cap, self.jitter, self._random)
        return delay if now + delay < deadline else None
