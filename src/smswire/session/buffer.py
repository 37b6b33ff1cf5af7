"""Layer 6 of 9: a buffer of rendered requests through a client, and how each ended as columns."""

from __future__ import annotations

import asyncio
from array import array
from collections import deque
from collections.abc import Sequence
from typing import Final, overload

import msgspec

from smpp_core import EncodeError
from smpp_core.batch import Batch, shares

from .bulk import BulkRun
from .link import Link
from .outbox import Outbox

__all__ = ["ANSWERED", "LOST", "NOT_SENT", "TIMED_OUT", "BufferResult", "MessageIds", "submit_buffer"]

# What the column `error` says of a request: answered (whatever the status); no answer in time, though it was written; its link fell
# after it was written; never written.
ANSWERED, TIMED_OUT, LOST, NOT_SENT = range(4)

_ERRORS: Final = bytes((NOT_SENT, LOST, ANSWERED, TIMED_OUT, LOST)).ljust(256, b"\0")  # by the outcome in a Batch
_SHARE: Final = 20_000  # requests that one link takes at a time: many enough to forget the change, few enough that links share a buffer


class MessageIds(Sequence["str | None"]):
    """The message_ids of many responses; None where there is none. Each str is made when it is read."""

    __slots__ = ("_batches", "_count")

    def __init__(self, batches: Sequence[Batch]) -> None:
        self._batches = batches
        self._count = sum(batch.count for batch in batches)

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> str | None: ...
    @overload
    def __getitem__(self, index: slice) -> list[str | None]: ...

    def __getitem__(self, index: int | slice) -> str | None | list[str | None]:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(self._count))]
        share, at = divmod(range(self._count)[index], _SHARE)
        return self._batches[share].message_id(at)


class BufferResult(msgspec.Struct, frozen=True):
    """How the requests of a buffer ended, a column each, in the order of the buffer.

    status: command_status of the response, 0 where there is none. error: ANSWERED, TIMED_OUT, LOST or NOT_SENT. latency: seconds from the
    last sending to the response, NaN where there is none. message_ids: of the responses, None where there is none.
    """

    status: array[int]
    error: bytes
    latency: array[float]
    message_ids: MessageIds

    def __len__(self) -> int:
        return len(self.status)

    @property
    def accepted(self) -> int:
        """How many were answered ESME_ROK."""
        return sum(1 for status, error in zip(self.status, self.error) if not status and not error)


async def submit_buffer(outbox: Outbox, octets: bytes | bytearray | memoryview, links: int, timeout: float | None) -> BufferResult:
    """Send what a buffer holds over at most so many links at once. See Client.submit_buffer."""
    batches = shares(octets, _SHARE)
    for share, batch in enumerate(batches):
        for command_id, at in batch.commands().items():
            if command_id not in outbox.sendable:
                raise EncodeError(f"command 0x{command_id:08X} is none that this client sends", field="command_id", row=share * _SHARE + at)
    line = deque(batches)
    outbox.batches += len(batches)  # so that nobody thinks that all is done while they wait for a link
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(links, len(batches))):
                group.create_task(_work(outbox, line, timeout))
    finally:
        outbox.batches -= len(batches)
        outbox.wake()
    status, latency = array("I"), array("d")
    for batch in batches:
        status.frombytes(batch.command_status.cast("B"))
        latency.frombytes(batch.latency.cast("B"))
    error = b"".join(bytes(batch.outcome) for batch in batches).translate(_ERRORS)
    return BufferResult(status, error, latency, MessageIds(batches))


async def _work(outbox: Outbox, line: deque[Batch], timeout: float | None) -> None:
    """Send batches of the line, one at a time, over whichever link is free."""
    while line:
        link = await _free_link(outbox, line, timeout)
        if link is None:
            return
        batch = line.popleft()
        await BulkRun(batch, link, outbox, timeout).run()
        if batch.done < batch.count:
            line.appendleft(batch)  # its link fell: what was never written goes over another
        outbox.wake()


async def _free_link(outbox: Outbox, line: deque[Batch], timeout: float | None) -> Link | None:
    """A bound link without a batch; None if the time is over, the client closed, or nothing is left to be sent."""
    try:
        async with asyncio.timeout(timeout):
            while line and not outbox.closed:
                for link in outbox.links:
                    if link.machine.bulk is None and link.machine.bound and not link.machine.leaving:
                        return link
                await outbox.arrival()
    except TimeoutError:
        pass
    return None
