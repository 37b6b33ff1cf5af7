"""Layer 3 of 9: one PDU: its octets, and where its fields stand in them. The layout of the class is private."""

from libc.stdint cimport uint32_t

from .layout cimport Anchors, Layout
from .tlv cimport Rules


cdef class Pdu:
    cdef bytes octets              # exactly one frame
    cdef Rules rules
    cdef Layout *layout            # NULL for an unknown command
    cdef tuple tlv_cache
    cdef tuple finding_cache
    cdef Anchors anchors
    cdef bint is_strict


# The PDU of one frame of 16 octets or more; raises DecodeError if `strict` and the frame has an error.
cdef Pdu decode_octets(bytes octets, Rules rules, bint strict)
