"""Layer 6 of 9: what slows down those who guess passwords, and what compares passwords in constant time. Time comes in as a number."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections import OrderedDict, deque

__all__ = ["Guard", "same_secret"]

# No account's name is longer on the wire (16 octets, SMPP 3.4 5.2.1); a peer that sends more shall not make us keep it.
_NAME_LENGTH = 64


class _Failures:
    __slots__ = ("strikes", "times")

    def __init__(self, allowed: int) -> None:
        self.times: deque[float] = deque(maxlen=allowed)
        self.strikes = 0


class Guard:
    """Counts failed logins by (address, name) and says how long the answer to each is to wait.

    Within `period` seconds `allowed` wrong passwords are answered at once; from then on each waits, `first` seconds, then twice as long,
    up to `longest`, until the failures are `allowed` a period or fewer again. Right passwords are never asked about here, so nobody can
    lock an account or slow its owner down. Of IPv6 addresses the first 64 bits count: that is what one subscriber has. At most `entries`
    pairs are kept (under 2 KiB each); when there are more, those that failed longest ago are forgotten.
    """

    __slots__ = ("_table", "allowed", "entries", "first", "longest", "period")

    def __init__(
        self, *, allowed: int = 5, period: float = 60.0, first: float = 1.0, longest: float = 8.0, entries: int = 10_000,
    ) -> None:
        if allowed < 1 or entries < 1:
            raise ValueError("allowed and entries are 1 at least")
        self.allowed = allowed
        self.period = period
        self.first = first
        self.longest = longest
        self.entries = entries
        self._table: OrderedDict[tuple[str, str], _Failures] = OrderedDict()

    def __len__(self) -> int:
        """Pairs that are kept."""
        return len(self._table)

    def failed(self, address: str, name: str, now: float) -> float:
        """Note a wrong password; returns the seconds that its answer is to wait, 0 for none. now: of a clock that never runs back."""
        key = (_subscriber(address), name[:_NAME_LENGTH])
        table = self._table
        entry = table.get(key)
        if entry is None:
            self._forget(now)
            entry = table[key] = _Failures(self.allowed)
        table.move_to_end(key)
        times = entry.times
        over = len(times) == self.allowed and now - times[0] < self.period
        times.append(now)
        if not over:
            entry.strikes = 0
            return 0.0
        # Not `first * 2**strikes`: strikes has no limit, a float has.
        wait = self.first
        for _ in range(entry.strikes):
            if wait >= self.longest:
                break
            wait *= 2
        entry.strikes += 1
        return min(wait, self.longest)

    def _forget(self, now: float) -> None:
        """Make room for one entry; those that can say nothing any more go first, two at a time, so that the table also shrinks."""
        table = self._table
        for _ in range(2):
            if not table:
                return
            key, oldest = next(iter(table.items()))
            if len(table) < self.entries and now - oldest.times[-1] < self.period:
                return
            del table[key]


def _subscriber(address: str) -> str:
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:_NAME_LENGTH]
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.IPv6Address(int(found) >> 64 << 64))
    return str(found)


def same_secret(given: str, right: str) -> bool:
    """Whether two passwords are the same, in a time that tells nothing about either, their lengths included."""
    digests = [hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest() for secret in (given, right)]
    return hmac.compare_digest(*digests)
