"""Layer 5 of 9: which message a response or a receipt is about: ids joined, receipts that come too early parked; bounded, no clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable
from typing import Literal, TypeAlias

from msgspec import Struct

from smpp_core import CommandFailed, Pdu, Receipt, SmppError

from .ids import IdMatcher, fold, meanings
from .rollup import Rollup, State

__all__ = ["Overdue", "PushedOut", "Tracker", "TrackerEvent", "Unmatched"]

_MOST_EVENTS = 1000  # that tick has not given out yet; the counters go on
_GIVEN_UP = {
    "messages": "too many messages are open", "ids": "too many message ids are kept", "repeated": "the peer gave its id to another message",
}


class Unmatched(Struct, frozen=True):
    """A parked receipt that no response claimed. since: when it came; reason: "expired" or "pushed out" (the park was full)."""

    receipt: Receipt
    since: float
    reason: Literal["expired", "pushed out"]


class Overdue(Struct, frozen=True):
    """A message without all its final receipts when its time was over; those of its parts are UNKNOWN now."""

    rollup: Rollup


class PushedOut(Struct, frozen=True):
    """A message that was not final had to make room (of messages or ids): receipts of it may go unmatched.

    reason: "messages", "ids", or "repeated" where the peer gave one id to two messages, and the newer has it now.
    """

    rollup: Rollup
    reason: Literal["messages", "ids", "repeated"]


TrackerEvent: TypeAlias = Unmatched | Overdue | PushedOut


class _Message(Struct):
    """An open message. deadline: when it is overdue; waiting: parts that were submitted and not answered."""

    rollup: Rollup
    deadline: float
    waiting: int = 0


class _Parked(Struct, gc=False):
    """A receipt that waits. words: what the response's id may be, folded."""

    receipt: Receipt
    since: float
    words: tuple[str, ...]


class Tracker:
    """Follows the messages that go to one peer (over any number of its sessions) until they are final. Not thread-safe, time is given.

    A sender says `submitted` for each part before its request goes out, `responded` with what came back (a response or an error), and
    `receipt` for each receipt. A receipt whose id nothing has is parked for `patience` seconds and matched in the call that brings the
    id; so is one whose id may mean several messages (see IdMatcher), until that is settled. What is final stays known by its ids, so
    receipts that come again change nothing and are not parked.

    limit: messages open at once; ids: message ids kept, final messages' too. A message of one part costs about 0.6 KB. parked: receipts at
    once, some 0.5 KB each. patience: 24 h; wait: seconds from the first part to the last receipt, after which a message is UNKNOWN.
    Over a cap the oldest goes, with an event of the next `tick`; counts of all that ever happened: unmatched, overdue, pushed_out.
    """

    def __init__(
        self, *, limit: int = 100_000, ids: int = 200_000, parked: int = 10_000, patience: float = 86_400.0, wait: float = 3 * 86_400.0,
    ) -> None:
        self.limit = limit
        self.most_parked = parked
        self.patience = patience
        self.wait = wait
        self.ids: IdMatcher[tuple[Rollup, tuple[int, ...]]] = IdMatcher(ids)
        self.unmatched = 0
        self.overdue = 0
        self.pushed_out = 0
        self._open: dict[Hashable, _Message] = {}      # oldest first
        self._unanswered = 0
        self._parked: dict[int, _Parked] = {}          # oldest first
        self._by_word: dict[str, list[int]] = {}       # what the id of the response would be when folded -> parked receipts
        self._doubtful: dict[int, None] = {}           # parked, and their ids had more than one meaning
        self._last_parked = 0
        self._events: deque[TrackerEvent] = deque(maxlen=_MOST_EVENTS)

    def __len__(self) -> int:
        """Messages that are not final."""
        return len(self._open)

    @property
    def parked(self) -> int:
        """Receipts that wait for their message."""
        return len(self._parked)

    def get(self, key: Hashable) -> Rollup | None:
        """The open message of that key."""
        found = self._open.get(key)
        return None if found is None else found.rollup

    def submitted(self, key: Hashable, now: float, part: int = 1, total: int = 1, *, receipts: bool = True) -> Rollup:
        """A part (of 1 to total) of the message `key` is about to go out. The first call opens the message.

        receipts: whether receipts will come; without them a positive response is final. Returns the message's Rollup, whose `given_up`
        says so once it is followed no more.
        """
        found = self._open.get(key)
        if found is None:
            found = self._open[key] = _Message(Rollup(key, total, receipts=receipts), now + self.wait)
            if len(self._open) > self.limit:
                self._push_out(self._close(next(iter(self._open))), "messages")
        found.rollup.submitting(part)
        found.waiting += 1
        self._unanswered += 1
        return found.rollup

    def responded(self, key: Hashable, part: int, response: Pdu | SmppError) -> Rollup | None:
        """What came back for a part: its response, or the error instead of one. A receipt that was parked for its id is taken at once.

        Returns the message's Rollup; None for a message that is not open (unknown, pushed out, overdue).
        """
        found = self._open.get(key)
        if found is None:
            return None
        if found.waiting:
            found.waiting -= 1
            self._unanswered -= 1
        rollup = found.rollup
        radix = self.ids.radix
        if isinstance(response, CommandFailed):
            response = response.response
        if isinstance(response, SmppError):
            rollup.failed(part, response)
        else:
            message_id = getattr(response, "message_id", None) or None
            rollup.responded(part, response.command_status, message_id)
            if message_id is not None and response.command_status == 0:
                self._named(rollup, part, message_id)
        self._close_if_final(rollup)
        if self._doubtful and (self.ids.radix is not radix or self._unanswered == 0 and radix is None):
            self._try_again()
        return rollup

    def receipt(self, receipt: Receipt, now: float) -> Rollup | None:
        """Take a receipt. Returns the Rollup of its message, changed or not; None if it is parked (see `unmatched` for one without id)."""
        radix = self.ids.radix
        rollup, doubtful = self._take(receipt)
        if rollup is None:
            self._park(receipt, now, doubtful)
        if self.ids.radix is not radix:
            self._try_again()
        return rollup

    def tick(self, now: float) -> list[TrackerEvent]:
        """Give up receipts and messages whose time is over. Returns what happened to them, and what was pushed out since the last tick."""
        while self._parked:
            number, parked = next(iter(self._parked.items()))
            if parked.since + self.patience > now:
                break
            self._unmatch(number, "expired")
        overdue: list[TrackerEvent] = []
        while self._open:
            key, found = next(iter(self._open.items()))
            if found.deadline > now:
                break
            self._close(key)
            if not found.rollup.final:
                found.rollup.overdue()
                if not found.rollup.final:  # a part of it has not even been answered
                    found.rollup.given_up = "its time is over"
                self.overdue += 1
                overdue.append(Overdue(found.rollup))
        events = [*self._events, *overdue]
        self._events.clear()
        return events

    def deadline(self) -> float | None:
        """When tick has something to give up next; None for never."""
        times = [next(iter(self._parked.values())).since + self.patience] if self._parked else []
        if self._open:
            times.append(next(iter(self._open.values())).deadline)
        return min(times, default=None)

    # -- ids

    def _named(self, rollup: Rollup, part: int, message_id: str) -> None:
        """The peer has named a part. Some peers give all parts of a message one name: its receipts are about all of them."""
        same = self.ids.get(message_id)
        parts: tuple[int, ...] = (part,)
        if same is not None and same[0] is rollup:
            parts = tuple(sorted({*same[1], part}))
        gone = self.ids.sent(message_id, (rollup, parts))
        if gone is not None and gone[1][0] is not rollup:
            self._push_out(gone[1][0], "repeated" if gone[0] == message_id else "ids")
        if self._parked:
            self._retry(self._by_word.get(fold(message_id), ()))

    def _take(self, receipt: Receipt, learn: bool = True) -> tuple[Rollup | None, bool]:
        """The message that the receipt's ids name, now told of it; and whether they may name several."""
        doubtful = False
        for name in _names(receipt):
            sight = self.ids.look(name, unanswered=self._unanswered > 0, learn=learn)
            if sight.key is not None:
                rollup, parts = sight.key
                for part in parts:
                    rollup.receipt(part, receipt)
                self._close_if_final(rollup)
                return rollup, False
            doubtful = doubtful or sight.doubtful
        return None, doubtful

    # -- the park

    def _park(self, receipt: Receipt, now: float, doubtful: bool) -> None:
        self._last_parked = number = self._last_parked + 1
        words = tuple({word: None for name in _names(receipt) for word in meanings(name)})
        self._parked[number] = _Parked(receipt, now, words)
        if doubtful:
            self._doubtful[number] = None
        for word in words:
            self._by_word.setdefault(word, []).append(number)
        if len(self._parked) > self.most_parked or not words:
            self._unmatch(number if not words else next(iter(self._parked)), "pushed out")

    def _unpark(self, number: int) -> _Parked:
        parked = self._parked.pop(number)
        self._doubtful.pop(number, None)
        for word in parked.words:
            numbers = self._by_word[word]
            numbers.remove(number)
            if not numbers:
                del self._by_word[word]
        return parked

    def _unmatch(self, number: int, reason: Literal["expired", "pushed out"]) -> None:
        parked = self._unpark(number)
        self.unmatched += 1
        self._events.append(Unmatched(parked.receipt, parked.since, reason))

    def _retry(self, numbers: Iterable[int]) -> None:
        for number in tuple(numbers):
            rollup, doubtful = self._take(self._parked[number].receipt, learn=number not in self._doubtful)
            if rollup is not None:
                self._unpark(number)
            elif doubtful:
                self._doubtful[number] = None
            else:
                self._doubtful.pop(number, None)

    def _try_again(self) -> None:
        """More is known about the peer's ids, or no id is open any more: look at the doubtful receipts once more."""
        before = -1
        while self._doubtful and len(self._doubtful) != before:  # each that is settled may settle others
            before = len(self._doubtful)
            self._retry(self._doubtful)

    # -- the messages

    def _close(self, key: Hashable) -> Rollup:
        found = self._open.pop(key)
        self._unanswered -= found.waiting
        return found.rollup

    def _close_if_final(self, rollup: Rollup) -> None:
        """Follow a message no longer when nothing can come any more; an ambiguous one may still be answered."""
        found = self._open.get(rollup.key)
        if found is not None and found.rollup is rollup and rollup.final and State.AMBIGUOUS not in rollup.states:
            self._close(rollup.key)

    def _push_out(self, rollup: Rollup, reason: Literal["messages", "ids", "repeated"]) -> None:
        if not rollup.final:
            rollup.given_up = _GIVEN_UP[reason]
            self.pushed_out += 1
            self._events.append(PushedOut(rollup, reason))


def _names(receipt: Receipt) -> tuple[str, ...]:
    """The ids of a receipt: the TLV's, then that of the text where it is another."""
    first, second = receipt.id, receipt.text_id
    if not first:
        return ()
    return (first,) if not second or second == first else (first, second)
