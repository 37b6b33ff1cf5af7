"""Commands, above layer 9: what became of each message that was sent: responses, receipts, latencies; nothing is left uncounted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from smpp_core import MessageState, Profile, Receipt, RequestTimeout

from ..session.many import SubmitResult
from ..session.metrics import Metrics
from .traffic import Piece

_FINAL = frozenset((
    MessageState.DELIVERED, MessageState.EXPIRED, MessageState.DELETED, MessageState.UNDELIVERABLE, MessageState.UNKNOWN,
    MessageState.REJECTED,
))
_EARLY = 100_000  # receipts that may come before their responses: more are counted as strangers
PERCENTILES = (50.0, 90.0, 99.0, 99.9, 99.99)
_MOST_WORDS = 1_000  # states and errors that are told apart: a peer may write anything there
_OTHERS = "other"
_RECEIPT = "receipt"


def _count(counter: Counter[str], word: str) -> None:
    counter[word if word in counter or len(counter) < _MOST_WORDS else _OTHERS] += 1


class Tally:
    """Counts by message. clock: seconds. profile: names statuses. receipts: whether each accepted part is to bring a final receipt."""

    def __init__(self, clock: Callable[[], float], profile: Profile, receipts: bool) -> None:
        self.clock = clock
        self.profile = profile
        self.receipts = receipts
        self.latencies = Metrics()
        self.segments = self.messages = self.accepted = 0
        self.refused: Counter[str] = Counter()  # segments, by status
        self.timed_out = self.lost = self.unsent = 0  # segments
        self.states: Counter[str] = Counter()  # receipts
        self.errors: Counter[str] = Counter()  # err of receipts that are no DELIVERED
        self.strangers = self.inbound = 0  # receipts of no segment of ours; messages
        self._open: dict[int, tuple[int, float, int]] = {}  # index: message, intended time, parts
        self._left: dict[int, int] = {}  # message: parts without result; negative once one failed
        self._failed: set[int] = set()
        self._awaited: dict[str, float] = {}
        self._early: dict[str, tuple[str, float]] = {}

    def sent(self, index: int, piece: Piece, intended: float) -> None:
        """A segment is handed over; intended: when it was to leave."""
        self._open[index] = piece.message, intended, piece.parts
        self.segments += 1
        if piece.message not in self._left:
            self._left[piece.message] = piece.parts
            self.messages += 1

    def answered(self, result: SubmitResult, response_from_intended: bool) -> None:
        """A segment has its result. response_from_intended: count its latency from when it was to leave, not from when it left."""
        message, intended, _ = self._open.pop(result.index)
        now = self.clock()
        good = result.error is None and not result.status
        if result.error is None:
            latency = now - intended if response_from_intended else result.latency
            self.latencies.answered("submit_sm", result.status, latency)
            if result.status:
                self.refused[self.profile.status(result.status).name] += 1
        elif not getattr(result.error, "written", False):
            self.unsent += 1
        elif isinstance(result.error, RequestTimeout):
            self.timed_out += 1
        else:
            self.lost += 1
        if good and self.receipts and result.message_id:
            early = self._early.pop(result.message_id, None)
            if early is None:
                self._awaited[result.message_id] = intended
            else:
                self._final(early[0], early[1] - intended)
        if not good:
            self._failed.add(message)
        self._left[message] -= 1
        if not self._left[message]:
            del self._left[message]
            if message in self._failed:
                self._failed.discard(message)
            else:
                self.accepted += 1

    def receipt(self, receipt: Receipt) -> None:
        """A receipt has come; those that are not final do not count."""
        if receipt.state is not None and receipt.state not in _FINAL or receipt.intermediate:
            return
        word = receipt.state.name if receipt.state is not None else receipt.stat or "?"
        if receipt.state is not MessageState.DELIVERED and receipt.err:
            _count(self.errors, receipt.err)
        key = receipt.id or ""
        intended = self._awaited.pop(key, None)
        if intended is not None:
            self._final(word, self.clock() - intended)
        elif key and len(self._early) < _EARLY:
            self._early[key] = word, self.clock()
        else:
            self.strangers += 1

    def _final(self, word: str, latency: float) -> None:
        _count(self.states, word)
        self.latencies.answered(_RECEIPT, 0, max(0.0, latency))

    @property
    def awaited(self) -> int:
        """Accepted segments whose final receipt has not come."""
        return len(self._awaited)

    @property
    def open(self) -> int:
        """Segments without result."""
        return len(self._open)

    @property
    def unaccounted(self) -> int:
        """Segments of which nobody knows what became of them: no response, or no receipt where one was to come."""
        return self.open + self.timed_out + self.lost + self.awaited

    def summary(self, seconds: float) -> dict[str, Any]:
        """Everything as a plain dict. seconds: from the first submit to the last response."""
        answered = self.latencies.count("answered", "submit_sm")
        good = self.latencies.count("answered", "submit_sm", 0)
        found: dict[str, Any] = {
            "messages": self.messages, "accepted_messages": self.accepted, "segments": self.segments, "accepted": good,
            "refused": dict(self.refused), "timed_out": self.timed_out, "lost": self.lost, "unsent": self.unsent, "in_flight": self.open,
            "seconds": round(seconds, 6), "segments_per_second": round(answered / seconds, 1) if seconds > 0 else 0.0,
            "accepted_per_second": round(good / seconds, 1) if seconds > 0 else 0.0,
            "latency_ms": self.milliseconds("submit_sm"),
        }
        if self.receipts:
            found["receipts"] = {
                "received": self.states.total(), "states": dict(self.states), "errors": dict(self.errors), "missing": self.awaited,
                "unexpected": self.strangers + len(self._early), "latency_ms": self.milliseconds(_RECEIPT),
            }
        return found

    def milliseconds(self, what: str) -> dict[str, float]:
        """Percentiles and maximum of the latencies, in milliseconds; empty without any."""
        longest = self.latencies.longest(what)
        if longest is None:
            return {}
        found = {f"p{p:g}": round((self.latencies.percentile(p, what) or 0.0) * 1e3, 3) for p in PERCENTILES}
        return found | {"max": round(longest * 1e3, 3)}
