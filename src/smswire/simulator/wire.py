"""Layer 8 of 9: a transport whose octets can be cut, held back and slowed down before they leave; what is in its line stays in order."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import deque
from collections.abc import Callable, Sequence
from math import inf
from typing import Any, Final

__all__ = ["Wire"]

# Octets in the line over which the peer is not read: more than any test of order needs, so that a slow line pushes back.
_FULL: Final = 1_048_576
_TICK: Final = 1e-6  # seconds by which a clock may be early


class Wire(asyncio.Transport):
    """Stands between a link and its transport. transport: the real one; loop: the running loop."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._transport = transport
        self._loop = loop
        self._line: deque[tuple[float, bytes | Callable[[], None], float | None]] = deque()
        self._waiting = 0  # octets in the line and held
        self._last = -inf  # when the last of the line is due
        self._handle: asyncio.Handle | None = None
        self._held: list[bytes] = []
        self._most = 0
        self._release: asyncio.TimerHandle | None = None
        self._closing = self._cut = False
        self._deafened = self._full = self._paused = False

    # -- what a link's faults do ------------------------------------------------------------------------------------------------------

    def put(self, pieces: Sequence[bytes], pause: float | None = None, delay: float = 0.0) -> None:
        """Write pieces, each by itself. pause: seconds after each, 0 for what a reader on this loop needs; delay: before the first."""
        if self._cut or self._transport.is_closing():
            return
        if self._held:
            for piece in pieces:
                self.hold(piece, self._most, 0.0)
            return
        if not self._line and self._handle is None and pause is None and not delay:
            for piece in pieces:
                self._transport.write(piece)
            return
        self._last = due = max(self._last, self._loop.time() + delay)
        for piece in pieces:
            self._line.append((due, piece, pause))
            self._waiting += len(piece)
        self._press()
        self._go()

    def then(self, action: Callable[[], None]) -> None:
        """Have something done when all that was put has been written."""
        self._let_go()
        if not self._line and self._handle is None:
            action()
        else:
            self._line.append((self._last, action, None))

    def hold(self, octets: bytes, most: int, seconds: float) -> None:
        """Keep octets until there are `most` pieces or `seconds` have passed since the first."""
        if not self._held:
            self._most = most
            self._release = self._loop.call_later(seconds, self._let_go)
        self._held.append(octets)
        self._waiting += len(octets)
        if len(self._held) >= self._most:
            self._let_go()

    def stop_reading(self, seconds: float | None) -> None:
        """Read nothing more, whatever the link says. seconds: for so long, None for ever."""
        self._deafened = True
        self._read_or_not()
        if seconds is not None:
            self._loop.call_later(seconds, self._read_again)

    def end_writing(self) -> None:
        """Half-close: no octets follow, those that come are still read. A transport that cannot (TLS) is closed."""
        self._cut = True
        if self._transport.is_closing():
            return
        if self._transport.can_write_eof():
            self._transport.write_eof()
        else:
            self._transport.close()

    def reset(self) -> None:
        """End the connection by RST, with all that is not written."""
        raw = self._transport.get_extra_info("socket")
        if raw is not None and not self._transport.is_closing():
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.abort()

    # -- the line ---------------------------------------------------------------------------------------------------------------------

    def _let_go(self) -> None:
        held, self._held = self._held, []
        if self._release is not None:
            self._release.cancel()
            self._release = None
        if held:
            self._waiting -= sum(map(len, held))
            self.put([b"".join(held)])

    def _go(self) -> None:
        if self._handle is None:
            self._work()

    def _work(self) -> None:
        self._handle = None
        line = self._line
        while line:
            due, what, pause = line[0]
            now = self._loop.time()
            if due > now + _TICK:
                self._handle = self._loop.call_later(due - now, self._work)
                return
            line.popleft()
            if not isinstance(what, bytes):
                what()
                continue
            self._waiting -= len(what)
            if not self._cut and not self._transport.is_closing():
                self._transport.write(what)
            if pause is not None:
                self._handle = self._loop.call_later(pause, self._work) if pause else self._loop.call_soon(self._turn)
                return
        self._press()
        if self._closing:
            self._transport.close()

    def _turn(self) -> None:
        """One turn more: a peer on the same loop reads what it is sent only behind what was due before."""
        self._handle = self._loop.call_soon(self._work)

    def _press(self) -> None:
        self._full = self._waiting > _FULL
        self._read_or_not()

    def _read_again(self) -> None:
        self._deafened = False
        self._read_or_not()

    def _read_or_not(self) -> None:
        if self._transport.is_closing():
            return
        if self._paused or self._deafened or self._full:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    # -- what a link does with any transport ------------------------------------------------------------------------------------------

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        """Put octets behind what is in the line."""
        self.put([bytes(data)])

    def close(self) -> None:
        """Close when the line is empty."""
        self._closing = True
        self._let_go()
        if not self._line and self._handle is None:
            self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        self.forget()
        self._transport.abort()

    def forget(self) -> None:
        """Drop what is in the line: the connection is gone."""
        self._closing = self._cut = True
        self._line.clear()
        self._held.clear()
        for handle in (self._handle, self._release):
            if handle is not None:
                handle.cancel()
        self._handle = self._release = None

    def is_closing(self) -> bool:
        """True from close on."""
        return self._closing or self._transport.is_closing()

    def pause_reading(self) -> None:
        """Read nothing."""
        self._paused = True
        self._read_or_not()

    def resume_reading(self) -> None:
        """Read again, unless a fault forbids it."""
        self._paused = False
        self._read_or_not()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """The transport's."""
        return self._transport.get_extra_info(name, default)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """The transport's."""
        self._transport.set_write_buffer_limits(high, low)

    def get_write_buffer_size(self) -> int:
        """Octets that are not written yet, those in the line too."""
        return self._transport.get_write_buffer_size() + self._waiting
