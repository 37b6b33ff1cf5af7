"""Any octets give a request or a DocumentError, never another exception, and 2 MiB of the worst of them within 50 ms."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any, Final
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from send_requests import send_requests

from smswire.http.charset import CHARSETS
from smswire.http.errors import DocumentError
from smswire.http.request import MOST_OCTETS, SendRequest
from smswire.http.send_json import dump_json, load_json
from smswire.http.send_xml import dump_xml, load_xml

Loader = Callable[[bytes, str], Any]

# What reads documents of others: (octets, content type) to a Struct. Every loader gets every case below.
LOADERS: Final[dict[str, Loader]] = {"xml": load_xml, "json": load_json}

FORM = "application/x-www-form-urlencoded"
TYPES = ("", FORM, "application/xml", "application/json; charset=utf-16", "text/xml; charset=x", "multipart/form-data; boundary=B",
    "a;" * 50)
# On an idle machine each case takes less than 50 ms; others may use the machine while this runs.
MOST_SECONDS = 0.15


def read(loader: Loader, octets: bytes, content_type: str = "") -> DocumentError | None:
    """The error, if it is one that may be; whatever else is raised fails the test."""
    try:
        loader(octets, content_type)
    except DocumentError as error:
        assert error.status == -22 and str(error).isprintable() and len(str(error)) < 300
        return error
    return None


def full(start: bytes, middle: bytes, end: bytes = b"") -> bytes:
    """As much of the middle as 2 MiB hold."""
    return start + middle * ((MOST_OCTETS - len(start) - len(end)) // len(middle)) + end


def numbered(start: bytes, middle: bytes, end: bytes = b"", *, join: bytes = b"") -> bytes:
    """The same with a number in each."""
    pieces: list[bytes] = []
    size = len(start) + len(end)
    while size < MOST_OCTETS - 40:
        pieces.append(middle % len(pieces))
        size += len(pieces[-1]) + len(join)
    return start + join.join(pieces) + end


XML_IN, XML_OUT = b"<SMS><message>", b"</message></SMS>"
GSM_IN, GSM_OUT = b"<SMS><message><recipients>", b"</recipients></message></SMS>"
JSON_IN, JSON_OUT = b'{"messages":[{"recipients":[', b"]}]}"


def cases() -> Iterator[tuple[str, bytes]]:
    """Names and 2 MiB each, or what makes a parser work as long."""
    yield "blanks", full(b"", b" ")
    yield "NUL", full(b"", b"\0")
    yield "octets over 0x7f", full(b"", b"\xff")
    yield "digits", full(b"", b"9")
    yield "open angles", full(b"", b"<")
    yield "open brackets", full(b"", b"[")
    yield "open braces", full(b"", b"{")
    yield "quotes", full(b"", b'"')
    yield "backslashes", full(b'"', b"\\")
    yield "percent signs", full(b"XML=", b"%")
    yield "percent escapes", full(b"JSON=", b"%7B")
    yield "percent escapes of quotes", full(b"XML=%3C", b"%22a")
    yield "pairs of a form", full(b"XML=", b"&a=")
    yield "byte order marks", full(b"", b"\xef\xbb\xbf")
    yield "open tags", full(b"", b"<a>")
    yield "empty tags", full(XML_IN, b"<a/>", XML_OUT)
    yield "tags of as many names", numbered(XML_IN, b"<a%d/>", XML_OUT)
    yield "tags just under the limit", XML_IN + b"<a/>" * 149_000 + XML_OUT
    yield "names just under the limit", XML_IN + b"".join(b"<a%d/>" % number for number in range(149_000)) + XML_OUT
    yield "end tags", full(b"<a>", b"</b>")
    yield "end tags in another case", b"<SMS>" + b"<message></Message>" * 24_900 + b"</SMS>"
    yield "end tags in another case and an error", b"<SMS>" + b"<message></Message>" * 24_900 + b"</SM>"
    yield "empty gsm", full(GSM_IN, b"<gsm></gsm>", GSM_OUT)
    yield "recipients", full(GSM_IN, b"<gsm>1</gsm>", GSM_OUT)
    yield "recipients with ids", full(GSM_IN, b'<gsm messageId="a">1</gsm>', GSM_OUT)
    yield "recipients with odd ids", full(GSM_IN, b'<Gsm messageid="a">1</Gsm>', GSM_OUT)
    yield "lists of recipients", full(XML_IN, b"<recipients></recipients>", XML_OUT)
    yield "lists of blank recipients", full(XML_IN, b"<recipients><gsm></gsm></recipients>", XML_OUT)
    yield "lists that do not end", full(b"<SMS><message>", b"<recipients><gsm>1</gsm>")
    yield "messages", full(b"<SMS>", b"<message/>", b"</SMS>")
    yield "messages of six fields", b"<SMS>" + (
        b"<message><text>a</text><sender>x</sender><flash>0</flash><nopush>1</nopush><appid>a</appid><type>longSMS</type>"
        b"<recipients><gsm>1</gsm></recipients></message>") * 8_000 + b"</SMS>"
    yield "messages of six fields in JSON", b'{"messages":[' + (
        b'{"text":"a","sender":"x","flash":"0","nopush":"1","appid":"a","type":"longSMS","recipients":[{"gsm":"1"}]},') * 10_000 + b"{}]}"
    yield "user names", full(b"<SMS><authentication>", b"<user/>", b"</authentication></SMS>")
    yield "a huge name", full(b"<", b"a", b"/>")
    yield "a huge attribute", full(b"<SMS a='", b"a", b"'/>")
    yield "a huge number", full(GSM_IN + b"<gsm>", b"9", b"</gsm>" + GSM_OUT)
    yield "attributes", numbered(b"<SMS ", b'a%d="1"', b"/>", join=b" ")
    yield "attributes just under the limit", b"<SMS " + b" ".join(b'a%d="1"' % number for number in range(99_000)) + b"/>"
    yield "namespaces", numbered(b"<SMS ", b'xmlns:a%d="u"', b"/>", join=b" ")
    yield "comments", full(XML_IN, b"<!---->", XML_OUT)
    yield "comments before the root", full(b"", b"<!---->")
    yield "a comment without end", full(b"<!--", b"-a")
    yield "instructions", full(XML_IN, b"<?a?>", XML_OUT)
    yield "CDATA", full(b"<SMS><a>", b"<![CDATA[]]>", b"</a></SMS>")
    yield "line ends", full(XML_IN, b"\r", XML_OUT)
    yield "control characters", full(XML_IN, b"\1", XML_OUT)
    yield "bare ampersands", full(XML_IN, b"& ", XML_OUT)
    yield "entities", full(XML_IN, b"&a;", XML_OUT)
    yield "ampersands", full(XML_IN, b"&amp;", XML_OUT)
    yield "character references", full(XML_IN, b"&#65;", XML_OUT)
    yield "depth", b"<a>" * 250 + b"</a>" * 250
    yield "a document type", full(b"<!DOCTYPE a [", b"<!ENTITY b 'c'>", b"]><a/>")
    yield "billion laughs", b"<!DOCTYPE a [<!ENTITY a0 'ha'>" + b"".join(
        b"<!ENTITY a%d '%b'>" % (number, b"&a%d;" % (number - 1) * 10) for number in range(1, 12)) + b"]><SMS>&a11;</SMS>"
    yield "an external entity", b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///dev/zero'>]><SMS>&b;</SMS>"
    yield "UTF-16 with a mark", full(b"", "<a/>".encode("utf-16-le")).replace(b"<", b"\xff\xfe<", 1)[:MOST_OCTETS]
    yield "UTF-16 without a mark", full("<SMS>".encode("utf-16-be"), "č".encode("utf-16-be"))
    yield "half surrogates in UTF-16", full("<SMS>".encode("utf-16-le"), b"\x00\xd8")
    yield "UTF-7", full(b"+ADw-SMS+AD4-", b"+AGEAYg-")
    yield "EBCDIC", full("<?xml version='1.0'?>".encode("cp037"), "<SMS/>".encode("cp037"))
    yield "a declared charset", full(b"<?xml version='1.0' encoding='gb18030'?><SMS>", b"\x81\x30\x81\x30", b"</SMS>")
    yield "nested members", full(b"", b'{"a":')
    yield "nested members just under the limit", b'{"a":' * 59_000
    yield "nested arrays of an unknown name", full(b'{"x":', b"[")
    yield "arrays of an unknown name", full(b'{"x":[', b"[],", b"1]}")
    yield "arrays just under the limit", b'{"x":[' + b"[]," * 59_000 + b"1]}"
    yield "objects of an unknown name just under the limit", b'{"x":[' + b'{"a":1},' * 59_000 + b"1]}"
    yield "integers of an unknown name", full(b'{"x":[', b"1,", b"1]}")
    yield "other numbers of an unknown name", full(b'{"x":[', b"1.5,", b"1]}")
    yield "strings of an unknown name", full(b'{"x":[', b'"",', b"1]}")
    yield "names", full(b"{", b'"a":1,', b'"b":1}')
    yield "names of the document", full(b'{"messages":[{', b'"text":"",', b'"b":1}]}')
    yield "different names", numbered(b"{", b'"%d":1', b"}", join=b",")
    yield "names just under the limit", b"{" + b",".join(b'"%d":1' % number for number in range(119_000)) + b"}"
    yield "numbers of recipients", full(JSON_IN, b"1,", b"1" + JSON_OUT)
    yield "strings of recipients", full(JSON_IN, b'"",', b'""' + JSON_OUT)
    yield "nulls of recipients", full(JSON_IN, b"null,", b"null" + JSON_OUT)
    yield "objects of recipients", JSON_IN + b"{}," * 59_000 + b"{}" + JSON_OUT
    yield "messages in an array", b'{"messages":[' + b"{}," * 59_000 + b"{}]}"
    yield "a number of digits", full(b'{"messages":[{"text":', b"9", b"}]}")
    yield "a number of digits, of an unknown name", full(b'{"x":', b"9", b"}")
    yield "a fraction of digits", full(b'{"x":0.', b"9", b"}")
    yield "an exponent of digits", full(b'{"x":1e', b"9", b"}")
    yield "long numbers", full(JSON_IN, b"9" * 4_300 + b",", b"1" + JSON_OUT)
    yield "long numbers just under the limit", JSON_IN + (b"9" * 4_300 + b",") * 69 + b"1" + JSON_OUT
    yield "long numbers of recipients", JSON_IN + (b"9" * 99 + b",") * 10_000 + b"1" + JSON_OUT
    yield "escapes", full(b'{"messages":[{"text":"', b"\\u0041", b'"}]}')
    yield "pairs of surrogates", full(b'{"messages":[{"text":"', b"\\ud83d\\ude00", b'"}]}')
    yield "half surrogates", full(b'{"messages":[{"text":"', b"\\ud83d", b'"}]}')
    yield "half surrogates of an unknown name", full(b'{"x":"', b"\\ude00a", b'"}')
    yield "raw line ends in a text", full(b'{"messages":[{"text":"', b"\n", b'"}]}')
    yield "raw line ends in texts", full(JSON_IN, b'"\n",', b'"a"' + JSON_OUT)
    yield "raw line ends in 10,000 texts", JSON_IN + b'"\n",' * 10_000 + b'"a"' + JSON_OUT
    yield "blanks before a colon", full(b'{"a"', b" ", b":1}")
    yield "quotes and blanks", full(b'{"a":"', b'\\" ', b'"}')
    yield "invalid UTF-8 in a text", full(b'{"messages":[{"text":"', b"\xc0\x80", b'"}]}')


CASES = dict(cases())


@pytest.mark.parametrize("name", LOADERS)
@pytest.mark.parametrize("case", CASES)
def test_2_mib_are_read_or_refused_in_time(name: str, case: str) -> None:
    octets = CASES[case]
    assert len(octets) <= MOST_OCTETS
    spent = []
    for _ in range(3):
        start = time.process_time()
        read(LOADERS[name], octets)
        spent.append(time.process_time() - start)
        if spent[-1] < MOST_SECONDS:
            break
    assert min(spent) < MOST_SECONDS


@pytest.mark.parametrize("name", LOADERS)
def test_over_2_mib_are_refused_unread(name: str) -> None:
    for octets in (b" " * (MOST_OCTETS + 1), b"<" * (MOST_OCTETS + 1), b"XML=" + b"%" * MOST_OCTETS):
        tracemalloc.start()
        error = read(LOADERS[name], octets)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert error is not None and "octets" in error.reason and peak < 100_000


@pytest.mark.parametrize("name", LOADERS)
@given(octets=st.binary(max_size=200), content_type=st.sampled_from(TYPES) | st.text(max_size=40))
def test_any_octets_of_any_type(name: str, octets: bytes, content_type: str) -> None:
    for start in (b"", b"<", b'{"', b"XML=", b"JSON="):
        read(LOADERS[name], start + octets, content_type)


_DAMAGE = st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 4), st.binary(max_size=4) | st.sampled_from(
    [b"<", b"&", b'"', b"\\", b"]]>", b"<![CDATA[", b"<!--", b"{", b"[", b":", b'"text":', b"\xff", b"\0", b"<gsm>", b"</recipients>",
        b"&#0;"])),
    min_size=1, max_size=4)


@pytest.mark.parametrize("name", LOADERS)
@given(request_=send_requests(2), damage=_DAMAGE, form=st.booleans())
def test_good_documents_with_damage(name: str, request_: SendRequest, damage: list[tuple[int, int, bytes]], form: bool) -> None:
    for good in (dump_xml(request_), dump_json(request_)):
        octets = good
        for place, cut, added in damage:
            at = place % (len(octets) + 1)
            octets = octets[:at] + added + octets[at + cut :]
        if form:
            octets = b"XML=" + quote_plus(octets).encode()
        read(LOADERS[name], octets, FORM if form else "")


@pytest.mark.parametrize("charset", sorted(set(CHARSETS.values())))
@pytest.mark.parametrize("name", LOADERS)
def test_v33_every_charset(name: str, charset: str) -> None:
    label = next(label for label, codec in CHARSETS.items() if codec == charset)
    every = bytes(range(256)) * 8
    for start, end in ((b"<SMS>", b"</SMS>"), (b'{"a":"', b'"}'), (b"<?xml version='1.0' encoding='" + label.encode() + b"'?><SMS>",
        b"</SMS>")):
        for octets in (start + every + end, start + end, start + b"a" * 50 + end, start + b"\x1b$)A\x21\x21" * 9 + end):
            read(LOADERS[name], octets, f"text/xml; charset={label}")
    if name != "xml":
        return              # the same function makes UTF-8 of both
    octets = full(b"<SMS>", b"\xb0\xa1", b"</SMS>")
    seconds = []
    for _ in range(3):
        begin = time.process_time()
        read(LOADERS[name], octets, f"text/xml; charset={label}")
        seconds.append(time.process_time() - begin)
        if seconds[-1] < MOST_SECONDS:
            break
    assert min(seconds) < MOST_SECONDS


@pytest.mark.parametrize("octets", [
    b"<SMS><authentication><password>top&secret;x</password></authentication></SMS>", b"<SMS><secret></SMS>", b'{"secret":1,"secret":2}',
    b'{"authentication":{"password":"secret" "secret"}}', b'{"authentication":{"password":["secret"]}}', b'{"secret":"secret\0"}',
    b"<SMS secret=secret>", b"<SMS><secret/ ></SMS>", b"XML=%3CSMS%3E&secret=%FF", b'"secret"', b"secret",
])
@pytest.mark.parametrize("name", LOADERS)
def test_no_error_repeats_what_stood_in_the_document(name: str, octets: bytes) -> None:
    for content_type in TYPES:
        error = read(LOADERS[name], octets, content_type)
        if error is not None:
            assert "secret" not in str(error) and "secret" not in repr(error)
