"""A Content-Type is split into what it says, in a time that its length does not decide; no repr shows a query or a body."""

import time

import pytest

from smswire.http.exchange import HttpRequest, content_type_of


@pytest.mark.parametrize(("value", "media", "charset"), [
    ("", "", ""), ("Text/XML", "text/xml", ""), ("text/csv;charset= UTF-8", "text/csv", "utf-8"),
    ("a/b; x=1; CHARSET='koi8-r'; charset=utf-8", "a/b", "koi8-r"), ('a/b;charset="utf-8"', "a/b", "utf-8"), (";;=;", "", ""),
])
def test_media_type_and_charset(value: str, media: str, charset: str) -> None:
    assert content_type_of(value) == (media, charset)


@pytest.mark.parametrize("piece", [";", "=", "a;", "charset=;"])
def test_a_long_one_takes_no_time(piece: str) -> None:
    start = time.process_time()
    content_type_of(piece * (2 * 1024 * 1024 // len(piece)))
    assert time.process_time() - start < 0.005


def test_no_repr_shows_query_or_body() -> None:
    assert "sesame" not in repr(HttpRequest(query=b"password=sesame", body=b"sesame"))
