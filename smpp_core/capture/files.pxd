"""Layer 4 of 9: pcap and pcapng files: octets in, packet records out."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

cdef enum:
    LINK_NULL = 0               # BSD loopback, address family in the writer's byte order
    LINK_ETHERNET = 1
    LINK_RAW = 12               # raw IP, as DLT_RAW stands in files of most systems
    LINK_RAW_OPENBSD = 14
    LINK_RAW_FILE = 101         # raw IP, as LINKTYPE_RAW
    LINK_LOOP = 108             # OpenBSD loopback, address family in network byte order
    LINK_SLL = 113              # Linux cooked
    LINK_IPV4 = 228
    LINK_IPV6 = 229
    LINK_SLL2 = 276             # Linux cooked, version 2

cdef inline bint is_readable(uint32_t link) noexcept nogil:
    return (
        link == LINK_ETHERNET or link == LINK_SLL or link == LINK_SLL2 or link == LINK_NULL or link == LINK_LOOP or link == LINK_RAW
        or link == LINK_RAW_OPENBSD or link == LINK_RAW_FILE or link == LINK_IPV4 or link == LINK_IPV6
    )

cdef struct Record:
    const uint8_t *octets   # valid until the next record is read
    uint32_t captured       # octets that the file holds
    uint32_t wire           # octets that the packet had
    uint32_t link           # link type, LINKTYPE_*
    int64_t time_ns         # since 1970
    uint64_t frame          # number of the packet in the file, from 1

cdef struct Interface:
    uint32_t link
    uint32_t snaplen
    uint8_t resolution      # if_tsresol as it stands: a power of 10, with bit 7 of 2
    int64_t offset          # if_tsoffset, seconds

cdef class PacketFile:
    cdef readonly str format                # "pcap" or "pcapng"
    cdef readonly uint64_t packets
    cdef readonly list warnings
    cdef readonly bint truncated            # the file ends inside a packet
    cdef object _source
    cdef object _whole                      # the bytes that are read in place, None if the source fills a buffer
    cdef uint8_t *_buffer
    cdef size_t _room
    cdef const uint8_t *_octets             # the octets at hand: _octets[_at:_end]
    cdef size_t _at
    cdef size_t _end
    cdef uint64_t _passed                   # octets of the file in front of _octets[0]
    cdef bint _at_end
    cdef bint _big                          # byte order of the file or section
    cdef uint32_t _fraction                 # pcap: ns in a unit of the time's second word
    cdef uint32_t _link                     # pcap
    cdef uint32_t _header                   # pcap: octets of a record header
    cdef uint32_t _rest                     # pcapng: octets of the current block that are still to pass
    cdef uint32_t _block                    # pcapng: the length of the current block
    cdef Interface *_interfaces
    cdef uint32_t _interface_count
    cdef readonly uint64_t unreadable       # packets of link types that are not read here
    cdef set _unreadable                    # link types that packets had and nobody here reads

    cdef int read_record(self, Record *record) except -1
    cdef int _need(self, size_t count) except -1
    cdef int _skip(self, uint64_t count) except -1
    cdef uint32_t _u32(self, size_t at) noexcept
    cdef uint32_t _u16(self, size_t at) noexcept
    cdef int _open_pcap(self) except -1
    cdef int _pcap_record(self, Record *record) except -1
    cdef int _end_block(self) except -1
    cdef int _block_record(self, Record *record) except -1
    cdef int _section(self) except -1
    cdef int _interface(self, uint32_t body) except -1
    cdef int _packet(self, uint32_t kind, uint32_t body, Record *record) except -1
    cdef int _cut(self, str where) except -1
    cdef int _unsupported(self, uint32_t link) except -1
    cdef object _error(self, str message)
