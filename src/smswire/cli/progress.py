"""Commands, above layer 9: progress bars on standard error for what takes a while."""

import asyncio
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from .inputs import Stream

T = TypeVar("T")


def watched(stream: Stream, items: Iterable[T]) -> Iterator[T]:
    """Pass the items on, and draw how far the stream has been read; the bar goes away at the end."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("decoding", total=stream.size)
        stream.on_read = lambda position: progress.update(task, completed=position)
        yield from items


def over_bar() -> str:
    """What to print before a line on standard output while a bar may stand in its place: it is drawn again below the line."""
    return "\r\x1b[2K" if sys.stderr is not None and sys.stderr.isatty() and sys.stdout.isatty() else ""


@contextmanager
def counted(word: str, total: int, look: Callable[[], tuple[int, str]]) -> Iterator[None]:
    """Draw a bar on standard error, if that is a terminal, while the block runs on an asyncio loop.

    look: gives how many of total are done, and words to stand behind the bar; it is asked four times a second.
    """
    if sys.stderr is None or not sys.stderr.isatty():
        yield
        return
    words = TextColumn("{task.fields[words]}")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), words, TimeRemainingColumn())
    # Redirected, what is printed on standard output would end up on standard error, even if it goes to a file.
    with Progress(*columns, console=Console(stderr=True), transient=True, auto_refresh=False, redirect_stdout=False) as progress:
        task = progress.add_task(word, total=total, words="")

        async def draw() -> None:
            while True:
                done, shown = look()
                progress.update(task, completed=done, words=shown)
                progress.refresh()
                await asyncio.sleep(0.25)

        drawing = asyncio.get_running_loop().create_task(draw())
        try:
            yield
        finally:
            drawing.cancel()
