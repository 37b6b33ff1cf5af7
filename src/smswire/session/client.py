"""Layer 6 of 9: the asyncio client: binds to an SMSC, sends what it is given, brings what the SMSC delivers, and stays bound."""

from __future__ import annotations

import asyncio
import copy
import logging
import ssl
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable, Sequence
from types import NoneType, TracebackType
from typing import Any, Final, Self, TypeAlias, overload

import msgspec

from smpp_core import (
    DataSm,
    DataSmResp,
    EncodeError,
    Pdu,
    Profile,
    SessionClosed,
    SmppError,
    SubmitMulti,
    SubmitMultiResp,
    SubmitSm,
    SubmitSmResp,
)
from smpp_core.spec.commands import BY_NAME

from ..message.address import Address
from ..message.message import Message, ReceiptWish
from .adaptive import Adaptive
from .backoff import Backoff
from .buffer import BufferResult, submit_buffer
from .events import Event
from .inbound import Deliveries, Delivery, Handler, Inbox, Quarantined
from .limits import CLIENT, Limits
from .link import Link, Observer
from .many import SubmitResult, submit_many
from .metrics import Metrics
from .outbox import RECEIVERS, SENDABLE, Outbox, Reply, Success, Throttled
from .rate import Rate
from .retry import Retry
from .send import Sender, Sent
from .supervisor import Down, Supervisor, Up
from .tls import client_context
from .url import Endpoint, parse_url

__all__ = ["LOST", "Client", "News"]

log = logging.getLogger("smswire.session")

_ENQUIRE: Final = BY_NAME["enquire_link"].id
# What `Client.lost` keeps of requests that fallen links took with them: more than most windows hold, and no more memory than a busy link
# has anyway. The oldest give way.
LOST: Final = 10_000
LOST_OCTETS: Final = 16 * 1024 * 1024

News: TypeAlias = Up | Down | Throttled | Event


class Client:
    """A client of one account: `async with Client("smpp://name:password@host:2775") as client: …`.

    url: see parse_url; an Endpoint is taken, too. password: instead of the URL's. window: requests in flight, default the URL's or 64.
    rate: segments a second, or a Rate that several clients share; default the URL's or no limit. adaptive: slow down while the peer
    throttles. retry: when a refused submit is sent again. limits: time-outs and caps. profile: the peer's dialect. tls: a context for
    smpps URLs, default verifies certificate and name with the system's roots. reconnect: bind again when the link has fallen; backoff:
    how soon. metrics: what to count into, else a Metrics of its own. observer: sees every PDU.

    Entering tries each host once and raises CommandFailed if the bind is refused, SessionClosed if no host answers; afterwards a fallen
    link is bound again for ever. Requests in flight when a link falls are never sent again: their callers get SessionClosed with
    `written`. Belongs to the loop it was entered on, and to its thread.
    """

    def __init__(
        self, url: str | Endpoint, *, window: int | None = None, rate: float | Rate | None = None, adaptive: bool | Adaptive = True,
        limits: Limits | None = None, profile: Profile | None = None, tls: ssl.SSLContext | None = None, password: str | None = None,
        retry: Retry | None = None, reconnect: bool = True, backoff: Backoff | None = None, metrics: Metrics | None = None,
        observer: Observer | None = None,
    ) -> None:
        for name, value, kinds in (
            ("url", url, (str, Endpoint)), ("profile", profile, (Profile, NoneType)), ("limits", limits, (Limits, NoneType)),
            ("retry", retry, (Retry, NoneType)), ("window", window, (int, NoneType)),
        ):
            if not isinstance(value, kinds):
                raise EncodeError(f"{name} is a {type(value).__name__}, not {kinds[0].__name__}", name)
        endpoint = parse_url(url, password) if isinstance(url, str) else url
        if not isinstance(url, str) and password is not None:
            endpoint = msgspec.structs.replace(endpoint, password=password)
        if tls is not None and not endpoint.tls:
            raise EncodeError("tls is given, but the URL is not smpps://", "tls")
        self.endpoint = endpoint
        self.window = window if window is not None else endpoint.window or 64
        if self.window < 1:
            raise EncodeError(f"window is {self.window}, it must be 1 or more", "window")
        self.profile = profile if profile is not None else Profile.vendor()
        self.limits = _limits(limits if limits is not None else CLIENT, endpoint)
        self.metrics = metrics if metrics is not None else Metrics()
        rate = rate if rate is not None else endpoint.rate
        self._rate = Rate(rate) if isinstance(rate, int | float) else rate
        self._adaptive = adaptive if isinstance(adaptive, Adaptive) else Adaptive() if adaptive else None
        self._retry = retry if retry is not None else Retry()
        self._reconnect = reconnect
        self._backoff = backoff if backoff is not None else Backoff()
        self._observer = observer
        self._tls = tls
        self._state = "new"
        self._binds: list[Supervisor] = []
        self._links: list[Link] = []
        self._listeners: list[Callable[[News], None]] = []
        self._handler: tuple[Handler | None, int] = None, 0
        self._lost: deque[Pdu] = deque()
        self._lost_octets = 0
        self._ended: asyncio.Future[None] | None = None
        self._first: list[asyncio.Task[None]] = []  # each bind's first round, while the client is opened
        self._outbox: Outbox = None  # type: ignore[assignment]  # both need the loop: `start` makes them
        self._inbox: Inbox = None  # type: ignore[assignment]
        self._sender: Sender | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.endpoint} {self.state}>"

    def _endpoints(self) -> Sequence[Endpoint]:
        return (self.endpoint,)

    # -- opening and closing ---------------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close(None if kind is None else 0)

    async def start(self) -> None:
        """Connect and bind. Raises CommandFailed for a refused bind, SessionClosed for hosts that do not answer and for a `close`
        meanwhile."""
        if self._state != "new":
            raise SessionClosed("a client is opened once")
        loop = asyncio.get_running_loop()
        endpoints = self._endpoints()
        context = self._tls if self._tls is not None else client_context() if self.endpoint.tls else None
        self._outbox = Outbox(
            loop, self.profile, rate=self._rate, adaptive=self._adaptive, retry=self._retry, throttled=self._tell, rebind=self._rebind,
        )
        self._outbox.sendable = SENDABLE if any(endpoint.bind != "receiver" for endpoint in endpoints) else RECEIVERS
        self._inbox = Inbox(loop, self._tap, self.metrics)
        self._inbox.handle(*self._handler)
        self._state = "opening"
        self._binds = [
            Supervisor(
                self, endpoint, number, loop=loop, limits=self.limits, profile=self.profile, window=self.window, context=context,
                backoff=copy.copy(self._backoff), reconnect=self._reconnect, observer=self._observer, metrics=self.metrics,
            )
            for number, endpoint in enumerate(endpoints)
        ]
        try:
            failures = await self._first_round()
        except BaseException:
            await self.close(0)
            raise
        for bind, failure in zip(self._binds, failures):
            bind.keep(failure)
        self._state = "open"

    async def _first_round(self) -> list[Exception | None]:
        """What each bind's first round failed by; raises if all did."""
        self._first = tasks = [asyncio.ensure_future(bind.first()) for bind in self._binds]
        if not tasks:
            return []
        try:
            await asyncio.wait(tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._first = []
        if self._state != "opening":
            raise SessionClosed("the client was closed before it was open")
        failures: list[Exception | None] = []
        for task in tasks:
            error = task.exception()
            if error is not None and not isinstance(error, SmppError):
                raise error
            failures.append(error)
        if all(failures):
            raise failures[0]  # type: ignore[misc]
        return failures

    async def drain(self, timeout: float | None = None) -> list[Pdu]:
        """Wait until every request has ended. timeout: seconds, None for as long as they take. Returns those that have not by then."""
        outbox = self._open()
        try:
            async with asyncio.timeout(timeout):
                await outbox.idle()
        except TimeoutError:
            pass
        return [*self.in_flight, *(ask.pdu for ask in outbox)]

    async def close(self, timeout: float | None = None) -> None:
        """End: unbind and disconnect. What waits to be sent ends with SessionClosed.

        timeout: seconds that what is in flight has to be answered before the unbind; None for until its own time-outs, 0 not to wait.
        Deliveries that are not settled then are answered ESME_RX_T_APPN; handlers that run have Limits.unbind_timeout to end. The unbind
        takes up to twice that. Cancelled while it waits, it unbinds at once; cancelled again, it drops the connection.
        """
        if self._state == "new":
            self._state = "closed"
            return
        if self._ended is not None:
            await asyncio.shield(self._ended)
            return
        self._ended = asyncio.get_running_loop().create_future()
        self._state = "closing"
        grace = self.limits.unbind_timeout
        self._outbox.close("the client was closed")
        try:
            if self._first:
                for task in self._first:
                    task.cancel()
                await asyncio.wait(self._first)
            if timeout is None or timeout > 0:
                await self._answers(timeout)
        finally:
            try:
                await self._inbox.close(grace if timeout is None else min(grace, timeout))
            finally:
                try:
                    await asyncio.gather(*(bind.close() for bind in list(self._binds)))
                finally:
                    self._state = "closed"
                    if self._sender is not None:
                        self._sender.close("the client was closed")
                    self._ended.set_result(None)

    async def _answers(self, timeout: float | None) -> None:
        try:
            async with asyncio.timeout(timeout):
                await self._outbox.idle()
        except TimeoutError:
            log.warning("%d requests are in flight at the close", len(self.in_flight))

    @property
    def state(self) -> str:
        """"new", "opening", "bound" (one link at least), "down" (none, trying again), "closing" or "closed"."""
        if self._state == "open":
            return "bound" if self._links else "down"
        return self._state

    def _open(self) -> Outbox:
        if self._state not in ("open", "opening"):
            raise SessionClosed(f"the client is {'not open yet' if self._state == 'new' else self._state}")
        return self._outbox

    # -- sending ---------------------------------------------------------------------------------------------------------------------

    async def request(self, pdu: Pdu, timeout: float | None = None) -> Pdu:
        """Send any command once and return its response, whatever its status, a generic_nack included.

        timeout: seconds for all of it, waiting for link, window and rate included; None waits for these without limit and
        Limits.response_timeout for the response. Raises RequestTimeout or SessionClosed, with `written`; EncodeError for a command that
        a client does not send (bind and unbind are the client's own).
        """
        outbox = self._open()
        if pdu.command_id == _ENQUIRE:
            return await self._enquire(pdu, timeout)
        outbox.check(pdu)
        ask = Reply(outbox, pdu, None if timeout is None else outbox.now() + timeout, False)
        outbox.put(ask)
        try:
            return await ask.future
        except asyncio.CancelledError:
            outbox.withdraw(ask)
            raise

    async def _enquire(self, pdu: Pdu, timeout: float | None) -> Pdu:
        if not self._links:
            raise SessionClosed("no link is bound")
        future: asyncio.Future[Pdu] = self._outbox.loop.create_future()
        self._links[0].request(pdu, future, timeout)
        return await future

    @overload
    async def submit(self, pdu: SubmitSm, timeout: float | None = None) -> SubmitSmResp: ...
    @overload
    async def submit(self, pdu: SubmitMulti, timeout: float | None = None) -> SubmitMultiResp: ...
    @overload
    async def submit(self, pdu: DataSm, timeout: float | None = None) -> DataSmResp: ...
    @overload
    async def submit(self, pdu: Pdu, timeout: float | None = None) -> Pdu: ...

    async def submit(self, pdu: Pdu, timeout: float | None = None) -> Pdu:
        """Send a request and return the response that accepts it.

        Waits for link, window, rate and a peer that throttles; sends again what was refused with a status that the profile's table
        marks, as `retry` says. timeout: seconds for all of that, None for no limit but Limits.response_timeout for each response.
        Raises CommandFailed (its `response`), and otherwise as `request`.
        """
        ask = self._ask(pdu, timeout)
        try:
            return await ask.future
        except asyncio.CancelledError:
            ask.outbox.withdraw(ask)
            raise

    def _ask(self, pdu: Pdu, timeout: float | None) -> Success:
        """Put a request in line. Who awaits its future withdraws it when cancelled."""
        outbox = self._outbox
        if self._state != "open" or outbox.closed or pdu.command_id not in outbox.sendable:
            self._open().check(pdu)
        ask = Success(outbox, pdu, None if timeout is None else outbox.now() + timeout, True)
        outbox.put(ask)
        return ask

    def submit_nowait(self, pdu: Pdu) -> asyncio.Future[Pdu]:
        """Send a request at once, or raise WindowFull (window, rate or a line of others leave no room) or SessionClosed (no link).

        The future has the response that accepts it, or CommandFailed, RequestTimeout or SessionClosed. Nothing is sent again.
        """
        outbox = self._open()
        outbox.check(pdu)
        ask = Success(outbox, pdu, None, False)
        outbox.put_now(ask)
        return ask.future

    def submit_many(
        self, pdus: Iterable[Pdu] | AsyncIterable[Pdu], *, timeout: float | None = None
    ) -> AsyncGenerator[SubmitResult, None]:
        """Send many; yields one SubmitResult for each, in the order in which they end, and raises for none of them.

        timeout: seconds for each one, from when it was taken from pdus. Takes from pdus only twice what the windows hold ahead of what
        was yielded: a slow consumer slows the sending. Left early, what was not sent yet is not sent; what is in flight stays in
        `in_flight`. What pdus itself raises is raised after the results of all that came before.
        """
        return submit_many(self._open(), pdus, self.ahead, timeout)

    async def submit_buffer(self, octets: bytes | bytearray | memoryview, *, timeout: float | None = None) -> BufferResult:
        """Send a buffer of rendered requests, one PDU behind the other, and return how each ended, as columns.

        Their sequence numbers are replaced. timeout: as in submit_many. Raises EncodeError with `row` for octets that are no whole PDUs,
        before anything is sent.
        """
        return await submit_buffer(self._open(), octets, len(self._binds), timeout)

    async def send(
        self, to: str | Address, text: str | None = None, *, sender: str | Address | None = None, timeout: float | None = None,
        receipt: ReceiptWish = "final", national: tuple[str | int, ...] = (), latin1: bool = False, **options: Any,
    ) -> Sent:
        """Send a text of any length and return when the peer has accepted all its parts, or refused one.

        to, text, sender, receipt, options: the attributes of Message, addresses as people write them; receipt "none" asks for no
        receipt. national, latin1: see compose. timeout: seconds for each part. The parts go in order; after one that was not accepted
        none is sent. Raises EncodeError for what cannot be composed; what a part failed by is in `Sent.errors`. Cancelled, it sends no
        more parts. Receipts come to inbound as before; from the first send on, all of them are acknowledged where there is neither
        handler nor iterator.
        """
        self._open()
        message = Message.make(to, text, sender=sender, receipt=receipt, **options)
        if self._sender is None:
            self._sender = Sender(self)
            self._inbox.look_again()
        return await self._sender.send(message, timeout, national=national, latin1=latin1)

    # -- receiving -------------------------------------------------------------------------------------------------------------------

    def inbound(self) -> Deliveries:
        """Iterate over what the peer delivers: `async for delivery in client.inbound(): …`.

        Each one is settled with `await delivery.ack()` or `.reject(status)`; one that was not is acknowledged when the next is asked
        for. Several tasks may iterate and share the deliveries. It ends at the close, and when the last link has fallen for good.
        """
        self._open()
        return self._inbox.deliveries()

    def on_inbound(self, handler: Handler | None, concurrency: int = 100) -> None:
        """Have each delivery handled by a function: the fast way. May be called before the client is opened; None removes it.

        handler(delivery): None acknowledges, a command_status answers that; a coroutine is run, in a task only if it waits.
        concurrency: how many of those may wait at once, 0 for no limit; the rest of the deliveries wait, and over Limits.inbound the
        peer is told to come again. A handler's failure is answered ESME_RX_T_APPN, the third over the same PDU ESME_RX_P_APPN, and kept
        in `quarantine`.
        """
        self._handler = handler, concurrency
        if self._inbox is not None:
            self._inbox.handle(handler, concurrency)

    def on_event(self, listener: Callable[[News], None]) -> None:
        """Call a function with what happens to the links: Up, Down, Throttled, and what the machine tells (Notified for an
        alert_notification, Refused, Orphan, Nacked, Faulted, …). What it raises is logged."""
        self._listeners.append(listener)

    # -- looking at it ---------------------------------------------------------------------------------------------------------------

    @property
    def in_flight(self) -> list[Pdu]:
        """Requests that were sent and wait for their responses, with their sequence numbers."""
        return [pending.pdu for link in self._links for pending in link.machine.pending.values()]

    @property
    def lost(self) -> list[Pdu]:
        """Requests that were in flight when a link fell: the peer may have them, they are not sent again. The newest 10,000
        or 16 MiB."""
        return list(self._lost)

    @property
    def waiting(self) -> int:
        """Requests that are not in flight: they wait in line, or rest before they are sent again."""
        return len(self._outbox) if self._outbox is not None else 0

    @property
    def ahead(self) -> int:
        """How many requests submit_many takes from its input before their results are taken: twice what the windows hold."""
        return 2 * self.window * max(1, len(self._binds))

    @property
    def unsettled(self) -> int:
        """Deliveries that nobody has answered yet."""
        return self._inbox.unsettled if self._inbox is not None else 0

    @property
    def quarantine(self) -> list[Quarantined]:
        """What the handler failed over: at most 1,000 different PDUs, with the error."""
        return self._inbox.quarantine if self._inbox is not None else []

    # -- what the binds tell ---------------------------------------------------------------------------------------------------------

    def bind_up(self, link: Link, news: Up) -> None:
        """A link is bound."""
        self._links.append(link)
        if news.state != "BOUND_RX" or self._outbox.sendable is RECEIVERS:
            self._outbox.add(link)
        self._tell(news)

    def bind_ended(self, link: Link, lost: tuple[Pdu, ...]) -> None:
        """The session of a bound link is over."""
        self._lost.extend(lost)
        self._lost_octets += sum(map(len, lost))
        while len(self._lost) > LOST or self._lost_octets > LOST_OCTETS:
            self._lost_octets -= len(self._lost.popleft())
        self._links.remove(link)
        self._inbox.drop(link)
        self._outbox.remove(link)

    def bind_down(self, news: Down) -> None:
        """There is no link."""
        self._tell(news)
        if news.again is None and all(bind.link is None for bind in self._binds):
            reason = f"the link has fallen: {news.reason}"
            self._outbox.close(reason)
            self._inbox.end(reason)
            if self._sender is not None:
                self._sender.close(f"the link has fallen ({news.reason})")

    def bind_request(self, link: Link, pdu: Pdu) -> None:
        """The peer wants an answer."""
        self._inbox.put(link, pdu)

    def bind_event(self, link: Link, event: Event) -> None:
        """Whatever else the machine tells."""
        self._tell(event)

    def bind_writable(self, link: Link) -> None:
        """The peer reads again."""
        self._outbox.pump()

    def _rebind(self, link: Link) -> None:
        for bind in self._binds:
            if bind.link is link:
                bind.rebind()

    def _tap(self, delivery: Delivery) -> bool:
        return self._sender is not None and self._sender.delivered(delivery)

    def _tell(self, news: News) -> None:
        for listener in self._listeners:
            try:
                listener(news)
            except Exception as error:
                log.error("a listener failed over %s: %s", type(news).__name__, type(error).__name__)


def _limits(limits: Limits, endpoint: Endpoint) -> Limits:
    """The limits with what the URL says."""
    given = {
        "response_timeout": endpoint.timeout, "bind_timeout": endpoint.bind_timeout, "enquire_link": endpoint.enquire_link,
    }
    return msgspec.structs.replace(limits, **{name: value for name, value in given.items() if value is not None})
