"""Layer 3 of 9: the layout of each command as C arrays of segments, and the loop that finds the fields of a PDU."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t

cdef enum:
    HEADER = 16           # octets of a PDU header
    MAX_SEGMENTS = 8
    MAX_FIELDS = 20
    MAX_FIXED = 32        # fixed octets of a body, over all segments

cdef enum FieldKind:
    FIELD_U8 = 0
    FIELD_U32 = 1
    FIELD_CSTRING = 2
    FIELD_OCTETS = 3
    FIELD_DESTS = 4
    FIELD_UNSUCCESS = 5

cdef enum TimeForm:
    TIME_NONE = 0
    TIME_FULL = 1         # YYMMDDhhmmsstnnp
    TIME_REPORTED = 2     # or YYMMDDhhmmss

cdef enum BodyRule:
    BODY_REQUIRED = 0
    BODY_WHEN_OK = 1
    BODY_OPTIONAL = 2

cdef struct Segment:      # a run of fixed octets, then one variable field
    uint8_t fixed
    uint8_t kind

cdef struct FieldInfo:    # where one mandatory field stands: `delta` octets behind the end of segment `segment` - 1
    uint8_t index
    uint8_t kind
    uint8_t segment
    uint8_t delta
    uint16_t limit
    uint8_t time          # a TimeForm
    uint8_t counts        # a length or count: it measures the next field
    uint8_t blank         # where an integer stands in Layout.blank
    const uint8_t *reserved   # 256 flags, NULL where every value is named or open

cdef struct Layout:
    uint32_t command_id
    uint8_t n_segments
    uint8_t n_fields
    uint8_t tail          # fixed octets behind the last variable field
    uint8_t body          # a BodyRule
    uint8_t tlv_body      # the body may be TLVs only: a response that begins with a C-octet string
    Segment segments[MAX_SEGMENTS]
    FieldInfo fields[MAX_FIELDS]
    uint8_t blank[MAX_FIXED]  # the fixed octets of all segments as they are built if nothing is given
    void *row             # the spec.rows.Command, a borrowed reference to what lives as long as the process
    void *cls             # the Pdu class, likewise; NULL until smpp_core.commands is imported
    void *names[MAX_FIELDS]   # interned names of the fields

cdef struct Anchors:      # what `locate` finds in one PDU
    uint32_t ends[MAX_SEGMENTS]   # end of each segment; one past `limit` where a C-octet string has no NUL
    uint32_t tlvs         # where the TLVs begin
    uint32_t tlvs_end     # behind the last TLV; octets from here to `limit` are the tail
    uint32_t limit        # end of the PDU: fields and TLVs stay below
    uint32_t located      # mandatory fields present

# The layout of a command, NULL if the id is in no table. Read only.
cdef Layout *layout_of(uint32_t command_id) noexcept nogil
# 1 if text[0:size] has the form of an SMPP time; no calendar is asked.
cdef bint is_time(const uint8_t *text, Py_ssize_t size, int form) noexcept nogil
# Find the fields and TLVs of octets[0:length], header included: 0 if every one is whole, else 1 (see smpp_core.examine).
cdef int locate(const Layout *layout, const uint8_t *octets, uint32_t length, Anchors *anchors) noexcept nogil
# The end of a group of `count` entries (FIELD_DESTS, FIELD_UNSUCCESS) from `start`, or 0 if they do not fit.
cdef uint32_t skip_group(int kind, uint32_t count, const uint8_t *octets, uint32_t start, uint32_t limit) noexcept nogil
# 1 if octets[start:limit] is one TLV or more and nothing else.
cdef int is_tlv_walk(const uint8_t *octets, uint32_t start, uint32_t limit) noexcept nogil
