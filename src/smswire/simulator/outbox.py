"""Layer 8 of 9: what goes to the clients of one account: dealt equally over its sessions, kept until it is acknowledged."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from smpp_core import CommandStatus, Pdu, RequestTimeout, SessionClosed, SmppError, WindowFull

from .scenario import Receipts
from .statistics import Statistics

if TYPE_CHECKING:
    from .store import Submission

__all__ = ["Outbox", "Parcel"]

# Seconds in which a session that let a receipt time out gets nothing, if there is another one: as long as a time-out.
_PROBATION = 30.0
_LOOK_AGAIN = 0.1  # seconds, where a session does not read: nothing tells that it does again

log = logging.getLogger("smswire.simulator")

# What a client answers when it cannot take a message now: it goes again.
_LATER = frozenset((
    CommandStatus.ESME_RX_T_APPN, CommandStatus.ESME_RMSGQFUL, CommandStatus.ESME_RTHROTTLED, CommandStatus.ESME_RSYSERR,
))


class Parcel(Struct, gc=False):
    """One PDU on its way to a client: the token of its request. submission: that a receipt is about, None for an inbound message.

    expires: moment at which it is given up; attempts: how often it was sent; session: the last that it was sent on, avoid: the one that
    did not acknowledge it.
    """

    outbox: Outbox
    pdu: Pdu
    submission: Submission | None
    expires: float
    attempts: int = 0
    session: Any = None
    avoid: Any = None

    def settled(self, pending: Any, outcome: Pdu | SmppError) -> None:
        """The session tells how the request ended."""
        self.outbox.settle(self, outcome)


class Outbox:
    """Waiting parcels and the sessions that may take them. window: requests without response, per session.

    now: the clock's time. soon: has a function called in the next turn of the loop; later: has one called at a moment. done: told of
    each parcel that is over, with True if it was acknowledged.
    """

    def __init__(
        self, options: Receipts, statistics: Statistics, *, window: int, now: Callable[[], float],
        soon: Callable[[Callable[[], None]], Any],
        later: Callable[[float, Callable[[], None]], Any], done: Callable[[Parcel], None],
    ) -> None:
        self._options = options
        self._statistics = statistics
        self._window = window
        self._now = now
        self._soon = soon
        self._later = later
        self._done = done
        self._queue: deque[Parcel] = deque()
        self._turn = 0
        self._waking = False
        self._looking = False
        self._stalled: dict[Any, float] = {}
        self.sessions: list[Any] = []
        self.in_flight = 0
        self.waiting_inbound = 0

    def __len__(self) -> int:
        return len(self._queue)

    def attach(self, session: Any) -> None:
        """A session can take parcels from now on."""
        if session not in self.sessions:
            self.sessions.append(session)
        self.wake()

    def detach(self, session: Any) -> None:
        """A session is over; what it did not acknowledge has come back by then."""
        if session in self.sessions:
            self.sessions.remove(session)
        self._stalled.pop(session, None)

    def put(self, parcel: Parcel) -> None:
        """Queue a parcel. How many there are is capped by those who make them."""
        self._queue.append(parcel)
        if not self._waking and self.sessions:
            self._waking = True
            self._soon(self._pump)

    def wake(self) -> None:
        """Send what can be sent, in the next turn of the loop."""
        if not self._waking and self._queue and self.sessions:
            self._waking = True
            self._soon(self._pump)

    def clear(self) -> None:
        """Forget all."""
        self._queue.clear()
        self.sessions.clear()
        self._stalled.clear()

    def _pump(self) -> None:
        """Deal: one parcel to each session in turn, past those that are full, until all are or nothing waits."""
        self._waking = False
        queue, sessions, now = self._queue, self.sessions, self._now()
        while queue and queue[0].expires <= now:
            self._lose(queue.popleft(), "too old")
        stalled = {session for session, until in self._stalled.items() if until > now}
        eager = [session for session in sessions if session not in stalled] or list(sessions)
        passed = 0
        while queue and passed < len(eager):
            session = eager[self._turn % len(eager)]
            self._turn += 1
            link = session.link
            if len(link.machine.pending) >= self._window or not link.writable or link.is_closing:
                passed += 1
                if not link.writable:
                    self._look_again(now)
                continue
            parcel = queue[0]
            if parcel.avoid is session and len(eager) > 1:
                session = self._other(eager, session)
                if session is None:
                    break
            queue.popleft()
            try:
                session.request_nowait(parcel.pdu, parcel)
            except WindowFull:
                queue.appendleft(parcel)
                passed += 1
                continue
            except SessionClosed:
                queue.appendleft(parcel)
                eager.remove(session)
                continue
            passed = 0
            parcel.session = session
            self._count_sent(parcel)

    def _look_again(self, now: float) -> None:
        if not self._looking:
            self._looking = True
            self._later(now + _LOOK_AGAIN, self._look)

    def _look(self) -> None:
        self._looking = False
        self.wake()

    def _other(self, eager: list[Any], avoided: Any) -> Any:
        for session in eager:
            link = session.link
            if session is not avoided and len(link.machine.pending) < self._window and link.writable and not link.is_closing:
                return session
        return None

    def _count_sent(self, parcel: Parcel) -> None:
        statistics = self._statistics
        self.in_flight += 1
        parcel.attempts += 1
        if parcel.submission is None:
            self.waiting_inbound -= parcel.attempts == 1
            statistics.inbound_sent += 1
        else:
            statistics.receipts_sent += 1
            statistics.receipts_resent += parcel.attempts > 1

    def settle(self, parcel: Parcel, outcome: Pdu | SmppError) -> None:
        """A parcel was answered, or never will be."""
        self.in_flight -= 1
        if isinstance(outcome, Pdu):
            status = outcome.command_status
            if not status:
                if self._stalled:
                    self._stalled.pop(parcel.session, None)
                if parcel.submission is None:
                    self._statistics.inbound_acknowledged += 1
                else:
                    self._statistics.receipts_acknowledged += 1
                self._done(parcel)
                if self._queue and not self._waking:
                    self.wake()
                return
            if status not in _LATER:
                if parcel.submission is None:
                    self._statistics.inbound_refused += 1
                else:
                    self._statistics.receipts_refused += 1
                self._done(parcel)
                self.wake()
                return
        parcel.avoid = parcel.session
        if isinstance(outcome, SessionClosed):
            self.detach(parcel.session)
            self._queue.appendleft(parcel)
            self.wake()
            return
        if parcel.attempts >= self._options.attempts:
            self._lose(parcel, f"not acknowledged in {parcel.attempts} attempts")
        elif isinstance(outcome, RequestTimeout):
            self._stalled[parcel.session] = self._now() + _PROBATION
            self._queue.appendleft(parcel)
        else:
            self._later(self._now() + self._options.retry, lambda: self._again(parcel))
        self.wake()

    def _again(self, parcel: Parcel) -> None:
        self._queue.appendleft(parcel)
        self.wake()

    def _lose(self, parcel: Parcel, why: str) -> None:
        if parcel.submission is None:
            self.waiting_inbound -= parcel.attempts == 0
            self._statistics.inbound_dropped += 1
        else:
            self._statistics.receipts_lost += 1
        log.warning("a message to a client is given up: %s", why)
        self._done(parcel)
