"""Layer 6 of 9: counts what a session does, and how long its peer takes to answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from smpp_core import EncodeError, Profile

from .adaptive import THROTTLING

if TYPE_CHECKING:
    from hdrh.histogram import HdrHistogram  # type: ignore[import-untyped]

__all__ = ["OTHER", "Metrics"]

# Latencies are kept on the grid of a HdrHistogram of microseconds with three digits: exact below 2,048 µs, then 1,024 steps an octave.
# 2**35 µs is nine hours; no response that somebody still waits for takes longer.
_BITS = 11
_EXACT = 1 << _BITS
_STEPS = _EXACT >> 1
_LONGEST = (1 << 35) - 1
_BUCKETS = _EXACT + _STEPS * (35 - _BITS)
# Above so many different latencies a flat list (0.2 MiB) is smaller than a dictionary.
_SPARSE = 1_024
# Pairs of command and status that are counted apart. The peer chooses the statuses, and 128 pairs with all their latencies hold at most
# 110 MiB (it takes 26,000 well-timed responses a pair); an honest peer uses a handful. What is over is counted under OTHER.
_PAIRS = 128
OTHER = -1

_Pair = tuple[str, int]
_PERCENTILES = (50.0, 90.0, 99.0, 99.9, 99.99)
_COUNTERS = ("answered", "throttled", "timed_out", "lost", "received")


class _Latencies:
    """The latencies of one command and status: how many stand at each place of the grid, and the exact longest."""

    __slots__ = ("counts", "longest")

    def __init__(self) -> None:
        self.counts: dict[int, int] | list[int] = {}
        self.longest = 0.0

    def places(self) -> list[tuple[int, int]]:
        """(place on the grid, count) pairs."""
        counts = self.counts
        return [(place, n) for place, n in (enumerate(counts) if isinstance(counts, list) else counts.items()) if n]

    def add(self, place: int, n: int) -> None:
        """Count at a place where nothing was counted before, or where no place is."""
        place = min(place, _BUCKETS - 1)
        counts = self.counts
        if isinstance(counts, dict):
            counts[place] = counts.get(place, 0) + n
            if len(counts) > _SPARSE:
                self.counts = [counts.get(place, 0) for place in range(_BUCKETS)]
        else:
            counts[place] += n


class Metrics:
    """Counters and latency histograms of one or many sessions. Cheap to write; what is costly is done when it is read.

    octets_in, octets_out, pdus_in, pdus_out: numbers that the owner adds to. Commands go by the request's name, as "submit_sm". Statuses
    beyond 128 pairs of command and status are counted as OTHER (-1), and latencies over nine hours as nine hours: memory has a bound
    whatever a peer does. For one thread at a time.
    """

    def __init__(self) -> None:
        self.octets_in = 0
        self.octets_out = 0
        self.pdus_in = 0
        self.pdus_out = 0
        self._latencies: dict[_Pair, _Latencies] = {}
        self._received: dict[_Pair, int] = {}
        self._timed_out: dict[str, int] = {}
        self._lost: dict[str, int] = {}

    def answered(self, command: str, status: int, latency: float) -> None:
        """Count one response to a request of ours. status: its command_status. latency: seconds from sending to the response."""
        try:
            found = self._latencies[command, status]
        except KeyError:
            found = self._opened(command, status)
        if latency > found.longest:
            found.longest = latency
        place = int(latency * 1e6 + 0.5)
        if place >= _EXACT:
            shift = place.bit_length() - _BITS
            place = shift * _STEPS + (place >> shift)
        elif place < 0:  # a clock that was set back
            place = 0
        try:
            found.counts[place] += 1
        except (KeyError, IndexError):
            found.add(place, 1)

    def timed_out(self, command: str, n: int = 1) -> None:
        """Count n requests of ours without a response in time."""
        self._timed_out[command] = self._timed_out.get(command, 0) + n

    def lost(self, command: str, n: int = 1) -> None:
        """Count n requests of ours whose link fell before the response."""
        self._lost[command] = self._lost.get(command, 0) + n

    def received(self, command: str, status: int = 0, n: int = 1) -> None:
        """Count n requests of the peer. status: the command_status that we answered with."""
        pair = command, status
        if pair not in self._received and len(self._received) >= _PAIRS:
            pair = command, OTHER
        self._received[pair] = self._received.get(pair, 0) + n

    def count(self, what: str, command: str | None = None, status: int | None = None) -> int:
        """Sum of a counter: what is "answered", "throttled" (a part of answered), "timed_out", "lost" or "received".

        command, status: of these only; None for all. Timed-out and lost requests have no status. Raises EncodeError for another word.
        """
        if what == "answered":
            return sum(n for pair in self._chosen(command, status) for _, n in self._latencies[pair].places())
        if what == "throttled":
            return sum(self.count("answered", command, each) for each in THROTTLING if status in (None, each))
        if what == "received":
            return sum(n for pair, n in self._received.items() if command in (None, pair[0]) and status in (None, pair[1]))
        if what not in _COUNTERS:
            raise EncodeError(f"{what!r} is none of {', '.join(_COUNTERS)}", "what")
        counts = self._timed_out if what == "timed_out" else self._lost
        return sum(n for name, n in counts.items() if command in (None, name)) if status is None else 0

    def percentile(self, p: float, command: str | None = None, status: int | None = None) -> float | None:
        """Seconds within which p percent (0 to 100) of the responses came; None if there was none. Raises EncodeError for another p.

        Never too low, too high by less than 1 part in 1,024 (half a microsecond where that is more), and never above the exact longest.
        """
        if not 0 <= p <= 100:
            raise EncodeError(f"p is {p!r}, it must be from 0 to 100", "p")
        longest = self.longest(command, status)
        if longest is None:
            return None
        value = self.histogram(command, status).get_value_at_percentile(max(p, 1e-9))  # at 0 it rounds down, elsewhere up
        return min(float(value) / 1e6, longest)

    def longest(self, command: str | None = None, status: int | None = None) -> float | None:
        """The longest latency, exact, in seconds; None if there was no response."""
        return max((self._latencies[pair].longest for pair in self._chosen(command, status)), default=None)

    def histogram(self, command: str | None = None, status: int | None = None) -> HdrHistogram:
        """A HdrHistogram of microseconds, three digits, made anew at each call: to plot, to encode, to merge with those of others."""
        from hdrh.histogram import HdrHistogram  # loads a library that only readers need

        histogram = HdrHistogram(1, _LONGEST, 3)
        for pair in self._chosen(command, status):
            for place, n in self._latencies[pair].places():
                shift = max(0, place // _STEPS - 1)
                histogram.record_value(place if not shift else (place - shift * _STEPS) << shift, n)
        return histogram

    def merge(self, other: Metrics) -> None:
        """Add another's counts to these; the other stays as it is."""
        for name in ("octets_in", "octets_out", "pdus_in", "pdus_out"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for (command, status), theirs in list(other._latencies.items()):
            ours = self._opened(command, status)
            ours.longest = max(ours.longest, theirs.longest)
            for place, n in theirs.places():
                ours.add(place, n)
        for (command, status), n in list(other._received.items()):
            self.received(command, status, n)
        for command, n in list(other._timed_out.items()):
            self.timed_out(command, n)
        for command, n in list(other._lost.items()):
            self.lost(command, n)

    def snapshot(self, profile: Profile | None = None) -> dict[str, Any]:
        """All of it as a plain dict for JSON: the four numbers, and by command its counts and latencies in milliseconds.

        profile: names the statuses (default: the vendor's); those over the limit are "other".
        """
        name = (profile or Profile.vendor()).status
        commands: dict[str, Any] = {}
        for command in sorted({pair[0] for pair in (*self._latencies, *self._received)} | {*self._timed_out, *self._lost}):
            entry: dict[str, Any] = {what: self.count(what, command) for what in ("throttled", "timed_out", "lost")}
            for what, pairs in (("answered", self._latencies), ("received", self._received)):
                entry[what] = {
                    "other" if status == OTHER else name(status).name: self.count(what, command, status)
                    for owner, status in sorted(pairs) if owner == command
                }
            entry["latency_ms"] = self._latency_ms(command)
            commands[command] = entry
        return {
            "octets_in": self.octets_in, "octets_out": self.octets_out, "pdus_in": self.pdus_in, "pdus_out": self.pdus_out,
            "commands": commands,
        }

    def _latency_ms(self, command: str) -> dict[str, float]:
        longest = self.longest(command)
        if longest is None:
            return {}
        values = self.histogram(command).get_percentile_to_value_dict(_PERCENTILES)
        found = {f"p{p:g}": round(min(value / 1e6, longest) * 1e3, 6) for p, value in values.items()}
        return found | {"max": round(longest * 1e3, 6)}

    def _chosen(self, command: str | None, status: int | None) -> list[_Pair]:
        return [pair for pair in self._latencies if command in (None, pair[0]) and status in (None, pair[1])]

    def _opened(self, command: str, status: int) -> _Latencies:
        pair = command, status
        if pair not in self._latencies and len(self._latencies) >= _PAIRS:
            pair = command, OTHER
        return self._latencies.setdefault(pair, _Latencies())
