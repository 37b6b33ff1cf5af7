"""Layer 4, text: GSM 7-bit, unpacked, 160 characters, ours beside those of others; packing."""

from typing import Any

import corpus
import pytest
from peer_texts import gsm_codecs, over

from smpp_core import gsm7

COUNT = 200
NAMES = ("smswire", "gsm0338", "smsutil", "smpplib", "aiosmpplib")
EACH = [pytest.param(name, marks=() if name == "smswire" else pytest.mark.peer) for name in NAMES]


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """Texts of 160 characters with accents, signs and euros."""
    return corpus.texts(COUNT)


def _codec(name: str, which: int) -> Any:
    codecs = gsm_codecs()
    if name not in codecs:
        pytest.skip(f"{name} is not installed")
    if codecs[name][which] is None:
        pytest.skip(f"{name} encodes only")
    return codecs[name][which]


@pytest.mark.parametrize("name", EACH)
@pytest.mark.benchmark(group="GSM 7-bit, encode 160 characters")
def test_encode(benchmark: Any, texts: list[str], name: str) -> None:
    encode = _codec(name, 0)
    assert [encode(text) for text in texts] == [gsm7.encode(text) for text in texts]
    benchmark(over(encode, texts))


@pytest.mark.parametrize("name", EACH)
@pytest.mark.benchmark(group="GSM 7-bit, decode 160 characters")
def test_decode(benchmark: Any, texts: list[str], name: str) -> None:
    decode, octets = _codec(name, 1), [gsm7.encode(text) for text in texts]
    assert [decode(each) for each in octets] == texts
    benchmark(over(decode, octets))


@pytest.mark.benchmark(group="GSM 7-bit, packing")
def test_pack(benchmark: Any, texts: list[str]) -> None:
    benchmark(over(gsm7.pack, [gsm7.encode(text) for text in texts]))


@pytest.mark.benchmark(group="GSM 7-bit, packing")
def test_unpack(benchmark: Any, texts: list[str]) -> None:
    benchmark(over(gsm7.unpack, [gsm7.pack(gsm7.encode(text)) for text in texts]))
