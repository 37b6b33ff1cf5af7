"""Commands, above layer 9: data on standard output, in few writes, and none kept back while the input is silent."""

import errno
import os
import sys
from typing import BinaryIO

BUFFER = 256 * 1024


class Output:
    """Collects lines and writes 256 KiB at a time. `flush` before anything that may block."""

    def __init__(self, stream: BinaryIO | None = None) -> None:
        if stream is None:
            if sys.stdout is None:
                raise OSError(errno.EBADF, "standard output is closed")
            stream = sys.stdout.buffer
        self._stream = stream
        self._held: list[bytes] = []
        self._size = 0

    def write(self, octets: bytes) -> None:
        """Take octets for standard output. Raises BrokenPipeError when the reader has gone."""
        self._held.append(octets)
        self._size += len(octets)
        if self._size >= BUFFER:
            self.flush()

    def flush(self) -> None:
        """Hand over all that is held."""
        if self._held:
            octets, self._held, self._size = b"".join(self._held), [], 0
            self._stream.write(octets)
            self._stream.flush()


def encode(text: str) -> bytes:
    """Text for standard output; letters that its encoding lacks become escapes instead of errors."""
    return text.encode(sys.stdout.encoding or "utf-8", "backslashreplace")


def colours_wanted(choice: str) -> bool:
    """Whether to write colours. choice: "always", "never", or "auto": to a terminal that has not said NO_COLOR."""
    if choice != "auto":
        return choice == "always"
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
