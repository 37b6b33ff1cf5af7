"""V45: every state, refusal and end becomes a word of table 8 and a GSM error code; a word and a code become a state again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp_core import CommandStatus, MessageState
from smswire.http.gsm_error import GSM_ERRORS
from smswire.http.report_status import (
    STATUS_WORDS,
    End,
    Outcome,
    state_of,
    status_of_end,
    status_of_refusal,
    status_of_state,
    status_word,
)

# Table 8 as it is printed; INVALID_MESSAGE_FORMAT stands in the column of the attributes there.
PRINTED = (
    "NOT_SENT SENT NOT_DELIVERED DELIVERED NOT_ALLOWED INVALID_DESTINATION_ADDRESS INVALID_SOURCE_ADDRESS ROUTE_NOT_AVAILABLE "
    "NOT_ENOUGH_CREDITS REJECTED INVALID_MESSAGE_FORMAT"
).split()
OPEN = {MessageState.SCHEDULED, MessageState.ENROUTE, MessageState.ACCEPTED}


def test_the_words_are_the_11_of_table_8() -> None:
    assert list(STATUS_WORDS) == PRINTED and len(PRINTED) == 11
    assert all(row.meaning for row in STATUS_WORDS.values())


def test_v36_the_document_says_of_one_word_that_it_is_not_charged_and_we_of_another() -> None:
    assert {row.word: row.uncharged for row in STATUS_WORDS.values() if row.uncharged} == {"NOT_ALLOWED": "document", "NOT_SENT": "ours"}


@pytest.mark.parametrize("word", ["delivered", " DELIVERED\n", "Delivered"])
def test_a_word_is_known_in_any_case(word: str) -> None:
    assert status_word(word) is STATUS_WORDS["DELIVERED"]


def test_an_unknown_word_has_a_row_that_says_so() -> None:
    assert (status_word("LOST").word, status_word("LOST").state) == ("LOST", MessageState.UNKNOWN)


@pytest.mark.parametrize(("state", "err", "outcome"), [
    (MessageState.DELIVERED, None, Outcome("DELIVERED", 0)),
    (MessageState.DELIVERED, 1, Outcome("DELIVERED", 0)),
    (MessageState.UNDELIVERABLE, 27, Outcome("NOT_DELIVERED", 27)),
    (MessageState.UNDELIVERABLE, None, Outcome("NOT_DELIVERED", 0)),
    (MessageState.UNDELIVERABLE, 9999, Outcome("NOT_DELIVERED", 9999)),
    (MessageState.UNKNOWN, 0, Outcome("NOT_DELIVERED", 0)),
    (MessageState.DELETED, 0, Outcome("NOT_DELIVERED", 4100)),
    (MessageState.DELETED, 13, Outcome("NOT_DELIVERED", 13)),
    (MessageState.EXPIRED, 27, Outcome("NOT_DELIVERED", 4101)),
    (MessageState.REJECTED, 0, Outcome("REJECTED", 0)),
    (MessageState.SKIPPED, 0, Outcome("NOT_DELIVERED", 0)),
])
def test_v45_a_receipt_becomes_a_word_and_a_code(state: MessageState, err: int | None, outcome: Outcome) -> None:
    assert status_of_state(state, err) == outcome


@pytest.mark.parametrize("state", MessageState)
def test_v45_every_state_is_open_or_has_a_word(state: MessageState) -> None:
    outcome = status_of_state(state)
    assert (outcome is None) == (state in OPEN)
    assert outcome is None or outcome.word in STATUS_WORDS


@pytest.mark.parametrize(("status", "word"), [
    (0x0A, "INVALID_SOURCE_ADDRESS"), (0x0B, "INVALID_DESTINATION_ADDRESS"), (0x22, "NOT_ALLOWED"), (0xFF, "NOT_ENOUGH_CREDITS"),
    (0x01, "INVALID_MESSAGE_FORMAT"), (0x43, "INVALID_MESSAGE_FORMAT"), (0x104, "INVALID_MESSAGE_FORMAT"), (0x0C, "REJECTED"),
    (0x08, "REJECTED"), (0x4A1, "REJECTED"), (0xFFFFFFFF, "REJECTED"),
])
def test_v45_a_refused_submit_becomes_a_word(status: int, word: str) -> None:
    assert status_of_refusal(status).word == word


def test_v45_a_standard_peer_means_something_else_by_the_vendor_s_codes() -> None:
    assert {status_of_refusal(status, vendor=False).word for status in (0x22, 0xFF)} == {"REJECTED"}


def test_v36_of_refusals_only_a_network_not_covered_costs_nothing() -> None:
    assert [status for status in CommandStatus if status_of_refusal(status).uncharged] == []
    assert status_of_refusal(0x22).uncharged


@pytest.mark.parametrize(("end", "outcome"), [
    (End.EXPIRED_BEFORE_SUBMIT, Outcome("NOT_SENT", 4101, True)), (End.EXPIRED_AFTER_SUBMIT, Outcome("NOT_DELIVERED", 4101)),
    (End.CANCELLED, Outcome("NOT_DELIVERED", 4100, True)), (End.NO_REPORT_ROUTE, Outcome("SENT", 0)),
    (End.NO_REPORT, Outcome("NOT_DELIVERED", 0)), (End.NO_CONNECTOR, Outcome("ROUTE_NOT_AVAILABLE", 0, True)),
])
def test_v45_an_end_of_our_own_becomes_a_word_and_a_code(end: End, outcome: Outcome) -> None:
    assert status_of_end(end) == outcome


@pytest.mark.parametrize("end", End)
def test_v45_every_end_has_a_word_and_a_code_of_the_tables(end: End) -> None:
    assert status_of_end(end).word in STATUS_WORDS and status_of_end(end).gsm_error in GSM_ERRORS


@pytest.mark.parametrize("state", sorted(set(MessageState) - OPEN - {MessageState.UNKNOWN, MessageState.SKIPPED}))
def test_v45_a_final_state_comes_back_from_its_report(state: MessageState) -> None:
    word, code, _ = status_of_state(state) or Outcome("")
    assert state_of(word, code) is state


@pytest.mark.parametrize(("word", "code", "state"), [
    ("NOT_DELIVERED", 0, MessageState.UNDELIVERABLE), ("NOT_SENT", 0, MessageState.UNDELIVERABLE), ("NOT_SENT", 4101, MessageState.EXPIRED),
    ("SENT", 0, MessageState.ACCEPTED), ("DELIVERED", 4101, MessageState.DELIVERED), ("REJECTED", 4101, MessageState.REJECTED),
    ("LOST", 4101, MessageState.UNKNOWN),
])
def test_v45_a_report_of_an_http_upstream_has_a_state(word: str, code: int, state: MessageState) -> None:
    assert state_of(word, code) is state


@given(st.text(), st.integers())
def test_v45_any_word_and_code_have_a_state(word: str, code: int) -> None:
    assert isinstance(state_of(word, code), MessageState)
