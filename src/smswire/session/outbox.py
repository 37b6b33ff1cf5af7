"""Layer 6 of 9: what a client has to send: first come, first served, over all its bound links, as window, rate and the peer allow."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterator
from math import inf
from typing import Final

import msgspec

from smpp_core import (
    CommandFailed,
    EncodeError,
    GenericNack,
    Pdu,
    Profile,
    RequestTimeout,
    SessionClosed,
    SmppError,
    SubmitMulti,
    WindowFull,
)
from smpp_core.spec.commands import BY_NAME, COMMANDS
from smpp_core.spec.values import CommandStatus

from .adaptive import THROTTLING, Adaptive
from .events import Pending
from .link import Link, clock_of, delay_of
from .rate import Rate
from .retry import Retry
from .states import BOUND_RX, BOUND_TRX, allowed

__all__ = ["RECEIVERS", "SENDABLE", "Ask", "Outbox", "Reply", "Success", "Throttled", "status_of"]

log = logging.getLogger("smswire.session")

_UNKNOWN: Final = int(CommandStatus.ESME_RUNKNOWNERR)
_SEGMENT: Final = 140  # octets of one short message
_GRAIN: Final = 0.01  # seconds between two looks at what has waited too long

# Requests that an ESME sends and that count in the window; and those that a receiver's bind may send.
_MACHINES: Final = frozenset((BY_NAME["enquire_link"].id, BY_NAME["unbind"].id))
SENDABLE: Final = frozenset(id for id in allowed("esme", BOUND_TRX) if COMMANDS[id].response) - _MACHINES
RECEIVERS: Final = SENDABLE & allowed("esme", BOUND_RX)

# Where an ask is.
WAITING, SENT, RESTING, DONE = range(4)


def status_of(response: Pdu) -> int:
    """command_status of a response; a generic_nack is a failure whatever number it carries."""
    status = response.command_status
    return _UNKNOWN if not status and isinstance(response, GenericNack) else status


def _segments(pdu: Pdu) -> int:
    """What a request costs of a rate in segments a second: one, or what its payload or its destinations make of it."""
    destinations = pdu.dest_addresses if isinstance(pdu, SubmitMulti) else None
    payload = pdu.message_payload if len(pdu) > _SEGMENT else None
    segments = 1 if payload is None or len(payload) <= _SEGMENT else -(-len(payload) // (_SEGMENT - 6))
    return segments * len(destinations) if destinations else segments


class Ask:
    """One request on its way: it waits, is sent, may rest after a refusal and be sent again, and is told once how it ended.

    pdu: the request. deadline: time of the outbox's clock at which it is given up, None for never. retries: whether statuses that the
    table marks send it again.
    """

    __slots__ = ("attempt", "deadline", "handle", "link", "outbox", "pdu", "response", "retries", "segments", "stage")

    def __init__(self, outbox: Outbox, pdu: Pdu, deadline: float | None, retries: bool) -> None:
        self.outbox = outbox
        self.pdu = pdu
        self.deadline = deadline
        self.retries = retries
        self.attempt = 0
        self.stage = WAITING
        self.segments = 0  # what was taken from the rate for it, 0 so far
        self.link: Link | None = None  # where it was sent last
        self.handle: asyncio.TimerHandle | None = None
        self.response: Pdu | None = None  # the last refusal

    def settled(self, pending: Pending, outcome: Pdu | SmppError) -> None:
        """What a link tells of its token."""
        outbox = self.outbox
        if isinstance(outcome, SmppError):
            outbox.failed(self, pending, outcome)
        elif outcome.command_status or self.stage != SENT:
            outbox.answered(self, pending, outcome)
        else:
            now = outbox.now()
            if outbox.adaptive is not None:
                outbox.adaptive.answered(0, now, self.segments)
            self.stage = DONE
            self.finish(outcome, now - pending.sent_at)
        if outbox.waiting:
            outbox.pump()
        if outbox.idlers:
            outbox.look_whether_idle()

    def finish(self, outcome: Pdu | SmppError, latency: float) -> None:
        """How it ended: the response, RequestTimeout or SessionClosed. latency: seconds from its last sending, 0 if never sent.

        Must not raise, and must not put or withdraw anything.
        """
        raise NotImplementedError


class Reply(Ask):
    """An ask whose end a future tells: its result is the response, whatever status it has."""

    __slots__ = ("future",)

    def __init__(self, outbox: Outbox, pdu: Pdu, deadline: float | None, retries: bool) -> None:
        Ask.__init__(self, outbox, pdu, deadline, retries)
        self.future: asyncio.Future[Pdu] = outbox.loop.create_future()

    def finish(self, outcome: Pdu | SmppError, latency: float) -> None:
        """Wake who awaits it."""
        if self.future.done():
            return
        if isinstance(outcome, SmppError):
            self.future.set_exception(outcome)
        else:
            self.future.set_result(outcome)


class Success(Reply):
    """An ask whose future has a result only if the peer accepted it; CommandFailed otherwise."""

    __slots__ = ()

    def finish(self, outcome: Pdu | SmppError, latency: float) -> None:
        """Wake who awaits it."""
        future = self.future
        if future.done():
            return
        if isinstance(outcome, SmppError):
            future.set_exception(outcome)
        elif outcome.command_status or isinstance(outcome, GenericNack):
            future.set_exception(CommandFailed(outcome))
        else:
            future.set_result(outcome)


class Throttled(msgspec.Struct, frozen=True):
    """The peer asked to be sent less. status: ESME_RTHROTTLED or ESME_RMSGQFUL. rate: segments a second let through now, or None."""

    status: int
    rate: float | None


class Outbox:
    """The line of requests that wait for a link, its window, the rate and the peer; whoever waits longest is sent first.

    loop: the running loop. profile: what statuses mean. rate: segments a second over all links. adaptive: slows down while the peer
    throttles. retry: when a refused request is sent again. throttled: called at each throttling answer. rebind: called
    with a link whose peer says that it is not bound. It has no cap of its own: each place in it belongs to a caller who waits.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, profile: Profile, *, rate: Rate | None = None, adaptive: Adaptive | None = None,
        retry: Retry | None = None, throttled: Callable[[Throttled], None] | None = None, rebind: Callable[[Link], None] | None = None,
    ) -> None:
        self.loop = loop
        self.profile = profile
        self.rate = rate
        self.adaptive = adaptive
        self.retry = retry
        self.closed: str = ""  # why nothing is taken any more
        self.links: list[Link] = []  # bound, and may transmit
        self.sendable = SENDABLE  # RECEIVERS where every bind is a receiver's
        self._throttled = throttled
        self._rebind = rebind
        self._leaving: list[Link] = []  # that send no more, until they have ended
        self.now = clock_of(loop)  # seconds, as those of links
        self.batches = 0  # of buffers that are not over yet: those who send them count them
        self.waiting: deque[Ask] = deque()  # with some that are done
        self._gone = 0  # of those, how many are done already
        self._resting: dict[Ask, None] = {}
        self._returned: list[Ask] = []  # of a link that ended, never written
        self._pause: asyncio.TimerHandle | None = None
        self._expiry: asyncio.TimerHandle | None = None
        self._expires = 0.0
        self._turn = 0
        self.idlers: list[asyncio.Future[None]] = []
        self._arrivals: list[asyncio.Future[None]] = []

    # -- what callers do ----------------------------------------------------------------------------------------------------------

    def check(self, pdu: Pdu) -> None:
        """Refuse what can never be sent: EncodeError for the peer's commands or a receiver's bind; SessionClosed after the end."""
        if not isinstance(pdu, Pdu):
            raise EncodeError(f"a client sends PDUs, not a {type(pdu).__name__}")
        if pdu.command_id not in self.sendable:
            what = "a receiver's bind does not send it" if pdu.command_id in SENDABLE else "it is no request that a client sends"
            raise EncodeError(f"{pdu.command}: {what}", field="command_id")
        if self.closed:
            raise SessionClosed(self.closed)

    def put(self, ask: Ask) -> None:
        """Send at once, or wait in line. `ask.finish` is called later, never from here unless its deadline has passed."""
        if self.waiting or not self._send(ask):
            self._queue(ask)

    def put_now(self, ask: Ask) -> None:
        """Send at once or raise: WindowFull if it had to wait for window or rate, SessionClosed(written=False) if no link is bound."""
        if not self.waiting and self._send(ask):
            return
        if not any(link.machine.bound and not link.machine.leaving for link in self.links):
            raise SessionClosed("no link is bound")
        if self.waiting:
            raise WindowFull("other requests wait already")
        raise WindowFull("every window is full" if self._pick() is None else "the rate allows no more at this moment")

    def withdraw(self, ask: Ask) -> bool:
        """Forget an ask whose caller has gone; returns whether it was sent, and keeps its place in the window until it is answered."""
        stage, ask.stage = ask.stage, DONE
        if stage == WAITING:
            self._left()
        elif stage == RESTING:
            self._rested(ask)
            self.look_whether_idle()
        return stage == SENT

    def close(self, reason: str) -> None:
        """Take nothing any more; what waits ends with SessionClosed(written=False), what rests with its last answer."""
        self.closed = reason
        waiting, self.waiting, self._gone = self.waiting, deque(), 0
        for ask in [*self._returned, *waiting]:
            if ask.stage == WAITING:
                self._end(ask, SessionClosed(reason), 0.0)
        self._returned.clear()
        for ask in list(self._resting):
            self._rested(ask)
            assert ask.response is not None
            self._end(ask, ask.response, 0.0)
        for handle in (self._pause, self._expiry):
            if handle is not None:
                handle.cancel()
        self._pause = self._expiry = None
        self.wake()
        self.look_whether_idle()

    async def idle(self) -> None:
        """Wait until nothing waits, rests or is in flight, and no buffer is under way."""
        while self.busy:
            future = self.loop.create_future()
            self.idlers.append(future)
            try:
                await future
            finally:
                if future in self.idlers:
                    self.idlers.remove(future)

    async def arrival(self) -> None:
        """Wait until a link is added, the outbox is closed, or somebody calls `wake`."""
        future = self.loop.create_future()
        self._arrivals.append(future)
        try:
            await future
        finally:
            if future in self._arrivals:
                self._arrivals.remove(future)

    def wake(self) -> None:
        """Let those who wait for an arrival look again; and those who wait until nothing is under way."""
        for future in self._arrivals:
            if not future.done():
                future.set_result(None)
        self._arrivals.clear()
        self.look_whether_idle()

    @property
    def busy(self) -> bool:
        """True while something waits, rests or is in flight, or a buffer is under way."""
        return len(self) > 0 or self.batches > 0 or any(link.machine.window_used for link in (*self.links, *self._leaving))

    @property
    def in_line(self) -> int:
        """How many would be sent now if there were room; not those that rest."""
        return len(self.waiting) - self._gone

    def __len__(self) -> int:
        """How many wait or rest."""
        return len(self.waiting) - self._gone + len(self._resting) + len(self._returned)

    def __iter__(self) -> Iterator[Ask]:
        """What waits or rests, the next to be sent first."""
        yield from (ask for ask in (*self._returned, *self.waiting) if ask.stage == WAITING)
        yield from self._resting

    # -- what links tell ----------------------------------------------------------------------------------------------------------

    def add(self, link: Link) -> None:
        """A link is bound and may transmit."""
        self.links.append(link)
        self.wake()
        self.pump()

    def remove(self, link: Link) -> None:
        """A link has ended; its requests have been settled. What it never wrote stands first in line again."""
        for links in (self.links, self._leaving):
            if link in links:
                links.remove(link)
        if self._returned:
            self.waiting.extendleft(reversed(self._returned))
            for ask in self._returned:
                if ask.deadline is not None:
                    self._watch(ask.deadline)
            self._returned.clear()
        self.pump()
        self.look_whether_idle()

    def pump(self) -> None:
        """Send what may be sent."""
        waiting = self.waiting
        while waiting:
            ask = waiting.popleft()
            if ask.stage != WAITING:
                self._gone -= 1
            elif not self._send(ask):
                waiting.appendleft(ask)
                return

    def failed(self, ask: Ask, pending: Pending, error: SmppError) -> None:
        """A link tells that a request has no response. What was never written stands first in line again when the link is removed."""
        if self.adaptive is not None:
            self.adaptive.lost(ask.segments)
        if ask.stage != DONE:
            if isinstance(error, SessionClosed) and not error.written and not self.closed:
                ask.stage = WAITING
                self._returned.append(ask)
            else:
                self._end(ask, error, self.now() - pending.sent_at)

    def answered(self, ask: Ask, pending: Pending, response: Pdu) -> None:
        """A link tells of a response that refuses, or whose caller has gone."""
        status = response.command_status
        now = self.now()
        if self.adaptive is not None:
            self.adaptive.answered(status, now, ask.segments)
        if status in THROTTLING and self._throttled is not None:
            self._throttled(Throttled(status, self.adaptive.rate if self.adaptive is not None else None))
        if ask.stage == DONE:
            return
        if status and ask.retries and self.retry is not None and not self.closed:
            row = self.profile.status(status)
            ask.attempt += 1
            delay = self.retry.next(row, ask.attempt, now, inf if ask.deadline is None else ask.deadline)
            if delay is not None:
                ask.stage = RESTING
                ask.response = response
                ask.segments = 0
                ask.handle = self.loop.call_later(delay_of(self.loop, delay), self._again, ask)
                self._resting[ask] = None
                if self.retry.kind(row) == "rebind" and self._rebind is not None and ask.link in self.links:
                    link = ask.link
                    self._leave(link)
                    self._rebind(link)
                return
        self._end(ask, response, now - pending.sent_at)

    # -- inside ---------------------------------------------------------------------------------------------------------------------

    def _leave(self, link: Link) -> None:
        """Send nothing more over a link; what is in flight on it can still be answered."""
        self.links.remove(link)
        self._leaving.append(link)

    def _again(self, ask: Ask) -> None:
        self._rested(ask)
        ask.stage = WAITING
        self.put(ask)

    def _rested(self, ask: Ask) -> None:
        self._resting.pop(ask, None)
        if ask.handle is not None:
            ask.handle.cancel()
            ask.handle = None

    def _end(self, ask: Ask, outcome: Pdu | SmppError, latency: float) -> None:
        ask.stage = DONE
        ask.finish(outcome, latency)

    def _pick(self) -> Link | None:
        """The bound link with the fewest requests in flight that has room and reads what is written to it."""
        links = self.links
        if len(links) == 1:
            link = links[0]
            machine = link.machine
            used = len(machine.pending) if machine.bulk is None else machine.window_used
            return link if used < machine.window and link.writable else None
        best, least = None, 1 << 31
        self._turn += 1
        for at in range(len(links)):
            link = links[(at + self._turn) % len(links)]
            count = link.machine.window_used
            if count < least and link.writable and count < link.machine.window:
                best, least = link, count
        return best

    def _send(self, ask: Ask) -> bool:
        """Send, if that is possible now. Returns False if the ask has to wait."""
        link = self._pick()
        if link is None:
            return False
        timeout = None
        if ask.deadline is not None:
            timeout = ask.deadline - self.now()
            if timeout <= 0:
                self._expire(ask)
                return True
        if self.rate is not None or self.adaptive is not None:
            delay = self._delay(ask)
            if delay > 0:
                if self._pause is None:
                    self._pause = self.loop.call_later(delay_of(self.loop, delay), self._go_on)
                return False
        try:
            link.request(ask.pdu, ask, timeout)
        except SessionClosed:  # it has ended in this very turn, and the owner hears of it next; or one of the sides has said unbind
            if self.adaptive is not None:
                self.adaptive.lost(ask.segments)
            self._leave(link)
            return self._send(ask)
        ask.link = link
        ask.stage = SENT
        return True

    def _delay(self, ask: Ask) -> float:
        """Seconds until rate and peer allow it; 0 takes its segments."""
        now = self.now()
        if not ask.segments:
            segments = _segments(ask.pdu)
            delay = self.rate.delay(segments, now) if self.rate is not None else 0.0
            if delay > 0:
                return delay
            ask.segments = segments
        return self.adaptive.delay(ask.segments, now) if self.adaptive is not None else 0.0

    def _go_on(self) -> None:
        self._pause = None
        self.pump()

    def _queue(self, ask: Ask) -> None:
        self.waiting.append(ask)
        if ask.deadline is not None:
            self._watch(ask.deadline)

    def _left(self) -> None:
        """One of those in line is done. The line is made anew when half of it is, so that it never grows by those who gave up."""
        self._gone += 1
        if self._gone * 2 > len(self.waiting):
            self.waiting = deque(ask for ask in self.waiting if ask.stage == WAITING)
            self._gone = 0
        if self.idlers:
            self.look_whether_idle()

    def _watch(self, deadline: float) -> None:
        if self._expiry is not None:
            if deadline >= self._expires:
                return
            self._expiry.cancel()
        now = self.now()
        self._expires = max(deadline, now + _GRAIN)
        self._expiry = self.loop.call_later(delay_of(self.loop, self._expires - now), self._look_for_expired)

    def _look_for_expired(self) -> None:
        self._expiry = None
        now = self.now()
        deadlines = []
        for ask in list(self.waiting):
            if ask.stage == WAITING and ask.deadline is not None:
                if ask.deadline <= now:
                    self._expire(ask)
                    self._left()
                else:
                    deadlines.append(ask.deadline)
        if deadlines:
            self._watch(min(deadlines))

    def _expire(self, ask: Ask) -> None:
        """Its time is over before it could be sent (again)."""
        if ask.response is not None:
            self._end(ask, ask.response, 0.0)
        else:
            why = "no link was bound" if not self.links else "window, rate or the peer left no room"
            self._end(ask, RequestTimeout(f"{ask.pdu.command} was not sent in time: {why}"), 0.0)

    def look_whether_idle(self) -> None:
        """Tell those who wait for it if nothing is under way."""
        if self.idlers and not self.busy:
            for future in self.idlers:
                if not future.done():
                    future.set_result(None)
            self.idlers.clear()
