"""JSON requests: load gives back what dump wrote, every form that V1 to V6 name is read, and a name twice is found in any of them."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from send_requests import send_requests

from smswire.http import send_json
from smswire.http.errors import DocumentError
from smswire.http.parameter import MESSAGE, RECIPIENT
from smswire.http.request import MOST_RECIPIENTS, Fault, Recipient, SendMessage, SendRequest
from smswire.http.send_json import dump_json, load_json

DATA = Path(__file__).parent.parent / "data" / "http"
EXAMPLES = [row for row in json.loads((DATA / "examples.json").read_text(encoding="utf-8")) if row["kind"] == "send-request-json"]
FORM = "application/x-www-form-urlencoded"
BOUNDARY = "multipart/form-data; boundary=B"
GSM = "385951111111"
WHO = {"username": "u", "password": "p"}


def document(recipients: Any = ({"gsm": GSM},), **fields: Any) -> bytes:
    """A request of one message."""
    return json.dumps({"authentication": WHO, "messages": [{**fields, "recipients": recipients}]}).encode()


def message(recipients: Any = ({"gsm": GSM},), **fields: Any) -> SendMessage:
    (found,) = load_json(document(recipients, **fields)).messages
    return found


def refused(octets: bytes, content_type: str = "") -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        load_json(octets, content_type)
    assert caught.value.status == -22
    return caught.value


DOCUMENT = document(sender="x", text="a + %41")
READ = SendRequest(username="u", password="p", messages=[SendMessage(sender="x", text="a + %41", recipients=[Recipient(GSM)])])


@given(send_requests(), st.sampled_from([None, 1]))
def test_load_gives_back_what_dump_wrote(request: SendRequest, indent: int | None) -> None:
    octets = dump_json(request)
    assert load_json(octets) == request
    assert load_json(json.dumps(json.loads(octets), indent=indent).encode()) == request


@given(send_requests())
def test_v10_every_value_is_written_as_a_string_under_the_names_of_the_document(request: SendRequest) -> None:
    written = json.loads(dump_json(request))
    assert list(written) == ["authentication", "messages"] and list(written["authentication"]) == ["username", "password"]
    known = [row.json[0] for row in MESSAGE]
    for one in written["messages"]:
        names = list(one)
        assert names.pop() == "recipients" and set(names) <= set(known)
        assert all(isinstance(one[name], str) for name in names)
        assert all(set(each) <= {"gsm", "messageId"} for each in one["recipients"])


def printed(**fields: Any) -> SendRequest:
    fields.setdefault("recipients", [Recipient(GSM)])
    return SendRequest(username="test", password="test", messages=[SendMessage(**fields)])


LOO = "loooooooooooooooooooooooooon"
PRINTED = {
    "a": printed(sender="Sender", text="Hello"),
    "b": printed(sender="Sender", text="Hello", recipients=[Recipient(f"38595{digit * 7}") for digit in "123"]),
    "d": printed(sender="test", text="hello", recipients=[Recipient(GSM, "clientmsgID")]),
    "e": printed(sender="test", text="hello", send_date_time=timedelta(minutes=10)),
    "f": printed(sender="test", type="longSMS", text=(
        f"longtestsmsis very {LOO}glongtestsmsis  very\n{LOO}glongtestsmsis very {LOO}glongtestsmsis very\n"
        f"{LOO}glongtestsmsis very {LOO}g end")),
    "g": printed(sender="test", text="čćšđ", datacoding=8),
    "h": printed(sender="test", text="hello", datacoding=240),
}


@pytest.mark.parametrize("row", EXAMPLES, ids=[row["file"] for row in EXAMPLES])
def test_i10_every_printed_request_is_read(row: dict[str, Any]) -> None:
    got = load_json((DATA / row["file"]).read_bytes())
    assert got == PRINTED[row["file"].removesuffix(".json")[-1]]
    assert load_json(dump_json(got)) == got


def test_i10_no_printed_request_is_left_out() -> None:
    assert {row["file"].removesuffix(".json")[-1] for row in EXAMPLES} == set(PRINTED)


@pytest.mark.parametrize(("octets", "content_type"), [
    (DOCUMENT, ""), (DOCUMENT, "application/json"), (DOCUMENT, FORM), (b"JSON=" + DOCUMENT, "application/json"),
    (b"JSON=" + DOCUMENT, FORM),
    (b" json=\n" + DOCUMENT, ""), (b"JSON=" + quote_plus(DOCUMENT).encode(), FORM), (b"JSON=" + quote_plus(DOCUMENT).encode(), ""),
    (b"a=b&JSON=" + quote_plus(DOCUMENT).encode(), FORM), (b"\xef\xbb\xbf" + DOCUMENT, ""), (b"JSON=\xef\xbb\xbf" + DOCUMENT, ""),
    (DOCUMENT.decode().encode("utf-16"), ""), (DOCUMENT.decode().encode("utf-16-be"), ""), (DOCUMENT, "application/json; charset=UTF-16"),
    (b'--B\r\nContent-Disposition: form-data; name="json"\r\n\r\n' + DOCUMENT + b"\r\n--B--\r\n", BOUNDARY),
])
def test_v1_bare_prefixed_and_in_a_form(octets: bytes, content_type: str) -> None:
    assert load_json(octets, content_type) == READ


def test_v1_a_form_without_the_field_is_refused() -> None:
    assert refused(b"a=b", FORM).reason == refused(b"JSON=", FORM).reason == "the form has no field JSON"


def test_v33_a_charset_by_the_type() -> None:
    octets = DOCUMENT.replace(b"a +", "č".encode("iso-8859-2"))
    assert load_json(octets, "application/json; charset=iso-8859-2").messages[0].text == "č %41"
    assert refused(octets).reason == "the octets are not utf-8"


@pytest.mark.parametrize("row", MESSAGE, ids=[row.field for row in MESSAGE])
def test_v2_every_spelling_that_the_document_prints_and_no_other_case(row: Any) -> None:
    value = {"type": "longSMS", "send_date_time": "1d", "validity_period": "1:00", "binary": "4142"}.get(row.field, "1")
    found = [message(**{name: value}) for name in row.json]
    assert all(one == found[0] for one in found) and getattr(found[0], row.field) != getattr(SendMessage(), row.field)
    assert message(**{row.json[0].upper() + "x": value, row.json[0].swapcase(): value}) == message()


def test_v2_of_two_spellings_the_first_of_the_row_counts_that_is_not_blank() -> None:
    assert message(IsFlash="0", flash="1").flash and message(esmclass="1", Esmclass=2).esmclass == 2
    assert message(Esmclass=" ", EsmClass="3", esmclass=None).esmclass == 3
    assert message([{"messageid": "b", "messageId": "a", "GSM": "2", "gsm": "1"}, {"gsm": "", "GSM": "3", "messageId": None,
        "MessageId": 4}]
                   ).recipients == [Recipient("1", "a"), Recipient("3", "4")]


def test_recipients_written_alike_are_trimmed_and_looked_through_for_other_spellings() -> None:
    assert message([{"gsm": " 1 "}, {"gsm": "2\n"}]).recipients == [Recipient("1"), Recipient("2")]
    assert message([{"gsm": " ", "GSM": "3"}, {"gsm": ""}]).recipients == [Recipient("3")]
    assert message([{"gsm": "1", "messageId": " a"}, {"gsm": "2", "messageId": "", "messageid": "b"}]).recipients == [
        Recipient("1", "a"), Recipient("2", "b")]


@pytest.mark.parametrize(("octets", "what"), [
    (b'{"x":[' + b"[]," * 60_000 + b"1]}", "60,000 objects and arrays"), (b"{" + b'"a":1,' * 100_000 + b'"b":1}', "100,000 members"),
    (b'{"x":[' + b"1," * 300_001 + b"1]}", "300,000 commas"), (b'{"x":' + b"9" * 300_001 + b"}", "100 digits"),
])
def test_what_would_take_long_is_refused(octets: bytes, what: str) -> None:
    assert what in refused(octets).reason


def test_long_texts_of_digits_are_read() -> None:
    assert message(text="9" * 300_001).text == "9" * 300_001


@pytest.mark.parametrize("name", RECIPIENT[1].json)
def test_v2_every_spelling_of_the_message_id(name: str) -> None:
    for count in (1, 3):
        got = message([{"gsm": str(number), name: f" id{number} "} for number in range(count)])
        assert got.recipients == [Recipient(str(number), f"id{number}") for number in range(count)]


def test_v3_empty_blank_and_null_values_are_absent() -> None:
    assert message(["", None, " ", {"gsm": None}, {}, {"gsm": " 1 "}], text="", sender=" ", datacoding=None, appid="\n") == SendMessage(
        recipients=[Recipient("1")])
    assert load_json(b'{"authentication":null,"messages":null}') == load_json(b"{}") == SendRequest()
    assert load_json(b'{"messages":[{"recipients":null}]}').messages == [SendMessage()]


@pytest.mark.parametrize("recipients", [["1"], [{"gsm": "1"}], "1", 1, {"gsm": 1}, [1], {"gsm": "1", "more": [1.5, {}]}, [{"GSM": "1"}]])
def test_v4_shapes_of_recipients(recipients: Any) -> None:
    assert message(recipients).recipients == [Recipient("1")]


def test_v4_a_message_where_an_array_is_meant_and_unknown_names() -> None:
    assert load_json(b'{"messages":{"text":"t","recipients":{"gsm":"1"}},"x":[{"y":{"text":[1]}}]}').messages == [
        SendMessage(text="t", recipients=[Recipient("1")])]


@pytest.mark.parametrize(("given_", "field", "value"), [
    (8, "datacoding", 8), ("8", "datacoding", 8), (True, "flash", True), (False, "flash", False), (1, "flash", True), ("true",
    "flash", True),
    (True, "text", "true"), (12, "text", "12"), (-0, "text", "0"), (10**80, "text", "1" + "0" * 80), (0, "text", "0"), (1, "nopush", True),
])
def test_v5_strings_integers_and_booleans_are_read_alike(given_: Any, field: str, value: Any) -> None:
    assert getattr(message(**{field: given_}), field) == value


@pytest.mark.parametrize(("octets", "path", "reason"), [
    (document(datacoding=8.5), "$.messages[0].datacoding", "is a number that is not whole where a text is meant"),
    (document(text=["a"]), "$.messages[0].text", "is an array where a text is meant"),
    (document(text={"secret": 1}), "$.messages[0].text", "is an object where a text is meant"),
    (document([["1"]]), "$.messages[0].recipients[0]", "is an array where a text or an object is meant"),
    (document([{"gsm": ["1"]}]), "$.messages[0].recipients[0].gsm", "is an array where a text is meant"),
    (document(True), "$.messages[0].recipients", "is true or false where a text or an object or an array is meant"),
    (b'{"messages":"m"}', "$.messages", "is a text or number where an object or an array is meant"),
    (b'{"messages":[null]}', "$.messages[0]", "is null where an object is meant"),
    (b'{"authentication":["u","p"]}', "$.authentication", "is an array where an object is meant"),
    (b"[]", "$", "is an array where an object is meant"), (b'"secret"', "$", "is a text or number where an object is meant"),
    (b'{"messages":[{"text":1e400}]}', "$.messages[0].text", "is a number that is too long"),
    (b'{"messages":[{"text":' + b"9" * 5000 + b"}]}", "$.messages[0].text", "is a number that is too long"),
])
def test_v5_another_type_is_refused_with_its_path(octets: bytes, path: str, reason: str) -> None:
    error = refused(octets)
    assert (error.path, error.reason) == (path, reason)


@pytest.mark.parametrize("octets", [
    b'{"messages":[],"messages":[]}', b'{"messages":[{"text":"a","text":"a"}]}', b'{"messages":[{"text":"a" , "text" :"b"}]}',
    b'{"messages":[{"recipients":[{"gsm":"1","gsm":"2"},{"gsm":"3"}]}]}',
    b'{"messages":[{"recipients":[{"gsm":"1"},{"gsm":"1","gsm":"2"}]}]}',
    b'{"messages":[{"te\\u0078t":"a","text":"b"}]}', b'{"x":{"y":1,"y":1}}', b'{"x":[{"y":1,"y\\u0000":2,"y":1}]}', b'{"\\\\":1,"\\\\":2}',
    b'{"messages":[{"text":null,"text":"b"}]}', b'{"authentication":{"username":"a","username":"a"}}', b'{"x":1,"x":{"a":"raw\nline"}}',
])
def test_v6_a_name_twice_is_refused(octets: bytes) -> None:
    assert refused(octets).reason == "a name comes twice in one object"


def _twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise KeyError
    return dict(pairs)


_names = st.sampled_from(["text", "Text", "sender", "gsm", "a", "", '\\"', "\\\\", '\\":', "te\\u0078t", " :", "sender ", "messageId"])
_colons = st.sampled_from([":", ":", ":", " :", "\n: "])
_values = st.sampled_from(['"v"', "1", "null", '"\\":"', '"a : b"', '"\\\\"', '{"a":1}', '"}"', '"\\":\\":"', "[]", '"\n"'])
_members = st.lists(st.tuples(_names, _colons, _values).map(lambda one: f'"{one[0]}"{one[1]}{one[2]}'), max_size=5).map(
    lambda found: "{" + ",".join(found) + "}")


@given(_members, _members, _members)
def test_v6_a_name_is_found_twice_just_where_it_is(who: str, one: str, other: str) -> None:
    octets = f'{{"authentication":{who},"messages":[{{"recipients":[{one},{other}]}}]}}'
    try:
        json.loads(octets, object_pairs_hook=_twice, strict=False)
        twice = False
    except KeyError:
        twice = True
    try:
        load_json(octets.encode())
        reason = ""
    except DocumentError as error:
        reason = error.reason
    # A value of a wrong type is told first.
    assert (reason == "a name comes twice in one object") == twice or " where " in reason


def test_v6_what_is_written_plainly_is_not_read_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(send_json, "_check_names", lambda octets: pytest.fail("the slow way was taken"))
    assert load_json(dump_json(READ)) == READ
    plain = {"gsm": "1", "messageId": "a"}
    assert message([plain, plain]).recipients == [Recipient("1", "a")] * 2
    assert message(["1", 2, {"gsm": 3}], text="a:b", IsFlash="1", flash=None).flash


def test_line_ends_in_strings_are_read_as_they_stand() -> None:
    octets = b'{"messages":[{"text":"a\nb\\"\tc\\\\\r\n",\n"sender" : "x"}]}'
    assert load_json(octets).messages == [SendMessage(text='a\nb"\tc\\\r\n', sender="x")]
    assert refused(b'{"messages":[{"text":"a\0b"}]}').path == "octet 23"


@pytest.mark.parametrize(("octets", "text"), [
    (b"", "the document is cut short"), (b'\\"', "octet 0: "),
    (b'{"messages":[', "the document is cut short"), (b"{'a':1}", "octet 1: "), (b"{}x", "octet 3: "),
    (b'{"a":1,}', "octet 7: "), (b'JSON={"a":1,}', "octet 12: "), (b"<SMS/>", "octet 0: "), (b'{"a":NaN}', "octet 5: "),
    (b'{"messages":[{"text":"\\udc00\\ud800"}]}', "octet 28: "), (b'{"x":' + b"[" * 5000, "arrays and objects are nested too deep"),
    (b'{"x":"\xff"}', "the octets are not utf-8"),
])
def test_broken_json_is_refused_with_its_place(octets: bytes, text: str) -> None:
    assert str(refused(octets)).startswith(text)


@pytest.mark.parametrize(("octets", "reason"), [
    (document(["1"] * (MOST_RECIPIENTS + 1)), "there are over 10,000 recipients"),
    (document([{"gsm": "1"}] * (MOST_RECIPIENTS + 1)), "there are over 10,000 recipients"),
    (document([""] * (2 * MOST_RECIPIENTS + 1)), "there are over 10,000 recipients, blank ones among them"),
    (json.dumps({"messages": [{}] * (MOST_RECIPIENTS + 1)}).encode(), "there are over 10,000 messages"),
    (json.dumps({"messages": [{"recipients": ["1"] * 5001}] * 2}).encode(), "there are over 10,000 recipients"),
])
def test_over_10000_recipients_or_messages_are_refused(octets: bytes, reason: str) -> None:
    assert refused(octets).reason == reason


def test_10000_recipients_with_and_without_ids() -> None:
    numbers = [f"38595{number:06}" for number in range(MOST_RECIPIENTS)]
    assert message([{"gsm": one} for one in numbers]).recipients == [Recipient(one) for one in numbers]
    assert message([{"gsm": one, "messageId": f"i{one}"} for one in numbers]).recipients == [Recipient(one, f"i{one}") for one in numbers]


def test_v14_a_value_that_cannot_be_read_is_the_fault_of_its_message() -> None:
    assert message(DataCoding=999).fault == Fault(-23, "$.messages[0].datacoding", "is not a number from 0 to 255")
    assert load_json(b'{"messages":{"flash":2}}').messages[0].fault == Fault(-23, "$.messages.flash", "is not 0 or 1")


def test_what_json_cannot_hold_is_refused_when_written() -> None:
    for request in (SendRequest(username="\ud800"), SendRequest(messages=[SendMessage(fault=Fault(-23, "", ""))])):
        with pytest.raises(DocumentError) as caught:
            dump_json(request)
        assert caught.value.status == -23


@pytest.mark.parametrize("octets", [
    b'{"messages" : [{"text" : ":", "recipients" :\n["1"]}]}', b'{"messages":[{"text":"\\":","recipients":["1"]}]}',
    b'{"messages":[{"text":"\\\\","recipients":["1"],"x":{"y":["\\":",{"z":1}]}}]}',
    b'{"messages":[{"text":"\\\\\\":\\" :","recipients":["1"]}]}',
    b'{"messages":[{"text":"a\n\":","recipients":["1"],"":1}]}'.replace(b'\n\"', b'\n\\"'),
])
def test_v6_what_only_looks_like_a_name_is_none(octets: bytes) -> None:
    assert load_json(octets).messages[0].recipients == [Recipient("1")]


@pytest.mark.parametrize("octets", [
    b'{"messages":[{"text" : "a","text":"a"}]}', b'{"messages":[{"text":"a","text" :"\\":"}]}', b'{"x":{"y":[{"z":1,"z":2}]}}',
    b'{"messages":[{"text":"a","recipients":[{"gsm":"1","gsm":"1"}]}]}', b'{"a":1,"b":"\\\\","a":2}', b'{"\\"":1,"\\"":2}',
    b'{"messages":[{"text":"","recipients":[{"gsm":"1","x":1,"x":1}]}]}', b'{"messages":[],"messages":[]}',
])
def test_v6_a_name_twice_is_found_wherever_it_stands(octets: bytes) -> None:
    assert refused(octets).reason == "a name comes twice in one object"


def test_messages_that_differ_in_their_text_alone_are_no_one_s_model() -> None:
    message = '{"text":"%d","Text":"z","datacoding":%s,"recipients":[{"gsm":"%d"}]}'
    kinds = ("8", "true", "1", '"x"')
    octets = ",".join(message % (number, kinds[number % 4], number) for number in range(40))
    got = load_json(f'{{"messages":[{octets}]}}'.encode()).messages
    assert [(one.text, one.recipients) for one in got] == [(f"{number}", [Recipient(f"{number}")]) for number in range(40)]
    assert [one.datacoding for one in got[-4:]] == [8, None, 1, None]
    assert [one.fault and one.fault.path for one in got[-4:]] == [None, "$.messages[37].datacoding", None, "$.messages[39].datacoding"]
    got[0].recipients.append(Recipient("x"))
    assert got[4].recipients == [Recipient("4")]
