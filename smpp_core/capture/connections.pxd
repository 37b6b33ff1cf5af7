"""Layer 4 of 9: connections followed to their end."""

from cpython.object cimport PyObject
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from ..tlv cimport Rules
from .files cimport Record
from .packets cimport Segment
from .search cimport Ending, Found, Framing
from .streams cimport Flow, Table, Way

cdef struct Session:            # what is kept of a connection that has brought octets
    Way ways[2]
    Framing framings[2]
    uint8_t ended[2]            # Ending of each direction that was told to its framing
    bint known                  # SMPP
    size_t memory               # what it held when it was last looked at
    size_t held_octets
    PyObject *ends              # Ends, or NULL while nothing was found
    PyObject *held              # list of items that wait for older ones, or NULL

cdef class Connections:
    cdef list items                         # found and not yet taken away
    cdef uint64_t pdus
    cdef uint64_t gaps
    cdef uint64_t forgotten                 # connections given up to bound memory
    cdef Rules _rules
    cdef uint32_t _max_length
    cdef bint _any_port
    cdef size_t _memory
    cdef Table _table
    cdef uint8_t _ports[8192]               # a bit per port

    cdef int pass_time(self, uint64_t frame) except -1
    cdef int take(self, const Segment *segment, const Record *record) except -1
    cdef int end(self) except -1
    cdef Flow *_connection(self, const Segment *segment, int *way) except NULL
    cdef Flow *_add(self, const Segment *segment) except NULL
    cdef int _follow(self, Flow *flow, int way, const Segment *segment, const Record *record) except -1
    cdef int _take_syn(self, Flow *flow, int way, const Segment *segment) except -1
    cdef int _take_octets(self, Flow *flow, int way, const Segment *segment, uint32_t sequence, const Record *record) except -1
    cdef int _run(self, Flow *flow, int way) except -1
    cdef int _pull(self, Flow *flow, int way) except -1
    cdef int _settle(self, Flow *flow, int way, int64_t time_ns) except -1
    cdef int _pass_hole(self, Flow *flow, int way) except -1
    cdef int _take_fin(self, Flow *flow, uint64_t frame) except -1
    cdef bint _is_done(self, Flow *flow, int way) noexcept
    cdef int _drain(self, Flow *flow, int way) except -1
    cdef int _put(self, Flow *flow, int way, const Found *found) except -1
    cdef int _release(self, Session *session, bint all) except -1
    cdef int _account(self, Flow *flow) except -1
    cdef int _finish(self, Flow *flow, Ending ending) except -1
    cdef int _forget(self, Flow *flow, Ending ending) except -1
