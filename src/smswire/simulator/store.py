"""Layer 8 of 9: the messages that the SMSC holds, under caps: those on their way, and final ones until their room is needed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from smpp_core import MessageState, Pdu

from .fate import Fate
from .scenario import Network

if TYPE_CHECKING:
    from .customer import Customer

__all__ = ["FINAL", "Store", "Submission"]

FINAL = frozenset((
    MessageState.DELIVERED, MessageState.EXPIRED, MessageState.DELETED, MessageState.UNDELIVERABLE, MessageState.ACCEPTED,
    MessageState.UNKNOWN, MessageState.REJECTED,
))
_IS_FINAL = tuple(state in FINAL for state in sorted(MessageState))  # by number: a set would hash an enumeration for each question
_OVERHEAD = 800  # octets that a message takes beside its PDU, measured


class Submission(Struct, gc=False):
    """One message to one destination, and what becomes of it. Moments are seconds of the loop.

    number: its own, that its fate hangs on; id: its name, which the destinations of a submit_multi share (`next` is another of them).
    pdu: as submitted, or replaced since. asked: what registered_delivery asks for. due: when delivery is first tried; expires: when it
    is given up; ends: when the final state comes. lookup: of Number Context. reports: whether its route has receipts. owed: whether its
    final receipt is counted among those that its account is owed.
    """

    number: int
    id: str
    customer: Customer
    pdu: Pdu
    to: str
    network: Network
    fate: Fate
    asked: int
    submitted: float
    due: float
    expires: float
    ends: float
    state: MessageState = MessageState.ENROUTE
    error: int = 0
    lookup: bool = False
    reports: bool = True
    owed: bool = False
    next: Submission | None = None

    @property
    def is_final(self) -> bool:
        """True once nothing more becomes of it."""
        return _IS_FINAL[self.state]

    def all(self) -> Iterator[Submission]:
        """This one and the others of the same name."""
        one: Submission | None = self
        while one is not None:
            yield one
            one = one.next


class Store:
    """Submissions by name. messages, octets: what it holds at most; to make room it forgets final ones, the oldest first."""

    def __init__(self, messages: int, octets: int) -> None:
        self._most = messages
        self._most_octets = octets
        self._names: dict[str, Submission] = {}
        self._finals: deque[Submission] = deque()
        self._count = 0
        self._octets = 0
        self._final_octets = 0

    def __len__(self) -> int:
        return self._count

    @property
    def octets(self) -> int:
        """What is held, as counted against the cap."""
        return self._octets

    @property
    def live(self) -> int:
        """Submissions that are on their way."""
        return self._count - len(self._finals)

    def make_room(self, count: int, octets: int) -> bool:
        """Forget final ones until count more of so many octets each fit. Returns False if they cannot fit, and then forgets none."""
        if self.live + count > self._most:
            return False
        need = count * (octets + _OVERHEAD)
        if self._count + count <= self._most and self._octets + need <= self._most_octets:
            return True
        if self._octets - self._final_octets + need > self._most_octets:
            return False
        while self._count + count > self._most or self._octets + need > self._most_octets:
            self._forget(self._finals.popleft())
        return True

    def add(self, submission: Submission) -> None:
        """Hold a submission; there is room if `make_room` said so. One of a name that is there joins that."""
        first = self._names.setdefault(submission.id, submission)
        if first is not submission:
            submission.next, first.next = first.next, submission
        self._count += 1
        self._octets += _size(submission)

    def get(self, name: str) -> Submission | None:
        """The submission of that name; others of the name follow by `all`."""
        return self._names.get(name)

    def finish(self, submission: Submission) -> None:
        """A submission has come to its final state: it is kept as long as there is room."""
        self._finals.append(submission)
        self._final_octets += _size(submission)

    def replace(self, submission: Submission, pdu: Pdu) -> None:
        """Give a submission another PDU."""
        self._octets += len(pdu) - len(submission.pdu)
        submission.pdu = pdu

    def newest(self, most: int) -> Iterator[Submission]:
        """The last submissions by name, at most so many, the newest first."""
        for _, submission in zip(range(most), reversed(self._names.values()), strict=False):
            yield from submission.all()

    def clear(self) -> None:
        """Forget all."""
        self._names.clear()
        self._finals.clear()
        self._count = self._octets = self._final_octets = 0

    def _forget(self, submission: Submission) -> None:
        size = _size(submission)
        self._count -= 1
        self._octets -= size
        self._final_octets -= size
        first = self._names[submission.id]
        if first is submission:
            if submission.next is None:
                del self._names[submission.id]
            else:
                self._names[submission.id] = submission.next
        else:
            while first.next is not submission:
                assert first.next is not None
                first = first.next
            first.next = submission.next


def _size(submission: Submission) -> int:
    return len(submission.pdu) + _OVERHEAD
