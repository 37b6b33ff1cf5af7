"""Layer 4 of 9: pcap and pcapng files: octets in, packet records out.

Reads the formats of draft-ietf-opsawg-pcap and draft-ietf-opsawg-pcapng front to back, from anything that gives octets. A record's octets
stay in the read buffer; no length field is believed beyond the caps below, and memory grows only with octets that are there.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_CheckExact, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_Free, PyMem_Realloc
from cpython.memoryview cimport PyMemoryView_FromMemory
from cpython.buffer cimport PyBUF_WRITE
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memmove

from ..errors import CaptureError
from .source import GZIP_MAGIC, Source

__all__ = ["PacketFile"]

cdef extern from *:
    """
    #include <stdint.h>
    static inline uint32_t smpp_order32(const uint8_t *p, int big) {
        uint32_t le = (uint32_t)p[0] | ((uint32_t)p[1] << 8) | ((uint32_t)p[2] << 16) | ((uint32_t)p[3] << 24);
        uint32_t be = (uint32_t)p[3] | ((uint32_t)p[2] << 8) | ((uint32_t)p[1] << 16) | ((uint32_t)p[0] << 24);
        return big ? be : le;
    }
    static int64_t smpp_clamp(double about, int64_t exact) {
        return about > 9.2e18 ? INT64_MAX : about < -9.2e18 ? INT64_MIN : exact;
    }
    /* Units of 10^-e or 2^-e seconds since 1970, and seconds to add -> ns, held inside 64 bits whatever a file claims. */
    static int64_t smpp_nanoseconds(uint64_t units, uint8_t resolution, int64_t seconds) {
        const uint64_t second = 1000000000;
        uint64_t ns = units, whole = 0, high, low;
        double about;
        int e = resolution & 0x7F, i;
        if (!(resolution & 0x80)) {
            about = (double)units;
            for (i = e; i < 9; i++) { ns *= 10; about *= 10; }
            for (i = e; i > 9 && ns; i--) { ns /= 10; about = (double)ns; }
        } else {
            if (e < 64) { whole = units >> e; ns = units - (whole << e); }
            /* The fraction times 10^9 may have 94 bits: in two halves, of which neither overflows. */
            high = (ns >> 32) * second;
            low = (ns & 0xFFFFFFFFu) * second;
            ns = e < 32 ? low >> e : e - 32 < 64 ? (high + (low >> 32)) >> (e - 32) : 0;
            about = (double)whole * 1e9 + (double)ns;
            ns += whole * second;
        }
        about += (double)seconds * 1e9;
        return smpp_clamp(about, (int64_t)(ns + (uint64_t)seconds * second));
    }
    """
    uint32_t order32 "smpp_order32"(const uint8_t *octets, int big) noexcept nogil
    int64_t nanoseconds "smpp_nanoseconds"(uint64_t units, uint8_t resolution, int64_t seconds) noexcept nogil

cdef enum:
    ROOM = 256 * 1024
    MAX_PACKET = 256 * 1024             # what tcpdump and dumpcap write at the most
    MAX_BLOCK = 16 * 1024 * 1024        # the longest block a writer of packets has reason to make
    MAX_INTERFACES = 65536
    MAX_OPTIONS = 64 * 1024             # of an interface block; options behind are passed over
    SECTION = 0x0A0D0D0A
    INTERFACE = 1
    OLD_PACKET = 2
    SIMPLE_PACKET = 3
    ENHANCED_PACKET = 6
    IF_TSRESOL = 9
    IF_TSOFFSET = 14
    MICROSECONDS = 6

# magic number, as its octets stand in the file -> big-endian, ns in a fraction, octets of a record header (0xA1B2CD34: Kuznetsov's)
_MAGIC = {
    b"\xd4\xc3\xb2\xa1": (False, 1000, 16), b"\xa1\xb2\xc3\xd4": (True, 1000, 16),
    b"\x4d\x3c\xb2\xa1": (False, 1, 16), b"\xa1\xb2\x3c\x4d": (True, 1, 16),
    b"\x34\xcd\xb2\xa1": (False, 1000, 24), b"\xa1\xb2\xcd\x34": (True, 1000, 24),
}
_SECTION_MAGIC = b"\x0a\x0d\x0d\x0a"


@cython.final
cdef class PacketFile:
    """The packet records of a pcap or pcapng file, front to back.

    source: a path, a binary file object or bytes, gzip-compressed or not. Raises CaptureError if it is neither format, is empty, or holds
    a link type that is not read here.
    """

    def __cinit__(self):
        self._buffer = NULL
        self._interfaces = NULL

    def __init__(self, source):
        self.warnings = []
        self._unreadable = set()
        if PyBytes_CheckExact(source) and not source.startswith(GZIP_MAGIC):
            self._whole = source
            self._octets = <const uint8_t *>PyBytes_AS_STRING(source)
            self._end = PyBytes_GET_SIZE(source)
            self._at_end = True
        else:
            self._source = Source(source)
        try:
            self._begin()
        except BaseException:
            self.close()
            raise

    def __dealloc__(self):
        PyMem_Free(self._buffer)
        PyMem_Free(self._interfaces)

    def close(self):
        """Close the file if it was opened here; nothing can be read afterwards."""
        if self._source is not None:
            self._source.close()
        self._at_end = True
        self._at = self._end

    def __iter__(self):
        return self

    def __next__(self):
        """(frame, time in ns, link type, octets on the wire, octets): for tests and the curious; the reader uses read_record."""
        cdef Record record
        if not self.read_record(&record):
            raise StopIteration
        return record.frame, record.time_ns, record.link, record.wire, <bytes>record.octets[:record.captured]

    def _begin(self):
        if not self._need(4):
            if self._at == self._end:
                raise self._error("the capture is empty")
            raise self._error("the capture ends inside its first four octets")
        magic = bytes(self._octets[self._at:self._at + 4])
        if magic == _SECTION_MAGIC:
            self.format = "pcapng"
            if not self._need(28):
                raise self._error("the capture ends inside its first section header")
        elif magic in _MAGIC:
            self.format = "pcap"
            self._big, self._fraction, self._header = _MAGIC[magic]
            self._open_pcap()
        else:
            raise self._error(f"not a capture: it begins with {magic.hex(' ')}, which is neither pcap nor pcapng")

    cdef int _need(self, size_t count) except -1:
        """1 if `count` octets are at hand, after reading on where needed; 0 if the file ends before."""
        cdef size_t held = self._end - self._at
        cdef uint8_t *larger
        if held >= count:
            return 1
        if self._at_end:
            return 0
        if self._at:
            memmove(self._buffer, self._buffer + self._at, held)
            self._passed += self._at
            self._at = 0
            self._end = held
        while self._end < count:
            if self._end == self._room or self._buffer is NULL:
                larger = <uint8_t *>PyMem_Realloc(self._buffer, self._room + ROOM)
                if larger is NULL:
                    raise MemoryError
                self._buffer = larger
                self._room += ROOM
            self._octets = self._buffer
            got = self._source.fill(PyMemoryView_FromMemory(<char *>self._buffer + self._end, self._room - self._end, PyBUF_WRITE))
            if got == 0:
                self._at_end = True
                if self._source.cut:
                    self.truncated = True
                    self.warnings.append(self._source.cut)
                return 0
            self._end += got
        return 1

    cdef int _skip(self, uint64_t count) except -1:
        """Pass over octets without holding them; 0 if the file ends before."""
        cdef uint64_t part
        while count:
            if self._at == self._end and not self._need(1):
                return 0
            part = min(count, <uint64_t>(self._end - self._at))
            self._at += part
            count -= part
        return 1

    cdef uint32_t _u32(self, size_t at) noexcept:
        return order32(self._octets + self._at + at, self._big)

    cdef uint32_t _u16(self, size_t at) noexcept:
        cdef const uint8_t *p = self._octets + self._at + at
        return p[0] << 8 | p[1] if self._big else p[1] << 8 | p[0]

    cdef object _error(self, str message):
        return CaptureError(message, offset=self._passed + self._at)

    cdef int _cut(self, str where) except -1:
        """The file ends early: say so once, and read nothing more."""
        self.truncated = True
        self.warnings.append(f"the file ends inside {where}")
        self._at = self._end
        self._at_end = True
        self._rest = 0
        return 0

    cdef int _unsupported(self, uint32_t link) except -1:
        self.unreadable += 1
        if link not in self._unreadable:
            self._unreadable.add(link)
            self.warnings.append(f"packets of link type {link} are passed over")
        return 0

    cdef int read_record(self, Record *record) except -1:
        """1 and the next packet, or 0 at the end. Raises CaptureError where the file cannot be followed any further."""
        return self._pcap_record(record) if self._header else self._block_record(record)

    cdef int _open_pcap(self) except -1:
        cdef uint32_t major
        if not self._need(24):
            raise self._error("the capture ends inside its file header")
        major = self._u16(4)
        if major != 2:
            raise self._error(f"pcap version {major}.{self._u16(6)} is not read here, only 2.x")
        # The upper bits say how many octets of checksum end each frame; the IP length shows where to stop without them.
        self._link = self._u32(20) & 0x03FFFFFF
        if not is_readable(self._link):
            raise self._error(
                f"link type {self._link} is not read here; Ethernet, Linux cooked, raw IP and BSD loopback are"
            )
        self._at += 24
        return 0

    cdef int _pcap_record(self, Record *record) except -1:
        cdef uint32_t captured
        cdef uint32_t wire
        if not self._need(self._header):
            return self._cut(f"packet {self.packets + 1}") if self._end > self._at else 0
        captured = self._u32(8)
        wire = self._u32(12)
        if captured > MAX_PACKET:
            raise self._error(f"packet {self.packets + 1} claims {captured} octets, more than the {MAX_PACKET} that a capture holds of one")
        if self._end - self._at < self._header + captured and not self._need(self._header + captured):
            return self._cut(f"packet {self.packets + 1}")
        self.packets += 1
        record.octets = self._octets + self._at + self._header
        record.captured = captured
        record.wire = wire if wire > captured else captured
        record.link = self._link
        record.time_ns = <int64_t>self._u32(0) * 1000000000 + <int64_t>self._u32(4) * self._fraction
        record.frame = self.packets
        self._at += self._header + captured
        return 1

    cdef int _end_block(self) except -1:
        """Pass the rest of the current block and compare the length at its end with that at its beginning."""
        cdef uint32_t again
        if not self._rest:
            return 1
        if not self._skip(self._rest - 4) or not self._need(4):
            return self._cut(f"a block behind packet {self.packets}")
        again = self._u32(0)
        self._at += 4
        if again != self._block:
            raise self._error(f"a block behind packet {self.packets} has {self._block} octets by its head and {again} by its end")
        self._rest = 0
        return 1

    cdef int _block_record(self, Record *record) except -1:
        cdef uint32_t kind
        cdef uint32_t length
        while True:
            if self._rest and not self._end_block():
                return 0
            if not self._need(12):
                return self._cut(f"a block behind packet {self.packets}") if self._end > self._at else 0
            kind = self._u32(0)
            if kind == SECTION and not self._section():
                return 0
            length = self._u32(4)
            if length < 12 or length & 3 or length > MAX_BLOCK:
                raise self._error(f"a block behind packet {self.packets} claims {length} octets, which is impossible")
            self._block = length
            self._rest = length
            if kind == INTERFACE:
                if not self._interface(length - 12):
                    return 0
            elif kind == ENHANCED_PACKET or kind == OLD_PACKET or kind == SIMPLE_PACKET:
                return self._packet(kind, length - 12, record)

    cdef int _section(self) except -1:
        """A new section: its byte order, and no interfaces yet."""
        cdef bytes order = <bytes>self._octets[self._at + 8:self._at + 12]
        if order == b"\x1a\x2b\x3c\x4d":
            self._big = True
        elif order == b"\x4d\x3c\x2b\x1a":
            self._big = False
        else:
            raise self._error(f"a section header has the byte-order mark {order.hex(' ')}, which is none")
        if self._u32(4) < 28:
            raise self._error(f"a section header claims {self._u32(4)} octets, the least is 28")
        if not self._need(28):
            return self._cut("a section header")
        if self._u16(12) != 1:
            raise self._error(f"pcapng version {self._u16(12)}.{self._u16(14)} is not read here, only 1.x")
        self._interface_count = 0
        return 1

    cdef int _interface(self, uint32_t body) except -1:
        cdef Interface *larger
        cdef Interface *interface
        cdef size_t p = 16
        cdef size_t end
        cdef uint32_t code
        cdef uint32_t size
        if body < 8:
            raise self._error(f"an interface block behind packet {self.packets} has {body} octets, the least is 8")
        if self._interface_count == MAX_INTERFACES:
            raise self._error(f"a section names more than {MAX_INTERFACES} interfaces")
        end = 8 + min(body, <uint32_t>MAX_OPTIONS)
        if not self._need(end):
            return self._cut("an interface block")
        if self._interface_count & (self._interface_count - 1) == 0:
            larger = <Interface *>PyMem_Realloc(self._interfaces, max(1, 2 * self._interface_count) * sizeof(Interface))
            if larger is NULL:
                raise MemoryError
            self._interfaces = larger
        interface = &self._interfaces[self._interface_count]
        interface.link = self._u16(8)
        interface.snaplen = self._u32(12)
        interface.resolution = MICROSECONDS
        interface.offset = 0
        self._interface_count += 1
        while end - p >= 4:
            code = self._u16(p)
            size = self._u16(p + 2)
            p += 4
            if code == 0 or size > end - p:
                break
            if code == IF_TSRESOL and size >= 1:
                interface.resolution = self._octets[self._at + p]
            elif code == IF_TSOFFSET and size >= 8:
                interface.offset = <int64_t>(
                    <uint64_t>self._u32(p + (0 if self._big else 4)) << 32 | self._u32(p + (4 if self._big else 0))
                )
            size = (size + 3) & ~3
            if size > end - p:
                break
            p += size
        return 1

    cdef int _packet(self, uint32_t kind, uint32_t body, Record *record) except -1:
        """Fill in the record of a packet block; 0 if the file ends inside it."""
        cdef uint32_t head = 4 if kind == SIMPLE_PACKET else 20
        cdef uint32_t number = 0
        cdef uint32_t captured
        cdef Interface *interface
        if body < head:
            raise self._error(f"packet {self.packets + 1} has a block of {body} octets, the least is {head}")
        if not self._need(8 + head):
            return self._cut(f"packet {self.packets + 1}")
        if kind == ENHANCED_PACKET:
            number = self._u32(8)
        elif kind == OLD_PACKET:
            number = self._u16(8)
        if number >= self._interface_count:
            raise self._error(f"packet {self.packets + 1} names interface {number}, the section has {self._interface_count}")
        interface = &self._interfaces[number]
        if kind == SIMPLE_PACKET:
            record.wire = self._u32(8)
            captured = min(record.wire, body - head)
            if interface.snaplen and captured > interface.snaplen:
                captured = interface.snaplen
            record.time_ns = 0
        else:
            captured = self._u32(20)
            record.wire = self._u32(24)
            record.time_ns = nanoseconds(<uint64_t>self._u32(12) << 32 | self._u32(16), interface.resolution, interface.offset)
        if captured > body - head:
            raise self._error(f"packet {self.packets + 1} claims {captured} octets, its block has {body - head}")
        if captured > MAX_PACKET:
            raise self._error(f"packet {self.packets + 1} claims {captured} octets, more than the {MAX_PACKET} that a capture holds of one")
        if not self._need(8 + head + captured):
            return self._cut(f"packet {self.packets + 1}")
        self.packets += 1
        record.octets = self._octets + self._at + 8 + head
        record.captured = captured
        if record.wire < captured:
            record.wire = captured
        record.link = interface.link
        record.frame = self.packets
        if not is_readable(interface.link):
            self._unsupported(interface.link)
        return 1
