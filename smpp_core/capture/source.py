"""Layer 4 of 9: where the octets of a capture come from: a path, a pipe or other file object, or bytes; gzip is undone on the way."""

import io
import os
import zlib
from typing import BinaryIO

from ..errors import CaptureError

GZIP_MAGIC = b"\x1f\x8b"
# What one read asks for: large enough that a read is cheap beside its packets, small enough to stay in the cache.
CHUNK = 256 * 1024


class Source:
    """The octets of a capture in order, by `fill`.

    source: a path, a binary file object (short reads are fine, it is never sought) or bytes. A path is opened here and closed by
    `close`; a file object stays its owner's. Raises CaptureError if it cannot be opened.
    """

    def __init__(self, source: "str | os.PathLike[str] | BinaryIO | bytes | bytearray | memoryview") -> None:
        self.cut = ""
        self._owned: BinaryIO | None = None
        self._ahead = b""
        self._inflate: zlib._Decompress | None = None
        self._gzip = False
        if isinstance(source, (bytes, bytearray, memoryview)):
            self._file: BinaryIO = io.BytesIO(source)
        elif isinstance(source, (str, os.PathLike)):
            self._file = self._owned = _open(source)
        elif hasattr(source, "read"):
            self._file = source
        else:
            raise CaptureError(f"a capture is a path, a binary file object or bytes, not {type(source).__name__}")
        try:
            self._begin()
        except CaptureError:
            self.close()
            raise

    def _begin(self) -> None:
        while len(self._ahead) < len(GZIP_MAGIC):
            octets = self._read()
            if not octets:
                break
            self._ahead += octets
        if self._ahead.startswith(GZIP_MAGIC):
            self._gzip = True
            self._inflate = zlib.decompressobj(wbits=31)

    def _read(self) -> bytes:
        """The next octets as they stand in the file, as many as are there; b"" at its end."""
        read = getattr(self._file, "read1", None) or self._file.read
        try:
            octets = read(CHUNK)
        except (OSError, ValueError) as error:
            raise CaptureError(f"the capture cannot be read: {getattr(error, 'strerror', None) or error}") from error
        if octets is None:
            raise CaptureError("the capture is a non-blocking file without octets at the moment")
        if isinstance(octets, str):
            raise CaptureError("the capture is a file in text mode; open it in binary mode")
        return octets

    def _plain(self) -> bytes:
        octets, self._ahead = self._ahead, b""
        return octets or self._read()

    def fill(self, room: memoryview) -> int:
        """Write the next octets to room, at least one and at most its size; return how many, 0 at the end.

        A gzip stream that ends early or is damaged ends here; `cut` then says so in a sentence. Raises CaptureError if reading fails.
        """
        if self._gzip:
            octets = self._inflated(len(room))
        elif self._ahead:
            octets, self._ahead = self._ahead[: len(room)], self._ahead[len(room):]
        else:
            return self._direct(room)
        room[: len(octets)] = octets
        return len(octets)

    def _direct(self, room: memoryview) -> int:
        """One read, straight into room where the file object can do so."""
        readinto = getattr(self._file, "readinto1", None)
        if readinto is None and isinstance(self._file, io.RawIOBase):
            readinto = self._file.readinto
        if readinto is None:
            octets = self._read()
            self._ahead = octets[len(room):]
            room[: len(octets)] = octets[: len(room)]
            return min(len(octets), len(room))
        try:
            count = readinto(room)
        except (OSError, ValueError) as error:
            raise CaptureError(f"the capture cannot be read: {getattr(error, 'strerror', None) or error}") from error
        if count is None:
            raise CaptureError("the capture is a non-blocking file without octets at the moment")
        return int(count)

    def _inflated(self, size: int) -> bytes:
        """Up to size octets behind the compression; b"" at the end."""
        inflate = self._inflate
        while inflate is not None:
            if inflate.eof:
                inflate = self._inflate = self._next_member(inflate.unused_data)
                continue
            octets = inflate.unconsumed_tail or self._plain()
            try:
                # Without further octets this brings what zlib still holds back.
                plain = inflate.decompress(octets, size)
            except zlib.error as error:
                self.cut = f"the gzip stream is damaged ({error})"
                break
            if plain:
                return plain
            if not octets and not inflate.eof:
                self.cut = "the gzip stream ends before its end mark"
                break
        return b""

    def _next_member(self, octets: bytes) -> "zlib._Decompress | None":
        """The members of a gzip file follow one another; zeros may pad them, and other octets behind them are passed over."""
        while len(octets := octets.lstrip(b"\0")) < len(GZIP_MAGIC):
            more = self._plain()
            if not more:
                return None
            octets += more
        self._ahead = octets
        return zlib.decompressobj(wbits=31) if octets.startswith(GZIP_MAGIC) else None

    def close(self) -> None:
        """Close the file if it was opened here."""
        if self._owned is not None:
            self._owned.close()


def _open(path: "str | os.PathLike[str]") -> BinaryIO:
    name = os.fsdecode(path)
    if os.path.isdir(path):
        raise CaptureError(f"{name} is a directory, not a capture")
    try:
        return open(path, "rb", buffering=0)
    except (OSError, ValueError) as error:
        raise CaptureError(f"{name} cannot be opened: {getattr(error, 'strerror', None) or error}") from error
