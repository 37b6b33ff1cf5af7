"""V39: a pull survives being written and read; names come in any case (V2), ids in lists, repeated, or both."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smswire.http.errors import DocumentError
from smswire.http.report_query import MOST_PULLED, PullQuery, dump_pull, dump_pull_error, load_pull

DATA = Path(__file__).parents[1] / "data" / "http"
PRINTED = [row for row in json.loads((DATA / "examples-reports.json").read_text()) if row["kind"] == "report-query"]

words = st.text(min_size=1).filter(lambda text: text == text.strip())
ids = st.text(st.characters(exclude_characters=",", exclude_categories=["Cs"]), min_size=1).filter(lambda text: text == text.strip())
present = words.filter(lambda text: text.isprintable())
queries = st.builds(
    PullQuery, username=present, password=present, messageids=st.lists(ids, unique=True).map(tuple), appid=st.just("") | present,
    output=st.sampled_from(["", "xml", "json", "JSON"]),
)


@given(queries)
def test_v39_what_is_written_is_read_from_query_and_body(query: PullQuery) -> None:
    octets = dump_pull(query)
    assert load_pull(octets) == query
    assert load_pull(b"", octets, "application/x-www-form-urlencoded") == query


@given(st.binary(), st.binary(), st.text())
def test_v39_any_octets_are_a_pull_or_a_document_error(query: bytes, body: bytes, content_type: str) -> None:
    try:
        assert isinstance(load_pull(query, body, content_type), PullQuery)
    except DocumentError as error:
        assert error.status == -22


@pytest.mark.parametrize("example", PRINTED, ids=lambda row: row["file"])
def test_v39_the_printed_query_is_read_and_written_as_it_stands(example: dict[str, str]) -> None:
    octets = (DATA / example["file"]).read_bytes()
    query = load_pull(octets)
    assert query == PullQuery(username="test", password="test")
    assert dump_pull(query) == octets


@pytest.mark.parametrize("octets", [
    b"user=test&password=secret&messageid=1,2&appid=shop", b"USERNAME=test&Pass=secret&MessageId=1&messageID=2&AppId=shop",
    b"username=test&password=secret&messageid=+1+,,2,1&appid=+shop+", b"user=test&user=other&password=secret&messageid=1%2C2&appid=shop",
])
def test_v2_names_are_read_in_any_case_and_ids_in_any_list(octets: bytes) -> None:
    assert load_pull(octets) == PullQuery(username="test", password="secret", messageids=("1", "2"), appid="shop")


@pytest.mark.parametrize(("octets", "status", "body"), [
    (b"", -10, b"10"), (b"user=+&password=", -10, b"10"), (b"user=test", -11, b"11"), (b"user=test&password=%20", -11, b"11"),
    (b"user=test&password=test", 0, b"0"),
])
def test_v39_missing_credentials_have_their_status_and_the_print_s_body(octets: bytes, status: int, body: bytes) -> None:
    assert load_pull(octets).missing == status
    assert dump_pull_error(status) == body


def test_v39_a_wrong_password_is_answered_5() -> None:
    assert dump_pull_error(-5) == b"5"


@pytest.mark.parametrize(("output", "form"), [("", "xml"), ("xml", "xml"), ("JSON", "json"), ("json ", "json"), ("csv", "xml")])
def test_v39_output_chooses_the_form(output: str, form: str) -> None:
    assert load_pull(f"output={output}".encode()).form == form


def test_v39_over_10_000_ids_are_refused_and_10_000_are_not() -> None:
    most = ",".join(map(str, range(MOST_PULLED)))
    assert len(load_pull(b"messageid=" + most.encode()).messageids) == MOST_PULLED
    for more in (most + ",x", most + ",x" * MOST_PULLED * 2):
        with pytest.raises(DocumentError) as refused:
            load_pull(b"messageid=" + more.encode())
        assert (refused.value.status, refused.value.path) == (-22, "messageid")


@pytest.mark.parametrize("id", ["a,b", "", " a", "a\n", "\ud800"])
def test_v39_an_id_that_a_list_cannot_hold_is_not_written(id: str) -> None:
    with pytest.raises(DocumentError) as refused:
        dump_pull(PullQuery(username="test", password="test", messageids=("1", id)))
    assert refused.value.status == -23


def test_a_password_is_not_shown() -> None:
    assert "secret" not in repr(PullQuery(username="test", password="secret"))
