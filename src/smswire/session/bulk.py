"""Layer 6 of 9: rendered requests on one link: the window is refilled from a Batch as its responses come, no object a message."""

from __future__ import annotations

import asyncio
from math import inf
from typing import Final

from smpp_core import SessionClosed
from smpp_core.batch import ANSWERED, Batch
from smpp_core.spec.values import CommandStatus

from .adaptive import THROTTLING
from .link import Link, clock_of, delay_of
from .outbox import Outbox

__all__ = ["BulkRun"]

_THROTTLED: Final = int(CommandStatus.ESME_RTHROTTLED)


class BulkRun:
    """One Batch on its way over one link: it is the machine's `bulk` while it runs.

    outbox: whose rate, retry and slowing down hold it back, a segment a request; other requests that wait in its line are left room.
    timeout: seconds for each response, None for the limits' own. `await run()` ends when everything has its result, the link has ended,
    or the outbox is closed and nothing is in flight; the batch then knows what was never sent. Throttled requests are sent again,
    together, as `retry` says.
    """

    def __init__(self, batch: Batch, link: Link, outbox: Outbox, timeout: float | None) -> None:
        self.batch = batch
        self.link = link
        self._outbox = outbox
        limit = link.machine.limits.response_timeout if timeout is None else timeout
        self._timeout = limit or inf
        self._loop = link.loop
        self._clock = clock_of(link.loop)
        self._again: asyncio.TimerHandle | None = None
        self._pause: asyncio.TimerHandle | None = None
        self._ripe = 0  # how many of those that were refused have rested, and may be sent again
        self._round = 0
        self._over: asyncio.Future[None] = link.loop.create_future()
        self._stopped = False

    async def run(self) -> None:
        """Send until there is nothing more to do. Cancelled: send no more; what is in flight keeps its place until it is answered."""
        machine, batch = self.link.machine, self.batch
        batch.begin(machine.reserve(batch.count), THROTTLING)
        machine.bulk = self
        if batch.to_repeat:
            self._rest()
        try:
            self.refill()
            self.link.arm()
            await self._over
        except BaseException:
            batch.give_up()
            self._stop()
            raise
        self._count()

    # -- what the machine calls -----------------------------------------------------------------------------------------------------

    @property
    def in_flight(self) -> int:
        """How many wait for their responses."""
        return self.batch.in_flight

    def settle(self, frames: list[bytes], now: float) -> list[bytes]:
        """Take the responses out of a read."""
        batch, adaptive = self.batch, self._outbox.adaptive
        done, repeat = batch.done, batch.to_repeat
        rest = batch.settle(frames, now)
        refused = batch.to_repeat - repeat
        if adaptive is not None:
            if batch.done != done:
                adaptive.answered(0, now, batch.done - done)
            if refused:
                adaptive.answered(_THROTTLED, now, refused)
        if refused and self._again is None and not self._ripe:
            self._rest()
        return rest

    def deadline(self) -> float:
        """When the oldest request in flight times out."""
        when = self.batch.next_deadline(self._timeout)
        return inf if when is None else when

    def expire(self, now: float) -> None:
        """Give up what has waited too long."""
        given_up = self.batch.expire(now, self._timeout)
        if given_up and self._outbox.adaptive is not None:
            self._outbox.adaptive.lost(given_up)

    def refill(self) -> None:
        """Send what there is room for, let others have theirs, and see whether this is the end."""
        self._fill()
        if self._outbox.in_line:
            self._outbox.pump()
        batch = self.batch
        if not batch.in_flight and (batch.done == batch.count or self._stopped or self._outbox.closed):
            self._stop()

    def lost(self, reason: str) -> None:
        """The link has ended."""
        lost = self.batch.lose()
        if lost and self._outbox.adaptive is not None:
            self._outbox.adaptive.lost(lost)
        self._stop()

    # -- inside -----------------------------------------------------------------------------------------------------------------------

    def _stop(self) -> None:
        """Send no more; leave the machine when nothing is in flight."""
        self._stopped = True
        for handle in (self._again, self._pause):
            if handle is not None:
                handle.cancel()
        self._again = self._pause = None
        if not self._over.done():
            self._over.set_result(None)
        if not self.batch.in_flight and self.link.machine.bulk is self:
            self.link.machine.bulk = None
            self._outbox.pump()
            self._outbox.wake()

    def _rest(self) -> None:
        """Send those that were refused again after a while, or never."""
        self._round += 1
        retry = self._outbox.retry
        row = self.link.machine.profile.status(_THROTTLED)
        delay = retry.next(row, self._round) if retry is not None and not self._outbox.closed else None
        if delay is None:
            self.batch.give_up()
        else:
            self._again = self._loop.call_later(delay_of(self._loop, delay), self._repeat)

    def _repeat(self) -> None:
        self._again = None
        self._ripe = self.batch.to_repeat
        self._go_on()

    def _go_on(self) -> None:
        self._pause = None
        self.refill()
        self.link.arm()

    def _fill(self) -> None:
        batch, link, outbox = self.batch, self.link, self._outbox
        machine = link.machine
        if self._stopped or self._pause is not None or outbox.closed or not link.writable or not machine.bound or machine.leaving:
            return
        room = machine.window - machine.window_used
        if outbox.in_line:
            room -= min(outbox.in_line, machine.window // 8 + 1)
        left = batch.count - batch.sent + self._ripe
        if room <= 0 or not left:
            return
        now = self._clock()
        count = self._allowed(min(room, left), now)
        if not count:
            return
        repeated = min(count, self._ripe)
        octets = batch.take_again(repeated, now) if repeated else b""
        self._ripe -= repeated
        if repeated and not self._ripe and batch.to_repeat and self._again is None:
            self._rest()  # those that were refused meanwhile
        try:
            link.send(octets + batch.take(count - repeated, now), count)
        except SessionClosed:  # it has ended in this very turn: `lost` comes next
            return

    def _allowed(self, most: int, now: float) -> int:
        """How many of most may be sent now; asks again later where it is fewer."""
        rate, adaptive = self._outbox.rate, self._outbox.adaptive
        if rate is None and (adaptive is None or adaptive.rate is None and adaptive.delay(most, now) <= 0):
            return most
        for count in range(most):
            delay = rate.delay(1, now) if rate is not None else 0.0
            if delay <= 0 and adaptive is not None:
                delay = adaptive.delay(1, now)
            if delay > 0:
                if self._pause is None:
                    self._pause = self._loop.call_later(delay_of(self._loop, delay), self._go_on)
                return count
        return most

    def _count(self) -> None:
        """Tell the metrics of the link what was answered."""
        metrics, batch = self.link.metrics, self.batch
        if metrics is None:
            return
        for outcome, status, latency in zip(batch.outcome, batch.command_status, batch.latency):
            if outcome == ANSWERED:
                metrics.answered("submit_sm", status, latency)
