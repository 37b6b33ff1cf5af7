"""Layer 6 of 9: rendered requests on one link: the window is refilled from a Batch as its responses come, no object a message."""

from __future__ import annotations

import asyncio
from math import inf
from typing import Final

from smpp_core import SessionClosed
from smpp_core.batch import Batch
from smpp_core.spec.values import CommandStatus

from .adaptive import THROTTLING
from .link import Link, clock_of
from .outbox import Outbox

__all__ = ["BulkRun"]

_THROTTLED: Final = int(CommandStatus.ESME_RTHROTTLED)


class BulkRun:
    """One Batch on its way over one link: it is the machine's `bulk` while it runs.

    outbox: whose rate, retry and slowing down hold it back, a segment a request; other requests that wait in it are left room. timeout:
    seconds for each response, None for the limits' own. `await run()` ends when everything has its result or the link has ended; the
    batch then knows what was never sent. Throttled requests are sent again, together, as `retry` says.
    """

    def __init__(self, batch: Batch, link: Link, outbox: Outbox, timeout: float | None) -> None:
        self.batch = batch
        self.link = link
        self._outbox = outbox
        self._rate = outbox.rate
        self._adaptive = outbox.adaptive
        self._timeout = link.machine.limits.response_timeout if timeout is None else timeout
        self._loop = link.loop
        self._clock = clock_of(link.loop)
        self._again: asyncio.TimerHandle | None = None
        self._pause: asyncio.TimerHandle | None = None
        self._may_repeat = False
        self._round = 0
        self._refused = 0  # how many answers asked to be sent less
        self._over = link.loop.create_future()
        self._stopped = False

    async def run(self) -> None:
        """Send until everything has its result or the link has ended. Cancelled: send no more; what is in flight stays unanswered."""
        machine, batch = self.link.machine, self.batch
        batch.begin(machine.reserve(batch.count), THROTTLING)
        machine.bulk = self
        try:
            self.refill()
            await self._over
        finally:
            self._stopped = True
            for handle in (self._again, self._pause):
                if handle is not None:
                    handle.cancel()
            if machine.bulk is self:
                machine.bulk = None

    # -- what the machine calls -----------------------------------------------------------------------------------------------------

    @property
    def in_flight(self) -> int:
        """How many wait for their responses."""
        return self.batch.in_flight

    def settle(self, frames: list[bytes], now: float) -> list[bytes]:
        """Take the responses out of a read, and send as many requests as that made room for."""
        batch = self.batch
        done, repeat = batch.done, batch.to_repeat
        rest = batch.settle(frames, now)
        refused = batch.to_repeat - repeat
        if self._adaptive is not None:
            if batch.done != done:
                self._adaptive.answered(0, now, batch.done - done)
            if refused:
                self._adaptive.answered(_THROTTLED, now, refused)
        if refused and self._again is None:
            self._rest()
        self._fill()
        if len(self._outbox):
            self._outbox.pump()
        if batch.done == batch.count:
            self._end()
        return rest

    def deadline(self) -> float:
        """When the oldest request in flight times out."""
        when = self.batch.next_deadline(self._timeout)
        return inf if when is None else when

    def expire(self, now: float) -> None:
        """Give up what has waited too long, and send what that made room for."""
        given_up = self.batch.expire(now, self._timeout)
        if given_up and self._adaptive is not None:
            self._adaptive.lost(given_up)
        self._fill()
        if self.batch.done == self.batch.count:
            self._end()

    def lost(self, reason: str) -> None:
        """The link has ended."""
        lost = self.batch.lose()
        if lost and self._adaptive is not None:
            self._adaptive.lost(lost)
        self._end()

    # -- inside -----------------------------------------------------------------------------------------------------------------------

    def _end(self) -> None:
        self._stopped = True
        if not self._over.done():
            self._over.set_result(None)

    def _rest(self) -> None:
        """Send those that were refused again after a while, or never."""
        self._round += 1
        retry = self._outbox.retry
        row = self.link.machine.profile.status(_THROTTLED)
        delay = retry.next(row, self._round) if retry is not None else None
        if delay is None:
            self.batch.give_up()
        else:
            self._again = self._loop.call_later(delay, self._repeat)

    def _repeat(self) -> None:
        self._again = None
        self._may_repeat = True
        self.refill()

    def refill(self) -> None:
        """Send what there is room for now: after a rest, or when the peer reads again."""
        self._pause = None
        self._fill()
        self.link.arm()
        if self.batch.done == self.batch.count:
            self._end()

    def _fill(self) -> None:
        """Send as many as window, rate and peer allow, with room left for other requests."""
        batch, link = self.batch, self.link
        if self._stopped or not link.writable or self._pause is not None:
            return
        machine = link.machine
        room = machine.window - len(machine.pending) - batch.in_flight
        waiting = len(self._outbox)
        if waiting:
            room -= min(waiting, machine.window // 8 + 1)
        left = batch.count - batch.sent + (batch.to_repeat if self._may_repeat else 0)
        if room <= 0 or not left:
            return
        now = self._clock()
        count = self._allowed(min(room, left), now)
        if not count:
            return
        repeated = min(count, batch.to_repeat) if self._may_repeat else 0
        octets = batch.take_again(repeated, now) if repeated else b""
        self._may_repeat = self._may_repeat and batch.to_repeat > 0
        try:
            link.send(octets + batch.take(count - repeated, now))
        except SessionClosed:  # it has ended in this very turn: `lost` comes next
            return

    def _allowed(self, most: int, now: float) -> int:
        """How many of most may be sent now; asks again later where it is fewer."""
        rate, adaptive = self._rate, self._adaptive
        if rate is None and (adaptive is None or adaptive.rate is None and adaptive.delay(most, now) <= 0):
            return most
        for count in range(most):
            delay = rate.delay(1, now) if rate is not None else 0.0
            if delay <= 0 and adaptive is not None:
                delay = adaptive.delay(1, now)
            if delay > 0:
                self._pause = self._loop.call_later(delay, self.refill)
                return count
        return most
