"""Layer 4 of 9: the iteration over a capture: packet by packet, and what each makes whole."""

cimport cython
from cpython.exc cimport PyErr_CheckSignals
from cpython.list cimport PyList_GET_SIZE

from ..tlv cimport rules_of
from .connections cimport Connections
from .files cimport PacketFile, Record
from .packets cimport Dissector, Segment

import os

from ..errors import CaptureError
from ..frame import DEFAULT_MAX_LENGTH

__all__ = ["Reader"]

cdef enum:
    # A power of two less one: how often Ctrl-C is asked for while nothing comes out.
    SIGNAL_PACKETS = 4095


@cython.final
@cython.nonecheck(True)
cdef class Reader:
    """Iterates over the PDUs and gaps of a capture: items are CapturedPdu and Gap.

    source: a path, a binary file object (a pipe, short reads) or bytes: pcap or pcapng, gzip-compressed or not. ports: TCP ports on which
    all is SMPP or told about, and nothing else is looked at; None: SMPP is recognised by its octets. profile: what TLVs and statuses mean
    (default Profile.vendor()). max_length: the largest command_length to believe, in octets.
    octets: what the packets read so far had on the wire.
    Raises CaptureError for what is no readable capture, here or, once everything before was given out, while iterating; a file that only
    ends early leaves a warning.
    """

    def __cinit__(self):
        self._items = []
        self._ended = True

    def __init__(self, source, *, ports=None, profile=None, max_length=DEFAULT_MAX_LENGTH):
        if not 16 <= max_length <= 0x7FFFFFFF:
            raise ValueError(f"max_length is 16 to {0x7FFFFFFF} octets, not {max_length}")
        self._connections = Connections(rules_of(profile), max_length, ports)
        self._items = self._connections.items
        self._next = 0
        self._path = os.fspath(source) if isinstance(source, (str, os.PathLike)) else ""
        self._dissector = Dissector()
        try:
            self._file = PacketFile(source)
        except CaptureError as error:
            error.path = self._path
            raise
        self._ended = False

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def close(self):
        """Close the file if it was opened here, and end the iteration."""
        self._file.close()
        self._ended = True
        self._items.clear()
        self._next = 0

    @property
    def format(self):
        """"pcap" or "pcapng"."""
        return self._file.format

    @property
    def packets(self):
        """Packets read so far, of every kind."""
        return self._file.packets

    @property
    def segments(self):
        """TCP segments among them."""
        return self._dissector.segments

    @property
    def damaged(self):
        """Packets whose headers are cut off or contradict themselves."""
        return self._dissector.damaged

    @property
    def fragments(self):
        """Packets that were IP fragments and made nothing whole yet."""
        return self._dissector.fragments

    @property
    def streams(self):
        """TCP connections seen so far."""
        return self._connections.streams

    @property
    def forgotten(self):
        """Connections given up to bound memory."""
        return self._connections.forgotten

    @property
    def pdus(self):
        """PDUs found so far."""
        return self._connections.pdus

    @property
    def gaps(self):
        """Gaps found so far."""
        return self._connections.gaps

    @property
    def truncated(self):
        """Whether the file ends early."""
        return self._file.truncated

    @property
    def warnings(self):
        """Sentences about the file as a whole, as "the file ends inside packet 17"."""
        found = list(self._file.warnings)
        if self._dissector.lost_datagrams:
            found.append(f"{self._dissector.lost_datagrams} fragmented IP packets were never whole")
        if self._connections.forgotten:
            found.append(f"{self._connections.forgotten} connections were given up to bound memory")
        return found

    def __iter__(self):
        return self

    def __next__(self):
        cdef Py_ssize_t at
        while self._next >= PyList_GET_SIZE(self._items):
            if self._next:
                self._items.clear()
                self._next = 0
            if not self._step() and PyList_GET_SIZE(self._items) == 0:
                if self._error is None:
                    raise StopIteration
                error, self._error = self._error, None
                raise error
        at = self._next
        self._next += 1
        item = self._items[at]
        # Whoever iterates decides how long an item lives.
        self._items[at] = None
        return item

    cdef int _step(self) except -1:
        """Read one packet; 0 at the end."""
        cdef Record record
        cdef Segment segment
        if self._ended:
            return 0
        try:
            if not self._file.read_record(&record):
                return self._end()
        except CaptureError as error:
            error.path = self._path
            self._error = error
            return self._end()
        if record.frame & SIGNAL_PACKETS == 0:
            PyErr_CheckSignals()
        self.octets += record.wire
        self._connections.pass_time(record.frame)
        if self._dissector.read_segment(&record, &segment):
            self._connections.take(&segment, &record)
        return 1

    cdef int _end(self) except -1:
        self._ended = True
        self._file.close()
        self._connections.end()
        if self._error is None and self._file.packets and self._file.unreadable == self._file.packets:
            self._error = CaptureError(f"nothing to read: {', '.join(self._file.warnings)}", self._path)
        return 0
