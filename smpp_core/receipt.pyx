"""Layer 4 of 9: delivery-receipt text <-> fields.

A receipt is read in one pass that finds where each value stands (receipt_scan); values become Python objects at access. The grammar is
that of SMPP 3.4 Appendix B as real SMSCs write it: keys in any order and case, a prefix before the first, values that run to the next.
A text in UCS-2 is decoded first and then read as a str.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.datetime cimport datetime_new, import_datetime
from cpython.unicode cimport PyUnicode_DecodeLatin1, PyUnicode_Substring
from libc.stdint cimport int32_t, uint8_t, uint32_t

from .layout cimport HEADER, FieldInfo, Layout, layout_of
from .pdu cimport Pdu
from .receipt_rules cimport Reading, reading_of
from .receipt_scan cimport (
    DLVRD, DONE_DATE, ERR, ID, KNOWN, NO_KEY, OTHER_KEY, STAT, SUB, SUBMIT_DATE, TEXT, Moment, Span, Spans, Value, begins_with_udh,
    first_key, looks_like_receipt, read_date, read_state, read_value, scan,
)
from .wire cimport read_u16

from datetime import datetime

from .errors import EncodeError
from .spec.commands import BY_NAME
from .spec.findings import finding
from .spec.receipts import CONTEXT_KEYS, DATE_WIDTHS, FORMS, STATE_WORDS
from .spec.values import MessageState

__all__ = ["Receipt", "format_receipt", "parse_receipt"]

cdef extern from "Python.h":
    int PyUnicode_KIND(object text) noexcept
    void *PyUnicode_DATA(object text) noexcept
    Py_ssize_t PyUnicode_GET_LENGTH(object text) noexcept

cdef enum:
    MAX_NUMBER = 640       # decimal digits that int() and str() take under every limit that a process may set
    UDHI = 0x40
    TYPE_BITS = 0x3C
    TYPE_RECEIPT = 0x04
    TYPE_INTERMEDIATE = 0x20
    TAG_ID = 0x001E
    TAG_ERROR = 0x0423
    TAG_PAYLOAD = 0x0424
    TAG_STATE = 0x0427

cdef enum Carrier:         # what the text stands in
    BARE = 0
    SHORT_MESSAGE = 1
    MESSAGE_PAYLOAD = 2

cdef dict _states = {state.value: state for state in MessageState}
cdef dict _written = {MessageState[row.state]: row.word for row in STATE_WORDS if row.written}
cdef dict _year_digits = {width.digits: width.year for width in DATE_WIDTHS}
cdef dict _context_keys = {row.key: row.always for row in CONTEXT_KEYS}
cdef Layout *_deliver_sm = layout_of(BY_NAME["deliver_sm"].id)
cdef Layout *_data_sm = layout_of(BY_NAME["data_sm"].id)
cdef FieldInfo *_deliver_esm_class = _field(_deliver_sm, "esm_class")
cdef FieldInfo *_deliver_text = _field(_deliver_sm, "short_message")
cdef FieldInfo *_data_esm_class = _field(_data_sm, "esm_class")
cdef FieldInfo *_deliver_coding = _field(_deliver_sm, "data_coding")
cdef FieldInfo *_data_coding = _field(_data_sm, "data_coding")

import_datetime()


cdef FieldInfo *_field(Layout *layout, str name) except NULL:
    cdef int i
    for i in range(layout.n_fields):
        if <object>layout.names[i] == name:
            return &layout.fields[i]
    raise LookupError(name)


@cython.final
@cython.no_gc
cdef class _Wide:
    """A UCS-2 text in a PDU."""

    cdef bytes frame               # the PDU
    cdef object octets             # what the text's characters are read from, as those of other texts
    cdef int32_t at                # its octets in the PDU, a byte order mark included
    cdef int32_t end


@cython.final
@cython.no_gc
@cython.freelist(64)
cdef class Receipt:
    """What one delivery receipt says, text and TLVs together; immutable, equal by what it says. Made by `parse_receipt`.

    Fields of the text are str as written (Latin-1 or UCS-2), None where the key is absent. Times are aware in the profile's receipt_zone,
    without zone if it names none. SMPP 3.4 Appendix B, 5.3.2.12, 5.3.2.31, 5.3.2.35.
    """

    cdef object source             # what holds the text: bytes, the whole PDU's where there is one, or str
    cdef object octets             # what `p` points into: `source`, or for a str beyond Latin-1 its stand-in; of UCS-2 text a _Wide
    cdef const uint8_t *p
    cdef Reading reading
    cdef int32_t start             # the text is p[start:stop]
    cdef int32_t stop
    cdef int32_t id_at             # headers of the TLVs in the PDU, 0 where absent
    cdef int32_t state_at
    cdef int32_t error_at
    cdef int32_t tlvs_end
    cdef uint8_t carrier
    cdef uint8_t is_intermediate
    cdef uint8_t is_wide           # the text was UCS-2, and is decoded
    cdef Spans spans

    def __init__(self):
        raise TypeError("a Receipt is made by parse_receipt")

    @property
    def id(self):
        """The message's name at the SMSC: the TLV's if it is not empty, else the text's."""
        tlv_id = _tlv_id(self)
        return tlv_id if tlv_id else _text_of(self, ID)

    @property
    def sub(self):
        """Messages submitted, as written."""
        return _text_of(self, SUB)

    @property
    def dlvrd(self):
        """Messages delivered, as written; `dlvr` is the same key."""
        return _text_of(self, DLVRD)

    @property
    def submit_date(self):
        """When the message was submitted, as written."""
        return _text_of(self, SUBMIT_DATE)

    @property
    def done_date(self):
        """When the message came to its state, as written."""
        return _text_of(self, DONE_DATE)

    @property
    def stat(self):
        """The state word as written."""
        return _text_of(self, STAT)

    @property
    def err(self):
        """The error code as written."""
        return _text_of(self, ERR)

    @property
    def text(self):
        """Everything behind the first `text:`, ends included."""
        return _text_of(self, TEXT)

    @property
    def submit_time(self):
        """submit_date as a datetime, in the profile's receipt_zone if it names one; None unless it is a date of 10, 12 or 14 digits."""
        return _time_of(self, SUBMIT_DATE)

    @property
    def done_time(self):
        """done_date as a datetime, in the profile's receipt_zone if it names one; None unless it is a date of 10, 12 or 14 digits."""
        return _time_of(self, DONE_DATE)

    @property
    def state(self):
        """The MessageState: that of the text if its word is known, else the TLV's; None if neither says one."""
        cdef bint repaired
        cdef int state = _text_state(self, &repaired)
        return self.tlv_state if state < 0 else _states[state]

    @property
    def err_int(self):
        """err as an int if it is decimal digits (at most 640), else None."""
        cdef const Span *span = &self.spans.fields[ERR]
        cdef int32_t i
        if span.start < 0 or span.start == span.end or span.end - span.start > MAX_NUMBER:
            return None
        for i in range(span.start, span.end):
            if not c"0" <= self.p[i] <= c"9":
                return None
        return int(_slice(self, span.start, span.end))

    @property
    def extra(self):
        """Keys that the grammar does not name (the profile's receipt_keys too), with their spelling and values, in order, as a new dict."""
        return _others(self)

    @property
    def text_id(self):
        """The id of the text, None where it has none."""
        return _text_of(self, ID)

    @property
    def tlv_id(self):
        """The value of receipted_message_id, None where the TLV is absent."""
        return _tlv_id(self)

    @property
    def text_state(self):
        """The MessageState that the word of the text means, None where it means none."""
        cdef bint repaired
        return _states.get(_text_state(self, &repaired))

    @property
    def tlv_state(self):
        """The MessageState of message_state, None where the TLV is absent or names none."""
        return _states.get(_tlv_state(self))

    @property
    def network_error_code(self):
        """The octets of network_error_code, None where the TLV is absent."""
        return None if self.error_at == 0 else <bytes>(<const char *>_frame(self) + self.error_at + 4)[:_tlv_size(self, self.error_at)]

    @property
    def intermediate(self):
        """Whether esm_class says that the message is still on its way (an intermediate notification)."""
        return bool(self.is_intermediate)

    @property
    def findings(self):
        """What is odd about the receipt, as a tuple of Finding in order of offset: in the PDU, or in a text without PDU."""
        return _findings(self)

    def __eq__(self, other):
        if not isinstance(other, Receipt):
            return NotImplemented
        return _content(self) == _content(other) and self.extra == (<Receipt>other).extra

    def __hash__(self):
        return hash(_content(self))

    def __repr__(self):
        parts = []
        for name in ("id", "sub", "dlvrd", "submit_date", "done_date", "stat", "err", "text", "state", "network_error_code"):
            value = getattr(self, name)
            if value is not None:
                parts.append(f"{name}={value.name if name == 'state' else repr(value)}")
        if self.spans.others:
            parts.append(f"extra={self.extra!r}")
        if self.is_intermediate:
            parts.append("intermediate=True")
        return f"Receipt({', '.join(parts)})"

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self

    def __reduce__(self):
        cdef object profile = self.reading.profile if self.reading.zone is not None or self.reading.keys is not None else None
        cdef _Wide wide
        place = (self.source, self.start, self.stop)
        if self.is_wide:
            wide = self.octets
            place = (wide.frame, wide.at, wide.end)
        return _restore, (*place, self.carrier, self.is_intermediate, self.id_at, self.state_at, self.error_at, self.tlvs_end,
                          bool(self.is_wide), profile)


cdef inline const uint8_t *_frame(Receipt receipt) noexcept:
    """The octets that TLVs stand in."""
    return <const uint8_t *>PyBytes_AS_STRING((<_Wide>receipt.octets).frame) if receipt.is_wide else receipt.p


cdef inline object _slice(Receipt receipt, int32_t start, int32_t end):
    if receipt.octets is not receipt.source:
        return PyUnicode_Substring(receipt.source, start, end)
    return PyUnicode_DecodeLatin1(<const char *>receipt.p + start, end - start, NULL)


cdef inline object _text_of(Receipt receipt, int field):
    cdef const Span *span = &receipt.spans.fields[field]
    return None if span.start < 0 else _slice(receipt, span.start, span.end)


cdef object _time_of(Receipt receipt, int field):
    cdef const Span *span = &receipt.spans.fields[field]
    cdef Moment moment
    if span.start < 0 or not read_date(receipt.p + span.start, span.end - span.start, &moment):
        return None
    return datetime_new(moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second, 0, receipt.reading.zone)


cdef int _text_state(Receipt receipt, bint *repaired) noexcept nogil:
    """The number of the state that the word means, -1 if none; `repaired` if it is one letter off."""
    cdef const Span *span = &receipt.spans.fields[STAT]
    repaired[0] = False
    return -1 if span.start < 0 else read_state(receipt.p + span.start, span.end - span.start, repaired)


cdef inline int32_t _tlv_size(Receipt receipt, int32_t at) noexcept:
    """Octets of the value of the TLV at `at`; less than declared where the PDU ends before."""
    return min(<int32_t>read_u16(_frame(receipt) + at + 2), receipt.tlvs_end - at - 4)


cdef object _tlv_id(Receipt receipt):
    cdef int32_t size
    cdef const uint8_t *p = _frame(receipt)
    if receipt.id_at == 0:
        return None
    size = _tlv_size(receipt, receipt.id_at)
    if size and p[receipt.id_at + 3 + size] == 0:
        size -= 1
    return PyUnicode_DecodeLatin1(<const char *>p + receipt.id_at + 4, size, NULL)


cdef int _tlv_state(Receipt receipt) noexcept:
    """The number of message_state at the length it has, -1 where there is none that a state could have."""
    cdef int32_t size
    cdef int32_t i
    cdef int number = 0
    if receipt.state_at == 0:
        return -1
    size = _tlv_size(receipt, receipt.state_at)
    if size == 0 or size > 8:
        return -1
    for i in range(size):
        if number:                         # no state has a number above 255
            return -1
        number = _frame(receipt)[receipt.state_at + 4 + i]
    return number


cdef dict _others(Receipt receipt):
    """The keys that no row names: the pass over the text once more, since few ask."""
    cdef int field
    cdef int next_field
    cdef int32_t key
    cdef int32_t behind
    cdef Value value
    found = {}
    if receipt.spans.others == 0:
        return found
    seen = set()
    field = first_key(receipt.p, receipt.spans.first, receipt.spans.limit, receipt.reading.more, &key, &behind)
    while field != NO_KEY and field != TEXT:
        next_field = read_value(receipt.p, behind, receipt.spans.limit, receipt.reading.more, &value)
        if field == OTHER_KEY:
            name = _slice(receipt, key, behind - 1)
            folded = name.lower()
            if folded not in seen:         # the first of the same key counts, in whatever case
                seen.add(folded)
                found[name] = _slice(receipt, value.start, value.end)
        field = next_field
        key = value.key
        behind = value.behind
    return found


cdef tuple _content(Receipt receipt):
    return (*[_text_of(receipt, field) for field in range(KNOWN)], _tlv_id(receipt), _tlv_state(receipt), receipt.network_error_code,
            receipt.is_intermediate, receipt.reading.zone)


cdef int32_t _place(Receipt receipt, int32_t at) except -1:
    """Octets from the start of the PDU, or of a text without PDU, to character `at` of the text."""
    cdef _Wide wide
    if not receipt.is_wide:
        return at
    wide = receipt.octets
    return wide.end - (wide.end - wide.at) % 2 - <int32_t>len((<str>receipt.source)[at:].encode("utf-16-be", "surrogatepass"))


cdef tuple _findings(Receipt receipt):
    cdef bint repaired
    cdef int state = _text_state(receipt, &repaired)
    cdef int tlv_state = _tlv_state(receipt)
    found = []
    carrier = ("", "short_message", "message_payload")[receipt.carrier]
    if receipt.spans.first < 0 and receipt.spans.limit > receipt.start:
        found.append(finding("receipt-unkeyed", carrier, _place(receipt, receipt.start)))
    if repaired:
        found.append(finding(
            "state-repaired", carrier, _place(receipt, receipt.spans.fields[STAT].start), text=_text_of(receipt, STAT),
            state=_states[state].name))
    if receipt.id_at:
        text_id, tlv_id = _text_of(receipt, ID), _tlv_id(receipt)
        if text_id and tlv_id and text_id != tlv_id:
            found.append(finding("receipt-disagrees", "receipted_message_id", receipt.id_at, text=text_id, tlv=tlv_id))
    if state >= 0 and tlv_state != state and tlv_state in _states:
        found.append(finding(
            "receipt-disagrees", "message_state", receipt.state_at, text=_text_of(receipt, STAT), tlv=_states[tlv_state].name))
    if len(found) > 1:
        found.sort(key=lambda one: one.offset)
    return tuple(found)


cdef int _point(Receipt receipt, object source) except -1:
    """Let a receipt's text stand in `source`."""
    cdef object octets = source
    if isinstance(source, bytes):
        receipt.p = <const uint8_t *>PyBytes_AS_STRING(source)
    elif PyUnicode_KIND(source) == 1:      # ASCII and Latin-1: its characters are octets already
        receipt.p = <const uint8_t *>PyUnicode_DATA(source)
    else:
        # Beyond Latin-1 any letter, number and other character stand for theirs; no value is read from them.
        octets = bytes([ord(c) if c <= "\xff" else 0xFF if c.isalpha() else 0xB2 if c.isalnum() else 0x3F for c in source])
        receipt.p = <const uint8_t *>PyBytes_AS_STRING(octets)
    receipt.source = source
    receipt.octets = octets
    return 0


cdef int _point_wide(Receipt receipt, bytes frame, int32_t at, int32_t end) except -1:
    """Decode the UCS-2 text in octets at:end of a PDU, and scan it. UTF-16, big-endian unless a byte order mark says otherwise."""
    cdef bytes octets = frame[at:end - (end - at) % 2]
    cdef str text = octets.decode("utf-16-le" if octets[:2] == b"\xff\xfe" else "utf-16-be", "surrogatepass")
    cdef _Wide wide = _Wide.__new__(_Wide)
    _point(receipt, text[1:] if text[:1] == "\ufeff" else text)
    wide.frame, wide.octets, wide.at, wide.end = frame, receipt.octets, at, end
    receipt.octets = wide
    receipt.is_wide = True
    receipt.start = 0
    receipt.stop = <int32_t>len(receipt.source)
    scan(receipt.p, 0, receipt.stop, receipt.reading.more, &receipt.spans)
    return 0


def _restore(source, start, stop, carrier, is_intermediate, id_at, state_at, error_at, tlvs_end, wide=False, profile=None):
    """Unpickle a Receipt: its text is read again."""
    cdef Receipt receipt
    if type(source) is not bytes and type(source) is not str:
        raise TypeError("a Receipt's source is bytes or str")
    if not 0 <= start <= stop <= len(source) or not 0 <= tlvs_end <= len(source) or not all(
            at == 0 or 0 < at <= tlvs_end - 4 for at in (id_at, state_at, error_at)):
        raise ValueError("a Receipt's places lie outside its source")
    if type(source) is not bytes and (wide or id_at or state_at or error_at):
        raise ValueError("a Receipt's UCS-2 text and TLVs stand in a PDU")
    receipt = Receipt.__new__(Receipt)
    receipt.reading = reading_of(profile)
    receipt.carrier, receipt.is_intermediate = carrier, is_intermediate
    receipt.id_at, receipt.state_at, receipt.error_at, receipt.tlvs_end = id_at, state_at, error_at, tlvs_end
    if wide:
        _point_wide(receipt, source, start, stop)
    else:
        _point(receipt, source)
        receipt.start, receipt.stop = start, stop
        scan(receipt.p, receipt.start, receipt.stop, receipt.reading.more, &receipt.spans)
    return receipt


# ---- reading

cdef inline int32_t _offset(Pdu pdu, const FieldInfo *info) noexcept:
    return (pdu.anchors.ends[info.segment - 1] if info.segment else HEADER) + info.delta


cdef object _of_pdu(Pdu pdu, object profile):
    cdef const FieldInfo *info
    cdef const uint8_t *p = <const uint8_t *>PyBytes_AS_STRING(pdu.octets)
    cdef int32_t at
    cdef int32_t start = 0
    cdef int32_t stop = 0
    cdef int32_t text
    cdef uint32_t tag
    cdef int32_t payload_at = 0
    cdef uint8_t esm_class
    cdef bint flagged
    cdef bint is_ucs2
    cdef const FieldInfo *coding
    cdef Reading reading
    cdef Receipt receipt
    if pdu.layout == _deliver_sm:
        info = _deliver_esm_class
        coding = _deliver_coding
    elif pdu.layout == _data_sm:
        info = _data_esm_class
        coding = _data_coding
    else:
        return None
    if info.index >= pdu.anchors.located:
        return None
    at = _offset(pdu, info)
    esm_class = p[at] if at < <int32_t>pdu.anchors.limit else 0
    flagged = esm_class & TYPE_BITS == TYPE_RECEIPT or esm_class & TYPE_BITS == TYPE_INTERMEDIATE
    if not flagged and esm_class & TYPE_BITS:
        return None
    reading = reading_of(pdu.rules.profile if profile is None else profile)
    if not flagged and not reading.unflagged:
        return None
    at = _offset(pdu, coding)
    is_ucs2 = coding.index < pdu.anchors.located and at < <int32_t>pdu.anchors.limit and reading.is_ucs2[p[at]]
    receipt = Receipt.__new__(Receipt)
    receipt.reading = reading
    receipt.source = receipt.octets = pdu.octets
    receipt.p = p
    receipt.is_intermediate = esm_class & TYPE_BITS == TYPE_INTERMEDIATE
    receipt.tlvs_end = pdu.anchors.tlvs_end
    at = pdu.anchors.tlvs
    while receipt.tlvs_end - at >= 4:      # the first of each tag counts
        tag = read_u16(p + at)
        if tag == TAG_ID:
            receipt.id_at = receipt.id_at or at
        elif tag == TAG_STATE:
            receipt.state_at = receipt.state_at or at
        elif tag == TAG_ERROR:
            receipt.error_at = receipt.error_at or at
        elif tag == TAG_PAYLOAD:
            payload_at = payload_at or at
        at += 4 + read_u16(p + at + 2)
    if pdu.layout == _deliver_sm and _deliver_text.index < pdu.anchors.located:
        start = _offset(pdu, _deliver_text)
        stop = min(pdu.anchors.ends[_deliver_text.segment], pdu.anchors.limit)
        receipt.carrier = SHORT_MESSAGE
    if stop <= start:
        start = stop = 0
        receipt.carrier = BARE
        if payload_at:
            start = payload_at + 4
            stop = start + _tlv_size(receipt, payload_at)
            receipt.carrier = MESSAGE_PAYLOAD
    text = start
    if esm_class & UDHI and begins_with_udh(p, start, stop):
        text += 1 + p[start]
    if not is_ucs2 or not _scan_wide(receipt, pdu.octets, start, text, stop):
        scan(p, text, stop, reading.more, &receipt.spans)
        if receipt.spans.first < 0 and text > start:
            scan(p, start, stop, reading.more, &receipt.spans)
            if receipt.spans.first < 0:
                scan(p, text, stop, reading.more, &receipt.spans)
            else:                          # what looked like a header was text
                text = start
        receipt.start = text
        receipt.stop = stop
    if not flagged and not looks_like_receipt(receipt.p, &receipt.spans):
        return None
    return receipt


cdef bint _scan_wide(Receipt receipt, bytes frame, int32_t start, int32_t text, int32_t stop) except -1:
    """Whether the octets text:stop of the PDU, or start:stop where no header stands before, are UCS-2 with a known key in it.

    SMSCs put the message's data_coding on a receipt of plain octets too; as UTF-16 those hold no key.
    """
    _point_wide(receipt, frame, text, stop)
    if receipt.spans.first < 0 and text > start:
        _point_wide(receipt, frame, start, stop)
    if receipt.spans.first >= 0:
        return True
    receipt.source = receipt.octets = frame
    receipt.p = <const uint8_t *>PyBytes_AS_STRING(frame)
    receipt.is_wide = False
    return False


def parse_receipt(source, *, flagged=None, profile=None):
    """Read a delivery receipt.

    source: a Pdu, whose esm_class decides (message type 0x04 or 0x20; with the bits clear, a profile with `receipts_unflagged` and the
    text): only deliver_sm and data_sm carry receipts, since a submit_sm's message types are those of a person's acknowledgement. Or the
    text itself, str or octets read as Latin-1, below 2 GiB. flagged: for a text only, and then needed: True if the caller knows that it
    is a receipt, False to ask whether it looks like one. profile: the peer's, the Pdu's own by default; it names the zone of times, keys
    beyond the known ones, and the data_coding of UCS-2 texts. A Pdu's octets that hold no key as UCS-2 are read as Latin-1.
    Returns a Receipt; None for what is no receipt. Raises TypeError for another source, OverflowError for a text too long, ProfileError
    for a zone that this machine does not know, nothing for what octets say. SMPP 3.4 Appendix B, 5.2.12.
    """
    cdef Receipt receipt
    cdef Py_ssize_t size
    if isinstance(source, Pdu):
        if flagged is not None:
            raise TypeError("a Pdu's esm_class and profile decide; flagged is for a text")
        return _of_pdu(<Pdu>source, profile)
    if flagged is None:
        raise TypeError("a text needs flagged=True (it is a receipt) or flagged=False (does it look like one?)")
    if type(source) is not bytes and type(source) is not str:
        if isinstance(source, str):
            source = str(source)
        elif isinstance(source, (bytes, bytearray, memoryview)):
            source = bytes(source)
        else:
            raise TypeError(f"a receipt is read from a Pdu, str or octets, not {type(source).__name__}")
    size = PyBytes_GET_SIZE(source) if type(source) is bytes else PyUnicode_GET_LENGTH(source)
    if size > 0x7FFFFFF0:
        raise OverflowError(f"a receipt's text of {size} characters is beyond 2 GiB")
    receipt = Receipt.__new__(Receipt)
    receipt.reading = reading_of(profile)
    _point(receipt, source)
    receipt.stop = <int32_t>size
    scan(receipt.p, 0, receipt.stop, receipt.reading.more, &receipt.spans)
    if not flagged and not looks_like_receipt(receipt.p, &receipt.spans):
        return None
    return receipt


# ---- writing

cdef str _count(str name, object value):
    """A count or code of three digits at least."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int):
        raise EncodeError(f"{name} takes an int or a str, not {type(value).__name__}", name)
    if value < 0:
        raise EncodeError(f"{name} is {value}, it takes 0 and above", name)
    return f"{value:03d}"


cdef str _date(str name, object value, int digits):
    if isinstance(value, str):
        return value
    if not isinstance(value, datetime):
        raise EncodeError(f"{name} takes a datetime or a str, not {type(value).__name__}", name)
    if value.tzinfo is not None:
        raise EncodeError(f"{name} has a zone, which a receipt cannot hold", name)
    if _year_digits[digits] == 2 and not 2000 <= value.year <= 2099:
        raise EncodeError(f"{name} is of {value.year}; {digits} digits hold 2000 to 2099", name)
    written = f"{value.year:04d}{value.month:02d}{value.day:02d}{value.hour:02d}{value.minute:02d}{value.second:02d}"
    return written[4 - _year_digits[digits]:][:digits]


cdef str _state_word(object stat):
    if isinstance(stat, str):
        return stat
    if not isinstance(stat, MessageState):
        raise EncodeError(f"stat takes a MessageState or a str, not {type(stat).__name__}", "stat")
    if stat not in _written:
        raise EncodeError(f"{stat.name} has no word in a receipt", "stat")
    return _written[stat]


cdef dict _context(object extra, object stat):
    """The Number Context keys that are written: all of them for a number that was found, else those that stand always and those given."""
    given = dict(extra or {})
    unknown = [key for key in given if key not in _context_keys]
    if unknown:
        raise EncodeError(f"{unknown[0]!r} is no Number Context key: {' '.join(_context_keys)}", "extra")
    found = stat in (MessageState.DELIVERED, _written[MessageState.DELIVERED])
    return {key: given.get(key, "") for key, always in _context_keys.items() if found or always or key in given}


def format_receipt(id, stat, *, dlvrd, submit_date, done_date, sub=1, err=0, text="", extra=None, form="standard", digits=10):
    """Write the text of a delivery receipt; `parse_receipt` reads the same fields from it.

    id: str without white space. stat: a MessageState or its word. sub, dlvrd, err: an int, written with three digits at least, or a str.
    submit_date, done_date: a datetime without zone, or a str as it shall stand; what is finer than the width is not written. text: the
    beginning of the message, at most as long as the peer takes. None for any of these leaves its key out. extra: further keys and their
    values, between err and text. form: "standard" (SMPP 3.4 Appendix B), "vendor" (dlvr, no text; vendor 3.1) or "context" (the same with
    the Number Context keys of vendor 3.2, from extra). digits of a date: 10, 12 or 14.
    Returns Latin-1 octets. Raises EncodeError for what could not be read back, or not be written in Latin-1.
    """
    row = FORMS.get(form)
    if row is None:
        raise EncodeError(f"form {form!r} is none of {', '.join(FORMS)}", "form")
    if digits not in [width.digits for width in DATE_WIDTHS]:
        raise EncodeError(f"a date has {', '.join(str(width.digits) for width in DATE_WIDTHS)} digits, not {digits!r}", "digits")
    values = {
        "id": id, "sub": None if sub is None else _count("sub", sub), "dlvrd": None if dlvrd is None else _count("dlvrd", dlvrd),
        "submit_date": None if submit_date is None else _date("submit_date", submit_date, digits),
        "done_date": None if done_date is None else _date("done_date", done_date, digits),
        "stat": None if stat is None else _state_word(stat), "err": None if err is None else _count("err", err), "text": text,
    }
    others = _context(extra, stat) if row.context else dict(extra or {})
    parts = {}
    for field, spelling in row.keys:
        if values[field] is not None:
            parts[field] = f"{spelling}:{values[field]}"
    last = parts.pop("text", None)
    if last is None:
        if text:
            raise EncodeError(f"form {form!r} has no text", "text")
        values["text"] = None
    written = " ".join([*parts.values(), *[f"{key}:{value}" for key, value in others.items()], *([] if last is None else [last])])
    try:
        octets = written.encode("latin-1")
    except UnicodeEncodeError as error:
        raise EncodeError(f"the receipt has {written[error.start]!r}, outside Latin-1", "") from None
    _check_readable(octets, values, others)
    return octets


cdef int _check_readable(bytes octets, dict values, dict others) except -1:
    """Read the receipt again: a blank inside an id, a key inside a value, a NUL at the end and such do not come back."""
    receipt = parse_receipt(octets, flagged=True)
    for name, value in values.items():
        if getattr(receipt, name) != value:
            raise EncodeError(f"{name} {value!r} would be read back as {getattr(receipt, name)!r}", name)
    if receipt.extra != others:
        raise EncodeError(f"extra {others!r} would be read back as {receipt.extra!r}", "extra")
    return 0