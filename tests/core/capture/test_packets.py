"""The TCP segment of a packet is found behind every link header, put together from fragments, and never read beyond its octets."""

import random
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp_core.capture.files import PacketFile
from smpp_core.capture.packets import Dissector

from .writer import (
    ACK,
    ETHERNET,
    IPV4,
    IPV6,
    LOOP,
    NULL,
    RAW,
    SLL,
    SLL2,
    Packet,
    fragments,
    ip_packet,
    linked,
    pcap,
    pcapng,
    tcp_segment,
)

LINKS = [ETHERNET, SLL, SLL2, NULL, LOOP, RAW, 12, 14]
TCP = tcp_segment(40000, 2775, 7, 9, ACK, b"payload")
WANTED = (40000, 2775, 7, 9, ACK, 7, b"payload")
V4, V6 = ("10.0.0.1", "10.0.0.2"), ("2001:db8::1", "::2")
of_both = pytest.mark.parametrize("ends", [V4, V6], ids=["ipv4", "ipv6"])


def segments(packets, link=ETHERNET):
    dissector = Dissector()
    packets = [packet if isinstance(packet, Packet) else Packet(0, packet) for packet in packets]
    found = [
        (frame, source_port, port, sequence, acknowledged, flags, length, payload)
        for frame, _, source_port, _, port, sequence, acknowledged, flags, length, payload
        in dissector.segments_of(PacketFile(pcap(packets, link=link)))
    ]
    return found, dissector


def only(packet, link=ETHERNET):
    found, _ = segments([packet], link)
    return [rest for _, *rest in found]


@pytest.mark.parametrize("link", LINKS)
@of_both
def test_every_link_type_is_read(link, ends):
    assert only(linked(ip_packet(*ends, TCP), link), link) == [list(WANTED)]


def test_raw_ip_of_one_version_is_read():
    assert only(ip_packet(*V4, TCP), IPV4) == only(ip_packet(*V6, TCP), IPV6) == [list(WANTED)]


@pytest.mark.parametrize("link", [SLL2, SLL, ETHERNET])
def test_pcapng_carries_the_same_links(link):
    octets = pcapng([Packet(5, linked(ip_packet(*V4, TCP), link))], link=link)
    ((frame, source, *_),) = Dissector().segments_of(PacketFile(octets))
    assert (frame, source) == (1, bytes([10, 0, 0, 1]))


@pytest.mark.parametrize("tags", [(100,), (5, 0x2064), (1, 2, 3)])
@of_both
def test_vlan_tags_are_passed(tags, ends):
    assert only(linked(ip_packet(*ends, TCP), ETHERNET, tags=tags)) == [list(WANTED)]


def test_a_vlan_tag_in_a_cooked_capture_is_passed():
    frame = linked(ip_packet(*V4, TCP), SLL)
    assert only(frame[:14] + b"\x81\0\0\x64\x08\0" + frame[16:], SLL) == [list(WANTED)]


@of_both
def test_mpls_labels_are_passed(ends):
    frame = bytes(12) + b"\x88\x47" + b"\0\x01\x00\x40" + b"\0\x02\x01\x40" + ip_packet(*ends, TCP)
    assert only(frame) == [list(WANTED)]


@of_both
def test_padding_behind_the_ip_packet_is_none_of_it(ends):
    frame = linked(ip_packet(*ends, tcp_segment(1, 2, 3, 4, ACK)), ETHERNET, padded=False) + b"\0" * 6
    assert only(frame) == [[1, 2, 3, 4, ACK, 0, b""]]


@of_both
def test_a_length_of_zero_is_that_of_segmentation_offload(ends):
    assert only(linked(ip_packet(*ends, TCP, total=0), ETHERNET, padded=False)) == [list(WANTED)]


@of_both
def test_octets_that_the_capture_cut_are_counted(ends):
    frame = linked(ip_packet(*ends, TCP), ETHERNET, padded=False)
    assert only(Packet(0, frame, len(frame) - 3)) == [[*WANTED[:6], b"payl"]]
    assert only(Packet(0, frame, len(frame) - 7)) == [[*WANTED[:6], b""]]
    # Ports, numbers and flags are enough.
    assert only(Packet(0, frame, len(frame) - 13)) == [[*WANTED[:6], b""]]
    found, dissector = segments([Packet(0, frame, len(frame) - 14)])
    assert found == [] and dissector.damaged == 1


def test_tcp_options_and_ip_options_are_passed():
    ip = ip_packet(*V4, b"\1" * 8 + tcp_segment(40000, 2775, 7, 9, ACK, b"payload", options=b"\1" * 12))
    assert only(linked(b"\x47" + ip[1:], ETHERNET)) == [list(WANTED)]


@pytest.mark.parametrize("chain", [
    [(0, bytes(8))], [(0, bytes(8)), (60, b"\0\1" + bytes(14)), (43, bytes(8))], [(51, b"\0\4" + bytes(22))], [(135, bytes(8))],
    [(44, bytes(8))], [(0, bytes(8)), (44, bytes(8)), (60, bytes(8))],
])
def test_ipv6_extension_headers_are_passed(chain):
    assert only(linked(ip_packet(*V6, TCP, extensions=chain), ETHERNET)) == [list(WANTED)]


def test_too_many_or_cut_extension_headers_are_damage():
    for packet in (ip_packet(*V6, TCP, extensions=[(0, bytes(8))] * 17), ip_packet(*V6, b"\x06\xff" + bytes(6), protocol=60)):
        found, dissector = segments([linked(packet, ETHERNET)])
        assert found == [] and dissector.damaged == 1


@of_both
@given(data=st.data())
def test_fragments_in_any_order_are_put_together_once(ends, data):
    payload = tcp_segment(40000, 2775, 7, 9, ACK, data.draw(st.binary(min_size=30, max_size=400)))
    packets = [linked(ip, ETHERNET) for ip in fragments(*ends, payload, 8 * data.draw(st.integers(1, 8)), 99)]
    packets = data.draw(st.permutations(packets))
    found, dissector = segments(packets)
    assert found == [(len(packets), *WANTED[:5], len(payload) - 20, payload[20:])]
    assert dissector.fragments == len(packets) - 1
    # A copy of some of them is the beginning of another datagram that never becomes whole.
    again, _ = segments([*packets, *packets[:-1]])
    assert again == found


def test_datagrams_in_between_one_another_are_kept_apart():
    payloads = [tcp_segment(40000, 2775, i, 9, ACK, bytes([i]) * 50) for i in range(20)]
    packets = [linked(ip, ETHERNET) for i, payload in enumerate(payloads) for ip in fragments(*V4, payload, 24, i)]
    random.Random(1).shuffle(packets)
    found, _ = segments(packets)
    assert sorted(one[3] for one in found) == list(range(20))
    assert all(one[7] == bytes([one[3]]) * 50 for one in found)


def test_the_first_copy_of_a_fragment_counts():
    first, *rest = fragments(*V4, TCP + bytes(8), 16, 1)
    other = fragments(*V4, b"\xff" * 16 + bytes(20), 16, 1)[0]
    found, _ = segments([linked(ip, ETHERNET) for ip in (first, other, *rest)])
    assert [one[1:3] for one in found] == [(40000, 2775)]


def test_fragments_that_reach_beyond_the_end_are_given_up():
    payload = TCP + bytes(37)
    last = ip_packet(*V4, payload[16:24], identification=1, fragment=16)
    beyond = ip_packet(*V4, bytes(8), identification=1, fragment=40, more=True)
    first = ip_packet(*V4, payload[:8], identification=1, more=True)
    for order in ((last, beyond, first), (beyond, last, first), (first, beyond, last)):
        found, dissector = segments([linked(ip, ETHERNET) for ip in order])
        assert found == [] and dissector.lost_datagrams == 1


@pytest.mark.parametrize("ip", [
    ip_packet(*V4, b"", identification=1, more=True), ip_packet(*V4, bytes(9), identification=1, more=True),
    ip_packet(*V4, bytes(16), identification=1, fragment=65528),
])
def test_fragments_that_cannot_be_are_damage(ip):
    found, dissector = segments([linked(ip, ETHERNET)])
    assert found == [] and dissector.damaged == 1 and dissector.fragments == 0


def test_a_flood_of_fragments_keeps_the_latest_and_says_what_it_lost():
    flood = [linked(ip_packet(*V4, bytes(8), identification=i, fragment=65520 - 8, more=True), ETHERNET) for i in range(1000)]
    whole = [linked(ip, ETHERNET) for ip in fragments(*V4, TCP, 16, 5000)]
    found, dissector = segments([*flood, *whole])
    assert len(found) == 1 and dissector.lost_datagrams == 1000 - 63


def test_other_protocols_are_counted():
    others = [
        linked(ip_packet(*V4, bytes(20), protocol=17), ETHERNET), linked(ip_packet(*V6, bytes(20), protocol=58), ETHERNET),
        bytes(12) + b"\x08\x06" + bytes(46), linked(ip_packet(*V4, bytes(24), protocol=17, more=True), ETHERNET),
    ]
    found, dissector = segments(others)
    assert found == [] and (dissector.others, dissector.damaged, dissector.segments) == (4, 0, 0)


@pytest.mark.parametrize("ip", [
    b"\x44" + ip_packet(*V4, TCP)[1:], b"\x4f" + ip_packet(*V4, bytes(20))[1:], ip_packet(*V4, TCP, total=10),
    ip_packet(*V4, TCP[:12] + b"\x40" + TCP[13:]),
    ip_packet(*V4, TCP[:12] + b"\xf0" + TCP[13:]), ip_packet(*V4, TCP[:13]), ip_packet(*V4, b""), b"\x45\0",
])
def test_headers_that_contradict_themselves_are_damage(ip):
    found, dissector = segments([linked(ip, ETHERNET, padded=False)])
    assert found == [] and dissector.damaged == 1


@given(st.sampled_from(LINKS), st.binary(max_size=120), st.integers(0, 120), st.booleans())
def test_any_octets_are_a_segment_inside_them_or_nothing(link, octets, kept, prefixed):
    if prefixed:
        octets = linked(ip_packet(*V4, octets), link)
    dissector = Dissector()
    found = list(dissector.segments_of(PacketFile(pcap([Packet(0, octets, kept)], link=link))))
    assert len(found) + dissector.others + dissector.damaged + dissector.fragments == 1
    for *_, length, payload in found:
        assert len(payload) <= length <= len(octets) and payload in octets


@given(st.lists(st.tuples(st.integers(0, 63), st.integers(0, 30), st.integers(0, 64), st.booleans()), max_size=40))
def test_any_fragments_leave_no_octet_undefined(parts):
    ips = [
        struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + size, number & 1, at | more << 13, 64, 6, 0, b"aaaa", b"bbbb") + b"\x50" * size
        for number, at, size, more in parts
    ]
    packets = [linked(ip, ETHERNET) for ip in ips]
    found, _ = segments(packets)
    for *_, payload in found:
        assert set(payload) <= {0x50}
