"""Plain requests: load gives back what dump wrote, as query, urlencoded and multipart body; every URL that the document prints is read."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from send_requests import send_requests
from urllib3.filepost import encode_multipart_formdata

from smswire.http.errors import DocumentError
from smswire.http.request import MOST_OCTETS, MOST_RECIPIENTS, Fault, Recipient, SendMessage, SendRequest
from smswire.http.send_json import dump_json, load_json
from smswire.http.send_plain import answer_form, dump_plain, load_plain
from smswire.http.send_xml import dump_xml, load_xml

DATA = Path(__file__).parent.parent / "data" / "http"
EXAMPLES = [row for row in json.loads((DATA / "examples.json").read_text(encoding="utf-8")) if row["kind"] == "send-request-plain"]
URLENCODED = "application/x-www-form-urlencoded"


def message(query: str | bytes, body: bytes = b"", content_type: str = "") -> SendMessage:
    (found,) = load_plain(query.encode() if isinstance(query, str) else query, body, content_type).messages
    return found


def printed(**fields: Any) -> SendRequest:
    fields.setdefault("recipients", [Recipient("38598111111")])
    return SendRequest(username="test", password="test", messages=[SendMessage(sender="Friend", **fields)])


# What we read in each printed URL, and what we write of it.
READ = {
    "send-request-2.2.4-a.txt": printed(text="message"),
    "send-request-2.2.4-b.txt": printed(text="TestinglongSMSTestinglong SMS" + "TestinglongSMS" * 16, type="longSMS"),
    "send-request-2.2.4-c.txt": printed(text="message", send_date_time=timedelta(days=1, hours=2, minutes=5, seconds=3)),
    "send-request-2.2.4-d.txt": printed(binary=bytes.fromhex("06050400010241424344"), esmclass=64),
    "send-request-2.2.4-e.txt": printed(text=" ččš", datacoding=8),
    "send-request-2.2.4-f.txt": printed(binary=bytes.fromhex("FEFF01610111010D0107"), datacoding=8),
}
WRITTEN = {
    "send-request-2.2.4-a.txt": b"user=test&password=test&sender=Friend&SMSText=message&GSM=38598111111",
    "send-request-2.2.4-b.txt":
        b"user=test&password=test&sender=Friend&SMSText=TestinglongSMSTestinglong%20SMS" + b"TestinglongSMS" * 16
        + b"&type=longSMS&GSM=38598111111",
    "send-request-2.2.4-c.txt": b"user=test&password=test&sender=Friend&SMSText=message&sendDateTime=1d2h5m3s&GSM=38598111111",
    "send-request-2.2.4-d.txt": b"user=test&password=test&sender=Friend&binary=06050400010241424344&Esmclass=64&GSM=38598111111",
    "send-request-2.2.4-e.txt":
        b"user=test&password=test&sender=Friend&SMSText=%20%C4%8D%C4%8D%C5%A1&DataCoding=8&GSM=38598111111",
    "send-request-2.2.4-f.txt": b"user=test&password=test&sender=Friend&binary=FEFF01610111010D0107&DataCoding=8&GSM=38598111111",
}


@pytest.mark.parametrize("row", EXAMPLES, ids=[row["file"] for row in EXAMPLES])
def test_i10_every_printed_url_is_read_and_written(row: dict[str, Any]) -> None:
    octets = (DATA / row["file"]).read_bytes()
    assert load_plain(octets) == load_plain(b"", octets, URLENCODED) == READ[row["file"]]
    assert dump_plain(READ[row["file"]]) == WRITTEN[row["file"]]
    assert load_plain(WRITTEN[row["file"]]) == READ[row["file"]]


def test_i10_no_printed_url_is_left_out() -> None:
    assert len(EXAMPLES) == 6 and {row["file"] for row in EXAMPLES} == set(READ) == set(WRITTEN)


@given(send_requests(1))
def test_v8_load_gives_back_what_dump_wrote_by_get_and_by_post(request: SendRequest) -> None:
    octets = dump_plain(request)
    assert octets.isascii() and b" " not in octets
    assert load_plain(octets) == request
    assert load_plain(b"", octets, URLENCODED + "; charset=UTF-8") == request
    pairs = parse_qsl(octets.decode(), keep_blank_values=True, strict_parsing=bool(octets))
    if pairs:
        assert load_plain(b"", *encode_multipart_formdata(pairs)) == request
        assert load_plain(quote(pairs[0][0]).encode() + b"=" + quote(pairs[0][1]).encode(), *encode_multipart_formdata(pairs)) == request


@given(send_requests(1))
def test_xml_json_and_plain_of_a_request_are_equal(request: SendRequest) -> None:
    assert load_plain(dump_plain(request)) == load_xml(dump_xml(request)) == load_json(dump_json(request)) == request


@given(send_requests(1), st.randoms())
def test_v2_v6_names_in_any_case_and_order_and_later_ones_change_nothing(request: SendRequest, random: Any) -> None:
    pairs = dump_plain(request).decode().split("&")
    again = [f"{name.swapcase()}=0" for pair in pairs for name, _, _ in [pair.partition("=")] if name and name not in ("GSM", "messageid")]
    random.shuffle(pairs)
    swapped = [name.swapcase() + equals + value for pair in pairs for name, equals, value in [pair.partition("=")]]
    assert load_plain("&".join(swapped + again).encode()) == request


@given(st.binary(max_size=60), st.binary(max_size=60), st.sampled_from(["", URLENCODED, "multipart/form-data; boundary=B"]))
def test_any_octets_are_a_request_or_a_document_error(query: bytes, body: bytes, content_type: str) -> None:
    try:
        request = load_plain(query, body, content_type)
    except DocumentError as error:
        assert error.status == -22 and str(error).isprintable()
    else:
        assert len(request.messages) == 1
    assert answer_form(query, body, content_type) in ("xml", "json")


_names = st.sampled_from("user password GSM messageid SMSText encoding DataCoding Esmclass binary type flash sendDateTime nopush".split())
_values = st.text("0123456789,%&=+;dhms \0", max_size=10) | st.sampled_from(["utf-16", "latin1", "shift_jis", "utf-7", "%FF", "%ED%A0%80"])


@given(st.lists(st.tuples(_names, _values), max_size=8))
def test_any_values_are_a_request_or_a_document_error(pairs: list[tuple[str, str]]) -> None:
    try:
        (found,) = load_plain("&".join(f"{name}={value}" for name, value in pairs).encode()).messages
    except DocumentError as error:
        assert error.status == -22
    else:
        assert found.fault is None or found.fault.status in (-23, -27)
        assert all(recipient.gsm for recipient in found.recipients)


@pytest.mark.parametrize("query, field, expected", [
    ("SMSText=a", "text", "a"), ("smstext=a", "text", "a"), ("text=a", "text", "a"), ("Bookmark=w", "wapurl", "w"),
    ("wapurl=w", "wapurl", "w"),
    ("IsFlash=1", "flash", True), ("flash=true", "flash", True), ("isflash=0", "flash", False), ("ISFLASH=FALSE", "flash", False),
    ("drPushUrl=u", "push_url", "u"), ("pushurl=nopush", "push_url", ""), ("Type=LongSMS", "type", "longSMS"),
    ("campaignid=c", "campaign_id", "c"), ("datacoding=8", "datacoding", 8), ("SMSText=", "text", None), ("flash=+&flash=1", "flash", True),
])
def test_v2_v3_names_of_plain(query: str, field: str, expected: Any) -> None:
    assert getattr(message(query), field) == expected


@pytest.mark.parametrize("query", ["user=u&password=p", "username=u&pass=p", "USER=u&PASS=p", "user=u&user=x&password=p&pass=y"])
def test_v2_user_is_username_and_pass_is_password(query: str) -> None:
    request = load_plain(query.encode())
    assert (request.username, request.password) == ("u", "p")
    assert "p" not in repr(request).partition("password=")[2].partition(",")[0]


def test_v3_nothing_at_all_is_a_request_without_anything() -> None:
    assert load_plain(b"") == SendRequest(messages=[SendMessage()])


@pytest.mark.parametrize("query, expected", [
    ("GSM=1,2", [("1", ""), ("2", "")]), ("GSM=1&gsm=2", [("1", ""), ("2", "")]), ("GSM=1,2&GSM=3", [("1", ""), ("2", ""), ("3", "")]),
    ("GSM=+1+,%202", [("1", ""), ("2", "")]), ("GSM=,1,,2,&GSM=&GSM=3", [("1", ""), ("2", ""), ("3", "")]),
    ("GSM=1,1", [("1", ""), ("1", "")]),
    ("GSM=1,2&messageid=a,b", [("1", "a"), ("2", "b")]), ("GSM=1,2&messageid=a&messageId=b", [("1", "a"), ("2", "b")]),
    ("GSM=1&GSM=2&messageid=a,b", [("1", "a"), ("2", "b")]), ("GSM=1,2,3&messageid=+a+,,c", [("1", "a"), ("2", ""), ("3", "c")]),
    ("GSM=1,2&messageid=a", [("1", "a"), ("2", "")]), ("GSM=1,,2&messageid=a,,b", [("1", "a"), ("2", "b")]),
    ("GSM=1,2&messageid=a,b,,", [("1", "a"), ("2", "b")]), ("messageid=", []), ("GSM=,", []),
    ("GSM=%2B1&messageid=a%26b", [("+1", "a&b")]),
])
def test_v7_numbers_and_ids_are_paired_by_position(query: str, expected: list[tuple[str, str]]) -> None:
    found = message(query)
    assert found.recipients == [Recipient(*pair) for pair in expected]
    assert found.fault is None


@pytest.mark.parametrize("query", ["GSM=1&messageid=a,b", "messageid=a", "GSM=1,,2&messageid=a,b,c", "GSM=1&messageid=,b"])
def test_v7_an_id_without_a_number_is_the_message_s_fault(query: str) -> None:
    assert message(query).fault == Fault(-23, "messageid", "has an id for which there is no GSM")
    assert message(query + "&datacoding=x&sendDateTime=x").fault == message(query).fault


def test_v7_ids_are_written_by_position_and_not_at_all_if_there_are_none() -> None:
    def written(*recipients: Recipient) -> bytes:
        return dump_plain(SendRequest(messages=[SendMessage(recipients=list(recipients))]))

    assert written(Recipient("1"), Recipient("2"), Recipient("3")) == b"GSM=1,2,3"
    assert written(Recipient("1"), Recipient("2", "b"), Recipient("3")) == b"GSM=1,2,3&messageid=,b,"


def test_v8_query_and_body_are_one_request_and_the_query_comes_first() -> None:
    found = load_plain(b"user=u&GSM=1&sender=q", b"password=p&GSM=2&sender=b&SMSText=t", URLENCODED)
    assert found == SendRequest(
        username="u", password="p", messages=[SendMessage(sender="q", text="t", recipients=[Recipient("1"), Recipient("2")])]
    )
    assert load_plain(b"user=u&GSM=1&sender=q", *encode_multipart_formdata([
        ("password", "p"), ("GSM", "2"), ("sender", "b"), ("SMSText", ("t.txt", b"t"))
    ])) == found


@pytest.mark.parametrize("encoding, octets", [
    ("windows-1250", "%E8%9A"), ("WINDOWS-1250", "%E8\x9a"), ("UTF-8", "%C4%8D%C5%A1"), ("", "%C4%8D%C5%A1"), ("iso-8859-2", "%E8%B9"),
    ("utf-16be", "%01%0D%01%61"), ("utf-16le", "%0D%01%61%01"), ("+utf-8+", "čš"),
])
def test_v33_encoding_reads_the_text(encoding: str, octets: str) -> None:
    query = f"GSM=1&SMSText={octets}&encoding={encoding}"
    found = message(query.encode("latin-1" if "\x9a" in octets else "utf-8"))
    assert (found.text, found.fault, found.recipients) == ("čš", None, [Recipient("1")])


def test_v33_encoding_reads_the_other_values_too_unless_it_is_utf_16() -> None:
    request = load_plain(b"user=%E8&password=%E9&sender=%9A&SMSText=%E8&encoding=windows-1250")
    assert (request.username, request.password, request.messages[0].sender) == ("č", "é", "š")
    assert message("sender=%C5%A1&SMSText=%01%61&encoding=utf-16be").sender == "š"


@pytest.mark.parametrize("encoding", ["utf-7", "x-user-defined", "rot13", "utf-32", "nonsense", "8"])
def test_v33_an_unknown_encoding_is_the_message_s_fault_and_the_text_is_not_read(encoding: str) -> None:
    request = load_plain(f"user=u&password=p&GSM=1&SMSText=%FF&sender=%C5%A1&messageid=a,b&encoding={encoding}".encode())
    fault = Fault(-23, "encoding", "is not the name of a charset that is read")
    expected = SendMessage(sender="š", recipients=[Recipient("1", "a")], fault=fault)
    assert request == SendRequest(username="u", password="p", messages=[expected])


@pytest.mark.parametrize("query, path", [
    ("SMSText=%FF", "SMSText"), ("SMSText=%81&encoding=latin1", "SMSText"), ("SMSText=%D8%00&encoding=utf-16be", "SMSText"),
    ("SMSText=a&encoding=utf-16", "SMSText"), ("sender=%E8", "sender"), ("user=%E8", "user"), ("GSM=%E8", "GSM"),
    ("text=%ED%A0%80", "text"), ("encoding=%FF", "encoding"), ("messageid=%FF", "messageid"),
])
def test_v33_octets_of_another_charset_are_a_syntax_error_that_names_the_parameter(query: str, path: str) -> None:
    with pytest.raises(DocumentError) as caught:
        load_plain(query.encode())
    assert (caught.value.status, caught.value.path) == (-22, path)


def test_octets_that_nobody_reads_do_no_harm() -> None:
    assert message("x=%FF&SMSText=a").text == "a"


def test_10000_recipients_are_read_and_10001_are_refused() -> None:
    numbers = [str(385_951_000_000 + place) for place in range(MOST_RECIPIENTS)]
    ids = [f"id{place}" for place in range(MOST_RECIPIENTS)]
    request = SendRequest(messages=[SendMessage(recipients=[Recipient(*pair) for pair in zip(numbers, ids, strict=True)])])
    octets = dump_plain(request)
    assert load_plain(octets) == request
    assert load_plain("&".join(f"GSM={number}&messageid={name}" for number, name in zip(numbers, ids, strict=True)).encode()) == request
    for query in (octets + b"&GSM=1", b"GSM=1," + b"," * MOST_RECIPIENTS, b"&".join([b"GSM="] * (MOST_RECIPIENTS + 1))):
        with pytest.raises(DocumentError) as caught:
            load_plain(query)
        assert (caught.value.status, caught.value.path, caught.value.reason) == (-22, "GSM", "there are over 10,000 recipients")
    assert message(b"GSM=1&messageid=" + b"," * 1_000_000).fault is not None


@pytest.mark.parametrize("request_, status, path", [
    (SendRequest(), -23, ""), (SendRequest(messages=[SendMessage(), SendMessage()]), -23, ""),
    (SendRequest(messages=[SendMessage(recipients=[Recipient("1,2")])]), -23, "GSM"),
    (SendRequest(messages=[SendMessage(recipients=[Recipient("1", "a,b")])]), -23, "messageid"),
    (SendRequest(messages=[SendMessage(fault=Fault(-27, "at", "is odd"))]), -27, "at"),
    (SendRequest(messages=[SendMessage(text="\ud800")]), -23, "SMSText"),
    (SendRequest(password="\ud800", messages=[SendMessage()]), -23, "password"),
    (SendRequest(messages=[SendMessage(send_date_time=timedelta(-1))]), -27, "send_date_time"),
], ids=range(8))
def test_what_plain_cannot_say_is_not_written(request_: SendRequest, status: int, path: str) -> None:
    with pytest.raises(DocumentError) as caught:
        dump_plain(request_)
    assert (caught.value.status, caught.value.path) == (status, path)


@pytest.mark.parametrize("query, expected", [
    ("output=json", "json"), ("OUTPUT=+JSON", "json"), ("output=xml", "xml"), ("output=csv", "xml"), ("", "xml"), ("output=%FF", "xml"),
    ("output=&output=json", "json"), ("&" * 30_000, "xml"),
])
def test_v9_the_answer_is_xml_unless_output_asks_for_json(query: str, expected: str) -> None:
    assert answer_form(query.encode()) == answer_form(b"", query.encode(), URLENCODED) == expected


HOSTILE = {
    "commas": b"GSM=" + b"," * (MOST_OCTETS - 4), "ids": b"GSM=1&messageid=" + b"a," * (MOST_OCTETS // 2 - 8),
    "hex": b"binary=" + b"41" * (MOST_OCTETS // 2 - 4), "digits": b"datacoding=" + b"9" * (MOST_OCTETS - 11),
    "span": b"sendDateTime=" + b"1d" * (MOST_OCTETS // 2 - 8), "text": b"encoding=gb18030&SMSText=" + b"\xc4\xe3" * (MOST_OCTETS // 2 - 20),
    "blanks": b"user=" + b"+" * (MOST_OCTETS - 5), "many": b"&".join([b"GSM=1&messageid=" + b"a" * 60] * 10_000),
    "escapes": b"SMSText=" + b"%41" * (MOST_OCTETS // 3 - 3),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_two_mebioctets_take_under_50_ms(name: str) -> None:
    spent = []
    for _ in range(3):
        start = time.thread_time()
        try:
            load_plain(HOSTILE[name])
        except DocumentError:
            pass
        spent.append(time.thread_time() - start)
    assert min(spent) < 0.05
