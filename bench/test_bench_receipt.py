"""Layer 4, receipts: receipt text to fields, ours beside one tolerant regular expression."""

from typing import Any

import corpus
import pytest
from peer_texts import over, parse_any, parse_fixed, parse_receipt

import smpp_core
from smpp_core import receipt as receipts

COUNT = 300
PARSERS = {"smswire": parse_receipt, "regex, fixed order": parse_fixed, "regex, any order": parse_any}


@pytest.mark.parametrize("name", PARSERS)
@pytest.mark.benchmark(group="receipt text, keys in the order of the specification")
def test_fixed_order(benchmark: Any, name: str) -> None:
    benchmark(over(PARSERS[name], corpus.receipts(COUNT)))


@pytest.mark.parametrize("name", ["smswire", "regex, any order"])
@pytest.mark.benchmark(group="receipt text, keys in any order")
def test_any_order(benchmark: Any, name: str) -> None:
    benchmark(over(PARSERS[name], corpus.receipts(COUNT, shuffled=True)))


@pytest.mark.benchmark(group="receipt PDU")
def test_whole_pdu_with_its_tlvs(benchmark: Any) -> None:
    traffic = corpus.Traffic(9)
    frames = [traffic.receipt(1 + number) for number in range(COUNT)]
    benchmark(lambda: [receipts.parse_receipt(smpp_core.decode(frame)).id for frame in frames])


@pytest.mark.parametrize("shuffled", [False, True])
def test_both_expressions_and_the_parser_read_the_same(shuffled: bool) -> None:
    for octets in corpus.receipts(COUNT, shuffled=shuffled):
        receipt = parse_receipt(octets)
        found = parse_any(octets)
        assert (receipt.id, receipt.stat, receipt.err, receipt.done_date, receipt.text) == (
            found["id"], found["stat"], found["err"], found["done date"], found["text"])
        fixed = None if shuffled else parse_fixed(octets)
        assert shuffled or fixed is not None and (fixed["id"], fixed["stat"], fixed["text"]) == (receipt.id, receipt.stat, receipt.text)
