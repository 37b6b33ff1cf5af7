"""Layer 6 of 9: the session of one peer as a server's handler sees it: who it is, what it asks, what it is sent."""

from __future__ import annotations

import asyncio
import logging
import traceback
from asyncio import Future
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from types import CoroutineType
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from smpp_core import EncodeError, Pdu, RequestTimeout, SessionClosed, SmppError, SubmitMulti, SubmitSm
from smpp_core.spec.commands import BY_NAME
from smpp_core.spec.values import CommandStatus, MessageState

from .account import Account
from .events import Bound, Closed, Event, Faulted, Pending
from .link import Link, Settled
from .rate import Rate
from .states import BOUND, BOUND_RX, BOUND_TRX, BOUND_TX, UNBINDING

if TYPE_CHECKING:
    from .server import Server

__all__ = ["Answer", "BindKind", "Handler", "Session"]

log = logging.getLogger("smswire.session")

BindKind = Literal["transmitter", "receiver", "transceiver"]
Answer: TypeAlias = "Pdu | int | None"
Handler: TypeAlias = "Callable[[Session, Pdu], Answer | Awaitable[Answer]]"

_OK: Final = int(CommandStatus.ESME_ROK)
_SYSTEM_ERROR: Final = int(CommandStatus.ESME_RSYSERR)
_THROTTLED: Final = int(CommandStatus.ESME_RTHROTTLED)
_QUERY: Final = BY_NAME["query_sm"].id
_LOGGED_FAULTS: Final = 10
# Whose response names a new message.
_NAMED: Final = tuple(BY_NAME[name].id for name in ("submit_sm", "submit_multi", "data_sm", "broadcast_sm"))


class Session:
    """One connection of a peer. A handler gets it with each request, and may keep it to send deliver_sm later.

    account: what `authenticate` gave, None before the bind. bind: the peer's bind PDU. peername: (address, port, …) of the client, the one
    that a PROXY header names where there is one. data: the handler's own.
    """

    __slots__ = (
        "__weakref__", "_ended", "_faults", "_granted", "_over", "_waiting", "account", "bind", "data", "link", "owed", "peername", "rate",
        "refused", "server",
    )

    def __init__(self, server: Server, peername: Any) -> None:
        self.server = server
        self.peername = peername
        self.link: Link  # set by the server, before anything is called
        self.account: Account | None = None
        self.bind: Pdu | None = None
        self.data: Any = None
        self.owed = 0  # requests that an awaitable is to answer
        self.rate: Rate | None = None
        self.refused = False  # its bind was answered with an error: nothing of it is read any more
        self._faults = 0
        self._granted = 0  # of those in _waiting, how many may go on and have not had their turn of the loop yet
        self._over: Future[None] | None = None
        self._waiting: deque[Future[None]] | None = None  # requests of ours that wait for room in the window
        self._ended: Closed | None = None

    def __repr__(self) -> str:
        return f"<Session {self.system_id!r} {self.bind_kind or 'unbound'} {self.where} {self.state}>"

    @property
    def state(self) -> str:
        """The session state, of smswire.session.states."""
        return self.link.machine.state

    @property
    def bound(self) -> bool:
        """True from the good answer to the bind until the end."""
        return self.link.machine.state in BOUND

    @property
    def can_submit(self) -> bool:
        """Whether the peer may submit: it is bound as transmitter or transceiver."""
        return self.link.machine.state in (BOUND_TX, BOUND_TRX)

    @property
    def can_receive(self) -> bool:
        """Whether deliver_sm can be sent: the peer is bound as receiver or transceiver."""
        return self.link.machine.state in (BOUND_RX, BOUND_TRX)

    @property
    def system_id(self) -> str:
        """The name that the peer binds with."""
        return self.bind.system_id or "" if self.bind is not None else ""

    @property
    def system_type(self) -> str:
        """The kind of system that it says to be: "HLR", "NSMS", "R:<route>" or whatever the peer wrote."""
        return self.bind.system_type or "" if self.bind is not None else ""

    @property
    def bind_kind(self) -> BindKind | None:
        """How the peer binds; None before."""
        return self.bind.command.removeprefix("bind_") if self.bind is not None else None  # type: ignore[return-value]

    @property
    def where(self) -> str:
        """The client's address as text, for logs."""
        name = self.peername
        return f"{name[0]}:{name[1]}" if isinstance(name, tuple) and len(name) > 1 else str(name)

    @property
    def close_reason(self) -> str | None:
        """Why the session ended; None while it lasts."""
        return self._ended.reason if self._ended is not None else None

    # -- to the peer ------------------------------------------------------------------------------------------------------------

    async def request(self, pdu: Pdu, timeout: float | None = None) -> Pdu:
        """Send deliver_sm, data_sm or another request and wait for its response, whatever its command_status.

        timeout: seconds, the wait for room in the window included; default: the limits' response_timeout from sending on. Raises
        RequestTimeout and SessionClosed (`.written` says whether the peer may have seen it), EncodeError for what may not be sent.
        """
        loop = self.link.loop
        row = pdu.row
        if row is not None and not row.response:
            raise EncodeError(f"{row.name} has no response to wait for; send it with request_nowait", "command_id")
        until = None if timeout is None else loop.time() + timeout
        machine = self.link.machine
        if self._waiting or len(machine.pending) + self._granted >= machine.window:
            await self._room(until)
            while len(machine.pending) >= machine.window:  # request_nowait was quicker
                await self._room(until, again=True)
        answer: Future[Pdu] = loop.create_future()
        try:
            self.request_nowait(pdu, answer, None if until is None else max(until - loop.time(), 0.0))
        except SmppError:
            self._eased()  # the room that this one waited for is the next one's
            raise
        return await answer

    def request_nowait(self, pdu: Pdu, token: Future[Pdu] | Settled | None = None, timeout: float | None = None) -> Pending:
        """Send a request without waiting. token: a Future that gets the response, or an object with `settled(pending, outcome)`.

        timeout: seconds from now. Raises WindowFull if as many requests wait as the window holds, else as `request`.
        """
        pending = self.link.request(pdu, _Sent(self, token), timeout)
        if pending.response_id:
            self.server._ask(1)
        return pending

    async def unbind(self) -> None:
        """Unbind, and wait for the end: at most twice the limits' unbind_timeout, for the peer's answer and for what it still reads."""
        link = self.link
        if self.bound:
            link.unbind()
        elif not link.is_closing and self.state != UNBINDING:
            link.close("closed by the server")
        await self.wait_closed()

    async def wait_closed(self) -> None:
        """Wait until the connection is gone."""
        if self._over is None:
            self._over = self.link.loop.create_future()
        await asyncio.shield(self._over)

    def close(self, reason: str = "closed by the server") -> None:
        """End the session without unbind. What was answered is still written."""
        self.link.close(reason)

    async def _room(self, until: float | None, again: bool = False) -> None:
        """Wait for room in the window. again: in front of all who came later."""
        turn: Future[None] = self.link.loop.create_future()
        if self._waiting is None:
            self._waiting = deque()
        (self._waiting.appendleft if again else self._waiting.append)(turn)
        timer = self.link.loop.call_at(until, _expire, turn) if until is not None else None
        try:
            await turn
            self._granted -= 1
        except BaseException:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._granted -= 1  # the room was ours, and is the next one's now
                self._eased()
            elif self._waiting is not None and turn in self._waiting:
                self._waiting.remove(turn)
            raise
        finally:
            if timer is not None:
                timer.cancel()

    def _eased(self) -> None:
        """A request of ours is settled: there is room for one more."""
        waiting, machine = self._waiting, self.link.machine
        while waiting and len(machine.pending) + self._granted < machine.window:
            turn = waiting.popleft()
            if not turn.done():
                self._granted += 1
                turn.set_result(None)

    # -- from the peer: what a Link calls -----------------------------------------------------------------------------------------

    def link_made(self, link: Link) -> None:
        """The connection is open."""
        self.server._opened(self)

    def link_request(self, link: Link, pdu: Pdu) -> None:
        """The peer asks: have the handler answer."""
        server = self.server
        if self.account is None:
            server._bind(self, pdu)
            return
        answer: Any
        if server.busy or self.rate is not None and self.rate.delay(_messages(pdu), link.loop.time()):
            answer = _THROTTLED
        else:
            try:
                answer = server.handler(self, pdu)
            except (Exception, asyncio.CancelledError) as error:  # nobody cancels us here: it is the handler's
                answer = self.failed(pdu, error)
        if answer is None:
            if pdu.__class__ is SubmitSm:
                response: Pdu = pdu.reply(_OK, message_id=str(next(server.message_ids)))
            else:
                response = self._accepted(pdu)
            link.reply(pdu, response)
            if server.metrics is not None:
                server.metrics.received(pdu.command)
        else:
            self._answer(pdu, answer)

    def link_event(self, link: Link, event: Event) -> None:
        """Something else has happened."""
        if isinstance(event, Closed):
            self._ended = event
            log.log(
                logging.INFO if self.account is not None else logging.DEBUG, "%s: session over: %s", self._title(), event.reason,
            )
            waiting, self._waiting = self._waiting, None
            for turn in waiting or ():
                if not turn.done():
                    turn.set_exception(SessionClosed(f"the session ended before there was room to send: {event.reason}"))
            self.server._ended(self)
        elif isinstance(event, Bound):
            log.info("%s: bound as %s", self._title(), self.bind_kind)
            self.server._bound(self)
        elif isinstance(event, Faulted):
            # A peer that sends garbage all day does not fill the log.
            self._faults += 1
            log.log(logging.WARNING if self._faults <= _LOGGED_FAULTS else logging.DEBUG, "%s: %s", self._title(), event.error)

    def link_lost(self, link: Link, error: Exception | None) -> None:
        """The connection is gone."""
        if self._over is None:
            self._over = link.loop.create_future()
        if not self._over.done():
            self._over.set_result(None)
        self.server._lost(self)

    # -- answers -----------------------------------------------------------------------------------------------------------------------

    def _answer(self, pdu: Pdu, answer: Any) -> None:
        """Send what a handler gave, now or when it is there."""
        if answer.__class__ is CoroutineType or not isinstance(answer, (Pdu, int)) and isinstance(answer, Awaitable):
            try:
                answer = self.server.driver.begin(answer)
            except (Exception, asyncio.CancelledError) as error:
                answer = self.failed(pdu, error)
            if asyncio.isfuture(answer):
                self.owed += 1
                self.server._owe(1, len(pdu))
                answer.add_done_callback(partial(self._settle, pdu))
                return
        self._send(pdu, answer)

    def _settle(self, pdu: Pdu, future: Future[Answer]) -> None:
        """What an awaitable handler gave is there."""
        self.owed -= 1
        try:
            answer = future.result()
        except Exception as error:
            answer = self.failed(pdu, error)
        except asyncio.CancelledError:
            answer = _SYSTEM_ERROR
        self._send(pdu, answer)
        self.server._owe(-1, -len(pdu))

    def _send(self, pdu: Pdu, answer: Any) -> None:
        link = self.link
        try:
            if answer is None or isinstance(answer, int) and not answer:
                response = self._accepted(pdu)
            elif isinstance(answer, int):
                response = pdu.reply(answer)
            elif isinstance(answer, Pdu):
                response = answer
            else:
                raise TypeError(f"a handler gave a {type(answer).__name__}")
            taken = link.reply(pdu, response)
        except (EncodeError, TypeError) as error:
            response = pdu.reply(self.failed(pdu, error))
            taken = link.reply(pdu, response)
        if taken and self.server.metrics is not None:
            self.server.metrics.received(pdu.command, response.command_status)

    def _accepted(self, pdu: Pdu) -> Pdu:
        """The answer of a handler that has nothing to say: ESME_ROK, with a new message_id where a message was taken."""
        command_id = pdu.command_id
        if command_id in _NAMED:
            return pdu.reply(_OK, message_id=str(next(self.server.message_ids)))
        if command_id == _QUERY:
            return pdu.reply(_OK, message_id=pdu.message_id, message_state=int(MessageState.UNKNOWN))
        return pdu.reply(_OK)

    def failed(self, pdu: Pdu, error: BaseException) -> int:
        """Log what a callback raised: where and of what class, but not its text, in which a message's body may stand."""
        who = "the handler" if self.account is not None else "authenticate"
        trace = "".join(traceback.format_tb(error.__traceback__))
        log.error("%s: %s failed on %s, sequence_number %d: %s\n%s", self._title(), who, pdu.command, pdu.sequence_number,
                  type(error).__qualname__, trace)
        return _SYSTEM_ERROR

    def _title(self) -> str:
        return f"{self.where} {self.system_id!r}" if self.bind is not None else self.where


class _Sent:
    """Stands for the caller's token while a request is in flight, so that the session learns when there is room again."""

    __slots__ = ("session", "token")

    def __init__(self, session: Session, token: Future[Pdu] | Settled | None) -> None:
        self.session = session
        self.token = token

    def settled(self, pending: Pending, outcome: Pdu | SmppError) -> None:
        """Pass the outcome on."""
        token = pending.token = self.token
        if isinstance(token, Future):
            if not token.done():
                if isinstance(outcome, SmppError):
                    token.set_exception(outcome)
                else:
                    token.set_result(outcome)
        elif token is not None:
            token.settled(pending, outcome)
        self.session.server._ask(-1)
        self.session._eased()


def _messages(pdu: Pdu) -> int:
    """What a request counts in a rate of messages."""
    if isinstance(pdu, SubmitMulti):
        return len(pdu.dest_addresses or ())
    return 1 if pdu.command_id in _NAMED else 0


def _expire(turn: Future[None]) -> None:
    if not turn.done():
        turn.set_exception(RequestTimeout("no room in the window in time"))
