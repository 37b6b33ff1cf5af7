"""Layer 4 of 9: a buffer of rendered requests, and what became of each of them, in columns; no Python object a message.

The session numbers the requests and keeps the window; the octets, the search for the response's request and the results are here.
"""

cimport cython
from cpython cimport array
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.math cimport NAN
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memchr, memcpy

from .wire cimport read_u32, write_u32

import array

from .errors import EncodeError

__all__ = ["ANSWERED", "Batch", "IN_FLIGHT", "LOST", "TIMED_OUT", "UNSENT", "shares"]

UNSENT, IN_FLIGHT, ANSWERED, TIMED_OUT, LOST = range(5)

cdef enum:
    HEADER = 16
    RESPONSE = 0x80000000
    GENERIC_NACK = 0x80000000
    UNKNOWN_ERROR = 0xFF  # ESME_RUNKNOWNERR
    MAX_ID = 0xFFFF
    C_UNSENT = 0
    C_IN_FLIGHT = 1
    C_ANSWERED = 2
    C_TIMED_OUT = 3
    C_LOST = 4


def shares(octets, Py_ssize_t most):
    """Cut a buffer of whole PDUs into Batches of most requests (the last may have fewer); none for an empty buffer.

    Raises EncodeError as Batch does, with the row in the whole buffer.
    """
    cdef list batches = []
    cdef Batch whole = Batch(octets)
    cdef uint64_t *starts = <uint64_t *>whole._starts.data.as_ulonglongs
    cdef Py_ssize_t i
    if whole.count <= most:
        return [whole] if whole.count else []
    for i in range(0, whole.count, most):
        batches.append(Batch(whole._octets[starts[i]:starts[min(i + most, whole.count)]]))
    return batches


@cython.final
cdef class Batch:
    """N requests in one buffer, and their results.

    octets: whole PDUs, one behind the other, as they would stand on the wire; their sequence numbers are overwritten. max_length:
    octets that one may have. Raises EncodeError, with the PDU's index as row, where the buffer cannot be cut or holds a response.

    Columns, one item a request: `outcome` (uint8: UNSENT, IN_FLIGHT, ANSWERED, TIMED_OUT, LOST), `command_status` (uint32, 0 unless
    answered), `latency` (float64, seconds, NaN unless answered). Message ids: `message_id(i)`, `message_ids()`.
    """

    cdef readonly Py_ssize_t count
    cdef readonly Py_ssize_t sent           # requests that were taken at least once
    cdef readonly Py_ssize_t in_flight
    cdef readonly Py_ssize_t done           # answered, timed out or lost
    cdef readonly uint32_t first_sequence
    cdef array.array _outcome, _status, _latency, _sent_at, _starts, _id_at, _id_size
    cdef bytearray _octets, _ids
    cdef Py_ssize_t _oldest                 # no request before it is in flight
    cdef frozenset _again
    cdef list _repeat                       # indices whose answer says to try again
    cdef bint _made
    cdef bint _disordered                   # some were sent again: the lowest index is not the oldest any more

    def __init__(self, octets, *, max_length=70_000):
        if self._made:
            raise RuntimeError("a Batch is made once")
        self._made = True
        self._octets = bytearray(octets)
        self._ids = bytearray()
        self._repeat = []
        self._again = frozenset()
        self._cut(max_length)
        cdef Py_ssize_t count = self.count
        self._outcome = array.clone(array.array("B"), count, zero=True)
        self._status = array.clone(array.array("I"), count, zero=True)
        self._latency = array.clone(array.array("d"), count, zero=False)
        self._sent_at = array.clone(array.array("d"), count, zero=True)
        self._id_at = array.clone(array.array("Q"), count, zero=True)
        self._id_size = array.clone(array.array("H"), count, zero=True)
        cdef Py_ssize_t i
        for i in range(count):
            self._latency.data.as_doubles[i] = NAN

    cdef int _cut(self, uint32_t max_length) except -1:
        cdef const uint8_t *p = <const uint8_t *><char *>self._octets
        cdef Py_ssize_t size = len(self._octets)
        cdef Py_ssize_t at = 0
        cdef Py_ssize_t count = 0
        cdef uint32_t length
        cdef Py_ssize_t round_
        for round_ in range(2):  # first count, then note where each begins
            at = count = 0
            while at < size:
                length = read_u32(p + at) if size - at >= HEADER else 0
                if not HEADER <= length <= max_length or length > size - at:
                    raise EncodeError(f"octet {at} begins no whole PDU of 16 to {max_length} octets", row=count)
                if read_u32(p + at + 4) & RESPONSE:
                    raise EncodeError(f"the PDU at octet {at} is a response", field="command_id", row=count)
                if round_:
                    self._starts.data.as_ulonglongs[count] = <uint64_t>at
                at += length
                count += 1
            if not round_:
                self._starts = array.clone(array.array("Q"), count + 1, zero=False)
        self._starts.data.as_ulonglongs[count] = <uint64_t>size
        self.count = count
        return 0

    def commands(self):
        """The command_ids of the requests, each with the index of the first that has it."""
        cdef const uint8_t *p = <const uint8_t *><char *>self._octets
        cdef uint64_t *starts = <uint64_t *>self._starts.data.as_ulonglongs
        cdef uint32_t command_id
        cdef uint32_t last = 0
        cdef Py_ssize_t i
        cdef dict found = {}
        for i in range(self.count):
            command_id = read_u32(p + starts[i] + 4)
            if command_id != last:
                last = command_id
                found.setdefault(command_id, i)
        return found

    def begin(self, first_sequence, again=()):
        """Say by which number the first request goes; the others follow. again: statuses after which a request is to be sent again."""
        if not 1 <= first_sequence <= 0x80000000 - max(self.count, 1):
            raise EncodeError(f"sequence numbers from {first_sequence} do not hold {self.count} requests", field="sequence_number")
        self.first_sequence = first_sequence
        self._again = frozenset(again)

    def take(self, Py_ssize_t most, double now):
        """The octets of the next requests, most of them at the most, numbered and marked as sent at that time; b"" if none are left."""
        cdef Py_ssize_t begin = self.sent
        cdef Py_ssize_t end = begin + min(max(most, 0), self.count - begin)
        cdef uint8_t *p = <uint8_t *><char *>self._octets
        cdef uint64_t *starts = <uint64_t *>self._starts.data.as_ulonglongs
        cdef Py_ssize_t i
        if end <= begin:
            return b""
        for i in range(begin, end):
            write_u32(p + starts[i] + 12, self.first_sequence + <uint32_t>i)
            self._outcome.data.as_uchars[i] = C_IN_FLIGHT
            self._sent_at.data.as_doubles[i] = now
        self.sent = end
        self.in_flight += end - begin
        return PyBytes_FromStringAndSize(<char *>p + starts[begin], <Py_ssize_t>(starts[end] - starts[begin]))

    @property
    def to_repeat(self):
        """How many requests were answered with a status of `again`, and wait for `take_again`."""
        return len(self._repeat)

    def take_again(self, Py_ssize_t most, double now):
        """The octets of requests that are to be sent again, as `take`."""
        cdef list indices = self._repeat[:most]
        cdef list parts = []
        cdef uint8_t *p = <uint8_t *><char *>self._octets
        cdef uint64_t *starts = <uint64_t *>self._starts.data.as_ulonglongs
        cdef Py_ssize_t i
        self._disordered = self._disordered or bool(indices)
        self._repeat = self._repeat[most:]
        for i in indices:
            self._outcome.data.as_uchars[i] = C_IN_FLIGHT
            self._sent_at.data.as_doubles[i] = now
            write_u32(p + starts[i] + 12, self.first_sequence + <uint32_t>i)  # another session may have begun since
            self._oldest = min(self._oldest, i)
            parts.append(self.octets(i))
        self.in_flight += len(indices)
        return b"".join(parts)

    def give_up(self):
        """Send none of those again that wait for it: their last answer stands. Returns how many."""
        cdef Py_ssize_t count = len(self._repeat)
        cdef Py_ssize_t i
        for i in self._repeat:
            self._outcome.data.as_uchars[i] = C_ANSWERED
        self._repeat = []
        self.done += count
        return count

    def settle(self, list frames, double now):
        """Take the responses to this batch out of frames; return the others, in order. now: seconds, of the clock of `take`."""
        cdef list rest = []
        cdef bytes frame
        cdef const uint8_t *p
        cdef uint32_t command_id, status
        cdef int64_t index
        cdef uint64_t *starts = <uint64_t *>self._starts.data.as_ulonglongs
        cdef const uint8_t *octets = <const uint8_t *><char *>self._octets
        for frame in frames:
            p = <const uint8_t *>PyBytes_AS_STRING(frame)
            command_id = read_u32(p + 4)
            index = <int64_t>read_u32(p + 12) - <int64_t>self.first_sequence
            if (
                not command_id & RESPONSE or index < 0 or index >= self.sent or self._outcome.data.as_uchars[index] != C_IN_FLIGHT
                or command_id != GENERIC_NACK and command_id != (read_u32(octets + starts[index] + 4) | RESPONSE)
            ):
                rest.append(frame)
                continue
            status = read_u32(p + 8)
            if command_id == GENERIC_NACK and not status:
                status = UNKNOWN_ERROR  # a refusal, whatever number it carries
            self.in_flight -= 1
            self._status.data.as_uints[index] = status
            self._latency.data.as_doubles[index] = now - self._sent_at.data.as_doubles[index]
            if status and status in self._again:
                self._outcome.data.as_uchars[index] = C_UNSENT
                self._repeat.append(index)
                continue
            self._outcome.data.as_uchars[index] = C_ANSWERED
            self.done += 1
            if PyBytes_GET_SIZE(frame) > HEADER and command_id != GENERIC_NACK:
                self._keep_id(index, p + HEADER, PyBytes_GET_SIZE(frame) - HEADER)
        return rest

    cdef int _keep_id(self, Py_ssize_t index, const uint8_t *p, Py_ssize_t size) except -1:
        cdef const void *nul = memchr(p, 0, <size_t>size)
        cdef Py_ssize_t length = <const uint8_t *>nul - p if nul != NULL else size
        cdef Py_ssize_t at = len(self._ids)
        length = min(length, <Py_ssize_t>MAX_ID)
        self._ids += p[:length]
        self._id_at.data.as_ulonglongs[index] = <uint64_t>at
        self._id_size.data.as_ushorts[index] = <uint16_t>length
        return 0

    def next_deadline(self, double timeout):
        """When the oldest request in flight has waited for timeout seconds; None if none is in flight."""
        if not self.in_flight:
            return None
        cdef double oldest
        cdef Py_ssize_t i
        while self._outcome.data.as_uchars[self._oldest] != C_IN_FLIGHT:
            self._oldest += 1
        oldest = self._sent_at.data.as_doubles[self._oldest]
        if self._disordered:
            for i in range(self._oldest + 1, self.sent):
                if self._outcome.data.as_uchars[i] == C_IN_FLIGHT:
                    oldest = min(oldest, self._sent_at.data.as_doubles[i])
        return oldest + timeout

    def expire(self, double now, double timeout):
        """Give up the requests in flight that were sent timeout seconds before now or earlier; return how many."""
        return self._end(C_TIMED_OUT, now - timeout)

    def lose(self):
        """The session is over: give up every request in flight; return how many. Those not sent stay UNSENT."""
        return self._end(C_LOST, float("inf"))

    cdef Py_ssize_t _end(self, uint8_t outcome, double sent_by) except -1:
        cdef Py_ssize_t count = 0
        cdef Py_ssize_t i
        for i in range(self._oldest, self.sent):
            if self._outcome.data.as_uchars[i] == C_IN_FLIGHT and self._sent_at.data.as_doubles[i] <= sent_by:
                self._outcome.data.as_uchars[i] = outcome
                count += 1
        self.in_flight -= count
        self.done += count
        return count

    @property
    def outcome(self):
        """What became of each request, uint8."""
        return memoryview(self._outcome).toreadonly()

    @property
    def command_status(self):
        """command_status of each answer, uint32."""
        return memoryview(self._status).toreadonly()

    @property
    def latency(self):
        """Seconds from sending to the answer, float64; NaN where none came."""
        return memoryview(self._latency).toreadonly()

    def message_id(self, Py_ssize_t index):
        """The message_id of an answer, None if it had none or none came."""
        cdef Py_ssize_t at
        if not 0 <= index < self.count:
            raise IndexError(f"the batch has {self.count} requests")
        if self._outcome.data.as_uchars[index] != C_ANSWERED or not self._id_size.data.as_ushorts[index]:
            return None
        at = <Py_ssize_t>self._id_at.data.as_ulonglongs[index]
        return bytes(self._ids[at:at + self._id_size.data.as_ushorts[index]]).decode("latin-1")

    def message_ids(self):
        """All message ids, as a list of str or None."""
        return [self.message_id(i) for i in range(self.count)]

    def octets(self, Py_ssize_t index):
        """The octets of one request."""
        if not 0 <= index < self.count:
            raise IndexError(f"the batch has {self.count} requests")
        cdef uint64_t *starts = <uint64_t *>self._starts.data.as_ulonglongs
        return bytes(self._octets[starts[index]:starts[index + 1]])

    def __len__(self):
        return self.count
