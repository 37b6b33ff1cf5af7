"""Layer 6 of 9: many requests through an outbox: one result each in the order they end, without a future or a task for each."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable, Iterator

import msgspec

from smpp_core import EncodeError, GenericNack, Pdu, SmppError

from .outbox import Ask, Outbox, status_of

__all__ = ["Item", "Run", "SubmitResult", "submit_many"]


class SubmitResult(msgspec.Struct, frozen=True, gc=False):
    """How one of many requests ended.

    index: its place in the input, from 0. status: command_status of the response, 0 where there is none. message_id: of the response,
    None if it has none. latency: seconds from its last sending to its end. error: None if there is a response, else RequestTimeout or
    SessionClosed, with `written`; EncodeError for an item that is no request to be sent.
    """

    index: int
    status: int
    message_id: str | None
    latency: float
    error: SmppError | None = None

    @property
    def ok(self) -> bool:
        """True if the peer accepted it."""
        return self.error is None and not self.status


class Item(Ask):
    """One of many."""

    __slots__ = ("index", "run")

    def __init__(self, run: Run, pdu: Pdu, deadline: float | None, index: int) -> None:
        Ask.__init__(self, run.outbox, pdu, deadline, True)
        self.run = run
        self.index = index

    def finish(self, outcome: Pdu | SmppError, latency: float) -> None:
        """Make its result."""
        run = self.run
        run.open -= 1
        if isinstance(outcome, SmppError):
            result = SubmitResult(self.index, 0, None, latency, outcome)
        elif isinstance(outcome, GenericNack):
            result = SubmitResult(self.index, status_of(outcome), None, latency)
        else:
            result = SubmitResult(self.index, outcome.command_status, getattr(outcome, "message_id", None), latency)
        run.results.append(result)
        if run.waiter is not None:
            run.wake()


class Run:
    """One call of submit_many: what it has taken from its input, and what has ended but was not yielded yet."""

    __slots__ = ("ahead", "exhausted", "failure", "open", "outbox", "results", "taken", "timeout", "waiter")

    def __init__(self, outbox: Outbox, ahead: int, timeout: float | None) -> None:
        self.outbox = outbox
        self.ahead = ahead
        self.timeout = timeout
        self.taken = 0
        self.open = 0  # of those, how many have not ended
        self.results: deque[SubmitResult] = deque()
        self.exhausted = False
        self.failure: BaseException | None = None  # of the input
        self.waiter: asyncio.Future[None] | None = None

    @property
    def room(self) -> int:
        """How many more may be taken now."""
        return self.ahead - self.open - len(self.results)

    def take(self, pdu: Pdu) -> None:
        """Send one more."""
        outbox, index = self.outbox, self.taken
        self.taken = index + 1
        try:
            if not isinstance(pdu, Pdu):
                raise EncodeError(f"item {index} is a {type(pdu).__name__}, no Pdu")
            outbox.check(pdu)
        except SmppError as error:
            self.results.append(SubmitResult(index, 0, None, 0.0, error))
            return
        self.open += 1
        outbox.put(Item(self, pdu, None if self.timeout is None else outbox.now() + self.timeout, index))

    def withdraw(self) -> None:
        """Nobody wants the results any more: send none of those that wait."""
        for ask in list(self.outbox):
            if isinstance(ask, Item) and ask.run is self:
                self.outbox.withdraw(ask)

    def wake(self) -> None:
        """Something has changed."""
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(None)

    async def wait(self) -> None:
        """Wait until something has changed."""
        self.waiter = self.outbox.loop.create_future()
        try:
            await self.waiter
        finally:
            self.waiter = None

    def fill(self, source: Iterator[Pdu]) -> None:
        """Take as many as there is room for."""
        for _ in range(self.room):
            try:
                pdu = next(source)
            except StopIteration:
                self.exhausted = True
                return
            except (Exception, asyncio.CancelledError) as error:
                self.exhausted, self.failure = True, error
                return
            self.take(pdu)

    async def feed(self, source: AsyncIterator[Pdu], hunger: asyncio.Event) -> None:
        """The same from an asynchronous input, whenever there is room."""
        try:
            while True:
                while self.room <= 0:
                    hunger.clear()
                    await hunger.wait()
                self.take(await anext(source))
                if self.results:
                    self.wake()
        except StopAsyncIteration:
            pass
        except Exception as error:
            self.failure = error
        except asyncio.CancelledError as error:  # the input's own, unless the run is over and nobody asks any more
            self.failure = error
            raise
        finally:
            self.exhausted = True
            self.wake()


async def submit_many(
    outbox: Outbox, pdus: Iterable[Pdu] | AsyncIterable[Pdu], ahead: int, timeout: float | None
) -> AsyncGenerator[SubmitResult, None]:
    """Send what pdus gives, at most `ahead` of it before its results are taken. See Client.submit_many."""
    run = Run(outbox, ahead, timeout)
    results = run.results
    share = max(1, ahead // 8)  # results that are yielded before more is taken: many, so that taking costs little
    feeder: asyncio.Task[None] | None = None
    hunger = asyncio.Event()
    source: Iterator[Pdu] = iter(())
    if isinstance(pdus, AsyncIterable):
        feeder = outbox.loop.create_task(run.feed(aiter(pdus), hunger))
    else:
        source = iter(pdus)
    try:
        while True:
            if feeder is None and not run.exhausted:
                run.fill(source)
            yielded = 0
            while results:
                yield results.popleft()
                yielded += 1
                if yielded >= share:
                    break
            if feeder is not None:
                hunger.set()
            if results or run.room and not run.exhausted and feeder is None:
                continue
            if run.exhausted and not run.open:
                break
            await run.wait()
        if run.failure is not None:
            raise run.failure
    finally:
        run.withdraw()
        if feeder is not None:
            feeder.cancel()
            await asyncio.wait([feeder])
