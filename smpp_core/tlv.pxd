"""Layer 3 of 9: optional parameters: the rows of a profile ready for compiled code, and one TLV of a PDU."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t

cdef enum TlvKind:
    TLV_UNKNOWN = 0
    TLV_INTEGER = 1
    TLV_CSTRING = 2
    TLV_STRING = 3
    TLV_OCTETS = 4
    TLV_FLAG = 5


cdef class TlvRule:
    cdef readonly object row       # spec.rows.Tlv
    cdef readonly uint16_t tag
    cdef readonly str name
    cdef uint8_t kind
    cdef uint8_t vendor
    cdef uint8_t repeatable
    cdef uint32_t min
    cdef uint32_t max
    cdef bytes reserved            # 256 flags, None where nothing is reserved


cdef class Rules:
    cdef readonly object profile
    cdef readonly dict by_tag      # int -> TlvRule
    cdef readonly dict by_name     # str -> TlvRule
    cdef readonly frozenset lenient


cdef class Tlv:
    cdef bytes _octets             # the whole PDU's
    cdef TlvRule _rule             # None where the profile has no row
    cdef readonly uint16_t tag
    cdef readonly uint16_t length
    cdef readonly uint32_t offset
    cdef uint32_t _end


cdef Rules rules_of(object profile)
cdef Tlv make_tlv(bytes octets, Rules rules, uint32_t offset, uint32_t limit)
cdef bint fits(TlvRule rule, const uint8_t *value, uint32_t size) noexcept nogil
cdef object read_value(TlvRule rule, const uint8_t *value, uint32_t size)
cdef bytes encode_tlvs(object items, Rules rules)
cdef bytes encode_value(TlvRule rule, object value)
