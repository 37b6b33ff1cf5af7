"""Layer 3 of 9: the values of fields -> the octets of a PDU, written once."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.object cimport PyObject
from libc.stdint cimport uint8_t, uint32_t
from libc.string cimport memchr, memcpy, memset

from .layout cimport (
    FIELD_CSTRING, FIELD_DESTS, FIELD_OCTETS, FIELD_U8, FIELD_U32, HEADER, MAX_FIXED, MAX_SEGMENTS, Anchors, FieldInfo, Layout, is_time,
)
from .wire cimport write_u32

from .errors import EncodeError
from .spec.values import DistributionList, SmeAddress, UnsuccessSme

__all__ = []

cdef extern from "Python.h":
    bint PyUnicode_Check(object)
    int PyUnicode_1BYTE_KIND
    int PyUnicode_KIND(object)
    void *PyUnicode_1BYTE_DATA(object)
    Py_ssize_t PyUnicode_GET_LENGTH(object)
    bint PyLong_Check(object)
    bint PyBytes_CheckExact(object)
    long long PyLong_AsLongLongAndOverflow(object, int *overflow) except? -1


cdef str _kind_of(object value):
    return type(value).__name__


cdef object _field_of(const Layout *layout, const FieldInfo *info):
    return (<object>layout.row).fields[info.index]


cdef int _refuse(object field, str why) except -1:
    raise EncodeError(f"{field.name} {why} ({field.section})", field.name)


cdef uint32_t _number(const Layout *layout, const FieldInfo *info, object value) except? 0:
    """An integer field's value, checked."""
    cdef int overflow = 0
    cdef long long number
    cdef long long top = 0xFF if info.kind == FIELD_U8 else 0xFFFFFFFF
    if not PyLong_Check(value):
        _refuse(_field_of(layout, info), f"takes an int, not {_kind_of(value)}")
    number = PyLong_AsLongLongAndOverflow(value, &overflow)
    if overflow or not 0 <= number <= top:
        _refuse(_field_of(layout, info), f"is {value}, it takes 0 to {top}")
    return <uint32_t>number


cdef int _text(const Layout *layout, const FieldInfo *info, object value, const char **data, uint32_t *size) except -1:
    """Where a C-octet string's characters are, and how many, without the NUL."""
    cdef Py_ssize_t length = 0
    if PyUnicode_Check(value):
        if PyUnicode_KIND(value) != PyUnicode_1BYTE_KIND:
            odd = next(character for character in value if ord(character) > 0xFF)
            _refuse(_field_of(layout, info), f"has {odd!r} at {value.index(odd)}, outside Latin-1")
        length = PyUnicode_GET_LENGTH(value)
        data[0] = <const char *>PyUnicode_1BYTE_DATA(value)
    elif PyBytes_CheckExact(value):
        length = PyBytes_GET_SIZE(value)
        data[0] = PyBytes_AS_STRING(value)
    else:
        _refuse(_field_of(layout, info), f"takes a str, not {_kind_of(value)}")
    if length >= info.limit:
        _refuse(_field_of(layout, info), f"has {length} characters, the limit is {info.limit - 1}")
    if length and memchr(data[0], 0, length) != NULL:
        _refuse(_field_of(layout, info), "has a NUL inside")
    size[0] = <uint32_t>length
    if info.time and length and not is_time(<const uint8_t *>data[0], length, info.time):
        _refuse(_field_of(layout, info), f"is {value!r}: a time is empty or 16 characters YYMMDDhhmmsstnnp")
    return 0


cdef bytes _address(object field, object value, Py_ssize_t limit):
    try:
        octets = value.encode("latin-1") if isinstance(value, str) else bytes(memoryview(value))
    except UnicodeEncodeError as error:
        _refuse(field, f"has {value[error.start]!r}, outside Latin-1")
    except TypeError:
        _refuse(field, f"has an address that is {_kind_of(value)}, not str")
    if len(octets) >= limit:
        _refuse(field, f"has an address of {len(octets)} characters, the limit is {limit - 1}")
    if 0 in octets:
        _refuse(field, "has an address with a NUL inside")
    return octets + b"\0"


cdef bytes _octet(object field, str what, object value, int size):
    cdef long long top = (1LL << (8 * size)) - 1
    if not isinstance(value, int):
        _refuse(field, f"has a {what} that is {_kind_of(value)}, not int")
    if not 0 <= value <= top:
        _refuse(field, f"has a {what} of {value}, it takes 0 to {top}")
    return value.to_bytes(size, "big")


cdef bytes _entry(object field, const FieldInfo *info, object item):
    """One entry of dest_addresses (an address, or the name of a distribution list) or of unsuccess_smes."""
    if info.kind == FIELD_DESTS:
        if isinstance(item, DistributionList):
            return b"\x02" + _address(field, item.dl_name, 21)
        if isinstance(item, str):
            item = SmeAddress(1, 1, item)
    if not isinstance(item, tuple) or len(item) != (3 if info.kind == FIELD_DESTS else 4):
        wanted = "SmeAddress or DistributionList" if info.kind == FIELD_DESTS else "UnsuccessSme"
        _refuse(field, f"takes entries of {wanted}, not {item!r}")
    octets = _octet(field, "TON", item[0], 1) + _octet(field, "NPI", item[1], 1) + _address(field, item[2], 21)
    return b"\x01" + octets if info.kind == FIELD_DESTS else octets + _octet(field, "status", item[3], 4)


cdef bytes _octets(const Layout *layout, const FieldInfo *info, object value, uint32_t *count):
    """Octets or a group: what stands behind its length or count."""
    cdef bytes data
    if info.kind == FIELD_OCTETS:
        if PyBytes_CheckExact(value):
            data = value
        elif isinstance(value, (bytes, bytearray, memoryview)):
            data = bytes(value)
        else:
            _refuse(_field_of(layout, info), f"takes octets, not {_kind_of(value)}: encode text first")
        count[0] = <uint32_t>min(PyBytes_GET_SIZE(data), 0xFFFF)
        what = "octets"
    else:
        if isinstance(value, (str, bytes)):
            _refuse(_field_of(layout, info), f"takes a list of entries, not {_kind_of(value)}")
        items = list(value)
        count[0] = <uint32_t>len(items)
        data = b"".join([_entry(_field_of(layout, info), info, item) for item in items])
        what = "entries"
    if count[0] > info.limit:
        _refuse(_field_of(layout, info), f"has {PyBytes_GET_SIZE(data) if info.kind == FIELD_OCTETS else count[0]} {what}, the limit is {info.limit}")
    return data


cdef bytes encode_field(const Layout *layout, const FieldInfo *info, object value, uint32_t *count):
    cdef const char *data = NULL
    cdef uint32_t size = 0
    if info.kind == FIELD_CSTRING:
        _text(layout, info, value, &data, &size)
        return data[:size] + b"\0"
    if info.kind >= FIELD_OCTETS:
        return _octets(layout, info, value, count)
    return _octet(_field_of(layout, info), "value", value, 1 if info.kind == FIELD_U8 else 4)


cdef int _absent_from(const Layout *layout, PyObject **values) except -1:
    """The first field that writes no octets because it is None: none may follow it."""
    cdef int i
    cdef int absent = layout.n_fields
    for i in range(layout.n_fields):
        if values[i] is NULL:
            continue
        if <object>values[i] is None:
            if not layout.tlv_body:
                _refuse(_field_of(layout, &layout.fields[i]), "cannot be None: only a response may end before its fields")
            if absent == layout.n_fields:
                absent = i - 1 if i and layout.fields[i - 1].counts else i
        elif absent < i:
            _refuse(_field_of(layout, &layout.fields[i]), f"cannot follow {_field_of(layout, &layout.fields[absent]).name}, which is None")
    return absent


cdef bytes build(const Layout *layout, PyObject **values, bytes tlvs, uint32_t command_status, uint32_t sequence_number, Anchors *anchors):
    cdef const char *data[MAX_SEGMENTS]
    cdef uint32_t sizes[MAX_SEGMENTS]
    cdef uint8_t fixed[MAX_FIXED]
    cdef const uint8_t *run = fixed
    cdef Py_ssize_t tlv_size = PyBytes_GET_SIZE(tlvs)
    cdef int present = layout.n_fields
    cdef int segments = layout.n_segments    # that are written whole
    cdef uint32_t rest = layout.tail         # fixed octets behind them
    cdef bint given = False
    cdef int i
    cdef uint32_t total
    cdef uint32_t count = 0
    cdef uint32_t p = HEADER
    cdef uint8_t *out
    cdef const FieldInfo *info
    cdef bytes octets
    cdef list kept = None          # octets made here, alive until they are copied
    memcpy(fixed, layout.blank, MAX_FIXED)
    memset(sizes, 0, sizeof(sizes))
    for i in range(layout.n_fields):
        if values[i] is NULL:
            continue
        if <object>values[i] is None:
            present = _absent_from(layout, values)
            break
        given = True
        info = &layout.fields[i]
        if info.kind == FIELD_U8:
            fixed[info.blank] = <uint8_t>_number(layout, info, <object>values[i])
        elif info.kind == FIELD_CSTRING:
            _text(layout, info, <object>values[i], &data[info.segment], &sizes[info.segment])
        elif info.kind == FIELD_U32:
            write_u32(fixed + info.blank, _number(layout, info, <object>values[i]))
        else:
            octets = _octets(layout, info, <object>values[i], &count)
            if <PyObject *>octets is not values[i]:
                kept = [kept, octets]
            data[info.segment] = PyBytes_AS_STRING(octets)
            sizes[info.segment] = <uint32_t>PyBytes_GET_SIZE(octets)
            fixed[layout.fields[i - 1].blank] = <uint8_t>count
    # A refused request is answered by the header alone (SMPP 3.4 4.4.2).
    if command_status and layout.tlv_body and not given:
        present = 0
    if present < layout.n_fields:
        if tlv_size and present:
            _refuse(_field_of(layout, &layout.fields[present]), "is None, so no TLVs can follow")
        segments = layout.fields[present].segment
        rest = layout.fields[present].delta
    total = HEADER + rest
    for i in range(segments):
        total += layout.segments[i].fixed + sizes[i] + (layout.segments[i].kind == FIELD_CSTRING)
    if total + tlv_size > 0x7FFFFFFF:
        raise EncodeError(f"a PDU of {total + tlv_size} octets", "tlvs")
    octets = PyBytes_FromStringAndSize(NULL, total + tlv_size)
    out = <uint8_t *>PyBytes_AS_STRING(octets)
    write_u32(out, <uint32_t>(total + tlv_size))
    write_u32(out + 4, layout.command_id)
    write_u32(out + 8, command_status)
    write_u32(out + 12, sequence_number)
    for i in range(segments):
        memcpy(out + p, run, layout.segments[i].fixed)
        p += layout.segments[i].fixed
        run += layout.segments[i].fixed
        if sizes[i]:
            memcpy(out + p, data[i], sizes[i])
            p += sizes[i]
        if layout.segments[i].kind == FIELD_CSTRING:
            out[p] = 0
            p += 1
        anchors.ends[i] = p
    memcpy(out + p, run, rest)
    p += rest
    if tlv_size:
        memcpy(out + p, PyBytes_AS_STRING(tlvs), tlv_size)
    anchors.located = present
    anchors.tlvs = p
    anchors.tlvs_end = anchors.limit = total + <uint32_t>tlv_size
    return octets
