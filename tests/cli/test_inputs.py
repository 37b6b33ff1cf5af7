"""Arguments become the input they mean; a stream gives its octets once, in order, and says when it is about to wait."""

import gzip
import io
import os
import sys
import threading

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smswire.cli.inputs import Stream, open_input
from smswire.cli.options import Failure

FRAME = bytes.fromhex("00000010000000150000000000000001")


@given(st.binary(max_size=300), st.lists(st.integers(1, 50), max_size=20), st.integers(0, 40))
def test_a_stream_gives_its_octets_once_and_in_order(octets, sizes, peeked):
    stream = Stream(io.BytesIO(octets), "x")
    assert stream.peek(peeked)[:peeked] == octets[:peeked]
    parts = [stream.read(size) for size in sizes]
    assert b"".join(parts) + stream.readall() == octets
    assert stream.position == len(octets)


def test_a_stream_says_when_it_is_about_to_wait():
    reading, writing = os.pipe()
    said = threading.Event()
    with open(reading, "rb", buffering=0) as file, open(writing, "wb", buffering=0) as out:
        stream = Stream(file, "pipe")
        stream.on_wait = said.set
        out.write(FRAME)
        assert stream.read(100) == FRAME and not said.is_set()
        writer = threading.Thread(target=lambda: out.write(b"told" if said.wait(10) else b"late"))
        writer.start()
        assert stream.read(100) == b"told"
        writer.join()


def test_a_file_never_waits_and_has_a_size(tmp_path):
    path = tmp_path / "frame"
    path.write_bytes(FRAME)
    found = open_input([str(path)])
    assert found.stream is not None and found.stream.size == 16
    found.stream.on_wait = lambda: pytest.fail("a file is always ready")
    positions = []
    found.stream.on_read = positions.append
    assert b"".join(found.chunks()) == FRAME
    found.close()
    assert positions[-1] == 16


@pytest.mark.parametrize(
    ("octets", "form"),
    [
        (FRAME, "octets"),
        (FRAME.hex().encode(), "hex"),
        (gzip.compress(FRAME), "octets"),
        (gzip.compress(FRAME.hex().encode()), "hex"),
        (bytes.fromhex("d4c3b2a1") + bytes(20), "capture"),
        (gzip.compress(bytes.fromhex("0a0d0d0a") + bytes(20)), "capture"),
    ],
)
def test_a_file_is_what_its_octets_say(tmp_path, octets, form):
    path = tmp_path / "anything.txt"
    path.write_bytes(octets)
    found = open_input([str(path)])
    assert found.form == form
    if form != "capture":
        assert b"".join(found.chunks()) == FRAME
    found.close()


def test_a_pipe_in_the_file_system_is_read(tmp_path):
    path = tmp_path / "fifo"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(FRAME,))
    writer.start()
    found = open_input([str(path)])
    assert b"".join(found.chunks()) == FRAME
    found.close()
    writer.join()


def test_two_files_are_one_too_many(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(FRAME)
    with pytest.raises(click.UsageError, match="a file is decoded alone"):
        open_input([str(tmp_path / "a"), str(tmp_path / "b")])


def test_on_a_terminal_an_input_must_be_named(monkeypatch):
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    with pytest.raises(click.UsageError, match="give hex, a file, or -"):
        open_input([])


def test_a_damaged_gzip_of_hex_is_a_sentence(tmp_path):
    path = tmp_path / "cut.gz"
    path.write_bytes(gzip.compress(FRAME.hex().encode() * 1000)[:-8])
    with pytest.raises(Failure, match="cut.gz"):
        open_input([str(path)])
