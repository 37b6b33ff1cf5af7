"""A template carries each value as a value and as nothing else, and reads what it wrote; a URL that cannot work is refused at once."""

import json
import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
import yarl
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from smswire.http.errors import DocumentError, RequestRefused
from smswire.http.inbound import NAMES, InboundMessage, message_of, values_of
from smswire.http.push_template import MOST_CHARACTERS, Template

DATA = Path(__file__).parents[1] / "data" / "http"
PRINTED = [one for one in json.loads((DATA / "examples-inbound.json").read_text()) if one["kind"].startswith("push-")]

ABC = InboundMessage(sender="+38598123123", receiver="60606", text="ABC", binary=b"ABC", message_id="17")
ALL = "&".join(f"{name}=%{name}%" for name in NAMES)

nasty = st.sampled_from((
    "a&b=c", "../../admin", "..", ".", "", "/", "//evil.example", "\\..\\", "#top", "?x=1", "@evil.example", ":8080", "%2e%2e", "%00",
    "a\r\nHost: x", "\0", "%text%", "%bin%", "&output=json", "a+b c", "é😀", "%", "%41", "+385", ";a=b", "=", "<&>\"'", "{}", "[]",
))
characters = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff", include_characters="\t\n\r")
texts = nasty | st.text(characters)
messages = st.builds(
    InboundMessage, sender=texts, receiver=texts, text=st.none() | texts, binary=st.none() | st.binary(),
    received=st.none() | st.just(datetime(2014, 8, 2, 14, 5, 9)), message_id=texts, datacoding=st.sampled_from((0, 4, 8, 255)),
    esmclass=st.integers(0, 255),
)

TEMPLATES = [
    "http://some.example/in?who=%sender%&what=%text%",
    "https://some.example:8443/in?what=%bin%&key=a%26b&x",
    f"http://some.example/in?key=1&{ALL}",
    "http://some.example/%receiver%/in/%MessageId%.php?a=sms:%sender%!&a=%TEXT%&b=%bin%&A=%datacoding%",
    "http://some.example/a%2Fb/-%sender%-/?t=%text%%3B%datacoding%",
]


@pytest.mark.parametrize("place", [0, 2])
def test_v55_v56_the_printed_urls_make_the_printed_requests(place: int) -> None:
    template, request = ((DATA / example["file"]).read_text().strip() for example in PRINTED[place : place + 2])
    assert Template.parse(template).request(ABC)[0] == request
    method, query = "GET", urlsplit(request).query
    made = Template.parse(template).request(ABC, method)[1]
    assert (made.method, made.path, made.query.decode(), made.body, made.headers) == (method, "/incoming_sms.php", query, b"", {})
    read = Template.parse(template).read(query.encode())
    assert (read.sender, read.as_text()) == ("38598123123", "ABC")


def test_v55_all_eight_values_in_any_case_are_percent_encoded() -> None:
    message = InboundMessage(
        sender="+385", receiver="606", text="a&b c+/é", received=datetime(2014, 8, 2, 12, 5, 9, tzinfo=UTC), message_id="17", esmclass=4,
    )
    url = "http://a/?s=%SENDER%&r=%Receiver%&t=%tExt%&b=%Bin%&w=%DateTime%&i=%MessageId%&c=%DataCoding%&e=%EsmClass%"
    assert Template.parse(url).request(message, utc_offset=timedelta(hours=2))[0] == (
        "http://a/?s=385&r=606&t=a%26b%20c%2B%2F%C3%A9&b=&w=2014%2F8%2F2%2014%3A05%3A09&i=17&c=0&e=4"
    )


def test_ordinary_escapes_and_characters_stay_as_they_are() -> None:
    url = "HTTP://Some.Example:80/%41%2f;a,b/%7e?x=%41+%20&y&=z&%C4%8D=/?:@!$'()*&t=%da%text%%ad&q=č"
    assert Template.parse(url).request(ABC)[0] == (
        "http://some.example:80/%41%2f;a,b/%7e?x=%41+%20&y&=z&%C4%8D=/?:@!$'()*&t=%daABC%ad&q=%C4%8D"
    )


@pytest.mark.parametrize("pair", ["output=xml", "OUTPUT=JSON", "output=%6Ason"])
def test_v55_a_literal_pair_of_output_is_removed(pair: str) -> None:
    for url in (f"http://a/?t=%text%&{pair}", f"http://a/?{pair}&t=%text%", f"http://a/?t=%text%&{pair}&output=xml"):
        assert Template.parse(url).request(ABC)[0] == "http://a/?t=ABC"
    assert Template.parse(f"http://a/%text%?{pair}").request(ABC)[0] == "http://a/ABC"


@pytest.mark.parametrize("query", ["t=%text%&output=csv", "output=%text%", "t=%text%&output", "t=%text%&x=output"])
def test_v55_other_pairs_of_that_name_stay(query: str) -> None:
    assert Template.parse(f"http://a/?{query}").request(ABC)[0] == "http://a/?" + query.replace("%text%", "ABC")


def test_v55_output_chooses_the_body_of_a_post() -> None:
    url, request = Template.parse("http://a/in?key=1&who=%sender%&what=%text%&output=json").request(ABC, "POST")
    assert (url, request.method, request.path, request.query) == ("http://a/in?key=1", "POST", "/in", b"key=1")
    assert json.loads(request.body) == {"messages": {"message": [{"sender": "38598123123", "text": "ABC"}]}}
    assert request.content_type == "application/json;charset=UTF-8"
    url, request = Template.parse("http://a/in?who=%sender%&what=%bin%&output=xml").request(ABC, "POST")
    assert (url, request.query) == ("http://a/in", b"")
    assert request.body == (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<messages>\n<message sender="38598123123"><bin>414243</bin></message>\n</messages>\n'
    )
    assert request.content_type == "application/xml;charset=UTF-8"


def test_v55_without_output_a_post_is_the_query_as_a_form() -> None:
    url, request = Template.parse("http://a/%sender%?key=1&what=%text%").request(ABC, "POST")
    assert (url, request.path, request.query, request.body) == ("http://a/38598123123", "/38598123123", b"", b"key=1&what=ABC")
    assert request.content_type == "application/x-www-form-urlencoded"


def test_another_method_is_the_callers_fault() -> None:
    with pytest.raises(ValueError, match="GET or POST"):
        Template.parse(TEMPLATES[0]).request(ABC, "PUT")


REFUSED = [
    ("http://a/in?who=%sender%", "neither %text% nor %bin%"),
    ("http://a/in?what=%25text%25", "neither %text% nor %bin%"),
    ("http://a/?t=%text%&r=%reciever%", "did you mean %receiver%?"),
    ("http://a/?t=%text%&d=%dattime%", "did you mean %datetime%?"),
    ("http://a/?t=%txt%", "did you mean %text%?"),
    ("http://a/?t=%text%&o=%operator%", "there are %sender%, %receiver%,"),
    ("http://a/?t=%text%&o=100%", "a percent sign is written %25"),
    ("http://a/?%text%=1", "in a name of the query"),
    ("http://%sender%.example/?t=%text%", "no host and port"),
    ("http://a:%sender%/?t=%text%", "no host and port"),
    ("http://a:0/?t=%text%", "no host and port"), ("http://a:65536/?t=%text%", "no host and port"),
    ("http:///?t=%text%", "no host and port"),
    ("http://ž.example/?t=%text%", "no host and port"), ("http://a\\b/?t=%text%", "no host and port"),
    ("http://user:secret@a/?t=%text%", "user information"),
    ("ftp://a/?t=%text%", "http:// or https://"), ("//a/?t=%text%", "http:// or https://"), ("", "http:// or https://"),
    ("http://a/?t=%text%#top", "fragment"),
    ("http://a/?t=%text%\r\nX: y", "blank or a control character"), ("http://a/\0?t=%text%", "blank or a control character"),
    ("http://a/?t=%text% ", "blank or a control character"), ("http://a/?t=%text%\ud800", "blank or a control character"),
    ("http://a/?t=%text%".ljust(MOST_CHARACTERS + 1, "a"), "longer than"),
]


@pytest.mark.parametrize(("url", "words"), REFUSED)
def test_v55_a_url_that_cannot_work_is_refused_in_words(url: str, words: str) -> None:
    with pytest.raises(DocumentError) as caught:
        Template.parse(url)
    assert caught.value.status == -23
    assert words in caught.value.reason
    assert "secret" not in str(caught.value) and caught.value.reason.isprintable()


def test_a_url_may_be_as_long_as_the_limit() -> None:
    url = "http://a/?t=%text%".ljust(MOST_CHARACTERS, "a")
    assert Template.parse(url).request(ABC)[0] == url.replace("%text%", "ABC")


@given(st.text() | st.text("%/?&=:@#.[]abcdeXnst", max_size=40).map("http://a/%text%".__add__))
def test_any_text_is_a_template_or_refused(url: str) -> None:
    try:
        Template.parse(url).request(ABC)
    except DocumentError as error:
        assert error.status == -23


def test_a_template_does_not_show_its_query() -> None:
    shown = repr(Template.parse("http://a/in?token=secret&t=%text%&w=%datetime%&output=xml"))
    assert shown == "Template(origin='http://a', places='text datetime', output='xml')"


def carried(template: Template, message: InboundMessage, lost: str) -> InboundMessage:
    """The message as far as the template has places for it; characters that cannot go over are U+FFFD."""
    return message_of({name: re.sub(lost, "\ufffd", value) for name, value in values_of(message, template.places).items()})


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("output", ["", "&output=xml", "&output=json"])
@pytest.mark.parametrize("url", TEMPLATES)
@given(message=messages)
def test_v55_what_a_template_makes_it_reads(url: str, output: str, method: str, message: InboundMessage) -> None:
    template = Template.parse(url + output)
    _, request = template.request(message, method)
    read = template.read(request.query, request.body, request.content_type, request.path)
    is_xml = method == "POST" and output == "&output=xml"
    wanted = carried(template, message, "[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]" if is_xml else "[\ud800-\udfff]")
    in_path = "%receiver%" in url.split("?")[0] and not (method == "POST" and output)
    if in_path and wanted.receiver in ("", ".", ".."):  # a segment is neither empty nor dots alone
        wanted = replace(wanted, receiver="-")
    assert read == wanted


@pytest.mark.parametrize("url", TEMPLATES)
@given(message=messages)
def test_v55_a_value_is_never_another_pair_segment_fragment_or_host(url: str, message: InboundMessage) -> None:
    template = Template.parse(url)
    plain = urlsplit(template.request(ABC)[0])
    made, request = template.request(message)
    parts = urlsplit(made)
    assert made.isascii() and made.isprintable() and " " not in made
    assert (parts.scheme, parts.netloc, parts.fragment) == (plain.scheme, plain.netloc, "")
    assert parts.path.count("/") == plain.path.count("/")
    assert not {"", ".", ".."} & {segment.lower().replace("%2e", ".") for segment in parts.path.split("/")[1:-1]}
    names = [pair.partition("=")[0] for pair in parts.query.split("&")]
    assert names == [pair.partition("=")[0] for pair in plain.query.split("&")]
    assert (request.path, request.query.decode()) == (parts.path, parts.query)
    # What a client makes of it, and what a form parser reads.
    seen = yarl.URL(made)
    assert (seen.host, len(seen.parts), seen.fragment) == (plain.hostname, len(yarl.URL(plain.geturl()).parts), "")
    assert len(parse_qsl(parts.query, keep_blank_values=True)) == len(names)


@pytest.mark.parametrize(("sender", "path"), [
    ("", "/-/x"), (".", "/-/x"), ("..", "/-/x"), ("...", "/-/x"), ("a/../b", "/a%2F..%2Fb/x"), ("%2e", "/%252e/x"), ("385", "/385/x"),
])
def test_v55_a_value_never_leaves_a_segment_empty_or_of_dots(sender: str, path: str) -> None:
    message = InboundMessage(sender=sender, text="x")
    assert Template.parse("http://a/%sender%/%text%").request(message)[1].path == path
    dots = Template.parse("http://a/%2E%sender%/?t=%text%").request(message)[1].path
    assert dots.lower().replace("%2e", ".").rstrip("/") not in ("/..", "/.")


def test_half_a_surrogate_pair_becomes_a_replacement_character() -> None:
    message = InboundMessage(text="a\ud83d", datacoding=8)
    assert Template.parse(TEMPLATES[0]).request(message)[0].endswith("what=a%EF%BF%BD")
    for form in ("xml", "json"):
        template = Template.parse(f"{TEMPLATES[0]}&output={form}")
        assert "a\ufffd" in template.request(message, "POST")[1].body.decode()


def test_several_values_of_one_name_pair_by_position_and_fixed_text_around_them_is_taken_off() -> None:
    template = Template.parse(TEMPLATES[3])
    message = template.read(b"A=sms:385!&b=&a=Hi&a=4", path="/prefix/606/in/17.php")
    assert message == InboundMessage(sender="385", text="Hi", receiver="606", message_id="17", datacoding=4)


def test_a_name_of_other_letters_is_found_again() -> None:
    template = Template.parse("http://a/?Тест=%text%&ž=%sender%")
    assert template.read(template.request(ABC)[1].query) == InboundMessage(sender="38598123123", text="ABC")


@pytest.mark.parametrize(("query", "words"), [
    (b"", "no text"), (b"who=385", "no text"), (b"other=1", "no text"), (b"what=%ff", "not utf-8"),
])
def test_a_request_without_content_is_refused(query: bytes, words: str) -> None:
    with pytest.raises(DocumentError, match=words) as caught:
        Template.parse(TEMPLATES[0]).read(query)
    assert caught.value.status == -22


def test_a_request_that_is_of_another_template_is_refused() -> None:
    template = Template.parse("http://a/x-%receiver%/in?a=sms:%sender%!&t=%text%")
    assert template.read(b"a=sms:1!&t=2", path="/x-3/in").receiver == "3"
    for query, path in (
        (b"a=mms:1!&t=2", ""), (b"a=sms:1&t=2", ""), (b"a=sms:&t=2", ""), (b"t=2", "/in"), (b"t=2", "/y-3/in"), (b"t=2", "/x-3"),
    ):
        with pytest.raises(DocumentError):
            template.read(query, path=path)
    joined = Template.parse("http://a/%receiver%/in?t=%sender%;%text%;%datacoding%")
    assert joined.read(b"t=385;a;b;8") == InboundMessage(sender="385", text="a;b", datacoding=8)
    for query, path in ((b"t=385", ""), (b"t=385;a", ""), (b"t=385;a;8", "/in")):
        with pytest.raises(DocumentError):
            joined.read(query, path=path)
    with pytest.raises(DocumentError, match="side by side"):
        Template.parse("http://a/?t=%sender%%text%").read(b"t=385Hi")
    with pytest.raises(DocumentError, match="over 1 messages"):
        template.read(b"", b"[{},{}]")
    with pytest.raises(DocumentError, match="no message"):
        template.read(b"", b"[]")


@given(
    st.binary(), st.binary(), st.sampled_from(("", "application/json", "text/xml;charset=x", "multipart/form-data; boundary=a", "\0;")),
    st.text(),
)
def test_any_request_gives_a_message_or_a_typed_error(query: bytes, body: bytes, content_type: str, path: str) -> None:
    for url in TEMPLATES:
        try:
            assert isinstance(Template.parse(url).read(query, body, content_type, path), InboundMessage)
        except (DocumentError, RequestRefused):
            pass


HOSTILE = {
    "escapes": b"t=" + b"%3B" * 699_000,
    "separators": b"t=" + b"a;" * 1_000_000,
    "pairs": b"t=;" * 699_000,
    "ampersands": b"&" * 2_000_000,
    "broken escapes": b"t=%f" * 500_000,
    "braces": b"{" * 2_000_000,
    "tags": b"<a>" * 690_000,
    "messages": b"<messages>" + b"<message/>" * 190_000 + b"</messages>",
    "objects": b"[" + b"{}," * 290_000 + b"{}]",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_two_megabytes_are_read_at_once(name: str) -> None:
    template = Template.parse("http://a/?t=%text%;%datacoding%;%esmclass%;")
    spent = []
    for _ in range(3):  # the machine has others to serve
        start = time.thread_time()
        try:
            template.read(b"", HOSTILE[name])
        except DocumentError:
            pass
        spent.append(time.thread_time() - start)
    assert min(spent) < 0.2  # 50 ms are promised, on a machine that is not shared
