"""Layer 4 of 9: the octets of one direction of a connection -> PDUs and gaps."""

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

cdef enum:
    HEAD = 96                   # octets of a gap that are kept

cdef enum FramingState:
    IN_STEP = 0                 # the next octet is the first of a PDU, or one is begun
    LOST = 1                    # looking for the next header
    FOREIGN = 2                 # no SMPP here: octets are only counted

cdef enum Cause:                # of being out of step
    BAD_HEADER = 0
    AFTER_HOLE = 1
    FROM_MIDDLE = 2             # the capture begins inside the stream

cdef enum Ending:               # of a direction
    OPEN = 0
    BY_FIN = 1
    BY_RESET = 2
    BY_FILE = 3
    BY_EVICTION = 4
    BY_SUCCESSOR = 5            # another connection took its ports

cdef enum FoundKind:
    FOUND_PDU = 0
    FOUND_NOT_PDU = 1           # octets that are no PDU
    FOUND_PART = 2              # octets of PDUs whose header is in a hole
    FOUND_CUT = 3               # a PDU begun whose end does not come
    FOUND_HOLE = 4              # octets in no packet

cdef struct Span:
    uint32_t start
    uint32_t end

cdef struct Mark:               # buffer octets up to `end` came with this packet
    size_t end
    uint64_t frame
    int64_t time_ns

cdef struct Found:
    FoundKind kind
    const uint8_t *octets       # of a PDU all, with zeros where they are missing; else the first ones
    size_t size                 # how many of them there are
    int64_t length              # octets of the stream that this covers
    int64_t absent              # of these, octets in no packet
    int64_t offset
    uint64_t frame
    int64_t time_ns
    const Span *missing
    size_t missing_count
    bint after_garbage
    Ending ending               # of a cut PDU: OPEN if a hole follows

cdef struct Framing:
    FramingState state
    Cause cause
    bint known                  # the connection is SMPP; before, nothing is told
    bint unlikely               # its first octets were no header
    bint after_garbage
    bint handed                 # the PDU found last has missing octets, to be forgotten now
    uint32_t max_length
    int64_t offset              # in the stream, of buffer[at], or of input[0] if nothing is held
    uint8_t *buffer             # octets that are not told about yet: buffer[at:end]
    size_t room
    size_t at
    size_t end
    size_t looked               # where the search for a header goes on
    Mark *marks
    size_t mark_first
    size_t mark_count
    size_t mark_room
    Span *missing               # of the PDU at buffer[at]
    size_t missing_count
    size_t missing_room
    int64_t run                 # octets passed over since the last PDU
    int64_t run_absent
    int64_t run_offset
    uint64_t run_frame
    int64_t run_time
    size_t head_size
    uint8_t head[HEAD]
    const uint8_t *input
    size_t left
    uint64_t frame              # of the input
    int64_t time_ns
    int64_t hole                # octets missing behind the input
    Ending ending

# Begin a direction. from_start: its next octet is the first that was sent. known: the connection is SMPP.
cdef void begin_framing(Framing *framing, uint32_t max_length, bint from_start, bint known) noexcept nogil
# The other direction, or the ports, say that this is SMPP.
cdef void admit(Framing *framing) noexcept nogil
# 1 and the next thing in input, hole and ending; 0 when they are used up; -1 without memory. Call until 0 before giving more.
cdef int find(Framing *framing, Found *found) noexcept nogil
cdef void free_framing(Framing *framing) noexcept nogil

cdef inline bint is_open(const Framing *framing) noexcept nogil:
    """Whether something will be told about octets that came long ago."""
    return framing.state == LOST and (framing.run > 0 or framing.end > framing.at)
