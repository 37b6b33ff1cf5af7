"""Layer 5 of 9: what became of a message: the responses and receipts of its parts as one state."""

from __future__ import annotations

from collections.abc import Hashable
from enum import StrEnum

from msgspec import Struct

from smpp_core import CommandFailed, MessageState, Profile, Receipt

__all__ = ["Rollup", "State"]


class State(StrEnum):
    """Where a message or a part of it stands; from worst to best, so that the first that a part has is the message's."""

    REJECTED = "REJECTED"
    UNDELIVERED = "UNDELIVERED"
    EXPIRED = "EXPIRED"
    DELETED = "DELETED"
    AMBIGUOUS = "AMBIGUOUS"
    UNKNOWN = "UNKNOWN"
    QUEUED = "QUEUED"
    SUBMITTING = "SUBMITTING"
    SUBMITTED = "SUBMITTED"
    SENT = "SENT"
    DELIVERED = "DELIVERED"


_BADNESS = {state: place for place, state in enumerate(State)}
_OPEN = frozenset((State.QUEUED, State.SUBMITTING, State.SUBMITTED))

# What a final receipt says. ACCEPTED, SCHEDULED and ENROUTE are on the way; a state that no word names is UNKNOWN.
_OF_RECEIPT = {
    MessageState.DELIVERED: State.DELIVERED, MessageState.UNDELIVERABLE: State.UNDELIVERED, MessageState.SKIPPED: State.UNDELIVERED,
    MessageState.REJECTED: State.REJECTED, MessageState.EXPIRED: State.EXPIRED, MessageState.DELETED: State.DELETED,
    MessageState.UNKNOWN: State.UNKNOWN, MessageState.ACCEPTED: None, MessageState.SCHEDULED: None, MessageState.ENROUTE: None,
    None: State.UNKNOWN,
}

# Of several final receipts of one part the surest counts, whatever their order: what was delivered stays delivered.
_SURENESS = {
    State.UNKNOWN: 0, State.DELETED: 1, State.EXPIRED: 2, State.REJECTED: 3, State.UNDELIVERED: 4, State.DELIVERED: 5,
}


class _Part(Struct, gc=False):
    """What is known of one part. Each fact is kept in a way that the order in which facts come does not matter."""

    submitting: bool = False
    named: tuple[bool, str] = (False, "")  # the peer's name; whether a positive response gave it
    status: int = -1        # of the response; -1 for none, 0 once one was positive
    failure: str = ""       # why there will be no response
    written: bool = False   # the failed request may have reached the peer
    overdue: bool = False
    final: tuple[int, str, str] | None = None  # of the surest final receipt: sureness, state, error code


class Rollup:
    """One message, one state: that of its worst part. Made by the one who sends it, told what happens by a Tracker.

    key: the sender's name for the message. total: parts. receipts: whether receipts are awaited; without them a positive response makes
    a part SENT and that is final. Facts may come in any order and more than once: the same facts give the same state. A receipt on the
    way (intermediate, ENROUTE, ACCEPTED) never undoes a final one; of two final ones the surer counts (DELIVERED, UNDELIVERED, REJECTED,
    EXPIRED, DELETED, UNKNOWN), so a message that expired may still turn out delivered. A receipt counts more than a response, a positive
    response more than a negative one, a response more than a failure.
    given_up: why nobody tells it of receipts any more though it is not final; "" while somebody does.
    """

    __slots__ = ("_parts", "given_up", "key", "receipts", "total")

    def __init__(self, key: Hashable = None, total: int = 1, *, receipts: bool = True) -> None:
        if not 1 <= total <= 255:
            raise ValueError(f"a message has 1 to 255 parts, not {total}")
        self.key = key
        self.total = total
        self.receipts = receipts
        self.given_up = ""
        self._parts = [_Part() for _ in range(total)]

    def __repr__(self) -> str:
        return f"<Rollup {self.key!r}: {self.state}{'' if self.final else ', not final'}, {self.total} part{'s' * (self.total > 1)}>"

    def submitting(self, part: int = 1) -> None:
        """The request of a part (from 1) goes out."""
        self._part(part).submitting = True

    def responded(self, part: int, status: int, message_id: str | None = None) -> None:
        """The peer answered with a command_status; message_id: its name for the part."""
        found = self._part(part)
        if message_id:  # that of a positive response counts more
            found.named = max(found.named, (status == 0, message_id))
        if found.status != 0:
            found.status = max(found.status, status) if status else 0

    def failed(self, part: int, error: Exception) -> None:
        """There is no response, and the sender has given up.

        error: RequestTimeout or SessionClosed whose `written` is set make the part AMBIGUOUS: the peer may have it. Any other means that it
        was not sent: REJECTED. CommandFailed is a response.
        """
        if isinstance(error, CommandFailed):
            self.responded(part, error.status, getattr(error.response, "message_id", None))
            return
        found = self._part(part)
        written = bool(getattr(error, "written", False))
        words = str(error) or type(error).__name__
        if (written, words) > (found.written, found.failure):
            found.written, found.failure = written, words

    def receipt(self, part: int, receipt: Receipt) -> bool:
        """Take a receipt of a part; returns whether it changed anything that is kept of it."""
        found = self._part(part)
        state = None if receipt.intermediate else _OF_RECEIPT[receipt.state]
        if state is None:
            return False
        final = (_SURENESS[state], str(state), receipt.err or "")
        if found.final is not None and found.final >= final:
            return False
        found.final = final
        return True

    def overdue(self) -> None:
        """No more receipts are awaited: parts that have a positive response and no final receipt are UNKNOWN."""
        for part in self._parts:
            part.overdue = True

    @property
    def state(self) -> State:
        """The state of the worst part."""
        return self._worst()[0]

    @property
    def states(self) -> tuple[State, ...]:
        """The states of the parts, in order."""
        return tuple(self._state(part) for part in self._parts)

    @property
    def message_ids(self) -> tuple[str | None, ...]:
        """The peer's names for the parts, in order; None where none is known."""
        return tuple(part.named[1] or None for part in self._parts)

    @property
    def final(self) -> bool:
        """Whether nothing more is awaited for any part. Late facts are still taken, and may change the state."""
        return all(self._state(part) not in _OPEN for part in self._parts)

    @property
    def reason(self) -> str:
        """Why the state is no better, as "part 2 of 3: UNDELIVERED, err 027"; "" while nothing is wrong."""
        state, number = self._worst()
        if _BADNESS[state] >= _BADNESS[State.QUEUED]:
            return ""
        part = self._parts[number - 1]
        where = f"part {number} of {self.total}: " if self.total > 1 else ""
        if part.final is not None:
            return f"{where}{state}{', err ' + part.final[2] if part.final[2] else ''}"
        if part.status > 0:
            return f"{where}{state}, {Profile.vendor().status(part.status).name}"
        return f"{where}{state}, {part.failure or 'no receipt came in time'}"

    def _part(self, number: int) -> _Part:
        if not 1 <= number <= self.total:
            raise ValueError(f"there is no part {number} of {self.total}")
        return self._parts[number - 1]

    def _worst(self) -> tuple[State, int]:
        if self.total == 1:
            return self._state(self._parts[0]), 1
        _, state, number = min((_BADNESS[self._state(part)], self._state(part), number) for number, part in enumerate(self._parts, 1))
        return state, number

    def _state(self, part: _Part) -> State:
        if part.final is not None:
            return State(part.final[1])
        if part.status == 0:
            if not self.receipts:
                return State.SENT
            return State.UNKNOWN if part.overdue else State.SUBMITTED
        if part.status > 0:
            return State.REJECTED
        if part.failure:
            return State.AMBIGUOUS if part.written else State.REJECTED
        return State.SUBMITTING if part.submitting else State.QUEUED
