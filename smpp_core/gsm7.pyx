"""Layer 4 of 9: GSM 7-bit text: septets <-> str with every national table, and their packing (3GPP TS 23.038)."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy

from .errors import EncodeError
from .spec.alphabets import LANGUAGES, LOCKING, SINGLE

__all__ = ["count", "decode", "encode", "pack", "unencodable", "unpack"]

cdef extern from "Python.h":
    str PyUnicode_New(Py_ssize_t size, Py_UCS4 maxchar)
    int PyUnicode_KIND(object text) noexcept
    void *PyUnicode_DATA(object text) noexcept
    Py_ssize_t PyUnicode_GET_LENGTH(object text) noexcept

cdef enum:
    TABLES = 14            # national language identifiers 0-13
    CODES = 0x2300         # every character of every table lies below; load() checks it
    ESCAPE = 0x1B
    QUESTION = 0x3F        # '?' in every locking table
    HELD = 0x80            # set in a reverse table where the table holds the character
    SCRATCH = 512          # characters of a text that needs no heap buffer
    SHIFT_SPACE = 0xA0     # shown for an escape that leads nowhere
    NO_CHARACTER = 0xFFFD  # shown for a septet that the table leaves empty

ctypedef fused code_unit:
    uint8_t
    uint16_t
    uint32_t

cdef bint known_locking[TABLES]
cdef bint known_single[TABLES]
cdef uint16_t locking_chars[TABLES][256]    # octet -> character
cdef uint16_t single_chars[TABLES][256]     # octet after an escape -> character, 0 if there is none
cdef uint8_t ascii_chars[TABLES][256]       # octet -> character if it is ASCII, HELD if not
cdef uint8_t locking_septets[TABLES][CODES]  # character -> HELD | septet, 0 if the table has no such character
cdef uint8_t single_septets[TABLES][CODES]


cdef int load() except -1:
    """Fill the C tables from spec/alphabets.py. A character that stands twice in a table is written as its first septet."""
    cdef int language
    cdef int octet
    cdef Py_UCS4 char
    for language in range(TABLES):
        known_locking[language] = language in LOCKING
        known_single[language] = language in SINGLE
        table = LOCKING.get(language, LOCKING[0])
        for octet in range(256):
            char = octet if octet > 0x7F else ord(table[octet])
            if octet <= 0x7F and char:
                if char >= CODES:
                    raise ValueError(f"U+{<int>char:04X} of locking table {language} needs larger tables")
                if not locking_septets[language][char]:
                    locking_septets[language][char] = HELD | octet
            locking_chars[language][octet] = char if char or octet > 0x7F else NO_CHARACTER
            ascii_chars[language][octet] = char if 0 < char < 0x80 else HELD
        table = SINGLE.get(language, SINGLE[0])
        for octet in range(128):
            char = ord(table[octet])
            single_chars[language][octet] = char
            if char >= CODES:
                raise ValueError(f"U+{<int>char:04X} of single shift table {language} needs larger tables")
            if char and not single_septets[language][char]:
                single_septets[language][char] = HELD | octet
    return 0


load()


# -- octets to text ---------------------------------------------------------------------------------------------------------


cdef inline uint16_t next_char(
    const uint8_t *octets, Py_ssize_t length, Py_ssize_t *at, int locking, int single, bint replace, bint *odd
) noexcept nogil:
    """The character at octets[at], with its escape if it has one; moves at behind it."""
    cdef uint8_t octet = octets[at[0]]
    cdef uint16_t char
    at[0] += 1
    if octet == ESCAPE:
        if at[0] == length:
            odd[0] = True
            return SHIFT_SPACE
        octet = octets[at[0]]
        at[0] += 1
        char = single_chars[single][octet]
        if char:
            return char
        odd[0] = True
        if octet == ESCAPE:
            return SHIFT_SPACE
    char = locking_chars[locking][octet]
    if octet > 0x7F:
        odd[0] = True
        return NO_CHARACTER if replace else char
    if char == NO_CHARACTER:
        odd[0] = True
    return char


cdef str decode_octets(const uint8_t *octets, Py_ssize_t length, int locking, int single, bint replace, bint *odd):
    """Octets, one septet each, as text; never fails. odd is set where next_oddity would find something."""
    cdef str text
    cdef uint8_t *narrow
    cdef const uint8_t *quick
    cdef uint16_t stack[SCRATCH]
    cdef uint16_t *scratch = stack
    cdef Py_ssize_t at
    cdef Py_ssize_t size = 0
    cdef uint16_t seen = 0
    cdef uint8_t all_ascii = 0
    odd[0] = False
    if length <= 0:
        return ""
    if not (0 <= locking < TABLES and known_locking[locking]):
        locking = 0
    if not (0 <= single < TABLES and known_single[single]):
        single = 0
    text = PyUnicode_New(length, 0x7F)
    narrow = <uint8_t *>PyUnicode_DATA(text)
    quick = ascii_chars[locking]
    for at in range(length):
        narrow[at] = quick[octets[at]]
        all_ascii |= narrow[at]
    if not all_ascii & HELD:
        return text

    # The width of a str is fixed when it is made, so the characters wait until the widest is known.
    if length > SCRATCH:
        scratch = <uint16_t *>PyMem_Malloc(length * sizeof(uint16_t))
        if scratch == NULL:
            raise MemoryError
    try:
        at = 0
        while at < length:
            scratch[size] = next_char(octets, length, &at, locking, single, replace, odd)
            seen |= scratch[size]
            size += 1
        text = PyUnicode_New(size, 0x7F if seen < 0x80 else 0xFF if seen < 0x100 else 0xFFFF)
        narrow = <uint8_t *>PyUnicode_DATA(text)
        if seen < 0x100:
            for at in range(size):
                narrow[at] = <uint8_t>scratch[at]
        else:
            memcpy(narrow, scratch, size * sizeof(uint16_t))
    finally:
        if scratch != stack:
            PyMem_Free(scratch)
    return text


cdef Oddity next_oddity(const uint8_t *octets, Py_ssize_t length, Py_ssize_t *at, int locking, int single) noexcept nogil:
    """The first thing from at on that decode_octets had to make up for; at is left on its first octet."""
    cdef Py_ssize_t start
    cdef uint8_t octet
    if not (0 <= locking < TABLES and known_locking[locking]):
        locking = 0
    if not (0 <= single < TABLES and known_single[single]):
        single = 0
    while at[0] < length:
        start = at[0]
        octet = octets[start]
        if octet == ESCAPE:
            if start + 1 == length:
                return ODD_DANGLING
            octet = octets[start + 1]
            if not single_chars[single][octet]:
                return ODD_ESCAPE
            at[0] = start + 2
        elif octet > 0x7F or locking_chars[locking][octet] == NO_CHARACTER:
            return ODD_OCTET
        else:
            at[0] = start + 1
    return ODD_NOTHING


def decode(octets, *, int locking=0, int single=0, str errors="latin1"):
    """Read GSM 7-bit text, one septet in each octet. Total: any octets give a text.

    octets: bytes or another buffer. locking, single: national language identifiers (0-13); one without such a table means the
    default table, as a receiver must read it. errors: an octet above 0x7F gives its Latin-1 character ("latin1") or U+FFFD
    ("replace"). An escape that the single shift table does not know shows the character of the locking table; a doubled escape
    and one at the end show U+00A0; a septet that the locking table leaves empty shows U+FFFD.
    Raises EncodeError for another value of errors. 3GPP TS 23.038 6.2.1.
    """
    cdef bytes data = octets if type(octets) is bytes else bytes(memoryview(octets))
    cdef bint odd
    cdef bint replace = False
    if errors != "latin1":
        if errors != "replace":
            raise EncodeError(f"errors is {errors!r}, not 'latin1' or 'replace'", field="errors")
        replace = True
    return decode_octets(<const uint8_t *>PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data), locking, single, replace, &odd)


# -- text to octets ---------------------------------------------------------------------------------------------------------


cdef inline uint8_t septet_of(const uint8_t *table, code_unit char) noexcept nogil:
    """HELD | septet, or 0 if the table has no such character."""
    if code_unit is uint8_t:
        return table[char]
    else:
        return table[char] if char < CODES else 0


cdef Py_ssize_t measure(
    const code_unit *chars, Py_ssize_t length, const uint8_t *base, const uint8_t *shift, Py_ssize_t *first_unknown
) noexcept nogil:
    """Septets that the characters take, an unknown one as one; first_unknown is the index of the first such, -1 if none."""
    cdef Py_ssize_t at
    cdef Py_ssize_t size = length
    first_unknown[0] = -1
    for at in range(length):
        if not septet_of(base, chars[at]):
            if septet_of(shift, chars[at]):
                size += 1
            elif first_unknown[0] < 0:
                first_unknown[0] = at
    return size


cdef Py_ssize_t write(
    const code_unit *chars, Py_ssize_t length, const uint8_t *base, const uint8_t *shift, Py_ssize_t *first_unknown, uint8_t *out
) noexcept nogil:
    """Write the septets of the characters, at most two each, an unknown one as '?'; returns how many. first_unknown: as in measure."""
    cdef Py_ssize_t at
    cdef Py_ssize_t size = 0
    cdef uint8_t septet
    first_unknown[0] = -1
    for at in range(length):
        septet = septet_of(base, chars[at])
        if not septet:
            septet = septet_of(shift, chars[at])
            if septet:
                out[size] = ESCAPE
                size += 1
            else:
                septet = QUESTION
                if first_unknown[0] < 0:
                    first_unknown[0] = at
        out[size] = septet & 0x7F
        size += 1
    return size


cdef Py_ssize_t measure_text(str text, int locking, int single, Py_ssize_t *first_unknown) noexcept:
    cdef const void *data = PyUnicode_DATA(text)
    cdef Py_ssize_t length = PyUnicode_GET_LENGTH(text)
    cdef const uint8_t *base = locking_septets[locking]
    cdef const uint8_t *shift = single_septets[single]
    cdef int kind = PyUnicode_KIND(text)
    if kind == 1:
        return measure(<const uint8_t *>data, length, base, shift, first_unknown)
    if kind == 2:
        return measure(<const uint16_t *>data, length, base, shift, first_unknown)
    return measure(<const uint32_t *>data, length, base, shift, first_unknown)


cdef int check_tables(int locking, int single) except -1:
    if not (0 <= locking < TABLES and known_locking[locking]):
        raise EncodeError(f"there is no locking shift table of national language {locking}", field="locking")
    if not (0 <= single < TABLES and known_single[single]):
        raise EncodeError(f"there is no single shift table of national language {single}", field="single")
    return 0


cdef bytes encode_text(str text, int locking, int single, bint replace):
    """Text as octets, one septet each; see encode()."""
    cdef bytes octets
    cdef uint8_t stack[2 * SCRATCH]
    cdef uint8_t *scratch = stack
    cdef uint8_t *out
    cdef const uint8_t *chars
    cdef const uint8_t *base
    cdef const uint8_t *shift
    cdef Py_ssize_t length = PyUnicode_GET_LENGTH(text)
    cdef Py_ssize_t size
    cdef Py_ssize_t at
    cdef Py_ssize_t unknown
    cdef uint8_t septet
    cdef uint8_t all_held = HELD
    cdef int kind = PyUnicode_KIND(text)
    check_tables(locking, single)
    base = locking_septets[locking]
    shift = single_septets[single]
    if kind == 1:
        # Most texts need no escape: one pass into exactly length octets.
        octets = PyBytes_FromStringAndSize(NULL, length)
        out = <uint8_t *>PyBytes_AS_STRING(octets)
        chars = <const uint8_t *>PyUnicode_DATA(text)
        for at in range(length):
            septet = base[chars[at]]
            all_held &= septet
            out[at] = septet & 0x7F
        if all_held:
            return octets
    if length > SCRATCH:
        scratch = <uint8_t *>PyMem_Malloc(2 * length)
        if scratch == NULL:
            raise MemoryError
    try:
        if kind == 1:
            size = write(<const uint8_t *>PyUnicode_DATA(text), length, base, shift, &unknown, scratch)
        elif kind == 2:
            size = write(<const uint16_t *>PyUnicode_DATA(text), length, base, shift, &unknown, scratch)
        else:
            size = write(<const uint32_t *>PyUnicode_DATA(text), length, base, shift, &unknown, scratch)
        if unknown >= 0 and not replace:
            char = text[unknown]
            where = f"{LANGUAGES[locking]} alphabet with {LANGUAGES[single]} shift" if locking or single else "GSM 7-bit alphabet"
            raise EncodeError(f"character {char!r} (U+{ord(char):04X}) at index {unknown} is not in the {where}")
        return PyBytes_FromStringAndSize(<char *>scratch, size)
    finally:
        if scratch != stack:
            PyMem_Free(scratch)


def encode(str text not None, *, int locking=0, int single=0, str errors="strict"):
    """Write text in GSM 7-bit, one septet in each octet; a character of the single shift table takes two.

    locking, single: national language identifiers (0-13) of the tables; the user data header must name the same.
    errors: "strict", or "replace" to write '?' for a character that the tables do not hold.
    Raises EncodeError: it names the first such character and its index, a table that does not exist, or another value of errors.
    3GPP TS 23.038 6.2.1.
    """
    cdef bint replace = False
    if errors != "strict":
        if errors != "replace":
            raise EncodeError(f"errors is {errors!r}, not 'strict' or 'replace'", field="errors")
        replace = True
    return encode_text(text, locking, single, replace)


def count(str text not None, *, int locking=0, int single=0):
    """Count the septets that text takes (escapes included), or None if the tables do not hold all its characters.

    Raises EncodeError for a table that does not exist.
    """
    cdef Py_ssize_t unknown
    cdef Py_ssize_t size
    check_tables(locking, single)
    size = measure_text(text, locking, single, &unknown)
    return None if unknown >= 0 else size


def unencodable(str text not None, *, int locking=0, int single=0):
    """List (index, character) of every character of text that the tables do not hold, in order.

    Raises EncodeError for a table that does not exist.
    """
    cdef Py_ssize_t unknown
    cdef Py_ssize_t at = 0
    cdef Py_UCS4 char
    check_tables(locking, single)
    measure_text(text, locking, single, &unknown)
    if unknown < 0:
        return []
    return [
        (at, text[at]) for at in range(unknown, len(text))
        if not septet_of(locking_septets[locking], <uint32_t>ord(text[at]))
        and not septet_of(single_septets[single], <uint32_t>ord(text[at]))
    ]


# -- septets in octets ------------------------------------------------------------------------------------------------------


cdef Py_ssize_t pack_septets(const uint8_t *septets, Py_ssize_t count, int fill_bits, uint8_t *out) noexcept nogil:
    """Write count septets (each below 0x80) behind fill_bits (0-7) zero bits; returns the octets written: (fill_bits + 7 count + 7) / 8."""
    cdef uint64_t pending = 0
    cdef int bits = fill_bits
    cdef Py_ssize_t at = 0
    cdef Py_ssize_t size = 0
    cdef int step
    while count - at >= 8:
        for step in range(8):
            pending |= (<uint64_t>septets[at + step]) << (bits + 7 * step)
        for step in range(7):
            out[size + step] = <uint8_t>(pending >> (8 * step))
        pending >>= 56
        at += 8
        size += 7
    while at < count:
        pending |= (<uint64_t>septets[at]) << bits
        bits += 7
        at += 1
        while bits >= 8:
            out[size] = <uint8_t>pending
            pending >>= 8
            bits -= 8
            size += 1
    if bits:
        out[size] = <uint8_t>pending
        size += 1
    return size


cdef Py_ssize_t unpack_septets(const uint8_t *octets, Py_ssize_t length, Py_ssize_t count, int fill_bits, uint8_t *out) noexcept nogil:
    """Read count septets behind fill_bits (0-7) bits; count is clipped to what length octets hold. Returns the septets read."""
    cdef uint64_t pending
    cdef int bits
    cdef Py_ssize_t at = 1
    cdef Py_ssize_t size = 0
    cdef int step
    if length <= 0:
        return 0
    if count > (8 * length - fill_bits) // 7:
        count = (8 * length - fill_bits) // 7
    pending = octets[0] >> fill_bits
    bits = 8 - fill_bits
    while count - size >= 8 and length - at >= 7:
        for step in range(7):
            pending |= (<uint64_t>octets[at + step]) << (bits + 8 * step)
        for step in range(8):
            out[size + step] = <uint8_t>(pending >> (7 * step)) & 0x7F
        pending >>= 56
        at += 7
        size += 8
    while size < count:
        if bits < 7:
            pending |= (<uint64_t>octets[at]) << bits
            bits += 8
            at += 1
        out[size] = <uint8_t>pending & 0x7F
        pending >>= 7
        bits -= 7
        size += 1
    return size


cdef int check_fill(int fill_bits) except -1:
    if not 0 <= fill_bits <= 6:
        raise EncodeError(f"fill_bits is {fill_bits}, not in 0-6", field="fill_bits")
    return 0


def pack(septets, int fill_bits=0, bint ussd=False):
    """Pack septets (one in each octet) seven bits to an octet, low bits first.

    fill_bits: zero bits (0-6) in front, so that text behind a user data header begins at a septet boundary; without septets nothing
    is written. ussd: USSD and cell broadcast write a CR where seven bits are left over, and double a CR that ends at an octet
    boundary (6.1.2.3).
    Raises EncodeError for a septet above 0x7F or fill_bits out of range. 3GPP TS 23.038 6.1.2.1.
    """
    cdef bytes data = septets if type(septets) is bytes else bytes(memoryview(septets))
    cdef const uint8_t *source
    cdef Py_ssize_t count = PyBytes_GET_SIZE(data)
    cdef Py_ssize_t at
    cdef uint8_t seen = 0
    cdef int spare
    cdef bytes octets
    check_fill(fill_bits)
    source = <const uint8_t *>PyBytes_AS_STRING(data)
    for at in range(count):
        seen |= source[at]
    if seen > 0x7F:
        for at in range(count):
            if source[at] > 0x7F:
                raise EncodeError(f"octet 0x{source[at]:02X} at {at} is no septet", field="septets")
    if not count:
        return b""
    if ussd:
        spare = (8 - (fill_bits + 7 * (count % 8)) % 8) % 8
        if spare == 7 or (spare == 0 and source[count - 1] == 0x0D):
            data += b"\r"
            count += 1
            source = <const uint8_t *>PyBytes_AS_STRING(data)
    octets = PyBytes_FromStringAndSize(NULL, (fill_bits + 7 * count + 7) // 8)
    pack_septets(source, count, fill_bits, <uint8_t *>PyBytes_AS_STRING(octets))
    return octets


def unpack(octets, septets=None, int fill_bits=0, bint ussd=False):
    """Unpack septets, one into each octet of the result.

    septets: how many there are; without it all that fit are read, and seven zero bits left over at the end read as one more
    septet 0x00 ('@'). fill_bits: bits (0-6) in front of the first. ussd: a CR that ends at an octet boundary is padding (6.1.2.3).
    Raises EncodeError if the octets do not hold so many septets, or fill_bits is out of range. 3GPP TS 23.038 6.1.2.1.
    """
    cdef bytes data = octets if type(octets) is bytes else bytes(memoryview(octets))
    cdef Py_ssize_t length = PyBytes_GET_SIZE(data)
    cdef Py_ssize_t room
    cdef Py_ssize_t count
    cdef bytes result
    check_fill(fill_bits)
    room = (8 * length - fill_bits) // 7 if length else 0
    count = room
    if septets is not None:
        count = septets
        if not 0 <= count <= room:
            raise EncodeError(f"{length} octets with {fill_bits} fill bits hold {room} septets, not {count}", field="septets")
    result = PyBytes_FromStringAndSize(NULL, count)
    unpack_septets(
        <const uint8_t *>PyBytes_AS_STRING(data), length, count, fill_bits, <uint8_t *>PyBytes_AS_STRING(result)
    )
    if ussd and count and (fill_bits + 7 * count) == 8 * length and result[count - 1] == 0x0D:
        return result[:count - 1]
    return result
