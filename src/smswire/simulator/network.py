"""Layer 8 of 9: mobile networks: which one a number belongs to."""

from __future__ import annotations

from collections.abc import Iterable

from .scenario import Network

__all__ = ["ANYWHERE", "Networks", "is_number"]

# Where a scenario has no networks: covers every number, and Number Context knows nothing about it.
ANYWHERE = Network(name="", prefixes=("0",))


def is_number(text: str) -> bool:
    """True for the digits of an international number: 5 to 15, the first not 0 (E.164)."""
    return 5 <= len(text) <= 15 and text.isascii() and text.isdigit() and text[0] != "0"


class Networks:
    """Finds the network of a number by the longest prefix. networks: none at all means one that covers everything."""

    def __init__(self, networks: Iterable[Network]) -> None:
        self.by_name = {network.name: network for network in networks}
        self._prefixes = {prefix: network for network in self.by_name.values() for prefix in network.prefixes}
        self._lengths = sorted({len(prefix) for prefix in self._prefixes}, reverse=True)

    def find(self, number: str) -> Network | None:
        """The network that the number was issued by; None if there is none. number: digits without "+"."""
        if not self._lengths:
            return ANYWHERE
        prefixes = self._prefixes
        for length in self._lengths:
            found = prefixes.get(number[:length])
            if found is not None:
                return found
        return None
