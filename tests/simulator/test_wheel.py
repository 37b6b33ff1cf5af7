"""Nothing runs before its time, all that is due runs within a tick or two, in order, and one failure stops nothing else."""

from __future__ import annotations

import asyncio
from typing import Any

from clock import run
from hypothesis import given, settings
from hypothesis import strategies as st

from smswire.simulator.wheel import TICK, Wheel


@settings(max_examples=20)
@given(st.lists(st.floats(0, 3), min_size=1, max_size=40))
def test_each_item_runs_at_its_time_and_never_before(delays: list[float]) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        begin, ran = loop.time(), []
        wheel = Wheel(loop, loop.time, lambda item: ran.append((item, loop.time())))
        for i, delay in enumerate(delays):
            wheel.add(begin + delay, (i, begin + delay))
        assert wheel.size == len(delays)
        while wheel.size:
            await asyncio.sleep(0.5)
        assert sorted(item for item, _ in ran) == [(i, begin + delay) for i, delay in enumerate(delays)]
        for (_, due), at in ran:
            assert due - 1e-5 <= at <= due + TICK + 0.05  # real time goes on between ticks
        buckets = [int(due / TICK) for (_, due), _ in ran]
        assert buckets == sorted(buckets)

    run(main())


def test_items_of_one_tick_keep_their_order_and_may_add_more() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        ran: list[Any] = []

        def work(item: Any) -> None:
            ran.append(item)
            if item == 5:
                wheel.add(loop.time() - 100, "late")

        wheel = Wheel(loop, loop.time, work)
        when = loop.time() + 1
        for i in range(3_000):
            wheel.add(when, i)
        await asyncio.sleep(1.5)
        assert ran == [*range(3_000), "late"]

    run(main())


def test_a_failure_is_reported_and_the_rest_runs() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        ran, told = [], []
        loop.set_exception_handler(lambda _, context: told.append(type(context["exception"])))

        def work(item: int) -> None:
            ran.append(item)
            if item % 2:
                raise LookupError(item)

        wheel = Wheel(loop, loop.time, work)
        for i in range(5):
            wheel.add(loop.time(), i)
        await asyncio.sleep(1)
        assert (ran, told, wheel.size) == ([0, 1, 2, 3, 4], [LookupError, LookupError], 0)

    run(main())


def test_a_closed_wheel_forgets_all() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        ran: list[int] = []
        wheel = Wheel(loop, loop.time, ran.append)
        wheel.add(loop.time() + 1, 1)
        wheel.close()
        await asyncio.sleep(2)
        assert (ran, wheel.size) == ([], 0)

    run(main())
