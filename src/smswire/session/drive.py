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
    ask for one: a spare task stands by, lends its name to the first step, and takes the coroutine over if that step has to wait. A first
    step may bring about another's, which has a spare task of its own. `.tasks` holds those that run.
    """

    __slots__ = ("_loop", "_spare", "tasks")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._spare: tuple[asyncio.Task[Any], _Course] | None = None  # nobody has its name
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
        spare, self._spare = self._spare, None
        if spare is None or spare[0].cancelling() or spare[0].done():
            course = _Course(loop)
            spare = loop.create_task(course), course
        task = spare[0]
        before = tasks.current_task(loop)
        if before is not None:
            tasks._leave_task(loop, before)
        tasks._enter_task(loop, task)
        # What the coroutine sets in its context is its own, from the first step to the last.
        context = copy_context()
        try:
            yielded = context.run(coroutine.send, None)
        except BaseException as error:
            self._give_back(spare)
            if isinstance(error, StopIteration):
                return error.value
            raise
        finally:
            tasks._leave_task(loop, task)
            if before is not None:
                tasks._enter_task(loop, before)
        spare[1].take(coroutine, yielded, context)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    def _give_back(self, spare: tuple[asyncio.Task[Any], _Course]) -> None:
        if self._spare is None:
            self._spare = spare
        else:  # a step within this one has left its own
            spare[0].cancel()

    def cancel(self) -> list[asyncio.Task[Any]]:
        """Cancel whatever runs, and the spare; returns the tasks that are to be waited for.

        Not what is in its first step: who asks for this may be that.
        """
        running = [*self.tasks, *([self._spare[0]] if self._spare is not None else [])]
        self._spare = None
        for task in running:
            task.cancel()
        return running


async def _wait_for(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


class _Course(Coroutine[Any, Any, Any]):
    """What a spare task runs: it waits until it is given a coroutine that had its first step, and goes on with that.

    No generator: one that was not started cannot catch what is thrown into it, and a cancellation would never reach the coroutine.
    """

    __slots__ = ("_baton", "_context", "_coroutine", "_step", "_yielded")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._baton: asyncio.Future[None] = loop.create_future()
        self._coroutine: Coroutine[Any, Any, Any] | None = None
        self._context: Context
        self._yielded: Any = None
        self._step: Callable[..., Any] | None = None  # the coroutine's send, once its task has what it waits for

    @property
    def __name__(self) -> str:
        """What a task's repr shows."""
        return getattr(self._coroutine, "__qualname__", "spare")

    @property
    def cr_frame(self) -> Any:
        """What a task's stack begins with."""
        return getattr(self._coroutine, "cr_frame", None)

    def take(self, coroutine: Coroutine[Any, Any, Any], yielded: Any, context: Context) -> None:
        """Go on with a coroutine. yielded: what it waits for."""
        self._coroutine, self._yielded, self._context = coroutine, yielded, context
        if not self._baton.done():  # its task may have been cancelled in the first step
            self._baton.set_result(None)

    def send(self, value: Any) -> Any:
        """The next step."""
        if self._step is not None:
            return self._context.run(self._step, value)
        if self._coroutine is None:
            return next(self._baton.__await__())
        self._step = self._coroutine.send
        yielded, self._yielded = self._yielded, None
        return yielded

    def throw(self, kind: Any, value: Any = None, trace: Any = None) -> Any:
        """The next step, with an exception."""
        error = kind if isinstance(kind, BaseException) else value if isinstance(value, BaseException) else kind()
        if self._coroutine is None:
            raise error
        if self._step is None and isinstance(error, asyncio.CancelledError):
            # Cancelled before it took over: what the coroutine waits for shall be cancelled, as if its task had waited for that already.
            task = asyncio.current_task()
            assert task is not None
            task.uncancel()
            task.cancel(*error.args)
            return self.send(None)
        return self._context.run(self._coroutine.throw, error)

    def close(self) -> None:
        """Give the coroutine up."""
        if self._coroutine is not None:
            self._coroutine.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        raise TypeError("only a task runs this")
