"""Layer 6 of 9: what the peer delivers to a client: taken from an iterator or by a handler, and answered once each."""

from __future__ import annotations

import asyncio
import logging
import traceback
import weakref
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import CoroutineType
from typing import Any, Final, TypeAlias

import msgspec

from smpp_core import EncodeError, Pdu, Receipt, parse_receipt
from smpp_core.spec.commands import BY_NAME
from smpp_core.spec.values import CommandStatus

from ..message.received import Received
from .drive import Driver
from .link import Link
from .metrics import Metrics

__all__ = ["QUARANTINE", "Deliveries", "Delivery", "Handler", "Inbox", "Quarantined"]

log = logging.getLogger("smswire.session")

_DELIVERIES: Final = frozenset((BY_NAME["deliver_sm"].id, BY_NAME["data_sm"].id))
_LATER: Final = int(CommandStatus.ESME_RX_T_APPN)
_NEVER: Final = int(CommandStatus.ESME_RX_P_APPN)
QUARANTINE: Final = 1_000  # different PDUs that are kept; the oldest give way. A PDU has 70,000 octets at most, a receipt 200
_POISON: Final = 3  # failures over the same PDU, after which the peer is told not to deliver it again


class Delivery:
    """One deliver_sm or data_sm of the peer, to be settled once: acknowledged or rejected.

    pdu: as it came. status: the command_status that answered it, None so far.
    """

    __slots__ = ("_inbox", "_link", "_tapped", "pdu", "status")

    def __init__(self, inbox: Inbox, link: Link, pdu: Pdu) -> None:
        self._inbox = inbox
        self._link = link
        self._tapped = False  # the inbox's tap has taken what it says
        self.pdu = pdu
        self.status: int | None = None

    def __repr__(self) -> str:
        return f"<Delivery {self.pdu.command} {self.pdu.sequence_number} {'settled' if self.settled else 'unsettled'}>"

    @property
    def settled(self) -> bool:
        """True once it was answered."""
        return self.status is not None

    @property
    def receipt(self) -> Receipt | None:
        """The delivery receipt that it carries, None if it is a message."""
        return parse_receipt(self.pdu)

    @property
    def message(self) -> Received | None:
        """The message that it carries, or one part of a long one; None if it is a receipt."""
        return None if self.receipt is not None else Received.of((self.pdu,))

    @property
    def peername(self) -> object:
        """Address of the peer that it came from."""
        return self._link.peername

    async def ack(self) -> bool:
        """Acknowledge: the peer forgets it. Returns False if its link has ended: the peer will deliver it again."""
        return self.settle()

    async def reject(self, status: int = _LATER) -> bool:
        """Refuse it. status: the command_status to answer; the default ESME_RX_T_APPN asks for it again later. Returns as `ack`."""
        return self.settle(status)

    def settle(self, status: int = 0) -> bool:
        """As ack and reject, for plain functions. The first answer counts, further ones change nothing."""
        if self.status is not None:
            return not self._link.is_closing
        return self._inbox.settle(self, int(status))


Handler: TypeAlias = Callable[[Delivery], "int | None | Awaitable[int | None]"]


class Quarantined(msgspec.Struct, frozen=True):
    """A PDU that a handler failed over. error: how, the last time; times: how often it came and failed."""

    pdu: Pdu
    error: BaseException
    times: int


class Deliveries:
    """The iterator of `Client.inbound`. What it gave and nobody settled is acknowledged when the next one is asked for.

    Several tasks may share it: each acknowledges what it was given itself, and what was given to tasks that have ended. Receipts wait
    for it as long as it exists.
    """

    __slots__ = ("__weakref__", "_inbox", "_last")

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._last: dict[asyncio.Task[Any] | None, Delivery] = {}  # by the task that got it; no more than there are tasks

    def __aiter__(self) -> Deliveries:
        return self

    async def __anext__(self) -> Delivery:
        given, mine = self._last, asyncio.current_task()
        for task in [task for task in given if task is mine or task is None or task.done()]:
            last = given.pop(task)
            if last.status is None:
                self._inbox.settle(last, 0)
        given[mine] = delivery = await self._inbox.get()
        return delivery


class Inbox:
    """Deliveries of all links of a client that nobody has taken yet, and who takes them.

    tap: sees each delivery first and tells whether it has taken what it says, as the sender of messages takes receipts: where there is
    neither handler nor iterator, it is acknowledged then. How many may wait is the machine's cap (Limits.inbound, inbound_octets for each
    link): more are answered ESME_RX_T_APPN there. Without anybody to take them they wait: nothing is acknowledged that nobody took.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, tap: Callable[[Delivery], bool] | None = None, metrics: Metrics | None = None
    ) -> None:
        self._loop = loop
        self._tap = tap
        self._metrics = metrics
        self._driver = Driver(loop)
        self._held: deque[Delivery] = deque()
        self._unsettled: dict[Delivery, None] = {}
        self._getters: deque[asyncio.Future[None]] = deque()
        self._handler: Handler | None = None
        self._concurrency = 0
        self._running = 0
        self._iterators: set[weakref.ref[Deliveries]] = set()
        self._quarantine: dict[bytes, Quarantined] = {}
        self.closed = False
        self.ended = ""  # why nothing will come any more

    # -- who takes them -------------------------------------------------------------------------------------------------------------

    def deliveries(self) -> Deliveries:
        """An iterator over what comes. Several of them share it."""
        deliveries = Deliveries(self)
        self._iterators.add(weakref.ref(deliveries, self._let_go))
        return deliveries

    def _let_go(self, iterator: weakref.ref[Deliveries]) -> None:
        """An iterator is no more, in whatever thread that was."""
        self._iterators.discard(iterator)
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._let_tapped_go)

    @property
    def unread(self) -> bool:
        """True if there is nobody to take anything."""
        return self._handler is None and not self._iterators

    def look_again(self) -> None:
        """Have the tap look at what waits: it knows more now."""
        for delivery in self._held:
            delivery._tapped = self._taps(delivery)
        self._let_tapped_go()

    def _let_tapped_go(self) -> None:
        """Acknowledge what the tap has taken of what waits, if nobody else will."""
        if not self.unread or self.closed:
            return
        tapped = [delivery for delivery in self._held if delivery._tapped]
        self._held = deque(delivery for delivery in self._held if not delivery._tapped)
        for delivery in tapped:  # may bring further ones
            self.settle(delivery, 0)

    def handle(self, handler: Handler | None, concurrency: int) -> None:
        """Have each delivery handled, those that wait already first; None to stop that."""
        self._handler = handler
        self._concurrency = concurrency
        if handler is None:
            self._let_tapped_go()
        elif self._held:
            self._loop.call_soon(self._run_held)

    async def get(self) -> Delivery:
        """The next delivery. Raises StopAsyncIteration after the end."""
        while not self._held:
            if self.closed or self.ended:
                raise StopAsyncIteration
            getter = self._loop.create_future()
            self._getters.append(getter)
            try:
                await getter
            except asyncio.CancelledError:
                if not getter.cancelled():  # it was woken: another one shall take what it would have
                    self._wake()
                with suppress(ValueError):
                    self._getters.remove(getter)
                raise
        return self._held.popleft()

    @property
    def unsettled(self) -> int:
        """Deliveries without an answer, taken or not."""
        return len(self._unsettled)

    @property
    def quarantine(self) -> list[Quarantined]:
        """What handlers failed over, the newest last."""
        return list(self._quarantine.values())

    # -- what links bring -----------------------------------------------------------------------------------------------------------

    def put(self, link: Link, pdu: Pdu) -> None:
        """A link has a request of its peer."""
        if pdu.command_id not in _DELIVERIES:
            link.reply(pdu, pdu.reply(int(CommandStatus.ESME_RINVCMDID)))
            return
        delivery = Delivery(self, link, pdu)
        self._unsettled[delivery] = None
        if self.closed:
            self.settle(delivery, _LATER)
            return
        delivery._tapped = self._taps(delivery)
        if delivery._tapped and self.unread:
            self.settle(delivery, 0)
        elif self._handler is not None and not self._held and (not self._concurrency or self._running < self._concurrency):
            self._run(self._handler, delivery)
        else:
            self._held.append(delivery)
            self._wake()

    def _taps(self, delivery: Delivery) -> bool:
        try:
            return self._tap is not None and self._tap(delivery)
        except Exception as error:  # the session outlives whatever one PDU can do
            log.error("a %s could not be looked at: %s", delivery.pdu.command, type(error).__name__)
            return False

    def drop(self, link: Link) -> None:
        """A link has ended: what it brought and nobody took will be delivered again, by another one."""
        self._held = deque(delivery for delivery in self._held if delivery._link is not link)
        for delivery in [delivery for delivery in self._unsettled if delivery._link is link]:
            del self._unsettled[delivery]

    def settle(self, delivery: Delivery, status: int) -> bool:
        """Answer a delivery. Returns False if its link takes no answers any more."""
        pdu = delivery.pdu
        response = pdu.reply(status)  # EncodeError for what is no status, before it counts as settled
        delivery.status = status
        self._unsettled.pop(delivery, None)
        if self._metrics is not None:
            self._metrics.received(pdu.command, status)
        return delivery._link.reply(pdu, response)

    def end(self, reason: str) -> None:
        """Nothing will come any more: iterators end when they have given what waits."""
        self.ended = self.ended or reason
        while self._getters:
            getter = self._getters.popleft()
            if not getter.done():
                getter.set_result(None)

    async def close(self, timeout: float) -> None:
        """Take nothing any more. Handlers that run have `timeout` seconds; what is unsettled then is answered ESME_RX_T_APPN."""
        self.closed = True
        self._held.clear()
        self.end("the client was closed")
        try:
            await asyncio.sleep(0)  # a handler that closes its client in its first step has its task after this
            mine = asyncio.current_task()
            if mine is not None:
                self._driver.tasks.discard(mine)  # and does not wait for itself
            if self._driver.tasks and timeout > 0:
                await asyncio.wait(self._driver.tasks, timeout=timeout)
        finally:
            tasks = self._driver.cancel()
            for delivery in list(self._unsettled):
                self.settle(delivery, _LATER)
        if tasks:
            await asyncio.wait(tasks)

    # -- handlers -------------------------------------------------------------------------------------------------------------------

    def _wake(self) -> None:
        while self._held and self._getters:
            getter = self._getters.popleft()
            if not getter.done():
                getter.set_result(None)
                return

    def _run_held(self) -> None:
        while self._held and self._handler is not None and (not self._concurrency or self._running < self._concurrency):
            delivery = self._held.popleft()
            if delivery.status is None:
                self._run(self._handler, delivery)

    def _run(self, handler: Handler, delivery: Delivery) -> None:
        try:
            result = handler(delivery)
            if isinstance(result, CoroutineType):
                result = self._driver.step(result)
            if isinstance(result, asyncio.Future):
                self._running += 1
                result.add_done_callback(lambda task: self._ran(delivery, task))
            else:
                self._handled(delivery, result)
        except (Exception, asyncio.CancelledError) as error:  # nobody cancels us here: it is its own
            self._failed(delivery, error)

    def _ran(self, delivery: Delivery, task: asyncio.Future[int | None]) -> None:
        self._running -= 1
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        if error is not None:
            self._failed(delivery, error)
        else:
            self._handled(delivery, task.result())
        if self._held:
            self._run_held()

    def _handled(self, delivery: Delivery, result: object) -> None:
        if delivery.status is not None:
            return
        try:
            if result is not None and (not isinstance(result, int) or isinstance(result, bool)):
                raise TypeError(f"the handler returned {type(result).__name__}, not None or a command_status")
            self.settle(delivery, result or 0)
        except (TypeError, EncodeError) as error:
            self._failed(delivery, error)

    def _failed(self, delivery: Delivery, error: BaseException) -> None:
        """A handler's failure is answered "later"; a PDU that fails again and again is told never to come back, and kept."""
        pdu = delivery.pdu
        if self.closed and isinstance(error, asyncio.CancelledError):
            return
        key = bytes(pdu)[16:]
        before = self._quarantine.pop(key, None)
        times = 1 if before is None else before.times + 1
        self._quarantine[key] = Quarantined(pdu, error, times)
        if len(self._quarantine) > QUARANTINE:
            del self._quarantine[next(iter(self._quarantine))]
        # Not the error's text, which may quote the message: it is kept in the quarantine.
        place = traceback.extract_tb(error.__traceback__)[-1:]
        log.error(
            "a handler failed over %s, sequence_number %d, for the %d. time: %s%s", pdu.command, pdu.sequence_number, times,
            type(error).__name__, f" at {place[0].filename}:{place[0].lineno}" if place else "",
        )
        if delivery.status is None:
            self.settle(delivery, _NEVER if times >= _POISON else _LATER)
