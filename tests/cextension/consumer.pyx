"""A consumer of the core's C surface, compiled against the installed package: it knows nothing of the sources beside it."""

from libc.stdint cimport uint8_t, uint32_t

from smpp_core.frame cimport find_header, is_command, plausible_header
from smpp_core.layout cimport FIELD_CSTRING, HEADER, Anchors, FieldInfo, Layout, layout_of, locate
from smpp_core.wire cimport find_nul, read_u16, read_u32, write_u16, write_u32

cdef enum:
    SUBMIT_SM = 4
    DESTINATION = 6            # the seventh field of submit_sm


cdef uint32_t start_of(const Layout *layout, const Anchors *anchors, int field) noexcept nogil:
    """Where a field stands: so many octets behind the end of the segment before it."""
    cdef const FieldInfo *info = &layout.fields[field]
    return (anchors.ends[info.segment - 1] if info.segment else HEADER) + info.delta


cdef int survey(const uint8_t *octets, Py_ssize_t size, uint32_t prefix, uint32_t *counts) noexcept nogil:
    """Walk PDUs that stand one behind the other: how many there are, are whole, and are submit_sm to numbers that begin with `prefix`."""
    cdef Py_ssize_t p = 0
    cdef uint32_t length
    cdef uint32_t start
    cdef Layout *layout
    cdef Anchors anchors
    while size - p >= HEADER:
        length = read_u32(octets + p)
        if length < HEADER or length > size - p:
            return 1
        counts[0] += 1
        layout = layout_of(read_u32(octets + p + 4))
        if layout is not NULL and locate(layout, octets + p, length, &anchors) == 0:
            counts[1] += 1
            if layout.command_id == SUBMIT_SM and layout.fields[DESTINATION].kind == FIELD_CSTRING:
                start = start_of(layout, &anchors, DESTINATION)
                if find_nul(octets + p, start, length) - start >= 2 and read_u16(octets + p + start) == prefix:
                    counts[2] += 1
        p += length
    return p != size


def surveyed(bytes octets, bytes prefix):
    """(PDUs, whole ones, submit_sm whose destination begins with the two octets of prefix); None if the octets do not end with a PDU."""
    cdef uint32_t counts[3]
    cdef const uint8_t *data = octets
    cdef Py_ssize_t size = len(octets)
    cdef uint32_t wanted = read_u16(<const uint8_t *>prefix)
    cdef int broken
    counts[0] = counts[1] = counts[2] = 0
    with nogil:
        broken = survey(data, size, wanted, counts)
    return None if broken else (counts[0], counts[1], counts[2])


def destination(bytes octets):
    """The destination_addr of one submit_sm, cut out in C."""
    cdef const uint8_t *data = octets
    cdef Anchors anchors
    cdef Layout *layout = layout_of(read_u32(data + 4))
    cdef uint32_t start
    if layout is NULL or locate(layout, data, len(octets), &anchors):
        return None
    start = start_of(layout, &anchors, DESTINATION)
    return octets[start:find_nul(data, start, anchors.limit)]


def renumbered(bytes octets, uint32_t sequence_number):
    """The same PDU with another sequence_number, written in place in a copy."""
    cdef bytearray copy = bytearray(octets)
    cdef uint8_t *data = <uint8_t *><char *>copy
    write_u32(data + 12, sequence_number)
    return bytes(copy)


def resynchronised(bytes octets, Py_ssize_t start):
    """The offset of the next plausible header, and whether one stands at `start`."""
    cdef const uint8_t *data = octets
    return find_header(data, len(octets), start, 70_000), bool(plausible_header(data + start, 70_000))


def known(uint32_t command_id):
    """Whether the tables have the command; asked of two modules, which must agree."""
    assert is_command(command_id) == (layout_of(command_id) is not NULL)
    return bool(is_command(command_id))


def in_wire_order(int number):
    """What write_u16 writes."""
    cdef uint8_t octets[2]
    write_u16(octets, number)
    return bytes(octets[:2])
