"""Layer 4 of 9: where the values of a delivery-receipt text stand, and what state words and dates mean; C only."""

from libc.stdint cimport int32_t, uint8_t

cdef enum:                 # fields and keys
    NO_KEY = -1
    ID = 0
    SUB = 1
    DLVRD = 2
    SUBMIT_DATE = 3
    DONE_DATE = 4
    STAT = 5
    ERR = 6
    TEXT = 7
    OTHER_KEY = 8          # a key that no row names

cdef enum:
    KNOWN = 8

cdef struct Span:
    int32_t start          # -1 where the key is absent
    int32_t end

cdef struct Spans:
    Span fields[KNOWN]
    int32_t first          # where the first known key stands (of the rows or the profile), -1 if there is none
    int32_t limit          # end of the text without the NULs behind it
    int32_t others         # keys that no row names

cdef struct Value:
    int32_t start
    int32_t word           # end of its first word
    int32_t end            # end of all its words
    int32_t key            # where the next key stands
    int32_t behind         # behind that key's colon

cdef struct Moment:
    int year
    int month
    int day
    int hour
    int minute
    int second

# Keys that a profile adds (`more`, NULL for none): each its length in an octet and its letters in lower case, a zero behind the last.

# Find every value of the text p[start:end].
cdef void scan(const uint8_t *p, int32_t start, int32_t end, const uint8_t *more, Spans *spans) noexcept nogil
# The first known key of p[at:end] and the place behind its colon, NO_KEY if there is none. One of `more` is OTHER_KEY.
cdef int first_key(const uint8_t *p, int32_t at, int32_t end, const uint8_t *more, int32_t *key, int32_t *behind) noexcept nogil
# Find the value behind a colon at `at`; returns the key that ends it, NO_KEY at the end of the text.
cdef int read_value(const uint8_t *p, int32_t at, int32_t end, const uint8_t *more, Value *value) noexcept nogil
# The number of the state that a word means, -1 if none; `repaired` if it is one letter off.
cdef int read_state(const uint8_t *p, int32_t size, bint *repaired) noexcept nogil
# Whether p[0:size] is a date of one of the widths.
cdef bint read_date(const uint8_t *p, int32_t size, Moment *moment) noexcept nogil
# Whether the spans are those of a receipt, although no flag says so.
cdef bint looks_like_receipt(const uint8_t *p, const Spans *spans) noexcept nogil
# Whether p[start:end], of a PDU with UDHI, begins with a user data header.
cdef bint begins_with_udh(const uint8_t *p, int32_t start, int32_t end) noexcept nogil
