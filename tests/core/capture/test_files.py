"""Records of pcap and pcapng files are read as they were written, in every byte order and resolution, and no length field is believed."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp_core.capture import read
from smpp_core.capture.files import PacketFile
from smpp_core.errors import CaptureError

from .writer import ETHERNET, RAW, Packet, block, enhanced, interface, option, pcap, pcapng, section

times = st.integers(0, 0xFFFFFFFF).flatmap(lambda seconds: st.integers(0, 999_999_999).map(lambda ns: seconds * 10**9 + ns))
packets = st.lists(st.builds(Packet, times, st.binary(max_size=80), st.none() | st.integers(0, 40)), max_size=8)
ORDERS = ["<", ">"]


def as_read(packets, units=1):
    return [(i, packet.time_ns // units * units, ETHERNET, len(packet.octets), packet.data) for i, packet in enumerate(packets, 1)]


def error_of(octets):
    with pytest.raises(CaptureError) as caught:
        list(PacketFile(octets))
    assert "\n" not in str(caught.value)
    return str(caught.value)


@given(packets, st.booleans(), st.booleans(), st.booleans())
def test_pcap_is_read_in_both_byte_orders_and_resolutions(packets, big, nano, kuznetsov):
    file = PacketFile(pcap(packets, big=big, nano=nano, kuznetsov=kuznetsov))
    assert list(file) == as_read(packets, 1 if nano and not kuznetsov else 1000)
    assert (file.format, file.packets, file.warnings, file.truncated) == ("pcap", len(packets), [], False)


@given(packets, st.booleans(), st.booleans())
def test_pcapng_is_read_in_both_byte_orders(packets, big, nano):
    file = PacketFile(pcapng(packets, big=big, nano=nano))
    assert list(file) == as_read(packets, 1 if nano else 1000)
    assert (file.format, file.packets, file.warnings, file.truncated) == ("pcapng", len(packets), [], False)


@given(packets, packets)
def test_sections_have_their_own_byte_order_and_interfaces(first, second):
    octets = pcapng(first, big=True) + pcapng(second, big=False, nano=False)
    wanted = as_read(first) + [(i + len(first), *rest) for i, *rest in as_read(second, 1000)]
    assert [tuple(record) for record in PacketFile(octets)] == wanted


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("resolution", "offset", "units", "wanted"), [
    (6, 0, 1_500_000, 1_500_000_000), (9, 0, 1_500_000_001, 1_500_000_001), (0, 0, 3, 3_000_000_000), (3, 0, 1500, 1_500_000_000),
    (12, 0, 1_999, 1), (0x80, 0, 3, 3_000_000_000), (0x8A, 0, 1536, 1_500_000_000), (0xA0, 0, (1 << 32) + (1 << 31), 1_500_000_000),
    (6, 100, 1_000_000, 101_000_000_000), (6, -1, 3_000_000, 2_000_000_000), (0, 0, (1 << 64) - 1, (1 << 63) - 1),
    (127, 0, 5, 0), (0xFF, 0, 5, 0),
])
def test_times_have_the_resolution_and_offset_of_their_interface(order, resolution, offset, units, wanted):
    options = option(9, bytes([resolution]), order) + option(14, struct.pack(order + "q", offset), order)
    body = struct.pack(order + "IIIII", 0, units >> 32, units & 0xFFFFFFFF, 4, 4) + b"abcd"
    octets = section(order) + interface(order=order, options=options) + block(6, body, order)
    assert [record[1] for record in PacketFile(octets)] == [wanted]


@pytest.mark.parametrize("order", ORDERS)
def test_simple_and_obsolete_packet_blocks_are_read_and_others_passed_over(order):
    simple = block(3, struct.pack(order + "I", 9) + b"simple!!!", order)
    obsolete = block(2, struct.pack(order + "HHIIII", 1, 7, 0, 5, 3, 30) + b"old", order)
    other = block(0x0BAD, bytes(1000), order) + block(4, b"", order) + block(0x80000001, bytes(20), order)
    octets = section(order) + interface(ETHERNET, order) + interface(RAW, order) + other + simple + other + obsolete
    assert list(PacketFile(octets)) == [(1, 0, ETHERNET, 9, b"simple!!!"), (2, 5000, RAW, 30, b"old")]


def test_a_simple_packet_has_what_the_snaplen_left():
    octets = section() + interface(snaplen=6) + block(3, struct.pack("<I", 100) + b"abcdef")
    assert list(PacketFile(octets)) == [(1, 0, ETHERNET, 100, b"abcdef")]


def test_a_packet_that_claims_fewer_octets_than_it_has_has_those():
    octets = bytearray(pcap([Packet(0, b"abcdef")]))
    octets[24 + 12] = 2
    assert next(iter(PacketFile(bytes(octets))))[3] == 6


def test_the_upper_bits_of_the_link_type_are_of_the_checksum():
    octets = bytearray(pcap([Packet(0, b"abcdef")]))
    octets[23] = 0x54
    assert next(iter(PacketFile(bytes(octets))))[2] == ETHERNET


@pytest.mark.parametrize("make", [pcap, pcapng])
def test_a_file_may_end_at_any_octet(make):
    packets = [Packet(i, bytes([i]) * 20) for i in range(1, 4)]
    whole = make(packets)
    head = len(whole[: whole.index(b"\1" * 20)])
    for end in range(head + 20, len(whole)):
        file = PacketFile(whole[:end])
        found = list(file)
        assert [record[4] for record in found] == [packet.octets for packet in packets[: len(found)]]
        assert len(found) >= 1
        assert file.truncated == bool(file.warnings)
        assert all(warning.startswith("the file ends inside") for warning in file.warnings)
        assert len(file.warnings) <= 1 and list(file) == []
    assert not PacketFile(whole).truncated


def test_the_warning_names_the_packet():
    reader = read(pcap([Packet(0, bytes(60))] * 17)[:-1])
    assert list(reader) == [] and reader.truncated
    assert reader.warnings == ["the file ends inside packet 17"]


@pytest.mark.parametrize(("octets", "words"), [
    (b"", "empty"), (b"\xd4\xc3", "first four octets"), (b"GET / HTTP/1.1\r\n", "47 45 54 20"), (pcap([])[:20], "file header"),
    (section()[:20], "first section header"), (b"\x0a\x0d\x0d\x0a" + bytes(24), "byte-order mark"),
    (b"PK\3\4" + bytes(100), "neither pcap nor pcapng"),
    (pcap([]).replace(b"\2\0\4\0", b"\3\0\4\0"), "pcap version 3.4"), (section().replace(b"\1\0\0\0", b"\2\0\0\0"), "pcapng version 2.0"),
    (pcap([], link=147), "link type 147"),
])
def test_what_is_no_capture_is_one_sentence(octets, words):
    assert words in error_of(octets)


@pytest.mark.parametrize("length", [0, 4, 8, 11, 13, 0xFFFFFFFF, 0x7FFFFFFC, 16 * 1024 * 1024 + 4])
@pytest.mark.parametrize("kind", [0x0A0D0D0A, 1, 5, 6])
def test_no_block_length_is_believed_that_cannot_be(length, kind):
    bad = struct.pack("<II", kind, length) + struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + bytes(40)
    assert str(length) in error_of(section() + interface() + enhanced(Packet(0, b"abc")) + bad)


@pytest.mark.parametrize("length", [262_145, 0x7FFFFFFF, 0xFFFFFFFF])
def test_no_packet_length_is_believed_that_cannot_be(length):
    head = struct.pack("<IIII", 0, 0, length, length)
    assert f"packet 2 claims {length} octets" in error_of(pcap([Packet(0, b"abc")]) + head + bytes(100))
    body = struct.pack("<IIIII", 0, 0, 0, length, length) + bytes(100)
    assert f"packet 1 claims {length} octets" in error_of(section() + interface() + block(6, body))
    body = struct.pack("<IIIII", 0, 0, 0, 300_000, 300_000) + bytes(300_000)
    assert "packet 1 claims 300000 octets" in error_of(section() + interface() + block(6, body))


@pytest.mark.parametrize(("octets", "words"), [
    (section() + block(6, bytes(20)), "names interface 0, the section has 0"),
    (section() + interface() + enhanced(Packet(0, b"abc"), number=1), "names interface 1, the section has 1"),
    (section() + interface() + section() + enhanced(Packet(0, b"abc")), "names interface 0, the section has 0"),
    (section() + block(1, b"abcd"), "4 octets, the least is 8"),
    (section() + interface() + block(6, bytes(16)), "16 octets, the least is 20"),
    (section() + interface() + block(3, b""), "0 octets, the least is 4"),
    (section() + interface() + enhanced(Packet(0, b"abc"))[:-4] + b"\x0c\0\0\0", "by its end"),
])
def test_blocks_that_contradict_themselves_are_one_sentence(octets, words):
    assert words in error_of(octets)


def test_more_interfaces_than_anybody_has_are_refused():
    assert "65536 interfaces" in error_of(section() + interface() * 65_537)


@given(st.binary(max_size=60), st.integers(0, 0xFFFF), st.integers(0, 0xFFFF))
def test_options_of_an_interface_may_be_anything(octets, code, size):
    for options in (octets, struct.pack("<HH", code, size) + octets):
        body = struct.pack("<HHI", ETHERNET, 0, 0) + options
        assert len(list(PacketFile(section() + block(1, body) + enhanced(Packet(0, b"abc"))))) == 1


def test_packets_of_other_links_are_passed_over_with_a_warning():
    odd = section() + interface(189) + interface(ETHERNET) + enhanced(Packet(0, b"usb"), 0) * 3
    reader = read(odd + enhanced(Packet(0, bytes(60)), 1))
    assert list(reader) == [] and reader.warnings == ["packets of link type 189 are passed over"]
    reader = read(odd)
    with pytest.raises(CaptureError, match="link type 189"):
        next(reader)


def test_what_came_before_a_fault_is_given_out_before_the_error():
    from .traffic import message
    from .writer import Conversation, on

    conversation = Conversation().open().send(0, message(1, b"hi") + message(2, b"ho")[:30])
    reader = read(pcap(on(ETHERNET, conversation.packets)) + b"\xff" * 40)
    assert next(reader).octets == message(1, b"hi")
    assert next(reader).missing == ((30, len(message(2, b"ho"))),)
    with pytest.raises(CaptureError, match="packet 5 claims 4294967295 octets") as caught:
        next(reader)
    assert caught.value.offset > 24
    assert list(reader) == []


@given(st.binary(max_size=300), st.sampled_from([pcap([])[:24], section(), section() + interface(), pcap([], big=True)[:24]]))
def test_any_octets_behind_a_header_are_packets_or_a_capture_error(octets, head):
    try:
        for record in PacketFile(head + octets):
            assert record[4] in octets
    except CaptureError as error:
        assert str(error)


def test_a_long_block_that_is_passed_over_is_not_held():
    """Sixteen MiB that nobody reads, a kibibyte a read: the buffer stays as it was."""
    class Endless:
        """The octets of a long block."""

        left = 16 * 1024 * 1024 - 12

        def __init__(self):
            self.head = section() + interface() + struct.pack("<II", 0x0BAD, self.left + 12)

        def read(self, size):
            if self.head:
                octets, self.head = self.head, b""
                return octets
            size = min(size, 65536, self.left)
            self.left -= size
            return bytes(size)

    file = PacketFile(Endless())
    assert list(file) == [] and file.truncated


@given(st.integers(0, (1 << 64) - 1), st.integers(0, 255), st.integers(-(1 << 63), (1 << 63) - 1))
def test_any_time_is_that_of_exact_arithmetic_held_inside_64_bits(units, resolution, offset):
    options = option(9, bytes([resolution])) + option(14, struct.pack("<q", offset))
    body = struct.pack("<IIIII", 0, units >> 32, units & 0xFFFFFFFF, 4, 4) + b"abcd"
    ((_, time_ns, *_),) = PacketFile(section() + interface(options=options) + block(6, body))
    exponent = resolution & 0x7F
    exact = (units * 10**9 >> exponent if resolution & 0x80 else units * 10**9 // 10**exponent) + offset * 10**9
    if abs(exact) < 9.1 * 10**18:
        assert time_ns == exact
    else:
        assert abs(time_ns) >= 9.1 * 10**18 and (time_ns < 0) == (exact < 0)
