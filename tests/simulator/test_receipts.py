"""Every form of the corpus is written as the corpus has it: the core reads the id, state and error from it, or from the TLVs beside it."""

import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp_core import DataSm, DeliverSm, MessageState, Pdu, Receipt, SubmitSm, decode, parse_receipt
from smswire.simulator.clock import Clock
from smswire.simulator.fate import Fate
from smswire.simulator.ids import Names
from smswire.simulator.network import ANYWHERE
from smswire.simulator.receipt_forms import FORMS, LETTERS
from smswire.simulator.receipts import ReceiptWriter
from smswire.simulator.scenario import Ids, Network, Receipts
from smswire.simulator.store import Submission

CORPUS = [json.loads(line) for line in (Path(__file__).parents[1] / "data/receipts.jsonl").read_text().splitlines()]
START = datetime(2026, 1, 31, 10, 0, 7, tzinfo=UTC)
VIPNET = Network(name="VipNet", prefixes=("38591",), mccmnc="21910")
STATES = ("DELIVERED", "EXPIRED", "DELETED", "UNDELIVERABLE", "ACCEPTED", "UNKNOWN", "REJECTED", "ENROUTE")
# Where the text itself does not tell the state or the id: the corpus says so for the same letters.
WITHOUT_STATE = {"Z", "AL"}
WITHOUT_ID = {"AE", "AL"}


def writer(ids: Ids = Ids(), offset: float = 0.0, **options: Any) -> ReceiptWriter:
    return ReceiptWriter(Receipts(**options), Names(ids, 1), Clock(lambda: 100.0, START, offset), 1)


def submission(text: bytes = b"hello there", number: int = 1_000_001, name: str = "1000001", **fields: Any) -> Submission:
    fields = {"source_addr": "Infobip", "source_addr_ton": 5, "dest_addr_ton": 1, "dest_addr_npi": 1} | fields
    pdu = SubmitSm(destination_addr="385911234567", short_message=text, **fields)
    fate = Fate(0, MessageState.DELIVERED, 0, 0.0)
    customer: Any = SimpleNamespace(name="test")
    return Submission(number, name, customer, pdu, "385911234567", VIPNET, fate, 1, 100.0, 100.0, 999.0, 160.0)


def read(pdu: Pdu) -> Receipt:
    """What a client reads, from the octets on the wire."""
    found = parse_receipt(decode(bytes(pdu)))
    assert found is not None
    return found


def test_the_default_is_the_vendor_s_form_with_its_three_tlvs() -> None:
    pdu = writer().write(submission(), MessageState.UNDELIVERABLE, 27, 160.0)
    assert pdu.short_message == b"id:1000001 sub:001 dlvr:000 submit date:2601311000 done date:2601311001 stat:UNDELIV err:027"
    assert [(tlv.name, tlv.value) for tlv in pdu.tlvs] == [
        ("receipted_message_id", "1000001"), ("message_state", 5), ("network_error_code", b"\x03\x00\x1b"),
    ]
    assert (pdu.esm_class, pdu.source_addr, pdu.destination_addr, pdu.dest_addr_ton) == (0x04, "385911234567", "Infobip", 5)
    assert (pdu.source_addr_ton, pdu.source_addr_npi) == (1, 1)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("letter", LETTERS)
def test_every_form_tells_id_state_and_error(letter: str, state: str) -> None:
    for tlvs in ((), Receipts().tlvs):
        pdu = writer(forms=(letter,), tlvs=tlvs).write(submission(), MessageState[state], 27, 160.0)
        if letter == "U":  # without the bits it is a receipt only for those who ask for such
            receipt = parse_receipt(bytes(pdu.short_message), flagged=True)
        else:
            receipt = read(pdu)
        if tlvs and letter != "U" or letter not in WITHOUT_STATE:
            assert receipt.state is MessageState[state]
        if tlvs and letter != "U" or letter not in WITHOUT_ID:
            assert receipt.id == "1000001"
        if letter not in ("M", "AL"):
            assert receipt.err == {"C": "0027", "J": "01b"}.get(letter, "027")


@pytest.mark.parametrize("letter", LETTERS)
def test_a_form_has_the_keys_of_its_corpus_cases(letter: str) -> None:
    def shape(receipt: Receipt) -> tuple[object, ...]:
        present = [getattr(receipt, name) is not None for name in ("id", "stat", "err", "submit_date", "done_date")]
        widths = [len(date) for date in (receipt.submit_date, receipt.done_date) if date]
        return (*present, tuple(widths))

    cases = [parse_receipt(bytes.fromhex(case["text_hex"]), flagged=True) for case in CORPUS if case["form"] == letter]
    pdu = writer(forms=(letter,), tlvs=()).write(submission(), MessageState.DELIVERED, 0, 160.0)
    text = pdu.short_message or pdu.message_payload
    assert shape(parse_receipt(bytes(text), flagged=True)) in [shape(case) for case in cases]
    assert pdu.esm_class in {case["esm_class"] for case in CORPUS if case["form"] == letter}
    assert (len(text) > 254) == (pdu.message_payload is not None) == (letter == "AM")


def test_the_letters_are_those_of_the_corpus_but_what_is_no_receipt() -> None:
    receipts = {case["form"] for case in CORPUS if case["is_receipt"]} | {"U"}
    assert set(LETTERS) == receipts
    assert all(form.doc for form in FORMS.values())


@given(st.text(max_size=60), st.integers(0, 0xFFFF), st.sampled_from(LETTERS), st.sampled_from(STATES))
def test_whatever_the_message_says_the_receipt_is_written(text: str, error: int, letter: str, state: str) -> None:
    octets = text.encode("utf-16-be", "replace")[:254]
    pdu = writer(forms=(letter,)).write(submission(octets, data_coding=8), MessageState[state], error, 160.0)
    if letter != "U":
        assert read(pdu).id == "1000001"
        assert read(pdu).state is MessageState[state] or letter == "Z"


@pytest.mark.parametrize(("style", "receipt", "ids"), [
    ("decimal", "same", ("1000001", "1000001")), ("hex", "decimal", ("f4241", "1000001")), ("decimal", "hex", ("1000001", "f4241")),
    ("hex", "upper", ("f4241", "F4241")), ("decimal", "padded", ("1000001", "0001000001")), ("decimal", "0x", ("1000001", "0xF4241")),
    ("padded", "decimal", ("0001000001", "1000001")),
    ("uuid", "upper", ("2d05ed02-a4ec-4b28-a", "2D05ED02-A4EC-4B28-A")),
])
def test_receipts_write_the_id_in_their_own_way(style: Any, receipt: Any, ids: tuple[str, str]) -> None:
    options = Ids(style=style, receipt=receipt)
    names = Names(options, 1)
    name = names.response(1_000_001)
    got = read(writer(options).write(submission(name=name), MessageState.DELIVERED, 0, 160.0))
    if style == "uuid":
        assert name != name.upper() == got.id == got.text_id
        assert len(name) == 36
    else:
        assert (name, got.id, got.text_id) == (ids[0], ids[1], ids[1])


@given(st.integers(1, 1 << 62), st.integers(1, 1 << 62))
def test_two_numbers_never_share_a_name(one: int, other: int) -> None:
    for style in ("decimal", "hex", "upper", "padded", "0x", "uuid"):
        names = Names(Ids(style=style, width=12), 5)  # type: ignore[arg-type]
        assert (names.response(one) == names.response(other)) == (one == other)
        assert len(names.response(one)) <= 64


def test_a_receipt_may_come_in_a_data_sm_or_in_message_payload_or_as_tlvs_alone() -> None:
    made = writer(command="data_sm", carrier="tlvs").write(submission(), MessageState.DELIVERED, 0, 160.0)
    assert isinstance(made, DataSm)
    assert (made.message_payload, read(made).id, read(made).stat) == (None, "1000001", None)
    made = writer(carrier="message_payload").write(submission(), MessageState.DELIVERED, 0, 160.0)
    assert isinstance(made, DeliverSm)
    assert (made.short_message, read(made).stat) == (b"", "DELIVRD")
    made = writer(carrier="tlvs").write(submission(), MessageState.EXPIRED, 0, 160.0)
    assert (made.short_message, read(made).state) == (b"", MessageState.EXPIRED)


def test_an_intermediate_notification_has_its_own_bits() -> None:
    for letter, esm_class in (("B", 0x20), ("V", 0xA0)):
        pdu = writer(forms=(letter,)).write(submission(), MessageState.ENROUTE, 27, 160.0, intermediate=True)
        assert pdu.esm_class == esm_class
        assert read(pdu).intermediate


def test_the_text_is_cut_to_its_length_and_dates_are_in_the_zone() -> None:
    got = read(writer(forms=("A",), text_length=5, offset=2.0).write(submission(), MessageState.DELIVERED, 0, 160.0))
    assert (got.text, got.done_date) == ("hello", "2601311201")
    assert read(writer(forms=("A",), text_length=0).write(submission(), MessageState.DELIVERED, 0, 160.0)).text == ""


def test_several_forms_are_dealt_by_chance_that_repeats() -> None:
    make = writer(forms=("A", "B", "G"))
    first = [make.write(submission(number=n), MessageState.DELIVERED, 0, 160.0) for n in range(60)]
    again = [make.write(submission(number=n), MessageState.DELIVERED, 0, 160.0) for n in reversed(range(60))]
    assert first == again[::-1]
    assert len({b"dlvrd" in pdu.short_message or b"dlvr" in pdu.short_message for pdu in first}) == 2


def test_a_form_without_a_network_leaves_its_name_out() -> None:
    one = submission()
    one.network = ANYWHERE
    assert read(writer(forms=("D",)).write(one, MessageState.DELIVERED, 0, 160.0)).extra["ORN"] == ""
