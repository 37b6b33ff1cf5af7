"""Layer 4 of 9: one packet: link header, IP, fragments, down to its TCP segment."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

from .files cimport Record

cdef enum:
    TCP_FIN = 0x01
    TCP_SYN = 0x02
    TCP_RST = 0x04
    TCP_ACK = 0x10

cdef struct Segment:
    const uint8_t *source       # address, of address_size octets
    const uint8_t *destination
    const uint8_t *payload      # captured octets of it
    uint32_t address_size       # 4 or 16
    uint32_t captured
    uint32_t length             # octets on the wire
    uint32_t sequence
    uint32_t acknowledged
    uint16_t source_port
    uint16_t destination_port
    uint8_t flags

cdef struct Datagram:           # a fragmented IP packet on its way to being whole
    uint8_t *octets
    uint8_t *present            # a bit per 8 octets
    uint32_t room               # octets allocated
    uint32_t size               # of the whole, 0 while unknown
    uint32_t reach              # behind the last octet seen
    uint32_t blocks             # of 8 octets that are there
    uint64_t frame              # of its last fragment; 0: the slot is free
    uint32_t address_size
    uint32_t identification
    uint8_t protocol
    uint8_t source[16]
    uint8_t destination[16]

cdef class Dissector:
    cdef readonly uint64_t segments     # TCP
    cdef readonly uint64_t others       # packets that carry no TCP
    cdef readonly uint64_t damaged      # packets whose headers are cut or contradict themselves
    cdef readonly uint64_t fragments
    cdef readonly uint64_t lost_datagrams   # given up with fragments missing
    cdef Datagram *_datagrams
    cdef Datagram *_whole               # handed out; its slot is freed by the next packet

    cdef int read_segment(self, const Record *record, Segment *segment) noexcept
    cdef int _ipv4(self, const uint8_t *p, uint32_t captured, uint32_t wire, uint64_t frame, Segment *segment) noexcept
    cdef int _ipv6(self, const uint8_t *p, uint32_t captured, uint32_t wire, uint64_t frame, Segment *segment) noexcept
    cdef int _fragment(self, Segment *segment, const uint8_t *p, uint32_t captured, uint32_t length, uint32_t at, bint last,
                       uint32_t identification, uint8_t protocol, uint64_t frame) noexcept
    cdef int _transport(self, uint8_t protocol, const uint8_t *p, uint32_t captured, uint32_t length, Segment *segment) noexcept
    cdef int _give_up(self, Datagram *datagram) noexcept
