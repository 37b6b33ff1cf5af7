"""Waiting for what comes true, without looking at the clock."""

import asyncio
from collections.abc import Callable


class Waiting:
    """Conditions that somebody waits for; `look` is called whenever one may have come true."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []

    def look(self) -> None:
        """Wake those whose condition holds."""
        for condition, future in self._waiting:
            if not future.done() and condition():
                future.set_result(None)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until the condition holds."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((condition, future))
        self.look()
        await future
