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

    def __init__(self) -> None:
        super().__init__()
        self.ahead = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout is not None and timeout <= 0:
            return ready
        ready = super().select(timeout if timeout is None else PATIENCE)
        if not ready and timeout is not None:
            self.ahead += timeout
        return ready


class JumpingLoop(asyncio.SelectorEventLoop):
    """A selector loop with `time()` that jumps."""

    def __init__(self) -> None:
        self._jumping = _Selector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return super().time() + self._jumping.ahead


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run the coroutine to its end on a jumping loop, as asyncio.run does on a plain one."""
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(work)
