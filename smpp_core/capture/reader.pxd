"""Layer 4 of 9: the iteration over a capture."""

from libc.stdint cimport uint64_t

from .connections cimport Connections
from .files cimport PacketFile
from .packets cimport Dissector

cdef class Reader:
    cdef readonly uint64_t octets           # that packets had on the wire
    cdef PacketFile _file
    cdef Dissector _dissector
    cdef Connections _connections
    cdef list _items                        # the connections' own
    cdef Py_ssize_t _next
    cdef object _error
    cdef object _path
    cdef bint _ended

    cdef int _step(self) except -1
    cdef int _end(self) except -1
