"""Layer 6 of 9: one connection on an asyncio loop: moves octets between a transport and a session machine, once per turn of the loop."""

from __future__ import annotations

import asyncio
import logging
import math
import socket
import time
from asyncio import Future
from collections.abc import Callable
from math import inf
from typing import Any, Protocol, cast

from smpp_core import Framer, Pdu, RequestTimeout, SessionClosed, SmppError

from .events import Answered, Closed, Event, Pending, Requested, TimedOut
from .machine import Machine

__all__ = ["Link", "Observer", "Owner", "Settled", "clock_of", "delay_of"]

log = logging.getLogger("smswire.session")

# What a callback of the owner may raise without harm to the session; a handler may be cancelled by its own hand.
_FAULTS = (Exception, asyncio.CancelledError)
# A PDU of ours is never longer: its length field and the widest TLVs of a profile fit.
MAX_FRAME = 0x7FFFFFFF


def clock_of(loop: asyncio.AbstractEventLoop) -> Callable[[], float]:
    """The clock of a loop's machines, in seconds: the loop's own, but uvloop's stands still in a turn and counts in milliseconds."""
    return loop.time if isinstance(loop, asyncio.BaseEventLoop) else time.monotonic


def delay_of(loop: asyncio.AbstractEventLoop, seconds: float) -> float:
    """What to give call_later. uvloop rounds to milliseconds, so that less than half of one would come at once, again and again."""
    if seconds <= 0 or isinstance(loop, asyncio.BaseEventLoop):
        return max(seconds, 0.0)
    return math.ceil(seconds * 1e3) / 1e3


class Owner(Protocol):
    """What a link tells; plain methods, called in the order of the octets."""

    def link_made(self, link: Link) -> None:
        """The transport is there."""

    def link_request(self, link: Link, pdu: Pdu) -> None:
        """The peer wants an answer: give it with link.reply."""

    def link_event(self, link: Link, event: Event) -> None:
        """Any event but requests, answers and time-outs, whose tokens are settled."""

    def link_lost(self, link: Link, error: Exception | None) -> None:
        """The transport is gone; every token has been settled before."""


class Settled(Protocol):
    """A token of a request: told once how it ended."""

    def settled(self, pending: Pending, outcome: Pdu | SmppError) -> None:
        """outcome: the response, RequestTimeout or SessionClosed."""


class Observer(Protocol):
    """Sees every PDU of a link, in and out."""

    def received(self, link: Link, pdu: Pdu) -> None:
        """A PDU was read."""

    def sent(self, link: Link, octets: bytes) -> None:
        """The octets of a PDU go to the transport."""


class Link(asyncio.Protocol):
    """One connection. Requests and replies of one turn of the loop leave in one write; all frames of a read are handled at once.

    machine: the session. owner: what is told. loop: the running loop; its clock (`now`) is the machine's. observer, metrics:
    None, or what sees each PDU and each answer.
    """

    __slots__ = (
        "__weakref__", "_closing", "_flushing", "_handle", "_lost", "_reading", "_stuck", "_time", "_wake", "data", "loop", "machine",
        "metrics", "observer", "owner", "transport", "writable",
    )

    def __init__(
        self, machine: Machine, owner: Owner, loop: asyncio.AbstractEventLoop, observer: Observer | None = None, metrics: Any = None
    ) -> None:
        self.machine = machine
        self.owner = owner
        self.loop = loop
        self.observer = observer
        self.metrics = metrics
        self.data: Any = None  # the owner's own
        self.transport: asyncio.Transport | None = None
        self.writable = True
        self._time = clock_of(loop)
        self._flushing = False  # a flush is due in this turn
        self._handle: asyncio.TimerHandle | None = None
        self._wake = inf
        self._stuck: asyncio.TimerHandle | None = None
        self._closing = self._lost = self._reading = False
        if observer is not None:
            machine.seen = self._see

    def now(self) -> float:
        """Seconds of the clock that the machine goes by."""
        return self._time()

    def _see(self, pdu: Pdu) -> None:
        try:
            self.observer.received(self, pdu)  # type: ignore[union-attr]
        except _FAULTS:
            log.exception("an observer failed over a PDU that came")

    # -- what the owner does ----------------------------------------------------------------------------------------------------

    def request(self, pdu: Pdu, token: object = None, timeout: float | None = None) -> Pending:
        """Send a request. token: a Future, or an object with `settled`. timeout and errors: those of Machine.request."""
        pending = self.machine.request(pdu, self._time(), token, timeout)
        if not self._flushing:
            self._flush_soon()
        if pending.deadline < self._wake:
            self.arm()
        return pending

    def reply(self, request: Pdu, response: Pdu) -> bool:
        """Answer a request of the peer. Returns False if the session takes no answers any more."""
        taken = self.machine.reply(request, response)
        if not self._reading:  # else the read that this belongs to does both
            if not self._flushing:
                self._flush_soon()
            if self.machine.has_news:
                self._go_on()
        return taken

    def send(self, octets: bytes, count: int = 1) -> None:
        """Send octets of count whole PDUs whose numbers were reserved."""
        self.machine.send(octets, count)
        if not self._flushing:
            self._flush_soon()

    def unbind(self) -> None:
        """Ask for the end of the session; what is in flight can still be answered."""
        self.machine.unbind(self._time())
        if self.machine.has_news and not self._reading:
            self._go_on()
        self.flush()
        self.arm()

    def close(self, reason: str, error: SmppError | None = None) -> None:
        """End the session: what waits is settled with SessionClosed; what is queued is still written, for a while."""
        self._read(self.machine.close(reason, error))
        self.flush()

    def abort(self) -> None:
        """Drop the connection at once, with all that is not written."""
        if self.transport is not None:
            self.transport.abort()

    @property
    def in_flight(self) -> int:
        """Requests that wait for their responses."""
        return len(self.machine.pending)

    @property
    def is_closing(self) -> bool:
        """True once the session is over or the connection lost."""
        return self._closing or self._lost

    @property
    def peername(self) -> Any:
        """Address of the peer, as the socket tells it."""
        return self.transport.get_extra_info("peername") if self.transport is not None else None

    @property
    def ssl_object(self) -> Any:
        """The TLS session, None for a plain connection."""
        return self.transport.get_extra_info("ssl_object") if self.transport is not None else None

    # -- what the loop calls ------------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The loop has a transport."""
        self.transport = transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass
        transport.set_write_buffer_limits(high=self.machine.limits.unsent)
        raw = transport.get_extra_info("socket")
        if raw is not None and raw.family in (socket.AF_INET, socket.AF_INET6):
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.owner.link_made(self)
        self.arm()

    def data_received(self, data: bytes) -> None:
        """The loop has read octets."""
        machine = self.machine
        self._flushing = self._reading = True  # one write for everything that these octets bring
        try:
            self._read(machine.receive(data, self._time()))
            while machine.has_news:
                self._read(machine.receive(b"", self._time()))
        finally:
            self._reading = False
            self.flush()
            if self.metrics is not None:
                self._count_read(len(data))
            if machine.partial_deadline < self._wake or machine.hurried:
                self.arm()

    def _go_on(self) -> None:
        """Tell what the machine could not tell before, until there is no more; what the owner does meanwhile adds to it."""
        machine = self.machine
        self._reading = True
        try:
            while machine.has_news:
                self._read(machine.receive(b"", self._time()))
        finally:
            self._reading = False
            self.arm()

    def _read(self, events: list[Event]) -> None:
        owner, metrics = self.owner, self.metrics
        for event in events:
            kind = event.__class__
            try:
                if kind is Requested:
                    if not self._closing:  # else nobody could answer any more: it comes again
                        owner.link_request(self, event.pdu)  # type: ignore[union-attr]
                elif kind is Answered:
                    pending, response = event.pending, event.response  # type: ignore[union-attr]
                    if metrics is not None:
                        metrics.answered(pending.pdu.command, response.command_status, event.latency)  # type: ignore[union-attr]
                    token = pending.token
                    if token.__class__ is Future:
                        if not token.done():
                            token.set_result(response)
                    elif token is not None:
                        token.settled(pending, response)
                else:
                    self._handle_seldom(event)
            except _FAULTS:  # one caller's fault must not cost the others of this read their answers
                log.exception("peer %s: what was told of %s failed", self.peername, kind.__name__)

    def eof_received(self) -> bool:
        """The peer has half-closed: an SMPP session needs both directions."""
        self._read(self.machine.eof(self._time()))
        self.flush()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The transport is gone."""
        self._lost = True
        reason = f"the connection was lost: {exc}" if exc is not None else "the connection was closed"
        error = SessionClosed(reason)
        error.__cause__ = exc
        self._read(self.machine.close(reason, error))
        for handle in (self._handle, self._stuck):
            if handle is not None:
                handle.cancel()
        self._handle = self._stuck = None
        self.machine.seen = None
        self.owner.link_lost(self, exc)

    def pause_writing(self) -> None:
        """The peer does not read: read nothing from it either, and give up if that lasts."""
        self.writable = False
        self.machine.pause()
        if self.transport is not None and not self.transport.is_closing():
            self.transport.pause_reading()
        timeout = self.machine.limits.stuck_timeout
        if timeout and self._stuck is None:
            self._stuck = self.loop.call_later(timeout, self._give_up)

    def resume_writing(self) -> None:
        """The peer reads again."""
        self.writable = True
        self.machine.resume(self._time())
        if self.transport is not None and not self.transport.is_closing():
            self.transport.resume_reading()
        if self._stuck is not None and not self._closing:
            self._stuck.cancel()
            self._stuck = None
        if self.machine.bulk is not None:
            self.machine.bulk.refill()
        self.arm()
        resumed = getattr(self.owner, "link_writable", None)
        if resumed is not None:
            resumed(self)

    # -- the turn -------------------------------------------------------------------------------------------------------------------

    def _flush_soon(self) -> None:
        self._flushing = True
        self.loop.call_soon(self.flush)

    def flush(self) -> None:
        """Hand everything that waits to the transport, in one write."""
        self._flushing = False
        frames = self.machine.take()
        if frames and self.transport is not None and not self._lost:
            if self.observer is not None:
                self._show(frames)
            if self.metrics is not None:
                self._count_written(sum(map(len, frames)))
            self.write_frames(frames)
        if self._closing and self.transport is not None and not self.transport.is_closing():
            self.transport.close()

    def _count_read(self, octets: int) -> None:
        self.metrics.octets_in += octets
        self.metrics.pdus_in += self.machine.pdus_in
        self.machine.pdus_in = 0

    def _count_written(self, octets: int) -> None:
        self.metrics.octets_out += octets
        self.metrics.pdus_out += self.machine.pdus_out
        self.machine.pdus_out = 0

    def _show(self, frames: list[bytes]) -> None:
        assert self.observer is not None
        for frame in Framer(MAX_FRAME).feed(b"".join(frames)):
            try:
                self.observer.sent(self, frame)
            except _FAULTS:
                log.exception("an observer failed over a PDU that goes")

    def write_frames(self, frames: list[bytes]) -> None:
        """Write PDUs to the transport; the one place that does. A simulator's faults override it."""
        assert self.transport is not None
        self.transport.write(frames[0] if len(frames) == 1 else b"".join(frames))

    def _handle_seldom(self, event: Event) -> None:
        if isinstance(event, TimedOut):
            pending = event.pending
            if self.metrics is not None:
                self.metrics.timed_out(pending.pdu.command)
            seconds = pending.deadline - pending.sent_at
            _settle(pending, RequestTimeout(f"no response to {pending.pdu.command} in {seconds:g} s", written=True))
            return
        if isinstance(event, Closed):
            self._end(event)
        self.owner.link_event(self, event)

    def _end(self, event: Closed) -> None:
        self._closing = True
        for pending in event.lost:
            if self.metrics is not None:
                self.metrics.lost(pending.pdu.command)
            error = SessionClosed(f"the session ended before the response: {event.reason}", self.machine.was_written(pending))
            error.__cause__ = event.error
            try:
                _settle(pending, error)
            except _FAULTS:
                log.exception("the end of a %s could not be told", pending.pdu.command)
        if self.machine.bulk is not None:
            self.machine.bulk.lost(event.reason)
        if not self._lost and self._stuck is None:
            # The transport writes what it holds, but not for ever.
            self._stuck = self.loop.call_later(self.machine.limits.unbind_timeout or 5.0, self._give_up)
        if not self._flushing:
            self._flush_soon()

    def _give_up(self) -> None:
        self._stuck = None
        if self._closing:
            self.abort()
            return
        timeout = self.machine.limits.stuck_timeout
        log.warning("peer %s: %d octets unread for %g s; the connection is dropped", self.peername, self._unsent(), timeout)
        self._read(self.machine.close(f"the peer has read nothing for {timeout:g} s"))
        self.abort()

    def _unsent(self) -> int:
        return self.transport.get_write_buffer_size() if self.transport is not None else 0

    # -- time -------------------------------------------------------------------------------------------------------------------------

    def arm(self) -> None:
        """Have the loop call when the machine's next deadline has come. A deadline that moved back is met early and set anew."""
        self.machine.hurried = False
        when = self.machine.deadline()
        if when is None or self._lost:
            return
        if self._handle is not None:
            if when >= self._wake:
                return
            self._handle.cancel()
        self._wake = when
        self._handle = self.loop.call_later(delay_of(self.loop, when - self._time()), self._tick)

    def _tick(self) -> None:
        self._handle, self._wake = None, inf
        try:
            self._read(self.machine.tick(self._time()))
            self.flush()
        finally:
            self.arm()


def _settle(pending: Pending, outcome: Pdu | SmppError) -> None:
    token = pending.token
    if token is None:
        return
    if isinstance(token, Future):
        if token.done():
            return
        if isinstance(outcome, SmppError):
            token.set_exception(outcome)
        else:
            token.set_result(outcome)
    else:
        token.settled(pending, outcome)
