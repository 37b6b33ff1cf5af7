"""XML requests: load gives back what dump wrote, every form that V1 to V6 name is read, and 10,000 recipients are read as text."""

from __future__ import annotations

import json
import tracemalloc
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from send_requests import send_requests

from smswire.http import send_xml
from smswire.http.errors import DocumentError
from smswire.http.parameter import MESSAGE
from smswire.http.request import MOST_RECIPIENTS, Fault, Recipient, SendMessage, SendRequest
from smswire.http.send_json import dump_json, load_json
from smswire.http.send_plain import dump_plain, load_plain
from smswire.http.send_xml import dump_xml, load_xml

DATA = Path(__file__).parent.parent / "data" / "http"
EXAMPLES = [row for row in json.loads((DATA / "examples.json").read_text(encoding="utf-8")) if row["kind"] == "send-request-xml"]
FORM = "application/x-www-form-urlencoded"
BOUNDARY = "multipart/form-data; boundary=B"
GSM = "385951111111"


def document(inside: str = "<sender>x</sender>", recipients: str = f"<gsm>{GSM}</gsm>") -> bytes:
    """A request of one message."""
    who = "<authentication><username>u</username><password>p</password></authentication>"
    return f"<SMS>{who}<message>{inside}<recipients>{recipients}</recipients></message></SMS>".encode()


def message(inside: str = "", recipients: str = f"<gsm>{GSM}</gsm>") -> SendMessage:
    (found,) = load_xml(document(inside, recipients)).messages
    return found


def refused(octets: bytes, content_type: str = "") -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        load_xml(octets, content_type)
    assert caught.value.status == -22
    return caught.value


READ = load_xml(document())
# With that behind it a document is large enough to have its recipients taken as text before it is parsed.
LARGE = b"\n" * 1_500


@given(send_requests())
def test_load_gives_back_what_dump_wrote(request: SendRequest) -> None:
    octets = dump_xml(request)
    assert octets.startswith(b"<SMS>") and b"<?" not in octets
    assert load_xml(octets) == load_xml(octets + LARGE) == request
    # With a comment nothing is taken as text: the slow way reads the same.
    assert load_xml(b"<!-- -->" + octets + LARGE) == request


@given(send_requests(1))
def test_the_same_request_by_all_three_methods_is_one_struct(request: SendRequest) -> None:
    assert load_xml(dump_xml(request)) == load_json(dump_json(request)) == load_plain(dump_plain(request)) == request


def printed(**fields: Any) -> SendRequest:
    fields.setdefault("recipients", [Recipient(GSM)])
    return SendRequest(username="test", password="test", messages=[SendMessage(sender="Infobip", **fields)])


LONG = ("LongSMSTestLongSMSTest\nLongSMSTestLongSMSTestLongSMSTestLongSMS\nTestLongSMSTestLongSMSTestLongSMSTestLon\n"
        "gSMSTestLongSMSTestLongSMSTestLongSMSTest\nLongSMSTestLongSMSTestLongSMSTest")
SAMPLE = SendMessage(sender="Infobip", text="Hello", send_date_time=timedelta(days=4, hours=3, minutes=2, seconds=1))
PRINTED = {
    "send-request-2.2.1.1-a.xml": SendRequest(username="account_username", password="account_password", messages=[
        SendMessage(sender="Infobip", text="Hello", send_date_time=SAMPLE.send_date_time, recipients=[Recipient("38595111111")])]),
    "send-request-2.2.1.1-b.xml": SendRequest(username="account_username", password="account_password", messages=[
        SendMessage(sender="Infobip", text="Hello", send_date_time=SAMPLE.send_date_time, recipients=[
            Recipient(f"38595{digit * 6}", f"clientmsgID{digit}") for digit in "1234"])]),
    "send-request-2.2.1.4-a.xml": printed(text="Hello"),
    "send-request-2.2.1.4-b.xml": printed(text="Hello", recipients=[Recipient(f"38595{digit * 7}") for digit in "123"]),
    "send-request-2.2.1.4-c.xml": printed(text=LONG, type="longSMS"),
    "send-request-2.2.1.4-d.xml": None,
    "send-request-2.2.1.4-e.xml": printed(text="Dear mister Jurčić..", datacoding=8),
    "send-request-2.2.1.4-f.xml": printed(text="Hello", datacoding=240),
}


@pytest.mark.parametrize("row", EXAMPLES, ids=[row["file"] for row in EXAMPLES])
def test_i10_every_printed_request_is_read(row: dict[str, Any]) -> None:
    octets = (DATA / row["file"]).read_bytes()
    expected = PRINTED[row["file"]]
    if expected is None:
        assert "SMS" not in str(refused(octets))
    else:
        got = load_xml(octets)
        for one in [*got.messages, *expected.messages]:
            one.recipients = [Recipient(every.gsm[:11], every.message_id) for every in one.recipients]
        assert got == expected
        assert load_xml(dump_xml(got)) == got


def test_i10_no_printed_request_is_left_out() -> None:
    assert {row["file"] for row in EXAMPLES} == set(PRINTED)


@pytest.mark.parametrize(("octets", "content_type"), [
    (document(), ""), (document(), "application/xml"), (document(), FORM), (b"XML=" + document(), "application/xml"),
    (b"XML=" + document(), FORM), (b"xml=\r\n" + document(), FORM), (b"\n\t XML=\n\n" + document(), ""),
    (b"XML=" + quote_plus(document()).encode(), FORM), (b"XML=" + quote_plus(document()).encode(), ""),
    (b"a=b&xml=" + quote_plus(document()).encode() + b"&c=d", FORM), (b"XML=+%0A" + quote_plus(document()).encode(), FORM),
    (b"\n <?xml version='1.0' encoding='iso-8859-2'?>\n" + document(), ""), (b"XML=\n<?xml version='1.0'?>" + document(), ""),
    (b"\xef\xbb\xbf" + document(), ""), (b"XML=\xef\xbb\xbf" + document(), ""), (b"\xef\xbb\xbfXML=" + document(), "text/xml"),
    (document().decode().encode("utf-16"), ""), (document().decode().encode("utf-16-le"), ""), (document().decode().encode("utf-16-be"),
    ""),
    (b'<?xml version="1.0" encoding="utf-16"?>' + document(), ""), (document(), "text/xml; charset=utf-16"),
    (b'--B\r\nContent-Disposition: form-data; name="XML"\r\n\r\n' + document() + b"\r\n--B--\r\n", BOUNDARY),
])
def test_v1_bare_prefixed_and_in_a_form(octets: bytes, content_type: str) -> None:
    assert load_xml(octets, content_type) == READ


def test_v1_what_is_raw_is_not_percent_decoded() -> None:
    octets = document("<text>100%25 + 1 &amp; %41</text>")
    for content_type in ("", FORM, "application/xml"):
        assert load_xml(b"XML=" + octets, content_type).messages[0].text == "100%25 + 1 & %41"


def test_v1_a_form_without_the_field_is_refused() -> None:
    for octets in (b"a=b", b"XML=", b"XML=&a=b", b"JSON=%7B%7D"):
        assert refused(octets, FORM).reason == "the form has no field XML"


@pytest.mark.parametrize(("charset", "octets"), [
    ("iso-8859-2", "č".encode("iso-8859-2")), ("windows-1251", "Ж".encode("cp1251")), ("utf-8", "Жč€".encode()),
    ("gbk", "中".encode("gbk")),
])
def test_v33_a_charset_by_the_type_and_by_the_declaration(charset: str, octets: bytes) -> None:
    body = document("<text>@</text>").replace(b"@", octets)
    by_type = load_xml(body, f'text/xml; charset="{charset}"')
    assert load_xml(f"<?xml version='1.0' encoding='{charset}' ?>".encode() + body) == by_type
    assert by_type.messages[0].text and by_type.messages[0].text.encode(charset) == octets


@given(st.randoms(use_true_random=True))
def test_v2_names_in_any_case(random: Any) -> None:
    plain = [row for row in MESSAGE if row.field not in ("type", "send_date_time", "validity_period", "binary")]
    inside = "".join(f"<{row.xml[0]}>1</{row.xml[0]}>" for row in plain)
    octets = document(inside, f'<gsm messageId="k">{GSM}</gsm>').decode()

    def other(name: str) -> str:
        return "".join(random.choice([char.lower(), char.upper()]) for char in name)

    root = etree.fromstring(octets)
    for element in root.iter():
        element.tag = other(str(element.tag))
        for name, value in list(element.items()):
            del element.attrib[name]
            element.set(other(name), value)
    got = load_xml(etree.tostring(root))
    assert got == load_xml(octets.encode())
    assert got.messages[0].recipients == [Recipient(GSM, "k")] and got.messages[0].fault is None


@pytest.mark.parametrize("row", MESSAGE, ids=[row.field for row in MESSAGE])
def test_v2_every_spelling_of_a_field(row: Any) -> None:
    value = {"type": "longSMS", "send_date_time": "1d", "validity_period": "1:00", "binary": "4142", "src_ton": "1"}.get(row.field, "1")
    found = [message(f"<{name}>{value}</{name}>") for name in row.xml]
    assert found[0] == found[-1] and getattr(found[0], row.field) != getattr(SendMessage(), row.field)


@pytest.mark.parametrize("body", [
    document().replace(b"</sender>", b"</SENDER>"), document().replace(b"</SMS>", b"</sms>").replace(b"<gsm>", b"<GSM>"),
    document().replace(b"</gsm>", b"</Gsm >"), document("<sender>x</Sender><text><![CDATA[<b></B>]]></Text><!-- <C></c> -->"),
])
def test_v2_a_document_whose_only_fault_is_the_case_of_end_tags(body: bytes) -> None:
    got = load_xml(body).messages[0]
    assert (got.sender, got.recipients) == ("x", [Recipient(GSM)])
    assert got.text in (None, "<b></B>")


def test_v2_another_fault_beside_the_case_keeps_its_place() -> None:
    error = refused(document("<sender>x</Sender>\n<text>a & b</text>"))
    assert error.path == "line 1, column 110" and error.reason == "the end tag is not that of the open element"


def test_v3_empty_and_blank_elements_are_absent_and_text_between_is_ignored() -> None:
    inside = "<sender>x</sender><text> </text><flash></flash> 1<type/>\n<datacoding>\n</datacoding>7"
    got = message(inside, f" 1 <gsm/>2<gsm> </gsm><gsm>{GSM}</gsm>3")
    assert got == SendMessage(sender="x", recipients=[Recipient(GSM)])


def test_v4_several_messages_and_their_order() -> None:
    lists = "<recipients><gsm>{0}1</gsm><gsm>{0}2</gsm></recipients><recipients><gsm>{0}3</gsm></recipients>"
    one = f"<message><text>{{0}}</text>{lists}</message>"
    got = load_xml(f"<SMS>{one.format(1)}{one.format(2)}<other/></SMS>".encode())
    assert got == SendRequest(messages=[
        SendMessage(text=str(number), recipients=[Recipient(f"{number}{each}") for each in (1, 2, 3)]) for number in (1, 2)])


def test_v6_the_first_wins_that_is_not_blank() -> None:
    got = load_xml(b"<SMS><authentication><user></user><user>a</user><username>b</username></authentication>"
                   b"<authentication><username>c</username><pass>d</pass></authentication>"
                   b"<message><text/><text>1</text><TEXT>2</TEXT><wapurl> </wapurl><bookmark>u</bookmark></message></SMS>")
    assert got == SendRequest(username="a", password="d", messages=[SendMessage(text="1", wapurl="u")])


@pytest.mark.parametrize(("recipients", "expected"), [
    ('<gsm messageId="a">1</gsm>', [("1", "a")]), ("<gsm messageId='a'>1</gsm>", [("1", "a")]), ('<gsm  MESSAGEID = " a ">1</gsm>',
    [("1", "a")]),
    ('<GSM messageid="a">1</GSM><gsm>2</gsm>', [("1", "a"), ("2", "")]), ('<gsm messageId="">1</gsm>', [("1", "")]),
    ('<gsm messageId="a&amp;&#98;">1</gsm>', [("1", "a&b")]), ("<gsm> 1\n</gsm><gsm>\u00a02</gsm>", [("1", ""), ("2", "")]),
    ("<gsm>1<!-- -->2</gsm>", [("12", "")]), ("<gsm><![CDATA[1]]>&#50;</gsm>", [("12", "")]), ('<gsm id="x">1</gsm>', [("1", "")]),
    ('<gsm messageId="a"></gsm><gsm/><gsm messageId="b">1</gsm>', [("1", "b")]), ("<gsm>+1</gsm><gsm>a b</gsm>", [("+1", ""), ("a b", "")]),
    ("<number>1</number><gsm>2</gsm>", [("2", "")]), ("<gsm>\x7f1</gsm>", [("\x7f1", "")]), ("", []), ("  ", []), ("1,2", []),
    ("<gsm>1&#127;2</gsm>", [("1\x7f2", "")]), ("\x7fgsm>1\x7f/gsm>", []),
    ("<gsm>2</gsm></recipients><recipients>\x7fgsm>1\x7f/gsm>", [("2", "")]),
    ('<gsm messageId="]]>">1</gsm>', [("1", "]]>")]), ('<gsm messageId="<">1</gsm>', None), ("<gsm>1</gsm><gsm>", None),
    ('<gsm messageId="a" messageId="b">1</gsm>', None), ('<g xmlns="u"><gsm>1</gsm></g>', []), ('<x:gsm xmlns:x="u">1</x:gsm>', [("1",
    "")]),
])
def test_v21_recipients_in_every_form(recipients: str, expected: list[tuple[str, str]] | None) -> None:
    if expected is None:
        assert refused(document("", recipients)).path == refused(document("", recipients) + LARGE).path
    else:
        found = [Recipient(*one) for one in expected]
        assert message("", recipients).recipients == load_xml(document("", recipients) + LARGE).messages[0].recipients == found


_piece = st.sampled_from([
    "<gsm>", "</gsm>", "<gsm/>", '<gsm messageId="', '">', "1", "385951111111", " ", "\n", "\x7f", "<!-- -->", "<recipients>",
    "</recipients>",
    "<text>", "</text>", "]]>", "<![CDATA[", "&amp;", "&#49;", "<message>", "</message>", 'messageId="a"', "é",
])
_one = st.sampled_from(['<gsm>1</gsm>', '<gsm messageId="a">2</gsm>', "\n", "<gsm></gsm>", "</recipients><recipients>", "<text>t</text>"])


@given(st.lists(_one, max_size=6), st.lists(_piece, max_size=3), st.lists(_one, max_size=6))
def test_what_is_taken_as_text_first_is_read_as_its_elements_are(first: list[str], pieces: list[str], last: list[str]) -> None:
    octets = document("", "".join([*first, *pieces, *last]))

    def read(body: bytes) -> Any:
        try:
            return load_xml(body)
        except DocumentError as error:
            return error.reason
    assert read(octets + LARGE) == read(octets) == read(b"<?a?>" + octets + LARGE)


@pytest.mark.parametrize("end", [b"", LARGE])
def test_what_only_looks_like_recipients_is_left(end: bytes) -> None:
    looks = "<recipients><gsm>1</gsm></recipients>"
    got = load_xml(document(f"<!-- {looks} --><text><![CDATA[{looks}]]></text>") + end).messages[0]
    assert (got.text, got.recipients) == (looks, [Recipient(GSM)])
    refused(document("", '<?a <recipients><gsm messageId="?>">1</gsm>') + end)
    assert load_xml(document(f"<?a {looks}?><other>{looks}</other>") + end).messages == [SendMessage(recipients=[Recipient(GSM)])]


def test_a_value_with_elements_is_the_fault_of_its_message() -> None:
    assert message("<text>a <b>c</b></text><sender>x</sender>").fault == Fault(-23, "SMS/message[1]/text", "holds elements")
    assert message("", "<gsm>1<b/>2</gsm><gsm>3</gsm>") == SendMessage(
        recipients=[Recipient("3")], fault=Fault(-23, "SMS/message[1]/recipients/gsm", "holds elements"))
    octets = b"<SMS><message><text>1</text></message><message><text>a<recipients><gsm>1</gsm></recipients></text></message></SMS>"
    assert [one.fault for one in load_xml(octets).messages] == [None, Fault(-23, "SMS/message[2]/text", "holds elements")]
    assert refused(b"<SMS><authentication><pass>a<b/></pass></authentication></SMS>").path == "SMS/authentication/password"


def test_v14_a_value_that_cannot_be_read_is_the_fault_of_its_message() -> None:
    got = message("<datacoding>999</datacoding><text>t</text><sendDateTime>soon</sendDateTime>")
    assert got.fault == Fault(-23, "SMS/message[1]/datacoding", "is not a number from 0 to 255") and got.text == "t"


def test_a_recipient_right_in_the_message_is_read_in_its_place() -> None:
    octets = b"<SMS><message><gsm>1</gsm><recipients><gsm>2</gsm></recipients><GSM messageId='k'>3</GSM></message></SMS>"
    assert load_xml(octets).messages[0].recipients == [Recipient("1"), Recipient("2"), Recipient("3", "k")]


def test_a_namespace_changes_nothing() -> None:
    assert load_xml(document().replace(b"<SMS>", b'<SMS xmlns="http://example.org/a">')) == READ
    prefixed = document().replace(b"</", b"</v:").replace(b"<v:", b"<").replace(b"</v:", b"</")
    assert load_xml(prefixed) == READ
    assert load_xml(b'<v:SMS xmlns:v="u"><v:message><v:text>t</v:text></v:message></v:SMS>').messages == [SendMessage(text="t")]


def test_another_root_is_refused_with_a_sentence() -> None:
    for octets in (b"<results/>", b"<message/>", b'<v:sm xmlns:v="SMS"/>'):
        assert str(refused(octets)) == "the root of the document is not SMS"
    assert load_xml(b"<sms/>") == SendRequest()


@pytest.mark.parametrize(("octets", "reason"), [
    (document("", "<gsm>1</gsm>" * (MOST_RECIPIENTS + 1)), "there are over 10,000 recipients"),
    (document("", "<Gsm>1</Gsm>" * (MOST_RECIPIENTS + 1)), "there are over 10,000 recipients"),
    (document("", "<gsm/>" * (2 * MOST_RECIPIENTS)), "there are over 10,000 recipients, blank ones among them"),
    (b"<SMS>" + b"<message/>" * (MOST_RECIPIENTS + 1) + b"</SMS>", "there are over 10,000 messages"),
    (b"<SMS>" + b"<message><recipients><gsm>1</gsm></recipients></message>" * 5001
     + b"<message><recipients>" + b"<gsm>1</gsm>" * 5000 + b"</recipients></message></SMS>", "there are over 10,000 recipients"),
])
def test_over_10000_recipients_or_messages_are_refused(octets: bytes, reason: str) -> None:
    assert refused(octets).reason == reason


def test_10000_recipients_are_read_without_an_element_of_the_tree_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    octets = document("", "".join(f'\n  <gsm messageId="id{number}">38595{number:06}</gsm>' for number in range(MOST_RECIPIENTS)))
    roots: list[etree._Element] = []
    parse = send_xml.parse_utf8
    monkeypatch.setattr(send_xml, "parse_utf8", lambda body: roots.append(parse(body)) or roots[-1])
    (got,) = load_xml(octets).messages
    assert got.recipients == [Recipient(f"38595{number:06}", f"id{number}") for number in range(MOST_RECIPIENTS)]
    assert sum(1 for _ in roots[0].iter()) == 6
    assert load_xml(b"<!-- -->" + octets).messages == [got] and sum(1 for _ in roots[1].iter()) == MOST_RECIPIENTS + 6
    tracemalloc.start()
    held = load_xml(octets)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # A Recipient of 32 octets, two strings of some 60 each, and its place in the list.
    assert size / len(held.messages[0].recipients) < 200


NAMES = ["sender", "text", "Text", "flash", "type", "datacoding", "sendDateTime", "pushurl", "foo", "TYPE", "gsm", "recipients"]
LEAVES = st.tuples(st.sampled_from(NAMES), st.sampled_from(
    ["", " ", "a", "1", "x", "longSMS", "4d", "8", "256", "a>b", "&lt;gsm>", "text>b", "&amp;", "&#127;text>q", "\x7f", "č", "\n1\r\n"],
)).map(lambda leaf: f"<{leaf[0]}>{leaf[1]}</{leaf[0]}>")
BLOCKS = st.sampled_from([
    "<recipients><gsm>385951111111</gsm></recipients>", '<recipients>\n<gsm messageId="a">1</gsm><gsm>2</gsm> </recipients>',
    "<recipients><gsm></gsm><gsm>3</gsm></recipients>", "<recipients/>", "<recipients>&#127;gsm>4</recipients>", "<flash/>", " 1",
    "<gsm>5</gsm>",
])
MESSAGE_TEXTS = st.lists(LEAVES | LEAVES | BLOCKS, max_size=6).map(lambda parts: f"<message>{''.join(parts)}</message>")


@given(messages=st.lists(MESSAGE_TEXTS, min_size=1, max_size=3), times=st.sampled_from((1, 2, 40)))
def test_messages_are_read_alike_however_many_and_however_they_are_read(messages: list[str], times: int) -> None:
    octets = f"<SMS>{''.join(messages) * times}</SMS>{' ' * 1_500}".encode()
    # A comment keeps everything as elements.
    assert load_xml(octets) == load_xml(octets.replace(b"<SMS>", b"<SMS><!-- -->"))


def test_messages_that_differ_in_their_text_alone_are_no_elements_and_no_one_s_model(monkeypatch: pytest.MonkeyPatch) -> None:
    message = "<message><sender>S</sender><text>%s</text><datacoding>%s</datacoding><recipients><gsm>%d</gsm></recipients></message>"
    octets = f"<SMS>{''.join(message % (number, 'x' if number % 2 else 8, number) for number in range(100))}</SMS>".encode()
    roots: list[etree._Element] = []
    parse = send_xml.parse_utf8
    monkeypatch.setattr(send_xml, "parse_utf8", lambda body: roots.append(parse(body)) or roots[-1])
    got = load_xml(octets).messages
    assert sum(1 for _ in roots[0].iter()) == 101
    assert [(one.text, one.recipients) for one in got] == [(f"{number}", [Recipient(f"{number}")]) for number in range(100)]
    assert [one.fault and one.fault.path for one in got[:4]] == [None, "SMS/message[2]/datacoding", None, "SMS/message[4]/datacoding"]
    got[0].recipients.append(Recipient("x"))
    got[0].sender = "other"
    assert got[2].recipients == [Recipient("2")] and got[2].sender == "S"


@pytest.mark.parametrize("request_", [
    SendRequest(username="a\0"), SendRequest(password="\ud800"), SendRequest(messages=[SendMessage(text="a\x1b")]),
    SendRequest(messages=[SendMessage(recipients=[Recipient("1", "\ufffe")])]), SendRequest(messages=[SendMessage(fault=Fault(-23, "",
        ""))]),
], ids=["nul", "surrogate", "escape", "id", "fault"])
def test_what_xml_cannot_hold_is_refused_when_written(request_: SendRequest) -> None:
    with pytest.raises(DocumentError) as caught:
        dump_xml(request_)
    assert caught.value.status == -23
