"""Layer 6 of 9: the client for programs without a loop: the same, from any thread, over a loop in a thread of its own."""

from __future__ import annotations

import asyncio
import os
import queue
import threading
from collections.abc import Callable, Coroutine, Iterable, Iterator
from itertools import islice
from types import TracebackType
from typing import Any, Self, TypeVar

from smpp_core import Pdu, Receipt, SessionClosed

from ..message.address import Address
from .buffer import BufferResult
from .client import Client, News
from .inbound import Deliveries, Delivery, Handler, Quarantined
from .many import Run, SubmitResult
from .metrics import Metrics
from .pool import Pool
from .send import Sent
from .url import Endpoint

__all__ = ["SyncClient", "SyncDelivery", "SyncSent"]

T = TypeVar("T")

_ALIVE = 1.0  # seconds between two looks at whether the loop still runs


class SyncDelivery:
    """A Delivery for threads: its methods wait for the loop."""

    __slots__ = ("_client", "_delivery")

    def __init__(self, client: SyncClient, delivery: Delivery) -> None:
        self._client = client
        self._delivery = delivery

    def __getattr__(self, name: str) -> Any:
        return getattr(self._delivery, name)

    @property
    def pdu(self) -> Pdu:
        """The deliver_sm or data_sm."""
        return self._delivery.pdu

    @property
    def receipt(self) -> Receipt | None:
        """The delivery receipt that it carries, None if it is a message."""
        return self._delivery.receipt

    def ack(self) -> bool:
        """Acknowledge it. Returns False if its link has ended: the peer will deliver it again."""
        return self._client._run(self._delivery.ack())

    def reject(self, *status: int) -> bool:
        """Refuse it, as Delivery.reject does."""
        return self._client._run(self._delivery.reject(*status))


class SyncSent:
    """A Sent for threads."""

    __slots__ = ("_client", "_sent")

    def __init__(self, client: SyncClient, sent: Sent) -> None:
        self._client = client
        self._sent = sent

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sent, name)

    def outcome(self, timeout: float | None = None) -> Any:
        """Wait for the final receipt, as Sent.outcome does."""
        return self._client._run(self._sent.outcome(timeout))


class SyncClient:
    """A client for scripts and threads: `with SyncClient("smpp://name:password@host") as client: client.submit(pdu)`.

    url and options: those of Client; with binds or kinds those of Pool. Its methods may be called from any thread but that of its own
    loop, so not from a handler. It does not survive a fork: the child has to make another one.
    """

    def __init__(self, url: str | Endpoint, **options: Any) -> None:
        self._client: Client = Pool(url, **options) if options.keys() & {"binds", "kinds"} else Client(url, **options)
        self._process = os.getpid()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    # -- opening and closing -------------------------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if os.getpid() == self._process:
            self.close(None if kind is None else 0)

    def start(self) -> None:
        """Connect and bind. Raises as Client.start."""
        with self._lock:
            if self._loop is not None:
                raise SessionClosed("a client is opened once")
            self._loop = _new_loop()
            self._thread = threading.Thread(target=self._turn, name="smswire client", daemon=True)
            self._thread.start()
        try:
            self._run(self._client.start())
        except BaseException:
            self._stop()
            raise

    def close(self, timeout: float | None = None) -> None:
        """End, as Client.close, and end the thread."""
        self._check_process()
        if self._thread is None or not self._thread.is_alive():
            return
        try:
            self._run(self._client.close(timeout))
        finally:
            self._stop()

    def _turn(self) -> None:
        loop = self._loop
        assert loop is not None
        asyncio.set_event_loop(loop)
        try:
            loop.run_forever()
            for task in (tasks := asyncio.all_tasks(loop)):
                task.cancel()
            loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
            loop.run_until_complete(loop.shutdown_asyncgens())
        finally:
            asyncio.set_event_loop(None)
            loop.close()

    def _stop(self) -> None:
        with self._lock:
            loop, thread = self._loop, self._thread
            if loop is not None and thread is not None and thread.is_alive() and not loop.is_closed():
                loop.call_soon_threadsafe(loop.stop)
                thread.join()

    def _check_process(self) -> None:
        if os.getpid() != self._process:
            raise SessionClosed(f"this client belongs to process {self._process} and does not survive a fork: make another one here")

    def _running(self) -> asyncio.AbstractEventLoop:
        self._check_process()
        loop, thread = self._loop, self._thread
        if loop is None or thread is None or not thread.is_alive():
            raise SessionClosed("the client is not open")
        if thread is threading.current_thread():
            raise RuntimeError("a SyncClient is not for its own loop's thread, that of handlers and listeners: it would wait for itself")
        return loop

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        try:
            loop = self._running()
        except BaseException:
            work.close()
            raise
        future = asyncio.run_coroutine_threadsafe(work, loop)
        try:
            return future.result()
        except KeyboardInterrupt:
            future.cancel()
            raise

    def _read(self, look: Callable[[], T]) -> T:
        async def there() -> T:
            return look()

        return self._run(there())

    # -- what Client has ------------------------------------------------------------------------------------------------------------

    def request(self, pdu: Pdu, timeout: float | None = None) -> Pdu:
        """Send any command once and return its response, whatever its status. See Client.request."""
        return self._run(self._client.request(pdu, timeout))

    def submit(self, pdu: Pdu, timeout: float | None = None) -> Pdu:
        """Send a request and return the response that accepts it. See Client.submit."""
        return self._run(self._client.submit(pdu, timeout))

    def send(self, to: str | Address, text: str | None = None, **options: Any) -> SyncSent:
        """Send a text of any length. See Client.send."""
        return SyncSent(self, self._run(self._client.send(to, text, **options)))

    def submit_buffer(self, octets: bytes | bytearray | memoryview, *, timeout: float | None = None) -> BufferResult:
        """Send a buffer of rendered requests. See Client.submit_buffer."""
        return self._run(self._client.submit_buffer(octets, timeout=timeout))

    def submit_many(self, pdus: Iterable[Pdu], *, timeout: float | None = None) -> Iterator[SubmitResult]:
        """Send many; one SubmitResult for each, as they end. pdus is iterated in the thread that iterates the results.

        See Client.submit_many; `list(client.submit_many(pdus))` waits for all of them.
        """
        loop = self._running()
        ahead = self._client.ahead
        channel: queue.SimpleQueue[list[SubmitResult]] = queue.SimpleQueue()
        run = self._read(lambda: _Threaded(self._client, ahead, timeout, channel))
        source = iter(pdus)
        open_, more = 0, True
        failure: Exception | None = None
        try:
            while True:
                batch: list[Pdu] = []
                room = ahead - open_ if more and open_ * 2 <= ahead else 0
                try:
                    for pdu in islice(source, room):
                        batch.append(pdu)
                    more = more and len(batch) == room
                except Exception as error:
                    failure, more = error, False
                if batch:
                    open_ += len(batch)
                    loop.call_soon_threadsafe(run.take_all, batch)
                if not open_:
                    break
                for result in self._wait(channel):
                    open_ -= 1
                    yield result
        finally:
            if open_ and not loop.is_closed():
                loop.call_soon_threadsafe(run.withdraw)
        if failure is not None:
            raise failure

    def _wait(self, channel: queue.SimpleQueue[list[SubmitResult]]) -> list[SubmitResult]:
        while True:
            try:
                return channel.get(timeout=_ALIVE)
            except queue.Empty:
                self._running()

    def inbound(self, timeout: float | None = None) -> Iterator[SyncDelivery]:
        """Iterate over what the peer delivers. timeout: seconds without a delivery after which the iterator ends; None for the close.

        A delivery that was not settled is acknowledged when the next one is asked for. See Client.inbound.
        """
        deliveries = self._read(self._client.inbound)
        while (delivery := self._run(_next(deliveries, timeout))) is not None:
            yield SyncDelivery(self, delivery)

    def on_inbound(self, handler: Handler | None, concurrency: int = 100) -> None:
        """Have each delivery handled, in the loop's thread. See Client.on_inbound."""
        if self._loop is None:
            self._client.on_inbound(handler, concurrency)
        else:
            self._read(lambda: self._client.on_inbound(handler, concurrency))

    def on_event(self, listener: Callable[[News], None]) -> None:
        """Call a function, in the loop's thread, with what happens to the links. See Client.on_event."""
        self._client.on_event(listener)

    def drain(self, timeout: float | None = None) -> list[Pdu]:
        """Wait until every request has ended; returns those that have not. See Client.drain."""
        return self._run(self._client.drain(timeout))

    @property
    def state(self) -> str:
        """As Client.state."""
        return self._client.state

    @property
    def metrics(self) -> Metrics:
        """As Client.metrics."""
        return self._client.metrics

    @property
    def in_flight(self) -> list[Pdu]:
        """As Client.in_flight."""
        return self._read(lambda: self._client.in_flight)

    @property
    def lost(self) -> list[Pdu]:
        """As Client.lost; may be asked for after the close."""
        return self._client.lost

    @property
    def quarantine(self) -> list[Quarantined]:
        """As Client.quarantine."""
        return self._read(lambda: self._client.quarantine)


class _Threaded(Run):
    """A run whose results go to a thread, once a turn of the loop."""

    __slots__ = ("channel", "due")

    def __init__(self, client: Client, ahead: int, timeout: float | None, channel: queue.SimpleQueue[list[SubmitResult]]) -> None:
        super().__init__(client._open(), ahead, timeout)
        self.channel = channel
        self.due = False
        self.waiter = self.outbox.loop.create_future()  # somebody waits, always

    def take_all(self, pdus: list[Pdu]) -> None:
        """Send some more."""
        for pdu in pdus:
            self.take(pdu)
        self.wake()

    def wake(self) -> None:
        """Hand the results over at the end of this turn."""
        if not self.due:
            self.due = True
            self.outbox.loop.call_soon(self.hand_over)

    def hand_over(self) -> None:
        """Hand the results over."""
        self.due = False
        if self.results:
            results = list(self.results)
            self.results.clear()
            self.channel.put(results)


async def _next(deliveries: Deliveries, timeout: float | None) -> Delivery | None:
    try:
        async with asyncio.timeout(timeout):
            return await anext(deliveries, None)
    except TimeoutError:
        return None


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
