"""Layer 4 of 9: TCP connections and, per direction, the octets in order.

The layer above offers each segment with `push` and takes what is in order: the segment itself where it fits (nothing is copied), then with
`pull` what had come too early. The first copy of an octet counts, as it does for the hosts. When a hole will not be filled any more is for
the layer above to say, with `pass_hole`. RFC 9293.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcmp, memcpy

from .packets cimport TCP_ACK, TCP_SYN, Segment

__all__ = []

cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>
    static inline uint64_t smpp_mix(uint64_t x) {
        x = (x ^ (x >> 32)) * 0xD6E8FEB86659FD93ull;
        x = (x ^ (x >> 32)) * 0xD6E8FEB86659FD93ull;
        return x ^ (x >> 32);
    }
    /* One end of a connection as 64 bits; seeded, so that a capture cannot be made whose connections all collide. */
    static inline uint64_t smpp_hash_end(const uint8_t *address, uint32_t size, uint16_t port, const uint64_t *seed) {
        uint64_t a = 0, b = 0;
        if (size == 16) { memcpy(&a, address, 8); memcpy(&b, address + 8, 8); }
        else memcpy(&a, address, 4);
        return smpp_mix(smpp_mix(smpp_mix(a ^ seed[0]) + (b ^ seed[1])) + port);
    }
    """
    uint64_t hash_end "smpp_hash_end"(const uint8_t *address, uint32_t size, uint16_t port, const uint64_t *seed) noexcept nogil

cdef enum:
    FIRST_BUCKETS = 1024


cdef int push(Way *way, const Segment *segment, uint32_t sequence, uint64_t frame, int64_t time_ns, Chunk *chunk) noexcept nogil:
    """Take a segment with octets, the first of which has this sequence number.

    1: chunk holds the next octets; 0: pull for some; -1: no memory.
    """
    cdef int64_t start
    cdef int64_t end
    cdef uint32_t known
    if way.state == WAY_NEW:
        way.base = sequence
        way.next = 0
        way.acked = -1
        way.state = WAY_COLLECTING
    start = offset_of(way, sequence)
    end = start + segment.length
    if way.state == WAY_RUNNING:
        if end <= way.next:
            return 0
        if start <= way.next and (way.first is NULL or end <= way.first.start):
            known = <uint32_t>(way.next - start)
            chunk.octets = segment.payload + known
            chunk.captured = segment.captured - known if segment.captured > known else 0
            chunk.hole = segment.length - known - chunk.captured
            chunk.frame = frame
            chunk.time_ns = time_ns
            way.next = end
            return 1
    return _keep(way, start, end, segment, frame, time_ns)


cdef int _keep(Way *way, int64_t start, int64_t end, const Segment *segment, uint64_t frame, int64_t time_ns) noexcept nogil:
    """Copy what is new of octets that came too early into pieces."""
    cdef Piece *before = NULL
    cdef Piece *behind = way.first
    cdef int64_t at = max(start, way.next) if way.state == WAY_RUNNING else start
    cdef int64_t until
    if way.last is not NULL and way.last.start + way.last.length <= at:
        before = way.last
        behind = NULL
    while at < end:
        while behind is not NULL and behind.start <= at:
            at = max(at, behind.start + behind.length)
            before = behind
            behind = behind.next
        if at >= end:
            break
        until = end if behind is NULL else min(end, behind.start)
        before = _insert(way, before, behind, at, until, start, segment, frame, time_ns)
        if before is NULL:
            return -1
        at = until
    return 0


cdef Piece *_insert(Way *way, Piece *before, Piece *behind, int64_t at, int64_t until, int64_t start, const Segment *segment,
                    uint64_t frame, int64_t time_ns) noexcept nogil:
    cdef uint32_t skip = <uint32_t>(at - start)
    cdef uint32_t captured = segment.captured - skip if segment.captured > skip else 0
    cdef Piece *piece
    captured = min(captured, <uint32_t>(until - at))
    piece = <Piece *>malloc(sizeof(Piece) + captured)
    if piece is NULL:
        return NULL
    memcpy(<uint8_t *>(piece + 1), segment.payload + skip, captured)
    piece.start = at
    piece.length = <uint32_t>(until - at)
    piece.captured = captured
    piece.frame = frame
    piece.time_ns = time_ns
    piece.next = behind
    if before is NULL:
        way.first = piece
        way.since = 0
    else:
        before.next = piece
    if behind is NULL:
        way.last = piece
    way.pieces += 1
    way.held += sizeof(Piece) + captured
    return piece


cdef Piece *_take_first(Way *way) noexcept nogil:
    cdef Piece *piece = way.first
    way.first = piece.next
    if way.first is NULL:
        way.last = NULL
    way.pieces -= 1
    way.held -= sizeof(Piece) + piece.captured
    way.since = 0
    return piece


cdef int pull(Way *way, Chunk *chunk) noexcept nogil:
    """1 and the next octets among those that had come too early, valid until the next call; 0 if a hole is in front of them."""
    cdef Piece *piece
    free(way.given)
    way.given = NULL
    if way.first is NULL or way.state != WAY_RUNNING or way.first.start != way.next:
        return 0
    piece = way.given = _take_first(way)
    way.next += piece.length
    chunk.octets = <uint8_t *>(piece + 1)
    chunk.captured = piece.captured
    chunk.hole = piece.length - piece.captured
    chunk.frame = piece.frame
    chunk.time_ns = piece.time_ns
    return 1


cdef void start_at(Way *way, uint32_t sequence) noexcept nogil:
    """Say which sequence number the first octet of the stream has; ignored once octets have been handed out."""
    cdef Piece *piece
    cdef int64_t shift
    if way.state == WAY_RUNNING:
        return
    if way.state == WAY_NEW:
        way.base = sequence
        way.next = 0
        way.acked = -1
    shift = offset_of(way, sequence)
    way.base = sequence
    piece = way.first
    while piece is not NULL:
        piece.start -= shift
        piece = piece.next
    # Pieces in front of the first octet are of an older connection.
    while way.first is not NULL and way.first.start < 0:
        free(_take_first(way))
    way.next = 0
    way.begin = 0
    way.from_start = True
    way.state = WAY_RUNNING


cdef void run(Way *way) noexcept nogil:
    """Without a SYN, let the lowest octet that came be the first."""
    if way.state == WAY_COLLECTING:
        if way.first is not NULL:
            way.next = way.first.start
        way.begin = way.next
        way.state = WAY_RUNNING


cdef int64_t pass_hole(Way *way) noexcept nogil:
    """Give up the octets in front of the first piece; return how many they are."""
    cdef int64_t size = way.first.start - way.next
    way.next = way.first.start
    way.since = 0
    return size


cdef void drop_pieces(Way *way) noexcept nogil:
    free(way.given)
    way.given = NULL
    while way.first is not NULL:
        free(_take_first(way))


cdef int make_table(Table *table, uint64_t seed0, uint64_t seed1) noexcept nogil:
    """An empty table of connections; -1 without memory."""
    table.buckets = <Flow **>calloc(FIRST_BUCKETS, sizeof(Flow *))
    table.mask = FIRST_BUCKETS - 1
    table.seed[0] = seed0
    table.seed[1] = seed1
    return -1 if table.buckets is NULL else 0


cdef int _way_of(const Flow *flow, const Segment *segment) noexcept nogil:
    """0 or 1: the direction of the segment in this connection; -1: it belongs to another."""
    cdef uint32_t size = segment.address_size
    cdef int way
    if flow.address_size != size:
        return -1
    for way in range(2):
        if (
            flow.ports[way] == segment.source_port and flow.ports[1 - way] == segment.destination_port
            and memcmp(flow.addresses[way], segment.source, size) == 0 and memcmp(flow.addresses[1 - way], segment.destination, size) == 0
        ):
            return way
    return -1


cdef uint64_t _hash(const Table *table, const Segment *segment) noexcept nogil:
    # The sum makes both directions the same.
    return (
        hash_end(segment.source, segment.address_size, segment.source_port, table.seed)
        + hash_end(segment.destination, segment.address_size, segment.destination_port, table.seed)
    )


cdef Flow *find_flow(Table *table, const Segment *segment, int *way) noexcept nogil:
    """The connection of a segment and its direction in it; NULL if it is the first of its connection."""
    cdef Flow *flow = table.last
    cdef uint64_t hash
    if flow is not NULL:
        way[0] = _way_of(flow, segment)
        if way[0] >= 0:
            return flow
    hash = _hash(table, segment)
    flow = table.buckets[hash & table.mask]
    while flow is not NULL:
        if flow.hash == hash:
            way[0] = _way_of(flow, segment)
            if way[0] >= 0:
                table.last = flow
                return flow
        flow = flow.chain
    return NULL


cdef int _grow(Table *table) noexcept nogil:
    cdef size_t size = 2 * (table.mask + 1)
    cdef Flow **buckets = <Flow **>calloc(size, sizeof(Flow *))
    cdef Flow *flow
    cdef Flow *chain
    cdef size_t i
    if buckets is NULL:
        return -1
    for i in range(table.mask + 1):
        flow = table.buckets[i]
        while flow is not NULL:
            chain = flow.chain
            flow.chain = buckets[flow.hash & (size - 1)]
            buckets[flow.hash & (size - 1)] = flow
            flow = chain
    free(table.buckets)
    table.buckets = buckets
    table.mask = size - 1
    return 0


cdef Flow *add_flow(Table *table, const Segment *segment) noexcept nogil:
    """A new connection whose first packet this is; NULL without memory."""
    cdef Flow *flow
    cdef size_t at
    if table.count > table.mask and _grow(table):
        return NULL
    flow = <Flow *>calloc(1, sizeof(Flow))
    if flow is NULL:
        return NULL
    flow.hash = _hash(table, segment)
    flow.address_size = <uint8_t>segment.address_size
    memcpy(flow.addresses[0], segment.source, segment.address_size)
    memcpy(flow.addresses[1], segment.destination, segment.address_size)
    flow.ports[0] = segment.source_port
    flow.ports[1] = segment.destination_port
    flow.stream = table.streams
    table.streams += 1
    at = flow.hash & table.mask
    flow.chain = table.buckets[at]
    table.buckets[at] = flow
    table.count += 1
    table.last = flow
    flow.line = LINES
    move_flow(table, flow, LIVE)
    return flow


cdef void _leave_line(Table *table, Flow *flow) noexcept nogil:
    if flow.line == LINES:
        return
    if flow.older is NULL:
        table.oldest[flow.line] = flow.newer
    else:
        flow.older.newer = flow.newer
    if flow.newer is NULL:
        table.newest[flow.line] = flow.older
    else:
        flow.newer.older = flow.older


cdef void move_flow(Table *table, Flow *flow, int line) noexcept nogil:
    """Make a connection the newest of a line."""
    if flow.line == line and table.newest[line] is flow:
        return
    _leave_line(table, flow)
    flow.line = <uint8_t>line
    flow.newer = NULL
    flow.older = table.newest[line]
    if flow.older is NULL:
        table.oldest[line] = flow
    else:
        flow.older.newer = flow
    table.newest[line] = flow


cdef void remove_flow(Table *table, Flow *flow) noexcept nogil:
    """Forget a connection; what the layer above keeps of it must be gone."""
    cdef Flow **link = &table.buckets[flow.hash & table.mask]
    while link[0] is not flow:
        link = &link[0].chain
    link[0] = flow.chain
    _leave_line(table, flow)
    table.count -= 1
    if table.last is flow:
        table.last = NULL
    free(flow)


cdef bint is_new_connection(Flow *flow, int way, const Segment *segment) noexcept nogil:
    """Whether the segment is the SYN of another connection between the same ends; the rule is tshark's, so that the numbers agree."""
    if segment.flags & TCP_SYN and not segment.flags & TCP_ACK and flow.numbered[way] and flow.first_sequence[way] != segment.sequence:
        return True
    if not flow.numbered[way]:
        flow.numbered[way] = True
        flow.first_sequence[way] = segment.sequence if segment.flags & TCP_SYN else segment.sequence - 1
    if not flow.numbered[1 - way] and segment.flags & TCP_ACK:
        flow.numbered[1 - way] = True
        flow.first_sequence[1 - way] = segment.acknowledged - 1
    return False
