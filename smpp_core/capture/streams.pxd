"""Layer 4 of 9: TCP connections and, per direction, the octets in order."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from .packets cimport Segment

cdef struct Piece:              # octets that came before those in front of them; the octets stand behind the struct
    Piece *next
    int64_t start               # offset in the stream
    uint32_t length             # octets on the wire
    uint32_t captured           # of them here, from the first on
    uint64_t frame
    int64_t time_ns

cdef struct Chunk:              # the next octets of a direction
    const uint8_t *octets
    uint32_t captured
    uint32_t hole               # octets behind them that the capture cut off
    uint64_t frame
    int64_t time_ns

cdef enum:
    WAY_NEW = 0
    WAY_COLLECTING = 1          # begun without a SYN: the first packets decide which octet is the first
    WAY_RUNNING = 2

cdef struct Way:                # one direction of a connection
    uint8_t state
    bint from_start             # the SYN was seen, so offset 0 is the first octet sent
    uint32_t base               # sequence number at offset 0
    int64_t begin               # offset of the first octet that is told about
    int64_t next                # offset of the next octet to come
    int64_t acked               # what the peer has acknowledged, an offset
    Piece *first                # what came too early, in order and without overlap
    Piece *last
    Piece *given                # handed out as a chunk; freed by the next call
    uint32_t pieces
    size_t held                 # octets of memory in pieces
    uint64_t since              # packets of the connection, and time, when this began: collecting, or waiting for a hole (0: not yet)
    int64_t since_time
    bint doubted                # the peer has acknowledged what is missing, or says nothing at all
    void *above                 # what the layer above keeps of this direction

cdef struct Flow:               # one TCP connection
    Flow *chain
    Flow *older
    Flow *newer
    uint64_t hash
    uint64_t stream             # as tshark numbers it
    uint64_t packets
    uint64_t deadline           # frame at which a reset connection is done with
    Way *ways                   # two, or NULL: nothing to follow
    void *owner                 # what the layer above keeps of the connection
    uint8_t line                # of LIVE, CLOSING, QUIET
    uint8_t address_size
    uint8_t numbered[2]         # whether first_sequence is known
    uint8_t closed              # it was followed to its end
    uint8_t seen[2]             # packets came from this side
    uint8_t syn[2]              # isn is known
    uint8_t fin[2]              # fin_sequence is known
    uint16_t ports[2]           # 0: of the side that sent the first packet
    uint32_t first_sequence[2]  # one in front of the first octet, or what stands for it without a SYN
    uint32_t isn[2]
    uint32_t fin_sequence[2]
    uint8_t addresses[2][16]

cdef enum:
    LIVE = 0                    # followed, or still to be recognised
    CLOSING = 1                 # reset: late packets may still come
    QUIET = 2                   # closed or foreign: only its number is kept
    LINES = 3

cdef struct Table:
    Flow **buckets
    size_t mask
    size_t count
    Flow *oldest[3]
    Flow *newest[3]
    Flow *last                  # of the packet before
    uint64_t seed[2]
    uint64_t streams            # connections seen so far

# The offset in the stream of a direction that a sequence number stands for.
cdef inline int64_t offset_of(const Way *way, uint32_t sequence) noexcept nogil:
    # The difference to the nearest known octet, as 32 bits with sign, survives the wrap of the sequence numbers.
    return way.next + <int64_t><int32_t>(sequence - (way.base + <uint32_t>way.next))

cdef int push(Way *way, const Segment *segment, uint32_t sequence, uint64_t frame, int64_t time_ns, Chunk *chunk) noexcept nogil
cdef int pull(Way *way, Chunk *chunk) noexcept nogil
cdef void start_at(Way *way, uint32_t sequence) noexcept nogil
cdef void run(Way *way) noexcept nogil
cdef int64_t pass_hole(Way *way) noexcept nogil
cdef void drop_pieces(Way *way) noexcept nogil

cdef int make_table(Table *table, uint64_t seed0, uint64_t seed1) noexcept nogil
cdef Flow *find_flow(Table *table, const Segment *segment, int *way) noexcept nogil
cdef Flow *add_flow(Table *table, const Segment *segment) noexcept nogil
cdef void remove_flow(Table *table, Flow *flow) noexcept nogil
cdef void move_flow(Table *table, Flow *flow, int line) noexcept nogil
cdef bint is_new_connection(Flow *flow, int way, const Segment *segment) noexcept nogil
