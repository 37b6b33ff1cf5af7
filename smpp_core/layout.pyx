"""Layer 3 of 9: the layout of each command as C arrays of segments, and the loop that finds the fields of a PDU."""

from libc.string cimport memset

from .wire cimport find_nul, read_u16

import sys

from .spec.commands import COMMANDS
from .spec.values import reserved_table

__all__ = []

cdef enum:
    SLOTS = 0x120         # the highest command_id is 0x113

cdef Layout _layouts[2 * SLOTS]
cdef uint8_t _known[2 * SLOTS]
cdef dict _reserved = {}  # keeps the octets alive that FieldInfo.reserved points to

cdef list _names = []      # likewise, Layout.names

cdef dict _KINDS = {
    "u8": FIELD_U8, "u32": FIELD_U32, "cstring": FIELD_CSTRING, "octets": FIELD_OCTETS, "dests": FIELD_DESTS, "unsuccess": FIELD_UNSUCCESS,
}
cdef dict _TIMES = {"": TIME_NONE, "time": TIME_FULL, "reported-time": TIME_REPORTED}
cdef dict _BODIES = {"required": BODY_REQUIRED, "when_ok": BODY_WHEN_OK, "optional": BODY_OPTIONAL}


cdef inline uint32_t _slot(uint32_t command_id) noexcept nogil:
    return (command_id & 0x7FFFFFFF) * 2 + (command_id >> 31)


cdef Layout *layout_of(uint32_t command_id) noexcept nogil:
    if command_id & 0x7FFFFFFF >= SLOTS or not _known[_slot(command_id)]:
        return NULL
    return &_layouts[_slot(command_id)]


cdef int _compile(object row) except -1:
    """Write the C layout of one command's row."""
    cdef Layout *layout = &_layouts[_slot(row.id)]
    cdef FieldInfo *info
    cdef uint8_t fixed = 0
    cdef uint8_t blank = 0
    cdef const uint8_t *flags
    memset(layout, 0, sizeof(Layout))
    layout.command_id = row.id
    layout.body = _BODIES[row.body]
    layout.tlv_body = row.is_response and len(row.fields) > 0 and row.fields[0].kind == "cstring"
    for index, field in enumerate(row.fields):
        info = &layout.fields[index]
        info.index = index
        info.kind = _KINDS[field.kind]
        info.segment = layout.n_segments
        info.delta = fixed
        info.limit = field.max
        info.time = _TIMES[field.form]
        info.counts = field.counts != ""
        info.blank = blank
        name = sys.intern(field.name)
        _names.append(name)
        layout.names[index] = <void *>name
        if field.kind == "u8" and field.values:
            if field.values not in _reserved:
                _reserved[field.values] = reserved_table(field.values)
            if any(<bytes>_reserved[field.values]):
                flags = <const uint8_t *><const char *><bytes>_reserved[field.values]
                info.reserved = flags
        if info.kind == FIELD_U8:
            layout.blank[blank] = field.default
            fixed += 1
            blank += 1
        elif info.kind == FIELD_U32:
            fixed += 4
            blank += 4
        else:
            layout.segments[layout.n_segments].fixed = fixed
            layout.segments[layout.n_segments].kind = info.kind
            layout.n_segments += 1
            fixed = 0
    layout.tail = fixed
    layout.n_fields = len(row.fields)
    layout.row = <void *>row
    _known[_slot(row.id)] = 1
    return 0


for _row in COMMANDS.values():
    _compile(_row)
del _row


cdef bint is_time(const uint8_t *text, Py_ssize_t size, int form) noexcept nogil:
    cdef Py_ssize_t i
    if size != 16 and not (form == TIME_REPORTED and size == 12):
        return False
    for i in range(min(size, 15)):
        if not c"0" <= text[i] <= c"9":
            return False
    return size == 12 or text[15] == c"+" or text[15] == c"-" or text[15] == c"R"


cdef uint32_t skip_group(int kind, uint32_t count, const uint8_t *octets, uint32_t start, uint32_t limit) noexcept nogil:
    cdef uint32_t i
    for i in range(count):
        if kind == FIELD_DESTS:
            if start >= limit:
                return 0
            if octets[start] == 1:
                start += 3
            elif octets[start] == 2:
                start += 1
            else:
                return 0
        else:
            start += 2
        if start >= limit:
            return 0
        start = find_nul(octets, start, limit)
        if start == limit:
            return 0
        start += 1
        if kind == FIELD_UNSUCCESS:
            start += 4
            if start > limit:
                return 0
    return start


cdef int is_tlv_walk(const uint8_t *octets, uint32_t start, uint32_t limit) noexcept nogil:
    cdef uint32_t length
    if start >= limit:
        return 0
    while limit - start >= 4:
        length = read_u16(octets + start + 2)
        if length > limit - start - 4:
            return 0
        start += 4 + length
    return start == limit


cdef int locate(const Layout *layout, const uint8_t *octets, uint32_t length, Anchors *anchors) noexcept nogil:
    cdef uint32_t p = HEADER
    cdef uint32_t size
    cdef int i
    cdef const Segment *segment
    anchors.limit = length
    if layout.tlv_body:
        if length == HEADER or (<uint8_t>(octets[HEADER] - 1) < 0x1F and is_tlv_walk(octets, HEADER, length)):
            anchors.located = 0
            anchors.tlvs = HEADER
            anchors.tlvs_end = length
            return 0
    for i in range(layout.n_segments):
        segment = &layout.segments[i]
        p += segment.fixed
        if segment.kind == FIELD_CSTRING:
            if p >= length:
                return 1
            if octets[p]:
                p = find_nul(octets, p + 1, length)
                if p == length:
                    return 1
            p += 1
        else:
            if p > length:
                return 1
            size = octets[p - 1]
            if segment.kind == FIELD_OCTETS:
                p += size
                if p > length:
                    return 1
            else:
                p = skip_group(segment.kind, size, octets, p, length)
                if p == 0:
                    return 1
        anchors.ends[i] = p
    p += layout.tail
    if p > length:
        return 1
    anchors.located = layout.n_fields
    anchors.tlvs = p
    while length - p >= 4:
        size = read_u16(octets + p + 2)
        if size > length - p - 4:
            return 1
        p += 4 + size
    anchors.tlvs_end = p
    return p != length
