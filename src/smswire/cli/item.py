"""Commands, above layer 9: one thing found in the input, a PDU or a gap, in the form that the capture reader gives it too."""

from collections.abc import Sequence
from typing import Protocol

from smpp_core import Pdu


class Item(Protocol):
    """What PDUs and gaps have in common; smpp_core.capture.CapturedPdu and Gap are of this form.

    pdu: of a gap None, but for a cut PDU whose header is there. octets: the PDU's, or the first of a gap's. offset: octets in its
    direction or input. Of captures only, else None: stream, frame, time_ns (since 1970), src and dst ("address:port"). A PDU has `missing`
    too, ranges [from, to) of its octets that no packet holds; a gap has `kind`, `length` (its octets) and `reason` (a sentence).
    """

    @property
    def pdu(self) -> Pdu | None: ...
    @property
    def octets(self) -> bytes: ...
    @property
    def offset(self) -> int: ...
    @property
    def stream(self) -> int | None: ...
    @property
    def frame(self) -> int | None: ...
    @property
    def time_ns(self) -> int | None: ...
    @property
    def src(self) -> str | None: ...
    @property
    def dst(self) -> str | None: ...


class _Uncaptured:
    __slots__ = ("octets", "offset")

    stream: int | None = None
    frame: int | None = None
    time_ns: int | None = None
    src: str | None = None
    dst: str | None = None

    def __init__(self, offset: int, octets: bytes) -> None:
        self.offset = offset
        self.octets = octets


class PlainPdu(_Uncaptured):
    """A PDU of hex or raw octets."""

    __slots__ = ("missing", "pdu")

    def __init__(self, offset: int, pdu: Pdu) -> None:
        super().__init__(offset, bytes(pdu))
        self.pdu: Pdu | None = pdu
        self.missing: Sequence[tuple[int, int]] = ()


class PlainGap(_Uncaptured):
    """Octets of hex or a raw file that are no PDU."""

    __slots__ = ("kind", "length", "reason")

    pdu: Pdu | None = None

    def __init__(self, offset: int, octets: bytes, kind: str, length: int, reason: str) -> None:
        super().__init__(offset, octets)
        self.kind = kind
        self.length = length
        self.reason = reason


def gap_kind(item: Item) -> str:
    """What kind of gap it is: "not-a-pdu", "partial-pdu", "cut-pdu" or "missing"; "" for a PDU."""
    kind: str = getattr(item, "kind", "")
    return kind


def missing_of(item: Item) -> Sequence[tuple[int, int]]:
    """The ranges [from, to) of a PDU's octets that no packet holds."""
    missing: Sequence[tuple[int, int]] = getattr(item, "missing", ())
    return missing
