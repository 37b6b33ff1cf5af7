"""Layer 3 of 9: the values of fields -> the octets of a PDU, written once."""

from cpython.object cimport PyObject
from libc.stdint cimport uint32_t

from .layout cimport Anchors, FieldInfo, Layout

# values: one borrowed reference per mandatory field, NULL where none is given. Fills `anchors`. Raises EncodeError.
cdef bytes build(const Layout *layout, PyObject **values, bytes tlvs, uint32_t command_status, uint32_t sequence_number, Anchors *anchors)
# The wire octets of one field's value, without the length or count in front of it. `count` gets what stands there.
cdef bytes encode_field(const Layout *layout, const FieldInfo *info, object value, uint32_t *count)
