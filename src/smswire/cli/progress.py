"""Commands, above layer 9: a progress bar on standard error for inputs that take a while."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from .inputs import Stream

T = TypeVar("T")


def watched(stream: Stream, items: Iterable[T]) -> Iterator[T]:
    """Pass the items on, and draw how far the stream has been read; the bar goes away at the end."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("decoding", total=stream.size)
        stream.on_read = lambda position: progress.update(task, completed=position)
        yield from items
