"""Layer 3 of 9: optional parameters: the rows of a profile ready for compiled code, and one TLV of a PDU."""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING
from cpython.dict cimport PyDict_GetItem
from cpython.object cimport PyObject
from cpython.unicode cimport PyUnicode_DecodeLatin1

from .wire cimport read_u16

from .errors import EncodeError
from .profile import Profile
from .spec.tlvs import REPEATABLE
from .spec.values import reserved_table

__all__ = ["Tlv"]

cdef dict _KINDS = {"integer": TLV_INTEGER, "cstring": TLV_CSTRING, "string": TLV_STRING, "octets": TLV_OCTETS, "flag": TLV_FLAG}


@cython.final
cdef class TlvRule:
    """One TLV row of a profile, in C."""

    def __cinit__(self, row):
        self.row = row
        self.tag = row.tag
        self.name = row.name
        self.kind = _KINDS[row.kind]
        self.vendor = row.is_vendor
        self.repeatable = row.name in REPEATABLE
        self.min = row.min
        self.max = row.max
        if row.values:
            table = reserved_table(row.values)
            self.reserved = table if any(table) else None


@cython.final
cdef class Rules:
    """What a profile means for decoding: made once for each profile."""

    def __cinit__(self, profile):
        self.profile = profile
        self.by_tag = {tag: TlvRule(row) for tag, row in profile.tlvs.items()}
        self.by_name = {rule.name: rule for rule in self.by_tag.values()}
        self.lenient = frozenset(profile.lenient)


cdef enum:
    RULES_KEPT = 256               # a process that makes profiles without end must not grow with them

cdef dict _rules = {}              # Profile -> Rules
cdef Rules _default = None
cdef Rules _last_rules = None


cdef Rules rules_of(object profile):
    global _default, _last_rules
    cdef Rules rules
    if profile is None:
        if _default is None:
            _default = rules_of(Profile.vendor())
        return _default
    rules = _last_rules
    if rules is not None and profile is rules.profile:
        return rules
    rules = _rules.get(profile)
    if rules is None:
        if not isinstance(profile, Profile):
            raise TypeError(f"profile must be a Profile, not {type(profile).__name__}")
        rules = Rules(profile)
        if len(_rules) >= RULES_KEPT:
            _rules.clear()
        _rules[profile] = rules
    _last_rules = rules
    return rules


cdef bint fits(TlvRule rule, const uint8_t *value, uint32_t size) noexcept nogil:
    """Whether a value's length is inside its row; a C-octet string without NUL counts as if it had one."""
    if rule.kind == TLV_CSTRING and (size == 0 or value[size - 1] != 0):
        size += 1
    return rule.min <= size <= rule.max


cdef object read_value(TlvRule rule, const uint8_t *value, uint32_t size):
    """The typed value of a TLV's octets: int, str, bytes, True for a flag without octets, None for an integer that is none."""
    cdef uint8_t kind = rule.kind
    cdef unsigned long long number = 0
    cdef uint32_t i
    if rule.vendor and not fits(rule, value, size):
        return <bytes>(<const char *>value)[:size]
    if kind == TLV_INTEGER or kind == TLV_FLAG:
        if size == 0:
            return True if kind == TLV_FLAG else None
        if size > 8:
            return None
        for i in range(size):
            number = number << 8 | value[i]
        return number
    if kind == TLV_CSTRING:
        if size and value[size - 1] == 0:
            size -= 1
        return PyUnicode_DecodeLatin1(<const char *>value, size, NULL)
    if kind == TLV_STRING:
        while size and value[size - 1] == 0:
            size -= 1
        return PyUnicode_DecodeLatin1(<const char *>value, size, NULL)
    return <bytes>(<const char *>value)[:size]


@cython.final
@cython.freelist(64)
cdef class Tlv:
    """One optional parameter as it stands in a PDU.

    tag: 0 to 0xFFFF. name: the profile's, "" if it has no row. offset: of the TLV's header in the PDU. length: as declared in its header;
    raw may be shorter where the PDU ends before. value: int, str, bytes, True for a flag without octets, or None for an integer
    without octets. SMPP 3.4 3.2.4, 5.3.
    """

    def __init__(self):
        raise TypeError("a Tlv is read from a PDU; build one by tlvs=[(tag, octets)]")

    @property
    def name(self):
        """The profile's name of the tag, "" if it has none."""
        return "" if self._rule is None else self._rule.name

    @property
    def row(self):
        """The profile's row of the tag, or None."""
        return None if self._rule is None else self._rule.row

    @property
    def raw(self):
        """The value's octets as they stand."""
        return self._octets[self.offset + 4:self._end]

    @property
    def value(self):
        """The value, typed as the profile's row says; octets where it has none."""
        if self._rule is None:
            return self.raw
        return read_value(self._rule, <const uint8_t *>PyBytes_AS_STRING(self._octets) + self.offset + 4, self._end - self.offset - 4)

    def __eq__(self, other):
        if not isinstance(other, Tlv):
            return NotImplemented
        return self.tag == (<Tlv>other).tag and self.length == (<Tlv>other).length and self.raw == other.raw

    def __hash__(self):
        return hash((self.tag, self.raw))

    def __repr__(self):
        return f"Tlv(0x{self.tag:04X}, {self.raw!r})" if self._rule is None else f"Tlv({self._rule.name}={self.value!r})"

    def __reduce__(self):
        return _restore, (self._octets[self.offset:self._end], self.offset, None if self._rule is None else self._rule.row)


cdef Tlv _blank():
    return Tlv.__new__(Tlv)


def _restore(octets, offset, row):
    """Unpickle a Tlv: its own octets stand behind `offset` zeros, so that offsets stay those of the PDU."""
    cdef Tlv tlv = _blank()
    tlv._octets = bytes(offset) + octets
    tlv._rule = None if row is None else TlvRule(row)
    tlv.tag = int.from_bytes(octets[:2], "big")
    tlv.length = int.from_bytes(octets[2:4], "big")
    tlv.offset = offset
    tlv._end = offset + len(octets)
    return tlv


cdef Tlv make_tlv(bytes octets, Rules rules, uint32_t offset, uint32_t limit):
    """The TLV at `offset`, of which four octets at least must stand before `limit`; its value is cut at `limit`."""
    cdef const uint8_t *p = <const uint8_t *>PyBytes_AS_STRING(octets) + offset
    cdef Tlv tlv = _blank()
    cdef PyObject *rule
    tlv._octets = octets
    tlv.tag = read_u16(p)
    tlv.length = read_u16(p + 2)
    tlv.offset = offset
    tlv._end = offset + 4 + tlv.length
    if tlv._end > limit:
        tlv._end = limit
    rule = PyDict_GetItem(rules.by_tag, tlv.tag)
    tlv._rule = None if rule is NULL else <TlvRule>rule
    return tlv


cdef bytes encode_value(TlvRule rule, object value):
    """The octets of a typed value; EncodeError names the TLV and its limit."""
    cdef bytes octets
    name = rule.name
    if isinstance(value, (bytes, bytearray, memoryview)):
        octets = bytes(value)
    elif rule.kind == TLV_INTEGER or (rule.kind == TLV_FLAG and value is not True):
        if isinstance(value, bool) or not hasattr(value, "__index__"):
            raise EncodeError(f"{name} takes an int, not {type(value).__name__}", name)
        number = value.__index__()
        size = rule.max if rule.max in (1, 2, 3, 4, 8) else max(rule.min, 1)
        if number < 0 or number.bit_length() > 8 * size:
            raise EncodeError(f"{name} is {number}, it takes {size} octets without a sign", name)
        octets = number.to_bytes(size, "big")
    elif rule.kind == TLV_FLAG:
        octets = b""
    elif isinstance(value, str) and rule.kind in (TLV_CSTRING, TLV_STRING):
        try:
            octets = value.encode("latin-1")
        except UnicodeEncodeError as error:
            raise EncodeError(f"{name} has {value[error.start]!r} at {error.start}, outside Latin-1", name) from None
        if 0 in octets:
            raise EncodeError(f"{name} has a NUL inside", name)
        if rule.kind == TLV_CSTRING:
            octets += b"\0"
    else:
        raise EncodeError(f"{name} does not take {type(value).__name__}", name)
    if not rule.min <= len(octets) <= rule.max:
        raise EncodeError(f"{name} takes {rule.min} to {rule.max} octets, not {len(octets)}", name)
    return octets


cdef bytes encode_tlvs(object items, Rules rules):
    """The octets of `tlvs=`: each item (tag, octets), (tag or name, value) or a Tlv."""
    cdef TlvRule rule
    parts = []
    for item in items:
        if isinstance(item, Tlv):
            item = (<Tlv>item).tag, (<Tlv>item).raw
        try:
            key, value = item
        except (TypeError, ValueError):
            raise EncodeError(f"a TLV is (tag, octets) or (name, value), not {item!r}", "tlvs") from None
        if isinstance(key, str):
            rule = rules.by_name.get(key)
            if rule is None:
                raise EncodeError(f"profile {rules.profile.name!r} has no TLV {key!r}", "tlvs")
            tag, octets = rule.tag, encode_value(rule, value)
        else:
            try:
                tag = key.__index__()
            except AttributeError:
                raise EncodeError(f"a TLV's tag is an int or a name, not {key!r}", "tlvs") from None
            if not 0 <= tag <= 0xFFFF:
                raise EncodeError(f"a TLV's tag is 0 to 0xFFFF, not {tag}", "tlvs")
            rule = rules.by_tag.get(tag)
            if isinstance(value, (bytes, bytearray, memoryview)):
                octets = bytes(value)
            elif rule is None:
                raise EncodeError(f"TLV 0x{tag:04X} is in no row of the profile, so its value must be octets", "tlvs")
            else:
                octets = encode_value(rule, value)
        if len(octets) > 0xFFFF:
            raise EncodeError(f"TLV 0x{tag:04X} has {len(octets)} octets, the limit is 65535", "tlvs")
        parts.append(tag.to_bytes(2, "big") + len(octets).to_bytes(2, "big") + octets)
    return b"".join(parts)
