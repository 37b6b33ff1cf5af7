"""Layer 3 of 9: the slow, complete look at a PDU: where its fields end although something is broken, and every finding.

`locate` finds whole PDUs; only where it fails, or where findings are asked for, does this pass run. Its rules are those of
spec/walk.py, which the tests hold it against.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.dict cimport PyDict_GetItem
from cpython.object cimport PyObject
from libc.stdint cimport uint8_t, uint16_t, uint32_t

from .layout cimport (
    BODY_WHEN_OK, FIELD_CSTRING, FIELD_DESTS, FIELD_OCTETS, FIELD_U8, FIELD_U32, FIELD_UNSUCCESS, HEADER, FieldInfo, is_time, is_tlv_walk,
    skip_group,
)
from .tlv cimport TLV_CSTRING, TLV_INTEGER, TlvRule, fits, read_value
from .wire cimport find_nul, read_u16, read_u32

from .spec.findings import FINDINGS, MAX_FINDINGS, finding
from .spec.values import is_reserved

__all__ = []

cdef enum:
    NETWORK_ERROR_CODE = 0x0423
    MESSAGE_PAYLOAD = 0x0424


cdef class _Report:
    """The findings of one PDU; no list is made until there is one."""

    cdef list found

    cdef int add(self, str code, str field, uint32_t offset, str section, dict facts) except -1:
        if self.found is None:
            self.found = []
        elif len(self.found) >= MAX_FINDINGS and FINDINGS[code].severity != "error":
            return 0
        self.found.append(finding(code, field, offset, section, **facts))
        return 0


cdef bint _is_ascii(const uint8_t *text, uint32_t size) noexcept nogil:
    cdef uint32_t i
    cdef uint8_t seen = 0
    for i in range(size):
        seen |= text[i]
    return seen < 0x80


cdef list examine(const Layout *layout, object row, bytes octets, Rules rules, Anchors *anchors):
    cdef const uint8_t *b = <const uint8_t *>PyBytes_AS_STRING(octets)
    cdef uint32_t size = <uint32_t>PyBytes_GET_SIZE(octets)
    cdef uint32_t said = read_u32(b)
    cdef uint32_t sequence = read_u32(b + 12)
    cdef _Report report = _Report()
    cdef uint32_t p
    anchors.limit = said if HEADER <= said <= size else size
    anchors.located = 0
    anchors.tlvs = anchors.tlvs_end = anchors.limit
    if said != size:
        report.add("length-mismatch", "command_length", 0, "", {"said": said, "have": size})
    if sequence > 0x7FFFFFFF:
        report.add("sequence-out-of-range", "sequence_number", 12, "", {"said": sequence})
    elif sequence == 0 and layout is not NULL and not layout.command_id >> 31:
        report.add("sequence-zero", "sequence_number", 12, "", {})
    if layout is NULL:
        report.add("unknown-command", "command_id", 4, "", {"said": read_u32(b + 4)})
        return report.found
    p = _fields(layout, row, b, anchors, report)
    if p:
        _tlvs(layout, b, p, rules, anchors, report)
    return report.found


cdef uint32_t _fields(const Layout *layout, object row, const uint8_t *b, Anchors *anchors, _Report report) except? 0:
    """Locate the mandatory fields; returns where the TLVs begin, 0 if they cannot be told."""
    cdef uint32_t p = HEADER
    cdef uint32_t limit = anchors.limit
    cdef uint32_t end
    cdef uint32_t count = 0
    cdef int i
    cdef const FieldInfo *info
    if layout.tlv_body:
        if limit == HEADER:
            if layout.body == BODY_WHEN_OK and read_u32(b + 8) == 0:
                report.add("missing-body", row.fields[0].name, HEADER, "", {})
            return HEADER
        if <uint8_t>(b[HEADER] - 1) < 0x1F and is_tlv_walk(b, HEADER, limit):
            report.add("body-is-tlvs", row.fields[0].name, HEADER, "", {})
            return HEADER
    for i in range(layout.n_fields):
        info = &layout.fields[i]
        if info.kind == FIELD_U8 or info.kind == FIELD_U32:
            end = p + (1 if info.kind == FIELD_U8 else 4)
            if end > limit:
                if i + 1 < layout.n_fields and layout.fields[i + 1].kind == FIELD_UNSUCCESS:
                    report.add("missing-count", row.fields[i].name, p, row.fields[i].section, {})
                    anchors.ends[info.segment] = limit
                    anchors.located = layout.n_fields
                    return limit
                return _stop("truncated", row.fields[i], p, {}, report)
            count = b[p]
            if info.reserved is not NULL and info.reserved[b[p]]:
                report.add("unknown-value", row.fields[i].name, p, row.fields[i].section, {"said": b[p]})
        elif info.kind == FIELD_CSTRING:
            if p >= limit:
                return _stop("truncated", row.fields[i], p, {}, report)
            end = find_nul(b, p, limit)
            anchors.ends[info.segment] = end + 1
            if end == limit:
                anchors.located = i + 1
                return _stop("missing-nul", row.fields[i], p, {}, report)
            _string(info, row, b, p, end, report)
            end += 1
        elif info.kind == FIELD_OCTETS:
            end = p + count
            if end > limit:
                anchors.ends[info.segment] = limit
                anchors.located = i + 1
                return _stop("length-overrun", row.fields[i], p, {"said": count, "have": limit - p}, report)
            if count > info.limit:
                report.add("octets-too-long", row.fields[i].name, p, row.fields[i].section, {"have": count, "limit": info.limit})
        else:
            end = skip_group(info.kind, count, b, p, limit)
            if end == 0:
                anchors.ends[info.segment] = limit
                anchors.located = i + 1
                return _broken_group(info, row, b, p, count, limit, report)
        if info.kind >= FIELD_CSTRING:
            anchors.ends[info.segment] = end
        anchors.located = i + 1
        p = end
    return p


cdef uint32_t _stop(str code, object field, uint32_t offset, dict facts, _Report report) except? 0:
    report.add(code, field.name, offset, field.section, facts)
    return 0


cdef int _string(const FieldInfo *info, object row, const uint8_t *b, uint32_t start, uint32_t end, _Report report) except -1:
    """Findings about one whole C-octet string in b[start:end]."""
    if end + 1 - start > info.limit:
        field = row.fields[info.index]
        report.add("string-too-long", field.name, start, field.section, {"have": end + 1 - start, "limit": info.limit})
    elif info.time and end > start and not is_time(b + start, end - start, info.time):
        field = row.fields[info.index]
        report.add("bad-time", field.name, start, field.section, {})
    if not _is_ascii(b + start, end - start):
        field = row.fields[info.index]
        report.add("not-ascii", field.name, start, field.section, {})
    return 0


cdef uint32_t _broken_group(const FieldInfo *info, object row, const uint8_t *b, uint32_t start, uint32_t count, uint32_t limit,
                            _Report report) except? 0:
    """Say which entry of a group is broken: the first that does not fit, or whose kind is unknown."""
    cdef uint32_t whole = 0
    cdef uint32_t end
    while whole < count:
        end = skip_group(info.kind, 1, b, start, limit)
        if end == 0:
            break
        start = end
        whole += 1
    if info.kind == FIELD_DESTS and start < limit and b[start] != 1 and b[start] != 2:
        return _stop("bad-dest-flag", row.fields[info.index], start, {"said": b[start]}, report)
    return _stop("impossible-count", row.fields[info.index - 1], start, {"said": count, "have": whole}, report)


cdef int _tlvs(const Layout *layout, const uint8_t *b, uint32_t p, Rules rules, Anchors *anchors, _Report report) except -1:
    """Walk the TLVs from `p`, and say what is wrong with each."""
    cdef uint32_t limit = anchors.limit
    cdef uint32_t size
    cdef uint32_t payload = 0
    cdef uint16_t tag
    cdef PyObject *found
    cdef TlvRule rule
    cdef set seen = None
    anchors.tlvs = p
    while limit - p >= 4:
        tag = read_u16(b + p)
        size = read_u16(b + p + 2)
        found = PyDict_GetItem(rules.by_tag, tag)
        rule = None if found is NULL else <TlvRule>found
        if tag == MESSAGE_PAYLOAD and not payload:
            payload = p
        if size > limit - p - 4:
            report.add("tlv-overrun", _tlv_name(rule, tag), p, "" if rule is None else rule.row.section, {"said": size, "have": limit - p - 4})
            p = limit
            break
        if rule is not None:
            _tlv(rule, b + p + 4, size, p, report)
        if anchors.tlvs != p:
            if seen is None:
                seen = {read_u16(b + anchors.tlvs)}
            if tag in seen:
                if rule is None or not rule.repeatable:
                    report.add("tlv-repeated", _tlv_name(rule, tag), p, "" if rule is None else rule.row.section, {})
            else:
                seen.add(tag)
        p += 4 + size
    anchors.tlvs_end = p
    if p != limit:
        report.add("trailing-octets", "", p, "", {"have": limit - p})
    if payload and layout.n_fields and layout.fields[layout.n_fields - 1].kind == FIELD_OCTETS and b[_text_length(layout, anchors)]:
        report.add("two-texts", "message_payload", payload, "", {})
    return 0


cdef uint32_t _text_length(const Layout *layout, const Anchors *anchors) noexcept nogil:
    """Where the length octet of the last field stands."""
    cdef const FieldInfo *info = &layout.fields[layout.n_fields - 1]
    return (anchors.ends[info.segment - 1] if info.segment else HEADER) + info.delta - 1


cdef str _tlv_name(TlvRule rule, uint16_t tag):
    return f"0x{tag:04X}" if rule is None else rule.name


cdef int _tlv(TlvRule rule, const uint8_t *value, uint32_t size, uint32_t offset, _Report report) except -1:
    """Findings about one TLV whose octets are all there."""
    cdef bint whole = fits(rule, value, size)
    cdef bint is_ascii_digits = rule.tag == NETWORK_ERROR_CODE and size == 3
    cdef uint32_t i
    if rule.vendor:
        if not whole:
            report.add("vendor-tlv-form", rule.name, offset, rule.row.section, {"have": size})
            return 0
    elif not whole:
        limit = f"{rule.min}" if rule.min == rule.max else f"{rule.min} to {rule.max}"
        report.add("tlv-length", rule.name, offset, rule.row.section, {"have": size, "limit": limit})
    if whole and rule.kind == TLV_CSTRING and (size == 0 or value[size - 1] != 0):
        report.add("tlv-no-nul", rule.name, offset, rule.row.section, {})
    if is_ascii_digits:
        for i in range(3):
            is_ascii_digits = is_ascii_digits and c"0" <= value[i] <= c"9"
        if is_ascii_digits:
            report.add("network-error-ascii", rule.name, offset, rule.row.section,
                       {"text": (<bytes>(<const char *>value)[:3]).decode("latin-1"), "kind": value[0], "error": read_u16(value + 1)})
    if rule.kind == TLV_INTEGER and rule.reserved is not None:
        number = read_value(rule, value, size)
        if number is not None and (rule.reserved[number] if number < 256 else is_reserved(rule.row.values, number)):
            report.add("unknown-value", rule.name, offset, rule.row.section, {"said": number})
    return 0
