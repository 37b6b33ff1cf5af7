"""Layer 8 of 9: everything that is due later, in buckets of a few milliseconds: one timer of the loop for all of it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

__all__ = ["TICK", "Wheel"]

TICK = 0.005  # seconds; what is due within one tick comes together, and leaves in one write
_TURN = 1_000  # items in one turn of the loop, so that sockets are served between them
_SLACK = 1e-6  # a loop's clock may be a little behind the timer that it fires


class Wheel:
    """Runs items when their time has come, never before, those of one tick in the order in which they were added.

    loop: the running loop; now: the clock's time, which is the loop's. run: called with each item. An item cannot
    be taken out: `run` finds that it is not wanted any more.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, now: Callable[[], float], run: Callable[[Any], None]) -> None:
        self._loop = loop
        self._now = now
        self._run = run
        self._buckets: dict[int, list[Any]] = {}
        self._order: list[int] = []
        self._ready: deque[Any] = deque()
        self._handle: asyncio.TimerHandle | asyncio.Handle | None = None
        self._wake = 0  # the bucket that the timer waits for, 0 for none
        self.size = 0

    def add(self, when: float, item: Any) -> None:
        """Have an item run at a moment of the loop's time; one that has passed means the next tick."""
        index = int(when / TICK) + 1
        bucket = self._buckets.get(index)
        self.size += 1
        if bucket is not None:
            bucket.append(item)
            return
        self._buckets[index] = [item]
        heappush(self._order, index)
        if not self._ready and (not self._wake or index < self._wake):
            self._arm()

    def close(self) -> None:
        """Forget all."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        self._buckets.clear()
        self._order.clear()
        self._ready.clear()
        self._wake = self.size = 0

    def _arm(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
        self._wake = self._order[0]
        self._handle = self._loop.call_at(self._wake * TICK, self._fire)

    def _fire(self) -> None:
        self._handle, self._wake = None, 0
        order, ready, run = self._order, self._ready, self._run
        now = self._now() + _SLACK
        while order and order[0] * TICK <= now:
            ready.extend(self._buckets.pop(heappop(order)))
        turn = min(len(ready), _TURN)
        try:
            for _ in range(turn):
                self.size -= 1
                run(ready.popleft())
        finally:  # one item that fails must not stop all others
            if ready:
                self._handle = self._loop.call_soon(self._fire)
            elif order:
                self._arm()
