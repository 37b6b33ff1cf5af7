"""Segments in any order, doubled, overlapping, lost or cut give the octets that were sent, and connections are told apart."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp_core.capture import CapturedPdu, Gap, read

from .reading import BIND, BIND_RESP, as_expected, assert_tiled, in_order, kinds_of, pdus_of, read_ips
from .traffic import conversations, disordered, expected, message, pdus
from .writer import ACK, ETHERNET, FIN, PSH, RST, SYN, Conversation, Packet, ip_packet, linked, on, pcap, tcp_segment


@given(st.data())
def test_however_a_conversation_is_cut_moved_and_doubled_the_same_pdus_come_out(data):
    sent = data.draw(conversations())
    order = data.draw(disordered(sent))
    items = read_ips([sent.packets[index] for index in order])
    assert as_expected(items) == expected(sent, order)
    assert len(items) == sum(map(len, sent.pdus))
    assert all(not item.missing for item in items)


@given(st.data())
def test_of_a_conversation_with_lost_packets_every_pdu_whose_header_came_is_found_and_nothing_else(data):
    sent = data.draw(conversations())
    order = data.draw(disordered(sent))
    carriers = [index for index in order if sent.data[index]]
    lost = data.draw(st.sets(st.sampled_from(carriers), max_size=len(carriers) // 2))
    order = [index for index in order if index not in lost]
    items = read_ips([sent.packets[index] for index in order], ports=[2775])
    assert in_order(items) == expected(sent, order)
    assert_tiled(items)


@given(st.data(), st.booleans(), st.booleans())
def test_overlapping_and_doubled_segments_keep_the_first_copy_of_each_octet(data, wrap, with_ports):
    stream = b"".join([BIND] + data.draw(st.lists(pdus, min_size=1, max_size=6)))
    wrong = bytes(octet ^ 0xFF for octet in stream)
    conversation = Conversation(isn=(0xFFFFFFC0, 7) if wrap else (1, 7)).open()
    came = [False] * len(stream)
    spans = data.draw(st.lists(st.tuples(st.integers(0, len(stream) - 1), st.integers(1, 300)), max_size=20))
    for at, size in [*spans, *((at, 97) for at in range(0, len(stream), 97))]:
        end = min(at + size, len(stream))
        conversation.send(0, bytes(wrong[i] if came[i] else stream[i] for i in range(at, end)), at)
        came[at:end] = [True] * (end - at)
    items = read_ips(conversation.packets, ports=[2775] if with_ports else None)
    assert b"".join(pdus_of(sorted(items, key=lambda item: item.offset))) == stream
    assert len(pdus_of(items)) == len(items)


def test_streams_are_numbered_as_their_first_packets_come_and_all_connections_count():
    web = Conversation(client=("10.0.0.9", 1000), server=("10.0.0.8", 80)).open()
    web.send(0, b"GET / HTTP/1.1\r\n\r\n").send(1, b"HTTP/1.1 200 OK\r\n\r\n")
    smpp = Conversation().open().send(0, BIND)
    reader = read(pcap(on(ETHERNET, web.packets + smpp.packets)))
    assert [item.stream for item in reader] == [1]
    assert (reader.streams, reader.pdus, reader.gaps, reader.packets, reader.segments) == (2, 1, 0, 9, 9)
    assert reader.octets == sum(len(linked(ip, ETHERNET)) for ip in web.packets + smpp.packets)
    assert reader.format == "pcap" and not reader.truncated and reader.warnings == []


def test_a_new_syn_on_the_same_ports_is_a_new_stream():
    first = Conversation(isn=(1000, 5000)).open().send(0, BIND).send(0, BIND[:7])
    second = Conversation(isn=(70000, 90000)).open().send(0, message(3, b"hi"))
    items = read_ips(first.packets + second.packets)
    assert [(item.stream, type(item)) for item in items] == [(0, CapturedPdu), (0, Gap), (1, CapturedPdu)]
    assert items[1].kind == "cut-pdu" and "new connection" in items[1].reason


def test_a_connection_that_begins_again_with_the_same_sequence_number_keeps_its_stream():
    ips = Conversation().open().send(0, BIND).close().packets
    items = read_ips(ips + ips)
    assert [(item.stream, item.frame) for item in items] == [(0, 4), (0, 11)]


def test_late_packets_of_a_closed_connection_are_of_its_stream():
    conversation = Conversation().open().send(0, BIND).close()
    conversation.segment(0, ACK, b"late octets", at=2000)
    reader = read(pcap(on(ETHERNET, conversation.packets)))
    assert len(list(reader)) == 1 and reader.streams == 1


def test_octets_that_the_peer_acknowledged_and_nobody_captured_are_missing():
    conversation = Conversation().open().send(0, BIND).send(0, BIND)
    conversation.packets.pop()
    conversation.segment(1, ACK)
    bind, gap = read_ips(conversation.packets)
    assert (gap.kind, gap.length, gap.absent, gap.octets, gap.direction) == ("missing", len(BIND), len(BIND), b"", 0)


def test_a_fin_that_only_its_acknowledgement_shows_is_no_missing_octet():
    conversation = Conversation().open().send(0, BIND)
    conversation.segment(1, ACK, acknowledged=1000 + 1 + len(BIND) + 1)
    assert len(read_ips(conversation.packets)) == 1


@pytest.mark.parametrize("drop", [0, 1, 2, 3, 7])
def test_a_handshake_may_be_missing_or_out_of_order(drop):
    conversation = Conversation().open().send(0, BIND).send(1, BIND_RESP).send(0, message(2, b"hi")).send(0, message(3, b"ho"))
    ips = [ip for index, ip in enumerate(conversation.packets) if not drop >> index & 1]
    items = read_ips(ips)
    assert pdus_of(items) == [BIND, BIND_RESP, message(2, b"hi"), message(3, b"ho")]
    moved = conversation.packets[3:] + conversation.packets[:3]
    assert pdus_of(read_ips(moved)) == pdus_of(items)


def test_keep_alives_bring_nothing():
    conversation = Conversation().open().send(0, BIND)
    conversation.segment(0, ACK, b"\0", sequence=1000 + len(BIND))
    conversation.segment(0, ACK, b"", sequence=1000 + len(BIND))
    conversation.send(0, message(2, b"hi"), at=len(BIND))
    assert pdus_of(read_ips(conversation.packets)) == [BIND, message(2, b"hi")]


def test_data_in_the_syn_counts():
    conversation = Conversation()
    conversation.segment(0, SYN, BIND, sequence=1000, acknowledged=0)
    conversation.segment(1, SYN | ACK, sequence=5000)
    conversation.send(0, message(2, b"hi"))
    assert pdus_of(read_ips(conversation.packets)) == [BIND, message(2, b"hi")]


def test_a_hole_that_only_disorder_can_fill_is_given_up_after_some_packets():
    conversation = Conversation().open()
    for sequence in range(1, 200):
        conversation.send(0, message(sequence, b"hi")).segment(1, ACK)
    size = len(message(1, b"hi"))
    del conversation.packets[3]
    reader = read(pcap(on(ETHERNET, conversation.packets)), ports=[2775])
    gap = next(reader)
    assert (gap.kind, gap.length, gap.frame) == ("missing", size, 5)
    assert reader.packets < 100
    assert len(list(reader)) == 198


def test_a_one_sided_capture_finds_its_pdus_and_holes():
    conversation = Conversation().open()
    for sequence in range(1, 200):
        conversation.send(0, message(sequence, b"hi"))
    ips = [ip for ip in conversation.packets if ip[12:16] == bytes([10, 0, 0, 1])]
    del ips[50]
    items = read_ips(ips)
    assert len(pdus_of(items)) == 198 and kinds_of(items) == ["missing"]


def test_a_lost_segment_that_is_sent_again_later_leaves_no_gap():
    conversation = Conversation().open().send(0, BIND)
    for sequence in range(2, 300):
        conversation.send(0, message(sequence, b"hi"))
        conversation.segment(1, ACK, acknowledged=1001)
    again = conversation.packets.pop(3)
    items = read_ips([*conversation.packets, again])
    assert len(pdus_of(items)) == 299 and len(items) == 299
    assert pdus_of(items)[-1] == BIND, "in order of frame, what came last is last"


def test_many_connections_are_remembered_up_to_a_cap():
    def packets():
        for index in range(70_000):
            ip = ip_packet("10.0.0.1", f"10.{index >> 16}.{index >> 8 & 255}.{index & 255}", tcp_segment(7, 2775, index, 0, SYN))
            yield Packet(index, linked(ip, ETHERNET))

    reader = read(pcap(packets()))
    assert list(reader) == []
    assert reader.streams == 70_000 and reader.forgotten == 70_000 - 65_536
    assert any("given up" in warning for warning in reader.warnings)


def test_octets_out_of_order_wait_up_to_a_cap():
    conversation = Conversation().open()
    for at in range(1, 9000, 2):
        conversation.send(0, b"\x20", at)
    items = read_ips(conversation.packets, ports=[2775])
    assert_tiled(items)
    assert sum(item.length for item in items if item.kind == "missing") == sum(item.absent for item in items) == 4500


def test_one_octet_segments_in_any_order_are_put_together():
    stream = b"".join(message(sequence, b"x" * 50) for sequence in range(1, 12))
    places = list(range(len(stream)))
    random.Random(3).shuffle(places)
    conversation = Conversation().open()
    for at in places:
        conversation.send(0, stream[at:at + 1], at)
    items = sorted(read_ips(conversation.packets), key=lambda item: item.offset)
    assert b"".join(pdus_of(items)) == stream


def test_an_unexpected_flag_or_port_zero_is_no_trouble():
    for flags in (0, SYN | FIN, SYN | RST, RST | FIN, 0xFF):
        ips = [ip_packet("10.0.0.1", "10.0.0.2", tcp_segment(0, 0, 5, 6, flags, BIND)), *Conversation().open().send(0, BIND).packets]
        assert BIND in pdus_of(read_ips(ips))


def test_both_ends_may_be_the_same():
    ips = [ip_packet("10.0.0.1", "10.0.0.1", tcp_segment(9, 9, 5, 6, PSH | ACK, BIND))]
    assert pdus_of(read_ips(ips)) == [BIND]


def test_a_segment_that_overlaps_what_came_before_and_what_came_too_early_fills_the_hole():
    stream = BIND + message(2, b"x" * 100)
    conversation = Conversation().open()
    for start, end in ((0, 50), (80, 100), (20, 90), (100, len(stream))):
        conversation.send(0, stream[start:end], start)
    assert [item.octets for item in read_ips(conversation.packets)] == [BIND, message(2, b"x" * 100)]


def test_pdus_that_one_segment_makes_whole_come_in_order_of_the_frames_that_brought_them():
    first, second, third = message(1, b"a"), message(2, b"b"), message(3, b"c")
    stream = first + second + third
    conversation = Conversation().open().send(0, first[:10], 0).send(0, stream[40:], 40).send(0, stream[10:40], 10)
    assert [(item.frame, item.octets) for item in read_ips(conversation.packets)] == [(5, second), (5, third), (6, first)]
