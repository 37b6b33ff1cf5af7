"""Each call goes to the path that the document names, with what it asks for, and reads its answer or says in a typed way why not."""

from datetime import timedelta
from decimal import Decimal
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp_core import EncodeError
from smswire.http import service
from smswire.http.credentials import Credentials
from smswire.http.errors import (
    ApiError,
    BadAnswer,
    CommunicationFailed,
    DocumentError,
    GeneralFailure,
    InvalidDestination,
    InvalidUserOrPassword,
    MissingPassword,
    MissingUsername,
    ProcessingFailed,
    RequestRefused,
    SendFailed,
    SyntaxRefused,
)
from smswire.http.exchange import HttpAnswer
from smswire.http.request import Recipient, SendMessage, SendRequest
from smswire.http.response import SendResponse, SendResult
from smswire.http.send_response import dump_response

WHO = Credentials(username="na me", password="s&cr€t")


def request(*recipients: Recipient | str, messages: int = 1) -> SendRequest:
    found = [Recipient(one) if isinstance(one, str) else one for one in recipients]
    return SendRequest(
        username=WHO.username, password=WHO.password,
        messages=[SendMessage(sender="Infobip", text="Hello", recipients=found) for _ in range(messages)],
    )


def results(*found: SendResult) -> HttpAnswer:
    return HttpAnswer(content_type="text/csv;charset=UTF-8", body=dump_response(SendResponse(found), "json"))


# -- paths

def test_the_paths_of_the_document_lead_to_their_services() -> None:
    assert {path: service.route(path) for one in service.SERVICES for path in one.paths} == {
        "/api/v3/sendsms/xml": ("send", "xml"), "/api/sendsms/xml": ("send", "xml"),
        "/api/v3/sendsms/json": ("send", "json"), "/api/sendsms/json": ("send", "json"),
        "/api/v3/sendsms/plain": ("send", "plain"), "/api/sendsms/plain": ("send", "plain"),
        "/api/command": ("command", ""), "/api/v3/dr/pull": ("pull", ""),
        "/api/hlr/": ("lookups", ""), "/api/hlr/sync": ("lookup", ""),
        "/api/v2/command/inbox": ("inbox", ""), "/api/v3/command/inbox": ("inbox", ""),
    }
    assert service.route("/api/hlr") == service.route("/api/hlr/")
    assert service.route("/api/command/") == ("command", "")


@pytest.mark.parametrize("path", ["", "/", "/api", "/api/v3/sendsms", "/api/v3/sendsms/XML", "/api/hlr//", "api/command", "/api/v2/dr"])
def test_other_paths_lead_nowhere(path: str) -> None:
    assert service.route(path) is None


# -- requests

def test_v1_a_document_goes_as_the_body_of_a_post() -> None:
    for form in ("json", "xml"):
        call = service.send_call(request("385951111111"), form)
        assert (call.request.method, call.request.path, call.request.query) == ("POST", f"/api/v3/sendsms/{form}", b"")
        assert call.request.content_type == f"application/{form}; charset=utf-8"
        assert call.request.body == service.dump_send(request("385951111111"), form)


def test_v8_plain_goes_by_get_and_by_post_where_the_query_is_too_long_or_post_is_wished() -> None:
    call = service.send_call(request("385951111111"), "plain")
    assert (call.request.method, call.request.path, call.request.body) == ("GET", "/api/v3/sendsms/plain", b"")
    assert parse_qs(call.request.query.decode())["GSM"] == ["385951111111"]
    wished = service.send_call(request("385951111111"), "plain", method="POST").request
    assert (wished.method, wished.query, wished.body) == ("POST", b"", call.request.query)
    assert wished.content_type == "application/x-www-form-urlencoded"
    long = service.send_call(request(*["385951111111"] * 200), "plain").request
    assert (long.method, long.query) == ("POST", b"")
    with pytest.raises(DocumentError):
        service.send_call(request("385951111111", messages=2), "plain")
    with pytest.raises(EncodeError, match="form is 'yaml'"):
        service.send_call(request("385951111111"), "yaml")


def test_only_a_send_in_which_all_have_ids_may_be_repeated() -> None:
    assert service.send_call(request(Recipient("385951111111", "a"), Recipient("385951111112", "b"))).repeatable
    assert not service.send_call(request(Recipient("385951111111", "a"), "385951111112")).repeatable
    assert service.credits_call(WHO).repeatable
    assert service.pull_call(WHO).repeatable
    assert service.inbox_call(WHO).repeatable
    assert not service.lookup_call(WHO, "385951111111").repeatable
    assert not service.lookups_call(WHO, ["385951111111"]).repeatable


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_v38_v39_v46_v57_queries_carry_what_the_document_names(method: str) -> None:
    calls = {
        "/api/command": service.credits_call(WHO, method=method),
        "/api/v3/dr/pull": service.pull_call(WHO, ("a", "b"), "app", method=method),
        "/api/hlr/sync": service.lookup_call(WHO, "385951111111", "xml", method=method),
        "/api/hlr/": service.lookups_call(WHO, ["385951111111", "385951111112"], method=method),
        "/api/v2/command/inbox": service.inbox_call(WHO, 7, method=method),
    }
    asked = {}
    for path, call in calls.items():
        assert (call.request.method, call.request.path) == (method, path)
        assert bool(call.request.query) == (method == "GET")
        asked[path] = parse_qs((call.request.query or call.request.body).decode(), strict_parsing=True)
        assert {*asked[path].pop("user", ()), *asked[path].pop("username", ())} == {WHO.username}
        assert {*asked[path].pop("pass", ()), *asked[path].pop("password", ())} == {WHO.password}
    assert asked == {
        "/api/command": {"cmd": ["CREDITS"]},
        "/api/v3/dr/pull": {"messageid": ["a,b"], "appid": ["app"]},
        "/api/hlr/sync": {"destination": ["385951111111"], "output": ["xml"]},
        "/api/hlr/": {"destinations": ["385951111111;385951111112"]},
        "/api/v2/command/inbox": {"limit": ["7"]},
    }


def test_the_comma_form_of_a_lookup_is_what_comes_without_output() -> None:
    assert b"output" not in service.lookup_call(WHO, "385951111111", "comma").request.query
    with pytest.raises(EncodeError, match="output is 'csv'"):
        service.lookup_call(WHO, "385951111111", "csv")
    with pytest.raises(EncodeError, match="limit is -1"):
        service.inbox_call(WHO, -1)


def test_nothing_of_a_call_shows_the_password() -> None:
    for call in (service.credits_call(WHO), service.send_call(request("385951111111"), "plain"), service.lookup_call(WHO, "38595111")):
        assert "cr" not in repr(call.request)
        assert WHO.password not in repr(call)
        assert "s%26cr" not in repr(call)


# -- answers

def test_results_come_in_the_order_of_the_request() -> None:
    call = service.send_call(request("1" * 5, "2" * 5, messages=2))
    found = tuple(SendResult(status, id, number) for status, id, number in ((0, "a", "1"), (-13, "", "2"), (-2, "", "1"), (0, "b", "2")))
    assert call.read(results(*found)).results == found


@pytest.mark.parametrize(("status", "kind"), [
    (-5, InvalidUserOrPassword), (-10, MissingUsername), (-11, MissingPassword), (-22, SyntaxRefused), (-26, CommunicationFailed),
    (-99, GeneralFailure), (-4, RequestRefused), (-77, RequestRefused),
])
@pytest.mark.parametrize("recipients", [1, 3])
def test_v13_a_request_that_is_refused_as_a_whole_raises_its_typed_error(status: int, kind: type[ApiError], recipients: int) -> None:
    call = service.send_call(request(*["385951111111"] * recipients))
    with pytest.raises(kind) as found:
        call.read(results(SendResult(status, "", "385951111111")))
    assert found.value.status == status
    assert found.value.answer.results[0].status == status


def test_a_fault_of_the_only_recipient_is_a_result_not_an_error() -> None:
    for refused in (SendResult(-13, "", "385951111111"), SendResult(-23), SendResult(-1), SendResult(-99, "id", "385951111111")):
        response = service.send_call(request("385951111111")).read(results(refused))
        assert response.results == (refused,)
    assert isinstance(service.send_call(request("1")).read(results(SendResult(-13))).results[0].error, InvalidDestination)


def test_one_result_below_0_for_many_is_about_the_whole_whatever_its_status() -> None:
    with pytest.raises(ProcessingFailed):
        service.send_call(request("1" * 5, "2" * 5)).read(results(SendResult(-23)))
    with pytest.raises(SendFailed):
        service.send_call(request("1" * 5, "2" * 5)).read(results(SendResult(-1)))


def test_results_that_cannot_be_counted_off_are_given_with_the_error() -> None:
    answer = results(SendResult(0, "a", "1"), SendResult(0, "b", "2"))
    with pytest.raises(service.ResultsDiffer, match="2 results for 3 recipients") as found:
        service.send_call(request("1", "2", "3")).read(answer)
    assert [result.message_id for result in found.value.answer.results] == ["a", "b"]
    assert found.value.written
    with pytest.raises(service.ResultsDiffer, match="1 results for 2 recipients"):
        service.send_call(request("1", "2")).read(results(SendResult(0, "a", "1")))


def test_v14_a_message_without_recipients_has_one_result() -> None:
    both = SendRequest(messages=[SendMessage(text="a"), SendMessage(text="b", recipients=[Recipient("1"), Recipient("2")])])
    assert service.results_of(both) == 3


def test_the_octets_decide_what_an_answer_is_not_its_content_type() -> None:
    for kind in ("text/csv;charset=UTF-8", "text/html", "", "application/octet-stream", "x" * 5_000):
        assert service.credits_call(WHO).read(HttpAnswer(content_type=kind, body=b"12.50")) == Decimal("12.50")


def test_a_pull_and_the_inbox_with_nothing_give_nothing() -> None:
    assert service.pull_call(WHO).read(HttpAnswer(body=b"NO_DATA")) == ()
    assert service.inbox_call(WHO).read(HttpAnswer(body=b"NO_DATA")) == ()


def test_dates_are_aware_if_the_accounts_offset_is_known() -> None:
    body = b'<DeliveryReport><message id="a" sentdate="2010/8/2 14:55:10" donedate="" status="DELIVERED"/></DeliveryReport>'
    [naive] = service.pull_call(WHO).read(HttpAnswer(body=body))
    [aware] = service.pull_call(WHO, utc_offset=timedelta(hours=2)).read(HttpAnswer(body=body))
    assert naive.sentdate.tzinfo is None
    assert aware.sentdate.utcoffset() == timedelta(hours=2)


CALLS = {
    "send": service.send_call(request("385951111111")), "credits": service.credits_call(WHO), "pull": service.pull_call(WHO),
    "lookup": service.lookup_call(WHO, "385951111111"), "lookups": service.lookups_call(WHO, ["385951111111"]),
    "inbox": service.inbox_call(WHO),
}
HTML = [
    b"<html><body>502</body></html>", b"\r\n <!DOCTYPE HTML><title>x</title>", b"<?xml version='1.0'?>\n<!-- x --><!-- y -->\n<html/>",
    b"\xef\xbb\xbf<!doctype html>", b"<head></head>",
]


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("status", [200, 201, 301, 400, 401, 404, 500, 502, 503, 504])
@pytest.mark.parametrize("body", [*HTML, b"Hello, world", b"\xff\xfe\x00"])
def test_a_page_or_another_status_is_a_bad_answer(name: str, status: int, body: bytes) -> None:
    with pytest.raises(BadAnswer) as found:
        CALLS[name].read(HttpAnswer(status=status, content_type="text/html", body=body))
    assert (found.value.http_status, found.value.content_type, found.value.octets) == (status, "text/html", body)
    assert str(status) in str(found.value)
    assert found.value.written


@pytest.mark.parametrize(("name", "body"), [
    ("send", dump_response(SendResponse((SendResult(-26),)), "xml")), ("credits", b"-26"), ("inbox", b"-26"),
])
def test_v17_503_with_the_status_is_that_refusal(name: str, body: bytes) -> None:
    with pytest.raises(CommunicationFailed):
        CALLS[name].read(HttpAnswer(status=503, body=body))


def test_503_with_a_good_answer_is_a_bad_answer() -> None:
    with pytest.raises(BadAnswer):
        CALLS["credits"].read(HttpAnswer(status=503, body=b"12.50"))


@pytest.mark.parametrize(("name", "body"), [
    ("credits", b"-5"), ("pull", b"5"), ("pull", b"-5"), ("inbox", b"-5"), ("send", dump_response(SendResponse((SendResult(-5),)))),
])
def test_v38_v39_a_wrong_password_is_the_same_error_everywhere(name: str, body: bytes) -> None:
    with pytest.raises(InvalidUserOrPassword):
        CALLS[name].read(HttpAnswer(body=body))


@pytest.mark.parametrize("name", ["lookup", "lookups"])
def test_v47_failed_is_a_refusal_without_a_status(name: str) -> None:
    with pytest.raises(RequestRefused) as found:
        CALLS[name].read(HttpAnswer(body=b"FAILED"))
    assert found.value.status is None


OCTETS = st.binary(max_size=200) | st.text("<>!-hml&;{}[]\",:019 \n").map(str.encode)


@given(st.sampled_from(sorted(CALLS)), st.sampled_from([200, 200, 503, 404]), OCTETS, st.text(max_size=30))
def test_any_octets_give_a_result_or_an_error_of_the_api(name: str, status: int, body: bytes, content_type: str) -> None:
    try:
        CALLS[name].read(HttpAnswer(status=status, content_type=content_type, body=body))
    except ApiError as error:
        assert isinstance(error, BadAnswer | RequestRefused)


@pytest.mark.parametrize("shown", [b"s&cr\xe2\x82\xact", b"s%26cr%E2%82%ACt", b"s&amp;cr\xe2\x82\xact"])
def test_a_bad_answer_that_echoes_the_password_keeps_it_out(shown: bytes) -> None:
    with pytest.raises(BadAnswer) as found:
        service.credits_call(WHO).read(HttpAnswer(status=400, body=b"x" * 190 + shown + b" " + shown))
    assert b"s" not in found.value.octets
    assert "***" not in f"{found.value} {found.value!r}", "octets are not shown at all"
    assert found.value.octets.endswith(b"x" * 10 + b"*** ***")


def test_comments_in_front_of_a_page_take_no_time() -> None:
    with pytest.raises(BadAnswer):
        service.credits_call(WHO).read(HttpAnswer(body=b"<!---->" * 280 + b"<" + b" " * 1_000_000))
