"""The octets of a capture may come from a path, a pipe in any pieces, or bytes, compressed or not."""

import gzip
import io
import os
import threading
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp_core.capture import read
from smpp_core.capture.source import Source
from smpp_core.errors import CaptureError

from .traffic import message
from .writer import ETHERNET, Conversation, on, pcap, pcapng

CONVERSATION = Conversation().open().send(0, message(1, b"hi")).send(0, message(2, b"ho" * 40))
FILES = {"pcap": pcap(on(ETHERNET, CONVERSATION.packets)), "pcapng": pcapng(on(ETHERNET, CONVERSATION.packets))}
WANTED = [message(1, b"hi"), message(2, b"ho" * 40)]


class Drip(io.RawIOBase):
    """A pipe that gives `size` octets a read and cannot be sought."""

    def __init__(self, octets, size=1):
        super().__init__()
        self.octets = octets
        self.size = size

    def readable(self):
        return True

    def readinto(self, room):
        piece = self.octets[: min(self.size, len(room))]
        room[: len(piece)] = piece
        self.octets = self.octets[len(piece):]
        return len(piece)


class OnlyRead:
    """The least that a file object can have."""

    def __init__(self, octets, size):
        self.octets = octets
        self.size = size

    def read(self, size):
        piece = self.octets[: min(self.size, size)]
        self.octets = self.octets[len(piece):]
        return piece


def octets_of(source, **options):
    return [item.octets for item in read(source, **options)]


def all_of(source):
    room = memoryview(bytearray(100))
    found = b""
    while size := source.fill(room):
        found += room[:size]
    return found


@pytest.mark.parametrize("name", FILES)
@given(st.integers(1, 50), st.booleans(), st.booleans())
def test_short_reads_change_nothing(name, size, compressed, least):
    octets = gzip.compress(FILES[name]) if compressed else FILES[name]
    assert octets_of(OnlyRead(octets, size) if least else Drip(octets, size)) == WANTED
    assert octets_of(io.BufferedReader(Drip(octets, size))) == WANTED


@pytest.mark.parametrize("name", FILES)
def test_paths_bytes_and_buffers_are_the_same(name, tmp_path):
    path = tmp_path / f"x.{name}"
    path.write_bytes(FILES[name])
    for source in (path, str(path), FILES[name], bytearray(FILES[name]), memoryview(FILES[name]), io.BytesIO(FILES[name])):
        assert octets_of(source) == WANTED
    path.write_bytes(gzip.compress(FILES[name]))
    for source in (path, path.read_bytes(), io.BytesIO(path.read_bytes())):
        assert octets_of(source) == WANTED
    with open(path, "rb") as file:
        assert octets_of(file) == WANTED
        assert not file.closed


def test_a_real_pipe_is_read():
    reading, writing = os.pipe()

    def write():
        with open(writing, "wb", buffering=0) as file:
            for at in range(0, len(FILES["pcap"]), 7):
                file.write(FILES["pcap"][at:at + 7])

    thread = threading.Thread(target=write)
    thread.start()
    with open(reading, "rb") as file:
        assert octets_of(file) == WANTED
    thread.join()


def test_a_file_opened_here_is_closed_here(tmp_path):
    path = tmp_path / "x.pcap"
    path.write_bytes(FILES["pcap"])
    reader = read(path)
    next(reader)
    reader.close()
    assert list(reader) == []
    path.write_bytes(b"junk")
    with pytest.raises(CaptureError):
        read(path)


@given(st.binary(max_size=5000), st.lists(st.integers(0, 5000), max_size=4), st.integers(1, 200))
def test_gzip_is_undone_whatever_its_members_and_reads(octets, places, size):
    bounds = [0, *sorted(min(place, len(octets)) for place in places), len(octets)]
    members = b"".join(gzip.compress(octets[a:b]) for a, b in zip(bounds, bounds[1:]))
    source = Source(Drip(members + bytes(10), size))
    assert all_of(source) == octets
    assert source.cut == ""


def test_octets_behind_a_gzip_stream_are_passed_over():
    assert all_of(Source(gzip.compress(b"abc") + b"tail of another kind")) == b"abc"
    assert all_of(Source(gzip.compress(b"abc") + b"\x1f")) == b"abc"


def test_a_gzip_stream_of_much_from_little_stays_small():
    source = Source(zlib.compress(bytes(50_000_000), 9, 31))
    room = memoryview(bytearray(4096))
    assert sum(iter(lambda: source.fill(room), 0)) == 50_000_000


@pytest.mark.parametrize("cut", [1, 5, 40, 400])
def test_a_gzip_stream_that_ends_early_gives_what_was_there(cut):
    conversation = Conversation().open()
    sent = [message(sequence, os.urandom(50).replace(b"\0", b"-")) for sequence in range(1, 30)]
    for octets in sent:
        conversation.send(0, octets)
    reader = read(gzip.compress(pcap(on(ETHERNET, conversation.packets)))[:-cut])
    found = [item.octets for item in reader]
    assert found == sent[: len(found)] and len(found) >= 20
    assert reader.truncated and reader.warnings[0] == "the gzip stream ends before its end mark"


def test_a_damaged_gzip_stream_says_so():
    octets = bytearray(gzip.compress(FILES["pcap"] * 3))
    octets[-6] ^= 0xFF
    with pytest.raises(CaptureError):
        # Behind the first file stands another header, which is no packet.
        list(read(bytes(octets)))
    source = Source(bytes(octets))
    all_of(source)
    assert "damaged" in source.cut


def test_what_cannot_be_opened_is_one_sentence(tmp_path):
    for source, words in (
        (tmp_path, "directory"), (tmp_path / "none", "No such file"), ("a\0b", "cannot be opened"), (5, "not int"),
        (io.StringIO("text"), "text mode"),
    ):
        with pytest.raises(CaptureError) as caught:
            read(source)
        assert words in str(caught.value) and "\n" not in str(caught.value)
    with pytest.raises(CaptureError) as caught:
        read(tmp_path)
    assert caught.value.path == str(tmp_path)


def test_a_source_that_fails_is_a_capture_error():
    class Broken(io.RawIOBase):
        """Fails after the header."""

        reads = 0

        def readable(self):
            return True

        def readinto(self, room):
            self.reads += 1
            if self.reads > 2:
                raise OSError(5, "Input/output error")
            room[:24] = FILES["pcap"][:24]
            return 24

    with pytest.raises(CaptureError, match="Input/output error"):
        list(read(Broken()))
    closed = io.BytesIO(FILES["pcap"])
    closed.close()
    with pytest.raises(CaptureError, match="closed file"):
        read(closed)


def test_a_source_without_octets_at_the_moment_is_a_capture_error():
    class Empty(io.RawIOBase):
        """Non-blocking, and nothing there."""

        def readable(self):
            return True

        def readinto(self, room):
            return None

    with pytest.raises(CaptureError, match="non-blocking"):
        read(Empty())
