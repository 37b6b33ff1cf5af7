"""V38: a balance survives being written and read in every form; a refusal is never taken for a balance, nor a balance for a refusal."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smswire.http.amount import format_amount, parse_amount
from smswire.http.credits import (
    CreditsQuery,
    dump_credits,
    dump_credits_error,
    dump_credits_query,
    load_credits,
    load_credits_query,
)
from smswire.http.errors import DocumentError, InvalidUserOrPassword, RequestRefused

DATA = Path(__file__).parents[1] / "data" / "http"
PRINTED = [row for row in json.loads((DATA / "examples-reports.json").read_text()) if row["kind"] == "credits-query"]
FORMS = ("plain", "json", "xml")
REFUSALS = (-5, -10, -11, -22, -23, -26, -99)

amounts = st.decimals(allow_nan=False, allow_infinity=False, min_value=-10**12, max_value=10**12, places=4) | st.integers(
    -(10**17), 10**17
).map(Decimal)
present = st.text(min_size=1).filter(lambda text: text == text.strip() and text.isprintable())


@given(amounts, st.sampled_from(FORMS))
def test_v38_a_balance_that_is_written_is_read(credits: Decimal, form: str) -> None:
    assert load_credits(dump_credits(credits, form)) == credits


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("status", REFUSALS)
def test_v38_a_refusal_that_is_written_is_read(status: int, form: str) -> None:
    with pytest.raises(RequestRefused) as refused:
        load_credits(dump_credits_error(status, form))
    assert refused.value.status == status


@given(st.builds(CreditsQuery, username=present, password=present, cmd=present, output=st.just("") | present))
def test_v38_a_command_that_is_written_is_read_from_query_and_body(query: CreditsQuery) -> None:
    octets = dump_credits_query(query)
    assert load_credits_query(octets) == query
    assert load_credits_query(b"", octets, "application/x-www-form-urlencoded") == query


@given(st.binary() | st.sampled_from([b"{", b"<", b"\xff\xfe<"]).flatmap(lambda head: st.binary().map(lambda rest: head + rest)), st.text())
def test_v38_any_octets_are_a_balance_a_refusal_or_a_document_error(body: bytes, content_type: str) -> None:
    try:
        assert isinstance(load_credits(body, content_type), Decimal)
    except (RequestRefused, DocumentError) as error:
        assert error.status and error.status < 0


@given(st.binary(), st.binary(), st.text())
def test_v38_any_octets_are_a_command_or_a_document_error(query: bytes, body: bytes, content_type: str) -> None:
    try:
        assert isinstance(load_credits_query(query, body, content_type), CreditsQuery)
    except DocumentError as error:
        assert error.status == -22


@pytest.mark.parametrize(("credits", "text"), [
    ("12.5", "12.50"), ("0", "0.00"), ("1E+3", "1000.00"), ("-0", "0.00"), ("0E+9", "0.00"), ("-3", "-3.00"), ("0.0001", "0.0001"),
    ("1E-7", "0.0000001"), ("12.500", "12.500"), ("999999999999999999", "999999999999999999.00"),
])
def test_v38_a_balance_is_written_plainly_with_two_decimals_at_least(credits: str, text: str) -> None:
    assert dump_credits(Decimal(credits)) == text.encode()
    assert dump_credits(Decimal(credits), "json") == b'{"credits":"%s"}' % text.encode()
    assert dump_credits(Decimal(credits), "xml") == b"<credits>%s</credits>" % text.encode()


@pytest.mark.parametrize(("body", "credits"), [
    (b"12.50", "12.50"), (b" 12.50\r\n", "12.50"), (b"\xef\xbb\xbf12.5", "12.5"), (b"0", "0"), (b"5", "5"), (b"10", "10"), (b"+7", "7"),
    (b".5", "0.5"), (b'{"credits":"12.50"}', "12.50"), (b'{"credits":12.50}', "12.50"), (b'{"credits": 12}', "12"),
    (b'{"credits":0.1}', "0.1"), (b'{"credits":1e3}', "1000"), (b'{"credits":" 12.50 "}', "12.50"), (b'{"credits":"-5"}', "-5"),
    (b"<credits>12.50</credits>", "12.50"), (b"<?xml version='1.0'?>\n<Credits> 12.50\n</Credits>\n", "12.50"),
    (b"<credits>-5</credits>", "-5"),
])
def test_v38_every_form_of_a_balance_is_read(body: bytes, credits: str) -> None:
    assert load_credits(body) == Decimal(credits)


@pytest.mark.parametrize("body", [
    b"-5", b" -5\n", b"- 5", b'{"status":"-5"}', b'{"status":-5}', b"<status>-5</status>", b"<status> - 5 </status>",
])
def test_v38_every_form_of_a_refusal_is_read(body: bytes) -> None:
    with pytest.raises(InvalidUserOrPassword):
        load_credits(body)


@pytest.mark.parametrize("body", [b"-5.00", b"-5.0", b"-7", b"-2", b"-1000", b"-10.50"])
def test_v38_a_number_below_0_is_a_balance_unless_it_is_a_status_that_a_command_can_have(body: bytes) -> None:
    assert load_credits(body) == Decimal(body.decode())


@pytest.mark.parametrize("credits", REFUSALS)
@pytest.mark.parametrize("form", FORMS)
def test_v38_a_debt_that_looks_like_a_status_is_written_as_a_balance(credits: int, form: str) -> None:
    assert load_credits(dump_credits(Decimal(credits), form)) == credits


@pytest.mark.parametrize("body", [
    b"", b" ", b"NO_DATA", b"1e3", b"NaN", b"12,50", b"<html/>", b"<credits/>", b"<credits>x</credits>", b"{}", b'{"credits":[]}', b"[",
    b'{"credits":true}', b'{"credits":"NaN"}', b'{"credits":1e999999999}', b'{"credits":1e99999999999999999999}', b'{"status":"0"}',
    b'{"credits":' + b"[" * 10_000, b"9" * 10_000, b'{"credits":' + b"9" * 10_000 + b"}", b"<" * 20_000, b"\xff", b"\0", b"-" * 100,
])
def test_v38_what_is_neither_is_a_document_error(body: bytes) -> None:
    with pytest.raises(DocumentError) as broken:
        load_credits(body)
    assert broken.value.status == -22


@pytest.mark.parametrize("credits", ["NaN", "Infinity", "1E+99", "1E-99", "1234567890123456789"])
def test_v38_what_is_no_balance_is_not_written(credits: str) -> None:
    with pytest.raises(DocumentError) as refused:
        dump_credits(Decimal(credits))
    assert refused.value.status == -23


@given(amounts)
def test_v36_an_amount_that_is_written_is_read(amount: Decimal) -> None:
    assert parse_amount(format_amount(amount)) == amount


@pytest.mark.parametrize("example", PRINTED, ids=lambda row: row["file"])
def test_v38_the_printed_query_is_read_and_written_as_it_stands(example: dict[str, str]) -> None:
    octets = (DATA / example["file"]).read_bytes()
    query = load_credits_query(octets)
    assert query == CreditsQuery(username="test", password="test", cmd="X") and not query.known
    assert dump_credits_query(query) == octets


@pytest.mark.parametrize(("octets", "known", "form"), [
    (b"CMD=CREDITS&Output=Json", True, "json"), (b"cmd=credits&output=XML", True, "xml"), (b"cmd=+Credits+", True, "plain"),
    (b"cmd=CREDITS&output=csv", True, "plain"), (b"cmd=X", False, "plain"), (b"", False, "plain"),
])
def test_v38_commands_and_outputs_are_read_in_any_case(octets: bytes, known: bool, form: str) -> None:
    query = load_credits_query(octets)
    assert (query.known, query.form) == (known, form)


@pytest.mark.parametrize(("octets", "status"), [
    (b"cmd=CREDITS", -10), (b"pass=test", -10), (b"user=test", -11), (b"USER=test&PASS=test", 0), (b"username=test&password=test", 0),
])
def test_v38_missing_credentials_have_their_status(octets: bytes, status: int) -> None:
    assert load_credits_query(octets).missing == status
