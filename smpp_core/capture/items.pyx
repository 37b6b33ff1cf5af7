"""Layer 4 of 9: what a capture is read into: PDUs and gaps, each with its place in the capture."""

cimport cython
from cpython.bytes cimport PyBytes_FromStringAndSize
from libc.stdint cimport int64_t, uint8_t, uint64_t

from ..pdu cimport Pdu, decode_octets
from ..tlv cimport Rules, rules_of
from .search cimport (
    BY_EVICTION, BY_FILE, BY_FIN, BY_RESET, BY_SUCCESSOR, FOUND_CUT, FOUND_HOLE, FOUND_NOT_PDU, FOUND_PART, HEAD, OPEN, Found,
)

from ..spec.foreign import protocol_of

__all__ = ["CapturedPdu", "Gap", "Item"]

cdef tuple _NOTHING = ()
cdef enum:
    HEADER = 16

cdef dict _ENDINGS = {
    OPEN: "the octets behind its first {size} are in no packet",
    BY_FIN: "the connection ends inside it, after {size} octets",
    BY_RESET: "the connection is reset inside it, after {size} octets",
    BY_FILE: "the capture ends inside it, after {size} octets",
    BY_EVICTION: "its connection was given up after {size} octets of it, to bound memory",
    BY_SUCCESSOR: "a new connection takes its ports, after {size} octets of it",
}


@cython.final
@cython.no_gc
cdef class Ends:
    """The two ends of a connection, made once and shared by all that is found in it."""


cdef Ends _nowhere = Ends.__new__(Ends)
_nowhere.rules = rules_of(None)
_nowhere.first = _nowhere.second = ""


@cython.no_gc
cdef class Item:
    """What PDUs and gaps have in common: a place in the capture.

    stream: the TCP connection, numbered as tshark does. frame: the packet that brings the last octet, from 1 on. time_ns: its time, ns
    since 1970. src, dst: "address:port", IPv6 as "[::1]:2775". direction: 0 as the connection's first packet, 1 against it. offset: octets
    from the start of that direction's stream, or from the first octet captured of it. after_garbage: octets in front of it, in its
    direction, were no PDU.
    """

    def __cinit__(self):
        self._ends = _nowhere

    def __init__(self):
        raise TypeError(f"{type(self).__name__} is made by reading a capture")

    @property
    def stream(self):
        """The TCP connection, numbered from 0 as its first packet comes, as tshark does."""
        return self._ends.stream

    @property
    def direction(self):
        """0 from the side that sent the connection's first packet, 1 towards it."""
        return self._way

    @property
    def src(self):
        """The sender, as "127.0.0.1:2775" or "[::1]:2775"."""
        return self._ends.second if self._way else self._ends.first

    @property
    def dst(self):
        """The receiver, as src."""
        return self._ends.first if self._way else self._ends.second


@cython.final
@cython.no_gc
cdef class CapturedPdu(Item):
    """A PDU and where it was captured.

    octets: all octets of the PDU, zeros where they are missing. missing: the ranges (from, to) of its octets that are in no packet, () if
    it is whole; the header is always there.
    """

    def __cinit__(self):
        self.octets = b""
        self.missing = _NOTHING

    @property
    def pdu(self):
        """The Pdu, decoded leniently with the reader's profile; where octets are missing, from those in front of the first gap."""
        if self._pdu is None:
            octets = self.octets
            if self.missing:
                octets = octets[:self.missing[0][0]]
            self._pdu = decode_octets(octets, self._ends.rules, False)
        return self._pdu

    @property
    def header(self):
        """Whether the 16 octets of the header are there. Always: what is left of a PDU without them is told about as a Gap."""
        return True

    @property
    def complete(self):
        """Whether no octet is missing."""
        return not self.missing

    @property
    def length(self):
        """Octets of the stream that it takes: its command_length."""
        return len(self.octets)

    def __reduce__(self):
        return _restore_pdu, (*_common(self), self.octets, self.missing)

    def __repr__(self):
        lost = f", missing={self.missing!r}" if self.missing else ""
        return f"CapturedPdu(stream={self.stream}, frame={self.frame}, offset={self.offset}{lost}, pdu={self.pdu!r})"


@cython.final
@cython.no_gc
cdef class Gap(Item):
    """Octets of a stream that are told about, but are no PDU that could be read.

    kind: "not-a-pdu" (octets that are no PDU: another protocol, an impossible command_length), "partial-pdu" (octets of PDUs whose header
    is not in the capture), "cut-pdu" (a PDU that begins and does not end), "missing" (octets in no packet). octets: the first 96 of them
    that are there. length: octets of the stream that it covers, of which `absent` are in no packet. reason: one sentence.
    """

    @property
    def pdu(self):
        """Of a cut PDU whose header is there, what can be read of it, decoded leniently; else None."""
        if self._begun is None:
            return None
        return decode_octets(self._begun, self._ends.rules, False)

    def __reduce__(self):
        return _restore_gap, (*_common(self), self.kind, self.octets, self.length, self.absent, self.reason, self._begun)

    def __repr__(self):
        return f"Gap({self.kind!r}, stream={self.stream}, frame={self.frame}, offset={self.offset}, reason={self.reason!r})"


cdef CapturedPdu make_pdu(Ends ends, int way, const Found *found):
    cdef CapturedPdu item = CapturedPdu.__new__(CapturedPdu)
    item._ends = ends
    item._way = <uint8_t>way
    item.frame = found.frame
    item.time_ns = found.time_ns
    item.offset = found.offset
    item.after_garbage = found.after_garbage
    item.octets = PyBytes_FromStringAndSize(<const char *>found.octets, <Py_ssize_t>found.size)
    if found.missing_count:
        item.missing = tuple([(found.missing[i].start, found.missing[i].end) for i in range(<Py_ssize_t>found.missing_count)])
    return item


cdef Gap make_gap(Ends ends, int way, const Found *found):
    cdef Gap item = Gap.__new__(Gap)
    cdef bytes octets = PyBytes_FromStringAndSize(<const char *>found.octets, <Py_ssize_t>found.size)
    protocol = protocol_of(octets) if found.kind == FOUND_NOT_PDU or found.kind == FOUND_PART else ""
    item._ends = ends
    item._way = <uint8_t>way
    item.frame = found.frame
    item.time_ns = found.time_ns
    item.offset = found.offset
    item.after_garbage = found.after_garbage
    item.octets = octets[:HEAD]
    item.length = found.length
    item.absent = found.absent
    if found.kind == FOUND_HOLE:
        item.kind = "missing"
        item.reason = f"{found.length} octets are in no packet"
    elif found.kind == FOUND_CUT:
        item.kind = "cut-pdu"
        item.reason = "a PDU is begun, but " + _ENDINGS[found.ending].format(size=found.size)
        if found.size >= HEADER:
            item._begun = octets
    elif protocol:
        item.kind = "not-a-pdu"
        item.reason = f"{found.length} octets of {protocol}, not of SMPP"
    elif found.kind == FOUND_PART:
        item.kind = "partial-pdu"
        lost = f", and {found.absent} octets are in no packet" if found.absent else ""
        item.reason = f"the header of what these {found.length - found.absent} octets belong to is not in the capture{lost}"
    else:
        item.kind = "not-a-pdu"
        item.reason = _bad_header(octets, found.length, ends.max_length)
    return item


cdef tuple _common(Item item):
    cdef Ends ends = item._ends
    return (
        (ends.stream, ends.rules.profile, ends.max_length, ends.first, ends.second), item._way, item.frame, item.time_ns, item.offset,
        item.after_garbage,
    )


cdef int _fill(Item item, tuple ends, int way, uint64_t frame, int64_t time_ns, int64_t offset, bint after_garbage) except -1:
    item._ends = Ends.__new__(Ends)
    item._ends.stream, profile, item._ends.max_length, item._ends.first, item._ends.second = ends
    item._ends.rules = rules_of(profile)
    item._way = <uint8_t>way
    item.frame = frame
    item.time_ns = time_ns
    item.offset = offset
    item.after_garbage = after_garbage
    return 0


def _restore_pdu(ends, way, frame, time_ns, offset, after_garbage, octets, missing):
    cdef CapturedPdu item = CapturedPdu.__new__(CapturedPdu)
    _fill(item, ends, way, frame, time_ns, offset, after_garbage)
    item.octets = octets
    item.missing = missing
    return item


def _restore_gap(ends, way, frame, time_ns, offset, after_garbage, kind, octets, length, absent, reason, begun):
    cdef Gap item = Gap.__new__(Gap)
    _fill(item, ends, way, frame, time_ns, offset, after_garbage)
    item.kind = kind
    item.octets = octets
    item.length = length
    item.absent = absent
    item.reason = reason
    item._begun = begun
    return item


cdef str _bad_header(bytes octets, int64_t length, uint64_t limit):
    cdef uint64_t claimed
    if len(octets) < 4:
        return f"{length} octets that are no PDU"
    claimed = int.from_bytes(octets[:4], "big")
    if claimed < HEADER:
        return f"{length} octets that are no PDU: command_length is {claimed}, the least is {HEADER}"
    if claimed > limit:
        return f"{length} octets that are no PDU: command_length is {claimed}, the limit is {limit}"
    return f"{length} octets that are no PDU"


cdef str _address(const uint8_t *octets, int size):
    if size == 4:
        return f"{octets[0]}.{octets[1]}.{octets[2]}.{octets[3]}"
    groups = [octets[2 * i] << 8 | octets[2 * i + 1] for i in range(8)]
    if groups[:6] == [0, 0, 0, 0, 0, 0xFFFF]:
        return f"[::ffff:{octets[12]}.{octets[13]}.{octets[14]}.{octets[15]}]"
    # The longest run of zero groups is left out, the first of equals, if it is longer than one (RFC 5952).
    best, start = max((_zeros(groups, i), -i) for i in range(8))
    start = -start
    if best < 2:
        return "[" + ":".join([f"{group:x}" for group in groups]) + "]"
    left = ":".join([f"{group:x}" for group in groups[:start]])
    right = ":".join([f"{group:x}" for group in groups[start + best:]])
    return f"[{left}::{right}]"


cdef int _zeros(list groups, int at) except -1:
    """How many groups from this one on are zero."""
    cdef int end = at
    while end < 8 and groups[end] == 0:
        end += 1
    return end - at


cdef Ends make_ends(uint64_t stream, Rules rules, uint64_t max_length, const uint8_t *first, const uint8_t *second, int size,
                    int first_port, int second_port):
    cdef Ends ends = Ends.__new__(Ends)
    ends.stream = stream
    ends.rules = rules
    ends.max_length = max_length
    ends.first = f"{_address(first, size)}:{first_port}"
    ends.second = f"{_address(second, size)}:{second_port}"
    return ends
