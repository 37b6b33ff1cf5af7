"""Layer 4 of 9: one packet: link header, IP, fragments, down to its TCP segment.

Nothing is copied but fragments. What a header claims is held against the octets that were on the wire (`wire`) and those that the capture
has of them (`captured`). Checksums are never looked at: on loopback and with offloading they are not filled in. RFC 791, 8200, 9293.
"""

cimport cython
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memcmp, memcpy, memset

from ..wire cimport read_u16, read_u32
from .files cimport (
    LINK_ETHERNET, LINK_IPV4, LINK_IPV6, LINK_LOOP, LINK_NULL, LINK_RAW, LINK_RAW_FILE, LINK_RAW_OPENBSD, LINK_SLL, LINK_SLL2,
    PacketFile, Record,
)

__all__ = ["Dissector"]

cdef enum:
    IS_OTHER = 0
    IS_SEGMENT = 1
    IS_DAMAGED = 2
    IS_FRAGMENT = 3
    ETHER_IPV4 = 0x0800
    ETHER_IPV6 = 0x86DD
    ETHER_MPLS = 0x8847
    ETHER_MPLS_MULTICAST = 0x8848
    TCP = 6
    # An IP packet has 64 KiB at the most, so all fragments held take 4 MiB.
    MAX_DATAGRAMS = 64
    MAX_DATAGRAM = 65535
    BITMAP = 1024               # octets: a bit for each of 8,192 blocks
    MAX_TAGS = 8                # VLAN tags or MPLS labels of one packet
    MAX_EXTENSIONS = 16         # extension headers of one IPv6 packet


@cython.final
cdef class Dissector:
    """Finds the TCP segment of a packet record, and puts IP fragments together, in bounded memory."""

    def __cinit__(self):
        self._whole = NULL
        self._datagrams = <Datagram *>calloc(MAX_DATAGRAMS, sizeof(Datagram))
        if self._datagrams is NULL:
            raise MemoryError

    def __dealloc__(self):
        if self._datagrams is not NULL:
            for i in range(MAX_DATAGRAMS):
                free(self._datagrams[i].octets)
                free(self._datagrams[i].present)
            free(self._datagrams)

    def segments_of(self, PacketFile file):
        """The TCP segments of a file as tuples: for tests and the curious; the reader uses read_segment."""
        cdef Record record
        cdef Segment segment
        while file.read_record(&record):
            if self.read_segment(&record, &segment):
                yield (
                    record.frame, <bytes>segment.source[:segment.address_size], segment.source_port,
                    <bytes>segment.destination[:segment.address_size], segment.destination_port, segment.sequence, segment.acknowledged,
                    segment.flags, segment.length, <bytes>segment.payload[:segment.captured],
                )

    cdef int read_segment(self, const Record *record, Segment *segment) noexcept:
        """1 if the packet brings a TCP segment; its octets are valid until the next packet."""
        cdef const uint8_t *p = record.octets
        cdef uint32_t captured = record.captured
        cdef uint32_t wire = record.wire
        cdef uint32_t link = record.link
        cdef uint32_t skip = 0
        cdef uint32_t ether = 0
        cdef uint32_t tags = 0
        cdef int result = IS_OTHER
        if self._whole is not NULL:
            self._whole.frame = 0
            self._whole = NULL
        if link == LINK_ETHERNET:
            skip = 14
        elif link == LINK_SLL:
            skip = 16
        elif link == LINK_SLL2:
            skip = 20
        elif link == LINK_NULL or link == LINK_LOOP:
            skip = 4
        elif link != LINK_RAW and link != LINK_RAW_FILE and link != LINK_RAW_OPENBSD and link != LINK_IPV4 and link != LINK_IPV6:
            self.others += 1
            return 0
        if captured <= skip:
            self.damaged += 1
            return 0
        if skip == 4 or skip == 0:
            # The address family of BSD loopback has a number per system, and the IP version says the same.
            ether = ETHER_IPV6 if p[skip] >> 4 == 6 else ETHER_IPV4 if p[skip] >> 4 == 4 else 0
        else:
            ether = read_u16(p) if link == LINK_SLL2 else read_u16(p + skip - 2)
            while (ether == 0x8100 or ether == 0x88A8 or ether == 0x9100 or ether == 0x9200) and tags < MAX_TAGS:
                if captured - skip < 5:
                    self.damaged += 1
                    return 0
                ether = read_u16(p + skip + 2)
                skip += 4
                tags += 1
            if ether == ETHER_MPLS or ether == ETHER_MPLS_MULTICAST:
                while tags < MAX_TAGS and captured - skip >= 5:
                    skip += 4
                    tags += 1
                    if p[skip - 2] & 1:
                        ether = ETHER_IPV6 if p[skip] >> 4 == 6 else ETHER_IPV4 if p[skip] >> 4 == 4 else 0
                        break
        if ether == ETHER_IPV4:
            result = self._ipv4(p + skip, captured - skip, wire - skip, record.frame, segment)
        elif ether == ETHER_IPV6:
            result = self._ipv6(p + skip, captured - skip, wire - skip, record.frame, segment)
        if result == IS_SEGMENT:
            self.segments += 1
            return 1
        if result == IS_DAMAGED:
            self.damaged += 1
        elif result == IS_FRAGMENT:
            self.fragments += 1
        else:
            self.others += 1
        return 0

    cdef int _ipv4(self, const uint8_t *p, uint32_t captured, uint32_t wire, uint64_t frame, Segment *segment) noexcept:
        cdef uint32_t head
        cdef uint32_t total
        cdef uint32_t flags
        if captured < 20 or p[0] >> 4 != 4:
            return IS_DAMAGED
        head = (p[0] & 15) * 4
        # A total length of 0 is what segmentation offload leaves; octets behind the total length are Ethernet's padding.
        total = read_u16(p + 2)
        if total == 0 or total > wire:
            total = wire
        if head < 20 or total < head or captured < head:
            return IS_DAMAGED
        captured = min(captured, total)
        segment.source = p + 12
        segment.destination = p + 16
        segment.address_size = 4
        flags = read_u16(p + 6)
        if flags & 0x3FFF:
            return self._fragment(segment, p + head, captured - head, total - head, (flags & 0x1FFF) * 8, not flags & 0x2000,
                                  read_u16(p + 4), p[9], frame)
        return self._transport(p[9], p + head, captured - head, total - head, segment)

    cdef int _ipv6(self, const uint8_t *p, uint32_t captured, uint32_t wire, uint64_t frame, Segment *segment) noexcept:
        cdef uint32_t total
        cdef uint32_t at = 40
        cdef uint32_t size
        cdef uint8_t following
        cdef int i
        if captured < 40 or p[0] >> 4 != 6:
            return IS_DAMAGED
        total = read_u16(p + 4) + 40
        if total == 40 or total > wire:
            total = wire
        captured = min(captured, total)
        segment.source = p + 8
        segment.destination = p + 24
        segment.address_size = 16
        following = p[6]
        for i in range(MAX_EXTENSIONS):
            if following == 44:
                if captured - at < 8:
                    return IS_DAMAGED
                size = read_u16(p + at + 2)
                if size & 0xFFF9:
                    return self._fragment(segment, p + at + 8, captured - at - 8, total - at - 8, size & 0xFFF8, not size & 1,
                                          read_u32(p + at + 4), p[at], frame)
                following = p[at]
                at += 8
            elif following == 0 or following == 43 or following == 60 or following == 135 or following == 51:
                if captured - at < 8:
                    return IS_DAMAGED
                size = (p[at + 1] + 2) * 4 if following == 51 else (p[at + 1] + 1) * 8
                if captured - at < size:
                    return IS_DAMAGED
                following = p[at]
                at += size
            else:
                return self._transport(following, p + at, captured - at, total - at, segment)
        return IS_DAMAGED

    cdef int _fragment(self, Segment *segment, const uint8_t *p, uint32_t captured, uint32_t length, uint32_t at, bint last,
                       uint32_t identification, uint8_t protocol, uint64_t frame) noexcept:
        """Keep a fragment; the datagram's segment once it is whole. The first copy of an octet counts."""
        cdef Datagram *datagram = NULL
        cdef Datagram *oldest = NULL
        cdef Datagram *slot
        cdef uint32_t end = at + length
        cdef uint32_t size
        cdef uint32_t block
        cdef int i
        if protocol != TCP:
            return IS_OTHER
        # A fragment that the capture cut can never make a whole; only the last may have an odd length.
        if captured < length or length == 0 or end > MAX_DATAGRAM or (length & 7 and not last):
            return IS_DAMAGED
        for i in range(MAX_DATAGRAMS):
            slot = &self._datagrams[i]
            if slot.frame == 0:
                if oldest is NULL or oldest.frame:
                    oldest = slot
            elif (
                slot.identification == identification and slot.protocol == protocol and slot.address_size == segment.address_size
                and memcmp(slot.source, segment.source, slot.address_size) == 0
                and memcmp(slot.destination, segment.destination, slot.address_size) == 0
            ):
                datagram = slot
                break
            elif oldest is NULL or slot.frame < oldest.frame:
                oldest = slot
        if datagram is NULL:
            datagram = oldest
            if datagram.frame:
                self._give_up(datagram)
            if datagram.present is NULL:
                datagram.present = <uint8_t *>calloc(1, BITMAP)
                if datagram.present is NULL:
                    return IS_DAMAGED
            else:
                memset(datagram.present, 0, BITMAP)
            datagram.size = 0
            datagram.reach = 0
            datagram.blocks = 0
            datagram.identification = identification
            datagram.protocol = protocol
            datagram.address_size = segment.address_size
            memcpy(datagram.source, segment.source, segment.address_size)
            memcpy(datagram.destination, segment.destination, segment.address_size)
        datagram.frame = frame
        if end > datagram.room:
            # Twice what is there, so that many small fragments do not copy the datagram over and over.
            size = min(max(end, 2 * datagram.room), <uint32_t>MAX_DATAGRAM)
            slot = <Datagram *>realloc(datagram.octets, size)
            if slot is NULL:
                return IS_DAMAGED
            datagram.octets = <uint8_t *>slot
            datagram.room = size
        datagram.reach = max(datagram.reach, end)
        if last and datagram.size == 0:
            datagram.size = end
        if datagram.size and (datagram.reach > datagram.size or (last and end != datagram.size)):
            self._give_up(datagram)
            return IS_DAMAGED
        for block in range(at >> 3, (end + 7) >> 3):
            if not datagram.present[block >> 3] >> (block & 7) & 1:
                datagram.present[block >> 3] |= <uint8_t>(1 << (block & 7))
                datagram.blocks += 1
                size = min(<uint32_t>8, end - block * 8)
                memcpy(datagram.octets + block * 8, p + block * 8 - at, size)
        if datagram.size == 0 or datagram.blocks != (datagram.size + 7) >> 3:
            return IS_FRAGMENT
        self._whole = datagram
        segment.source = datagram.source
        segment.destination = datagram.destination
        return self._transport(protocol, datagram.octets, datagram.size, datagram.size, segment)

    cdef int _give_up(self, Datagram *datagram) noexcept:
        self.lost_datagrams += 1
        datagram.frame = 0
        return 0

    cdef int _transport(self, uint8_t protocol, const uint8_t *p, uint32_t captured, uint32_t length, Segment *segment) noexcept:
        cdef uint32_t head
        if protocol != TCP:
            return IS_OTHER
        # Fourteen octets hold all that is needed here; a capture may cut the options away.
        if captured < 14:
            return IS_DAMAGED
        head = (p[12] >> 4) * 4
        if head < 20 or head > length:
            return IS_DAMAGED
        segment.source_port = read_u16(p)
        segment.destination_port = read_u16(p + 2)
        segment.sequence = read_u32(p + 4)
        segment.acknowledged = read_u32(p + 8)
        segment.flags = p[13]
        segment.length = length - head
        segment.captured = captured - head if captured > head else 0
        segment.payload = p + head
        return IS_SEGMENT
