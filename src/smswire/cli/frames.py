"""Commands, above layer 9: octets without packets around them (a raw file, pasted hex) -> PDUs and what stands between them.

Nothing is lost and nothing is invented: what begins like no PDU is a gap up to the next plausible header; a PDU that the octets end in is
decoded as far as it goes.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

import smpp_core as smpp
from smpp_core.spec.foreign import protocol_of

from .item import Item, PlainGap, PlainPdu

HEADER = 16
MAX_LENGTH = smpp.DEFAULT_MAX_LENGTH
SHOWN = 96  # octets of a gap that are kept to be shown


def read_items(chunks: Iterable[bytes], profile: smpp.Profile, starts: Sequence[int] = ()) -> Iterator[Item]:
    """Cut octets into PDUs and gaps, in order; every octet is in one of them.

    chunks: the octets as they come; no more than one PDU and one chunk are held. starts: offsets where a record of a text began: a PDU
    that would reach over one that looks like a header is cut there.
    """
    frames = _Frames(iter(chunks), starts)
    while (found := frames.next()) is not None:
        if isinstance(found, bytes):
            yield PlainPdu(frames.offset - len(found), smpp.decode(found, strict=False, profile=profile))
        else:
            yield found


class _Frames:
    """A window on the octets. offset: of the first octet that is not handed out yet."""

    def __init__(self, chunks: Iterator[bytes], starts: Sequence[int]) -> None:
        self._chunks = chunks
        self._starts = starts
        self._held = b""
        self._at = 0
        self._ended = False
        self.offset = 0

    def _more(self) -> bool:
        """Take one more chunk; False at the end."""
        if not self._ended:
            chunk = next(self._chunks, b"")
            self._ended = not chunk
            self._held = self._held[self._at :] + chunk
            self._at = 0
        return not self._ended

    def _take(self, count: int) -> bytes:
        octets = self._held[self._at : self._at + count]
        self._at += count
        self.offset += count
        return octets

    def next(self) -> bytes | PlainGap | None:
        """The next PDU's octets or the next gap, None at the end."""
        while True:
            left = len(self._held) - self._at
            if left >= HEADER:
                length = int.from_bytes(self._held[self._at : self._at + 4], "big")
                plausible = smpp.is_plausible_header(self._held[self._at : self._at + HEADER])
                if HEADER <= length <= MAX_LENGTH:
                    if length > left and self._more():
                        continue
                    size = self._size(length, left, plausible)
                    if size:
                        return self._take(size)
                return self._gap()
            if self._more():
                continue
            return self._gap() if left else None

    def _size(self, length: int, left: int, plausible: bool) -> int:
        """How many octets to take for the PDU here; 0 if it is none."""
        if length <= left and self._continues(self._at + length):
            return length
        # What follows is no PDU, or the octets end: the next good header may stand inside what this length spans.
        inside = self._restart(self._at + min(length, left))
        if inside >= HEADER and plausible:
            return inside
        return min(length, left) if plausible else 0

    def _continues(self, at: int) -> bool:
        rest = self._held[at : at + HEADER]
        return len(rest) < HEADER or smpp.is_plausible_header(rest)

    def _restart(self, end: int) -> int:
        """Octets from here to a header before `end` that can be trusted, 0 if there is none."""
        for start in self._starts[bisect_right(self._starts, self.offset) :]:
            at = self._at + start - self.offset
            if at >= end:
                break
            if smpp.is_plausible_header(self._held[at : at + HEADER]):
                return at - self._at
        found = smpp.find_frame(self._held, self._at + HEADER)
        return found - self._at if 0 <= found < end else 0

    def _gap(self) -> PlainGap:
        """Octets that are no PDU, up to the next plausible header or the end."""
        begin, head = self.offset, b""
        passed = 1
        while True:
            found = smpp.find_frame(self._held, self._at + passed)
            skip = found - self._at if found >= 0 else len(self._held) - self._at - (0 if self._ended else HEADER - 1)
            octets = self._take(max(skip, 0))
            head += octets[: SHOWN - len(head)]
            if found >= 0 or (self._ended and self._at >= len(self._held)):
                break
            passed = 0
            self._more()
        size = self.offset - begin
        kind, reason = _explain(head, size, self._ended and found < 0)
        return PlainGap(begin, head, kind, size, reason)


def _explain(head: bytes, size: int, last: bool) -> tuple[str, str]:
    """The kind of gap and a sentence about it, by its first octets."""
    protocol = protocol_of(head)
    if protocol:
        return "not-a-pdu", f"{size} octets of {protocol}, not of SMPP"
    what = f"{size} octet{'s' if size != 1 else ''} that {'are' if size != 1 else 'is'} no PDU"
    if size < 4:
        return ("cut-pdu", "a PDU is begun, but ends inside its command_length") if last and not any(head[:1]) else ("not-a-pdu", what)
    length = int.from_bytes(head[:4], "big")
    if length < HEADER:
        return "not-a-pdu", f"{what}: command_length is {length}, the least is {HEADER}"
    if length > MAX_LENGTH:
        return "not-a-pdu", f"{what}: command_length is {length}, the limit is {MAX_LENGTH}"
    if size < HEADER and last:
        return "cut-pdu", f"a PDU is begun, but ends inside its header, after {size} octets"
    return "not-a-pdu", what
