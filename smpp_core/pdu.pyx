"""Layer 3 of 9: one PDU: its octets, and where its fields stand in them; decoding, building, changing, answering.

A PDU owns the octets of one frame and the offsets of its variable fields, found in one pass that makes no Python object.
Fields and TLVs are read at access. SMPP 3.4 3.2, 4, 5.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_CheckExact, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.dict cimport PyDict_GetItem
from cpython.object cimport PyObject
from cpython.tuple cimport PyTuple_GET_ITEM, PyTuple_GET_SIZE
from cpython.unicode cimport PyUnicode_DecodeLatin1
from libc.stdint cimport uint8_t, uint32_t
from libc.string cimport memset

from .build cimport build, encode_field
from .examine cimport examine
from .layout cimport (
    FIELD_CSTRING, FIELD_DESTS, FIELD_OCTETS, FIELD_U8, FIELD_U32, HEADER, MAX_FIELDS, Anchors, FieldInfo, Layout, layout_of, locate,
)
from .tlv cimport Rules, Tlv, TlvRule, encode_tlvs, make_tlv, read_value, rules_of
from .wire cimport find_nul, read_u16, read_u32, write_u32

from . import errors
from .errors import DecodeError, EncodeError, FrameError
from .line import line_of, repr_of
from .spec.statuses import BY_NAME as STATUS_BY_NAME
from .spec.tlvs import TLVS
from .spec.values import DistributionList, SmeAddress, UnsuccessSme
from .spec.vendor import TLVS as VENDOR_TLVS

__all__ = ["Pdu", "decode", "decode_many"]

cdef extern from *:
    """
    #include <structmember.h>

    #define SMPP_TP_NEW(cls) ((void *)((PyTypeObject *)(cls))->tp_new)
    #define SMPP_CALL_NEW(f, cls, args) (((newfunc)(f))((PyTypeObject *)(cls), (args), NULL))

    static void smpp_set_new(PyObject *cls, void *make, void *vectorcall) {
        ((PyTypeObject *)cls)->tp_new = (newfunc)make;
        ((PyTypeObject *)cls)->tp_vectorcall = (vectorcallfunc)vectorcall;
        PyType_Modified((PyTypeObject *)cls);
    }

    /* A data descriptor whose closure says which field it reads: one C function serves every field of every class. */
    static int smpp_add_getter(PyObject *cls, const char *name, const char *doc, void *get, void *closure) {
        PyTypeObject *type = (PyTypeObject *)cls;
        PyObject *descriptor;
        int result;
        PyGetSetDef *def = PyMem_Malloc(sizeof(PyGetSetDef));
        if (def == NULL) { PyErr_NoMemory(); return -1; }
        def->name = name; def->get = (getter)get; def->set = NULL; def->doc = doc; def->closure = closure;
        descriptor = PyDescr_NewGetSet(type, def);
        if (descriptor == NULL) return -1;
        result = PyDict_SetItemString(type->tp_dict, name, descriptor);
        Py_DECREF(descriptor);
        PyType_Modified(type);
        return result;
    }
    """
    void *SMPP_TP_NEW(object cls)
    object SMPP_CALL_NEW(void *new, object cls, object args)
    void smpp_set_new(object cls, void *make, void *vectorcall)
    int smpp_add_getter(object cls, const char *name, const char *doc, void *get, void *closure) except -1

cdef extern from "Python.h":
    Py_ssize_t PyVectorcall_NARGS(size_t nargsf)
    long long PyLong_AsLongLongAndOverflow(object, int *overflow) except? -1

cdef uint32_t RESPONSE = 0x80000000    # the bit of a response's command_id; alone it is generic_nack's

cdef tuple _NOTHING = ()
cdef void *_blank_pdu              # Pdu's own tp_new: an empty object
cdef object _unknown = None        # the class UnknownPdu
cdef list _alive = []              # names and documents that descriptors point to
cdef dict _layouts = {}            # class -> address of its Layout


@cython.freelist(512)
@cython.no_gc
cdef class Pdu:
    """One SMPP PDU: immutable, equal and hashed by its octets.

    Made by `decode`, or by calling a command's class with its fields as keywords. Mandatory fields are attributes under the names of
    the specification (None where the octets end before them), TLVs under those of the profile (None where absent).
    `bytes(pdu)` are the octets. SMPP 3.4 3.2.
    """

    def __bytes__(self):
        return self.octets

    def __len__(self):
        return PyBytes_GET_SIZE(self.octets)

    def __eq__(self, other):
        if not isinstance(other, Pdu):
            return NotImplemented
        return self.octets == (<Pdu>other).octets

    def __hash__(self):
        return hash(self.octets)

    def __repr__(self):
        return repr_of(self)

    def __str__(self):
        return line_of(self)

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self

    def __reduce__(self):
        return _restore, (self.octets, self.rules.profile, self.is_strict)

    def __getattr__(self, name):
        cdef PyObject *rule = PyDict_GetItem(self.rules.by_name, name)
        if rule is NULL:
            raise AttributeError(f"{type(self).__name__} has no field, and profile {self.rules.profile.name!r} no TLV {name!r}")
        return _first_value(self, <TlvRule>rule)

    @property
    def command_length(self):
        """Octets of the PDU as its header says. SMPP 3.4 5.1.1."""
        return read_u32(_at(self, 0))

    @property
    def command_id(self):
        """The command's number; bit 31 is set in responses. SMPP 3.4 5.1.2."""
        return read_u32(_at(self, 4))

    @property
    def command_status(self):
        """The status of a response, 0 to 0xFFFFFFFF; 0 in requests. SMPP 3.4 5.1.3."""
        return read_u32(_at(self, 8))

    @property
    def sequence_number(self):
        """What joins a response to its request, 0 to 0xFFFFFFFF. SMPP 3.4 5.1.4."""
        return read_u32(_at(self, 12))

    @property
    def row(self):
        """The command's row of the tables (smpp_core.spec.rows.Command), None for an unknown command."""
        return None if self.layout is NULL else <object>self.layout.row

    @property
    def command(self):
        """The command's name, "unknown" if its id is in no table."""
        return "unknown" if self.layout is NULL else (<object>self.layout.row).name

    @property
    def status(self):
        """The profile's row of command_status: .value .name .meaning .retry."""
        return self.rules.profile.status(read_u32(_at(self, 8)))

    @property
    def is_response(self):
        """Whether bit 31 of command_id is set."""
        return read_u32(_at(self, 4)) >> 31 != 0

    @property
    def profile(self):
        """The profile that names TLVs, statuses and alphabets."""
        return self.rules.profile

    @property
    def strict(self):
        """Whether the PDU was decoded strictly."""
        return self.is_strict

    @property
    def tlvs(self):
        """The TLVs in order, repeats included, as a tuple of Tlv. SMPP 3.4 5.3."""
        cdef uint32_t p = self.anchors.tlvs
        cdef uint32_t end = self.anchors.tlvs_end
        cdef Tlv tlv
        if p >= end:
            return _NOTHING
        if self.tlv_cache is None:
            found = []
            while p < end:
                tlv = make_tlv(self.octets, self.rules, p, end)
                found.append(tlv)
                p = tlv._end
            self.tlv_cache = tuple(found)
        return self.tlv_cache

    @property
    def tail(self):
        """Octets behind the last TLV, b"" in a sound PDU."""
        return self.octets[self.anchors.tlvs_end:self.anchors.limit]

    @property
    def findings(self):
        """What deviates from the tables in the PDU's structure, as a tuple of Finding; see also `explain`."""
        cdef Anchors anchors
        if self.finding_cache is None:
            found = examine(self.layout, self.row, self.octets, self.rules, &anchors)
            self.finding_cache = _NOTHING if found is None else tuple(found)
        return self.finding_cache

    def fields(self):
        """All mandatory fields in wire order, as a new dict."""
        cdef dict found = {}
        cdef int i
        if self.layout is not NULL:
            for i in range(self.layout.n_fields):
                found[<object>self.layout.names[i]] = _value(self, &self.layout.fields[i])
        return found

    def field_offset(self, str name not None):
        """Octets from the start of the PDU to a mandatory field or, by name, the first TLV of that name (its header); None if it is absent."""
        cdef int i
        cdef PyObject *rule
        cdef uint32_t at
        if self.layout is not NULL:
            for i in range(self.layout.n_fields):
                if <object>self.layout.names[i] == name:
                    return _offset(self, &self.layout.fields[i]) if i < <int>self.anchors.located else None
        rule = PyDict_GetItem(self.rules.by_name, name)
        at = 0 if rule is NULL else _find(self, (<TlvRule>rule).tag)
        return at if at else None

    def with_sequence(self, sequence_number):
        """The same PDU with another sequence_number (0 to 0xFFFFFFFF); nothing else changes."""
        cdef uint32_t number = _header_number(sequence_number, "sequence_number")
        cdef bytes octets = PyBytes_FromStringAndSize(PyBytes_AS_STRING(self.octets), PyBytes_GET_SIZE(self.octets))
        cdef Pdu pdu = <Pdu>SMPP_CALL_NEW(_blank_pdu, type(self), _NOTHING)
        write_u32(<uint8_t *>PyBytes_AS_STRING(octets) + 12, number)
        pdu.octets = octets
        pdu.rules = self.rules
        pdu.layout = self.layout
        pdu.anchors = self.anchors
        return pdu

    def with_profile(self, profile):
        """The same octets, read by another profile."""
        return decode_octets(self.octets, rules_of(profile), False)

    def replace(self, **fields):
        """Another PDU with the named fields changed, and the lengths that follow from them; every other octet stays.

        fields: mandatory fields, command_status, sequence_number, `tlvs` (all of them anew) or TLVs by name (the first of that name
        is changed or one is added; None takes all of that name out). Raises EncodeError for a value outside its row, or a field that
        these octets do not hold.
        """
        return decode_octets(_replaced(self, fields), self.rules, False)

    def reply(self, command_status=0, **fields):
        """The response to this request, with its sequence_number.

        command_status: 0 to 0xFFFFFFFF or a CommandStatus. fields: those of the response's class, `tlvs` included. A command without
        a response of its own, or an unknown one (status ESME_RINVCMDID unless another is given), is answered by generic_nack.
        Raises EncodeError if this PDU is a response.
        """
        cdef PyObject *values[MAX_FIELDS]
        cdef uint32_t command_id = read_u32(_at(self, 4))
        cdef Layout *layout = layout_of(command_id | RESPONSE)
        cdef int i
        if command_id & RESPONSE:
            raise EncodeError(f"{self.command} is a response and is not answered", "command_id")
        if layout is NULL:
            layout = layout_of(RESPONSE)
            if self.layout is NULL and not command_status:
                command_status = STATUS_BY_NAME["ESME_RINVCMDID"].value
        memset(values, 0, sizeof(values))
        for name, value in fields.items():
            i = _index(layout, name)
            if i >= 0:
                values[_settable(layout, i)] = <PyObject *>value
            elif name != "tlvs":
                raise TypeError(f"{(<object>layout.cls).__name__} has no field {name!r}")
        return _construct(<object>layout.cls, layout, values, fields.get("tlvs"), command_status, self.sequence_number, self.rules.profile)


cdef inline const uint8_t *_at(Pdu pdu, uint32_t offset) noexcept:
    return <const uint8_t *>PyBytes_AS_STRING(pdu.octets) + offset


cdef inline uint32_t _offset(Pdu pdu, const FieldInfo *info) noexcept:
    return (pdu.anchors.ends[info.segment - 1] if info.segment else HEADER) + info.delta


cdef object _value(Pdu pdu, const FieldInfo *info):
    """The value of one mandatory field, None where the octets end before it."""
    cdef uint32_t start
    cdef const uint8_t *b
    if info.index >= pdu.anchors.located:
        return None
    start = _offset(pdu, info)
    b = <const uint8_t *>PyBytes_AS_STRING(pdu.octets)
    if info.kind == FIELD_U8:
        return b[start] if start < pdu.anchors.limit else 0
    if info.kind == FIELD_U32:
        return read_u32(b + start)
    if info.kind == FIELD_CSTRING:
        return PyUnicode_DecodeLatin1(<const char *>b + start, pdu.anchors.ends[info.segment] - start - 1, NULL)
    if info.kind == FIELD_OCTETS:
        return <bytes>(<const char *>b + start)[:pdu.anchors.ends[info.segment] - start]
    return _group(info, b, start, pdu.anchors.limit)


cdef tuple _group(const FieldInfo *info, const uint8_t *b, uint32_t p, uint32_t limit):
    """The whole entries of dest_addresses or unsuccess_smes that stand before `limit`."""
    cdef uint32_t count = b[p - 1] if p <= limit else 0
    cdef uint32_t start
    cdef uint32_t end
    cdef int flag = 1
    entries = []
    while count:
        count -= 1
        if info.kind == FIELD_DESTS:
            if p >= limit or b[p] not in (1, 2):
                break
            flag = b[p]
            p += 1
        start = p + (2 if flag == 1 else 0)
        if start >= limit:
            break
        end = find_nul(b, start, limit)
        if end == limit:
            break
        address = PyUnicode_DecodeLatin1(<const char *>b + start, end - start, NULL)
        if flag == 2:
            entries.append(DistributionList(address))
        elif info.kind == FIELD_DESTS:
            entries.append(SmeAddress(b[p], b[p + 1], address))
        else:
            if end + 5 > limit:
                break
            entries.append(UnsuccessSme(b[p], b[p + 1], address, read_u32(b + end + 1)))
            end += 4
        p = end + 1
    return tuple(entries)


cdef uint32_t _find(Pdu pdu, uint32_t tag) noexcept:
    """Where the first TLV of `tag` stands, 0 if there is none."""
    cdef const uint8_t *b = <const uint8_t *>PyBytes_AS_STRING(pdu.octets)
    cdef uint32_t p = pdu.anchors.tlvs
    while p < pdu.anchors.tlvs_end:
        if read_u16(b + p) == tag:
            return p
        p += 4 + read_u16(b + p + 2)
    return 0


cdef object _first_value(Pdu pdu, TlvRule rule):
    cdef const uint8_t *b = <const uint8_t *>PyBytes_AS_STRING(pdu.octets)
    cdef uint32_t p = _find(pdu, rule.tag)
    if p == 0:
        return None
    return read_value(rule, b + p + 4, min(read_u16(b + p + 2), pdu.anchors.tlvs_end - p - 4))


cdef object _get_field(object self, void *closure):
    return _value(<Pdu>self, <const FieldInfo *>closure)


cdef object _get_tlv(object self, void *closure):
    cdef PyObject *rule = PyDict_GetItem((<Pdu>self).rules.by_name, <object>closure)
    if rule is NULL:
        raise AttributeError(f"profile {(<Pdu>self).rules.profile.name!r} has no TLV {<object>closure!r}")
    return _first_value(<Pdu>self, <TlvRule>rule)


cdef Pdu decode_octets(bytes octets, Rules rules, bint strict):
    cdef const uint8_t *b = <const uint8_t *>PyBytes_AS_STRING(octets)
    cdef Py_ssize_t size = PyBytes_GET_SIZE(octets)
    cdef Layout *layout
    cdef Pdu pdu
    if size < HEADER or size > 0x7FFFFFFF:
        raise _not_a_frame(octets)
    layout = layout_of(read_u32(b + 4))
    pdu = <Pdu>SMPP_CALL_NEW(_blank_pdu, _unknown if layout is NULL else <object>layout.cls, _NOTHING)
    pdu.octets = octets
    pdu.rules = rules
    pdu.layout = layout
    pdu.is_strict = strict
    if layout is NULL or read_u32(b) != <uint32_t>size or locate(layout, b, <uint32_t>size, &pdu.anchors):
        _salvage(pdu)
    return pdu


cdef int _salvage(Pdu pdu) except -1:
    """Keep what can be located of a broken PDU; raise DecodeError where the decoding is strict."""
    found = examine(pdu.layout, pdu.row, pdu.octets, pdu.rules, &pdu.anchors)
    pdu.finding_cache = _NOTHING if found is None else tuple(found)
    if pdu.is_strict:
        for finding in pdu.finding_cache:
            if finding.severity == "error" and finding.code not in pdu.rules.lenient:
                raise DecodeError(pdu, finding)
    return 0


cdef object _not_a_frame(bytes octets):
    if len(octets) < HEADER:
        length = int.from_bytes(octets[:4], "big") if len(octets) >= 4 else 0
        return FrameError(f"a PDU has {HEADER} octets at least, not {len(octets)}", command_length=length, octets=octets)
    return FrameError(f"a PDU of {len(octets)} octets is beyond 2 GiB", command_length=read_u32(<const uint8_t *>PyBytes_AS_STRING(octets)),
                      octets=octets[:HEADER])


def decode(frame, *, bint strict=True, profile=None):
    """Decode exactly one frame.

    frame: the PDU's octets, command_length included; bytes are shared, other buffers copied. strict: raise at an error, else keep it as
    a finding. profile: what TLVs, statuses and alphabets mean (default Profile.vendor()).
    Returns an instance of the command's class. Raises DecodeError for a frame with an error (`.pdu` is what could be read), FrameError
    for fewer than 16 octets. SMPP 3.4 3.2.
    """
    return decode_octets(<bytes>frame if PyBytes_CheckExact(frame) else bytes(memoryview(frame)), rules_of(profile), strict)


def decode_many(frames, *, bint strict=False, profile=None):
    """Decode frames, an iterable of bytes as `Framer.feed` returns them, into a list of PDUs.

    strict: raise at the first error, else keep errors as findings. Raises DecodeError, FrameError as `decode` does.
    """
    cdef Rules rules = rules_of(profile)
    return [decode_octets(<bytes>frame if PyBytes_CheckExact(frame) else bytes(memoryview(frame)), rules, strict) for frame in frames]


def _restore(octets, profile, strict):
    """Unpickle a PDU: even a broken one keeps its strictness without raising again."""
    cdef Pdu pdu = decode_octets(octets, rules_of(profile), False)
    pdu.is_strict = strict
    return pdu


def _generic_nack(command_status, sequence_number):
    """The generic_nack of an error that answers; errors.py stands earlier on the path and cannot import it."""
    return (<object>layout_of(RESPONSE).cls)(command_status=command_status, sequence_number=sequence_number)


cdef uint32_t _header_number(object value, str name) except? 0:
    cdef int overflow = 0
    cdef long long number
    if not isinstance(value, int):
        raise EncodeError(f"{name} takes an int, not {type(value).__name__}", name)
    number = PyLong_AsLongLongAndOverflow(value, &overflow)
    if overflow or number < 0 or number >> 32:
        raise EncodeError(f"{name} is {value}, it takes 0 to {0xFFFFFFFF}", name)
    return <uint32_t>number


cdef Pdu _construct(object cls, Layout *layout, PyObject **values, object tlvs, object command_status, object sequence_number, object profile):
    cdef Rules rules = rules_of(profile)
    cdef bytes tlv_octets = encode_tlvs(tlvs, rules) if tlvs else b""
    cdef uint32_t status = _header_number(command_status, "command_status")
    cdef uint32_t sequence = _header_number(sequence_number, "sequence_number")
    cdef Pdu pdu = <Pdu>SMPP_CALL_NEW(_blank_pdu, cls, _NOTHING)
    pdu.rules = rules
    pdu.layout = layout
    pdu.is_strict = True
    pdu.octets = build(layout, values, tlv_octets, status, sequence, &pdu.anchors)
    return pdu


cdef object _call(object cls, PyObject **args, size_t nargsf, PyObject *kwnames):
    """Vectorcall of every command's class: keywords straight to octets, without a dict or a tuple."""
    cdef PyObject *values[MAX_FIELDS]
    cdef Layout *layout = <Layout *><size_t>_layouts[cls]
    cdef Py_ssize_t count = 0 if kwnames is NULL else PyTuple_GET_SIZE(<object>kwnames)
    cdef Py_ssize_t k
    cdef int i
    cdef int expected = 0
    cdef int tried
    cdef object tlvs = None
    cdef object command_status = 0
    cdef object sequence_number = 0
    cdef object profile = None
    if PyVectorcall_NARGS(nargsf):
        raise TypeError(f"{cls.__name__} takes its fields as keywords")
    memset(values, 0, sizeof(values))
    for k in range(count):
        name = <object>PyTuple_GET_ITEM(<object>kwnames, k)
        i = _interned_index(layout, <void *>name, expected)
        if i < 0:
            if name == "sequence_number":
                sequence_number = <object>args[k]
                continue
            if name == "command_status":
                command_status = <object>args[k]
                continue
            if name == "tlvs":
                tlvs = <object>args[k]
                continue
            if name == "profile":
                profile = <object>args[k]
                continue
            i = _index(layout, name)
            if i < 0:
                raise TypeError(f"{cls.__name__} has no field {name!r}")
        values[i] = args[k]
        expected = _settable(layout, i) + 1
    return _construct(cls, layout, values, tlvs, command_status, sequence_number, profile)


cdef int _interned_index(const Layout *layout, const void *name, int expected) noexcept nogil:
    """The index of a field by the address of its name, -1; keywords mostly come in wire order, so the search begins behind the last one."""
    cdef int n = layout.n_fields
    cdef int i
    for i in range(expected, n):
        if layout.names[i] == name:
            return i
    for i in range(min(expected, n)):
        if layout.names[i] == name:
            return i
    return -1


cdef int _index(const Layout *layout, object name) except -2:
    """The index of a field by a name that is not interned, -1."""
    cdef int i
    for i in range(layout.n_fields):
        if <object>layout.names[i] == name:
            return i
    return -1


cdef int _settable(const Layout *layout, int i) except -2:
    if layout.fields[i].counts:
        raise TypeError(f"{<object>layout.names[i]} is not set, it measures {<object>layout.names[i + 1]}")
    return i


cdef object _new(object cls, object args, PyObject *kwargs):
    """tp_new of every command's class, for calls that do not come by vectorcall."""
    cdef PyObject *values[64]
    cdef Py_ssize_t k = 0
    names = []
    kept = []
    if kwargs is not NULL:
        for name, value in (<dict>kwargs).items():
            if k == 64:
                raise TypeError(f"{cls.__name__} has no field {name!r}")
            names.append(name)
            kept.append(value)
            values[k] = <PyObject *>value
            k += 1
    names = tuple(names)
    return _call(cls, values, len(args), <PyObject *>names)


cdef object _refuse_new(object cls, object args, PyObject *kwargs):
    raise TypeError(f"{cls.__name__} is made by decode()")


cdef object _refuse_call(object cls, PyObject **args, size_t nargsf, PyObject *kwnames):
    raise TypeError(f"{cls.__name__} is made by decode()")


cdef bytes _replaced(Pdu pdu, dict changes):
    """The octets of a PDU with some fields changed: splices, from the last to the first."""
    cdef FieldInfo *info
    cdef uint32_t count = 0
    cdef int i
    splices = []
    result = bytearray(pdu.octets)
    for name, value in changes.items():
        if name in ("command_status", "sequence_number"):
            at = 8 if name == "command_status" else 12
            result[at:at + 4] = _header_number(value, name).to_bytes(4, "big")
        elif name == "tlvs":
            splices.append((pdu.anchors.tlvs, pdu.anchors.tlvs_end, encode_tlvs(value or (), pdu.rules)))
        elif pdu.layout is not NULL and (i := _index(pdu.layout, name)) >= 0:
            info = &pdu.layout.fields[_settable(pdu.layout, i)]
            if i >= <int>pdu.anchors.located:
                if i or pdu.layout.n_fields != 1 or pdu.anchors.tlvs != HEADER:
                    raise EncodeError(f"these octets end before {name}, so it cannot be replaced", name)
                start = end = HEADER
            else:
                start = _offset(pdu, info)
                end = min(pdu.anchors.ends[info.segment], pdu.anchors.limit) if info.kind >= FIELD_CSTRING else start + (1 if info.kind == FIELD_U8 else 4)
            octets = encode_field(pdu.layout, info, value, &count)
            if i and pdu.layout.fields[i - 1].counts:
                start -= 1
                octets = bytes((count,)) + octets
            splices.append((start, end, octets))
        elif name in pdu.rules.by_name:
            splices.extend(_tlv_splices(pdu, name, value))
        else:
            raise TypeError(f"{type(pdu).__name__} has no field, and profile {pdu.rules.profile.name!r} no TLV {name!r}")
    growth = 0
    for start, end, octets in sorted(splices, key=lambda splice: splice[:2], reverse=True):
        result[start:end] = octets
        growth += len(octets) - (end - start)
    # A wrong length stays as wrong as it was, unless it is no length at all: it could grow into one that is believed.
    length = pdu.command_length + growth if pdu.command_length >= HEADER or not growth else len(result)
    if not 0 <= length <= 0xFFFFFFFF:
        raise EncodeError(f"command_length would be {length}", "command_length")
    result[0:4] = length.to_bytes(4, "big")
    return bytes(result)


cdef list _tlv_splices(Pdu pdu, str name, object value):
    cdef TlvRule rule = pdu.rules.by_name[name]
    present = [tlv for tlv in pdu.tlvs if tlv.tag == rule.tag]
    if value is None:
        return [(tlv.offset, (<Tlv>tlv)._end, b"") for tlv in present]
    octets = encode_tlvs(((name, value),), pdu.rules)
    if present:
        return [(present[0].offset, (<Tlv>present[0])._end, octets)]
    return [(pdu.anchors.tlvs_end, pdu.anchors.tlvs_end, octets)]


def _register(cls, row):
    """Take the class of a command (row None: of unknown commands) into decoding; called once per class by smpp_core.commands."""
    global _unknown
    cdef Layout *layout
    cdef int i
    if row is None:
        _unknown = cls
        smpp_set_new(cls, <void *>_refuse_new, <void *>_refuse_call)
        return
    layout = layout_of(row.id)
    layout.cls = <void *>cls
    _alive.append(cls)
    _layouts[cls] = <size_t>layout
    for i, field in enumerate(row.fields):
        name, doc = field.name.encode(), f"{field.doc} {field.section}.".encode()
        _alive.extend((name, doc))
        smpp_add_getter(cls, name, doc, <void *>_get_field, &layout.fields[i])
    smpp_set_new(cls, <void *>_new, <void *>_call)


cdef int _prepare() except -1:
    """Give Pdu an attribute for each TLV of the standard and of the vendor, and take its own constructor away."""
    global _blank_pdu
    _blank_pdu = SMPP_TP_NEW(Pdu)
    for row in (*TLVS.values(), *VENDOR_TLVS.values()):
        name, key, doc = row.name.encode(), row.name, f"TLV 0x{row.tag:04X}. {row.doc} {row.section}.".encode()
        _alive.extend((name, key, doc))
        smpp_add_getter(Pdu, name, doc, <void *>_get_tlv, <void *>key)
    smpp_set_new(Pdu, <void *>_refuse_new, <void *>_refuse_call)
    errors._make_generic_nack = _generic_nack
    return 0


_prepare()
