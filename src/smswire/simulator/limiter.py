"""Layer 8 of 9: how an SMSC keeps a client to its messages a second."""

from __future__ import annotations

from typing import Protocol

from smpp_core import CommandStatus

from .scenario import AccountDefaults

__all__ = ["Bucket", "FixedWindow", "Limiter", "Queue", "limiter_of"]

_OK = 0
_THROTTLED = int(CommandStatus.ESME_RTHROTTLED)
_FULL = int(CommandStatus.ESME_RMSGQFUL)


class Limiter(Protocol):
    """Says which command_status a message gets."""

    def take(self, now: float) -> int:
        """0, or the status that refuses a message at this moment (seconds)."""


class FixedWindow:
    """So many messages in each whole second; the rest of the second is refused."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._second = -1
        self._taken = 0

    def take(self, now: float) -> int:
        """As Limiter."""
        if int(now) != self._second:
            self._second, self._taken = int(now), 0
        self._taken += 1
        return _OK if self._taken <= self._rate else _THROTTLED


class Bucket:
    """A bucket of tokens: an even rate, and a burst at once."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = max(1.0, burst)
        self._tokens = self._burst
        self._since: float | None = None

    def take(self, now: float) -> int:
        """As Limiter."""
        if self._since is not None:
            self._tokens = min(self._burst, self._tokens + (now - self._since) * self._rate)
        self._since = now
        if self._tokens < 1:
            return _THROTTLED
        self._tokens -= 1
        return _OK


class Queue:
    """A queue that is worked off at the rate: what does not fit in any more is refused with RMSGQFUL."""

    def __init__(self, rate: float, places: float) -> None:
        self._rate = rate
        self._places = places
        self._waiting = 0.0
        self._since = 0.0

    def take(self, now: float) -> int:
        """As Limiter."""
        self._waiting = max(0.0, self._waiting - (now - self._since) * self._rate)
        self._since = now
        if self._waiting + 1 > self._places:
            return _FULL
        self._waiting += 1
        return _OK


def limiter_of(account: AccountDefaults) -> Limiter | None:
    """The limiter that an account's settings mean; None for no limit."""
    if not account.tps:
        return None
    burst = account.burst if account.burst is not None else max(1.0, account.tps)
    if account.limiter == "bucket":
        return Bucket(account.tps, burst)
    return Queue(account.tps, burst) if account.limiter == "queue" else FixedWindow(account.tps)
