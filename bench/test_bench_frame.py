"""Layer 2: a stream of octets to frames, in the pieces that a socket gives."""

from typing import Any

import corpus
import pytest

import smpp_core

PIECES = (1448, 65536)


@pytest.fixture(scope="module")
def stream() -> bytes:
    """A mixed session as one stream of octets."""
    return b"".join(corpus.mixed(3000))


@pytest.mark.parametrize("size", PIECES)
@pytest.mark.benchmark(group="stream of 3,000 PDUs to frames")
def test_feed(benchmark: Any, stream: bytes, size: int) -> None:
    pieces = [stream[at:at + size] for at in range(0, len(stream), size)]

    def loop() -> int:
        framer = smpp_core.Framer()
        return sum(len(framer.feed(piece)) for piece in pieces)
    assert benchmark(loop) == 3000


@pytest.mark.benchmark(group="stream of 3,000 PDUs to frames")
def test_feed_and_decode(benchmark: Any, stream: bytes) -> None:
    pieces = [stream[at:at + 65536] for at in range(0, len(stream), 65536)]

    def loop() -> int:
        framer = smpp_core.Framer()
        return sum(len(smpp_core.decode_many(framer.feed(piece))) for piece in pieces)
    assert benchmark(loop) == 3000


@pytest.mark.benchmark(group="stream of 3,000 PDUs to frames")
def test_find_a_header_in_garbage(benchmark: Any, stream: bytes) -> None:
    garbage = b"\xff" * 65536 + stream[:4096]
    assert benchmark(smpp_core.find_frame, garbage, 0) == 65536
