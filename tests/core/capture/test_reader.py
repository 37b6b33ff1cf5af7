"""A capture is read front to back, in bounded memory, live; whatever its octets, only CaptureError comes out."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp_core.capture import Gap, Item, Reader, read
from smpp_core.errors import CaptureError

from .reading import BIND, BIND_RESP, in_order, read_ips
from .traffic import DELIVER_SM, conversations, expected, message
from .writer import ETHERNET, Conversation, on, pcap, pcapng


@given(st.binary(max_size=2000))
def test_any_octets_are_items_or_a_capture_error(octets):
    with pytest.raises(CaptureError):
        list(read(octets))


@given(st.data())
def test_a_damaged_capture_gives_items_or_a_capture_error(data):
    sent = data.draw(conversations())
    octets = bytearray(data.draw(st.sampled_from((pcap, pcapng)))(on(ETHERNET, sent.packets)))
    for at, value in data.draw(st.lists(st.tuples(st.integers(0, len(octets) - 1), st.integers(0, 255)), min_size=1, max_size=20)):
        octets[at] = value
    octets = bytes(octets[: data.draw(st.integers(0, len(octets)))])
    reader = None
    try:
        reader = read(octets, ports=data.draw(st.sampled_from((None, [2775]))))
        for item in reader:
            assert isinstance(item, Item)
            repr(item)
            item.pdu
    except CaptureError as error:
        assert str(error) and "\n" not in str(error)


@pytest.mark.parametrize("make", [pcap, pcapng])
@given(st.data())
def test_the_end_of_the_file_may_be_anywhere(make, data):
    sent = data.draw(conversations())
    whole = make(on(ETHERNET, sent.packets))
    octets = whole[: data.draw(st.integers(0, len(whole)))]
    try:
        reader = read(octets, ports=[2775])
    except CaptureError:
        assert len(octets) < 200
        return
    items = list(reader)
    order = range(reader.packets)
    assert in_order(items) == expected(sent, order)
    assert bool(reader.warnings) == reader.truncated


def test_a_reader_that_is_left_or_closed_gives_everything_back():
    octets = pcap(on(ETHERNET, Conversation().open().send(0, BIND + BIND[:10]).send(0, b"x", at=500).packets))
    reader = Reader(octets)
    next(reader)
    del reader
    with read(octets) as reader:
        next(reader)
    assert list(reader) == []


def test_the_items_of_one_stream_come_in_order_of_frame():
    conversation = Conversation().open().send(0, BIND).send(1, BIND_RESP)
    conversation.send(0, bytes(16)).send(1, message(1, b"a", DELIVER_SM)).send(1, message(2, b"b", DELIVER_SM))
    conversation.send(0, message(2, b"hi")).send(0, message(3, b"ho"))
    items = read_ips(conversation.packets)
    assert [item.frame for item in items] == [4, 5, 6, 7, 8, 9, 10]
    assert [isinstance(item, Gap) for item in items] == [False, False, True, False, False, False, False]


def test_items_come_as_soon_as_their_packets():
    """Live, from a pipe: nothing waits for the end of the file."""
    whole = pcap(on(ETHERNET, Conversation().open().send(0, BIND).send(1, BIND_RESP).packets))

    class Pipe(io.RawIOBase):
        """Gives one octet a read, and says how far it was read."""

        at = 0

        def readable(self):
            return True

        def readinto(self, room):
            octets = whole[self.at:self.at + 1]
            room[:len(octets)] = octets
            self.at += 1
            return len(octets)

    pipe = Pipe()
    reader = read(pipe)
    assert next(reader).frame == 4
    assert pipe.at < len(whole) - 50
    assert next(reader).frame == 5
    assert list(reader) == []


def test_memory_does_not_grow_with_the_file():
    program = """
import resource, sys
sys.path[:0] = [sys.argv[2]]
from smpp_core.capture import read
from reading_long import Endless
found = sum(1 for _ in read(Endless(int(sys.argv[1]))))
print(found, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
    peaks = []
    for packets in (2_000, 200_000):
        command = [sys.executable, "-c", program, str(packets), str(Path(__file__).parent)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        found, peak = map(int, done.stdout.split())
        assert found == packets
        peaks.append(peak)
    # In KiB, or octets on macOS; a megabyte for every hundred thousand packets would show.
    assert peaks[1] < peaks[0] * 1.05


def test_a_reader_that_was_never_given_a_source_reads_nothing():
    reader = Reader.__new__(Reader)
    assert list(reader) == []
    for name in ("format", "packets", "segments", "streams", "pdus", "warnings", "truncated"):
        with pytest.raises(AttributeError):
            getattr(reader, name)
