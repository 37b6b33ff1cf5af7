"""A request to look numbers up is read from what is written, and from every spelling; what is missing answers FAILED."""

import time
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from number_contexts import DATA, EXAMPLES, PLAIN, printed

from smswire.http.errors import DocumentError
from smswire.http.lookup_query import LookupQuery, dump_async_query, dump_sync_query, is_number, load_async_query, load_sync_query

FORM = "application/x-www-form-urlencoded"
SECRETS = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=10).filter(lambda text: not text.isspace())
NUMBERS = st.from_regex(r"[1-9][0-9]{4,14}", fullmatch=True)
OTHERS = st.text(PLAIN, max_size=20).map(lambda text: text.replace(";", "").strip()).filter(bool)


@given(st.builds(
    lambda user, password, number, output: LookupQuery(username=user, password=password, destinations=(number,), output=output),
    SECRETS, SECRETS, NUMBERS, st.sampled_from(["", "json", "xml"]),
))
def test_what_is_written_for_one_number_is_read(query: LookupQuery) -> None:
    assert load_sync_query(dump_sync_query(query)) == query
    assert load_sync_query(b"", dump_sync_query(query), FORM) == query


@given(st.builds(
    lambda user, password, numbers: LookupQuery(username=user, password=password, destinations=tuple(numbers)),
    SECRETS, SECRETS, st.lists(st.one_of(NUMBERS, OTHERS), min_size=1, max_size=5),
))
def test_v46_what_is_written_for_many_numbers_is_read(query: LookupQuery) -> None:
    octets = dump_async_query(query)
    assert b";" not in octets
    assert load_async_query(octets) == query
    assert load_async_query(b"", octets, FORM) == query


def test_the_printed_requests_are_read_and_written() -> None:
    asked = {example["file"]: example["kind"] for example in EXAMPLES if example["kind"].startswith("lookup-query")}
    assert len(asked) == len(list(DATA.glob("lookup-query-*"))) == 5
    assert load_async_query(printed("lookup-query-2.5-a.txt")) == LookupQuery(
        username="test", password="test", destinations=("3859811111111",),
    )
    many = load_async_query(printed("lookup-query-2.5-b.txt"))
    assert many.destinations == ("38598303174", "385981111111", "49170111222")
    assert dump_async_query(many) == printed("lookup-query-2.5-b.txt").replace(b";", b"%3B")
    one = load_sync_query(printed("lookup-query-2.7-a.txt"))
    assert (one.destination, one.output, one.form) == ("38599111111", "json", "json")
    assert dump_sync_query(one) == printed("lookup-query-2.7-a.txt")
    for name in ("lookup-query-2.7-b.txt", "lookup-query-2.7-c.txt"):
        with pytest.raises(DocumentError) as caught:
            load_sync_query(printed(name))
        assert caught.value.status == -13


def test_v46_a_raw_semicolon_separates_destinations_and_no_pairs() -> None:
    for octets in (b"1;2", b"1%3B2", b"1%3b2", b"1;2;", b";;1; ;2", b"+1+%3B%0A2%0A"):
        assert load_async_query(b"user=a&pass=b&destinations=" + octets).destinations == ("1", "2")
    assert load_async_query(b"user=a;pass=c&pass=b&destinations=1").username == "a;pass=c"


def test_commas_separate_nothing_and_a_repeated_name_adds() -> None:
    assert load_async_query(b"user=a&pass=b&destinations=1,2&destinations=3&destination=4").destinations == ("1,2", "3", "4")


def test_v2_names_are_read_in_any_case_and_username_and_password_too() -> None:
    expected = LookupQuery(username="a", password="b", destinations=("38591123456",), output="xml")
    assert load_sync_query(b"USER=a&Pass=b&Destination=38591123456&OUTPUT=XML") == expected
    assert load_sync_query(b"username=a&PassWord=b", b"destination=38591123456&output=xml", FORM) == expected
    assert load_sync_query(b"user=&username=a&pass=b&pass=c&destination=38591123456&output=xml") == expected


def test_v8_multipart_is_read() -> None:
    parts = "".join(f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in (
        ("user", "a"), ("pass", "b"), ("destinations", "1;2"),
    ))
    assert load_async_query(b"", f"{parts}--x--\r\n".encode(), "multipart/form-data; boundary=x").destinations == ("1", "2")


@pytest.mark.parametrize(("octets", "status"), [
    (b"pass=b&destination=38591123456", -10), (b"user=+&pass=b&destination=38591123456", -10), (b"user=a&destination=38591123456", -11),
    (b"user=a&pass=b", -6), (b"user=a&pass=b&destination=+%0A", -6), (b"", -10), (b"user=a&pass=b&destinations=38591123456", -6),
    (b"user=a&pass=b&destination=38591123456;38591123457", -23), (b"user=a&pass=b&destination=38591123456&destination=38591123457", -23),
    (b"user=a&pass=b&destination=38591123456,38591123457", -13), (b"user=a&pass=b&destination=%2B38591123456", -13),
    (b"user=a&pass=b&destination=38591123456&output=yaml", -23), (b"user=%FF&pass=b&destination=38591123456", -22),
])
def test_v47_what_is_missing_or_wrong_in_a_request_for_one_number(octets: bytes, status: int) -> None:
    with pytest.raises(DocumentError) as caught:
        load_sync_query(octets)
    assert caught.value.status == status


@pytest.mark.parametrize(("octets", "status"), [
    (b"pass=b&destinations=1", -10), (b"user=a&destinations=1", -11), (b"user=a&pass=b&destinations=;;", -6),
    (b"user=a&pass=b&destinations=1%0D2", -22), (b"user=a&pass=b&destinations=1;2%00;3", -22),
    (b"user=a&pass=b&destinations=" + b"1;" * 10_001, -22),
])
def test_v47_what_is_missing_or_wrong_in_a_request_for_many(octets: bytes, status: int) -> None:
    with pytest.raises(DocumentError) as caught:
        load_async_query(octets)
    assert caught.value.status == status


@pytest.mark.parametrize(("query", "status"), [
    (LookupQuery(password="b", destinations=("38591123456",)), -10), (LookupQuery(username="a", destinations=("38591123456",)), -11),
    (LookupQuery(username="a", password="b"), -6), (LookupQuery(username="a", password="b", destinations=("38591123456", " ")), -6),
    (LookupQuery(username="a", password="b", destinations=("38591\n123456",)), -22),
    (LookupQuery(username="a", password="\ud800", destinations=("38591123456",)), -23),
])
def test_what_would_not_be_read_is_not_written(query: LookupQuery, status: int) -> None:
    for dump in (dump_sync_query, dump_async_query):
        with pytest.raises(DocumentError) as caught:
            dump(query)
        assert caught.value.status == status


def test_a_destination_with_a_semicolon_is_not_written() -> None:
    with pytest.raises(DocumentError, match="separator"):
        dump_async_query(LookupQuery(username="a", password="b", destinations=("1;2",)))


def test_10_000_destinations_are_read_and_no_more_are_written() -> None:
    query = LookupQuery(username="a", password="b", destinations=("38591123456",) * 10_000)
    assert load_async_query(b"", dump_async_query(query), FORM) == query
    with pytest.raises(DocumentError, match="over 10,000"):
        dump_async_query(LookupQuery(username="a", password="b", destinations=("38591123456",) * 10_001))


def test_v18_a_number_has_5_to_15_digits_and_does_not_begin_with_0() -> None:
    assert is_number("12345") and is_number("1" * 15)
    assert not any(map(is_number, ("1234", "1" * 16, "01234", "+12345", "12345\n", "١٢٣٤٥", "")))


def test_the_password_is_not_shown_nor_told() -> None:
    query = LookupQuery(username="a", password="hunter2", destinations=("1",))
    assert "hunter2" not in repr(query)
    with pytest.raises(DocumentError) as caught:
        load_sync_query(b"user=tom&pass=hunter2&destination=hunter2&output=hunter2")
    assert "hunter2" not in str(caught.value) and "tom" not in str(caught.value)


TYPES = st.sampled_from(["", FORM, "multipart/form-data; boundary=x", "multipart/x", "text/plain"])


@given(st.binary(max_size=60), st.binary(max_size=60), TYPES)
def test_any_octets_give_a_query_or_a_document_error(query: bytes, body: bytes, content_type: str) -> None:
    quoted = quote(query).encode()
    for load in (load_sync_query, load_async_query):
        for prefix in (b"", b"user=a&pass=b&destination=12345&destinations=1;", b"user=a&pass=b&destinations=" + quoted + b"&"):
            try:
                found = load(prefix + query, body, content_type)
            except DocumentError:
                continue
            assert found.username and found.password and found.destinations


@pytest.mark.parametrize("octets", [part * (2_097_000 // len(part)) for part in (
    b";", b"%3B", b"%00", b"a", b"1;", b"&destinations=1",
)])
def test_2_mib_take_less_than_50_ms(octets: bytes) -> None:
    def taken() -> float:
        begun = time.process_time()
        try:
            load_async_query(b"user=a&pass=b&destinations=" + octets)
        except DocumentError:
            pass
        return time.process_time() - begun

    assert min(taken() for _ in range(3)) < 0.05
