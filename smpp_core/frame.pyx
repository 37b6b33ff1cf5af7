"""Layer 2 of 9: a stream of octets -> frames; what a plausible header looks like."""

cimport cython
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.list cimport PyList_Append
from libc.stdint cimport uint8_t, uint32_t

from .wire cimport read_u32

from .errors import FrameError
from .spec.commands import COMMANDS
from .spec.foreign import protocol_of

__all__ = ["DEFAULT_MAX_LENGTH", "Framer", "find_frame", "is_plausible_header"]

# A full message_payload (65,535 octets) and the rest of the largest PDU.
DEFAULT_MAX_LENGTH = 70_000

cdef enum:
    HEADER = 16
    SLOTS = 0x120

cdef uint8_t _commands[2 * SLOTS]
for _id in COMMANDS:
    _commands[(_id & 0x7FFFFFFF) * 2 + (_id >> 31)] = 1


cdef bint is_command(uint32_t command_id) noexcept nogil:
    return command_id & 0x7FFFFFFF < SLOTS and _commands[(command_id & 0x7FFFFFFF) * 2 + (command_id >> 31)] != 0


cdef int plausible_header(const uint8_t *octets, uint32_t max_length) noexcept nogil:
    cdef uint32_t command_id = read_u32(octets + 4)
    cdef uint32_t length = read_u32(octets)
    if length < HEADER or length > max_length or not is_command(command_id) or read_u32(octets + 12) > 0x7FFFFFFF:
        return 0
    return command_id >> 31 or read_u32(octets + 8) == 0


cdef Py_ssize_t find_header(const uint8_t *octets, Py_ssize_t size, Py_ssize_t start, uint32_t max_length) noexcept nogil:
    cdef Py_ssize_t after
    while size - start >= HEADER:
        # The length's first octet is 0 for any PDU up to 16 MiB: skip quickly over text.
        if octets[start] == 0 and plausible_header(octets + start, max_length):
            after = start + read_u32(octets + start)
            if size - after < HEADER or plausible_header(octets + after, max_length):
                return start
        start += 1
    return -1


def is_plausible_header(octets, max_length=DEFAULT_MAX_LENGTH):
    """Whether the first 16 octets could be an SMPP header.

    octets: 16 or more; fewer are never plausible. max_length: the largest command_length to believe, in octets.
    """
    cdef bytes head = bytes(octets[:HEADER])
    return len(head) == HEADER and bool(plausible_header(<const uint8_t *>PyBytes_AS_STRING(head), max_length))


def find_frame(octets, start=0, max_length=DEFAULT_MAX_LENGTH):
    """The offset of the next PDU in octets that are out of step, or -1.

    A header is believed if it is plausible and what follows its PDU is plausible too, or the end. start: where to begin, in octets.
    """
    cdef bytes data = bytes(octets)
    return find_header(<const uint8_t *>PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data), max(0, start), max_length)


cdef object _frame_error(const uint8_t *octets, Py_ssize_t size, Py_ssize_t offset, uint32_t max_length):
    """Say what is wrong with the header in octets[0:size]; at least its length is there."""
    cdef uint32_t length = read_u32(octets)
    cdef bytes head = PyBytes_FromStringAndSize(<const char *>octets, min(size, HEADER))
    protocol = protocol_of(head)
    hint = ""
    if protocol:
        message = f"the octets at {offset} are {protocol}, not SMPP"
    elif is_command(length):
        name = COMMANDS[length].name
        message = f"command_length at {offset} holds the command_id of {name}"
        hint = f"four octets were lost in front of this {name}"
    elif length < HEADER:
        message = f"command_length at {offset} is {length}, the least is {HEADER}"
    else:
        message = f"command_length at {offset} is {length}, the limit is {max_length}"
    if not hint:
        found = find_header(octets, size, 1, max_length)
        if found >= 0:
            hint = f"a plausible header stands {found} octets further on"
    return FrameError(
        message, command_length=length, offset=offset, octets=head, protocol=protocol, hint=hint,
        sequence_number=read_u32(octets + 12) if size >= HEADER and not protocol else 0,
    )


@cython.final
cdef class Framer:
    """Cuts a stream of octets into frames of one PDU each, however it arrives.

    max_length: octets that a frame may have at the most (default 70,000); what is held between calls stays below it.
    SMPP 3.4 3.2, 5.1.1.
    """

    cdef readonly uint32_t max_length
    cdef readonly object error      # the FrameError that ended the stream, or None
    cdef readonly object offset     # of the first octet held, from the start of the stream
    cdef bytearray _held
    cdef bytearray _backlog         # what `resync` left to be cut
    cdef Py_ssize_t _dropped        # octets behind an error that there was no room for

    def __init__(self, max_length=DEFAULT_MAX_LENGTH):
        if not HEADER <= max_length <= 0x7FFFFFFF:
            raise ValueError(f"max_length is {HEADER} to {0x7FFFFFFF} octets, not {max_length}")
        self.max_length = max_length
        self.error = None
        self.offset = 0
        self._held = bytearray()

    @property
    def buffered(self):
        """Octets held: the beginning of a frame that is not whole yet."""
        return len(self._held) + (0 if self._backlog is None else len(self._backlog))

    def feed(self, octets):
        """Take the next octets of the stream; return the frames that are whole now, as a list of bytes.

        Raises FrameError where the stream cannot be cut any more: at once if no good frame came before it in these octets, else
        at the next call. A stream that failed stays failed, and takes no octets, unless `resync` finds a way on.
        """
        cdef Py_buffer view
        cdef list frames = []
        cdef bytearray backlog = self._backlog
        if self.error is not None:
            raise self.error.with_traceback(None)
        PyObject_GetBuffer(octets, &view, PyBUF_SIMPLE)
        try:
            if backlog is not None:
                self._backlog = None
                self._cut(<const uint8_t *><char *>backlog, len(backlog), frames)
                if self.error is None and self._dropped:
                    self._gap()
            if self.error is None:
                self._cut(<const uint8_t *>view.buf, view.len, frames)
            elif self._dropped:
                self._dropped += view.len
            else:
                self._keep(<const uint8_t *>view.buf, view.len)
        finally:
            PyBuffer_Release(&view)
        if self.error is not None and not frames:
            raise self.error.with_traceback(None)
        return frames

    cdef int _keep(self, const uint8_t *p, Py_ssize_t size) except -1:
        """Hold octets behind an error for `resync`, as many as the cap allows; count the others."""
        cdef Py_ssize_t room = min(size, max(0, <Py_ssize_t>self.max_length - <Py_ssize_t>len(self._held)))
        self._held += p[:room]
        self._dropped += size - room
        return 0

    cdef int _gap(self) except -1:
        """The octets behind these were dropped after an error: say so where they would stand."""
        self.error = FrameError(
            f"{self._dropped} octets behind an earlier error were dropped at the limit of {self.max_length}",
            command_length=None, offset=self.offset + len(self._held), hint="resync goes on behind them",
        )
        self.offset += len(self._held) + self._dropped
        self._held = bytearray()
        self._dropped = 0
        return 0

    cdef int _cut(self, const uint8_t *p, Py_ssize_t size, list frames) except -1:
        cdef Py_ssize_t held = len(self._held)
        cdef Py_ssize_t at = 0
        cdef Py_ssize_t take
        cdef uint32_t length
        if held:
            # Complete the frame that was begun, and copy no more than it needs.
            if held < 4:
                take = min(4 - held, size)
                self._held += p[:take]
                at = take
                held += take
                if held < 4:
                    return 0
            length = read_u32(<const uint8_t *><char *>self._held)
            if not HEADER <= length <= self.max_length:
                self._keep(p + at, size - at)
                return self._fail()
            take = min(<Py_ssize_t>length - held, size - at)
            self._held += p[at:at + take]
            at += take
            if held + take < length:
                return 0
            PyList_Append(frames, bytes(self._held))
            self.offset += length
            self._held = bytearray()
        while size - at >= 4:
            length = read_u32(p + at)
            if not HEADER <= length <= self.max_length:
                self._keep(p + at, size - at)
                return self._fail()
            if length > size - at:
                break
            PyList_Append(frames, PyBytes_FromStringAndSize(<const char *>(p + at), length))
            self.offset += length
            at += length
        if at < size:
            self._held += p[at:size]
        return 0

    cdef int _fail(self) except -1:
        self.error = _frame_error(<const uint8_t *><char *>self._held, len(self._held), self.offset, self.max_length)
        return 0

    def resync(self):
        """After a FrameError: go to the next plausible header of the octets at hand, and return how many were skipped.

        Where there is none yet, all but the last 15 octets are skipped. The frames behind come from the next `feed`, for example of b"".
        Returns 0 if nothing had failed.
        """
        cdef Py_ssize_t skipped, start
        if self.error is None:
            return 0
        # Behind a gap the first octet held may begin a header; elsewhere it is the one that failed.
        start = self.error.command_length is not None
        skipped = find_header(<const uint8_t *><char *>self._held, len(self._held), start, self.max_length)
        if skipped < 0:
            skipped = max(start, len(self._held) - (HEADER - 1))
        self._backlog = self._held[skipped:]
        self._held = bytearray()
        self.offset += skipped
        self.error = None
        return skipped
