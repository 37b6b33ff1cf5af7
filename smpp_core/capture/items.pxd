"""Layer 4 of 9: what a capture is read into: PDUs and gaps, each with its place in the capture."""

from libc.stdint cimport int64_t, uint8_t, uint64_t

from ..pdu cimport Pdu
from ..tlv cimport Rules
from .search cimport Found

cdef class Ends:                # of one connection; shared by its items
    cdef uint64_t stream
    cdef str first             # the side that sent the first packet
    cdef str second
    cdef Rules rules
    cdef uint64_t max_length

cdef class Item:
    cdef Ends _ends
    cdef uint8_t _way
    cdef readonly uint64_t frame
    cdef readonly int64_t time_ns
    cdef readonly int64_t offset
    cdef readonly bint after_garbage

cdef class CapturedPdu(Item):
    cdef readonly bytes octets
    cdef readonly tuple missing
    cdef Pdu _pdu

cdef class Gap(Item):
    cdef readonly str kind
    cdef readonly bytes octets
    cdef readonly int64_t length
    cdef readonly int64_t absent
    cdef readonly str reason
    cdef bytes _begun

cdef CapturedPdu make_pdu(Ends ends, int way, const Found *found)
cdef Gap make_gap(Ends ends, int way, const Found *found)
cdef Ends make_ends(uint64_t stream, Rules rules, uint64_t max_length, const uint8_t *first, const uint8_t *second, int size,
                    int first_port, int second_port)
