"""Commands, above layer 9: one run of load or demo: sends what the traffic gives, and waits until each message has its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

from smpp_core import Pdu

from .. import __version__
from ..session.inbound import Delivery
from ..session.link import clock_of
from ..session.pool import Pool
from ..session.supervisor import Down, Up
from .progress import counted
from .results import Results
from .tally import Tally
from .traffic import Traffic

_QUIET = 30.0  # seconds without a receipt after which the missing ones are given up


class Course:
    """One run of the load. rate: segments a second, None for as fast as the windows allow. patience: seconds without any link after which
    it gives up, since the pool itself would bind again for ever."""

    def __init__(
        self, pool: Pool, traffic: Traffic, messages: int, rate: float | None, receipts: bool, patience: float = 30.0
    ) -> None:
        self.pool = pool
        self.traffic = traffic
        self.messages = messages
        self.rate = rate
        self.receipts = receipts
        self.patience = patience
        self.interrupted = False
        self.gave_up = False
        self.tally: Tally | None = None
        self.began = self.ended = 0.0
        self._heard = 0.0  # when the last receipt came
        self._news: asyncio.Event | None = None
        self._limit: asyncio.Timeout | None = None

    async def go(self) -> None:
        """Connect, send everything, wait for the receipts, unbind. Cancelled: send no more, unbind, keep what is known."""
        loop = asyncio.get_running_loop()
        clock = clock_of(loop)
        self.tally = tally = Tally(clock, self.pool.profile, self.receipts)
        self._news = asyncio.Event()
        self.pool.on_inbound(self._delivered)
        self.pool.on_event(self._linked)
        async with self.pool:
            self.began = self._heard = clock()
            try:
                async with asyncio.timeout(None) as self._limit:
                    with counted("sending", self.messages, lambda: (tally.messages, self._words())):
                        source = self._paced() if self.rate else self._unpaced()
                        async for result in self.pool.submit_many(source):
                            tally.answered(result, self.rate is not None)
                        self.ended = clock()
                        await self._wait_for_receipts()
            except TimeoutError:
                self.gave_up = True
            finally:
                self._limit = None

    def _linked(self, news: object) -> None:
        """The first link that falls begins the time without any, which attempts that fail do not prolong."""
        limit = self._limit
        if limit is None or limit.expired():
            return
        if isinstance(news, Up):
            limit.reschedule(None)
        elif isinstance(news, Down) and self.pool.state != "bound" and limit.when() is None:
            limit.reschedule(asyncio.get_running_loop().time() + self.patience)

    def _words(self) -> str:
        tally = self.tally
        assert tally is not None
        receipts = tally.states.total()
        words = f"{receipts:,} of {receipts + tally.awaited:,} receipts, " if tally.receipts else ""
        return f"{words}{tally.open:,} in flight"

    def _unpaced(self) -> Iterator[Pdu]:
        tally = self.tally
        assert tally is not None
        for index, piece in enumerate(self.traffic.messages(self.messages)):
            tally.sent(index, piece, tally.clock())
            yield piece.pdu

    async def _paced(self) -> AsyncIterator[Pdu]:
        """Each segment when it is due; those that were held up leave at once, and their delay counts."""
        tally = self.tally
        assert tally is not None and self.rate is not None
        began = tally.clock()
        for index, piece in enumerate(self.traffic.messages(self.messages)):
            due = began + index / self.rate
            ahead = due - tally.clock()
            if ahead > 0.0005:  # timers are no finer, and a burst within half a millisecond is none
                await asyncio.sleep(ahead)
            tally.sent(index, piece, due)
            yield piece.pdu

    def _delivered(self, delivery: Delivery) -> None:
        assert self.tally is not None and self._news is not None
        receipt = delivery.receipt
        if receipt is None:
            self.tally.inbound += 1
            return
        self.tally.receipt(receipt)
        self._heard = self.tally.clock()
        if not self.tally.awaited:
            self._news.set()

    async def _wait_for_receipts(self) -> None:
        tally, news = self.tally, self._news
        assert tally is not None and news is not None
        while tally.awaited and self.receipts:
            left = self._heard + _QUIET - tally.clock()
            if left <= 0:
                return
            news.clear()
            try:
                async with asyncio.timeout(left):
                    await news.wait()
            except TimeoutError:
                continue

    def results(self) -> Results:
        """What is known now."""
        tally = self.tally
        assert tally is not None
        end = self.ended or (tally.clock() if self.began else 0.0)
        options = {
            "binds": len(self.pool.kinds), "window": self.pool.window, "rate": self.rate, "messages": self.messages,
            "receipts": self.receipts,
        }
        return Results(tally.summary(end - self.began), options, __version__, tally)


