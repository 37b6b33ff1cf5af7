"""Layer 4 of 9: the text of a PDU: short_message or message_payload, its user data header, its alphabet, its deviations."""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_DecodeLatin1
from libc.stdint cimport uint8_t

from .gsm7 cimport (
    ODD_DANGLING, ODD_ESCAPE, ODD_NOTHING, Oddity, decode_octets, encode_text as encode_gsm7, next_oddity, unpack_septets,
)

from typing import Protocol

from . import gsm7, udh
from .errors import EncodeError
from .spec.data_codings import GSM_GROUP_TABLE
from .spec.findings import finding

__all__ = ["Text", "TextPdu", "decode_text", "encode_text"]

cdef extern from "Python.h":
    str PyUnicode_DecodeUTF16(const char *octets, Py_ssize_t size, const char *errors, int *byteorder)
    bint PyUnicode_IS_ASCII(object text) noexcept

cdef enum:
    UDHI = 0x40
    TLV_HEADER = 4
    ESCAPE = 0x1B
    MESSAGE_INDICATION = 0x01  # elements that change how the text is read
    SINGLE_SHIFT = 0x24
    LOCKING_SHIFT = 0x25

cdef tuple _groups = GSM_GROUP_TABLE
cdef object _read_header = udh.decode


class TextPdu(Protocol):
    """What decode_text asks of a PDU; smpp_core.Pdu has it all.

    The octets short_message and message_payload are asked for where field_offset finds them; data_coding and esm_class may be missing.
    """

    @property
    def profile(self):
        """The Profile that says what data_coding means."""

    def field_offset(self, name):
        """Octets from the start of the PDU to the field, or to the header of the first TLV of that name; None if it is absent."""


@cython.final
@cython.freelist(8)
cdef class Text:
    """The text of one PDU; `decode_text` makes it.

    text: None if the octets are no text (binary, compressed, an unknown data_coding, none there). alphabet: "gsm7" | "gsm7-packed" |
    "latin1" | "ascii" | "ucs2" | "binary" | "unknown" | a Python codec name, "" where there is no user data. source: "short_message" |
    "message_payload" | "". octets: user data behind the header; offset: of the user data, its header included, in the PDU, None where
    there is none. udh: the UserDataHeader or None. message_class: 0-3 or None, flash: it is class 0; compressed; indication: "" or what
    waits ("voicemail", "fax", "email", "video", "other"), by data_coding or by the header. findings: tuple, with offsets in the PDU.
    """

    cdef readonly str text
    cdef readonly str alphabet
    cdef readonly str source
    cdef readonly str indication
    cdef readonly bytes octets
    cdef readonly object offset
    cdef readonly object udh
    cdef readonly object message_class
    cdef readonly tuple findings
    cdef readonly bint flash
    cdef readonly bint compressed
    cdef int locking    # national language identifiers that the header names
    cdef int single

    def __init__(self):
        raise TypeError("a Text comes from decode_text")

    def __repr__(self):
        return f"<Text {self.alphabet or 'absent'}: {self.text if self.text is not None else self.octets!r}>"

    def __reduce__(self):
        return _restore, (
            self.text, self.alphabet, self.source, self.indication, self.octets, self.offset, self.udh, self.message_class, self.findings,
            self.flash, self.compressed,
        )


def _restore(*parts):
    cdef Text text = Text.__new__(Text)
    (
        text.text, text.alphabet, text.source, text.indication, text.octets, text.offset, text.udh, text.message_class, text.findings,
        text.flash, text.compressed,
    ) = parts
    return text


# -- alphabets --------------------------------------------------------------------------------------------------------------


cdef str _read_gsm7(bytes octets, Text into, Py_ssize_t base, list found):
    """Septets, one in each octet, by the tables that the header names."""
    cdef const uint8_t *data = <const uint8_t *>PyBytes_AS_STRING(octets)
    cdef Py_ssize_t length = PyBytes_GET_SIZE(octets)
    cdef bint odd
    cdef str text = decode_octets(data, length, into.locking, into.single, False, &odd)
    if odd:
        _explain_gsm7(data, length, into, base, -1, found)
    return text


cdef str _read_packed(bytes octets, Text into, Py_ssize_t base, list found):
    """Septets in seven bits each; behind a header they begin at the next septet boundary.

    SMPP counts octets, so seven zero bits left over at the end cannot be told from septet 0; they are taken for padding unless an
    escape stands before them.
    """
    cdef Py_ssize_t length = PyBytes_GET_SIZE(octets)
    cdef Py_ssize_t header = 0 if into.udh is None else PyBytes_GET_SIZE(into.udh.octets)
    cdef int fill_bits = (7 - (8 * header) % 7) % 7
    cdef Py_ssize_t count = (8 * length - fill_bits) // 7 if length else 0
    cdef bytes septets = PyBytes_FromStringAndSize(NULL, count)
    cdef uint8_t *data = <uint8_t *>PyBytes_AS_STRING(septets)
    cdef bint odd
    cdef str text
    unpack_septets(<const uint8_t *>PyBytes_AS_STRING(octets), length, count, fill_bits, data)
    if count and fill_bits + 7 * count == 8 * length and data[count - 1] == 0 and (count == 1 or data[count - 2] != ESCAPE):
        count -= 1
    text = decode_octets(data, count, into.locking, into.single, False, &odd)
    if odd:
        _explain_gsm7(data, count, into, base, fill_bits, found)
    return text


cdef int _explain_gsm7(const uint8_t *data, Py_ssize_t length, Text into, Py_ssize_t base, int fill_bits, list found) except -1:
    """Add the first finding of each kind. fill_bits: of packed text, -1 if each octet is a septet."""
    cdef Py_ssize_t at = 0
    cdef Py_ssize_t offset
    cdef Oddity odd
    cdef bint seen_octet = False
    cdef bint seen_escape = False
    while True:
        odd = next_oddity(data, length, &at, into.locking, into.single)
        if odd == ODD_NOTHING:
            return 0
        offset = base + (at if fill_bits < 0 else (fill_bits + 7 * at) // 8)
        if odd == ODD_DANGLING:
            found.append(finding("dangling-escape", into.source, offset))
            return 0
        if odd == ODD_ESCAPE:
            if not seen_escape:
                found.append(finding("unknown-escape", into.source, offset, said=data[at + 1]))
            seen_escape = True
            # The octet behind the escape is read as a character of its own, so it can be odd too; an escape there is used up.
            at += 2 if data[at + 1] == ESCAPE else 1
        else:
            if not seen_octet:
                found.append(finding("not-gsm", into.source, offset, said=data[at], at=at))
            seen_octet = True
            at += 1


cdef str _read_ucs2(bytes octets, Text into, Py_ssize_t base, list found):
    """UTF-16, big-endian unless a byte order mark says otherwise."""
    cdef const char *data = PyBytes_AS_STRING(octets)
    cdef Py_ssize_t length = PyBytes_GET_SIZE(octets)
    cdef Py_ssize_t start = 0
    cdef Py_ssize_t end = length - length % 2
    cdef int byteorder = 1
    cdef str text
    if end >= 2 and ((<uint8_t>data[0] == 0xFE and <uint8_t>data[1] == 0xFF) or (<uint8_t>data[0] == 0xFF and <uint8_t>data[1] == 0xFE)):
        byteorder = 1 if <uint8_t>data[0] == 0xFE else -1
        start = 2
        found.append(finding("byte-order-mark", into.source, base))
    try:
        text = PyUnicode_DecodeUTF16(data + start, end - start, NULL, &byteorder)
    except UnicodeDecodeError as error:
        found.append(finding("lone-surrogate", into.source, base + start + error.start, at=start + error.start))
        text = octets[start:end].decode("utf-16-be" if byteorder == 1 else "utf-16-le", "surrogatepass")
    if end != length:
        found.append(finding("odd-ucs2", into.source, base + end, have=length))
    return text


cdef str _read_ascii(bytes octets, Text into, Py_ssize_t base, list found):
    cdef const uint8_t *data = <const uint8_t *>PyBytes_AS_STRING(octets)
    cdef Py_ssize_t at
    cdef str text = PyUnicode_DecodeLatin1(<char *>data, PyBytes_GET_SIZE(octets), NULL)
    if not PyUnicode_IS_ASCII(text):
        for at in range(PyBytes_GET_SIZE(octets)):
            if data[at] > 0x7F:
                found.append(finding("not-ascii-text", into.source, base + at, said=data[at], at=at))
                break
    return text


cdef str _read_codec(bytes octets, str codec, Text into, Py_ssize_t base, list found):
    """Any text encoding that Python knows; octets that it cannot read become U+FFFD."""
    cdef Py_ssize_t at = 0
    try:
        return octets.decode(codec)
    except (LookupError, ValueError) as error:
        at = getattr(error, "start", 0)
    found.append(finding("undecodable", into.source, base + at, alphabet=codec, at=at))
    try:
        return octets.decode(codec, "replace")
    except (LookupError, ValueError):
        return None


# -- a PDU's text -----------------------------------------------------------------------------------------------------------


cdef int _read_coding(object coding, object profile, object pdu, Text into, list found) except -1:
    """Set what data_coding says: alphabet, class, indication; the profile's row first, then the groups of 3GPP TS 23.038."""
    cdef object row = profile.data_codings.get(coding)
    cdef object group
    if row is not None:
        into.alphabet = row.alphabet
        if coding < 16:  # SMPP's own values; TS 23.038 means something else by them
            return 0
    group = _groups[coding]
    into.message_class = group.message_class
    into.flash = group.flash
    into.indication = group.indication
    if row is None:
        into.alphabet = group.alphabet
        into.compressed = group.compressed
        if group.alphabet == "reserved":
            into.alphabet = "unknown"
            _blame_coding("unknown-data-coding", coding, pdu, found)
    if into.compressed:
        _blame_coding("compressed", coding, pdu, found)
    return 0


cdef int _blame_coding(str code, object coding, object pdu, list found) except -1:
    cdef object offset = pdu.field_offset("data_coding")
    found.append(finding(code, "data_coding", 0 if offset is None else offset, said=coding))
    return 0


cdef int _read_udh(object header, Text into, Py_ssize_t base, list found) except -1:
    """Take over the header's findings, its tables, and what it says of waiting messages."""
    cdef object element
    cdef object item
    cdef int number
    into.udh = header
    for item in header.findings:
        found.append(item._replace(offset=base + item.offset))
    for element in header.elements:
        number = element.id
        if number == MESSAGE_INDICATION:
            if not into.indication and type(element.value) is udh.MessageIndication:
                into.indication = element.value.kind
        elif number == SINGLE_SHIFT:
            into.single = header.single
        elif number == LOCKING_SHIFT:
            into.locking = header.locking
    return 0


def decode_text(pdu, profile=None):
    """Read the text of a PDU. Total: any PDU gives a Text, what is odd is a finding.

    pdu: a Pdu, or anything of the form of TextPdu. profile: another reading of data_coding than the PDU's own profile.
    A short_message that is not empty wins over message_payload. Of findings that may repeat (an octet outside the alphabet, an unknown
    escape, a lone surrogate) the first is given. Without data_coding (replace_sm) the text is read as the profile's default alphabet.
    SMPP 3.4 5.2.19, 5.2.22, 5.3.2.32; 3GPP TS 23.038 4; TS 23.040 9.2.3.24.
    """
    cdef Text into = Text.__new__(Text)
    cdef list found = []
    cdef bytes octets
    cdef object value = None
    cdef object payload
    cdef object offset
    cdef object header
    cdef int esm_class = 0
    cdef Py_ssize_t base = 0
    into.alphabet = into.source = into.indication = ""
    into.octets = b""
    into.findings = ()

    # field_offset first: to ask most PDUs for a field that they lack costs as much as all the rest.
    offset = pdu.field_offset("short_message")
    if offset is not None:
        value = pdu.short_message
        if type(value) is bytes:
            into.source = "short_message"
            base = offset
    if not value:
        offset = pdu.field_offset("message_payload")
        if offset is not None:
            payload = pdu.message_payload
            if type(payload) is bytes:
                value = payload
                into.source = "message_payload"
                base = offset + TLV_HEADER
    if not into.source:
        return into
    into.octets = octets = value
    into.offset = base

    value = getattr(pdu, "data_coding", None)
    if profile is None:
        profile = pdu.profile
    if not value:
        into.alphabet = profile.default_alphabet
    else:
        _read_coding(value, profile, pdu, into, found)

    value = getattr(pdu, "esm_class", None)
    if value is not None:
        esm_class = value
    if esm_class & UDHI and PyBytes_GET_SIZE(octets):
        header = _read_header(octets)
        if header is None:
            found.append(finding("udh-overrun", into.source, base, said=octets[0], have=PyBytes_GET_SIZE(octets) - 1))
        else:
            _read_udh(header, into, base, found)
            base += PyBytes_GET_SIZE(header.octets)
            into.octets = octets = octets[header.length:]

    if into.compressed:
        into.text = None
    elif into.alphabet == "gsm7":
        into.text = _read_gsm7(octets, into, base, found)
    elif into.alphabet == "ucs2":
        into.text = _read_ucs2(octets, into, base, found)
    elif into.alphabet == "latin1":
        into.text = PyUnicode_DecodeLatin1(PyBytes_AS_STRING(octets), PyBytes_GET_SIZE(octets), NULL)
    elif into.alphabet == "ascii":
        into.text = _read_ascii(octets, into, base, found)
    elif into.alphabet == "gsm7-packed":
        into.text = _read_packed(octets, into, base, found)
    elif into.alphabet != "binary" and into.alphabet != "unknown":
        into.text = _read_codec(octets, into.alphabet, into, base, found)
    if found:
        into.findings = tuple(found)
    return into


def encode_text(str text not None, str alphabet not None, *, int locking=0, int single=0):
    """Write text in an alphabet, as the octets of short_message or message_payload behind any header.

    alphabet: "gsm7" (one septet in each octet), "gsm7-packed" (no fill bits: behind a header, use gsm7.pack), "latin1", "ascii", "ucs2"
    (UTF-16, big-endian, no byte order mark), or a Python codec name. locking, single: national language identifiers, GSM 7-bit only.
    Raises EncodeError: it names the first character that the alphabet lacks and its index, or what is wrong with alphabet or tables.
    """
    if alphabet == "gsm7":
        return encode_gsm7(text, locking, single, False)
    if alphabet == "gsm7-packed":
        return gsm7.pack(encode_gsm7(text, locking, single, False))
    if locking or single:
        raise EncodeError(f"{alphabet} has no national language tables", field="locking" if locking else "single")
    if alphabet == "binary" or alphabet == "unknown":
        raise EncodeError(f"{alphabet} is no alphabet", field="alphabet")
    try:
        return text.encode("utf-16-be" if alphabet == "ucs2" else alphabet)
    except UnicodeEncodeError as error:
        char = text[error.start]
        raise EncodeError(f"character {char!r} (U+{ord(char):04X}) at index {error.start} is not in {alphabet}") from None
    except (LookupError, ValueError) as error:
        raise EncodeError(f"alphabet {alphabet!r}: {error}", field="alphabet") from None
