"""Layer 4 of 9: the octets of one direction of a connection -> PDUs and gaps.

In step, PDUs are cut by their command_length. Behind octets that are no PDU, behind a hole and where a capture begins in the middle, the
next header is looked for: one that is plausible and followed by another, or by the end of what there is. Everything told about lies side by
side: each octet of a stream belongs to one PDU or to one gap. SMPP 3.4 3.2, 5.1.
"""

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, realloc
from libc.string cimport memcpy, memmove, memset

from ..frame cimport is_command, plausible_header
from ..wire cimport read_u32

__all__ = []

cdef enum:
    HEADER = 16
    AGAIN = 2
    SMALL = 4096                # a buffer kept for the next PDU
    # Merged beyond this, so that octets that come one by one cannot cost more than their share.
    MAX_MARKS = 4096
    # How long a connection may go without a header before it is given up: from its first octet on, it should have been there.
    UNLIKELY_OCTETS = 4096
    UNKNOWN_OCTETS = 256 * 1024
    WEAK = 1
    STRONG = 2


cdef void begin_framing(Framing *f, uint32_t max_length, bint from_start, bint known) noexcept nogil:
    memset(f, 0, sizeof(Framing))
    f.max_length = max_length
    f.known = known
    f.state = IN_STEP if from_start else LOST
    f.cause = FROM_MIDDLE


cdef void admit(Framing *f) noexcept nogil:
    if not f.known:
        f.known = True
        if f.state == FOREIGN:
            f.state = LOST
            f.looked = f.at


cdef void free_framing(Framing *f) noexcept nogil:
    free(f.buffer)
    free(f.marks)
    free(f.missing)
    f.buffer = NULL
    f.marks = NULL
    f.missing = NULL


cdef int find(Framing *f, Found *found) noexcept nogil:
    cdef int result = AGAIN
    if f.handed:
        f.handed = False
        f.missing_count = 0
    while result == AGAIN:
        if f.state == IN_STEP:
            result = _cut(f, found)
        elif f.state == LOST:
            result = _look(f, found)
        else:
            result = _count(f)
    return result


cdef bint _good_length(const Framing *f, const uint8_t *header) noexcept nogil:
    return HEADER <= read_u32(header) <= f.max_length


cdef int _cut(Framing *f, Found *found) noexcept nogil:
    """In step: the next PDU by its command_length."""
    cdef size_t held
    cdef size_t take
    cdef uint32_t length
    cdef const uint8_t *p
    while True:
        held = f.end - f.at
        p = f.input
        if held:
            p = f.buffer + f.at
        if (held if held else f.left) >= HEADER:
            if not f.known:
                if not plausible_header(p, f.max_length):
                    f.unlikely = True
                    return _lose(f, BAD_HEADER)
                f.known = True
            elif not _good_length(f, p):
                return _lose(f, BAD_HEADER)
            length = read_u32(p)
            if held >= length:
                _found_pdu(f, found, p, length)
                f.at += length
                return 1
            if held == 0 and f.left >= length:
                # The common case: the PDU stands whole in its packet, and nothing is copied.
                _found_pdu(f, found, p, length)
                f.input += length
                f.left -= length
                return 1
            take = length - held
        else:
            take = HEADER - held
        if f.left:
            take = min(take, f.left)
            if _append(f, take):
                return -1
        elif held == 0:
            if f.hole:
                return _lose(f, AFTER_HOLE)
            _shrink(f)
            f.ending = OPEN
            return 0
        elif f.hole:
            if held < HEADER:
                return _end_begun(f, found, held)
            if _append_hole(f, <uint32_t>held, min(take, <size_t>f.hole)):
                return -1
        elif f.ending:
            if held < HEADER or ((f.ending == BY_FIN or f.ending == BY_RESET) and f.missing_count == 0):
                return _end_begun(f, found, held)
            f.hole = <int64_t>take
            if _append_hole(f, <uint32_t>held, take):
                return -1
        else:
            return 0


cdef void _found_pdu(Framing *f, Found *found, const uint8_t *p, uint32_t length) noexcept nogil:
    found.kind = FOUND_PDU
    found.octets = p
    found.size = length
    found.length = length
    found.offset = f.offset
    found.after_garbage = f.after_garbage
    found.frame = f.frame
    found.time_ns = f.time_ns
    found.missing_count = 0
    if f.end > f.at:
        found.missing = f.missing
        found.missing_count = f.missing_count
        f.handed = True
        _came_with(f, f.at + length, &found.frame, &found.time_ns)
    f.offset += length


cdef int _end_begun(Framing *f, Found *found, size_t held) noexcept nogil:
    """Tell about a PDU that is begun and not ended. While the connection is unknown, count it."""
    if not f.known:
        if f.hole:
            return _lose(f, AFTER_HOLE)
        f.ending = OPEN
        return 0
    found.kind = FOUND_CUT
    if held >= 4 and not _good_length(f, f.buffer + f.at):
        found.kind = FOUND_NOT_PDU
        f.after_garbage = True
    found.octets = f.buffer + f.at
    found.size = held
    found.length = held
    found.absent = 0
    found.offset = f.offset
    found.after_garbage = f.after_garbage
    found.ending = OPEN if f.hole else f.ending
    _came_with(f, f.end, &found.frame, &found.time_ns)
    f.offset += held
    f.at = f.end
    return 1


cdef int _lose(Framing *f, Cause cause) noexcept nogil:
    f.state = LOST
    f.cause = cause
    # A header that was just found bad is not looked at again.
    f.looked = f.at + (cause == BAD_HEADER)
    return AGAIN


cdef int _count(Framing *f) noexcept nogil:
    """In a foreign stream: only how much there was, and how it began."""
    _pass_over(f, f.input, f.left, f.frame, f.time_ns)
    f.left = 0
    f.run += f.hole
    f.run_absent += f.hole
    f.offset += f.hole
    f.hole = 0
    f.ending = OPEN
    return 0


cdef void _pass_over(Framing *f, const uint8_t *p, size_t size, uint64_t frame, int64_t time_ns) noexcept nogil:
    cdef size_t keep = min(size, HEAD - f.head_size) if f.run_absent == 0 else 0
    if size == 0:
        return
    if f.run == 0:
        f.run_offset = f.offset
        f.run_frame = 0
    memcpy(f.head + f.head_size, p, keep)
    f.head_size += keep
    f.run += size
    f.offset += size
    if frame >= f.run_frame:
        f.run_frame = frame
        f.run_time = time_ns


cdef void _pass_buffer(Framing *f, size_t until) noexcept nogil:
    """Add buffer[at:until] to the run of octets that are no PDU."""
    cdef uint64_t frame = 0
    cdef int64_t time_ns = 0
    if until > f.at:
        _came_with(f, until, &frame, &time_ns)
        _pass_over(f, f.buffer + f.at, until - f.at, frame, time_ns)
        f.at = until


cdef int _look(Framing *f, Found *found) noexcept nogil:
    """Out of step: the next header, and in front of it the octets passed over."""
    cdef Py_ssize_t at
    if f.left and _append(f, f.left):
        return -1
    if f.unlikely and not f.known:
        # Only the other direction can still say that this is SMPP; until then the octets wait, if they are few.
        if f.hole or f.end - f.at > UNLIKELY_OCTETS:
            return _give_up(f)
        f.ending = OPEN
        return 0
    at = _next_header(f)
    if at < 0 and (f.hole or f.ending):
        at = _last_header(f)
    if at >= 0:
        _pass_buffer(f, at)
        f.known = True
        f.state = IN_STEP
        return _found_run(f, found) if f.run else AGAIN
    if f.hole or f.ending:
        _pass_buffer(f, f.end)
        if f.known and f.run:
            return _found_run(f, found)
        if f.hole:
            return _found_hole(f, found) if f.known else _add_hole(f)
        _shrink(f)
        f.ending = OPEN
        return 0
    _pass_buffer(f, min(f.looked, f.end))
    if not f.known and f.run > UNKNOWN_OCTETS:
        return _give_up(f)
    return 0


cdef int _give_up(Framing *f) noexcept nogil:
    _pass_buffer(f, f.end)
    _shrink(f)
    f.state = FOREIGN
    return AGAIN


cdef Py_ssize_t _next_header(Framing *f) noexcept nogil:
    """Where a header stands that is believed by what follows, or -1; `looked` moves on to what more octets may make one."""
    cdef const uint8_t *p = f.buffer
    cdef size_t at = max(f.looked, f.at)
    cdef size_t behind
    cdef uint8_t top = <uint8_t>(f.max_length >> 24)        # of a length, to skip quickly over text
    while at + HEADER <= f.end:
        if p[at] <= top and plausible_header(p + at, f.max_length):
            behind = at + read_u32(p + at)
            if _is_followed(f, behind) or (f.known and _fills_packets(f, at, behind)):
                return at
            if behind + HEADER > f.end and (behind >= f.end or _may_begin(f, behind)):
                break
        elif p[at] <= top and _is_unknown_pdu(f, at):
            return at
        at += 1
    f.looked = at
    return -1


cdef Py_ssize_t _last_header(Framing *f) noexcept nogil:
    """With nothing more to come: a header that fits what there is, rather than one that only begins there; -1 if there is none."""
    cdef const uint8_t *p = f.buffer
    cdef size_t at = max(f.looked, f.at)
    cdef size_t behind
    cdef uint8_t top = <uint8_t>(f.max_length >> 24)
    cdef Py_ssize_t weak = -1
    while at + HEADER <= f.end:
        if p[at] <= top and plausible_header(p + at, f.max_length):
            behind = at + read_u32(p + at)
            if behind == f.end or _is_followed(f, behind) or (f.known and _fills_packets(f, at, behind)):
                return at
            if behind > f.end or (behind + HEADER > f.end and _may_begin(f, behind)):
                if behind + 8 <= f.end:
                    return at
                if weak < 0 and (f.known or _begins_packet(f, at)):
                    weak = at
        elif p[at] <= top and _is_unknown_pdu(f, at):
            return at
        at += 1
    return weak


cdef bint _is_unknown_pdu(const Framing *f, size_t at) noexcept nogil:
    """Whether a PDU whose command no table knows stands at the beginning of a packet, and all around it speaks for it."""
    cdef const uint8_t *p = f.buffer + at
    cdef size_t behind = at + read_u32(p)
    return (
        f.known and _good_length(f, p) and not is_command(read_u32(p + 4)) and (p[4] & 0x80 or read_u32(p + 8) == 0)
        and 1 <= read_u32(p + 12) <= 0x7FFFFFFF and _begins_packet(f, at) and (_is_followed(f, behind) or _fills_packets(f, at, behind))
    )


cdef bint _is_followed(const Framing *f, size_t behind) noexcept nogil:
    """Whether another plausible header stands behind a PDU."""
    return behind + HEADER <= f.end and plausible_header(f.buffer + behind, f.max_length) != 0


cdef bint _fills_packets(const Framing *f, size_t at, size_t behind) noexcept nogil:
    """Whether a PDU begins with a packet and ends with one: then it need not be followed by another."""
    cdef size_t i
    if behind > f.end or not _begins_packet(f, at):
        return False
    for i in range(f.mark_first, f.mark_count):
        if f.marks[i].end == behind:
            return True
    return False


cdef bint _may_begin(const Framing *f, size_t at) noexcept nogil:
    """Whether the last octets of the buffer, fewer than a header, can begin one."""
    cdef const uint8_t *p = f.buffer + at
    cdef size_t size = f.end - at
    if size < 4:
        return <uint32_t>p[0] << 24 <= f.max_length
    return _good_length(f, p) and (size < 8 or is_command(read_u32(p + 4)))


cdef bint _begins_packet(const Framing *f, size_t at) noexcept nogil:
    cdef size_t i
    if at == f.at and f.run == 0:
        return True
    for i in range(f.mark_first, f.mark_count):
        if f.marks[i].end == at:
            return True
    return False


cdef int _found_run(Framing *f, Found *found) noexcept nogil:
    """Tell about the octets passed over."""
    found.kind = FOUND_NOT_PDU if f.cause == BAD_HEADER else FOUND_PART
    found.octets = f.head
    found.size = f.head_size
    found.length = f.run
    found.absent = f.run_absent
    found.offset = f.run_offset
    found.frame = f.run_frame
    found.time_ns = f.run_time
    found.ending = OPEN
    if f.cause == BAD_HEADER:
        f.after_garbage = True
    found.after_garbage = f.after_garbage
    f.run = 0
    f.run_absent = 0
    f.head_size = 0
    return 1


cdef int _found_hole(Framing *f, Found *found) noexcept nogil:
    found.kind = FOUND_HOLE
    found.octets = f.head
    found.size = 0
    found.length = f.hole
    found.absent = f.hole
    found.offset = f.offset
    found.frame = f.frame
    found.time_ns = f.time_ns
    found.after_garbage = f.after_garbage
    found.ending = OPEN
    f.offset += f.hole
    f.hole = 0
    f.cause = AFTER_HOLE
    f.looked = f.at
    return 1


cdef int _add_hole(Framing *f) noexcept nogil:
    """While the connection is unknown, a hole is part of what was passed over."""
    if f.run == 0:
        f.run_offset = f.offset
        f.run_frame = f.frame
        f.run_time = f.time_ns
    f.run += f.hole
    f.run_absent += f.hole
    f.offset += f.hole
    f.hole = 0
    f.cause = AFTER_HOLE
    f.looked = f.at
    return AGAIN


cdef int _reserve(Framing *f, size_t size) noexcept nogil:
    """Room for `size` more octets behind the buffer's; what was told about makes way first."""
    cdef size_t held = f.end - f.at
    cdef size_t i
    cdef size_t room
    cdef void *larger
    if f.end + size > f.room and f.at and f.at >= held:
        if held:
            memmove(f.buffer, f.buffer + f.at, held)
        while f.mark_first < f.mark_count and f.marks[f.mark_first].end <= f.at:
            f.mark_first += 1
        for i in range(f.mark_first, f.mark_count):
            f.marks[i - f.mark_first] = f.marks[i]
            f.marks[i - f.mark_first].end -= f.at
        f.mark_count -= f.mark_first
        f.mark_first = 0
        f.looked = f.looked - f.at if f.looked > f.at else 0
        f.at = 0
        f.end = held
    if f.end + size > f.room:
        room = max(f.end + size, min(2 * f.room, f.room + 65536))
        larger = realloc(f.buffer, room)
        if larger is NULL:
            return -1
        f.buffer = <uint8_t *>larger
        f.room = room
    return 0


cdef int _mark(Framing *f, uint64_t frame, int64_t time_ns) noexcept nogil:
    """Say where the octets up to the buffer's end came from."""
    cdef Mark *last
    cdef size_t room
    cdef void *larger
    cdef uint64_t before
    cdef int64_t before_time = time_ns
    if f.mark_first == f.mark_count:
        f.mark_first = f.mark_count = 0
    elif f.state == IN_STEP or f.mark_count - f.mark_first >= MAX_MARKS or f.marks[f.mark_count - 1].frame == frame:
        last = &f.marks[f.mark_count - 1]
        if f.state == IN_STEP:
            # All octets held are of one PDU, so only the latest packet matters.
            _came_with(f, last.end, &before, &before_time)
            last.frame = before
            last.time_ns = before_time
            f.mark_first = f.mark_count - 1
        last.end = f.end
        if frame > last.frame:
            last.frame = frame
            last.time_ns = time_ns
        return 0
    if f.mark_count == f.mark_room:
        room = max(<size_t>4, 2 * f.mark_room)
        larger = realloc(f.marks, room * sizeof(Mark))
        if larger is NULL:
            return -1
        f.marks = <Mark *>larger
        f.mark_room = room
    last = &f.marks[f.mark_count]
    last.end = f.end
    last.frame = frame
    last.time_ns = time_ns
    f.mark_count += 1
    return 0


cdef void _came_with(Framing *f, size_t until, uint64_t *frame, int64_t *time_ns) noexcept nogil:
    """The latest packet that brought octets of buffer[at:until]; marks behind which the buffer goes on are dropped."""
    cdef size_t i
    frame[0] = 0
    while f.mark_first + 1 < f.mark_count and f.marks[f.mark_first].end <= f.at:
        f.mark_first += 1
    for i in range(f.mark_first, f.mark_count):
        if f.marks[i].frame >= frame[0]:
            frame[0] = f.marks[i].frame
            time_ns[0] = f.marks[i].time_ns
        if f.marks[i].end >= until:
            break


cdef int _append(Framing *f, size_t size) noexcept nogil:
    """Move octets from the input to the buffer."""
    if f.at == f.end:
        f.looked = f.looked - f.at if f.looked > f.at else 0
        f.at = f.end = f.mark_first = f.mark_count = f.missing_count = 0
    if _reserve(f, size):
        return -1
    memcpy(f.buffer + f.end, f.input, size)
    f.end += size
    f.input += size
    f.left -= size
    return _mark(f, f.frame, f.time_ns)


cdef int _append_hole(Framing *f, uint32_t held, size_t size) noexcept nogil:
    """Fill octets of the PDU that are in no packet with zeros, and note which they are."""
    cdef size_t room
    cdef void *larger
    if _reserve(f, size):
        return -1
    if f.missing_count and f.missing[f.missing_count - 1].end == held:
        f.missing[f.missing_count - 1].end += <uint32_t>size
    else:
        if f.missing_count == f.missing_room:
            room = max(<size_t>4, 2 * f.missing_room)
            larger = realloc(f.missing, room * sizeof(Span))
            if larger is NULL:
                return -1
            f.missing = <Span *>larger
            f.missing_room = room
        f.missing[f.missing_count].start = held
        f.missing[f.missing_count].end = held + <uint32_t>size
        f.missing_count += 1
    memset(f.buffer + f.end, 0, size)
    f.end += size
    f.hole -= <int64_t>size
    return _mark(f, 0, 0)


cdef void _shrink(Framing *f) noexcept nogil:
    """With nothing held, give a large buffer back."""
    f.at = f.end = f.looked = f.mark_first = f.mark_count = 0
    if f.room > SMALL:
        free(f.buffer)
        f.buffer = NULL
        f.room = 0
    if f.mark_room > 64:
        free(f.marks)
        f.marks = NULL
        f.mark_room = 0
