"""Forms: the pairs of query, urlencoded body and multipart body are those that writers put there, and any octets are pairs or an error."""

from __future__ import annotations

import time
from urllib.parse import quote, unquote_to_bytes, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3.filepost import encode_multipart_formdata

from smswire.http.errors import DocumentError
from smswire.http.form import MOST_FIELDS, MOST_PARTS, Form
from smswire.http.request import MOST_OCTETS

names = st.text(st.characters(codec="ascii", exclude_characters="%", min_codepoint=0x21), min_size=1, max_size=8)
values = st.text(st.characters(codec="utf-8"), max_size=20)
pairs = st.lists(st.tuples(names, values), max_size=8)
MULTIPART = 'multipart/form-data; boundary="B"'


def part(name: str, value: bytes, more: str = "") -> bytes:
    return f'--B\r\nContent-Disposition: form-data; name="{name}"\r\n{more}\r\n'.encode() + value + b"\r\n"


def texts(form: Form) -> dict[str, list[str]]:
    return {name: form.all(name) for name in form.fields}


def by_name(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name.lower(), []).append(value)
    return found


@given(pairs, pairs)
def test_v8_pairs_of_query_and_urlencoded_body_are_read_in_order(first: list[tuple[str, str]], second: list[tuple[str, str]]) -> None:
    form = Form.of(urlencode(first).encode(), urlencode(second).encode(), "application/x-www-form-urlencoded")
    assert texts(form) == by_name(first + second)
    assert texts(Form.of(urlencode(first, quote_via=quote).encode())) == by_name(first)


@given(pairs.filter(bool), st.binary(max_size=40))
def test_v8_pairs_of_a_multipart_body_are_read_after_those_of_the_query(written: list[tuple[str, str]], octets: bytes) -> None:
    written = [(name.replace('"', "_").replace("\\", "_"), value) for name, value in written]
    body, content_type = encode_multipart_formdata([*written, ("file", ("a.bin", octets, "application/octet-stream"))])
    form = Form.of(b"GSM=385", body, content_type)
    assert form.first("gsm") == "385"
    assert form.with_codec("latin-1").all("file")[-1] == octets.decode("latin-1")
    expected = by_name([("GSM", "385"), *written])
    expected.pop("file", None)
    assert {name: form.all(name) for name in expected} == expected


@given(st.binary(max_size=60) | st.text("%&=+;41aAfz \\\n", max_size=60).map(str.encode))
def test_urlencoded_octets_are_unescaped_as_the_standard_library_does(query: bytes) -> None:
    expected: dict[str, list[str]] = {}
    for pair in query.split(b"&"):
        name, _, value = (unquote_to_bytes(octets.replace(b"+", b" ")) for octets in pair.partition(b"="))
        key = name.strip().lower().decode("utf-8", "replace")
        if key:
            expected.setdefault(key, []).append(value.decode("latin-1"))
    form = Form.of(query).with_codec("latin-1")
    assert {name: [octets.decode("latin-1") for _, octets in found] for name, found in form.fields.items()} == expected


types = st.sampled_from(["", "application/x-www-form-urlencoded", "text/plain; charset=x", MULTIPART, "multipart/mixed"])
pieces = st.sampled_from(
    [b"--B", b"--B--", b"\r\n", b"\n", b"\r", b"Content-Disposition: form-data; name=a", b"Content-Disposition:", b"--", b":", b" ", b"=&"]
)
bodies = st.binary(max_size=200) | st.lists(pieces | st.binary(max_size=3), max_size=30).map(b"".join)


@given(st.binary(max_size=80), bodies, types | st.text())
def test_any_octets_are_a_form_or_a_document_error(query: bytes, body: bytes, content_type: str) -> None:
    try:
        form = Form.of(query, body, content_type)
        form.first("a", "GSM")
        form.all("a", "GSM")
    except DocumentError as error:
        assert error.status == -22
        assert str(error).isprintable()


def test_v2_names_are_read_in_any_case_and_a_blank_around_them_is_ignored() -> None:
    form = Form.of(b"gSm=1&%20SMSTEXT%0d%0a=x")
    assert (form.first("GSM"), form.first("SmsText")) == ("1", "x")
    assert Form.of("\u212aey=1".encode()).first("key") == "", "the Kelvin sign is no k"


def test_v6_the_first_of_several_wins_by_place_whatever_its_name() -> None:
    form = Form.of(b"text=first&SMSText=second&text=third")
    assert form.first("SMSText", "text") == "first"
    assert form.all("SMSText", "text") == ["first", "second", "third"]
    assert Form.of(b"a=1", b"a=2").first("a") == "1"
    assert Form.of(b"a=1&A=2").all("a", "A") == ["1", "2"]


def test_v3_a_blank_value_is_absent_but_keeps_its_place_among_all() -> None:
    form = Form.of(b"a=&a=+%20&a=%C2%A0&a=2&b")
    assert form.first("a") == "2"
    assert form.all("a") == ["", "  ", "\xa0", "2"]
    assert (form.first("b"), form.first("c"), form.all("c")) == ("", "", [])


def test_a_semicolon_parts_nothing_and_a_stray_percent_sign_stays() -> None:
    assert Form.of(b"destinations=1;2;3").first("destinations") == "1;2;3"
    assert Form.of(b"a=100%&b=%zz%4&c=%%41%").fields == {"a": [(0, b"100%")], "b": [(1, b"%zz%4")], "c": [(2, b"%A%")]}


def test_escaped_separators_and_backslashes_are_text() -> None:
    assert Form.of(rb"a%3D=1%262=3\x41\%41&b=\u0100%5C").fields == {"a=": [(0, rb"1&2=3\x41\A")], "b": [(1, b"\\u0100\\")]}


def test_raw_octets_over_7f_are_read() -> None:
    assert Form.of("SMSText= ččš".encode()).first("smstext") == " ččš"


def test_v33_octets_of_another_charset_name_the_parameter_and_not_the_value() -> None:
    form = Form.of(b"SMSText=%E8secret%9A&sender=ok")
    assert form.first("sender") == "ok"
    with pytest.raises(DocumentError) as caught:
        form.first("SMSText")
    assert (caught.value.status, caught.value.path) == (-22, "SMSText")
    assert "secret" not in str(caught.value)
    assert form.with_codec("cp1250").first("SMSText") == "čsecretš"


@pytest.mark.parametrize("octets", [b"\xed\xa0\x80", b"\xff", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\xe8"], ids=repr)
def test_octets_that_are_no_utf_8_are_refused_in_both_readers(octets: bytes) -> None:
    for read in (Form.of(b"a=" + octets).first, Form.of(b"a=" + octets).all):
        with pytest.raises(DocumentError, match="a: the octets are not utf-8"):
            read("a")


def test_nobody_sees_the_values_of_a_form() -> None:
    form = Form.of(b"password=geheim&user=u")
    assert "geheim" not in f"{form!r}{form.__rich_repr__()}"
    assert "2 pairs" in repr(form)


@pytest.mark.parametrize("body, reason", [
    (b"", "begin or end"), (b"--B\r\n", "begin or end"), (part("a", b"1"), "begin or end"),
    (b"x" + part("a", b"1") + b"--B--", "begin or end"), (part("a", b"1") + b"--B --B--", "blanks"),
    (b"--B\r\n\r\n1\r\n--B--", "part 1: .* no name"),
    (part("a", b"1") + part("", b"1") + b"--B--", "part 2: .* no name"),
    (b"--B\r\nContent-Disposition; x\r\n--B--", "broken"),
    (part("a", b"1", "Content-Transfer-Encoding: base64\r\n") + b"--B--", "transfer encoding"),
    (part("a", b"1", "X: " + "y" * 2000 + "\r\n") + b"--B--", "headers of a part"),
    (part("a", b"1", "X" * 2000 + ": y\r\n") + b"--B--", "headers of a part"),
    (part('a"; x=";;;;;;;;;', b"1") + b"--B--", "options"),
    (b"--B\r\nContent-Disposition: form-data; name=a\r\n\r\n--B--", "cut short"),
], ids=range(13))
def test_a_broken_multipart_body_is_refused_with_a_reason(body: bytes, reason: str) -> None:
    with pytest.raises(DocumentError, match=reason) as caught:
        Form.of(b"", body, MULTIPART)
    assert caught.value.status == -22


@pytest.mark.parametrize("content_type", [
    "multipart/form-data", "multipart/form-data; boundary=", 'multipart/form-data; boundary="a\r\nb"', "multipart/mixed; boundary=B",
    "multipart/form-data; boundary=" + "B" * 201, "multipart/form-data; boundary=B" + ";" * 1000, "multipart/form-data; boundary=ž",
])
def test_a_multipart_type_that_cannot_be_read_is_refused(content_type: str) -> None:
    with pytest.raises(DocumentError):
        Form.of(b"", part("a", b"1") + b"--B--", content_type)


def test_what_stands_before_and_behind_the_parts_is_ignored() -> None:
    body = b"preamble\r\n" + part("a", b"1", "content-transfer-encoding: 8BIT\r\n") + b"--B--\r\nepilogue"
    assert Form.of(b"", body, "Multipart/Form-Data; Boundary=B").fields == {"a": [(0, b"1")]}


def test_a_value_may_hold_what_looks_like_a_boundary_in_part() -> None:
    assert Form.of(b"", part("a", b"x\r\n--C\r\n--\r\n") + b"--B--", MULTIPART).fields == {"a": [(0, b"x\r\n--C\r\n--\r\n")]}


def test_the_caps_are_where_they_are_said_to_be() -> None:
    assert len(Form.of(b"&".join([b"a=1"] * MOST_FIELDS)).all("a")) == MOST_FIELDS
    for query, body in ((MOST_FIELDS + 1, 0), (MOST_FIELDS, 1), (1, MOST_FIELDS)):
        with pytest.raises(DocumentError, match="parameters"):
            Form.of(b"&".join([b"a=1"] * query), b"&".join([b"a=1"] * body))
    assert len(Form.of(b"", part("a", b"1") * MOST_PARTS + b"--B--", MULTIPART).all("a")) == MOST_PARTS
    with pytest.raises(DocumentError, match="parts"):
        Form.of(b"", part("a", b"1") * (MOST_PARTS + 1) + b"--B--", MULTIPART)
    assert len(Form.of(b"a=" + b"1" * (MOST_OCTETS - 2)).first("a")) == MOST_OCTETS - 2
    with pytest.raises(DocumentError, match="octets"):
        Form.of(b"a=" + b"1" * (MOST_OCTETS - 2), b"1")
    with pytest.raises(DocumentError, match="percent"):
        Form.of(b"%" * 60_000)


def _hostile() -> dict[str, tuple[bytes, bytes, str]]:
    big = MOST_OCTETS
    head = b'--B\r\nContent-Disposition: form-data; name="a"\r\n'
    multipart = {
        "parts": part("a", b"") * (big // 60), "boundaries": head + b"\r\n" + b"\r\n--Bx" * (big // 7) + b"\r\n--B--",
        "near boundaries": head + b"\r\n" + b"\r\n--C" * (big // 6) + b"\r\n--B--", "line ends": b"\r\n" * (big // 2 - 9) + b"--B--",
        "headers": b"--B\r\n" + b"A: b\r\n" * (big // 7) + b"\r\n--B--", "blank header": b"--B\r\nA:" + b" " * (big - 20) + b"\r\n--B--",
        "long header": b"--B\r\n" + b"A" * (big - 20) + b"\r\n--B--", "dashes": b"-" * big,
        "semicolons": (head[:-2] + b";" * 900 + b"\r\n\r\n\r\n") * 500 + b"--B--", "padding": b"--B" + b" " * (big - 10) + b"\r\n--B--",
    }
    plain = {
        "escapes": b"a=" + b"%41" * (big // 3 - 1), "strays": b"a=" + b"%" * (big - 2),
        "some strays": b"a=" + b"%z" * 49_000 + b"%41" * 600_000,
        "ampersands": b"&" * big, "equals": b"=" * big, "plus": b"+" * big, "backslashes": b"%41" + b"\\" * (big - 3),
        "fields": b"&".join(b"a%%%02x%d=%%41%%42" % (place % 256, place) for place in range(20_000)), "nul": b"\0" * big,
    }
    return {
        **{name: (octets[:big], b"", "") for name, octets in plain.items()},
        **{name: (b"", octets[:big], MULTIPART) for name, octets in multipart.items()},
    }


@pytest.mark.parametrize("name", _hostile())
def test_two_mebioctets_take_under_50_ms(name: str) -> None:
    query, body, content_type = _hostile()[name]
    spent = []
    for _ in range(3):
        start = time.thread_time()
        try:
            Form.of(query, body, content_type).first("a")
        except DocumentError:
            pass
        spent.append(time.thread_time() - start)
    assert min(spent) < 0.05


def test_v2_no_letter_outside_of_ascii_becomes_one_of_a_name() -> None:
    form = Form.of("K=1&\u212a=2&PA\u017fS=3".encode())
    assert (form.first("k"), form.first("\u212a"), form.first("pass")) == ("1", "2", "")
    assert form.all("K", "\u212a") == ["1", "2"]


@pytest.mark.parametrize("octets", [b"=" * MOST_OCTETS, b"a=" + b"=" * (MOST_OCTETS - 2)])
def test_2_mib_of_signs_are_read_in_time(octets: bytes) -> None:
    spent = []
    for _ in range(5):
        start = time.process_time()
        Form.of(octets)
        spent.append(time.process_time() - start)
    assert min(spent) < 0.025
