"""Tickets are read from what is written and from what the document prints; any octets give them or a typed error."""

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from number_contexts import IDS, PLAIN, printed

from smswire.http.errors import DocumentError, RequestRefused
from smswire.http.lookup import FAILED
from smswire.http.lookup_async import LookupTicket, accept, dump_accepted, load_accepted

DESTINATIONS = st.one_of(
    st.from_regex(r"[0-9]{1,16}", fullmatch=True),
    st.text(PLAIN, max_size=20).map(lambda text: text.replace(";", "").strip()),
)
TICKETS = st.lists(st.one_of(
    st.builds(lambda to, name: LookupTicket(to, True, name), DESTINATIONS, IDS),
    st.builds(lambda to: LookupTicket(to, False), DESTINATIONS),
), max_size=10).map(tuple)


@given(TICKETS)
def test_v46_what_is_written_is_read(tickets: tuple[LookupTicket, ...]) -> None:
    octets = dump_accepted(tickets)
    assert load_accepted(octets) == tickets
    assert octets.count(b"\n") == len(tickets) + 1
    assert octets.startswith(b"OK\n") and octets.endswith(b"\n") and b"\r" not in octets


@given(TICKETS)
def test_line_ends_of_all_kinds_are_read(tickets: tuple[LookupTicket, ...]) -> None:
    octets = dump_accepted(tickets)
    for end in (b"\r\n", b"\r", b" \n", b"\n\n"):
        assert load_accepted(b"\xef\xbb\xbf" + octets.replace(b"\n", end)) == tickets
    assert load_accepted(octets.removesuffix(b"\n")) == tickets


def test_v46_the_printed_answer_is_read_and_written_one_row_a_line() -> None:
    octets = printed("lookup-accepted-2.5-a.txt")
    tickets = load_accepted(octets)
    assert tickets == (
        LookupTicket("123456", True, "121c0a6b752-1-92"), LookupTicket("23423423232", True, "121c0a6b752-1-93"),
        LookupTicket("23'0498239048230", False), LookupTicket("2343223", True, "121c0a6b752-1-94"), LookupTicket("sdfsdf", False),
        LookupTicket("23422342342", True, "121c0a6b752-1-95"), LookupTicket("234234", True, "121c0a6b752-1-96"),
    )
    assert dump_accepted(tickets) == octets.replace(b" sdfsdf", b"\nsdfsdf")


@pytest.mark.parametrize("octets", [printed("lookup-accepted-2.5-b.txt"), b"FAILED\r\n", b" failed\n", b"\xef\xbb\xbfFAILED"])
def test_v47_failed_alone_is_a_refusal(octets: bytes) -> None:
    with pytest.raises(RequestRefused) as caught:
        load_accepted(octets)
    assert caught.value.status is None


def test_v47_what_is_emitted_is_what_is_read() -> None:
    with pytest.raises(RequestRefused):
        load_accepted(FAILED)


def test_v46_a_destination_fails_only_for_its_syntax() -> None:
    ids = (f"1-{n}" for n in itertools.count())
    asked = (
        "12345", "1234", "012345", "+38591123456", "0038591123456", "123456789012345", "1234567890123456", "38591x", "1٣345", "",
    )
    tickets = accept(asked, lambda: next(ids))
    assert tickets == (
        LookupTicket("12345", True, "1-0"), LookupTicket("1234", False), LookupTicket("012345", False), LookupTicket("+38591123456", False),
        LookupTicket("0038591123456", False), LookupTicket("123456789012345", True, "1-1"), LookupTicket("1234567890123456", False),
        LookupTicket("38591x", False), LookupTicket("1٣345", False), LookupTicket("", False),
    )


@pytest.mark.parametrize("octets", [
    b"", b"-5", b"OK;", b"FAILED\n1;FAILED;", b"OK\n1", b"OK\n1;2", b"OK\n1;OKAY;2", b"OK\n1;OK;2;3", b"OK\n1;OK;2 x", b"OK\n\xff;OK;2",
    b"<html>", b"OK\n1;FAILED;x", b"OK\n1;FAILED2;OK;3", b"OK\n1;FAILED;2;OK;3", b"OK\n" + b"1;OK;2\n" * 10_001,
])
def test_what_is_no_answer_is_a_document_error(octets: bytes) -> None:
    with pytest.raises(DocumentError) as caught:
        load_accepted(octets)
    assert caught.value.status == -22


def test_the_row_is_named() -> None:
    with pytest.raises(DocumentError) as caught:
        load_accepted(b"OK\n12345;OK;1\n12346;MAYBE;2\n")
    assert caught.value.path == "row 2"


@pytest.mark.parametrize("ticket", [
    LookupTicket("1;2", False), LookupTicket("1\n2", False), LookupTicket("1\r2", True, "1"), LookupTicket("\ud800", False),
    LookupTicket("12345", True), LookupTicket("12345", True, "a b"), LookupTicket("12345", True, "1;2"),
    LookupTicket("12345", True, "1" * 65),
])
def test_what_a_row_cannot_hold_is_not_written(ticket: LookupTicket) -> None:
    with pytest.raises(DocumentError) as caught:
        dump_accepted([ticket])
    assert caught.value.status == -23


def test_10_000_rows_are_read() -> None:
    tickets = tuple(LookupTicket(str(38591000000 + n), True, f"{n:x}") for n in range(10_000))
    assert load_accepted(dump_accepted(tickets)) == tickets


@given(st.one_of(st.binary(max_size=100), st.text("OKFAILED;\n\r 1a", max_size=60).map(lambda text: b"OK\n" + text.encode())))
def test_any_octets_give_tickets_or_a_typed_error(octets: bytes) -> None:
    try:
        tickets = load_accepted(octets)
    except (DocumentError, RequestRefused):
        return
    assert all(ticket.ok or not ticket.id for ticket in tickets)


@pytest.mark.parametrize("octets", [b"OK\n" + part * (2_097_149 // len(part)) for part in (
    b" ", b"\n", b";", b"1;", b"\n;", b"1;OK;2 ", b"1;FAILED;", b"1;OK", b"OK\r", b"1 ", b"1;OK; ",
)])
def test_2_mib_take_less_than_50_ms(octets: bytes) -> None:
    def taken() -> float:
        begun = time.process_time()
        try:
            load_accepted(octets)
        except DocumentError:
            pass
        return time.process_time() - begun

    assert min(taken() for _ in range(3)) < 0.05
