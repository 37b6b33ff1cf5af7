"""Strategies of SMPP conversations cut into TCP segments, whole and damaged, and what a reader must make of them."""

import struct
from typing import NamedTuple

from hypothesis import strategies as st

from .writer import Conversation

SUBMIT_SM, DELIVER_SM, ENQUIRE_LINK, BIND_TRANSCEIVER = 0x04, 0x05, 0x15, 0x09


def pdu(command_id, sequence, body=b"", status=0):
    """The octets of a PDU."""
    return struct.pack(">IIII", 16 + len(body), command_id, status, sequence) + body


def message(sequence, text, command_id=SUBMIT_SM):
    """A submit_sm or deliver_sm."""
    return pdu(command_id, sequence, b"\0\1\1Lantern\0\1\x01385912345678\0" + bytes(9) + bytes([len(text)]) + text)


texts = st.binary(min_size=1, max_size=200).map(lambda octets: octets.replace(b"\0", b"-"))
sequences = st.integers(1, 0x7FFFFFFF)
pdus = st.one_of(
    st.builds(message, sequences, texts, st.sampled_from((SUBMIT_SM, DELIVER_SM))),
    st.builds(
        pdu, st.sampled_from((0x80000004, 0x80000005)), sequences, texts.map(lambda text: text[:20] + b"\0"),
        st.sampled_from((0, 0x58, 0x400)),
    ),
    st.builds(pdu, st.sampled_from((ENQUIRE_LINK, 0x80000015, 0x06, 0x80000006)), sequences),
)


@st.composite
def cuts(draw, stream):
    """A stream in pieces: [(offset, octets)], at arbitrary places."""
    places = sorted(draw(st.lists(st.integers(1, max(1, len(stream) - 1)), max_size=30, unique=True)))
    return [(a, stream[a:b]) for a, b in zip([0, *places], [*places, len(stream)]) if b > a]


class Sent(NamedTuple):
    """A conversation: its packets, whether each was captured, and per side the PDUs it sent."""

    packets: list[bytes]
    pdus: tuple[list[bytes], list[bytes]]
    data: list[tuple[int, int, int] | None]
    """(side, offset, size) of what a packet carried, None for none."""


@st.composite
def conversations(draw, *, handshake=True, closed=None, isn=None):
    """A conversation in order, its data cut at arbitrary places."""
    both = (draw(st.lists(pdus, min_size=2, max_size=12)), draw(st.lists(pdus, min_size=2, max_size=12)))
    isn = isn or draw(st.sampled_from(((1000, 5000), (0xFFFFFFF0, 0xFFFFFE00), (0x7FFFFF00, 0))))
    conversation = Conversation(isn=isn)
    data = []
    if handshake:
        conversation.open()
        data += [None] * 3
    queues = [draw(cuts(b"".join(sent))) for sent in both]
    while queues[0] or queues[1]:
        side = draw(st.integers(0, 1))
        if not queues[side]:
            side = 1 - side
        at, octets = queues[side].pop(0)
        conversation.send(side, octets, at)
        data.append((side, at, len(octets)))
    if draw(st.booleans()) if closed is None else closed:
        conversation.close()
        data += [None] * 3
    return Sent(conversation.packets, both, data)


@st.composite
def disordered(draw, sent):
    """The order in which the packets of a conversation are captured: moved by a few places, some twice, none lost.

    The handshake stays in front: a data packet before its SYN is of another stream, for tshark and for the reader.
    """
    order = list(range(len(sent.packets)))
    for index in draw(st.lists(st.sampled_from(order[3:]), max_size=6)):
        order.insert(draw(st.integers(order.index(index) + 1, len(order))), index)
    keys = [place + draw(st.integers(0, 5)) for place in range(3, len(order))]
    return order[:3] + [index for _, index in sorted(zip(keys, order[3:]), key=lambda pair: pair[0])]


class Expected(NamedTuple):
    """One PDU that a reader must find."""

    side: int
    offset: int
    octets: bytes
    missing: tuple[tuple[int, int], ...]
    frame: int


def arrivals(sent, order):
    """Per side and octet of its stream, the first frame that brings it; 0 if none does."""
    came = [[0] * sum(map(len, side)) for side in sent.pdus]
    for frame, index in enumerate(order, 1):
        if sent.data[index]:
            side, at, size = sent.data[index]
            for octet in range(at, at + size):
                came[side][octet] = came[side][octet] or frame
    return came


def expected(sent, order):
    """The PDUs of which the header was captured, in order of frame and offset, with what is missing of them."""
    came = arrivals(sent, order)
    found = []
    for side in range(2):
        at = 0
        for octets in sent.pdus[side]:
            frames = came[side][at:at + len(octets)]
            if all(frames[:16]):
                holes = [i for i, frame in enumerate(frames) if not frame]
                starts = [i for i in holes if i - 1 not in holes]
                ends = [i + 1 for i in holes if i + 1 not in holes]
                blanked = bytes(octet if frame else 0 for octet, frame in zip(octets, frames))
                found.append(Expected(side, at, blanked, tuple(zip(starts, ends)), max(frames)))
            at += len(octets)
    return sorted(found, key=lambda one: (one.frame, one.offset))
