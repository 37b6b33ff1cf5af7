"""SMPP is recognised by its octets, found again behind gaps, and what is no PDU is told about."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp_core.capture import Gap, read

from .reading import BIND, BIND_RESP, assert_tiled, in_order, kinds_of, pdus_of, read_ips
from .traffic import ENQUIRE_LINK, SUBMIT_SM, arrivals, conversations, expected, message, pdu
from .writer import ACK, ETHERNET, FIN, RST, Conversation, on, pcap


@given(st.data())
def test_of_packets_cut_by_the_snaplen_every_pdu_whose_header_came_is_found_and_nothing_else(data):
    sent = data.draw(conversations())
    kept = data.draw(st.integers(14 + 40, 14 + 40 + 120))
    packets = [packet._replace(kept=kept) for packet in on(ETHERNET, sent.packets)]
    short = [part and (part[0], part[1], min(part[2], kept - 54)) for part in sent.data]
    items = list(read(pcap(packets, nano=True), ports=[2775]))
    assert in_order(items) == expected(sent._replace(data=short), range(len(packets)))
    assert_tiled(items)


@given(st.data())
def test_a_capture_that_begins_in_the_middle_finds_the_next_pdu_of_each_direction(data):
    sent = data.draw(conversations(handshake=False, closed=False))
    first = data.draw(st.integers(0, len(sent.packets) // 2))
    order = range(first, len(sent.packets))
    items = read_ips([sent.packets[index] for index in order], ports=[2775])
    came = arrivals(sent, order)
    begin = [next((at for at, frame in enumerate(side) if frame), len(side)) for side in came]
    found = [one._replace(offset=one.offset + begin[one.side]) for one in in_order(items)]
    assert found == expected(sent, order)
    assert_tiled(items)


@given(st.binary(max_size=400), st.booleans(), st.integers(1, 60))
def test_any_octets_of_a_stream_on_a_port_are_pdus_or_told_about(octets, finished, size):
    conversation = Conversation().open()
    for at in range(0, len(octets), size):
        conversation.send(0, octets[at:at + size], at)
    if finished:
        conversation.close()
    items = read_ips(conversation.packets, ports=[2775])
    assert_tiled(items)
    assert sum(item.length for item in items if isinstance(item, Gap)) + len(b"".join(pdus_of(items))) >= len(octets)
    for item in items:
        assert isinstance(item, Gap) or item.missing or octets[item.offset:item.offset + item.length] == item.octets


@given(st.data())
def test_without_ports_a_stream_that_is_not_smpp_gives_nothing(data):
    octets = data.draw(st.binary(min_size=1, max_size=600).map(lambda octets: bytes(octet | 0x20 for octet in octets)))
    conversation = Conversation().open() if data.draw(st.booleans()) else Conversation()
    for at in range(0, len(octets), 100):
        conversation.send(data.draw(st.integers(0, 1)), octets[at:at + 100])
    assert read_ips(conversation.packets) == []


@pytest.mark.parametrize(("flags", "word"), [(FIN | ACK, "ends"), (RST, "is reset"), (0, "capture ends")])
def test_a_pdu_cut_by_the_end_is_told_about(flags, word):
    conversation = Conversation().open().send(0, BIND).send(0, BIND[:9])
    if flags:
        conversation.segment(0, flags)
    bind, cut = read_ips(conversation.packets)
    assert (cut.kind, cut.octets, cut.length, cut.offset, cut.frame) == ("cut-pdu", BIND[:9], 9, len(BIND), 5)
    assert word in cut.reason and cut.pdu is None


def test_a_pdu_cut_behind_its_header_by_the_end_of_its_connection_shows_its_fields():
    octets = message(2, b"x" * 150)
    bind, cut = read_ips(Conversation().open().send(0, BIND).send(0, octets[:-10]).close().packets)
    assert (cut.kind, cut.length, len(cut.octets), cut.octets) == ("cut-pdu", len(octets) - 10, 96, octets[:96])
    assert cut.pdu.destination_addr == "385912345678" and len(bytes(cut.pdu)) == cut.length


def test_a_pdu_cut_behind_its_header_by_the_end_of_the_file_is_a_pdu_with_octets_missing():
    octets = message(2, b"x" * 150)
    bind, item = read_ips(Conversation().open().send(0, BIND).send(0, octets[:-10]).packets)
    assert item.missing == ((len(octets) - 10, len(octets)),) and item.pdu.destination_addr == "385912345678"


def test_smpp_is_recognised_on_any_port_and_by_either_side():
    for client, server in ((BIND, BIND_RESP), (b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n" + BIND, BIND_RESP)):
        conversation = Conversation(server=("10.0.0.2", 14567)).open().send(0, client).send(1, server)
        conversation.send(0, message(2, b"hi")).send(1, pdu(0x80000004, 2, b"1\0")).close()
        assert pdus_of(read_ips(conversation.packets)) == [BIND, BIND_RESP, message(2, b"hi"), pdu(0x80000004, 2, b"1\0")]


def test_what_a_client_sent_before_its_peer_was_recognised_is_told_about_even_if_it_is_much():
    conversation = Conversation().open()
    for _ in range(10):
        conversation.send(0, b"x" * 1000)
    conversation.send(1, pdu(0x80000000, 0, status=2)).send(0, BIND).send(0, message(2, b"hi")).close()
    gap, nack, bind, submit = read_ips(conversation.packets)
    assert (gap.kind, gap.length, gap.octets, gap.frame) == ("not-a-pdu", 10000, b"x" * 96, 13)
    assert bind.after_garbage and submit.after_garbage and not nack.after_garbage


def test_smpp_in_the_middle_of_a_connection_is_recognised_by_two_headers():
    conversation = Conversation().send(0, b"the end of a text" + message(2, b"hi") + message(3, b"ho")).send(1, b"\0" * 7)
    items = read_ips(conversation.packets)
    assert pdus_of(items) == [message(2, b"hi"), message(3, b"ho")]
    assert kinds_of(items) == ["partial-pdu", "partial-pdu"] or kinds_of(items) == ["partial-pdu"]


@pytest.mark.parametrize("octets", [
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"\x16\x03\x01\x00\xc8" + bytes(60), b"SSH-2.0-OpenSSH_9.2\r\n", b"AMQP\0\0\x09\x01",
    # PostgreSQL's start-up message and Kafka's produce request begin with a plausible length.
    bytes.fromhex("0000000804d2162f00000054000300007573657200706f73746772657300"),
    bytes.fromhex("000000400000000900000007000c72646b61666b612d73000000000000000000"),
])
def test_other_protocols_give_nothing_without_ports_and_one_gap_with_them(octets):
    ips = Conversation().open().send(0, octets).close().packets
    assert read_ips(ips) == []
    items = read_ips(ips, ports=[2775])
    assert items and sum(item.length for item in items) == len(octets)


@pytest.mark.parametrize(("octets", "name"), [
    (b"GET / HTTP/1.1\r\n\r\n", "HTTP"), (b"\x16\x03\x01\x00\xc8" + bytes(60), "TLS"), (b"SSH-2.0-x", "SSH"),
])
def test_a_gap_names_the_protocol_that_it_is(octets, name):
    (gap,) = read_ips(Conversation().open().send(0, octets).close().packets, ports=[2775])
    assert (gap.kind, gap.octets, gap.length) == ("not-a-pdu", octets, len(octets)) and name in gap.reason


def test_ports_leave_out_what_is_on_others():
    smpp = Conversation(server=("10.0.0.2", 2776)).open().send(0, BIND)
    other = Conversation(server=("10.0.0.2", 2775)).open().send(0, BIND)
    assert [item.stream for item in read_ips(smpp.packets + other.packets, ports=[2775])] == [1]
    assert [item.stream for item in read_ips(smpp.packets + other.packets, ports=range(2775, 2777))] == [0, 1]
    assert read_ips(smpp.packets, ports=[]) == []


@pytest.mark.parametrize("length", [0, 8, 15, 70_001, 0x7FFFFFFF, 0xFFFFFFFF])
def test_behind_an_impossible_length_the_next_pdus_are_found(length):
    garbage = length.to_bytes(4, "big") + bytes.fromhex("00000005000000000000beef")
    conversation = Conversation().open().send(0, BIND).send(0, garbage).send(0, message(2, b"hi")).send(0, message(3, b"ho"))
    bind, gap, *rest = read_ips(conversation.packets)
    assert (gap.kind, gap.octets, gap.length, gap.frame) == ("not-a-pdu", garbage, 16, 5)
    assert str(length) in gap.reason
    assert [item.octets for item in rest] == [message(2, b"hi"), message(3, b"ho")]
    assert [item.after_garbage for item in (bind, *rest)] == [False, True, True]


def test_the_largest_length_can_be_chosen():
    ips = Conversation().open().send(0, BIND).send(0, message(2, b"x" * 100)).packets
    assert kinds_of(read_ips(ips, max_length=100)) == ["not-a-pdu"]
    assert len(pdus_of(read_ips(ips, max_length=1000))) == 2
    for wrong in (15, -1, 1 << 31):
        with pytest.raises(ValueError):
            read(pcap([]), max_length=wrong)
    for wrong in (-1, 65536):
        with pytest.raises(ValueError):
            read(pcap([]), ports=[wrong])


def test_a_pdu_of_ten_thousand_tiny_tlvs_is_one_pdu():
    octets = pdu(ENQUIRE_LINK, 1, b"\x14\0\0\0" * 10_000)
    conversation = Conversation().open().send(0, octets[:30_000]).send(0, octets[30_000:])
    (item,) = read_ips(conversation.packets)
    assert item.octets == octets and len(item.pdu.tlvs) in (0, 10_000)


def test_a_header_that_no_other_follows_is_not_believed_in_the_middle_of_garbage():
    decoy = bytes(16) + pdu(SUBMIT_SM, 9, b"no PDU follows this one")[:-3] + b"x" * 40
    conversation = Conversation().open().send(0, BIND).send(0, decoy).send(0, message(2, b"hi") + message(3, b"ho"))
    bind, gap, *rest = read_ips(conversation.packets)
    assert (gap.kind, gap.length) == ("not-a-pdu", len(decoy))
    assert [item.octets for item in rest] == [message(2, b"hi"), message(3, b"ho")]


def test_behind_a_hole_a_packet_that_is_one_pdu_needs_no_other_behind_it():
    """So it comes at once when read live, and in front of octets that are no PDU."""
    garbage = bytes.fromhex("0000000800000005000000000000beef")
    for octets in (message(3, b"ho"), pdu(0x777, 3, b"unknown to all")):
        conversation = Conversation().open().send(0, BIND).send(0, message(2, b"lost")).send(0, octets).send(0, garbage).close()
        del conversation.packets[4]
        assert [getattr(item, "kind", item.octets) for item in read_ips(conversation.packets)] == [BIND, "missing", octets, "not-a-pdu"]


def test_an_unknown_command_in_step_is_a_pdu():
    octets = pdu(0x00010200, 2, b"of a vendor")
    bind, item, last = read_ips(Conversation().open().send(0, BIND).send(0, octets).send(0, message(3, b"hi")).packets)
    assert item.octets == octets and item.pdu.command == "unknown" and not item.after_garbage
