"""Commands, above layer 9: what stands behind a command's arguments: hex, a file or standard input; its octets tell what it holds."""

import io
import os
import select
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO

import click

from .octets import NotHex, kind, read_hex, text_of
from .options import Failure

CHUNK = 256 * 1024
# Text is read as a whole: a paste or a log, never a day's traffic.
MAX_TEXT = 512 * 1024 * 1024


class Stream(io.RawIOBase):
    """A binary input that says when it is about to wait, and how far it has come.

    name: for messages. owned: whether `close` closes the file. size: octets of a regular file, else 0. on_wait: called before a read that
    may block; on_read: called with the octets read so far.
    """

    def __init__(self, file: BinaryIO, name: str, owned: bool = True) -> None:
        super().__init__()
        self._owned = owned
        self._file = file
        self._ahead = b""
        self._waits = False
        self.name = name
        self.size = 0
        self.position = 0
        self.on_wait: Callable[[], None] | None = None
        self.on_read: Callable[[int], None] | None = None
        try:
            mode = os.fstat(file.fileno())
        except (OSError, ValueError):
            return  # no file of the system, as in tests
        self._waits = not stat.S_ISREG(mode.st_mode)
        self.size = mode.st_size if stat.S_ISREG(mode.st_mode) else 0

    def readable(self) -> bool:
        return True

    def _read(self, count: int) -> bytes:
        if self._waits and self.on_wait is not None and not self._is_ready():
            self.on_wait()
        octets = self._file.read(count) or b""
        self.position += len(octets)
        if self.on_read is not None:
            self.on_read(self.position)
        return octets

    def _is_ready(self) -> bool:
        try:
            return bool(select.select([self._file], [], [], 0)[0])
        except (OSError, ValueError):
            return False  # where a system cannot say, a read may block

    def readinto(self, buffer: Any) -> int:
        room = memoryview(buffer)
        octets = self._ahead[: len(room)] or self._read(len(room))
        self._ahead = self._ahead[len(octets) :]
        room[: len(octets)] = octets
        return len(octets)

    def peek(self, count: int) -> bytes:
        """The first octets, without taking them: at least count unless the input ends before, or falls silent."""
        while len(self._ahead) < count:
            octets = self._read(CHUNK)
            if not octets:
                break
            self._ahead += octets
        return self._ahead

    def close(self) -> None:
        if self._owned and not self.closed:
            self._file.close()
        super().close()


class Input:
    """What a command reads. form: "hex", "octets" or "capture"; stream or, of hex, octets and starts (see octets.Octets)."""

    def __init__(self, name: str, form: str, stream: Stream | None = None, octets: bytes = b"", starts: Sequence[int] = ()) -> None:
        self.name = name
        self.form = form
        self.stream = stream
        self.octets = octets
        self.starts = starts

    def close(self) -> None:
        """Close what was opened; standard input stays open."""
        if self.stream is not None:
            self.stream.close()

    def chunks(self) -> Iterator[bytes]:
        """The octets in order, for hex and raw octets."""
        if self.octets:
            yield self.octets
        while self.stream is not None and (octets := self.stream.read(CHUNK)):
            yield octets


def open_input(arguments: Sequence[str], force_hex: bool = False) -> Input:
    """Open what the arguments name.

    arguments: none or "-" for standard input, the path of one file, or hex in one or many of them. force_hex: arguments are hex even if
    a file has their name, and what is read is hex text. Raises Failure or click.UsageError.
    """
    if sys.stdin is None and (not arguments or tuple(arguments) == ("-",)):
        raise Failure("standard input is closed")
    if not arguments and sys.stdin.isatty():
        raise click.UsageError("give hex, a file, or - for standard input")
    if not arguments or tuple(arguments) == ("-",):
        raw = getattr(sys.stdin.buffer, "raw", sys.stdin.buffer)
        return _recognise(Stream(raw, "standard input", owned=False), force_hex)
    files = [] if force_hex else [argument for argument in arguments if argument == "-" or os.path.exists(argument)]
    if not files:
        return _hex("the hex" if len(arguments) > 1 else "the argument", " ".join(arguments), arguments)
    if len(arguments) > 1:
        hint = "" if len(files) > 1 else "; --hex takes its name for hex"
        raise click.UsageError(f"{files[0]!r} is a file, and a file is decoded alone{hint}")
    path = files[0]
    if os.path.isdir(path):
        raise Failure(f"{path} is a directory")
    return _recognise(Stream(open(path, "rb", buffering=0), path), force_hex)  # noqa: SIM115


def _recognise(stream: Stream, force_hex: bool) -> Input:
    head = stream.peek(4)
    form = kind(head) if not force_hex else "hex" if head else "empty"
    if form == "gzip":
        inside = _inflated(head)
        form = kind(inside) if inside else "capture"  # the reader of captures says what is wrong with the compression
        if form in ("hex", "octets"):
            import gzip  # as rare as its files

            stream = Stream(gzip.GzipFile(fileobj=stream), stream.name)  # type: ignore[arg-type]
    if form == "empty":
        raise Failure(f"{stream.name} is empty")
    if form == "hex":
        octets = bytearray()
        try:
            while chunk := stream.read(CHUNK):
                octets += chunk
                if len(octets) > MAX_TEXT:
                    raise Failure(f"{stream.name} is text of more than {MAX_TEXT} octets")
        except (EOFError, OSError) as error:
            raise Failure(f"{stream.name}: {error}") from None
        return _hex(stream.name, text_of(bytes(octets)))
    return Input(stream.name, form, stream)


def _inflated(head: bytes) -> bytes:
    import zlib

    try:
        return zlib.decompressobj(wbits=31).decompress(head, 65536)
    except zlib.error:
        return b""


def _hex(name: str, text: str, arguments: Sequence[str] = ()) -> Input:
    try:
        found = read_hex(text)
    except NotHex as error:
        for argument in arguments:
            if os.sep in argument or os.path.splitext(argument)[1]:
                raise Failure(f"there is no file {argument}") from None
        what = "is neither a file nor hex" if arguments else "holds no capture, no PDU and no hex"
        raise Failure(f"{name} {what}: {error}") from None
    return Input(name, "hex", None, found.octets, found.starts)
