"""Layer 6 of 9: the session machine of either side: octets and the time in, octets and events out. No socket, no loop, no clock.

Its rules are the rows of the commands' table (states.py). What SMPP settles by itself it answers itself: enquire_link, unbind, unknown
commands, broken and forbidden PDUs; what concerns the application becomes an event.
"""

from __future__ import annotations

from collections import deque
from math import inf
from typing import Any, Final, Protocol

from smpp_core import (
    DecodeError,
    EncodeError,
    EnquireLink,
    FrameError,
    Framer,
    Pdu,
    Profile,
    ProtocolError,
    RequestTimeout,
    SessionClosed,
    SmppError,
    Unbind,
    UnexpectedPdu,
    UnknownPdu,
    WindowFull,
    decode,
)
from smpp_core.spec.commands import BY_NAME, COMMANDS
from smpp_core.spec.values import CommandStatus

from .events import (
    Answered,
    Bound,
    Closed,
    Event,
    Faulted,
    Nacked,
    Notified,
    Orphan,
    Pending,
    Refused,
    Requested,
    TimedOut,
    Unanswered,
    Unbound,
)
from .limits import CLIENT, SERVER, Limits
from .states import BOUND, CLOSED, OPEN, UNBINDING, Role, allowed, following, other

__all__ = ["MAX_SEQUENCE", "Bulk", "Machine"]

MAX_SEQUENCE: Final = 0x7FFFFFFF  # SMPP 3.4 5.1.4; behind it comes 1
_RESPONSE: Final = 0x80000000
_NACK: Final = BY_NAME["generic_nack"].id
_ENQUIRE: Final = BY_NAME["enquire_link"].id
_UNBIND: Final = BY_NAME["unbind"].id
_ENQUIRE_RESP_HEAD: Final = bytes.fromhex("000000108000001500000000")
_BINDS: Final = frozenset(BY_NAME[name].id for name in ("bind_transmitter", "bind_receiver", "bind_transceiver"))
_BIND_RESPS: Final = frozenset(id | _RESPONSE for id in _BINDS)
# Answered by the machine, not handed to the application.
_OWN: Final = frozenset((_ENQUIRE, _UNBIND))
_WITHOUT_RESPONSE: Final = frozenset(id for id, row in COMMANDS.items() if not row.is_response and not row.response)
_ENQUIRE_RESP: Final = _ENQUIRE | _RESPONSE
_GRACE: Final = 1.0  # seconds in which octets that waited in the socket are read
_LATE: Final = 1_000  # timed-out sequence numbers that are remembered, to call their responses late


class Bulk(Protocol):
    """Requests of a buffer, which are counted and settled together (buffer.py); their numbers come from `Machine.reserve`."""

    @property
    def in_flight(self) -> int:
        """How many wait for their responses."""

    def settle(self, frames: list[bytes], now: float) -> list[bytes]:
        """Take the responses of its own out; return the other frames."""

    def deadline(self) -> float:
        """When the oldest request in flight times out; infinite if there is none."""

    def expire(self, now: float) -> None:
        """Give up what has waited too long."""

    def refill(self) -> None:
        """There may be room in the window, or the peer reads again: send what can be sent."""

    def lost(self, reason: str) -> None:
        """The session is over."""


class Machine:
    """One session, from one side. Everything it may send waits in `take()`; everything it saw is returned as events, in order.

    role: "esme" or "smsc". now: seconds of any clock that never runs back. profile: the peer's dialect, default the vendor's. strict:
    refuse broken requests (default: smsc only). limits: time-outs and caps. window: requests of ours that may wait for responses.
    overload_status: what answers the peer's requests over limits.inbound. SMPP 3.4 2.2, 2.9, 2.10, 5.1.4.
    """

    __slots__ = (
        "_accepts", "_blind_until", "_control", "_doom", "_due", "_enquire", "_faults", "_flushed", "_framer", "_heard", "_held",
        "_held_octets", "_late", "_next", "_orders", "_ours", "_out", "_partial_at", "_peer_unbind", "_replied", "_since",
        "_unbind_by", "_unbound", "_untold", "bind", "bulk", "hurried", "limits", "overload_status", "partial_deadline", "pdus_in",
        "pdus_out", "peer", "pending", "profile", "role", "seen", "state", "strict", "unsettled", "unsettled_octets", "window",
    )

    def __init__(
        self, role: Role, *, now: float, profile: Profile | None = None, strict: bool | None = None, limits: Limits | None = None,
        window: int = 64, overload_status: int = CommandStatus.ESME_RX_T_APPN,
    ) -> None:
        self.role: Role = role
        self.peer: Role = other(role)
        self.profile = profile if profile is not None else Profile.vendor()
        self.strict = role == "smsc" if strict is None else strict
        self.limits = limits if limits is not None else SERVER if role == "smsc" else CLIENT
        self.window = window
        self.overload_status = int(overload_status)
        self.pending: dict[int, Pending] = {}  # what the window counts
        self.unsettled = 0  # requests of the peer that wait for `reply`, and their octets
        self.unsettled_octets = 0
        self.bind: Pdu | None = None  # the bind request that the session is bound by
        self.bulk: Bulk | None = None
        self.seen: Any = None  # called with every PDU that was read, where somebody wants to see them
        self.partial_deadline = inf  # when the PDU that has begun must be whole
        self._framer = Framer(self.limits.max_length)
        self._control: dict[int, Pending] = {}  # bind, unbind, enquire_link: outside the window
        self.pdus_in = self.pdus_out = 0  # read, and taken to be written
        self._out: list[bytes] = []
        self._held: list[bytes] = []  # frames behind a bind that is not answered yet
        self._held_octets = 0
        self._late: dict[int, None] = {}
        self._faults: deque[float] = deque(maxlen=max(1, self.limits.faults_per_minute))
        self._next = 1
        self._orders = self._flushed = 0
        self._since = self._heard = now
        self._partial_at = -1
        self._enquire: Pending | None = None
        self._peer_unbind: Pdu | None = None  # not answered before our answers are out
        self._doom: tuple[str, SmppError] | None = None  # the end, as soon as what came before it has been told
        self._untold = 0  # requests of the peer that this very call returns: nobody could answer them yet
        self._replied = 0  # how many requests of ours there were when the last reply was sent
        self._blind_until = -inf  # what is late is not judged while nothing is read
        self.hurried = False  # the deadline may have moved forward without a request
        self._unbind_by = inf
        self._due: list[Event] = []
        self._enter(OPEN)

    def _enter(self, state: str) -> None:
        self.state = state
        self.hurried = True
        self._ours = allowed(self.role, state)
        self._unbound = state not in BOUND
        # Until the peer has read our unbind it is still bound: what it sends is legal, but nobody answers.
        self._accepts = allowed(self.peer, state) - _OWN if state not in (UNBINDING, CLOSED) else frozenset()

    @property
    def bound(self) -> bool:
        """True from a bind's good answer to the unbind or the end."""
        return self.state in BOUND

    @property
    def leaving(self) -> bool:
        """True from the peer's unbind on: it answers nothing that is sent now."""
        return self._peer_unbind is not None

    @property
    def closed(self) -> bool:
        """True after the end: nothing is read or sent any more, but what `take` still holds."""
        return self.state == CLOSED

    @property
    def window_used(self) -> int:
        """Requests of ours that wait for their responses, those of a buffer too."""
        return len(self.pending) if self.bulk is None else len(self.pending) + self.bulk.in_flight

    @property
    def has_news(self) -> bool:
        """True if `receive(b"", now)` has more to tell: a `reply` let it go on, or a read held more requests than may wait at once."""
        if self._due:
            return True
        if self._unbound and (self.state == CLOSED or self._waits_for_bind()):
            return False
        return bool(self._held) or self._doom is not None or self._framer.error is not None

    # -- requests and replies of this side --------------------------------------------------------------------------------------

    def request(
        self, pdu: Pdu, now: float, token: object = None, timeout: float | None = None, *, keep_sequence: bool = False
    ) -> Pending:
        """Send a request: it is registered, numbered, and its octets wait in `take`.

        token: comes back with the event that ends it. timeout: seconds until TimedOut, default the limits' response_timeout.
        keep_sequence: send the PDU's own number (for replays). The Pending of a command without response has response_id 0 and is
        not waited for. Raises WindowFull; SessionClosed if the session is not bound, unbinding or closed; EncodeError for a command
        that this side may not send on such a session, or a kept number that is in use.
        """
        command_id = pdu.command_id
        if command_id not in self._ours or command_id >= _RESPONSE:
            self._refuse_own(pdu)
        control = command_id in _OWN or command_id in _BINDS
        if not control and self.window_used >= self.window and command_id not in _WITHOUT_RESPONSE:
            raise WindowFull(f"{self.window_used} requests wait for their responses, the window holds no more")
        if control and command_id != _ENQUIRE and any(kept.response_id != _ENQUIRE | _RESPONSE for kept in self._control.values()):
            raise EncodeError("a bind or unbind waits for its response", field="command_id")
        return self._register(pdu, command_id, now, token, timeout, keep_sequence, control)

    def _register(
        self, pdu: Pdu, command_id: int, now: float, token: object, timeout: float | None, keep_sequence: bool, control: bool
    ) -> Pending:
        sequence = pdu.sequence_number if keep_sequence else self._next
        if sequence in self.pending or sequence in self._control:
            if keep_sequence:
                raise EncodeError(f"sequence_number {sequence} waits for its response already", field="sequence_number")
            while sequence in self.pending or sequence in self._control:
                sequence = sequence + 1 if sequence < MAX_SEQUENCE else 1
        if not keep_sequence:
            self._next = sequence + 1 if sequence < MAX_SEQUENCE else 1
            pdu = pdu.with_sequence(sequence)
        deadline = now + ((self.limits.response_timeout or inf) if timeout is None else timeout)
        self._orders = order = self._orders + 1
        pending = Pending(sequence, pdu, token, now, deadline, command_id | _RESPONSE, order)
        if control:
            self._control[sequence] = pending
        elif command_id in _WITHOUT_RESPONSE:
            pending.response_id = 0
            if command_id == BY_NAME["outbind"].id:
                self._enter(following(self.state, "outbind"))
        else:
            self.pending[sequence] = pending
        self._out.append(bytes(pdu))
        return pending

    def _refuse_own(self, pdu: Pdu) -> None:
        row = pdu.row
        if self.state == CLOSED or self.state == UNBINDING or self._peer_unbind is not None:
            raise SessionClosed(f"the session is {'unbinding' if self.state != CLOSED else 'closed'}")
        if row is None or row.is_response:
            raise EncodeError(f"{pdu.command} is no request", field="command_id")
        if row.sender not in (self.role, "both") or self.state in BOUND:
            raise EncodeError(f"{row.name} may not be sent by the {self.role} in state {self.state} ({row.section})", field="command_id")
        raise SessionClosed(f"the session is not bound: {row.name} may not be sent in state {self.state}")

    def reserve(self, count: int) -> int:
        """Set count sequence numbers aside for a buffer of requests; return the first. They follow each other, up to the wrap."""
        first = self._next
        while True:
            if first + count - 1 > MAX_SEQUENCE:
                first = 1
            taken = [number for number in (*self.pending, *self._control) if first <= number < first + count]
            if not taken:
                break
            first = max(taken) + 1
        self._next = first + count if first + count <= MAX_SEQUENCE else 1
        return first

    def send(self, octets: bytes, count: int = 1) -> None:
        """Put octets of count whole PDUs behind what waits to be written; their numbers come from `reserve`."""
        if self._unbound or self._peer_unbind is not None:
            raise SessionClosed(f"the session is {'closed' if self.state == CLOSED else 'unbinding'}")
        self._out.append(octets)
        self.pdus_out += count - 1  # `take` counts an item as one

    def reply(self, request: Pdu, response: Pdu) -> bool:
        """Send the answer to a Requested pdu. Returns False if the session no longer takes answers; the request will come again."""
        command_id = response.command_id
        if command_id != request.command_id | _RESPONSE and command_id != _NACK:
            raise EncodeError(f"{response.command} does not answer {request.command}", field="command_id")
        self.unsettled -= 1
        self.unsettled_octets -= len(request)
        if command_id not in self._ours:  # closed, or our unbind is out
            return False
        if response.sequence_number != request.sequence_number:
            response = response.with_sequence(request.sequence_number)
        self._out.append(bytes(response))
        self._replied = self._orders
        if self._unbound and command_id in _BIND_RESPS:
            if not response.command_status:
                self.bind = request
                self._enter(following(self.state, response.command))
                self._due.append(Bound(self.state))
            else:
                self.bind = None
        if self._peer_unbind is not None and self.unsettled <= 0:
            self._answer_unbind()
        return True

    def unbind(self, now: float) -> None:
        """Ask for the end of the session. Nothing is sent after it; what is in flight can still be answered. SMPP 3.4 4.2."""
        if self._peer_unbind is not None:
            self._answer_unbind()
        elif self.state in BOUND:
            self._register(Unbind(), _UNBIND, now, None, self.limits.unbind_timeout or inf, False, True)
            self._enter(UNBINDING)

    def close(self, reason: str, error: SmppError | None = None, *, agreed: bool = False) -> list[Event]:
        """End the session at once. Returns what is left to tell, its last event Closed with the requests that got no response.

        error: what ended it, default SessionClosed(reason), and None if agreed. Requests that nobody has taken to write are not written
        any more: their callers are told so, and may send them elsewhere. Answers still are.
        """
        if self.state == CLOSED:
            return self._news()
        if error is None and not agreed:
            error = SessionClosed(reason)
        lost = [*self.pending.values(), *self._control.values()]
        unwritten = {id(bytes(pending.pdu)) for pending in lost if not self.was_written(pending)}
        if unwritten:
            self._out = [octets for octets in self._out if id(octets) not in unwritten]
        self.pending.clear()
        self._control.clear()
        self._held.clear()
        self._enter(CLOSED)
        self.partial_deadline = inf
        self._due.append(Closed(reason, error, lost))
        return self._news()

    def take(self) -> list[bytes]:
        """The octets to write now, one item a PDU (several where `send` was used), in order."""
        frames = self._out
        self._out = []
        self.pdus_out += len(frames)
        if self.state != CLOSED:
            self._flushed = self._orders
        return frames

    def was_written(self, pending: Pending) -> bool:
        """Whether the request's octets were taken to be written: the peer may have seen it."""
        return pending.order <= self._flushed

    def _news(self) -> list[Event]:
        news, self._due = self._due, []
        return news

    # -- octets and PDUs of the peer ----------------------------------------------------------------------------------------------

    def receive(self, octets: bytes | bytearray | memoryview, now: float) -> list[Event]:
        """Take octets that came from the peer, cut in any way. Returns what they mean, in order."""
        events = self._news() if self._due else []
        if self.state == CLOSED:
            return events
        self._untold = 0
        framer, bulk = self._framer, self.bulk
        if octets:
            self._heard = now
        if self._held:
            self._go_on(now, events)
        if self._doom is not None:
            return events if self._untold else events + self.close(*self._doom)
        if framer.error is None or not self._held:
            try:
                frames = framer.feed(octets)
            except FrameError as error:
                if not self._untold:
                    self._break(error, events)
                return events
            self.pdus_in += len(frames)
            if bulk is not None:
                frames = self._settle_bulk(bulk, frames, now)
            if self._held and not self._waits_for_bind():
                self._held += frames
            else:
                self._read(frames, now, events)
        self._finish(now, events)
        return events

    def _finish(self, now: float, events: list[Event]) -> None:
        """After a read: the end that it brought, once what came before has been told; room in the window; the time of a partial PDU."""
        framer = self._framer
        told = not self._untold and not self._held
        if self._doom is not None and told:
            events.extend(self.close(*self._doom))
        if self.state == CLOSED:
            return
        if self.bulk is not None:
            self.bulk.refill()
        if framer.error is not None:
            if told:
                self._break(framer.error, events)
        elif not framer.buffered:
            self.partial_deadline = inf
        elif framer.offset != self._partial_at or self.partial_deadline == inf:
            self._partial_at = framer.offset
            self.partial_deadline = now + (self.limits.pdu_timeout or inf)

    def _settle_bulk(self, bulk: Bulk, frames: list[bytes], now: float) -> list[bytes]:
        rest = bulk.settle(frames, now)
        if self.seen is not None:
            others = {id(frame) for frame in rest}
            for frame in frames:
                if id(frame) not in others:
                    self.seen(decode(frame, strict=False, profile=self.profile))
        return rest

    def _read(self, frames: list[bytes], now: float, events: list[Event]) -> None:
        pending_by_sequence, seen, strict, profile = self.pending, self.seen, self.strict, self.profile
        limits = self.limits
        for at, frame in enumerate(frames):
            if self._unbound and self._waits_for_bind():
                self._hold(frames[at:], events)
                return
            try:
                pdu = decode(frame, strict=strict, profile=profile)
            except DecodeError as error:
                pdu = error.pdu
                if not pdu.is_response:  # what a response can still tell is enough to settle its request
                    if seen is not None:
                        seen(pdu)
                    self._fault(error, now, events)
                    if self._doom is not None:
                        return
                    continue
            command_id = pdu.command_id
            if seen is not None:
                seen(pdu)
            if command_id in self._accepts:
                if command_id >= _RESPONSE:
                    pending = pending_by_sequence.get(pdu.sequence_number)
                    if pending is not None and pending.response_id == command_id:
                        del pending_by_sequence[pending.sequence]
                        events.append(Answered(pending, pdu, now - pending.sent_at))
                        continue
                elif self._peer_unbind is None and command_id not in _WITHOUT_RESPONSE:
                    if self.unsettled >= limits.inbound or self.unsettled_octets >= limits.inbound_octets:
                        if self._untold:  # nobody could answer these yet: one read must not be refused for being long
                            self._held = frames[at:]
                            return
                        self._out.append(bytes(pdu.reply(self.overload_status)))
                        events.append(Refused(pdu, self.overload_status))
                        continue
                    self._untold += 1
                    self.unsettled += 1
                    self.unsettled_octets += len(frame)
                    if command_id in _BINDS:
                        self.bind = pdu
                    events.append(Requested(pdu))
                    continue
            self._seldom(pdu, command_id, now, events)
            if self.state == CLOSED:
                return

    def _seldom(self, pdu: Pdu, command_id: int, now: float, events: list[Event]) -> None:
        """Everything but ordinary requests and their responses."""
        if command_id >= _RESPONSE:
            self._response(pdu, command_id, now, events)
        elif command_id == _ENQUIRE:
            if self.state != UNBINDING:
                self._out.append(_ENQUIRE_RESP_HEAD + bytes(pdu)[12:16])
        elif command_id == _UNBIND and (self.state in BOUND or self.state == UNBINDING):
            self._peer_unbind = pdu
            self._unbind_by = now + (self.limits.unbind_timeout or inf)
            self._ours = frozenset(id for id in self._ours if id >= _RESPONSE)
            self.hurried = True
            if self.state == UNBINDING or self.unsettled <= 0:
                self._answer_unbind()
                events.extend(self._news())
        elif self.state == UNBINDING or self._peer_unbind is not None:
            events.append(Unanswered(pdu))
        elif isinstance(pdu, UnknownPdu):
            unknown = ProtocolError(f"command 0x{command_id:08X}, sequence_number {pdu.sequence_number}, is unknown")
            unknown.command_status, unknown.sequence_number = int(CommandStatus.ESME_RINVCMDID), pdu.sequence_number
            self._out.append(bytes(unknown.reply()))
            events.append(Faulted(unknown, unknown.command_status))
        elif command_id in self._accepts:
            if pdu.command == "outbind":
                self._enter(following(self.state, "outbind"))
            events.append(Notified(pdu))
        else:
            error = UnexpectedPdu(pdu, self.state)
            if command_id in _BINDS and self.state in BOUND:
                error.command_status = int(CommandStatus.ESME_RALYBND)
            if command_id in _WITHOUT_RESPONSE:
                events.append(Faulted(error))
                return
            self._out.append(bytes(error.reply()))
            events.append(Faulted(error, error.command_status))

    def _response(self, pdu: Pdu, command_id: int, now: float, events: list[Event]) -> None:
        sequence = pdu.sequence_number
        pending = self.pending.get(sequence) or self._control.get(sequence)
        if command_id == _NACK and pending is None and sequence == 0 and self.window_used + len(self._control) == 1:
            # The peer could not even read the number. With one request in flight, and no reply sent since, there is no doubt what it means.
            only = next(iter((self.pending or self._control).values()), None)
            pending = only if only is not None and only.order > self._replied else None
        if pending is None or command_id not in (pending.response_id, _NACK):
            events.append(Nacked(pdu) if command_id == _NACK else Orphan(pdu, sequence in self._late))
            return
        self.pending.pop(pending.sequence, None)
        control = self._control.pop(pending.sequence, None) is not None
        if pending is self._enquire:
            self._enquire = None
        events.append(Answered(pending, pdu, now - pending.sent_at))
        if not control:
            return
        if command_id in _BIND_RESPS and not pdu.command_status:
            self.bind = pending.pdu
            self._enter(following(self.state, pdu.command))
            events.append(Bound(self.state))
        elif pending.response_id == _UNBIND | _RESPONSE:
            events.append(Unbound(by_peer=False))
            events.extend(self.close("unbound", agreed=True))

    def _answer_unbind(self) -> None:
        pdu, self._peer_unbind = self._peer_unbind, None
        if pdu is not None:
            self._out.append(bytes(pdu.reply()))
            self._due.append(Unbound(by_peer=True))
            self._due = self.close("unbound by the peer", agreed=True)

    # -- a bind that is being answered ----------------------------------------------------------------------------------------------

    def _waits_for_bind(self) -> bool:
        return self._unbound and self.role == "smsc" and self.unsettled > 0 and self.state != UNBINDING

    def _hold(self, frames: list[bytes], events: list[Event]) -> None:
        """Keep what came behind a bind until it is known whether it was legal."""
        self._held += frames
        self._held_octets += sum(map(len, frames))
        if self._held_octets > self.limits.unbound_octets:
            events.extend(self.close(f"{self._held_octets} octets came behind a bind that was not answered yet"))

    def _go_on(self, now: float, events: list[Event]) -> None:
        if not self._waits_for_bind():
            frames, self._held, self._held_octets = self._held, [], 0
            self._read(frames, now, events)

    # -- faults, time, the end --------------------------------------------------------------------------------------------------------

    def _fault(self, error: DecodeError, now: float, events: list[Event]) -> None:
        if self.state == UNBINDING or self._peer_unbind is not None:
            events.append(Unanswered(error.pdu))
            return
        self._out.append(bytes(error.reply()))
        events.append(Faulted(error, error.command_status))
        self._faults.append(now)
        limit = self.limits.faults_per_minute
        if limit and len(self._faults) == limit and now - self._faults[0] < 60:
            self._doom = f"{limit} broken PDUs within a minute", error

    def _break(self, error: FrameError, events: list[Event]) -> None:
        """The stream cannot be cut any more: say so, unless another protocol is spoken or we have said unbind, and end."""
        answer = None
        if not error.protocol and self.state != UNBINDING:
            answer = error.command_status
            self._out.append(bytes(error.reply()))
        events.append(Faulted(error, answer))
        events.extend(self.close(str(error), error))

    def eof(self, now: float) -> list[Event]:
        """The peer sends no more octets."""
        middle = self._framer.buffered if self.state != CLOSED else 0
        return self.close(f"the peer closed the connection {f'{middle} octets into a PDU' if middle else 'without unbind'}")

    def deadline(self) -> float | None:
        """When `tick` is due at the latest, None for never. It may move back when octets come, never forward without a request."""
        if self.state == CLOSED:
            return None
        limits = self.limits
        if self._blind_until == inf:
            return None
        when = min(self.partial_deadline, self._unbind_by if self._peer_unbind is not None else inf)
        if self.pending:
            when = min(when, min(pending.deadline for pending in self.pending.values()))
        if self.bulk is not None:
            when = min(when, self.bulk.deadline())
        if self._control:
            when = min(when, min(pending.deadline for pending in self._control.values()))
        if self.role == "smsc" and self.state not in BOUND and self.state != UNBINDING and limits.bind_timeout:
            when = min(when, self._since + limits.bind_timeout)
        if limits.enquire_link and self._enquire is None and self.state in BOUND:
            when = min(when, self._heard + limits.enquire_link)
        return max(when, self._blind_until) if when != inf else None

    def pause(self) -> None:
        """Nothing is read from now on, because the peer does not read: what is late then is not the peer's fault."""
        self._blind_until = inf

    def resume(self, now: float) -> None:
        """Octets are read again. What was late has a second to show up."""
        self._blind_until = now + _GRACE
        if self.partial_deadline != inf:
            self.partial_deadline = now + self.limits.pdu_timeout
        self.hurried = True

    def tick(self, now: float) -> list[Event]:
        """Let time pass: ask a silent peer, give up what waited too long."""
        events = self._news()
        if self.state == CLOSED or now < self._blind_until:
            return events
        limits = self.limits
        if now >= self.partial_deadline:
            return events + self.close(f"a PDU was not whole after {limits.pdu_timeout:g} s")
        if self._peer_unbind is not None and now >= self._unbind_by:
            self._answer_unbind()
            return events + self._news()
        for pending in [kept for kept in self.pending.values() if now >= kept.deadline]:
            del self.pending[pending.sequence]
            self._late[pending.sequence] = None
            if len(self._late) > _LATE:
                del self._late[next(iter(self._late))]
            events.append(TimedOut(pending))
        if self.bulk is not None:
            self.bulk.expire(now)
            self.bulk.refill()
        for pending in [kept for kept in self._control.values() if now >= kept.deadline]:
            del self._control[pending.sequence]
            events.append(TimedOut(pending))
            if pending.response_id != _ENQUIRE_RESP:
                return events + self.close(f"no answer to {pending.pdu.command} in time", RequestTimeout(written=True))
            if pending is not self._enquire:
                continue  # the application's own
            self._enquire = None
            if self._heard <= pending.sent_at:  # other PDUs show that the peer lives, even if it does not answer this one
                return events + self.close("no answer to enquire_link in time", RequestTimeout("no answer to enquire_link", True))
        if self.role == "smsc" and self.state not in BOUND and self.state != UNBINDING:
            if limits.bind_timeout and now - self._since >= limits.bind_timeout:
                return events + self.close(f"no bind within {limits.bind_timeout:g} s of connecting")
        elif limits.enquire_link and self.state in BOUND and self._enquire is None and now >= self._heard + limits.enquire_link:
            self._enquire = self._register(EnquireLink(), _ENQUIRE, now, None, limits.enquire_timeout or inf, False, True)
        return events
