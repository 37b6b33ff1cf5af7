"""Layer 3: frames to PDUs and back, ours beside those of others. A benchmark times one pass over SIZE items."""

from typing import Any

import corpus
import pytest
from peers import MAKERS, Peer

import smpp_core

SIZE = 1000
EACH = [pytest.param(name, marks=() if name == "smswire" else pytest.mark.peer) for name in MAKERS]
each_peer = pytest.mark.parametrize("peer", EACH, indirect=True)


@pytest.fixture(scope="module")
def frames() -> list[bytes]:
    """submit_sm of 224 octets with two TLVs."""
    return corpus.submits(SIZE)


@pytest.fixture(scope="module")
def submits() -> list[corpus.Submit]:
    """submit_sm to construct."""
    return corpus.to_build(SIZE)


@each_peer
@pytest.mark.benchmark(group="decode submit_sm, nothing read")
def test_decode(benchmark: Any, peer: Peer, frames: list[bytes]) -> None:
    benchmark(peer.decode(frames))


@each_peer
@pytest.mark.benchmark(group="decode submit_sm, four fields read")
def test_decode_and_read_four_fields(benchmark: Any, peer: Peer, frames: list[bytes]) -> None:
    benchmark(peer.read4(frames))


@each_peer
@pytest.mark.benchmark(group="construct submit_sm from 11 keywords and encode")
def test_construct_and_encode(benchmark: Any, peer: Peer, submits: list[corpus.Submit]) -> None:
    benchmark(peer.build(submits))


@each_peer
@pytest.mark.benchmark(group="construct submit_sm from 11 keywords, text as str, and encode")
def test_construct_from_text_and_encode(benchmark: Any, peer: Peer) -> None:
    if peer.write is None:
        pytest.skip(f"{peer.name} has no GSM 7-bit alphabet")
    benchmark(peer.write(corpus.to_write(SIZE)))


@each_peer
def test_every_adapter_reads_the_same_values_and_builds_the_same_octets(
    peer: Peer, frames: list[bytes], submits: list[corpus.Submit],
) -> None:
    ours = [smpp_core.decode(frame) for frame in frames]
    for row, pdu in zip(peer.rows(frames), ours, strict=True):
        text = row[3] if isinstance(row[3], bytes) else row[3].encode("latin-1")
        assert (*row[:3], text) == (pdu.source_addr, pdu.destination_addr, pdu.data_coding, pdu.short_message)
    for octets, submit in zip(peer.octets(submits), submits, strict=True):
        # smpplib counts the sequence_number itself.
        assert octets[:12] + octets[16:] == submit.octets[:12] + submit.octets[16:]


@pytest.mark.benchmark(group="many PDUs, smswire")
def test_decode_a_mixed_session(benchmark: Any) -> None:
    frames = corpus.mixed(SIZE)
    benchmark(smpp_core.decode_many, frames)


@pytest.mark.benchmark(group="many PDUs, smswire")
def test_answer_every_request(benchmark: Any) -> None:
    pdus = [pdu for pdu in smpp_core.decode_many(corpus.mixed(SIZE)) if not pdu.is_response]
    benchmark(lambda: [bytes(pdu.reply()) for pdu in pdus])


@pytest.mark.benchmark(group="many PDUs, smswire")
def test_change_the_sequence_number(benchmark: Any, frames: list[bytes]) -> None:
    pdus = smpp_core.decode_many(frames)
    benchmark(lambda: [pdu.with_sequence(7) for pdu in pdus])
