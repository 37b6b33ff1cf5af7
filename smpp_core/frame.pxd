"""Layer 2 of 9: a stream of octets -> frames; what a plausible header looks like."""

from libc.stdint cimport uint8_t, uint32_t

# 1 if octets[0:16] could begin a PDU: command_length 16 to max_length, a known command_id, sequence_number up to 0x7FFFFFFF, command_status 0 in requests.
cdef int plausible_header(const uint8_t *octets, uint32_t max_length) noexcept nogil
# The offset, from `start`, of the next plausible header that is followed by another, or by the end of the octets; -1 if there is none.
# Where fewer than 16 octets follow its PDU, they are taken for the beginning of the next one.
cdef Py_ssize_t find_header(const uint8_t *octets, Py_ssize_t size, Py_ssize_t start, uint32_t max_length) noexcept nogil
cdef bint is_command(uint32_t command_id) noexcept nogil
