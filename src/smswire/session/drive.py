"""Layer 6 of 9: runs a handler's coroutine: its first step at once and by hand, the rest in a task, and only if there is a rest."""

from __future__ import annotations

import asyncio
import types
from asyncio import tasks
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextvars import Context, copy_context
from typing import Any

__all__ = ["Driver"]


class Driver:
    """Starts coroutines on a loop.

    A coroutine that never waits costs no task and no turn of the loop. It still sees a current task, because `asyncio.timeout` and its like
    ask for one: a spare task stands by, lends its name to the first step, and takes the coroutine over if that step has to wait. `.tasks`
    holds those that run.
    """

    __slots__ = ("_baton", "_loop", "_spare", "tasks")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._spare: asyncio.Task[Any] | None = None
        self._baton: asyncio.Future[tuple[Coroutine[Any, Any, Any], Any, Context]] | None = None
        self.tasks: set[asyncio.Task[Any]] = set()

    def begin(self, awaitable: Awaitable[Any]) -> Any:
        """Start whatever can be awaited. Returns its value if that is there at once, else a future; raises what it raises."""
        if awaitable.__class__ is types.CoroutineType:
            return self.step(awaitable)
        if asyncio.isfuture(awaitable):
            return awaitable
        return self.step(awaitable if isinstance(awaitable, Coroutine) else _wait_for(awaitable))

    def step(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine up to where it first waits. Returns what it returns, or the task that goes on; raises what it raises."""
        loop = self._loop
        spare = self._spare
        if spare is None or spare.cancelling() or spare.done():
            spare = self._stand_by()
        before = tasks.current_task(loop)
        if before is not None:
            tasks._leave_task(loop, before)
        tasks._enter_task(loop, spare)
        # What the coroutine sets in its context is its own, from the first step to the last.
        context = copy_context()
        try:
            yielded = context.run(coroutine.send, None)
        except StopIteration as stop:
            return stop.value
        finally:
            tasks._leave_task(loop, spare)
            if before is not None:
                tasks._enter_task(loop, before)
        assert self._baton is not None
        self._baton.set_result((coroutine, yielded, context))
        self._spare = self._baton = None
        self.tasks.add(spare)
        spare.add_done_callback(self.tasks.discard)
        return spare

    def _stand_by(self) -> asyncio.Task[Any]:
        self._baton = self._loop.create_future()
        self._spare = self._loop.create_task(_carry(self._baton))
        return self._spare

    def cancel(self) -> list[asyncio.Task[Any]]:
        """Cancel whatever runs, and the spare; returns the tasks that are to be waited for."""
        running = [*self.tasks, *([self._spare] if self._spare is not None else [])]
        self._spare = self._baton = None
        for task in running:
            task.cancel()
        return running


async def _wait_for(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


async def _carry(baton: asyncio.Future[tuple[Coroutine[Any, Any, Any], Any, Context]]) -> Any:
    coroutine, yielded, context = await baton
    return await _rest(coroutine, yielded, context)


@types.coroutine
def _rest(coroutine: Coroutine[Any, Any, Any], yielded: Any, context: Context) -> Generator[Any, Any, Any]:
    """Hand the task what the coroutine waits for, the first time what it already waits for."""
    step: Callable[..., Any]
    while True:
        try:
            sent = yield yielded
        except GeneratorExit:
            coroutine.close()
            raise
        except BaseException as error:
            step, given = coroutine.throw, error
        else:
            step, given = coroutine.send, sent
        try:
            yielded = context.run(step, given)
        except StopIteration as stop:
            return stop.value
