"""Layer 4 of 9: the C surface of GSM 7-bit text, for text and for other extensions."""

from libc.stdint cimport uint8_t

# What next_oddity finds in octets that should be GSM 7-bit text.
cdef enum Oddity:
    ODD_NOTHING = 0
    ODD_OCTET = 1       # above 0x7F, or a septet that the locking table leaves empty
    ODD_ESCAPE = 2      # an escape with a septet that the single shift table leaves empty
    ODD_DANGLING = 3    # an escape that ends the text

cdef str decode_octets(const uint8_t *octets, Py_ssize_t length, int locking, int single, bint replace, bint *odd)
cdef bytes encode_text(str text, int locking, int single, bint replace)
cdef Oddity next_oddity(const uint8_t *octets, Py_ssize_t length, Py_ssize_t *at, int locking, int single) noexcept nogil
cdef Py_ssize_t pack_septets(const uint8_t *septets, Py_ssize_t count, int fill_bits, uint8_t *out) noexcept nogil
cdef Py_ssize_t unpack_septets(const uint8_t *octets, Py_ssize_t length, Py_ssize_t count, int fill_bits, uint8_t *out) noexcept nogil
