"""Layer 8 of 9: chance that can be repeated: numbers that are functions of a seed and a key, whatever order they are asked in."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Generic, TypeVar

__all__ = ["Draw", "mix", "share_of"]

T = TypeVar("T")

_MASK = 0xFFFFFFFFFFFFFFFF


def mix(seed: int, key: int) -> int:
    """64 bits that look like chance (the finalizer of splitmix64). seed, key: any integers."""
    x = (key * 0x9E3779B97F4A7C15 + seed * 0xD1342543DE82EF95 + 0x632BE59BD9B4E019) & _MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
    return x ^ (x >> 31)


def share_of(bits: int) -> float:
    """The lowest 32 of the bits as a number from 0 to 1, 1 excluded."""
    return (bits & 0xFFFFFFFF) / 4294967296.0


class Draw(Generic[T]):
    """Draws one of several things by weight. things: in order; weights: positive, in any unit."""

    def __init__(self, things: Sequence[T], weights: Iterable[float]) -> None:
        self._things = tuple(things)
        self._bounds = tuple(accumulate(weights))

    def at(self, u: float) -> T:
        """The thing that a number from 0 to 1 (excluded) means."""
        things = self._things
        if len(things) == 1:
            return things[0]
        return things[min(bisect_right(self._bounds, u * self._bounds[-1]), len(things) - 1)]
