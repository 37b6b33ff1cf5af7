"""Layer 4 of 9: what a profile says about receipts, ready for compiled code; C only."""

from libc.stdint cimport uint8_t


cdef class Reading:
    cdef object profile            # None: a text that came without one
    cdef object zone               # the tzinfo of its times, None for times without zone
    cdef bytes keys                # the keys that it adds, as receipt_scan reads them; None for none
    cdef const uint8_t *more       # the same, NULL for none
    cdef bint unflagged
    cdef uint8_t is_ucs2[256]      # by data_coding


# Made once for each profile; TypeError for what is no Profile, ProfileError for a zone that this machine does not know.
cdef Reading reading_of(object profile)
