"""A coroutine that is begun by hand and gone on with in a task is cancelled, timed out and nested as one that was a task all along."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import clock
import pytest

from smswire.session.drive import Driver

try:
    import uvloop
except ImportError:
    LOOPS = ["asyncio"]
else:
    LOOPS = ["asyncio", "uvloop"]

Run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture(params=LOOPS)
def run(request: pytest.FixtureRequest) -> Run:
    """Runs a test on each kind of loop."""
    if request.param == "asyncio":
        return asyncio.run

    def on_uvloop(work: Coroutine[Any, Any, None]) -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(work)

    return on_uvloop


async def quick() -> str:
    return "quick"


async def driver(fresh: bool) -> Driver:
    """fresh: its spare task has not begun; else it stands by and waits."""
    one = Driver(asyncio.get_running_loop())
    if not fresh:
        assert one.step(quick()) == "quick"
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    return one


@pytest.mark.parametrize("fresh", [True, False])
def test_a_cancel_before_the_task_took_over_reaches_the_coroutine_and_what_it_waits_for(run: Run, fresh: bool) -> None:
    async def body() -> None:
        one = await driver(fresh)
        inner = asyncio.get_running_loop().create_future()
        seen = []

        async def handler() -> None:
            try:
                await inner
            except asyncio.CancelledError as error:
                seen.append(error.args)
                raise

        task = one.step(handler())
        assert "handler" in repr(task) and [frame.f_code.co_name for frame in task.get_stack()] == ["handler"]
        task.cancel("why")
        await asyncio.wait([task])
        assert seen == [("why",)] and task.cancelled() and inner.cancelled() and task.cancelling() == 1

    run(body())


@pytest.mark.parametrize("fresh", [True, False])
@pytest.mark.parametrize("bare", [True, False])
def test_a_coroutine_that_cancels_its_own_task_in_its_first_step_is_cancelled_where_it_waits(run: Run, fresh: bool, bare: bool) -> None:
    async def body() -> None:
        one = await driver(fresh)

        async def handler() -> str:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
            try:
                await asyncio.sleep(0 if bare else 10)
            except asyncio.CancelledError:
                task.uncancel()
            await asyncio.sleep(0)
            return "survived"

        assert await one.step(handler()) == "survived"
        assert one.step(quick()) == "quick"
        one.cancel()

    run(body())


@pytest.mark.parametrize("fresh", [True, False])
def test_a_time_out_of_no_time_and_a_group_that_fails_at_once_work_in_a_first_step(run: Run, fresh: bool) -> None:
    async def body() -> None:
        one = await driver(fresh)

        async def timed() -> str:
            try:
                async with asyncio.timeout(0):
                    await asyncio.sleep(10)
            except TimeoutError:
                return "timed out"
            return "slept"

        async def grouped() -> str:
            try:
                async with asyncio.TaskGroup() as group:
                    failing = group.create_task(asyncio.sleep(0))
                    failing.add_done_callback(lambda task: None)
                    group.create_task(fail())
                    await asyncio.sleep(10)
            except* ValueError:
                pass
            return "failed"

        async def fail() -> None:
            raise ValueError

        assert await one.step(timed()) == "timed out"
        if not fresh:
            one.step(quick())
            await asyncio.sleep(0)
        assert await one.step(grouped()) == "failed"
        one.cancel()

    run(body())


def test_a_first_step_within_a_first_step_has_a_task_of_its_own() -> None:
    async def body() -> None:
        one = Driver(asyncio.get_running_loop())
        begun: list[Any] = []
        names: list[Any] = []

        async def inner(waits: bool) -> str:
            names.append(asyncio.current_task())
            if waits:
                await asyncio.sleep(0.1)
            return "inner"

        async def outer(waits: bool, inner_waits: bool) -> str:
            mine = asyncio.current_task()
            begun.append(one.step(inner(inner_waits)))
            assert asyncio.current_task() is mine and names[-1] is not mine
            if waits:
                await asyncio.sleep(0.1)
            return "outer"

        for waits in (True, False):
            for inner_waits in (True, False):
                out = one.step(outer(waits, inner_waits))
                assert (await out if waits else out) == "outer"
                assert (await begun[-1] if inner_waits else begun[-1]) == "inner"
        assert one.tasks == set()
        await asyncio.wait(one.cancel())
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    clock.run(body())


def test_a_coroutine_may_cancel_the_others_in_its_first_step_and_goes_on() -> None:
    async def body() -> None:
        one = Driver(asyncio.get_running_loop())

        async def other() -> None:
            await asyncio.sleep(10)

        async def ends() -> list[bool]:
            tasks = one.cancel()
            await asyncio.wait(tasks)
            return [task.cancelled() for task in tasks]

        one.step(other())
        assert await one.step(ends()) == [True]

    clock.run(body())


def test_what_a_coroutine_raises_later_or_as_it_is_given_up_is_its_own() -> None:
    async def body() -> None:
        one = Driver(asyncio.get_running_loop())

        async def raises() -> None:
            await asyncio.sleep(0)
            raise KeyError("mine")

        with pytest.raises(KeyError, match="mine"):
            await one.step(raises())
        with pytest.raises(KeyError):
            one.step(at_once())
        assert one.step(quick()) == "quick"
        one.cancel()

    async def at_once() -> None:
        raise KeyError

    clock.run(body())
