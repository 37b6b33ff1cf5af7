"""An event loop whose time jumps: where nothing is ready it is at once the moment of the next timer. Sockets are real."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

# Loopback brings octets within microseconds; a loop that saw none for this long has nothing on its way.
PATIENCE = 0.004


class _Selector(selectors.DefaultSelector):
    """Waits for sockets a moment of real time, then lets the loop's own time go on to the next timer."""

    def __init__(self, patience: float) -> None:
        super().__init__()
        self.patience = patience
        self.ahead = 0.0
        self.threads = 0  # while one works for the loop, time is real

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout is not None and timeout <= 0:
            return ready
        ready = super().select(timeout if timeout is None else self.patience)
        if not ready and timeout is not None and not self.threads:
            self.ahead += timeout
        return ready


class JumpingLoop(asyncio.SelectorEventLoop):
    """A selector loop with `time()` that jumps."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._jumping = _Selector(patience)
        super().__init__(self._jumping)

    def time(self) -> float:
        return super().time() + self._jumping.ahead

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:
        future = super().run_in_executor(executor, func, *args)
        self._jumping.threads += 1

        def over(_: Any) -> None:
            self._jumping.threads -= 1

        future.add_done_callback(over)
        return future

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        await super().shutdown_default_executor()  # newer interpreters wait 300 seconds, which would jump


def run(work: Coroutine[Any, Any, T], patience: float = PATIENCE) -> T:
    """Run the coroutine to its end on a jumping loop, as asyncio.run does on a plain one.

    patience: seconds of real time without octets that mean that none are on their way; less where thousands of timers fire in turn.
    """
    with asyncio.Runner(loop_factory=lambda: JumpingLoop(patience)) as runner:
        return runner.run(work)
