"""Layer 8 of 9: handsets and the people behind them: switched off, full, or writing back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from .chance import mix
from .scenario import Handset

__all__ = ["Handsets", "matcher", "number_like"]


def matcher(pattern: str) -> Callable[[str], object]:
    """A function that tells whether a whole word fits a pattern of `*` (anything, also nothing) and `?` (one character)."""
    parts = re.split(r"([*?])", pattern)
    return re.compile("".join({"*": ".*", "?": "."}.get(part, re.escape(part)) for part in parts), re.DOTALL).fullmatch


def number_like(pattern: str, seed: int, key: int) -> str:
    """The pattern with a digit in each place of a `?`: always the same for the same seed and key."""
    if "?" not in pattern:
        return pattern
    digits = mix(seed, key)
    found = []
    for letter in pattern:
        if letter == "?":
            digits, digit = divmod(digits, 10)
            letter = str(digit)
        found.append(letter)
    return "".join(found)


class Handsets:
    """Finds the handset of a number: a number that is named wholly comes before patterns, of which the first that fits counts."""

    def __init__(self, handsets: Iterable[Handset]) -> None:
        self._numbers: dict[str, Handset] = {}
        self._patterns: list[tuple[Callable[[str], object], Handset]] = []
        for handset in handsets:
            if "*" in handset.number or "?" in handset.number:
                self._patterns.append((matcher(handset.number), handset))
            else:
                self._numbers.setdefault(handset.number, handset)

    def __bool__(self) -> bool:
        return bool(self._numbers or self._patterns)

    def find(self, number: str) -> Handset | None:
        """The handset; None for an ordinary one, that is on and says nothing."""
        found = self._numbers.get(number)
        if found is None:
            found = next((handset for fits, handset in self._patterns if fits(number)), None)
        return found
