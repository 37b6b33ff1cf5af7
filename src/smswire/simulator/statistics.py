"""Layer 8 of 9: what a simulated SMSC counts."""

from __future__ import annotations

from collections import Counter
from typing import Any

from msgspec import Struct, field

from smpp_core import MessageState, Profile

__all__ = ["Statistics"]


class Statistics(Struct):
    """Counts since the start. sessions: that were bound; messages: accepted, one for each destination; refused: submissions by status.

    ended: by number of the final state; receipts_*: sent (again included), acknowledged, refused by the client for good, sent again, and
    given up. inbound_*: the same of messages to clients; dropped: for which there was no room.
    """

    sessions: int = 0
    messages: int = 0
    refused: Counter[int] = field(default_factory=Counter)
    ended: list[int] = field(default_factory=lambda: [0] * len(MessageState))
    receipts_sent: int = 0
    receipts_acknowledged: int = 0
    receipts_refused: int = 0
    receipts_resent: int = 0
    receipts_lost: int = 0
    inbound_sent: int = 0
    inbound_acknowledged: int = 0
    inbound_refused: int = 0
    inbound_dropped: int = 0

    @property
    def states(self) -> Counter[MessageState]:
        """Messages by final state."""
        return Counter({MessageState(number): count for number, count in enumerate(self.ended) if count})

    def as_dict(self) -> dict[str, Any]:
        """All of it under the names above; statuses and states by their names."""
        found: dict[str, Any] = {name: getattr(self, name) for name in self.__struct_fields__}
        found["refused"] = {Profile.vendor().status(status).name: count for status, count in sorted(self.refused.items())}
        del found["ended"]
        found["states"] = {state.name: count for state, count in self.states.items()}
        return found
