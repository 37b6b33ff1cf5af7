"""The traffic of load and demo: the same for the same seed, each receiver by its number, long messages with references of their own."""

import pytest

from smpp_core import EncodeError, Profile, decode_text, udh
from smswire.cli.traffic import REALISTIC, SHORT, Kind, Traffic


def traffic(kinds=REALISTIC, **options) -> Traffic:
    given = {"sender": "smswire", "to": ["38591#######"], "receipts": True, "seed": 1, "profile": Profile.vendor()} | options
    return Traffic(kinds, **given)


def test_the_same_seed_gives_the_same_octets_and_another_seed_others() -> None:
    octets = [b"".join(bytes(piece.pdu) for piece in traffic(seed=seed).messages(200)) for seed in (1, 1, 2)]
    assert octets[0] == octets[1] != octets[2]


def test_all_kinds_come_in_about_their_shares_and_can_be_read_back() -> None:
    texts = {}
    for piece in traffic().messages(2_000):
        text = decode_text(piece.pdu)
        if piece.parts == 1:
            texts[text.text] = texts.get(text.text, 0) + 1
            assert text.flash == (text.text == REALISTIC[3].text)
    for kind in REALISTIC:
        if kind.name != "long":
            assert 0.5 < texts[kind.text] / 2_000 / (kind.share / 100) < 2


def test_parts_of_a_long_message_share_a_reference_that_the_next_one_does_not_have() -> None:
    pieces = list(traffic((REALISTIC[2],)).messages(3))
    headers = [udh.decode(piece.pdu.short_message).concat for piece in pieces]
    wanted = [(number, part) for number in range(3) for part in range(1, pieces[0].parts + 1)]
    assert [(header.reference, header.part) for header in headers] == wanted


def test_receivers_are_numbered_and_taken_in_turn() -> None:
    numbers = [piece.pdu.destination_addr for piece in traffic(SHORT, to=["38591####", "+4915112345", "33###6##"]).messages(4)]
    assert numbers == ["385910000", "4915112345", "33002602", "385910003"]


def test_what_cannot_be_sent_is_refused_before_anything_is() -> None:
    with pytest.raises(EncodeError, match="to"):
        traffic(to=["12"])
    with pytest.raises(EncodeError):
        traffic((Kind("text", "x" * 60_000, 1),))
