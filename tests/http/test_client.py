"""Both clients give the same results and the same typed errors, whatever a server does; nothing is sent twice that must not be, and
nothing secret is shown."""

import asyncio
import gzip
import logging
import re
import traceback
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, quote, quote_plus, urlsplit

import clock
import pytest
from playing import KINDS, NAME, SECRET, Played, play
from rawhttp import Asked, RawHttp, Step, answer, in_a_thread, ok, unused_port

from smpp_core import EncodeError, SessionClosed
from smswire.http.batch import PartlySent
from smswire.http.client import HttpClient
from smswire.http.errors import (
    AccessPointError,
    BadAnswer,
    CommunicationFailed,
    ConnectFailed,
    DocumentError,
    DuplicateMessageId,
    InvalidUserOrPassword,
    NoAnswer,
    RequestRefused,
)
from smswire.http.request import Recipient, SendMessage, SendRequest
from smswire.http.response import SendResponse, SendResult
from smswire.http.send_json import load_json
from smswire.http.send_plain import load_plain
from smswire.http.send_response import dump_response
from smswire.http.send_xml import load_xml
from smswire.http.sync_client import SyncHttpClient

NUMBER = "385951111111"
TEXT = "A private text"
CREDITS = ok(b"12.50")
SEND = ("send", NUMBER, TEXT, {"sender": "Infobip"})
HTML = b"<html><body>Bad gateway</body></html>"


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Each test is for both clients."""
    found: str = request.param
    return found


def results(*found: SendResult, form: Any = "json") -> Step:
    return ok(dump_response(SendResponse(found), form))


def accepted(number: str = NUMBER, id: str = "id") -> Step:
    return results(SendResult(0, id, number))


def ids_of(asked: Asked) -> list[str]:
    return [recipient.message_id for message in load_json(asked.body).messages for recipient in message.recipients]


# -- good answers

def test_a_text_is_sent_and_each_recipient_has_its_result(kind: str) -> None:
    found = (SendResult(0, "one", "385951111111"), SendResult(-13, "two", "385952222222"))
    played = play(kind, [[results(*found)]], ("send", ["385951111111", "385952222222"], TEXT, {"sender": "Infobip", "flash": True}))
    assert played.outcome.results == found
    [asked] = played.servers[0].asked
    assert (asked.method, asked.target) == ("POST", "/api/v3/sendsms/json")
    sent = load_json(asked.body, asked.headers["content-type"])
    assert (sent.username, sent.password) == (NAME, SECRET)
    [message] = sent.messages
    assert (message.sender, message.text, message.flash) == ("Infobip", TEXT, True)
    assert [recipient.gsm for recipient in message.recipients] == ["385951111111", "385952222222"]
    assert "accept-encoding" not in asked.headers or asked.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("form", ["json", "xml", "plain"])
def test_v4_messages_of_every_form_are_answered_in_order(kind: str, form: str) -> None:
    messages = [SendMessage(sender="Infobip", text=text, recipients=[Recipient(NUMBER, text)]) for text in ("a", "b", "c")]
    found = tuple(SendResult(0, text, NUMBER) for text in "abc")
    if form == "plain":
        script = [results(one, form="xml") for one in found]
    else:
        script = [results(*found, form=form)]
    played = play(kind, [script], ("send", messages, {"form": form}))
    assert played.outcome.results == found
    asked = played.servers[0].asked
    if form == "plain":
        assert [one.method for one in asked] == ["GET"] * 3
        sent = [load_plain(urlsplit(one.target).query.encode()).messages[0] for one in asked]
    else:
        load = load_json if form == "json" else load_xml
        sent = load(asked[0].body, asked[0].headers["content-type"]).messages
    assert [message.text for message in sent] == ["a", "b", "c"]
    assert played.servers[0].connections == 1, "a connection is kept"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_every_other_call_gives_its_result(kind: str, method: str) -> None:
    report = b'<DeliveryReport><message id="a" sentdate="2010/8/2 14:55:10" donedate="" status="DELIVERED"/></DeliveryReport>'
    message = b'<messages><message messageid="m" sender="385951111111" receiver="1" datacoding="0"><text>Hi</text></message></messages>'
    played = play(
        kind, [[CREDITS, ok(report), ok(b'{"destination":"385951111111","stat":"DELIVRD","err":"0"}'), ok(b"OK\n385951111111;OK;1-2\n"),
                ok(message), ok(b"NO_DATA")]],
        ("credits",), ("reports", ["a"]), ("lookup", NUMBER), ("lookups", [NUMBER]), ("inbox", 1), ("inbox",), method=method,
    )
    credits, reports, context, tickets, inbox, nothing = played.outcomes
    assert credits == Decimal("12.50")
    assert [(one.id, one.status) for one in reports] == [("a", "DELIVERED")]
    assert (context.destination, context.stat) == (NUMBER, "DELIVRD")
    assert [(ticket.destination, ticket.id) for ticket in tickets] == [(NUMBER, "1-2")]
    assert [(one.sender, one.text) for one in inbox] == [(NUMBER, "Hi")]
    assert nothing == ()
    asked = played.servers[0].asked
    assert [urlsplit(one.target).path for one in asked] == [
        "/api/command", "/api/v3/dr/pull", "/api/hlr/sync", "/api/hlr/", "/api/v2/command/inbox", "/api/v2/command/inbox",
    ]
    for one in asked:
        assert one.method == method
        assert bool(urlsplit(one.target).query) == (method == "GET")
        given = parse_qs(urlsplit(one.target).query or one.body.decode())
        assert SECRET in [*given.get("password", ()), *given.get("pass", ())]
        assert NAME in [*given.get("username", ()), *given.get("user", ())]


def test_reports_are_pulled_until_there_are_no_more(kind: str) -> None:
    full = b"<DeliveryReport>" + b'<message id="a" status="DELIVERED"/>' * 10_000 + b"</DeliveryReport>"
    rest = b'<DeliveryReport><message id="z" status="DELIVERED"/></DeliveryReport>'
    played = play(kind, [[ok(full), ok(rest), ok(b"NO_DATA")]], ("reports_all",), ("reports_all",), timeout=20)
    assert [[len(pull) for pull in pulls] for pulls in played.outcomes] == [[10_000, 1], []]


def test_a_base_path_stands_before_the_services(kind: str) -> None:
    played = play(kind, [[CREDITS]], ("credits",), base="/sms%20api")
    assert played.servers[0].asked[0].target.startswith("/sms%20api/api/command?")


def test_chunks_and_a_body_that_ends_with_the_connection_are_read(kind: str) -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n12.\r\n2\r\n50\r\n0\r\n\r\n"
    played = play(kind, [[Step(chunked), Step(b"HTTP/1.0 200 OK\r\n\r\n12.50", "close")]], ("credits",), ("credits",))
    assert played.outcomes == [Decimal("12.50")] * 2


# -- message ids

def test_every_recipient_has_a_message_id_unless_it_is_not_wished(kind: str) -> None:
    one, two, three = (
        ids_of(play(kind, [[accepted()]], ("send", to, TEXT), **options).servers[0].asked[0])
        for to, options in (
            (NUMBER, {}), (NUMBER, {"message_ids": False}), (Recipient(NUMBER, "mine"), {"message_ids": lambda: "made"}),
        )
    )
    assert re.fullmatch("[0-9a-f]{32}", one[0])
    assert two == [""]
    assert three == ["mine"]
    assert ids_of(play(kind, [[accepted()]], SEND, message_ids=lambda: "made").servers[0].asked[0]) == ["made"]


# -- bad answers

LOST = {
    "reset after the request": Step(b"", "reset"),
    "closed after the request": Step(b"", "close"),
    "truncated in the body": Step(answer(b"12.50" * 20)[:-7], "close"),
    "reset in the body": Step(answer(b"12.50" * 20)[:-7], "reset"),
    "truncated in a chunk": Step(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n12.", "close"),
    "truncated in the head": Step(b"HTTP/1.1 200 OK\r\nContent-Le", "close"),
    "silence": Step(b"", "hang"),
    "silence in the head": Step(b"HTTP/1.1 200 OK\r\nContent-", "hang"),
    "silence in the body": Step(answer(b"12.50" * 20)[:-7], "hang"),
    "garbage": Step(b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "close"),
    "endless body": Step(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7fffffff\r\n", "endless"),
    "endless body without a length": Step(b"HTTP/1.1 200 OK\r\n\r\n", "endless"),
    "a length beyond all": Step(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n1", "hang"),
    "HTML with 502": Step(answer(HTML, "502 Bad Gateway", "text/html")),
    "HTML with 503": Step(answer(HTML, "503 Service Unavailable", "text/html")),
    "HTML with 504": Step(answer(HTML, "504 Gateway Timeout", "text/html")),
    "HTML with 200": Step(answer(HTML, content_type="text/html")),
    "-26 with 200": Step(answer(b"-26")),
}
TIMELY = {"timeout": 3.0}  # for bodies that have no end and have to be read up to the cap


@pytest.mark.parametrize("name", LOST)
def test_an_answer_that_is_lost_goes_to_the_next_access_point_if_the_call_may_be_repeated(kind: str, name: str) -> None:
    options = {"most_answer": 200_000} | (TIMELY if "endless" in name else {})
    played = play(kind, [[LOST[name]], [CREDITS]], ("credits",), ("credits",), **options)
    assert played.outcomes == [Decimal("12.50")] * 2, "and the second call goes there at once"
    assert played.asked[1] == 2
    assert played.servers[0].connections == 1


@pytest.mark.parametrize("name", LOST)
def test_a_call_that_must_not_be_repeated_is_sent_once_and_says_that_it_was_written(kind: str, name: str) -> None:
    step = LOST[name]
    if name.startswith("-26"):
        step = results(SendResult(-26))
    good = accepted()
    options = {"most_answer": 200_000, "message_ids": False} | (TIMELY if "endless" in name else {})
    calls = (SEND, ("send", NUMBER, TEXT, {"form": "plain"}), ("lookup", NUMBER), ("lookups", [NUMBER]))
    for call in calls[:1] if kind == "sync" and "silence" in name else calls:
        if name.startswith("-26") and call[0] != "send":
            continue
        played = play(kind, [[step], [good]], call, **options)
        with pytest.raises(CommunicationFailed if name.startswith("-26") else AccessPointError) as found:
            played.outcome
        assert played.asked[1] == 0
        assert played.servers[0].connections == 1
        assert played.asked[0] <= 1
        if isinstance(found.value, AccessPointError):
            assert found.value.written
            assert isinstance(found.value, NoAnswer | BadAnswer)
            assert f"127.0.0.1:{played.servers[0].port}" in str(found.value)


def test_no_connection_goes_to_the_next_access_point_whatever_the_call_is(kind: str) -> None:
    played = play(kind, [None, [accepted()]], SEND, message_ids=False)
    assert played.outcome.results[0].accepted
    assert not played.outcome.results[0].already_accepted
    played = play(kind, [None, None], SEND)
    with pytest.raises(ConnectFailed, match=r"127.0.0.1:\d+: the connection is refused; http://127.0.0.1:\d+: the connection") as found:
        played.outcome
    assert not found.value.written


def test_a_connection_that_is_reset_at_once_counts_as_none_or_as_written_to_but_never_as_both(kind: str) -> None:
    # It depends on who is faster.
    for _ in range(5):
        played = play(kind, [[Step(b"", "reset", read=False)], [accepted()]], SEND, message_ids=False)
        if played.asked[1]:
            assert played.outcome.results[0].accepted
        else:
            assert isinstance(played.outcomes[0], NoAnswer)
            assert played.outcomes[0].written
        assert played.servers[0].connections == 1


def test_v17_503_with_minus_26_was_not_accepted_and_goes_to_the_next_whatever_the_call_is(kind: str) -> None:
    away = Step(answer(dump_response(SendResponse((SendResult(-26),))), "503 Service Unavailable"))
    played = play(kind, [[away], [accepted()]], SEND, message_ids=False)
    assert played.outcome.results == (SendResult(0, "id", NUMBER),)
    played = play(kind, [[away], [away]], SEND)
    with pytest.raises(CommunicationFailed):
        played.outcome


def test_v21_a_message_that_was_accepted_before_its_answer_was_lost_is_told_as_accepted(kind: str) -> None:
    script = [results(SendResult(-33, "a", "1" * 11), SendResult(0, "b", "2" * 11), SendResult(-13, "c", "3" * 11))]
    to = [Recipient("1" * 11, "a"), Recipient("2" * 11, "b"), Recipient("3" * 11, "c")]
    for lost in (LOST["reset after the request"], LOST["silence"], LOST["HTML with 502"]):
        played = play(kind, [[lost], script], ("send", to, TEXT))
        assert played.outcome.results == (
            SendResult(0, "a", "1" * 11, already_accepted=True), SendResult(0, "b", "2" * 11), SendResult(-13, "c", "3" * 11),
        )
        first, second = (server.asked[0] for server in played.servers)
        assert (first.target, first.body) == (second.target, second.body), "the same ids"


def test_a_duplicate_of_the_first_attempt_stays_a_duplicate(kind: str) -> None:
    played = play(kind, [None, [results(SendResult(-33, "a", NUMBER))]], ("send", Recipient(NUMBER, "a"), TEXT))
    assert isinstance(played.outcome.results[0].error, DuplicateMessageId)
    played = play(kind, [[results(SendResult(-33, "a", NUMBER))]], ("send", Recipient(NUMBER, "a"), TEXT, {"repeated": True}))
    assert played.outcome.results[0].already_accepted


def test_generated_ids_come_with_the_error_so_that_sending_again_doubles_nothing(kind: str) -> None:
    played = play(kind, [[LOST["reset after the request"]]], SEND)
    with pytest.raises(NoAnswer) as found:
        played.outcome
    rest = found.value.request
    [id] = ids_of(played.servers[0].asked[0])
    assert rest.messages[0].recipients == [Recipient(NUMBER, id)]
    assert (rest.username, rest.password) == ("", "")
    again = play(kind, [[results(SendResult(-33, id, NUMBER))]], ("send", rest, {"repeated": True}))
    assert again.outcome.results == (SendResult(0, id, NUMBER, already_accepted=True),)
    assert load_json(again.servers[0].asked[0].body).password == SECRET


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed_and_tells_no_other_server_the_password(kind: str, status: int) -> None:
    away = Step(answer(b"", f"{status} Moved", "text/html", "Location: http://127.0.0.1:9/api/command?a=b"))
    played = play(kind, [[away], [CREDITS]], ("credits",), SEND)
    for outcome in played.outcomes:
        assert isinstance(outcome, BadAnswer)
        assert outcome.http_status == status
    assert played.asked == [2, 0]


@pytest.mark.parametrize("status", ["400 Bad Request", "401 Unauthorized", "404 Not Found", "429 Too Many Requests"])
def test_a_fault_of_the_client_is_a_bad_answer_at_once(kind: str, status: str) -> None:
    played = play(kind, [[Step(answer(HTML, status, "text/html"))], [CREDITS]], ("credits",))
    with pytest.raises(BadAnswer) as found:
        played.outcome
    assert (found.value.http_status, found.value.content_type, found.value.octets) == (int(status[:3]), "text/html", HTML)
    assert played.asked == [1, 0]


def test_refusals_are_typed_and_ask_nobody_else(kind: str) -> None:
    script = [ok(b"-5"), results(SendResult(-5, "", NUMBER)), ok(b"FAILED")]
    played = play(kind, [script, [CREDITS]], ("credits",), SEND, ("lookup", NUMBER))
    assert [type(one) for one in played.outcomes] == [InvalidUserOrPassword, InvalidUserOrPassword, RequestRefused]
    assert played.asked == [3, 0]


def test_compressed_octets_are_not_opened(kind: str) -> None:
    bomb = gzip.compress(b"12.50" + b" " * 1_000_000)
    played = play(kind, [[Step(answer(bomb, "200 OK", "text/plain", "Content-Encoding: gzip"))]], ("credits",))
    assert isinstance(played.outcomes[0], BadAnswer)


def test_an_answer_over_the_cap_is_a_bad_answer_however_it_comes(kind: str) -> None:
    for name in ("endless body", "endless body without a length", "a length beyond all"):
        played = play(kind, [[LOST[name]]], ("credits",), most_answer=200_000, timeout=3.0)
        with pytest.raises(BadAnswer, match="over 200,000 octets"):
            played.outcome
    played = play(kind, [[ok(b" " * 995 + b"12.50"), ok(b" " * 996 + b"12.50")]], ("credits",), ("credits",), most_answer=1_000)
    assert played.outcomes[0] == Decimal("12.50")
    assert "over 1,000 octets" in str(played.outcomes[1])


# -- connections

def test_a_kept_connection_that_the_server_closed_is_not_used_again(kind: str) -> None:
    played = play(kind, [[Step(answer(b"1.00"), "close"), ok(b"2.00"), ok(b"3.00")]], ("credits",), ("credits",), ("credits",))
    assert played.outcomes == [Decimal("1.00"), Decimal("2.00"), Decimal("3.00")]
    assert played.servers[0].connections == 2


def test_a_kept_connection_that_breaks_after_the_request_is_not_written_to_twice(kind: str) -> None:
    # Libraries send a GET again by themselves here; a GET may be a message or a lookup that is charged.
    for call in (("lookup", NUMBER), ("send", NUMBER, TEXT, {"form": "plain"})):
        for step in (LOST["closed after the request"], LOST["reset after the request"]):
            played = play(kind, [[CREDITS, step, CREDITS]], ("credits",), call, message_ids=False)
            assert isinstance(played.outcomes[1], NoAnswer)
            assert played.outcomes[1].written
            assert len(played.servers[0].asked) == 2


def test_the_primary_is_tried_again_after_its_pause() -> None:
    async def main() -> None:
        async with RawHttp(LOST["reset after the request"], ok(b"1.00")) as one, RawHttp(ok(b"2.00")) as two:
            async with HttpClient(f"http://127.0.0.1:{one.port},127.0.0.1:{two.port}", NAME, SECRET) as client:
                assert await client.credits() == 2
                assert await client.credits() == 2
                await asyncio.sleep(10.1)
                assert await client.credits() == 1
                assert await client.credits() == 1
                assert len(two.asked) == 2

    clock.run(main())


def test_time_outs_are_those_that_were_given() -> None:
    hang = LOST["silence in the body"]
    assert 30 <= play("async", [[hang]], ("credits",)).time < 31
    played = play("async", [[hang]], ("credits",), timeout=7)
    assert 7 <= played.time < 8
    assert "no whole answer within 7 s" in str(played.outcomes[0])


def test_a_server_that_gives_its_answer_drop_by_drop_has_no_more_time(kind: str) -> None:
    class Drops(RawHttp):
        async def _played(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            for octet in answer(b"12.50"):
                writer.write(bytes([octet]))
                await writer.drain()
                await asyncio.sleep(0.02 if kind == "sync" else 2)

    if kind == "sync":
        server = Drops()
        with in_a_thread([server]), SyncHttpClient(f"http://127.0.0.1:{server.port}", NAME, SECRET, timeout=0.3) as client:
            with pytest.raises(NoAnswer, match="no whole answer within 0.3 s"):
                client.credits()
    else:
        async def main() -> None:
            async with Drops() as server, HttpClient(f"http://127.0.0.1:{server.port}", NAME, SECRET) as client:
                with pytest.raises(NoAnswer, match="no whole answer within 30 s"):
                    await client.credits()

        clock.run(main())


# -- batches

def batch_of(asked: Asked) -> list[str]:
    return [recipient.gsm for message in load_json(asked.body).messages for recipient in message.recipients]


def test_more_recipients_than_a_request_may_have_go_as_several_and_come_back_in_order(kind: str) -> None:
    numbers = [f"3859{number:08}" for number in range(10_003)]
    script = [results(*(SendResult(0, "id", one) for one in part)) for part in (numbers[:10_000], numbers[10_000:])]
    played = play(kind, [script], ("send", numbers, TEXT), timeout=20)
    assert [result.destination for result in played.outcome.results] == numbers
    assert [len(batch_of(asked)) for asked in played.servers[0].asked] == [10_000, 3]


def test_a_later_call_that_fails_as_a_whole_loses_nothing_of_the_earlier_ones(kind: str) -> None:
    messages = [SendMessage(text=text, recipients=[Recipient(NUMBER)]) for text in "abc"]
    for step, doubtful in ((results(SendResult(-5)), 0), (LOST["reset after the request"], 1)):
        played = play(kind, [[accepted(id="first"), step]], ("send", messages, {"form": "plain"}))
        with pytest.raises(PartlySent) as found:
            played.outcome
        error = found.value
        assert [result.message_id for result in error.response.results] == ["first"]
        assert [message.text for message in error.rest.messages] == ["b", "c"]
        assert all(recipient.message_id for message in error.rest.messages for recipient in message.recipients)
        assert error.rest.password == ""
        assert error.doubtful == doubtful
        assert error.__cause__ is error.error
        assert len(played.servers[0].asked) == 2, "what comes after it is not sent"


def test_nothing_is_sent_if_a_part_cannot_be_written(kind: str) -> None:
    messages = [SendMessage(text="a", recipients=[Recipient(NUMBER)]), SendMessage(text="\0", recipients=[Recipient(NUMBER)])]
    played = play(kind, [[accepted()]], ("send", messages, {"form": "xml"}))
    assert isinstance(played.outcomes[0], DocumentError)
    assert played.asked == [0]


# -- nothing secret

def shown(error: BaseException) -> str:
    """Everything that is printed of an error and those behind it."""
    text = [f"{error} {error!r}", "".join(traceback.format_exception(error))]
    seen: BaseException | None = error
    while seen is not None:
        text.append(f"{seen} {seen!r} {seen.args!r}")
        seen = seen.__cause__ or seen.__context__
    return "\n".join(text)


@pytest.mark.parametrize("name", [*LOST, "nobody", "refused", "echo", "unused"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_password_user_or_text_is_in_a_log_or_an_error(kind: str, name: str, method: str, caplog: pytest.LogCaptureFixture) -> None:
    if kind == "sync" and "silence in" in name:
        pytest.skip("takes its time, and differs from silence only in what came before")
    caplog.set_level(logging.DEBUG)
    echo = f"{SECRET} {quote(SECRET)} {quote_plus(SECRET)} {NAME} {quote_plus(NAME)}"
    step = {
        "refused": results(SendResult(-5)), "echo": Step(answer(echo.encode(), "400 Bad Request")), "unused": CREDITS,
    }.get(name, LOST.get(name))
    quick = {"timeout": 0.05} if name == "silence" and kind == "sync" else {}
    options = {"most_answer": 200_000} | (TIMELY if "endless" in name else quick)
    played: Played = play(
        kind, [None if step is None else [step]], SEND, ("send", NUMBER, TEXT, {"form": "plain"}), ("credits",), ("reports", ["a"]),
        ("lookup", NUMBER), ("lookups", [NUMBER]), ("inbox",), method=method, **options,
    )
    text = caplog.text + "\n".join(shown(one) for one in played.outcomes if isinstance(one, BaseException))
    text += "".join(repr(record.__dict__) for record in caplog.records)
    for secret in (SECRET, NAME, TEXT):
        for form in (secret, quote(secret), quote_plus(secret), quote_plus(secret).lower()):
            assert form not in text
    assert sum(isinstance(one, BaseException) for one in played.outcomes) >= 5
    for outcome in played.outcomes:
        assert SECRET.encode() not in getattr(outcome, "octets", b"")
        assert quote_plus(SECRET).encode() not in getattr(outcome, "octets", b"")


def test_a_client_shows_where_and_who_but_no_password() -> None:
    url = "https://me:secret@api.example,api2.example"
    for client in (HttpClient(url), SyncHttpClient(url)):
        assert repr(client) == f"<{type(client).__name__} https://api.example:443, https://api2.example:443 for 'me'>"


# -- arguments

@pytest.mark.parametrize(("options", "field"), [
    ({"method": "PUT"}, "method"), ({"timeout": 0}, "timeout"), ({"connect_timeout": float("inf")}, "connect_timeout"),
    ({"most_answer": 0}, "most_answer"), ({"concurrency": 0}, "concurrency"), ({"proxy": "socks5://x"}, "proxy"), ({"user": 5}, "user"),
    ({"password": b"x"}, "password"), ({"tls": object()}, "tls"), ({"utc_offset": 2}, "utc_offset"), ({"backoff": 5}, "backoff"),
    ({"url": "ftp://x"}, "url"),
])
@pytest.mark.parametrize("make", [HttpClient, SyncHttpClient])
def test_arguments_that_make_no_sense_are_refused_by_name(make: Any, options: dict[str, Any], field: str) -> None:
    with pytest.raises(EncodeError) as found:
        make(**{"url": "http://api.example", "user": "me", "password": "secret", **options})
    assert found.value.field == field


@pytest.mark.parametrize("call", [
    ("send", [], TEXT), ("send", [5], TEXT), ("send", SendRequest()), ("send", SendMessage(), TEXT),
    ("send", SendMessage(), {"sender": "x"}), ("send", [SendMessage(), NUMBER]),
    ("send", NUMBER, TEXT, {"form": "yaml"}), ("send", NUMBER, TEXT, {"nonsense": 1}),
    ("send", NUMBER, TEXT, {"fault": None}), ("lookup", NUMBER, "csv"), ("lookups", []), ("lookups", NUMBER), ("inbox", -1),
])
def test_what_makes_no_request_is_refused_before_anything_is_sent(kind: str, call: tuple[Any, ...]) -> None:
    played = play(kind, [[CREDITS]], call)
    assert isinstance(played.outcomes[0], EncodeError)
    assert played.asked == [0]


# -- the asyncio client alone

def test_a_cancelled_call_lets_go_of_its_connection_and_its_place() -> None:
    async def main() -> None:
        async with RawHttp(LOST["silence"], CREDITS) as server:
            async with HttpClient(f"http://127.0.0.1:{server.port}", NAME, SECRET, concurrency=1) as client:
                task = asyncio.create_task(client.credits())
                while not server.asked:
                    await asyncio.sleep(0.01)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                assert await client.credits() == Decimal("12.50")
                assert server.connections == 2

    clock.run(main())


def test_calls_at_once_are_as_many_as_were_allowed() -> None:
    async def main() -> None:
        async with RawHttp(CREDITS) as server:
            async with HttpClient(f"http://127.0.0.1:{server.port}", NAME, SECRET, concurrency=3) as client:
                assert await asyncio.gather(*(client.credits() for _ in range(20))) == [Decimal("12.50")] * 20
                assert server.connections == 3

    clock.run(main())


def test_a_closed_client_says_so_and_closing_ends_what_runs() -> None:
    async def main() -> None:
        async with RawHttp(LOST["silence"]) as server:
            client = HttpClient(f"http://127.0.0.1:{server.port}", NAME, SECRET)
            task = asyncio.create_task(client.lookup(NUMBER))
            while not server.asked:
                await asyncio.sleep(0.01)
            await client.close()
            with pytest.raises(NoAnswer):
                await task
            await client.close()
            with pytest.raises(SessionClosed, match="the client is closed"):
                await client.credits()

    clock.run(main())


def test_a_client_belongs_to_the_loop_of_its_first_call() -> None:
    client = HttpClient(f"http://127.0.0.1:{unused_port()}", NAME, SECRET)
    with asyncio.Runner() as first, asyncio.Runner() as second:
        with pytest.raises(ConnectFailed):
            first.run(client.credits())
        with pytest.raises(RuntimeError, match="belongs to the loop"):
            second.run(client.credits())
        first.run(client.close())


def test_it_runs_on_uvloop() -> None:
    uvloop = pytest.importorskip("uvloop")

    async def main() -> Decimal:
        async with RawHttp(CREDITS) as server, HttpClient(f"http://127.0.0.1:{server.port}", NAME, SECRET) as client:
            return await client.credits()

    assert uvloop.run(main()) == Decimal("12.50")
