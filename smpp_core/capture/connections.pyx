"""Layer 4 of 9: connections followed to their end: which are SMPP, when a hole is given up, in what order PDUs and gaps come out.

Memory is bounded by the caps below, not by the capture. What comes out of one stream comes in order of `frame`, then of `offset`; for that,
what is found while older octets are still undecided waits for them. Only a PDU cut by the end comes when its connection ends.
"""

cimport cython
from cpython.list cimport PyList_Append, PyList_GET_SIZE
from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF, Py_XDECREF
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free

from ..tlv cimport Rules
from .files cimport Record
from .items cimport Ends, Item, make_ends, make_gap, make_pdu
from .packets cimport TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN, Segment
from .search cimport (
    BY_EVICTION, BY_FILE, BY_FIN, BY_RESET, BY_SUCCESSOR, FOREIGN, FOUND_PDU, Ending, Found, Framing, admit, begin_framing, find,
    free_framing, is_open,
)
from .streams cimport (
    CLOSING, LINES, LIVE, QUIET, WAY_COLLECTING, WAY_NEW, WAY_RUNNING, Chunk, Flow, Way, add_flow, drop_pieces, find_flow,
    is_new_connection, make_table, move_flow, offset_of, pass_hole, pull, push, remove_flow, run, start_at,
)

import os

__all__ = []

cdef enum:
    # Connections remembered, the quiet ones included: some 20 MiB, and more than one SMSC serves at a time.
    MAX_FLOWS = 65536
    # Octets that may wait for those in front of them in one direction: beyond a TCP window of 1 MiB nothing is still under way.
    MAX_WAITING = 1024 * 1024
    MAX_PIECES = 2048
    # Octets held for all connections together; beyond it, the connection silent for longest is given up.
    MAX_MEMORY = 256 * 1024 * 1024
    # Items of one connection that wait for older ones.
    MAX_HELD_ITEMS = 1024
    MAX_HELD_OCTETS = 1024 * 1024
    # Packets of a connection begun in the middle that decide which octet is its first, for packets may be out of order.
    COLLECTED = 8
    COLLECTED_AT_LEAST = 4
    # Once a peer has acknowledged octets that are missing, they can only still come by disorder in the capture.
    DOUBTED_PACKETS = 64
    DOUBTED_AT_LEAST = 16
    PATIENT_PACKETS = 4096
    # Packets of the file after which nothing more is expected of a connection that was reset or ended with octets missing.
    CLOSING_PACKETS = 256
    # A hole known by an acknowledgement alone is believed up to this size.
    MAX_ACKED_HOLE = 16 * 1024 * 1024

# Where packets are rare, fewer are waited for, once so much time has gone by in the capture.
cdef int64_t SECOND = 1000000000
cdef int64_t COLLECTED_TIME = SECOND
cdef int64_t DOUBTED_TIME = 5 * SECOND
cdef int64_t PATIENT_TIME = 300 * SECOND


def _place(item):
    return item.frame, item.offset


@cython.final
cdef class Connections:
    """The TCP connections of one capture: takes segments, leaves PDUs and gaps in `items`."""

    def __cinit__(self, Rules rules not None, uint32_t max_length, ports):
        if make_table(&self._table, int.from_bytes(os.urandom(8), "big"), int.from_bytes(os.urandom(8), "big")):
            raise MemoryError
        self.items = []
        self._rules = rules
        self._max_length = max_length
        self._any_port = ports is None
        for port in ports or ():
            if not 0 <= port <= 65535:
                raise ValueError(f"a port is 0 to 65535, not {port}")
            self._ports[port >> 3] |= 1 << (port & 7)

    def __dealloc__(self):
        cdef Flow *flow
        if self._table.buckets is NULL:
            return
        for line in range(LINES):
            while self._table.oldest[line] is not NULL:
                flow = self._table.oldest[line]
                _free_session(flow)
                remove_flow(&self._table, flow)
        free(self._table.buckets)

    @property
    def streams(self):
        """TCP connections seen so far."""
        return self._table.streams

    cdef int pass_time(self, uint64_t frame) except -1:
        """A packet of the file has been read: connections that have waited long enough for late packets end."""
        while self._table.oldest[CLOSING] is not NULL and self._table.oldest[CLOSING].deadline <= frame:
            self._finish(self._table.oldest[CLOSING], BY_RESET)
        return 0

    cdef int take(self, const Segment *segment, const Record *record) except -1:
        """Take a segment; what it makes whole is behind the items that were there."""
        cdef int way = 0
        cdef Flow *flow = self._connection(segment, &way)
        flow.packets += 1
        flow.seen[way] = True
        if flow.line == QUIET and flow.closed and segment.flags & TCP_SYN and not segment.flags & TCP_ACK:
            # The same initial sequence number again: tshark gives it the old number.
            _reopen(flow)
            move_flow(&self._table, flow, LIVE)
        if flow.line == QUIET:
            move_flow(&self._table, flow, QUIET)
            return 0
        return self._follow(flow, way, segment, record)

    cdef int end(self) except -1:
        """The end of the capture: what is still open is told about, connection by connection."""
        cdef Flow *flow
        still = []
        for line in (LIVE, CLOSING):
            flow = self._table.oldest[line]
            while flow is not NULL:
                still.append((flow.stream, <size_t>flow))
                flow = flow.newer
        for _, address in sorted(still):
            flow = <Flow *><size_t>address
            self._finish(flow, BY_RESET if flow.line == CLOSING else BY_FILE)
        return 0

    cdef Flow *_connection(self, const Segment *segment, int *way) except NULL:
        cdef Flow *flow = find_flow(&self._table, segment, way)
        if flow is NULL:
            flow = self._add(segment)
            way[0] = 0
        elif is_new_connection(flow, way[0], segment):
            self._forget(flow, BY_SUCCESSOR)
            flow = self._add(segment)
            way[0] = 0
        return flow

    cdef Flow *_add(self, const Segment *segment) except NULL:
        cdef Flow *flow
        if self._table.count >= MAX_FLOWS:
            flow = self._table.oldest[QUIET]
            if flow is NULL:
                flow = self._table.oldest[LIVE]
                if flow is NULL:
                    flow = self._table.oldest[CLOSING]
                self.forgotten += 1
            self._forget(flow, BY_EVICTION)
        flow = add_flow(&self._table, segment)
        if flow is NULL:
            raise MemoryError
        is_new_connection(flow, 0, segment)
        if not self._any_port and not (_has(self._ports, segment.source_port) or _has(self._ports, segment.destination_port)):
            move_flow(&self._table, flow, QUIET)
        return flow

    cdef int _follow(self, Flow *flow, int way, const Segment *segment, const Record *record) except -1:
        """A packet of a connection that may be SMPP."""
        cdef Session *session = <Session *>flow.owner
        cdef uint32_t sequence = segment.sequence
        cdef int64_t acked
        cdef Way *peer
        if flow.line == LIVE:
            move_flow(&self._table, flow, LIVE)
        if segment.flags & TCP_SYN:
            self._take_syn(flow, way, segment)
            sequence += 1
        if segment.length and not segment.flags & TCP_RST:
            self._take_octets(flow, way, segment, sequence, record)
            session = <Session *>flow.owner
        if session is not NULL:
            peer = &session.ways[1 - way]
            if segment.flags & TCP_ACK and peer.state == WAY_RUNNING:
                acked = offset_of(peer, segment.acknowledged)
                if acked > peer.acked:
                    peer.acked = acked
            if session.ways[0].first is not NULL or session.ways[1].first is not NULL:
                self._settle(flow, 0, record.time_ns)
                self._settle(flow, 1, record.time_ns)
        if segment.flags & TCP_FIN and not flow.fin[way]:
            flow.fin[way] = True
            flow.fin_sequence[way] = sequence + segment.length
        if segment.flags & TCP_RST and flow.line == LIVE:
            flow.deadline = record.frame + CLOSING_PACKETS
            move_flow(&self._table, flow, CLOSING)
        if flow.fin[0] or flow.fin[1]:
            self._take_fin(flow, record.frame)
            session = <Session *>flow.owner
        if session is not NULL:
            if session.held is not NULL:
                self._release(session, False)
            return self._account(flow)
        return 0

    cdef int _take_syn(self, Flow *flow, int way, const Segment *segment) except -1:
        """A SYN says where its side's stream begins, and with an ACK where the other's does."""
        cdef Session *session = <Session *>flow.owner
        cdef int side
        for side in range(2):
            if side != way and not segment.flags & TCP_ACK:
                continue
            if not flow.syn[side]:
                flow.syn[side] = True
                flow.isn[side] = segment.sequence if side == way else segment.acknowledged - 1
                if session is not NULL and session.ways[side].state == WAY_COLLECTING:
                    self._run(flow, side)
        return 0

    cdef int _take_octets(self, Flow *flow, int way, const Segment *segment, uint32_t sequence, const Record *record) except -1:
        cdef Session *session = <Session *>flow.owner
        cdef Way *w
        cdef Framing *framing
        cdef Chunk chunk
        cdef int64_t fresh
        cdef int result
        if session is NULL:
            session = <Session *>calloc(1, sizeof(Session))
            if session is NULL:
                raise MemoryError
            session.known = not self._any_port
            flow.owner = session
        w = &session.ways[way]
        framing = &session.framings[way]
        if w.state == WAY_NEW:
            if flow.syn[way]:
                self._run(flow, way)
            else:
                w.since_time = record.time_ns
        if framing.state == FOREIGN:
            fresh = offset_of(w, sequence) + segment.length - w.next
            if fresh > 0:
                framing.run += fresh
                framing.offset += fresh
                framing.run_frame = record.frame
                framing.run_time = record.time_ns
                w.next += fresh
            return 0
        result = push(w, segment, sequence, record.frame, record.time_ns, &chunk)
        if result < 0:
            raise MemoryError
        if result:
            framing.input = chunk.octets
            framing.left = chunk.captured
            framing.hole = chunk.hole
            framing.frame = chunk.frame
            framing.time_ns = chunk.time_ns
            self._drain(flow, way)
        if w.first is not NULL:
            self._pull(flow, way)
            if w.since == 0:
                w.since = flow.packets
                w.since_time = record.time_ns
                w.doubted = False
        return 0

    cdef int _run(self, Flow *flow, int way) except -1:
        """Decide where a direction begins, and follow it from there."""
        cdef Session *session = <Session *>flow.owner
        cdef Way *w = &session.ways[way]
        if flow.syn[way]:
            start_at(w, flow.isn[way] + 1)
        else:
            run(w)
        begin_framing(&session.framings[way], self._max_length, w.from_start, session.known)
        return self._pull(flow, way)

    cdef int _pull(self, Flow *flow, int way) except -1:
        """Take what is in order now of the octets that came too early."""
        cdef Session *session = <Session *>flow.owner
        cdef Framing *framing = &session.framings[way]
        cdef Chunk chunk
        while pull(&session.ways[way], &chunk):
            framing.input = chunk.octets
            framing.left = chunk.captured
            framing.hole = chunk.hole
            framing.frame = chunk.frame
            framing.time_ns = chunk.time_ns
            self._drain(flow, way)
        return 0

    cdef int _settle(self, Flow *flow, int way, int64_t time_ns) except -1:
        """Give up waiting for octets that will not come any more."""
        cdef Session *session = <Session *>flow.owner
        cdef Way *w = &session.ways[way]
        cdef int64_t packets
        cdef int64_t time
        cdef bint doubted
        while w.first is not NULL:
            if w.since == 0:
                w.since = flow.packets
                w.since_time = time_ns
                w.doubted = False
            packets = <int64_t>(flow.packets - w.since)
            time = time_ns - w.since_time
            if w.state == WAY_COLLECTING:
                if packets < (COLLECTED_AT_LEAST if time >= COLLECTED_TIME else COLLECTED) and w.held < MAX_WAITING:
                    return 0
                self._run(flow, way)
                continue
            doubted = w.acked >= w.first.start or not flow.seen[1 - way]
            if doubted and not w.doubted:
                w.doubted = True
                w.since = flow.packets
                w.since_time = time_ns
                packets = time = 0
            if w.held < MAX_WAITING and w.pieces < MAX_PIECES:
                if doubted and packets < (DOUBTED_AT_LEAST if time >= DOUBTED_TIME else DOUBTED_PACKETS):
                    return 0
                if not doubted and packets < PATIENT_PACKETS and time < PATIENT_TIME:
                    return 0
            self._pass_hole(flow, way)
        return 0

    cdef int _pass_hole(self, Flow *flow, int way) except -1:
        cdef Session *session = <Session *>flow.owner
        cdef Framing *framing = &session.framings[way]
        framing.frame = session.ways[way].first.frame
        framing.time_ns = session.ways[way].first.time_ns
        framing.hole = pass_hole(&session.ways[way])
        self._drain(flow, way)
        return self._pull(flow, way)

    cdef bint _is_done(self, Flow *flow, int way) noexcept:
        """Whether a direction has ended and all its octets have come."""
        cdef Session *session = <Session *>flow.owner
        if not flow.fin[way]:
            return False
        if session is NULL or session.ways[way].state == WAY_NEW:
            return not flow.syn[way] or flow.fin_sequence[way] == flow.isn[way] + 1
        return session.ways[way].state == WAY_RUNNING and session.ways[way].next >= offset_of(&session.ways[way], flow.fin_sequence[way])

    cdef int _take_fin(self, Flow *flow, uint64_t frame) except -1:
        cdef Session *session = <Session *>flow.owner
        cdef int way
        if self._is_done(flow, 0) and self._is_done(flow, 1):
            return self._finish(flow, BY_FIN)
        if session is not NULL:
            for way in range(2):
                if session.ways[way].state == WAY_RUNNING and not session.ended[way] and self._is_done(flow, way):
                    session.ended[way] = BY_FIN
                    session.framings[way].ending = BY_FIN
                    self._drain(flow, way)
        if flow.fin[0] and flow.fin[1] and flow.line == LIVE:
            flow.deadline = frame + CLOSING_PACKETS
            move_flow(&self._table, flow, CLOSING)
        return 0

    cdef int _drain(self, Flow *flow, int way) except -1:
        """Tell about what a direction's octets have made whole."""
        cdef Session *session = <Session *>flow.owner
        cdef Framing *framing = &session.framings[way]
        cdef Framing *other = &session.framings[1 - way]
        cdef Found found
        cdef bint admitted = False
        cdef int result
        while True:
            result = find(framing, &found)
            if result < 0:
                raise MemoryError
            if framing.known and not session.known:
                session.known = admitted = True
                admit(other)
            if result == 0:
                break
            self._put(flow, way, &found)
        if framing.state == FOREIGN:
            drop_pieces(&session.ways[way])
        if admitted and session.ways[1 - way].state == WAY_RUNNING:
            other.ending = <Ending>session.ended[1 - way]
            self._drain(flow, 1 - way)
        return 0

    cdef int _put(self, Flow *flow, int way, const Found *found) except -1:
        """Make an item; it waits if the connection has older octets that are still undecided."""
        cdef Session *session = <Session *>flow.owner
        cdef Ends ends
        cdef Item item
        if session.ends is NULL:
            ends = make_ends(flow.stream, self._rules, self._max_length, flow.addresses[0], flow.addresses[1], flow.address_size,
                             flow.ports[0], flow.ports[1])
            Py_INCREF(ends)
            session.ends = <PyObject *>ends
        else:
            ends = <Ends>session.ends
        if found.kind == FOUND_PDU:
            self.pdus += 1
            item = make_pdu(ends, way, found)
        else:
            self.gaps += 1
            item = make_gap(ends, way, found)
        if session.held is NULL:
            if not _is_pending(session):
                PyList_Append(self.items, item)
                return 0
            held = []
            Py_INCREF(held)
            session.held = <PyObject *>held
        PyList_Append(<list>session.held, item)
        session.held_octets += found.size + sizeof(Found)
        return 0

    cdef int _release(self, Session *session, bint all) except -1:
        """Let items go that waited, in order, once nothing older can come."""
        cdef list held = <list>session.held
        if all or not _is_pending(session) or PyList_GET_SIZE(held) > MAX_HELD_ITEMS or session.held_octets > MAX_HELD_OCTETS:
            held.sort(key=_place)
            self.items.extend(held)
            Py_XDECREF(session.held)
            session.held = NULL
            session.held_octets = 0
        return 0

    cdef int _account(self, Flow *flow) except -1:
        """Count what a connection holds; give up others if all together hold too much, and the connection itself if it is foreign."""
        cdef Session *session = <Session *>flow.owner
        cdef Flow *oldest
        cdef size_t memory = session.held_octets
        cdef int way
        for way in range(2):
            memory += session.ways[way].held + session.framings[way].room + 24 * session.framings[way].mark_room
        self._memory += memory - session.memory
        session.memory = memory
        if not session.known and _is_foreign(session):
            _free_session(flow)
            self._memory -= memory
            move_flow(&self._table, flow, QUIET)
        while self._memory > MAX_MEMORY:
            oldest = self._table.oldest[LIVE]
            if oldest is NULL:
                oldest = self._table.oldest[CLOSING]
            if oldest is NULL or oldest is flow:
                break
            self.forgotten += 1
            self._forget(oldest, BY_EVICTION)
        return 0

    cdef int _finish(self, Flow *flow, Ending ending) except -1:
        """Tell about the rest of a connection and keep only its number."""
        cdef Session *session = <Session *>flow.owner
        cdef Way *w
        cdef int64_t hole
        cdef int way
        if session is not NULL:
            for way in range(2):
                w = &session.ways[way]
                if w.state == WAY_COLLECTING:
                    self._run(flow, way)
                if w.state == WAY_NEW:
                    continue
                while w.first is not NULL:
                    self._pass_hole(flow, way)
                hole = 0
                if flow.fin[way]:
                    hole = offset_of(w, flow.fin_sequence[way]) - w.next
                elif w.acked > w.next + 1:
                    # One octet more than came may be the acknowledgement of a FIN that is not in the capture.
                    hole = w.acked - w.next
                if 0 < hole <= MAX_ACKED_HOLE:
                    session.framings[way].hole = hole
                    w.next += hole
                    self._drain(flow, way)
                if not session.ended[way]:
                    session.ended[way] = BY_FIN if flow.fin[way] else ending
                    session.framings[way].ending = <Ending>session.ended[way]
                    self._drain(flow, way)
            if session.held is not NULL:
                self._release(session, True)
            self._memory -= session.memory
            _free_session(flow)
        flow.closed = True
        move_flow(&self._table, flow, QUIET)
        return 0

    cdef int _forget(self, Flow *flow, Ending ending) except -1:
        if flow.line != QUIET:
            self._finish(flow, ending)
        remove_flow(&self._table, flow)
        return 0


cdef inline bint _has(const uint8_t *ports, uint32_t port) noexcept nogil:
    return ports[port >> 3] >> (port & 7) & 1


cdef inline bint _is_pending(const Session *session) noexcept nogil:
    """Whether octets are undecided that came before others which are told about now."""
    return (
        session.ways[0].first is not NULL or session.ways[1].first is not NULL
        or session.ways[0].given is not NULL or session.ways[1].given is not NULL
        or is_open(&session.framings[0]) or is_open(&session.framings[1])
    )


cdef void _reopen(Flow *flow) noexcept nogil:
    cdef int way
    flow.closed = False
    for way in range(2):
        flow.seen[way] = flow.syn[way] = flow.fin[way] = False


cdef bint _is_foreign(const Session *session) noexcept nogil:
    """Whether neither direction can be SMPP."""
    cdef int way
    for way in range(2):
        if session.framings[way].state != FOREIGN and not session.framings[way].unlikely:
            return False
    return True


cdef void _free_session(Flow *flow) noexcept:
    cdef Session *session = <Session *>flow.owner
    cdef int way
    if session is NULL:
        return
    for way in range(2):
        drop_pieces(&session.ways[way])
        free_framing(&session.framings[way])
    Py_XDECREF(session.ends)
    Py_XDECREF(session.held)
    free(session)
    flow.owner = NULL
