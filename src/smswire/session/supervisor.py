"""Layer 6 of 9: keeps one bind of a client alive: hosts in order, connect, bind, and again with back-off when the link has fallen."""

from __future__ import annotations

import asyncio
import logging
import ssl
from math import inf
from typing import Protocol

import msgspec

from smpp_core import CommandFailed, GenericNack, Pdu, Profile, RequestTimeout, SessionClosed, SmppError

from .backoff import Backoff
from .events import Bound, Closed, Event
from .limits import Limits
from .link import Link, Observer, clock_of
from .machine import Machine
from .metrics import Metrics
from .outbox import SENDABLE
from .states import CLOSED, UNBINDING
from .url import Endpoint

__all__ = ["Down", "Keeper", "Supervisor", "Up"]

log = logging.getLogger("smswire.session")


class Up(msgspec.Struct, frozen=True):
    """A link is bound. number: which bind of the client, from 0. state: BOUND_TX, BOUND_RX or BOUND_TRX."""

    number: int
    host: str
    port: int
    state: str


class Down(msgspec.Struct, frozen=True):
    """A link has fallen, or another attempt to bind has failed.

    number, host, port: as in Up; host "" if no host was reached. reason: in words. error: what ended it, None if both sides agreed.
    lost: requests without response, which are never sent again. again: seconds until the next attempt, None if there is none.
    """

    number: int
    host: str
    port: int
    reason: str
    error: Exception | None
    lost: tuple[Pdu, ...]
    again: float | None


class Keeper(Protocol):
    """What a supervisor tells its client."""

    def bind_up(self, link: Link, news: Up) -> None:
        """A link is bound."""

    def bind_ended(self, link: Link, lost: tuple[Pdu, ...]) -> None:
        """The session of a bound link is over: nothing may be sent on it, its requests have been settled. lost: written, unanswered."""

    def bind_down(self, news: Down) -> None:
        """There is no link. After one whose `again` is None there will be none."""

    def bind_request(self, link: Link, pdu: Pdu) -> None:
        """The peer wants an answer."""

    def bind_event(self, link: Link, event: Event) -> None:
        """Whatever else the machine tells."""

    def bind_writable(self, link: Link) -> None:
        """The peer reads again what is written."""


class Supervisor:
    """One bind of a client. It is the owner of its link.

    keeper: the client. endpoint: hosts and account. number: which bind of the client it is, from 0. context: for TLS, None for plain.
    The hosts are tried in order, the first one is the primary: after a failure the next, after the last the first again once the
    back-off has passed. When a steady session ends (Backoff.steady), the next attempt begins at the primary; when a short one ends, at
    the host behind it. Nothing moves a bind that works.
    """

    def __init__(
        self, keeper: Keeper, endpoint: Endpoint, number: int, *, loop: asyncio.AbstractEventLoop, limits: Limits, profile: Profile,
        window: int, context: ssl.SSLContext | None, backoff: Backoff, reconnect: bool, observer: Observer | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self.keeper = keeper
        self.endpoint = endpoint
        self.number = number
        self.link: Link | None = None  # bound
        self._loop = loop
        self._limits = limits
        self._profile = profile
        self._window = window
        self._context = context
        self._backoff = backoff
        self._reconnect = reconnect
        self._observer = observer
        self._metrics = metrics
        self._at = 0  # host of the link, or to begin with
        self._since = 0.0  # when it was bound
        self._end = Closed("", None, [])  # how the last session ended
        self._lost: tuple[Pdu, ...] = ()
        self._connection: Link | None = None  # bound or not
        self._gone: asyncio.Future[None] | None = None  # done when that has gone
        self._task: asyncio.Task[None] | None = None

    # -- what the client does -------------------------------------------------------------------------------------------------------

    async def first(self) -> None:
        """Try every host once. Raises CommandFailed for a bind that was refused, else SessionClosed whose cause is what went wrong."""
        hosts = self.endpoint.hosts
        failures: list[str] = []
        refusal: CommandFailed | None = None
        cause: Exception | None = None
        begin = self._at
        for step in range(len(hosts)):
            self._at = (begin + step) % len(hosts)
            host, port = hosts[self._at]
            try:
                await self._bind(host, port)
            except CommandFailed as error:
                refusal = error
                if error.response.status.retry == "never":  # a wrong password is wrong at the next host, too, and guessing is punished
                    raise
            except (OSError, SmppError, UnicodeError) as error:  # UnicodeError: a name that cannot be looked up
                cause = error
                failures.append(f"{host}:{port}: {error}")
            else:
                return
        self._at = 0
        if refusal is not None:
            raise refusal
        raise SessionClosed(f"no host could be bound ({'; '.join(failures)})") from cause

    def keep(self, failure: Exception | None = None) -> None:
        """Bind again, for ever, whenever there is no link. failure: of `first`, if there is none yet."""
        self._task = self._loop.create_task(self._keep(failure), name=f"smswire bind {self.number}")

    async def close(self) -> None:
        """Unbind, within Limits.unbind_timeout for the answer and as long again for the connection's end."""
        task, self._task = self._task, None
        link, gone = self._connection, self._gone
        try:
            if task is not None:
                task.cancel()
            if link is not None and gone is not None:
                if link.machine.bound:
                    link.unbind()
                elif link.machine.state not in (UNBINDING, CLOSED):
                    link.close("the client was closed")
                await asyncio.shield(gone)
            if task is not None:
                await asyncio.wait([task])
        finally:
            if link is not None:
                link.abort()

    def rebind(self) -> None:
        """End the session in agreement and bind anew: the peer says that it does not know us as bound."""
        if self.link is not None:
            self.link.unbind()

    def make(self) -> Link:
        """A link for a connection that is being made."""
        now = clock_of(self._loop)()
        machine = Machine("esme", now=now, profile=self._profile, limits=self._limits, window=self._window)
        return Link(machine, self, self._loop, self._observer, self._metrics)

    # -- connecting -----------------------------------------------------------------------------------------------------------------

    async def _bind(self, host: str, port: int) -> None:
        loop, limits, context = self._loop, self._limits, self._context
        bound: asyncio.Future[Pdu] = loop.create_future()
        pdu = self.endpoint.bind_pdu(self._profile)
        self._end = Closed("the connection was closed", None, [])
        self._lost = ()
        patience = asyncio.timeout(limits.bind_timeout or None)
        try:
            async with patience:
                _, link = await loop.create_connection(
                    self.make, host, port, ssl=context, server_hostname=host if context is not None else None,
                    ssl_handshake_timeout=(limits.tls_timeout or None) if context is not None else None,
                )
                link.request(pdu, bound, limits.bind_timeout or inf)
                response = await bound
            if response.command_status or isinstance(response, GenericNack):
                link.close("the bind was refused")
                raise CommandFailed(response)
            if not link.machine.bound:
                raise SessionClosed(f"the session ended at once: {self._end.reason}", written=True) from self._end.error
        except TimeoutError as error:
            self._abort()
            if not patience.expired():
                raise  # it is the system's ETIMEDOUT
            raise RequestTimeout(f"not bound within {limits.bind_timeout:g} s", written=True) from error
        except SmppError:
            await self._let_go()
            raise
        except BaseException:
            self._abort()
            raise

    def _abort(self) -> None:
        if self._connection is not None:
            self._connection.abort()

    async def _let_go(self) -> None:
        """Wait for the end of a connection that came to nothing: the machine's last words shall reach the peer."""
        try:
            if self._gone is not None:
                await asyncio.shield(self._gone)
        finally:
            self._abort()

    async def _keep(self, failure: Exception | None) -> None:
        while True:
            lost: tuple[Pdu, ...] = ()
            if failure is None:
                assert self._gone is not None
                await asyncio.shield(self._gone)
                steady = self._loop.time() - self._since
                self._backoff.ended(steady)
                host, port = self.endpoint.hosts[self._at]
                self._at = 0 if steady >= self._backoff.steady else (self._at + 1) % len(self.endpoint.hosts)
                reason, lost = self._end.reason, self._lost
                error: Exception | None = self._end.error
            else:
                host, port, reason, error = "", 0, str(failure), failure
            again = self._delay(failure) if self._reconnect else None
            log.warning("bind %d is down: %s; %s", self.number, reason, "no more attempts" if again is None else f"again in {again:.1f} s")
            self.keeper.bind_down(Down(self.number, host, port, reason, error, lost, again))
            if again is None:
                return
            await asyncio.sleep(again)
            try:
                await self.first()
                failure = None
            except SmppError as problem:
                failure = problem
            except Exception as problem:  # whatever it is, a client that is to stay bound does not stay down for it
                log.exception("bind %d: an attempt failed in an unforeseen way", self.number)
                failure = problem

    def _delay(self, failure: Exception | None) -> float:
        if not isinstance(failure, CommandFailed):
            return self._backoff.next()
        delay = self._backoff.next(failure.status)
        if failure.response.status.retry == "never":  # somebody has to change something first; asking often locks accounts
            return max(delay, self._backoff.cap)
        return delay

    # -- what the link tells --------------------------------------------------------------------------------------------------------

    def link_made(self, link: Link) -> None:
        """The transport is there."""
        self._connection = link
        self._gone = self._loop.create_future()

    def link_request(self, link: Link, pdu: Pdu) -> None:
        """The peer wants an answer."""
        self.keeper.bind_request(link, pdu)

    def link_event(self, link: Link, event: Event) -> None:
        """What the machine tells."""
        if isinstance(event, Bound):
            self.link = link
            self._since = self._loop.time()
            host, port = self.endpoint.hosts[self._at]
            log.info("bind %d is up: %s at %s:%d as %s", self.number, event.state, host, port, self.endpoint.system_id)
            self.keeper.bind_up(link, Up(self.number, host, port, event.state))
        elif isinstance(event, Closed):
            self._end = event
            if link is self.link:
                self.link = None
                written = link.machine.was_written
                self._lost = tuple(kept.pdu for kept in event.lost if kept.pdu.command_id in SENDABLE and written(kept))
                self.keeper.bind_ended(link, self._lost)
        else:
            self.keeper.bind_event(link, event)

    def link_lost(self, link: Link, error: Exception | None) -> None:
        """The transport is gone."""
        if link is self._connection:
            self._connection = None
            if self._gone is not None and not self._gone.done():
                self._gone.set_result(None)

    def link_writable(self, link: Link) -> None:
        """The peer reads again."""
        self.keeper.bind_writable(link)
